//! Doses that are far more or far less than the matched regimen gives: no dose of it, whatever the drug's own bound allows elsewhere
//! (SAFE-05, SAFE-06). Cytarabine of 3 g/m2 is a dose of cytarabine, and none of 7+3.

use super::super::concern::Concern;
use super::super::dose;
use super::super::drugs::{Shared, ceiling};
use super::super::limits::calendar::{self, Laid};
use super::super::matching::Match;
use super::super::plan::PlanLine;
use super::About;
use super::bounds::{NOISE, entered, in_words};
use super::sequence::{Doses, Run};
use crate::domain::content::{Basis, Kind, Per, RegimenDrug, RegimenDrugRole, RegimenPhase};
use crate::domain::order::Dose;
use crate::domain::vocabulary::{DeviationCode, Hold, Truth};

/// Days over which doses of a drug are added up.
const WINDOW: u64 = 28;

/// Every drug that the regimen gives.
pub fn judge(shared: &Shared<'_>, doses: &[Doses<'_, '_>], found: &mut Vec<Concern>) {
    let Some(matched) = shared.matched else { return };
    for Doses { line, ordered, expected } in doses {
        let Some(ordered) = ordered else { continue };
        let Some(expected) = expected else {
            found.push(incomparable(line, matched, shared));
            continue;
        };
        if is_as_given(line, matched, shared) {
            continue;
        }
        let four_weeks = window(line, matched, shared);
        let is_little =
            four_weeks.is_none_or(|window| window.percent * NOISE < shared.content.dosing.shares.regimen_below_percent);
        let of_dose = ordered.iter().find_map(|run| of_dose(run, expected, is_little, matched, shared));
        let of_window = || four_weeks.and_then(|window| of_window(line, window, matched, shared));
        found.extend(of_dose.or_else(|| slip(line, matched, shared)).or_else(of_window));
    }
}

