//! The FHIR door over HTTP: requests in, decisions out, held to the guide's profiles where they are at hand.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

mod attachments;
mod changes;
mod corpus;
mod crd;
mod crd_kinds;
mod dtr;
mod frame;
mod key_sets;
mod kits;
mod malformed;
mod pairs;
mod reading;
mod refused;
mod refused_changes;
mod smart;
mod subscription_changes;
mod subscriptions;

use crate::support;
use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use support::conformance::guide;
use support::http::{Answer, Service};
use support::submit::ORDERING;

const SUBMIT: &str = "/fhir/Claim/$submit";
/// When the pairs were made.
const MADE: &str = "2026-12-01T09:00:00-05:00";

/// A file of our own pairs.
fn pair(name: &str) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fhir/oncology").join(format!("{name}.json"));
    serde_json::from_str(&fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))).unwrap()
}

/// A sandbox with the members and providers of the pairs, at the time when they were made.
async fn sandbox() -> Service {
    let service = Service::sandbox().await;
    let clock = service.call(Method::PUT, "/v1/sandbox/clock", support::submit::ADMINISTRATOR, Some(&json!({"now": MADE}))).await;
    assert_eq!(clock.status, 200, "{}", clock.text);
    let member = |number: u32| {
        json!({"member_id": format!("BMA{number:06}"), "first_name": "Test", "last_name": "Member",
        "birth_date": "1954-03-09", "sex": "female", "line_of_business": "medicare_advantage", "product": "medicare_ppo", "group_number": null,
        "trust": null, "state": "MI", "coverage_from": "2020-01-01", "coverage_through": null})
    };
    let members: Vec<Value> = (1..40).map(member).collect();
    let providers = vec![
        json!({"npi": "1019000011", "kind": "individual", "first_name": "Ordering", "last_name": "Clinician", "name": null,
            "tax_ids": ["900000001"], "specialty": "Medical oncology", "state": "MI", "address": null, "phone": null, "in_network": true}),
        json!({"npi": "1019000052", "kind": "facility", "first_name": null, "last_name": null, "name": "Sample Infusion Center",
            "tax_ids": ["900000002"], "specialty": "Infusion", "state": "MI", "address": null, "phone": null, "in_network": true}),
    ];
    for (what, rows) in [("members", members), ("providers", providers)] {
        let lines = rows.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
        let request = Request::builder()
            .method(Method::PUT)
            .uri(format!("/v1/rosters/anthem-blue-medicare-advantage/{what}"))
            .header("authorization", "Bearer sandbox-health-plan")
            .header("content-type", "application/x-ndjson");
        let loaded = service.send(request.body(Body::from(lines)).unwrap()).await;
        assert_eq!(loaded.status, 200, "{}", loaded.text);
    }
    service
}

/// Sends a resource; whatever comes back is FHIR, and held to the profiles.
async fn post(service: &Service, path: &str, token: &str, body: &Value) -> Answer {
    let mut request = Request::builder().method(Method::POST).uri(path).header("content-type", "application/fhir+json");
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    held(service.send(request.body(Body::from(body.to_string())).unwrap()).await)
}

async fn submit(service: &Service, body: &Value) -> Answer {
    post(service, SUBMIT, ORDERING, body).await
}

/// The answer, once it is found to be what every answer below `/fhir` is.
#[track_caller]
fn held(answer: Answer) -> Answer {
    assert_eq!(answer.header("content-type"), "application/fhir+json", "{} {}", answer.status, answer.text);
    let body = answer.json();
    if !answer.status.is_success() {
        assert_eq!(body["resourceType"], "OperationOutcome", "{} {body}", answer.status);
        let issues = body["issue"].as_array().unwrap();
        assert!(
            !issues.is_empty() && issues.iter().all(|issue| issue["severity"].is_string() && issue["code"].is_string()),
            "{body}"
        );
    }
    if let Some(guide) = guide() {
        let faults = guide.faults(&body);
        assert!(faults.is_empty(), "{}\n{}", faults.join("\n"), serde_json::to_string_pretty(&body).unwrap());
    }
    answer
}

/// The answer within a response Bundle.
#[track_caller]
fn claim_response(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let body = answer.json();
    assert_eq!(body["resourceType"], "Bundle", "{body}");
    let response = body["entry"][0]["resource"].clone();
    assert_eq!(response["resourceType"], "ClaimResponse", "{body}");
    response
}

/// The X12 review action of each item.
fn actions(response: &Value) -> Vec<(u64, String)> {
    let code = |item: &Value| {
        let extension = &item["adjudication"][0]["extension"][0]["extension"];
        let action =
            extension.as_array().unwrap().iter().find(|it| it["url"].as_str().unwrap().ends_with("reviewActionCode")).unwrap();
        action["valueCodeableConcept"]["coding"][0]["code"].as_str().unwrap().to_owned()
    };
    response["item"].as_array().into_iter().flatten().map(|item| (item["itemSequence"].as_u64().unwrap(), code(item))).collect()
}

/// Every note of an answer, one under the other.
fn notes(response: &Value) -> String {
    let notes = response["processNote"].as_array().into_iter().flatten();
    notes.map(|note| note["text"].as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

/// The resource of a Bundle with this type and id.
fn entry<'b>(bundle: &'b mut Value, kind: &str, id: &str) -> &'b mut Value {
    let entries = bundle["entry"].as_array_mut().unwrap();
    let found = entries.iter_mut().find(|entry| entry["resource"]["resourceType"] == kind && entry["resource"]["id"] == id);
    &mut found.unwrap_or_else(|| panic!("{kind}/{id}"))["resource"]
}

/// The Claim of a request.
fn claim(bundle: &mut Value) -> &mut Value {
    &mut bundle["entry"][0]["resource"]
}

/// How many cases there are.
async fn cases(service: &Service) -> usize {
    let listed = service.get("/v1/orders?limit=200", support::submit::ADMINISTRATOR).await;
    listed.json()["items"].as_array().unwrap().len()
}
