//! A drug that the regimen gives in several ways on one day, such as a bolus and an infusion of fluorouracil: each kind against its own
//! entry, so that what is right of one hides nothing of the other (SAFE-05, SAFE-06).

use super::super::concern::Concern;
use super::super::dose;
use super::super::drugs::{Shared, ceiling};
use super::super::matching::Match;
use super::super::plan::PlanLine;
use super::bounds::NOISE;
use super::share::far;
use crate::domain::content::{Product, RegimenDrug, RegimenDrugRole, RegimenPhase};
use crate::domain::order::Dose;

/// What is given of one kind in a day of the cycle on the average.
struct Kind<'p, 'a> {
    line: &'p PlanLine<'a>,
    dose: Dose,
    amount: f64,
}

/// The first phase of the order in which a kind is far from its entry in every phase of the regimen that has kinds.
pub fn judge(line: &PlanLine<'_>, matched: &Match<'_>, shared: &Shared<'_>) -> Option<Concern> {
    let of_drug = |drug: &&RegimenDrug| drug.generic == line.name() && drug.role != RegimenDrugRole::Supportive;
    if !matched.phases().iter().any(|phase| phase.drugs.iter().filter(of_drug).nth(1).is_some()) {
        return None;
    }
    let regimen: Vec<Vec<f64>> =
        matched.phases().iter().map(|phase| entries(phase, line, shared)).filter(|found| !found.is_empty()).collect();
    if regimen.is_empty() {
        return None;
    }
    (0..shared.phases.len()).find_map(|phase| {
        let ordered = ordered(line.name(), phase, shared);
        let mut departs = regimen.iter().map(|entries| departure(&ordered, entries, shared));
        let first = departs.next()??;
        if departs.any(|other| other.is_none()) {
            return None;
        }
        let (kind, percent) = first;
        let times = if kind.line.ordered.frequency_per_day > 1 {
            format!(", {} times a day", kind.line.ordered.frequency_per_day)
        } else {
            String::new()
        };
        let days = kind.line.ordered.days.len();
        let days = if days > 1 { format!(", {days} days") } else { String::new() };
        let what =
            format!("line {}, {}{times}{days} in {} days", kind.line.ordered.line, kind.dose, kind.line.phase.cycle_length_days);
        Some(far(kind.line, "/dose", &what, percent, percent > 100.0, matched, shared))
    })
}

/// The kind that is farthest from its entry, and what it is of it, in percent.
fn departure<'k, 'p, 'a>(ordered: &'k [Kind<'p, 'a>], entries: &[f64], shared: &Shared<'_>) -> Option<(&'k Kind<'p, 'a>, f64)> {
    let limits = &shared.content.dosing.shares;
    let in_pairs = ordered.len() == entries.len();
    // as many as the regimen has stand for one each, the largest for the largest; else each for the entry that it is nearest to
    let sums: Vec<f64> = entries
        .iter()
        .enumerate()
        .map(|(at, _)| {
            let is_of = |(index, kind): &(usize, &Kind<'_, '_>)| {
                if in_pairs { *index == at } else { nearest(kind.amount, entries) == Some(at) }
            };
            ordered.iter().enumerate().filter(is_of).map(|(_, kind)| kind.amount).sum()
        })
        .collect();
    let far = entries.iter().zip(&sums).enumerate().filter(|(_, (_, sum))| **sum > 0.0).find_map(|(at, (entry, sum))| {
        let percent = sum / entry * 100.0;
        let is_far =
            percent * NOISE >= limits.regimen_above_percent || (in_pairs && percent * NOISE < limits.regimen_below_percent);
        is_far.then_some((at, percent))
    });
    let (at, percent) = far?;
    let of_it =
        |(index, kind): &(usize, &Kind<'_, '_>)| if in_pairs { *index == at } else { nearest(kind.amount, entries) == Some(at) };
    ordered.iter().enumerate().find(of_it).map(|(_, kind)| (kind, percent))
}

fn nearest(amount: f64, entries: &[f64]) -> Option<usize> {
    let distance = |entry: f64| (amount / entry).ln().abs();
    let by_distance = |left: &(usize, &f64), right: &(usize, &f64)| distance(*left.1).total_cmp(&distance(*right.1));
    entries.iter().enumerate().min_by(by_distance).map(|(index, _)| index)
}

/// What the order gives in a phase, the largest first. Lines of one dose are one kind: two sizes of vial, two days.
fn ordered<'p, 'a>(name: &str, phase: usize, shared: &'p Shared<'a>) -> Vec<Kind<'p, 'a>> {
    let mut found: Vec<Kind<'p, 'a>> = Vec::new();
    for line in shared.plan.iter().filter(|line| line.phase_index == phase && line.name() == name && !line.is_investigational()) {
        let Some(dose) = line.ordered.dose else { continue };
        let days = line.ordered.days.len();
        let amount = per_day(
            dose,
            days,
            line.ordered.frequency_per_day,
            line.phase.cycle_length_days,
            ceiling(line, shared.matched),
            line.product,
            shared,
        );
        let Some(amount) = amount else { continue };
        match found.iter_mut().find(|kind| kind.dose == dose) {
            Some(kind) => kind.amount += amount,
            None => found.push(Kind { line, dose, amount }),
        }
    }
    found.sort_by(|left, right| right.amount.total_cmp(&left.amount).then(left.line.ordered.line.cmp(&right.line.ordered.line)));
    found
}

/// What a phase of the regimen gives by each kind, the largest first; nothing where it gives the drug in one way.
fn entries(phase: &RegimenPhase, line: &PlanLine<'_>, shared: &Shared<'_>) -> Vec<f64> {
    let of_drug: Vec<&RegimenDrug> =
        phase.drugs.iter().filter(|drug| drug.generic == line.name() && drug.role != RegimenDrugRole::Supportive).collect();
    let several = of_drug.iter().enumerate().any(|(index, one)| {
        of_drug
            .iter()
            .skip(index + 1)
            .any(|other| one.route == other.route && one.days.iter().any(|day| other.days.contains(day)))
    });
    if !several {
        return Vec::new();
    }
    let amounts = of_drug.iter().filter_map(|drug| {
        let dose = Dose { amount: drug.dose.amount, unit: drug.dose.unit };
        per_day(dose, drug.days.len(), drug.frequency_per_day, phase.cycle_length_days, drug.maximum_dose, line.product, shared)
    });
    let mut amounts: Vec<f64> = amounts.collect();
    amounts.sort_by(|left, right| right.total_cmp(left));
    amounts
}

fn per_day(
    dose: Dose,
    days: usize,
    times: u32,
    length: u32,
    ceiling: Option<f64>,
    product: Option<&Product>,
    shared: &Shared<'_>,
) -> Option<f64> {
    let given = dose::given(dose.amount, dose.unit, shared.patient, product).ok()?;
    let given = if dose.unit.is_relative() { given.at_most(ceiling) } else { given };
    let days = u32::try_from(days).ok()?;
    (length > 0).then(|| given.amount() * f64::from(times.max(1)) * f64::from(days) / f64::from(length))
}
