//! What the database itself refuses, whoever writes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "test crate")]

use crate::support;

use oncoauth::domain::vocabulary::{CaseStatus, DrugRole, DrugStatus};
use oncoauth::rules::derive::case_status;
use sqlx::{AssertSqlSafe, PgConnection};
use support::http::Service;
use support::submit::{ORDERING, assert_created, authorized_order, pending_order, sandbox};

/// Runs statements as one transaction, as somebody with a SQL prompt would.
async fn run(service: &Service, statements: &[String]) -> Result<(), String> {
    let mut transaction = service.app.pool.begin().await.unwrap();
    for statement in statements {
        let conn: &mut PgConnection = &mut transaction;
        sqlx::query(AssertSqlSafe(statement.clone())).execute(conn).await.map_err(|error| constraint(&error))?;
    }
    transaction.commit().await.map_err(|error| constraint(&error))
}

fn constraint(error: &sqlx::Error) -> String {
    error.as_database_error().and_then(sqlx::error::DatabaseError::constraint).unwrap_or("none").to_owned()
}

async fn pending_case(service: &Service) -> String {
    assert_created(&service.post("/v1/orders", ORDERING, &pending_order()).await)["case_id"].as_str().unwrap().to_owned()
}

const DENY: &str = "update case_drugs set status = 'non_authorized'";
const CLOSE: &str = "update cases set status = 'non_authorized', decided_at = now(), closed_at = now(), due_at = null";

fn determination(case_id: &str, line: u32, role: &str) -> String {
    format!(
        "insert into determinations (determination_id, case_id, line, decision, decided_by, role, at, reason_code, rationale)
         values (gen_random_uuid(), '{case_id}', {line}, 'non_authorized', 'somebody', '{role}', now(), 'policy_not_met', 'not met')"
    )
}

fn offer(case_id: &str, recorded_at: &str) -> String {
    format!(
        "insert into peer_to_peer_events (peer_to_peer_event_id, case_id, event, at, recorded_by, recorded_at)
         values (gen_random_uuid(), '{case_id}', 'offered', now(), 'nurse', {recorded_at})"
    )
}

// proves DET-04
#[tokio::test]
async fn sql_by_hand_denies_no_drug_without_a_physicians_determination_after_an_offered_discussion() {
    let service = sandbox().await;
    let case_id = pending_case(&service).await;
    let s = |text: &str| text.to_owned();
    assert_eq!(run(&service, &[s(DENY)]).await, Err(s("case_drugs_denied_by_physician_only")));
    assert_eq!(run(&service, &[s(CLOSE)]).await, Err(s("cases_status_follows_drugs")));
    let insert = format!(
        "insert into case_drugs (case_id, line, generic, role, status, computed_status)
         values ('{case_id}', 99, 'x', 'treatment', 'non_authorized', 'in_progress')"
    );
    assert_eq!(run(&service, &[insert]).await, Err(s("case_drugs_denied_by_physician_only")));
    // a physician, but the discussion was not offered, or only afterwards
    assert_eq!(run(&service, &[determination(&case_id, 1, "physician")]).await, Err(s("determinations_offer_before_denial")));
    let later = [offer(&case_id, "now() + interval '1 hour'"), determination(&case_id, 1, "physician")];
    assert_eq!(run(&service, &later).await, Err(s("determinations_offer_before_denial")));
    // offered, but a nurse decides
    let nurse = [offer(&case_id, "now()"), determination(&case_id, 1, "nurse")];
    assert_eq!(run(&service, &nurse).await, Err(s("determinations_only_physicians_deny")));
    // one line reviewed, all denied
    let one_line = [offer(&case_id, "now()"), determination(&case_id, 1, "physician"), s(DENY), s(CLOSE)];
    assert_eq!(run(&service, &one_line).await, Err(s("case_drugs_denied_by_physician_only")));
    let every_line: Vec<String> = std::iter::once(offer(&case_id, "now()"))
        .chain((1..=4).map(|line| determination(&case_id, line, "physician")))
        .chain([s(DENY), s(CLOSE)])
        .collect();
    assert_eq!(run(&service, &every_line).await, Ok(()));
}

// proves CAS-08
#[tokio::test]
async fn no_stored_status_disagrees_with_the_drugs() {
    let service = sandbox().await;
    let case = assert_created(&service.post("/v1/orders", ORDERING, &authorized_order()).await);
    let case_id = case["case_id"].as_str().unwrap();
    let disagrees = Err("cases_status_follows_drugs".to_owned());
    let completed = "update cases set status = 'completed'".to_owned();
    assert_eq!(run(&service, &[completed]).await, disagrees);
    let pending = "update case_drugs set status = 'in_progress' where line = 1".to_owned();
    assert_eq!(run(&service, &[pending]).await, disagrees);
    let added = format!(
        "insert into case_drugs (case_id, line, generic, role, status, computed_status)
         values ('{case_id}', 99, 'x', 'treatment', 'in_progress', 'in_progress')"
    );
    assert_eq!(run(&service, &[added]).await, disagrees);
    let removed = "delete from case_drugs where status = 'authorized'".to_owned();
    assert_eq!(run(&service, &[removed]).await, disagrees);
    let withdrawn = [
        "update case_drugs set status = 'voluntarily_cancelled'".to_owned(),
        "update cases set status = 'review_cancelled', order_id = null, pathway_eligible_id = null, closed_at = now()".to_owned(),
    ];
    assert_eq!(run(&service, &withdrawn).await, Ok(()));
}

