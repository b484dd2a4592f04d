//! Radiation orders over HTTP: decided, stored, read, reviewed, verified and billed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::support::desk::{self, NURSE, PHYSICIAN, PRACTICE, act, done, id, offer, submit};
use crate::support::http::Service;
use axum::http::Method;
use serde_json::{Value, json};

const MEMBERS: [(&str, &str, &str, &str, &str); 2] =
    [("female", "XXP100200301", "Commercial", "Hmo", "1972-07-07"), ("male", "XXP100200302", "Commercial", "Ppo", "1971-08-08")];

pub(super) fn examples() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/radiation/orders.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect("a readable file")).expect("JSON")
}

/// The order of an example, for the member of the demonstration who has its sex.
pub(super) fn example(file: &Value, changes: &Value) -> Value {
    let mut order = file["base"].clone();
    for (key, change) in changes.as_object().expect("an object") {
        if matches!(key.as_str(), "diagnosis" | "clinical" | "radiation") {
            for (field, value) in change.as_object().expect("an object") {
                order[key][field] = value.clone();
            }
        } else {
            order[key] = change.clone();
        }
    }
    let sex = order["clinical"]["sex"].as_str().expect("a sex").to_owned();
    let (_, member_id, first, last, birth) = MEMBERS.into_iter().find(|member| member.0 == sex).expect("a member");
    let plan = order["member"]["health_plan"].clone();
    order["member"] =
        json!({"health_plan": plan, "member_id": member_id, "first_name": first, "last_name": last, "birth_date": birth});
    order["ordering_provider"]["npi"] = json!("1234567893");
    order["servicing_provider"]["npi"] = json!("1245319599");
    order
}

/// Whole breast, 42.56 Gy in 16 fractions: authorized at once.
pub(super) fn whole_breast() -> Value {
    example(&examples(), &json!({}))
}

/// 70 Gy in 28 fractions to the prostate with guidance, by a modality that is not supported for it.
fn pending() -> Value {
    let mut order = whole_breast();
    order["radiation"]["modality"] = json!("imrt");
    order
}

fn statuses(case: &Value) -> Vec<&str> {
    case["procedures"].as_array().expect("a list").iter().map(|line| line["status"].as_str().expect("a status")).collect()
}

// proves, PRG-01, INF-03, INF-04
#[tokio::test]
async fn every_order_of_the_demonstration_is_answered_as_it_says() {
    let service = Service::with_rosters().await;
    let file = examples();
    for case in file["cases"].as_array().expect("a list") {
        let expected = &case["expect"];
        let answer = service.post("/v1/orders/preview", PRACTICE, &example(&file, &case["order"])).await;
        let body = answer.json();
        if expected["http"] == 422 {
            let slug = expected["problem"].as_str().expect("a slug");
            answer.assert_problem(422, slug);
            for pointer in expected["pointers"].as_array().into_iter().flatten() {
                assert!(body["errors"].as_array().unwrap().iter().any(|error| error["pointer"] == *pointer), "{body}");
            }
            continue;
        }
        assert_eq!(answer.status.as_u16(), 200, "{}: {}", case["id"], answer.text);
        assert_eq!(body["status"], expected["status"], "{}: {}", case["id"], body["deviations"]);
        assert_eq!(body["drugs"], json!([]));
        let lines: Vec<Value> = body["procedures"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|line| json!({"line": line["line"], "code": line["code"], "units": line["units"], "status": line["status"]}))
            .collect();
        assert_eq!(json!(lines), expected["procedures"], "{}", case["id"]);
        let told: Vec<Value> = body["deviations"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| json!({"code": one["code"], "effect": one["effect"], "field": one["field"]}))
            .collect();
        assert_eq!(json!(told), expected["deviations"], "{}", case["id"]);
        assert_eq!(body["s_codes_withheld"], "not_applicable");
        assert_ne!(body["pathway"]["determination"], "off_pathway");
    }
}

