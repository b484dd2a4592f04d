//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use oncoauth::postgres::{run_with_throwaway, serve_tests};

#[derive(Parser)]
enum Cli {
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

fn main() -> ExitCode {
    let Cli::TestPostgres { dir, migrations, command } = Cli::parse();
    let done = if command.is_empty() {
        serve_tests(&dir).map(|()| ExitCode::SUCCESS)
    } else {
        run_with_throwaway(&dir, migrations.as_deref(), &command)
            .map(|status| status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, Into::into))
    };
    done.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}
