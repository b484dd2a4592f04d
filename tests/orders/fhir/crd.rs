//! CDS Hooks: orders are judged together while they are written, and each says what the payer knows of it.

use super::{claim_response, pair, sandbox, submit};
use crate::support::conformance::{kit, left_out};
use crate::support::http::{Answer, Service};
use crate::support::jwt::Key;
use crate::support::submit::{ADMINISTRATOR, HEALTH_PLAN, ORDERING};
use axum::body::Body;
use axum::http::Request;
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fs;

pub(super) const SIGN: &str = "/cds-services/order-sign-crd";
const INFORMATION: &str = "http://hl7.org/fhir/us/davinci-crd/StructureDefinition/ext-coverage-information";

/// What is said of an order: each part with its value.
pub(super) type Parts = Vec<(String, Value)>;

/// The guide's codes of what is said of an order.
const CODES: [(&str, &[&str]); 5] = [
    ("covered", &["covered", "not-covered", "conditional", "indeterminate"]),
    ("pa-needed", &["no-auth", "auth-needed", "satisfied", "performpa", "conditional", "indeterminate"]),
    ("doc-needed", &["clinical", "admin", "patient", "conditional", "indeterminate"]),
    ("doc-purpose", &["withpa", "withclaim", "withorder", "retain-doc", "OTH"]),
    ("info-needed", &["performer", "location", "timeframe", "contract-window", "detail-code", "OTH"]),
];

/// The resources of a type that a pair's request has.
fn of_type(name: &str, kind: &str) -> Vec<Value> {
    let bundle = pair(&format!("{name}.pas-request"));
    let all = bundle["entry"].as_array().unwrap().iter().map(|entry| entry["resource"].clone());
    all.filter(|resource| resource["resourceType"] == kind).collect()
}

