//! CDS Hooks: what is said of each kind of order, and how what came along, or did not, changes it.

use super::crd::{Parts, SIGN, bundle, call, codes, told};
use super::sandbox;
use crate::support::http::Service;
use crate::support::submit::ORDERING;
use serde_json::{Value, json};
use std::fs;

const MEMBER: &str = "BMA000002";

fn order(id: &str, code: &str, name: &str) -> Value {
    let mut concept = json!({"text": name});
    if !code.is_empty() {
        concept["coding"] = json!([{"system": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "code": code}]);
    }
    json!({
        "resourceType": "MedicationRequest", "id": id, "status": "draft", "intent": "order", "medicationCodeableConcept": concept,
        "subject": {"reference": "Patient/p"},
        "reasonCode": [{"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "C50.911"}]}],
    })
}

fn hook(orders: &[Value]) -> Value {
    json!({
        "hook": "order-sign", "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", "fhirServer": "https://ehr.example.org/fhir",
        "context": {"userId": "Practitioner/c", "patientId": "p", "draftOrders": bundle(orders)},
        "prefetch": {
            "patient": {"resourceType": "Patient", "id": "p", "name": [{"family": "Member", "given": ["Test"]}], "gender": "female",
                        "birthDate": "1954-03-09"},
            "coverage": {"resourceType": "Coverage", "id": "c", "status": "active", "subscriberId": MEMBER,
                         "beneficiary": {"reference": "https://ehr.example.org/fhir/Patient/p"},
                         "payor": [{"identifier": {"system": "http://payer.example.org/payer-id", "value": "ANTHEM-BMA"}}]},
        },
    })
}

async fn said(service: &Service, hook: &Value) -> Vec<Parts> {
    told(&call(service, SIGN, ORDERING, hook).await).into_iter().map(|(_, parts)| parts).collect()
}

fn reasons(parts: &Parts) -> String {
    let texts = parts.iter().filter(|(url, _)| url == "reason").filter_map(|(_, value)| value["text"].as_str());
    texts.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn each_order_is_told_by_who_reviews_it() {
    // proves DRG-01, DRG-03, DRG-04
    let service = sandbox().await;
    let orders = [
        (order("managed", "J9355", "trastuzumab"), "auth-needed"),
        (order("supportive", "J2506", "pegfilgrastim"), "auth-needed"),
        (order("not-managed", "J2405", "ondansetron"), "no-auth"),
        (order("not-in-the-catalogue", "J1234", "a drug that nobody here knows"), "conditional"),
        (order("pharmacy", "", "olaparib"), "conditional"),
        (order("unclassified", "J9999", "a new product"), "conditional"),
        (order("in-words", "", "something"), "indeterminate"),
    ];
    let sent: Vec<Value> = orders.iter().map(|(order, _)| order.clone()).collect();
    let answers = said(&service, &hook(&sent)).await;
    for ((order, needed), parts) in orders.iter().zip(&answers) {
        assert_eq!(codes(parts, "pa-needed"), [*needed], "{order}: {parts:?}");
    }
    assert!(reasons(&answers[4]).contains("pharmacy benefit"), "{:?}", answers[4]);
    assert!(answers[4].iter().any(|(url, value)| url == "contact" && value["name"].is_string()), "{:?}", answers[4]);
    // each is the same when it is asked about alone
    for (order, needed) in &orders {
        let alone = said(&service, &hook(std::slice::from_ref(order))).await;
        assert_eq!(codes(&alone[0], "pa-needed"), [*needed], "{order}");
    }
}

#[tokio::test]
async fn what_came_along_decides_and_what_did_not_is_open() {
    let service = sandbox().await;
    let managed = || hook(&[order("a", "J9355", "trastuzumab")]);
    let with = |changes: &dyn Fn(&mut Value)| {
        let mut hook = managed();
        changes(&mut hook);
        hook
    };
    let encounter = |class: Value| {
        with(&|hook| {
            hook["context"]["encounterId"] = json!("e");
            hook["prefetch"]["encounter"] =
                json!({"resourceType": "Encounter", "id": "e", "status": "in-progress", "class": class});
        })
    };
    let class = |code: &str| json!({"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": code});
    let second = |code: &'static str| {
        with(&move |hook| {
            let reason = json!({"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}]});
            hook["context"]["draftOrders"]["entry"][0]["resource"]["reasonCode"].as_array_mut().unwrap().push(reason);
        })
    };
    let set = |name: &'static str, value: Value| {
        with(&move |hook| hook["context"]["draftOrders"]["entry"][0]["resource"][name] = value.clone())
    };
    for (what, hook, covered, needed, words) in [
        ("an outpatient", encounter(class("AMB")), "covered", "auth-needed", "managed"),
        ("an inpatient", encounter(class("IMP")), "conditional", "conditional", "npatient"),
        ("an encounter of no known class", encounter(json!({"code": "?"})), "conditional", "conditional", "admission"),
        ("a second cancer", second("C50.912"), "covered", "auth-needed", "managed"),
        ("a second diagnosis that is none", second("R11.0"), "conditional", "conditional", "diagnoses"),
        ("another patient", set("subject", json!({"reference": "Patient/q"})), "indeterminate", "indeterminate", "subject"),
        ("nobody", set("subject", Value::Null), "indeterminate", "indeterminate", "subject"),
        ("no reason", set("reasonCode", json!([])), "conditional", "conditional", "diagnosis"),
        (
            "no cancer",
            set("reasonCode", json!([{"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "J45.909"}]}])),
            "conditional",
            "conditional",
            "oncology",
        ),
        (
            "before the plan",
            set("dispenseRequest", json!({"validityPeriod": {"start": "2019-01-01"}})),
            "not-covered",
            "",
            "coverage",
        ),
        (
            "a modifier",
            set("modifierExtension", json!([{"url": "http://example.org/not", "valueBoolean": true}])),
            "indeterminate",
            "indeterminate",
            "read",
        ),
    ] {
        let answers = said(&service, &hook).await;
        let [parts] = answers.as_slice() else { panic!("{what}: {answers:?}") };
        assert_eq!(codes(parts, "covered"), [covered], "{what}: {parts:?}");
        assert_eq!(codes(parts, "pa-needed"), if needed.is_empty() { vec![] } else { vec![needed] }, "{what}: {parts:?}");
        assert!(reasons(parts).contains(words), "{what}: {}", reasons(parts));
    }
    // which cancer is treated changes what is asked for, and not that it is
    let (one, two) = (&said(&service, &managed()).await[0], &said(&service, &second("C16.9")).await[0]);
    assert_eq!([codes(one, "pa-needed"), codes(two, "pa-needed")], [["auth-needed"], ["auth-needed"]], "{two:?}");
    assert_eq!([codes(one, "questionnaire").len(), codes(two, "questionnaire").len()], [1, 0], "{two:?}");
    // a Condition that came along says what an order is for
    let by_reference = with(&|hook| {
        let order = &mut hook["context"]["draftOrders"]["entry"][0]["resource"];
        order["reasonCode"] = json!([]);
        order["reasonReference"] = json!([{"reference": "Condition/x"}]);
        hook["prefetch"]["conditions"] =
            bundle(&[json!({"resourceType": "Condition", "id": "x", "subject": {"reference": "Patient/p"},
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "C50911"}]}})]);
    });
    assert_eq!(codes(&said(&service, &by_reference).await[0], "pa-needed"), ["auth-needed"]);
}

#[tokio::test]
async fn the_call_of_the_documentation_works_in_the_sandbox() {
    let service = Service::with_rosters().await;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/fhir/order-sign.json");
    let hook: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let answers = said(&service, &hook).await;
    let needed: Vec<Vec<&str>> = answers.iter().map(|parts| codes(parts, "pa-needed")).collect();
    assert_eq!(needed, [["auth-needed"], ["no-auth"]], "{answers:?}");
}

#[tokio::test]
async fn procedures_of_radiation_are_told_by_their_codes() {
    let service = Service::with_rosters().await;
    let procedure = |id: &str, code: &str| {
        json!({"resourceType": "ServiceRequest", "id": id, "status": "draft", "intent": "order", "subject": {"reference": "Patient/p"},
               "code": {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": code}]},
               "reasonCode": [{"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "C50.911"}]}]})
    };
    let orders = [procedure("planning", "77263"), procedure("delivery", "77412"), order("drug", "J9355", "trastuzumab")];
    let text = hook(&orders)
        .to_string()
        .replace("ANTHEM-BMA", "BCBSMA")
        .replace(MEMBER, "XXP100200301")
        .replace("1954-03-09", "1972-07-07")
        .replace("\"Test\"", "\"Commercial\"")
        .replace("\"Member\"", "\"Hmo\"");
    let answers = said(&service, &serde_json::from_str(&text).unwrap()).await;
    let needed: Vec<Vec<&str>> = answers.iter().map(|parts| codes(parts, "pa-needed")).collect();
    assert_eq!(needed, [["no-auth"], ["auth-needed"], ["auth-needed"]], "{answers:?}");
    // a plan that does not manage radiation says whom to ask
    let text = hook(&orders).to_string().replace(MEMBER, "XKM100200300").replace("1954-03-09", "1950-01-15");
    let answers = said(&service, &serde_json::from_str(&text).unwrap()).await;
    assert_eq!(codes(&answers[1], "pa-needed"), ["conditional"], "{answers:?}");
    assert_eq!(codes(&answers[2], "pa-needed"), ["auth-needed"], "{answers:?}");
}

#[tokio::test]
async fn each_order_is_judged_on_its_own_day() {
    // proves PRG-14
    let service = sandbox().await;
    let on = |id: &str, code: &str, name: &str, day: &str| {
        let mut order = order(id, code, name);
        if !day.is_empty() {
            order["dispenseRequest"] = json!({"validityPeriod": {"start": day}});
        }
        order
    };
    // the member's coverage began in 2020
    let orders = [
        on("before", "J9355", "trastuzumab", "2019-12-31"),
        on("within", "J9171", "docetaxel", "2026-12-08"),
        on("later", "J9355", "trastuzumab", "2026-12-15"),
    ];
    let answers = said(&service, &hook(&orders)).await;
    assert_eq!(
        answers.iter().map(|parts| codes(parts, "covered")).collect::<Vec<_>>(),
        [["not-covered"], ["covered"], ["covered"]]
    );
    assert_eq!(codes(&answers[2], "pa-needed"), ["auth-needed"]);
    // one that names no day is given with the first of the others
    let answers = said(&service, &hook(&[on("none", "J9355", "trastuzumab", ""), orders[0].clone()])).await;
    assert_eq!(answers.iter().map(|parts| codes(parts, "covered")).collect::<Vec<_>>(), [["not-covered"], ["not-covered"]]);
}
