//! An order that the practice changed while it was in progress (SUB-08): decided again like a new one, then put back where its review
//! had got. Whatever nobody has looked at yet is looked at anew; what a person decided stays while it is about the same thing.

use super::drugs::HELD;
use super::review;
use crate::domain::case::{Case, Computed};
use crate::domain::line::CaseLine;
use crate::domain::order::{OrderRequest, OrderedDrug};
use crate::domain::refusal::{Fault, Refusal};
use crate::domain::roster::ProviderRow;
use crate::domain::vocabulary::{CallerRole, DrugRole, DrugStatus, Hold, NoticeCode, PathwayDetermination, Truth};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use uuid::Uuid;

/// What is known of the review so far.
#[derive(Debug, Clone, Copy)]
pub struct SoFar<'a> {
    /// The case before the change.
    pub case: &'a Case,
    /// What was computed for it, with what reviewers found of the Pathway.
    pub computed: &'a Computed,
    /// Every hold that was ever on it.
    pub holds_raised: &'a [Hold],
    /// Every case that it was ever said to be similar to.
    pub similar_cases: &'a [Uuid],
    /// Lines that a reviewer decided.
    pub lines_decided: &'a [u32],
}

/// Who changes the order.
#[derive(Debug, Clone, Copy)]
pub struct Editor<'a> {
    /// Role.
    pub role: CallerRole,
    /// Tax IDs, for practices.
    pub tax_ids: &'a [String],
    /// True where the order came from a servicing provider.
    pub of_servicing: bool,
}

/// A practice changes orders of its own providers only, in programs that take requests from its role (PRV-02, SUB-08). How the order
/// first came in does not matter for that, but whose order it is does: a servicing provider cannot give another practice's order to a third
/// one, which would read all of it. `ordered_by` are the tax IDs of the ordering provider as it was.
///
/// # Errors
/// The refusal to answer with.
pub fn may_edit(
    editor: Editor<'_>,
    submitters: &[CallerRole],
    ordered_by: &[&str],
    ordering: Option<&ProviderRow>,
    servicing: Option<&ProviderRow>,
) -> Result<(), Refusal> {
    let refuse = |detail: &str| Err(Refusal::NotPermitted { detail: detail.to_owned() });
    if !submitters.contains(&editor.role) {
        return refuse("the program does not take requests from this role (SUB-08)");
    }
    let foreign = |row: Option<&ProviderRow>| row.is_some_and(|row| !row.tax_ids.iter().any(|id| editor.tax_ids.contains(id)));
    match editor.role {
        CallerRole::OrderingProvider if foreign(ordering) => {
            refuse("the ordering provider does not belong to a tax ID that this token acts for (PRV-02)")
        }
        CallerRole::ServicingProvider if foreign(servicing) => {
            refuse("the servicing provider does not belong to a tax ID that this token acts for (PRV-02)")
        }
        CallerRole::ServicingProvider if !editor.of_servicing && is_given_away(ordered_by, ordering) => {
            let message = "the ordering provider is changed by the ordering practice or the call center (PRV-02)";
            Err(Refusal::Validation(vec![Fault::new("/ordering_provider", "not-changeable", message)]))
        }
        _ => Ok(()),
    }
}

/// True where somebody would be the ordering practice who was not.
fn is_given_away(ordered_by: &[&str], ordering: Option<&ProviderRow>) -> bool {
    ordering.is_some_and(|row| !row.tax_ids.iter().all(|id| ordered_by.contains(&id.as_str())))
}

/// An order is about one member of one plan; another member is another order. `member_ids` are those on file before and after.
///
/// # Errors
/// The faults to answer with.
pub fn same_member(
    before: &OrderRequest,
    after: &OrderRequest,
    member_ids: (&str, &str),
    same_person: bool,
) -> Result<(), Refusal> {
    let fault = |pointer: &str, what: &str| {
        let message = format!("{what} of an order cannot be changed: withdraw this order and submit another one");
        Fault::new(pointer, "not-changeable", message)
    };
    let mut faults = Vec::new();
    if before.member.health_plan != after.member.health_plan {
        faults.push(fault("/member/health_plan", "the health plan"));
    }
    if faults.is_empty() && (member_ids.0 != member_ids.1 || !same_person) {
        faults.push(fault("/member/member_id", "the member"));
    }
    if faults.is_empty() { Ok(()) } else { Err(Refusal::Validation(faults)) }
}

