//! What an ingredient comes to on a day and within an interval, over all its lines, forms and routes (SAFE-06).

use super::super::concern::Concern;
use super::super::dose::{self, Given};
use super::super::drugs::{Shared, ceiling};
use super::super::limits::calendar::{self, Laid};
use super::super::plan::PlanLine;
use super::About;
use super::bounds::{NOISE, in_words, rules};
use crate::domain::content::{Amount, Basis, Per};
use crate::domain::order::Dose;
use crate::domain::vocabulary::{DeviationCode, Hold, Truth};

/// Every day and interval of every ingredient.
pub fn judge(shared: &Shared<'_>, found: &mut Vec<Concern>) {
    for (index, line) in shared.plan.iter().enumerate().filter(|(_, line)| counts(line)) {
        let same =
            |other: &&PlanLine<'_>| counts(other) && (other.name() == line.name() || other.ingredients().eq(line.ingredients()));
        let mut earlier = shared.plan.iter().take(index).filter(same).peekable();
        let leads = earlier.peek().is_none();
        let leads_phase = earlier.all(|other| other.phase_index != line.phase_index);
        if leads_phase {
            let here = || shared.plan.iter().filter(same).filter(|other| other.phase_index == line.phase_index);
            if line.ordered.frequency_per_day > 1 || here().nth(1).is_some() {
                of_a_day(&here().collect::<Vec<_>>(), shared, found);
            }
        }
        let has_interval = |line: &PlanLine<'_>| rules(line, None).any(|rule| rule.per_interval.is_some());
        if leads && shared.plan.iter().filter(same).any(has_interval) {
            of_an_interval(&shared.plan.iter().filter(same).collect::<Vec<_>>(), shared.laid, shared, found);
        }
    }
}

fn counts(line: &PlanLine<'_>) -> bool {
    !line.is_investigational() && line.dosing.is_some() && line.ordered.dose.is_some() && !line.ordered.days.is_empty()
}

