//! Nothing of another practice, and nothing of the review desk's own, is told to anybody else.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::support::desk::{
    ADMINISTRATOR, FACILITY, INTAKE, NURSE, OTHER_PRACTICE, PHYSICIAN, PRACTICE, custom, deny, done, id, post_with, submit, tch,
};
use crate::support::http::{Answer, Service};
use crate::support::submit::{HEALTH_PLAN, count};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

const BMA: &str = "anthem-blue-medicare-advantage";

/// The same order of the practice of tax ID 900000003.
fn elsewhere(mut order: Value) -> Value {
    order["ordering_provider"] = json!({"npi": "1999999034", "first_name": "Another", "last_name": "Clinician"});
    order["servicing_provider"] = json!({"npi": "1999999034", "name": "Another Clinician"});
    order
}

fn notice(case: &Value) -> String {
    let notices = case["notices"].as_array().unwrap();
    let one = notices.iter().find(|notice| notice["code"] == "duplicate_order");
    one.unwrap_or_else(|| panic!("{case:#}"))["message"].as_str().unwrap().to_owned()
}

// proves PRV-02, DUP-01
#[tokio::test]
async fn neither_preview_nor_order_tells_what_another_practice_ordered() {
    let service = Service::with_rosters().await;
    submit(&service, &tch(BMA)).await;
    // the practice itself is told which of its drugs are meant, and when
    let own = service.post("/v1/orders/preview", PRACTICE, &tch(BMA)).await.json();
    assert!(notice(&own).contains("docetaxel") && notice(&own).contains("2026-12-01"), "{}", notice(&own));
    let mut others = elsewhere(tch(BMA));
    others["treatment"]["phases"][0]["drugs"].as_array_mut().unwrap().remove(1); // carboplatin is the first one's alone
    others["date_of_service"] = json!("2026-12-08");
    let previewed = service.post("/v1/orders/preview", OTHER_PRACTICE, &others).await;
    assert_eq!(previewed.status, StatusCode::OK, "{}", previewed.text);
    let placed = service.post("/v1/orders", OTHER_PRACTICE, &others).await;
    assert_eq!(placed.status, StatusCode::CREATED, "{}", placed.text);
    let read = service.get(placed.header("location"), OTHER_PRACTICE).await;
    for answer in [&previewed, &placed, &read] {
        let words = notice(&answer.json());
        assert!(!words.contains("docetaxel") && !words.contains("2026-12-01"), "{words}");
        assert!(!answer.text.contains("2026-12-01"), "a day of the other order: {}", answer.text);
    }
    let held = read.json();
    let holds = held["review"]["holds"].as_array().unwrap();
    assert!(holds.contains(&json!("possible_duplicate")), "{holds:?}");
}

/// What another practice is told where it asks for a drug that an order on file has, one that none has, and where several are on file.
// proves PRV-02, DUP-01
#[tokio::test]
async fn neither_a_shared_drug_nor_the_number_of_orders_elsewhere_shows() {
    let (service, beside) = (Service::with_rosters().await, Service::with_rosters().await);
    let mut asked = elsewhere(custom(BMA));
    let drugs = asked["treatment"]["phases"][0]["drugs"].as_array_mut().unwrap();
    drugs.retain(|drug| drug["hcpcs"] == "J9299");
    asked["treatment"]["phases"].as_array_mut().unwrap().truncate(1);
    let preview = async |service: &Service| {
        let answer = service.post("/v1/orders/preview", OTHER_PRACTICE, &asked).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.text
    };
    submit(&service, &tch(BMA)).await;
    let none_shared = preview(&service).await;
    submit(&service, &custom(BMA)).await;
    submit(&beside, &custom(BMA)).await;
    let (several, shared) = (preview(&service).await, preview(&beside).await);
    assert!(none_shared.contains("is on file"), "{none_shared}");
    assert_eq!(none_shared, several);
    assert_eq!(none_shared, shared);
    // the desk is told each, and a history that a practice reads does not tell the kind either
    let placed = service.post("/v1/orders", OTHER_PRACTICE, &asked).await.json();
    let of_the_desk = service.get(&format!("/v1/orders/{}", id(&placed)), NURSE).await.json();
    assert_eq!(of_the_desk["notices"].as_array().unwrap().iter().filter(|notice| notice["case_id"].is_string()).count(), 2);
    let contact = json!({"contact": {"name": "Other desk"}});
    let path = format!("/v1/orders/{}", id(&placed));
    let patched = service.call(Method::PATCH, &path, OTHER_PRACTICE, Some(&contact)).await;
    assert_eq!(patched.status, StatusCode::OK, "{}", patched.text);
    for answer in [&patched, &service.get(&format!("{path}/history"), OTHER_PRACTICE).await] {
        assert!(!answer.text.contains("overlapping"), "{}", answer.text);
    }
}

