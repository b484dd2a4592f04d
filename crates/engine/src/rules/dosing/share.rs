//! Doses that are far more or far less than the matched regimen gives: no dose of it, whatever the drug's own bound allows elsewhere
//! (SAFE-05, SAFE-06). Cytarabine of 3 g/m2 is a dose of cytarabine, and none of 7+3.

use super::super::concern::Concern;
use super::super::dose;
use super::super::drugs::{Shared, ceiling};
use super::super::facts::Facts;
use super::super::limits::calendar::{self, Laid};
use super::super::matching::Match;
use super::super::plan::PlanLine;
use super::About;
use super::bounds::{NOISE, entered, in_words};
use super::sequence::{self, Doses, Run};
use super::{kinds, regimen};
use crate::domain::content::{Basis, Kind, Per, RegimenDrug, RegimenDrugRole, RegimenPhase};
use crate::domain::order::Dose;
use crate::domain::vocabulary::{DeviationCode, Hold, Truth};

/// Every drug that the regimen gives.
pub fn judge(facts: &Facts<'_>, shared: &Shared<'_>, doses: &[Doses<'_, '_>], found: &mut Vec<Concern>) {
    let Some(matched) = shared.matched else { return };
    for Doses { line, ordered, expected } in doses {
        let Some(ordered) = ordered else { continue };
        let Some(expected) = expected else {
            found.push(incomparable(line, matched, shared));
            continue;
        };
        let goes_on = regimen::goes_on(line, facts, shared);
        let judge = Judge { line, expected, goes_on, matched, shared };
        let of_dose = ordered.iter().find_map(|run| if judge.is_usual(run) { None } else { judge.of_dose(run) });
        let of_window = || {
            if is_as_given(line, matched, shared) {
                return None;
            }
            window(line, matched, shared).and_then(|window| of_window(line, window, matched, shared))
        };
        found.extend(
            of_dose.or_else(|| slip(line, matched, shared)).or_else(|| kinds::judge(line, matched, shared)).or_else(of_window),
        );
    }
}

/// True where the only line of a drug is as an entry of the regimen says, dose, days and interval: four weeks of it hold no more than four
/// weeks of that entry, and no window needs laying out.
fn is_as_given(line: &PlanLine<'_>, matched: &Match<'_>, shared: &Shared<'_>) -> bool {
    let is_of = |laid: &&Laid<'_>| laid.line.name() == line.name() && !laid.line.is_investigational();
    let mut lines = shared.laid.iter().filter(is_of);
    let (Some(Laid { line: only, .. }), None) = (lines.next(), lines.next()) else { return false };
    let ordered = only.ordered;
    let Some(dose) = ordered.dose.filter(|_| ordered.loading_dose.is_none()) else { return false };
    let ceiling = ceiling(only, shared.matched);
    let is_it = |phase: &RegimenPhase, drug: &RegimenDrug| {
        drug.generic == only.name()
            && drug.role != RegimenDrugRole::Supportive
            && drug.dose.unit == dose.unit
            && drug.dose.amount.to_bits() == dose.amount.to_bits()
            && drug.loading_dose.is_none()
            && drug.maximum_dose.is_none_or(|most| ceiling.is_some_and(|ceiling| ceiling.to_bits() == most.to_bits()))
            && drug.days == ordered.days
            && drug.frequency_per_day.max(1) == ordered.frequency_per_day.max(1)
            && phase.cycle_length_days.max(1) == only.phase.cycle_length_days.max(1)
    };
    shared.content.dosing.shares.regimen_window_percent >= 100.0
        && matched.phases().iter().any(|phase| phase.drugs.iter().any(|drug| is_it(phase, drug)))
}

/// The regimen's dose is by weight or surface, the order's is not, and the measure is missing.
fn incomparable(line: &PlanLine<'_>, matched: &Match<'_>, shared: &Shared<'_>) -> Concern {
    let regimen = matched.regimen.name.as_str();
    let message = format!(
        "enter what the dose of {} is worked out from (height, weight, sex, age, creatinine): {regimen} doses it by body measures, and what is \
         ordered cannot be compared with it",
        line.name()
    );
    About {
        rule: "comparable",
        code: DeviationCode::MissingClinicalInformation,
        field: "/dose",
        expected: "body measures".to_owned(),
        entered: line.ordered.dose.map_or_else(String::new, |dose| dose.to_string()),
        message,
        pends: true,
        hold: None,
        outcome: Truth::Unknown,
        requirements: &["SAFE-05", "SAFE-01"],
    }
    .concern(line, shared)
}

