//! The private PostgreSQL, from outside: it starts, keeps its data, gives way to nobody, comes back, and goes with us.
//!
//! What has to be killed runs in a process of its own: this test binary again, as `hold_a_server`.
#![allow(clippy::expect_used, reason = "test crate")]

use std::fs::Permissions;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use oncoauth::postgres::{Embedded, PostgresError, Settings, State};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

/// The variable that turns `hold_a_server` from an empty test into the process under test.
const HOLD: &str = "ONCOAUTH_TEST_HOLD";
/// Far more than anything here takes; only a defect reaches it.
const PATIENCE: Duration = Duration::from_mins(1);

fn settings(dir: &Path) -> Settings {
    Settings { data_dir: dir.to_owned(), durable: true, max_connections: 20 }
}

/// A directory that the server's account can reach when the tests run as root.
fn place() -> TempDir {
    tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().expect("a directory")
}

fn start(dir: &Path) -> Embedded {
    Embedded::start(&settings(dir)).expect("starting PostgreSQL")
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

fn query(url: &str, sql: &'static str) -> Result<String, sqlx::Error> {
    run(async {
        let mut connection = PgConnection::connect(url).await?;
        sqlx::query_scalar(sql).fetch_one(&mut connection).await
    })
}

fn execute(url: &str, sql: &'static str) {
    run(async {
        let mut connection = PgConnection::connect(url).await.expect("connecting");
        sqlx::raw_sql(sql).execute(&mut connection).await.expect("executing");
    });
}

/// The finished cluster below a data directory of the service.
fn data_dir(dir: &Path) -> PathBuf {
    let entries = std::fs::read_dir(dir.join("postgres")).expect("the cluster").flatten();
    entries.map(|entry| entry.path()).find(|path| path.join("PG_VERSION").is_file()).expect("the data")
}

/// The server's process id, from its own pid file.
fn server_pid(dir: &Path) -> Pid {
    let text = std::fs::read_to_string(data_dir(dir).join("postmaster.pid")).expect("a running server");
    Pid::from_raw(text.lines().next().and_then(|line| line.parse().ok()).expect("a number")).expect("a pid")
}

fn is_alive(pid: Pid) -> bool {
    // an orphan that ended stays a zombie until somebody reaps it, which nobody does in some containers
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    let zombie = stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'));
    test_kill_process(pid).is_ok() && !zombie
}

/// Waits for something another process does.
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Starts another process that holds a server on `dir`, and waits until the server runs.
fn holder(dir: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["embedded_postgres::hold_a_server", "--exact", "--ignored", "--nocapture"])
        .env(HOLD, dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("starting a process");
    let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let held = lines.map_while(Result::ok).any(|line| line.contains("held"));
    assert!(held, "the other process did not start its server");
    child
}

#[test]
#[ignore = "not a test: the process that other tests start and kill"]
fn hold_a_server() {
    let Some(dir) = std::env::var_os(HOLD) else { return };
    let _server = start(Path::new(&dir));
    println!("held");
    let _ = std::io::stdin().read_line(&mut String::new()); // until the test closes it or kills us
}

#[test]
fn a_cold_start_makes_a_durable_cluster_and_a_warm_one_finds_the_data_again() {
    let dir = place();
    let server = start(dir.path());
    let url = run(server.create_database("oncoauth")).expect("a database");
    assert_eq!(server.url("oncoauth"), url);
    for setting in ["show fsync", "show synchronous_commit", "show full_page_writes", "show data_checksums"] {
        assert_eq!(query(&url, setting).expect(setting), "on", "{setting}");
    }
    assert_eq!(query(&url, "show listen_addresses").expect("a setting"), "", "nobody else's network reaches it");
    execute(&url, "create table kept as select 'here' as what");
    server.stop();

    let server = start(dir.path());
    let again = run(server.create_database("oncoauth")).expect("making it twice is no error");
    assert_eq!(query(&again, "select what from kept").expect("the row"), "here");
}

#[test]
fn stopping_leaves_no_process_behind() {
    let dir = place();
    let server = start(dir.path());
    let pid = server_pid(dir.path());
    assert!(is_alive(pid));
    server.stop();
    assert!(!is_alive(pid));
}

#[test]
fn a_second_instance_on_the_same_directory_is_told_what_to_do_and_the_first_runs_on() {
    let dir = place();
    let server = start(dir.path());
    let error = Embedded::start(&settings(dir.path())).expect_err("two on one directory");
    assert!(matches!(error, PostgresError::InUse { .. }), "{error}");
    let message = error.to_string();
    for part in ["--data-dir", "ONCOAUTH_DATA_DIR", &format!("process {}", std::process::id())] {
        assert!(message.contains(part), "{part} is not in: {message}");
    }
    assert_eq!(query(&server.url("postgres"), "select 'alive'").expect("the first one"), "alive");
}

#[test]
fn what_was_committed_survives_kill_9_of_everything_and_nothing_has_to_be_tidied_up() {
    let dir = place();
    let mut other = holder(dir.path());
    let server = server_pid(dir.path());
    let url = format!("postgres://oncoauth@localhost/postgres?host={}", dir.path().join("postgres/run").display());
    execute(&url, "create table kept as select 'here' as what");
    kill_process(server, Signal::KILL).expect("killing the server");
    other.kill().expect("killing the service");
    other.wait().expect("reaping the service");

    let server = start(dir.path());
    assert_eq!(query(&server.url("postgres"), "select what from kept").expect("the row"), "here");
}

#[test]
fn a_new_instance_takes_over_at_once_from_one_that_was_killed() {
    let dir = place();
    let mut other = holder(dir.path());
    let before = server_pid(dir.path());
    other.kill().expect("killing the service");
    other.wait().expect("reaping the service");
    let server = start(dir.path()); // its server may still be shutting down
    assert!(!is_alive(before) || before == server_pid(dir.path()), "two servers on one directory");
    assert_eq!(query(&server.url("postgres"), "select 'alive'").expect("the new one"), "alive");
}

#[test]
#[cfg(target_os = "linux")] // elsewhere the next start ends it
fn kill_9_of_the_service_ends_its_server() {
    let dir = place();
    let mut other = holder(dir.path());
    let server = server_pid(dir.path());
    other.kill().expect("killing the service");
    other.wait().expect("reaping the service");
    until("the end of the server", || !is_alive(server));
}

#[test]
fn a_server_that_dies_under_a_live_service_comes_back() {
    let dir = place();
    let server = start(dir.path());
    let url = server.url("postgres");
    execute(&url, "create table kept as select 'here' as what");
    let mut state = server.state();
    assert_eq!(*state.borrow_and_update(), State::Running);
    let first = server_pid(dir.path());
    let backend = query(&url, "select pid::text from pg_stat_activity where backend_type = 'checkpointer'").expect("its pid");
    let backend = backend.parse().ok().and_then(Pid::from_raw).expect("a number");
    // a backend that does not notice holds the restart up, so that the state in between can be seen
    kill_process(backend, Signal::STOP).expect("holding a backend");
    kill_process(first, Signal::KILL).expect("killing the server");
    run(async {
        let wait = async {
            let down = *state.wait_for(|state| *state != State::Running).await.expect("the thread lives");
            assert_eq!(down, State::Restarting);
            kill_process(backend, Signal::CONT).expect("letting it go");
            state.wait_for(|state| *state == State::Running).await.expect("the thread lives");
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("it comes back");
    });
    assert_ne!(server_pid(dir.path()), first);
    assert_eq!(query(&url, "select what from kept").expect("the row, at the same URL"), "here");
}

#[test]
fn a_server_that_cannot_be_started_again_is_reported_and_comes_back_when_it_can() {
    let dir = place();
    let server = start(dir.path());
    let mut state = server.state();
    let pid = server_pid(dir.path());
    let data = data_dir(dir.path());
    std::fs::rename(&data, data.with_extension("away")).expect("taking the data away");
    kill_process(pid, Signal::KILL).expect("killing the server");
    run(async {
        let wait = async {
            state.wait_for(|state| *state == State::Failed).await.expect("the thread lives");
            std::fs::rename(data.with_extension("away"), &data).expect("bringing the data back");
            state.wait_for(|state| *state == State::Running).await.expect("the thread lives");
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("it comes back");
    });
    assert_eq!(query(&server.url("postgres"), "select 'alive'").expect("a connection"), "alive");
}

#[test]
fn a_server_that_dies_again_and_again_is_started_again_and_again() {
    let dir = place();
    let server = start(dir.path());
    for _ in 0..3 {
        let pid = server_pid(dir.path());
        kill_process(pid, Signal::KILL).expect("killing the server");
        until("the restart", || query(&server.url("postgres"), "select 'alive'").is_ok() && server_pid(dir.path()) != pid);
    }
    server.stop();
}

#[test]
fn a_directory_that_is_too_deep_for_a_socket_works_all_the_same() {
    let dir = place();
    let deep = dir.path().join("d".repeat(60)).join("with space & more");
    let server = start(&deep);
    assert_eq!(query(&server.url("postgres"), "select 'alive'").expect("a connection"), "alive");
}

#[test]
fn a_half_made_cluster_is_made_again() {
    let dir = place();
    start(dir.path()).stop();
    let data = data_dir(dir.path());
    // what a kill during initdb leaves
    std::fs::rename(&data, data.with_extension("new")).expect("renaming");
    std::fs::remove_file(data.with_extension("new").join("postgresql.conf")).expect("removing");
    let server = start(dir.path());
    assert_eq!(query(&server.url("postgres"), "select 'alive'").expect("a connection"), "alive");
}

#[test]
fn a_named_directory_without_the_programs_is_refused_in_words() {
    let dir = place();
    let output = Command::new(env!("CARGO_BIN_EXE_oncoauth"))
        .args(["test-postgres".as_ref(), dir.path()])
        .env("ONCOAUTH_PG_BIN", dir.path())
        .output()
        .expect("running it");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(message.contains("ONCOAUTH_PG_BIN") && message.contains("initdb"), "{message}");
}
