//! Doses against those of the matched regimen, administration by administration (DEV-02, DEV-03, SAFE-05, SAFE-07).

use super::super::deviations::effect;
use super::super::dose::{self, Given};
use super::super::drugs::Shared;
use super::super::facts::{Facts, RelatedCase};
use super::super::matching::Match;
use super::super::plan::PlanLine;
use super::sequence::{self, Doses, Run, Total};
use crate::domain::case::Deviation;
use crate::domain::content::{RegimenDrugRole, Step};
use crate::domain::vocabulary::{DeviationCode, DeviationEffect};
use chrono::NaiveDate;

/// How an administration departs, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Departs {
    /// Less than any dose that can stand there.
    Less,
    /// More, but less than any other dose of the schedule.
    More,
    /// The loading dose is missing.
    Unloaded,
    /// As much as a dose of another place: a loading dose again, three weeks' dose each week; of a drug that is stepped up, more than
    /// this step where later ones are higher.
    Elsewhere,
    /// The loading dose, though the drug was given not long ago.
    Again,
}

/// One departure of a drug.
#[derive(Debug)]
pub struct Departure<'p, 'a> {
    /// The line.
    pub line: &'p PlanLine<'a>,
    /// Which administration, from 1.
    pub administration: u32,
    /// What is ordered there, before caps where these hide the difference.
    pub ordered: Given,
    /// True where it is so.
    pub before_cap: bool,
    /// What can stand there.
    pub expected: Vec<Given>,
    /// How.
    pub how: Departs,
}

/// Every line once that leads the lines of its drug, where the regimen gives the drug.
pub fn leading<'p, 'a>(shared: &'p Shared<'a>, matched: &'p Match<'a>) -> impl Iterator<Item = &'p PlanLine<'a>> {
    shared.plan.iter().enumerate().filter_map(move |(index, line)| {
        let known =
            |drug: &crate::domain::content::RegimenDrug| drug.generic == line.name() && drug.role != RegimenDrugRole::Supportive;
        let first = !shared.plan.iter().take(index).any(|other| other.name() == line.name() && !other.is_investigational());
        let is_in = first && !line.is_investigational() && matched.phases().iter().any(|phase| phase.drugs.iter().any(known));
        is_in.then_some(line)
    })
}

/// True where the lines of a drug are compared with the regimen, dose by dose.
pub fn gives(matched: Option<&Match<'_>>, name: &str) -> bool {
    let drugs = matched.into_iter().flat_map(Match::phases).flat_map(|phase| &phase.drugs);
    drugs.into_iter().any(|drug| drug.generic == name && drug.role != RegimenDrugRole::Supportive)
}

/// Days since treatment with the drug began, where the order says so, or an approved case of this member that has not ended: after a pause
/// a drug may have to be loaded or stepped up again.
fn treated_for(line: &PlanLine<'_>, facts: &Facts<'_>, shared: &Shared<'_>) -> Option<i64> {
    let named = shared.patient.history.continued_case().map(|case| case.case_id);
    let before = facts
        .related_cases
        .iter()
        .filter(|case| {
            let is_named = named == Some(case.case_id) && is_recent(case.valid_through, shared);
            let goes_on = case.is_approved() && (is_named || case.valid_through >= shared.admitted.date_of_service);
            goes_on && case.treatment_ingredients.iter().any(|known| line.has_ingredient(known))
        })
        .map(|case| case.valid_from);
    let first = before.chain(facts.order.continuation_of_treatment_started_on).min()?;
    Some((shared.admitted.date_of_service - first).num_days()).filter(|days| *days > 0)
}

/// True where a drug authorized through this day may have been given too short a time ago to be loaded again.
fn is_recent(through: NaiveDate, shared: &Shared<'_>) -> bool {
    (shared.admitted.date_of_service - through).num_days() < i64::from(shared.content.dosing.shares.loading_again_after_days)
}

/// True where approved cases of this member hold every ingredient of the line, and may have given it a short time ago.
pub fn is_loaded(line: &PlanLine<'_>, facts: &Facts<'_>, shared: &Shared<'_>) -> bool {
    let begun = |case: &&RelatedCase| case.is_approved() && case.valid_from < shared.admitted.date_of_service;
    let drugs = || facts.related_cases.iter().filter(begun).flat_map(|case| case.drugs.iter().map(move |drug| (case, drug)));
    line.ingredients().all(|wanted| {
        drugs().any(|(case, drug)| {
            drug.may_have_been_given()
                && is_recent(drug.valid_through.unwrap_or(case.valid_through), shared)
                && drug.ingredients(shared.content).iter().any(|known| known == wanted)
        })
    })
}