/// One drug, and what the regimen gives of it.
struct Judge<'j, 'a> {
    line: &'j PlanLine<'a>,
    expected: &'j [Run],
    goes_on: bool,
    matched: &'j Match<'a>,
    shared: &'j Shared<'a>,
}

impl Judge<'_, '_> {
    /// True for a run within both bounds of the only dose that the regimen gives: that one stands in every place.
    fn is_usual(&self, run: &Run) -> bool {
        let [only] = self.expected else { return false };
        let limits = &self.shared.content.dosing.shares;
        let percent = run.total.percent_of(only.total).filter(|_| !only.loading);
        percent.is_some_and(|percent| {
            percent * NOISE < limits.regimen_above_percent && percent * NOISE >= below(self.line, self.shared)
        })
    }

    /// The doses of a run against those of the regimen that can stand in their places: what is right at the first administration is not
    /// for that right at a later one.
    fn of_dose(&self, run: &Run) -> Option<Concern> {
        let line = self.shared.plan.get(run.line)?;
        let limits = &self.shared.content.dosing.shares;
        let edges = self.expected.iter().flat_map(|other| [other.from, other.to]);
        let mut places: Vec<u32> =
            std::iter::once(run.from).chain(edges.filter(|edge| run.from < *edge && *edge < run.to)).collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter().find_map(|place| {
            let here = sequence::standing(self.expected, place, self.goes_on);
            let percents =
                |of: &[&Run]| -> Vec<f64> { of.iter().filter_map(|other| run.total.percent_of(other.total)).collect() };
            let least = percents(&here).into_iter().reduce(f64::min)?;
            if least * NOISE >= limits.regimen_above_percent {
                let what = format!("{} on a day", run.total.whole.shown());
                return Some(far(line, "/dose", &what, least, true, self.matched, self.shared));
            }
            // who leaves a loading dose out is asked for it, and has not for that ordered too little
            let mut usual = here;
            if usual.iter().all(|other| other.loading) {
                usual.extend(sequence::standing(self.expected, place + 1, self.goes_on));
            }
            let most = percents(&usual).into_iter().reduce(f64::max)?;
            let is_little = most * NOISE < below(line, self.shared) && !self.only_modulates(line) && self.is_little(line, &usual);
            is_little.then(|| far(line, "/dose", &run.total.capped.shown().to_string(), most, false, self.matched, self.shared))
        })
    }

    /// True for what only modulates the treatment: shortages and order sets give little leucovorin, and nothing is treated too weakly by it.
    fn only_modulates(&self, line: &PlanLine<'_>) -> bool {
        let mut given = drugs(self.matched).filter(|drug| drug.generic == line.name()).peekable();
        given.peek().is_some() && given.all(|drug| drug.role == RegimenDrugRole::Modulator)
    }

    /// True where four weeks of the line's phase, too, hold less than those phases of the regimen: a dose may be divided.
    fn is_little(&self, line: &PlanLine<'_>, usual: &[&Run]) -> bool {
        // a loading dose hides what is given after it
        let with_loading = usual.iter().any(|run| run.loading);
        let Some(weeks) = weeks(self.line, Some(line.phase_index), with_loading, self.shared) else { return true };
        let of_phase = |run: &&Run| self.matched.phases().get(run.line);
        let held = |phase: &RegimenPhase| {
            let given = events(phase, self.line, weeks.kind, with_loading, self.shared);
            fullest(&given, self.shared.content.dosing.shares.regimen_window_days)
        };
        let expected = usual.iter().filter_map(of_phase).map(held).fold(0.0, f64::max);
        expected <= 0.0 || weeks.amount / expected * 100.0 * NOISE < below(self.line, self.shared)
    }
}

