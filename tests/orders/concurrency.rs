//! Orders that arrive at the same moment.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "test crate")]

use crate::support;

use axum::response::IntoResponse as _;
use futures_util::future::join_all;
use oncoauth::http::problem::Problem;
use oncoauth::store::idempotency::{self, StoredAnswer};
use serde_json::json;
use std::collections::BTreeSet;
use support::submit::{INTAKE, ORDERING, assert_created, authorized_order, count, sandbox, submit_with_key};

// proves DUP-03
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_identical_submissions_at_once_are_one_order() {
    let service = sandbox().await;
    let order = authorized_order();
    let answers = join_all((0..100).map(|_| submit_with_key(&service, ORDERING, "the-same-key", &order))).await;
    let bodies: BTreeSet<&str> = answers.iter().map(|answer| answer.text.as_str()).collect();
    assert!(answers.iter().all(|answer| answer.status.as_u16() == 201), "{bodies:?}");
    assert_eq!(bodies.len(), 1, "everybody gets the same answer");
    assert_eq!(answers.iter().filter(|answer| answer.header("idempotency-replayed").is_empty()).count(), 1);
    assert_eq!(count(&service, "select count(*) from cases").await, 1);
    assert_eq!(count(&service, "select count(*) from case_events").await, 1);
    assert_eq!(count(&service, "select version from member_ledger").await, 1);
}

// proves DUP-01
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_similar_orders_at_once_only_the_first_has_not_seen_another() {
    let service = sandbox().await;
    let order = authorized_order();
    let answers = join_all((0..20).map(|_| service.post("/v1/orders", ORDERING, &order))).await;
    let cases: Vec<_> = answers.iter().map(assert_created).collect();
    let authorized = cases.iter().filter(|case| case["status"] == "authorized").count();
    let held = cases.iter().filter(|case| case["review"]["holds"] == json!(["possible_duplicate"])).count();
    assert_eq!((authorized, held), (1, 19));
    assert_eq!(count(&service, "select version from member_ledger").await, 20);
    let awarded = count(&service, "select count(*) from s_code_awards where code = 'S0353'").await;
    assert_eq!(awarded, 1, "S0353 is awarded once (SCD-05)");
}

// proves DUP-03
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_key_with_two_payloads_at_once_is_one_order_and_one_refusal() {
    let service = sandbox().await;
    let mut other = authorized_order();
    other["member"]["member_id"] = json!("XKM100200301");
    other["member"]["first_name"] = json!("Sample");
    other["member"]["last_name"] = json!("Patient");
    other["member"]["birth_date"] = json!("1948-06-30");
    for round in 0..10 {
        let key = format!("round-{round}");
        let (mine, yours) = (authorized_order(), other.clone());
        let answers =
            tokio::join!(submit_with_key(&service, ORDERING, &key, &mine), submit_with_key(&service, ORDERING, &key, &yours),);
        let mut statuses = [answers.0.status.as_u16(), answers.1.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 422], "{} {}", answers.0.text, answers.1.text);
        let refused = if answers.0.status.as_u16() == 422 { &answers.0 } else { &answers.1 };
        refused.assert_problem(422, "idempotency-key-reused");
    }
    assert_eq!(count(&service, "select count(*) from cases").await, 10);
    assert_eq!(count(&service, "select count(*) from idempotency_keys").await, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_key_of_two_callers_is_two_orders() {
    // proves DUP-03
    let service = sandbox().await;
    let order = authorized_order();
    let mut by_phone = authorized_order();
    by_phone["channel"] = json!("phone");
    let (one, two) =
        tokio::join!(submit_with_key(&service, ORDERING, "k", &order), submit_with_key(&service, INTAKE, "k", &by_phone));
    assert_ne!(assert_created(&one)["case_id"], assert_created(&two)["case_id"]);
}

#[tokio::test]
async fn a_lost_race_for_the_same_row_is_a_conflict_and_not_a_failure_of_the_service() {
    let service = sandbox().await;
    let mut conn = service.app.pool.acquire().await.unwrap();
    let answer = StoredAnswer {
        fingerprint: vec![0; 32],
        status: 201,
        body: Some(json!({})),
        location: None,
        case_id: None,
        about: Vec::new(),
    };
    let now = service.app.clock.now();
    idempotency::keep(&mut conn, "somebody", "key", &answer, now).await.unwrap();
    let lost = idempotency::keep(&mut conn, "somebody", "key", &answer, now).await.unwrap_err();
    assert!(lost.is_race() && !lost.is_transient());
    let response = Problem::from(oncoauth::app::Error::from(lost)).into_response();
    assert_eq!(response.status().as_u16(), 409);
}
