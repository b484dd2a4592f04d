//! What reviewers, practices and deadlines do to a case: every change of a drug's status after the first decision goes through here,
//! and the case status, Pathway and S-codes follow (CAS-04…09, DUP-02, DRG-05, DRG-06, SCD-11, SCD-13).
//!
//! A denial needs a [`PhysicianReview`], which only a physician's review after an offered peer-to-peer discussion can make (DET-04).

pub mod calls;
mod error;
pub mod expiry;
pub mod reconsideration;
pub(in crate::rules) mod units;
mod withdrawal;

pub use error::ReviewError;
pub use units::{SetUnits, counted, needs_units, part_refused};
pub use withdrawal::{Withdrawal, Withdrawn, withdraw};

use super::derive::case_status;
use super::drugs::HELD;
use crate::domain::case::{Awards, Case, Computed, ComputedDrug, PeerToPeer, ReviewQueue};
use crate::domain::line::CaseLine;
use crate::domain::vocabulary::{
    CallerRole, CaseStatus, DrugRole, DrugStatus, Hold, NoticeCode, PathwayDetermination, SCodesWithheld,
};
use chrono::{DateTime, Utc};

/// Proof that a physician reviewed a case whose peer-to-peer discussion was offered.
#[derive(Debug, Clone, Copy)]
pub struct PhysicianReview(());

impl PhysicianReview {
    /// Only a physician, and only after the offer (DET-03, DET-04).
    ///
    /// # Errors
    /// Which of the two is missing.
    pub const fn of(role: CallerRole, peer_to_peer: PeerToPeer) -> Result<Self, ReviewError> {
        match (role, peer_to_peer) {
            (CallerRole::Physician, PeerToPeer::NotOffered) => Err(ReviewError::PeerToPeerNotOffered),
            (CallerRole::Physician, _) => Ok(Self(())),
            _ => Err(ReviewError::OnlyPhysiciansDeny),
        }
    }
}

/// What a reviewer decided about one line.
#[derive(Debug, Clone, Copy)]
pub enum LineDecision {
    /// Authorized.
    Authorize {
        /// Line.
        line: u32,
        /// Visits and units as the reviewer sets them; those counted by the engine where there are none (SAFE-13).
        set: Option<SetUnits>,
        /// Proof that less than was counted may be authorized.
        review: Option<PhysicianReview>,
    },
    /// Not authorized.
    Deny {
        /// Line.
        line: u32,
        /// Proof that it may be.
        review: PhysicianReview,
    },
}

impl LineDecision {
    /// The line decided.
    pub const fn line(self) -> u32 {
        match self {
            Self::Authorize { line, .. } | Self::Deny { line, .. } => line,
        }
    }
}

/// An order-level Pathway decision, where the engine could not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathwayChoice {
    /// The order follows the matched regimen's Pathway.
    On,
    /// It does not.
    Off,
}

/// Pathway and awards that a status goes with: nothing is determined in progress, nothing eligible when denied (CAS-01, SCD-11).
pub fn standing(status: CaseStatus, computed: &Computed) -> (crate::domain::case::Pathway, Awards) {
    // what belongs to drug regimens only is withheld for that reason in every status
    let never = computed.awards.withheld == Some(SCodesWithheld::NotApplicable);
    let none =
        |reason| Awards { s_codes: Vec::new(), withheld: Some(if never { SCodesWithheld::NotApplicable } else { reason }) };
    let (determination, awards) = match status {
        CaseStatus::InProgress => (PathwayDetermination::NotDetermined, none(SCodesWithheld::NotDecided)),
        CaseStatus::NonAuthorized | CaseStatus::ReviewCancelled => {
            (PathwayDetermination::NotEligible, none(SCodesWithheld::NotDecided))
        }
        _ => (computed.pathway.determination, computed.awards.clone()),
    };
    let mut pathway = computed.pathway.clone();
    pathway.determination = determination;
    pathway.pathway_id = pathway.pathway_id.filter(|_| determination == PathwayDetermination::OnPathway);
    (pathway, awards)
}

