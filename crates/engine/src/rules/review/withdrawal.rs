//! The office takes drugs, or the whole order, back (DRG-05, DRG-06, CAS-06, SCD-13).

use super::{ReviewError, conclude, is_withdrawn, keep_awards, leave_pathway};
use crate::domain::case::{Case, Computed};
use crate::domain::vocabulary::{CaseStatus, DrugRole, DrugStatus, PathwayDetermination};
use chrono::{DateTime, Utc};

/// Why an office withdraws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawal {
    /// DRG-05.
    VoluntarilyCancelled,
    /// DRG-06.
    ErrorEntry,
}

/// What a withdrawal leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Withdrawn {
    /// The case from now on.
    pub case: Case,
    /// What the engine computed, without the Pathway where a treatment drug left.
    pub computed: Computed,
    /// True where a treatment drug left an approved case: S-codes that are not billed yet are void (SCD-13).
    pub ends_pathway: bool,
}

/// Withdraws lines, or all of them where `lines` is none. A treatment that lost a drug is not the Pathway's any more (SCD-13).
///
/// # Errors
/// See [`ReviewError`].
pub fn withdraw(
    case: &Case,
    computed: &Computed,
    lines: Option<&[u32]>,
    reason: Withdrawal,
    reviewer_acted: bool,
    now: DateTime<Utc>,
) -> Result<Withdrawn, ReviewError> {
    if matches!(case.status, CaseStatus::NonAuthorized | CaseStatus::ReviewCancelled) {
        return Err(ReviewError::NothingToWithdraw(case.status));
    }
    if reason == Withdrawal::ErrorEntry && reviewer_acted {
        return Err(ReviewError::ReviewerActed);
    }
    let before = case;
    let was_approved = before.status.has_order_id();
    let mut case = before.clone();
    let all: Vec<u32> = case.lines().iter().filter(|drug| !is_withdrawn(drug.status)).map(|drug| drug.line).collect();
    let mut treatment_left = false;
    for line in lines.map_or(all, <[u32]>::to_vec) {
        let drug = case.lines_mut().iter_mut().find(|drug| drug.line == line).ok_or(ReviewError::NoSuchLine(line))?;
        if is_withdrawn(drug.status) {
            return Err(ReviewError::WithdrawnAlready(line));
        }
        treatment_left |= drug.role == DrugRole::Treatment;
        (drug.status, drug.message) = match reason {
            Withdrawal::VoluntarilyCancelled => {
                (DrugStatus::VoluntarilyCancelled, format!("{} was withdrawn by the office", drug.name))
            }
            Withdrawal::ErrorEntry => {
                (DrugStatus::NotReviewedErrorEntry, format!("{} was withdrawn as an entry error before review", drug.name))
            }
        };
    }
    let mut computed = computed.clone();
    if treatment_left && computed.pathway.determination == PathwayDetermination::OnPathway {
        leave_pathway(&mut computed);
    }
    conclude(&mut case, &computed, now);
    if treatment_left {
        case.pathway_eligible_id = None;
    } else if was_approved && case.status.has_order_id() {
        keep_awards(&mut case, before);
    }
    if case.status == CaseStatus::ReviewCancelled {
        case.status_reason = Some("every drug was withdrawn".to_owned());
    }
    Ok(Withdrawn { case, computed, ends_pathway: was_approved && treatment_left })
}
