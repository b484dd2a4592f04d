//! A severe reaction to a drug, told of an earlier treatment in whatever way the drug is called: no drug of the catalogue that is ordered again is
//! given without a person, whether or not content has an entry for its class.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a fixture that fails has to fail the test")]

use crate::support;

use oncoauth::domain::content::{Content, Drug, Therapy};
use oncoauth::domain::vocabulary::{DeviationCode, DrugStatus};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use support::orders::{Situation, exact};

/// Where earlier treatment is told.
const FIELD: &str = "/clinical/prior_therapies";

/// Units of which some drug can have one, the usual ones first.
const UNITS: [&str; 9] = ["mg", "units", "mcg", "g", "ml", "mci", "meq", "auc", "each"];

/// The order of one drug alone, as far as it is taken at all.
fn order_of(drug: &Drug, base: &Value, content: &Content) -> Option<Value> {
    UNITS.iter().find_map(|unit| {
        let mut order = base.clone();
        let code = drug.codes.first().map(|code| code.hcpcs.as_str());
        let line = json!({"line": 1, "generic": drug.generic, "hcpcs": code, "role": "treatment", "route": null, "days": [1], "frequency_per_day": 1,
            "dose": {"amount": 1, "unit": unit}});
        order["treatment"]["phases"] = json!([{"cycle_length_days": 21, "cycles": 4, "drugs": [line]}]);
        if drug.supportive {
            order["supportive_only"] = json!({"acknowledged": true});
        }
        Situation::new(order.clone(), "bma").decide(content).is_ok().then_some(order)
    })
}

/// True where the line waits for a person by a rule about what was told of earlier treatment.
fn is_heard(order: &Value, told: &Value, content: &Content) -> bool {
    let mut order = order.clone();
    order["clinical"]["prior_therapies"] = json!([told]);
    let decision = Situation::new(order, "bma").decide(content).expect("a decision");
    let pends = decision
        .drugs
        .iter()
        .all(|decided| !matches!(decided.drug.status, DrugStatus::Authorized | DrugStatus::ClinicalReviewNotRequired));
    pends
        && decision
            .deviations
            .iter()
            .any(|deviation| deviation.code == DeviationCode::Contradiction && deviation.field.starts_with(FIELD))
}

/// Every way in which the drug may be called.
fn names(drug: &Drug) -> impl Iterator<Item = &String> {
    let codes = drug.codes.iter().map(|code| &code.hcpcs);
    std::iter::once(&drug.generic).chain(&drug.synonyms).chain(&drug.brands).chain(codes)
}

fn orders(content: &Content) -> BTreeMap<String, Value> {
    let base = exact(content.regimen("BRE-TC").expect("a regimen"), content, "bma");
    let order = |drug: &Drug| Some((drug.generic.clone(), order_of(drug, &base, content)?));
    content.drugs.all().iter().filter_map(|drug| order(drug)).collect()
}

#[test]
fn a_severe_reaction_to_a_drug_or_a_part_of_it_is_heard_under_each_of_its_names() {
    // proves SAFE-04, SAFE-12
    let content = support::content();
    let orders = orders(content);
    let mut unheard = Vec::new();
    let mut tried = 0;
    for drug in content.drugs.all() {
        let Some(order) = orders.get(&drug.generic) else { continue };
        let parts = drug.ingredients.iter().filter_map(|part| content.drugs.by_name(part));
        let called: BTreeSet<&String> = names(drug).chain(parts.flat_map(|part| names(part))).collect();
        let outcomes = [
            "anaphylaxis",
            "severe reaction, stopped",
            "stopped for anaphylaxis in cycle 2",
            "did not tolerate due to anaphylaxis",
            "could not continue because of a severe reaction",
        ];
        for (at, name) in called.into_iter().enumerate() {
            for outcome in outcomes.into_iter().take(if at == 0 { outcomes.len() } else { 1 }) {
                tried += 1;
                if !is_heard(order, &json!({"name": name, "line": "neoadjuvant", "outcome": outcome}), content) {
                    unheard.push(format!("{} after {name}: {outcome}", drug.generic));
                }
            }
        }
    }
    assert!(tried > 1500, "{tried} tried");
    let without: Vec<&str> =
        content.drugs.all().iter().map(|drug| drug.generic.as_str()).filter(|generic| !orders.contains_key(*generic)).collect();
    assert!(without.is_empty(), "no order to try with: {}", without.join(", "));
    assert!(unheard.is_empty(), "{} of {tried} unheard\n{}", unheard.len(), unheard.join("\n"));
}

/// The drugs that a combination holds for certain and that treat; of one that holds none of these, all of it.
fn members(therapy: &Therapy) -> BTreeSet<&str> {
    let treats: BTreeSet<&str> = therapy.drugs.iter().filter(|drug| !drug.supportive).map(|drug| drug.generic.as_str()).collect();
    if treats.is_empty() { therapy.drugs.iter().map(|drug| drug.generic.as_str()).collect() } else { treats }
}

#[test]
fn a_severe_reaction_to_a_combination_is_heard_by_each_of_its_members() {
    // proves SAFE-04, SAFE-12
    let content = support::content();
    let orders = orders(content);
    let mut unheard = Vec::new();
    let mut names: Vec<(&str, BTreeSet<&str>)> = content
        .therapies
        .names()
        .map(|(name, therapy)| (name, members(therapy)))
        .filter(|(_, members)| members.len() > 1)
        .collect();
    names.sort();
    assert!(names.len() > 500, "{} combinations", names.len());
    for (name, members) in names {
        for order in members.iter().filter_map(|generic| orders.get(*generic)) {
            if !is_heard(order, &json!({"name": name, "line": "neoadjuvant", "outcome": "anaphylaxis"}), content) {
                unheard.push(format!("{} after {name}", order["treatment"]["phases"][0]["drugs"][0]["generic"]));
            }
        }
    }
    assert!(unheard.is_empty(), "{} unheard\n{}", unheard.len(), unheard.join("\n"));
}