/// A case on which the desk has left notes of every kind.
async fn worked_on(service: &Service) -> String {
    let case_id = id(&submit(service, &custom(BMA)).await);
    let asked = json!({"items": ["ejection fraction"], "contacted": {"name": "Zelda", "phone": "+1 734 555 0199"}, "notes": "secret-call"});
    done(service, NURSE, &case_id, "information-requests", &asked).await;
    let offer = json!({"event": "offered", "with": "Yolanda", "notes": "secret-offer"});
    done(service, NURSE, &case_id, "peer-to-peer", &offer).await;
    done(service, NURSE, &case_id, "escalations", &json!({"rationale": "secret-handover"})).await;
    let mut prepared = deny(&[2]);
    prepared["drugs"][0]["rationale"] = json!("secret-denial to come");
    prepared["on_expiry"] = json!(true);
    done(service, PHYSICIAN, &case_id, "determinations", &prepared).await;
    case_id
}

const SECRETS: [&str; 8] =
    ["secret-call", "secret-offer", "secret-handover", "secret-denial", "Zelda", "Yolanda", "sandbox-nurse", "sandbox-physician"];

// proves PRV-02, DET-08
#[tokio::test]
async fn histories_tell_practices_and_plans_what_happened_and_not_what_the_desk_wrote_for_itself() {
    let service = Service::with_rosters().await;
    let case_id = worked_on(&service).await;
    let path = format!("/v1/orders/{case_id}/history");
    for token in [NURSE, ADMINISTRATOR, INTAKE] {
        let history = service.get(&path, token).await;
        assert!(SECRETS.iter().all(|secret| history.text.contains(secret)), "{token}: {}", history.text);
    }
    for token in [PRACTICE, FACILITY, HEALTH_PLAN] {
        let history = service.get(&path, token).await;
        assert_eq!(history.status, StatusCode::OK, "{token}: {}", history.text);
        for secret in SECRETS {
            assert!(!history.text.contains(secret), "{secret} to {token}: {}", history.text);
        }
        let history = history.json();
        let events = history["items"].as_array().unwrap();
        let kinds: Vec<&str> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
        let of_the_desk = |kind: &&str| kind.starts_with("claim");
        assert_eq!(kinds.iter().any(of_the_desk), token == HEALTH_PLAN, "{token}: {kinds:?}");
        let told: Vec<&str> = kinds.into_iter().filter(|kind| !of_the_desk(kind)).collect();
        assert_eq!(told, ["submitted", "information_requested", "peer_to_peer_offered", "escalated"], "{token}");
        let asked = events.iter().find(|event| event["kind"] == "information_requested").unwrap();
        assert_eq!(asked["detail"]["items"], json!(["ejection fraction"]));
        assert_eq!((&asked["actor"], &asked["actor_role"]), (&json!("nurse"), &json!("nurse")));
    }
    assert_eq!(service.get(&path, PRACTICE).await.json()["items"][0]["actor"], PRACTICE, "one's own name is no secret");
    assert_eq!(service.get(&path, FACILITY).await.json()["items"][0]["actor"], "ordering_provider");
    // the feed has a place for every event, and no more of it than the history
    let feed = service.get(&format!("/v1/feeds/{BMA}/events"), HEALTH_PLAN).await;
    assert!(SECRETS.iter().all(|secret| !feed.text.contains(secret)), "{}", feed.text);
    let positions: Vec<i64> =
        feed.json()["items"].as_array().unwrap().iter().map(|item| item["position"].as_i64().unwrap()).collect();
    assert_eq!(positions, (1..=i64::try_from(positions.len()).unwrap()).collect::<Vec<_>>());
}

// proves PRV-02
#[tokio::test]
async fn a_denial_in_force_is_told_and_who_prepared_it_is_not() {
    let service = Service::with_rosters().await;
    let case_id = worked_on(&service).await;
    service.app.clock.freeze_at("2026-12-20T15:00:00Z".parse().unwrap());
    oncoauth::jobs::tick(&service.app).await.unwrap();
    let history = service.get(&format!("/v1/orders/{case_id}/history"), PRACTICE).await;
    let events = history.json()["items"].as_array().unwrap().clone();
    let last = events.last().unwrap();
    assert_eq!((&last["kind"], &last["actor"]), (&json!("denied_at_deadline"), &json!("service")), "{}", history.text);
    assert_eq!(last["reason"], "secret-denial to come", "as the letter says");
    assert!(!history.text.contains("sandbox-physician"), "{}", history.text);
}

