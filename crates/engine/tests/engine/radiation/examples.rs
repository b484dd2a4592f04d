//! The 25 orders of `tests/radiation/orders.json` with their answers.

use super::{content, deviations, fact, schedule, situation};
use oncoauth::domain::refusal::Refusal;
use oncoauth::rules::Decision;
use serde_json::Value;

/// The order of a case: diagnosis, clinical and radiation key by key over the base, other keys whole.
fn order(base: &Value, changes: &Value) -> Value {
    let mut order = base.clone();
    for (key, change) in changes.as_object().expect("an object") {
        if matches!(key.as_str(), "diagnosis" | "clinical" | "radiation") {
            for (field, value) in change.as_object().expect("an object") {
                order[key][field] = value.clone();
            }
        } else {
            order[key] = change.clone();
        }
    }
    order
}

fn near(found: &Value, expected: &Value) -> bool {
    // the tables' last digit may differ by a tenth
    found.as_f64().zip(expected.as_f64()).is_some_and(|(found, expected)| (found - expected).abs() < 0.101)
}

fn differences(decision: &Decision, expected: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut same = |what: &str, is: Value, should: &Value| {
        if is != *should {
            found.push(format!("{what}: expected {should}, found {is}"));
        }
    };
    same("status", decision.status.as_str().into(), &expected["status"]);
    same("schedule", schedule(decision).into(), &expected["schedule"]);
    same("designation", fact(decision, "designation"), &expected["designation"]);
    same("support", fact(decision, "support"), &expected["support"]);
    let holds: Vec<&str> = decision.holds.iter().map(|hold| hold.as_str()).collect();
    same("holds", holds.into(), &expected["holds"]);
    same("valid through", decision.valid_through.to_string().into(), &expected["valid_through"]);
    let told = expected["deviations"].as_array().expect("a list");
    let word = |deviation: &Value, key: &str| deviation[key].as_str().unwrap_or_default().to_owned();
    let mut told: Vec<String> =
        told.iter().map(|one| format!("{} {} {}", word(one, "code"), word(one, "effect"), word(one, "field"))).collect();
    told.sort();
    same("deviations", deviations(decision).into(), &told.into());
    let lines: Vec<Value> = decision
        .drugs
        .iter()
        .map(|line| {
            let line = &line.drug;
            serde_json::json!({"line": line.line, "code": line.hcpcs, "units": line.units(), "status": line.status})
        })
        .collect();
    same("procedures", lines.into(), &expected["procedures"]);
    for name in ["bed_gy", "eqd2_gy"] {
        if !near(&fact(decision, name), &expected[name]) {
            found.push(format!("{name}: expected {}, found {}", expected[name], fact(decision, name)));
        }
    }
    found
}

fn refused(refusal: &Refusal, expected: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let faults = match refusal {
        Refusal::Validation(faults) | Refusal::MissingRequired(faults) => faults.as_slice(),
        _ => &[],
    };
    let kind = match refusal {
        Refusal::Validation(_) => "validation-failed",
        Refusal::MissingRequired(_) => "missing-required-information",
        Refusal::NotEligible(_) => "not-eligible",
        _ => "another",
    };
    if expected["problem"] != kind {
        found.push(format!("expected {}, found {kind}: {refusal:?}", expected["problem"]));
    }
    for pointer in expected["pointers"].as_array().into_iter().flatten() {
        if !faults.iter().any(|fault| *pointer == fault.pointer.as_str()) {
            found.push(format!("nothing at {pointer}: {faults:?}"));
        }
    }
    for error in expected["errors"].as_array().into_iter().flatten() {
        let says = error[2].as_str().unwrap_or_default();
        let is = |fault: &oncoauth::domain::refusal::Fault| {
            error[0] == fault.pointer.as_str() && error[1] == fault.code.as_str() && fault.message.contains(says)
        };
        if !faults.iter().any(is) {
            found.push(format!("no fault {error}: {faults:?}"));
        }
    }
    if let Refusal::NotEligible(ineligible) = refusal
        && expected["exclusion"] != ineligible.exclusion.as_str()
    {
        found.push(format!("exclusion {}", ineligible.exclusion));
    }
    found
}

#[test]
fn the_orders_of_the_demonstration_are_answered_as_they_say() {
    // proves
    let path = crate::support::copy::repository().join("tests/radiation/orders.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("a readable file")).expect("JSON");
    let cases = file["cases"].as_array().expect("a list");
    assert_eq!(cases.len(), 25);
    let mut failures = Vec::new();
    for case in cases {
        let situation = situation(order(&file["base"], &case["order"]));
        let expected = &case["expect"];
        let found = match situation.decide(content()) {
            Ok(decision) if expected["http"] == 201 => differences(&decision, expected),
            Err(refusal) if expected["http"] == 422 => refused(&refusal, expected),
            Ok(decision) => vec![format!("should be refused, is {}", decision.status)],
            Err(refusal) => vec![format!("refused: {refusal:?}")],
        };
        if !found.is_empty() {
            failures.push(format!("{} {}\n    {}", case["id"], case["title"], found.join("\n    ")));
        }
    }
    assert!(failures.is_empty(), "{} of {}\n{}", failures.len(), cases.len(), failures.join("\n"));
}
