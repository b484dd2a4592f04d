//! What the database itself refuses, whoever writes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "test crate")]

use crate::support;

use oncoauth::domain::vocabulary::{CaseStatus, DrugRole, DrugStatus};
use oncoauth::rules::derive::case_status;
use oncoauth::shard::Shard;
use sqlx::{AssertSqlSafe, PgConnection};
use support::http::Service;
use support::submit::{ORDERING, assert_created, authorized_order, pending_order, sandbox};

/// Runs statements as one transaction, as somebody with a SQL prompt would.
pub async fn run(service: &Service, statements: &[String]) -> Result<(), String> {
    let mut transaction = service.app.pool.begin().await.unwrap();
    for statement in statements {
        let conn: &mut PgConnection = &mut transaction;
        sqlx::query(AssertSqlSafe(statement.clone())).execute(conn).await.map_err(|error| constraint(&error))?;
    }
    transaction.commit().await.map_err(|error| constraint(&error))
}

/// Runs a statement where no trigger looks, as a superuser could.
pub async fn past_every_guard(service: &Service, statement: &'static str) {
    let mut transaction = service.app.pool.begin().await.unwrap();
    for statement in ["set local session_replication_role = replica", statement] {
        sqlx::query(statement).execute(&mut *transaction).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

fn constraint(error: &sqlx::Error) -> String {
    error.as_database_error().and_then(sqlx::error::DatabaseError::constraint).unwrap_or("none").to_owned()
}

async fn pending_case(service: &Service) -> String {
    assert_created(&service.post("/v1/orders", ORDERING, &pending_order()).await)["case_id"].as_str().unwrap().to_owned()
}

const DENY: &str = "update case_lines set status = 'non_authorized'";
const CLOSE: &str = "update cases set status = 'non_authorized', decided_at = now(), closed_at = now(), due_at = null";

/// An answer of a case `c` with what the database compares, as its rows have it; the rest is as it was in `was`.
pub const AS_THE_ROWS: &str = "was || jsonb_build_object('status', c.status, 'order_id', c.order_id, 'decided_at', c.decided_at,
    'review', case when c.due_at is not null then jsonb_build_object('due_at', c.due_at, 'queue', c.review_queue) end,
    'drugs', (select jsonb_agg(jsonb_build_object('line', line, 'hcpcs', code, 'name', name, 'role', role, 'status', status,
       'order_id', case when status in ('authorized', 'clinical_review_not_required') and role <> 'investigational' then c.order_id end,
       'units_approved', units_approved, 'visits_approved', visits_approved, 'valid_from', valid_from, 'valid_through', valid_through)
       order by line) from case_lines row where row.shard = c.shard and row.case_id = c.case_id))";

/// A new answer of a case: the expression makes it from `was`, the one before, and `c`, the case.
pub fn answer(case_id: &str, expression: &str) -> String {
    format!(
        "with told as (
           select c.case_id, c.shard, ({expression})::json as document, e.computed, e.at,
             (select max(seq) + 1 from case_events h where h.shard = c.shard and h.case_id = c.case_id) as seq
           from cases c join case_events e on e.shard = c.shard and e.case_id = c.case_id and e.seq = c.document_seq,
             lateral (select e.document::jsonb as was) as before
           where c.case_id = '{case_id}'
         ), event as (
           insert into case_events (case_id, shard, seq, at, kind, actor_subject, actor_role, document, computed)
           select case_id, shard, seq, at, 'determined', 'somebody', 'physician', document, computed from told
         )
         update cases set document_seq = told.seq, version = version + 1 from told
         where cases.shard = told.shard and cases.case_id = told.case_id"
    )
}

pub fn determination(case_id: &str, line: u32, role: &str) -> String {
    format!(
        "insert into determinations (determination_id, case_id, shard, line, decision, decided_by, role, at, reason_code, rationale)
         values (gen_random_uuid(), '{case_id}', shard_of_id('{case_id}'), {line}, 'non_authorized', 'somebody', '{role}', now(), 'policy_not_met', 'not met')"
    )
}

pub fn offer(case_id: &str, recorded_at: &str) -> String {
    format!(
        "insert into peer_to_peer_events (peer_to_peer_event_id, case_id, shard, event, at, recorded_by, recorded_at)
         values (gen_random_uuid(), '{case_id}', shard_of_id('{case_id}'), 'offered', now(), 'nurse', {recorded_at})"
    )
}

