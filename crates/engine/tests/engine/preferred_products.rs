//! A plan's preferred products, switched on in a copy of the content; the shipped content has them switched off.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a fixture that fails has to fail the test")]

use crate::support;

use crate::support::copy::{Copy, Edit};
use oncoauth::domain::content::Content;
use oncoauth::domain::vocabulary::CaseStatus;
use serde_json::{Value, json};
use std::sync::Arc;
use support::orders::{Situation, exact};

fn switched(new: &'static str) -> Arc<Content> {
    let copy = Copy::new();
    copy.apply(&Edit { file: "policies/bevacizumab.toml", old: "enabled = false", new }, "enabled = true");
    let library = oncoauth::content::load_dir(copy.path()).expect("the copy is sound");
    Arc::clone(library.releases().last().expect("there is a release"))
}

fn answered(content: &Content, program: &str, change: impl Fn(&mut Value)) -> (CaseStatus, bool) {
    let mut order = exact(content.regimen("CRC-FOLFOX-BEV").expect("a regimen"), content, program);
    change(&mut order);
    let decision = Situation::new(order, program).decide(content).expect("taken");
    (decision.status, decision.findings.iter().any(|finding| finding.rule.starts_with("limits/preferred/")))
}

fn bevacizumab(code: &'static str) -> impl Fn(&mut Value) {
    move |order| {
        for drug in order["treatment"]["phases"][0]["drugs"].as_array_mut().expect("a list") {
            if drug["generic"] == "bevacizumab" {
                drug["hcpcs"] = json!(code);
            }
        }
    }
}

#[test]
fn a_product_that_is_not_preferred_pends_or_is_told_where_a_plan_says_so() {
    // proves SAFE-15
    let pends = switched("enabled = true");
    assert_eq!(answered(&pends, "bma", bevacizumab("J9035")), (CaseStatus::InProgress, true));
    assert_eq!(answered(&pends, "bma", bevacizumab("Q5107")), (CaseStatus::Authorized, false));
    // who is on a product stays on it; what it did so far is asked for, and nothing else
    let goes_on = |order: &mut Value| order["continuation_of_treatment_started_on"] = json!("2026-10-01");
    assert_eq!(answered(&pends, "bma", goes_on), (CaseStatus::InProgress, false));
    let warns = switched("enabled = true\neffect = \"warns\"");
    assert_eq!(answered(&warns, "bma", bevacizumab("J9035")), (CaseStatus::Authorized, true));
    let elsewhere = switched("enabled = true\nprograms = [\"quality-care-cancer\"]");
    assert_eq!(answered(&elsewhere, "bma", bevacizumab("J9035")), (CaseStatus::Authorized, false));
}

#[test]
fn a_new_supportive_drug_beside_treatment_that_goes_on_has_a_preferred_product() {
    // proves SAFE-15
    let copy = Copy::new();
    let policy = copy.read("policies/growth-factors.toml");
    let preferred = "[preferred]\nenabled = true\nproducts = [\"Q5108\"]\nnote = \"of this test\"\n\n[[indication]]";
    copy.write("policies/growth-factors.toml", &policy.replacen("[[indication]]", preferred, 1));
    let library = oncoauth::content::load_dir(copy.path()).expect("the copy is sound");
    let content = Arc::clone(library.releases().last().expect("there is a release"));
    let with = |code: &'static str| {
        move |order: &mut Value| {
            order["continuation_of_treatment_started_on"] = json!("2026-10-01");
            let drug = json!({"line": 9, "hcpcs": code, "role": "supportive", "route": "sc", "days": [2], "frequency_per_day": 1,
                              "dose": {"amount": 6, "unit": "mg"}});
            order["treatment"]["phases"][0]["drugs"].as_array_mut().expect("a list").push(drug);
        }
    };
    assert!(answered(&content, "bma", with("J2506")).1);
    assert!(!answered(&content, "bma", with("Q5108")).1);
}
