//! The record of who read and wrote what about whom: complete, append-only, chained, and told.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::running::program;
use crate::support::desk::{
    ADMINISTRATOR, FACILITY, NURSE, OTHER_PRACTICE, PHYSICIAN, PRACTICE, custom, done, id, offer, submit, tch,
};
use crate::support::http::{Answer, Service};
use crate::support::submit::{HEALTH_PLAN, count};
use axum::body::Body;
use axum::http::Request;
use oncoauth::app::Settings;
use oncoauth::app::accesses::{self, Anchor};
use oncoauth::clock::Clock;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;

const PLAN: &str = "anthem-blue-medicare-advantage";

async fn disclosures(service: &Service, token: &str) -> Vec<Value> {
    let asked = json!({"health_plan": PLAN, "member_id": "XKM100200300", "limit": 200});
    let answer = service.post("/v1/disclosures", token, &asked).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    answer.json()["items"].as_array().unwrap().clone()
}

async fn get_as(service: &Service, token: &str, path: &str, request_id: &str) -> Answer {
    let request = Request::get(path).header("authorization", format!("Bearer {token}")).header("x-request-id", request_id);
    service.send(request.body(Body::empty()).unwrap()).await
}

// proves PRV-02
#[tokio::test]
async fn every_read_and_write_is_on_record_with_who_why_and_which_request() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(PLAN)).await);
    let path = format!("/v1/orders/{case_id}");
    assert_eq!(get_as(&service, NURSE, &path, "r-1").await.status.as_u16(), 200);
    let found = disclosures(&service, ADMINISTRATOR).await;
    let of = |operation: &str| {
        found.iter().find(|one| one["operation"] == operation).unwrap_or_else(|| panic!("{operation}: {found:?}"))
    };
    let (placed, read) = (of("POST /v1/orders"), of("GET /v1/orders/{case_id}"));
    assert_eq!(placed["action"], "write");
    assert_eq!((&placed["actor"], &placed["purpose"]), (&json!(PRACTICE), &json!("treatment")));
    assert_eq!(placed["tax_ids"], json!(["900000001"]));
    assert_eq!(read["action"], "read");
    assert_eq!((&read["actor"], &read["actor_role"]), (&json!(NURSE), &json!("nurse")));
    assert_eq!((&read["purpose"], &read["case_id"]), (&json!("utilization_review"), &json!(case_id)));
    assert_eq!(read["request_id"], "r-1");
    // each of these is about the member; none of what is refused is
    let verification = json!({"member": {"health_plan": PLAN, "member_id": "XKM100200300", "first_name": "Test", "last_name": "Member",
                                         "birth_date": "1950-01-15"}, "hcpcs": "J9171", "date": "2026-12-01"});
    let eligibility = json!({"member": verification["member"], "service": "medical_oncology", "date_of_service": "2026-12-01"});
    let reads = [
        service.get(&format!("{path}/history"), HEALTH_PLAN).await,
        service.get(&format!("{path}/summary"), PRACTICE).await,
        service.get(&format!("{path}/attachments"), NURSE).await,
        service.get("/v1/orders?member_id=XKM100200300", PRACTICE).await,
        service.get("/v1/reviews", PHYSICIAN).await,
        service.get(&format!("/v1/feeds/{PLAN}/events"), HEALTH_PLAN).await,
        service.post("/v1/verifications", PRACTICE, &verification).await,
        service.post("/v1/eligibility-checks", FACILITY, &eligibility).await,
        service.post("/v1/orders/preview", PRACTICE, &tch(PLAN)).await,
    ];
    for answer in &reads {
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    }
    done(&service, NURSE, &case_id, "peer-to-peer", &offer()).await;
    service.get(&path, OTHER_PRACTICE).await.assert_problem(404, "not-found");
    let all = disclosures(&service, ADMINISTRATOR).await;
    let operations: Vec<&str> = all.iter().map(|one| one["operation"].as_str().unwrap()).collect();
    for expected in [
        "GET /v1/orders/{case_id}/history",
        "GET /v1/orders/{case_id}/summary",
        "GET /v1/orders/{case_id}/attachments",
        "GET /v1/orders",
        "GET /v1/reviews",
        "GET /v1/feeds/{health_plan}/events",
        "POST /v1/verifications",
        "POST /v1/eligibility-checks",
        "POST /v1/orders/preview",
        "POST /v1/reviews/{case_id}/peer-to-peer",
        "POST /v1/disclosures",
    ] {
        assert!(operations.contains(&expected), "{expected} is not in {operations:?}");
    }
    assert!(all.iter().all(|one| one["actor"] != OTHER_PRACTICE), "what was not shown was not disclosed");
    let previewed = all.iter().find(|one| one["operation"] == "POST /v1/orders/preview").unwrap();
    assert_eq!(previewed["action"], "read");
}