// proves DET-04
#[tokio::test]
async fn sql_by_hand_denies_no_drug_without_a_physicians_determination_after_an_offered_discussion() {
    let service = sandbox().await;
    let case_id = pending_case(&service).await;
    let s = |text: &str| text.to_owned();
    assert_eq!(run(&service, &[s(DENY)]).await, Err(s("case_lines_denied_by_physician_only")));
    assert_eq!(run(&service, &[s(CLOSE)]).await, Err(s("cases_status_follows_lines")));
    let insert = format!(
        "insert into case_lines (case_id, shard, line, name, role, status, computed_status)
         values ('{case_id}', shard_of_id('{case_id}'), 99, 'x', 'treatment', 'non_authorized', 'in_progress')"
    );
    assert_eq!(run(&service, &[insert]).await, Err(s("case_lines_denied_by_physician_only")));
    // a physician, but the discussion was not offered, or only afterwards
    assert_eq!(run(&service, &[determination(&case_id, 1, "physician")]).await, Err(s("determinations_offer_before_denial")));
    let later = [offer(&case_id, "now() + interval '1 hour'"), determination(&case_id, 1, "physician")];
    assert_eq!(run(&service, &later).await, Err(s("determinations_offer_before_denial")));
    // offered, but a nurse decides
    let nurse = [offer(&case_id, "now()"), determination(&case_id, 1, "nurse")];
    assert_eq!(run(&service, &nurse).await, Err(s("determinations_only_physicians_deny")));
    // one line reviewed, all denied
    let one_line = [offer(&case_id, "now()"), determination(&case_id, 1, "physician"), s(DENY), s(CLOSE)];
    assert_eq!(run(&service, &one_line).await, Err(s("case_lines_denied_by_physician_only")));
    let mut every_line: Vec<String> = std::iter::once(offer(&case_id, "now()"))
        .chain((1..=4).map(|line| determination(&case_id, line, "physician")))
        .chain([s(DENY), s(CLOSE)])
        .collect();
    // every line reviewed and denied, and the case says something else to whoever reads it
    assert_eq!(run(&service, &every_line).await, Err(s("cases_answer_agrees")));
    every_line.push(answer(&case_id, AS_THE_ROWS));
    assert_eq!(run(&service, &every_line).await, Ok(()));
    assert_eq!(service.get(&format!("/v1/orders/{case_id}"), ORDERING).await.status.as_u16(), 200);
}

// proves CAS-08
#[tokio::test]
async fn no_stored_status_disagrees_with_the_drugs() {
    let service = sandbox().await;
    let case = assert_created(&service.post("/v1/orders", ORDERING, &authorized_order()).await);
    let case_id = case["case_id"].as_str().unwrap();
    let disagrees = Err("cases_status_follows_lines".to_owned());
    let completed = "update cases set status = 'completed'".to_owned();
    assert_eq!(run(&service, &[completed]).await, disagrees);
    let pending = "update case_lines set status = 'in_progress' where line = 1".to_owned();
    assert_eq!(run(&service, &[pending]).await, disagrees);
    let added = format!(
        "insert into case_lines (case_id, shard, line, name, role, status, computed_status)
         values ('{case_id}', shard_of_id('{case_id}'), 99, 'x', 'treatment', 'in_progress', 'in_progress')"
    );
    assert_eq!(run(&service, &[added]).await, disagrees);
    let removed = "delete from case_lines where status = 'authorized'".to_owned();
    assert_eq!(run(&service, &[removed]).await, disagrees);
    let withdrawn = [
        "update case_lines set status = 'voluntarily_cancelled'".to_owned(),
        "update cases set status = 'review_cancelled', order_id = null, pathway_eligible_id = null, closed_at = now()".to_owned(),
        answer(case_id, &format!("{AS_THE_ROWS} || '{{\"pathway_eligible_id\": null}}'")),
    ];
    assert_eq!(run(&service, &withdrawn).await, Ok(()));
}

