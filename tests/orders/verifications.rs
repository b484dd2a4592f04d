//! Verifications over HTTP: whoever treats a patient learns whether an authorization is in place, and nothing else.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test crate")]

use crate::support;

use serde_json::{Value, json};
use support::http::{Answer, Service};
use support::submit::{
    ADMINISTRATOR, HEALTH_PLAN, INTAKE, NURSE, ORDERING, OTHER_PRACTICE, SERVICING, assert_created, authorized_order, for_member,
    pending_order, sandbox,
};

/// A physician.
const PHYSICIAN: &str = "sandbox-physician";
const PATH: &str = "/v1/verifications";
/// A facility that no order of these tests names.
const STRANGER: &str = "a facility elsewhere";

fn member() -> Value {
    authorized_order()["member"].clone()
}

fn asked(answer: &Answer) -> Value {
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    let body = answer.json();
    let unlike_s_codes = ["S0353", "S0354", "s_code", "pathway", "SCD-"];
    assert!(unlike_s_codes.iter().all(|word| !answer.text.contains(word)), "never S-codes: {body:#}");
    body
}

async fn verify(service: &Service, token: &str, question: &Value) -> Value {
    asked(&service.post(PATH, token, question).await)
}

/// A token of a servicing provider whose practice takes part in no order.
async fn stranger(service: &Service) -> String {
    let request = json!({"role": "servicing_provider", "tax_ids": ["900000077"], "name": STRANGER});
    let answer = service.post("/v1/tokens", ADMINISTRATOR, &request).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    answer.json()["token"].as_str().unwrap().to_owned()
}

fn without_time(mut answer: Value) -> Value {
    answer.as_object_mut().unwrap().remove("as_of");
    answer
}

// proves VER-03, SCD-10
#[tokio::test]
async fn an_order_id_is_verified_with_units_and_dates_however_it_is_typed() {
    let service = sandbox().await;
    let case = assert_created(&service.post("/v1/orders", ORDERING, &authorized_order()).await);
    let order_id = case["order_id"].as_str().unwrap();
    assert!(!case["s_codes"].as_array().unwrap().is_empty(), "there are S-codes to keep quiet about");
    let typed = format!(" {}-{} ", &order_id[..4].to_lowercase(), &order_id[4..]);
    let stranger = stranger(&service).await;
    for token in [ORDERING, SERVICING, INTAKE, NURSE, HEALTH_PLAN, ADMINISTRATOR, &stranger] {
        let answer = verify(&service, token, &json!({"order_id": typed})).await;
        assert_eq!(answer["authorized"], true, "{token}: {answer:#}");
        assert_eq!((&answer["reason"], &answer["status"]), (&json!("authorized"), &json!("authorized")));
        assert_eq!(answer["order_id"], case["order_id"]);
        assert_eq!((&answer["valid_from"], &answer["date"]), (&json!("2026-12-01"), &Value::Null));
        assert_eq!(answer["as_of"], "2026-11-20T15:00:00Z");
        for field in [
            "line",
            "hcpcs",
            "name",
            "status",
            "billing_unit",
            "units_approved",
            "visits_approved",
            "valid_from",
            "valid_through",
        ] {
            let of = |from: &Value| from["drugs"].as_array().unwrap().iter().map(|drug| drug[field].clone()).collect::<Vec<_>>();
            assert_eq!(of(&answer), of(&case), "{field}");
        }
        let text = answer.to_string();
        assert!(["XKM100200300", "Member", "1950"].iter().all(|known| !text.contains(known)), "{text}");
    }
}