/// Applies a reviewer's decisions, and with `pathway` the finding about the Pathway of the matched regimen, empty where it has none. Lines that were only held return to what was computed for them; a denied treatment drug denies the
/// entire case (CAS-04, CAS-09).
///
/// # Errors
/// See [`ReviewError`].
pub fn determine(
    case: &Case,
    computed: &Computed,
    decisions: &[LineDecision],
    pathway: Option<(PathwayChoice, &str)>,
    now: DateTime<Utc>,
) -> Result<(Case, Computed), ReviewError> {
    let review = case.review.as_ref().ok_or(ReviewError::AlreadyDecided(case.status))?;
    if review.holds.contains(&Hold::PossibleDuplicate) {
        return Err(ReviewError::DuplicateUndecided);
    }
    let mut case = case.clone();
    let mut computed = computed.clone();
    for (index, decision) in decisions.iter().enumerate() {
        let line = decision.line();
        if decisions.iter().take(index).any(|earlier| earlier.line() == line) {
            return Err(ReviewError::DecidedTwice(line));
        }
        let drug = case.lines_mut().iter_mut().find(|drug| drug.line == line).ok_or(ReviewError::NoSuchLine(line))?;
        if drug.status != DrugStatus::InProgress {
            return Err(ReviewError::LineNotPending(line));
        }
        match decision {
            // held with the others, but not reviewed here: it returns to what it is when the hold is lifted
            LineDecision::Authorize { set: None, .. } if is_not_reviewed(drug, &computed) => {}
            _ if is_not_reviewed(drug, &computed) => return Err(ReviewError::NotReviewed(line)),
            LineDecision::Authorize { set, review, .. } => {
                units::count(drug, &mut computed, *set, *review)?;
                drug.status = DrugStatus::Authorized;
                drug.message = units::in_words(drug, *set, "clinical review");
            }
            LineDecision::Deny { .. } => {
                drug.status = DrugStatus::NonAuthorized;
                drug.message = format!("{} is not authorized after a physician's review", drug.name);
            }
        }
    }
    if let Some((choice, pathway_id)) = pathway {
        let whole = !case.lines().iter().any(|drug| drug.role == DrugRole::Treatment && is_withdrawn(drug.status));
        choose_pathway(choice, Some(pathway_id).filter(|id| whole && !id.is_empty()), &mut computed)?;
    }
    lift_holds(&mut case, &computed, &[]);
    deny_whole_case(&mut case);
    conclude(&mut case, &computed, now);
    Ok((case, computed))
}

/// Studied in a trial, or another entity's to review (DRG-03, DRG-04, DRG-08): nobody decides such a drug here.
pub fn is_not_reviewed(drug: &CaseLine, computed: &Computed) -> bool {
    let elsewhere = |of_engine: &ComputedDrug| {
        of_engine.line == drug.line && matches!(of_engine.status, DrugStatus::OtherImpact | DrugStatus::ReferToHealthPlan)
    };
    drug.role == DrugRole::Investigational || computed.drugs.iter().any(elsewhere)
}

/// `pathway_id` is the one that the order could follow; a treatment that lost a drug follows none (SCD-13).
fn choose_pathway(choice: PathwayChoice, pathway_id: Option<&str>, computed: &mut Computed) -> Result<(), ReviewError> {
    match choice {
        _ if computed.awards.withheld == Some(SCodesWithheld::NotApplicable) => return Err(ReviewError::NoPathwayToBeOn),
        PathwayChoice::On => {
            let pathway_id = pathway_id.ok_or(ReviewError::NoPathwayToBeOn)?;
            computed.pathway.determination = PathwayDetermination::OnPathway;
            computed.pathway.pathway_id = Some(pathway_id.to_owned());
            computed.pathway.options.clear();
            computed.awards = computed.awards_on_pathway.clone();
        }
        PathwayChoice::Off => leave_pathway(computed),
    }
    Ok(())
}

/// The order is not on a Pathway any more.
pub(super) fn leave_pathway(computed: &mut Computed) {
    computed.pathway.determination = PathwayDetermination::OffPathway;
    computed.pathway.pathway_id = None;
    computed.awards = Awards { s_codes: Vec::new(), withheld: Some(SCodesWithheld::OffPathway) };
}