// proves PRV-02
#[tokio::test]
async fn a_plan_accounts_for_its_own_members_and_names_others_by_role() {
    let service = Service::with_rosters().await;
    submit(&service, &tch(PLAN)).await;
    let told = disclosures(&service, HEALTH_PLAN).await;
    assert_eq!((&told[0]["actor"], &told[0]["tax_ids"]), (&json!("ordering_provider"), &json!(["900000001"])));
    let other = json!({"health_plan": "bcbs-michigan", "member_id": "XYU100200300"});
    service.post("/v1/disclosures", HEALTH_PLAN, &other).await.assert_problem(404, "not-found");
    service.post("/v1/disclosures", PRACTICE, &other).await.assert_problem(403, "forbidden");
    let first = json!({"health_plan": PLAN, "member_id": "XKM100200300", "limit": 1});
    let page = service.post("/v1/disclosures", ADMINISTRATOR, &first).await.json();
    let next = json!({"health_plan": PLAN, "member_id": "XKM100200300", "limit": 1, "cursor": page["next_cursor"]});
    let next = service.post("/v1/disclosures", ADMINISTRATOR, &next).await.json();
    assert_ne!(page["items"][0]["access_id"], next["items"][0]["access_id"]);
}

/// Holds up every write of a case until it is dropped.
async fn held_up(service: &Service) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let mut lock = service.app.pool.begin().await.unwrap();
    sqlx::query("lock table cases in share mode").execute(&mut *lock).await.unwrap();
    lock
}

async fn until_there(service: &Service, query: &'static str) {
    while count(service, query).await == 0 {
        tokio::task::yield_now().await;
    }
}

// proves PRV-02
#[tokio::test]
async fn what_is_changed_is_on_record_also_where_the_caller_hangs_up() {
    let service = std::sync::Arc::new(Service::with_rosters().await);
    let lock = held_up(&service).await;
    let asking = std::sync::Arc::clone(&service);
    let caller = tokio::spawn(async move { submit(&asking, &tch(PLAN)).await });
    until_there(&service, "select count(*) from pg_locks where not granted and relation = 'cases'::regclass").await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    lock.rollback().await.unwrap();
    until_there(
        &service,
        "select count(*) from accesses where operation = 'POST /v1/orders' and action = 'write' and case_id is not null",
    )
    .await;
    assert_eq!(count(&service, "select count(*) from accesses").await, 1, "an order is one record");
}

// proves PRV-02
#[tokio::test]
async fn what_may_have_been_changed_is_on_record_also_where_it_took_too_long() {
    let limit = std::time::Duration::from_millis(500);
    let service = Service::start(Settings { sandbox: true, request_timeout: limit, ..Settings::default() }).await;
    oncoauth::app::sandbox_rosters::load_if_empty(&service.app).await.unwrap();
    let lock = held_up(&service).await;
    let answer = service.post("/v1/orders", PRACTICE, &tch(PLAN)).await;
    answer.assert_problem(503, "request-timeout");
    lock.rollback().await.unwrap();
    let kept =
        "select count(*) from accesses where operation = 'POST /v1/orders' and action = 'write' and member_id = 'XKM100200300'";
    assert_eq!(count(&service, kept).await, 1);
}

#[tokio::test]
async fn the_record_is_append_only() {
    let service = Service::with_rosters().await;
    submit(&service, &tch(PLAN)).await;
    oncoauth::jobs::tick(&service.app).await.unwrap();
    for statement in [
        "update accesses set purpose = 'operations'",
        "delete from accesses",
        "truncate accesses",
        "update access_seals set seq = seq + 1",
        "delete from access_seals",
        "truncate access_seals",
    ] {
        let refused = sqlx::query(statement).execute(&service.app.pool).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{statement}: {refused}");
    }
}

/// A service with six records of one plan and three of another, sealed.
async fn sealed() -> Service {
    let service = Service::with_rosters().await;
    for plan in [PLAN, "bcbs-michigan"] {
        let path = format!("/v1/orders/{}", id(&submit(&service, &custom(plan)).await));
        for _ in 0..(if plan == PLAN { 4 } else { 1 }) {
            service.get(&path, NURSE).await;
        }
    }
    oncoauth::jobs::tick(&service.app).await.unwrap();
    assert_eq!(count(&service, "select count(*) from accesses_unsealed").await, 0);
    service
}

async fn breaks(conn: &mut PgConnection, anchors: &[Anchor]) -> Vec<String> {
    let (_, breaks) = accesses::verify(conn, anchors, Clock::system().now()).await.unwrap();
    breaks.iter().map(ToString::to_string).collect()
}

