//! A course that runs already: what is ordered is what is left of it, and not all of its fractions once more (SUB-05, SUB-06, SAFE-13).

use super::ground::Ground;
use super::lines::{Course, Line};
use super::said::deviation;
use crate::domain::case::Deviation;
use crate::domain::content::radiation::ServiceCategory;
use crate::domain::vocabulary::{DeviationCode, DeviationEffect, DrugRole};
use chrono::{Datelike, NaiveDate, Weekday};

const STARTED_ON: &str = "/continuation_of_treatment_started_on";
/// Days of treatment in an ordinary week.
const WORKING_DAYS: u32 = 5;

/// A course that began before the date of service, where the lines are not what is left of it by the calendar.
pub(super) fn deviation_of(ground: &Ground<'_>, lines: &[Line<'_>], course: &Course) -> Option<Deviation> {
    let (started, day) = (ground.patient.continued_since?, ground.patient.date_of_service);
    if started >= day {
        return None;
    }
    let all = course.main.fractions.unwrap_or_default();
    let left = all.saturating_sub(given(started, day, course));
    if is_the_rest(ground, lines, left) {
        return None;
    }
    let by_calendar = if left == 0 {
        format!("by the calendar all {all} fractions were given before {day}")
    } else {
        format!("by the calendar at most {left} of {all} fractions are left on {day}")
    };
    Some(deviation(
        DeviationCode::UnknownAnswer,
        STARTED_ON,
        ("the lines of what is left, with their units", &started.to_string()),
        DeviationEffect::Pends,
        format!(
            "the course began on {started}: {by_calendar}, and what is ordered is more than that. List the codes and units of what is left, without the \
             plan, or leave this out where no fraction was given; else a nurse counts them"
        ),
    ))
}

/// Fractions that the calendar has room for between two days.
fn given(started: NaiveDate, day: NaiveDate, course: &Course) -> u32 {
    let is_working = |day: &NaiveDate| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
    let days = started.iter_days().take_while(|on| *on < day).filter(is_working).count();
    let days = u32::try_from(days).unwrap_or(u32::MAX);
    days.saturating_mul(course.per_week).div_ceil(WORKING_DAYS).saturating_mul(course.per_day)
}

/// True where the order lists its lines, none of them plans anew, and they deliver no more than is left.
fn is_the_rest(ground: &Ground<'_>, lines: &[Line<'_>], left: u32) -> bool {
    let is_plan = |line: &Line<'_>| {
        line.service.is_some_and(|service| service.category == ServiceCategory::Planning && service.role == DrugRole::Treatment)
    };
    let delivered: u32 = lines.iter().filter(|line| line.treats()).filter_map(|line| line.units).sum();
    !ground.treated.entered.listed().is_empty() && !lines.iter().any(is_plan) && (1..=left).contains(&delivered)
}
