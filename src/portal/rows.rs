//! A case as a row of a list, in words.

use crate::app::orders::OrderRow;
use crate::documents::words;
use crate::domain::vocabulary::{CaseStatus, Service};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// A row in words.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub case_id: Uuid,
    /// Order ID, or case number where there is none.
    pub number: String,
    pub member: String,
    pub member_id: String,
    pub treatment: String,
    pub status: &'static str,
    pub tone: &'static str,
    /// When an answer is due, or until when it is valid.
    pub when: String,
    /// What that means for whoever waits.
    pub hint: String,
    pub received: String,
    /// What the practice is asked for.
    pub asked_for: Vec<String>,
    /// The same in a line.
    pub asked: String,
    /// An order of drugs, which the form of this portal takes.
    pub is_of_drugs: bool,
}

/// A case as a row.
pub(super) fn row(order: OrderRow, now: DateTime<Utc>) -> Row {
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    let zone = order.time_zone;
    let (when, hint) = match (order.due_at, order.valid_through) {
        (Some(due), _) => (format!("due {}", words::instant(&due, &zone)), left(due - now, order.overdue)),
        (None, Some(last)) => (format!("valid through {}", words::short_day(last)), String::new()),
        (None, None) => ("–".to_owned(), String::new()),
    };
    Row {
        case_id: order.case_id,
        number: order.order_id.or(order.case_number).unwrap_or_else(|| order.case_id.to_string()),
        member: format!("{}, {}", text(&order.member.last_name), text(&order.member.first_name)),
        member_id: text(&order.member.member_id),
        treatment: order.regimen_name.unwrap_or_else(|| order.drugs.join(", ")),
        status: words::case_status(order.status),
        tone: tone(order.status),
        when,
        hint,
        received: words::short_day(order.submitted_at.with_timezone(&zone).date_naive()),
        asked: in_a_line(&order.asked_for),
        asked_for: order.asked_for,
        is_of_drugs: order.service == Service::MedicalOncology,
    }
}

/// Things asked for that a line names.
const NAMED: usize = 3;
/// The longest of them, in characters.
const LONG: usize = 60;

/// `prior therapies; disease setting; the echocardiogram; and 2 more`: what is asked for, without what it is needed for.
fn in_a_line(asked_for: &[String]) -> String {
    let mut named: Vec<String> = Vec::new();
    for item in asked_for.iter().map(|item| in_short(&words::without_ids(item.as_str()))) {
        if !named.contains(&item) {
            named.push(item);
        }
    }
    let more = named.len().saturating_sub(NAMED);
    named.truncate(NAMED);
    if more > 0 {
        named.push(format!("and {more} more"));
    }
    named.join("; ")
}

fn in_short(item: &str) -> String {
    let ends = [" is needed", ", which asks"].iter().filter_map(|mark| item.find(mark)).min();
    let short = ends.and_then(|ends| item.get(..ends)).unwrap_or(item);
    if short.chars().count() <= LONG {
        return short.to_owned();
    }
    let cut: String = short.chars().take(LONG).collect();
    format!("{}…", cut.rsplit_once(' ').map_or(cut.as_str(), |(whole, _)| whole))
}

/// How a status is set off.
pub(super) const fn tone(status: CaseStatus) -> &'static str {
    match status {
        CaseStatus::Authorized | CaseStatus::Completed => "good",
        CaseStatus::InProgress | CaseStatus::MultipleDecisionsRendered => "waiting",
        CaseStatus::NonAuthorized => "bad",
        CaseStatus::ReviewCancelled => "plain",
    }
}

/// `2 d 14 h left`, `overdue by 3 h 5 min`.
pub(super) fn left(time: TimeDelta, overdue: bool) -> String {
    match time {
        time if time < TimeDelta::zero() => format!("overdue by {}", long(-time)),
        time if overdue || time.is_zero() => "overdue".to_owned(),
        time => format!("{} left", long(time)),
    }
}

fn long(time: TimeDelta) -> String {
    let (days, hours, minutes) = (time.num_days(), time.num_hours() % 24, time.num_minutes() % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes} min"),
        (0, hours) => format!("{hours} h {minutes} min"),
        (days, hours) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::{in_a_line, left};
    use chrono::TimeDelta;

    #[test]
    fn what_is_asked_for_fits_a_line() {
        let asked = |items: &[&str]| in_a_line(&items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>());
        assert_eq!(asked(&[]), "");
        assert_eq!(asked(&["the echocardiogram"]), "the echocardiogram");
        let policy = "prior therapies is needed and not known for the policy of nivolumab, which asks for this: none before; entered: not entered";
        let setting = "disease setting is needed and not known for the policy of nivolumab, which asks for this: it came back";
        assert_eq!(asked(&[policy, policy, setting, "a", "b", "c"]), "prior therapies; disease setting; a; and 2 more");
        let long = "a letter of the surgeon who looked at the tumor and found that it could not be taken out";
        assert_eq!(asked(&[long]), "a letter of the surgeon who looked at the tumor and found…");
    }

    #[test]
    fn time_left_is_told_in_its_two_largest_units() {
        assert_eq!(left(TimeDelta::minutes(59), false), "59 min left");
        assert_eq!(left(TimeDelta::minutes(150), false), "2 h 30 min left");
        assert_eq!(left(TimeDelta::hours(62), false), "2 d 14 h left");
        assert_eq!(left(TimeDelta::zero(), false), "overdue");
        assert_eq!(left(TimeDelta::hours(62), true), "overdue");
        assert_eq!(left(TimeDelta::minutes(-185), true), "overdue by 3 h 5 min");
    }
}
