//! Deliveries to a plan's receiver.

use super::receiver::{Answer, Receiver};
use super::support::desk::{ADMINISTRATOR, BMA, NURSE, OVM, custom, done, id, move_clock, offer, submit, tch};
use super::support::http::{self, Service, library};
use super::{PLAN_TOKEN, follow};
use axum::body::Body;
use axum::http::{Method, Request};
use futures_util::future::join_all;
use oncoauth::app::{App, Settings, sandbox_rosters, webhooks};
use oncoauth::jobs;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// A sandbox with rosters, whose receivers have a third of a second.
async fn sandbox() -> Service {
    let pace = webhooks::Pace { timeout: Duration::from_millis(300), ..webhooks::Pace::default() };
    let service = Service::start(Settings { sandbox: true, webhooks: pace, ..Settings::default() }).await;
    sandbox_rosters::load_missing(&service.app).await.expect("rosters");
    service
}

async fn put(service: &Service, plan: &str, body: &Value) -> http::Answer {
    service.call(Method::PUT, &format!("/v1/feeds/{plan}/webhook"), ADMINISTRATOR, Some(body)).await
}

/// Registers the receiver; answers with the secret.
async fn register(service: &Service, plan: &str, receiver: &Receiver) -> String {
    let answer = put(service, plan, &json!({"url": receiver.url})).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    answer.json()["secret"].as_str().expect("a secret").to_owned()
}

async fn state(service: &Service, plan: &str) -> Value {
    service.get(&format!("/v1/feeds/{plan}/webhook"), ADMINISTRATOR).await.json()
}

async fn deliver(service: &Service) {
    webhooks::deliver_due(&service.app).await.expect("deliveries are made");
}

// proves DET-11
#[tokio::test]
async fn every_event_is_delivered_in_order_and_signed() {
    let service = sandbox().await;
    let receiver = Receiver::start().await;
    let secret = register(&service, BMA, &receiver).await;
    let case_id = id(&submit(&service, &custom(BMA)).await);
    done(&service, NURSE, &case_id, "peer-to-peer", &offer()).await;
    submit(&service, &tch(OVM)).await;
    deliver(&service).await;
    let feed = follow(&service, BMA, 50).await;
    assert_eq!(receiver.taken(), feed, "the items of the feed, in its order, and no other plan's");
    for (delivery, item) in receiver.deliveries().iter().zip(&feed) {
        assert_eq!(delivery.id, item["event_id"]);
        assert_eq!(delivery.timestamp, service.app.clock.now().timestamp());
        assert_eq!(delivery.body["type"], format!("case.{}", item["kind"].as_str().unwrap()));
        assert_eq!(delivery.body["timestamp"], item["at"]);
        assert!(delivery.is_signed_with(&secret), "{}", delivery.signature);
    }
    let state = state(&service, BMA).await;
    assert_eq!((&state["state"], &state["delivered_position"]), (&json!("up_to_date"), &json!(feed.len())));
    deliver(&service).await;
    assert_eq!(receiver.deliveries().len(), feed.len(), "nothing is delivered twice");
}

// proves DET-11
#[tokio::test]
async fn what_fails_is_tried_again_when_the_clock_says_so_under_the_same_id() {
    let service = sandbox().await;
    let receiver = Receiver::start().await;
    register(&service, BMA, &receiver).await;
    submit(&service, &custom(BMA)).await;
    submit(&service, &custom(BMA)).await;
    receiver.answers(Answer::Status(500));
    deliver(&service).await;
    deliver(&service).await;
    assert_eq!(receiver.deliveries().len(), 1, "the event behind it waits, and so does the next attempt");
    let waiting = state(&service, BMA).await;
    assert_eq!((&waiting["state"], &waiting["last_failure"]), (&json!("retrying"), &json!("status_500")));
    assert_eq!((&waiting["failures"], &waiting["undelivered"]), (&json!(1), &json!(2)));
    assert_eq!(waiting["next_attempt_at"], "2026-11-20T15:00:10Z");
    assert_eq!(waiting["last_attempt_at"], "2026-11-20T15:00:00Z");
    move_clock(&service, "2026-11-20T15:00:09Z").await;
    assert_eq!(receiver.deliveries().len(), 1);
    receiver.answers(Answer::Redirect);
    move_clock(&service, "2026-11-20T15:00:10Z").await;
    assert_eq!(receiver.deliveries().len(), 2, "a redirect is not followed");
    let waiting = state(&service, BMA).await;
    assert_eq!((&waiting["last_failure"], &waiting["next_attempt_at"]), (&json!("status_307"), &json!("2026-11-20T15:00:30Z")));
    receiver.answers(Answer::Status(204));
    move_clock(&service, "2026-11-20T16:00:00Z").await;
    let deliveries = receiver.deliveries();
    assert_eq!(deliveries.len(), 4);
    assert!(deliveries[..3].iter().all(|delivery| delivery.id == deliveries[0].id && delivery.text == deliveries[0].text));
    assert_eq!(receiver.taken(), follow(&service, BMA, 50).await);
    let after = state(&service, BMA).await;
    assert_eq!((&after["state"], &after["failures"], &after["next_attempt_at"]), (&json!("up_to_date"), &json!(0), &Value::Null));
}

