//! Doses and routes, judged administration by administration against content's bounds (SAFE-05…08, SAFE-13).

mod bounds;
mod days;
mod extent;
mod intake;
mod kinds;
mod naming;
mod regimen;
mod routes;
mod sequence;
mod share;

pub use intake::faults;
pub use sequence::{Doses, doses};

use super::concern::{Concern, Pends};
use super::deviations::{departure_in_words, effect};
use super::dose;
use super::drugs::Shared;
use super::facts::Facts;
use super::findings::facts as said_facts;
use super::matching::Match;
use super::plan::PlanLine;
use crate::domain::case::Deviation;
use crate::domain::vocabulary::{DeviationCode, DeviationEffect, Hold, Truth};
use serde_json::json;

/// Doses that depart from the matched regimen's (DEV-02, DEV-03, SAFE-05).
pub fn against_regimen<'a>(
    facts: &Facts<'_>,
    shared: &Shared<'a>,
    matched: &Match<'_>,
    doses: &[Doses<'_, 'a>],
    has_managed: bool,
) -> Vec<Deviation> {
    regimen::deviations(facts, shared, matched, doses, has_managed)
}

/// Everything that a person has to look at.
pub fn concerns<'a>(facts: &Facts<'_>, shared: &Shared<'a>, doses: &[Doses<'_, 'a>]) -> Vec<Concern> {
    let mut found = Vec::new();
    for line in shared.plan.iter().filter(|line| !line.is_investigational()) {
        naming::judge(line, shared, &mut found);
        routes::judge(line, shared, &mut found);
        bounds::judge(line, shared, &mut found);
    }
    days::judge(shared, &mut found);
    beside(shared, &mut found);
    share::judge(facts, shared, doses, &mut found);
    extent::judge(facts, shared, doses, &mut found);
    combined_loading(facts, shared, &mut found);
    steps(facts, shared, doses, &mut found);
    found
}

/// What is found about one line.
struct About<'s> {
    /// Last part of the rule's path.
    rule: &'s str,
    code: DeviationCode,
    field: &'s str,
    expected: String,
    entered: String,
    message: String,
    pends: bool,
    hold: Option<Hold>,
    outcome: Truth,
    requirements: &'static [&'static str],
}

impl About<'_> {
    fn concern(self, line: &PlanLine<'_>, shared: &Shared<'_>) -> Concern {
        let name = line.name();
        let in_regimen = shared.matched.is_some_and(|matched| matched.contains(line));
        let usual = DeviationEffect::of(self.pends, self.pends && in_regimen);
        let effect = if self.pends { usual } else { effect(shared.admitted.program, self.code, usual) };
        Concern {
            rule: format!("dose/{name}/{}", self.rule),
            outcome: self.outcome,
            requirements: self.requirements,
            source: line
                .product
                .map_or_else(|| shared.admitted.program.criteria_source.clone(), |product| product.source.clone()),
            facts: said_facts([
                ("line", json!(line.ordered.line)),
                ("hcpcs", json!(line.ordered.hcpcs)),
                ("route", json!(line.ordered.route)),
                ("entered", json!(self.entered)),
            ]),
            deviation: Deviation {
                code: self.code,
                drug_line: Some(line.ordered.line),
                line: Some(line.ordered.line),
                options: Vec::new(),
                field: line.pointer(self.field),
                expected: self.expected,
                entered: self.entered,
                effect,
                message: self.message,
            },
            pends: if self.pends { Pends::Lines(vec![line.ordered.line]) } else { Pends::Nothing },
            hold: self.hold,
        }
    }
}

