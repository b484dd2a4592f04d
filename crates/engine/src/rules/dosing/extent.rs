//! How often and how densely a drug of the matched regimen is given: far more often than the regimen gives it at the most, or a cytotoxic
//! drug far closer together, is none of the regimen, and a person looks, managed or not (SAFE-05, SAFE-09, SAFE-15).

use super::super::concern::{Concern, Pends};
use super::super::dose;
use super::super::drugs::{Shared, ceiling};
use super::super::facts::{Facts, RelatedDrug};
use super::super::limits::calendar::{Laid, end_of_range};
use super::super::matching::Match;
use super::super::plan::PlanLine;
use super::bounds::NOISE;
use super::sequence::{self, Doses};
use super::{About, regimen};
use crate::domain::content::{Kind, RegimenDrug, RegimenDrugRole, RegimenPhase};
use crate::domain::order::Dose;
use crate::domain::vocabulary::{DeviationCode, LineOfTreatment, Truth};
use std::collections::BTreeSet;

/// Every drug that the regimen gives.
pub fn judge(facts: &Facts<'_>, shared: &Shared<'_>, doses: &[Doses<'_, '_>], found: &mut Vec<Concern>) {
    let Some(matched) = shared.matched else { return };
    for Doses { line, .. } in doses {
        let lines: Vec<&Laid<'_>> = shared
            .laid
            .iter()
            .filter(|laid| shares(laid.line, line) && !laid.is_named_otherwise && !laid.line.is_investigational())
            .collect();
        // told of the line with the lowest number, whichever was entered first
        let Some(first) = lines.first().map(|laid| laid.line) else { continue };
        if !is_leading(first, line, shared) {
            continue;
        }
        let extent = Extent { line: first, lines: &lines, matched, shared };
        found.extend(extent.number(facts).or_else(|| extent.spacing()));
    }
}

fn shares(line: &PlanLine<'_>, other: &PlanLine<'_>) -> bool {
    line.ingredients().any(|ingredient| other.has_ingredient(ingredient))
}

/// True for one of several drugs with an ingredient in common, so that they are told of once.
fn is_leading(first: &PlanLine<'_>, line: &PlanLine<'_>, shared: &Shared<'_>) -> bool {
    first.name() == line.name() || !regimen::gives(shared.matched, first.name())
}

struct Extent<'e, 'a> {
    line: &'e PlanLine<'e>,
    lines: &'e [&'e Laid<'e>],
    matched: &'e Match<'a>,
    shared: &'e Shared<'a>,
}

impl Extent<'_, '_> {
    /// Days of treatment in all, this member's earlier cases of the same line of treatment included, against the most of the regimen.
    fn number(&self, facts: &Facts<'_>) -> Option<Concern> {
        let most = f64::from(self.most_days()?);
        let end = end_of_range(self.shared);
        let here = count((0..self.shared.phases.len()).map(|phase| self.days_of_order(phase, end)).sum());
        let before = count(self.before(facts));
        let share = self.shared.content.dosing.shares.regimen_number_percent / 100.0;
        if here + before <= most * share * NOISE || !self.is_more_in_all(share, end, before / most) {
            return None;
        }
        let also = if before > 0.0 { format!(" after {before} by other orders of this member") } else { String::new() };
        let message = format!(
            "check how often {} is given: {here} times on this order{also}, and {} gives it {most} times at the most",
            self.line.name(),
            self.matched.regimen.name
        );
        Some(self.about("number", format!("at most {most}"), format!("{}", here + before), message))
    }

    /// Days of treatment in a phase of the order, over all lines.
    fn days_of_order(&self, phase: usize, end: u64) -> u64 {
        let lines = || self.lines.iter().filter(|laid| laid.line.phase_index == phase);
        let mut days: Vec<u64> = lines().flat_map(|laid| laid.days()).collect();
        days.sort_unstable();
        days.dedup();
        let Some(first) = lines().next() else { return 0 };
        let on = |day: &u64| match first.cycles() {
            Some(cycles) => cycles,
            None if first.start + day > end => 0,
            None => (end - first.start - day) / first.length() + 1,
        };
        days.iter().map(on).sum()
    }

