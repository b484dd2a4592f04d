//! What the practice does while reviewers work, and what of their work stays.

use crate::support::desk::*;
use crate::support::http::{Answer, Service};
use axum::http::Method;
use serde_json::{Value, json};

/// TCH without an answer about the heart, and a bone agent on line 5 that nobody gave a reason for.
fn with_bone_agent(plan: &str) -> Value {
    let mut order = unanswered(plan);
    let drug = json!({"line": 5, "hcpcs": "J0897", "role": "supportive", "route": "sc", "dose": {"amount": 120, "unit": "mg"},
                      "days": [1], "frequency_per_day": 1});
    order["treatment"]["phases"][0]["drugs"].as_array_mut().unwrap().push(drug);
    order
}

async fn withdraw(service: &Service, token: &str, case_id: &str, drugs: Value) -> Answer {
    let body = json!({"drugs": drugs, "reason": "voluntarily_cancelled"});
    service.post(&format!("/v1/orders/{case_id}/withdrawals"), token, &body).await
}

async fn withdrawn(service: &Service, case_id: &str, drugs: Value) -> Value {
    let answer = withdraw(service, PRACTICE, case_id, drugs).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    answer.json()
}

async fn changed(service: &Service, case_id: &str, patch: &Value) -> Value {
    let answer = service.call(Method::PATCH, &format!("/v1/orders/{case_id}"), PRACTICE, Some(patch)).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    answer.json()
}

fn codes(case: &Value) -> Vec<&str> {
    case["s_codes"].as_array().unwrap().iter().map(|award| award["code"].as_str().unwrap()).collect()
}

async fn count(service: &Service, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(&service.app.pool).await.unwrap()
}

/// Two open cases of one member on one Pathway.
async fn two_open() -> (Service, String, String) {
    let service = Service::with_rosters().await;
    let first = id(&submit(&service, &with_bone_agent(BMA)).await);
    let second = id(&submit(&service, &with_bone_agent(BMA)).await);
    let no = json!({"duplicate": false, "rationale": "another course"});
    done(&service, NURSE, &second, "duplicate-decisions", &no).await;
    for case_id in [&first, &second] {
        let case = done(&service, NURSE, case_id, "determinations", &authorize(&[3, 4])).await;
        assert_eq!(case["status"], "in_progress");
    }
    (service, first, second)
}

const ONSETS: &str = "select count(*) from s_code_awards where code = 'S0353'";

// proves SCD-05
#[tokio::test]
async fn a_withdrawal_that_decides_a_case_awards_no_second_onset() {
    let (service, first, second) = two_open().await;
    let one = withdrawn(&service, &first, json!([5])).await;
    assert_eq!((&one["status"], codes(&one)), (&json!("authorized"), vec!["S0353", "S0354"]));
    let two = withdrawn(&service, &second, json!([5])).await;
    assert_eq!((&two["status"], codes(&two)), (&json!("authorized"), vec!["S0354"]));
    assert_eq!(two["s_codes_withheld"], "already_awarded");
    assert_eq!(count(&service, ONSETS).await, 1);
}

// proves SCD-05
#[tokio::test]
async fn an_onset_that_was_taken_back_at_approval_does_not_come_back_with_a_withdrawal() {
    let (service, first, second) = two_open().await;
    for case_id in [&first, &second] {
        done(&service, NURSE, case_id, "determinations", &authorize(&[5])).await;
    }
    let two = withdrawn(&service, &second, json!([5])).await;
    assert_eq!((&two["status"], codes(&two)), (&json!("authorized"), vec!["S0354"]));
    assert_eq!((&two["s_codes_withheld"], &two["pathway"]["determination"]), (&json!("already_awarded"), &json!("on_pathway")));
    assert_eq!(count(&service, ONSETS).await, 1);
}

