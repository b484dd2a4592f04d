//! The installation's virus scanner: any program that reads a document from its standard input and says by its exit code what it found
//! (0 nothing, 1 something; anything else is a failure of its own).

use super::Spooled;
use crate::app::{Error, Result};
use crate::domain::attachment::Scan;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How often a running scanner is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Who looks at documents before they are stored.
#[derive(Debug, Clone, Default)]
pub enum Scanner {
    /// Nobody; every document says so.
    #[default]
    NotConfigured,
    /// A program.
    Command(ScanCommand),
}

/// A program that scans.
#[derive(Debug, Clone)]
pub struct ScanCommand {
    /// The program; no shell is asked.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// The longest that it may take.
    pub time_limit: Duration,
}

impl ScanCommand {
    /// A program and its arguments, separated by white space; none where there is no program.
    pub fn parse(line: &str, time_limit: Duration) -> Option<Self> {
        let mut words = line.split_whitespace().map(str::to_owned);
        let program = words.next()?;
        Some(Self { program, arguments: words.collect(), time_limit })
    }

    async fn run(&self, document: std::fs::File) -> std::result::Result<ExitStatus, String> {
        let mut command = Command::new(&self.program);
        // nothing of the service's own environment: it may hold the database's password
        command.args(&self.arguments).env_clear().current_dir("/").process_group(0);
        for name in ["PATH", "HOME", "TMPDIR", "LANG"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.stdin(Stdio::from(document)).stdout(Stdio::null()).stderr(Stdio::null());
        let mut running = Running(Some(command.spawn().map_err(|error| format!("does not start: {error}"))?));
        let started = Instant::now();
        loop {
            match running.look() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) if started.elapsed() > self.time_limit => {
                    return Err(format!("took longer than {} s", self.time_limit.as_secs()));
                }
                Ok(None) => tokio::time::sleep(LOOK).await,
                Err(error) => return Err(format!("cannot be waited for: {error}")),
            }
        }
    }
}

/// A scanner under way; given up, it ends with everything that it started.
struct Running(Option<Child>);

impl Running {
    /// How it ended, if it did.
    fn look(&mut self) -> std::io::Result<Option<ExitStatus>> {
        self.0.as_mut().map_or(Ok(None), Child::try_wait)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.look(), Ok(Some(_))) {
            return;
        }
        let Some(mut child) = self.0.take() else { return };
        if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
            // it may have ended just now
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        // without this it would stay as a zombie; it ends at once as a rule, but not while the kernel has it wait for a disk, and requests
        // must not wait with it
        let waiting = std::thread::Builder::new().name("scanner-end".to_owned()).spawn(move || child.wait());
        if let Err(error) = waiting {
            tracing::warn!(%error, "an ended virus scanner is not waited for");
        }
    }
}

impl Scanner {
    /// What a document's scan says; none where it must not be stored.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where the scanner could not say.
    pub async fn scan(&self, document: &mut Spooled) -> Result<Option<Scan>> {
        let Self::Command(command) = self else { return Ok(Some(Scan::NotConfigured)) };
        let handle = document.handle().await?;
        let status = command.run(handle).await.map_err(|why| Error::Unavailable(format!("the virus scanner {why}")))?;
        match status.code() {
            Some(0) => Ok(Some(Scan::Clean)),
            Some(1) => Ok(None),
            _ => Err(Error::Unavailable(format!("the virus scanner ended with {status}"))),
        }
    }

    /// The longest that a scan may take.
    pub const fn time_limit(&self) -> Duration {
        match self {
            Self::NotConfigured => Duration::ZERO,
            Self::Command(command) => command.time_limit,
        }
    }
}
