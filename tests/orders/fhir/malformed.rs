//! Requests of which something was lost, doubled or replaced: answered in FHIR, never with a fault of ours, and stored only where the answer
//! says so.

use super::{SUBMIT, claim, pair, sandbox};
use crate::support::conformance::guide;
use crate::support::submit::{ORDERING, count};
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// How many are sent; `ONCOAUTH_SPOILT=2000 cargo test --test orders malformed` sends more.
fn requests() -> u64 {
    std::env::var("ONCOAUTH_SPOILT").ok().and_then(|many| many.parse().ok()).unwrap_or(400)
}

/// Numbers that look drawn and are the same in every run.
struct Drawn(u64);

impl Drawn {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound.max(1)
    }
}

/// What stands in place of something else.
fn other(drawn: &mut Drawn) -> Value {
    let choices = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(4_294_967_296_u64),
        json!(""),
        json!("\u{202e}unknown"),
        json!("2026-13-45"),
        json!("x".repeat(5_000)),
        json!([]),
        json!([[[]]]),
        json!({}),
        json!({"resourceType": "Bundle"}),
        json!({"reference": "#"}),
        json!({"coding": [{}, {"code": 7}]}),
    ];
    choices[drawn.below(choices.len())].clone()
}

fn spoil(value: &mut Value, drawn: &mut Drawn) {
    // mostly further down, where more is
    if drawn.below(8) > 0 {
        match value {
            Value::Object(members) if !members.is_empty() => {
                let at = drawn.below(members.len());
                return spoil(members.values_mut().nth(at).unwrap(), drawn);
            }
            Value::Array(items) if !items.is_empty() => {
                let at = drawn.below(items.len());
                return spoil(&mut items[at], drawn);
            }
            _ => {}
        }
    }
    match (drawn.below(4), value) {
        (0, Value::Object(members)) if !members.is_empty() => {
            let name = members.keys().nth(drawn.below(members.len())).unwrap().clone();
            members.remove(&name);
        }
        (1, Value::Array(items)) if !items.is_empty() => {
            let doubled = items[drawn.below(items.len())].clone();
            items.push(doubled);
        }
        (2, Value::Array(items)) => items.reverse(),
        (_, value) => *value = other(drawn),
    }
}

/// In what an answer differs from the profiles, but for those resources of the request that it repeats as they came.
fn own_faults(body: &Value) -> Vec<String> {
    let Some(guide) = guide() else { return Vec::new() };
    let repeated = |(index, entry): (usize, &Value)| {
        let kind = entry["resource"]["resourceType"].as_str().unwrap_or_default();
        (!["ClaimResponse", "Task", "CommunicationRequest"].contains(&kind)).then(|| format!("Bundle.entry[{index}]"))
    };
    let repeated: Vec<String> = body["entry"].as_array().into_iter().flatten().enumerate().filter_map(repeated).collect();
    let mut faults = guide.faults(body);
    faults.retain(|fault| !repeated.iter().any(|entry| fault.starts_with(entry.as_str())));
    faults
}

#[tokio::test]
async fn whatever_is_sent_is_answered_in_fhir_and_stored_only_where_it_is_said() {
    let service = sandbox().await;
    let names = ["approve-tc.pas-request", "pend-her2-unknown.pas-request-mcode", "update-add-pegfilgrastim.pas-request"];
    let whole: Vec<Value> = names.into_iter().map(pair).collect();
    let mut drawn = Drawn(20_261_129);
    let (mut made, mut faults) = (BTreeSet::new(), Vec::new());
    for number in 0..requests() {
        let mut request = whole[drawn.below(whole.len())].clone();
        claim(&mut request)["identifier"][0]["value"] = json!(format!("SPOILT-{number}"));
        for _ in 0..=drawn.below(3) {
            spoil(&mut request, &mut drawn);
        }
        let sent = Request::post(SUBMIT)
            .header("authorization", format!("Bearer {ORDERING}"))
            .header("content-type", "application/fhir+json")
            .body(Body::from(request.to_string()));
        let answer = service.send(sent.unwrap()).await;
        assert!(answer.status.as_u16() < 500, "{number}: {} {request}", answer.text);
        let body = answer.json();
        faults.extend(own_faults(&body).into_iter().map(|fault| format!("{number}: {fault}")));
        if answer.status == 200 {
            let response = &body["entry"][0]["resource"];
            assert_eq!(response["resourceType"], "ClaimResponse", "{number}: {body}");
            if response["outcome"] == "complete" {
                made.insert(response["id"].as_str().unwrap().to_owned());
            }
        } else {
            assert_eq!(body["resourceType"], "OperationOutcome", "{number}: {body}");
            assert!(body["issue"].as_array().is_some_and(|issues| !issues.is_empty()), "{number}: {body}");
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(count(&service, "select count(*) from cases").await, i64::try_from(made.len()).unwrap());
    assert!(made.len() > 20, "{} of the requests could still be decided", made.len());
}
