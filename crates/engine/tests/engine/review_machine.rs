//! The state machine of review, walked through completely for small cases: every act of everybody in every state that can be reached,
//! breadth first. No path leads to a denial without an offered discussion and a physician, and the status always follows from the drugs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::support;

use chrono::{DateTime, Utc};
use oncoauth::domain::case::{Case, Computed, PeerToPeer, Review, ReviewQueue};
use oncoauth::domain::content::DeadlineEnd;
use oncoauth::domain::order::OrderRequest;
use oncoauth::domain::review::PeerToPeerEvent;
use oncoauth::domain::vocabulary::{CallerRole, CaseStatus, DrugRole, DrugStatus, Hold, PathwayDetermination};
use oncoauth::rules::derive::case_status;
use oncoauth::rules::review::expiry::{Ended, ExpiryReview, end};
use oncoauth::rules::review::reconsideration::{overturn, reviewer};
use oncoauth::rules::review::{
    LineDecision, PathwayChoice, PhysicianReview, Withdrawal, calls, decide_duplicate, determine, escalate, standing, withdraw,
};
use std::collections::{HashSet, VecDeque};
use support::orders::{RECEIVED, Situation, exact};

/// A state, and what is known of the way to it.
#[derive(Clone)]
struct State {
    case: Case,
    computed: Computed,
    offered: bool,
    physician_denied: bool,
    reviewer_acted: bool,
}

impl State {
    /// What tells states apart; times and words do not.
    fn key(&self) -> String {
        let case = &self.case;
        let drugs: Vec<_> = case.drugs.iter().map(|drug| drug.status).collect();
        let computed: Vec<_> = self.computed.drugs.iter().map(|drug| drug.status).collect();
        let review = case.review.as_ref().map(|review| (review.queue, review.overdue, review.holds.clone(), review.peer_to_peer));
        let known = (self.offered, self.physician_denied, self.reviewer_acted);
        format!(
            "{drugs:?} {computed:?} {review:?} {known:?} {:?} {:?}",
            self.computed.pathway.determination,
            case.order_id.is_some()
        )
    }
}

/// A case of two lines, each a treatment or a supportive drug, pending or merely held.
fn start(template: &Case, computed: &Computed, drugs: [(DrugRole, DrugStatus); 2], holds: &[Hold]) -> State {
    let mut case = template.clone();
    let mut computed = computed.clone();
    case.drugs.truncate(2);
    computed.drugs.truncate(2);
    for (index, (role, alone)) in drugs.into_iter().enumerate() {
        case.drugs[index].role = role;
        computed.drugs[index].status = alone;
        case.drugs[index].status = if holds.is_empty() { alone } else { DrugStatus::InProgress };
    }
    case.status = case_status(case.drugs.iter().map(|drug| (drug.role, drug.status)));
    case.order_id = None;
    case.pathway_eligible_id = None;
    let due_at = "2026-11-30T09:00:00-06:00".parse().unwrap();
    case.decided_at = None;
    case.review = Some(Review {
        queue: ReviewQueue::Nurse,
        due_at,
        time_zone: "America/Chicago".to_owned(),
        overdue: false,
        holds: holds.to_vec(),
        asked_for: Vec::new(),
        peer_to_peer: PeerToPeer::NotOffered,
        attachments_received: 0,
        attachments_received_at: None,
    });
    (case.pathway, _) = standing(case.status, &computed);
    case.s_codes = None;
    State { case, computed, offered: false, physician_denied: false, reviewer_acted: false }
}

fn template() -> (Case, Computed) {
    let content = support::content();
    let situation = Situation::new(exact(content.regimen("BRE-TCH").unwrap(), content, "bma"), "bma");
    let decision = situation.decide(content).unwrap();
    let request: OrderRequest = serde_json::from_value(situation.order).unwrap();
    let computed = decision.computed.clone();
    let case = Case {
        case_id: uuid::Uuid::from_u128(7),
        case_number: None,
        order_id: None,
        pathway_eligible_id: None,
        status: decision.status,
        status_reason: None,
        program: decision.program,
        content_release: decision.content_release,
        submitted_at: now(),
        decided_at: None,
        urgency: request.urgency(),
        drugs: decision.drugs.into_iter().map(|decided| decided.drug).collect(),
        procedures: Vec::new(),
        pathway: decision.pathway,
        deviations: Vec::new(),
        notices: Vec::new(),
        s_codes: Some(decision.s_codes),
        s_codes_withheld: decision.s_codes_withheld,
        review: None,
        findings: Vec::new(),
        member_on_file: None,
        letters: Vec::new(),
        request,
    };
    (case, computed)
}

