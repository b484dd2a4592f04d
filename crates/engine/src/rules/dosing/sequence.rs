//! Doses one after another: an order's administrations of a drug against those of the regimen, each with the ones that can stand in its
//! place (SAFE-05). Both are written as runs of equal doses, counted in days of treatment with the drug, so that neither an equivalent
//! split into phases nor the number of cycles that a regimen leaves open makes a difference.

use super::super::dose::{self, Given};
use super::super::drugs::{Shared, ceiling};
use super::super::matching::Match;
use super::super::plan::PlanLine;
use crate::domain::content::{RegimenDose, RegimenDrug, RegimenDrugRole, RegimenPhase};
use crate::domain::order::Dose;

/// Cycles that are laid out one by one where the doses within a cycle differ.
const CYCLES: u32 = 60;
/// Stands for "no end".
const ENDLESS: u32 = u32::MAX / 2;

/// All of a drug that is given on one day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Total {
    /// Before caps.
    pub whole: Given,
    /// After caps.
    pub capped: Given,
    /// True where body measures make the amount.
    relative: bool,
}

impl Total {
    fn plus(self, other: Self) -> Option<Self> {
        let (whole, capped) = (self.whole.plus(other.whole)?, self.capped.plus(other.capped)?);
        Some(Self { whole, capped, relative: self.relative && other.relative })
    }

    /// True where body measures make both amounts, and a cap makes them the same: before it they are not.
    pub fn is_hidden_by_cap(self, other: Self) -> bool {
        self.relative
            && other.relative
            && self.capped.shown() == other.capped.shown()
            && self.whole.shown() != other.whole.shown()
    }

    /// In percent of another; before caps where both are worked out from body measures, so that no cap hides a factor.
    pub fn percent_of(self, other: Self) -> Option<f64> {
        if self.relative && other.relative { self.whole.percent_of(other.whole) } else { self.capped.percent_of(other.capped) }
    }
}

/// The same dose on several days of treatment in a row.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// First place, from 0.
    pub from: u32,
    /// The place after the last.
    pub to: u32,
    /// What is given.
    pub total: Total,
    /// True for a dose of the first administration only.
    pub loading: bool,
    /// Index in the plan of the line that it is told of; of a regimen's run, that of its phase.
    pub line: usize,
}

/// Doses of the regimen that can stand at a place. Where treatment goes on from before, nobody knows how far it has come.
pub fn standing(expected: &[Run], place: u32, goes_on: bool) -> Vec<&Run> {
    if goes_on {
        return expected.iter().filter(|run| !run.loading || place == 0).collect();
    }
    let here: Vec<&Run> = expected.iter().filter(|run| run.from <= place && place < run.to).collect();
    if here.is_empty() { expected.iter().max_by_key(|run| run.to).into_iter().collect() } else { here }
}

fn push(runs: &mut Vec<Run>, run: Run) {
    match runs.last_mut() {
        Some(last) if last.to == run.from && last.total == run.total && last.loading == run.loading && last.line == run.line => {
            last.to = run.to;
        }
        _ => runs.push(run),
    }
}

/// A drug that the matched regimen gives, with its doses one after another.
#[derive(Debug)]
pub struct Doses<'p, 'a> {
    /// The line that leads the lines of the drug.
    pub line: &'p PlanLine<'a>,
    /// As ordered; none where a measure is missing, or amounts of several kinds meet on one day.
    pub ordered: Option<Vec<Run>>,
    /// As the regimen gives them; none likewise, and where nothing is known of the order.
    pub expected: Option<Vec<Run>>,
}

/// Every drug of the order that the matched regimen gives.
pub fn doses<'p, 'a>(shared: &'p Shared<'a>, matched: &'p Match<'a>) -> Vec<Doses<'p, 'a>> {
    let of_drug = |line: &'p PlanLine<'a>| {
        let ordered = ordered(line.name(), shared);
        let expected = ordered.as_ref().and_then(|_| expected(line.name(), line, matched, shared));
        Doses { line, ordered, expected }
    };
    super::regimen::leading(shared, matched).map(of_drug).collect()
}

/// What is ordered of a drug. None where a measure is missing, or amounts of several kinds meet on one day.
pub fn ordered(name: &str, shared: &Shared<'_>) -> Option<Vec<Run>> {
    let mut runs = Vec::new();
    let mut at = 0;
    for index in 0..shared.phases.len() {
        let of_phase = || shared.plan.iter().enumerate().filter(|(_, line)| line.phase_index == index && is_of(line, name));
        let (first, second) = {
            let mut lines = of_phase();
            (lines.next(), lines.next())
        };
        let Some((place, line)) = first else { continue };
        if second.is_none() && line.ordered.loading_dose.is_none() {
            // most drugs: one line, with one dose on all of its days
            let total = total(line.ordered.dose?, ceiling(line, shared.matched), line, shared)?;
            let count = u32::try_from(line.ordered.days.len()).unwrap_or(u32::MAX);
            let end = line.phase.cycles.map_or(ENDLESS, |cycles| at + cycles * count);
            if at < end {
                push(&mut runs, Run { from: at, to: end, total, loading: false, line: place });
            }
            at = end;
            continue;
        }
        at = of_several(&of_phase().collect::<Vec<_>>(), at, &mut runs, shared)?;
    }
    Some(runs)
}

