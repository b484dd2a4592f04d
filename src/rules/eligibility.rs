//! Which program a request belongs to, and why not (PRG-01…16).

use crate::domain::content::Content;
use crate::domain::refusal::{Ineligible, Refusal};
use crate::domain::roster::MemberRow;
use crate::domain::vocabulary::{Service, Setting};
use chrono::{DateTime, NaiveDate, Utc};

/// What an eligibility check asks.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Health plan.
    pub health_plan: &'a str,
    /// All coverage rows of the member.
    pub member: &'a [MemberRow],
    /// Service.
    pub service: Service,
    /// Setting.
    pub setting: Setting,
    /// Date of service.
    pub date_of_service: NaiveDate,
    /// Diagnosis, where it is known already.
    pub icd10: Option<&'a str>,
    /// When the request was received.
    pub received_at: DateTime<Utc>,
}

/// In a program, or why not.
#[derive(Debug, Clone, PartialEq)]
pub enum Eligibility {
    /// In this program, by this coverage.
    Eligible {
        /// Program id.
        program: String,
        /// Coverage on the date of service.
        coverage: Box<MemberRow>,
    },
    /// Not in it.
    Ineligible(Box<Ineligible>),
}

/// Answers an eligibility check.
///
/// # Errors
/// A [`Refusal`] where the member has no coverage that day or the plan has no program.
pub fn check(question: &Question<'_>, content: &Content) -> Result<Eligibility, Refusal> {
    let _ = (question, content);
    Err(Refusal::MemberNotFound)
}
