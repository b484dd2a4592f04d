//! The second isolation: what practices and plans read, the database shows them by policies of its own, whatever a statement leaves out.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test crate")]

use crate::restricted_role::restricted;
use crate::support::desk::{
    ADMINISTRATOR, BMA, FACILITY, NURSE, OTHER_PRACTICE, OVM, PHYSICIAN, PRACTICE, QCCP, custom, deny, done, id, offer, submit,
    tch,
};
use crate::support::http::Service;
use crate::support::submit::{HEALTH_PLAN, count};
use axum::body::Body;
use axum::http::{Method, Request};
use oncoauth::app::accesses::Accessed;
use oncoauth::app::{App, Caller, drafts};
use oncoauth::domain::vocabulary::CallerRole;
use oncoauth::store::pool::Keeping;
use oncoauth::store::sight::{Sight, begin_own};
use serde_json::{Value, json};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// What practices and plans read, and how its rows lead to a case.
const TABLES: [(&str, &str); 10] = [
    ("cases", "case_id"),
    ("case_lines", "case_id"),
    ("case_events", "case_id"),
    ("letters", "case_id"),
    ("attachments", "case_id"),
    ("attachment_chunks", "(select a.case_id from attachments a where a.attachment_id = attachment_chunks.attachment_id)"),
    ("determinations", "case_id"),
    ("peer_to_peer_events", "case_id"),
    ("reconsiderations", "case_id"),
    ("sent_requests", "case_id"),
];

fn parties(parties: &[&str]) -> Sight {
    Sight::Parties(parties.iter().map(|party| (*party).to_owned()).collect())
}

/// The cases to which the rows of a table belong, asked for without any condition.
async fn cases_in(conn: &mut PgConnection, (table, case): (&str, &str)) -> BTreeSet<String> {
    let rows = sqlx::query(AssertSqlSafe(format!("select distinct ({case})::text from {table}"))).fetch_all(conn).await.unwrap();
    rows.iter().map(|row| row.get::<Option<String>, _>(0).unwrap_or_default()).collect()
}

async fn upload(service: &Service, token: &str, case_id: &str) -> String {
    let pdf: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";
    let request = Request::post(format!("/v1/orders/{case_id}/attachments")).header("content-type", "application/pdf");
    let sent = service.send(request.header("authorization", format!("Bearer {token}")).body(Body::from(pdf)).unwrap()).await;
    assert_eq!(sent.status.as_u16(), 201, "{}", sent.text);
    sent.json()["attachment_id"].as_str().unwrap().to_owned()
}

/// A case of the practice of tax ID 900000001 at this plan, with rows in every table.
#[expect(clippy::struct_field_names, reason = "they are ids")]
struct Rich {
    case_id: String,
    attachment_id: String,
    letter_id: String,
}

async fn rich(service: &Service, plan: &str) -> Rich {
    let case_id = id(&submit(service, &custom(plan)).await);
    done(service, NURSE, &case_id, "information-requests", &json!({"items": ["tumor board note"]})).await;
    let attachment_id = upload(service, PRACTICE, &case_id).await;
    done(service, NURSE, &case_id, "peer-to-peer", &offer()).await;
    done(service, NURSE, &case_id, "escalations", &json!({"rationale": "does not meet the criteria"})).await;
    done(service, PHYSICIAN, &case_id, "determinations", &deny(&[2])).await;
    let letters = service.get(&format!("/v1/orders/{case_id}/letters"), PRACTICE).await.json();
    let letters = letters["items"].as_array().unwrap();
    let letter = letters.iter().find(|letter| letter["to"] == "provider").unwrap();
    let letter_id = letter["letter_id"].as_str().unwrap().to_owned();
    Rich { case_id, attachment_id, letter_id }
}

