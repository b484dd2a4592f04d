//! PostgreSQL's own programs, for tests that need several servers, or backups of one.

use super::account::Account;
use super::error::PostgresError;
use super::locate::Search;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The programs that the service's own PostgreSQL would be run with, and the account that runs them.
#[derive(Clone, Debug)]
pub struct Programs {
    account: Account,
    dir: PathBuf,
}

impl Programs {
    /// Finds them where the service would.
    ///
    /// # Errors
    /// [`PostgresError`], with its remedy.
    pub fn find() -> Result<Self, PostgresError> {
        let account = Account::current()?;
        let found = Search::from_env().find(&account, Path::new("/"), None)?;
        Ok(Self { account, dir: found.dir })
    }

    /// Where they are.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// True where this one is there: some installations have the server's programs and not those for backups.
    pub fn has(&self, program: &str) -> bool {
        self.dir.join(program).is_file()
    }

    /// A command of theirs, or another by its full path, run as the account that may run a server. It ends with the thread that calls this.
    pub fn command(&self, program: &str) -> Command {
        self.account.command(self.dir.join(program))
    }

    /// Makes a directory that only this account may enter.
    ///
    /// # Errors
    /// [`PostgresError`] where it is somebody else's.
    pub fn own_dir(&self, path: &Path) -> Result<(), PostgresError> {
        self.account.own_dir(path)
    }
}
