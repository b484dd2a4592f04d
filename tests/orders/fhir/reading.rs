//! Lenient reading, and nothing guessed: what is not known is ignored, what is not understood is unknown and told, two sources that differ
//! make an answer unknown.

use super::{actions, claim, claim_response, entry, notes, pair, sandbox, submit};
use crate::support::http::Service;
use crate::support::submit::ORDERING;
use serde_json::{Value, json};

/// The order that was made of a request.
async fn order(service: &Service, request: &Value) -> (Value, Value) {
    let response = claim_response(&submit(service, request).await);
    assert_eq!(response["outcome"], "complete", "{}", notes(&response));
    let case = service.get(&format!("/v1/orders/{}", response["id"].as_str().unwrap()), ORDERING).await.json();
    (case["request"].clone(), response)
}

/// The item of the questionnaire with this link.
fn question<'b>(bundle: &'b mut Value, link: &str) -> &'b mut Value {
    fn find<'v>(value: &'v mut Value, link: &str) -> Option<&'v mut Value> {
        if value["linkId"] == link {
            return Some(value);
        }
        value["item"].as_array_mut()?.iter_mut().find_map(|item| find(item, link))
    }
    find(entry(bundle, "QuestionnaireResponse", "order-questions"), link).unwrap_or_else(|| panic!("{link}"))
}

fn observation(id: &str, code: &str, value: &Value) -> Value {
    let mut resource = json!({
        "resourceType": "Observation", "id": id, "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": "http://ehr.example.org/fhir/Patient/BMA000001"}, "effectiveDateTime": "2026-11-20",
    });
    for (name, value) in value.as_object().unwrap() {
        resource[name] = value.clone();
    }
    json!({"fullUrl": format!("http://ehr.example.org/fhir/Observation/{id}"), "resource": resource})
}

fn add(bundle: &mut Value, entry: Value) {
    bundle["entry"].as_array_mut().unwrap().push(entry);
}

#[tokio::test]
async fn elements_that_are_not_known_are_ignored() {
    // proves DET-01
    let service = sandbox().await;
    let mut request = pair("approve-tc.pas-request");
    request["note"] = json!("x");
    claim(&mut request)["extension"].as_array_mut().unwrap().push(json!({"url": "http://example.org/x", "valueString": "y"}));
    claim(&mut request)["unheardOf"] = json!({"a": [1, {"b": null}]});
    entry(&mut request, "Patient", "BMA000001")["extension"] = json!([{"url": "http://example.org/z", "valueBoolean": true}]);
    add(
        &mut request,
        json!({"fullUrl": "urn:uuid:5a1f0b6e-0000-4000-8000-000000000001", "resource": {"resourceType": "Unheard", "id": "1"}}),
    );
    let (_, response) = order(&service, &request).await;
    assert_eq!(actions(&response), [(1, "NA".to_owned()), (2, "NA".to_owned())]);
}

#[tokio::test]
async fn an_answer_that_is_not_understood_is_unknown_and_told() {
    // proves DEV-05
    let service = sandbox().await;
    let mut request = pair("approve-tc.pas-request");
    question(&mut request, "/clinical/line_of_treatment")["answer"] = json!([{"valueString": "the second, or so"}]);
    question(&mut request, "/clinical/height_cm")["answer"] =
        json!([{"valueQuantity": {"value": 65, "unit": "inches, roughly"}}]);
    question(&mut request, "/clinical/weight_kg")["answer"] =
        json!([{"valueQuantity": {"value": 157.6, "unit": "lb", "code": "[lb_av]"}}]);
    question(&mut request, "/clinical/treatment_goal")["answer"] =
        json!([{"valueCoding": {"system": "http://snomed.info/sct", "code": "373808002"}}]);
    question(&mut request, "/clinical/stage")["answer"] = json!([{"_valueString": {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}}]);
    question(&mut request, "/clinical/performance_status/value")["answer"] = json!([{"valueInteger": 1}, {"valueInteger": 2}]);
    let (order, response) = order(&service, &request).await;
    let clinical = &order["clinical"];
    assert_eq!(clinical["line_of_treatment"], "unknown");
    assert_eq!(clinical["height_cm"], "unknown");
    assert!((clinical["weight_kg"].as_f64().unwrap() - 71.486).abs() < 0.001);
    assert_eq!(clinical["treatment_goal"], "curative");
    assert_eq!((&clinical["stage"], &clinical["performance_status"]), (&json!("unknown"), &json!("unknown")));
    let told = notes(&response);
    for words in ["the second, or so", "inches, roughly", "/clinical/stage", "/clinical/performance_status/value"] {
        assert!(told.contains(words), "{words} in {told}");
    }
}

