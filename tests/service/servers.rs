//! PostgreSQL servers of a test's own, where one is not enough: a primary and its standby, a server and what is restored of it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test crate")]

use oncoauth::postgres::Programs;
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use std::fs::{File, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where they live, and the programs that they are run with.
pub struct Place {
    pub programs: Programs,
    dir: TempDir,
}

impl Place {
    /// None, and the reason on standard error, where one of these programs is not installed.
    pub fn with(needed: &[&str]) -> Option<Self> {
        let programs = Programs::find().unwrap();
        if let Some(missing) = needed.iter().find(|program| !programs.has(program)) {
            eprintln!("SKIPPED: this needs {missing}, which is not in {}", programs.dir().display());
            return None;
        }
        let dir = tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().unwrap();
        Some(Self { programs, dir })
    }

    /// A directory that only the servers' account may enter.
    pub fn own_dir(&self, name: &str) -> PathBuf {
        let dir = self.dir.path().join(name);
        self.programs.own_dir(&dir).unwrap();
        dir
    }

    /// A new cluster.
    pub fn cluster(&self, name: &str) -> PathBuf {
        let dir = self.own_dir(name);
        let mut initdb = self.programs.command("initdb");
        initdb.arg("-D").arg(&dir).args(["-U", "oncoauth", "-E", "UTF8", "--locale=C", "-A", "trust", "--no-sync"]);
        done(&initdb.output().unwrap());
        dir
    }

    /// A copy of a server that follows it.
    pub fn standby_of(&self, server: &Server, name: &str) -> PathBuf {
        let dir = self.own_dir(name);
        let mut copy = self.programs.command("pg_basebackup");
        copy.args(["-d", &server.url("postgres"), "--checkpoint=fast", "-X", "stream", "--no-sync", "-R", "-D"]).arg(&dir);
        done(&copy.output().unwrap());
        dir
    }

    /// Starts a server on a cluster, with these settings, and waits until it takes connections.
    pub fn start(&self, data: &Path, settings: &[&str]) -> Server {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = self.programs.command("postgres");
        command.arg("-D").arg(data);
        // a process is killed here, and no machine: what is not flushed survives
        let usual =
            ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "wal_level=replica", "max_wal_senders=4"];
        for setting in usual.iter().chain(settings) {
            command.args(["-c", setting]);
        }
        let log = self.dir.path().join(format!("{port}.log"));
        let file = File::create(&log).unwrap();
        let child = command.arg("-p").arg(port.to_string()).stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        let mut server = Server { child, port, log };
        let begun = Instant::now();
        while server.try_query("postgres", "select 'here'").is_err() {
            let ended = server.child.try_wait().unwrap();
            assert!(ended.is_none() && begun.elapsed() < PATIENCE, "it does not start ({ended:?}): {}", server.said());
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }
}

/// Fails the test unless it ended well.
pub fn done(output: &std::process::Output) {
    let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", words(&output.stdout), words(&output.stderr));
}

/// A server that runs until it is dropped.
pub struct Server {
    child: Child,
    pub port: u16,
    log: PathBuf,
}

impl Server {
    /// The URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        self.url_as("oncoauth", database)
    }

    /// The same for another role.
    pub fn url_as(&self, role: &str, database: &str) -> String {
        format!("postgres://{role}@127.0.0.1:{}/{database}", self.port)
    }

    fn try_query(&self, database: &str, sql: &str) -> Result<String, sqlx::Error> {
        let run = async {
            let mut connection = PgConnection::connect(&self.url(database)).await?;
            sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await
        };
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run)
    }

    /// One text from the database `postgres`.
    pub fn query(&self, sql: &str) -> String {
        self.query_in("postgres", sql)
    }

    /// One text from another database.
    pub fn query_in(&self, database: &str, sql: &str) -> String {
        self.try_query(database, sql).unwrap()
    }

    /// Statements in the database `postgres`.
    pub fn execute(&self, sql: &str) {
        self.execute_in("postgres", sql);
    }

    /// Statements in another database.
    pub fn execute_in(&self, database: &str, sql: &str) {
        let run = async {
            let mut connection = PgConnection::connect(&self.url(database)).await?;
            sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await
        };
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run).unwrap();
    }

    /// Waits until a query says this.
    pub fn until(&self, sql: &str, wanted: &str) {
        let begun = Instant::now();
        loop {
            let told = self.try_query("postgres", sql);
            if told.as_ref().is_ok_and(|told| told == wanted) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{sql}: {told:?}, not {wanted}: {}", self.said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Kills it at once (SIGKILL).
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Its log.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            kill_process(Pid::from_child(&self.child), Signal::QUIT).unwrap_or_default(); // it may be gone by now
            drop(self.child.wait());
        }
    }
}
