//! A native order and the request that corresponds to it are decided alike, and the answer is the one that the pair has.

use super::{actions, cases, claim, claim_response, notes, pair, sandbox, submit};
use crate::support::submit::{NURSE, ORDERING};
use serde_json::{Value, json};

const PAIRS: [&str; 4] = ["approve-tc", "approve-tchp", "pend-her2-unknown", "refer-unknown-hcpcs"];

/// The review action of a native line.
fn action(status: &str) -> &'static str {
    match status {
        "authorized" => "A1",
        "non_authorized" => "A3",
        "in_progress" => "A4",
        "clinical_review_not_required" => "NA",
        "other_impact" | "refer_to_health_plan" => "CT",
        other => panic!("{other}"),
    }
}

fn lines(case: &Value) -> Vec<(u64, String)> {
    let drugs = case["drugs"].as_array().unwrap();
    let line = |drug: &Value| (drug["line"].as_u64().unwrap(), action(drug["status"].as_str().unwrap()).to_owned());
    drugs.iter().map(line).collect()
}

/// Everything of `wanted` that is not in `given`: members and entries that are more do not matter, and what changes from run to run neither.
fn lacking(given: &Value, wanted: &Value, path: &str, found: &mut Vec<String>) {
    match (given, wanted) {
        (Value::Object(_), Value::Object(members)) => {
            for (name, wanted) in members {
                let varies = ["id", "text", "created", "timestamp", "fullUrl", "preAuthRef", "value", "profile"]
                    .contains(&name.as_str())
                    || (name == "valueString" && wanted.as_str().is_some_and(|text| text.len() == 10 || text.len() == 36));
                if !varies {
                    lacking(&given[name], wanted, &format!("{path}.{name}"), found);
                }
            }
        }
        (Value::Array(given), Value::Array(wanted)) => {
            for (index, wanted) in wanted.iter().enumerate() {
                lacking(given.get(index).unwrap_or(&Value::Null), wanted, &format!("{path}[{index}]"), found);
            }
        }
        (given, wanted) if given == wanted => {}
        (given, wanted)
            if given.is_string() && wanted.as_str().is_some_and(|text| text.starts_with("http://payer.example.org/fhir")) => {}
        (given, wanted) => found.push(format!("{path}: {given} instead of {wanted}")),
    }
}

#[tokio::test]
async fn a_request_is_decided_as_the_native_order_that_it_corresponds_to_and_answered_as_the_pair_has_it() {
    // proves DET-01
    for name in PAIRS {
        let (native, fhir) = (sandbox().await, sandbox().await);
        let case = native.post("/v1/orders", ORDERING, &pair(&format!("{name}.order"))).await;
        assert_eq!(case.status, 201, "{name}: {}", case.text);
        let case = case.json();
        let answer = submit(&fhir, &pair(&format!("{name}.pas-request"))).await;
        let response = claim_response(&answer);
        assert_eq!(actions(&response), lines(&case), "{name}: {}", notes(&response));
        assert_eq!(response["outcome"], "complete");
        assert_eq!(response["preAuthRef"].is_string(), case["order_id"].is_string(), "{name}");
        let mut found = Vec::new();
        let wanted = pair(&format!("{name}.pas-response"));
        lacking(&response, &wanted["entry"][0]["resource"], "ClaimResponse", &mut found);
        assert!(found.is_empty(), "{name}\n{}", found.join("\n"));
        // the case is a case like any other
        let id = response["id"].as_str().unwrap();
        let stored = fhir.get(&format!("/v1/orders/{id}"), ORDERING).await.json();
        assert_eq!((&stored["status"], &stored["request"]["channel"]), (&case["status"], &json!("api")), "{name}");
        for (drug, native) in stored["drugs"].as_array().unwrap().iter().zip(case["drugs"].as_array().unwrap()) {
            for part in ["hcpcs", "status", "units_approved", "visits_approved", "valid_from", "valid_through", "dosing"] {
                assert_eq!(drug[part], native[part], "{name} {part}");
            }
        }
    }
}

