//! Writers, readers and processes at the same time.

use super::support::desk::{BMA, NURSE, act, custom, done, id, offer, submit, tch};
use super::support::http::{Service, library};
use super::support::submit::count;
use super::{assert_complete, follow, items, page};
use futures_util::future::join_all;
use oncoauth::app::{App, Settings, feeds};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Another process on the same database.
fn another_process(service: &Service) -> App {
    let settings = Settings { sandbox: true, ..Settings::default() };
    App::new(service.app.pool.clone(), library(), settings).with_clock(service.app.clock.clone())
}

// proves DET-11
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_reads_while_others_write_misses_nothing_and_gets_nothing_twice() {
    let service = Service::with_rosters().await;
    let written = AtomicBool::new(false);
    let writers = async {
        let work = (0..50).map(|number| {
            let service = &service;
            async move {
                let case_id = id(&submit(service, &custom(BMA)).await);
                if number % 2 == 0 {
                    done(service, NURSE, &case_id, "peer-to-peer", &offer()).await;
                    done(service, NURSE, &case_id, "escalations", &json!({"rationale": "does not meet the criteria"})).await;
                }
                case_id
            }
        });
        let case_ids = join_all(work).await;
        written.store(true, Ordering::SeqCst);
        case_ids
    };
    let reader = async {
        let mut found = Vec::new();
        let mut after = String::new();
        loop {
            let last = written.load(Ordering::SeqCst);
            let part = page(&service, BMA, &format!("limit=7&after={after}")).await;
            if last && items(&part).is_empty() {
                return found;
            }
            found.extend(items(&part));
            part["next"].as_str().unwrap().clone_into(&mut after);
        }
    };
    let other = another_process(&service);
    let job = async {
        while !written.load(Ordering::SeqCst) {
            feeds::publish(&other).await.unwrap();
        }
    };
    let (case_ids, found, ()) = tokio::join!(writers, reader, job);
    assert!(found.len() >= 125, "{}", found.len());
    assert_complete(&service, &found, &case_ids).await;
}

// proves DET-11
#[tokio::test]
async fn an_event_whose_transaction_commits_late_comes_later_and_is_not_lost() {
    let service = Service::with_rosters().await;
    let early = id(&submit(&service, &custom(BMA)).await);
    assert_eq!(follow(&service, BMA, 50).await.len(), 1);
    // an act on the first case that is under way while a second case is submitted and read
    let mut slow = service.app.pool.begin().await.unwrap();
    let event = oncoauth::store::case_events::NewEvent {
        case_id: early.parse().unwrap(),
        at: service.app.clock.now(),
        kind: "noted",
        actor: oncoauth::store::case_events::SERVICE,
        reason: None,
        detail: None,
        change: None,
    };
    oncoauth::store::case_events::append(&mut slow, &event).await.unwrap();
    let late = id(&submit(&service, &custom(BMA)).await);
    let before = page(&service, BMA, "").await;
    assert_eq!(items(&before).len(), 2, "what is not committed is not told");
    slow.commit().await.unwrap();
    let after = page(&service, BMA, &format!("after={}", before["next"].as_str().unwrap())).await;
    assert_eq!(items(&after)[0]["kind"], "noted");
    assert_complete(&service, &follow(&service, BMA, 50).await, &[early, late]).await;
}

// proves DET-11
#[tokio::test]
async fn what_is_not_stored_is_not_told() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &tch(BMA)).await);
    // a refused order, and an act that the rules of review refuse
    let mut unknown = tch(BMA);
    unknown["member"]["member_id"] = json!("XKM999999999");
    assert_eq!(service.post("/v1/orders", super::support::desk::PRACTICE, &unknown).await.status.as_u16(), 422);
    let refused = act(&service, NURSE, &case_id, "peer-to-peer", &offer()).await;
    assert!(refused.status.is_client_error(), "{}", refused.text);
    assert_complete(&service, &follow(&service, BMA, 50).await, &[case_id]).await;
}

// proves DET-11
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backlog_of_ten_thousand_events_is_published_once_and_in_order() {
    let service = Service::with_rosters().await;
    for _ in 0..2 {
        submit(&service, &custom(BMA)).await;
    }
    let filled = "insert into case_events (case_id, shard, seq, at, kind, actor_subject, actor_role)
         select case_id, shard, number, submitted_at, 'noted', 'service', 'service' from cases, generate_series(2, 5000) as number
         order by random()";
    sqlx::query(filled).execute(&service.app.pool).await.unwrap();
    let begun = Instant::now();
    let others: Vec<App> = (0..3).map(|_| another_process(&service)).collect();
    let done = join_all(others.iter().map(feeds::publish)).await;
    assert!(done.iter().all(Result::is_ok), "{done:?}");
    assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    // looked at where they lie: reading ten thousand documents is not what is tried here
    let out_of_order = "select count(*) from (
         select position, seq, lag(seq, 1, 0) over (partition by case_id order by position) as before from feed_events) as event
       where seq <> before + 1";
    assert_eq!(count(&service, out_of_order).await, 0);
    assert_eq!(count(&service, "select count(*) from feed_events").await, 10_000);
    assert_eq!(count(&service, "select max(position) - min(position) from feed_events").await, 9_999);
    assert_eq!(count(&service, "select count(*) from feed_outbox").await, 0);
    let first = page(&service, BMA, "limit=200").await;
    assert_eq!(items(&first).len(), 200);
    assert_eq!(first["next"], items(&first)[199]["event_id"]);
}
