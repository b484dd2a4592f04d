//! What was answered is stored, once and whole, whatever was killed meanwhile.
//!
//! Left out of the usual run, because it takes its time:
//!
//!     ONCOAUTH_KILLS=200 cargo test --test service -- --ignored kills --nocapture
//!
//! Callers place orders, each under a key of its own, and send each again until it is answered; meanwhile the service, or its PostgreSQL, is
//! killed (SIGKILL) at moments that are drawn. Sometimes PostgreSQL is only stopped for a second (SIGSTOP), which is a database that hangs.
//! In the end what the callers were told is compared with what is stored: every answer is there, under the same number and key, no order
//! twice or in part, every event in the plan's feed once and without a gap, every order on record and the record's chain whole.
//! `ONCOAUTH_KILLS_SEED` repeats a run's draws, as far as the machine does.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::running::{Running, program};
use crate::support::submit::{authorized_order, for_member, pending_order};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const PLAN: &str = "anthem-blue-medicare-advantage";
const CALLERS: usize = 8;
const ADMINISTRATOR: &str = "sandbox-administrator";

/// Numbers that look drawn and are the same for a seed.
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Status and body; none where the connection broke or nobody listened.
fn call(address: &str, method: &str, path: &str, token: &str, headers: &str, body: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    // an answer that was cut off is none
    (length.is_none_or(|length| length == body.len())).then(|| (status, body.to_owned()))
}

fn get(address: &str, path: &str) -> Value {
    let (status, body) = call(address, "GET", path, ADMINISTRATOR, "", "").unwrap();
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

fn member(number: usize) -> (String, String) {
    (format!("XKM9{number:08}"), format!("Member{}", (b'a' + u8::try_from(number % 26).unwrap()) as char))
}

fn order(number: usize) -> Value {
    let (member_id, last) = member(number);
    let order = if number.is_multiple_of(3) { pending_order() } else { authorized_order() };
    for_member(order, &member_id, "Sample", &last, "1950-01-15")
}

/// Sends an order until it is answered. The first answer counts.
fn place(address: &str, number: usize, stop: &AtomicBool) -> Option<Value> {
    let headers = format!("Content-Type: application/json\r\nIdempotency-Key: kill-{number}\r\n");
    let body = order(number).to_string();
    while !stop.load(Ordering::SeqCst) {
        match call(address, "POST", "/v1/orders", "sandbox-ordering-provider", &headers, &body) {
            Some((201, body)) => return Some(serde_json::from_str(&body).unwrap()),
            // what cannot be answered now, and nothing else
            Some((503 | 500, _)) | None => thread::sleep(Duration::from_millis(20)),
            Some((status, body)) => panic!("order {number}: {status} {body}"),
        }
    }
    None
}

fn start(address: &str, data: &Path) -> Running {
    Running::start(program().args(["--listen", address, "--data-dir"]).arg(data))
}

fn postgres(data: &Path) -> Option<String> {
    let mut file = std::fs::read_dir(data.join("postgres")).ok()?.flatten().map(|entry| entry.path().join("postmaster.pid"));
    let text = file.find_map(|file| std::fs::read_to_string(file).ok())?;
    text.lines().next().map(str::to_owned)
}

fn signal(pid: &str, signal: &str) {
    drop(Command::new("kill").args([signal, pid]).status()); // it may be gone
}

#[test]
#[ignore = "it takes minutes: see the head of this file"]
fn whatever_is_killed_what_was_answered_is_stored_once_and_whole() {
    let kills: usize = std::env::var("ONCOAUTH_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let seed = std::env::var("ONCOAUTH_KILLS_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0x5eed);
    let mut draws = Draws(seed);
    let data = tempfile::tempdir().unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut service = Some(start(&address, data.path()));
    let rows: Vec<String> = (0..20_000)
        .map(|number| {
            let (member_id, last) = member(number);
            json!({"member_id": member_id, "first_name": "Sample", "last_name": last, "birth_date": "1950-01-15",
                   "line_of_business": "medicare_advantage", "coverage_from": "2020-01-01"})
            .to_string()
        })
        .collect();
    let loaded = call(
        &address,
        "PUT",
        &format!("/v1/rosters/{PLAN}/members?allow_drop=true"),
        ADMINISTRATOR,
        "Content-Type: application/x-ndjson\r\n",
        &rows.join("\n"),
    );
    assert_eq!(loaded.as_ref().map(|(status, _)| *status), Some(200), "{loaded:?}");
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let told: Mutex<BTreeMap<usize, Value>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                while !stop.load(Ordering::SeqCst) {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if let Some(answer) = place(&address, number, &stop) {
                        told.lock().unwrap().insert(number, answer);
                    }
                }
            });
        }
        for kill in 0..kills {
            thread::sleep(Duration::from_millis(100 + draws.below(900)));
            match draws.below(4) {
                0 | 1 => {
                    drop(service.take()); // kills it
                    service = Some(start(&address, data.path()));
                }
                2 => postgres(data.path()).iter().for_each(|pid| signal(pid, "-KILL")),
                _ => postgres(data.path()).iter().for_each(|pid| {
                    signal(pid, "-STOP");
                    thread::sleep(Duration::from_secs(1));
                    signal(pid, "-CONT");
                }),
            }
            println!("kill {kill}: {} orders are answered", told.lock().unwrap().len());
        }
        // whoever is waiting for an answer gets one
        let begun = Instant::now();
        while call(&address, "GET", "/readyz", "", "", "").is_none_or(|(status, _)| status != 200) {
            assert!(begun.elapsed() < Duration::from_mins(1), "it does not come back");
            thread::sleep(Duration::from_millis(50));
        }
        thread::sleep(Duration::from_secs(5));
        stop.store(true, Ordering::SeqCst);
    });
    check(&address, &told.into_inner().unwrap());
    service.unwrap().stop(); // what waited to be sealed waits on
    let checked = program().args(["verify-audit", "--data-dir"]).arg(data.path()).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}

