//! What the engine says about an order that it took, and by when whoever decides the rest has to.

use super::admission::Admitted;
use super::calendar::deadline;
use super::facts::Facts;
use crate::domain::case::{Computed, Deviation, Finding, Notice, Pathway, SCode};
use crate::domain::content::{Clocks, Content, HolidayCalendar};
use crate::domain::line::CaseLine;
use crate::domain::roster::MemberRow;
use crate::domain::vocabulary::{CaseStatus, DrugStatus, Hold, LineOfBusiness, SCodesWithheld, Service, Urgency};
use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use chrono_tz::Tz;

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

/// When the answer is due (DET-05…07): by the program's own clock, or by one of the law where that ends before.
pub fn due_at(facts: &Facts<'_>, admitted: &Admitted<'_>, content: &Content) -> DateTime<FixedOffset> {
    let program = admitted.program;
    let none = HolidayCalendar::default();
    let holidays = content.calendars.get(&program.holiday_calendar).unwrap_or(&none);
    let asked = (facts.order.urgency(), admitted.service, admitted.coverage.line_of_business);
    due(facts.received_at, &program.clocks, asked, program.time_zone, holidays)
}

fn due(
    received: DateTime<Utc>,
    clocks: &Clocks,
    (urgency, service, line_of_business): (Urgency, Service, LineOfBusiness),
    zone: Tz,
    holidays: &HolidayCalendar,
) -> DateTime<FixedOffset> {
    let day = received.with_timezone(&zone).date_naive();
    let own = deadline(received, clocks.own(urgency), zone, holidays);
    let outer = clocks.outer(urgency, service, line_of_business, day);
    outer.map(|clock| deadline(received, clock, zone, holidays)).fold(own, std::cmp::min)
}

#[cfg(test)]
mod tests {
    use super::due;
    use crate::domain::content::{Clock, Clocks, DeadlineEnd, HolidayCalendar, OuterClock};
    use crate::domain::vocabulary::{LineOfBusiness, Service, Urgency};
    use chrono::{DateTime, Utc};

    #[test]
    fn the_clock_that_ends_first_counts_where_the_law_has_one() {
        // proves DET-05, DET-06
        let outer = OuterClock {
            name: "of the law".to_owned(),
            lines_of_business: vec![LineOfBusiness::MedicareAdvantage],
            services: vec![Service::RadiationOncology],
            standard: Clock::Hours(72),
            urgent: Clock::Hours(72),
            received_from: "2026-01-01".parse().ok(),
            source: String::new(),
            verify: true,
        };
        let clocks = Clocks {
            standard: Clock::BusinessDays(3),
            urgent: Clock::Hours(24),
            at_deadline: DeadlineEnd::Escalate,
            outer: vec![outer.clone()],
        };
        let off = Clocks { outer: vec![OuterClock { received_from: None, ..outer }], ..clocks.clone() };
        let (radiation, drugs) = (Service::RadiationOncology, Service::MedicalOncology);
        let (advantage, commercial) = (LineOfBusiness::MedicareAdvantage, LineOfBusiness::Commercial);
        // a Friday: three business days are Wednesday, 72 hours Monday
        let friday = "2026-12-04T15:00:00Z";
        for (clocks, received, urgency, service, line, ends) in [
            (&clocks, friday, Urgency::Standard, radiation, advantage, "2026-12-07T10:00:00-05:00"),
            (&clocks, friday, Urgency::Urgent, radiation, advantage, "2026-12-05T10:00:00-05:00"),
            (&clocks, friday, Urgency::Standard, drugs, advantage, "2026-12-09T10:00:00-05:00"),
            (&clocks, friday, Urgency::Standard, radiation, commercial, "2026-12-09T10:00:00-05:00"),
            (&clocks, "2025-12-31T15:00:00Z", Urgency::Standard, radiation, advantage, "2026-01-05T10:00:00-05:00"),
            (&off, friday, Urgency::Standard, radiation, advantage, "2026-12-09T10:00:00-05:00"),
        ] {
            let received: DateTime<Utc> = received.parse().unwrap();
            let asked = (urgency, service, line);
            let due = due(received, clocks, asked, chrono_tz::America::New_York, &HolidayCalendar::default());
            assert_eq!(due.to_rfc3339(), ends, "{received} {asked:?}");
        }
    }
}