// proves, VER-01, VER-03, VER-05, VER-06, DET-10
#[tokio::test]
async fn an_authorized_course_is_read_summarized_verified_and_billed() {
    let service = Service::with_rosters().await;
    let case = submit(&service, &whole_breast()).await;
    assert_eq!((&case["status"], &case["drugs"]), (&json!("authorized"), &json!([])));
    let (case_id, order_id) = (id(&case), case["order_id"].as_str().expect("an Order ID").to_owned());
    assert_eq!(case["pathway"]["determination"], "no_pathway_available");
    let delivery = &case["procedures"][1];
    assert_eq!((&delivery["code"], &delivery["units"], &delivery["units_approved"]), (&json!("77407"), &json!(16), &json!(16)));
    assert_eq!((&delivery["visits_approved"], &delivery["order_id"]), (&json!(16), &json!(order_id)));
    assert_eq!((&delivery["valid_from"], &delivery["valid_through"]), (&json!("2026-12-07"), &json!("2027-02-15")));
    assert_eq!(desk::read(&service, &case_id).await, case);

    let summary = service.get(&format!("/v1/orders/{case_id}/summary"), PRACTICE).await.json();
    assert_eq!((&summary["drugs"], &summary["procedures"][1]["code"]), (&json!([]), &json!("77407")));
    let page = service
        .send(
            axum::http::Request::builder()
                .uri(format!("/v1/orders/{case_id}/summary"))
                .header("authorization", format!("Bearer {PRACTICE}"))
                .header("accept", "text/html")
                .body(axum::body::Body::empty())
                .expect("a request"),
        )
        .await;
    assert!(page.text.contains("Procedures") && page.text.contains("77407") && !page.text.contains("S-codes"), "{}", page.text);

    let letters = service.get(&format!("/v1/orders/{case_id}/letters"), PRACTICE).await.json();
    let letter_id = letters["items"][0]["letter_id"].as_str().expect("a letter");
    let letter = service.get(&format!("/v1/letters/{letter_id}"), PRACTICE).await.json();
    assert_eq!((&letter["drugs"], &letter["procedures"][1]["code"]), (&json!([]), &json!("77407")));

    let member = whole_breast()["member"].clone();
    for (code, authorized) in [("77407", true), ("77412", false), ("0394T", false)] {
        let asked = json!({"member": member, "hcpcs": code, "date": "2026-12-10"});
        let answer = service.post("/v1/verifications", PRACTICE, &asked).await.json();
        assert_eq!(answer["authorized"], authorized, "{code}: {answer}");
    }
    let asked = json!({"order_id": order_id, "hcpcs": "77407"});
    let answer = service.post("/v1/verifications", PRACTICE, &asked).await.json();
    assert_eq!((&answer["drugs"], &answer["procedures"][0]["units_approved"]), (&json!([]), &json!(16)));
    let malformed = service.post("/v1/verifications", PRACTICE, &json!({"order_id": order_id, "hcpcs": "774T7"})).await;
    malformed.assert_problem(422, "validation-failed");

    let line = |units: u64, day: &str| {
        json!({"lines": [{"order_id": order_id, "hcpcs": "77407", "units": units, "service_date": day,
                                                        "billing_npi": "1245319599"}]})
    };
    let plan = "sandbox-administrator";
    let first = service.post("/v1/claim-checks", plan, &line(1, "2026-12-08")).await.json();
    assert_eq!((&first["lines"][0]["matches"], &first["lines"][0]["units_remaining"]), (&json!(true), &json!(15)), "{first}");
    let twice = service.post("/v1/claim-checks", plan, &line(1, "2026-12-08")).await.json();
    assert_eq!(twice["lines"][0]["reason"], "units_exceed_visit", "{twice}");
    let late = service.post("/v1/claim-checks", plan, &line(1, "2027-02-16")).await.json();
    assert_eq!(late["lines"][0]["reason"], "outside_dates", "{late}");

    let history = service.get(&format!("/v1/orders/{case_id}/history"), PRACTICE).await;
    assert_eq!(history.status.as_u16(), 200, "{}", history.text);
    let list = service.get("/v1/orders", PRACTICE).await.json();
    assert_eq!(list["items"][0]["case_id"], json!(case_id), "{list}");
    let feed = service.get("/v1/feeds/bcbs-massachusetts/events", plan).await.json();
    assert_eq!((&feed["items"][0]["drugs"], &feed["items"][0]["procedures"][1]["code"]), (&json!([]), &json!("77407")), "{feed}");
}