/// All lines of one phase that give the ingredient.
fn of_a_day(lines: &[&PlanLine<'_>], shared: &Shared<'_>, found: &mut Vec<Concern>) {
    let mut days: Vec<u32> = lines.iter().flat_map(|line| line.ordered.days.iter().copied()).collect();
    days.sort_unstable();
    days.dedup();
    for day in days {
        let here: Vec<&PlanLine<'_>> = lines.iter().copied().filter(|line| line.ordered.days.contains(&day)).collect();
        for first in [false, true] {
            if let Some(concern) = day_total(&here, first, shared) {
                found.push(concern);
                return;
            }
        }
    }
}

fn dose_of(line: &PlanLine<'_>, first: bool) -> Option<Dose> {
    line.ordered.loading_dose.filter(|_| first).or(line.ordered.dose)
}

fn day_total(lines: &[&PlanLine<'_>], first: bool, shared: &Shared<'_>) -> Option<Concern> {
    let times = |line: &PlanLine<'_>| f64::from(line.ordered.frequency_per_day);
    let told = *lines.iter().min_by_key(|line| line.ordered.line)?;
    let doses: Vec<(Dose, &PlanLine<'_>)> = lines.iter().filter_map(|line| Some((dose_of(line, first)?, *line))).collect();
    // in one basis, where all lines are in it: before caps
    let (basis, _) = dose::measure(doses.first()?.0.unit);
    let in_basis: Option<f64> = doses
        .iter()
        .map(|(dose, line)| {
            let (own, factor) = dose::measure(dose.unit);
            (own == basis).then(|| dose.amount * factor * times(line))
        })
        .sum();
    let all_rules = || lines.iter().flat_map(|line| rules(line, None));
    let day_in_basis = all_rules()
        .filter(|rule| rule.basis == basis)
        .filter_map(|rule| {
            let (most, day) = rule.most.zip(rule.per_day)?;
            (most.basis == day.basis && most.amount > 0.0).then(|| rule.outer * day.amount / most.amount)
        })
        .reduce(f64::max);
    if let Some((total, bound)) = in_basis.zip(day_in_basis).filter(|(total, bound)| *total > bound * NOISE) {
        return Some(beyond(told, in_words(total, basis), &in_words(bound, basis), "a day", shared));
    }
    let per_day = all_rules()
        .filter_map(|rule| rule.per_day.or(rule.most))
        .filter(|day| day.basis.kind == basis.kind)
        .map(|day| day.amount)
        .reduce(f64::max)?;
    let capped = day_in_basis.is_some()
        && in_basis.is_some()
        && basis.per != Per::Flat
        && lines.iter().any(|line| ceiling(line, shared.matched).is_some());
    if capped {
        // its lines share the cap of the day
        return None;
    }
    let given = doses.iter().map(|(dose, line)| {
        let given = dose::given(dose.amount, dose.unit, shared.patient, line.product).ok()?;
        Some(given.at_most(ceiling(line, shared.matched)).times(times(line)))
    });
    let total: Given = given.reduce(|left, right| left?.plus(right?)).flatten()?;
    let flat = Basis { kind: total.kind(), per: Per::Flat };
    (total.kind() == basis.kind && total.amount() > per_day * NOISE)
        .then(|| beyond(told, total.shown().to_string(), &in_words(per_day, flat), "a day", shared))
}

fn beyond(line: &PlanLine<'_>, entered: String, bound: &str, span: &str, shared: &Shared<'_>) -> Concern {
    let source = line.product.map_or("", |product| product.source.as_str());
    About {
        rule: "total",
        code: DeviationCode::DoseOutOfBounds,
        field: "/dose",
        expected: format!("at most {bound} {span}"),
        message: format!(
            "check the doses of {}: all its lines together come to {entered} {span}, more than {bound}, the most that is given ({source})",
            line.name()
        ),
        entered,
        pends: true,
        hold: Some(Hold::DoseOutOfBounds),
        outcome: Truth::NotMet,
        requirements: &["SAFE-06"],
    }
    .concern(line, shared)
}

/// The most that any days in a row hold, each span of content for itself.
fn of_an_interval(lines: &[&PlanLine<'_>], laid: &[Laid<'_>], shared: &Shared<'_>, found: &mut Vec<Concern>) {
    let Some(line) = lines.iter().min_by_key(|line| line.ordered.line) else { return };
    let mut bounds: Vec<(Amount, u32)> = lines
        .iter()
        .flat_map(|line| rules(line, line.known_route().map(|route| crate::domain::content::Routes(1 << route.0))))
        .filter_map(|rule| rule.per_interval)
        .collect();
    bounds.sort_by(|left, right| left.1.cmp(&right.1).then(right.0.amount.total_cmp(&left.0.amount)));
    bounds.dedup_by_key(|(_, days)| *days);
    let here: Vec<&Laid<'_>> =
        laid.iter().filter(|laid| lines.iter().any(|line| std::ptr::eq(*line, laid.line) && line.name() == laid.name)).collect();
    found.extend(bounds.into_iter().find_map(|bound| within_days(line, &here, bound, shared)));
}

fn within_days(line: &PlanLine<'_>, here: &[&Laid<'_>], (most, days): (Amount, u32), shared: &Shared<'_>) -> Option<Concern> {
    let Ok(most_given) = dose::for_patient(most, shared.patient, line.product) else {
        let is_flat = here.iter().any(|laid| laid.line.ordered.dose.is_some_and(|dose| !dose.unit.is_relative()));
        // a dose by body measures asks for them itself
        return is_flat.then(|| unmeasured(line, &in_words(most.amount, most.basis), days, shared));
    };
    let rounding = 1.0 + shared.content.dosing.shares.rounding_percent / 100.0;
    let mut events: Vec<(u64, f64)> = Vec::new();
    for event in calendar::events(here, |length| u64::from(days) / length + 2) {
        let laid = here.iter().find(|laid| laid.number() == event.line);
        let Some((dose, laid)) = event.dose.zip(laid) else { continue };
        let Ok(given) = dose::given(dose.amount, dose.unit, shared.patient, laid.line.product) else { continue };
        if given.kind() == most_given.kind() {
            events.push((event.day, given.amount() * f64::from(event.times)));
        }
    }
    let (mut from, mut sum) = (0, 0.0);
    for (day, amount) in &events {
        sum += amount;
        while let Some((_, gone)) = events.get(from).filter(|(first, _)| first + u64::from(days) <= *day) {
            sum -= gone;
            from += 1;
        }
        if sum > most_given.amount() * rounding * NOISE {
            let flat = Basis { kind: most_given.kind(), per: Per::Flat };
            let span = format!("within {days} days");
            let bound = in_words(most.amount, most.basis);
            let bound =
                if most.basis.per == Per::Flat { bound } else { format!("{bound} ({} for this patient)", most_given.shown()) };
            return Some(beyond(line, in_words((sum * 100.0).round() / 100.0, flat), &bound, &span, shared));
        }
    }
    None
}

/// The bound is by weight or surface, which nobody told.
fn unmeasured(line: &PlanLine<'_>, bound: &str, days: u32, shared: &Shared<'_>) -> Concern {
    About {
        rule: "total",
        code: DeviationCode::MissingClinicalInformation,
        field: "/dose",
        expected: "body measures".to_owned(),
        entered: line.ordered.dose.map_or_else(String::new, |dose| dose.to_string()),
        message: format!(
            "enter height and weight: at most {bound} of {} are given within {days} days, and the order's cannot be compared",
            line.name()
        ),
        pends: true,
        hold: None,
        outcome: Truth::Unknown,
        requirements: &["SAFE-06", "SAFE-01"],
    }
    .concern(line, shared)
}