#[tokio::test]
async fn clinical_answers_are_read_from_mcode_and_base_resources_and_what_is_not_there_is_unknown() {
    // proves DEV-05
    let service = sandbox().await;
    for name in ["approve-tc", "refer-unknown-hcpcs"] {
        let response = claim_response(&submit(&service, &pair(&format!("{name}.pas-request-mcode"))).await);
        let case = service.get(&format!("/v1/orders/{}", response["id"].as_str().unwrap()), ORDERING).await.json();
        let clinical = &case["request"]["clinical"];
        assert_eq!(clinical["stage"], "IIB", "{name}: {}", notes(&response));
        assert_eq!(clinical["performance_status"], json!({"scale": "ecog", "value": 1}));
        assert_eq!(
            (&clinical["height_cm"], &clinical["weight_kg"], &clinical["serum_creatinine_mg_dl"]),
            (&json!(165.0), &json!(71.5), &json!(0.8))
        );
        assert_eq!(clinical["biomarkers"][0], json!({"name": "her2", "result": "negative", "on": "2026-12-01"}));
        // no element carries the line of treatment, and nobody guesses it
        assert_eq!(clinical["line_of_treatment"], Value::Null);
        assert_eq!(clinical["prior_therapies"], Value::Null);
    }
}

#[tokio::test]
async fn a_pended_request_says_what_is_asked_for_and_until_when() {
    // proves INF-07
    let service = sandbox().await;
    let answer = submit(&service, &pair("pend-her2-unknown.pas-request")).await;
    let response = claim_response(&answer);
    let bundle = answer.json();
    let of = |kind: &str| -> Vec<&Value> {
        bundle["entry"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| &entry["resource"])
            .filter(|it| it["resourceType"] == kind)
            .collect()
    };
    let requests = of("CommunicationRequest");
    assert_eq!(requests.len(), 4, "one for each pended line");
    assert!(requests.iter().all(|request| request["payload"][0]["contentString"] == "102089-0"));
    assert!(requests[0]["note"][0]["text"].as_str().unwrap().contains("HER2: needed"));
    assert_eq!(response["communicationRequest"].as_array().unwrap().len(), 4);
    let [task] = of("Task")[..] else { panic!("one task") };
    assert_eq!(task["status"], "requested");
    let case = service.get(&format!("/v1/orders/{}", response["id"].as_str().unwrap()), NURSE).await.json();
    let due = |text: &Value| text.as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp();
    assert_eq!(due(&task["restriction"]["period"]["end"]), due(&case["review"]["due_at"]));
    assert_eq!(task["input"][1]["valueString"], "ORD-PEND-HER2-UNKNOWN-3");
}

#[tokio::test]
async fn a_resend_is_answered_as_the_first_and_another_content_under_the_same_number_is_a_conflict() {
    // proves DUP-03
    let service = sandbox().await;
    let mut request = pair("approve-tc.pas-request");
    let first = submit(&service, &request).await;
    request["timestamp"] = json!("2026-12-01T10:00:00-05:00");
    request["id"] = json!("another");
    let second = submit(&service, &request).await;
    assert_eq!(first.text, second.text);
    assert_eq!(cases(&service).await, 1);
    claim(&mut request)["priority"] = json!({"coding": [{"code": "stat"}]});
    let third = submit(&service, &request).await;
    assert_eq!((third.status.as_u16(), &third.json()["issue"][0]["code"]), (400, &json!("conflict")));
    assert_eq!(cases(&service).await, 1);
    // the number is known for good, where other keys are forgotten
    oncoauth::app::idempotency::purge(&service.app).await.unwrap();
    let clock = json!({"now": "2026-12-20T09:00:00-05:00"});
    service.call(axum::http::Method::PUT, "/v1/sandbox/clock", crate::support::submit::ADMINISTRATOR, Some(&clock)).await;
    oncoauth::app::idempotency::purge(&service.app).await.unwrap();
    let late = submit(&service, &pair("approve-tc.pas-request")).await;
    assert_eq!(claim_response(&late)["id"], claim_response(&first)["id"]);
}