/// A case at each of three plans, with rows in every table; the third is another practice's.
async fn mixed() -> (Service, App) {
    let (service, app) = restricted().await;
    for plan in [BMA, OVM] {
        rich(&service, plan).await;
    }
    let given = rich(&service, QCCP).await;
    for statement in [
        format!("update cases set visible_to = array['o910000001'] where case_id = '{}'", given.case_id),
        "insert into reconsiderations (reconsideration_id, case_id, shard, requested_by, requested_as, requested_at, reason, attachments)
         select case_id, case_id, shard, 'x', 'ordering_provider', now(), 'the heart was looked at', '[]' from cases"
            .to_owned(),
        "insert into sent_requests (case_id, seq, shard, subject, system, value, received_at, document)
         select case_id, 1, shard, 'x', 'x', case_id::text, now(), '{}' from cases"
            .to_owned(),
    ] {
        sqlx::query(AssertSqlSafe(statement)).execute(&service.app.pool).await.unwrap();
    }
    (service, app)
}

// proves PRV-02
#[tokio::test]
async fn a_statement_without_its_condition_shows_nothing_of_anybody_else() {
    let (service, app) = mixed().await;
    let (ours, theirs) = ("visible_to && array['o900000001']", "visible_to && array['o910000001']");
    let plan = format!("health_plan = '{OVM}'");
    let nobody = "false";
    let sights = [
        (parties(&["o900000001"]), ours),
        (parties(&["o910000001"]), theirs),
        (Sight::Plan(OVM.to_owned()), plan.as_str()),
        (parties(&[]), nobody),
        (parties(&["o999999999", "o'\"\\{},"]), nobody),
        (Sight::Plan(String::new()), nobody),
        (Sight::All, "true"),
    ];
    for table in TABLES {
        for (sight, condition) in &sights {
            let theirs = format!("select case_id::text from cases where {condition}");
            let within: BTreeSet<String> =
                sqlx::query_scalar(AssertSqlSafe(theirs)).fetch_all(&service.app.pool).await.unwrap().into_iter().collect();
            let everything = cases_in(&mut service.app.pool.acquire().await.unwrap(), table).await;
            let expected: BTreeSet<String> = everything.intersection(&within).cloned().collect();
            assert_eq!(expected.is_empty(), *condition == nobody, "{table:?} {sight:?}: nothing to tell apart");
            assert_eq!(expected.len() == everything.len(), *sight == Sight::All, "{table:?} {sight:?}: nothing to hide");
            let mut seen = sight.begin_in(&app.pool).await.unwrap();
            assert_eq!(cases_in(&mut seen, table).await, expected, "{table:?} {sight:?}");
        }
    }
}

// proves PRV-02
#[tokio::test]
async fn nobody_named_is_nobody_s_rows_and_nothing_can_be_changed() {
    let (service, app) = mixed().await;
    for role in ["oncoauth_practice", "oncoauth_plan", "oncoauth_verifier"] {
        let mut transaction = app.pool.begin().await.unwrap();
        sqlx::query(AssertSqlSafe(format!("set local role {role}"))).execute(&mut *transaction).await.unwrap();
        for table in [("cases", "case_id"), ("case_lines", "case_id")] {
            assert_eq!(cases_in(&mut transaction, table).await, BTreeSet::new(), "{role} {table:?}");
        }
    }
    for statement in [
        "update cases set visible_to = '{o910000001}'",
        "delete from case_lines",
        "insert into patients values ('o1', 'a', 'b', 'c')",
        "select count(*) from tokens",
        "select count(*) from accesses",
    ] {
        let mut seen = parties(&["o900000001"]).begin_in(&app.pool).await.unwrap();
        let refused = sqlx::query(AssertSqlSafe(statement)).execute(&mut *seen).await.unwrap_err().to_string();
        assert!(refused.contains("permission denied") || refused.contains("read-only"), "{statement}: {refused}");
    }
    // with the transaction the rights end
    let all = count(&service, "select count(*) from cases").await;
    let options = app.pool.connect_options().as_ref().clone();
    let pool = Keeping::default().kept(PgPoolOptions::new().max_connections(1)).connect_with(options).await.unwrap();
    drop(parties(&["o910000001"]).begin_in(&pool).await.unwrap());
    let seen: i64 = sqlx::query_scalar("select count(*) from cases").fetch_one(&pool).await.unwrap();
    assert_eq!(seen, all);
}

