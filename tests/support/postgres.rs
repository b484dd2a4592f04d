//! A database of its own for every test, migrated, in some 30 ms: a clone of a template that is migrated once.
//!
//! All test processes share one throw-away server, which the first of them starts and which ends soon after the last
//! (see `oncoauth::postgres::serve_tests`). With `DATABASE_URL` set, that server is used instead: its role has to be
//! allowed to create databases and roles.

use std::fs::{File, OpenOptions};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use oncoauth::postgres::tests_dir;
use sha2::{Digest, Sha256};
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

/// The migrations every test database has had.
pub static MIGRATOR: Migrator = sqlx::migrate!();

/// Serialises making the template among all test processes. The number means nothing.
const TEMPLATE_LOCK: i64 = 0x0c0a_0001;
const START_LIMIT: Duration = Duration::from_mins(2);

/// A migrated database that nobody else uses. Dropping it drops the database, whoever is still connected.
pub struct TestDatabase {
    name: String,
    /// Its URL.
    pub url: String,
}

/// Makes a database for one test.
pub async fn database() -> TestDatabase {
    // the first caller of a process starts the server; waiting for that must not hold up the test's runtime
    let server = tokio::task::spawn_blocking(server).await.expect("starting the test server");
    server.clone_template().await
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let name = std::mem::take(&mut self.name);
        // a runtime of its own: the test's may be current-thread, and is possibly shutting down
        let dropped = std::thread::spawn(move || {
            block_on(async {
                let mut connection = server().connect().await;
                execute(&mut connection, format!("drop database if exists {name} with (force)")).await
            })
        });
        if !matches!(dropped.join(), Ok(Ok(()))) {
            eprintln!("a test database was left behind");
        }
    }
}

struct Server {
    url: String,
    template: String,
    /// Keeps the shared server up.
    _lease: Option<File>,
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let (url, lease) = match std::env::var("DATABASE_URL") {
            Ok(url) if !url.is_empty() => (url, None),
            _ => {
                let (url, lease) = join();
                (url, Some(lease))
            }
        };
        let server = Server { url, template: template_name(), _lease: lease };
        std::thread::scope(|scope| {
            scope.spawn(|| block_on(server.ensure_template())).join().expect("making the template database");
        });
        server
    })
}

impl Server {
    fn options(&self) -> PgConnectOptions {
        self.url.parse().expect("DATABASE_URL is a PostgreSQL URL")
    }

    async fn connect(&self) -> PgConnection {
        self.options().connect().await.expect("connecting to the test server")
    }

    /// Migrates the template, if no other process has. It becomes one only when it is finished.
    async fn ensure_template(&self) {
        let mut connection = self.connect().await;
        sqlx::query("select pg_advisory_lock($1)")
            .bind(TEMPLATE_LOCK)
            .execute(&mut connection)
            .await
            .expect("locking the template");
        let finished: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1 and datistemplate)")
            .bind(&self.template)
            .fetch_one(&mut connection)
            .await
            .expect("looking for the template");
        if !finished {
            let name = &self.template;
            let made = async {
                execute(&mut connection, format!("drop database if exists {name} with (force)")).await?;
                execute(&mut connection, format!("create database {name}")).await?;
                let mut inside = self.options().database(name).connect().await?;
                MIGRATOR.run(&mut inside).await?;
                oncoauth::store::grant(&mut inside).await.expect("granting the service what it needs");
                inside.close().await?;
                execute(&mut connection, format!("alter database {name} is_template true")).await
            };
            made.await.expect("migrating the template");
        }
        connection.close().await.expect("leaving the test server"); // lets go of the lock
    }

    async fn clone_template(&self) -> TestDatabase {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut connection = self.connect().await;
        // a process of the same number may have been killed before it could drop its databases
        execute(&mut connection, format!("drop database if exists {name} with (force)")).await.expect("clearing");
        execute(&mut connection, format!("create database {name} template {}", self.template))
            .await
            .expect("cloning the template");
        connection.close().await.expect("leaving the test server");
        let url = self.options().database(&name).to_url_lossy().to_string();
        TestDatabase { name, url }
    }
}

/// Every identifier here is made of letters, digits and underscores.
async fn execute(connection: &mut PgConnection, statement: String) -> Result<(), sqlx::Error> {
    sqlx::query(AssertSqlSafe(statement)).execute(connection).await.map(drop)
}

/// Other migrations or grants, other template: a checkout that changed them does not meet an older one.
fn template_name() -> String {
    let mut hash = Sha256::new();
    for migration in MIGRATOR.iter() {
        hash.update(migration.version.to_be_bytes());
        hash.update(&migration.checksum);
    }
    hash.update(oncoauth::store::GRANTS);
    let digest = hash.finalize();
    digest.iter().take(6).fold("template_".to_owned(), |name, byte| format!("{name}{byte:02x}"))
}

/// Joins the shared server, starting it if need be; the file is the lease on it.
fn join() -> (String, File) {
    let dir = tests_dir(Path::new(env!("CARGO_TARGET_TMPDIR"))).expect("a directory for the test server");
    let open = |name: &str| {
        let path = dir.join(name);
        OpenOptions::new().create(true).truncate(false).write(true).open(path).expect("opening a lock file")
    };
    let lease = open("lease");
    lease.lock_shared().expect("taking a lease"); // waits out a server that is just ending
    let starting = open("starting");
    starting.lock().expect("waiting for a turn");
    let begun = Instant::now();
    let mut daemon = None;
    loop {
        if let Some(url) = running(&dir) {
            return (url, lease);
        }
        let daemon = daemon.get_or_insert_with(|| {
            let log = File::create(dir.join("daemon.log")).expect("making a log");
            Command::new(env!("CARGO_BIN_EXE_oncoauth"))
                .arg("test-postgres")
                .arg(&dir)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(log)
                .process_group(0) // it outlives this process
                .spawn()
                .expect("starting the test server")
        });
        let ended = daemon.try_wait().expect("watching the test server");
        assert!(
            ended.is_none() && begun.elapsed() < START_LIMIT,
            "the test server did not start ({ended:?}): {}",
            std::fs::read_to_string(dir.join("daemon.log")).unwrap_or_default()
        );
        std::thread::sleep(Duration::from_millis(10)); // polling a process, not waiting for time to pass
    }
}

/// The URL of the shared server, if it takes connections.
fn running(dir: &Path) -> Option<String> {
    let url = std::fs::read_to_string(dir.join("url")).ok()?;
    let connect = async { PgConnection::connect(&url).await?.close().await };
    block_on_thread(connect).ok()?;
    Some(url)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

/// As `block_on`, where a runtime may be entered already.
fn block_on_thread<T: Send>(future: impl Future<Output = T> + Send) -> T {
    std::thread::scope(|scope| scope.spawn(|| block_on(future)).join()).expect("a thread")
}