/// The case from now on: `fresh` and `computed` are what the engine decided about the changed order.
pub fn carry_over(so_far: &SoFar<'_>, fresh: &Case, computed: &mut Computed, now: DateTime<Utc>) -> Case {
    let raised: &[Hold] = fresh.review.as_ref().map_or(&[], |review| &review.holds);
    let (lifted, left): (Vec<Hold>, Vec<Hold>) = raised.iter().partition(|hold| stays_lifted(**hold, so_far, fresh));
    let mut kept = kept_lines(so_far, fresh);
    // an authorization does not outlive the count that it rests on (SAFE-13)
    kept.retain(|drug| drug.status != DrugStatus::Authorized || !is_outgrown(so_far, fresh, drug.line));
    review::units::keep(so_far.computed, computed, &kept);
    kept.retain(|drug| drug.status != DrugStatus::Authorized || !review::needs_units(drug, computed));
    keep_pathway(so_far, fresh, computed, &kept);
    let mut case = review::resume(fresh, computed, &kept, &left, now);
    if lifted.contains(&Hold::PossibleDuplicate) {
        case.notices.retain(|notice| notice.code != NoticeCode::DuplicateOrder);
    }
    if let Some(reason) = case.status_reason.take().filter(|_| case.review.is_some()) {
        let words: Vec<String> = lifted.iter().map(|hold| hold.as_str().replace('_', " ")).collect();
        let parts: Vec<&str> = reason.split("; ").filter(|part| !words.iter().any(|word| word == part)).collect();
        case.status_reason = Some(parts.join("; "));
    }
    if let (Some(review), Some(before)) = (&mut case.review, &so_far.case.review) {
        review.queue = before.queue;
        review.peer_to_peer = before.peer_to_peer;
        review.attachments_received = before.attachments_received;
        review.attachments_received_at = before.attachments_received_at;
        // a practice cannot buy time by changing its order; making it urgent makes it due earlier
        review.due_at = review.due_at.min(before.due_at);
        review.overdue |= before.overdue;
        for asked in asked_by_reviewers(so_far.case) {
            if !review.asked_for.contains(asked) {
                review.asked_for.push(asked.clone());
            }
        }
    }
    case
}

/// What reviewers asked the practice for: the engine's own items are the messages of deviations.
pub fn asked_by_reviewers(case: &Case) -> impl Iterator<Item = &String> {
    let asked = case.review.iter().flat_map(|review| &review.asked_for);
    asked.filter(|item| !case.deviations.iter().any(|deviation| deviation.message == **item))
}

/// A hold that a reviewer lifted stays lifted while it would be raised for the same reason (DUP-02, CAS-08).
fn stays_lifted(hold: Hold, so_far: &SoFar<'_>, fresh: &Case) -> bool {
    let before = so_far.case;
    let still_on = before.review.as_ref().is_some_and(|review| review.holds.contains(&hold));
    if still_on || !so_far.holds_raised.contains(&hold) {
        return false;
    }
    let (was, is) = (&before.request, &fresh.request);
    match hold {
        Hold::PossibleDuplicate => {
            named(fresh, NoticeCode::DuplicateOrder).all(|case_id| so_far.similar_cases.contains(&case_id))
        }
        Hold::CustomTreatmentPlan | Hold::DoseOutOfBounds | Hold::DuplicateTherapy => {
            was.treatment == is.treatment && was.clinical == is.clinical
        }
        Hold::SupportiveOnly => was.treatment == is.treatment && was.supportive_only == is.supportive_only,
        Hold::ServicingProviderNotOnFile => was.servicing_provider == is.servicing_provider,
        Hold::RadiationReview | Hold::PlanComparisonReview => {
            was.radiation == is.radiation && was.clinical == is.clinical && was.diagnosis == is.diagnosis
        }
        // what somebody looked at was this area of this patient, on these days, beside these courses
        Hold::ReIrradiation => {
            was.radiation == is.radiation
                && was.clinical == is.clinical
                && was.diagnosis == is.diagnosis
                && was.date_of_service == is.date_of_service
                && named(fresh, NoticeCode::EarlierRadiation)
                    .all(|case_id| named(before, NoticeCode::EarlierRadiation).any(|known| known == case_id))
        }
        Hold::OverlappingTreatment => was.treatment == is.treatment && was.date_of_service == is.date_of_service,
    }
}

/// The cases that notices of a kind name.
fn named(case: &Case, code: NoticeCode) -> impl Iterator<Item = Uuid> {
    case.notices.iter().filter(move |notice| notice.code == code).filter_map(|notice| notice.case_id)
}

