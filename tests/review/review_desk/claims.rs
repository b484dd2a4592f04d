//! Who works on a case.

use crate::support::desk::*;
use crate::support::http::Service;
use axum::http::Method;
use serde_json::{Value, json};

async fn pended() -> (Service, String) {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(BMA)).await);
    (service, case_id)
}

async fn claimed_by(service: &Service, case_id: &str) -> Value {
    let list = service.get("/v1/reviews", ADMINISTRATOR).await.json();
    let items = list["items"].as_array().unwrap();
    items.iter().find(|item| item["case_id"] == case_id).expect("the case waits")["claimed_by"]["subject"].clone()
}

async fn give_back(service: &Service, token: &str, case_id: &str) -> u16 {
    service.call(Method::DELETE, &format!("/v1/reviews/{case_id}/claims"), token, None).await.status.as_u16()
}

#[tokio::test]
async fn one_reviewer_has_a_case_and_another_is_told_who() {
    let (service, case_id) = pended().await;
    let path = format!("/v1/reviews/{case_id}/claims");
    let taken = service.post(&path, NURSE, &json!({})).await;
    assert_eq!(taken.status.as_u16(), 201, "{}", taken.text);
    assert_eq!(taken.json()["claimed_by"], NURSE);
    assert_eq!(taken.json()["expires_at"], "2026-11-20T19:00:00Z");
    // one's own again is fine
    assert_eq!(service.post(&path, NURSE, &json!({})).await.status.as_u16(), 201);
    let refused = service.post(&path, PHYSICIAN, &json!({})).await.assert_problem(409, "conflict");
    assert!(refused["detail"].as_str().unwrap().contains(NURSE), "{refused}");
    // nor can the other do anything else to it
    let refused = act(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await.assert_problem(409, "conflict");
    assert!(refused["detail"].as_str().unwrap().contains(NURSE), "{refused}");
    assert_eq!(give_back(&service, PHYSICIAN, &case_id).await, 409);
    assert_eq!(give_back(&service, NURSE, &case_id).await, 204);
    assert_eq!(give_back(&service, NURSE, &case_id).await, 204, "given back already");
    assert_eq!(claimed_by(&service, &case_id).await, Value::Null);
    assert_eq!(service.post(&path, PHYSICIAN, &json!({})).await.status.as_u16(), 201);
    assert_eq!(give_back(&service, ADMINISTRATOR, &case_id).await, 204, "an administrator frees a case");
    assert_eq!(kinds(&service, &case_id).await, ["submitted", "claimed", "claim_released", "claimed", "claim_released"]);
}

#[tokio::test]
async fn an_act_takes_a_case_that_nobody_has_and_a_refused_act_takes_nothing() {
    let (service, case_id) = pended().await;
    act(&service, NURSE, &case_id, "determinations", &deny(&[2])).await.assert_problem(403, "forbidden");
    act(&service, PHYSICIAN, &case_id, "determinations", &deny(&[2])).await.assert_problem(409, "conflict");
    act(&service, NURSE, &case_id, "peer-to-peer", &json!({"event": "held", "with": "x"})).await.assert_problem(409, "conflict");
    act(&service, NURSE, &case_id, "duplicate-decisions", &json!({"duplicate": true, "rationale": "same"}))
        .await
        .assert_problem(409, "conflict");
    assert_eq!(claimed_by(&service, &case_id).await, Value::Null);
    assert_eq!(kinds(&service, &case_id).await, ["submitted"]);
    done(&service, NURSE, &case_id, "information-requests", &json!({"items": ["LVEF report"]})).await;
    assert_eq!(claimed_by(&service, &case_id).await, NURSE);
    // escalation gives it back, into the physicians' queue
    done(&service, NURSE, &case_id, "escalations", &json!({"rationale": "criteria not met"})).await;
    assert_eq!(claimed_by(&service, &case_id).await, Value::Null);
    done(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    assert_eq!(claimed_by(&service, &case_id).await, PHYSICIAN);
    act(&service, SECOND_PHYSICIAN, &case_id, "determinations", &authorize(&[2])).await.assert_problem(409, "conflict");
    act(&service, NURSE, &case_id, "escalations", &json!({"rationale": "again"})).await.assert_problem(409, "conflict");
}

#[tokio::test]
async fn an_abandoned_case_comes_back_four_hours_after_the_last_act() {
    let (service, case_id) = pended().await;
    service.post(&format!("/v1/reviews/{case_id}/claims"), NURSE, &json!({})).await;
    move_clock(&service, "2026-11-20T18:00:00Z").await;
    done(&service, NURSE, &case_id, "information-requests", &json!({"items": ["LVEF report"]})).await;
    move_clock(&service, "2026-11-20T21:59:59Z").await;
    assert_eq!(claimed_by(&service, &case_id).await, NURSE, "the act at 18:00 counts");
    move_clock(&service, "2026-11-20T22:00:00Z").await;
    assert_eq!(claimed_by(&service, &case_id).await, Value::Null);
    let events = events(&service, &case_id).await;
    let last = events.last().unwrap();
    assert_eq!(
        (&last["kind"], &last["actor"], &last["detail"]["claimed_by"]),
        (&json!("claim_expired"), &json!("service"), &json!(NURSE))
    );
    done(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    assert_eq!(claimed_by(&service, &case_id).await, PHYSICIAN);
}

#[tokio::test]
async fn a_decided_or_unknown_case_cannot_be_taken() {
    let (service, case_id) = pended().await;
    done(&service, NURSE, &case_id, "determinations", &authorize(&[1, 2, 3, 4])).await;
    service.post(&format!("/v1/reviews/{case_id}/claims"), NURSE, &json!({})).await.assert_problem(409, "conflict");
    act(&service, NURSE, &case_id, "peer-to-peer", &offer()).await.assert_problem(409, "conflict");
    act(&service, NURSE, &case_id, "escalations", &json!({"rationale": "x"})).await.assert_problem(409, "conflict");
    act(&service, NURSE, &case_id, "determinations", &authorize(&[1])).await.assert_problem(409, "conflict");
    let nobody = "00000000-0000-7000-8000-000000000000";
    service.post(&format!("/v1/reviews/{nobody}/claims"), NURSE, &json!({})).await.assert_problem(404, "not-found");
    act(&service, NURSE, nobody, "escalations", &json!({"rationale": "x"})).await.assert_problem(404, "not-found");
    // its timers and its claim are gone
    let left: i64 = sqlx::query_scalar("select (select count(*) from timers) + (select count(*) from review_claims)")
        .fetch_one(&service.app.pool)
        .await
        .unwrap();
    assert_eq!(left, 0);
}