/// Everything that was answered is stored as it was answered, and nothing twice.
fn check(address: &str, told: &BTreeMap<usize, Value>) {
    assert!(told.len() > CALLERS, "{} orders were answered", told.len());
    let mut numbers = BTreeSet::new();
    for (number, answer) in told {
        let (member_id, _) = member(*number);
        let listed = get(address, &format!("/v1/orders?member_id={member_id}"));
        let [case] = listed["items"].as_array().unwrap().as_slice() else {
            panic!("order {number} is there not once: {listed:#}")
        };
        for field in ["case_id", "case_number", "order_id", "status", "drugs", "s_codes", "letters", "submitted_at"] {
            assert_eq!(case[field], answer[field], "order {number}: {field}");
        }
        assert!(numbers.insert(case["case_number"].to_string()), "a number was given twice");
        let headers = format!("Content-Type: application/json\r\nIdempotency-Key: kill-{number}\r\n");
        let body = order(*number).to_string();
        let (status, again) = call(address, "POST", "/v1/orders", "sandbox-ordering-provider", &headers, &body).unwrap();
        let again: Value = serde_json::from_str(&again).unwrap();
        assert_eq!((status, &again["case_id"]), (201, &answer["case_id"]), "order {number} under its key");
        let asked = json!({"health_plan": PLAN, "member_id": member_id}).to_string();
        let (_, record) =
            call(address, "POST", "/v1/disclosures", ADMINISTRATOR, "Content-Type: application/json\r\n", &asked).unwrap();
        assert!(record.contains("POST /v1/orders"), "order {number} is not on record: {record}");
    }
    // every event in the feed, once and in order
    let (mut after, mut position, mut submitted) = (String::new(), 0, BTreeSet::new());
    loop {
        let page = get(address, &format!("/v1/feeds/{PLAN}/events?limit=200&after={after}"));
        let items = page["items"].as_array().unwrap();
        for item in items {
            position += 1;
            assert_eq!(item["position"], position, "the feed has a gap");
            if item["kind"] == "submitted" {
                assert!(submitted.insert(item["case_id"].to_string()), "an order is in the feed twice: {item}");
            }
        }
        if items.is_empty() {
            break;
        }
        page["next"].as_str().unwrap().clone_into(&mut after);
    }
    for (number, answer) in told {
        assert!(submitted.contains(&answer["case_id"].to_string()), "order {number} is not in the feed");
    }
}
