//! Days that have to lie between a drug and the next of other drugs: a long-acting growth factor and chemotherapy (SAFE-09). The same day
//! counts, too, but for codes of products that are put on that day and deliver the drug on the next.

use super::Judging;
use super::calendar::{Event, Laid, events};
use super::said::Broken;
use super::spacing::days;
use crate::rules::matching::Match;
use serde_json::json;

/// Cycles laid out: from one to the next, and into the next phase.
const CYCLES: u64 = 3;

/// The first administration that the next of the other drugs follows too soon.
pub fn judge(
    drugs: &[String],
    least_days: u32,
    except_codes: &[String],
    lines: &[&Laid<'_>],
    judging: &Judging<'_>,
) -> Option<Broken> {
    let (own, others): (Vec<&Laid<'_>>, Vec<&Laid<'_>>) =
        lines.iter().copied().partition(|line| drugs.iter().any(|drug| drug == line.name));
    if own.is_empty() || others.is_empty() {
        return None;
    }
    let next = events(&others, |_| CYCLES);
    let on = |event: &Event| own.iter().find(|line| line.number() == event.line).copied();
    events(&own, |_| CYCLES).iter().find_map(|event| {
        let line = on(event).filter(|line| !is_of_regimen(line, judging))?;
        let delivers_later =
            line.line.ordered.hcpcs.as_ref().is_some_and(|code| except_codes.iter().any(|other| other == code));
        let from = event.day + u64::from(delivers_later && next.iter().any(|other| other.day == event.day));
        let other = next.iter().find(|other| other.day >= from)?;
        let apart = other.day - from;
        let named = others.iter().find(|line| line.number() == other.line)?;
        let is_broken = apart < u64::from(least_days);
        is_broken.then(|| {
            let what = if apart == 0 {
                format!(
                    "is ordered on day {} of the treatment, the day of {}; it is given on the day after at the earliest (enter the day on \
                     which an on-body injector delivers it)",
                    from + 1,
                    named.words()
                )
            } else {
                format!(
                    "would be given on day {} of the treatment and {} on day {}, {} later; at least {} should lie between",
                    from + 1,
                    named.words(),
                    other.day + 1,
                    days(apart),
                    days(u64::from(least_days))
                )
            };
            Broken {
                entered: if apart == 0 { "the same day".to_owned() } else { days(apart) },
                expected: format!("at least {} before {}", days(u64::from(least_days)), named.name),
                words: what,
                facts: vec![
                    ("days_apart", json!(apart)),
                    ("least_days", json!(least_days)),
                    ("days", json!([from + 1, other.day + 1])),
                    ("next", json!(named.name)),
                ],
                lines: own.iter().map(|line| line.number()).collect(),
                field: "/days",
            }
        })
    })
}

/// True where the matched regimen gives the drug on just these days of such a cycle.
fn is_of_regimen(line: &Laid<'_>, judging: &Judging<'_>) -> bool {
    let phases = judging.shared.matched.into_iter().flat_map(Match::phases);
    phases.filter(|phase| phase.cycle_length_days == line.line.phase.cycle_length_days).any(|phase| {
        let gives = |day: &u32| phase.drugs.iter().any(|drug| drug.generic == line.name && drug.days.contains(day));
        line.line.ordered.days.iter().all(gives)
    })
}