// proves SCD-05
#[tokio::test]
async fn an_onset_that_was_billed_is_not_awarded_again_though_its_treatment_was_given_up() {
    let (service, first, second) = two_open().await;
    let case = done(&service, NURSE, &first, "determinations", &authorize(&[5])).await;
    let claim = json!({"case_id": case["case_id"], "code": "S0353", "service_date": "2026-12-01", "billing_npi": "1234567893",
                       "claim_type": "professional"});
    assert_eq!(service.post("/v1/s-code-claims", PRACTICE, &claim).await.json()["accepted"], true);
    withdrawn(&service, &first, json!("all")).await;
    let two = done(&service, NURSE, &second, "determinations", &authorize(&[5])).await;
    assert_eq!(codes(&two), ["S0354"], "once per patient, and again only for a new Pathway");
    withdrawn(&service, &second, json!("all")).await;
    let three = submit(&service, &tch(BMA)).await;
    assert_eq!((&three["status"], codes(&three)), (&json!("authorized"), vec!["S0354"]), "a new order is no other");
}

// proves SCD-13, SUB-08
#[tokio::test]
async fn a_treatment_that_lost_a_drug_gets_its_pathway_back_neither_from_a_change_nor_from_a_reviewer() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &unanswered(BMA)).await);
    withdrawn(&service, &case_id, json!([2])).await;
    changed(&service, &case_id, &json!({"contact": {"name": "Back desk"}})).await;
    let mut on = authorize(&[3, 4]);
    on["pathway"] = json!({"determination": "on_pathway"});
    act(&service, NURSE, &case_id, "determinations", &on).await.assert_problem(409, "conflict");
    let case = done(&service, NURSE, &case_id, "determinations", &authorize(&[3, 4])).await;
    assert_eq!((&case["status"], &case["pathway"]["determination"]), (&json!("authorized"), &json!("off_pathway")));
    assert_eq!((codes(&case), &case["pathway_eligible_id"]), (vec![], &Value::Null));
    // a drug that takes the line of the one withdrawn is another drug
    let case_id = id(&submit(&service, &custom(OVM)).await);
    withdrawn(&service, &case_id, json!([2])).await;
    let case = changed(&service, &case_id, &json!({"treatment": tch(OVM)["treatment"]})).await;
    assert_eq!(
        (&case["drugs"][1]["name"], &case["status"]),
        (&json!("carboplatin"), &json!("authorized")),
        "{}",
        case["drugs"][1]
    );
}

// proves SUB-08
#[tokio::test]
async fn what_a_reviewer_decided_stays_while_nothing_new_speaks_against_or_for_it() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &with_bone_agent(BMA)).await);
    done(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    let mut found = authorize(&[3]);
    found["pathway"] = json!({"determination": "off_pathway"});
    found["drugs"].as_array_mut().unwrap().push(deny(&[5])["drugs"][0].clone());
    done(&service, PHYSICIAN, &case_id, "determinations", &found).await;
    let case = changed(&service, &case_id, &json!({"contact": {"name": "Back desk"}})).await;
    assert_eq!(statuses(&case)[2..], ["authorized", "in_progress", "non_authorized"], "it is about the same thing");
    let event = events(&service, &case_id).await.pop().unwrap();
    assert_eq!(event["detail"]["before"]["drugs"], event["detail"]["after"]["drugs"]);
    // the heart was looked at: that speaks against nothing
    let mut clinical = tch(BMA)["clinical"].clone();
    let case = changed(&service, &case_id, &json!({"clinical": clinical})).await;
    assert_eq!(statuses(&case)[2..], ["authorized", "authorized", "non_authorized"]);
    assert_eq!(
        (&case["status"], &case["pathway"]["determination"]),
        (&json!("multiple_decisions_rendered"), &json!("on_pathway"))
    );

    let case_id = id(&submit(&service, &with_bone_agent(OVM)).await);
    done(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    let mut found = authorize(&[3]);
    found["drugs"].as_array_mut().unwrap().push(deny(&[5])["drugs"][0].clone());
    done(&service, PHYSICIAN, &case_id, "determinations", &found).await;
    clinical["biomarkers"][0]["result"] = json!("negative");
    clinical["assessments"] = json!([{"name": "bone_metastases", "result": "yes"}]);
    let case = changed(&service, &case_id, &json!({"clinical": clinical})).await;
    assert_eq!(
        statuses(&case)[2..],
        ["in_progress", "in_progress", "non_authorized"],
        "HER2 speaks against 3; metastases alone not for 5 every three weeks"
    );
}

// proves SUB-08
#[tokio::test]
async fn a_reviewers_finding_about_the_pathway_outlives_a_change_that_has_nothing_to_do_with_it() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &unanswered(BMA)).await);
    let mut found = authorize(&[3]);
    found["pathway"] = json!({"determination": "off_pathway"});
    done(&service, NURSE, &case_id, "determinations", &found).await;
    changed(&service, &case_id, &json!({"contact": {"name": "Back desk"}})).await;
    let case = done(&service, NURSE, &case_id, "determinations", &authorize(&[4])).await;
    assert_eq!((&case["status"], &case["pathway"]["determination"]), (&json!("authorized"), &json!("off_pathway")));
}