// proves VER-03
#[tokio::test]
async fn a_drug_and_a_day_are_verified_within_the_range_and_refused_outside_it() {
    let service = sandbox().await;
    let case = assert_created(&service.post("/v1/orders", ORDERING, &authorized_order()).await);
    let through = case["drugs"][0]["valid_through"].as_str().unwrap();
    let by_member = |hcpcs: &str, date: Value| json!({"member": member(), "hcpcs": hcpcs, "date": date});
    for (question, authorized, reason) in [
        (by_member("J9355", Value::Null), true, "authorized"),
        (by_member("j9355", json!("2026-12-01")), true, "authorized"),
        (by_member("J9355", json!(through)), true, "authorized"),
        // docetaxel is not managed by the program
        (by_member("J9171", json!(through)), true, "clinical_review_not_required"),
        (by_member("J9171", json!("2026-11-30")), false, "outside_valid_range"),
        (by_member("J9171", json!("2029-01-01")), false, "outside_valid_range"),
        (by_member("J9299", Value::Null), false, "not_found"),
        (json!({"order_id": case["order_id"], "hcpcs": "J9299"}), false, "drug_not_on_order"),
        (json!({"order_id": case["order_id"], "hcpcs": "S0353"}), false, "drug_not_on_order"),
        (json!({"order_id": case["order_id"], "date": "2026-11-30"}), false, "outside_valid_range"),
        (json!({"order_id": case["order_id"], "member": member(), "hcpcs": "J9355"}), true, "authorized"),
        (json!({"order_id": case["order_id"], "member": member()}), true, "authorized"),
    ] {
        let answer = asked(&service.post(PATH, SERVICING, &question).await);
        assert_eq!((&answer["authorized"], &answer["reason"]), (&json!(authorized), &json!(reason)), "{question}: {answer:#}");
        let is_known = !matches!(reason, "not_found");
        assert_eq!(answer["valid_through"], if is_known { json!(through) } else { Value::Null }, "{question}");
        if let Some(hcpcs) = question["hcpcs"].as_str() {
            let drugs = answer["drugs"].as_array().unwrap();
            assert!(drugs.iter().all(|drug| drug["hcpcs"] == hcpcs.to_uppercase()), "{answer:#}");
            assert!(drugs.iter().all(|drug| drug["authorized"] == authorized), "{answer:#}");
        }
    }
    // trastuzumab has a line in each phase
    let both = verify(&service, SERVICING, &by_member("J9355", Value::Null)).await;
    assert_eq!(both["drugs"].as_array().unwrap().len(), 2, "{both:#}");
}

// proves VER-03, DET-09, INF-08
#[tokio::test]
async fn it_is_no_until_there_is_an_order_id_and_only_those_concerned_learn_why() {
    let service = sandbox().await;
    assert_created(&service.post("/v1/orders", ORDERING, &pending_order()).await);
    let question = json!({"member": member(), "hcpcs": "J9171"});
    for token in [ORDERING, SERVICING, NURSE, HEALTH_PLAN] {
        let answer = verify(&service, token, &question).await;
        assert_eq!((&answer["authorized"], &answer["reason"]), (&json!(false), &json!("in_progress")), "{token}: {answer:#}");
        assert_eq!((&answer["order_id"], &answer["valid_from"]), (&Value::Null, &Value::Null));
        assert_eq!(answer["drugs"][0]["authorized"], false);
    }
    let stranger = stranger(&service).await;
    for token in [OTHER_PRACTICE, &stranger] {
        assert_eq!(verify(&service, token, &question).await["reason"], "not_found", "{token}");
    }
}

// proves INF-08, VER-03, PRV-02
#[tokio::test]
async fn whatever_is_unknown_mistyped_or_somebody_elses_is_answered_alike() {
    let service = sandbox().await;
    let case = assert_created(&service.post("/v1/orders", ORDERING, &authorized_order()).await);
    let order_id = case["order_id"].as_str().unwrap();
    let last = order_id.chars().last().unwrap();
    let wrong_check = format!("{}{}", &order_id[..9], if last == '7' { '8' } else { '7' });
    let with = |field: &str, value: &str| {
        let mut member = member();
        member[field] = json!(value);
        json!({"member": member, "hcpcs": "J9171"})
    };
    let expected = without_time(verify(&service, SERVICING, &json!({"order_id": "A000000000"})).await);
    assert_eq!((&expected["authorized"], &expected["reason"]), (&json!(false), &json!("not_found")));
    assert_eq!((&expected["drugs"], &expected["status"]), (&json!([]), &Value::Null));
    for question in [
        json!({"order_id": wrong_check}),
        json!({"order_id": "anything at all"}),
        with("first_name", "Tess"),
        with("birth_date", "1950-01-16"),
        with("member_id", "XKM999999999"),
        with("health_plan", "bcbs-massachusetts"),
        with("health_plan", "no-such-plan"),
        // a member without any order
        with("member_id", "XKM100200301"),
        json!({"order_id": order_id, "member": for_member(authorized_order(), "XKM100200301", "Sample", "Patient", "1948-06-30")["member"]}),
    ] {
        assert_eq!(without_time(verify(&service, SERVICING, &question).await), expected, "{question}");
    }
    for token in [OTHER_PRACTICE] {
        assert_eq!(without_time(verify(&service, token, &json!({"order_id": order_id})).await), expected, "{token}");
    }
    let mut elsewhere = for_member(authorized_order(), "XXP100200302", "Commercial", "Ppo", "1971-08-08");
    elsewhere["member"]["health_plan"] = json!("bcbs-massachusetts");
    let elsewhere = assert_created(&service.post("/v1/orders", ORDERING, &elsewhere).await);
    let question = json!({"order_id": elsewhere["order_id"]});
    assert_eq!(without_time(verify(&service, HEALTH_PLAN, &question).await), expected, "another plan's order");
    assert_eq!(verify(&service, SERVICING, &question).await["authorized"], true);
}

