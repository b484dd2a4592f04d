//! One ingredient twice on a day, and drugs that are never given together (SAFE-10).

use super::calendar::Laid;
use super::said::{Told, holds, joined};
use super::{Judging, reach_words};
use crate::domain::case::Deviation;
use crate::domain::content::{Limit, Reach, RegimenDrugRole, RegimenPhase};
use crate::domain::criteria::Partner;
use crate::domain::facts_used::FactsUsed;
use crate::domain::order::Dose;
use crate::domain::vocabulary::{DeviationCode, DeviationEffect, Hold, Truth};
use crate::rules::concern::{Concern, Pends};
use crate::rules::dose::{Given, given};
use crate::rules::drugs::Shared;
use serde_json::json;

/// Pairs of lines that a concern names already.
pub type Pairs = Vec<(u32, u32)>;

/// A rule about drugs that are never given together.
#[derive(Debug, Clone, Copy)]
pub struct Rule<'r> {
    /// The limit.
    pub limit: &'r Limit,
    /// The other side; empty where it is the drugs themselves.
    pub with: &'r [String],
    /// How near is together.
    pub reach: Reach,
    /// Days that have to lie between.
    pub days_apart: u32,
}

/// One ingredient on two lines of one day, in whatever form and by whatever route. Not a concern: drugs that content lets stand on
/// several lines; a drug that the matched regimen itself gives in as many entries on one day (bolus and infusion); lines of one code and
/// route that together are the regimen's dose (two sizes of vial).
pub fn same_ingredient(laid: &[Laid<'_>], shared: &Shared<'_>, found: &mut Vec<Concern>) -> Pairs {
    let mut told: Pairs = Vec::new();
    for (index, first) in laid.iter().enumerate() {
        let mut lines: Vec<&Laid<'_>> = Vec::new();
        let mut ingredient = "";
        for second in laid.iter().skip(index + 1) {
            if told.contains(&(first.number(), second.number())) {
                continue;
            }
            if let Some(both) = in_common(first, second).filter(|_| on_one_day(first, second)) {
                ingredient = both;
                lines.push(second);
            }
        }
        if lines.is_empty() {
            continue;
        }
        lines.insert(0, first);
        if is_ordinary(&lines, shared) {
            continue;
        }
        for (at, one) in lines.iter().enumerate() {
            told.extend(lines.iter().skip(at + 1).map(|other| (one.number(), other.number())));
        }
        found.push(twice(ingredient, &lines));
    }
    told
}

fn in_common<'l>(first: &Laid<'l>, second: &Laid<'l>) -> Option<&'l str> {
    let apart = first.number() == second.number() || first.is_named_otherwise || second.is_named_otherwise;
    if apart || first.line.phase_index != second.line.phase_index {
        return None;
    }
    // a code for drugs without one says nothing of the ingredient
    let known = |laid: &Laid<'l>| laid.drug.filter(|drug| !drug.is_unclassified());
    match (known(first), known(second)) {
        (Some(first), Some(second)) => {
            let is_there = |ingredient: &&String| second.ingredients.contains(ingredient);
            first.ingredients.iter().find(is_there).map(String::as_str)
        }
        (None, None) => first.name.eq_ignore_ascii_case(second.name).then_some(first.name),
        _ => None,
    }
}

fn on_one_day(first: &Laid<'_>, second: &Laid<'_>) -> bool {
    let (first, second) = (&first.line.ordered.days, &second.line.ordered.days);
    first.iter().any(|day| second.contains(day))
}

fn is_ordinary(lines: &[&Laid<'_>], shared: &Shared<'_>) -> bool {
    let Some(first) = lines.first() else { return true };
    let one_drug = lines.iter().all(|line| line.name == first.name);
    if !one_drug {
        return false;
    }
    if shared.content.limits.may_be_on_several_lines(first.name) {
        return true;
    }
    let Some(matched) = shared.matched.filter(|matched| matched.contains(first.line)) else { return false };
    let ordered = |line: &Laid<'_>| (line.line.ordered.hcpcs.clone(), line.line.known_route());
    let one_product = lines.iter().all(|line| ordered(line) == ordered(first));
    let dose = |amount, unit| given(amount, unit, shared.patient, first.line.product).ok();
    let sum = lines.iter().map(|line| line.line.ordered.dose.and_then(|Dose { amount, unit }| dose(amount, unit)));
    let sum = sum.reduce(|left, right| left?.plus(right?)).flatten();
    matched.phases().iter().any(|phase| {
        let entries = || phase.drugs.iter().filter(|drug| drug.generic == first.name && drug.role != RegimenDrugRole::Supportive);
        let on_one_day =
            entries().filter(|drug| entries().next().is_some_and(|other| other.days.first() == drug.days.first())).count();
        if on_one_day >= lines.len() {
            return true;
        }
        let is_of_regimen = |whole: Given| {
            entries().any(|drug| {
                dose(drug.dose.amount, drug.dose.unit)
                    .and_then(|expected| whole.percent_of(expected.at_most(drug.maximum_dose)))
                    .is_some_and(|percent| percent <= 100.0 + shared.admitted.program.dose_warning_percent)
            })
        };
        one_product && sum.is_some_and(is_of_regimen)
    })
}

fn twice(ingredient: &str, lines: &[&Laid<'_>]) -> Concern {
    let names: Vec<String> = lines.iter().map(|line| line.words()).collect();
    let mut numbers: Vec<u32> = lines.iter().map(|line| line.number()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let first = lines.first();
    let day = first.and_then(|first| {
        first.line.ordered.days.iter().filter(|day| lines.iter().all(|line| line.line.ordered.days.contains(day))).min()
    });
    let on = day.map_or_else(String::new, |day| format!(", day {day} of the cycle"));
    let message = format!("{ingredient} is ordered more than once on the same day{on}: by {}", joined(&names));
    let last = lines.last().or(first);
    Concern {
        rule: format!("limits/same-day/{ingredient}"),
        outcome: Truth::NotMet,
        requirements: &["SAFE-09", "SAFE-10"],
        source: "an ingredient is given once a day over all lines, forms and routes, unless content or the matched regimen says otherwise"
            .to_owned(),
        facts: [("ingredient", json!(ingredient)), ("lines", json!(numbers))].into(),
        deviation: Deviation {
            code: DeviationCode::DuplicateTherapy,
            drug_line: last.map(|line| line.number()),
            line: last.map(|line| line.number()),
            options: Vec::new(),
            field: last.map_or_else(String::new, |line| line.line.pointer("")),
            expected: format!("{ingredient} once on a day"),
            entered: names.join(", "),
            effect: DeviationEffect::Pends,
            message,
        },
        pends: Pends::Lines(numbers),
        hold: Some(Hold::DuplicateTherapy),
    }
}

/// Lines of which some are never given together: one concern that names them all, or one for each answer that would tell.
pub fn never(rule: &Rule<'_>, lines: &[&Laid<'_>], judging: &Judging<'_>, told: &mut Pairs) -> Vec<Concern> {
    let mut concerned: Vec<&Laid<'_>> = Vec::new();
    for (index, first) in lines.iter().enumerate() {
        for second in lines.iter().skip(index + 1) {
            let pair = (first.number(), second.number());
            if first.name == second.name || pair.0 == pair.1 || told.contains(&pair) || !rule.is_about(first.name, second.name) {
                continue;
            }
            if rule.are_together(first, second) && !is_of_regimen(first.name, second.name, judging.shared) {
                told.push(pair);
                concerned.extend([*first, *second]);
            }
        }
    }
    concerned.sort_by_key(|line| (line.number(), line.name));
    concerned.dedup_by_key(|line| (line.number(), line.name));
    let mut found = rule.say(&concerned, judging);
    found.extend(beside_earlier(rule, lines, judging));
    found.extend(lines.iter().filter_map(|line| rule.beside_ongoing(line, judging)));
    found
}

/// What a matched regimen gives together is meant so.
fn is_of_regimen(first: &str, second: &str, shared: &Shared<'_>) -> bool {
    shared.matched.is_some_and(|matched| {
        let gives = |phase: &RegimenPhase, name: &str| phase.drugs.iter().any(|drug| drug.generic == name);
        let beside = |one: &str, other: &str| {
            let phases = || matched.phases().iter();
            phases().any(|phase| phase.beside && gives(phase, one)) && phases().any(|phase| gives(phase, other))
        };
        matched.phases().iter().any(|phase| gives(phase, first) && gives(phase, second))
            || beside(first, second)
            || beside(second, first)
    })
}

impl Rule<'_> {
    fn is_about(&self, first: &str, second: &str) -> bool {
        let one = |name: &str| self.limit.drugs.iter().any(|drug| drug == name);
        let other = |name: &str| self.with.iter().any(|drug| drug == name);
        let both = if self.with.is_empty() { one(first) && one(second) } else { one(first) && other(second) };
        both || other(first) && one(second)
    }

    fn are_together(&self, first: &Laid<'_>, second: &Laid<'_>) -> bool {
        if run_beside(first, second) {
            return self.reach == Reach::Cycle || days_between(first, second) < u64::from(self.days_apart.max(1));
        }
        if first.line.phase_index == second.line.phase_index && (self.reach == Reach::Cycle || on_one_day(first, second)) {
            return true;
        }
        self.days_apart > 1 && days_between(first, second) < u64::from(self.days_apart)
    }

    fn say(&self, lines: &[&Laid<'_>], judging: &Judging<'_>) -> Vec<Concern> {
        let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return Vec::new() };
        let (truth, asked) = holds(self.limit, first, judging);
        if truth == Truth::NotMet {
            return Vec::new();
        }
        let names: Vec<String> = lines.iter().map(|line| line.words()).collect();
        let names = joined(&names);
        let apart = self.apart();
        let about = &self.limit.about;
        let message = format!(
            "{names} are ordered together, on {}: {about} are never given {apart} ({})",
            days_of(lines),
            self.limit.source
        );
        let mut numbers: Vec<u32> = lines.iter().map(|line| line.number()).collect();
        numbers.dedup();
        let outcome = if truth == Truth::Met { Truth::NotMet } else { Truth::Unknown };
        let concern = Told { limit: self.limit, outcome, facts: [("drugs", json!(names))].into(), lines: numbers, first: last };
        if asked.is_empty() {
            let expected = format!("one of {about}, not several {apart}");
            let mut told = concern.told(DeviationCode::DuplicateTherapy, last.line.pointer(""), expected, names, message);
            told.hold = Some(Hold::DuplicateTherapy);
            return vec![told];
        }
        asked.into_iter().map(|asked| concern.asks(asked, &message, judging.shared.content)).collect()
    }

    /// A line beside treatment that is told to go on. Another product of the line's own ingredient is a change of form.
    fn beside_ongoing(&self, line: &Laid<'_>, judging: &Judging<'_>) -> Option<Concern> {
        let shared = judging.shared;
        if !shared.patient.history.lists_treatment() {
            return None;
        }
        let is_other = |name: &&String| {
            let other = shared.content.drugs.by_name(name);
            let is_one = |ingredient: &String| line.drug.is_some_and(|drug| drug.ingredients.contains(ingredient));
            self.is_about(name, line.name)
                && name.as_str() != line.name
                && !other.is_some_and(|other| other.ingredients.iter().any(is_one))
                && !is_of_regimen(name, line.name, shared)
        };
        let others = self.limit.drugs.iter().chain(self.with).filter(is_other);
        let partners: Vec<Partner> = others.map(|name| Partner::Generic(name.clone())).collect();
        let (index, typed, held) = shared.patient.history.ongoing(&partners, shared.content)?;
        let truth = holds(self.limit, line, judging).0.and(held);
        // what is not known of earlier treatment holds up what is managed only
        if truth == Truth::NotMet || (held == Truth::Unknown && !judging.is_managed(line)) {
            return None;
        }
        let about = &self.limit.about;
        let message = format!(
            "{} is ordered while earlier treatment with {typed} goes on: {about} are never given {} ({})",
            line.words(),
            self.apart(),
            self.limit.source
        );
        let (outcome, code) = match truth {
            Truth::Met => (Truth::NotMet, DeviationCode::DuplicateTherapy),
            _ => (Truth::Unknown, DeviationCode::UnknownAnswer),
        };
        let facts = [("ongoing".to_owned(), json!(typed))].into();
        let concern = Told { limit: self.limit, outcome, facts, lines: vec![line.number()], first: line };
        let expected = format!("one of {about}, not several {}", self.apart());
        let field = format!("/clinical/prior_therapies/{index}");
        let mut told = concern.told(code, field, expected, typed.to_owned(), message);
        told.hold = (outcome == Truth::NotMet).then_some(Hold::DuplicateTherapy);
        Some(told)
    }

    /// `on the same day`, `in the same cycle or within 13 days`.
    fn apart(&self) -> String {
        let within = if self.days_apart > 1 { format!(" or less than {} days apart", self.days_apart) } else { String::new() };
        format!("{}{within}", reach_words(self.reach))
    }
}

/// `day 1 of the cycle`, `days 1 and 8 of the cycle`; with the phases where there are several.
fn days_of(lines: &[&Laid<'_>]) -> String {
    let mut days: Vec<u32> = lines.iter().flat_map(|line| line.line.ordered.days.iter().copied()).collect();
    days.sort_unstable();
    days.dedup();
    let mut phases: Vec<usize> = lines.iter().map(|line| line.line.phase_index + 1).collect();
    phases.sort_unstable();
    phases.dedup();
    let listed = |numbers: Vec<String>, one: &str, many: &str| {
        let noun = if numbers.len() == 1 { one } else { many };
        format!("{noun} {}", joined(&numbers))
    };
    let days = listed(vec![crate::domain::text::day_list(&days)], if days.len() == 1 { "day" } else { "days" }, "days");
    match phases.as_slice() {
        [] | [_] => format!("{days} of the cycle"),
        _ => format!("{days} of the cycles of {}", listed(phases.iter().map(ToString::to_string).collect(), "phase", "phases")),
    }
}

/// Days over which phases that run beside each other are compared: the longest that an order is authorized for.
const HORIZON: u64 = 400;

/// True for lines of two phases of which one runs beside the other.
fn run_beside(first: &Laid<'_>, second: &Laid<'_>) -> bool {
    first.line.phase_index != second.line.phase_index && (first.line.phase.beside || second.line.phase.beside)
}

/// Fewest days between an administration of the one and one of the other.
fn days_between(first: &Laid<'_>, second: &Laid<'_>) -> u64 {
    if first.line.phase_index == second.line.phase_index {
        let length = first.length();
        let repeats = first.cycles() != Some(1);
        let gap = |one: u64, other: u64| {
            let gap = one.abs_diff(other);
            if repeats { gap.min(length.saturating_sub(gap)) } else { gap }
        };
        return first.days().flat_map(|one| second.days().map(move |other| gap(one, other))).min().unwrap_or(0);
    }
    if run_beside(first, second) {
        let others = second.days_within(HORIZON);
        let nearest = |day: u64| others.iter().map(|other| other.abs_diff(day)).min();
        return first.days_within(HORIZON).into_iter().filter_map(nearest).min().unwrap_or(0);
    }
    let (before, after) = if first.start < second.start { (first, second) } else { (second, first) };
    // only the last phase is open-ended
    after.first().saturating_sub(before.last(after.start))
}

/// A supportive drug beside one that another case still gives. Treatment of several cases at once is judged as overlapping treatment.
fn beside_earlier(rule: &Rule<'_>, lines: &[&Laid<'_>], judging: &Judging<'_>) -> Vec<Concern> {
    let supportive = lines.iter().filter(|line| line.drug.is_some_and(|drug| drug.supportive));
    for line in supportive {
        let Ok(first) = i64::try_from(line.first()) else { continue };
        let still = judging.earlier.iter().find(|earlier| {
            let apart = i64::from(rule.days_apart.max(1));
            earlier.drug != line.name
                && rule.is_about(earlier.drug, line.name)
                && earlier.first <= first
                && first - earlier.last < apart
        });
        let Some(earlier) = still else { continue };
        let (truth, asked) = holds(rule.limit, line, judging);
        if truth == Truth::NotMet {
            continue;
        }
        let about = &rule.limit.about;
        let (what, facts) = if earlier.is_theirs {
            let facts = [("earlier_drug", json!(earlier.drug)), ("earlier_case_from", json!(earlier.from))];
            let what = format!("{} of another case of this member, authorized from {},", earlier.drug, earlier.from);
            (what, facts.into())
        } else {
            ("a drug of another case of this member".to_owned(), FactsUsed::new())
        };
        let message = format!(
            "{} is ordered while {what} is given: {about} are never given {} ({})",
            line.words(),
            rule.apart(),
            rule.limit.source
        );
        let outcome = if truth == Truth::Met { Truth::NotMet } else { Truth::Unknown };
        let concern = Told { limit: rule.limit, outcome, facts, lines: vec![line.number()], first: line };
        if !asked.is_empty() {
            return asked.into_iter().map(|asked| concern.asks(asked, &message, judging.shared.content)).collect();
        }
        let expected = format!("one of {about}, not several {}", rule.apart());
        let mut told = concern.told(DeviationCode::DuplicateTherapy, line.line.pointer(""), expected, line.words(), message);
        told.hold = Some(Hold::DuplicateTherapy);
        return vec![told];
    }
    Vec::new()
}