// proves PRV-02, APP-04
#[tokio::test]
async fn who_decided_a_reconsideration_is_a_physician_to_the_practice() {
    let service = Service::with_rosters().await;
    let case = crate::support::desk::denied(&service, BMA).await;
    let asked = json!({"reason": "the heart was looked at"});
    let opened = service.post(&format!("/v1/orders/{}/reconsiderations", id(&case)), PRACTICE, &asked).await.json();
    assert_eq!(opened["requested_by"], PRACTICE);
    let path = format!("/v1/reconsiderations/{}", opened["reconsideration_id"].as_str().unwrap());
    let decision = json!({"decision": "upheld", "rationale": "nothing new came"});
    let decided = service.post(&format!("{path}/determinations"), "sandbox-second-physician", &decision).await;
    assert_eq!(decided.status, StatusCode::CREATED, "{}", decided.text);
    assert_eq!(service.get(&path, NURSE).await.json()["decided_by"], "sandbox-second-physician");
    for token in [PRACTICE, HEALTH_PLAN] {
        let read = service.get(&path, token).await.json();
        assert_eq!((&read["decided_by"], &read["rationale"]), (&json!("physician"), &json!("nothing new came")), "{token}");
    }
    assert_eq!(service.get(&path, HEALTH_PLAN).await.json()["requested_by"], "ordering_provider");
}

async fn token_of(service: &Service, request: Value) -> String {
    let answer = service.post("/v1/tokens", ADMINISTRATOR, &request).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    answer.json()["token"].as_str().unwrap().to_owned()
}

async fn on_record(service: &Service) -> i64 {
    count(service, "select count(*) from accesses where operation = 'POST /v1/s-code-claims'").await
}

/// One person with tokens of two practices, and of a practice and the desk.
// proves PRV-02, DUP-03
#[tokio::test]
async fn an_answer_is_given_again_only_to_the_role_and_practice_that_had_it() {
    let service = Service::with_rosters().await;
    let of = |role: &str, tax_id: &str| json!({"role": role, "tax_ids": [tax_id], "subject": "the same person"});
    let first = token_of(&service, of("ordering_provider", "900000001")).await;
    let second = token_of(&service, of("ordering_provider", "900000003")).await;
    let case = service.post("/v1/orders", &first, &tch(BMA)).await.json();
    let claim = json!({"case_id": case["case_id"], "code": "S0353", "service_date": "2026-12-01", "billing_npi": "1234567893",
                       "claim_type": "professional"});
    let bill = async |token: &str| post_with(&service, "/v1/s-code-claims", token, &[("idempotency-key", "k")], &claim).await;
    let billed = bill(&first).await;
    assert_eq!(billed.status, StatusCode::CREATED, "{}", billed.text);
    let before = on_record(&service).await;
    assert_eq!(bill(&first).await.header("idempotency-replayed"), "true");
    assert_eq!(on_record(&service).await, before + 1, "an answer that is given again is on record, too");
    bill(&second).await.assert_problem(404, "not-found");
    // an order, too: the other practice's is another one
    let place =
        async |token: &str, order: &Value| post_with(&service, "/v1/orders", token, &[("idempotency-key", "o")], order).await;
    let ours = place(&first, &custom(BMA)).await;
    assert_eq!(place(&first, &custom(BMA)).await.json()["case_id"], ours.json()["case_id"]);
    let theirs: Answer = place(&second, &custom(BMA)).await;
    assert!(!theirs.text.contains(&id(&ours.json())) && theirs.header("idempotency-replayed").is_empty(), "{}", theirs.text);
    // and what a nurse was answered is not a practice's
    let nurse = token_of(&service, json!({"role": "nurse", "subject": "the same person"})).await;
    let path = format!("/v1/reviews/{}/escalations", id(&ours.json()));
    let body = json!({"rationale": "secret-handover"});
    assert_eq!(post_with(&service, &path, &nurse, &[("idempotency-key", "r")], &body).await.status, StatusCode::CREATED);
    post_with(&service, &path, &first, &[("idempotency-key", "r")], &body).await.assert_problem(403, "forbidden");
}
