//! More than one of everything: two services on one database that are restarted in turns, and a database with a standby that takes over.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::callers::{Load, call, free_address, load_members, order, until_ready};
use crate::running::{Running, program};
use crate::servers::{Place, done};
use crate::support::postgres::database;
use std::time::{Duration, Instant};

/// Members, and so orders, at most.
const MEMBERS: usize = 6_000;
/// Every order that was answered is looked at in the end: a few each second are load enough.
const PAUSE: Duration = Duration::from_millis(150);
const PATIENCE: Duration = Duration::from_mins(1);

fn start(url: &str, address: &str) -> Running {
    Running::start(program().env("DATABASE_URL", url).args(["--sandbox", "--listen", address]))
}

#[tokio::test]
async fn two_services_on_one_database_are_restarted_in_turns_and_no_request_fails() {
    let database = database().await;
    let addresses = [free_address(), free_address()];
    let mut services: Vec<_> = addresses.iter().map(|address| start(&database.url, address)).collect();
    load_members(&addresses[0], MEMBERS);
    let load = Load::on(&[&addresses[0], &addresses[1]], PAUSE);
    load.during(|| {
        for address in addresses.iter().chain(&addresses) {
            load.until_more(25, PATIENCE);
            services.remove(0).stop();
            services.push(start(&database.url, address));
            until_ready(address, PATIENCE);
        }
        load.until_more(25, PATIENCE);
    });
    // beyond connections that were made again at the other service
    assert!(load.refused().is_empty(), "{:?}", load.refused());
    load.check(&addresses[0]);
}

/// The primary of a database with a synchronous standby is killed under load. The service answers 503 until the standby is promoted, and then
/// finds it by itself: it was told of both.
#[test]
fn an_order_that_was_acknowledged_outlives_the_primary_and_the_service_finds_the_standby_that_took_over() {
    let Some(place) = Place::with(&["pg_basebackup"]) else { return };
    let first = place.cluster("one");
    let mut primary = place.start(&first, &[]);
    primary.execute("create database oncoauth");
    let standby = place.start(&place.standby_of(&primary, "two"), &["cluster_name=two"]);
    // the standby is named first, and is not where the service writes
    let both = format!("127.0.0.1:{},127.0.0.1:{}", standby.port, primary.port);
    let url = format!("postgres://oncoauth@{both}/oncoauth?target_session_attrs=read-write");
    let address = free_address();
    let service = start(&url, &address);
    load_members(&address, MEMBERS);
    primary.execute("alter system set synchronous_standby_names = 'two'");
    primary.execute("select pg_reload_conf()");
    primary.until("select sync_state from pg_stat_replication where application_name = 'two'", "sync");
    let load = Load::on(&[&address], PAUSE);
    load.during(|| {
        load.until_more(50, PATIENCE);
        primary.kill();
        let begun = Instant::now();
        while load.refused().is_empty() {
            assert!(begun.elapsed() < PATIENCE, "nobody was told that the database is away");
            std::thread::sleep(Duration::from_millis(20));
        }
        let ready = call(&address, "GET", "/readyz", "", "", "").unwrap();
        assert_eq!(ready.status, 503, "{ready:?}");
        assert_eq!(standby.query("select pg_promote()::text"), "true");
        load.until_more(50, PATIENCE);
        until_ready(&address, PATIENCE);
    });
    let refused = load.refused();
    let (_, answered) = &refused[&503];
    assert!(answered.head.contains("\r\nretry-after: "), "{answered:?}");
    assert_eq!(refused.len(), 1, "{refused:?}");
    load.check(&address);
    assert!(service.get("/metrics", "").contains("oncoauth_database_server_changes_total 1"));
    service.stop();
    done(&program().arg("verify-audit").env("DATABASE_URL", &url).output().unwrap());

    // a primary that comes back takes writes, and is not believed
    let back = place.start(&first, &[]);
    let url = format!("postgres://oncoauth@127.0.0.1:{},127.0.0.1:{}/oncoauth", back.port, standby.port);
    let stored = || standby.query_in("oncoauth", "select count(*)::text from cases").parse::<usize>().unwrap();
    let (before, service) = (stored(), start(&url, &address));
    let json = "Content-Type: application/json\r\n";
    let placed =
        call(&address, "POST", "/v1/orders", "sandbox-ordering-provider", json, &order(MEMBERS - 1).to_string()).unwrap();
    assert_eq!((placed.status, stored()), (201, before + 1), "{placed:?}");
    let told = program().arg("doctor").env("DATABASE_URL", &url).output().unwrap();
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.lines().any(|line| line.starts_with("FAULT") && line.matches("takes writes").count() == 2), "{told}");
    service.stop();
}

/// What keeps the program from several servers is told of each.
#[test]
fn servers_none_of_which_takes_writes_are_told_each_with_its_reason() {
    let (one, two) = (free_address(), free_address());
    let url = format!("postgres://user:secret@{one},{two}/oncoauth");
    let output = program().args(["--listen", "127.0.0.1:0"]).env("DATABASE_URL", url).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && !said.contains("secret"), "{said}");
    for part in [format!("{one}: "), format!("{two}: "), "refused".to_owned()] {
        assert!(said.contains(&part), "{part}: {said}");
    }
}
