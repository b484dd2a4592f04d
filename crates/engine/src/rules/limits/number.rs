//! Most administrations, and the longest duration.

use super::Judging;
use super::calendar::{Event, Laid, end_of_range, events};
use super::course::{Course, course, ever};
use super::said::Broken;
use super::spacing::days;
use crate::domain::content::{Limit, LimitRule, Span};
use crate::domain::criteria::Partner;
use chrono::TimeDelta;
use serde_json::json;

/// Most in a cycle, in any so many days, or in a row.
pub fn within(most: u32, per: Span, lines: &[&Laid<'_>]) -> Option<Broken> {
    let (found, words) = match per {
        Span::Cycle => (in_a_cycle(lines), "in one cycle".to_owned()),
        Span::Days(length) => (in_days(u64::from(length), lines), format!("within {length} days")),
        Span::Row => (in_a_row(u64::from(most), lines), "days in a row".to_owned()),
        Span::Order | Span::Course | Span::Lifetime => return None,
    };
    (found > u64::from(most)).then(|| Broken {
        entered: format!("{found} {words}"),
        expected: format!("at most {most} {words}"),
        words: match per {
            Span::Row => format!("is ordered on more than {most} days in a row; it is given on at most {most}"),
            _ => format!("is ordered {found} times {words}; it is given at most {most} times"),
        },
        facts: vec![("administrations", json!(found)), ("most", json!(most))],
        lines: lines.iter().map(|line| line.number()).collect(),
        field: "/days",
    })
}

fn in_a_cycle(lines: &[&Laid<'_>]) -> u64 {
    let of = |phase: usize| {
        let lines = lines.iter().filter(|line| line.line.phase_index == phase);
        lines.map(|line| line.line.ordered.days.len() as u64 * u64::from(line.times())).sum::<u64>()
    };
    lines.iter().map(|line| of(line.line.phase_index)).max().unwrap_or(0)
}

fn in_days(length: u64, lines: &[&Laid<'_>]) -> u64 {
    if let [only] = lines
        && only.length() >= length
        && only.line.ordered.days.len() == 1
    {
        return u64::from(only.times());
    }
    let all = events(lines, |cycle| length / cycle + 2);
    let (mut most, mut sum, mut oldest) = (0, 0, 0);
    for event in &all {
        sum += u64::from(event.times);
        while let Some(past) = all.get(oldest).filter(|past| past.day + length <= event.day) {
            sum -= u64::from(past.times);
            oldest += 1;
        }
        most = most.max(sum);
    }
    most
}

fn in_a_row(most: u64, lines: &[&Laid<'_>]) -> u64 {
    let all = events(lines, |cycle| most / cycle + 2);
    let days: Vec<u64> =
        all.chunk_by(|left, right| left.day == right.day).filter_map(<[Event]>::first).map(|event| event.day).collect();
    days.chunk_by(|left, right| left + 1 == *right).map(|row| row.len() as u64).max().unwrap_or(0)
}

/// Most in this order, in a course, or ever.
pub fn in_all(limit: &Limit, most: u32, per: Span, lines: &[&Laid<'_>], judging: &Judging<'_>) -> Option<Broken> {
    let end = end_of_range(judging.shared);
    let here: u64 = lines.iter().map(|line| line.in_all(end)).sum();
    let before = before(limit, per, lines, judging).map_or(0, |before| before.times);
    (here + before > u64::from(most)).then(|| {
        let of = match per {
            Span::Order => "in one order",
            Span::Lifetime => "in a lifetime",
            _ => "in a course of treatment",
        };
        let also = if before > 0 { format!(" after {before} before it") } else { String::new() };
        Broken {
            entered: format!("{} administrations", here + before),
            expected: format!("at most {most} {of}"),
            words: format!("is ordered {here} times{also}; it is given at most {most} times {of}"),
            facts: vec![("administrations", json!(here)), ("before", json!(before)), ("most", json!(most))],
            lines: lines.iter().map(|line| line.number()).collect(),
            field: "/days",
        }
    })
}

/// What went before that counts with this order; none where nothing does.
fn before(limit: &Limit, per: Span, lines: &[&Laid<'_>], judging: &Judging<'_>) -> Option<Course> {
    let is_of = |drug: &str| is_of(limit, lines, drug);
    match per {
        Span::Course => Some(course_of(limit, lines, judging)),
        Span::Lifetime => Some(ever(lines, || partners(limit, lines), is_of, judging)),
        Span::Cycle | Span::Days(_) | Span::Row | Span::Order => None,
    }
}

/// What would have to be known of earlier treatment to tell whether a limit holds; none where enough is.
pub fn asked(limit: &Limit, lines: &[&Laid<'_>], judging: &Judging<'_>) -> Option<&'static str> {
    match limit.rule {
        LimitRule::Number { per, .. } => {
            before(limit, per, lines, judging).filter(|before| before.is_uncounted).map(|_| "how often it was given before")
        }
        LimitRule::Duration { .. } => course_of(limit, lines, judging).is_undated.then_some("when it was first given"),
        LimitRule::NeverTogether { .. }
        | LimitRule::Spacing(_)
        | LimitRule::Clear { .. }
        | LimitRule::Total(_)
        | LimitRule::Only => None,
    }
}

/// Longest from the first to the last administration.
pub fn duration(limit: &Limit, most_days: u32, lines: &[&Laid<'_>], judging: &Judging<'_>) -> Option<Broken> {
    let end = end_of_range(judging.shared);
    let last = i64::try_from(lines.iter().map(|line| line.last(end)).max()?).ok()?;
    let first = course_of(limit, lines, judging).first;
    let found = last - first;
    (found > i64::from(most_days)).then(|| {
        let service = judging.shared.admitted.date_of_service;
        let on = |day| service.checked_add_signed(TimeDelta::days(day)).unwrap_or(service);
        Broken {
            entered: format!("{found} days"),
            expected: format!("at most {most_days} days"),
            words: format!(
                "would be given from {} to {}, {}; it is given for at most {most_days} days",
                on(first),
                on(last),
                days(found.unsigned_abs())
            ),
            facts: vec![("days", json!(found)), ("most_days", json!(most_days)), ("since", json!(on(first)))],
            lines: lines.iter().map(|line| line.number()).collect(),
            field: "/days",
        }
    })
}

/// True for a drug that counts with these lines.
fn is_of(limit: &Limit, lines: &[&Laid<'_>], drug: &str) -> bool {
    lines.iter().any(|line| line.name == drug) || limit.together && limit.drugs.iter().any(|other| other == drug)
}

fn course_of(limit: &Limit, lines: &[&Laid<'_>], judging: &Judging<'_>) -> Course {
    course(lines, || partners(limit, lines), |drug| is_of(limit, lines, drug), judging)
}

/// The drugs that count with these lines.
pub fn partners(limit: &Limit, lines: &[&Laid<'_>]) -> Vec<Partner> {
    let together = limit.drugs.iter().filter(|_| limit.together).map(String::as_str);
    let mut names: Vec<&str> = lines.iter().map(|line| line.name).chain(together).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| Partner::Generic(name.to_owned())).collect()
}