/// The orders of a pair, as drafts.
fn drafts(name: &str) -> Vec<Value> {
    let mut orders = of_type(name, "MedicationRequest");
    for order in &mut orders {
        order["status"] = json!("draft");
        order["reasonCode"] = json!([{"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "C50.911"}]}]);
    }
    orders
}

pub(super) fn bundle(resources: &[Value]) -> Value {
    let entries: Vec<Value> = resources.iter().map(|resource| json!({"resource": resource})).collect();
    json!({"resourceType": "Bundle", "type": "collection", "entry": entries})
}

/// A call at signing, with what an EHR sends along.
fn sign(name: &str) -> Value {
    let patient = of_type(name, "Patient")[0].clone();
    let others = [of_type(name, "Coverage"), of_type(name, "Organization")].concat();
    let people = [of_type(name, "Practitioner"), of_type(name, "PractitionerRole")].concat();
    json!({
        "hook": "order-sign", "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/p1", "patientId": patient["id"], "draftOrders": bundle(&drafts(name))},
        "prefetch": {"patient": patient, "coverage": bundle(&others), "people": bundle(&people), "conditions": null,
                     "missing": {"resourceType": "OperationOutcome", "issue": []}},
    })
}

pub(super) async fn call(service: &Service, path: &str, token: &str, body: &Value) -> Answer {
    let request = Request::post(path).header("content-type", "application/json");
    let request = if token.is_empty() { request } else { request.header("authorization", format!("Bearer {token}")) };
    service.send(request.body(Body::from(body.to_string())).unwrap()).await
}

/// The answer of a hook, held to what the guide and the kit ask for: every action with what is said in it.
#[track_caller]
pub(super) fn told(answer: &Answer) -> Vec<(Value, Parts)> {
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"), "{}", answer.text);
    let body = answer.json();
    for card in body["cards"].as_array().unwrap() {
        assert!(card["summary"].as_str().unwrap().len() < 140 && card["source"]["label"].is_string(), "{card}");
        assert!(["info", "warning", "critical"].contains(&card["indicator"].as_str().unwrap()));
        assert!(card["source"]["topic"]["code"].is_string() && card["source"]["topic"]["system"].is_string());
        assert!(!card["detail"].as_str().unwrap().contains("http://127.0.0.1:8080/portal"), "no way into a portal");
    }
    let actions = body["systemActions"].as_array().unwrap();
    actions.iter().map(|action| information(action)).collect()
}

#[track_caller]
fn information(action: &Value) -> (Value, Parts) {
    assert_eq!(action["type"], "update");
    assert!(action["description"].is_string());
    let resource = &action["resource"];
    let extensions = resource["extension"].as_array().unwrap();
    let ours: Vec<&Value> = extensions.iter().filter(|extension| extension["url"] == INFORMATION).collect();
    assert_eq!(ours.len(), 1, "{resource}");
    let value = |part: &Value| part.as_object().unwrap().iter().find(|(name, _)| name.starts_with("value")).unwrap().1.clone();
    let parts: Parts = ours[0]["extension"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| (part["url"].as_str().unwrap().to_owned(), value(part)))
        .collect();
    let of = |name: &str| parts.iter().filter(|(url, _)| url == name).map(|(_, value)| value).collect::<Vec<_>>();
    for once in ["coverage", "covered", "date", "coverage-assertion-id"] {
        assert_eq!(of(once).len(), 1, "{once}: {parts:?}");
    }
    let is = |name: &str, code: &str| of(name).iter().any(|value| **value == code);
    let (covered, reasons) = (of("covered")[0], of("reason").len());
    assert!(covered != "not-covered" || of("pa-needed").is_empty(), "{parts:?}");
    assert_eq!(is("pa-needed", "satisfied"), of("satisfied-pa-id").len() == 1, "{parts:?}");
    assert!(!is("covered", "conditional") || !of("info-needed").is_empty(), "{parts:?}");
    let conditional = ["covered", "pa-needed", "doc-needed"].iter().any(|name| is(name, "conditional"));
    assert!(of("info-needed").is_empty() || conditional, "{parts:?}");
    for (name, allowed) in CODES {
        let all = of(name);
        assert!(all.iter().all(|code| allowed.contains(&code.as_str().unwrap())), "{name}: {all:?}");
    }
    assert!(of("reason").iter().all(|reason| reason["text"].as_str().is_some_and(|words| !words.is_empty())), "{parts:?}");
    assert!(of("questionnaire").is_empty() || !of("doc-needed").is_empty(), "{parts:?}");
    assert!(of("doc-purpose").is_empty() || reasons > 0, "{parts:?}");
    assert!(!is("covered", "indeterminate") || reasons > 0, "{parts:?}");
    assert!(!is("info-needed", "OTH") || reasons > 0, "{parts:?}");
    (resource.clone(), parts)
}

pub(super) fn codes<'p>(parts: &'p Parts, name: &str) -> Vec<&'p str> {
    parts.iter().filter(|(url, _)| url == name).filter_map(|(_, value)| value.as_str()).collect()
}

#[tokio::test]
async fn an_ehr_finds_the_hooks_that_there_are_and_no_others() {
    let service = Service::sandbox().await;
    let answer = service.get("/cds-services", "").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
    let services = answer.json()["services"].as_array().unwrap().clone();
    assert_eq!(services.len(), 3);
    for one in &services {
        assert!(one["hook"].is_string() && one["description"].is_string() && one["prefetch"]["patient"].is_string(), "{one}");
        let options = one["extension"]["davinci-crd.configuration-options"].as_array().unwrap();
        assert!(options.iter().any(|option| option["code"] == "max-cards"));
        let path = format!("/cds-services/{}", one["id"].as_str().unwrap());
        assert_eq!(call(&service, &path, "", &json!({})).await.status, 401);
        assert_eq!(call(&service, &path, HEALTH_PLAN, &json!({})).await.status, 403);
        assert_eq!(call(&service, &path, ORDERING, &json!({"hook": "other"})).await.status, 400);
    }
    for other in ["appointment-book-crd", "encounter-start-crd", "nothing"] {
        assert_eq!(call(&service, &format!("/cds-services/{other}"), ORDERING, &json!({})).await.status, 404, "{other}");
    }
}

