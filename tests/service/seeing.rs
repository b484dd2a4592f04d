//! What an operator sees: metrics, the files that are made of them, and the reference of the options.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::callers::{PLAN, call, free_address, load_members, order};
use crate::running::{Running, program};
use crate::support::http::Service;
use crate::support::postgres::database;
use crate::support::submit::{ORDERING, assert_created, pending_order};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use oncoauth::clock::Clock;
use oncoauth::store::backlog::{Deadlines, Queue, backlog};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The metrics that a text names, without what Prometheus makes of a histogram.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c: char| !is_part(c)).filter(|word| word.starts_with("oncoauth_"));
    words.map(|word| word.strip_suffix("_bucket").unwrap_or(word).to_owned()).collect()
}

/// Every expression of the dashboard and of the alerts.
fn expressions() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(&read("deploy/grafana-dashboard.json")).unwrap();
    let alerts: Value = yaml_serde::from_str(&read("deploy/alerts.yml")).unwrap();
    let targets = dashboard["panels"].as_array().unwrap().iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let rules = alerts["groups"].as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap());
    targets.chain(rules).map(|one| one["expr"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_metric_of_the_dashboard_and_the_alerts_is_one_of_a_running_service() {
    let database = database().await;
    let address = free_address();
    let service = Running::start(program().env("DATABASE_URL", &database.url).args(["--sandbox", "--listen", &address]));
    load_members(&address, 4);
    let json = "Content-Type: application/json\r\n";
    let hook = format!("/v1/feeds/{PLAN}/webhook");
    // nobody listens there
    let registered = call(&address, "PUT", &hook, "sandbox-health-plan", json, r#"{"url": "http://127.0.0.1:9/hook"}"#).unwrap();
    assert!(matches!(registered.status, 200 | 201), "{registered:?}");
    for number in 0..4 {
        let placed = call(&address, "POST", "/v1/orders", "sandbox-ordering-provider", json, &order(number).to_string()).unwrap();
        assert_eq!(placed.status, 201, "{placed:?}");
    }
    // a deadline passes, so that a timer runs
    let later = Clock::system().now() + TimeDelta::days(30);
    let moved = format!(r#"{{"now": "{}"}}"#, later.to_rfc3339_opts(SecondsFormat::Secs, true));
    let moved = call(&address, "PUT", "/v1/sandbox/clock", "sandbox-administrator", json, &moved).unwrap();
    assert_eq!(moved.status, 200, "{moved:?}");
    let named = metrics_in(&expressions().join("\n"));
    assert!(named.len() > 15, "{named:?}");
    let begun = Instant::now();
    loop {
        let there = metrics_in(&service.get("/metrics", ""));
        let missing: Vec<_> = named.difference(&there).collect();
        if missing.is_empty() {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{missing:?} are not in {there:?}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn every_alert_is_explained_in_the_runbook_and_the_runbook_explains_no_other() {
    let alerts: Value = yaml_serde::from_str(&read("deploy/alerts.yml")).unwrap();
    let mut named = BTreeSet::new();
    for rule in alerts["groups"][0]["rules"].as_array().unwrap() {
        let name = rule["alert"].as_str().unwrap();
        assert!(matches!(rule["labels"]["severity"].as_str(), Some("page" | "ticket")), "{name}");
        assert!(rule["annotations"]["summary"].is_string(), "{name}");
        assert_eq!(rule["annotations"]["runbook"], format!("docs/runbook.md#{}", name.to_lowercase()));
        named.insert(name.to_owned());
    }
    let runbook = read("docs/runbook.md");
    let parts: Vec<(&str, &str)> = runbook.split("\n## ").skip(1).filter_map(|part| part.split_once('\n')).collect();
    let explained: BTreeSet<String> = parts.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(named, explained);
    for (name, text) in parts {
        for word in ["**Means**", "**Look at**", "**Mend**"] {
            assert!(text.contains(word), "{name} lacks {word}");
        }
    }
}

/// Deadlines and queues, as one after the other comes near and is done.
#[tokio::test]
async fn deadlines_at_risk_and_what_waits_are_measured() {
    let service = Service::with_rosters().await;
    let order = assert_created(&service.post("/v1/orders", ORDERING, &pending_order()).await);
    let due: DateTime<Utc> = order["review"]["due_at"].as_str().unwrap().parse().unwrap();
    let at = async |now| backlog(&mut service.app.pool.acquire().await.unwrap(), now).await.unwrap();
    for (before, counts) in
        [(25 * 60, [0, 0, 0, 0]), (23 * 60, [0, 0, 0, 1]), (3 * 60, [0, 0, 1, 1]), (59, [0, 1, 1, 1]), (-2, [1, 0, 0, 0])]
    {
        let Deadlines { overdue, within_1h, within_4h, within_24h } = at(due - TimeDelta::minutes(before)).await.deadlines;
        assert_eq!([overdue, within_1h, within_4h, within_24h], counts, "{before} minutes before");
    }
    let late = due + TimeDelta::minutes(2);
    let waits = at(late).await;
    assert_eq!(waits.timers, Queue { items: 1, oldest: Some(due) });
    let received: DateTime<Utc> = order["submitted_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(waits.outbox.oldest, Some(received));
    assert!(waits.outbox.items >= 1 && waits.sealing.items >= 1 && waits.sealing.oldest == Some(received), "{waits:?}");
    service.app.clock.freeze_at(late);
    oncoauth::jobs::tick(&service.app).await.unwrap();
    let waits = at(late).await;
    assert_eq!((waits.outbox, waits.timers, waits.sealing), (Queue::default(), Queue::default(), Queue::default()));
    assert_eq!(waits.deadlines.overdue, 0);
}

#[test]
fn the_reference_of_the_options_is_what_the_program_says() {
    let printed = program().arg("configuration").output().unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    assert_eq!(printed, read("docs/configuration.md"), "run `cargo run -- configuration > docs/configuration.md`");
    for word in ["| `--database-url <DATABASE_URL>` | `DATABASE_URL` |", "## oncoauth doctor", "Every option of `oncoauth serve`"]
    {
        assert!(printed.contains(word), "{word}");
    }
    assert!(!printed.contains("test-postgres"), "what is hidden stays so");
}

/// A collector of traces: takes whatever is posted to it.
fn collector() -> (String, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let taken = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&taken);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut length = 0;
            let mut line = String::new();
            while stream.read_line(&mut line).unwrap() > 2 {
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                kept.lock().unwrap().extend_from_slice(line.as_bytes());
                line.clear();
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            kept.lock().unwrap().extend_from_slice(&body);
            stream
                .get_mut()
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n")
                .unwrap();
        }
    });
    (address, taken)
}

/// So many that each thread of the service answers some.
const REQUESTS: usize = 20;

/// What is sent says what was asked for and how it was answered, within the caller's trace, and nothing of a patient or a secret.
#[tokio::test]
async fn requests_are_traced_where_a_collector_is_named() {
    let database = database().await;
    let (collector, taken) = collector();
    let address = free_address();
    let mut command = program();
    command.env("DATABASE_URL", &database.url).args(["--sandbox", "--listen", &address, "--traces-to", &collector]);
    let service = Running::start(&mut command);
    load_members(&address, 1);
    let traced = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n";
    let path = "/v1/orders?member_id=XKM900000000";
    for _ in 0..REQUESTS {
        let listed = call(&address, "GET", path, "sandbox-ordering-provider", traced, "").unwrap();
        assert_eq!(listed.status, 200, "{listed:?}");
    }
    service.stop();
    let taken = taken.lock().unwrap().clone();
    let spans = taken.windows(b"GET /v1/orders".len()).filter(|part| part == b"GET /v1/orders").count();
    assert_eq!(spans, REQUESTS, "each request has its span");
    let has = |wanted: &[u8]| taken.windows(wanted.len()).any(|part| part == wanted);
    let trace = [0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd, 0x84, 0x48, 0xeb, 0x21, 0x1c, 0x80, 0x31, 0x9c];
    for wanted in [&b"POST /v1/traces "[..], b"GET /v1/orders", b"oncoauth", b"http.response.status_code", &trace] {
        assert!(has(wanted), "{:?} is not in {}", String::from_utf8_lossy(wanted), String::from_utf8_lossy(&taken));
    }
    for secret in ["XKM900000000", "member_id", "sandbox-ordering-provider"] {
        assert!(!has(secret.as_bytes()), "{secret}");
    }
}
