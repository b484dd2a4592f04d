//! What the engine says about an order that it took, and by when whoever decides the rest has to.

use super::admission::Admitted;
use super::calendar::deadline;
use super::facts::Facts;
use crate::domain::case::{Computed, Deviation, Finding, Notice, Pathway, SCode};
use crate::domain::content::{Content, HolidayCalendar};
use crate::domain::line::CaseLine;
use crate::domain::roster::MemberRow;
use crate::domain::vocabulary::{CaseStatus, DrugStatus, Hold, SCodesWithheld, Urgency};
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
    /// When it was decided; none while in progress.
    pub decided_at: Option<DateTime<Utc>>,
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
    /// What was computed without holds, for when review ends.
    pub computed: Computed,
}

/// One drug with what would hold without case-level holds.
#[derive(Debug, Clone, PartialEq)]
pub struct DecidedDrug {
    /// As shown.
    pub drug: CaseLine,
    /// The status computed for the drug alone; returns when the holds are lifted (CAS-08).
    pub computed: DrugStatus,
    /// Ingredients it counts as.
    pub ingredients: Vec<String>,
}

/// When the answer is due (DET-05…07).
pub fn due_at(facts: &Facts<'_>, admitted: &Admitted<'_>, content: &Content) -> DateTime<FixedOffset> {
    let program = admitted.program;
    let clock = match facts.order.urgency() {
        Urgency::Standard => program.clocks.standard,
        Urgency::Urgent => program.clocks.urgent,
    };
    let none = HolidayCalendar::default();
    let holidays = content.calendars.get(&program.holiday_calendar).unwrap_or(&none);
    deadline(facts.received_at, clock, program.time_zone, holidays)
}
