//! What anybody is shown of a case is what lies in its rows, whoever writes: the lines of docs/guards.md, tried by hand.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "test crate")]

use super::guards::{AS_THE_ROWS, answer, determination, offer, run};
use crate::support::http::Service;
use crate::support::submit::{
    HEALTH_PLAN, NURSE, ORDERING, assert_created, authorized_order, for_member, pending_order, sandbox, submit_with_key,
};
use oncoauth::jobs;
use serde_json::{Value, json};

const PHYSICIAN: &str = "sandbox-physician";
const PLAN: &str = "anthem-blue-medicare-advantage";

async fn place(service: &Service, order: &Value) -> String {
    assert_created(&service.post("/v1/orders", ORDERING, order).await)["case_id"].as_str().unwrap().to_owned()
}

async fn shown(service: &Service, case_id: &str) -> [Value; 3] {
    let feed = service.get(&format!("/v1/feeds/{PLAN}/events"), HEALTH_PLAN).await.json();
    [
        service.get(&format!("/v1/orders/{case_id}"), ORDERING).await.json(),
        service.get(&format!("/v1/orders/{case_id}/history"), ORDERING).await.json(),
        feed["items"].clone(),
    ]
}

fn refused(constraint: &str) -> Result<(), String> {
    Err(constraint.to_owned())
}

/// Each statement by itself is refused by the constraint beside it.
async fn all_refused(service: &Service, attempts: &[(String, &str)]) {
    for (statement, constraint) in attempts {
        assert_eq!(run(service, std::slice::from_ref(statement)).await, refused(constraint), "{statement}");
    }
}

fn of(attempts: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
    attempts.iter().map(|(statement, constraint)| ((*statement).to_owned(), *constraint)).collect()
}

// proves DET-04
#[tokio::test]
async fn no_answer_tells_what_the_rows_do_not() {
    let service = sandbox().await;
    let case_id = place(&service, &pending_order()).await;
    let before = shown(&service, &case_id).await;
    for expression in [
        "was || '{\"status\": \"non_authorized\"}'",
        "was || '{\"status\": \"authorized\"}'",
        "was - 'status'",
        "was || '{\"order_id\": \"A00000000G\"}'",
        "was || '{\"case_number\": \"C00000000G\"}'",
        "was || '{\"pathway_eligible_id\": \"P00000000G\"}'",
        "was || '{\"case_id\": \"00000000-0000-7000-8000-000000000000\"}'",
        "was || '{\"decided_at\": \"2026-12-01T00:00:00Z\"}'",
        "was || '{\"submitted_at\": \"2026-01-01T00:00:00Z\"}'",
        "jsonb_set(was, '{review,due_at}', '\"2030-01-01T00:00:00Z\"')",
        "jsonb_set(was, '{review,queue}', '\"physician\"')",
        "was || '{\"review\": null}'",
        "jsonb_set(was, '{drugs,0,status}', '\"non_authorized\"')",
        "jsonb_set(was, '{drugs,0,status}', '\"authorized\"')",
        "jsonb_set(was, '{drugs,0,order_id}', '\"A00000000G\"')",
        "jsonb_set(was, '{drugs,0,units_approved}', '9999')",
        "jsonb_set(was, '{drugs,0,visits_approved}', '366')",
        "jsonb_set(was, '{drugs,0,valid_through}', '\"2030-01-01\"')",
        "jsonb_set(was, '{drugs,0,denial}', '{\"reason_code\": \"x\", \"reason\": \"x\", \"rationale\": \"x\"}', true)",
        "jsonb_set(was, '{drugs}', (was -> 'drugs') - 0)",
        "jsonb_set(was, '{drugs}', ((was -> 'drugs') - 3) || (was -> 'drugs' -> 0))",
        "was || '{\"procedures\": [{\"line\": 1, \"code\": \"77385\", \"name\": \"x\", \"role\": \"treatment\", \"status\": \"non_authorized\"}]}'",
        "was || jsonb_build_object('drugs', '[]'::jsonb, 'procedures', was -> 'drugs')",
        "was || '{\"s_codes\": [{\"code\": \"S0353\", \"times\": 1, \"billable_from\": \"2026-12-01\", \"billable_through\": \"2026-12-31\"}]}'",
        "was || '{\"letters\": [{\"letter_id\": \"00000000-0000-7000-8000-000000000000\", \"kind\": \"denial\", \"to\": \"member\"}]}'",
        // the same key twice, and one that is written otherwise
        "left(was::text, -1) || ', \"status\": \"non_authorized\"}'",
        r#"left((was - 'status')::text, -1) || ', "st\u0061tus": "non_authorized"}'"#,
    ] {
        let told = answer(&case_id, expression);
        assert_eq!(run(&service, &[told]).await, refused("case_events_answer_agrees"), "{expression}");
    }
    // the two statements one after the other
    let event = format!(
        "insert into case_events (case_id, shard, seq, at, kind, actor_subject, actor_role, document, computed)
         select case_id, shard, 2, at, 'determined', 'somebody', 'physician', document, computed from case_events where case_id = '{case_id}'"
    );
    let moved = "update cases set document_seq = 2".to_owned();
    assert_eq!(run(&service, &[event, moved.clone()]).await, refused("case_events_answer_agrees"));
    assert_eq!(run(&service, &[moved]).await, refused("cases_answer_agrees"));
    assert_eq!(shown(&service, &case_id).await, before);
}