// proves, DET-03, DET-04, CAS-04, CAS-05, CAS-07
#[tokio::test]
async fn reviewers_decide_lines_and_a_denied_delivery_denies_the_case_but_denied_guidance_does_not() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &pending()).await);
    let waiting = service.get("/v1/reviews?queue=nurse", NURSE).await.json();
    assert_eq!((&waiting["items"][0]["drugs"], &waiting["items"][0]["procedures"][2]["code"]), (&json!([]), &json!("77387")));
    let both = json!({"drugs": [{"line": 1, "decision": "authorized"}], "lines": [{"line": 2, "decision": "authorized"}]});
    let problem = act(&service, NURSE, &case_id, "determinations", &both).await.assert_problem(422, "validation-failed");
    assert_eq!(problem["errors"][0]["pointer"], "/lines");
    let neither = act(&service, NURSE, &case_id, "determinations", &json!({})).await;
    neither.assert_problem(422, "validation-failed");
    done(&service, NURSE, &case_id, "peer-to-peer", &offer()).await;
    done(&service, NURSE, &case_id, "escalations", &json!({"rationale": "for a physician"})).await;
    let deny = |line: u32| json!({"line": line, "decision": "non_authorized", "reason_code": "not_medically_necessary", "rationale": "not needed"});
    let unnamed = json!({"lines": [{"line": 3, "decision": "non_authorized"}]});
    let problem = act(&service, PHYSICIAN, &case_id, "determinations", &unnamed).await.assert_problem(422, "validation-failed");
    assert!(problem["errors"][0]["pointer"].as_str().unwrap().starts_with("/lines/0/"), "{problem}");
    let decided = json!({"lines": [{"line": 1, "decision": "authorized"}, {"line": 2, "decision": "authorized"}, deny(3)]});
    let case = done(&service, PHYSICIAN, &case_id, "determinations", &decided).await;
    assert_eq!(case["status"], "multiple_decisions_rendered", "{case}");
    assert_eq!(statuses(&case), ["authorized", "authorized", "non_authorized"]);
    assert_eq!(case["procedures"][2]["denial"]["reason_code"], "not_medically_necessary");
    let letters = service.get(&format!("/v1/orders/{case_id}/letters"), PRACTICE).await.json();
    assert_eq!(letters["items"].as_array().unwrap().len(), 4, "approval and denial, to member and provider");

    // another member: a possible duplicate would have to be decided first
    let mut order = pending();
    order["member"] = json!({"health_plan": "bcbs-massachusetts", "member_id": "XXP100200300", "first_name": "Test",
                             "last_name": "Member", "birth_date": "1950-01-15"});
    let case_id = id(&submit(&service, &order).await);
    done(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    let case = done(&service, PHYSICIAN, &case_id, "determinations", &json!({"lines": [deny(2)]})).await;
    assert_eq!((&case["status"], &case["order_id"]), (&json!("non_authorized"), &Value::Null));
    assert_eq!(statuses(&case), ["non_authorized", "non_authorized", "non_authorized"]);
    assert_eq!(case["s_codes_withheld"], "not_applicable");
}

// proves DRG-05, CAS-06
#[tokio::test]
async fn lines_are_withdrawn_by_either_name_and_all_of_them_cancel_the_case() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &pending()).await);
    let path = format!("/v1/orders/{case_id}/withdrawals");
    let both = json!({"drugs": [1], "lines": [1], "reason": "voluntarily_cancelled"});
    service.post(&path, PRACTICE, &both).await.assert_problem(422, "validation-failed");
    service.post(&path, PRACTICE, &json!({"reason": "voluntarily_cancelled"})).await.assert_problem(422, "validation-failed");
    let one = service.post(&path, PRACTICE, &json!({"lines": [3], "reason": "voluntarily_cancelled"})).await;
    assert_eq!(one.status.as_u16(), 201, "{}", one.text);
    assert_eq!(statuses(&one.json())[2], "voluntarily_cancelled");
    let all = service.post(&path, PRACTICE, &json!({"drugs": "all", "reason": "error_entry"})).await;
    assert_eq!(all.json()["status"], "review_cancelled", "{}", all.text);
}

// proves R-12, SUB-16
#[tokio::test]
async fn a_plan_comparison_that_is_added_moves_the_order_on() {
    let service = Service::with_rosters().await;
    let first = submit(&service, &pending()).await;
    assert_eq!(first["review"]["asked_for"].as_array().unwrap().len(), 1, "{}", first["review"]);
    let patch = json!({"radiation": {"plan_comparison": "Mean heart dose 3.1 Gy by 3D, 1.2 Gy by IMRT."}});
    let answer = service.call(Method::PATCH, &format!("/v1/orders/{}", id(&first)), PRACTICE, Some(&patch)).await;
    assert_eq!(answer.json()["status"], "authorized", "{}", answer.text);
}

