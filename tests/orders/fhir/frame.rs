//! The frame around the door: what it says of itself, who may call, and that every failure is an outcome.

use super::{SUBMIT, cases, claim, claim_response, entry, held, notes, pair, post, sandbox, submit};
use crate::support::http::Service;
use crate::support::submit::{ADMINISTRATOR, INTAKE, ORDERING, OTHER_PRACTICE};
use axum::body::Body;
use axum::http::{Method, Request};
use oncoauth::app::sandbox::TOKENS;
use oncoauth::fhir::access::ROUTES;
use serde_json::json;

#[tokio::test]
async fn every_route_lets_in_exactly_the_roles_that_it_names() {
    let service = Service::sandbox().await;
    for route in ROUTES {
        let method: Method = route.method.parse().unwrap();
        let address = route.path.replace("{id}", "00000000-0000-7000-8000-000000000000");
        let what = format!("{method} {address}");
        let nobody = held(service.call(method.clone(), &address, "", None).await);
        let Some(roles) = route.roles else {
            assert!(nobody.status.is_success(), "{what} is open: {}", nobody.text);
            continue;
        };
        assert_eq!((nobody.status.as_u16(), &nobody.json()["issue"][0]["code"]), (401, &json!("login")), "{what}");
        for (token, role, ..) in TOKENS {
            let answer = held(service.call(method.clone(), &address, token, None).await);
            let refused = answer.status == 403 && answer.text.contains("may not do this; allowed");
            assert_eq!(refused, !roles.contains(&role), "{what} as {role}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn the_statement_names_what_is_served_and_needs_no_token() {
    let service = Service::sandbox().await;
    let answer = held(service.get("/fhir/metadata", "").await);
    let statement = answer.json();
    assert_eq!(statement["resourceType"], "CapabilityStatement");
    assert_eq!((&statement["fhirVersion"], &statement["kind"]), (&json!("4.0.1"), &json!("instance")));
    assert_eq!(statement["implementation"]["url"], "http://127.0.0.1:8080/fhir");
    let claims = statement["rest"][0]["resource"].as_array().unwrap().iter().find(|it| it["type"] == "Claim").unwrap().clone();
    assert!(claims["operation"].as_array().unwrap().iter().any(|operation| operation["name"] == "submit"), "{claims}");
    // the guides of all three doors, and where the hooks are, which are none of FHIR's interactions
    let guides = statement["implementationGuide"].to_string();
    assert!(["davinci-pas", "davinci-crd", "davinci-dtr"].iter().all(|guide| guides.contains(guide)), "{guides}");
    let words = statement["rest"][0]["documentation"].as_str().unwrap();
    let hooks = words.split_whitespace().find_map(|word| word.strip_prefix("http://127.0.0.1:8080")).unwrap();
    assert_eq!(service.get(hooks.trim_end_matches('.'), "").await.status, 200, "{words}");
    // every resource and interaction that is named is one of the door's
    for resource in statement["rest"][0]["resource"].as_array().unwrap() {
        let kind = resource["type"].as_str().unwrap();
        for interaction in resource["interaction"].as_array().unwrap() {
            let (method, path) = match interaction["code"].as_str().unwrap() {
                "read" => ("GET", format!("/fhir/{kind}/{{id}}")),
                "create" => ("POST", format!("/fhir/{kind}")),
                "update" => ("PUT", format!("/fhir/{kind}/{{id}}")),
                "delete" => ("DELETE", format!("/fhir/{kind}/{{id}}")),
                other => panic!("{kind}: {other}"),
            };
            assert!(ROUTES.iter().any(|route| (route.method, route.path) == (method, path.as_str())), "{method} {path}");
        }
        for operation in resource["operation"].as_array().into_iter().flatten() {
            let end = format!("/${}", operation["name"].as_str().unwrap());
            let is_own = |path: &str| path.starts_with(&format!("/fhir/{kind}/")) && path.ends_with(&end);
            assert!(ROUTES.iter().any(|route| is_own(route.path)), "{kind}{end}");
        }
    }
}

#[tokio::test]
async fn every_failure_below_fhir_is_an_outcome() {
    let service = sandbox().await;
    let send = async |method: &str, path: &str, content_type: &str, body: Vec<u8>| {
        let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {ORDERING}"));
        held(service.send(request.header("content-type", content_type).body(Body::from(body)).unwrap()).await)
    };
    let large = vec![b' '; 12 * 1024 * 1024 + 1];
    let fhir = "application/fhir+json";
    for (method, path, content_type, body, status, code) in [
        ("GET", "/fhir", fhir, vec![], 404, "not-found"),
        ("GET", "/fhir/Patient/1", fhir, vec![], 404, "not-found"),
        ("POST", "/fhir/Claim/$nonsense", fhir, vec![], 404, "not-found"),
        ("GET", SUBMIT, fhir, vec![], 405, "not-supported"),
        ("PUT", "/fhir/Claim/1", fhir, vec![], 405, "not-supported"),
        ("DELETE", "/fhir/ClaimResponse/1", fhir, vec![], 405, "not-supported"),
        ("POST", "/fhir/Claim/%24submit", fhir, vec![], 400, "structure"),
        ("POST", SUBMIT, "application/fhir+xml", b"<Bundle/>".to_vec(), 415, "not-supported"),
        ("POST", SUBMIT, "", b"{}".to_vec(), 415, "not-supported"),
        ("POST", SUBMIT, fhir, vec![], 400, "structure"),
        ("POST", SUBMIT, fhir, b"{".to_vec(), 400, "structure"),
        ("POST", SUBMIT, fhir, b"[]".to_vec(), 400, "structure"),
        ("POST", SUBMIT, fhir, br#"{"a": 1, "a": 2}"#.to_vec(), 400, "structure"),
        ("POST", SUBMIT, fhir, br#"{"resourceType": "Bundle", "entry": []}"#.to_vec(), 400, "required"),
        ("POST", SUBMIT, fhir, br#"{"resourceType": "Patient"}"#.to_vec(), 400, "structure"),
        ("POST", SUBMIT, fhir, large, 413, "too-long"),
    ] {
        let answer = send(method, path, content_type, body).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["issue"][0]["code"]),
            (status, &json!(code)),
            "{method} {path}: {}",
            answer.text
        );
        let id = answer.json()["issue"][0]["diagnostics"].as_str().unwrap_or_default().to_owned();
        assert_eq!(id, format!("request {}", answer.header("x-request-id")));
    }
    let allowed = send("GET", SUBMIT, fhir, vec![]).await;
    assert_eq!(allowed.header("allow"), "POST");
    assert_eq!(cases(&service).await, 0);
}

#[tokio::test]
async fn both_media_types_are_taken_with_and_without_a_charset() {
    let service = sandbox().await;
    for content_type in
        ["application/json", "application/json; charset=utf-8", "application/fhir+json;charset=UTF-8", "Application/FHIR+JSON"]
    {
        let request = Request::builder().method("POST").uri(SUBMIT).header("authorization", format!("Bearer {ORDERING}"));
        let body = Body::from(pair("approve-tc.pas-request").to_string());
        let answer = held(service.send(request.header("content-type", content_type).body(body).unwrap()).await);
        assert_eq!(claim_response(&answer)["outcome"], "complete", "{content_type}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_at_once_with_its_places() {
    let service = sandbox().await;
    let mut request = pair("approve-tc.pas-request");
    let broken = claim(&mut request);
    broken["use"] = json!("claim");
    broken["identifier"] = json!([{"value": "x"}]);
    broken["patient"] = json!({"reference": "Patient/nobody"});
    broken["item"][1]["sequence"] = json!(1);
    broken["item"][0]["modifierExtension"] = json!([{"url": "http://example.org/not-really", "valueBoolean": true}]);
    let answer = submit(&service, &request).await;
    assert_eq!(answer.status, 400);
    let outcome = answer.json();
    let found: Vec<(&str, &str)> = outcome["issue"]
        .as_array()
        .unwrap()
        .iter()
        .map(|issue| (issue["code"].as_str().unwrap(), issue["expression"][0].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(
        found,
        [
            ("extension", "Bundle.entry[0].resource.item[0].modifierExtension"),
            ("value", "Bundle.entry[0].resource.use"),
            ("required", "Bundle.entry[0].resource.identifier"),
            ("not-found", "Bundle.entry[0].resource.patient"),
            ("duplicate", "Bundle.entry[0].resource.item[1].sequence"),
        ]
    );
    assert_eq!(cases(&service).await, 0);
}

/// What a refusal says: X12 code, follow-up and place.
fn refusal(answer: &crate::support::http::Answer) -> (String, String, String) {
    let response = claim_response(answer);
    assert_eq!(response["outcome"], "error", "{response}");
    assert!(response["item"].is_null() && response["preAuthRef"].is_null(), "{response}");
    let error = &response["error"][0];
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let extension = |end: &str| {
        let found = error["extension"].as_array().unwrap().iter().find(|it| it["url"].as_str().unwrap().ends_with(end));
        found.cloned().unwrap_or_default()
    };
    (
        text(&error["code"]["coding"][0]["code"]),
        text(&extension("errorFollowupAction")["valueCodeableConcept"]["coding"][0]["code"]),
        text(&extension("errorPath")["valueString"]),
    )
}

#[tokio::test]
async fn a_refusal_is_an_answer_with_its_code_and_nothing_is_stored() {
    // proves PRG-14
    let service = sandbox().await;
    let mut unknown_member = pair("approve-tc.pas-request");
    entry(&mut unknown_member, "Coverage", "coverage")["identifier"][0]["value"] = json!("BMA999999");
    let mut other_birthday = pair("approve-tc.pas-request");
    entry(&mut other_birthday, "Patient", "BMA000001")["birthDate"] = json!("1954-03-10");
    let mut unknown_payer = pair("approve-tc.pas-request");
    entry(&mut unknown_payer, "Organization", "payer")["identifier"][0]["value"] = json!("SOMEBODY-ELSE");
    let mut no_diagnosis = pair("approve-tc.pas-request");
    claim(&mut no_diagnosis).as_object_mut().unwrap().remove("diagnosis");
    let mut untold = pair("approve-tc.pas-request-mcode");
    entry(&mut untold, "MedicationRequest", "med-1").as_object_mut().unwrap().remove("dosageInstruction");
    let mut not_oncology = pair("approve-tc.pas-request");
    claim(&mut not_oncology)["diagnosis"][0]["diagnosisCodeableConcept"]["coding"][0]["code"] = json!("J18.9");
    let mut admitted = pair("approve-tc.pas-request");
    for item in claim(&mut admitted)["item"].as_array_mut().unwrap() {
        item["locationCodeableConcept"]["coding"][0]["code"] = json!("21");
    }
    let mut unknown_clinician = pair("approve-tc.pas-request");
    entry(&mut unknown_clinician, "Practitioner", "clinician")["identifier"][0]["value"] = json!("1234567893");
    for (what, request, code, follow_up, at) in [
        ("member", unknown_member, "75", "C", "Bundle.entry[7].resource.identifier"),
        ("birthday", other_birthday, "75", "C", "Bundle.entry[7].resource.identifier"),
        ("payer", unknown_payer, "79", "C", "Bundle.entry[0].resource.insurer"),
        ("diagnosis", no_diagnosis, "15", "C", "Bundle.entry[0].resource"),
        ("dose", untold, "15", "C", "Bundle.entry[0].resource.item[0]"),
        ("oncology", not_oncology, "33", "N", "Bundle.entry[0].resource"),
        ("inpatient", admitted, "33", "N", "Bundle.entry[0].resource"),
        ("clinician", unknown_clinician, "51", "C", "Bundle.entry[4].resource"),
    ] {
        let answer = submit(&service, &request).await;
        let told = refusal(&answer);
        assert_eq!(told, (code.to_owned(), follow_up.to_owned(), at.to_owned()), "{what}: {}", answer.text);
        assert!(!notes(&claim_response(&answer)).is_empty());
    }
    assert_eq!(cases(&service).await, 0);
}

#[tokio::test]
async fn nothing_of_the_file_is_told_by_which_refusal_comes() {
    // proves PRG-14
    let service = sandbox().await;
    let mut unknown_member = pair("approve-tc.pas-request");
    entry(&mut unknown_member, "Coverage", "coverage")["identifier"][0]["value"] = json!("BMA999999");
    let mut other_name = pair("approve-tc.pas-request");
    entry(&mut other_name, "Patient", "BMA000001")["name"][0]["family"] = json!("Somebody");
    let mut told = Vec::new();
    for request in [unknown_member, other_name] {
        let response = claim_response(&submit(&service, &request).await);
        told.push((response["error"].clone(), response["processNote"].clone()));
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn a_practice_asks_for_its_own_clinicians_only() {
    // proves PRV-02
    let service = sandbox().await;
    let answer = post(&service, SUBMIT, OTHER_PRACTICE, &pair("approve-tc.pas-request")).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["issue"][0]["code"]), (403, &json!("forbidden")), "{}", answer.text);
    assert_eq!(post(&service, SUBMIT, ADMINISTRATOR, &pair("approve-tc.pas-request")).await.status, 403);
    assert_eq!(cases(&service).await, 0);
    let intake = post(&service, SUBMIT, INTAKE, &pair("approve-tc.pas-request")).await;
    assert!(intake.status == 200, "{}", intake.text);
}

#[tokio::test]
async fn the_request_of_the_documentation_works_in_the_sandbox() {
    let service = Service::with_rosters().await;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/fhir/request.json");
    let request = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let response = claim_response(&submit(&service, &request).await);
    assert_eq!(response["outcome"], "complete", "{}", notes(&response));
    assert!(response["preAuthRef"].is_string());
}
