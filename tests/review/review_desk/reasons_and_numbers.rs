//! Reasons that are content's or refused, and the number under which people ask about a case.

use crate::support::desk::*;
use crate::support::http::Service;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

fn codes(list: &Value, decision: &str) -> Vec<String> {
    let items = list["items"].as_array().unwrap().iter().filter(|one| one["decision"] == decision);
    items.map(|one| one["reason_code"].as_str().unwrap().to_owned()).collect()
}

async fn ready(service: &Service, plan: &str) -> String {
    let case_id = id(&submit(service, &custom(plan)).await);
    done(service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    case_id
}

// proves DET-10
#[tokio::test]
async fn every_programs_reasons_can_be_listed_with_their_words() {
    let service = Service::with_rosters().await;
    for program in ["blue-medicare-advantage-ccq", "oncology-value-management", "quality-care-cancer"] {
        let list = service.get(&format!("/v1/reason-codes?program={program}"), PRACTICE).await.json();
        let denials = codes(&list, "non_authorized");
        let earlier = [
            "not_medically_necessary",
            "criteria_not_met",
            "insufficient_information",
            "information_not_received",
            "experimental",
        ];
        assert!(earlier.iter().all(|code| denials.iter().any(|one| one == code)), "{denials:?}");
        assert!(codes(&list, "authorized").contains(&"meets_criteria".to_owned()), "{list}");
        for one in list["items"].as_array().unwrap() {
            let said = |text: &Value| text.as_str().is_some_and(|text| text.ends_with('.') && text.len() > 15);
            assert!(said(&one["lay"]) && said(&one["clinical"]) && said(&one["lay_by_language"]["es"]), "{one}");
            assert!(one.get("x12").is_some(), "{one}");
        }
    }
    let some = service.get("/v1/reason-codes?decision=authorized&program=quality-care-cancer", NURSE).await.json();
    assert_eq!(codes(&some, "non_authorized"), Vec::<String>::new());
    let all = service.get("/v1/reason-codes", NURSE).await.json();
    assert_eq!(codes(&all, "authorized").iter().filter(|code| *code == "meets_criteria").count(), 3);
    let unknown = service.get("/v1/reason-codes?program=nobodys", NURSE).await.assert_problem(422, "validation-failed");
    assert!(unknown["errors"][0]["message"].as_str().unwrap().contains("quality-care-cancer"), "{unknown}");
}

// proves DET-10
#[tokio::test]
async fn a_reason_that_content_does_not_have_is_refused_and_changes_nothing() {
    let service = Service::with_rosters().await;
    let case_id = ready(&service, BMA).await;
    let before = read(&service, &case_id).await;
    // none of these is a reason for a denial here: unknown, misspelled, and one for an authorization
    for code in ["foo", "Not_medically_necessary", "meets_criteria"] {
        let mut denial = deny(&[2]);
        denial["drugs"][0]["reason_code"] = json!(code);
        let refused =
            act(&service, PHYSICIAN, &case_id, "determinations", &denial).await.assert_problem(422, "validation-failed");
        let fault = &refused["errors"][0];
        assert_eq!((&fault["pointer"], &fault["code"]), (&json!("/drugs/0/reason_code"), &json!("not-allowed-value")));
        let message = fault["message"].as_str().unwrap();
        assert!(
            message.contains("not_medically_necessary, criteria_not_met") && !message.contains("meets_criteria,"),
            "{message}"
        );
        denial["on_expiry"] = json!(true);
        act(&service, PHYSICIAN, &case_id, "determinations", &denial).await.assert_problem(422, "validation-failed");
    }
    assert_eq!(read(&service, &case_id).await, before);
    let mut authorization = authorize(&[2]);
    authorization["drugs"][0]["reason_code"] = json!("experimental");
    act(&service, PHYSICIAN, &case_id, "determinations", &authorization).await.assert_problem(422, "validation-failed");
    authorization["drugs"][0]["reason_code"] = json!("meets_criteria");
    assert_eq!(done(&service, PHYSICIAN, &case_id, "determinations", &authorization).await["status"], "authorized");
}

// proves DET-10, APP-04
#[tokio::test]
async fn a_reconsideration_gives_reasons_of_the_list_too() {
    let service = Service::with_rosters().await;
    let case_id = id(&denied(&service, BMA).await);
    let asked = service.post(&format!("/v1/orders/{case_id}/reconsiderations"), PRACTICE, &json!({"reason": "new data"})).await;
    let one = asked.json()["reconsideration_id"].as_str().unwrap().to_owned();
    let line = json!({"line": 2, "decision": "non_authorized", "reason_code": "foo", "rationale": "the same evidence"});
    let body = json!({"decision": "overturned", "rationale": "second look", "drugs": [line]});
    let path = format!("/v1/reconsiderations/{one}/determinations");
    let refused = service.post(&path, SECOND_PHYSICIAN, &body).await.assert_problem(422, "validation-failed");
    assert_eq!(refused["errors"][0]["pointer"], "/drugs/0/reason_code");
}

// proves DET-10
#[tokio::test]
async fn a_denied_line_shows_why_in_the_words_of_content() {
    let service = Service::with_rosters().await;
    let case = denied(&service, QCCP).await;
    for token in [PRACTICE, FACILITY, PHYSICIAN] {
        let seen = service.get(&format!("/v1/orders/{}", id(&case)), token).await.json();
        let denial = &seen["drugs"][1]["denial"];
        assert_eq!(denial["reason_code"], "not_medically_necessary");
        assert_eq!(denial["reason"], "The treatment does not meet the criteria for medical necessity.");
        assert_eq!(denial["rationale"], "the evidence does not support this drug here");
    }
}

fn number(case: &Value) -> String {
    let number = case["case_number"].as_str().unwrap_or_else(|| panic!("no case number: {case}"));
    assert!(number.len() == 10 && number.starts_with('C'), "{number}");
    number.to_owned()
}

// proves VER-06
#[tokio::test]
async fn a_case_has_a_number_to_read_out_wherever_it_is_shown() {
    let service = Service::with_rosters().await;
    let preview = service.post("/v1/orders/preview", PRACTICE, &custom(BMA)).await.json();
    assert_eq!(preview["case_number"], Value::Null, "a preview draws no number");
    let case = submit(&service, &custom(BMA)).await;
    let (number, case_id) = (number(&case), id(&case));
    let typed = format!("{}%20{}", number[..5].to_lowercase(), &number[5..]);
    for (path, token) in [("/v1/orders", PRACTICE), ("/v1/orders", ADMINISTRATOR), ("/v1/reviews", NURSE)] {
        let found = service.get(&format!("{path}?case_number={typed}"), token).await.json();
        let items = found["items"].as_array().unwrap();
        assert_eq!((items.len(), &items[0]["case_id"], &items[0]["case_number"]), (1, &json!(case_id), &json!(number)), "{path}");
        let mut wrong = number.clone().into_bytes();
        wrong[3] = if wrong[3] == b'7' { b'8' } else { b'7' };
        let wrong = String::from_utf8(wrong).unwrap();
        let refused = service.get(&format!("{path}?case_number={wrong}"), token).await.assert_problem(422, "validation-failed");
        assert_eq!(refused["errors"][0]["pointer"], "?case_number");
    }
    let others = service.get(&format!("/v1/orders?case_number={number}"), OTHER_PRACTICE).await.json();
    assert_eq!(others["items"], json!([]), "a number opens no door");
    let summary = service.get(&format!("/v1/orders/{case_id}/summary"), PRACTICE).await.json();
    assert_eq!(summary["case_number"], number.as_str());
    let feed = service.get(&format!("/v1/feeds/{BMA}/events"), "sandbox-health-plan").await.json();
    assert_eq!(feed["items"][0]["case_number"], number.as_str(), "{feed}");
    // a changed order keeps it, and a denial is headed with it
    let urgent = json!({"urgency": "urgent"});
    let path = format!("/v1/orders/{case_id}");
    let changed = service.call(axum::http::Method::PATCH, &path, PRACTICE, Some(&urgent)).await;
    assert_eq!(changed.json()["case_number"], number.as_str(), "{}", changed.text);
    done(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    let case = done(&service, PHYSICIAN, &case_id, "determinations", &deny(&[2])).await;
    let letter =
        service.get(&format!("/v1/letters/{}", case["letters"][0]["letter_id"].as_str().unwrap()), PRACTICE).await.json();
    assert_eq!(letter["case_number"], number.as_str());
    assert_eq!(letter["document"]["reference"], format!("Case {number}"));
    assert!(!letter["document"].to_string().contains(&case_id), "nobody reads out a UUID: {letter}");
}

// proves VER-06
#[tokio::test]
async fn no_two_cases_share_a_number() {
    let service = Service::with_rosters().await;
    let mut numbers = Vec::new();
    for plan in [BMA, BMA, OVM, QCCP] {
        numbers.push(number(&submit(&service, &custom(plan)).await));
    }
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 4);
    // of one member's cases the index finds the same number; another member's number tells another shard
    for (whose, constraint) in [("=", "cases_case_number"), ("<>", "cases_shard_told_by_numbers")] {
        let taken = format!("update cases set case_number = $1 where shard {whose} shard_of_number($1)");
        let same = "select min(case_number) from cases group by health_plan, member_id having count(*) = 2";
        let same: String = sqlx::query_scalar(same).fetch_one(&service.app.pool).await.unwrap();
        let refused = sqlx::query(AssertSqlSafe(taken)).bind(same).execute(&service.app.pool).await.unwrap_err();
        assert!(refused.to_string().contains(constraint), "{refused}");
    }
    let malformed = sqlx::query("update cases set case_number = 'C1'").execute(&service.app.pool).await.unwrap_err();
    assert!(malformed.to_string().contains("case_number"), "{malformed}");
}
