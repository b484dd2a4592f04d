//! A course that broke off or moved, because of a machine or of toxicity: the authorized order goes on, with later dates and the same units.

use super::place::any_side;
use super::{EXTENDED_THROUGH, EXTENSION_REASON, Treated};
use crate::domain::case::{Case, Computed};
use crate::domain::content::{Content, HolidayCalendar};
use crate::domain::order::OrderRequest;
use crate::domain::refusal::{Fault, Refusal};
use crate::domain::vocabulary::NoticeCode;
use crate::rules::calendar::{business_days_after, local_day};
use crate::rules::decision::Decision;
use chrono::{DateTime, NaiveDate, Utc};

/// An order that is not authorized has nothing to extend: the days of a new one follow from its fractions.
///
/// # Errors
/// The fault to answer with.
pub fn nothing_to_extend(order: &OrderRequest) -> Result<(), Refusal> {
    match order.radiation.as_ref().and_then(|radiation| radiation.extended_through) {
        None => Ok(()),
        Some(_) => Err(Refusal::Validation(vec![Fault::new(
            EXTENDED_THROUGH,
            "not-applicable",
            "only the dates of an authorized course are extended, by a change of its order: leave this out, the days of an order follow from its \
             first day and its fractions",
        )])),
    }
}

/// Why a reason is none for a later end of the same course. What is more than that, or is not understood, is for a person to read: a new order.
fn no_pause(reason: &str, content: &Content) -> Option<String> {
    let heard = &content.radiation.heard;
    let is_more = [&heard.not_pauses, &heard.pregnancy, &heard.again, &heard.spread].iter().any(|phrases| phrases.are_in(reason));
    let is_pause = heard.pauses.are_in(reason);
    (is_more || !is_pause).then(|| {
        format!(
            "`{reason}` is not understood as a pause of the same treatment, such as a machine that was down, toxicity, an illness or a holiday: what \
             changes more than the dates is a new order, or is told to the plan"
        )
    })
}

/// A reason that names the other side than the order is none for the same course.
fn of_another_side(reason: &str, order: &OrderRequest, content: &Content) -> Option<String> {
    let told = any_side(reason, &content.radiation)?;
    let own = Treated::read(order, order.radiation.as_ref()?, content).side;
    (own.is_some_and(|own| own != told)).then(|| {
        format!(
            "`{reason}` speaks of the {} side, and the course is of another one: what changes more than the dates is a new order",
            told.as_str()
        )
    })
}

/// SUB-05, SUB-06: what has run out is extended within the days in which treatment is ordered afterwards, and no later.
fn ran_out(last: NaiveDate, before: &Case, content: &Content, now: DateTime<Utc>) -> Option<String> {
    let program = content.program(&before.program)?;
    let none = HolidayCalendar::default();
    let calendar = content.calendars.get(&program.holiday_calendar).unwrap_or(&none);
    let until = business_days_after(last, program.retrospective.business_days, calendar);
    (local_day(now, program.time_zone) > until).then(|| {
        format!(
            "it was valid through {last}, and could be extended until {until} (SUB-05): what is left of the course is a new order"
        )
    })
}

/// The approved case with later dates, and its new last day. `decision` is what the engine says of the order with the extension in it: how far
/// the program extends it, and the member is covered.
///
/// # Errors
/// The fault to answer with, where it is not extended at all.
pub fn extend(
    before: &Case,
    computed: &Computed,
    order: &OrderRequest,
    decision: &Decision,
    content: &Content,
    now: DateTime<Utc>,
) -> Result<(Case, Computed, NaiveDate), Refusal> {
    let fault = |message: String| Refusal::Validation(vec![Fault::new(EXTENDED_THROUGH, "out-of-range", message)]);
    let reason = order.radiation.as_ref().and_then(|radiation| radiation.extension_reason.as_deref());
    if reason.is_none_or(|reason| reason.trim().is_empty()) {
        let message =
            "say why the course ends later, such as a machine that was down; more fractions than were authorized are a new order";
        return Err(Refusal::Validation(vec![Fault::new(EXTENSION_REASON, "missing", message)]));
    }
    let told_before = before.request.radiation.as_ref().and_then(|radiation| radiation.extension_reason.as_deref());
    if reason == told_before {
        let message = "the course was extended for this reason already: say what made it end later once more";
        return Err(Refusal::Validation(vec![Fault::new(EXTENSION_REASON, "missing", message)]));
    }
    let of_other_side = |reason: &str| of_another_side(reason, order, content);
    if let Some(message) = reason.and_then(|reason| no_pause(reason, content).or_else(|| of_other_side(reason))) {
        return Err(Refusal::Validation(vec![Fault::new(EXTENSION_REASON, "not-allowed-value", message)]));
    }
    if let Some(beyond) = decision.deviations.iter().find(|deviation| deviation.field == EXTENDED_THROUGH) {
        return Err(fault(beyond.message.clone()));
    }
    let through = decision.valid_through;
    let last = before.lines().iter().filter_map(|line| line.valid_through).max();
    if let Some(message) = last.and_then(|last| ran_out(last, before, content, now)) {
        return Err(fault(message));
    }
    if last.is_none_or(|last| through <= last) {
        let until = last.map_or_else(String::new, |last| format!("; it is valid through {last} already"));
        return Err(fault(format!("this extends nothing, the coverage of the member considered{until}")));
    }
    let (mut case, mut computed) = (before.clone(), computed.clone());
    case.request = order.clone();
    for line in case.lines_mut().iter_mut().filter(|line| line.valid_through.is_some()) {
        line.valid_through = Some(through);
    }
    for line in &mut computed.drugs {
        line.valid_through = through;
    }
    case.notices.retain(|notice| notice.code != NoticeCode::CoverageEnds);
    case.notices.extend(decision.notices.iter().filter(|notice| notice.code == NoticeCode::CoverageEnds).cloned());
    Ok((case, computed, through))
}