/// True where the only line of a drug is the regimen's only entry of it, dose, days and interval: a hundred percent of every share.
fn is_as_given(line: &PlanLine<'_>, matched: &Match<'_>, shared: &Shared<'_>) -> bool {
    let limits = &shared.content.dosing.shares;
    let holds =
        limits.regimen_below_percent <= 100.0 && limits.regimen_above_percent >= 100.0 && limits.regimen_window_percent >= 100.0;
    let mut lines = shared.plan.iter().filter(|other| other.name() == line.name() && !other.is_investigational());
    let mut entries = matched.phases().iter().flat_map(|phase| {
        let of_drug = |drug: &&RegimenDrug| drug.generic == line.name() && drug.role != RegimenDrugRole::Supportive;
        phase.drugs.iter().filter(of_drug).map(move |drug| (phase, drug))
    });
    let (Some(only), None, Some((phase, drug)), None) = (lines.next(), lines.next(), entries.next(), entries.next()) else {
        return false;
    };
    let ordered = only.ordered;
    let is_dose = |dose: Dose| dose.unit == drug.dose.unit && dose.amount.to_bits() == drug.dose.amount.to_bits();
    holds
        && ordered.dose.is_some_and(is_dose)
        && ordered.loading_dose.is_none()
        && drug.loading_dose.is_none()
        && ordered.days == drug.days
        && ordered.frequency_per_day.max(1) == drug.frequency_per_day.max(1)
        && only.phase.cycle_length_days == phase.cycle_length_days
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

/// One day's dose against every day's dose of the regimen.
fn of_dose(run: &Run, expected: &[Run], is_little: bool, matched: &Match<'_>, shared: &Shared<'_>) -> Option<Concern> {
    let line = shared.plan.get(run.line)?;
    let limits = &shared.content.dosing.shares;
    let percents = || expected.iter().filter_map(|other| run.total.percent_of(other.total));
    let (least, most) = (percents().reduce(f64::min)?, percents().reduce(f64::max)?);
    if least > limits.regimen_above_percent * NOISE {
        let given = run.total.whole.shown().to_string();
        let what = format!("{given} on a day");
        return Some(far(line, "/dose", &what, least, true, matched, shared));
    }
    (is_little && most * NOISE < limits.regimen_below_percent)
        .then(|| far(line, "/dose", &run.total.capped.shown().to_string(), most, false, matched, shared))
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

/// What four weeks hold.
#[derive(Clone, Copy)]
struct Window {
    ordered: f64,
    kind: Kind,
    /// Of the most that four weeks of the regimen hold.
    percent: f64,
}

fn window(line: &PlanLine<'_>, matched: &Match<'_>, shared: &Shared<'_>) -> Option<Window> {
    let is_of = |laid: &&Laid<'_>| laid.line.name() == line.name() && !laid.line.is_investigational();
    let lines: Vec<&Laid<'_>> = shared.laid.iter().filter(is_of).collect();
    let mut known: Option<(u32, &PlanLine<'_>, Option<f64>)> = None;
    let mut kind: Option<Kind> = None;
    let laid_out = calendar::events(&lines, |length| WINDOW / length + 2);
    let mut given: Vec<(u64, f64)> = Vec::with_capacity(laid_out.len());
    for event in laid_out {
        let Some(dose) = event.dose else { continue };
        if known.is_none_or(|(number, ..)| number != event.line) {
            let laid = lines.iter().find(|laid| laid.number() == event.line);
            known = laid.map(|laid| (event.line, laid.line, ceiling(laid.line, shared.matched)));
        }
        let Some((_, line, ceiling)) = known else { continue };
        let Ok(dosed) = dose::given(dose.amount, dose.unit, shared.patient, line.product) else { continue };
        let dosed = if dose.unit.is_relative() { dosed.at_most(ceiling) } else { dosed };
        if *kind.get_or_insert(dosed.kind()) == dosed.kind() {
            given.push((event.day, dosed.times(f64::from(event.times)).amount()));
        }
    }
    let kind = kind?;
    let expected = matched.phases().iter().map(|phase| fullest(&events(phase, line, kind, shared))).fold(0.0, f64::max);
    let ordered = fullest(&given);
    (expected > 0.0).then(|| Window { ordered, kind, percent: ordered / expected * 100.0 })
}

/// Days and lines that multiply a dose.
fn of_window(line: &PlanLine<'_>, window: Window, matched: &Match<'_>, shared: &Shared<'_>) -> Option<Concern> {
    (window.percent > shared.content.dosing.shares.regimen_window_percent * NOISE).then(|| {
        let flat = Basis { kind: window.kind, per: Per::Flat };
        let what =
            format!("{} within {WINDOW} days, all lines together,", in_words((window.ordered * 100.0).round() / 100.0, flat));
        far(line, "/days", &what, window.percent, true, matched, shared)
    })
}

/// A phase of the regimen laid out.
fn events(phase: &RegimenPhase, line: &PlanLine<'_>, kind: Kind, shared: &Shared<'_>) -> Vec<(u64, f64)> {
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
        let cycles = WINDOW / length + 2;
        found.reserve(drug.days.len() * usize::try_from(cycles).unwrap_or(0));
        for cycle in 0..cycles {
            for day in &drug.days {
                let loading = drug.loading_dose.filter(|_| cycle == 0 && drug.days.first() == Some(day)).and_then(amount);
                found.push((cycle * length + u64::from(*day), loading.unwrap_or(ordinary).max(ordinary)));
            }
        }
    }
    found.sort_by_key(|(day, _)| *day);
    found
}

/// The most that a window holds. Events are in the order of their days.
fn fullest(events: &[(u64, f64)]) -> f64 {
    let within = |(index, (first, _)): (usize, &(u64, f64))| -> f64 {
        events.iter().skip(index).take_while(|(day, _)| *day < first + WINDOW).map(|(_, amount)| amount).sum()
    };
    events.iter().enumerate().map(within).fold(0.0, f64::max)
}

fn far(
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
        (format!("at most {share} % of the regimen's"), "far more")
    } else {
        (format!("at least {} % of the regimen's", limits.regimen_below_percent), "far less")
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
