//! Eligibility checks over HTTP, with the demonstration rosters: every exclusion has a member.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "test crate")]

use crate::support;

use serde_json::{Value, json};
use support::http::Service;
use support::submit::{HEALTH_PLAN, NURSE, ORDERING, SERVICING, count, sandbox};

const BMA: &str = "anthem-blue-medicare-advantage";
const QCCP: &str = "bcbs-massachusetts";
const OVM: &str = "bcbs-michigan";

fn question(plan: &str, first: &str, last: &str, birth_date: &str) -> Value {
    json!({"member": {"health_plan": plan, "first_name": first, "last_name": last, "birth_date": birth_date},
           "service": "medical_oncology", "setting": "outpatient", "date_of_service": "2026-12-01"})
}

fn with(mut question: Value, field: &str, value: Value) -> Value {
    question[field] = value;
    question
}

async fn ask(service: &Service, question: &Value) -> Value {
    let answer = service.post("/v1/eligibility-checks", ORDERING, question).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    answer.json()
}

// proves PRG-01, PRG-08, PRG-09, PRG-14
#[tokio::test]
async fn members_of_each_program_are_in_it() {
    let service = sandbox().await;
    let questions = [
        (question(BMA, "Test", "Member", "1950-01-15"), "blue-medicare-advantage-ccq"),
        (question(QCCP, "Test", "Member", "1950-01-15"), "quality-care-cancer"),
        (question(QCCP, "Commercial", "Hmo", "1972-07-07"), "quality-care-cancer"),
        (with(question(QCCP, "Commercial", "Ppo", "1971-08-08"), "service", json!("radiation_oncology")), "quality-care-cancer"),
        (question(OVM, "Test", "Member", "1950-01-15"), "oncology-value-management"),
        (
            with(question(BMA, "Test", "Member", "1950-01-15"), "diagnosis", json!({"icd10": "C50.911"})),
            "blue-medicare-advantage-ccq",
        ),
    ];
    for (question, program) in questions {
        let answer = ask(&service, &question).await;
        assert_eq!((&answer["eligible"], &answer["program"]), (&json!(true), &json!(program)), "{question}: {answer}");
        assert_eq!(answer["exclusion"], Value::Null);
    }
}

// proves PRG-02, PRG-03, PRG-04, PRG-05, PRG-06, PRG-07, PRG-08, PRG-09, PRG-10, PRG-11, PRG-15
#[tokio::test]
async fn whoever_is_excluded_learns_by_which_rule_and_where_to_go() {
    let service = sandbox().await;
    let test_member = |plan| question(plan, "Test", "Member", "1950-01-15");
    let federal = |plan| question(plan, "Federal", "Employee", "1960-02-02");
    let medicaid = |plan| question(plan, "Medicaid", "Only", "1980-09-09");
    let before = |plan, day: &str| with(test_member(plan), "date_of_service", json!(day));
    let elsewhere = |plan| with(test_member(plan), "diagnosis", json!({"icd10": "E11.9"}));
    let inpatient = |plan| with(test_member(plan), "setting", json!("inpatient"));
    let radiation = |plan| with(test_member(plan), "service", json!("radiation_oncology"));
    let table = [
        (federal(BMA), "fep", "PRG-03"),
        (federal(QCCP), "fep", "PRG-03"),
        (federal(OVM), "fep", "PRG-03"),
        (question(BMA, "Commercial", "Hmo", "1972-07-07"), "commercial", "PRG-07"),
        (question(BMA, "Commercial", "Ppo", "1971-08-08"), "commercial", "PRG-07"),
        (medicaid(BMA), "medicaid", "PRG-07"),
        (question(BMA, "Dual", "Eligible", "1949-10-10"), "dual_eligible", "PRG-07"),
        (question(QCCP, "Commercial", "Indemnity", "1965-04-04"), "indemnity", "PRG-02"),
        (question(OVM, "Health", "Trust", "1954-06-06"), "group_not_participating", "PRG-09"),
        (question(OVM, "International", "Union", "1956-07-07"), "group_not_participating", "PRG-09"),
        (question(OVM, "Commercial", "Other", "1972-07-07"), "not_urmbt", "PRG-10"),
        (question(OVM, "Medicare", "Plus", "1949-10-10"), "not_urmbt", "PRG-10"),
        (radiation(BMA), "service_not_managed", "PRG-08"),
        (radiation(OVM), "service_not_managed", "PRG-08"),
        (inpatient(BMA), "inpatient", "PRG-04"),
        (inpatient(QCCP), "inpatient", "PRG-04"),
        (inpatient(OVM), "inpatient", "PRG-04"),
        (before(BMA, "2021-09-30"), "before_program_start", "PRG-06"),
        (before(QCCP, "2021-06-30"), "before_program_start", "PRG-05"),
        (elsewhere(BMA), "not_oncology_diagnosis", "PRG-11"),
        (elsewhere(QCCP), "not_oncology_diagnosis", "PRG-11"),
        (elsewhere(OVM), "not_oncology_diagnosis", "PRG-11"),
    ];
    for (question, exclusion, requirement) in &table {
        let answer = ask(&service, question).await;
        assert_eq!(answer["eligible"], false, "{question}: {answer}");
        assert_eq!(
            (&answer["exclusion"], &answer["requirement"]),
            (&json!(exclusion), &json!(requirement)),
            "{question}: {answer}"
        );
        assert!(answer["detail"].is_string() && answer["redirect"]["entity"].is_string(), "{answer}");
        assert_eq!(answer["program"], Value::Null);
    }
    let kept =
        "select count(*) from enquiries where kind = 'eligibility_check' and outcome = 'not_eligible' and member_id is not null";
    assert_eq!(count(&service, kept).await, i64::try_from(table.len()).unwrap());
}

