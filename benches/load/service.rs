//! The service under measurement: the program as it is shipped, on a free port of loopback, its log in a file.

use crate::Outcome;
use crate::client::{Connection, get};
use oncoauth::postgres::Embedded;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Where everything is.
#[derive(Debug)]
pub struct Stage {
    /// Scripts and logs.
    pub directory: PathBuf,
    /// The PostgreSQL's.
    pub data_dir: PathBuf,
    /// The program measured.
    pub program: PathBuf,
    /// URL of the PostgreSQL's database.
    pub url: String,
}

impl Stage {
    /// A stage in this directory.
    pub fn new(directory: &Path, data_dir: &Path, program: PathBuf, server: &Embedded) -> Self {
        Self { directory: directory.to_owned(), data_dir: data_dir.to_owned(), program, url: server.url("oncoauth") }
    }

    /// Where the socket of the PostgreSQL is.
    pub fn socket_directory(&self) -> &str {
        self.url.split_once("?host=").map_or("", |(_, directory)| directory)
    }
}

/// A service that runs.
#[derive(Debug)]
pub struct Service {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Service {
    /// Starts it on a database and waits until it listens.
    pub fn start(stage: &Stage, url: &str) -> Outcome<Self> {
        let log = OpenOptions::new().create(true).append(true).open(stage.directory.join("service.log"))?;
        let mut child = Command::new(&stage.program)
            .args(["serve", "--listen", "127.0.0.1:0", "--sandbox", "--log-format", "json", "--database-url", url])
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().ok_or("no output")?).read_line(&mut line)?;
        let Some(address) = line.trim().strip_prefix("oncoauth listens on http://") else {
            drop(child.wait());
            return Err(
                format!("the service did not start: {}", std::fs::read_to_string(stage.directory.join("service.log"))?).into()
            );
        };
        Ok(Self { address: address.parse()?, child })
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The day that its clock shows.
    pub fn today(&self) -> Outcome<String> {
        let mut connection = Connection::open(self.address)?;
        let clock = connection.json(&get("/v1/sandbox/clock", "sandbox-administrator"), 200)?;
        Ok(clock["now"].as_str().and_then(|now| now.get(..10)).ok_or("a clock without time")?.to_owned())
    }

    /// Stops it and waits until it has ended.
    pub fn stop(mut self) -> Outcome<()> {
        self.end()?;
        Ok(())
    }

    fn end(&mut self) -> std::io::Result<()> {
        if let Some(pid) = Pid::from_raw(i32::try_from(self.child.id()).unwrap_or_default())
            && self.child.try_wait()?.is_none()
        {
            kill_process(pid, Signal::TERM)?;
        }
        self.child.wait().map(drop)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.end());
    }
}
