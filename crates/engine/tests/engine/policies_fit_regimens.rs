//! Content agrees with itself: every drug of every regimen, ordered as the regimen says for a patient whom the regimen is for, meets its
//! own policy (REG-11, SAFE-16). What goes to a person on purpose is listed with its reason.

#![allow(clippy::expect_used, reason = "a fixture that fails has to fail the test")]

use crate::support;

use oncoauth::domain::content::{Content, Regimen};
use oncoauth::domain::vocabulary::DrugStatus;
use oncoauth::rules::Decision;
use serde::Deserialize;
use std::collections::BTreeMap;
use support::orders::{Situation, exact};

/// Regimens that a person decides, each with why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exceptions {
    regimens: BTreeMap<String, String>,
}

fn exceptions() -> BTreeMap<String, String> {
    let text = include_str!("../../../../tests/regimens-for-a-person.toml");
    let exceptions: Exceptions = toml::from_str(text).expect("regimens with reasons");
    exceptions.regimens
}

/// Drugs that wait, with what is said about each.
fn waiting(decision: &Decision) -> Vec<String> {
    let waits = decision.drugs.iter().filter(|drug| drug.drug.status == DrugStatus::InProgress);
    waits.map(|drug| format!("{}: {}", drug.drug.name, drug.drug.message)).collect()
}

fn decided(regimen: &Regimen, content: &Content) -> Decision {
    Situation::new(exact(regimen, content, "bma"), "bma").decide(content).expect("taken")
}

#[test]
fn every_regimen_as_it_stands_meets_the_policies_of_its_own_drugs() {
    // proves REG-11, SAFE-16
    let content = support::content();
    let exceptions = exceptions();
    let mut faults = Vec::new();
    for regimen in &content.regimens {
        let waiting = waiting(&decided(regimen, content));
        match (waiting.is_empty(), exceptions.get(&regimen.id)) {
            (false, None) => faults.push(format!("{}: {}", regimen.id, waiting.join("; "))),
            (true, Some(_)) => faults.push(format!("{} is decided at once, and no exception", regimen.id)),
            _ => {}
        }
    }
    let is_known = |id: &&String| content.regimens.iter().any(|regimen| regimen.id == **id);
    faults.extend(exceptions.keys().filter(|id| !is_known(id)).map(|id| format!("there is no regimen {id}")));
    assert!(exceptions.values().all(|reason| !reason.trim().is_empty()), "each exception says why");
    assert!(faults.is_empty(), "{} regimens\n{}", faults.len(), faults.join("\n"));
}
