//! What content limits: drugs that are never given together, and the number, spacing and duration of administrations (SAFE-09, SAFE-10,
//! SAFE-15). All lines of the order are laid on one calendar, whatever their form, route and role; this member's earlier cases and
//! `continuation_of_treatment_started_on` count. Nothing here helps a line through: a limit that is broken, or that cannot be told
//! while it would be broken, sends its lines to a person.

pub mod calendar;
mod clear;
mod course;
mod number;
mod preferred;
mod said;
mod spacing;
mod together;
mod total;

use super::concern::Concern;
use super::drugs::Shared;
use super::facts::Facts;
use super::plain;
use crate::domain::content::{Limit, LimitRule, Reach, Span};
use crate::domain::vocabulary::Truth;
use calendar::Laid;
use course::Earlier;
use said::{Broken, ask, say, truth};

/// Everything that a person has to look at.
pub fn concerns(facts: &Facts<'_>, shared: &Shared<'_>) -> Vec<Concern> {
    let laid = shared.laid;
    let mut found = Vec::new();
    let mut told = together::same_ingredient(laid, shared, &mut found);
    let earlier = course::earlier(facts, shared);
    let judging = Judging { facts, shared, earlier: &earlier };
    let mut named: Vec<(usize, usize)> = laid
        .iter()
        .enumerate()
        .flat_map(|(at, line)| {
            line.drug
                .into_iter()
                .flat_map(move |drug| shared.content.limits.of(&drug.generic).iter().map(move |limit| (*limit, at)))
        })
        .collect();
    named.sort_unstable();
    let mut lines: Vec<&Laid<'_>> = Vec::new();
    for of_one in named.chunk_by(|left, right| left.0 == right.0) {
        let Some(limit) = of_one.first().and_then(|(limit, _)| shared.content.limits.all().get(*limit)) else { continue };
        lines.clear();
        lines.extend(
            of_one
                .iter()
                .filter_map(|(_, at)| laid.get(*at))
                .filter(|line| !line.is_by(&limit.except_routes, &shared.content.dosing)),
        );
        if let LimitRule::NeverTogether { with, reach, days_apart } = &limit.rule {
            let rule = together::Rule { limit, with, reach: *reach, days_apart: *days_apart };
            found.extend(together::never(&rule, &lines, &judging, &mut told));
        } else if limit.together || matches!(limit.rule, LimitRule::Clear { .. }) {
            found.extend(judging.limit(limit, &lines));
        } else {
            lines.sort_by_key(|line| (line.name, line.number()));
            for of_drug in lines.chunk_by(|left, right| left.name == right.name) {
                found.extend(judging.limit(limit, of_drug));
            }
        }
    }
    found.extend(preferred::concerns(laid, &judging));
    found
}

/// What limits are judged against.
#[derive(Debug, Clone, Copy)]
struct Judging<'j> {
    facts: &'j Facts<'j>,
    shared: &'j Shared<'j>,
    earlier: &'j [Earlier<'j>],
}

impl Judging<'_> {
    /// One limit on lines that count as one drug.
    fn limit(&self, limit: &Limit, lines: &[&Laid<'_>]) -> Vec<Concern> {
        // of one line it is soon told whether the limit holds at all
        let is_of_others = |only: &Laid<'_>| limit.is_conditional() && truth(limit, only, self) == Truth::NotMet;
        if lines.is_empty() || matches!(lines, [only] if is_of_others(only)) {
            return Vec::new();
        }
        let broken: Option<Broken> = match &limit.rule {
            LimitRule::NeverTogether { .. } => None,
            LimitRule::Clear { least_days, except_codes, .. } => {
                clear::judge(&limit.drugs, *least_days, except_codes, lines, self)
            }
            LimitRule::Total(total) => return total::judge(limit, total, lines, self),
            LimitRule::Only => lines.first().map(|_| Broken {
                entered: "ordered".to_owned(),
                expected: limit
                    .unless
                    .as_ref()
                    .map_or_else(String::new, |unless| plain::clause_of(unless, self.shared.content).to_owned()),
                words: "is ordered, and nothing that was told says why it is needed".to_owned(),
                facts: Vec::new(),
                lines: lines.iter().map(|line| line.number()).collect(),
                field: "",
            }),
            LimitRule::Spacing(steps) => spacing::judge(steps, lines, self),
            LimitRule::Number { most, per } => match per {
                Span::Cycle | Span::Days(_) | Span::Row => number::within(*most, *per, lines),
                Span::Order | Span::Course | Span::Lifetime => number::in_all(limit, *most, *per, lines, self),
            },
            LimitRule::Duration { most_days } => number::duration(limit, *most_days, lines, self),
        };
        if let Some(broken) = broken {
            return say(limit, broken, lines, self);
        }
        number::asked(limit, lines, self).map_or_else(Vec::new, |asked| ask(limit, asked, lines, self))
    }

    /// True for a line that the program manages.
    fn is_managed(&self, line: &Laid<'_>) -> bool {
        line.drug.is_some_and(|drug| self.shared.admitted.program.managed.contains(&drug.generic))
    }
}

/// A span in words.
const fn reach_words(reach: Reach) -> &'static str {
    match reach {
        Reach::Day => "on the same day",
        Reach::Cycle => "in the same cycle",
    }
}
