//! What can go wrong with the private PostgreSQL, each with what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// Why the private PostgreSQL does not run. Every message names a remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresError {
    /// No usable binaries, and none could be fetched.
    #[error(
        "no PostgreSQL 14 or newer was found, and none could be fetched: {why}\n\
         Install one (nothing needs to be configured):\n  \
         Debian, Ubuntu:  apt-get install -y postgresql\n  \
         macOS:           brew install postgresql@17\n\
         or set ONCOAUTH_PG_BIN to the directory that holds `initdb` and `postgres`,\n\
         or set DATABASE_URL to a PostgreSQL server that is already running."
    )]
    NotFound {
        /// What was looked at, and why fetching failed.
        why: String,
    },
    /// `ONCOAUTH_PG_BIN` was set and cannot be used.
    #[error(
        "ONCOAUTH_PG_BIN is {dir}, which cannot be used: {why}. \
         Point it at the directory that holds `initdb` and `postgres` (14 or newer), or unset it."
    )]
    BadBinDir {
        /// The directory as given.
        dir: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The data were written by a major version of which there are no binaries.
    #[error(
        "the data in {dir} were written by PostgreSQL {wanted}, but no PostgreSQL {wanted} was found ({why}).\n\
         Install it (Debian, Ubuntu: apt-get install -y postgresql-{wanted}; macOS: brew install postgresql@{wanted}),\n\
         or set ONCOAUTH_PG_BIN to its directory, or start afresh in another directory with --data-dir or ONCOAUTH_DATA_DIR."
    )]
    WrongMajor {
        /// The data directory of the service.
        dir: PathBuf,
        /// The major version that wrote it.
        wanted: u32,
        /// What was found instead.
        why: String,
    },
    /// Another instance holds the data directory.
    #[error(
        "{dir} is in use by another oncoauth{}. \
         Stop that one, or give this one a directory of its own with --data-dir or ONCOAUTH_DATA_DIR.",
        holder.as_ref().map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    InUse {
        /// The data directory of the service.
        dir: PathBuf,
        /// Process id of the other instance, where it could be read.
        holder: Option<String>,
    },
    /// A directory exists and belongs to somebody else.
    #[error(
        "{path} exists and is not a directory of the account `{account}`. \
         Run as the account that made it, remove it, or choose another place with --data-dir or ONCOAUTH_DATA_DIR."
    )]
    NotOurs {
        /// The path in question.
        path: PathBuf,
        /// The account that would have to own it.
        account: String,
    },
    /// The unprivileged account of the server cannot get to a path.
    #[error(
        "PostgreSQL runs as the account `{account}` (never as root), which cannot reach {path}: {blocker} is closed to it. \
         Choose another place with --data-dir or ONCOAUTH_DATA_DIR, or open the way with `chmod o+x {blocker}`."
    )]
    Unreachable {
        /// Where the server would have to go.
        path: PathBuf,
        /// The first directory on the way that is closed.
        blocker: PathBuf,
        /// The account of the server.
        account: String,
    },
    /// Started as root, and there is no account to run the server as.
    #[error(
        "started as root, but PostgreSQL refuses to run as root and neither a `postgres` nor a `nobody` account exists. \
         Run oncoauth as an ordinary user, or create one: useradd --system postgres"
    )]
    NoAccount,
    /// There is no home directory to derive the default data directory from.
    #[error("there is no home directory to keep the data in: name a place with --data-dir or ONCOAUTH_DATA_DIR")]
    NoHome,
    /// `initdb` failed.
    #[error("initdb could not make a database cluster in {dir}: {output}")]
    Initdb {
        /// The cluster's directory.
        dir: PathBuf,
        /// What it printed.
        output: String,
    },
    /// The server ended while starting, or took too long.
    #[error("PostgreSQL did not start ({what}); the end of {log} says:\n{tail}")]
    Start {
        /// Exit status or time-out.
        what: String,
        /// The server's log.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },
    /// A process of an earlier run still holds the data.
    #[error("processes {pids:?} of an earlier run still use {dir} and do not end: stop them with `kill -9`, then start again")]
    Leftover {
        /// The cluster's directory.
        dir: PathBuf,
        /// Process ids.
        pids: Vec<i32>,
    },
    /// A file operation failed.
    #[error("{what} {path}: {source}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The server runs, and a statement failed.
    #[error("preparing the database: {0}")]
    Database(#[from] sqlx::Error),
    /// The server runs, and a migration failed.
    #[error("migrating the database: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

/// Names the operation and the path in an I/O error, which say nothing by themselves.
pub(super) trait Context<T> {
    fn context(self, what: &'static str, path: &Path) -> Result<T, PostgresError>;
}

impl<T, E: Into<io::Error>> Context<T> for Result<T, E> {
    fn context(self, what: &'static str, path: &Path) -> Result<T, PostgresError> {
        self.map_err(|error| PostgresError::Io { what, path: path.to_owned(), source: error.into() })
    }
}