/// True where treatment with the drug is past the steps that it begins with.
pub fn goes_on(line: &PlanLine<'_>, facts: &Facts<'_>, shared: &Shared<'_>) -> bool {
    let last_step = line.dosing.and_then(|dosing| dosing.steps.last()).map_or(0, |step: &Step| i64::from(step.day));
    treated_for(line, facts, shared).is_some_and(|days| days >= last_step)
}

/// The departures of one drug.
fn of_drug<'p, 'a>(doses: &Doses<'_, 'a>, facts: &Facts<'_>, shared: &'p Shared<'a>) -> Vec<Departure<'p, 'a>> {
    let Doses { line, ordered: Some(ordered), expected: Some(expected) } = doses else { return Vec::new() };
    let continues = goes_on(line, facts, shared);
    let strict = steps_up(line) || line.drug.is_some_and(|drug| drug.managed_on_dose);
    let loaded = expected.iter().any(|run| run.loading) && is_loaded(line, facts, shared);
    let judge = Judge { expected, continues, loaded, strict, shared, line };
    let mut found: Vec<Departure<'p, 'a>> = Vec::new();
    for run in ordered {
        let Some(line) = shared.plan.get(run.line) else { continue };
        if let Some((how, place, candidates)) = judge.worst(run) {
            let before_cap = candidates.iter().any(|candidate| run.total.is_hidden_by_cap(candidate.total));
            let amount = |total: Total| if before_cap { total.whole } else { total.capped };
            let mut doses: Vec<Given> = candidates.iter().map(|candidate| amount(candidate.total)).collect();
            doses.sort_by(|left, right| left.amount().total_cmp(&right.amount()));
            doses.dedup_by(|left, right| left.shown() == right.shown());
            let departure =
                Departure { line, administration: place + 1, ordered: amount(run.total), before_cap, expected: doses, how };
            match found.iter_mut().find(|known| known.line.ordered.line == line.ordered.line) {
                Some(known) if known.how < how => *known = departure,
                Some(_) => {}
                None => found.push(departure),
            }
        }
    }
    found
}

struct Judge<'j, 'a> {
    expected: &'j [Run],
    continues: bool,
    /// True where the drug was given not long ago, and is not to be loaded again.
    loaded: bool,
    strict: bool,
    shared: &'j Shared<'a>,
    line: &'j PlanLine<'a>,
}

impl<'j> Judge<'j, '_> {
    /// Doses of the regimen that can stand at a place.
    fn candidates(&self, place: u32) -> Vec<&'j Run> {
        sequence::standing(self.expected, place, self.continues)
    }

    fn fits(&self, ordered: Total, run: &Run) -> bool {
        let tolerance = self.shared.admitted.program.dose_warning_percent;
        let reduction = self.shared.content.dosing.shares.usual_reduction_percent;
        let below = if self.strict || run.loading { tolerance } else { tolerance.max(reduction) };
        ordered
            .percent_of(run.total)
            .is_some_and(|percent| percent >= 100.0 - below - 1e-9 && percent <= 100.0 + tolerance + 1e-9)
    }

    /// The worst departure of a run, with its place and what can stand there.
    fn worst(&self, run: &Run) -> Option<(Departs, u32, Vec<&'j Run>)> {
        let (loading, others): (Vec<&Run>, Vec<&Run>) = self.expected.iter().partition(|other| other.loading);
        let fits = |of: &[&Run]| of.iter().any(|other| self.fits(run.total, other));
        if self.loaded && run.from == 0 && fits(&loading) && !fits(&others) {
            return Some((Departs::Again, 0, others));
        }
        let mut worst: Option<(Departs, u32, Vec<&'j Run>)> = None;
        let mut place = run.from;
        while place < run.to {
            let candidates = self.candidates(place);
            let fitting =
                candidates.iter().filter(|candidate| self.fits(run.total, candidate)).map(|candidate| candidate.to).max();
            let next = match fitting {
                Some(to) => to,
                None => candidates.iter().map(|candidate| candidate.to).min()?,
            };
            if fitting.is_none() {
                let how = self.how(run.total, &candidates);
                if worst.as_ref().is_none_or(|(known, ..)| *known < how) {
                    worst = Some((how, place, candidates));
                }
            }
            // past the regimen's end its last dose stands for the rest, and so does any dose of a treatment that goes on
            if next <= place || (self.continues && place > 0) {
                return worst;
            }
            place = if self.continues { place + 1 } else { next };
        }
        worst
    }

    fn how(&self, ordered: Total, candidates: &[&Run]) -> Departs {
        let more = candidates.iter().all(|run| ordered.percent_of(run.total).is_none_or(|percent| percent > 100.0));
        let less = candidates.iter().all(|run| ordered.percent_of(run.total).is_none_or(|percent| percent < 100.0));
        if less {
            return if candidates.iter().all(|run| run.loading) { Departs::Unloaded } else { Departs::Less };
        }
        let most = candidates.iter().map(|run| run.total.capped.amount()).fold(0.0, f64::max);
        let reach = 100.0 - self.shared.admitted.program.dose_warning_percent;
        let reaches = |other: Total| ordered.percent_of(other).is_some_and(|percent| percent >= reach);
        let of_regimen = self.expected.iter().any(|run| run.total.capped.amount() > most * 1.01 && reaches(run.total));
        let higher = |run: &&Run| run.total.capped.amount() > most * 1.01;
        if !less && steps_up(self.line) && self.expected.iter().any(|run| higher(&run)) {
            return Departs::Elsewhere;
        }
        let loading = self.line.dosing.map_or(&[][..], |dosing| &dosing.loading);
        let of_content = loading
            .iter()
            .filter_map(|dose| dose::for_patient(*dose, self.shared.patient, self.line.product).ok())
            .any(|dose| dose.amount() > most * 1.01 && ordered.capped.percent_of(dose).is_some_and(|percent| percent >= reach));
        if more && (of_regimen || of_content) { Departs::Elsewhere } else { Departs::More }
    }
}

