//! Several at once: reviewers, and processes.

use crate::support::desk::*;
use crate::support::http::Service;
use oncoauth::app::App;
use oncoauth::clock::Clock;
use oncoauth::jobs;
use serde_json::json;
use sqlx::postgres::PgPoolOptions;

// proves DET-04
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_physicians_at_once_decide_a_case_once() {
    let service = Service::with_rosters().await;
    for plan in [BMA, OVM, QCCP] {
        let case_id = id(&submit(&service, &custom(plan)).await);
        done(&service, NURSE, &case_id, "peer-to-peer", &offer()).await;
        done(&service, NURSE, &case_id, "escalations", &json!({"rationale": "criteria not met"})).await;
        let (denial, approval) = (deny(&[2]), authorize(&[2]));
        let (one, two) = tokio::join!(
            act(&service, PHYSICIAN, &case_id, "determinations", &denial),
            act(&service, SECOND_PHYSICIAN, &case_id, "determinations", &approval),
        );
        let mut codes = [one.status.as_u16(), two.status.as_u16()];
        codes.sort_unstable();
        assert_eq!(codes, [201, 409], "{} {}", one.text, two.text);
        let kinds = kinds(&service, &case_id).await;
        assert_eq!(kinds.iter().filter(|kind| *kind == "determined").count(), 1, "{kinds:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_take_a_case_at_once_one_gets_it() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(BMA)).await);
    let path = format!("/v1/reviews/{case_id}/claims");
    let body = json!({});
    let answers =
        futures_util::future::join_all([NURSE, PHYSICIAN, SECOND_PHYSICIAN].map(|token| service.post(&path, token, &body))).await;
    let taken = answers.iter().filter(|answer| answer.status.as_u16() == 201).count();
    let refused = answers.iter().filter(|answer| answer.status.as_u16() == 409).count();
    assert_eq!((taken, refused), (1, 2));
}

/// Another process on the same database.
async fn another(service: &Service, now: &str) -> App {
    let options = service.app.pool.connect_options().as_ref().clone();
    let pool = PgPoolOptions::new().max_connections(3).connect_with(options).await.unwrap();
    let settings = service.app.settings.as_ref().clone();
    App::new(pool, service.app.library.clone(), settings).with_clock(Clock::frozen_at(now.parse().unwrap()))
}

// proves DET-05
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn three_processes_handle_each_deadline_and_each_claim_exactly_once() {
    let service = Service::with_rosters().await;
    let mut cases = Vec::new();
    for _ in 0..4 {
        for plan in [BMA, OVM, QCCP] {
            let case_id = id(&submit(&service, &custom(plan)).await);
            service.post(&format!("/v1/reviews/{case_id}/claims"), PHYSICIAN, &json!({})).await;
            cases.push(case_id);
        }
    }
    let late = "2026-11-26T15:00:00Z";
    let apps = [another(&service, late).await, another(&service, late).await, another(&service, late).await];
    // what one passes over another is doing: together they leave nothing
    let done = futures_util::future::join_all(apps.iter().map(jobs::tick)).await;
    assert!(done.iter().all(Result::is_ok), "{done:?}");
    let left: i64 = sqlx::query_scalar("select count(*) from timers").fetch_one(&service.app.pool).await.unwrap();
    assert_eq!(left, 0);
    let counted: Vec<(String, i64, i64)> = sqlx::query_as(
        "select kind, count(*), count(distinct case_id) from case_events where kind in ('deadline_passed', 'claim_expired') group by kind",
    )
    .fetch_all(&service.app.pool)
    .await
    .unwrap();
    assert_eq!(counted.len(), 2);
    let all = i64::try_from(cases.len()).unwrap();
    assert!(counted.iter().all(|(_, events, of)| (*events, *of) == (all, all)), "{counted:?}");
}

// proves DET-05
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_decision_and_the_end_of_the_clock_at_the_same_moment_do_not_meet() {
    let service = Service::with_rosters().await;
    for plan in [BMA, OVM, QCCP] {
        let case_id = id(&submit(&service, &custom(plan)).await);
        let late = another(&service, "2026-11-26T15:00:00Z").await;
        let body = authorize(&[2]);
        let (decided, ran) = tokio::join!(act(&service, NURSE, &case_id, "determinations", &body), jobs::tick(&late));
        assert!(ran.is_ok());
        assert_eq!(decided.status.as_u16(), 201, "{}", decided.text);
        assert_eq!(decided.json()["status"], "authorized");
        assert_eq!(read(&service, &case_id).await["status"], "authorized");
    }
}
