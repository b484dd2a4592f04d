//! Until when somebody is covered (SAFE-14): what is authorized, verified and billed ends with the coverage. Spans of one person that
//! adjoin count as one while the program takes the member by each of them.

use crate::domain::content::{Program, When};
use crate::domain::roster::{MemberRow, Person};
use chrono::NaiveDate;

/// The last day of the coverage that a span begins, renewals included; none while it runs on. `spans` are those of the same person.
pub fn last_day(span: &MemberRow, spans: &[&MemberRow], program: &Program) -> Option<NaiveDate> {
    let mut last = span.coverage_through?;
    // each step leads to a later span, so that there are no more than spans
    for _ in spans {
        let renewed = |other: &&&MemberRow| last.succ_opt() == Some(other.coverage_from) && takes(program, other);
        let Some(next) = spans.iter().find(renewed) else { break };
        last = next.coverage_through?;
    }
    Some(last)
}

/// True where the program takes members by such a span: its line of business is on the list, and no exclusion is about such members.
pub fn takes(program: &Program, span: &MemberRow) -> bool {
    let excludes = |when: &When| is_about_members(when) && is_such(when, span);
    program.lines_of_business.contains(&span.line_of_business)
        && !program.exclusions.iter().any(|exclusion| excludes(&exclusion.when))
}

/// True where the conditions about members that are stated hold for this span.
pub fn is_such(when: &When, span: &MemberRow) -> bool {
    let stated_and_in = |list: &[String], value: Option<&String>| {
        list.is_empty() || value.is_some_and(|value| list.iter().any(|entry| entry.eq_ignore_ascii_case(value)))
    };
    (when.line_of_business.is_empty() || when.line_of_business.contains(&span.line_of_business))
        && stated_and_in(&when.product, span.product.as_ref())
        && stated_and_in(&when.group_number, span.group_number.as_ref())
        && (when.trust_not.is_empty()
            || !span.trust.as_ref().is_some_and(|trust| when.trust_not.iter().any(|entry| entry.eq_ignore_ascii_case(trust))))
}

/// True where an exclusion is about who the member is, and about nothing else.
fn is_about_members(when: &When) -> bool {
    when.service.is_empty() && when.setting.is_empty() && when.date_of_service_before.is_none() && when.received_before.is_none()
}

/// What the plan's file says today about the coverage of somebody to whom something was authorized before.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// Every span of the member number.
    pub spans: &'a [MemberRow],
    /// Whose the authorization is.
    pub person: &'a Person,
    /// The program that authorized.
    pub program: &'a Program,
}

impl Standing<'_> {
    /// True where the person is covered that day, and the program covers them.
    pub fn covers(&self, day: NaiveDate) -> bool {
        self.program.services_through.is_none_or(|last| day <= last) && self.spans().any(|span| span.covers(day))
    }

    /// The last covered day of a range; none where not even its first day is covered.
    pub fn last_day(&self, (from, through): (NaiveDate, NaiveDate)) -> Option<NaiveDate> {
        if !self.covers(from) {
            return None;
        }
        let spans: Vec<&MemberRow> = self.spans().collect();
        let span = spans.iter().find(|span| span.covers(from))?;
        let ends = [last_day(span, &spans, self.program), self.program.services_through];
        Some(ends.into_iter().flatten().fold(through, NaiveDate::min))
    }

    fn spans(&self) -> impl Iterator<Item = &MemberRow> {
        self.spans.iter().filter(|span| span.is_of(self.person) && takes(self.program, span))
    }
}
