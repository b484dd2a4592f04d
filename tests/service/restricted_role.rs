//! The service under a role that owns nothing: it does everything it has to do, and cannot do what nobody may.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "test crate")]

use crate::support::desk::{
    ADMINISTRATOR, FACILITY, NURSE, PHYSICIAN, PRACTICE, SECOND_PHYSICIAN, authorize, custom, denied, done, id, offer, submit,
    tch,
};
use crate::support::http::Service;
use crate::support::submit::{HEALTH_PLAN, put_roster};
use axum::body::Body;
use axum::http::{Method, Request};
use oncoauth::app::{App, sandbox_rosters};
use oncoauth::store::pool::Keeping;
use oncoauth::{doors, jobs, store};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgPoolOptions;

const PLAN: &str = "anthem-blue-medicare-advantage";

/// A sandbox whose service connects as a role that owns nothing, and the service of the owner beside it.
pub async fn restricted() -> (Service, App) {
    let owner = Service::sandbox().await;
    let mut conn = owner.app.pool.acquire().await.unwrap();
    store::grant(&mut conn).await.unwrap();
    let role = format!("serving_{}", oncoauth::ids::Ids.uuid(owner.app.clock.now()).simple());
    let create = AssertSqlSafe(format!("create role {role} login password 'x' in role oncoauth_service"));
    sqlx::query(create).execute(&mut *conn).await.unwrap();
    drop(conn);
    let options = owner.app.pool.connect_options().as_ref().clone().username(&role).password("x");
    let pool = Keeping::default().kept(PgPoolOptions::new().max_connections(4)).connect_with(options).await.unwrap();
    let settings = owner.app.settings.as_ref().clone();
    let app = App::new(pool, owner.app.library.clone(), settings).with_clock(owner.app.clock.clone());
    sandbox_rosters::load_missing(&app).await.unwrap();
    (owner.with_router(doors::router(app.clone())), app)
}

// proves PRV-02
#[tokio::test]
async fn everything_works_under_a_role_that_owns_nothing() {
    let (service, app) = restricted().await;
    assert_eq!(service.get("/readyz", "").await.text, "ready\n");
    let token = json!({"role": "nurse", "name": "another"});
    let token = service.post("/v1/tokens", ADMINISTRATOR, &token).await.json();
    let revoked = format!("/v1/tokens/{}", token["token_id"].as_str().unwrap());
    assert_eq!(service.call(Method::DELETE, &revoked, ADMINISTRATOR, None).await.status.as_u16(), 204);
    // an order that is authorized, billed and withdrawn
    let authorized = submit(&service, &tch(PLAN)).await;
    let claim = json!({"case_id": authorized["case_id"], "code": "S0353", "service_date": "2026-12-01", "billing_npi": "1234567893",
                       "claim_type": "professional"});
    assert_eq!(service.post("/v1/s-code-claims", PRACTICE, &claim).await.status.as_u16(), 201);
    let lines = json!({"lines": [{"order_id": authorized["order_id"], "hcpcs": "J9171", "units": 136, "service_date": "2026-12-01",
                                  "billing_npi": "1245319599"}]});
    assert_eq!(service.post("/v1/claim-checks", HEALTH_PLAN, &lines).await.status.as_u16(), 200);
    let verification = json!({"order_id": authorized["order_id"]});
    assert_eq!(service.post("/v1/verifications", FACILITY, &verification).await.json()["authorized"], true);
    let withdrawal = json!({"drugs": "all", "reason": "error_entry"});
    let withdrawn = service.post(&format!("/v1/orders/{}/withdrawals", id(&authorized)), PRACTICE, &withdrawal).await;
    assert_eq!(withdrawn.status.as_u16(), 201, "{}", withdrawn.text);
    // one that is changed, documented and decided
    let case_id = id(&submit(&service, &custom("bcbs-michigan")).await);
    let patched = service
        .call(Method::PATCH, &format!("/v1/orders/{case_id}"), PRACTICE, Some(&json!({"contact": {"name": "Other desk"}})))
        .await;
    assert_eq!(patched.status.as_u16(), 200, "{}", patched.text);
    done(&service, NURSE, &case_id, "information-requests", &json!({"items": ["tumor board note"]})).await;
    let pdf: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";
    let request = Request::post(format!("/v1/orders/{case_id}/attachments")).header("content-type", "application/pdf");
    let sent = service.send(request.header("authorization", format!("Bearer {PRACTICE}")).body(Body::from(pdf)).unwrap()).await;
    assert_eq!(sent.status.as_u16(), 201, "{}", sent.text);
    done(&service, NURSE, &case_id, "peer-to-peer", &offer()).await;
    done(&service, NURSE, &case_id, "determinations", &authorize(&[2])).await;
    // one that is denied and reconsidered, with its letters
    let case = denied(&service, PLAN).await;
    let letters = service.get(&format!("/v1/orders/{}/letters", id(&case)), PRACTICE).await.json();
    let letter = letters["items"][0]["letter_id"].as_str().unwrap().to_owned();
    assert_eq!(service.get(&format!("/v1/letters/{letter}"), PRACTICE).await.status.as_u16(), 200);
    let asked = json!({"reason": "the heart was looked at"});
    let opened = service.post(&format!("/v1/orders/{}/reconsiderations", id(&case)), PRACTICE, &asked).await.json();
    let path = format!("/v1/reconsiderations/{}/determinations", opened["reconsideration_id"].as_str().unwrap());
    let decision = json!({"decision": "overturned", "rationale": "the answer came"});
    assert_eq!(service.post(&path, SECOND_PHYSICIAN, &decision).await.status.as_u16(), 201);
    // one that is taken, and whose clock runs out
    let case_id = id(&submit(&service, &custom("bcbs-massachusetts")).await);
    assert_eq!(service.post(&format!("/v1/reviews/{case_id}/claims"), PHYSICIAN, &json!({})).await.status.as_u16(), 201);
    let webhook = json!({"url": "http://127.0.0.1:9/hook"});
    let hook = service.call(Method::PUT, &format!("/v1/feeds/{PLAN}/webhook"), HEALTH_PLAN, Some(&webhook)).await;
    assert!(hook.status.is_success(), "{}", hook.text);
    let members = json!({"member_id": "M1", "first_name": "Test", "last_name": "Member", "birth_date": "1950-01-15",
                         "line_of_business": "medicare_advantage", "coverage_from": "2020-01-01"});
    let loaded =
        put_roster(&service, HEALTH_PLAN, &format!("/v1/rosters/{PLAN}/members?allow_drop=true"), members.to_string()).await;
    assert_eq!(loaded.status.as_u16(), 200, "{}", loaded.text);
    app.clock.freeze_at("2026-12-20T15:00:00Z".parse().unwrap());
    jobs::tick(&app).await.unwrap();
    oncoauth::app::idempotency::purge(&app).await.unwrap();
    oncoauth::app::smart::purge(&app).await.unwrap();
    for path in [
        format!("/v1/feeds/{PLAN}/events"),
        "/v1/failed-jobs".to_owned(),
        "/v1/reviews".to_owned(),
        "/v1/orders?member_id=XKM100200300".to_owned(),
        "/v1/providers?q=clinician".to_owned(),
    ] {
        let answer = service.get(&path, ADMINISTRATOR).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.text);
    }
    assert_eq!(service.get("/v1/failed-jobs", ADMINISTRATOR).await.json()["items"], Value::Array(Vec::new()));
    let disclosures = json!({"health_plan": PLAN, "member_id": "XKM100200300"});
    assert_eq!(service.post("/v1/disclosures", ADMINISTRATOR, &disclosures).await.status.as_u16(), 200);
}

