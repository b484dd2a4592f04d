//! The command line: what can be asked for, by flag or by environment variable.

use crate::database::{Database, FEW_CONNECTIONS};
use crate::options::{DatabaseOptions, DoctorOptions, Outcome, ServeOptions};
use crate::{configuration, doctor, serve};
use chrono::{DateTime, Utc};
use clap::{Args, CommandFactory as _, Parser, Subcommand};
use oncoauth::app::accesses::{self, Anchor};
use oncoauth::app::tokens::{self, TokenRequest};
use oncoauth::clock::Clock;
use oncoauth::domain::vocabulary::CallerRole;
use oncoauth::postgres::{run_with_throwaway, serve_tests};
use oncoauth::telemetry::{self, LogFormat};
use oncoauth::{content, http, store};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Decides oncology prior authorizations over HTTP.
#[derive(Debug, Parser)]
#[command(name = "oncoauth", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeOptions,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves the API. This is also what happens without a subcommand.
    Serve(Box<ServeOptions>),
    /// Brings the database's tables up to date, and stops.
    Migrate(DatabaseOptions),
    /// Prints the API description.
    Openapi,
    /// Prints the statements that grant the service's role what it needs, for whoever migrates by hand.
    Grants,
    /// Issues a bearer token and prints it. A production installation starts with one for its administrator.
    IssueToken(IssueTokenOptions),
    /// Checks the record of who read and wrote what: that nothing was changed, removed or put in another order. Exits with 1 and says where
    /// it breaks.
    VerifyAudit(VerifyAuditOptions),
    /// Checks a content directory, or the content compiled in, and lists every error.
    CheckContent {
        /// The directory.
        dir: Option<PathBuf>,
    },
    /// Looks at a deployment and says what has to be mended: the database, its grants and durability, clocks, disks, limits, certificates,
    /// tokens, content, and what waits or failed. Give it the options that the service has. It changes nothing, and exits with 1 where
    /// something has to be mended.
    Doctor(Box<DoctorOptions>),
    /// Prints the reference of every option, which is `docs/configuration.md`.
    #[command(hide = true)]
    Configuration,
    /// Serves a throw-away PostgreSQL: to the tests, or to one command.
    #[command(hide = true)]
    TestPostgres {
        /// Where it lives.
        dir: PathBuf,
        /// Migrates its database from the files in this directory (with a command only).
        #[arg(long, requires = "command")]
        migrations: Option<PathBuf>,
        /// Runs this with `DATABASE_URL` set, then stops; without one, serves whoever holds `<dir>/lease`.
        #[arg(last = true)]
        command: Vec<OsString>,
    },
}