// proves CAS-08
#[tokio::test]
async fn a_hold_that_comes_later_holds_what_was_authorized_and_gives_it_back() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &unanswered(BMA)).await);
    done(&service, NURSE, &case_id, "determinations", &authorize(&[3])).await;
    let case =
        changed(&service, &case_id, &json!({"servicing_provider": {"npi": null, "name": "Unlisted Infusion Center"}})).await;
    assert_eq!(case["review"]["holds"], json!(["servicing_provider_not_on_file"]));
    assert_eq!(statuses(&case), ["in_progress"; 4]);
    let case = done(&service, NURSE, &case_id, "determinations", &authorize(&[4])).await;
    assert_eq!(statuses(&case)[2..], ["authorized", "authorized"], "line 3 was authorized before");
}

// proves APP-01, CAS-07, DET-09
#[tokio::test]
async fn a_later_withdrawal_neither_opens_the_window_of_reconsideration_again_nor_changes_the_order_id() {
    for late in [false, true] {
        let service = Service::with_rosters().await;
        let case_id = id(&submit(&service, &with_bone_agent(BMA)).await);
        done(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
        let mut found = authorize(&[3, 4]);
        found["drugs"].as_array_mut().unwrap().push(deny(&[5])["drugs"][0].clone());
        let before = done(&service, PHYSICIAN, &case_id, "determinations", &found).await;
        assert_eq!(before["status"], "multiple_decisions_rendered");
        move_clock(&service, if late { "2026-12-02T15:00:00Z" } else { "2026-11-22T15:00:00Z" }).await;
        let case = withdrawn(&service, &case_id, json!([1, 2, 3, 4])).await;
        assert_eq!((&case["status"], &case["order_id"]), (&json!("non_authorized"), &Value::Null));
        let path = format!("/v1/orders/{case_id}/reconsiderations");
        let asked = service.post(&path, PRACTICE, &json!({"reason": "new data"})).await;
        if late {
            let refused = asked.assert_problem(409, "conflict");
            assert!(refused["detail"].as_str().unwrap().contains("2026-11-30"), "{refused}");
            continue;
        }
        let one = asked.json()["reconsideration_id"].as_str().unwrap().to_owned();
        let overturn = json!({"decision": "overturned", "rationale": "yes"});
        let path = format!("/v1/reconsiderations/{one}/determinations");
        let case = &service.post(&path, SECOND_PHYSICIAN, &overturn).await.json()["case"];
        assert_eq!((&case["status"], &case["order_id"]), (&json!("authorized"), &before["order_id"]), "it has the number it had");
        assert_eq!((&case["pathway"]["determination"], codes(case)), (&json!("off_pathway"), vec![]));
    }
}

// proves DET-09
#[tokio::test]
async fn a_number_that_a_case_lost_is_nobody_elses() {
    let service = Service::with_rosters().await;
    let first = submit(&service, &tch(BMA)).await;
    let (number, eligible) = (first["order_id"].as_str().unwrap(), first["pathway_eligible_id"].as_str().unwrap());
    let stays = sqlx::query("update cases set order_id = overlay(order_id placing '000000G' from 4)");
    let stays = stays.execute(&service.app.pool).await.unwrap_err();
    assert!(stays.to_string().contains("keeps its Order ID"), "{stays}");
    withdrawn(&service, &id(&first), json!("all")).await;
    submit(&service, &tch(BMA)).await;
    for (column, number) in [("order_id", number), ("pathway_eligible_id", eligible)] {
        let others = format!("update cases set {column} = '{number}' where order_id is not null");
        let refused = sqlx::query(sqlx::AssertSqlSafe(others)).execute(&service.app.pool).await.unwrap_err();
        assert!(refused.to_string().contains("another case's") || refused.to_string().contains("keeps"), "{refused}");
    }
    let gone = sqlx::query("delete from retired_numbers").execute(&service.app.pool).await.unwrap_err();
    assert!(gone.to_string().contains("append-only"), "{gone}");
    assert_eq!(count(&service, "select count(*) from retired_numbers").await, 2);
}

// proves SUB-08, DRG-05
#[tokio::test]
async fn a_withdrawal_is_of_the_version_it_was_meant_for_and_by_those_who_may_order() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(BMA)).await);
    let path = format!("/v1/orders/{case_id}/withdrawals");
    let body = json!({"drugs": [2], "reason": "voluntarily_cancelled"});
    let stale = post_with(&service, &path, PRACTICE, &[("if-match", "\"7\"")], &body).await;
    stale.assert_problem(412, "precondition-failed");
    let done = post_with(&service, &path, FACILITY, &[("if-match", "\"1\"")], &body).await;
    assert_eq!((done.status.as_u16(), done.header("etag")), (201, "\"2\""), "{}", done.text);
    let event = events(&service, &case_id).await.pop().unwrap();
    assert_eq!(event["detail"]["after"]["drugs"][1]["status"], "voluntarily_cancelled");
    // Quality Care takes orders from ordering providers only
    let case_id = id(&submit(&service, &custom(QCCP)).await);
    withdraw(&service, FACILITY, &case_id, json!("all")).await.assert_problem(403, "forbidden");
    let twice = withdraw(&service, PRACTICE, &case_id, json!([2, 2])).await.assert_problem(409, "conflict");
    assert_eq!(twice["requirement"], "DRG-05");
}

