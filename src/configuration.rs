//! The reference of every option, made of what the command line says of itself: `docs/configuration.md`.

use clap::{Arg, Command};
use std::collections::BTreeSet;

/// What no option says.
const VARIABLES: &str = "\
## Variables without an option

| variable | what |
|---|---|
| `RUST_LOG` | Which log lines are written, such as `info,sqlx=warn` (the default) or `oncoauth=debug`. |
| `TMPDIR` | Where clinical documents lie while they arrive; 1.6 GB for as many as may arrive at once. |
| `ONCOAUTH_PG_BIN` | The directory of PostgreSQL's programs, for the service's own PostgreSQL. |
| `SSL_CERT_FILE`, `SSL_CERT_DIR` | The certificates that are trusted for deliveries to plans, in the place of the system's. |
| `_RJEM_MALLOC_CONF` | How soon memory returns to the system; `.cargo/config.toml` has what is built in. |
";

/// The page.
pub fn page(mut program: Command) -> String {
    program.build();
    let mut page = vec![String::from(
        "# Configuration\n\nMade of the program's own words by `oncoauth configuration > docs/configuration.md`; a test fails where it is out of date. \
         An option on the command line comes before its variable.\n\n",
    )];
    let serve: BTreeSet<String> = program
        .find_subcommand("serve")
        .into_iter()
        .flat_map(Command::get_arguments)
        .map(|arg| arg.get_id().to_string())
        .collect();
    for command in program.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help") {
        let name = command.get_name();
        page.push(format!("## oncoauth {name}\n\n{}\n\n", about(command)));
        let own: Vec<&Arg> = command.get_arguments().filter(|arg| !matches!(arg.get_id().as_str(), "help" | "version")).collect();
        let as_serve = name != "serve"
            && serve
                .iter()
                .all(|id| matches!(id.as_str(), "help" | "version") || own.iter().any(|arg| arg.get_id() == id.as_str()));
        if as_serve {
            page.push("Every option of `oncoauth serve`, as it is served with, and:\n\n".to_owned());
        }
        let rows: Vec<String> =
            own.iter().filter(|arg| !as_serve || !serve.contains(arg.get_id().as_str())).map(|arg| row(arg)).collect();
        if rows.is_empty() {
            continue;
        }
        page.push(format!("| option | variable | default | what |\n|---|---|---|---|\n{}\n", rows.concat()));
    }
    page.push(VARIABLES.to_owned());
    page.concat()
}

fn about(command: &Command) -> String {
    command.get_long_about().or_else(|| command.get_about()).map(|text| in_one_line(&text.to_string())).unwrap_or_default()
}

fn row(arg: &Arg) -> String {
    let values: Vec<String> = arg.get_value_names().into_iter().flatten().map(|name| format!("<{name}>")).collect();
    let takes = arg.get_num_args().is_some_and(|number| number.takes_values());
    let values = if takes { values.join(" ") } else { String::new() };
    let option = arg.get_long().map_or_else(|| values.clone(), |long| format!("--{long} {values}").trim_end().to_owned());
    let variable = arg.get_env().map(|name| format!("`{}`", name.to_string_lossy())).unwrap_or_default();
    let defaults: Vec<String> = arg.get_default_values().iter().map(|value| format!("`{}`", value.to_string_lossy())).collect();
    let defaults = if takes { defaults.join(", ") } else { String::new() };
    let help = arg.get_long_help().or_else(|| arg.get_help()).map(|text| in_one_line(&text.to_string())).unwrap_or_default();
    let words: Vec<String> = arg.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
    let words = if takes && !words.is_empty() { format!(" One of {}.", words.join(", ")) } else { String::new() };
    format!("| `{option}` | {variable} | {defaults} | {help}{words} |\n")
}

fn in_one_line(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    if text.is_empty() || text.ends_with(['.', ')', ':']) { text } else { text + "." }
}