/// The lines of a drug in one phase, of which there are several, or of which one is loaded; the place after them.
fn of_several(lines: &[(usize, &PlanLine<'_>)], at: u32, runs: &mut Vec<Run>, shared: &Shared<'_>) -> Option<u32> {
    let mut at = at;
    let mut days: Vec<u32> = lines.iter().flat_map(|(_, line)| line.ordered.days.iter().copied()).collect();
    days.sort_unstable();
    days.dedup();
    let Some(told) = lines.iter().min_by_key(|(_, line)| line.ordered.line).map(|(index, _)| *index) else { return Some(at) };
    let on = |day: u32, first: bool| -> Option<Total> {
        let given = lines.iter().filter(|(_, line)| line.ordered.days.contains(&day)).map(|(_, line)| {
            let begins = first && line.ordered.days.iter().min() == Some(&day);
            let dose = line.ordered.loading_dose.filter(|_| begins).or(line.ordered.dose)?;
            total(dose, ceiling(line, shared.matched), line, shared)
        });
        given.reduce(|left, right| left?.plus(right?)).flatten()
    };
    let line_on = |day: u32| {
        let given = || lines.iter().filter(|(_, line)| line.ordered.days.contains(&day));
        // of several lines of one day, the one whose dose the regimen does not give
        let several = given().nth(1).is_some();
        given().min_by_key(|(_, line)| (several && is_dose_of(shared, line), line.ordered.line)).map_or(told, |(index, _)| *index)
    };
    let ordinary: Vec<(Total, usize)> =
        days.iter().map(|day| Some((on(*day, false)?, line_on(*day)))).collect::<Option<Vec<_>>>()?;
    let loads = lines.iter().any(|(_, line)| line.ordered.loading_dose.is_some());
    let cycles = lines.first().map_or(Some(0), |(_, line)| line.phase.cycles);
    let count = u32::try_from(ordinary.len()).unwrap_or(u32::MAX);
    let end = cycles.map_or(ENDLESS, |cycles| at + cycles * count);
    if loads {
        for (place, day) in (at..).zip(&days) {
            push(runs, Run { from: place, to: place + 1, total: on(*day, true)?, loading: false, line: line_on(*day) });
        }
        at += count;
    }
    lay_out(runs, &ordinary, (at, end), |from, to, total, line| Run { from, to, total, loading: false, line });
    Some(end)
}

/// Repeats the doses of a cycle from one place to another.
fn lay_out(runs: &mut Vec<Run>, cycle: &[(Total, usize)], (from, to): (u32, u32), run: impl Fn(u32, u32, Total, usize) -> Run) {
    let Some((first, line)) = cycle.first().copied() else { return };
    if cycle.iter().all(|(total, of)| *total == first && *of == line) {
        if from < to {
            push(runs, run(from, to, first, line));
        }
        return;
    }
    let length = u32::try_from(cycle.len()).unwrap_or(u32::MAX);
    let last = to.min(from.saturating_add(CYCLES.saturating_mul(length)));
    for (place, (total, line)) in (from..last).zip(cycle.iter().cycle()) {
        push(runs, run(place, place + 1, *total, *line));
    }
}

/// True where the matched regimen gives just this dose of the line's drug.
fn is_dose_of(shared: &Shared<'_>, line: &PlanLine<'_>) -> bool {
    let drugs = shared.matched.into_iter().flat_map(Match::phases).flat_map(|phase| &phase.drugs);
    let given = |dose: Dose| dose::given(dose.amount, dose.unit, shared.patient, line.product).ok();
    let tolerance = shared.admitted.program.dose_warning_percent;
    let is_it = |drug: &RegimenDrug| {
        let expected = Dose { amount: drug.dose.amount, unit: drug.dose.unit };
        let percent = line.ordered.dose.and_then(given).zip(given(expected)).and_then(|(left, right)| left.percent_of(right));
        percent.is_some_and(|percent| (percent - 100.0).abs() <= tolerance)
    };
    drugs.filter(|drug| drug.generic == line.name()).any(is_it)
}

fn is_of(line: &PlanLine<'_>, name: &str) -> bool {
    line.name() == name && !line.is_investigational() && line.ordered.dose.is_some() && !line.ordered.days.is_empty()
}

fn total(dose: Dose, ceiling: Option<f64>, line: &PlanLine<'_>, shared: &Shared<'_>) -> Option<Total> {
    let whole = dose::given(dose.amount, dose.unit, shared.patient, line.product).ok()?;
    let relative = dose.unit.is_relative();
    Some(Total { whole, capped: whole.at_most(ceiling.filter(|_| relative)), relative })
}

/// What the regimen gives of a drug. A phase with more or fewer cycles moves those after it, so that runs may overlap.
pub fn expected(name: &str, line: &PlanLine<'_>, matched: &Match<'_>, shared: &Shared<'_>) -> Option<Vec<Run>> {
    let mut runs: Vec<Run> = Vec::new();
    let (mut earliest, mut latest) = (0_u32, 0_u32);
    for (source, phase) in matched.phases().iter().enumerate() {
        let is_of = |drug: &&RegimenDrug| drug.generic == name && drug.role != RegimenDrugRole::Supportive;
        let mut of_phase = phase.drugs.iter().filter(is_of);
        let Some(first) = of_phase.next() else { continue };
        if of_phase.next().is_none() && first.loading_dose.is_none() && first.days.is_sorted_by(|day, next| day < next) {
            // most drugs: one entry, with one dose on all of its days
            if first.days.is_empty() {
                continue;
            }
            let total = of_entry(first, first.dose, line, shared)?;
            let count = u32::try_from(first.days.len()).unwrap_or(u32::MAX);
            let end = most_cycles(phase).map_or(ENDLESS, |cycles| latest.saturating_add(cycles * count).min(ENDLESS));
            if earliest < end {
                push(&mut runs, Run { from: earliest, to: end, total, loading: false, line: source });
            }
            earliest = earliest.saturating_add(phase.cycles_min * count);
            latest = end;
            continue;
        }
        let entries: Vec<&RegimenDrug> = phase.drugs.iter().filter(is_of).collect();
        let mut days: Vec<u32> = entries.iter().flat_map(|entry| entry.days.iter().copied()).collect();
        days.sort_unstable();
        days.dedup();
        let Some(first_day) = days.first().copied() else { continue };
        let on = |day: u32, first: bool| -> Option<Total> {
            let given = entries
                .iter()
                .filter(|entry| entry.days.contains(&day))
                .map(|entry| of_entry(entry, entry.loading_dose.filter(|_| first).unwrap_or(entry.dose), line, shared));
            given.reduce(|left, right| left?.plus(right?)).flatten()
        };
        let ordinary: Vec<(Total, usize)> =
            days.iter().map(|day| Some((on(*day, false)?, source))).collect::<Option<Vec<_>>>()?;
        let count = u32::try_from(ordinary.len()).unwrap_or(u32::MAX);
        let end = most_cycles(phase).map_or(ENDLESS, |cycles| latest.saturating_add(cycles * count).min(ENDLESS));
        let mut from = earliest;
        if latest == 0 && entries.iter().any(|entry| entry.loading_dose.is_some() && entry.days.first() == Some(&first_day)) {
            runs.push(Run { from: 0, to: 1, total: on(first_day, true)?, loading: true, line: source });
            from = 1;
        }
        let spread = latest.saturating_sub(earliest);
        if ordinary.iter().all(|(total, _)| Some(*total) == ordinary.first().map(|(first, _)| *first)) {
            lay_out(&mut runs, &ordinary, (from, end), |from, to, total, line| Run { from, to, total, loading: false, line });
        } else {
            let cycle_end = end.saturating_sub(spread);
            let mut spread_out = Vec::new();
            lay_out(&mut spread_out, &ordinary, (earliest, cycle_end), |from, to, total, line| Run {
                from,
                to,
                total,
                loading: false,
                line,
            });
            runs.extend(spread_out.into_iter().filter(|run| run.to > from).map(|run| Run {
                from: run.from.max(from),
                to: run.to.saturating_add(spread),
                ..run
            }));
        }
        earliest = earliest.saturating_add(phase.cycles_min * count);
        latest = end;
    }
    Some(runs)
}

fn of_entry(entry: &RegimenDrug, dose: RegimenDose, line: &PlanLine<'_>, shared: &Shared<'_>) -> Option<Total> {
    let cap = line.product.and_then(|product| product.cap).map(|cap| cap.amount);
    let ceiling = entry.maximum_dose.map_or(cap, |most| Some(cap.map_or(most, |cap| cap.min(most))));
    total(Dose { amount: dose.amount, unit: dose.unit }, ceiling, line, shared)
}

pub fn most_cycles(phase: &RegimenPhase) -> Option<u32> {
    phase.cycles_max.filter(|_| !phase.until_progression || phase.cycles_max.is_some())
}
