//! Coverage requirements over HTTP: the source's questions as data, what is left out, words of front desks, and agreement with eligibility checks.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::support;

use serde_json::{Value, json};
use support::http::Service;
use support::submit::{HEALTH_PLAN, ORDERING, sandbox};

const PATH: &str = "/v1/coverage-requirements";

async fn ask(service: &Service, question: &Value) -> Value {
    let answer = service.post(PATH, ORDERING, question).await;
    assert_eq!(answer.status.as_u16(), 200, "{question}: {}", answer.text);
    answer.json()
}

// proves COV-01, COV-02, COV-03, COV-04, PRG-03, PRG-04
#[tokio::test]
async fn every_question_of_the_source_is_answered_as_the_source_answers_it() {
    let service = sandbox().await;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/coverage/questions.toml");
    let questions: toml::Value = toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let questions = serde_json::to_value(questions).unwrap();
    let questions = questions["question"].as_array().unwrap();
    assert!(questions.len() >= 80);
    let mut wrong = Vec::new();
    for question in questions {
        let mut asked = json!({"health_plan": "bcbs-massachusetts"});
        for (key, value) in question["ask"].as_object().unwrap() {
            asked[key] = value.clone();
        }
        let answer = ask(&service, &asked).await;
        let mut branches: Vec<&str> =
            answer["branches"].as_array().unwrap().iter().map(|b| b["requirement"].as_str().unwrap()).collect();
        branches.sort_unstable();
        let told = [
            question.get("requirement").is_none_or(|expected| answer["requirement"] == *expected),
            question.get("within_hours").is_none_or(|expected| answer["within_hours"] == *expected),
            question.get("decided_by").is_none_or(|expected| answer["decided_by"] == *expected),
            question.get("branches").is_none_or(|expected| json!(branches) == *expected),
            question["says"].as_array().is_none_or(|all| all.iter().all(|text| says(&answer, text.as_str().unwrap()))),
        ];
        if told.contains(&false) {
            wrong.push(format!("{question}\n  {told:?} {answer}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn says(answer: &Value, text: &str) -> bool {
    match answer {
        Value::String(said) => said.contains(text),
        Value::Array(all) => all.iter().any(|one| says(one, text)),
        Value::Object(all) => all.values().any(|one| says(one, text)),
        _ => false,
    }
}

// proves COV-02
#[tokio::test]
async fn every_service_of_the_requirement_has_an_answer() {
    let service = sandbox().await;
    let named = [
        "acute_inpatient_mental_health",
        "acute_residential_mental_health",
        "acute_residential_substance_use",
        "partial_hospitalization",
        "intensive_community_based_treatment",
        "intensive_outpatient",
        "psychotherapy",
        "inpatient_cancer",
        "outpatient_cancer",
        "chiropractic",
        "dental",
        "oral_surgery",
        "cleft_lip_palate_surgery",
        "cleft_lip_palate_non_surgical",
        "orthodontia",
        "genetic_testing",
        "habilitation",
        "high_technology_radiology",
        "home_health_care",
        "physical_therapy",
        "occupational_therapy",
        "speech_therapy",
        "sleep_testing",
        "sleep_treatment",
        "inpatient",
        "nicu",
        "back_joint_pain_procedures",
        "out_of_area_member",
    ];
    for name in named {
        for line in ["commercial", "medicare_advantage", "medicaid", "dual_eligible", "fep"] {
            let question = json!({"health_plan": "bcbs-massachusetts", "service": name, "line_of_business": line});
            let answer = ask(&service, &question).await;
            assert_eq!(
                answer["requirement"].is_null(),
                !answer["decided_by"].as_array().unwrap().is_empty() && answer["requirement"].is_null()
            );
            let branches = answer["branches"].as_array().unwrap();
            assert!(!answer["requirement"].is_null() || branches.len() > 1, "{name} {line}: {answer}");
        }
    }
    let listed = service.get("/v1/coverage-requirements/services?q=sleep", ORDERING).await.json();
    let ids: Vec<&str> = listed["items"].as_array().unwrap().iter().map(|item| item["service"].as_str().unwrap()).collect();
    assert_eq!(ids, ["sleep_testing", "sleep_treatment"]);
    let all = service.get("/v1/coverage-requirements?q=sleep", ORDERING).await.json();
    assert_eq!(all["items"][0]["service"], "sleep_testing");
    assert!(all["items"][0]["branches"].as_array().unwrap().len() > 1);
}

// proves COV-01
#[tokio::test]
async fn what_is_not_understood_is_named_with_what_would_be() {
    let service = sandbox().await;
    let refused = |question: Value| {
        let service = &service;
        async move { service.post(PATH, ORDERING, &question).await.assert_problem(422, "validation-failed")["errors"].clone() }
    };
    let errors = refused(json!({"health_plan": "bcbs-massachusetts", "service": "sleeping stud"})).await;
    assert!(errors[0]["message"].as_str().unwrap().contains("sleep_testing"), "{errors}");
    assert_eq!(errors[0]["pointer"], "/service");
    let errors = refused(json!({"health_plan": "nobody", "service": "qwerty", "product": "gold"})).await;
    let pointers: Vec<&str> = errors.as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/health_plan", "/service", "/product"]);
    let errors = refused(json!({"health_plan": "bcbs-massachusetts", "service": "MRI", "line_of_business": "commercial", "product": "medicare_hmo"})).await;
    assert_eq!(errors[0]["pointer"], "/product");
    let errors = refused(json!({"health_plan": "bcbs-massachusetts", "service": "MRI", "age": 200, "visits": 3})).await;
    assert_eq!(errors.as_array().unwrap().len(), 2, "{errors}");
}

// proves COV-01
#[tokio::test]
async fn a_health_plan_asks_about_itself_only() {
    let service = sandbox().await;
    let question = |plan| json!({"health_plan": plan, "service": "MRI"});
    let own = service.post(PATH, HEALTH_PLAN, &question("anthem-blue-medicare-advantage")).await;
    assert_eq!(own.status.as_u16(), 200);
    let other = service.post(PATH, HEALTH_PLAN, &question("bcbs-massachusetts")).await;
    assert_eq!(other.status.as_u16(), 404);
    let listed = service.get(PATH, HEALTH_PLAN).await.json();
    assert!(listed["items"].as_array().unwrap().iter().all(|item| item["health_plan"] == "anthem-blue-medicare-advantage"));
}

// proves PRG-03, PRG-04, PRG-15, COV-01
#[tokio::test]
async fn eligibility_checks_and_coverage_answers_say_the_same() {
    let service = sandbox().await;
    let members = [
        ("bcbs-massachusetts", "Test", "Member", "1950-01-15", "medicare_advantage", "medicare_hmo"),
        ("bcbs-massachusetts", "Commercial", "Hmo", "1972-07-07", "commercial", "hmo"),
        ("bcbs-massachusetts", "Commercial", "Ppo", "1971-08-08", "commercial", "ppo"),
        ("bcbs-massachusetts", "Federal", "Employee", "1960-02-02", "fep", ""),
        ("bcbs-massachusetts", "Medicaid", "Only", "1980-09-09", "medicaid", ""),
        ("anthem-blue-medicare-advantage", "Test", "Member", "1950-01-15", "medicare_advantage", ""),
        ("anthem-blue-medicare-advantage", "Federal", "Employee", "1960-02-02", "fep", ""),
        ("anthem-blue-medicare-advantage", "Medicaid", "Only", "1980-09-09", "medicaid", ""),
        ("bcbs-michigan", "Test", "Member", "1950-01-15", "commercial", ""),
        ("bcbs-michigan", "Federal", "Employee", "1960-02-02", "fep", ""),
    ];
    for (plan, first, last, born, line, product) in members {
        for (cancer, kind, setting) in [
            ("outpatient_medical_oncology", "medical_oncology", "outpatient"),
            ("outpatient_radiation_oncology", "radiation_oncology", "outpatient"),
            ("inpatient_cancer", "medical_oncology", "inpatient"),
        ] {
            let member = json!({"health_plan": plan, "first_name": first, "last_name": last, "birth_date": born});
            let check = json!({"member": member, "service": kind, "setting": setting, "date_of_service": "2026-12-01"});
            let eligibility = service.post("/v1/eligibility-checks", ORDERING, &check).await.json();
            let mut question = json!({"health_plan": plan, "service": cancer, "line_of_business": line});
            if !product.is_empty() {
                question["product"] = json!(product);
            }
            let mut answer = ask(&service, &question).await;
            // the member's product decides, which the roster knows
            if let Some(branch) =
                answer["branches"].as_array().unwrap().iter().find(|b| b["exclusion"] == eligibility["exclusion"])
            {
                answer = branch.clone();
            }
            assert_eq!(answer["exclusion"], eligibility["exclusion"], "{question} {eligibility}");
            if eligibility["eligible"] == true {
                assert_eq!(answer["orders"], json!([kind]), "{question}");
                assert_eq!(answer["requirement"], "prior_authorization");
            } else {
                assert_eq!(answer["message"], eligibility["detail"], "{question}");
                let instructions = &eligibility["redirect"]["instructions"];
                let all = answer["how_to_request"].as_array().unwrap();
                assert!(all.iter().any(|how| how["instructions"] == *instructions), "{question} {answer}");
            }
        }
    }
}
