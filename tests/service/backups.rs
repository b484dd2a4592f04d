//! A database that is lost is restored to a moment, with the commands that `docs/operate.md` gives.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::callers::{call, free_address, load_members, order};
use crate::running::{Running, program};
use crate::servers::{Place, Server, done};
use serde_json::Value;
use std::fs::File;
use std::path::Path;
use std::process::Output;

/// Runs a script of `deploy/` as the servers' account, which may not be able to read it where it is.
fn script(place: &Place, name: &str, arguments: &[&str]) -> Output {
    let file = File::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name)).unwrap();
    let mut command = place.programs.command("/bin/sh");
    command.env("ONCOAUTH_PG_BIN", place.programs.dir()).args(["-s", "--"]).args(arguments).stdin(file);
    command.output().unwrap()
}

fn start(server: &Server) -> Running {
    let url = server.url("oncoauth");
    Running::start(program().env("DATABASE_URL", url).args(["--sandbox", "--listen", &free_address()]))
}

/// Places an order, and returns its case.
fn placed(service: &Running, number: usize) -> String {
    let body = order(number).to_string();
    let json = "Content-Type: application/json\r\n";
    let answered = call(&service.address, "POST", "/v1/orders", "sandbox-ordering-provider", json, &body).unwrap();
    assert_eq!(answered.status, 201, "{answered:?}");
    serde_json::from_str::<Value>(&answered.body).unwrap()["case_id"].as_str().unwrap().to_owned()
}

#[test]
fn a_lost_database_is_restored_to_a_moment_with_the_orders_before_it_and_none_after() {
    let Some(place) = Place::with(&["pg_basebackup", "pg_verifybackup"]) else { return };
    let (archive, backups) = (place.own_dir("archive"), place.own_dir("backups"));
    let archive_command = format!("archive_command=test ! -f {0}/%f && cp %p {0}/%f", archive.display());
    let mut server = place.start(&place.cluster("one"), &["archive_mode=on", &archive_command]);
    server.execute("create database oncoauth");
    let service = start(&server);
    load_members(&service.address, 10);
    let before_the_backup = placed(&service, 0);
    let backup = backups.join("nightly").display().to_string();
    done(&script(&place, "backup", &[&server.url("postgres"), &backup]));
    // as `pg_basebackup -R` leaves it, and a standby that a backup is taken of
    let follows = format!(
        "touch '{backup}/standby.signal'; echo \"primary_conninfo = 'host=127.0.0.1 port=1'\" >>'{backup}/postgresql.auto.conf'"
    );
    done(&place.programs.command("/bin/sh").args(["-c", &follows]).output().unwrap());
    let before = placed(&service, 1);
    let moment = server.query("select clock_timestamp()::text");
    let after = placed(&service, 2);
    service.stop();
    let last = server.query("select pg_walfile_name(pg_current_wal_lsn())");
    server.execute("select pg_switch_wal()");
    server.until(&format!("select (last_archived_wal >= '{last}')::text from pg_stat_archiver"), "true");
    server.kill();

    let restored = place.own_dir("restored");
    let archive = archive.display().to_string();
    done(&script(&place, "restore", &[&backup, &archive, &moment, &restored.display().to_string()]));
    let server = place.start(&restored, &[]);
    server.until("select pg_is_in_recovery()::text", "false");
    assert_eq!(server.query("show primary_conninfo"), "", "it follows nobody");
    let service = start(&server);
    for (case, status) in [(&before_the_backup, 200), (&before, 200), (&after, 404)] {
        let found = call(&service.address, "GET", &format!("/v1/orders/{case}"), "sandbox-ordering-provider", "", "").unwrap();
        assert_eq!(found.status, status, "{found:?}");
    }
    // and it goes on from there
    assert_ne!(placed(&service, 2), after);
    service.stop();
    done(&program().arg("verify-audit").env("DATABASE_URL", server.url("oncoauth")).output().unwrap());
    // files of tablespaces would be the old server's
    let tablespace = format!("mkdir '{backup}/pg_tblspc/16384'");
    done(&place.programs.command("/bin/sh").args(["-c", &tablespace]).output().unwrap());
    let elsewhere = place.own_dir("elsewhere").display().to_string();
    let refused = script(&place, "restore", &[&backup, &archive, "latest", &elsewhere]);
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("tablespaces"));
    // nothing is restored over what is there
    let refused = script(&place, "restore", &[&backup, &archive, "latest", &restored.display().to_string()]);
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("is not empty"));
}
