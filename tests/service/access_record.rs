//! The record of who read and wrote what about whom: complete, append-only, chained, and told.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::running::program;
use crate::support::desk::{
    ADMINISTRATOR, FACILITY, NURSE, OTHER_PRACTICE, PHYSICIAN, PRACTICE, custom, done, id, offer, post_with, submit, tch,
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
    let again = disclosures(&service, HEALTH_PLAN).await;
    let own = again.iter().find(|one| one["operation"] == "POST /v1/disclosures").unwrap();
    assert_eq!(own["purpose"], "operations");
    let other = json!({"health_plan": "bcbs-michigan", "member_id": "XYU100200300"});
    service.post("/v1/disclosures", HEALTH_PLAN, &other).await.assert_problem(404, "not-found");
    service.post("/v1/disclosures", PRACTICE, &other).await.assert_problem(403, "forbidden");
    let first = json!({"health_plan": PLAN, "member_id": "XKM100200300", "limit": 1});
    let page = service.post("/v1/disclosures", ADMINISTRATOR, &first).await.json();
    let next = json!({"health_plan": PLAN, "member_id": "XKM100200300", "limit": 1, "cursor": page["next_cursor"]});
    let next = service.post("/v1/disclosures", ADMINISTRATOR, &next).await.json();
    assert_ne!(page["items"][0]["access_id"], next["items"][0]["access_id"]);
}

/// How many records of an operation there are, and how many of them are writes.
async fn records(service: &Service, operation: &str) -> (i64, i64) {
    let count = "select count(*), count(*) filter (where action = 'write') from accesses where operation = $1";
    sqlx::query_as(count).bind(operation).fetch_one(&service.app.pool).await.unwrap()
}

// proves PRV-02
#[tokio::test]
async fn only_what_was_told_is_on_record() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(PLAN)).await);
    submit(&service, &custom(PLAN)).await;
    assert_eq!(records(&service, "POST /v1/orders").await, (2, 2), "an order is one record");
    for path in ["/v1/orders", "/v1/reviews"] {
        let page = service.get(&format!("{path}?limit=1"), NURSE).await.json();
        assert!(page["next_cursor"].is_string(), "{page}");
        assert_eq!(records(&service, &format!("GET {path}")).await, (1, 0), "{path}: not the one behind the page");
    }
    let verification = json!({"member": {"health_plan": PLAN, "member_id": "XKM100200300", "first_name": "Test", "last_name": "Member",
                                         "birth_date": "1950-01-15"}, "hcpcs": "J9171", "date": "2026-12-01"});
    assert_eq!(service.post("/v1/verifications", PRACTICE, &verification).await.status.as_u16(), 200);
    assert_eq!(records(&service, "POST /v1/verifications").await, (1, 0), "the case that was answered about");
    // what was refused was read, and changed nothing
    let path = format!("/v1/reviews/{case_id}/determinations");
    service
        .post(&path, NURSE, &json!({"drugs": [{"line": 99, "decision": "authorized"}]}))
        .await
        .assert_problem(422, "validation-failed");
    assert_eq!(records(&service, "POST /v1/reviews/{case_id}/determinations").await.1, 0);
}

// proves PRV-02, DUP-03
#[tokio::test]
async fn an_answer_about_several_cases_that_is_given_again_is_on_record_for_each() {
    let service = Service::with_rosters().await;
    let orders = [submit(&service, &tch(PLAN)).await, submit(&service, &tch("bcbs-michigan")).await];
    let line = |order: &Value| json!({"order_id": order["order_id"], "hcpcs": "J9171", "units": 136, "service_date": "2026-12-01", "billing_npi": "1245319599"});
    let lines = json!({"lines": orders.iter().map(line).collect::<Vec<_>>()});
    for (times, replayed) in [(1, ""), (2, "true")] {
        let answer = post_with(&service, "/v1/claim-checks", FACILITY, &[("idempotency-key", "k")], &lines).await;
        assert_eq!((answer.status.as_u16(), answer.header("idempotency-replayed")), (200, replayed), "{}", answer.text);
        assert_eq!(records(&service, "POST /v1/claim-checks").await.0, 2 * times);
    }
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
    oncoauth::app::sandbox_rosters::load_missing(&service.app).await.unwrap();
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

/// A service with five records of one plan and two of another, sealed.
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
        (vec![format!("update accesses set at = 'infinity' where access_id = {third}")], "number 3, is not readable"),
        (vec![format!("update accesses set tax_ids = '{{null}}' where access_id = {third}")], "number 3, is not readable"),
        (
            vec![format!("update accesses set tax_ids = '[2:2]={{900000001}}' where access_id = {third}")],
            "number 3, is not readable",
        ),
        // beside the first break the second is told
        (
            vec![
                format!("delete from accesses where access_id = {third}"),
                format!("update access_seals set hash = sha256('x') where {of_plan} and seq = {last}"),
            ],
            "is not the one that was sealed",
        ),
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
        sqlx::query("alter table accesses drop constraint accesses_are_readable").execute(&mut *transaction).await.unwrap();
        sqlx::query("alter table access_seals disable trigger user").execute(&mut *transaction).await.unwrap();
        for statement in &statements {
            let done = sqlx::query(AssertSqlSafe(statement.clone())).execute(&mut *transaction).await.unwrap();
            assert!(done.rows_affected() > 0, "{statement}");
        }
        let found = breaks(&mut transaction, &anchors).await;
        assert!(found.iter().any(|broken| broken.starts_with(PLAN) && broken.contains(words)), "{statements:?}: {found:?}");
        transaction.rollback().await.unwrap();
    }
    // a record that somebody writes in beside the sealer is noticed, whatever time it says
    let forged = "insert into accesses select gen_random_uuid(), at + interval '10 years', health_plan, member_id, case_id, actor_subject, actor_role, tax_ids, token_id,
                    action, operation, purpose, request_id from accesses limit 1";
    sqlx::query(forged).execute(&service.app.pool).await.unwrap();
    let found = breaks(&mut service.app.pool.acquire().await.unwrap(), &anchors).await;
    assert!(found.iter().any(|broken| broken.contains("have no seal")), "{found:?}");
}

