//! A PostgreSQL of our own, so that `cargo run` needs nothing installed or configured: finds (or fetches) the programs,
//! makes a cluster, serves it on a socket nobody else can open, starts it again when it dies, stops it with us.
//!
//! Works as root (the server then runs as `postgres` or `nobody`) and as an ordinary user, on Linux and macOS. Durable
//! settings stay on. Knows nothing of the service's schema.

mod account;
mod cluster;
mod dirs;
mod error;
mod fetch;
mod leftovers;
mod locate;
mod programs;
mod supervise;
mod throwaway;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel, sync_channel};
use std::thread;

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::watch;

pub use dirs::default_data_dir;
pub use error::PostgresError;
pub use programs::Programs;
pub use throwaway::{run_with_throwaway, serve_tests, tests_dir};

/// The role that owns everything in the private cluster.
const ROLE: &str = "oncoauth";
/// The role that owns nothing, which serves.
const SERVING: &str = "oncoauth_serving";

/// How the private server is run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Holds the cluster, its lock and its log; made if missing. See [`default_data_dir`].
    pub data_dir: PathBuf,
    /// Keep what was committed, whatever happens. `false` is for tests: nothing is flushed, and whatever an earlier run
    /// left is thrown away at the start.
    pub durable: bool,
    /// Connections the server accepts.
    pub max_connections: u32,
}

/// What the server is doing, seen from the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It takes connections.
    Running,
    /// It died and is being started again.
    Restarting,
    /// Starting it again failed, several times; it is still being tried.
    Failed,
}

/// A running private server. Dropping it stops the server.
#[derive(Debug)]
pub struct Embedded {
    socket_dir: PathBuf,
    control: Arc<supervise::Control>,
    state: watch::Receiver<State>,
    /// Disconnected when the supervising thread has ended.
    ended: Receiver<()>,
}

impl Embedded {
    /// Starts the server, making its cluster first if there is none. Blocks until it takes connections (on an async
    /// runtime, call it through `spawn_blocking`).
    ///
    /// # Errors
    /// [`PostgresError`], each with its remedy.
    pub fn start(settings: &Settings) -> Result<Self, PostgresError> {
        let control = Arc::new(supervise::Control::default());
        let (started, first) = sync_channel(1);
        let (state, watched) = watch::channel(State::Running);
        let (alive, ended) = channel::<()>();
        let (theirs, settings) = (Arc::clone(&control), settings.clone());
        let io = |source| PostgresError::Io { what: "starting a thread for", path: "postgres".into(), source };
        thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(move || {
                let _alive = alive;
                supervise::run(&settings, &theirs, &started, &state);
            })
            .map_err(io)?;
        let socket_dir = first.recv().map_err(|_| io(std::io::Error::other("it ended")))??;
        Ok(Self { socket_dir, control, state: watched, ended })
    }

    /// The URL of a database on this server for its owner, as sqlx (and libpq) read it.
    pub fn url(&self, database: &str) -> String {
        self.url_as(ROLE, database)
    }

    fn url_as(&self, role: &str, database: &str) -> String {
        format!("postgres://{role}@localhost/{}?host={}", encode(database), encode_path(&self.socket_dir))
    }

    /// The URL of a database for a role that owns nothing and has what `group` is granted. Both are made where they are missing.
    ///
    /// # Errors
    /// [`PostgresError::Database`] when a statement fails.
    pub async fn serving_url(&self, database: &str, group: &str) -> Result<String, PostgresError> {
        let mut connection = PgConnection::connect(&self.url(database)).await?;
        for (role, how) in [(group.to_owned(), "nologin".to_owned()), (SERVING.to_owned(), format!("login in role {group}"))] {
            let query = "select exists (select from pg_roles where rolname = $1)";
            if !sqlx::query_scalar::<_, bool>(query).bind(&role).fetch_one(&mut connection).await? {
                sqlx::query(AssertSqlSafe(format!("create role {role} {how}"))).execute(&mut connection).await?;
            }
        }
        connection.close().await?;
        Ok(self.url_as(SERVING, database))
    }

    /// Makes the database if it is missing, and returns its URL.
    ///
    /// # Errors
    /// [`PostgresError::Database`] when a statement fails.
    pub async fn create_database(&self, name: &str) -> Result<String, PostgresError> {
        let mut connection = PgConnection::connect(&self.url("postgres")).await?;
        let query = "select exists (select from pg_database where datname = $1)";
        if !sqlx::query_scalar::<_, bool>(query).bind(name).fetch_one(&mut connection).await? {
            let quoted = name.replace('"', "\"\"");
            let create = AssertSqlSafe(format!("create database \"{quoted}\"")); // DDL takes no parameters
            sqlx::query(create).execute(&mut connection).await?;
        }
        connection.close().await?;
        Ok(self.url(name))
    }

    /// What the server is doing now, and a notice of every change: readiness follows it.
    pub fn state(&self) -> watch::Receiver<State> {
        self.state.clone()
    }

    /// Stops the server and waits until it has ended. Blocks, for a checkpoint's time as a rule.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.control.stop(&self.ended);
    }
}

/// Percent-encodes all but unreserved characters.
fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}"); // writing to a String cannot fail
        }
        encoded
    })
}

fn encode_path(path: &Path) -> String {
    encode(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_directory_survives_the_url() {
        assert_eq!(encode_path(Path::new("/var/lib/on co&auth/run")), "/var/lib/on%20co%26auth/run");
    }
}
