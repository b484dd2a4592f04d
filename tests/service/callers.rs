//! Callers who place orders, each under a key of its own, and send each again until it is answered, while something is done to the service
//! or its database; and what is looked at in the end: that every answer is stored, once and whole.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::support::submit::{authorized_order, for_member, pending_order};
use chrono::{NaiveDate, TimeDelta};
use oncoauth::clock::Clock;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant};

pub const PLAN: &str = "anthem-blue-medicare-advantage";
pub const CALLERS: usize = 8;
/// The same for every order, and so under every key, of a run.
static DAY: LazyLock<NaiveDate> = LazyLock::new(|| (Clock::system().now() + TimeDelta::days(2)).date_naive());
pub const ADMINISTRATOR: &str = "sandbox-administrator";

/// An address at which nobody listens yet.
pub fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// An answer: its status, head and body.
#[derive(Debug, Clone)]
pub struct Answered {
    pub status: u16,
    pub head: String,
    pub body: String,
}

/// None where the connection broke or nobody listened.
pub fn call(address: &str, method: &str, path: &str, token: &str, headers: &str, body: &str) -> Option<Answered> {
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
    (length.is_none_or(|length| length == body.len())).then(|| Answered { status, head: head.to_owned(), body: body.to_owned() })
}

fn get(address: &str, path: &str) -> Value {
    let answered = call(address, "GET", path, ADMINISTRATOR, "", "").unwrap();
    assert_eq!(answered.status, 200, "{path}: {}", answered.body);
    serde_json::from_str(&answered.body).unwrap()
}

fn member(number: usize) -> (String, String) {
    (format!("XKM9{number:08}"), format!("Member{}", (b'a' + u8::try_from(number % 26).unwrap()) as char))
}

/// The order of a member, for the day after tomorrow: some pend.
pub fn order(number: usize) -> Value {
    let (member_id, last) = member(number);
    let order = if number.is_multiple_of(3) { pending_order() } else { authorized_order() };
    let mut order = for_member(order, &member_id, "Sample", &last, "1950-01-15");
    order["date_of_service"] = json!(*DAY);
    order
}

fn post_order(address: &str, number: usize) -> Option<Answered> {
    let headers = format!("Content-Type: application/json\r\nIdempotency-Key: kill-{number}\r\n");
    call(address, "POST", "/v1/orders", "sandbox-ordering-provider", &headers, &order(number).to_string())
}

/// So many members, one for each order.
pub fn load_members(address: &str, members: usize) {
    let rows: Vec<String> = (0..members)
        .map(|number| {
            let (member_id, last) = member(number);
            json!({"member_id": member_id, "first_name": "Sample", "last_name": last, "birth_date": "1950-01-15",
                   "line_of_business": "medicare_advantage", "coverage_from": "2020-01-01"})
            .to_string()
        })
        .collect();
    let path = format!("/v1/rosters/{PLAN}/members?allow_drop=true");
    let loaded = call(address, "PUT", &path, ADMINISTRATOR, "Content-Type: application/x-ndjson\r\n", &rows.join("\n"));
    assert_eq!(loaded.as_ref().map(|loaded| loaded.status), Some(200), "{loaded:?}");
}

/// Waits until it takes requests.
pub fn until_ready(address: &str, patience: Duration) {
    let begun = Instant::now();
    while call(address, "GET", "/readyz", "", "", "").is_none_or(|answered| answered.status != 200) {
        assert!(begun.elapsed() < patience, "it does not come back");
        thread::sleep(Duration::from_millis(50));
    }
}

/// What callers were told.
#[derive(Debug, Default)]
pub struct Load {
    addresses: Vec<String>,
    /// How long a caller waits after an answer.
    pause: Duration,
    next: AtomicUsize,
    stop: AtomicBool,
    told: Mutex<BTreeMap<usize, Value>>,
    /// Answers that were no order: how often, and one of each.
    refused: Mutex<BTreeMap<u16, (usize, Answered)>>,
}

impl Load {
    /// On these services, each caller with a pause after each answer. A caller that gets no answer from one asks the next.
    pub fn on(addresses: &[&str], pause: Duration) -> Self {
        Self { addresses: addresses.iter().map(|&address| address.to_owned()).collect(), pause, ..Self::default() }
    }