// proves PRV-02
#[tokio::test]
async fn what_was_sent_is_on_record_whatever_the_receiver_answered() {
    let service = sandbox().await;
    let receiver = Receiver::start().await;
    register(&service, BMA, &receiver).await;
    submit(&service, &custom(BMA)).await;
    receiver.answers(Answer::Status(500));
    deliver(&service).await;
    assert_eq!(receiver.deliveries().len(), 1);
    let kept: (String, String) = sqlx::query_as("select request_id, actor_role from accesses where operation = 'webhook'")
        .fetch_one(&service.app.pool)
        .await
        .unwrap();
    assert_eq!(kept, (receiver.deliveries()[0].id.clone(), "health_plan".to_owned()));
}

// proves DET-11
#[tokio::test]
async fn a_receiver_that_hangs_is_given_up_in_time_and_keeps_nobody_else() {
    let service = sandbox().await;
    let (hanging, other) = (Receiver::start().await, Receiver::start().await);
    register(&service, BMA, &hanging).await;
    register(&service, OVM, &other).await;
    hanging.answers(Answer::Hang);
    submit(&service, &tch(BMA)).await;
    for _ in 0..3 {
        submit(&service, &custom(OVM)).await;
    }
    let begun = Instant::now();
    let both = async {
        tokio::join!(deliver(&service), async {
            other.until(3).await;
            begun.elapsed()
        })
    };
    let ((), others_took) = timeout(Duration::from_secs(20), both).await.expect("it ends");
    assert!(begun.elapsed() >= Duration::from_millis(300));
    assert_eq!(other.taken().len(), 3);
    assert!(others_took < begun.elapsed(), "nobody waits for the one that hangs");
    assert_eq!(state(&service, BMA).await["last_failure"], "timed_out");
    // whatever stands in an answer, 2xx is delivered
    for (answer, now) in [(Answer::Babble, "2026-11-20T15:10:00Z"), (Answer::Stall, "2026-11-20T15:20:00Z")] {
        submit(&service, &custom(BMA)).await;
        hanging.answers(answer);
        move_clock(&service, now).await;
        assert_eq!(state(&service, BMA).await["state"], "up_to_date", "{answer:?}");
    }
}

// proves DET-11
#[tokio::test]
async fn a_process_that_dies_before_it_noted_the_answer_sends_again_under_the_same_id() {
    let service = sandbox().await;
    let receiver = Receiver::start().await;
    register(&service, BMA, &receiver).await;
    let case = submit(&service, &tch(BMA)).await;
    receiver.answers(Answer::Hang);
    let dying = service.app.clone();
    let process = tokio::spawn(async move { webhooks::deliver_due(&dying).await });
    receiver.until(1).await;
    process.abort();
    assert!(process.await.unwrap_err().is_cancelled());
    // another process leaves it alone until the lease has run out
    receiver.answers(Answer::Status(204));
    let other = another_process(&service);
    assert!(webhooks::claim_due(&other).await.unwrap().is_empty());
    service.app.clock.freeze_at("2026-11-20T15:01:00Z".parse().unwrap());
    webhooks::deliver_due(&other).await.unwrap();
    let deliveries = receiver.deliveries();
    assert_eq!(deliveries.len(), 2);
    assert_eq!(deliveries[0].id, deliveries[1].id);
    assert_eq!(receiver.taken()[0]["case_id"], case["case_id"]);
    assert_eq!(state(&service, BMA).await["state"], "up_to_date");
}

/// Another process on the same database.
fn another_process(service: &Service) -> App {
    App::new(service.app.pool.clone(), library(), (*service.app.settings).clone()).with_clock(service.app.clock.clone())
}