/// What somebody wrote past the service and it cannot read back keeps nothing else from being read, sealed and checked.
#[tokio::test]
async fn a_record_that_cannot_be_read_stops_nothing_else() {
    let service = sealed().await;
    let run = async |statement: &'static str| sqlx::query(statement).execute(&service.app.pool).await;
    let forged = "with forged as (insert into accesses select gen_random_uuid(), 'infinity', health_plan, member_id, case_id, actor_subject,
                    actor_role, tax_ids, token_id, action, operation, purpose, request_id from accesses
                    where health_plan = 'anthem-blue-medicare-advantage' and member_id is not null limit 1 returning access_id)
                  insert into accesses_unsealed select access_id from forged";
    assert!(run(forged).await.unwrap_err().to_string().contains("accesses_are_readable"));
    run("alter table accesses drop constraint accesses_are_readable").await.unwrap();
    run(forged).await.unwrap();
    // and a seal that is no seal, where the other plan's next one belongs
    run("insert into access_seals select health_plan, seq + 1, gen_random_uuid(), hash from access_heads where health_plan = 'bcbs-michigan'")
        .await
        .unwrap();
    submit(&service, &custom("bcbs-michigan")).await;
    let told = disclosures(&service, ADMINISTRATOR).await;
    assert!(!told.is_empty());
    assert!(accesses::seal(&service.app).await.is_err(), "it is said");
    let waiting = "select count(*) from accesses_unsealed join accesses using (access_id) where health_plan = ";
    let waiting = async |plan: &str, at: &str| {
        sqlx::query_scalar::<_, i64>(AssertSqlSafe(format!("{waiting} '{plan}' and at {at} 'infinity'")))
            .fetch_one(&service.app.pool)
            .await
    };
    assert_eq!(waiting(PLAN, "<").await.unwrap(), 0, "what can be read is sealed");
    assert_eq!(waiting(PLAN, "=").await.unwrap(), 1);
    assert_eq!(waiting("bcbs-michigan", "<").await.unwrap(), 1);
    assert!(!breaks(&mut service.app.pool.acquire().await.unwrap(), &[]).await.is_empty());
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
    // a file without an anchor is a mistake, and not a chain that is sound
    let file = std::env::temp_dir().join(format!("{}.jsonl", oncoauth::ids::Ids.uuid(Clock::system().now())));
    std::fs::write(&file, "{\"message\": \"started\"}\n").unwrap();
    let against = || program().args(["verify-audit", "--anchors"]).arg(&file).env("DATABASE_URL", &url).output().unwrap();
    let without = against();
    assert!(!without.status.success() && String::from_utf8_lossy(&without.stderr).contains("no anchor"), "{without:?}");
    let heads = oncoauth::store::accesses::heads(&mut service.app.pool.acquire().await.unwrap()).await.unwrap();
    let Anchor { health_plan, seq, hash } = Anchor::of(&heads[0]);
    std::fs::write(&file, json!({"health_plan": health_plan, "seq": seq, "hash": hash}).to_string()).unwrap();
    assert!(String::from_utf8_lossy(&against().stdout).contains("1 anchors"));
    std::fs::remove_file(&file).unwrap();
    sqlx::query("alter table accesses disable trigger user").execute(&service.app.pool).await.unwrap();
    sqlx::query("update accesses set actor_subject = 'nobody' where actor_role = 'nurse'")
        .execute(&service.app.pool)
        .await
        .unwrap();
    let broken = verify();
    let said = String::from_utf8_lossy(&broken.stdout).into_owned();
    assert!(!broken.status.success() && said.contains(&format!("{PLAN}: record ")), "{said}");
}
