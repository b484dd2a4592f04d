//! The program, running.

#![allow(clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc, reason = "test crate")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// The program, without anything that the environment tells it.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oncoauth"));
    for variable in [
        "DATABASE_URL",
        "ONCOAUTH_LISTEN",
        "ONCOAUTH_DATA_DIR",
        "ONCOAUTH_CONTENT_DIR",
        "ONCOAUTH_WORKER_THREADS",
        "ONCOAUTH_DATABASE_CONNECTIONS",
        "ONCOAUTH_MAX_CONNECTIONS",
        "ONCOAUTH_HEADER_TIMEOUT",
        "ONCOAUTH_KEEP_ALIVE",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "ONCOAUTH_DATABASE_POOLER",
    ] {
        command.env_remove(variable);
    }
    command
}

/// A service that runs; stopped with the test, whatever becomes of it.
pub struct Running {
    child: Child,
    /// Host and port.
    pub address: String,
    output: BufReader<std::process::ChildStdout>,
}

impl Running {
    /// Starts it, and waits until it listens.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let address =
            line.trim().strip_prefix("oncoauth listens on http://").unwrap_or_else(|| panic!("it said {line:?}")).to_owned();
        Self { child, address, output }
    }

    /// Status line, headers and body.
    pub fn get(&self, path: &str, token: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Stops it as a service manager does, and returns what else it had to say.
    pub fn stop(mut self) -> String {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let mut said = String::new();
        self.output.read_to_string(&mut said).unwrap();
        assert!(self.child.wait().unwrap().success());
        said
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
