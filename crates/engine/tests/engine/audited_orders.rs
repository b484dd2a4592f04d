//! Orders that an audit found answered wrongly, each one example of its kind: `tests/audit/decisions.json` has them as practices wrote
//! them, with the status that is right. What has to pend may be refused as well, with the field named.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a fixture that fails has to fail the test")]

use crate::support;

use oncoauth::domain::content::Content;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use support::orders::Situation;

/// Goserelin of 3.6 mg is labelled every 28 days, and this order gives it every 21: a person looks. Beside chemotherapy at its own interval
/// it is decided at once (`tests/cases/forms.toml`).
const AWAIT_CONTENT: [&str; 1] = ["99h_goserelin_with_tc"];

fn orders() -> Vec<Value> {
    let path = crate::support::copy::repository().join("tests/audit/decisions.json");
    let text = std::fs::read_to_string(path).expect("the audited orders");
    let file: Value = serde_json::from_str(&text).expect("JSON");
    file.as_object().expect("an object").values().find_map(Value::as_array).expect("a list of orders").clone()
}

/// The status that an order gets, or `refused`, with why.
fn answered(order: &Value, content: &Content) -> (String, String) {
    let request = &order["request"];
    let mut situation = Situation::new(request.clone(), "bma");
    let member = situation.member.as_mut().expect("a member");
    let birth = request["member"]["birth_date"].as_str().expect("a date of birth");
    member.birth_date = birth.parse().expect("a date");
    request["member"]["member_id"].as_str().expect("a member ID").clone_into(&mut member.member_id);
    member.sex = serde_json::from_value(request["clinical"]["sex"].clone()).expect("a sex");
    match situation.decide(content) {
        Ok(decision) => (decision.status.to_string(), format!("{:?}", decision.status_reason)),
        Err(refusal) => ("refused".to_owned(), format!("{refusal:?}")),
    }
}

#[test]
fn what_a_person_has_to_see_is_never_authorized() {
    // proves SAFE-01, SAFE-04, SAFE-05, SAFE-06, SAFE-08, SAFE-09, SAFE-10, SAFE-11, SAFE-12, SAFE-15
    let content = support::content();
    let wrong: Vec<String> = orders()
        .iter()
        .filter(|order| order["expect"]["status"] == json!("in_progress"))
        .map(|order| (order, answered(order, content)))
        .filter(|(_, (status, _))| status != "in_progress" && status != "refused")
        .map(|(order, (status, why))| format!("{} ({}): {status} {why}", order["id"], order["right"]))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_ordinary_is_decided_at_once() {
    // proves SAFE-16
    let content = support::content();
    let mut waiting = BTreeSet::new();
    for order in orders().iter().filter(|order| order["expect"]["status"].is_array()) {
        let (status, why) = answered(order, content);
        if !order["expect"]["status"].as_array().expect("a list").contains(&json!(status)) {
            waiting.insert(format!("{} {status} {why}", order["id"].as_str().expect("an id")));
        }
    }
    let unexpected: Vec<&String> = waiting.iter().filter(|told| !AWAIT_CONTENT.iter().any(|id| told.starts_with(id))).collect();
    assert!(unexpected.is_empty(), "{unexpected:?}");
}