/// A caller who goes away while the rights are taken on leaves no transaction on the connection, and no rights.
// proves PRV-02
#[tokio::test]
async fn whoever_goes_away_while_rights_are_taken_on_leaves_none_behind() {
    let (_service, app) = restricted().await;
    let options = app.pool.connect_options().as_ref().clone();
    let pool = Keeping::default().kept(PgPoolOptions::new().max_connections(1)).connect_with(options).await.unwrap();
    let sight = parties(&["o900000001"]);
    for microseconds in (0..6_000).step_by(100) {
        drop(timeout(Duration::from_micros(microseconds), sight.begin_in(&pool)).await);
        let own: bool = sqlx::query_scalar("select current_user = session_user").fetch_one(&pool).await.unwrap();
        assert!(own, "after {microseconds} microseconds");
        sqlx::query("update tokens set subject = subject where false").execute(&pool).await.unwrap();
    }
}

/// A practice that verifies learns of an authorization by its number; of no other, and of no line that may not be given.
// proves PRV-02, VER-03
#[tokio::test]
async fn who_verifies_sees_the_authorization_that_it_names_and_no_other() {
    let (service, app) = restricted().await;
    let named = submit(&service, &tch(BMA)).await;
    let other = submit(&service, &tch(OVM)).await;
    let order_id = named["order_id"].as_str().unwrap().to_owned();
    let stranger = parties(&["s999999999"]);
    let seen_with = async |order_ids: &[String]| {
        let mut seen = stranger.begin_verifying(&app.pool, order_ids).await.unwrap();
        (cases_in(&mut seen, ("cases", "case_id")).await, cases_in(&mut seen, ("case_lines", "case_id")).await)
    };
    let only = |case: &Value| BTreeSet::from([id(case)]);
    assert_eq!(seen_with(&[]).await, (BTreeSet::new(), BTreeSet::new()));
    assert_eq!(seen_with(std::slice::from_ref(&order_id)).await, (only(&named), only(&named)));
    assert_ne!(only(&named), only(&other));
    // over HTTP a stranger is told of it, and an ordering practice is not
    let stranger = json!({"role": "servicing_provider", "tax_ids": ["910000009"], "subject": "a stranger"});
    let token = service.post("/v1/tokens", ADMINISTRATOR, &stranger).await.json()["token"].as_str().unwrap().to_owned();
    let asked = json!({"order_id": order_id});
    assert_eq!(service.post("/v1/verifications", &token, &asked).await.json()["authorized"], true);
    assert_eq!(service.post("/v1/verifications", OTHER_PRACTICE, &asked).await.json()["reason"], "not_found");
}

