//! Nobody's mistake holds up anybody else. These tests say that the others go on, with margins that a slow machine keeps; they say nothing
//! of speed.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::running::{Running, program};
use crate::support::http::{Answer, Service};
use crate::support::postgres::{TestDatabase, database};
use crate::support::submit::{
    ADMINISTRATOR, ORDERING, SERVICING, authorized_order, for_member, pending_order, put_roster, sandbox,
};
use axum::body::Body;
use axum::http::Request;
use futures_util::future::join_all;
use oncoauth::app::Settings;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

/// Others are answered within this, on any machine that runs the tests.
const SOON: Duration = Duration::from_secs(1);

/// A body near the limit with this many names that nobody knows, at the top and in the clinical answers.
fn flood_of_names() -> String {
    let names: Vec<String> = (0..28_000).map(|number| format!("\"memberr{number}\":1")).collect();
    format!("{{{},\"clinical\":{{{}}}}}", names.join(","), names.join(","))
}

async fn post_text(service: &Service, body: String) -> Answer {
    let request = Request::post("/v1/orders").header("content-type", "application/json");
    service.send(request.header("authorization", format!("Bearer {ORDERING}")).body(Body::from(body)).unwrap()).await
}

/// On the one thread that serves here.
#[tokio::test]
async fn a_flood_of_unknown_names_is_told_in_short_and_holds_up_nobody() {
    let service = sandbox().await;
    let body = flood_of_names();
    assert!((800_000..1_048_576).contains(&body.len()), "{}", body.len());
    let floods = join_all((0..10).map(|_| post_text(&service, body.clone())));
    let others = async {
        let mut longest = Duration::ZERO;
        for _ in 0..20 {
            let begun = Instant::now();
            assert_eq!(service.get("/healthz", "").await.status.as_u16(), 200);
            longest = longest.max(begun.elapsed());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        longest
    };
    let (answers, longest) = tokio::join!(floods, others);
    assert!(longest < SOON, "/healthz took {longest:?}");
    for answer in answers {
        let problem = answer.assert_problem(422, "validation-failed");
        let errors = problem["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 100);
        let hints = errors.iter().filter(|fault| fault["message"].as_str().unwrap().contains("did you mean")).count();
        assert!(hints <= 20, "{hints}");
        let told = problem["errors_not_listed"].as_u64().unwrap();
        assert!(told >= 55_900, "{told}");
        assert_eq!(problem["detail"], format!("the request has {} faults; `errors` lists the first 100", told + 100));
        assert!(answer.text.len() < 100_000, "{} bytes", answer.text.len());
    }
}

/// Lists at every depth, and names as long as a body, each with faults below.
#[tokio::test]
async fn faults_are_bounded_at_every_depth_and_however_long_the_names_are() {
    let service = sandbox().await;
    let drugs: Vec<Value> = (0..60_000).map(|number| json!({"x": number})).collect();
    let many = json!({"treatment": {"phases": [{"drugs": drugs}]}}).to_string();
    let long = format!("{{\"{}\": [{}\"\\u0000\"]}}", "n".repeat(500_000), "\"\\u0000\",".repeat(50_000));
    let deep = format!("{{\"clinical\": {{\"prior_therapies\": [{}1]}}}}", "1,".repeat(400_000));
    for body in [many, long, deep] {
        let answer = post_text(&service, body).await;
        let problem = answer.assert_problem(422, "validation-failed");
        assert_eq!(problem["errors"].as_array().unwrap().len(), 100);
        assert!(problem["errors_not_listed"].as_u64().unwrap() > 0, "{}", problem["detail"]);
        assert!(answer.text.len() < 200_000, "{} bytes", answer.text.len());
    }
    // and an order is taken as before
    let taken = service.post("/v1/orders", ORDERING, &authorized_order()).await;
    assert_eq!(taken.status.as_u16(), 201, "{}", taken.text);
}

fn of_member(number: usize) -> (String, String) {
    (format!("XKM7{number:08}"), format!("Member{}", (b'a' + u8::try_from(number % 26).unwrap()) as char))
}

async fn order_of(service: &Service, number: usize) -> Answer {
    let (member_id, last) = of_member(number);
    let order = for_member(authorized_order(), &member_id, "Sample", &last, "1950-01-15");
    service.post("/v1/orders", ORDERING, &order).await
}

/// Twelve orders of a member whom somebody keeps locked, and sixty of others meanwhile. Waiting for a lock ends after three seconds.
// proves DET-01
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_of_a_member_whom_somebody_keeps_locked_hold_up_nobody_else() {
    let service = sandbox().await;
    let row = |number| {
        let (member_id, last) = of_member(number);
        json!({"member_id": member_id, "first_name": "Sample", "last_name": last, "birth_date": "1950-01-15",
               "line_of_business": "medicare_advantage", "coverage_from": "2020-01-01"})
        .to_string()
    };
    let rows: Vec<String> = (0..=60).map(row).collect();
    put_roster(&service, ADMINISTRATOR, "/v1/rosters/anthem-blue-medicare-advantage/members?allow_drop=true", rows.join("\n"))
        .await;
    assert_eq!(order_of(&service, 60).await.status.as_u16(), 201);
    let mut locked = service.app.pool.begin().await.unwrap();
    sqlx::query("select from member_ledger for update").execute(&mut *locked).await.unwrap();
    let others = async {
        tokio::time::sleep(Duration::from_millis(200)).await; // the twelve have come by then
        let one_after_the_other = async |lane: usize| {
            let mut took = Vec::new();
            for number in (lane * 10)..(lane * 10 + 10) {
                let begun = Instant::now();
                let answer = order_of(&service, number).await;
                assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
                took.push(begun.elapsed());
            }
            took
        };
        let mut took = join_all((0..6).map(one_after_the_other)).await.concat();
        took.sort_unstable();
        assert!(took[30] < SOON && took[59] < Duration::from_millis(2500), "median {:?}, worst {:?}", took[30], took[59]);
    };
    let (answers, ()) = tokio::join!(join_all((0..12).map(|_| order_of(&service, 60))), others);
    for answer in answers {
        answer.assert_problem(503, "temporarily-unavailable");
    }
    locked.rollback().await.unwrap();
    assert_eq!(order_of(&service, 60).await.status.as_u16(), 201);
}

/// More changes of a case that somebody keeps locked than there are connections, from two callers; meanwhile others read and order.
// proves DET-01
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_a_case_that_somebody_keeps_locked_hold_up_nobody_else() {
    let service = sandbox().await;
    let case = service.post("/v1/orders", ORDERING, &pending_order()).await.json();
    let path = format!("/v1/orders/{}", case["case_id"].as_str().unwrap());
    let connections = usize::try_from(service.app.pool.options().get_max_connections()).unwrap();
    let mut locked = service.app.pool.begin().await.unwrap();
    sqlx::query("select from cases for no key update").execute(&mut *locked).await.unwrap();
    let withdrawal = json!({"drugs": "all", "reason": "voluntarily_cancelled"});
    let withdrawals = format!("{path}/withdrawals");
    let withdraw = async |number: usize| {
        let token = [ORDERING, SERVICING][number % 2];
        service.post(&withdrawals, token, &withdrawal).await.status.as_u16()
    };
    let others = async {
        tokio::time::sleep(Duration::from_millis(200)).await; // the changes have come by then
        for _ in 0..10 {
            let begun = Instant::now();
            assert_eq!(service.get(&path, ORDERING).await.status.as_u16(), 200);
            assert_eq!(service.get("/v1/orders", ORDERING).await.status.as_u16(), 200);
            assert_eq!(service.post("/v1/orders", ORDERING, &authorized_order()).await.status.as_u16(), 201);
            assert!(begun.elapsed() < SOON, "others waited {:?}", begun.elapsed());
        }
        locked.rollback().await.unwrap();
    };
    let (answers, ()) = tokio::join!(join_all((0..2 * connections).map(withdraw)), others);
    // the first is made, and no other
    let made = answers.iter().filter(|status| **status == 201).count();
    let refused = answers.iter().filter(|status| [403, 404, 409, 422, 503].contains(status)).count();
    assert_eq!((made, refused), (1, answers.len() - 1), "{answers:?}");
}

/// A sandbox on a database of its own, with these arguments.
async fn started(arguments: &[&str]) -> (TestDatabase, Running) {
    let database = database().await;
    let mut command = program();
    command.env("DATABASE_URL", &database.url).args(["--sandbox", "--listen", "127.0.0.1:0"]).args(arguments);
    let running = Running::start(&mut command);
    (database, running)
}

fn connect(service: &Running) -> TcpStream {
    let stream = TcpStream::connect(&service.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// Sends this, and reads until the service ends the connection; a connection that is cut off ends, too.
fn say(service: &Running, text: &str) -> String {
    let mut stream = connect(service);
    drop(stream.write_all(text.as_bytes())); // it may have been answered before it was all sent
    read_to_end(&mut stream)
}

fn read_to_end(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let begun = Instant::now();
    drop(stream.read_to_end(&mut answer));
    assert!(begun.elapsed() < Duration::from_secs(30), "the connection does not end");
    String::from_utf8_lossy(&answer).into_owned()
}

/// The last answer on a connection is this problem, in the form that every problem has.
#[track_caller]
fn assert_ends_with_problem(answer: &str, status: u16, slug: &str) {
    let last = answer.rfind("HTTP/1.1 ").map(|at| &answer[at..]).unwrap_or_default();
    let (head, body) = last.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    for header in ["content-type: application/problem+json", "connection: close", "cache-control: no-store"] {
        assert!(head.lines().any(|line| line == header), "{header}: {answer}");
    }
    let problem: Value = serde_json::from_str(body).unwrap();
    assert_eq!(problem["type"], format!("/problems/{slug}"), "{problem}");
    assert_eq!(problem["status"], status, "{problem}");
    let id = problem["request_id"].as_str().unwrap();
    assert!(head.contains(&format!("x-request-id: {id}")), "{answer}");
}

#[tokio::test]
async fn half_sent_requests_and_silent_connections_end_and_keep_nobody_out() {
    let (_database, service) = started(&["--header-timeout", "1", "--keep-alive", "1", "--max-connections", "60"]).await;
    let mut waiting: Vec<TcpStream> = (0..50).map(|_| connect(&service)).collect();
    for (number, stream) in waiting.iter_mut().enumerate() {
        // nothing, half of a first line, half of a head, and a whole request after which nothing comes
        let said = ["", "GET /heal", "GET /healthz HTTP/1.1\r\nHost: te", "GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n"];
        stream.write_all(said[number % 4].as_bytes()).unwrap();
    }
    let begun = Instant::now();
    assert!(service.get("/healthz", "").starts_with("HTTP/1.1 200"));
    assert!(begun.elapsed() < SOON, "others waited {:?}", begun.elapsed());
    for (number, stream) in waiting.iter_mut().enumerate() {
        assert_eq!(read_to_end(stream).starts_with("HTTP/1.1 200"), number % 4 == 3, "connection {number}");
    }
    assert!(begun.elapsed() < Duration::from_secs(15), "they ended after {:?}", begun.elapsed());
}

#[tokio::test]
async fn whoever_comes_when_it_is_full_is_told_so_and_served_when_it_is_not() {
    let (_database, service) = started(&["--max-connections", "8"]).await;
    let mut taken: Vec<TcpStream> = (0..8).map(|_| connect(&service)).collect();
    taken[0].write_all(b"GET /healthz HTTP/1.1\r\nHost: test\r\n").unwrap(); // the end is still to come
    let refused = service.get("/v1/orders", ORDERING);
    assert_ends_with_problem(&refused, 503, "temporarily-unavailable");
    assert!(refused.contains("retry-after: 1\r\n"), "{refused}");
    taken[0].write_all(b"Connection: close\r\n\r\n").unwrap();
    assert!(read_to_end(&mut taken[0]).starts_with("HTTP/1.1 200"));
    taken.clear();
    let begun = Instant::now();
    while !service.get("/healthz", "").starts_with("HTTP/1.1 200") {
        assert!(begun.elapsed() < Duration::from_secs(10), "it stays full");
    }
    let metrics = service.get("/metrics", "");
    assert!(metrics.contains("oncoauth_connections_refused_total"), "{metrics}");
}

#[tokio::test]
async fn one_address_has_its_own_places_only() {
    let (_database, service) = started(&["--max-connections-per-address", "4"]).await;
    let taken: Vec<TcpStream> = (0..4).map(|_| connect(&service)).collect();
    assert_ends_with_problem(&service.get("/v1/orders", ORDERING), 503, "temporarily-unavailable");
    drop(taken);
    let begun = Instant::now();
    while !service.get("/healthz", "").starts_with("HTTP/1.1 200") {
        assert!(begun.elapsed() < Duration::from_secs(10), "its places are not given back");
    }
}

/// The limit that a shell sets is the soft one.
#[tokio::test]
async fn connections_are_not_bounded_by_the_soft_limit_of_open_files() {
    let database = database().await;
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -S -n 64 && exec \"$0\" \"$@\""]).arg(program().get_program());
    command.args(["--sandbox", "--listen", "127.0.0.1:0"]).env("DATABASE_URL", &database.url);
    let service = Running::start(&mut command);
    let open: Vec<TcpStream> = (0..200).map(|_| connect(&service)).collect();
    assert!(service.get("/readyz", "").starts_with("HTTP/1.1 200"));
    drop(open);
}

#[tokio::test]
async fn what_is_no_http_is_answered_with_a_problem() {
    let (_database, service) = started(&[]).await;
    let good = "GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n";
    let long = "x".repeat(70_000);
    let many = "a: b\r\n".repeat(150);
    for (text, status, slug) in [
        ("nonsense\r\n\r\n".to_owned(), 400, "bad-request"),
        ("GET /healthz HTTP/1.1\r\nno colon\r\n\r\n".to_owned(), 400, "bad-request"),
        ("GET /healthz HTTP/1.1\r\nContent-Length: many\r\n\r\n".to_owned(), 400, "bad-request"),
        (format!("GET /{long} HTTP/1.1\r\nHost: test\r\n\r\n"), 414, "uri-too-long"),
        (format!("GET /{}{long}{long} HTTP/1.1\r\nHost: test\r\n\r\n", long.repeat(6)), 414, "uri-too-long"),
        (format!("GET / HTTP/1.1\r\n{many}\r\n"), 431, "headers-too-large"),
        (format!("GET / HTTP/1.1\r\na: {long}{long}{long}\r\n\r\n"), 431, "headers-too-large"),
    ] {
        assert_ends_with_problem(&say(&service, &text), status, slug);
        // and after a request that was none of that
        let answers = say(&service, &format!("{good}{text}"));
        assert!(answers.starts_with("HTTP/1.1 200"), "{answers}");
        let mut stream = connect(&service);
        stream.write_all(good.as_bytes()).unwrap();
        let mut answered = [0; 15];
        stream.read_exact(&mut answered).unwrap();
        assert_eq!(&answered, b"HTTP/1.1 200 OK");
        drop(stream.write_all(text.as_bytes()));
        assert_ends_with_problem(&read_to_end(&mut stream), status, slug);
    }
    let metrics = service.get("/metrics", "");
    assert!(metrics.contains("oncoauth_http_unread_total{status=\"414\"}"), "{metrics}");
}

#[tokio::test]
async fn a_refusal_is_read_also_by_a_caller_that_is_still_sending() {
    let (_database, service) = started(&[]).await;
    let head = "POST /v1/orders HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: 3000000\r\n\r\n";
    let answer = say(&service, &format!("{head}{}", " ".repeat(3_000_000)));
    assert!(answer.starts_with("HTTP/1.1 401 ") && answer.contains("/problems/unauthenticated"), "{answer}");
}

#[tokio::test]
async fn a_body_that_was_packed_is_told_to_come_as_it_is() {
    let service = sandbox().await;
    let request = |path: &str, encoding: &str| {
        let request = Request::post(path).header("content-type", "application/json").header("content-encoding", encoding);
        request.header("authorization", format!("Bearer {ORDERING}")).body(Body::from(authorized_order().to_string())).unwrap()
    };
    for path in ["/v1/orders", "/v1/orders/preview", "/v1/verifications"] {
        let answer = service.send(request(path, "gzip")).await;
        let problem = answer.assert_problem(415, "unsupported-media-type");
        assert!(problem["detail"].as_str().unwrap().contains("Content-Encoding"), "{problem}");
        assert_eq!(answer.header("accept-encoding"), "identity");
    }
    assert_eq!(service.send(request("/v1/orders", "identity")).await.status.as_u16(), 201);
    let nobody = Request::post("/v1/orders").header("content-encoding", "gzip").body(Body::from("x")).unwrap();
    service.send(nobody).await.assert_problem(401, "unauthenticated");
}

/// Half a head and half a body: neither keeps the service from stopping, nor does a connection that is only kept.
#[tokio::test]
async fn half_sent_requests_do_not_stretch_a_stop() {
    let (_database, service) = started(&[]).await;
    let post = "POST /v1/orders HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer sandbox-ordering-provider\r\n\
                Content-Type: application/json\r\nContent-Length: 5000\r\n";
    let mut half: Vec<TcpStream> = (0..9).map(|_| connect(&service)).collect();
    for (number, stream) in half.iter_mut().enumerate() {
        let said = [String::new(), post.to_owned(), format!("{post}\r\n{{\"member\": ")];
        stream.write_all(said[number % 3].as_bytes()).unwrap();
    }
    assert!(service.get("/readyz", "").starts_with("HTTP/1.1 200"));
    let begun = Instant::now();
    service.stop();
    assert!(begun.elapsed() < Duration::from_secs(9), "stopping took {:?}", begun.elapsed());
}

// proves PRV-05
#[tokio::test]
async fn rosters_that_hang_keep_their_own_plan_for_a_while_and_no_other() {
    let settings = Settings { sandbox: true, roster_silence: Duration::from_secs(2), ..Settings::default() };
    let service = Service::start(settings).await;
    let member = json!({"member_id": "M1", "first_name": "Test", "last_name": "Member", "birth_date": "1950-01-15", "sex": "female",
        "line_of_business": "medicare_advantage", "product": "medicare_ppo", "group_number": null, "trust": null, "state": "MO",
        "coverage_from": "2020-01-01", "coverage_through": null});
    let path = |plan: &str| format!("/v1/rosters/{plan}/members");
    let hanging = || {
        let silent = Body::from_stream(futures_util::stream::pending::<Result<String, std::io::Error>>());
        let request =
            Request::put(path("anthem-blue-medicare-advantage")).header("authorization", format!("Bearer {ADMINISTRATOR}"));
        service.send(request.header("content-type", "application/x-ndjson").body(silent).unwrap())
    };
    let others = async {
        tokio::time::sleep(Duration::from_millis(300)).await; // the others have come by then
        let begun = Instant::now();
        let loaded = put_roster(&service, ADMINISTRATOR, &path("bcbs-massachusetts"), member.to_string()).await;
        assert_eq!(loaded.status.as_u16(), 200, "{}", loaded.text);
        assert!(begun.elapsed() < SOON, "another plan waited {:?}", begun.elapsed());
        // its own plan waits until the silence has ended
        let own = put_roster(&service, ADMINISTRATOR, &path("anthem-blue-medicare-advantage"), member.to_string()).await;
        assert_eq!(own.status.as_u16(), 200, "{}", own.text);
    };
    let (one, other, ()) = tokio::join!(hanging(), hanging(), others);
    for answer in [one, other] {
        answer.assert_problem(503, "request-timeout");
    }
}