/// An interval of its own that is none of the regimen's: too long or too short, a person looks, managed or not (SAFE-05).
fn beside(shared: &Shared<'_>, found: &mut Vec<Concern>) {
    let Some(matched) = shared.matched else { return };
    for difference in matched.differences.iter().filter(|difference| difference.is_beside) {
        let Some(line) = shared.plan.iter().find(|line| line.ordered.line == difference.line) else { continue };
        let about = About {
            rule: "beside",
            code: DeviationCode::CyclesDosing,
            field: "",
            expected: difference.expected.clone(),
            entered: difference.entered.clone(),
            message: departure_in_words(difference, matched),
            pends: true,
            hold: None,
            outcome: Truth::NotMet,
            requirements: &["SAFE-05", "DEV-02"],
        };
        let mut concern = about.concern(line, shared);
        concern.deviation.field.clone_from(&difference.field);
        found.push(concern);
    }
}

/// The loading dose of a product that the regimen names by its ingredients only, again after the first administration, or though the
/// drug was given not long ago (SAFE-05).
fn combined_loading(facts: &Facts<'_>, shared: &Shared<'_>, found: &mut Vec<Concern>) {
    if shared.matched.is_none() {
        return;
    }
    for (index, line) in shared.plan.iter().enumerate() {
        let loading = line.dosing.map_or(&[][..], |dosing| &dosing.loading);
        let led = shared.plan.iter().take(index).any(|other| other.name() == line.name());
        if loading.is_empty() || led || regimen::gives(shared.matched, line.name()) {
            continue;
        }
        let reach = 1.0 - shared.admitted.program.dose_warning_percent / 100.0;
        let doses: Vec<_> =
            loading.iter().filter_map(|dose| dose::for_patient(*dose, shared.patient, line.product).ok()).collect();
        let is_loaded = regimen::is_loaded(line, facts, shared);
        let again = |run: &&sequence::Run| {
            let given = run.total.capped;
            (run.to > 1 || is_loaded)
                && doses.iter().any(|dose| dose.kind() == given.kind() && given.amount() >= dose.amount() * reach)
        };
        let Some(run) = sequence::ordered(line.name(), shared).and_then(|runs| runs.iter().find(again).copied()) else {
            continue;
        };
        let Some(line) = shared.plan.get(run.line) else { continue };
        let entered = run.total.capped.shown().to_string();
        let message = if is_loaded && run.from == 0 {
            format!("check the dose of {}: {entered}{}", line.name(), regimen::AGAIN)
        } else {
            format!(
                "check the dose of {}: {entered} at administration {} is its loading dose, which is for the first administration",
                line.name(),
                run.from.max(1) + 1
            )
        };
        let expected = "the maintenance dose".to_owned();
        let about = About {
            rule: "loading",
            code: DeviationCode::CyclesDosing,
            field: "/dose",
            expected,
            entered,
            message,
            pends: true,
            hold: None,
            outcome: Truth::NotMet,
            requirements: &["SAFE-05", "DEV-02"],
        };
        found.push(about.concern(line, shared));
    }
}

/// Doses of a step-up schedule that come too early or are too small: the line pends, managed or not (SAFE-05).
fn steps<'a>(facts: &Facts<'_>, shared: &Shared<'a>, doses: &[Doses<'_, 'a>], found: &mut Vec<Concern>) {
    let Some(matched) = shared.matched else { return };
    for departure in regimen::missing_steps(facts, shared, doses) {
        let line = departure.line;
        let entered = departure.ordered.shown().to_string();
        let expected = regimen::words(&departure.expected);
        let why = match departure.how {
            regimen::Departs::Less => "; this drug is stepped up, and the next dose can harm who had too little before it",
            _ => "; this drug is stepped up, and a dose that comes too early can harm",
        };
        let message = format!(
            "check the dose of {}: administration {} is {entered}, and {expected} in {}{why}",
            line.name(),
            departure.administration,
            matched.regimen.name
        );
        found.push(
            About {
                rule: "step-up",
                code: DeviationCode::CyclesDosing,
                field: "/dose",
                expected,
                entered,
                message,
                pends: true,
                hold: None,
                outcome: Truth::NotMet,
                requirements: &["SAFE-05", "DEV-02"],
            }
            .concern(line, shared),
        );
    }
}
