//! The end of a pended case's clock (DET-05, DET-06).
//!
//! A clock alone never denies. Where the program denies at the end of the clock, a physician may review a case beforehand, after the
//! offer, and record the denial that comes into force *if* by then neither the information nor the discussion came. Without such a
//! review, or where anything came, the case goes to a physician as overdue.

use super::{LineDecision, PhysicianReview, ReviewError, determine, escalate};
use crate::domain::case::{Case, Computed, PeerToPeer, ReviewQueue};
use crate::domain::content::DeadlineEnd;
use crate::domain::vocabulary::{CallerRole, CaseStatus};
use chrono::{DateTime, Utc};

/// What a physician recorded for the end of the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpiryReview {
    /// Role of who recorded it.
    pub role: CallerRole,
    /// The lines denied.
    pub lines: Vec<u32>,
    /// True where since then the practice, or anybody but the reviewers, did something to the case.
    pub superseded: bool,
}

/// Checks that a review may be recorded for the end of the clock: the program denies then, and the case would be decided by it.
///
/// # Errors
/// See [`ReviewError`].
pub fn review(
    case: &Case,
    computed: &Computed,
    end: DeadlineEnd,
    decisions: &[LineDecision],
    now: DateTime<Utc>,
) -> Result<(), ReviewError> {
    let open = case.review.as_ref().ok_or(ReviewError::AlreadyDecided(case.status))?;
    if end != DeadlineEnd::DenyIfReviewed {
        return Err(ReviewError::NoDenialOnExpiry);
    }
    if open.overdue || open.due_at < now {
        return Err(ReviewError::DeadlinePassed);
    }
    if let Some(LineDecision::Authorize { line, .. }) = decisions.iter().find(|one| matches!(one, LineDecision::Authorize { .. }))
    {
        return Err(ReviewError::LeavesOpen(*line));
    }
    let (after, _) = determine(case, computed, decisions, None, now)?;
    if after.status == CaseStatus::InProgress {
        let open = after.lines().iter().find(|drug| drug.status == crate::domain::vocabulary::DrugStatus::InProgress);
        return Err(ReviewError::LeavesOpen(open.map_or(0, |drug| drug.line)));
    }
    Ok(())
}

/// What the end of the clock does to a case.
#[derive(Debug, Clone, PartialEq)]
pub enum Ended {
    /// The case was decided before.
    Nothing,
    /// The denial that a physician recorded came into force.
    Denied(Box<Case>),
    /// The case is overdue, and a physician's.
    Escalated(Box<Case>),
}

/// The clock of a case has ended.
pub fn end(case: &Case, computed: &Computed, rule: DeadlineEnd, recorded: Option<&ExpiryReview>, now: DateTime<Utc>) -> Ended {
    let Some(review) = &case.review else { return Ended::Nothing };
    let recorded = recorded.filter(|recorded| {
        rule == DeadlineEnd::DenyIfReviewed && !recorded.superseded && review.peer_to_peer != PeerToPeer::Held
    });
    if let Some(denied) = recorded.and_then(|recorded| deny(case, computed, recorded, review.peer_to_peer, now)) {
        return Ended::Denied(Box::new(denied));
    }
    let mut case = escalate(case).unwrap_or_else(|_| case.clone());
    if let Some(review) = &mut case.review {
        review.queue = ReviewQueue::Physician;
        review.overdue = true;
    }
    Ended::Escalated(Box::new(case))
}

/// The recorded denial, where it still fits the case.
fn deny(case: &Case, computed: &Computed, recorded: &ExpiryReview, state: PeerToPeer, now: DateTime<Utc>) -> Option<Case> {
    let review = PhysicianReview::of(recorded.role, state).ok()?;
    let decisions: Vec<LineDecision> = recorded.lines.iter().map(|line| LineDecision::Deny { line: *line, review }).collect();
    let (mut denied, _) = determine(case, computed, &decisions, None, now).ok()?;
    if denied.status == CaseStatus::InProgress {
        return None;
    }
    denied.status_reason =
        Some("the clock ended without the information asked for and without a peer-to-peer discussion".to_owned());
    Some(denied)
}