// proves PRG-14, INF-08
#[tokio::test]
async fn nobody_learns_what_the_roster_holds_and_what_is_missing_is_told_at_once() {
    let service = sandbox().await;
    let mut mismatch = question(BMA, "Tess", "Member", "1950-01-15");
    mismatch["member"]["member_id"] = json!("XKM100200300");
    let table = [
        (question(BMA, "No", "Body", "1950-01-15"), "member-not-found"),
        (mismatch, "member-mismatch"),
        (question(BMA, "Expired", "Coverage", "1951-11-11"), "coverage-not-active"),
        (question(BMA, "Same", "Name", "1952-12-12"), "missing-required-information"),
        (question("nobody", "Test", "Member", "1950-01-15"), "validation-failed"),
    ];
    for (question, slug) in table {
        let answer = service.post("/v1/eligibility-checks", SERVICING, &question).await;
        let problem = answer.assert_problem(422, slug);
        assert!(!answer.text.contains("XKM10020"), "{problem}");
    }
    assert_eq!(count(&service, "select count(*) from enquiries where outcome = 'refused'").await, 5);
    let empty = json!({"member": {}, "service": "medical_oncology", "date_of_service": "2026-12-01"});
    let problem = service.post("/v1/eligibility-checks", NURSE, &empty).await.assert_problem(422, "missing-required-information");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 4);
    let missing = service.post("/v1/eligibility-checks", NURSE, &json!({})).await.assert_problem(422, "validation-failed");
    assert_eq!(missing["errors"].as_array().unwrap().len(), 3);
}

// proves PRV-02
#[tokio::test]
async fn a_plan_asks_about_its_own_members_only() {
    let service = sandbox().await;
    let own = service.post("/v1/eligibility-checks", HEALTH_PLAN, &question(BMA, "Test", "Member", "1950-01-15")).await;
    assert_eq!(own.json()["eligible"], true, "{}", own.text);
    let other = service.post("/v1/eligibility-checks", HEALTH_PLAN, &question(QCCP, "Test", "Member", "1950-01-15")).await;
    other.assert_problem(404, "not-found");
}

// proves SUB-12, SUB-15, PRG-16
#[tokio::test]
async fn programs_say_when_to_call_whom_and_what_excludes() {
    let service = sandbox().await;
    let programs = service.get("/v1/programs", SERVICING).await.json();
    let items = programs["items"].as_array().unwrap();
    let phones: Vec<(&str, &str)> = items
        .iter()
        .map(|program| (program["program"].as_str().unwrap(), program["contacts"]["phone"]["phone"].as_str().unwrap()))
        .collect();
    for expected in [
        ("blue-medicare-advantage-ccq", "1-844-767-8157"),
        ("oncology-value-management", "1-800-728-8008"),
        ("quality-care-cancer", "1-866-745-1783"),
    ] {
        assert!(phones.contains(&expected), "{phones:?}");
    }
    let ovm = service.get("/v1/programs/oncology-value-management", ORDERING).await.json();
    assert!(ovm["contacts"]["portal"]["hours"].as_str().unwrap().contains("Sunday"), "{}", ovm["contacts"]);
    assert_eq!(
        ovm["clocks"],
        json!({"standard": {"business_days": 3, "hours": null}, "urgent": {"business_days": null, "hours": 72}})
    );
    assert_eq!(ovm["health_plan"], OVM);
    assert!(ovm["without_authorization"].is_string());
    service.get("/v1/programs/nothing", ORDERING).await.assert_problem(404, "not-found");
}