#[tokio::test]
async fn two_sources_that_differ_make_an_answer_unknown_and_are_both_named() {
    // proves DEV-05
    let service = sandbox().await;
    let mut request = pair("approve-tc.pas-request");
    let word = |text: &str| json!({"valueCodeableConcept": {"text": text}});
    add(&mut request, observation("her2", "48676-1", &word("positive")));
    add(&mut request, observation("er", "16112-5", &word("Positive")));
    add(&mut request, observation("stage", "21908-9", &word("IIIA")));
    add(&mut request, observation("weight", "29463-7", &json!({"valueQuantity": {"value": 71.5, "unit": "kg", "code": "kg"}})));
    let (order, response) = order(&service, &request).await;
    let clinical = &order["clinical"];
    assert_eq!(clinical["biomarkers"][0], json!({"name": "her2", "result": "unknown"}));
    assert_eq!(clinical["biomarkers"][1]["result"], "positive");
    assert_eq!((&clinical["stage"], &clinical["weight_kg"]), (&json!("unknown"), &json!(71.5)));
    let told = notes(&response);
    assert!(
        told.contains("negative, another resource as positive") && told.contains("IIB, another resource with IIIA"),
        "{told}"
    );
    assert_eq!(actions(&response).len(), 2);
}

#[tokio::test]
async fn what_is_about_somebody_else_not_final_or_without_a_known_unit_is_not_read() {
    // proves DEV-05
    let service = sandbox().await;
    let mut request = pair("approve-tc.pas-request-mcode");
    let entries = request["entry"].as_array_mut().unwrap();
    entries.retain(|entry| !matches!(entry["resource"]["resourceType"].as_str(), Some("Observation" | "Condition")));
    let positive = json!({"valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "10828004"}]}});
    let mut of_another = observation("a", "48676-1", &positive);
    of_another["resource"]["subject"] = json!({"reference": "Patient/somebody"});
    let mut of_nobody = observation("b", "48676-1", &positive);
    of_nobody["resource"].as_object_mut().unwrap().remove("subject");
    let mut preliminary = observation("c", "48676-1", &positive);
    preliminary["resource"]["status"] = json!("preliminary");
    let absent = observation(
        "d",
        "16112-5",
        &json!({"dataAbsentReason": {"text": "unknown"}, "interpretation": [{"coding": [
        {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "code": "POS"}]}]}),
    );
    let odd_unit = observation("e", "29463-7", &json!({"valueQuantity": {"value": 157.6, "unit": "lb"}}));
    let implausible = observation("f", "8302-2", &json!({"valueQuantity": {"value": 1.65, "unit": "cm", "code": "cm"}}));
    let read = observation("g", "16113-3", &positive);
    for entry in [of_another, of_nobody, preliminary, absent, odd_unit, implausible, read] {
        add(&mut request, entry);
    }
    let (order, response) = order(&service, &request).await;
    let clinical = &order["clinical"];
    assert_eq!(clinical["biomarkers"], json!([{"name": "pr", "result": "positive", "on": "2026-11-20"}]));
    assert_eq!((&clinical["weight_kg"], &clinical["height_cm"], &clinical["stage"]), (&Value::Null, &Value::Null, &Value::Null));
    let told = notes(&response);
    for words in [
        "Observation c is preliminary",
        "Observation d has no value",
        "Observation e has the unit `lb`",
        "Observation f is not plausible",
    ] {
        assert!(told.contains(words), "{words} in {told}");
    }
}

#[tokio::test]
async fn a_questionnaire_counts_when_it_is_finished_and_about_the_patient() {
    // proves DEV-05
    let service = sandbox().await;
    for (name, value, words) in [
        ("status", json!("in-progress"), "is in-progress, not completed"),
        ("subject", json!({"reference": "Patient/somebody"}), "not about the patient"),
    ] {
        let mut request = pair("approve-tc.pas-request");
        entry(&mut request, "QuestionnaireResponse", "order-questions")[name] = value;
        claim(&mut request)["identifier"][0]["value"] = json!(name);
        let (order, response) = order(&service, &request).await;
        assert!(notes(&response).contains(words), "{}", notes(&response));
        assert_eq!(order["clinical"]["stage"], Value::Null);
        // how it is given is told by the requests themselves
        assert_eq!(order["treatment"]["phases"][0]["cycle_length_days"], 21);
        assert_eq!(order["treatment"]["phases"][0]["drugs"][1]["dose"], json!({"amount": 600.0, "unit": "mg/m2"}));
    }
}

#[tokio::test]
async fn a_plan_that_contradicts_the_items_is_nobodys_to_choose_from() {
    // proves DEV-05
    let service = sandbox().await;
    let mut other_code = pair("approve-tc.pas-request");
    claim(&mut other_code)["item"][0]["productOrService"]["coding"][0]["code"] = json!("J9267");
    let mut more = pair("approve-tc.pas-request");
    claim(&mut more)["item"].as_array_mut().unwrap().pop();
    for (request, words) in
        [(other_code, "the item is J9267 and the treatment plan has J9171"), (more, "no item of the Claim: line 2, hcpcs J9075")]
    {
        let answer = submit(&service, &request).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        assert!(answer.text.contains(words), "{words} in {}", answer.text);
    }
    // an item of which the plan says nothing is asked about
    let mut fewer = pair("approve-tc.pas-request");
    let mut third = claim(&mut fewer)["item"][0].clone();
    third["sequence"] = json!(3);
    claim(&mut fewer)["item"].as_array_mut().unwrap().push(third);
    let response = claim_response(&submit(&service, &fewer).await);
    assert_eq!((&response["outcome"], &response["error"][0]["itemSequence"]), (&json!("error"), &json!(3)), "{response}");
}

#[tokio::test]
async fn urgency_dates_and_an_empty_list_are_read() {
    // proves DET-01
    let service = sandbox().await;
    let mut request = pair("approve-tc.pas-request");
    let level = json!({"url": "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-levelOfServiceCode",
        "valueCodeableConcept": {"coding": [{"system": "https://codesystem.x12.org/005010/1338", "code": "U"}]}});
    claim(&mut request)["extension"].as_array_mut().unwrap().push(level);
    claim(&mut request)["item"][1]["servicedPeriod"] = json!({"start": "2026-12-05T08:00:00-05:00"});
    let none = json!([{"linkId": "/clinical/prior_therapies", "answer": [{"valueString": "none"}]}]);
    entry(&mut request, "QuestionnaireResponse", "order-questions")["item"]
        .as_array_mut()
        .unwrap()
        .extend(none.as_array().unwrap().clone());
    let (order, _) = order(&service, &request).await;
    assert_eq!((&order["urgency"], &order["date_of_service"]), (&json!("urgent"), &json!("2026-12-05")));
    assert_eq!(order["clinical"]["prior_therapies"], json!([]));
    assert_eq!(order["contact"]["phone"], "+1 313 555 0100");
    assert_eq!(order["servicing_provider"]["npi"], "1019000052");
}
