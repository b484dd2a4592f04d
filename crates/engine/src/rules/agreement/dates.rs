//! Days that do not fit the day of receipt or of service.

use super::{Side, contradiction};
use crate::domain::answer::Answer;
use crate::domain::content::CourseState;
use crate::domain::order::{Assessment, PriorTherapy, Reported};
use crate::rules::calendar::local_day;
use crate::rules::concern::{Concern, Pends};
use crate::rules::drugs::Shared;
use crate::rules::facts::Facts;
use crate::rules::plain;
use chrono::NaiveDate;

pub(super) fn concerns(facts: &Facts<'_>, shared: &Shared<'_>, found: &mut Vec<Concern>) {
    let clinical = &facts.order.clinical;
    let received_on = local_day(facts.received_at, shared.admitted.program.time_zone);
    for (index, entry) in clinical.assessments.known().into_iter().flatten().enumerate() {
        found.extend(past_date(index, entry, received_on, shared));
    }
    for (index, therapy) in clinical.prior_therapies.known().into_iter().flatten().enumerate() {
        found.extend(prior_therapy(index, therapy, received_on, shared));
    }
}

/// Surgery that has not been is no surgery.
fn past_date(index: usize, entry: &Assessment, received_on: NaiveDate, shared: &Shared<'_>) -> Option<Concern> {
    if !shared.content.agreement.past_dates.contains(&entry.name) {
        return None;
    }
    let Some(Reported::Word(word)) = entry.result.known() else { return None };
    let day: NaiveDate = word.trim().parse().ok().filter(|day| *day > received_on)?;
    let name = plain::name(&entry.name, shared.content);
    let first = Side::new("day of receipt", "/date_of_service", received_on.to_string());
    let second = Side::new(name, format!("/clinical/assessments/{index}/result"), day.to_string());
    Some(contradiction("date-in-future", "it has not been yet", &first, &second, Pends::Managed, shared))
}

/// An earlier therapy began before this order, and ended before this treatment begins unless it goes on.
fn prior_therapy(index: usize, therapy: &PriorTherapy, received_on: NaiveDate, shared: &Shared<'_>) -> Option<Concern> {
    let of = |what: &str| [what, " of ", therapy.typed()].concat();
    let at = |field: &str| format!("/clinical/prior_therapies/{index}/{field}");
    if let Answer::Known(started) = therapy.started_on
        && started > received_on
    {
        let first = Side::new("day of receipt", "/date_of_service", received_on.to_string());
        let second = Side::new(of("start"), at("started_on"), started.to_string());
        return Some(contradiction("prior-therapy-future", "it has not begun yet", &first, &second, Pends::Managed, shared));
    }
    let goes_on = {
        let outcome = therapy.outcome.known().and_then(|outcome| shared.content.therapies.outcome(outcome));
        outcome.is_some_and(|outcome| outcome.course == CourseState::Ongoing)
    };
    let day = shared.admitted.date_of_service;
    let Answer::Known(ended) = therapy.ended_on else { return None };
    if ended <= day || goes_on {
        return None;
    }
    let first = Side::new("date of service", "/date_of_service", day.to_string());
    let second = Side::new(of("end"), at("ended_on"), ended.to_string());
    let because = "an earlier therapy ends before this one begins";
    Some(contradiction("prior-therapy-overlap", because, &first, &second, Pends::Managed, shared))
}
