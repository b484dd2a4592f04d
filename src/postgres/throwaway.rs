//! Servers that forget: one that all test processes share, and one for the length of a command. Nothing here is ever
//! used for data anybody wants to keep.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::{Connection, PgConnection};

use super::account::{Account, public_dir};
use super::dirs::key;
use super::error::{Context, PostgresError};
use super::{Embedded, Settings};

const MAX_CONNECTIONS: u32 = 300;
/// How often the shared server looks whether anybody still needs it.
const LOOK: Duration = Duration::from_millis(500);
/// How many looks in a row have to find nobody: `cargo test` runs its processes one after another.
const IDLE_LOOKS: u32 = 4;

/// Where the server shared by the tests lives: below the build's own temporary directory, or, where the server's
/// unprivileged account could not reach that (a checkout below `/root`), below the system's.
///
/// # Errors
/// [`PostgresError::Io`] when the directory cannot be made.
pub fn tests_dir(target_tmp: &Path) -> Result<PathBuf, PostgresError> {
    public_dir(target_tmp)?;
    let dir = target_tmp.join("postgres");
    if Account::current()?.reaches(target_tmp).is_ok() {
        public_dir(&dir)?;
        return Ok(dir);
    }
    let dir = std::env::temp_dir().join(format!("oncoauth-tests-{}", key(target_tmp)));
    public_dir(&dir)?;
    Ok(dir)
}

/// Serves a throw-away cluster in `dir` for as long as anybody holds a shared lock on `<dir>/lease`, and a moment
/// longer. Its URL is in `<dir>/url` once it takes connections. The body of the hidden subcommand `test-postgres`.
///
/// # Errors
/// [`PostgresError`] when the server cannot be started.
pub fn serve_tests(dir: &Path) -> Result<(), PostgresError> {
    let server = start(dir)?;
    let url = dir.join("url");
    let fresh = dir.join("url.new");
    fs::write(&fresh, server.url("postgres")).context("writing", &fresh)?;
    fs::rename(&fresh, &url).context("renaming", &fresh)?;
    let path = dir.join("lease");
    let lease = OpenOptions::new().create(true).truncate(false).write(true).open(&path).context("opening", &path)?;
    let mut idle = 0;
    while idle < IDLE_LOOKS {
        std::thread::sleep(LOOK);
        idle = if lease.try_lock().is_ok() { idle + 1 } else { 0 };
        if idle < IDLE_LOOKS {
            lease.unlock().context("unlocking", &path)?;
        }
    }
    // The exclusive lock is kept until this process ends: a newcomer waits for that, and starts a server of its own.
    let removed = fs::remove_file(&url).context("removing", &url);
    server.stop();
    removed
}

/// Runs `command` with `DATABASE_URL` set to a throw-away database in `dir`, migrated from the files in `migrations`
/// (from disk, not from this program, so that it works while they are being written).
///
/// # Errors
/// [`PostgresError`] when the server, the migrations or the command cannot be started.
pub fn run_with_throwaway(dir: &Path, migrations: Option<&Path>, command: &[OsString]) -> Result<ExitStatus, PostgresError> {
    let server = start(dir)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting a runtime for", dir)?;
    let url = runtime.block_on(async {
        let url = server.create_database("oncoauth").await?;
        if let Some(migrations) = migrations {
            let mut connection = PgConnection::connect(&url).await?;
            Migrator::new(migrations).await?.run(&mut connection).await?;
            connection.close().await?;
        }
        Ok::<_, PostgresError>(url)
    })?;
    let program = command.first().cloned().unwrap_or_else(|| "true".into());
    let status = Command::new(&program)
        .args(command.iter().skip(1))
        .env("DATABASE_URL", url)
        .status()
        .context("running", Path::new(&program));
    server.stop();
    status
}

fn start(dir: &Path) -> Result<Embedded, PostgresError> {
    Embedded::start(&Settings { data_dir: dir.to_owned(), durable: false, max_connections: MAX_CONNECTIONS })
}