/// With the policies of the service taken away, whoever reads with its rights sees no case: practices, facilities and plans read on.
// proves PRV-02
#[tokio::test]
async fn what_practices_and_plans_read_is_read_with_their_rights() {
    let (service, app) = restricted().await;
    let authorized = submit(&service, &tch(QCCP)).await;
    let case = rich(&service, BMA).await;
    let asked = json!({"reason": "the heart was looked at"});
    let opened = service.post(&format!("/v1/orders/{}/reconsiderations", case.case_id), PRACTICE, &asked).await.json();
    oncoauth::jobs::tick(&app).await.unwrap();
    let owner = &service.app.pool;
    let tables: Vec<String> =
        sqlx::query_scalar("select tablename::text from pg_policies where policyname = 'service' and schemaname = 'public'")
            .fetch_all(owner)
            .await
            .unwrap();
    for table in &tables {
        sqlx::query(AssertSqlSafe(format!("drop policy service on {table}"))).execute(owner).await.unwrap();
    }
    let of_case = |what: &str| format!("/v1/orders/{}{what}", case.case_id);
    let everybody = [
        of_case(""),
        of_case("/history"),
        of_case("/letters"),
        of_case("/summary"),
        "/v1/orders".to_owned(),
        format!("/v1/letters/{}", case.letter_id),
        format!("/v1/reconsiderations/{}", opened["reconsideration_id"].as_str().unwrap()),
    ];
    for token in [PRACTICE, FACILITY, HEALTH_PLAN] {
        for path in &everybody {
            let told = service.get(path, token).await;
            assert_eq!(told.status.as_u16(), 200, "{token} {path}: {}", told.text);
        }
        assert!(!service.get("/v1/orders", token).await.json()["items"].as_array().unwrap().is_empty(), "{token}");
        let verified = service.post("/v1/verifications", token, &json!({"order_id": authorized["order_id"]})).await.json();
        // which is another plan's
        assert_eq!(verified["authorized"], token != HEALTH_PLAN, "{token}: {verified}");
    }
    for token in [PRACTICE, HEALTH_PLAN] {
        for path in [of_case("/attachments"), format!("/v1/attachments/{}", case.attachment_id)] {
            let told = service.get(&path, token).await;
            assert_eq!(told.status.as_u16(), 200, "{token} {path}: {}", told.text);
        }
    }
    let searched = service.post("/v1/orders/searches", PRACTICE, &json!({"member_name": "member te"})).await;
    assert!(searched.text.contains(&case.case_id), "{}", searched.text);
    let fed = service.get(&format!("/v1/feeds/{BMA}/events"), HEALTH_PLAN).await;
    assert!(fed.text.contains(&case.case_id), "{}", fed.text);
    // and this is what takes the service's own rights
    assert_eq!(service.get(&of_case(""), NURSE).await.status.as_u16(), 404);
}

/// A draft is its writer's alone, for the database as well.
// proves PRV-02
#[tokio::test]
async fn drafts_are_read_with_their_writer_s_rights() {
    let (service, app) = restricted().await;
    let writer = |subject: &str, tax_id: &str| Caller {
        role: CallerRole::OrderingProvider,
        subject: subject.to_owned(),
        tax_ids: vec![tax_id.to_owned()],
        health_plan: None,
        token_id: None,
        scopes: None,
        accessed: Accessed::default(),
    };
    let writers = [writer("one", "900000001"), writer("one", "900000002"), writer("other", "900000001")];
    let mut ids = Vec::new();
    for who in &writers {
        let draft_id = app.ids.uuid(app.clock.now());
        drafts::save(&app, who, draft_id, format!("of={}", who.key_owner())).await.unwrap();
        ids.push(draft_id);
    }
    sqlx::query("drop policy service on drafts").execute(&service.app.pool).await.unwrap();
    for (who, own) in writers.iter().zip(&ids) {
        let mut seen = begin_own(&app.pool, &who.key_owner()).await.unwrap();
        let forms: Vec<String> = sqlx::query_scalar("select form from drafts").fetch_all(&mut *seen).await.unwrap();
        assert_eq!(forms, [format!("of={}", who.key_owner())]);
        let listed = drafts::list(&app, who).await.unwrap();
        assert_eq!(listed.iter().map(|draft| draft.draft_id).collect::<Vec<_>>(), [*own]);
        for id in &ids {
            assert_eq!(drafts::get(&app, who, *id).await.is_ok(), id == own, "{id}");
        }
    }
}