fn now() -> DateTime<Utc> {
    RECEIVED.parse().unwrap()
}

/// Every way to decide two lines: left alone, authorized, denied.
fn decisions(lines: &[u32], proof: Option<PhysicianReview>) -> Vec<Vec<LineDecision>> {
    let mut all = vec![Vec::new()];
    for line in lines {
        let mut grown = all.clone();
        for so_far in &all {
            grown.push([so_far.clone(), vec![LineDecision::Authorize { line: *line, set: None, review: None }]].concat());
            if let Some(review) = proof {
                grown.push([so_far.clone(), vec![LineDecision::Deny { line: *line, review }]].concat());
            }
        }
        all = grown;
    }
    all.retain(|decisions| !decisions.is_empty());
    all
}

fn denies(decisions: &[LineDecision]) -> bool {
    decisions.iter().any(|decision| matches!(decision, LineDecision::Deny { .. }))
}

/// Everything that may be said about the discussion.
const CALLS: [PeerToPeerEvent; 5] = [
    PeerToPeerEvent::Offered,
    PeerToPeerEvent::Scheduled,
    PeerToPeerEvent::Held,
    PeerToPeerEvent::Declined,
    PeerToPeerEvent::Unreachable,
];

/// Every state that one act leads to.
fn successors(state: &State, lines: &[u32]) -> Vec<State> {
    let mut next = Vec::new();
    let mut to = |case: Case, computed: Computed, change: &dyn Fn(&mut State)| {
        let mut after = State { case, computed, ..state.clone() };
        change(&mut after);
        // the service draws a number for what is approved
        if after.case.status.has_order_id() {
            after.case.order_id.get_or_insert_with(|| "A000000001".to_owned());
        }
        next.push(after);
    };
    let (case, computed) = (&state.case, &state.computed);
    let discussion = case.review.as_ref().map_or(PeerToPeer::NotOffered, |review| review.peer_to_peer);
    for role in [CallerRole::Nurse, CallerRole::Physician, CallerRole::Administrator, CallerRole::OrderingProvider] {
        let proof = PhysicianReview::of(role, discussion).ok();
        for decided in decisions(lines, proof) {
            for pathway in [None, Some((PathwayChoice::Off, "")), Some((PathwayChoice::On, "PW-BRE-TCH"))] {
                let Ok((after, found)) = determine(case, computed, &decided, pathway, now()) else { continue };
                let denied = denies(&decided);
                to(after, found, &|state| {
                    state.reviewer_acted = true;
                    state.physician_denied |= denied && role == CallerRole::Physician;
                });
            }
        }
        // what a role may not say now it may not say for the end of the clock either
        for recorded in [vec![1], vec![2], vec![1, 2]] {
            let recorded = ExpiryReview { role, lines: recorded, superseded: false };
            for rule in [DeadlineEnd::DenyIfReviewed, DeadlineEnd::Escalate] {
                match end(case, computed, rule, Some(&recorded), now()) {
                    Ended::Denied(after) => to(*after, computed.clone(), &|state| {
                        state.physician_denied |= role == CallerRole::Physician;
                    }),
                    Ended::Escalated(after) => to(*after, computed.clone(), &|_| {}),
                    Ended::Nothing => {}
                }
            }
        }
        // two physicians; the one who denied is "first"
        if let Ok(review) = reviewer(role, "second", &["first".to_owned()]) {
            for mut decided in decisions(lines, Some(review)) {
                decided.dedup_by_key(|decision| decision.line());
                if let Ok((after, computed)) = overturn(case, computed, &decided, now()) {
                    to(after, computed, &|_| {});
                }
            }
        }
    }
    if let Ended::Escalated(after) = end(case, computed, DeadlineEnd::DenyIfReviewed, None, now()) {
        to(*after, computed.clone(), &|_| {});
    }
    for event in CALLS {
        if let Ok(after) = calls::record(case, event) {
            to(after, computed.clone(), &|state| {
                state.offered |= event == PeerToPeerEvent::Offered;
                state.reviewer_acted = true;
            });
        }
    }
    if let Ok(after) = escalate(case) {
        to(after, computed.clone(), &|state| state.reviewer_acted = true);
    }
    for duplicate in [true, false] {
        if let Ok(after) = decide_duplicate(case, computed, duplicate, now()) {
            to(after, computed.clone(), &|state| state.reviewer_acted = true);
        }
    }
    for taken in [None, Some(&lines[..1]), Some(&lines[1..]), Some(lines)] {
        for reason in [Withdrawal::VoluntarilyCancelled, Withdrawal::ErrorEntry] {
            if let Ok(after) = withdraw(case, computed, taken, reason, state.reviewer_acted, now()) {
                to(after.case, after.computed, &|_| {});
            }
        }
    }
    next
}