/// `375 mg` where the regimen gives 375 mg/m2: the unit was lost.
fn slip(line: &PlanLine<'_>, matched: &Match<'_>, shared: &Shared<'_>) -> Option<Concern> {
    let lines = shared.plan.iter().filter(|other| other.name() == line.name() && !other.is_investigational());
    // the line, what it orders and what the regimen gives of the same number
    let (line, dose, regimen) = lines.into_iter().find_map(|other| {
        let ordered = other.ordered.dose?;
        let of_number = |drug: &&RegimenDrug| {
            let ((own, factor), (basis, times)) = (dose::measure(ordered.unit), dose::measure(drug.dose.unit));
            let same = (ordered.amount * factor - drug.dose.amount * times).abs() < drug.dose.amount * times * (NOISE - 1.0);
            own.per != basis.per && (own.kind == basis.kind || basis.per == Per::Auc) && same
        };
        let found = drugs(matched).filter(|drug| drug.generic == other.name()).find(of_number)?;
        Some((other, ordered, found.dose))
    })?;
    let expected = Dose { amount: regimen.amount, unit: regimen.unit }.to_string();
    let message = format!(
        "check the unit of the dose of {}: {} is ordered, and {} gives {expected}",
        line.name(),
        entered(dose, line, shared),
        matched.regimen.name
    );
    Some(
        About {
            rule: "unit",
            code: DeviationCode::DoseOutOfBounds,
            field: "/dose",
            expected,
            entered: dose.to_string(),
            message,
            pends: true,
            hold: Some(Hold::DoseOutOfBounds),
            outcome: Truth::NotMet,
            requirements: &["SAFE-05", "SAFE-06"],
        }
        .concern(line, shared),
    )
}

fn drugs<'m>(matched: &'m Match<'_>) -> impl Iterator<Item = &'m RegimenDrug> {
    matched.phases().iter().flat_map(|phase| &phase.drugs).filter(|drug| drug.role != RegimenDrugRole::Supportive)
}

/// The most that four weeks of a drug hold.
#[derive(Clone, Copy)]
struct Weeks {
    amount: f64,
    kind: Kind,
}

/// What four weeks hold.
#[derive(Clone, Copy)]
struct Window {
    ordered: Weeks,
    /// Of the most that four weeks of the regimen hold.
    percent: f64,
}

/// Less than this share of the regimen's dose goes to a person.
fn below(line: &PlanLine<'_>, shared: &Shared<'_>) -> f64 {
    let limits = &shared.content.dosing.shares;
    let is_unreduced = line.product.is_some_and(|product| product.unreduced);
    if is_unreduced { limits.unreduced_below_percent } else { limits.regimen_below_percent }
}

/// What is ordered of a drug in four weeks: over the whole order, or by the lines of one phase; with loading doses, or as though there were none.
fn weeks(line: &PlanLine<'_>, phase: Option<usize>, with_loading: bool, shared: &Shared<'_>) -> Option<Weeks> {
    let is_of = |laid: &&Laid<'_>| {
        let here = phase.is_none_or(|phase| laid.line.phase_index == phase);
        here && laid.line.name() == line.name() && !laid.line.is_investigational()
    };
    let lines: Vec<&Laid<'_>> = shared.laid.iter().filter(is_of).collect();
    let mut known: Option<(u32, &PlanLine<'_>, Option<f64>)> = None;
    let mut kind: Option<Kind> = None;
    let days = shared.content.dosing.shares.regimen_window_days;
    let laid_out = calendar::events(&lines, |length| days / length + 2);
    let mut given: Vec<(u64, f64)> = Vec::with_capacity(laid_out.len());
    for event in laid_out {
        let Some(dose) = event.dose else { continue };
        if known.is_none_or(|(number, ..)| number != event.line) {
            let laid = lines.iter().find(|laid| laid.number() == event.line);
            known = laid.map(|laid| (event.line, laid.line, ceiling(laid.line, shared.matched)));
        }
        let Some((_, line, ceiling)) = known else { continue };
        let is_loading = !with_loading && line.ordered.loading_dose == Some(dose);
        let dose = line.ordered.dose.filter(|_| is_loading).unwrap_or(dose);
        let Ok(dosed) = dose::given(dose.amount, dose.unit, shared.patient, line.product) else { continue };
        let dosed = if dose.unit.is_relative() { dosed.at_most(ceiling) } else { dosed };
        if *kind.get_or_insert(dosed.kind()) == dosed.kind() {
            given.push((event.day, dosed.times(f64::from(event.times)).amount()));
        }
    }
    Some(Weeks { amount: fullest(&given, days), kind: kind? })
}

