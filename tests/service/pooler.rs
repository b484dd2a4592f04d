//! The service behind `PgBouncer`, which lends sessions of the database for a transaction each. Left out where there is none of 1.21 or later
//! (`ONCOAUTH_PGBOUNCER` names its program, or it is in the path).

#![allow(clippy::unwrap_used, clippy::panic, reason = "test crate")]

use crate::callers::{Load, free_address, load_members, until_ready};
use crate::running::{Running, program};
use crate::servers::{Place, Server, done};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(50);
/// Sessions of the database: fewer than the service has callers.
const SESSIONS: usize = 4;

/// A pooler, until it is dropped.
struct Pooler(Child);

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Its program, where there is one that keeps prepared statements.
fn pgbouncer() -> Option<PathBuf> {
    let named = std::env::var_os("ONCOAUTH_PGBOUNCER").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]).map(|dir| dir.join("pgbouncer"));
    let found = named.into_iter().chain(places).find(|program| program.is_file());
    let version = found.as_ref().map(|program| Command::new(program).arg("--version").output().unwrap().stdout);
    let version = String::from_utf8(version.unwrap_or_default()).unwrap();
    let minor = version.lines().next().and_then(|line| line.strip_prefix("PgBouncer 1.")?.split('.').next()?.parse::<u32>().ok());
    if minor.is_none_or(|minor| minor < 21) {
        eprintln!("SKIPPED: this needs PgBouncer 1.21 or later; there is {version:?}");
        return None;
    }
    found
}

/// Set up as docs/operate.md says.
fn pooler(place: &Place, program: &Path, server: &Server) -> (Pooler, String) {
    let (address, dir) = (free_address(), place.own_dir("pooler"));
    let (_, port) = address.rsplit_once(':').unwrap();
    let settings = format!(
        "[databases]\noncoauth = host=127.0.0.1 port={} user=oncoauth\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
         unix_socket_dir =\nauth_type = any\npool_mode = transaction\nmax_prepared_statements = 500\ndefault_pool_size = {SESSIONS}\n\
         max_client_conn = 200\n",
        server.port
    );
    let file = dir.join("pgbouncer.ini");
    std::fs::write(&file, settings).unwrap();
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let child = place.programs.command(program.to_str().unwrap()).arg("--quiet").arg(&file).spawn().unwrap();
    (Pooler(child), format!("postgres://oncoauth@{address}/oncoauth"))
}

fn behind(url: &str, words: &[&str]) -> Command {
    let mut command = program();
    command.args(words).args(["--database-url", url, "--database-pooler"]);
    command
}

/// What the doctor says of the role's settings, once the pooler takes connections.
fn told_of_settings(url: &str) -> String {
    let output = behind(url, &["doctor"]).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    told.lines().skip_while(|line| !line.contains("session_settings")).take(2).collect()
}

#[test]
fn orders_are_stored_through_a_pooler_that_lends_sessions_for_a_transaction() {
    let (Some(place), Some(program)) = (Place::with(&[]), pgbouncer()) else { return };
    let server = place.start(&place.cluster("one"), &[]);
    server.execute("create database oncoauth");
    let direct = server.url("oncoauth");
    done(&crate::running::program().args(["migrate", "--database-url", &direct]).output().unwrap());

    let (bare, url) = pooler(&place, &program, &server);
    let told = told_of_settings(&url);
    for wanted in ["FAULT", "lock_timeout", "alter role oncoauth set statement_timeout = '30s'"] {
        assert!(told.contains(wanted), "{told}");
    }
    drop(bare);
    server.execute(
        "alter role oncoauth set lock_timeout = '5s'; alter role oncoauth set statement_timeout = '30s';
         alter role oncoauth set idle_in_transaction_session_timeout = '60s'",
    );
    let (_pooler, url) = pooler(&place, &program, &server);
    assert!(told_of_settings(&url).starts_with("ok"), "{}", told_of_settings(&url));

    let address = free_address();
    let service = Running::start(&mut behind(&url, &["--sandbox", "--listen", &address]));
    load_members(&address, 2_000);
    until_ready(&address, PATIENCE);
    let load = Load::on(&[&address], PAUSE);
    load.during(|| {
        load.until_more(50, PATIENCE);
        // it looks at the database read-only, and the sessions that it was lent write again after it
        told_of_settings(&url);
        load.until_more(100, PATIENCE);
    });
    assert!(load.refused().is_empty(), "{:?}", load.refused());
    load.check(&address);
    let sessions = "select count(*)::text from pg_stat_activity where usename = 'oncoauth' and datname = 'oncoauth'";
    let sessions: usize = server.query(sessions).parse().unwrap();
    assert!(sessions <= SESSIONS, "{sessions} sessions of the database: they do not go through the pooler");
    service.stop();
    done(&crate::running::program().arg("verify-audit").env("DATABASE_URL", &direct).output().unwrap());
}
