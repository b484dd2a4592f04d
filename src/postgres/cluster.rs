//! The cluster on disk: its directories, its lock, making it, clearing what an earlier run left, and the command that
//! serves it. Keeps no process: `supervise` does.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::account::{Account, public_dir};
use super::dirs::key;
use super::error::{Context, PostgresError};
use super::locate::{Binaries, Search};
use super::{ROLE, Settings, leftovers};

/// Longest path of the socket directory, bytes: `sun_path` holds 104 on macOS, and the lock's name goes after it.
const SOCKET_DIR_LIMIT: usize = 80;
/// The log is set aside at a start when it is longer than this, bytes.
const LOG_LIMIT: u64 = 10_000_000;
/// In the name of a cluster that is being made.
const UNFINISHED: &str = "new-";

/// A cluster that this process, and no other, may serve.
#[derive(Debug)]
pub(super) struct Cluster {
    account: Account,
    binaries: Binaries,
    data: PathBuf,
    pub(super) socket_dir: PathBuf,
    pub(super) log: PathBuf,
    durable: bool,
    max_connections: u32,
    /// Held as long as the cluster is: nobody else may touch the directory.
    _lock: File,
}

impl Cluster {
    /// Locks the directory, finds the programs, and makes the cluster if there is none.
    pub(super) fn open(settings: &Settings) -> Result<Self, PostgresError> {
        let account = Account::current()?;
        public_dir(&settings.data_dir)?;
        let root = settings.data_dir.canonicalize().context("finding", &settings.data_dir)?;
        let lock = lock(&root)?;
        account.reaches(&root)?;
        let home = root.join("postgres");
        account.own_dir(&home)?;
        if !settings.durable {
            clear_throwaway(&home)?; // after a crash without fsync nothing in it can be trusted
        }
        let existing = existing_major(&home)?;
        let binaries = Search::from_env().find(&account, &root, existing)?;
        let cluster = Self {
            data: home.join(format!("data-{}", binaries.major)),
            socket_dir: socket_dir(&home, &account)?,
            log: root.join("postgres.log"),
            durable: settings.durable,
            max_connections: settings.max_connections,
            account,
            binaries,
            _lock: lock,
        };
        if existing.is_none() {
            cluster.make()?;
        }
        Ok(cluster)
    }

    /// `initdb` beside the final place, one flush, one rename: a kill in between leaves nothing half made. The place has a name that no
    /// earlier run used: its `initdb` may still be clearing up there.
    fn make(&self) -> Result<(), PostgresError> {
        let fresh = self.data.with_extension(format!("{UNFINISHED}{}", std::process::id()));
        if let Some(home) = self.data.parent() {
            clear_unfinished(home);
        }
        if fresh.exists() {
            fs::remove_dir_all(&fresh).context("removing", &fresh)?;
        }
        let mut initdb = self.account.command(self.binaries.dir.join("initdb"));
        initdb.arg("-D").arg(&fresh).args(["-U", ROLE, "-E", "UTF8", "--locale=C", "-A", "trust"]);
        initdb.args(["--data-checksums", "--no-instructions", "--no-sync"]);
        let output = initdb.output().context("running initdb in", &self.binaries.dir)?;
        if !output.status.success() {
            let output = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(PostgresError::Initdb { dir: fresh, output });
        }
        if self.durable {
            flush(&fresh)?;
        }
        fs::rename(&fresh, &self.data).context("renaming", &fresh)?;
        self.data.parent().filter(|_| self.durable).map_or(Ok(()), flush)
    }