#[tokio::test]
async fn orders_say_that_they_need_authorization_and_then_that_it_is_on_file() {
    // proves VER-03
    let service = sandbox().await;
    let hook = sign("approve-tchp");
    let answer = call(&service, SIGN, ORDERING, &hook).await;
    let actions = told(&answer);
    let drafts = drafts("approve-tchp");
    assert_eq!(actions.len(), drafts.len(), "{}", answer.text);
    let mut assertions = HashSet::new();
    for ((resource, parts), draft) in actions.iter().zip(&drafts) {
        let mut before = draft.clone();
        let mut extensions = before["extension"].as_array().cloned().unwrap_or_default();
        extensions.push(resource["extension"].as_array().unwrap().last().unwrap().clone());
        before["extension"] = json!(extensions);
        assert_eq!(*resource, before, "the order is as it was");
        assertions.insert(codes(parts, "coverage-assertion-id")[0].to_owned());
    }
    let needed =
        |actions: &[(Value, Parts)]| actions.iter().filter(|(_, parts)| codes(parts, "pa-needed") == ["auth-needed"]).count();
    assert!(needed(&actions) >= 3, "{}", answer.text);
    assert_eq!(answer.json()["cards"].as_array().unwrap().len(), 1);
    // what needs authorization names the one questionnaire of the regimen, which can be had
    let named: HashSet<&str> = actions.iter().flat_map(|(_, parts)| codes(parts, "questionnaire")).collect();
    let named: Vec<&str> = named.into_iter().collect();
    let [form] = named.as_slice() else { panic!("{named:?}") };
    let (url, version) = form.split_once('|').unwrap();
    let read = service.get(url.strip_prefix("http://127.0.0.1:8080").unwrap(), ORDERING).await;
    assert_eq!((read.status.as_u16(), &read.json()["version"]), (200, &json!(version)), "{}", read.text);
    // an order that says so already is told nothing new
    let mut again = hook.clone();
    again["context"]["draftOrders"] = bundle(&actions.iter().map(|(resource, _)| resource.clone()).collect::<Vec<_>>());
    assert_eq!(told(&call(&service, SIGN, ORDERING, &again).await), []);
    // what the EHR does not want is not said
    let mut quiet = hook.clone();
    quiet["extension"] = json!({"davinci-crd.configuration": {"max-cards": 0}});
    assert_eq!(call(&service, SIGN, ORDERING, &quiet).await.json()["cards"], json!([]));
    quiet["extension"] = json!({"davinci-crd.configuration": {"coverage-info": false}});
    assert_eq!(told(&call(&service, SIGN, ORDERING, &quiet).await), []);
    // once it is authorized, each order says under which number
    let response = claim_response(&submit(&service, &pair("approve-tchp.pas-request")).await);
    let number = response["preAuthRef"].as_str().unwrap();
    let actions = told(&call(&service, SIGN, ORDERING, &hook).await);
    let satisfied = actions.iter().filter(|(_, parts)| codes(parts, "satisfied-pa-id") == [number]).count();
    assert!(satisfied >= 3, "{actions:?}");
    assert_eq!(needed(&actions), 0);
    let stored = service.get("/v1/orders", ADMINISTRATOR).await.json();
    assert_eq!(stored["items"].as_array().unwrap().len(), 1, "asking stores nothing");
}

