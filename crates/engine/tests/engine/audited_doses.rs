//! Doses, routes and units that an audit found answered wrongly (`tests/audit/faults`), and what no larger dose may do.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a fixture that fails has to fail the test")]

use crate::support;

use oncoauth::domain::refusal::Refusal;
use oncoauth::domain::vocabulary::{CaseStatus, DeviationCode, Hold};
use oncoauth::rules::Decision;
use serde_json::Value;
use support::orders::Situation;

fn decided(file: &str) -> Result<Decision, Refusal> {
    let content = support::content();
    let path = crate::support::copy::repository().join("tests/audit/faults").join(file);
    let order: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("a fault")).expect("JSON");
    let mut situation = Situation::new(order.clone(), "ovm");
    let member = situation.member.as_mut().expect("a member");
    member.birth_date = order["member"]["birth_date"].as_str().expect("a date of birth").parse().expect("a date");
    for (field, known) in
        [("member_id", &mut member.member_id), ("first_name", &mut member.first_name), ("last_name", &mut member.last_name)]
    {
        order["member"][field].as_str().expect("a name").clone_into(known);
    }
    situation.order["member"]["health_plan"] = Value::from("bcbs-michigan");
    situation.decide(content)
}

#[test]
fn doses_beyond_their_bounds_go_to_a_person() {
    // proves SAFE-06
    for file in [
        "01_cap_hides_tenfold_vincristine.json",
        "01c_cap_hides_tenfold_cisplatin.json",
        "02_vincristine_on_two_lines_double_cap.json",
        "03_loading_dose_tenfold_no_warning.json",
        "05b_supportive_mg_for_mcg_filgrastim.json",
    ] {
        let decision = decided(file).expect(file);
        assert_eq!(decision.status, CaseStatus::InProgress, "{file}");
        assert!(decision.holds.contains(&Hold::DoseOutOfBounds), "{file}: {:?}", decision.deviations);
        assert!(!decision.asked_for.is_empty(), "{file}");
    }
}

#[test]
fn a_loading_amount_in_every_cycle_is_no_pathway() {
    // proves SAFE-05
    let decision = decided("04_loading_amount_every_cycle.json").expect("taken");
    assert_eq!(decision.status, CaseStatus::InProgress);
    assert!(decision.deviations.iter().any(|found| found.code == DeviationCode::CyclesDosing && found.effect.is_off_pathway()));
}

#[test]
fn a_unit_of_another_kind_is_refused_with_those_that_the_product_has() {
    // proves SAFE-13
    let Err(Refusal::Validation(faults)) = decided("06_dose_unit_of_another_kind_units_null.json") else {
        unreachable!("it was taken")
    };
    assert_eq!(faults[0].pointer, "/treatment/phases/0/drugs/0/dose/unit");
    assert!(faults[0].message.contains("mg/m2"), "{faults:?}");
}

#[test]
fn an_unclassified_code_keeps_the_name_of_its_drug() {
    // proves SAFE-13
    let decision = decided("09b_noc_code_loses_the_drug_name.json").expect("taken");
    assert_eq!(decision.drugs[0].drug.name, "alphamab");
    assert_eq!(decision.drugs[0].ingredients, ["alphamab"]);
    assert_eq!(decision.status, CaseStatus::InProgress);
}

#[test]
fn two_vials_are_two_units() {
    // proves SAFE-13, VER-07
    let decision = decided("10_pegaspargase_two_vials_one_unit.json").expect("taken");
    assert_eq!(decision.computed.drugs[0].units, Some(4));
}
