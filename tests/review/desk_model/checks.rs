//! What is read after every step, and held against the model and against what must never be.

use crate::desk_model::model::{Model, Status};
use crate::support::desk::*;
use crate::support::http::Service;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// Everything that can be read of a case, as text, so that nothing escapes a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The case as the administrator reads it.
    pub case: Value,
    /// Its version.
    pub version: i64,
    /// Its history.
    pub history: Vec<Value>,
    /// Who has it, and until when.
    pub claim: Option<(String, DateTime<Utc>)>,
    /// Kinds of timers.
    pub timers: Vec<String>,
}

/// Reads it.
pub async fn read(service: &Service, case_id: &str) -> Snapshot {
    let answer = service.get(&format!("/v1/orders/{case_id}"), ADMINISTRATOR).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    let id: uuid::Uuid = case_id.parse().unwrap();
    let claim = sqlx::query_as("select claimed_by, expires_at from review_claims where case_id = $1")
        .bind(id)
        .fetch_optional(&service.app.pool)
        .await
        .unwrap();
    let timers = sqlx::query_scalar("select kind from timers where case_id = $1 order by kind")
        .bind(id)
        .fetch_all(&service.app.pool)
        .await
        .unwrap();
    Snapshot {
        version: answer.header("etag").trim_matches('"').parse().unwrap(),
        case: answer.json(),
        history: events(service, case_id).await,
        claim,
        timers,
    }
}

/// Fails unless the case is what the model says, and grew out of what it was.
pub fn agree(model: &Model, before: &Snapshot, after: &Snapshot) {
    let case = &after.case;
    assert_eq!(case["status"], model.status(), "status");
    let statuses: Vec<_> = case["drugs"].as_array().unwrap().iter().map(|drug| drug["status"].as_str().unwrap()).collect();
    let expected: Vec<_> = model.lines.iter().map(|line| line.status.word()).collect();
    assert_eq!(statuses, expected, "drugs");
    assert_eq!(after.version, model.version, "version");
    let kinds: Vec<_> = after.history.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, model.events, "history");
    assert!(after.history[..before.history.len()] == before.history, "history is never rewritten");
    let claim = after.claim.as_ref().map(|(by, until)| (by.as_str(), *until));
    assert_eq!(claim, model.claim, "claim");
    if model.is_open() {
        let review = &case["review"];
        assert_eq!(review["queue"], if model.with_physicians { "physician" } else { "nurse" }, "queue");
        assert_eq!(review["peer_to_peer"], model.discussion, "discussion");
        assert_eq!(review["holds"], json!(model.holds), "holds");
        assert_eq!(review["overdue"], model.overdue || model.due < model.now, "overdue");
        let due: DateTime<Utc> = review["due_at"].as_str().unwrap().parse().unwrap();
        assert_eq!(due, model.due, "deadline");
    }
    let on_pathway = model.is_approved() && model.on_pathway;
    assert_eq!(case["pathway"]["determination"] == "on_pathway", on_pathway, "Pathway {}", case["pathway"]["determination"]);
    never(case, before, after);
}

/// What must hold of every case whatever happened to it.
fn never(case: &Value, before: &Snapshot, after: &Snapshot) {
    let status = case["status"].as_str().unwrap();
    let open = status == "in_progress";
    assert_eq!(case["review"].is_null(), !open, "review is null once decided");
    assert_eq!(case["decided_at"].is_null(), open, "decided_at");
    if !open {
        assert_eq!((&after.claim, &after.timers), (&None, &Vec::new()), "a decided case has neither claim nor timers");
    }
    let approved = matches!(status, "completed" | "authorized" | "multiple_decisions_rendered");
    assert_eq!(case["order_id"].is_string(), approved, "DET-09");
    if approved && before.case["order_id"].is_string() {
        assert_eq!(case["order_id"], before.case["order_id"], "an Order ID stays");
    }
    let on_pathway = case["pathway"]["determination"] == "on_pathway";
    assert_eq!(case["pathway_eligible_id"].is_string(), on_pathway, "SCD-01, SCD-11");
    assert_eq!(case["s_codes"].as_array().is_some_and(|codes| !codes.is_empty()), on_pathway, "SCD-01: {}", case["s_codes"]);
    if open {
        assert_eq!(case["pathway"]["determination"], "not_determined", "CAS-01");
    }
    if status == "non_authorized" {
        assert_eq!(case["pathway"]["determination"], "not_eligible", "SCD-11");
    }
    for drug in case["drugs"].as_array().unwrap() {
        let may_be_given = approved && matches!(drug["status"].as_str().unwrap(), "authorized" | "clinical_review_not_required");
        assert_eq!(drug["order_id"], if may_be_given { case["order_id"].clone() } else { Value::Null }, "{drug}");
        assert!(status != "non_authorized" || drug["status"] != Status::Authorized.word(), "CAS-09");
        let (is_authorized, has_code) = (drug["status"] == Status::Authorized.word(), drug["hcpcs"].is_string());
        if is_authorized && has_code && (approved || open) {
            let counted = |field: &str| drug[field].as_u64().is_some_and(|number| number > 0);
            assert!(counted("units_approved") && counted("visits_approved") && counted("units_per_visit"), "SAFE-13: {drug}");
        }
        assert_eq!(drug["denial"]["rationale"].is_string(), drug["status"] == Status::Denied.word(), "DET-10: {drug}");
        if drug["status"] == Status::Denied.word() {
            assert_eq!((&drug["units_approved"], &drug["valid_from"]), (&Value::Null, &Value::Null), "{drug}");
        }
    }
    for event in &after.history[before.history.len()..] {
        assert!(event["actor"].is_string() && event["actor_role"].is_string() && event["at"].is_string(), "{event}");
        let changes = !matches!(
            event["kind"].as_str().unwrap(),
            "claimed" | "claim_released" | "claim_expired" | "reconsideration_requested" | "s_codes_voided"
        );
        if changes {
            assert!(event["detail"]["before"]["status"].is_string() && event["detail"]["after"]["drugs"].is_array(), "{event}");
        }
    }
}

/// Every denied line was decided by a physician after the offer, whatever the database's own guards believe (DET-04).
pub async fn denials_are_a_physicians(service: &Service, case_id: &str) {
    let without: i64 = sqlx::query_scalar(
        "select count(*) from case_lines d where d.case_id = $1 and d.status = 'non_authorized' and not exists (
           select from determinations r join peer_to_peer_events o on o.case_id = r.case_id and o.event = 'offered'
           where r.case_id = d.case_id and r.line = d.line and r.decision = 'non_authorized' and r.role = 'physician'
             and r.decided_by in ('sandbox-physician', 'sandbox-second-physician') and o.recorded_at <= r.at)",
    )
    .bind(case_id.parse::<uuid::Uuid>().unwrap())
    .fetch_one(&service.app.pool)
    .await
    .unwrap();
    assert_eq!(without, 0, "DET-04");
}
