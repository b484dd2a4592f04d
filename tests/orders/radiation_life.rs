//! Courses of radiation that are taken back, ordered once more, or extended late: what was given, and what was told, stays (DRG-05, R-42, SUB-05).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use super::radiation::whole_breast;
use crate::support::desk::{self, ADMINISTRATOR, OTHER_PRACTICE, PRACTICE, id, submit};
use crate::support::http::{Answer, Service};
use axum::http::Method;
use serde_json::{Value, json};

async fn withdraw(service: &Service, case: &Value, lines: &Value, reason: &str) -> Answer {
    let body = json!({"lines": lines, "reason": reason});
    service.post(&format!("/v1/orders/{}/withdrawals", id(case)), PRACTICE, &body).await
}

async fn withdrawn(service: &Service, case: &Value, reason: &str) {
    let answer = withdraw(service, case, &json!("all"), reason).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["status"]), (201, &json!("review_cancelled")), "{}", answer.text);
}

async fn extend(service: &Service, case: &Value, through: &str, reason: &str) -> Answer {
    let change = json!({"radiation": {"extended_through": through, "extension_reason": reason}});
    service.call(Method::PATCH, &format!("/v1/orders/{}", id(case)), PRACTICE, Some(&change)).await
}

// proves DRG-05, R-32, R-42, SAFE-15
#[tokio::test]
async fn what_was_billed_of_a_course_is_not_withdrawn_and_its_delivery_is_not_withdrawn_alone() {
    let service = Service::with_rosters().await;
    let case = submit(&service, &whole_breast()).await;
    assert_eq!((&case["status"], &case["procedures"][1]["code"]), (&json!("authorized"), &json!("77407")));
    let alone = withdraw(&service, &case, &json!([2]), "voluntarily_cancelled").await.assert_problem(409, "conflict");
    assert!(alone.to_string().contains("nothing is left that delivers"), "{alone}");

    let line = json!({"lines": [{"order_id": case["order_id"], "hcpcs": "77407", "units": 1, "service_date": "2026-12-08",
                                 "billing_npi": "1245319599"}]});
    let checked = service.post("/v1/claim-checks", ADMINISTRATOR, &line).await.json();
    assert_eq!(checked["lines"][0]["matches"], true, "{checked}");
    for lines in [json!("all"), json!([2])] {
        let refused = withdraw(&service, &case, &lines, "voluntarily_cancelled").await.assert_problem(409, "conflict");
        assert_eq!(refused["requirement"], "DRG-05", "{refused}");
        assert!(refused.to_string().contains("77407") && refused.to_string().contains("billed"), "{refused}");
    }
    assert_eq!(desk::read(&service, &id(&case)).await, case, "what is refused changes nothing");
    let again = submit(&service, &whole_breast()).await;
    assert_eq!(again["review"]["holds"], json!(["possible_duplicate"]), "{again}");
    // the plan was not billed
    let planned = withdraw(&service, &case, &json!([1]), "voluntarily_cancelled").await;
    assert_eq!(planned.status.as_u16(), 201, "{}", planned.text);
}

// proves, DRG-05
#[tokio::test]
async fn a_course_withdrawn_before_its_first_day_was_not_given_and_one_withdrawn_later_may_have_been() {
    let service = Service::with_rosters().await;
    let first = submit(&service, &whole_breast()).await;
    withdrawn(&service, &first, "voluntarily_cancelled").await;
    let second = submit(&service, &whole_breast()).await;
    assert_eq!((&second["status"], &second["notices"]), (&json!("authorized"), &first["notices"]), "{second}");

    desk::move_clock(&service, "2026-12-08T15:00:00Z").await;
    withdrawn(&service, &second, "voluntarily_cancelled").await;
    let mut order = whole_breast();
    order["date_of_service"] = json!("2026-12-09");
    let third = submit(&service, &order).await;
    assert_eq!((&third["status"], &third["review"]["holds"]), (&json!("in_progress"), &json!(["re_irradiation"])), "{third}");
    assert!(third["notices"].to_string().contains("some of it may have been given"), "{}", third["notices"]);
    // the other breast was not treated
    order["diagnosis"]["icd10"] = json!("C50.912");
    assert_eq!(submit(&service, &order).await["status"], "authorized");
}

// proves, SAFE-03, SAFE-12, SAFE-15
#[tokio::test]
async fn an_answer_for_safety_is_not_forgotten_with_the_order_that_told_it() {
    for (name, result) in [("prior_radiation_here", "yes"), ("pregnancy_test", "positive"), ("pacemaker", "yes")] {
        let service = Service::with_rosters().await;
        let mut order = whole_breast();
        order["clinical"]["assessments"] = json!([{"name": name, "result": result, "on": "2026-11-20"}]);
        let told = submit(&service, &order).await;
        assert_eq!(told["status"], "in_progress", "{name}: {told}");
        withdrawn(&service, &told, "error_entry").await;
        let silent = submit(&service, &whole_breast()).await;
        assert_eq!(silent["status"], "in_progress", "{name}: {silent}");
        // earlier radiation is that of its area, and the others are the patient's
        let mut left = whole_breast();
        left["diagnosis"]["icd10"] = json!("C50.912");
        let status = if name == "prior_radiation_here" { "authorized" } else { "in_progress" };
        assert_eq!(submit(&service, &left).await["status"], status, "{name}");
    }
}