// proves DET-11
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_deliver_each_event_once_and_in_order_while_orders_come_in() {
    let service = sandbox().await;
    let receiver = Receiver::start().await;
    register(&service, BMA, &receiver).await;
    let (one, two) = (another_process(&service), another_process(&service));
    let orders = async { join_all((0..20).map(|_| async { submit(&service, &custom(BMA)).await })).await };
    let jobs = |app: App| async move {
        for _ in 0..40 {
            webhooks::deliver_due(&app).await.unwrap();
        }
    };
    tokio::join!(orders, jobs(one), jobs(two));
    deliver(&service).await;
    let feed = follow(&service, BMA, 200).await;
    assert_eq!(feed.len(), 20);
    assert_eq!(receiver.taken(), feed);
}

// proves DET-11
#[tokio::test]
async fn a_webhook_is_registered_read_changed_and_removed() {
    let service = sandbox().await;
    let receiver = Receiver::start().await;
    let path = format!("/v1/feeds/{BMA}/webhook");
    service.get(&path, PLAN_TOKEN).await.assert_problem(404, "not-found");
    service.call(Method::DELETE, &path, PLAN_TOKEN, None).await.assert_problem(404, "not-found");
    let other = format!("/v1/feeds/{OVM}/webhook");
    let body = json!({"url": receiver.url});
    for method in [Method::GET, Method::DELETE] {
        service.call(method, &other, PLAN_TOKEN, None).await.assert_problem(404, "not-found");
    }
    service.call(Method::PUT, &other, PLAN_TOKEN, Some(&body)).await.assert_problem(404, "not-found");

    submit(&service, &custom(BMA)).await;
    let answer = service.call(Method::PUT, &path, PLAN_TOKEN, Some(&body)).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    let first = answer.json()["secret"].as_str().unwrap().to_owned();
    let read = service.get(&path, PLAN_TOKEN).await;
    assert!(!read.text.contains("secret") && !read.text.contains("whsec_"), "{}", read.text);
    let read = read.json();
    assert_eq!((&read["url"], &read["state"], &read["undelivered"]), (&json!(receiver.url), &json!("delivering"), &json!(1)));
    deliver(&service).await;
    assert_eq!(receiver.taken().len(), 1, "a new webhook begins with the first event");

    let same = put(&service, BMA, &body).await;
    assert_eq!((same.status.as_u16(), &same.json()["secret"]), (200, &Value::Null));
    let rotated = put(&service, BMA, &json!({"url": receiver.url, "rotate_secret": true})).await.json();
    let second = rotated["secret"].as_str().unwrap();
    assert_ne!(second, first);
    submit(&service, &custom(BMA)).await;
    deliver(&service).await;
    let both = receiver.deliveries().pop().unwrap();
    assert!(both.is_signed_with(&first) && both.is_signed_with(second), "for a day both secrets hold");
    move_clock(&service, "2026-11-21T15:00:00Z").await;
    submit(&service, &custom(BMA)).await;
    deliver(&service).await;
    let last = receiver.deliveries().pop().unwrap();
    assert!(!last.is_signed_with(&first) && last.is_signed_with(second));
    assert_eq!(receiver.taken(), follow(&service, BMA, 50).await, "changes of the webhook lose and repeat nothing");

    let again = json!({"url": receiver.url, "after": receiver.taken()[0]["event_id"]});
    assert_eq!(put(&service, BMA, &again).await.status.as_u16(), 200);
    deliver(&service).await;
    let repeated: Vec<Value> = receiver.taken().split_off(3);
    assert_eq!(repeated, receiver.taken()[1..3], "what comes after the event that was named, once more");
    let gone = service.call(Method::DELETE, &path, PLAN_TOKEN, None).await;
    assert_eq!(gone.status.as_u16(), 204);
    submit(&service, &custom(BMA)).await;
    deliver(&service).await;
    assert_eq!(receiver.deliveries().len(), 5);
    service.get(&path, PLAN_TOKEN).await.assert_problem(404, "not-found");
}

