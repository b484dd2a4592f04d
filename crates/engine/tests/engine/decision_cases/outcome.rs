//! What came of a case: a refusal, or a case after everything that was done to it.

use super::format::{Step, set};
use crate::support::orders::Situation;
use oncoauth::domain::case::{Case, Computed, PeerToPeer, Review, ReviewQueue};
use oncoauth::domain::content::Content;
use oncoauth::domain::order::OrderRequest;
use oncoauth::domain::refusal::{Fault, Refusal};
use oncoauth::domain::vocabulary::{CallerRole, CaseStatus, Service};
use oncoauth::rules::Decision;
use oncoauth::rules::review::{LineDecision, PhysicianReview, Withdrawal, decide_duplicate, determine, withdraw};
use serde_json::Value;
use std::collections::BTreeMap;

/// The order is taken, decided and changed, and every step taken.
pub fn of(
    mut situation: Situation,
    changes: &[BTreeMap<String, Value>],
    steps: &[Step],
    content: &Content,
) -> Result<Result<Case, Refusal>, String> {
    let mut decision = match situation.decide(content) {
        Ok(decision) => decision,
        Err(refusal) => return Ok(Err(refusal)),
    };
    for change in changes {
        let before = case(decision, &situation);
        set(&mut situation.order, change)?;
        decision = match situation.decide_after(Some(&before), content) {
            Ok(decision) => decision,
            Err(refusal) => return Ok(Err(refusal)),
        };
    }
    let mut computed = decision.computed.clone();
    let mut case = case(decision, &situation);
    for step in steps {
        case = take(step, &case, &mut computed).map_err(|error| format!("step {step:?}: {error}"))?;
    }
    Ok(Ok(case))
}

fn case(decision: Decision, situation: &Situation) -> Case {
    let request: OrderRequest = serde_json::from_value(situation.order.clone()).expect("an order");
    let received = chrono::DateTime::parse_from_rfc3339(&situation.received).expect("an instant").to_utc();
    let review = decision.due_at.map(|due_at| Review {
        queue: ReviewQueue::Nurse,
        due_at,
        time_zone: decision.time_zone.to_string(),
        overdue: false,
        holds: decision.holds.clone(),
        asked_for: decision.asked_for.clone(),
        peer_to_peer: PeerToPeer::NotOffered,
        attachments_received: 0,
        attachments_received_at: None,
    });
    let lines: Vec<_> = decision.drugs.into_iter().map(|decided| decided.drug).collect();
    let of_radiation = request.service == Some(Service::RadiationOncology);
    let (drugs, procedures) = if of_radiation { (Vec::new(), lines) } else { (lines, Vec::new()) };
    Case {
        case_id: uuid::Uuid::from_u128(7),
        case_number: None,
        order_id: decision.status.has_order_id().then(|| "A000000001".to_owned()),
        pathway_eligible_id: None,
        status: decision.status,
        status_reason: decision.status_reason,
        program: decision.program,
        content_release: decision.content_release,
        submitted_at: received,
        decided_at: decision.decided_at,
        urgency: request.urgency(),
        drugs,
        procedures,
        pathway: decision.pathway,
        deviations: decision.deviations,
        notices: decision.notices,
        s_codes: Some(decision.s_codes),
        s_codes_withheld: decision.s_codes_withheld,
        review,
        findings: decision.findings,
        member_on_file: None,
        letters: Vec::new(),
        request,
    }
}

fn take(step: &Step, case: &Case, computed: &mut Computed) -> Result<Case, String> {
    let now = case.submitted_at;
    let said = |error: oncoauth::rules::review::ReviewError| error.to_string();
    match step {
        Step::Determine { authorize, deny } => {
            let physician = PhysicianReview::of(CallerRole::Physician, PeerToPeer::Offered).map_err(said)?;
            let decisions: Vec<LineDecision> = authorize
                .iter()
                .map(|line| LineDecision::Authorize { line: *line, set: None, review: None })
                .chain(deny.iter().map(|line| LineDecision::Deny { line: *line, review: physician }))
                .collect();
            let (case, after) = determine(case, computed, &decisions, None, now).map_err(said)?;
            *computed = after;
            Ok(case)
        }
        Step::Duplicate { is_one } => decide_duplicate(case, computed, *is_one, now).map_err(said),
        Step::Withdraw { lines, error_entry } => {
            let reason = if *error_entry { Withdrawal::ErrorEntry } else { Withdrawal::VoluntarilyCancelled };
            let after = withdraw(case, computed, lines.as_deref(), reason, false, now).map_err(said)?;
            *computed = after.computed;
            Ok(after.case)
        }
    }
}

/// The contract's name of a refusal.
pub const fn slug(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Validation(_) => "validation-failed",
        Refusal::NotOfThisService(_) => "not-of-this-service",
        Refusal::MissingRequired(_) => "missing-required-information",
        Refusal::NotEligible(_) => "not-eligible",
        Refusal::MemberNotFound => "member-not-found",
        Refusal::MemberMismatch => "member-mismatch",
        Refusal::CoverageNotActive { .. } => "coverage-not-active",
        Refusal::RetrospectiveWindowClosed { .. } => "retrospective-window-closed",
        Refusal::ChannelNotAccepted { .. } => "channel-not-accepted",
        Refusal::OrderingProviderNotOnFile { .. } => "ordering-provider-not-on-file",
        Refusal::NotPermitted { .. } => "not-permitted",
    }
}

/// The faults of a refusal.
pub fn faults(refusal: &Refusal) -> &[Fault] {
    match refusal {
        Refusal::Validation(faults) | Refusal::MissingRequired(faults) | Refusal::NotOfThisService(faults) => faults,
        _ => &[],
    }
}

/// Holds and items asked for are the review's.
pub fn review(case: &Case) -> Option<&Review> {
    case.review.as_ref().filter(|_| case.status == CaseStatus::InProgress)
}