/// What holds in every state that can be reached.
fn check(before: &State, after: &State) {
    let case = &after.case;
    let told = || format!("{}\n-> {}", before.key(), after.key());
    let denied = case.drugs.iter().any(|drug| drug.status == DrugStatus::NonAuthorized);
    assert!(!denied || after.offered && after.physician_denied, "DET-04: {}", told());
    assert_eq!(case.status, case_status(case.drugs.iter().map(|drug| (drug.role, drug.status))), "CAS-08: {}", told());
    let open = case.status == CaseStatus::InProgress;
    assert_eq!((case.review.is_some(), case.decided_at.is_none()), (open, open), "{}", told());
    assert!(case.order_id.is_none() || case.status.has_order_id(), "DET-09: {}", told());
    let on_pathway = case.pathway.determination == PathwayDetermination::OnPathway;
    assert!(!on_pathway || case.status.has_order_id(), "CAS-01, SCD-11: {}", told());
    assert!(on_pathway || case.s_codes.as_ref().is_none_or(Vec::is_empty), "SCD-01: {}", told());
    if case.status == CaseStatus::NonAuthorized {
        assert!(case.drugs.iter().all(|drug| drug.status != DrugStatus::Authorized), "CAS-09: {}", told());
    }
    let held = case.review.as_ref().is_some_and(|review| !review.holds.is_empty());
    assert!(!held || case.drugs.iter().all(|drug| drug.status != DrugStatus::Authorized), "CAS-08, held: {}", told());
    let withdrawn = |status| matches!(status, DrugStatus::VoluntarilyCancelled | DrugStatus::NotReviewedErrorEntry);
    for (was, is) in before.case.drugs.iter().zip(&case.drugs) {
        assert!(!withdrawn(was.status) || was.status == is.status, "what was withdrawn stays so: {}", told());
    }
    let lost_treatment = case.drugs.iter().any(|drug| drug.role == DrugRole::Treatment && withdrawn(drug.status));
    assert!(!lost_treatment || !on_pathway, "SCD-13: {}", told());
}

// proves DET-02, DET-03, DET-04, CAS-04, CAS-05, CAS-06, CAS-07, CAS-08, CAS-09, DRG-05, DRG-06, DUP-02, SCD-11, SCD-13
#[test]
fn no_way_leads_to_a_denial_without_an_offer_and_a_physician() {
    use DrugRole::{Supportive, Treatment};
    use DrugStatus::{Authorized, ClinicalReviewNotRequired, InProgress, OtherImpact};
    let (template, computed) = template();
    let alone = [InProgress, Authorized, ClinicalReviewNotRequired, OtherImpact];
    let holds: [&[Hold]; 4] =
        [&[], &[Hold::CustomTreatmentPlan], &[Hold::PossibleDuplicate], &[Hold::CustomTreatmentPlan, Hold::PossibleDuplicate]];
    let mut seen = HashSet::new();
    let mut queue = VecDeque::new();
    for roles in [[Treatment, Treatment], [Treatment, Supportive], [Supportive, Supportive]] {
        for one in alone {
            for other in alone {
                for holds in holds {
                    if !holds.is_empty() || one == InProgress || other == InProgress {
                        queue.push_back(start(&template, &computed, [(roles[0], one), (roles[1], other)], holds));
                    }
                }
            }
        }
    }
    let mut reached = HashSet::new();
    let lines: Vec<u32> = queue[0].case.drugs.iter().map(|drug| drug.line).collect();
    while let Some(state) = queue.pop_front() {
        for after in successors(&state, &lines) {
            check(&state, &after);
            reached.insert(after.case.status);
            let roles: Vec<_> = after.case.drugs.iter().map(|drug| drug.role).collect();
            if seen.insert(format!("{roles:?} {}", after.key())) {
                queue.push_back(after);
            }
        }
    }
    for status in CaseStatus::ALL {
        assert!(reached.contains(status), "{status} is never reached");
    }
    assert!(seen.len() > 1000, "{} states only", seen.len());
}