// proves VER-03
#[tokio::test]
async fn a_question_that_names_nothing_is_refused_with_what_is_missing() {
    let service = sandbox().await;
    let pointers = |problem: &Value| {
        let errors = problem["errors"].as_array().unwrap();
        errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (question, missing) in [
        (json!({}), vec!["/order_id"]),
        (json!({"hcpcs": "J9171", "date": "2026-12-01"}), vec!["/order_id"]),
        (json!({"member": member()}), vec!["/hcpcs"]),
        (
            json!({"member": {"member_id": "XKM100200300"}}),
            vec!["/member/health_plan", "/member/first_name", "/member/last_name", "/member/birth_date", "/hcpcs"],
        ),
    ] {
        let answer = service.post(PATH, SERVICING, &question).await;
        assert_eq!(pointers(&answer.assert_problem(422, "missing-required-information")), missing, "{question}");
    }
    for hcpcs in ["9171", "J917", "J91711", "JJ171"] {
        let answer = service.post(PATH, SERVICING, &json!({"order_id": "A000000000", "hcpcs": hcpcs})).await;
        assert_eq!(answer.assert_problem(422, "validation-failed")["errors"][0]["code"], "malformed-code", "{hcpcs}");
    }
    let unknown = service.post(PATH, SERVICING, &json!({"orderid": "A000000000"})).await;
    assert!(unknown.assert_problem(422, "validation-failed")["errors"][0]["message"].as_str().unwrap().contains("order_id"));
}

// proves VER-03, DET-09, INF-08
#[tokio::test]
async fn what_was_refused_is_known_to_those_who_take_part_in_the_order() {
    let service = sandbox().await;
    let mut order = pending_order();
    let supportive = json!({"line": 5, "hcpcs": "J2506", "role": "supportive", "route": "sc", "dose": {"amount": 6, "unit": "mg"},
                            "days": [2], "frequency_per_day": 1});
    order["treatment"]["phases"][0]["drugs"].as_array_mut().unwrap().push(supportive);
    let case = assert_created(&service.post("/v1/orders", ORDERING, &order).await);
    let review = format!("/v1/reviews/{}", case["case_id"].as_str().unwrap());
    assert_created(&service.post(&format!("{review}/peer-to-peer"), PHYSICIAN, &json!({"event": "offered"})).await);
    let mut lines: Vec<Value> = (1..=4).map(|line| json!({"line": line, "decision": "authorized"})).collect();
    lines.push(
        json!({"line": 5, "decision": "non_authorized", "reason_code": "criteria_not_met", "rationale": "no risk factors"}),
    );
    let case = assert_created(&service.post(&format!("{review}/determinations"), PHYSICIAN, &json!({"drugs": lines})).await);
    assert_eq!(case["status"], "multiple_decisions_rendered", "{case:#}");
    let stranger = stranger(&service).await;
    let whole = json!({"order_id": case["order_id"]});
    for (token, lines) in [(SERVICING, 5), (HEALTH_PLAN, 5), (stranger.as_str(), 4)] {
        let answer = verify(&service, token, &whole).await;
        assert_eq!(answer["drugs"].as_array().unwrap().len(), lines, "{token}: {answer:#}");
        assert_eq!(answer["message"].as_str().unwrap().contains("Not every line"), lines == 5, "{answer:#}");
    }
    let refused = json!({"order_id": case["order_id"], "hcpcs": "J2506"});
    assert_eq!(verify(&service, SERVICING, &refused).await["reason"], "non_authorized");
    let unknown = json!({"order_id": case["order_id"], "hcpcs": "J9355"});
    assert_eq!(verify(&service, &stranger, &unknown).await["reason"], "authorized");
    let absent = json!({"order_id": case["order_id"], "hcpcs": "J9041"});
    let (refused, absent) = (verify(&service, &stranger, &refused).await, verify(&service, &stranger, &absent).await);
    assert_eq!(refused["reason"], "drug_not_on_order", "{refused:#}");
    assert_eq!(without_time(refused), without_time(absent));
    for hcpcs in ["J2506", "J9041"] {
        let answer = verify(&service, &stranger, &json!({"member": member(), "hcpcs": hcpcs})).await;
        assert_eq!(answer["reason"], "not_found", "{hcpcs}: {answer:#}");
    }
}
