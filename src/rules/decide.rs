//! The single entry point of the engine.

use super::facts::Facts;
use crate::domain::case::{CaseDrug, Deviation, Finding, Notice, Pathway, SCode};
use crate::domain::content::Content;
use crate::domain::refusal::Refusal;
use crate::domain::roster::MemberRow;
use crate::domain::vocabulary::{CaseStatus, DrugStatus, Hold, SCodesWithheld};
use chrono::{DateTime, FixedOffset, NaiveDate, Utc};

/// What the engine decided about an order that it took.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Program that decides.
    pub program: String,
    /// Release of the content.
    pub content_release: String,
    /// The member's coverage on the date of service.
    pub member: MemberRow,
    /// Derived case status.
    pub status: CaseStatus,
    /// Why, where the status alone does not say.
    pub status_reason: Option<String>,
    /// One per line, in line order, with `order_id` still empty.
    pub drugs: Vec<DecidedDrug>,
    /// Case-level holds (CAS-08).
    pub holds: Vec<Hold>,
    /// Pathway match.
    pub pathway: Pathway,
    /// Deviations.
    pub deviations: Vec<Deviation>,
    /// Notices.
    pub notices: Vec<Notice>,
    /// Awards.
    pub s_codes: Vec<SCode>,
    /// Why none, or not all.
    pub s_codes_withheld: Option<SCodesWithheld>,
    /// Findings.
    pub findings: Vec<Finding>,
    /// Items that the practice is asked for.
    pub asked_for: Vec<String>,
    /// First day of the range.
    pub valid_from: NaiveDate,
    /// Last day of the range.
    pub valid_through: NaiveDate,
    /// When the answer is due, in the program's zone; set where the case is in progress.
    pub due_at: Option<DateTime<FixedOffset>>,
    /// The program's zone.
    pub time_zone: chrono_tz::Tz,
    /// Ingredients of the treatment drugs, for DUP-01.
    pub treatment_ingredients: Vec<String>,
}

/// One drug with what would hold without case-level holds.
#[derive(Debug, Clone, PartialEq)]
pub struct DecidedDrug {
    /// As shown.
    pub drug: CaseDrug,
    /// The status computed for the drug alone; returns when the holds are lifted (CAS-08).
    pub computed: DrugStatus,
    /// Ingredients it counts as.
    pub ingredients: Vec<String>,
}

/// Decides an order.
///
/// # Errors
/// A [`Refusal`] where the request cannot be taken as an order.
pub fn decide(facts: &Facts<'_>, content: &Content, now: DateTime<Utc>) -> Result<Decision, Refusal> {
    let _ = (facts, content, now);
    Err(Refusal::MemberNotFound)
}