// proves DUP-02, DRG-05
#[tokio::test]
async fn what_was_withdrawn_before_a_case_was_found_a_duplicate_stays_withdrawn() {
    let service = Service::with_rosters().await;
    submit(&service, &tch(BMA)).await;
    let case_id = id(&submit(&service, &tch(BMA)).await);
    withdrawn(&service, &case_id, json!([4])).await;
    let yes = json!({"duplicate": true, "rationale": "sent twice"});
    let case = done(&service, NURSE, &case_id, "duplicate-decisions", &yes).await;
    assert_eq!(statuses(&case)[2..], ["not_reviewed_error_entry", "voluntarily_cancelled"]);
}

// proves APP-02, DRG-05
#[tokio::test]
async fn a_reconsideration_of_what_was_withdrawn_since_can_still_be_closed() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &with_bone_agent(BMA)).await);
    done(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    let mut found = authorize(&[3, 4]);
    found["drugs"].as_array_mut().unwrap().push(deny(&[5])["drugs"][0].clone());
    done(&service, PHYSICIAN, &case_id, "determinations", &found).await;
    let asked = service.post(&format!("/v1/orders/{case_id}/reconsiderations"), PRACTICE, &json!({"reason": "x"})).await.json();
    withdrawn(&service, &case_id, json!([5])).await;
    let path = format!("/v1/reconsiderations/{}/determinations", asked["reconsideration_id"].as_str().unwrap());
    let overturn = json!({"decision": "overturned", "rationale": "yes"});
    service.post(&path, SECOND_PHYSICIAN, &overturn).await.assert_problem(409, "conflict");
    let upheld = service.post(&path, SECOND_PHYSICIAN, &json!({"decision": "upheld", "rationale": "withdrawn"})).await;
    assert_eq!(upheld.status.as_u16(), 201, "{}", upheld.text);
    let open = service.get("/v1/reconsiderations", PHYSICIAN).await.json();
    assert_eq!(open["items"], json!([]));
}