    /// The most days of treatment; none where the regimen has no end.
    fn most_days(&self) -> Option<u32> {
        let phases = || self.matched.phases().iter().filter(|phase| self.entries(phase).next().is_some());
        let most = |phase: &RegimenPhase| sequence::most_cycles(phase).filter(|_| !phase.until_progression);
        phases().map(|phase| Some(most(phase)? * self.days(phase))).sum()
    }

    /// Where a dose is divided, more days are no more treatment.
    fn is_more_in_all(&self, share: f64, end: u64, before: f64) -> bool {
        let given = |dose: Dose, ceiling: Option<f64>, line: &PlanLine<'_>| {
            let given = dose::given(dose.amount, dose.unit, self.shared.patient, line.product).ok()?;
            Some((given.kind(), given.at_most(ceiling.filter(|_| dose.unit.is_relative())).amount()))
        };
        let ordered: Option<Vec<_>> = self
            .lines
            .iter()
            .map(|laid| {
                let (kind, amount) = given(laid.line.ordered.dose?, ceiling(laid.line, self.shared.matched), laid.line)?;
                Some((kind, amount * count(laid.in_all(end))))
            })
            .collect();
        let drugs = self.matched.phases().iter().flat_map(|phase| self.entries(phase).map(move |drug| (phase, drug)));
        let regimen: Option<Vec<_>> = drugs
            .map(|(phase, drug)| {
                let (kind, amount) =
                    given(Dose { amount: drug.dose.amount, unit: drug.dose.unit }, drug.maximum_dose, self.line)?;
                let days = u32::try_from(drug.days.len()).ok()? * sequence::most_cycles(phase)? * drug.frequency_per_day.max(1);
                Some((kind, amount * f64::from(days)))
            })
            .collect();
        let (Some(ordered), Some(regimen)) = (ordered, regimen) else { return true };
        let Some((kind, _)) = regimen.first().copied() else { return true };
        if ordered.iter().chain(&regimen).any(|(other, _)| *other != kind) {
            return true;
        }
        let sum = |all: &[(Kind, f64)]| all.iter().map(|(_, amount)| amount).sum::<f64>();
        sum(&ordered) + before * sum(&regimen) > sum(&regimen) * share * NOISE
    }

    /// Visits that earlier cases approved for the same line of treatment of the same cancer.
    fn before(&self, facts: &Facts<'_>) -> u64 {
        let Some(told) = self.shared.patient.line().filter(|line| is_one_course(*line)) else { return 0 };
        let cases = facts.related_cases.iter().filter(|case| {
            let same = case.line_of_treatment == Some(told) && case.cancer_type.as_deref() == self.shared.patient.cancer();
            same && case.is_approved() && case.valid_from < self.shared.admitted.date_of_service
        });
        let drugs = cases.flat_map(|case| &case.drugs).filter(|drug| drug.may_have_been_given());
        let content = self.shared.content;
        let is_it = |drug: &&RelatedDrug| drug.ingredients(content).iter().any(|name| self.line.has_ingredient(name));
        // what nobody counted was given once at least
        drugs.filter(is_it).map(|drug| u64::from(drug.visits_approved.unwrap_or(1))).sum()
    }

    /// How much a day on the average, against the densest phase of the regimen.
    fn spacing(&self) -> Option<Concern> {
        let drug = self.line.drug.filter(|drug| matches!(drug.class.as_str(), "chemotherapy" | "radiopharmaceutical"))?;
        let regimen: Vec<(f64, f64)> = self.matched.phases().iter().filter_map(|phase| self.of_regimen(phase)).collect();
        let closest = regimen.iter().map(|(interval, _)| *interval).reduce(f64::min)?;
        let densest = regimen.iter().map(|(_, amount)| *amount).reduce(f64::max)?;
        let share = self.shared.content.dosing.shares.regimen_density_percent / 100.0;
        let (laid, interval) = (0..self.shared.phases.len()).find_map(|phase| {
            let lines: Vec<&&Laid<'_>> = self.lines.iter().filter(|laid| laid.line.phase_index == phase).collect();
            let (first, interval, amount) = of_order(&lines, self.shared)?;
            // in a phase of one cycle nothing follows at its interval
            let repeats = first.line.phase.cycles != Some(1);
            (repeats && interval * NOISE < closest && amount > densest * share * NOISE).then_some((first, interval))
        })?;
        let (expected, entered) = (in_days(closest), in_days(interval));
        let message = format!(
            "check the interval of {}: it is ordered every {entered} in full doses, and {} gives it every {expected}",
            drug.generic, self.matched.regimen.name
        );
        let mut concern = self.about("spacing", format!("every {expected}"), format!("every {entered}"), message);
        concern.deviation.field = format!("/treatment/phases/{}/cycle_length_days", laid.line.phase_index);
        Some(concern)
    }

    fn entries<'p>(&'p self, phase: &'p RegimenPhase) -> impl Iterator<Item = &'p RegimenDrug> {
        let shares = |drug: &RegimenDrug| drug.ingredients.iter().any(|ingredient| self.line.has_ingredient(ingredient));
        phase.drugs.iter().filter(move |drug| shares(drug) && drug.role != RegimenDrugRole::Supportive)
    }

    fn days(&self, phase: &RegimenPhase) -> u32 {
        distinct(|| self.entries(phase).flat_map(|drug| drug.days.iter().copied()))
    }

    /// Days from one to the next on the average, and how much a day.
    fn of_regimen(&self, phase: &RegimenPhase) -> Option<(f64, f64)> {
        let length = f64::from(phase.cycle_length_days);
        let amounts: Option<f64> = self
            .entries(phase)
            .map(|drug| {
                let given = dose::given(drug.dose.amount, drug.dose.unit, self.shared.patient, self.line.product).ok()?;
                let given = given.at_most(drug.maximum_dose.filter(|_| drug.dose.unit.is_relative()));
                let times = u32::try_from(drug.days.len()).ok()? * drug.frequency_per_day.max(1);
                Some(given.amount() * f64::from(times))
            })
            .sum();
        let days = f64::from(self.days(phase));
        (days > 0.0).then_some((length / days, amounts? / length))
    }

    fn about(&self, rule: &'static str, expected: String, entered: String, message: String) -> Concern {
        let about = About {
            rule,
            code: DeviationCode::CyclesDosing,
            field: "/days",
            expected,
            entered,
            message,
            pends: true,
            hold: None,
            outcome: Truth::NotMet,
            requirements: &["SAFE-05", "SAFE-09", "SAFE-15"],
        };
        let mut concern = about.concern(self.line, self.shared);
        concern.pends = Pends::Lines(self.lines.iter().map(|laid| laid.number()).collect());
        concern
    }
}

