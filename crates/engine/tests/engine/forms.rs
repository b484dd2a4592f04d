//! Forms of regimens: every one, entered as it stands, is its regimen; with another dose or interval of what is other it is not (SAFE-16).

#![allow(clippy::expect_used, reason = "a fixture that fails has to fail the test")]

use crate::support;

use oncoauth::domain::content::{Content, Form, Regimen, RegimenPhase};
use oncoauth::domain::vocabulary::{CaseStatus, DeviationCode, PathwayDetermination};
use oncoauth::rules::Decision;
use serde_json::{Value, json};
use support::orders::{Situation, exact, in_form};

fn check_each(what: &str, mut test: impl FnMut(&Regimen, &Form, &Content) -> Result<(), String>) {
    let content = support::content();
    let mut count = 0;
    let mut faults: Vec<String> = Vec::new();
    for regimen in &content.regimens {
        for form in &regimen.forms {
            count += 1;
            faults.extend(test(regimen, form, content).err().map(|fault| format!("{} as {}: {fault}", regimen.id, form.name)));
        }
    }
    assert!(count > 500, "{count} forms");
    assert!(faults.is_empty(), "{what}: {} of {count} forms\n{}", faults.len(), faults.join("\n"));
}

fn decide(order: Value, content: &Content) -> Result<Decision, String> {
    Situation::new(order, "bma").decide(content).map_err(|refusal| format!("{refusal:?}"))
}

/// Departures of drugs and days.
fn departures(decision: &Decision) -> Vec<String> {
    let of_schedule = [DeviationCode::CyclesDosing, DeviationCode::CustomTreatmentPlan, DeviationCode::DoseWarning];
    let found = decision.deviations.iter().filter(|deviation| of_schedule.contains(&deviation.code));
    found.map(|deviation| deviation.message.clone()).collect()
}

#[test]
fn a_form_entered_as_it_stands_is_its_regimen_without_departure() {
    // proves SAFE-16, REG-01
    check_each("entered as it stands", |regimen, form, content| {
        let decision = decide(exact(&in_form(regimen, form), content, "bma"), content)?;
        let matched = decision.pathway.regimen_id.as_deref().and_then(|id| content.regimen(id));
        // of two regimens that are the same treatment, the one that is so by itself goes before a form of the other
        let is_it = matched.is_some_and(|matched| {
            let same = |ingredients: &[String]| ingredients == form.required_ingredients;
            let is_twin =
                same(&matched.required_ingredients) || matched.forms.iter().any(|other| same(&other.required_ingredients));
            matched.id == regimen.id || matched.cancer == regimen.cancer && is_twin
        });
        let departs = departures(&decision);
        if !is_it {
            return Err(format!("matched {:?}", decision.pathway.regimen_id));
        }
        if departs.is_empty() { Ok(()) } else { Err(departs.join("; ")) }
    });
}

#[test]
fn a_form_entered_as_it_stands_breaks_no_limit_and_no_bound() {
    // proves SAFE-16, SAFE-06, SAFE-09
    check_each("limits and bounds", |regimen, form, content| {
        let decision = decide(exact(&in_form(regimen, form), content, "bma"), content)?;
        let broken: Vec<String> = decision
            .findings
            .iter()
            .filter(|finding| finding.rule.starts_with("limits/") || finding.rule.ends_with("/outer-bound"))
            .map(|finding| format!("{}: {}", finding.rule, finding.message))
            .collect();
        if broken.is_empty() { Ok(()) } else { Err(broken.join("; ")) }
    });
}

/// True where so many times a form's dose is the regimen's own at the same interval, or up to a quarter less.
fn is_own_dose(regimen: &Regimen, form: &Form, changed: &str, factor: f64) -> bool {
    let of = |phases: &[RegimenPhase]| -> Vec<(f64, u32)> {
        let drugs = phases.iter().flat_map(|phase| phase.drugs.iter().map(move |drug| (phase.cycle_length_days, drug)));
        let drugs = drugs.filter(|(_, drug)| drug.generic == changed && drug.dose.unit.is_relative());
        drugs.map(|(length, drug)| (drug.dose.amount, length)).collect()
    };
    let own = of(&regimen.phases);
    let is_it = |(dose, length): &(f64, u32)| {
        own.iter().any(|(own, other)| length == other && (0.75..1.0).contains(&(dose * factor / own)))
    };
    factor > 1.0 && of(&form.phases).iter().any(is_it)
}

/// An order that is paid for without a person and without a word about its doses.
fn passes_unseen(decision: &Decision) -> bool {
    let decided = decision.status != CaseStatus::InProgress;
    decided && decision.pathway.determination == PathwayDetermination::OnPathway && decision.deviations.is_empty()
}

#[test]
fn half_the_dose_and_twice_the_dose_of_what_is_other_in_a_form_never_pass_unseen() {
    // proves SAFE-16, SAFE-05
    check_each("another dose", |regimen, form, content| {
        let whole = exact(&in_form(regimen, form), content, "bma");
        for factor in [0.5, 2.0] {
            // dexamethasone of 20 mg and of 40 mg are forms of each other
            for changed in form.changed.iter().filter(|changed| *changed != "dexamethasone") {
                // twice the dose of a form may be the regimen's own, reduced as is usual: methotrexate of 7 for 8 g/m2
                if is_own_dose(regimen, form, changed, factor) {
                    continue;
                }
                let mut order = whole.clone();
                for phase in order["treatment"]["phases"].as_array_mut().expect("a list") {
                    for drug in phase["drugs"].as_array_mut().expect("a list") {
                        if drug["generic"] == **changed {
                            let amount = drug["dose"]["amount"].as_f64().expect("an amount");
                            drug["dose"]["amount"] = json!(amount * factor);
                        }
                    }
                }
                if decide(order, content).is_ok_and(|decision| passes_unseen(&decision)) {
                    return Err(format!("{factor} of {changed} passes"));
                }
            }
        }
        Ok(())
    });
}

#[test]
fn another_interval_of_what_runs_beside_never_passes_unseen() {
    // proves SAFE-16, SAFE-05
    check_each("another interval", |regimen, form, content| {
        let whole = exact(&in_form(regimen, form), content, "bma");
        let phases = whole["treatment"]["phases"].as_array().expect("a list");
        for index in (0..phases.len()).filter(|index| phases[*index]["beside"] == true) {
            let length = phases[index]["cycle_length_days"].as_u64().expect("a length");
            // another interval of the same dose may be a form, too: three months are 12 weeks or 91 days
            let dose = &phases[index]["drugs"][0]["dose"];
            let is_form = |length: u64| {
                let beside = regimen.forms.iter().flat_map(|other| &other.phases).chain(&regimen.phases);
                beside
                    .filter(|phase| u64::from(phase.cycle_length_days) == length)
                    .flat_map(|phase| &phase.drugs)
                    .any(|drug| dose["amount"] == json!(drug.dose.amount) && phases[index]["drugs"][0]["generic"] == drug.generic)
            };
            for other in [length / 2, length - 7, length + 14].into_iter().filter(|other| *other > 0 && !is_form(*other)) {
                let mut order = whole.clone();
                order["treatment"]["phases"][index]["cycle_length_days"] = json!(other);
                if decide(order, content).is_ok_and(|decision| passes_unseen(&decision)) {
                    return Err(format!("every {other} days for {length} passes"));
                }
            }
        }
        Ok(())
    });
}