/// Whoever names an order that is not theirs in a claim check neither holds it nor waits for whoever does.
// proves PRV-02, VER-05
#[tokio::test]
async fn a_claim_check_holds_what_is_within_sight_and_nothing_else() {
    let (service, _app) = restricted().await;
    let case = submit(&service, &tch(QCCP)).await;
    let line = json!({"order_id": case["order_id"], "hcpcs": "J9171", "units": 136, "service_date": "2026-12-01",
                      "billing_npi": "1245319599", "claim_line_id": "one"});
    let lines = json!({"lines": [line]});
    let mut held = service.app.pool.begin().await.unwrap();
    sqlx::query("select from cases for no key update").execute(&mut *held).await.unwrap();
    // another plan's; had it to wait, it would be told so after five seconds
    let told = service.post("/v1/claim-checks", HEALTH_PLAN, &lines).await;
    assert_eq!(told.json()["lines"][0]["matches"], false, "{}", told.text);
    let waits = timeout(Duration::from_millis(500), service.post("/v1/claim-checks", FACILITY, &lines)).await;
    assert!(waits.is_err(), "{}", waits.unwrap().text);
    held.rollback().await.unwrap();
    let told = service.post("/v1/claim-checks", FACILITY, &lines).await;
    assert_eq!(told.json()["lines"][0]["matches"], true, "{}", told.text);
}

/// Practices by the dozen over four connections: each sees its own, and no connection keeps the last one's rights.
// proves PRV-02
#[tokio::test]
async fn ten_practices_over_few_connections_see_their_own_each() {
    const PRACTICES: usize = 10;
    let (service, app) = restricted().await;
    let mut tokens = Vec::new();
    for place in 0..PRACTICES {
        let case = submit(&service, &tch([BMA, OVM][place % 2])).await;
        let give = "update cases set visible_to = array[$2] where case_id = $1::uuid";
        sqlx::query(give).bind(id(&case)).bind(format!("o92000000{place}")).execute(&service.app.pool).await.unwrap();
        let who =
            json!({"role": "ordering_provider", "tax_ids": [format!("92000000{place}")], "subject": format!("practice {place}")});
        let token = service.call(Method::POST, "/v1/tokens", ADMINISTRATOR, Some(&who)).await.json();
        tokens.push((token["token"].as_str().unwrap().to_owned(), id(&case)));
    }
    let all: BTreeSet<String> = tokens.iter().map(|(_, case_id)| case_id.clone()).collect();
    assert_eq!(all.len(), PRACTICES);
    let mut calls = JoinSet::new();
    for (place, (token, own)) in tokens.iter().enumerate() {
        for round in 0..20 {
            let (token, own) = (token.clone(), own.clone());
            let foreign = tokens[(place + 1 + round % (PRACTICES - 1)) % PRACTICES].1.clone();
            let (service, pool) = (service.beside(oncoauth::doors::router(app.clone())), app.pool.clone());
            calls.spawn(async move {
                let read = service.get(&format!("/v1/orders/{own}"), &token).await;
                assert_eq!(read.status.as_u16(), 200, "{place}: {}", read.text);
                let other = service.get(&format!("/v1/orders/{foreign}"), &token).await;
                assert_eq!(other.status.as_u16(), 404, "{place}: {}", other.text);
                let listed = service.get("/v1/orders", &token).await.json();
                let listed: Vec<&str> =
                    listed["items"].as_array().unwrap().iter().map(|case| case["case_id"].as_str().unwrap()).collect();
                assert_eq!(listed, [own.as_str()], "{place}");
                let mut seen = Sight::Parties(vec![format!("o92000000{place}")]).begin_in(&pool).await.unwrap();
                assert_eq!(cases_in(&mut seen, TABLES[2]).await, BTreeSet::from([own]), "{place}");
                if round % 2 == 0 {
                    seen.commit().await.unwrap();
                }
            });
        }
    }
    while let Some(done) = calls.join_next().await {
        done.unwrap();
    }
    let mut connections = Vec::new();
    for _ in 0..app.pool.options().get_max_connections() {
        connections.push(app.pool.acquire().await.unwrap());
    }
    for conn in &mut connections {
        let kept: (bool, Option<String>) = sqlx::query_as(
            "select current_user = session_user, nullif(coalesce(current_setting('oncoauth.sight', true), '')
               || coalesce(current_setting('oncoauth.order_ids', true), ''), '')",
        )
        .fetch_one(&mut **conn)
        .await
        .unwrap();
        assert_eq!(kept, (true, None));
        assert_eq!(cases_in(conn, TABLES[0]).await, all);
    }
}