    /// The command that serves the cluster: on a socket only this account (and root) can reach, no port, no password.
    pub(super) fn server(&self) -> Result<Command, PostgresError> {
        if fs::metadata(&self.log).is_ok_and(|meta| meta.len() > LOG_LIMIT) {
            fs::rename(&self.log, self.log.with_extension("log.1")).context("renaming", &self.log)?;
        }
        let log = OpenOptions::new().create(true).append(true).open(&self.log).context("opening", &self.log)?;
        let mut server = self.account.command(self.binaries.dir.join("postgres"));
        server.arg("-D").arg(&self.data).arg("-k").arg(&self.socket_dir);
        let mut set = |setting: &str| {
            server.args(["-c", setting]);
        };
        set("listen_addresses=");
        set("port=5432"); // part of the socket's name, and nothing else
        set("unix_socket_permissions=0700");
        set("timezone=UTC");
        set("log_timezone=UTC");
        // a logged statement or detail line would carry members' data into the log
        set("log_min_error_statement=panic");
        set("log_error_verbosity=terse");
        set("jit=off"); // no statement here runs long enough to gain by it
        set(&format!("max_connections={}", self.max_connections));
        if cfg!(target_os = "linux") {
            set("recovery_init_sync_method=syncfs"); // crash recovery: one call instead of one per file
        }
        for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
            set(&format!("{setting}={}", if self.durable { "on" } else { "off" }));
        }
        // a group of its own: Ctrl-C reaches the service, which stops the server in its own time
        server.stdout(log.try_clone().context("opening", &self.log)?).stderr(log).process_group(0);
        Ok(server)
    }

    /// Ends what an earlier run left: a live server, its orphaned backends, stale lock files.
    pub(super) fn clear_leftovers(&self) -> Result<(), PostgresError> {
        leftovers::clear(&self.data)?;
        remove_if_there(&self.socket_dir.join(".s.PGSQL.5432"))?;
        remove_if_there(&self.socket_dir.join(".s.PGSQL.5432.lock"))
    }

    /// Whether the server with this process id takes connections.
    pub(super) fn is_ready(&self, pid: u32) -> bool {
        leftovers::pid_file(&self.data).is_some_and(|file| file.ready && u32::try_from(file.pid) == Ok(pid))
    }

    /// The end of the server's log, for an error message.
    pub(super) fn log_tail(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().rev().take(6).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

/// Takes the exclusive lock of a data directory; the file names its holder. The kernel lets go of it whichever way the
/// holder ends, so it is never stale.
fn lock(root: &Path) -> Result<File, PostgresError> {
    let path = root.join("lock");
    let mut options = OpenOptions::new();
    let mut file = options.create(true).truncate(false).read(true).write(true).open(&path).context("opening", &path)?;
    if file.try_lock().is_err() {
        let mut holder = String::new();
        let known = file.read_to_string(&mut holder).is_ok() && !holder.trim().is_empty();
        let holder = known.then(|| holder.trim().to_owned());
        return Err(PostgresError::InUse { dir: root.to_owned(), holder });
    }
    file.set_len(0).context("writing", &path)?;
    file.rewind().context("writing", &path)?;
    writeln!(file, "{}", std::process::id()).context("writing", &path)?;
    Ok(file)
}

/// The major version of the cluster in `home`: that of its one finished `data-<major>` directory.
fn existing_major(home: &Path) -> Result<Option<u32>, PostgresError> {
    let entries = fs::read_dir(home).context("reading", home)?.flatten();
    Ok(entries
        .filter(|entry| entry.path().join("PG_VERSION").is_file())
        .filter_map(|entry| entry.file_name().to_str()?.strip_prefix("data-")?.parse().ok())
        .max())
}

/// Removes what runs that were killed have left. What cannot be removed is in nobody's way.
fn clear_unfinished(home: &Path) {
    for entry in fs::read_dir(home).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_cluster = name.to_str().is_some_and(|name| name.starts_with("data-") && name.contains(UNFINISHED));
        if is_cluster && let Err(error) = fs::remove_dir_all(entry.path()) {
            tracing::warn!(%error, path = %entry.path().display(), "what an earlier run left could not be removed");
        }
    }
}

fn clear_throwaway(home: &Path) -> Result<(), PostgresError> {
    for entry in fs::read_dir(home).context("reading", home)?.flatten() {
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with("data-") {
            leftovers::clear(&path)?;
            fs::remove_dir_all(&path).context("removing", &path)?;
        }
    }
    Ok(())
}

fn socket_dir(home: &Path, account: &Account) -> Result<PathBuf, PostgresError> {
    let mut dir = home.join("run");
    if dir.as_os_str().len() > SOCKET_DIR_LIMIT {
        dir = std::env::temp_dir().join(format!("oncoauth-{}", key(home)));
        account.reaches(&std::env::temp_dir())?;
    }
    account.own_dir(&dir)?;
    Ok(dir)
}

fn flush(dir: &Path) -> Result<(), PostgresError> {
    #[cfg(target_os = "linux")]
    rustix::fs::syncfs(File::open(dir).context("opening", dir)?).context("flushing", dir)?;
    #[cfg(not(target_os = "linux"))]
    {
        let _ = dir;
        rustix::fs::sync();
    }
    Ok(())
}

pub(super) fn remove_if_there(path: &Path) -> Result<(), PostgresError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).context("removing", path),
        _ => Ok(()),
    }
}
