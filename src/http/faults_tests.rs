//! What callers read when a body does not fit, by example.

use crate::domain::order::OrderRequest;
use crate::http::body::{read, validate};
use proptest::prelude::*;
use serde_json::{Value, json};

fn faults(value: &Value) -> Vec<(String, String, String)> {
    let (faults, _) = validate::<OrderRequest>(value).unwrap().into_parts();
    faults.into_iter().map(|fault| (fault.pointer, fault.code, fault.message)).collect()
}

fn assert_faults(value: &Value, expected: &[(&str, &str, &str)]) {
    let found = faults(value);
    for (pointer, code, words) in expected {
        let fault = found.iter().find(|fault| fault.0 == *pointer).unwrap_or_else(|| panic!("no fault at {pointer}: {found:?}"));
        assert_eq!(fault.1, *code, "{pointer}");
        assert!(fault.2.contains(words), "{pointer}: {} lacks {words}", fault.2);
    }
    assert_eq!(found.len(), expected.len(), "{found:?}");
}

#[test]
fn every_fault_is_told_at_once_and_a_misspelt_field_with_the_nearest_name() {
    let value = json!({"memberr": {}, "zzz": 1, "member": {"health_pln": "x", "first_name": 3, "birth_date": "1950-02-30"}});
    assert_faults(
        &value,
        &[
            ("/memberr", "unknown-field", "did you mean `member`?"),
            ("/zzz", "unknown-field", "is not a known field"),
            ("/member/health_pln", "unknown-field", "did you mean `health_plan`?"),
            ("/member/first_name", "wrong-type", "is a number"),
            ("/member/birth_date", "malformed", "is not a calendar date"),
        ],
    );
}

#[test]
fn a_word_outside_its_vocabulary_is_told_with_the_vocabulary() {
    let value = json!({"service": "medical", "setting": "out-patient", "urgency": 5, "place_of_service": "1",
                       "clinical": {"line_of_treatment": "first-line", "performance_status": {"scale": "ecgo", "value": 1}}});
    assert_faults(
        &value,
        &[
            ("/service", "not-allowed-value", "medical_oncology, radiation_oncology"),
            ("/setting", "not-allowed-value", "did you mean `outpatient`?"),
            ("/urgency", "wrong-type", "is a number"),
            ("/place_of_service", "malformed", "pattern"),
            ("/clinical/line_of_treatment", "not-allowed-value", "did you mean `first_line`?"),
            ("/clinical/performance_status/scale", "not-allowed-value", "did you mean `ecog`?"),
        ],
    );
}

#[test]
fn a_clinical_answer_that_fits_no_form_is_explained_by_its_description() {
    // proves DEV-05
    let value = json!({"clinical": {"height_cm": "165", "weight_kg": 7000, "biomarkers": "none", "tnm": {"t": 2, "x": "1"},
                                    "prior_therapies": [{"generic": "x", "started_on": "2026-13-01"}]}});
    assert_faults(
        &value,
        &[
            ("/clinical/height_cm", "wrong-type", "Height in centimetres, from 20 to 275, or `unknown` or `not_reported`"),
            ("/clinical/weight_kg", "out-of-range", "must be at most 500"),
            ("/clinical/biomarkers", "wrong-type", "A list of `{name, result}`"),
            ("/clinical/tnm/t", "wrong-type", "is a number"),
            ("/clinical/tnm/x", "unknown-field", "is not a known field"),
            ("/clinical/prior_therapies/0/started_on", "malformed", "is not a calendar date"),
        ],
    );
    let unknown = json!({"clinical": {"height_cm": "unknown", "biomarkers": "not_reported", "tnm": null, "sex": "unknown"}});
    assert_faults(&unknown, &[]);
}

#[test]
fn faults_deep_in_the_treatment_are_found_where_they_are() {
    let drug = json!({"line": 5_000_000_000_i64, "days": [-1, "x", 5_000_000_000_i64], "dose": {"amount": 0, "unit": "mg/m^2"}});
    let value = json!({"treatment": {"phases": [{"cycles": 0, "drugs": [drug]}]}});
    assert_faults(
        &value,
        &[
            ("/treatment/phases/0/cycle_length_days", "missing", "is required"),
            ("/treatment/phases/0/cycles", "out-of-range", "at least 1"),
            ("/treatment/phases/0/drugs/0/line", "out-of-range", "at most 1000"),
            ("/treatment/phases/0/drugs/0/days/0", "out-of-range", "at least 0"),
            ("/treatment/phases/0/drugs/0/days/1", "wrong-type", "is a string"),
            ("/treatment/phases/0/drugs/0/days/2", "out-of-range", "at most"),
            ("/treatment/phases/0/drugs/0/dose/amount", "out-of-range", "more than 0"),
            ("/treatment/phases/0/drugs/0/dose/unit", "not-allowed-value", "did you mean `mg/m2`?"),
        ],
    );
}

