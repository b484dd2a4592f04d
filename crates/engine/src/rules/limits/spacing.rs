//! Least days between administrations, by dose.

use super::Judging;
use super::calendar::{Event, Laid, events};
use super::said::Broken;
use crate::domain::content::{Product, SpacingStep};
use crate::domain::order::Dose;
use crate::rules::dose::given;
use crate::rules::patient::Patient;
use chrono::TimeDelta;
use serde_json::json;

/// Cycles laid out: from one to the next, and to the one after a loading dose.
const CYCLES: u64 = 3;

/// The first pair of administrations that are too close, with every line that is in such a pair.
pub fn judge(steps: &[SpacingStep], lines: &[&Laid<'_>], judging: &Judging<'_>) -> Option<Broken> {
    let patient = judging.shared.patient;
    if let [only] = lines
        && is_sound_by_itself(only, steps, patient)
    {
        return since_earlier(steps, lines, judging);
    }
    let all = events(lines, |_| CYCLES);
    let days: Vec<&[Event]> = all.chunk_by(|left, right| left.day == right.day).collect();
    let mut broken: Option<Broken> = None;
    let mut note = |lines: Vec<u32>, describe: &dyn Fn() -> Broken| {
        broken.get_or_insert_with(describe).lines.extend(lines);
    };
    for (index, today) in days.iter().enumerate() {
        let dose = of_day(today);
        let product = today.first().and_then(|event| lines.iter().find(|line| line.number() == event.line)?.line.product);
        let least = least_days(dose, steps, (patient, product));
        if let Some(often) = today.iter().find(|event| event.times > 1) {
            note(vec![often.line], &|| several_a_day(often));
        }
        let Some(next) = days.get(index + 1) else { continue };
        let (from, to) = (day_of(today), day_of(next));
        if to - from < u64::from(least) {
            let concerned = today.iter().chain(next.iter()).map(|event| event.line).collect();
            note(concerned, &|| too_close(from, to, least, dose));
        }
    }
    broken.or_else(|| since_earlier(steps, lines, judging))
}

fn several_a_day(event: &Event) -> Broken {
    Broken {
        entered: format!("{} administrations a day", event.times),
        expected: "one administration a day".to_owned(),
        words: format!("is ordered {} times a day, and it is given once a day at most", event.times),
        facts: vec![("times_a_day", json!(event.times))],
        lines: Vec::new(),
        field: "/frequency_per_day",
    }
}

fn too_close(from: u64, to: u64, least: u32, dose: Option<Dose>) -> Broken {
    let after = dose.map_or_else(String::new, |dose| format!(" after {dose}"));
    Broken {
        entered: days(to - from),
        expected: format!("at least {}", days(u64::from(least))),
        words: format!(
            "would be given on day {} and day {} of the treatment, {} apart; these should be at least {} apart{after}",
            from + 1,
            to + 1,
            days(to - from),
            days(u64::from(least)),
        ),
        facts: vec![("days_apart", json!(to - from)), ("least_days", json!(least)), ("days", json!([from + 1, to + 1]))],
        lines: Vec::new(),
        field: "/days",
    }
}

/// `1 day`, `21 days`.
pub fn days(count: u64) -> String {
    if count == 1 { "1 day".to_owned() } else { format!("{count} days") }
}

/// One administration a cycle, or a step of one day only: nothing to lay out.
fn is_sound_by_itself(line: &Laid<'_>, steps: &[SpacingStep], patient: &Patient<'_>) -> bool {
    let ordered = line.line.ordered;
    if line.times() > 1 {
        return false;
    }
    if steps.iter().all(|step| step.least_days <= 1) {
        return true;
    }
    match (ordered.days.as_slice(), line.cycles(), ordered.loading_dose) {
        ([] | [_], Some(1), _) => true,
        ([_], _, None) => line.length() >= u64::from(least_days(ordered.dose, steps, (patient, line.line.product))),
        _ => false,
    }
}

fn day_of(today: &[Event]) -> u64 {
    today.first().map_or(0, |event| event.day)
}

/// What is given on one day: of several lines the sum, where they are in one unit.
fn of_day(today: &[Event]) -> Option<Dose> {
    let mut doses = today.iter().map(|event| event.dose);
    doses.next()?.and_then(|first| {
        doses.try_fold(first, |sum, dose| {
            dose.filter(|dose| dose.unit == sum.unit).map(|dose| Dose { amount: sum.amount + dose.amount, unit: sum.unit })
        })
    })
}

/// Least days after a dose. What cannot be compared gets the longest: a dose that nobody knows is not a small one.
fn least_days(dose: Option<Dose>, steps: &[SpacingStep], (patient, product): (&Patient<'_>, Option<&Product>)) -> u32 {
    let longest = || steps.iter().map(|step| step.least_days).max().unwrap_or(0);
    for step in steps {
        let Some(up_to) = &step.up_to else { return step.least_days };
        let up_to = Dose { amount: up_to.amount, unit: up_to.unit };
        match dose.and_then(|dose| is_within(dose, up_to, patient, product)) {
            Some(true) => return step.least_days,
            Some(false) => {}
            None => return longest(),
        }
    }
    longest()
}

fn is_within(dose: Dose, up_to: Dose, patient: &Patient<'_>, product: Option<&Product>) -> Option<bool> {
    if dose.unit == up_to.unit {
        return Some(dose.amount <= up_to.amount);
    }
    let [dose, up_to] = [dose, up_to].map(|dose| given(dose.amount, dose.unit, patient, product).ok());
    Some(dose?.percent_of(up_to?)? <= 100.0)
}

/// From the last administration of an earlier case to the first of this order. What was given then is not known: of the same product it
/// counts as the same dose, else the shortest step counts. Treatment that another case still gives is a possible duplicate (DUP-01).
fn since_earlier(steps: &[SpacingStep], lines: &[&Laid<'_>], judging: &Judging<'_>) -> Option<Broken> {
    let first = lines.iter().min_by_key(|line| (line.first(), line.number()))?;
    let first_day = i64::try_from(first.first()).ok()?;
    let ordered = first.line.ordered;
    let is_supportive = first.drug.is_some_and(|drug| drug.supportive);
    let counts = |earlier: &&super::Earlier<'_>| {
        lines.iter().any(|line| line.name == earlier.drug)
            && earlier.first <= first_day
            && (is_supportive || earlier.last < first_day)
    };
    let earlier = judging.earlier.iter().filter(counts).max_by_key(|earlier| earlier.last)?;
    let least = if earlier.code.is_some() && earlier.code == ordered.hcpcs.as_deref() {
        least_days(ordered.loading_dose.or(ordered.dose), steps, (judging.shared.patient, first.line.product))
    } else {
        steps.iter().map(|step| step.least_days).min()?
    };
    let apart = (first_day - earlier.last).max(0).unsigned_abs();
    let service = judging.shared.admitted.date_of_service;
    let on = |day| service.checked_add_signed(TimeDelta::days(day)).unwrap_or(service);
    if apart >= u64::from(least) {
        return None;
    }
    let asked = days(u64::from(least));
    let (entered, there, mut facts) = if earlier.is_theirs {
        let there = format!("has it from {}, there last for about {}", earlier.from, on(earlier.last));
        (days(apart), there, vec![("days_apart", json!(apart)), ("earlier_case_from", json!(earlier.from))])
    } else {
        ("fewer days".to_owned(), "has it, too".to_owned(), Vec::new())
    };
    facts.push(("least_days", json!(least)));
    Some(Broken {
        entered,
        expected: format!("at least {asked}"),
        words: format!(
            "would first be given on {}, and another case of this member {there}; at least {asked} should lie between",
            on(first_day)
        ),
        facts,
        lines: vec![first.number()],
        field: "/days",
    })
}
