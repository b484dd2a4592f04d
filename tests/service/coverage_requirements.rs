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
    assert!(ask_all("questions.toml").await >= 150);
}

// proves COV-01, COV-03
#[tokio::test]
async fn a_front_desk_asks_in_its_own_words_and_no_word_is_passed_over() {
    assert!(ask_all("front-desk.toml").await >= 120);
}

// proves COV-01, COV-03
#[tokio::test]
async fn codes_and_slips_of_the_pen_are_read_and_said_and_what_was_given_already_is_answered() {
    assert!(ask_all("codes-and-slips.toml").await >= 60);
}

// proves COV-01, COV-03, PRG-04, PRG-08
#[tokio::test]
async fn kinds_of_questions_that_are_easily_taken_for_others_are_not() {
    assert!(ask_all("kinds.toml").await >= 105);
}

// proves COV-01, COV-03
#[tokio::test]
async fn a_word_that_is_not_understood_lets_no_plan_and_no_place_decide() {
    assert!(ask_all("taken-back.toml").await >= 50);
}

/// Asks every question of a file and says how many there are.
async fn ask_all(file: &str) -> usize {
    let service = sandbox().await;
    let file = format!("{}/tests/coverage/{file}", env!("CARGO_MANIFEST_DIR"));
    let questions: toml::Value = toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let questions = serde_json::to_value(questions).unwrap();
    let questions = questions["question"].as_array().unwrap();
    let mut wrong = Vec::new();
    for question in questions {
        let mut asked = json!({"health_plan": "bcbs-massachusetts"});
        for (key, value) in question["ask"].as_object().unwrap() {
            asked[key] = value.clone();
        }
        let answer = service.post(PATH, ORDERING, &asked).await;
        let expected_status = if question["refused"].is_array() { 422 } else { 200 };
        let (status, answer) = (answer.status.as_u16(), answer.json());
        let mut branches: Vec<&str> =
            answer["branches"].as_array().into_iter().flatten().map(|b| b["requirement"].as_str().unwrap()).collect();
        branches.sort_unstable();
        let said =
            |key: &str| question[key].as_array().is_none_or(|all| all.iter().all(|text| says(&answer, text.as_str().unwrap())));
        // part of what the answer says; an empty one stands for nothing
        let has = |key: &str| match (question.get(key).and_then(Value::as_str), answer[key].as_str()) {
            (None, _) | (Some(""), None) => true,
            (Some(expected), Some(said)) => !expected.is_empty() && said.contains(expected),
            (Some(_), None) => false,
        };
        let told = [
            status == expected_status,
            question.get("service").is_none_or(|expected| answer["service"] == *expected),
            question.get("requirement").is_none_or(|expected| answer["requirement"] == *expected),
            question.get("never").is_none_or(|never| answer["requirement"] != *never),
            question.get("within_hours").is_none_or(|expected| answer["within_hours"] == *expected),
            question.get("decided_by").is_none_or(|expected| answer["decided_by"] == *expected),
            question.get("branches").is_none_or(|expected| json!(branches) == *expected),
            has("read_as"),
            has("afterwards"),
            said("says"),
            said("refused"),
        ];
        if told.contains(&false) {
            wrong.push(format!("{question}\n  {told:?} {answer}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    questions.len()
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

// proves COV-01
#[tokio::test]
async fn what_the_words_tell_beside_the_service_counts_and_is_shown() {
    let service = sandbox().await;
    let plan = "bcbs-massachusetts";
    let answer = ask(&service, &json!({"health_plan": plan, "service": "FEP CT in the ER, PPO"})).await;
    assert_eq!(answer["understood"]["line_of_business"], "fep");
    assert_eq!(answer["understood"]["setting"], "emergency");
    assert_eq!(answer["understood"]["product"], "ppo or medicare_ppo");
    assert_eq!(answer["requirement"], "none");
    assert_eq!(answer["not_considered"], Value::Null);
    let question =
        json!({"health_plan": plan, "service": "PT for a 40 year old after an inpatient stay", "line_of_business": "fep"});
    let answer = ask(&service, &question).await;
    assert_eq!(answer["understood"], json!({"age": "40"}));
    assert_eq!(answer["not_considered"], "an inpatient stay");
    // the words and the field differ: both are answered
    let question = json!({"health_plan": plan, "service": "FEP speech therapy", "line_of_business": "commercial"});
    let answer = ask(&service, &question).await;
    assert_eq!(answer["branches"].as_array().unwrap().len(), 2, "{answer}");
    assert_eq!(answer["decided_by"], json!(["line_of_business"]));
    // what all branches have in common stands above them
    let question = json!({"health_plan": plan, "service": "residential SUD", "line_of_business": "commercial", "product": "hmo"});
    let answer = ask(&service, &question).await;
    assert_eq!(answer["conditions"], json!(["Based on medical necessity."]));
    let everything = service.get("/v1/coverage-requirements", ORDERING).await.json();
    // one page, or several where the caller limits them
    let first = service.get("/v1/coverage-requirements?limit=2", ORDERING).await.json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = service.get(&format!("/v1/coverage-requirements?limit=2&cursor={cursor}"), ORDERING).await.json();
    let items = |page: &Value| page["items"].as_array().unwrap().clone();
    assert_eq!([items(&first), items(&second)].concat(), items(&everything)[..4]);
    assert_eq!(everything["next_cursor"], Value::Null);
    let decided: Vec<&str> = everything["items"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|item| item["decided_by"].as_array().unwrap())
        .map(|input| input.as_str().unwrap())
        .collect();
    assert!(decided.contains(&"setting") && !decided.contains(&"date"));
}

// proves COV-01, PRG-09, PRG-10
#[tokio::test]
async fn a_plan_that_tells_groups_apart_answers_each() {
    let service = sandbox().await;
    let question = |group: Value| json!({"health_plan": "bcbs-michigan", "service": "outpatient chemo", "line_of_business": "commercial", "group": group});
    let exclusions = |answer: &Value| {
        let mut all: Vec<String> =
            answer["branches"].as_array().unwrap().iter().map(|branch| branch["exclusion"].to_string()).collect();
        all.sort_unstable();
        all
    };
    let open = ask(&service, &question(Value::Null)).await;
    assert_eq!(open["decided_by"], json!(["group"]));
    assert_eq!(exclusions(&open), ["\"group_not_participating\"", "\"not_urmbt\"", "null"]);
    // another number says that the member is in neither of the two groups, and nothing of the trust
    let number = ask(&service, &question(json!("70001"))).await;
    assert_eq!(exclusions(&number), ["\"not_urmbt\"", "null"]);
    assert_eq!(ask(&service, &question(json!("URMBT"))).await["requirement"], "prior_authorization");
    assert_eq!(ask(&service, &question(json!("71714"))).await["exclusion"], "group_not_participating");
    let other = ask(&service, &question(json!("other"))).await;
    assert_eq!(other["exclusion"], "not_urmbt");
    assert!(says(&other, "not in the UAW Retiree Medical Benefits Trust"), "{other}");
    let refused = service.post(PATH, ORDERING, &question(json!("trust fund"))).await;
    assert_eq!(refused.assert_problem(422, "validation-failed")["errors"][0]["pointer"], "/group");
}

/// The number of a member of the sandbox.
fn member_id(plan: &str, first: &str, last: &str) -> Value {
    let file = format!("{}/content/sandbox/{plan}/members.ndjson", env!("CARGO_MANIFEST_DIR"));
    let rows = std::fs::read_to_string(file).unwrap();
    let mut rows = rows.lines().map(|row| serde_json::from_str::<Value>(row).unwrap());
    rows.find(|row| row["first_name"] == first && row["last_name"] == last).unwrap()["member_id"].clone()
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
        ("bcbs-massachusetts", "Commercial", "Indemnity", "1965-04-04", "commercial", "indemnity"),
        ("bcbs-massachusetts", "Medicaid", "Only", "1980-09-09", "medicaid", ""),
        ("bcbs-massachusetts", "Dual", "Eligible", "1949-10-10", "dual_eligible", ""),
        ("anthem-blue-medicare-advantage", "Test", "Member", "1950-01-15", "medicare_advantage", ""),
        ("anthem-blue-medicare-advantage", "Federal", "Employee", "1960-02-02", "fep", ""),
        ("anthem-blue-medicare-advantage", "Commercial", "Hmo", "1972-07-07", "commercial", "hmo"),
        ("anthem-blue-medicare-advantage", "Medicaid", "Only", "1980-09-09", "medicaid", ""),
        ("anthem-blue-medicare-advantage", "Dual", "Eligible", "1949-10-10", "dual_eligible", ""),
        ("bcbs-michigan", "Test", "Member", "1950-01-15", "commercial", "urmbt"),
        ("bcbs-michigan", "Health", "Trust", "1954-06-06", "commercial", "70605"),
        ("bcbs-michigan", "Commercial", "Other", "1972-07-07", "commercial", "other"),
        ("bcbs-michigan", "Medicare", "Plus", "1949-10-10", "medicare_advantage", "other"),
        ("bcbs-michigan", "Federal", "Employee", "1960-02-02", "fep", ""),
        ("bcbs-michigan", "Medicaid", "Only", "1980-09-09", "medicaid", "other"),
        ("bcbs-michigan", "Dual", "Eligible", "1947-01-01", "dual_eligible", "other"),
    ];
    for (plan, first, last, born, line, product) in members {
        for (cancer, kind, setting, day) in [
            ("outpatient_medical_oncology", "medical_oncology", "outpatient", "2026-12-01"),
            ("outpatient_radiation_oncology", "radiation_oncology", "outpatient", "2026-12-01"),
            ("inpatient_cancer", "medical_oncology", "inpatient", "2026-12-01"),
            ("chemo", "medical_oncology", "outpatient", "2026-12-01"),
            ("chemo", "medical_oncology", "inpatient", "2026-12-01"),
            ("radiation", "radiation_oncology", "inpatient", "2026-12-01"),
            // an id tells no setting where the question does
            ("outpatient_medical_oncology", "medical_oncology", "inpatient", "2026-12-01"),
            ("outpatient_radiation_oncology", "radiation_oncology", "inpatient", "2026-12-01"),
            ("outpatient_cancer", "medical_oncology", "inpatient", "2026-12-01"),
            ("outpatient_medical_oncology", "medical_oncology", "outpatient", "2020-12-01"),
            ("outpatient_radiation_oncology", "radiation_oncology", "outpatient", "2020-12-01"),
            ("radiation", "radiation_oncology", "outpatient", "2020-12-01"),
            ("chemo", "medical_oncology", "outpatient", "2020-12-01"),
        ] {
            let member = json!({"health_plan": plan, "first_name": first, "last_name": last, "birth_date": born});
            let check = json!({"member": member, "service": kind, "setting": setting, "date_of_service": day});
            let eligibility = service.post("/v1/eligibility-checks", ORDERING, &check).await.json();
            let mut question =
                json!({"health_plan": plan, "service": cancer, "line_of_business": line, "setting": setting, "date": day});
            match product {
                "" => {}
                "urmbt" | "70605" | "other" => question["group"] = json!(product),
                _ => question["product"] = json!(product),
            }
            let answer = ask(&service, &question).await;
            assert_eq!(answer["branches"], json!([]), "{question} tells everything");
            assert_eq!(answer["exclusion"], eligibility["exclusion"], "{question} {eligibility}");
            if eligibility["eligible"] == true {
                assert_eq!(answer["orders"], json!([kind]), "{question}");
                assert_eq!(answer["requirement"], "prior_authorization");
            } else {
                assert_eq!(answer["message"], eligibility["detail"], "{question}");
                let instructions = &eligibility["redirect"]["instructions"];
                let all = answer["how_to_request"].as_array().unwrap();
                assert!(all.iter().any(|how| how["instructions"] == *instructions), "{question} {answer}");
                if kind == "medical_oncology" {
                    let mut order = support::submit::authorized_order();
                    order["member"] = member.clone();
                    order["member"]["member_id"] = member_id(plan, first, last);
                    order["setting"] = json!(setting);
                    order["place_of_service"] = json!(if setting == "inpatient" { "21" } else { "11" });
                    order["date_of_service"] = json!(day);
                    let refused = service.post("/v1/orders", ORDERING, &order).await;
                    let refused = refused.assert_problem(422, "not-eligible");
                    assert_eq!(refused["redirect"]["instructions"], *instructions, "{question} {refused}");
                }
            }
        }
    }
}