/// The duplicate is decided (DUP-02): it is one and the review ends, or the review goes on as if the notice had not been raised.
///
/// # Errors
/// See [`ReviewError`].
pub fn decide_duplicate(case: &Case, computed: &Computed, duplicate: bool, now: DateTime<Utc>) -> Result<Case, ReviewError> {
    let review = case.review.as_ref().ok_or(ReviewError::AlreadyDecided(case.status))?;
    // the question is asked of similar cases first; where there are none, of other treatment on the same days
    let (answered, notice_answered) = if review.holds.contains(&Hold::PossibleDuplicate) {
        (Hold::PossibleDuplicate, NoticeCode::DuplicateOrder)
    } else if review.holds.contains(&Hold::OverlappingTreatment) {
        (Hold::OverlappingTreatment, NoticeCode::OverlappingTreatment)
    } else {
        return Err(ReviewError::NoDuplicateOpen);
    };
    let mut case = case.clone();
    if duplicate {
        for drug in case.lines_mut().iter_mut().filter(|drug| !is_withdrawn(drug.status)) {
            drug.status = DrugStatus::NotReviewedErrorEntry;
            drug.message = format!("{} was not reviewed: the order is a duplicate", drug.name);
        }
    } else {
        let left: Vec<Hold> = review.holds.iter().copied().filter(|hold| *hold != answered).collect();
        lift_holds(&mut case, computed, &left);
        case.notices.retain(|notice| notice.code != notice_answered);
    }
    conclude(&mut case, computed, now);
    if duplicate {
        case.status_reason = Some("the order duplicates an earlier submission".to_owned());
    }
    Ok(case)
}

/// How the message of a line begins that waits for a nurse, and for a physician.
const TO_A_NURSE: &str = "goes to an oncology nurse";
const TO_A_PHYSICIAN: &str = "goes to a medical oncologist";

/// Hands a case to the physicians (DET-02).
///
/// # Errors
/// See [`ReviewError`].
pub fn escalate(case: &Case) -> Result<Case, ReviewError> {
    let mut case = case.clone();
    let status = case.status;
    let review = case.review.as_mut().ok_or(ReviewError::AlreadyDecided(status))?;
    if review.queue == ReviewQueue::Physician {
        return Err(ReviewError::WithPhysicianAlready);
    }
    review.queue = ReviewQueue::Physician;
    // what goes to a nurse goes to a physician now
    for line in case.lines_mut().iter_mut().filter(|line| line.status == DrugStatus::InProgress) {
        line.message = line.message.replacen(TO_A_NURSE, TO_A_PHYSICIAN, 1);
    }
    Ok(case)
}

/// Taken back by the office (DRG-05, DRG-06).
pub const fn is_withdrawn(status: DrugStatus) -> bool {
    matches!(status, DrugStatus::VoluntarilyCancelled | DrugStatus::NotReviewedErrorEntry)
}

/// Pathway and awards were settled when the case was approved, and have had a life since (SCD-05, SCD-13).
fn keep_awards(case: &mut Case, approved: &Case) {
    case.pathway = approved.pathway.clone();
    case.s_codes.clone_from(&approved.s_codes);
    case.s_codes_withheld = approved.s_codes_withheld;
}

/// Puts an order that was decided again where review had got with it: of the holds only `left` remain, and the lines in `kept` stay as
/// a reviewer or the practice left them. An authorized line waits while there is a hold, and returns with the others (CAS-08).
pub fn resume(fresh: &Case, computed: &mut Computed, kept: &[CaseLine], left: &[Hold], now: DateTime<Utc>) -> Case {
    let mut case = fresh.clone();
    for kept in kept.iter().filter(|kept| kept.status == DrugStatus::Authorized) {
        for of_engine in computed.drugs.iter_mut().filter(|of_engine| of_engine.line == kept.line) {
            of_engine.status = kept.status;
        }
    }
    lift_holds(&mut case, computed, left);
    for drug in case.lines_mut() {
        let Some(kept) = kept.iter().find(|kept| kept.line == drug.line) else { continue };
        if kept.status == DrugStatus::Authorized && !left.is_empty() {
            drug.status = DrugStatus::InProgress;
            drug.message = format!("{HELD}{}", kept.message);
        } else {
            drug.status = kept.status;
            drug.message.clone_from(&kept.message);
            drug.denial.clone_from(&kept.denial);
        }
        drug.refused_part.clone_from(&kept.refused_part);
    }
    conclude(&mut case, computed, now);
    case
}

fn decided(line: u32, decisions: &[LineDecision]) -> bool {
    decisions.iter().any(|decision| decision.line() == line)
}