fn window(line: &PlanLine<'_>, matched: &Match<'_>, shared: &Shared<'_>) -> Option<Window> {
    let ordered = weeks(line, None, true, shared)?;
    let days = shared.content.dosing.shares.regimen_window_days;
    let most = |phase: &RegimenPhase| fullest(&events(phase, line, ordered.kind, true, shared), days);
    let expected = matched.phases().iter().map(most).fold(0.0, f64::max);
    (expected > 0.0).then(|| Window { ordered, percent: ordered.amount / expected * 100.0 })
}

/// Days and lines that multiply a dose.
fn of_window(line: &PlanLine<'_>, window: Window, matched: &Match<'_>, shared: &Shared<'_>) -> Option<Concern> {
    (window.percent > shared.content.dosing.shares.regimen_window_percent * NOISE).then(|| {
        let flat = Basis { kind: window.ordered.kind, per: Per::Flat };
        let what = format!(
            "{} within {} days, all lines together,",
            in_words((window.ordered.amount * 100.0).round() / 100.0, flat),
            shared.content.dosing.shares.regimen_window_days
        );
        far(line, "/days", &what, window.percent, true, matched, shared)
    })
}

/// A phase of the regimen laid out.
fn events(phase: &RegimenPhase, line: &PlanLine<'_>, kind: Kind, with_loading: bool, shared: &Shared<'_>) -> Vec<(u64, f64)> {
    let length = u64::from(phase.cycle_length_days.max(1));
    let of_drug = phase.drugs.iter().filter(|drug| drug.generic == line.name() && drug.role != RegimenDrugRole::Supportive);
    let mut found = Vec::new();
    for drug in of_drug {
        let amount = |dose: crate::domain::content::RegimenDose| {
            let given = dose::given(dose.amount, dose.unit, shared.patient, line.product).ok()?;
            let relative = dose.unit.is_relative();
            let given = given.at_most(drug.maximum_dose.or_else(|| ceiling(line, shared.matched)).filter(|_| relative));
            (kind == given.kind()).then(|| given.amount() * f64::from(drug.frequency_per_day.max(1)))
        };
        let Some(ordinary) = amount(drug.dose) else { continue };
        let cycles = shared.content.dosing.shares.regimen_window_days / length + 2;
        found.reserve(drug.days.len() * usize::try_from(cycles).unwrap_or(0));
        for cycle in 0..cycles {
            for day in &drug.days {
                let loading =
                    drug.loading_dose.filter(|_| with_loading && cycle == 0 && drug.days.first() == Some(day)).and_then(amount);
                found.push((cycle * length + u64::from(*day), loading.unwrap_or(ordinary).max(ordinary)));
            }
        }
    }
    found.sort_by_key(|(day, _)| *day);
    found
}

/// The most that a window holds. Events are in the order of their days.
fn fullest(events: &[(u64, f64)], days: u64) -> f64 {
    let within = |(index, (first, _)): (usize, &(u64, f64))| -> f64 {
        events.iter().skip(index).take_while(|(day, _)| *day < first + days).map(|(_, amount)| amount).sum()
    };
    events.iter().enumerate().map(within).fold(0.0, f64::max)
}

pub fn far(
    line: &PlanLine<'_>,
    field: &str,
    what: &str,
    percent: f64,
    is_more: bool,
    matched: &Match<'_>,
    shared: &Shared<'_>,
) -> Concern {
    let limits = &shared.content.dosing.shares;
    let (expected, how) = if is_more {
        let share = if field == "/days" { limits.regimen_window_percent } else { limits.regimen_above_percent };
        (format!("less than {share} % of the regimen's"), "far more")
    } else {
        (format!("at least {} % of the regimen's", below(line, shared)), "far less")
    };
    let percent = if percent < 10.0 { (percent * 100.0).round() / 100.0 } else { percent.round() };
    let message =
        format!("check the doses of {}: {what} is {how} than {} gives: {percent} % of it", line.name(), matched.regimen.name);
    About {
        rule: "share-of-regimen",
        code: DeviationCode::DoseOutOfBounds,
        field,
        expected,
        entered: what.trim_end_matches(',').to_owned(),
        message,
        pends: true,
        hold: Some(Hold::DoseOutOfBounds),
        outcome: Truth::NotMet,
        requirements: &["SAFE-05", "SAFE-06"],
    }
    .concern(line, shared)
}