// proves DET-09, SCD-01
#[tokio::test]
async fn numbers_deadlines_and_ranges_only_go_with_their_status() {
    let service = sandbox().await;
    let case_id = pending_case(&service).await;
    let attempts = [
        ("update cases set order_id = 'A000000000'", "cases_order_id_with_approval_only"),
        ("update cases set pathway_eligible_id = 'P000000000'", "cases_pathway_award_needs_order_id"),
        ("update cases set decided_at = now()", "cases_decided_unless_in_progress"),
        ("update cases set due_at = null", "cases_due_while_in_progress"),
        ("update cases set valid_through = valid_from - 1", "cases_range_in_order"),
        ("update cases set order_id = 'nonsense'", "cases_order_id_check"),
        ("update case_lines set computed_status = 'non_authorized'", "case_lines_stay_what_they_are"),
    ];
    for (statement, expected) in attempts {
        assert_eq!(run(&service, &[statement.to_owned()]).await, Err(expected.to_owned()), "{statement}");
    }
    let authorized = determination(&case_id, 1, "nurse").replace("'non_authorized'", "'authorized'");
    let without_range = "update case_lines set status = 'authorized', valid_from = null where line = 1".to_owned();
    assert_eq!(run(&service, &[authorized, without_range]).await, Err("case_lines_authorized_has_range".to_owned()));
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

/// Statements that store a case with these drugs, decide them, and give the case this status.
fn store_case(number: u32, drugs: &[(DrugRole, DrugStatus)], status: CaseStatus) -> Vec<String> {
    let shard = Shard::of_member("plan", "member").get();
    let case_id = format!("00000000-0000-7000-{:04x}-{number:012}", 0x8000 | (shard << 4).cast_unsigned());
    let symbols: Vec<char> = "0123456789ABCDEFGHJKMNPQRSTVWXYZ".chars().collect();
    let [high, low] = [shard / 32, shard % 32].map(|place| symbols[usize::try_from(place).unwrap()]);
    let number = format!("{high}{low}{number:07}");
    let lines: Vec<String> = (1..).zip(drugs).map(|(line, (role, _))| format!("({line}, '{role}')")).collect();
    let count = drugs.len();
    let mut statements = vec![
        format!(
            "with line (line, role) as (values {}), new_case as (
               insert into cases (case_id, shard, case_number, health_plan, program, member_id, person, service, status, content_release,
                 urgency, channel, submitted_at, due_at, valid_from, valid_through, ordering_npi, submitted_by, visible_to,
                 treatment_ingredients, version, document_seq, lines)
               values ('{case_id}', {shard}, 'C{number}', 'plan', 'program', 'member', '1950-01-15 test', 'medical_oncology', 'in_progress',
                 'release', 'standard', 'portal', instant_of_id('{case_id}'), now(), '2026-12-01', '2026-12-31', '1234567893', 'somebody', '{{}}', '{{}}', 1, 1,
                 {count})
             ), lines as (
               insert into case_lines (case_id, shard, line, name, role, status, computed_status, valid_from, valid_through)
               select '{case_id}', {shard}, line, 'x', role, 'in_progress', 'in_progress', '2026-12-01', '2026-12-31' from line
             ), clock as (
               insert into timers (case_id, shard, kind, due_at) values ('{case_id}', {shard}, 'pend_deadline', now())
             )
             insert into case_events (case_id, shard, seq, at, kind, actor_subject, actor_role, document, computed)
             select '{case_id}', {shard}, 1, instant_of_id('{case_id}'), 'submitted', 'somebody', 'intake', json_build_object('case_id', '{case_id}',
               'case_number', 'C{number}', 'status', 'in_progress', 'program', 'program', 'content_release', 'release',
               'urgency', 'standard', 'submitted_at', instant_of_id('{case_id}'), 'review', json_build_object('due_at', now(), 'queue', 'nurse'),
               'drugs', (select json_agg(json_build_object('line', line, 'name', 'x', 'role', role, 'status', 'in_progress',
                 'valid_from', '2026-12-01', 'valid_through', '2026-12-31')) from line)), '{{}}'",
            lines.join(", ")
        ),
        offer(&case_id, "now()"),
    ];
    for (line, (_, status)) in (1_u32..).zip(drugs) {
        match status {
            DrugStatus::NonAuthorized => statements.push(determination(&case_id, line, "physician")),
            DrugStatus::Authorized | DrugStatus::ClinicalReviewNotRequired => {
                statements.push(determination(&case_id, line, "nurse").replace("'non_authorized'", "'authorized'"));
            }
            _ => {}
        }
        statements.push(format!("update case_lines set status = '{status}' where case_id = '{case_id}' and line = {line}"));
    }
    if status != CaseStatus::InProgress {
        let order_id = if status.has_order_id() { format!("'A{number}'") } else { "null".to_owned() };
        statements.push(format!(
            "update cases set status = '{status}', order_id = {order_id}, decided_at = now(), closed_at = now(), due_at = null
             where case_id = '{case_id}'"
        ));
    }
    statements.push(answer(&case_id, AS_THE_ROWS));
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
            assert_eq!(refused, Err("cases_status_follows_lines".to_owned()), "{one:?} {other:?} {wrong}");
        }
    }
}