// proves, SAFE-03, SAFE-12
#[tokio::test]
async fn a_safety_answer_that_is_taken_back_goes_to_the_nurse_who_has_the_order() {
    let service = Service::with_rosters().await;
    let told = |name: &str, result: &str| json!([{"name": name, "result": result, "on": "2026-11-20"}]);
    let change = async |case: &Value, patch: &Value| {
        let answer = service.call(Method::PATCH, &format!("/v1/orders/{}", id(case)), PRACTICE, Some(patch)).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
        answer.json()
    };
    let mut order = whole_breast();
    order["clinical"]["assessments"] = told("prior_radiation_here", "yes");
    let first = submit(&service, &order).await;
    assert_eq!(first["status"], "in_progress");
    let said = |case: &Value| case["deviations"].to_string().contains("was taken back");
    let no = change(&first, &json!({"clinical": {"assessments": told("prior_radiation_here", "no")}})).await;
    assert_eq!((&no["status"], said(&no)), (&json!("in_progress"), true), "{no}");
    let none = change(&no, &json!({"clinical": {"assessments": []}, "radiation": {"technique": "tangents"}})).await;
    assert_eq!((&none["status"], said(&none)), (&json!("in_progress"), true), "{none}");
    let again = change(&none, &json!({"clinical": {"assessments": told("prior_radiation_here", "yes")}})).await;
    assert_eq!(again["status"], "in_progress", "{again}");

    // an answer that was only asked for is no answer taken back
    let mut order = whole_breast();
    order["member"] = json!({"health_plan": order["member"]["health_plan"], "member_id": "XXP100200308", "first_name": "Same",
                             "last_name": "Name", "birth_date": "1952-12-12"});
    order["clinical"]["prior_therapies"] = json!([{"name": "left breast RT 2012"}]);
    let asked = submit(&service, &order).await;
    assert_eq!(asked["status"], "in_progress");
    let answered = change(&asked, &json!({"clinical": {"assessments": told("prior_radiation_here", "no")}})).await;
    assert_eq!((&answered["status"], said(&answered)), (&json!("authorized"), false), "{answered}");
}

// proves PRG-01, PRG-08, SUB-03
#[tokio::test]
async fn a_part_of_another_service_is_said_and_not_dropped() {
    let service = Service::with_rosters().await;
    let drugs = desk::tch(desk::QCCP);
    let mut order = whole_breast();
    order["treatment"] = drugs["treatment"].clone();
    order["radiation"]["procedures"] = json!([{"line": 1, "code": "7740", "units": 1}]);
    let problem = service.post("/v1/orders", PRACTICE, &order).await.assert_problem(422, "not-of-this-service");
    let pointers: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/radiation/procedures/0/code", "/treatment"]);
    let mut order = drugs;
    order["radiation"] = whole_breast()["radiation"].clone();
    let problem = service.post("/v1/orders", PRACTICE, &order).await.assert_problem(422, "not-of-this-service");
    assert_eq!(problem["errors"][0]["pointer"], "/radiation");
    let mut order = whole_breast();
    order["member"] = json!({"health_plan": desk::OVM, "member_id": "XYU100200300", "first_name": "Test",
                             "last_name": "Member", "birth_date": "1950-01-15"});
    let problem = service.post("/v1/orders", PRACTICE, &order).await.assert_problem(422, "not-eligible");
    assert_eq!((&problem["exclusion"], problem["redirect"]["entity"].is_string()), (&json!("service_not_managed"), true));
}

// proves DUP-01, DUP-02, R-42
#[tokio::test]
async fn the_same_site_and_side_at_the_same_time_may_be_a_duplicate_and_the_other_side_is_none() {
    let service = Service::with_rosters().await;
    let first = id(&submit(&service, &whole_breast()).await);
    let second = submit(&service, &whole_breast()).await;
    assert_eq!((&second["status"], &second["review"]["holds"]), (&json!("in_progress"), &json!(["possible_duplicate"])));
    assert_eq!(second["notices"][0]["case_id"], json!(first), "{}", second["notices"]);
    let decided = json!({"duplicate": false, "rationale": "a second course was planned"});
    let case = done(&service, NURSE, &id(&second), "duplicate-decisions", &decided).await;
    assert_eq!(case["status"], "authorized");
    let mut left = whole_breast();
    left["diagnosis"]["icd10"] = json!("C50.912");
    assert_eq!(submit(&service, &left).await["status"], "authorized");
    let mut drugs = desk::tch(desk::QCCP);
    drugs["member"] = whole_breast()["member"].clone();
    let drugs = submit(&service, &drugs).await;
    let about_others = |code: &str| drugs["notices"].as_array().unwrap().iter().any(|notice| notice["code"] == code);
    assert!(!about_others("overlapping_treatment") && !about_others("duplicate_order"), "{}", drugs["notices"]);
}
