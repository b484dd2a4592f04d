//! Whom the server runs as, and what that account can reach. PostgreSQL refuses root, so root lends it an unprivileged
//! account; everybody else runs it as themselves. Nothing here changes the owner of a directory it did not make.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::User;

use super::error::{Context, PostgresError};

/// The few variables the server's programs need. All others stay behind: `PG*` would redirect it, and the service's
/// own secrets are none of its business.
const KEPT: [&str; 4] = ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR"];

/// The account that owns the cluster and runs the server.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) name: String,
    uid: u32,
    gid: u32,
    /// Root has to step down to it; an ordinary user already is it.
    lent: bool,
}

impl Account {
    pub(super) fn current() -> Result<Self, PostgresError> {
        let uid = rustix::process::geteuid();
        if !uid.is_root() {
            let gid = rustix::process::getegid().as_raw();
            let uid = uid.as_raw();
            let name = User::from_uid(uid.into()).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name);
            return Ok(Self { name, uid, gid, lent: false });
        }
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .map(|user| Self { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw(), lent: true })
            .ok_or(PostgresError::NoAccount)
    }

    /// A command that runs as this account, in `/`, with a clean environment, and dies with the calling *thread*.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(KEPT.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))));
        command.env("LC_ALL", "C").env("TZ", "UTC").env("HOME", "/").current_dir("/").stdin(Stdio::null());
        if self.lent {
            command.uid(self.uid).gid(self.gid);
        }
        end_with_this_thread(&mut command);
        command
    }

    /// Whether the account may pass through every directory on the way to `path`.
    pub(super) fn reaches(&self, path: &Path) -> Result<(), PostgresError> {
        let path = path.canonicalize().context("finding", path)?;
        match self.blocker(&path) {
            None => Ok(()),
            Some(blocker) => Err(PostgresError::Unreachable { path, blocker, account: self.name.clone() }),
        }
    }

    fn blocker(&self, path: &Path) -> Option<PathBuf> {
        let closed = |dir: &&Path| {
            fs::metadata(dir).map_or(true, |meta| {
                let bit = match (meta.uid() == self.uid, meta.gid() == self.gid) {
                    (true, _) => 0o100,
                    (false, true) => 0o010,
                    (false, false) => 0o001,
                };
                meta.mode() & bit == 0
            })
        };
        if !self.lent {
            return None;
        }
        path.ancestors().filter(|dir| dir.is_dir()).filter(closed).last().map(Path::to_owned)
    }

    /// Makes `path` a directory that only this account may enter, or accepts it if it is one already.
    pub(super) fn own_dir(&self, path: &Path) -> Result<(), PostgresError> {
        match DirBuilder::new().mode(0o700).create(path) {
            Ok(()) if self.lent => chown(path, Some(self.uid), Some(self.gid)).context("giving away", path),
            Ok(()) => Ok(()),
            // a name in a shared place may have been taken by somebody else, or be a link to elsewhere
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let meta = fs::symlink_metadata(path).context("reading", path)?;
                if meta.is_dir() && meta.uid() == self.uid {
                    return Ok(());
                }
                // made by us and not yet given away when we were killed
                let ours = self.lent && meta.is_dir() && meta.uid() == rustix::process::geteuid().as_raw();
                if ours && fs::read_dir(path).context("reading", path)?.next().is_none() {
                    return chown(path, Some(self.uid), Some(self.gid)).context("giving away", path);
                }
                Err(PostgresError::NotOurs { path: path.to_owned(), account: self.name.clone() })
            }
            Err(error) => Err(error).context("making", path),
        }
    }
}

/// Makes `path` and its missing parents, passable for everybody whatever the umask: what is private is inside.
pub(super) fn public_dir(path: &Path) -> Result<(), PostgresError> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        public_dir(parent)?;
    }
    match fs::create_dir(path) {
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(0o755)).context("opening", path),
        Err(_) if path.is_dir() => Ok(()), // somebody else was quicker
        Err(error) => Err(error).context("making", path),
    }
}

/// Has the kernel interrupt the child when the thread that started it ends, so that `kill -9` of the service stops its
/// server, too. Elsewhere than on Linux the next start stops what was left.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "pre_exec is the only way in; the closure makes one system call and allocates nothing")]
fn end_with_this_thread(command: &mut Command) {
    use rustix::process::{Signal, set_parent_process_death_signal};
    // SAFETY: prctl(2) is async-signal-safe, and the closure touches no memory of the parent.
    unsafe {
        command.pre_exec(|| set_parent_process_death_signal(Some(Signal::INT)).map_err(Into::into));
    }
}

#[cfg(not(target_os = "linux"))]
fn end_with_this_thread(_: &mut Command) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn stranger() -> Account {
        Account { name: "stranger".into(), uid: 54_321, gid: 54_321, lent: true }
    }

    #[test]
    fn a_closed_directory_on_the_way_is_named() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).unwrap();
        let inner = dir.path().join("inner");
        public_dir(&inner).unwrap();
        let message = stranger().reaches(&inner).unwrap_err().to_string();
        let closed = dir.path().canonicalize().unwrap();
        assert!(message.contains(&format!("chmod o+x {}", closed.display())), "{message}");
    }

    #[test]
    fn an_open_way_is_reachable() {
        stranger().reaches(Path::new("/usr/bin")).unwrap();
    }

    #[test]
    fn a_directory_of_somebody_else_that_holds_something_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("kept"), "").unwrap();
        assert!(matches!(stranger().own_dir(dir.path()), Err(PostgresError::NotOurs { .. })));
    }

    #[test]
    fn a_link_is_not_taken_for_a_directory() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(dir.path(), &link).unwrap();
        let account = Account { uid: rustix::process::geteuid().as_raw(), ..stranger() };
        assert!(matches!(account.own_dir(&link), Err(PostgresError::NotOurs { .. })));
    }
}