    /// Orders that were answered so far.
    pub fn answered(&self) -> usize {
        self.told.lock().unwrap().len()
    }

    /// Answers that were no order, by status: how often, and one of each.
    pub fn refused(&self) -> BTreeMap<u16, (usize, Answered)> {
        self.refused.lock().unwrap().clone()
    }

    /// Waits for so many more orders to be answered.
    pub fn until_more(&self, more: usize, patience: Duration) {
        let (begun, before) = (Instant::now(), self.answered());
        while self.answered() < before + more {
            assert!(begun.elapsed() < patience, "{} more orders were answered in {patience:?}", self.answered() - before);
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Keeps callers busy while this runs.
    pub fn during<T>(&self, run: impl FnOnce() -> T) -> T {
        /// Ends the callers also where the run fails the test.
        struct Stop<'a>(&'a AtomicBool);
        impl Drop for Stop<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::SeqCst);
            }
        }
        thread::scope(|scope| {
            let _stop = Stop(&self.stop);
            for caller in 0..CALLERS {
                scope.spawn(move || {
                    while !self.stop.load(Ordering::SeqCst) {
                        let number = self.next.fetch_add(1, Ordering::SeqCst);
                        if let Some(answer) = self.place(caller, number) {
                            self.told.lock().unwrap().insert(number, answer);
                            thread::sleep(self.pause);
                        }
                    }
                });
            }
            run()
        })
    }

    /// Sends an order until it is answered. The first answer counts.
    fn place(&self, caller: usize, number: usize) -> Option<Value> {
        let mut turn = caller;
        while !self.stop.load(Ordering::SeqCst) {
            match post_order(&self.addresses[turn % self.addresses.len()], number) {
                Some(answered) if answered.status == 201 => return Some(serde_json::from_str(&answered.body).unwrap()),
                // what cannot be answered now, and nothing else
                Some(answered) if matches!(answered.status, 503 | 500) => {
                    self.refused.lock().unwrap().entry(answered.status).or_insert((0, answered)).0 += 1;
                    thread::sleep(Duration::from_millis(20));
                }
                Some(answered) => panic!("order {number}: {answered:?}"),
                // nobody listened, or the connection broke
                None => {
                    turn += 1;
                    thread::sleep(Duration::from_millis(20));
                }
            }
        }
        None
    }

    /// Everything that was answered is stored as it was answered, and nothing twice.
    pub fn check(self, address: &str) {
        let told = self.told.into_inner().unwrap();
        assert!(told.len() > CALLERS, "{} orders were answered", told.len());
        let mut numbers = BTreeSet::new();
        for (number, answer) in &told {
            let (member_id, _) = member(*number);
            let listed = get(address, &format!("/v1/orders?member_id={member_id}"));
            let [case] = listed["items"].as_array().unwrap().as_slice() else {
                panic!("order {number} is there not once: {listed:#}")
            };
            for field in ["case_id", "case_number", "order_id", "status", "drugs", "s_codes", "letters", "submitted_at"] {
                assert_eq!(case[field], answer[field], "order {number}: {field}");
            }
            assert!(numbers.insert(case["case_number"].to_string()), "a number was given twice");
            let again = post_order(address, *number).unwrap();
            let document: Value = serde_json::from_str(&again.body).unwrap();
            assert_eq!((again.status, &document["case_id"]), (201, &answer["case_id"]), "order {number} under its key");
            let asked = json!({"health_plan": PLAN, "member_id": member_id}).to_string();
            let record = call(address, "POST", "/v1/disclosures", ADMINISTRATOR, "Content-Type: application/json\r\n", &asked);
            let record = record.unwrap().body;
            assert!(record.contains("POST /v1/orders"), "order {number} is not on record: {record}");
        }
        let submitted = submitted_in_the_feed(address);
        for (number, answer) in &told {
            assert!(submitted.contains(&answer["case_id"].to_string()), "order {number} is not in the feed");
        }
    }
}

/// The cases of every event in the feed that says so; every event is there once and in order.
fn submitted_in_the_feed(address: &str) -> BTreeSet<String> {
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
            return submitted;
        }
        page["next"].as_str().unwrap().clone_into(&mut after);
    }
}