// proves PRV-02
#[tokio::test]
async fn the_role_can_neither_rewrite_history_nor_turn_a_guard_off() {
    let (service, app) = restricted().await;
    submit(&service, &tch(PLAN)).await;
    jobs::tick(&app).await.unwrap();
    let mut forbidden: Vec<String> = Vec::new();
    for table in [
        "accesses",
        "access_seals",
        "case_events",
        "determinations",
        "peer_to_peer_events",
        "s_code_claims",
        "expiry_reviews",
        "enquiries",
        "roster_loads",
        "sent_requests",
    ] {
        forbidden.push(format!("delete from {table}"));
        forbidden.push(format!("truncate {table}"));
        forbidden.push(format!("alter table {table} disable trigger user"));
        forbidden.push(format!("drop table {table}"));
    }
    forbidden.extend(
        [
            "update case_events set actor_subject = 'nobody'",
            "update accesses set actor_subject = 'nobody'",
            "update enquiries set actor = 'nobody'",
            "update roster_loads set loaded_by = 'nobody'",
            "update sent_requests set subject = 'nobody'",
            "delete from tokens",
            "delete from smart_clients",
            "delete from access_heads",
            "delete from cases",
            "delete from s_code_awards",
            "update feed_outbox set seq = 2",
            "update idempotency_keys set body = '{}'",
            "truncate timers",
            "alter table cases disable trigger user",
            "alter table cases drop constraint cases_answer_agrees",
            "alter table cases add column more text",
            "create table more ()",
            "create or replace function refuse_change() returns trigger language plpgsql as 'begin return null; end'",
            "drop trigger case_events_append_only on case_events",
            "delete from _sqlx_migrations",
            "set session_replication_role = replica",
        ]
        .map(str::to_owned),
    );
    for statement in forbidden {
        let refused = sqlx::query(AssertSqlSafe(statement.clone())).execute(&app.pool).await.map(|done| done.rows_affected());
        let words = refused.expect_err(&statement).to_string();
        let denied = words.contains("permission denied") || words.contains("must be owner");
        assert!(denied, "{statement}: {words}");
    }
}