#[derive(Debug, Args)]
struct VerifyAuditOptions {
    #[command(flatten)]
    database: DatabaseOptions,
    /// Where chains ended once: a file with a JSON object `{"health_plan", "seq", "hash"}` a line, such as the lines of the log whose target
    /// is `audit`. With these, an end that was cut off is seen although the database was made to forget it.
    #[arg(long)]
    anchors: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct IssueTokenOptions {
    #[command(flatten)]
    database: DatabaseOptions,
    /// Content that knows the health plans, instead of what is compiled in.
    #[arg(long, env = "ONCOAUTH_CONTENT_DIR")]
    content_dir: Option<PathBuf>,
    /// What the token acts as.
    #[arg(long, value_parser = role)]
    role: CallerRole,
    /// Tax ID of the practice, for ordering and servicing providers; may be given several times.
    #[arg(long = "tax-id")]
    tax_ids: Vec<String>,
    /// The plan, for health plans.
    #[arg(long)]
    health_plan: Option<String>,
    /// What the token is for.
    #[arg(long)]
    name: Option<String>,
    /// The person or system behind it, so that a renewed token stays the same caller.
    #[arg(long)]
    subject: Option<String>,
    /// When it stops working (RFC 3339); never by default.
    #[arg(long)]
    expires_at: Option<DateTime<Utc>>,
}

fn role(word: &str) -> Result<CallerRole, String> {
    CallerRole::parse(word).ok_or_else(|| {
        let known: Vec<_> = CallerRole::ALL.iter().map(|role| role.as_str()).collect();
        format!("the roles are {}", known.join(", "))
    })
}

/// Does what was asked for.
pub fn run(cli: Cli) -> Outcome<ExitCode> {
    match cli.command {
        None => serve::run(&cli.serve),
        Some(Command::Serve(options)) => serve::run(&options),
        Some(Command::Migrate(options)) => serve::block_on(migrate(&options)),
        Some(Command::Openapi) => {
            print!("{}", http::api().yaml());
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Grants) => {
            print!("{}", store::GRANTS);
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::IssueToken(options)) => serve::block_on(issue_token(options)),
        Some(Command::VerifyAudit(options)) => serve::block_on(verify_audit(options)),
        Some(Command::Doctor(options)) => serve::block_on(doctor::run(&options)),
        Some(Command::Configuration) => {
            print!("{}", configuration::page(Cli::command()));
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::CheckContent { dir }) => Ok(check_content(dir.as_deref())),
        Some(Command::TestPostgres { dir, migrations, command }) => test_postgres(&dir, migrations.as_deref(), &command),
    }
}

async fn migrate(options: &DatabaseOptions) -> Outcome<ExitCode> {
    let _last_lines = telemetry::start_logging(LogFormat::Pretty, None)?;
    let database = Database::open(options, FEW_CONNECTIONS).await?;
    database.migrate().await?;
    database.close().await;
    println!("The database is up to date.");
    Ok(ExitCode::SUCCESS)
}

async fn issue_token(options: IssueTokenOptions) -> Outcome<ExitCode> {
    let database = Database::open(&options.database, FEW_CONNECTIONS).await?;
    database.migrate().await?;
    let app = serve::app_on(&database, options.content_dir.as_deref(), oncoauth::app::Settings::default())?;
    let request = TokenRequest {
        role: options.role,
        tax_ids: Some(options.tax_ids),
        health_plan: options.health_plan,
        name: options.name,
        subject: options.subject,
        expires_at: options.expires_at,
    };
    let issued = {
        let mut conn = database.pool.acquire().await?;
        tokens::issue(&app, &mut conn, "command-line", request).await
    };
    database.close().await;
    let (token, secret) = issued.map_err(|error| in_words(&error))?;
    eprintln!("Token {} for the role {}; it is shown this once:", token.token_id, token.role);
    println!("{secret}");
    Ok(ExitCode::SUCCESS)
}

async fn verify_audit(options: VerifyAuditOptions) -> Outcome<ExitCode> {
    let anchors = options.anchors.as_deref().map(anchors).transpose()?.unwrap_or_default();
    if options.anchors.is_some() && anchors.is_empty() {
        return Err(
            "there is no anchor in that file: it has to have a JSON object {\"health_plan\", \"seq\", \"hash\"} on a line".into(),
        );
    }
    let database = Database::open(&options.database, FEW_CONNECTIONS).await?;
    let checked = async {
        let mut transaction = database.pool.begin_with("begin isolation level repeatable read, read only").await?;
        accesses::verify(&mut transaction, &anchors, Clock::system().now()).await
    };
    let checked = checked.await;
    database.close().await;
    let (sound, breaks) = checked?;
    for broken in &breaks {
        println!("{broken}");
    }
    if options.anchors.is_some() {
        println!("{} anchors were held against the chains", anchors.len());
    }
    println!("{sound} records are as they were sealed; {} breaks", breaks.len());
    Ok(if breaks.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The anchors of a file. Lines of a log that are none are passed over.
fn anchors(file: &Path) -> Outcome<Vec<Anchor>> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// A refusal with its faults, for a terminal.
fn in_words(error: &oncoauth::app::Error) -> String {
    use oncoauth::domain::refusal::Refusal;
    if let oncoauth::app::Error::Refused(refusal) = error
        && let Refusal::Validation(faults) = refusal.as_ref()
    {
        return faults.iter().map(|fault| format!("{}: {}", fault.pointer, fault.message)).collect::<Vec<_>>().join("; ");
    }
    error.to_string()
}

fn check_content(dir: Option<&Path>) -> ExitCode {
    let report = content::check(dir);
    println!("{report}");
    ExitCode::from(report.exit_code())
}

fn test_postgres(dir: &Path, migrations: Option<&Path>, command: &[OsString]) -> Outcome<ExitCode> {
    if command.is_empty() {
        serve_tests(dir)?;
        return Ok(ExitCode::SUCCESS);
    }
    let status = run_with_throwaway(dir, migrations, command)?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, Into::into))
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::{CommandFactory as _, Parser as _};

    #[test]
    fn the_command_line_is_consistent_and_serves_without_a_subcommand() {
        Cli::command().debug_assert();
        let cli = Cli::try_parse_from(["oncoauth", "--listen", "127.0.0.1:0", "--sandbox"]).unwrap();
        assert!(cli.command.is_none() && cli.serve.sandbox);
        assert_eq!(cli.serve.listen, "127.0.0.1:0");
    }
}