/// Doses that depart from the matched regimen, but for those of a step-up schedule, which pend whatever else holds.
pub fn deviations<'a>(
    facts: &Facts<'_>,
    shared: &Shared<'a>,
    matched: &Match<'_>,
    doses: &[Doses<'_, 'a>],
    has_managed: bool,
) -> Vec<Deviation> {
    doses
        .iter()
        .filter(|doses| !steps_up(doses.line))
        .flat_map(|doses| of_drug(doses, facts, shared))
        .map(|departure| told(&departure, shared, matched, has_managed))
        .collect()
}

/// Departures of drugs that are stepped up.
pub fn missing_steps<'p, 'a>(facts: &Facts<'_>, shared: &'p Shared<'a>, doses: &[Doses<'_, 'a>]) -> Vec<Departure<'p, 'a>> {
    doses.iter().filter(|doses| steps_up(doses.line)).flat_map(|doses| of_drug(doses, facts, shared)).collect()
}

fn steps_up(line: &PlanLine<'_>) -> bool {
    line.dosing.is_some_and(|dosing| !dosing.steps.is_empty())
}

/// Amounts for people.
pub fn words(doses: &[Given]) -> String {
    doses.iter().map(|dose| dose.shown().to_string()).collect::<Vec<_>>().join(" or ")
}

/// What a practice does about a warning.
pub const TO_DO: &str =
    "; nothing waits for this: check the dose before it is given, and send an update where it was entered wrongly";

/// Why a loading dose goes to a person.
pub const AGAIN: &str =
    ": a loading dose, though this member has the drug already by an order on file; it is given again only after a longer pause";

/// As told to the practice.
pub fn told(departure: &Departure<'_, '_>, shared: &Shared<'_>, matched: &Match<'_>, has_managed: bool) -> Deviation {
    let line = departure.line;
    let program = shared.admitted.program;
    let (code, usual) = match departure.how {
        _ if line.drug.is_some_and(|drug| drug.managed_on_dose) => {
            (DeviationCode::CyclesDosing, DeviationEffect::PendsAndOffPathway)
        }
        Departs::Elsewhere | Departs::Unloaded | Departs::Again => {
            (DeviationCode::CyclesDosing, DeviationEffect::of(has_managed, true))
        }
        _ => (DeviationCode::DoseWarning, DeviationEffect::None),
    };
    let entered = departure.ordered.shown().to_string();
    let expected = words(&departure.expected);
    let cap = if departure.before_cap { ", both before the cap" } else { "" };
    let why = match departure.how {
        Departs::Elsewhere => ", and as much as the regimen gives at another time only",
        Departs::Unloaded => ", a loading dose; say so where treatment goes on from before",
        Departs::Again => AGAIN,
        Departs::Less | Departs::More if code == DeviationCode::DoseWarning => TO_DO,
        Departs::Less | Departs::More => "",
    };
    let field = if departure.administration == 1 && line.ordered.loading_dose.is_some() { "/loading_dose" } else { "/dose" };
    Deviation {
        code,
        drug_line: Some(line.ordered.line),
        line: Some(line.ordered.line),
        options: Vec::new(),
        field: line.pointer(field),
        expected: expected.clone(),
        entered: entered.clone(),
        effect: effect(program, code, usual),
        message: format!(
            "check the dose of {}: {entered} for this patient at administration {} is more than {} % from {expected} in {}{cap}{why}",
            line.name(),
            departure.administration,
            program.dose_warning_percent,
            matched.regimen.name,
        ),
    }
}