// proves DET-09, SCD-01
#[tokio::test]
async fn numbers_deadlines_and_ranges_only_go_with_their_status() {
    let service = sandbox().await;
    pending_case(&service).await;
    let attempts = [
        ("update cases set order_id = 'A000000000'", "cases_order_id_with_approval_only"),
        ("update cases set pathway_eligible_id = 'P000000000'", "cases_pathway_award_needs_order_id"),
        ("update cases set decided_at = now()", "cases_decided_unless_in_progress"),
        ("update cases set due_at = null", "cases_due_while_in_progress"),
        ("update cases set valid_through = valid_from - 1", "cases_range_in_order"),
        ("update cases set order_id = 'nonsense'", "cases_order_id_check"),
        ("update case_drugs set status = 'authorized', valid_from = null", "case_drugs_authorized_has_range"),
        ("update case_drugs set computed_status = 'non_authorized'", "case_drugs_computed_status_check"),
    ];
    for (statement, expected) in attempts {
        assert_eq!(run(&service, &[statement.to_owned()]).await, Err(expected.to_owned()), "{statement}");
    }
}

// proves DET-04
#[tokio::test]
async fn history_determinations_and_offers_are_neither_changed_nor_deleted() {
    let service = sandbox().await;
    let case_id = pending_case(&service).await;
    run(&service, &[offer(&case_id, "now()"), determination(&case_id, 1, "physician")]).await.unwrap();
    for table in ["case_events", "determinations", "peer_to_peer_events"] {
        let expected = Err(format!("{table}_append_only"));
        assert_eq!(run(&service, &[format!("delete from {table}")]).await, expected);
        assert_eq!(run(&service, &[format!("update {table} set case_id = case_id")]).await, expected);
        assert_eq!(run(&service, &[format!("truncate {table}")]).await, expected);
    }
}

/// Statements that store a case with these drugs and this status.
fn store_case(number: u32, drugs: &[(DrugRole, DrugStatus)], status: CaseStatus) -> Vec<String> {
    let case_id = format!("00000000-0000-7000-8000-{number:012}");
    let open = status == CaseStatus::InProgress;
    let order_id = if status.has_order_id() { format!("'A{number:09}'") } else { "null".to_owned() };
    let (decided, due) = if open { ("null", "now()") } else { ("now()", "null") };
    let mut statements = vec![
        format!(
            "insert into cases (case_id, case_number, health_plan, program, member_id, person, service, status, order_id, content_release, urgency, channel,
               submitted_at, decided_at, closed_at, due_at, valid_from, valid_through, ordering_npi, submitted_by, visible_to,
               treatment_ingredients, version, document_seq)
             values ('{case_id}', 'C{number:09}', 'plan', 'program', 'member', '1950-01-15 test', 'medical_oncology', '{status}', {order_id}, 'release', 'standard', 'portal',
               now(), {decided}, {decided}, {due}, '2026-12-01', '2026-12-31', '1234567893', 'somebody', '{{}}', '{{}}', 1, 1)"
        ),
        offer(&case_id, "now()"),
    ];
    let denied = (1_u32..).zip(drugs).filter(|(_, (_, status))| *status == DrugStatus::NonAuthorized);
    statements.extend(denied.map(|(line, _)| determination(&case_id, line, "physician")));
    let rows: Vec<String> = (1_u32..)
        .zip(drugs)
        .map(|(line, (role, status))| {
            format!("('{case_id}', {line}, 'x', '{role}', '{status}', 'in_progress', '2026-12-01'::date, '2026-12-31'::date)")
        })
        .collect();
    statements.push(format!(
        "insert into case_drugs (case_id, line, generic, role, status, computed_status, valid_from, valid_through) values {}",
        rows.join(", ")
    ));
    statements
}

// proves CAS-08
#[tokio::test]
async fn the_database_derives_the_status_of_a_case_as_the_rules_do() {
    let service = Service::sandbox().await;
    let drugs: Vec<(DrugRole, DrugStatus)> =
        DrugRole::ALL.iter().flat_map(|role| DrugStatus::ALL.iter().map(|status| (*role, *status))).collect();
    let mut number = 0;
    for (index, one) in drugs.iter().enumerate() {
        for other in drugs.iter().skip(index) {
            let derived = case_status([*one, *other]);
            number += 1;
            assert_eq!(run(&service, &store_case(number, &[*one, *other], derived)).await, Ok(()), "{one:?} {other:?} {derived}");
            let others: Vec<CaseStatus> = CaseStatus::ALL.iter().copied().filter(|status| *status != derived).collect();
            let wrong = others[usize::try_from(number).unwrap() % others.len()];
            number += 1;
            let refused = run(&service, &store_case(number, &[*one, *other], wrong)).await;
            assert_eq!(refused, Err("cases_status_follows_drugs".to_owned()), "{one:?} {other:?} {wrong}");
        }
    }
}