/// Leaves only `left` of the holds: where none is left, lines that were merely held return to what was computed for them.
fn lift_holds(case: &mut Case, computed: &Computed, left: &[Hold]) {
    if let Some(review) = &mut case.review {
        review.holds = left.to_vec();
    }
    if !left.is_empty() {
        return;
    }
    for drug in case.lines_mut().iter_mut().filter(|drug| drug.status == DrugStatus::InProgress) {
        if let Some(of_engine) = computed.drugs.iter().find(|of_engine| of_engine.line == drug.line) {
            drug.status = of_engine.status;
            if let Some(message) = drug.message.strip_prefix(HELD) {
                drug.message = message.to_owned();
            }
        }
    }
}

/// CAS-04, CAS-09: with a treatment drug denied no drug stays authorized or pending; drugs that nobody reviews keep their status.
fn deny_whole_case(case: &mut Case) {
    let denied = case.lines().iter().any(|drug| drug.status == DrugStatus::NonAuthorized && drug.role != DrugRole::Supportive);
    if !denied {
        return;
    }
    for drug in case.lines_mut() {
        if matches!(drug.status, DrugStatus::Authorized | DrugStatus::InProgress) {
            drug.status = DrugStatus::NonAuthorized;
            drug.message =
                format!("{} is not authorized: a treatment drug of the order is not, and the entire case is denied", drug.name);
        }
    }
}

/// Status, units, dates, Pathway and awards after the drugs have changed.
fn conclude(case: &mut Case, computed: &Computed, now: DateTime<Utc>) {
    let before = case.status;
    case.status = case_status(case.lines().iter().map(|drug| (drug.role, drug.status)));
    let open_or_approved = case.status == CaseStatus::InProgress || case.status.has_order_id();
    let order_id = case.order_id.clone().filter(|_| case.status.has_order_id());
    for drug in case.lines_mut() {
        let may_be_given = open_or_approved && drug.may_be_given();
        let of_engine: Option<&ComputedDrug> =
            computed.drugs.iter().find(|of_engine| of_engine.line == drug.line && may_be_given);
        drug.visits_approved = of_engine.and_then(|of_engine| of_engine.visits);
        drug.units_approved = of_engine.and_then(|of_engine| of_engine.units);
        drug.units_per_visit = of_engine.and_then(|of_engine| of_engine.units_per_visit);
        drug.valid_from = of_engine.map(|of_engine| of_engine.valid_from);
        drug.valid_through = of_engine.map(|of_engine| of_engine.valid_through);
        drug.order_id = order_id.clone().filter(|_| may_be_given);
        if !matches!(drug.status, DrugStatus::Authorized | DrugStatus::InProgress) {
            drug.refused_part = None;
        }
    }
    let (pathway, awards) = standing(case.status, computed);
    case.pathway = pathway;
    case.s_codes = Some(awards.s_codes);
    case.s_codes_withheld = awards.withheld;
    if case.status == CaseStatus::InProgress {
        case.status_reason = Some(open_reason(case, computed));
        return;
    }
    case.review = None;
    if before != case.status || case.decided_at.is_none() {
        case.decided_at = Some(now);
        case.status_reason = None;
    }
    if !case.status.has_order_id() {
        case.order_id = None;
        case.pathway_eligible_id = None;
    }
}

/// What keeps a case open, in words.
fn open_reason(case: &Case, computed: &Computed) -> String {
    let holds = case.review.iter().flat_map(|review| &review.holds).map(|hold| hold.as_str().replace('_', " "));
    let mut parts: Vec<String> = holds.collect();
    let needs_review = |line: u32| computed.drugs.iter().any(|drug| drug.line == line && drug.status == DrugStatus::InProgress);
    for drug in case.lines().iter().filter(|drug| drug.status == DrugStatus::InProgress && needs_review(drug.line)) {
        let part = format!("{} needs clinical review", drug.name);
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts.join("; ")
}

/// Takes the award for the onset back: another case of the member was awarded it for the same Pathway while this one was reviewed
/// (SCD-05).
pub fn without_onset(case: &mut Case, onset_code: &str) {
    let Some(awards) = &mut case.s_codes else { return };
    let before = awards.len();
    awards.retain(|award| award.code != onset_code);
    if awards.len() < before {
        case.s_codes_withheld = Some(SCodesWithheld::AlreadyAwarded);
    }
}