/// The lines of a drug in one phase: the first, days from one to the next on the average, and how much a day.
fn of_order<'l>(lines: &[&&'l Laid<'l>], shared: &Shared<'_>) -> Option<(&'l Laid<'l>, f64, f64)> {
    let first = lines.first()?;
    let length = f64::from(first.line.phase.cycle_length_days);
    let days = distinct(|| lines.iter().flat_map(|laid| laid.line.ordered.days.iter().copied()));
    let amounts: Option<f64> = lines
        .iter()
        .map(|laid| {
            let dose = laid.line.ordered.dose?;
            let given = dose::given(dose.amount, dose.unit, shared.patient, laid.line.product).ok()?;
            let given = given.at_most(ceiling(laid.line, shared.matched).filter(|_| dose.unit.is_relative()));
            let times = u32::try_from(laid.line.ordered.days.len()).ok()? * laid.times();
            Some(given.amount() * f64::from(times))
        })
        .sum();
    let days = f64::from(days);
    (days > 0.0 && length > 0.0).then_some((**first, length / days, amounts? / length))
}

/// How many different days these are. Few cycles have more days than a mask has bits.
fn distinct<I: Iterator<Item = u32>>(days: impl Fn() -> I) -> u32 {
    match days().try_fold(0_u128, |mask, day| Some(mask | 1_u128.checked_shl(day)?)) {
        Some(mask) => mask.count_ones(),
        None => u32::try_from(days().collect::<BTreeSet<u32>>().len()).unwrap_or(u32::MAX),
    }
}

/// Lines of treatment that are one course, however many orders it takes.
const fn is_one_course(line: LineOfTreatment) -> bool {
    !matches!(line, LineOfTreatment::Maintenance)
}

#[expect(clippy::cast_precision_loss, reason = "administrations of a plan fit a float exactly")]
const fn count(count: u64) -> f64 {
    count as f64
}

fn in_days(days: f64) -> String {
    format!("{} days", (days * 10.0).round() / 10.0)
}
