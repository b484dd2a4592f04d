//! What callers read when a body does not fit, by example.

use crate::domain::order::OrderRequest;
use crate::http::body::{read, validate};
use serde_json::{Value, json};

fn faults(value: &Value) -> Vec<(String, String, String)> {
    let faults = validate::<OrderRequest>(value).unwrap();
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