/// Somebody with every right over the tables, who takes the guards away first.
#[tokio::test]
async fn every_edit_removal_and_change_of_order_breaks_the_chain_where_it_was_made() {
    let service = sealed().await;
    let heads = oncoauth::store::accesses::heads(&mut service.app.pool.acquire().await.unwrap()).await.unwrap();
    let anchors: Vec<Anchor> = heads.iter().map(Anchor::of).collect();
    assert_eq!(breaks(&mut service.app.pool.acquire().await.unwrap(), &anchors).await, Vec::<String>::new());
    let third = "(select access_id from access_seals where health_plan = 'anthem-blue-medicare-advantage' and seq = 3)";
    let of_plan = "health_plan = 'anthem-blue-medicare-advantage'";
    let last = format!("(select max(seq) from access_seals where {of_plan})");
    let mut tampering: Vec<(Vec<String>, &str)> = [
        "at = at + interval '1 second'",
        "member_id = 'M'",
        "member_id = case when member_id is null then 'M2' end",
        "case_id = case when case_id is null then gen_random_uuid() end",
        "actor_subject = 'nobody'",
        "actor_role = actor_role || '2'",
        "tax_ids = '{900000009}'",
        "token_id = gen_random_uuid()",
        "action = case action when 'read' then 'write' else 'read' end",
        "operation = 'GET /'",
        "purpose = case purpose when 'operations' then 'payment' else 'operations' end",
        "request_id = 'r'",
        "health_plan = 'bcbs-michigan'",
    ]
    .iter()
    .map(|change| (vec![format!("update accesses set {change} where access_id = {third}")], "number 3,"))
    .collect();
    tampering.extend([
        (vec![format!("delete from accesses where access_id = {third}")], "number 3, is missing"),
        (vec![format!("delete from access_seals where {of_plan} and seq = 3")], "seal 3 is missing"),
        (vec![format!("update access_seals set hash = sha256('x') where {of_plan} and seq = 3")], "number 3,"),
        (
            vec![
                format!("update access_seals set seq = 1000 where {of_plan} and seq = 3"),
                format!("update access_seals set seq = 3 where {of_plan} and seq = 4"),
                format!("update access_seals set seq = 4 where {of_plan} and seq = 1000"),
            ],
            "number 3,",
        ),
        (vec![format!("delete from access_seals where {of_plan} and seq = {last}")], "its head says"),
        (
            vec![
                format!(
                    "delete from accesses where access_id = (select access_id from access_seals where {of_plan} and seq = {last})"
                ),
                format!("delete from access_seals where {of_plan} and seq = {last}"),
                format!(
                    "update access_heads h set seq = s.seq, hash = s.hash from access_seals s
                     where h.{of_plan} and s.health_plan = h.health_plan and s.seq = {last}"
                ),
            ],
            "was anchored",
        ),
        (vec![format!("delete from access_heads where {of_plan}")], "its head says 0"),
        (
            vec![
                format!("delete from accesses where {of_plan}"),
                format!("delete from access_seals where {of_plan}"),
                format!("delete from access_heads where {of_plan}"),
            ],
            "was anchored",
        ),
    ]);
    for (statements, words) in tampering {
        let mut transaction = service.app.pool.begin().await.unwrap();
        sqlx::query("alter table accesses disable trigger user").execute(&mut *transaction).await.unwrap();
        sqlx::query("alter table access_seals disable trigger user").execute(&mut *transaction).await.unwrap();
        for statement in &statements {
            let done = sqlx::query(AssertSqlSafe(statement.clone())).execute(&mut *transaction).await.unwrap();
            assert!(done.rows_affected() > 0, "{statement}");
        }
        let found = breaks(&mut transaction, &anchors).await;
        assert!(found.iter().any(|broken| broken.starts_with(PLAN) && broken.contains(words)), "{statements:?}: {found:?}");
        transaction.rollback().await.unwrap();
    }
    // a record that somebody writes in beside the sealer is noticed when it is old enough to have a seal
    let forged = "insert into accesses select gen_random_uuid(), at, health_plan, member_id, case_id, actor_subject, actor_role, tax_ids, token_id,
                    action, operation, purpose, request_id from accesses limit 1";
    sqlx::query(forged).execute(&service.app.pool).await.unwrap();
    let (_, found) =
        accesses::verify(&mut service.app.pool.acquire().await.unwrap(), &anchors, "2027-01-01T00:00:00Z".parse().unwrap())
            .await
            .unwrap();
    assert!(found.iter().any(|broken| broken.what.contains("have no seal")), "{found:?}");
}

#[tokio::test]
async fn the_program_checks_the_record_and_says_where_it_breaks() {
    let service = sealed().await;
    let url = {
        use sqlx::ConnectOptions as _;
        service.app.pool.connect_options().to_url_lossy().to_string()
    };
    let verify = || program().arg("verify-audit").env("DATABASE_URL", &url).output().unwrap();
    let sound = verify();
    assert!(sound.status.success(), "{}", String::from_utf8_lossy(&sound.stderr));
    assert!(String::from_utf8_lossy(&sound.stdout).contains("0 breaks"));
    sqlx::query("alter table accesses disable trigger user").execute(&service.app.pool).await.unwrap();
    sqlx::query("update accesses set actor_subject = 'nobody' where actor_role = 'nurse'")
        .execute(&service.app.pool)
        .await
        .unwrap();
    let broken = verify();
    let said = String::from_utf8_lossy(&broken.stdout).into_owned();
    assert!(!broken.status.success() && said.contains(&format!("{PLAN}: record ")), "{said}");
}