/// What a reviewer found of the Pathway stays while it is about the same treatment of the same patient; a treatment that lost a drug does
/// not get its Pathway back (SCD-13).
fn keep_pathway(so_far: &SoFar<'_>, fresh: &Case, computed: &mut Computed, kept: &[CaseLine]) {
    let (was, is) = (&so_far.case.request, &fresh.request);
    let same = was.treatment == is.treatment
        && was.clinical == is.clinical
        && was.diagnosis == is.diagnosis
        && was.date_of_service == is.date_of_service;
    let before = so_far.computed.pathway.determination;
    let lost_a_drug = kept.iter().any(|drug| drug.role == DrugRole::Treatment && review::is_withdrawn(drug.status));
    if lost_a_drug || same && before == PathwayDetermination::OffPathway {
        if computed.pathway.determination == PathwayDetermination::OnPathway {
            review::leave_pathway(computed);
        }
    } else if same && before == PathwayDetermination::OnPathway {
        computed.pathway = so_far.computed.pathway.clone();
        computed.awards = computed.awards_on_pathway.clone();
    }
}

/// Lines withdrawn stay withdrawn while they name the same drug. Lines that a reviewer decided stay decided while the drug is ordered as
/// before, and while the rules object to it as they did: an authorization does not outlive a change that raises a new objection, nor a
/// denial one that answers an objection.
fn kept_lines(so_far: &SoFar<'_>, fresh: &Case) -> Vec<CaseLine> {
    let before = so_far.case;
    let unchanged = |line: u32| {
        let ordered = |request: &OrderRequest| {
            request
                .drugs()
                .find(|(.., drug)| drug.line == line)
                .map(|(_, _, phase, drug)| (phase.cycle_length_days, phase.cycles, phase.beside, drug.clone()))
        };
        ordered(&before.request) == ordered(&fresh.request) && before.request.radiation == fresh.request.radiation
    };
    let kept = |drug: &&CaseLine| {
        let Some(now) = fresh.lines().iter().find(|now| now.line == drug.line) else { return false };
        let same_drug = now.hcpcs == drug.hcpcs && now.name == drug.name;
        let same_order =
            || so_far.lines_decided.contains(&drug.line) && now.role == drug.role && same_drug && unchanged(drug.line);
        match drug.status {
            DrugStatus::VoluntarilyCancelled | DrugStatus::NotReviewedErrorEntry => same_drug,
            DrugStatus::NonAuthorized => same_order() && objections(fresh, now) == objections(before, drug),
            _ if decided_to_authorize(so_far, drug) => {
                same_order() && objections(fresh, now).is_subset(&objections(before, drug))
            }
            _ => false,
        }
    };
    before.lines().iter().filter(kept).map(as_decided).collect()
}

/// True where a reviewer set the units of a dose that goes by the body, and the body's measures changed.
fn is_outgrown(so_far: &SoFar<'_>, fresh: &Case, line: u32) -> bool {
    let (was, is) = (&so_far.case.request.clinical, &fresh.request.clinical);
    let same_body =
        was.height_cm == is.height_cm && was.weight_kg == is.weight_kg && was.serum_creatinine_mg_dl == is.serum_creatinine_mg_dl;
    let by_body = |drug: &OrderedDrug| drug.dose.or(drug.loading_dose).is_some_and(|dose| dose.unit.is_relative());
    let set = so_far.computed.drugs.iter().any(|one| one.line == line && one.set_by_reviewer);
    set && !same_body && fresh.request.drugs().any(|(.., drug)| drug.line == line && by_body(drug))
}

/// Authorized by a reviewer, though it may wait for a hold that came later.
fn decided_to_authorize(so_far: &SoFar<'_>, drug: &CaseLine) -> bool {
    let waits = || so_far.computed.drugs.iter().any(|one| one.line == drug.line && one.status == DrugStatus::Authorized);
    drug.status == DrugStatus::Authorized || drug.status == DrugStatus::InProgress && waits()
}

fn as_decided(drug: &CaseLine) -> CaseLine {
    let mut drug = drug.clone();
    if drug.status == DrugStatus::InProgress {
        drug.status = DrugStatus::Authorized;
        if let Some(message) = drug.message.strip_prefix(HELD) {
            drug.message = message.to_owned();
        }
    }
    drug
}

/// The rules behind a drug that do not hold or could not be told.
fn objections(case: &Case, drug: &CaseLine) -> BTreeSet<(String, &'static str)> {
    let behind = case.findings.iter().filter(|finding| finding.outcome != Truth::Met && drug.findings.contains(&finding.id));
    behind.map(|finding| (finding.rule.to_string(), finding.outcome.as_str())).collect()
}