// proves DET-04
#[tokio::test]
async fn no_event_tells_a_denial_that_nobody_made_or_stands_out_of_its_order() {
    let service = sandbox().await;
    let case_id = place(&service, &pending_order()).await;
    let before = shown(&service, &case_id).await;
    let event = |seq: u32, at: &str, detail: &str| {
        format!(
            "insert into case_events (case_id, shard, seq, at, kind, actor_subject, actor_role, detail)
             select case_id, shard, {seq}, {at}, 'determined', 'somebody', 'physician', '{detail}' from cases where case_id = '{case_id}'"
        )
    };
    let (now, agrees, order) = ("submitted_at", "case_events_detail_agrees", "case_events_in_order");
    all_refused(
        &service,
        &[
            (event(2, now, r#"{"after": {"status": "non_authorized"}}"#), agrees),
            (event(2, now, r#"{"after": {"status": "authorized"}}"#), agrees),
            (event(2, now, r#"{"drugs": [{"line": 1, "decision": "non_authorized"}]}"#), agrees),
            (event(2, now, r#"{"before": {"drugs": [{"line": 1, "status": "non_authorized"}]}}"#), agrees),
            (event(2, "submitted_at - interval '2 minutes'", "{}"), order),
            (event(2, "'2020-01-01'", "{}"), order),
            (event(4, now, "{}"), order),
        ],
    )
    .await;
    assert_eq!(shown(&service, &case_id).await, before);
    // an event is an event, and the plan hears of it
    assert_eq!(run(&service, &[event(2, now, r#"{"note": "looked at"}"#)]).await, Ok(()));
    let [_, history, feed] = shown(&service, &case_id).await;
    assert_eq!((history["items"].as_array().unwrap().len(), feed.as_array().unwrap().len()), (2, 2));
}

// proves DET-04, SAFE-13, SCD-01
#[tokio::test]
async fn what_was_approved_is_not_raised_moved_or_given_to_somebody_else() {
    let service = sandbox().await;
    let case_id = place(&service, &authorized_order()).await;
    let before = shown(&service, &case_id).await;
    let answers = "cases_answer_agrees";
    all_refused(
        &service,
        &of(&[
            ("update case_lines set units_approved = units_approved * 10 where line = 1", answers),
            ("update case_lines set visits_approved = 300 where line = 1", answers),
            ("update case_lines set valid_through = valid_through + 365", answers),
            ("update cases set valid_through = valid_through + 365", answers),
            ("update cases set valid_from = valid_from - 365", answers),
            ("update cases set pathway_id = 'another'", answers),
            ("update cases set decided_at = decided_at - interval '1 day'", answers),
            ("update cases set urgency = 'urgent'", answers),
            ("update cases set case_number = overlay(case_number placing '000000G' from 4)", answers),
            ("update cases set pathway_eligible_id = overlay(pathway_eligible_id placing '000000G' from 4)", answers),
            ("update cases set lines = 3", "cases_lines_counted"),
            ("update cases set member_id = 'XKM100200301'", "cases_stay_whose_they_are"),
            ("update cases set person = '1950-01-16 other'", "cases_stay_whose_they_are"),
            ("update cases set health_plan = 'bcbs-michigan'", "cases_stay_whose_they_are"),
            ("update cases set program = 'qccp'", "cases_stay_whose_they_are"),
            ("update cases set submitted_at = submitted_at - interval '1 day'", "cases_stay_whose_they_are"),
            ("update case_lines set code = 'J9999' where line = 1", "case_lines_stay_what_they_are"),
            ("update case_lines set role = 'supportive'", "case_lines_stay_what_they_are"),
            ("update case_lines set computed_status = 'in_progress'", "case_lines_stay_what_they_are"),
            ("delete from case_lines where line = 4", "cases_lines_counted"),
            (
                "insert into case_lines (case_id, shard, line, name, role, status, computed_status, valid_from, valid_through)
                 select case_id, shard, 99, 'x', 'treatment', 'authorized', 'authorized', valid_from, valid_through from cases",
                "cases_lines_counted",
            ),
            ("update s_code_awards set times = 12", "s_code_awards_stay"),
            ("update s_code_awards set billable_through = '2040-01-01'", "s_code_awards_stay"),
            ("delete from s_code_awards", "s_code_awards_append_only"),
            ("truncate s_code_awards", "s_code_awards_never_truncated"),
        ]),
    )
    .await;
    assert_eq!(shown(&service, &case_id).await, before);
}

// proves DET-02, SAFE-13
#[tokio::test]
async fn a_pended_case_is_approved_by_somebody_or_not_at_all() {
    let service = sandbox().await;
    let case_id = place(&service, &pending_order()).await;
    let by_hand = [
        "update case_lines set status = 'authorized', units_approved = 1, visits_approved = 1, valid_from = c.valid_from,
           valid_through = c.valid_through
         from cases c where c.case_id = case_lines.case_id"
            .to_owned(),
        "update cases set status = 'authorized', order_id = overlay('A00000000G' placing substr(case_number, 2, 2) from 2), decided_at = now(), closed_at = now(), due_at = null"
            .to_owned(),
        answer(&case_id, AS_THE_ROWS),
    ];
    assert_eq!(run(&service, &by_hand).await, refused("case_lines_authorized_by_somebody"));
    // a denial is no authorization either
    let denied = [offer(&case_id, "now()")].into_iter().chain((1..=4).map(|line| determination(&case_id, line, "physician")));
    let denied: Vec<String> = denied.chain(by_hand.clone()).collect();
    assert_eq!(run(&service, &denied).await, refused("case_lines_authorized_by_somebody"));
    let awarded = format!(
        "insert into s_code_awards values ('{case_id}', shard_of_id('{case_id}'), 'S0353', 1, '2026-12-01', '2026-12-31')"
    );
    assert_eq!(run(&service, &[awarded]).await, refused("s_code_awards_on_pathway"));
    // what a nurse may do the database lets her do
    let decided = (1..=4).map(|line| determination(&case_id, line, "nurse").replace("'non_authorized'", "'authorized'"));
    let decided: Vec<String> = decided.chain(by_hand).collect();
    assert_eq!(run(&service, &decided).await, Ok(()));
    assert_eq!(service.get(&format!("/v1/orders/{case_id}"), ORDERING).await.json()["status"], "authorized");
}

// proves DET-04, APP-04
#[tokio::test]
async fn an_earlier_answer_is_not_put_back() {
    let service = sandbox().await;
    let case_id = place(&service, &pending_order()).await;
    let question = json!({"items": ["tumor board note"]});
    assert_created(&service.post(&format!("/v1/reviews/{case_id}/information-requests"), NURSE, &question).await);
    let back = "update cases set document_seq = 1".to_owned();
    assert_eq!(run(&service, &[back]).await, refused("cases_answer_agrees"));
    let case_alone = format!(
        "insert into cases select (jsonb_populate_record(c, jsonb_build_object(
           'case_id', overlay(c.case_id::text placing '000000000000' from 25),
           'case_number', overlay(c.case_number placing '000000G' from 4)))).* from cases c where case_id = '{case_id}'"
    );
    assert_eq!(run(&service, &[case_alone]).await, refused("cases_have_an_answer"));
}

// proves DET-05, DET-11
#[tokio::test]
async fn clocks_go_on_and_plans_are_told() {
    let service = sandbox().await;
    let case_id = place(&service, &pending_order()).await;
    all_refused(
        &service,
        &of(&[
            ("delete from timers", "cases_clock_runs"),
            ("update timers set due_at = due_at + interval '1 year'", "cases_clock_runs"),
            ("update cases set due_at = due_at + interval '1 year'", "cases_answer_agrees"),
            ("truncate timers", "timers_never_truncated"),
            ("delete from feed_outbox", "feed_outbox_delivered"),
            ("update feed_outbox set seq = 7", "feed_outbox_append_only"),
            ("truncate feed_outbox", "feed_outbox_never_truncated"),
            ("insert into feed_outbox select case_id, 9, shard from cases", "feed_outbox_of_events"),
        ]),
    )
    .await;
    jobs::tick(&service.app).await.unwrap();
    let told = |plan: &str, position: u32, seq: u32| {
        format!(
            "insert into feed_events (health_plan, position, event_id, case_id, seq)
             values ('{plan}', {position}, gen_random_uuid(), '{case_id}', {seq})"
        )
    };
    let other_plan = "insert into feeds (health_plan, last_position) values ('bcbs-michigan', 9)".to_owned();
    let event = answer(&case_id, "was");
    let wrong = "feed_events_of_their_plan";
    assert_eq!(run(&service, &[other_plan, event.clone(), told("bcbs-michigan", 1, 2)]).await, refused(wrong));
    // no such event, and a place that the feed has not come to
    assert_eq!(run(&service, &[told(PLAN, 1, 9)]).await, refused("feed_events_pkey"));
    let ahead = "update feeds set last_position = 2".to_owned();
    assert_eq!(run(&service, &[ahead, told(PLAN, 2, 9)]).await, refused(wrong));
    assert_eq!(run(&service, &[event, told(PLAN, 2, 2)]).await, refused(wrong));
}

// proves DET-10
#[tokio::test]
async fn no_letter_tells_what_its_case_does_not() {
    let service = sandbox().await;
    let pended = place(&service, &pending_order()).await;
    let approved = for_member(authorized_order(), "XKM100200302", "Example", "Retiree", "1955-03-21");
    let approved = place(&service, &approved).await;
    let letter = |case_id: &str, kind: &str, content: &str| {
        format!(
            "insert into letters (letter_id, case_id, shard, seq, kind, addressee, issued_at, content)
             select case_id, case_id, shard, document_seq, '{kind}', 'member', now(), {content} from cases where case_id = '{case_id}'"
        )
    };
    let content = |case_id: &str, kind: &str| {
        format!(
            "json_build_object('letter_id', gen_random_uuid(), 'case_id', '{case_id}', 'kind', '{kind}', 'to', 'member', 'issued_at', now(),
               'drugs', '[{{\"line\": 1, \"status\": \"non_authorized\"}}]'::json)"
        )
    };
    let wrong = "letters_tell_their_case";
    let mut attempts = vec![(letter(&pended, "approval", "null"), wrong)];
    for case_id in [&pended, &approved] {
        attempts.push((letter(case_id, "denial", "null"), "letters_denials_are_kept"));
        attempts.push((letter(case_id, "denial", "'{}'"), wrong));
        attempts.push((letter(case_id, "denial", &content(case_id, "denial")), wrong));
        attempts.push((letter(case_id, "approval", &content(case_id, "approval")), wrong));
    }
    all_refused(&service, &attempts).await;
    // listed in the answer, which is as the rows are, and about a line that is not denied
    let listed = format!(
        "was || jsonb_build_object('letters', jsonb_build_array(jsonb_build_object('letter_id', '{approved}', 'kind', 'approval',
           'to', 'member', 'issued_at', c.submitted_at)))"
    );
    let told = |lines: &str| {
        format!(
            "insert into letters (letter_id, case_id, shard, seq, kind, addressee, issued_at, content)
             select '{approved}', case_id, shard, document_seq, 'approval', 'member', submitted_at, json_build_object('letter_id', '{approved}',
               'case_id', case_id, 'kind', 'approval', 'to', 'member', 'issued_at', submitted_at, 'order_id', order_id, 'drugs', {lines})
             from cases where case_id = '{approved}'"
        )
    };
    let denies = r#"'[{"line": 1, "status": "non_authorized", "reason_code": "x", "rationale": "x"}]'::json"#;
    assert_eq!(run(&service, &[answer(&approved, &listed), told(denies)]).await, refused(wrong));
    assert_eq!(run(&service, &[answer(&approved, &listed), told("'[]'::json")]).await, Ok(()));
    // a case that was denied: no second letter, and none in other words
    let offered = json!({"event": "offered", "with": "front desk"});
    assert_created(&service.post(&format!("/v1/reviews/{pended}/peer-to-peer"), PHYSICIAN, &offered).await);
    let denial = json!({"drugs": [{"line": 2, "decision": "non_authorized", "reason_code": "not_medically_necessary",
                                   "rationale": "the evidence does not support this drug here"}]});
    assert_created(&service.post(&format!("/v1/reviews/{pended}/determinations"), PHYSICIAN, &denial).await);
    let copy = format!(
        "insert into letters (letter_id, case_id, shard, seq, kind, addressee, issued_at, content)
         select case_id, case_id, shard, seq, kind, addressee, issued_at, content from letters where case_id = '{pended}'"
    );
    assert_eq!(run(&service, &[copy]).await, refused(wrong));
    let listed = format!(
        "was || jsonb_build_object('letters', (was -> 'letters') || jsonb_build_object('letter_id', '{pended}', 'kind', 'denial',
           'to', 'member', 'issued_at', c.submitted_at))"
    );
    let reworded = format!(
        "insert into letters (letter_id, case_id, shard, seq, kind, addressee, issued_at, content)
         select '{pended}', l.case_id, l.shard, c.document_seq, 'denial', 'member', c.submitted_at,
           replace((l.content::jsonb || jsonb_build_object('letter_id', '{pended}', 'issued_at', c.submitted_at))::text,
             'the evidence does not support this drug here', 'too expensive')::json
         from letters l join cases c on c.case_id = l.case_id where l.case_id = '{pended}' and l.addressee = 'member'"
    );
    let as_written = reworded.replace("too expensive", "the evidence does not support this drug here");
    assert_eq!(run(&service, &[answer(&pended, &listed), reworded]).await, refused(wrong));
    assert_eq!(run(&service, &[answer(&pended, &listed), as_written]).await, Ok(()));
}

// proves DUP-03, DET-04
#[tokio::test]
async fn what_is_answered_again_is_what_was_answered() {
    let service = sandbox().await;
    let case = assert_created(&submit_with_key(&service, ORDERING, "once", &pending_order()).await);
    let case_id = case["case_id"].as_str().unwrap();
    let kept = |body: &str| {
        format!(
            "insert into idempotency_keys (subject, key, fingerprint, status, body, about, created_at)
             values ('practice', 'other', sha256('x'), 201, '{body}', array['{case_id}'::uuid], now())"
        )
    };
    let sent = |answer: &str| {
        format!(
            "insert into sent_requests (case_id, shard, seq, subject, system, value, received_at, document, fingerprint, answer)
             values ('{case_id}', shard_of_id('{case_id}'), 1, 'practice', 'urn:x', '1', now(), '{{}}', sha256('x'), '{answer}')"
        )
    };
    let denial = "idempotency_keys_tell_no_denial";
    all_refused(
        &service,
        &[
            (r#"update idempotency_keys set body = '{"status": "non_authorized"}'"#.to_owned(), "idempotency_keys_append_only"),
            (kept(r#"{"status": "non_authorized"}"#), denial),
            (kept(r#"{"case": {"drugs": [{"line": 1, "status": "non_authorized"}]}}"#), denial),
            (sent(r#"{"entry": [{"coding": [{"code": "A3"}]}]}"#), "sent_requests_tell_no_denial"),
        ],
    )
    .await;
    // what a request says in its own words is not an answer
    assert_eq!(run(&service, &[kept(r#"{"status": "in_progress", "request": {"status": "non_authorized"}}"#)]).await, Ok(()));
    let again = submit_with_key(&service, ORDERING, "once", &pending_order()).await.json();
    assert_eq!(again, case);
}