#[tokio::test]
async fn what_cannot_be_told_is_never_told_as_something_that_needs_nothing() {
    let service = sandbox().await;
    let with = |changes: &dyn Fn(&mut Value)| {
        let mut hook = sign("approve-tchp");
        changes(&mut hook);
        hook
    };
    let no_auth = |actions: &[(Value, Parts)]| {
        actions.iter().any(|(_, parts)| codes(parts, "pa-needed").iter().any(|code| ["no-auth", "satisfied"].contains(code)))
    };
    let stranger = with(&|hook| {
        let text = hook.to_string().replace("BMA0", "BMA9");
        *hook = serde_json::from_str(&text).unwrap();
    });
    let actions = told(&call(&service, SIGN, ORDERING, &stranger).await);
    assert!(!actions.is_empty());
    for (_, parts) in &actions {
        assert_eq!(codes(parts, "covered"), ["not-covered"], "{parts:?}");
        assert!(parts.iter().any(|(_, value)| value["coding"][0]["code"] == "no-member-found"), "{parts:?}");
    }
    for (what, hook) in [
        (
            "no diagnosis",
            with(&|hook| {
                for entry in hook["context"]["draftOrders"]["entry"].as_array_mut().unwrap() {
                    entry["resource"].as_object_mut().unwrap().remove("reasonCode");
                }
            }),
        ),
        (
            "no drug that is known",
            with(&|hook| {
                for entry in hook["context"]["draftOrders"]["entry"].as_array_mut().unwrap() {
                    entry["resource"]["medicationCodeableConcept"] = json!({"text": "something"});
                }
            }),
        ),
        ("no birth date", with(&|hook| drop(hook["prefetch"]["patient"].as_object_mut().unwrap().remove("birthDate")))),
    ] {
        let answer = call(&service, SIGN, ORDERING, &hook).await;
        let actions = told(&answer);
        assert!(!no_auth(&actions), "{what}: {}", answer.text);
    }
    for (what, hook) in [
        ("no coverage", with(&|hook| hook["prefetch"]["coverage"] = Value::Null)),
        ("nothing sent along", with(&|hook| drop(hook.as_object_mut().unwrap().remove("prefetch")))),
        (
            "another payer",
            with(&|hook| {
                let text = hook.to_string().replace("ANTHEM-BMA", "SOMEBODY-ELSE");
                *hook = serde_json::from_str(&text).unwrap();
            }),
        ),
        ("no orders", with(&|hook| hook["context"]["draftOrders"]["entry"] = json!([]))),
        (
            "orders that are void",
            with(&|hook| {
                for entry in hook["context"]["draftOrders"]["entry"].as_array_mut().unwrap() {
                    entry["resource"]["status"] = json!("cancelled");
                }
            }),
        ),
    ] {
        let answer = call(&service, SIGN, ORDERING, &hook).await;
        assert_eq!(told(&answer), [], "{what}");
        assert_eq!(answer.json()["cards"], json!([]), "{what}");
    }
    for (what, hook) in [
        ("no instance", with(&|hook| drop(hook.as_object_mut().unwrap().remove("hookInstance")))),
        ("no patient", with(&|hook| drop(hook["context"].as_object_mut().unwrap().remove("patientId")))),
        ("no drafts", with(&|hook| drop(hook["context"].as_object_mut().unwrap().remove("draftOrders")))),
    ] {
        assert_eq!(call(&service, SIGN, ORDERING, &hook).await.status, 400, "{what}");
    }
}

#[tokio::test]
async fn chosen_and_dispatched_orders_are_answered_and_judged_with_the_others() {
    let service = sandbox().await;
    let drafts = drafts("approve-tchp");
    let reference = |order: &Value| format!("MedicationRequest/{}", order["id"].as_str().unwrap());
    let mut select = sign("approve-tchp");
    select["hook"] = json!("order-select");
    select["context"]["selections"] = json!([reference(&drafts[1])]);
    let actions = told(&call(&service, "/cds-services/order-select-crd", ORDERING, &select).await);
    assert_eq!(actions.iter().map(|(resource, _)| resource["id"].clone()).collect::<Vec<_>>(), [drafts[1]["id"].clone()]);
    let mut dispatch = sign("approve-tchp");
    dispatch["hook"] = json!("order-dispatch");
    dispatch["prefetch"]["medicationRequests"] = bundle(&drafts);
    let patient = dispatch["context"]["patientId"].clone();
    dispatch["context"] =
        json!({"patientId": patient, "performer": "Organization/o", "dispatchedOrders": [reference(&drafts[2])]});
    let actions = told(&call(&service, "/cds-services/order-dispatch-crd", ORDERING, &dispatch).await);
    assert_eq!(actions.len(), 1);
    assert_eq!(codes(&actions[0].1, "pa-needed"), ["auth-needed"]);
}

