//! What a rule makes of phases. Nothing is made where it would not come out even, or where a drug would stand in two places.

use super::rules::Schedule;
use crate::domain::content::{RegimenDose, RegimenDrug, RegimenDrugRole, RegimenPhase};

/// A drug that a phase has to hold.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// Generic name.
    pub generic: String,
    /// Dose; any where left out.
    pub dose: Option<RegimenDose>,
    /// Days; any where left out.
    pub days: Option<Vec<u32>>,
}

impl Part {
    fn is(&self, drug: &RegimenDrug) -> bool {
        drug.generic == self.generic
            && is_treatment(drug)
            && self.dose.is_none_or(|dose| dose == drug.dose)
            && self.days.as_ref().is_none_or(|days| *days == drug.days)
    }
}

fn is_treatment(drug: &RegimenDrug) -> bool {
    drug.role != RegimenDrugRole::Supportive
}

fn treats(phase: &RegimenPhase) -> bool {
    phase.drugs.iter().any(is_treatment)
}

/// How a drug is given: its dose, administrations a day, and days of a cycle over its length, in each phase.
pub(super) fn given(phases: &[RegimenPhase], generic: &str) -> Vec<(f64, &'static str, u32, f64)> {
    let mut found: Vec<(f64, &'static str, u32, f64)> = Vec::new();
    for phase in phases {
        for drug in phase.drugs.iter().filter(|drug| drug.generic == generic && is_treatment(drug)) {
            let days = u32::try_from(drug.days.len()).unwrap_or(u32::MAX);
            let share = f64::from(days) / f64::from(phase.cycle_length_days.max(1));
            let one = (drug.dose.amount, drug.dose.unit.as_str(), drug.frequency_per_day, share);
            if !found.contains(&one) {
                found.push(one);
            }
        }
    }
    found
}

/// Where a phase gives the drug at the interval, and nowhere else in it.
fn place(phase: &RegimenPhase, schedule: &Schedule) -> Option<usize> {
    let mut of_drug =
        phase.drugs.iter().enumerate().filter(|(_, drug)| drug.generic == schedule.drug.generic && is_treatment(drug));
    let (index, drug) = of_drug.next()?;
    let first = *drug.days.first()?;
    let repeats = phase.cycle_length_days.is_multiple_of(schedule.every)
        && drug.days.iter().copied().eq((first..=phase.cycle_length_days).step_by(usize::try_from(schedule.every).ok()?));
    let is_it = drug.dose == schedule.drug.dose && drug.frequency_per_day == 1 && repeats && first <= schedule.every;
    (is_it && of_drug.next().is_none()).then_some(index)
}

/// True where no other product of the ingredient is left.
pub(super) fn has_no_other(phases: &[RegimenPhase], to: &Schedule) -> bool {
    let shares =
        |drug: &&RegimenDrug| is_treatment(drug) && drug.ingredients.iter().any(|name| to.drug.ingredients.contains(name));
    phases.iter().flat_map(|phase| &phase.drugs).filter(shares).all(|drug| drug.generic == to.drug.generic)
}

/// The same regimen with the drug at another interval or as another product: throughout, or (true) from a later phase on.
pub(super) fn reschedule(phases: &[RegimenPhase], from: &Schedule, to: &Schedule) -> Vec<(bool, Vec<RegimenPhase>)> {
    if from.drug.generic == to.drug.generic && from.drug.dose == to.drug.dose && from.every == to.every {
        return Vec::new();
    }
    let places: Vec<(usize, usize)> =
        phases.iter().enumerate().filter_map(|(index, phase)| Some((index, place(phase, from)?))).collect();
    let mut made = Vec::new();
    for (begin, (first, _)) in places.iter().enumerate() {
        let at = places.get(begin..).unwrap_or_default();
        let is_given = |drug: &RegimenDrug| drug.ingredients.iter().any(|name| from.drug.ingredients.contains(name));
        let before = phases.iter().take(*first).flat_map(|phase| &phase.drugs);
        let swap = Swap { from, to, begins: !before.into_iter().any(is_given) };
        let beside = || {
            let among_others = at.iter().any(|(phase, _)| !is_alone(phases, *phase));
            (begin == 0 && *first == 0 && among_others).then(|| taken_beside(phases, at, &swap)).flatten()
        };
        let other =
            if from.every == to.every { in_place(phases, at, &swap) } else { beside().or_else(|| stretched(phases, at, &swap)) };
        made.extend(other.map(|phases| (begin > 0, phases)));
    }
    made
}

fn is_alone(phases: &[RegimenPhase], index: usize) -> bool {
    phases.get(index).is_some_and(|phase| phase.drugs.iter().filter(|drug| is_treatment(drug)).count() == 1)
}

/// A drug in place of another, on its days. A loading dose stands where one stood, and where treatment begins with a drug that has one
/// in place of one that has none.
struct Swap<'s> {
    from: &'s Schedule,
    to: &'s Schedule,
    /// True where no earlier phase gives the drug.
    begins: bool,
}