// proves DET-11
#[tokio::test]
async fn addresses_that_this_service_must_not_call_are_refused() {
    let service = sandbox().await;
    for url in [
        "http://plan.example/hook",
        "https://user:secret@plan.example/",
        "https://169.254.169.254/",
        "http://10.0.0.1/",
        "plan",
        "",
    ] {
        let problem = put(&service, BMA, &json!({"url": url})).await.assert_problem(422, "validation-failed");
        assert_eq!(problem["errors"][0]["pointer"], "/url", "{url}: {problem}");
    }
    let problem =
        put(&service, BMA, &json!({"url": "https://plan.example/", "after": "0199aaaa-0000-7000-8000-000000000000"})).await;
    assert_eq!(problem.assert_problem(422, "validation-failed")["errors"][0]["pointer"], "/after");
    service.get(&format!("/v1/feeds/{BMA}/webhook"), ADMINISTRATOR).await.assert_problem(404, "not-found");
}

// proves DET-11
#[tokio::test]
async fn failures_say_what_kind_they_are_and_are_counted_without_the_address() {
    let service = sandbox().await;
    let receiver = Receiver::start().await;
    submit(&service, &custom(BMA)).await;
    // TLS where there is none, and a port that nobody listens on
    let tls = receiver.url.replace("http://", "https://");
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/?key=for-the-plan-only", listener.local_addr().unwrap())
    };
    for (url, failure) in [(tls, "tls_failed"), (nobody, "not_connected")] {
        put(&service, BMA, &json!({"url": url})).await;
        deliver(&service).await;
        assert_eq!(state(&service, BMA).await["last_failure"], failure);
    }
    let metrics = service.get("/metrics", "").await.text;
    assert!(metrics.contains("oncoauth_webhook_attempts_total") && metrics.contains("not_connected"), "{metrics}");
    assert!(metrics.contains("oncoauth_webhook_undelivered"), "{metrics}");
    assert!(!metrics.contains("for-the-plan-only") && !metrics.contains("127.0.0.1"), "{metrics}");
}

#[tokio::test]
async fn a_webhook_that_somebody_else_changed_is_not_overwritten() {
    let service = sandbox().await;
    let receiver = Receiver::start().await;
    let path = format!("/v1/feeds/{BMA}/webhook");
    let send = async |method: Method, tag: &str| {
        let request = Request::builder().method(method).uri(&path).header("authorization", format!("Bearer {PLAN_TOKEN}"));
        let request = request.header("content-type", "application/json").header("if-match", tag);
        service.send(request.body(Body::from(json!({"url": receiver.url}).to_string())).unwrap()).await
    };
    send(Method::PUT, "*").await.assert_problem(412, "precondition-failed");
    let registered = put(&service, BMA, &json!({"url": receiver.url})).await;
    assert_eq!(registered.header("etag"), "\"1\"");
    let changed = send(Method::PUT, "\"1\"").await;
    assert_eq!((changed.status.as_u16(), changed.header("etag")), (200, "\"2\""));
    assert_eq!(service.get(&path, PLAN_TOKEN).await.header("etag"), "\"2\"");
    send(Method::PUT, "\"1\"").await.assert_problem(412, "precondition-failed");
    send(Method::DELETE, "\"1\"").await.assert_problem(412, "precondition-failed");
    assert_eq!(send(Method::DELETE, "\"2\"").await.status.as_u16(), 204);
}

// proves DET-11
#[tokio::test]
async fn the_service_delivers_by_itself_and_stops_though_a_receiver_hangs() {
    let service = sandbox().await;
    let receiver = Receiver::start().await;
    register(&service, BMA, &receiver).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(jobs::run(service.app.clone(), async { drop(stopped.await) }));
    submit(&service, &custom(BMA)).await;
    timeout(Duration::from_secs(20), receiver.until(1)).await.expect("it is delivered without anybody asking");
    receiver.answers(Answer::Hang);
    submit(&service, &custom(BMA)).await;
    timeout(Duration::from_secs(20), receiver.until(2)).await.expect("the second one comes");
    stop.send(()).unwrap();
    timeout(Duration::from_secs(10), running).await.expect("it stops").unwrap();
    assert_eq!(receiver.taken().len(), 1);
}

// proves DET-11
#[tokio::test]
async fn a_sandbox_that_others_can_call_does_not_call_this_machine() {
    let service = Service::start(Settings { sandbox: true, sandbox_allow_remote: true, ..Settings::default() }).await;
    let receiver = Receiver::start().await;
    let problem = put(&service, BMA, &json!({"url": receiver.url})).await.assert_problem(422, "validation-failed");
    assert_eq!(problem["errors"][0]["pointer"], "/url", "{problem}");
}