#[tokio::test]
async fn an_ehr_signs_each_call_and_only_a_registered_one_is_let_in() {
    let service = sandbox().await;
    let (key, issuer) = (Key::p384(), "https://ehr.example.org/fhir");
    let client =
        json!({"role": "ordering_provider", "tax_ids": ["900000001"], "issuer": issuer, "jwks": {"keys": [key.jwk("k")]}});
    let registered = service.post("/v1/smart-clients", ADMINISTRATOR, &client).await;
    assert_eq!(registered.status, 201, "{}", registered.text);
    let twice = service.post("/v1/smart-clients", ADMINISTRATOR, &client).await;
    twice.assert_problem(409, "conflict");
    let now = service.app.clock.now();
    let header = json!({"alg": "ES384", "typ": "JWT", "kid": "k", "jku": "https://ehr.example.org/jwks"});
    let claims = |jti: &str| {
        json!({"iss": issuer, "aud": format!("http://127.0.0.1:8080{SIGN}"), "exp": (now + TimeDelta::minutes(4)).timestamp(),
               "iat": now.timestamp(), "jti": jti})
    };
    let good = key.token(&header, &claims("one"));
    let hook = sign("approve-tchp");
    let answer = call(&service, SIGN, &good, &hook).await;
    assert!(!told(&answer).is_empty());
    let with = |changes: &dyn Fn(&mut Value)| {
        let mut claims = claims("two");
        changes(&mut claims);
        key.token(&header, &claims)
    };
    for (what, token) in [
        ("used before", good),
        ("another issuer", with(&|claims| claims["iss"] = json!("https://other.example.org"))),
        ("no issuer", with(&|claims| drop(claims.as_object_mut().unwrap().remove("iss")))),
        ("another service", with(&|claims| claims["aud"] = json!("http://127.0.0.1:8080/cds-services/order-select-crd"))),
        ("the token endpoint", with(&|claims| claims["aud"] = json!("http://127.0.0.1:8080/oauth2/token"))),
        ("ended", with(&|claims| claims["exp"] = json!((now - TimeDelta::seconds(1)).timestamp()))),
        ("no number", with(&|claims| drop(claims.as_object_mut().unwrap().remove("jti")))),
        ("another key", Key::p384().token(&header, &claims("three"))),
        ("none", crate::support::jwt::signed_by(&json!({"alg": "none", "kid": "k"}), &claims("four"), |_| Vec::new())),
    ] {
        assert_eq!(call(&service, SIGN, &token, &hook).await.status, 401, "{what}");
    }
    // it opens nothing else, and nothing once the client is revoked
    let elsewhere = key.token(&header, &claims("five"));
    assert_eq!(service.get("/v1/orders", &elsewhere).await.status, 401);
    let id = registered.json()["client_id"].as_str().unwrap().to_owned();
    service.call(axum::http::Method::DELETE, &format!("/v1/smart-clients/{id}"), ADMINISTRATOR, None).await;
    assert_eq!(call(&service, SIGN, &key.token(&header, &claims("six")), &hook).await.status, 401);
    assert_eq!(service.post("/v1/smart-clients", ADMINISTRATOR, &client).await.status, 201);
}

#[tokio::test]
async fn every_call_of_the_kit_is_answered() {
    let Some(kit) = kit() else { return left_out("calls of the CRD kit") };
    let service = sandbox().await;
    let mut answered = 0;
    let files = ["inferno-crd/requests", "crd-2.2.1"].map(|folder| fs::read_dir(kit.join(folder)).unwrap());
    for file in files.into_iter().flatten().map(|file| file.unwrap().path()) {
        let body: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let calls = body.as_array().cloned().unwrap_or_else(|| vec![body]);
        for hook in calls.into_iter().filter(|hook| hook["hookInstance"].is_string()) {
            let name = hook["hook"].as_str().unwrap_or("order-sign").to_owned();
            let answer = call(&service, &format!("/cds-services/{name}-crd"), ORDERING, &hook).await;
            if ["order-sign", "order-select", "order-dispatch"].contains(&name.as_str()) {
                told(&answer);
                answered += 1;
            } else {
                assert_eq!(answer.status, 404, "{name} {}", answer.text);
            }
        }
    }
    assert!(answered >= 3, "{answered}");
}