impl Swap<'_> {
    fn of(&self, taken: &RegimenDrug, is_first: bool) -> RegimenDrug {
        let loads = taken.loading_dose.is_some() || self.begins && is_first && self.from.drug.loading_dose.is_none();
        let loading_dose = self.to.drug.loading_dose.filter(|_| loads);
        RegimenDrug { loading_dose, role: taken.role, ..self.to.drug.clone() }
    }
}

fn in_place(phases: &[RegimenPhase], at: &[(usize, usize)], swap: &Swap<'_>) -> Option<Vec<RegimenPhase>> {
    let mut made = phases.to_vec();
    for (index, (phase, drug)) in at.iter().enumerate() {
        let drug = made.get_mut(*phase)?.drugs.get_mut(*drug)?;
        *drug = RegimenDrug { days: drug.days.clone(), ..swap.of(drug, index == 0) };
    }
    Some(made)
}

/// Cycles of another length over the same time: the last one begins before the time ends.
fn cycles(days: (u32, Option<u32>), length: u32) -> (u32, Option<u32>) {
    ((days.0 / length).max(1), days.1.map(|most| most.div_ceil(length)))
}

fn days_of(phase: &RegimenPhase) -> (u32, Option<u32>) {
    (phase.cycles_min * phase.cycle_length_days, phase.cycles_max.map(|most| most * phase.cycle_length_days))
}

/// The drug leaves the phases that it is in from the beginning, and runs beside what is left of them.
fn taken_beside(phases: &[RegimenPhase], at: &[(usize, usize)], swap: &Swap<'_>) -> Option<Vec<RegimenPhase>> {
    let to = swap.to;
    let follow_one_another = at.iter().enumerate().all(|(index, (phase, _))| *phase == index);
    if !follow_one_another || phases.iter().any(|phase| phase.beside && phase.cycle_length_days == to.every) {
        return None;
    }
    let mut made = phases.to_vec();
    let (mut time, mut until_progression) = ((0, Some(0)), false);
    let mut drug_beside = None;
    for (index, drug) in at {
        let phase = made.get_mut(*index)?;
        let own = days_of(phase);
        time = (time.0 + own.0, time.1.zip(own.1).map(|(left, right): (u32, u32)| left + right));
        until_progression |= phase.until_progression;
        let taken = phase.drugs.remove(*drug);
        let day = *taken.days.first()?;
        drug_beside = drug_beside.or_else(|| Some(RegimenDrug { days: vec![day], ..swap.of(&taken, true) }));
    }
    made.retain(treats);
    let drug_beside = drug_beside?;
    let is_given = |drug: &RegimenDrug| drug.ingredients.iter().any(|name| drug_beside.ingredients.contains(name));
    if made.iter().flat_map(|phase| &phase.drugs).any(is_given) {
        return None;
    }
    let (cycles_min, cycles_max) = cycles(time, to.every);
    made.push(RegimenPhase {
        name: to.name(),
        cycle_length_days: to.every,
        cycles_min,
        cycles_max,
        until_progression,
        beside: true,
        drugs: vec![drug_beside],
    });
    // without a phase that follows others nothing is left to run beside
    made.iter().any(|phase| !phase.beside).then_some(made)
}

/// Longer or shorter cycles from a phase on.
fn stretched(phases: &[RegimenPhase], at: &[(usize, usize)], swap: &Swap<'_>) -> Option<Vec<RegimenPhase>> {
    let to = swap.to;
    let mut made = phases.to_vec();
    let last = at.last()?.0;
    for (nth, (index, drug)) in at.iter().enumerate() {
        let alone = is_alone(phases, *index);
        let phase = made.get_mut(*index)?;
        let is_last = *index == last && phases.iter().skip(index + 1).all(|later| later.beside);
        let taken = phase.drugs.get(*drug)?;
        let day = *taken.days.first()?;
        let instead = RegimenDrug { days: vec![day], ..swap.of(taken, nth == 0) };
        let comes_out = |days: u32| days.is_multiple_of(to.every);
        let time = days_of(phase);
        let even = comes_out(time.0) && time.1.is_none_or(comes_out);
        if alone || phase.beside {
            if !even && !is_last && !phase.beside {
                return None;
            }
            let others: Vec<RegimenDrug> = phase.drugs.iter().filter(|drug| !is_treatment(drug)).cloned().collect();
            if !others.is_empty() && phase.cycle_length_days > to.every {
                return None;
            }
            (phase.cycles_min, phase.cycles_max) = cycles(time, to.every);
            phase.cycle_length_days = to.every;
            phase.drugs = std::iter::once(instead).chain(others).collect();
            continue;
        }
        let times = to.every / phase.cycle_length_days;
        if times < 2 || !to.every.is_multiple_of(phase.cycle_length_days) || (!even && !is_last) {
            return None;
        }
        let length = phase.cycle_length_days;
        for (place, other) in phase.drugs.iter_mut().enumerate() {
            if place == *drug {
                *other = instead.clone();
            } else {
                other.days = (0..times).flat_map(|part| other.days.iter().map(move |day| part * length + day)).collect();
            }
        }
        (phase.cycles_min, phase.cycles_max) = cycles(time, to.every);
        phase.cycle_length_days = to.every;
    }
    Some(made)
}

