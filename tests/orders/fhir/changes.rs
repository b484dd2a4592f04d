//! Changes and cancellations of what was asked for, inquiries, and plain reads: each held against the case as it stands.

use super::{SUBMIT, actions, cases, claim, claim_response, held, notes, pair, post, sandbox, submit};
use crate::support::desk::{BMA, NURSE, OTHER_PRACTICE, PHYSICIAN, authorize, done, offer, unanswered};
use crate::support::http::{Answer, Service};
use crate::support::submit::{HEALTH_PLAN, ORDERING, SERVICING};
use axum::body::Body;
use axum::http::Request;
use oncoauth::domain::order::OrderRequest;
use serde_json::{Value, json};

const INQUIRE: &str = "/fhir/Claim/$inquire";

async fn get(service: &Service, path: &str, token: &str) -> Answer {
    let request = Request::get(path).header("authorization", format!("Bearer {token}"));
    held(service.send(request.body(Body::empty()).unwrap()).await)
}

/// A request that changes the one of the pair with this name.
fn change(name: &str, number: &str) -> Value {
    change_of(&pair(&format!("{name}.pas-request")), number)
}

/// A request that changes this one.
fn change_of(before: &Value, number: &str) -> Value {
    let mut after = before.clone();
    let prior = before["entry"][0].clone();
    let url = format!("{}-{number}", prior["fullUrl"].as_str().unwrap());
    let claim = claim(&mut after);
    claim["identifier"][0]["value"] = json!(number);
    claim["id"] = json!(format!("{}-{number}", claim["id"].as_str().unwrap()));
    claim["related"] = json!([{"claim": {"reference": prior["fullUrl"]},
        "relationship": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/ex-relatedclaimrelationship", "code": "prior"}]}}]);
    after["entry"][0]["fullUrl"] = json!(url);
    after["entry"].as_array_mut().unwrap().push(prior);
    after
}

const CANCELLED: &str = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/modifierextension-infoCancelled";
const CERTIFICATION: &str = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-certificationType";

fn taken_back() -> Value {
    json!({"url": CERTIFICATION, "valueCodeableConcept": {"coding": [{"system": "https://codesystem.x12.org/005010/1322", "code": "3"}]}})
}

/// Marks an item as taken back.
fn take_back(request: &mut Value, index: usize) {
    let item = &mut claim(request)["item"][index];
    item["modifierExtension"] = json!([{"url": CANCELLED, "valueBoolean": true}]);
    let extensions = item["extension"].as_array_mut().unwrap();
    extensions.retain(|it| it["url"] != CERTIFICATION);
    extensions.push(taken_back());
}

async fn native(service: &Service, response: &Value) -> Value {
    service.get(&format!("/v1/orders/{}", response["id"].as_str().unwrap()), NURSE).await.json()
}

#[tokio::test]
async fn a_change_adds_to_what_is_pended_once_and_answers_for_every_item() {
    // proves SUB-08
    let service = sandbox().await;
    let first = claim_response(&submit(&service, &pair("pend-her2-unknown.pas-request")).await);
    let before = native(&service, &first).await;
    let update = pair("update-add-pegfilgrastim.pas-request");
    let answer = submit(&service, &update).await;
    let second = claim_response(&answer);
    assert_eq!(second["id"], first["id"], "{}", notes(&second));
    let after = native(&service, &second).await;
    let drugs = |case: &Value| case["drugs"].as_array().unwrap().len();
    assert_eq!(drugs(&after), drugs(&before) + 1);
    assert_eq!(actions(&second).len(), drugs(&after), "every item is answered for");
    // sent again, it is answered as before and changes nothing
    assert_eq!(submit(&service, &update).await.text, answer.text);
    assert_eq!(native(&service, &second).await["updated_at"], after["updated_at"]);
    assert_eq!(cases(&service).await, 1);
}

#[tokio::test]
async fn an_item_is_taken_back_and_then_everything() {
    // proves DRG-05
    let service = sandbox().await;
    let first = claim_response(&submit(&service, &pair("pend-her2-unknown.pas-request")).await);
    let mut one = change("pend-her2-unknown", "ONE-BACK");
    take_back(&mut one, 0);
    let line = claim(&mut one)["item"][0]["sequence"].as_u64().unwrap();
    let second = claim_response(&submit(&service, &one).await);
    assert_eq!(second["id"], first["id"], "{}", notes(&second));
    let expected: Vec<(u64, String)> =
        actions(&first).into_iter().map(|(item, action)| (item, if item == line { "C".to_owned() } else { action })).collect();
    assert_eq!(actions(&second), expected, "{}", notes(&second));
    let mut all = change("pend-her2-unknown", "ALL-BACK");
    claim(&mut all)["extension"].as_array_mut().unwrap().push(taken_back());
    let third = claim_response(&submit(&service, &all).await);
    assert!(actions(&third).iter().all(|(_, action)| action == "C"), "{:?}", actions(&third));
    assert_eq!(native(&service, &third).await["status"], "review_cancelled");
    // taking back what is taken back changes nothing
    let mut again = change("pend-her2-unknown", "ALL-BACK-AGAIN");
    claim(&mut again)["extension"].as_array_mut().unwrap().push(taken_back());
    assert_eq!(actions(&claim_response(&submit(&service, &again).await)), actions(&third));
    assert_eq!(cases(&service).await, 1);
}

/// A request whose one item is added by a change and taken back by it, too, is not left standing.
#[tokio::test]
async fn what_a_change_adds_it_may_take_back() {
    // proves DRG-05
    let service = sandbox().await;
    let first = claim_response(&submit(&service, &pair("pend-her2-unknown.pas-request")).await);
    let mut update = pair("update-add-pegfilgrastim.pas-request");
    let items = claim(&mut update)["item"].as_array().unwrap().len();
    take_back(&mut update, items - 1);
    let second = claim_response(&submit(&service, &update).await);
    assert_eq!(second["id"], first["id"], "{}", notes(&second));
    let taken: Vec<String> = actions(&second).into_iter().map(|(_, action)| action).collect();
    assert_eq!(taken.iter().filter(|action| *action == "C").count(), 1, "{taken:?}");
    let drugs = native(&service, &second).await["drugs"].clone();
    let cancelled = drugs.as_array().unwrap().iter().filter(|drug| drug["status"] == "voluntarily_cancelled").count();
    assert_eq!(cancelled, 1, "{drugs}");
}

#[tokio::test]
async fn an_item_of_radiation_is_written_read_found_and_taken_back() {
    // proves DRG-05, SUB-08, R-31
    let service = Service::with_rosters().await;
    let mut order = crate::radiation::whole_breast();
    order["radiation"]["modality"] = json!("imrt");
    let preview = service.post("/v1/orders/preview", ORDERING, &order).await.json();
    let listed = preview["procedures"].as_array().unwrap().iter().filter(|line| line["code"].is_string());
    let listed: Vec<Value> =
        listed.map(|line| json!({"line": line["line"], "code": line["code"], "units": line["units"]})).collect();
    assert!(listed.len() > 2, "{preview}");
    order["radiation"]["procedures"] = json!(listed);
    let read: OrderRequest = serde_json::from_value(order).unwrap();
    let mut request = oncoauth::fhir::request_of(&service.app, &read, "RADIATION-1");
    claim(&mut request)["identifier"][0]["system"] = json!("urn:trnorg:PRACTICE-900000001");
    let first = claim_response(&submit(&service, &request).await);
    let asked: Vec<(u64, String)> = actions(&first);
    assert_eq!(
        asked.iter().map(|(item, _)| *item).collect::<Vec<_>>(),
        (1..=listed.len() as u64).collect::<Vec<_>>(),
        "{}",
        notes(&first)
    );
    assert!(asked.iter().any(|(_, action)| action == "A4"), "{asked:?}");
    let procedures = native(&service, &first).await["procedures"].clone();
    for (line, told) in listed.iter().zip(procedures.as_array().unwrap()) {
        assert_eq!((&line["code"], &line["units"]), (&told["code"], &told["units"]), "{procedures}");
    }
    let mut one = change_of(&request, "RADIATION-2");
    take_back(&mut one, 0);
    let second = claim_response(&submit(&service, &one).await);
    assert_eq!(second["id"], first["id"], "{}", notes(&second));
    let expected: Vec<(u64, String)> =
        asked.into_iter().map(|(item, action)| (item, if item == 1 { "C".to_owned() } else { action })).collect();
    assert_eq!(actions(&second), expected, "{}", notes(&second));
    assert_eq!(native(&service, &second).await["procedures"][0]["status"], "voluntarily_cancelled");
    // a change that leaves an item out is told which
    let mut short = change_of(&request, "RADIATION-3");
    claim(&mut short)["item"].as_array_mut().unwrap().pop();
    let refused = submit(&service, &short).await;
    assert_eq!(refused.status.as_u16(), 400, "{}", refused.text);
    assert!(refused.text.contains(&format!("item {} of the Claim before is missing", listed.len())), "{}", refused.text);
    // and it is found by the code of a line
    let mut example = request.clone();
    claim(&mut example)["identifier"][0]["value"] = json!("INQUIRY");
    for entry in example["entry"].as_array_mut().unwrap() {
        if entry["resource"]["resourceType"] == "Organization" && entry["resource"]["contact"].is_array() {
            entry["resource"]["identifier"] =
                json!([{"system": "http://terminology.hl7.org/NamingSystem/USEIN", "value": "900000001"}]);
        }
    }
    let answers = found(&post(&service, INQUIRE, ORDERING, &example).await);
    assert_eq!(answers.iter().map(|one| &one["id"]).collect::<Vec<_>>(), [&first["id"]]);
    claim(&mut example)["item"][0]["productOrService"]["coding"][0]["code"] = json!("77373");
    assert_eq!(found(&post(&service, INQUIRE, ORDERING, &example).await), Vec::<Value>::new());
}

#[tokio::test]
async fn what_is_decided_is_changed_by_a_new_request_and_what_is_not_on_file_by_nobody() {
    // proves SUB-13
    let service = sandbox().await;
    let first = claim_response(&submit(&service, &pair("approve-tc.pas-request")).await);
    let stored = native(&service, &first).await;
    let mut dose = change("approve-tc", "OTHER-WEIGHT");
    let bundle = dose.to_string().replace("71.5", "72.5");
    dose = serde_json::from_str(&bundle).unwrap();
    let refused = claim_response(&submit(&service, &dose).await);
    assert_eq!(refused["outcome"], "error");
    assert!(refused["item"].is_null());
    assert!(notes(&refused).contains("a new request"), "{}", notes(&refused));
    assert_eq!(native(&service, &first).await, stored);
    // an item that is left out is not taken back
    let mut short = change("approve-tc", "SHORT");
    claim(&mut short)["item"].as_array_mut().unwrap().pop();
    let refused = submit(&service, &short).await;
    assert_eq!(refused.status.as_u16(), 400, "{}", refused.text);
    assert!(refused.text.contains("is missing: send every item"), "{}", refused.text);
    let unknown = claim_response(&submit(&service, &change("approve-tchp", "NO-PRIOR")).await);
    assert_eq!(unknown["outcome"], "error");
    assert!(notes(&unknown).contains("not on file"), "{}", notes(&unknown));
    // and to another practice the first one is not on file
    let mut foreign = change("approve-tc", "FOREIGN");
    take_back(&mut foreign, 0);
    let answer = post(&service, SUBMIT, OTHER_PRACTICE, &foreign).await;
    assert!(answer.status.as_u16() == 404 || answer.json()["entry"][0]["resource"]["outcome"] == "error", "{}", answer.text);
    assert_eq!(native(&service, &first).await, stored);
    assert_eq!(cases(&service).await, 1);
}

/// An inquiry by the one who sent the request of this pair.
fn inquiry(name: &str) -> Value {
    let mut request = pair(&format!("{name}.pas-request"));
    let claim = claim(&mut request);
    claim["identifier"][0]["value"] = json!("INQUIRY");
    claim["meta"]["profile"] = json!(["http://hl7.org/fhir/us/davinci-pas/StructureDefinition/profile-claim-inquiry"]);
    claim.as_object_mut().unwrap().remove("item");
    request
}

fn found(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let body = answer.json();
    assert_eq!(body["resourceType"], "Parameters");
    let returned = body["parameter"].as_array().cloned().unwrap_or_default();
    returned.iter().map(|one| one["resource"]["entry"][0]["resource"].clone()).collect()
}

#[tokio::test]
async fn an_inquiry_finds_what_agrees_for_those_who_may_know_of_it() {
    // proves PRV-02
    let service = sandbox().await;
    let sent = claim_response(&submit(&service, &pair("pend-her2-unknown.pas-request")).await);
    submit(&service, &pair("approve-tc.pas-request")).await;
    let example = inquiry("pend-her2-unknown");
    for token in [ORDERING, SERVICING, NURSE, HEALTH_PLAN] {
        let answers = found(&post(&service, INQUIRE, token, &example).await);
        let ids: Vec<&Value> = answers.iter().map(|one| &one["id"]).collect();
        assert_eq!(ids, [&sent["id"]], "{token}");
        assert_eq!(actions(&answers[0]), actions(&sent), "{token}");
    }
    assert_eq!(found(&post(&service, INQUIRE, OTHER_PRACTICE, &example).await), Vec::<Value>::new());
    let mut other = example.clone();
    claim(&mut other)["diagnosis"][0]["diagnosisCodeableConcept"]["coding"][0]["code"] = json!("C34.11");
    assert_eq!(found(&post(&service, INQUIRE, ORDERING, &other).await), Vec::<Value>::new());
    // what a reviewer decided is what is told
    let case_id = sent["id"].as_str().unwrap();
    let pended: Vec<u32> =
        actions(&sent).iter().filter(|(_, action)| action == "A4").map(|(line, _)| u32::try_from(*line).unwrap()).collect();
    done(&service, NURSE, case_id, "determinations", &authorize(&pended)).await;
    let answers = found(&post(&service, INQUIRE, ORDERING, &example).await);
    assert!(answers[0]["preAuthRef"].is_string(), "{}", answers[0]);
    assert!(answers[0].to_string().contains("claimResponseReviewer"));
    let mut nobody = example;
    for entry in nobody["entry"].as_array_mut().unwrap() {
        if let Some(resource) = entry["resource"].as_object_mut()
            && matches!(resource["resourceType"].as_str(), Some("Coverage" | "Patient"))
        {
            resource.remove("identifier");
            resource.remove("subscriberId");
        }
    }
    let refused = post(&service, INQUIRE, ORDERING, &nobody).await;
    assert_eq!(refused.status.as_u16(), 400);
    assert!(refused.text.contains("names the member"), "{}", refused.text);
}

#[tokio::test]
async fn what_was_made_here_is_read_by_its_id() {
    // proves PRV-02
    let service = sandbox().await;
    let sent = claim_response(&submit(&service, &pair("approve-tc.pas-request")).await);
    let id = sent["id"].as_str().unwrap();
    for token in [ORDERING, SERVICING, NURSE, HEALTH_PLAN] {
        let response = get(&service, &format!("/fhir/ClaimResponse/{id}"), token).await.json();
        assert_eq!((&response["id"], actions(&response)), (&sent["id"], actions(&sent)), "{token}");
        let claim = get(&service, &format!("/fhir/Claim/{id}"), token).await.json();
        assert_eq!((&claim["resourceType"], &claim["id"]), (&json!("Claim"), &sent["id"]), "{token}");
    }
    for kind in ["Claim", "ClaimResponse"] {
        for (token, id) in [(OTHER_PRACTICE, id), (ORDERING, "none"), (ORDERING, "00000000-0000-7000-8000-000000000000")] {
            assert_eq!(get(&service, &format!("/fhir/{kind}/{id}"), token).await.status.as_u16(), 404, "{kind} {id}");
        }
    }
    // an order that came in another way is read as the request that would have made it, and found by inquiry
    let order = service.post("/v1/orders", ORDERING, &pair("approve-tchp.order")).await.json();
    let id = order["case_id"].as_str().unwrap();
    let claim = get(&service, &format!("/fhir/Claim/{id}"), ORDERING).await.json();
    assert_eq!(claim["item"].as_array().unwrap().len(), order["drugs"].as_array().unwrap().len());
    let response = get(&service, &format!("/fhir/ClaimResponse/{id}"), ORDERING).await.json();
    assert_eq!(response["preAuthRef"], order["order_id"]);
    let answers = found(&post(&service, INQUIRE, ORDERING, &inquiry("approve-tchp")).await);
    assert_eq!(answers.iter().map(|one| one["id"].as_str().unwrap()).collect::<Vec<_>>(), [id]);
}

#[tokio::test]
async fn what_a_physician_authorizes_of_a_line_is_told_apart_from_what_was_asked_for() {
    // proves DET-10
    let service = sandbox().await;
    let mut order = unanswered(BMA);
    let of_sandbox = pair("approve-tchp.order");
    for field in ["date_of_service", "member", "ordering_provider", "servicing_provider"] {
        order[field] = of_sandbox[field].clone();
    }
    let order = service.post("/v1/orders", ORDERING, &order).await;
    assert_eq!(order.status.as_u16(), 201, "{}", order.text);
    let order = order.json();
    let id = order["case_id"].as_str().unwrap();
    done(&service, PHYSICIAN, id, "peer-to-peer", &offer()).await;
    let mut less = authorize(&[3, 4]);
    less["drugs"][1] = json!({"line": 4, "decision": "authorized", "units_approved": 86, "visits_approved": 2,
        "reason_code": "criteria_not_met", "rationale": "Two doses, then reassess."});
    let case = done(&service, PHYSICIAN, id, "determinations", &less).await;
    let response = get(&service, &format!("/fhir/ClaimResponse/{id}"), ORDERING).await.json();
    let told = actions(&response);
    assert_eq!(told[2..], [(3, "A1".to_owned()), (4, "A6".to_owned())], "{response:#}");
    let added = response["addItem"].as_array().unwrap();
    assert_eq!(
        (added.len(), &added[0]["itemSequence"], &added[0]["quantity"]["value"]),
        (1, &json!([4]), &json!(86)),
        "{response:#}"
    );
    let action = added[0]["adjudication"].to_string();
    assert!(action.contains("A1") && action.contains(case["order_id"].as_str().unwrap()), "{action}");
    let item = &response["item"][3];
    assert!(item["adjudication"].to_string().contains("reasonCode"), "{item:#}");
    assert!(!item["extension"].to_string().contains("itemAuthorizedDetail"), "{item:#}");
    assert!(notes(&response).contains("Two doses, then reassess."), "{response:#}");
}
