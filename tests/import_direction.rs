//! Data flows one way (see `lib.rs`): an import against the drawing fails here, with the file and line.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

#[path = "support/source.rs"]
mod source;

use source::rust_files;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What each module may import from this crate besides itself. Leaves may be used by every layer above the domain.
fn allowed() -> BTreeMap<&'static str, Vec<&'static str>> {
    BTreeMap::from([
        ("domain", vec![]),
        ("rules", vec!["domain"]),
        ("content", vec!["domain"]),
        ("clock", vec![]),
        ("ids", vec!["domain"]),
        ("telemetry", vec!["domain"]),
        ("postgres", vec![]),
        ("outbound", vec![]),
        ("store", vec!["domain", "telemetry"]),
        ("documents", vec!["domain"]),
        ("app", vec!["domain", "rules", "store", "documents", "outbound", "clock", "ids", "telemetry"]),
        ("http", vec!["domain", "app", "clock", "ids", "telemetry"]),
        ("jobs", vec!["domain", "app", "clock", "ids", "telemetry"]),
    ])
}

/// The program itself puts everything together.
const PROGRAM: [&str; 6] = ["lib", "main", "cli", "serve", "threads", "greeting"];

/// Every `crate::module` on a line, also inside `use crate::{a, b::c}`.
fn imports(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (start, _) in text.match_indices("crate::") {
        let line = text[..start].lines().count().max(1);
        let code = text[..start].lines().last().unwrap_or_default();
        let part_of_a_longer_name = text[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
        if code.trim_start().starts_with("//") || part_of_a_longer_name {
            continue;
        }
        let rest = &text[start + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            found.extend(top_level_names(group).into_iter().map(|name| (line, name)));
        } else {
            found.push((line, first_word(rest)));
        }
    }
    found
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The first segments of a `{…}` group, up to its closing brace.
fn top_level_names(group: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut depth, mut at_start) = (0, true);
    for (index, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => at_start = true,
            c if at_start && depth == 0 && !c.is_whitespace() => {
                names.push(first_word(&group[index..]));
                at_start = false;
            }
            _ => {}
        }
    }
    names
}

fn against_the_drawing(module: &str, text: &str) -> Vec<(usize, String)> {
    let allowed = allowed();
    let may = allowed.get(module).unwrap_or_else(|| panic!("src/{module} has no place in the drawing: give it one here"));
    let is_module = |name: &String| allowed.contains_key(name.as_str());
    imports(text).into_iter().filter(|(_, name)| is_module(name) && name != module && !may.contains(&name.as_str())).collect()
}

#[test]
fn no_import_runs_against_the_drawing() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&source, &mut files);
    assert!(files.len() > 30, "the walk found the sources");
    let mut wrong = Vec::new();
    for file in files {
        let relative = file.strip_prefix(&source).unwrap();
        let first = relative.components().next().unwrap().as_os_str().to_str().unwrap();
        let module = first.trim_end_matches(".rs");
        if PROGRAM.contains(&module) {
            continue;
        }
        for (line, name) in against_the_drawing(module, &fs::read_to_string(&file).unwrap()) {
            wrong.push(format!("src/{}:{line}: {module} imports {name}", relative.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_import_against_the_drawing_would_be_noticed() {
    let noticed = |module, text| against_the_drawing(module, text).into_iter().map(|(_, name)| name).collect::<Vec<_>>();
    assert_eq!(noticed("rules", "use crate::store::cases;"), ["store"]);
    assert_eq!(noticed("http", "use crate::{app::App, domain, store::{self, tokens}};"), ["store"]);
    assert_eq!(noticed("domain", "fn f() { crate::clock::Clock::system(); }"), ["clock"]);
    assert!(noticed("app", "use crate::store::cases; // crate::http").iter().all(|name| name == "http"));
    assert!(noticed("store", "//! never uses crate::http\nuse crate::domain::order;").is_empty());
}

#[test]
fn rules_know_no_clock_no_database_and_no_runtime() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
    let mut files = Vec::new();
    rust_files(&source, &mut files);
    let forbidden =
        ["sqlx", "tokio", "async fn", "std::fs", "std::net", "Utc::now", "SystemTime", "Instant::now", "getrandom", "std::env"];
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for word in forbidden {
            let used = text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(word));
            assert!(!used, "{} uses {word}", file.display());
        }
    }
}