/// Other drugs in every phase that holds all of the parts, or (true) from a later one of these phases on.
pub(super) fn exchange(
    phases: &[RegimenPhase],
    from: &[Part],
    to: &[RegimenDrug],
    days: &[bool],
    (cycle_days, after_first): (Option<u32>, bool),
) -> Vec<(bool, Vec<RegimenPhase>)> {
    let holds = |phase: &RegimenPhase| {
        cycle_days.is_none_or(|days| days == phase.cycle_length_days)
            && from.iter().all(|part| phase.drugs.iter().filter(|drug| part.is(drug)).count() == 1)
    };
    let places: Vec<usize> = phases.iter().enumerate().filter(|(_, phase)| holds(phase)).map(|(index, _)| index).collect();
    let mut made = Vec::new();
    for begin in 0..places.len() {
        let mut other = phases.to_vec();
        let first = places.first().filter(|_| after_first && begin == 0).copied();
        // where the first administration stays as it was, its cycle becomes a phase of its own
        if let Some(alone) = first {
            let Some((one, rest)) = other.get(alone).and_then(first_cycle) else { continue };
            if let Some(phase) = other.get_mut(alone) {
                *phase = rest;
            }
            for place in places.iter().skip(begin) {
                if let Some(phase) = other.get_mut(*place) {
                    swap(phase, from, to, days);
                }
            }
            other.insert(alone, one);
            made.push((false, other));
            continue;
        }
        for (index, phase) in other.iter_mut().enumerate() {
            if places.iter().skip(begin).any(|place| *place == index) {
                swap(phase, from, to, days);
            }
        }
        made.push((begin > 0, other));
    }
    made
}

/// The first cycle of a phase, and what is left of it.
fn first_cycle(phase: &RegimenPhase) -> Option<(RegimenPhase, RegimenPhase)> {
    let cycles_max = phase.cycles_max.map(|most| most - 1);
    if phase.beside || cycles_max == Some(0) {
        return None;
    }
    let one = RegimenPhase { cycles_min: 1, cycles_max: Some(1), until_progression: false, ..phase.clone() };
    let mut rest = RegimenPhase { cycles_min: phase.cycles_min.saturating_sub(1).max(1), cycles_max, ..phase.clone() };
    for drug in &mut rest.drugs {
        drug.loading_dose = None;
    }
    Some((one, rest))
}

fn swap(phase: &mut RegimenPhase, from: &[Part], to: &[RegimenDrug], days: &[bool]) {
    let taken: Vec<RegimenDrug> = phase.drugs.iter().filter(|drug| from.iter().any(|part| part.is(drug))).cloned().collect();
    let first = phase.drugs.iter().position(|drug| from.iter().any(|part| part.is(drug))).unwrap_or(0);
    phase.drugs.retain(|drug| !from.iter().any(|part| part.is(drug)));
    let loads = taken.iter().any(|drug| drug.loading_dose.is_some());
    for (index, (drug, own_days)) in to.iter().zip(days).enumerate() {
        let days = if *own_days { drug.days.clone() } else { taken.first().map_or_else(|| vec![1], |drug| drug.days.clone()) };
        let frequency_per_day = taken.first().map_or(1, |drug| drug.frequency_per_day);
        let drug = RegimenDrug { days, frequency_per_day, loading_dose: drug.loading_dose.filter(|_| loads), ..drug.clone() };
        phase.drugs.insert((first + index).min(phase.drugs.len()), drug);
    }
}

/// The regimen without members.
pub(super) fn without(phases: &[RegimenPhase], parts: &[Part]) -> Option<Vec<RegimenPhase>> {
    let is_left_out = |drug: &RegimenDrug| parts.iter().any(|part| part.is(drug));
    let all_there = parts.iter().all(|part| phases.iter().flat_map(|phase| &phase.drugs).any(|drug| part.is(drug)));
    let mut made = phases.to_vec();
    for phase in &mut made {
        phase.drugs.retain(|drug| !is_left_out(drug));
    }
    // a phase of its own that is left out would move those after it
    let last_ones = made.iter().skip_while(|phase| treats(phase)).all(|phase| !treats(phase));
    made.retain(treats);
    (all_there && last_ones && made.iter().any(|phase| !phase.beside)).then_some(made)
}

/// A drug of its own beside the regimen, for as long as it is given.
pub(super) fn beside(phases: &[RegimenPhase], schedule: &Schedule) -> Option<Vec<RegimenPhase>> {
    let is_given = |drug: &RegimenDrug| drug.ingredients.iter().any(|name| schedule.drug.ingredients.contains(name));
    if phases.iter().flat_map(|phase| &phase.drugs).any(is_given) {
        return None;
    }
    let mut made = phases.to_vec();
    made.push(RegimenPhase {
        name: schedule.name(),
        cycle_length_days: schedule.every,
        cycles_min: 1,
        cycles_max: None,
        until_progression: true,
        beside: true,
        drugs: vec![RegimenDrug { days: vec![1], ..schedule.drug.clone() }],
    });
    Some(made)
}