// proves R-34, SUB-05, SUB-06
#[tokio::test]
async fn an_authorization_is_extended_while_it_runs_or_shortly_after_and_each_time_for_a_reason() {
    let service = Service::with_rosters().await;
    let case = submit(&service, &whole_breast()).await;
    assert_eq!(case["procedures"][1]["valid_through"], "2027-02-15");
    let side = extend(&service, &case, "2027-03-01", "a treatment break for the left breast").await;
    let side = side.assert_problem(422, "validation-failed");
    assert_eq!(side["errors"][0]["pointer"], "/radiation/extension_reason", "{side}");
    assert!(side.to_string().contains("left side"), "{side}");

    // Presidents' Day is no business day
    desk::move_clock(&service, "2027-02-17T15:00:00Z").await;
    let extended = extend(&service, &case, "2027-03-01", "the machine was down").await;
    assert_eq!((extended.status.as_u16(), &extended.json()["procedures"][1]["valid_through"]), (200, &json!("2027-03-01")));
    let same = extend(&service, &case, "2027-03-10", "the machine was down").await.assert_problem(422, "validation-failed");
    assert_eq!(same["errors"][0]["pointer"], "/radiation/extension_reason", "{same}");

    desk::move_clock(&service, "2027-03-04T15:00:00Z").await;
    let late = extend(&service, &case, "2027-03-10", "the patient was hospitalized").await;
    let late = late.assert_problem(422, "validation-failed");
    assert_eq!(late["errors"][0]["pointer"], "/radiation/extended_through", "{late}");
    assert!(late.to_string().contains("could be extended until 2027-03-03"), "{late}");
}

/// Docetaxel and the like for the member of the breast, in four cycles of three weeks from the first day of the radiation.
fn chemotherapy() -> Value {
    let mut order = desk::tch(desk::QCCP);
    order["member"] = whole_breast()["member"].clone();
    order["date_of_service"] = whole_breast()["date_of_service"].clone();
    order
}

// proves SUB-03, SAFE-12, SAFE-15, PRV-02
#[tokio::test]
async fn drugs_on_file_that_go_with_no_radiation_hold_a_curative_course_and_a_stage_on_file_is_compared() {
    let service = Service::with_rosters().await;
    let drugs = submit(&service, &chemotherapy()).await;
    let radiation = submit(&service, &whole_breast()).await;
    let holds = radiation["review"]["holds"].as_array().expect("holds");
    assert!(holds.contains(&json!("overlapping_treatment")), "{drugs} {radiation}");
    assert!(radiation["notices"].to_string().contains("no regimen of chemoradiation"), "{}", radiation["notices"]);
    // what counts are the days on which each line is given: docetaxel is over, and the antibody goes on
    let mut later = whole_breast();
    later["date_of_service"] = json!("2027-09-06");
    assert_eq!(submit(&service, &later).await["review"]["holds"], json!(["re_irradiation"]));

    let service = Service::with_rosters().await;
    let mut bone = whole_breast();
    bone["diagnosis"]["icd10"] = json!("C79.51");
    for (field, value) in [("stage", "IV"), ("treatment_goal", "palliative"), ("line_of_treatment", "first_line")] {
        bone["clinical"][field] = json!(value);
    }
    bone["clinical"]["tnm"]["m"] = json!("1");
    bone["radiation"] = json!({"modality": "three_d_conformal", "site": "T8", "total_dose_gy": 8, "fractions": 1,
                               "histology": "invasive_ductal_carcinoma"});
    let on_file = submit(&service, &bone).await;
    assert_eq!(on_file["status"], "authorized", "{on_file}");
    let breast = submit(&service, &whole_breast()).await;
    assert_eq!(breast["status"], "in_progress", "{breast}");
    assert!(breast["deviations"].to_string().contains("that it has spread"), "{}", breast["deviations"]);

    // what another practice told is heard, and not told on
    let service = Service::with_rosters().await;
    bone["ordering_provider"] = json!({"npi": "1999999034", "first_name": "Another", "last_name": "Clinician"});
    let elsewhere = service.post("/v1/orders", OTHER_PRACTICE, &bone).await;
    assert_eq!(elsewhere.status.as_u16(), 201, "{}", elsewhere.text);
    let breast = submit(&service, &whole_breast()).await;
    assert_eq!(breast["status"], "in_progress", "{breast}");
    let told = breast["deviations"].to_string();
    assert!(told.contains("does not go with what is on file of this member") && !told.contains("spread"), "{told}");
}