#[test]
fn whatever_fits_the_schema_is_read() {
    let order = json!({"member": {"birth_date": "1950-01-15"}, "service": "medical_oncology", "supportive_only": null,
        "clinical": {"tnm": {"t": "2"}, "biomarkers": [{"name": "er", "result": 90}, {"name": "her2", "result": true}]},
        "treatment": {"phases": [{"cycle_length_days": 21, "drugs": [{"line": 1, "days": [1]}]}]}});
    let read: OrderRequest = read(&order).unwrap();
    assert_eq!(read.drugs().count(), 1);
    assert_faults(&json!([]), &[("", "wrong-type", "is an array")]);
}

/// An order with a value in every field.
fn full_order() -> Value {
    let dose = json!({"amount": 75, "unit": "mg/m2"});
    json!({
        "member": {"health_plan": "x", "member_id": "1", "first_name": "Test", "last_name": "Member", "birth_date": "1950-01-15"},
        "service": "medical_oncology", "setting": "outpatient", "place_of_service": "11", "channel": "portal",
        "technical_problem_attested": false, "urgency": "standard", "date_of_service": "2026-12-01",
        "continuation_of_treatment_started_on": "2026-11-01",
        "ordering_provider": {"npi": "1234567893", "first_name": "Ordering", "last_name": "Clinician"},
        "servicing_provider": {"npi": "1245319599", "name": "x",
            "address": {"line1": "x", "city": "x", "state": "MI", "postal_code": "48000"}},
        "contact": {"name": "x", "phone": "x", "fax": "x"}, "diagnosis": {"icd10": "C50.911"},
        "clinical": {"cancer_type": "breast", "pathology": "x", "stage": "IIB", "tnm": {"t": "2", "n": "1", "m": "0"},
            "line_of_treatment": "adjuvant", "treatment_goal": "curative", "performance_status": {"scale": "ecog", "value": 1},
            "biomarkers": [{"name": "her2", "result": "positive"}], "height_cm": 165.5, "weight_kg": 71.5,
            "serum_creatinine_mg_dl": 0.8, "sex": "female", "disease_setting": "x", "fn_risk_factors": ["hiv_infection"],
            "assessments": [{"name": "lvef_percent", "result": 60, "on": "2026-11-12"}],
            "prior_therapies": [{"generic": "x", "line": "adjuvant", "started_on": "2026-01-01", "ended_on": "2026-02-01", "outcome": "x"}]},
        "treatment": {"regimen_id": "x", "phases": [{"cycle_length_days": 21, "cycles": 6, "drugs": [{"line": 1, "hcpcs": "J9171",
            "generic": "x", "role": "treatment", "route": "iv", "dose": dose, "days": [1], "frequency_per_day": 1, "loading_dose": dose}]}]},
        "supportive_only": {"acknowledged": true, "reference_order_id": "x", "reference_regimen": "x"},
        "clinical_trial": {"enrolled": true, "trial_id": "NCT01234567"},
        "radiation": {"modality": "imrt", "technique": "x", "site": "breast", "total_dose_gy": 42.56, "fractions": 16,
            "plan_comparison": "x", "histology": "x", "boost": {"dose_gy": 10, "fractions": 5}},
    })
}

/// Every place in a value.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| places(member, &format!("{here}/{name}"), found)),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| places(item, &format!("{here}/{index}"), found)),
        _ => {}
    }
}

fn odd_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-5_i64..400).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "unknown",
            "not_reported",
            "2026-02-30",
            "2026-12-01",
            "0000-01-01",
            "9999-12-31",
            "11",
            "x"
        ])
        .prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([{}])),
        Just(json!(["unknown"])),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_the_schema_admits_the_type_reads(place in any::<prop::sample::Index>(), value in odd_value()) {
        let mut order = full_order();
        let mut all = Vec::new();
        places(&order, "", &mut all);
        let pointer = place.get(&all).clone();
        if let Some(target) = order.pointer_mut(&pointer) {
            *target = value;
        }
        let (order, _) = crate::http::json::parse(order.to_string().as_bytes()).unwrap();
        if validate::<OrderRequest>(&order).unwrap().is_empty() {
            let read: Result<OrderRequest, _> = read(&order);
            prop_assert!(read.is_ok(), "{pointer}: {:?}", read.err());
        }
    }
}
