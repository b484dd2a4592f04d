//! Letters: there with the decision, and saying what they must.

use crate::documents::forms::{page, pdf, words_of_page, words_of_pdf};
use crate::support::desk::*;
use crate::support::http::Service;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

fn references(case: &Value) -> Vec<(String, String)> {
    let word = |letter: &Value, field: &str| letter[field].as_str().unwrap().to_owned();
    case["letters"].as_array().unwrap().iter().map(|letter| (word(letter, "kind"), word(letter, "to"))).collect()
}

fn both(kind: &str) -> Vec<(String, String)> {
    ["member", "provider"].map(|to| (kind.to_owned(), to.to_owned())).to_vec()
}

/// The letter as data, and its words on the page and on paper.
async fn letter(service: &Service, case: &Value, index: usize) -> (Value, [String; 2]) {
    let path = format!("/v1/letters/{}", case["letters"][index]["letter_id"].as_str().unwrap());
    let data = service.get(&path, PRACTICE).await.json();
    let page = words_of_page(&page(service, &path, PRACTICE).await);
    let words = words_of_pdf(&pdf(service, &path, PRACTICE).await);
    for form in [&page, &words, &data.to_string()] {
        for word in ["S0353", "S0354", "S-code", "reimbursement"] {
            assert!(!form.contains(word), "{word} in {form}");
        }
    }
    (data, [page, words])
}

#[track_caller]
fn says(forms: &[String; 2], words: &[&str]) {
    for form in forms {
        for word in words {
            assert!(form.contains(word), "no {word:?} in {form}");
        }
    }
}

async fn rows(service: &Service) -> i64 {
    sqlx::query_scalar("select count(*) from letters").fetch_one(&service.app.pool).await.unwrap()
}

// proves DET-10, SCD-10
#[tokio::test]
async fn an_approval_at_once_comes_with_its_letters() {
    let service = Service::with_rosters().await;
    let preview = service.post("/v1/orders/preview", PRACTICE, &tch(BMA)).await.json();
    assert_eq!((&preview["status"], &preview["letters"]), (&json!("authorized"), &json!([])));
    let key = [("idempotency-key", "letters-once")];
    let first = post_with(&service, "/v1/orders", PRACTICE, &key, &tch(BMA)).await;
    let case = first.json();
    assert_eq!((references(&case), rows(&service).await), (both("approval"), 2));
    assert_eq!(post_with(&service, "/v1/orders", PRACTICE, &key, &tch(BMA)).await.json(), case);
    let listed = service.get(&format!("/v1/orders/{}/letters", id(&case)), PRACTICE).await.json();
    assert_eq!((&listed["items"], &listed["next_cursor"]), (&case["letters"], &Value::Null));
    for index in [0, 1] {
        let (data, forms) = letter(&service, &case, index).await;
        assert_eq!((&data["kind"], &data["order_id"]), (&json!("approval"), &case["order_id"]));
        assert_eq!(
            (&data["letter_id"], &data["issued_at"]),
            (&case["letters"][index]["letter_id"], &case["letters"][index]["issued_at"])
        );
        says(&forms, &["Notice of approval", "Trastuzumab", "J9355", case["order_id"].as_str().unwrap(), "November 20, 2026"]);
    }
    let (_, member) = letter(&service, &case, 0).await;
    says(
        &member,
        &[
            "Dear Test Member:",
            "Docetaxel: this program does not have to review it",
            "call Blue Medicare Advantage at the number on your ID card",
        ],
    );
    let (_, provider) = letter(&service, &case, 1).await;
    says(&provider, &["Dear Ordering Clinician:", "Docetaxel is not managed", "1-844-767-8157"]);
}

// proves DET-10, DET-03
#[tokio::test]
async fn a_denial_carries_the_rationale_word_for_word_the_reason_and_the_criteria() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(BMA)).await);
    done(&service, NURSE, &case_id, "peer-to-peer", &offer()).await;
    done(&service, NURSE, &case_id, "peer-to-peer", &json!({"event": "declined", "with": "front desk"})).await;
    done(&service, NURSE, &case_id, "escalations", &json!({"rationale": "does not meet the criteria"})).await;
    let rationale = "Nivolumab isn't supported here: <no trial> & no guideline.";
    let mut denial = deny(&[2]);
    denial["drugs"][0]["rationale"] = json!(rationale);
    let case = done(&service, PHYSICIAN, &case_id, "determinations", &denial).await;
    assert_eq!((case["status"].as_str(), references(&case)), (Some("non_authorized"), both("denial")));
    for index in [0, 1] {
        let (data, forms) = letter(&service, &case, index).await;
        assert_eq!(data["order_id"], Value::Null);
        let line = data["drugs"].as_array().unwrap().iter().find(|drug| drug["line"] == 2).unwrap();
        assert_eq!((&line["rationale"], &line["reason_code"]), (&json!(rationale), &json!("not_medically_necessary")));
        assert!(!line["criteria_not_met"].as_array().unwrap().is_empty(), "{line}");
        let others = data["drugs"].as_array().unwrap().iter().filter(|drug| drug["line"] != 2);
        assert!(others.into_iter().all(|drug| drug["implied_by_line"] == 2), "{data}");
        says(
            &forms,
            &[
                "Notice of denial",
                rationale,
                "does not meet the criteria for medical necessity",
                "Everything in the request that this program reviews is denied",
                "Offered to the ordering provider on November 20, 2026, 9:00 a.m. CST",
                "Declined by the practice",
                "What you can do",
                "For the provider",
                "For the member",
                "may be denied",
            ],
        );
        // the policy has sections for other cancers only, and what those ask for would say nothing here
        says(&forms, &["names the illnesses for which it covers the treatment. This one is not among them: Breast cancer."]);
    }
}

// proves APP-01, APP-02, APP-03
#[tokio::test]
async fn a_denial_says_what_provider_and_member_can_do() {
    let service = Service::with_rosters().await;
    let case = denied(&service, BMA).await;
    for index in [0, 1] {
        let (data, forms) = letter(&service, &case, index).await;
        assert_eq!(data["appeal"]["reconsideration_until"], "2026-11-30");
        says(
            &forms,
            &[
                "call 1-844-767-8157",
                "within 10 calendar days",
                "The last day is November 30, 2026",
                "first-level appeal to Blue Medicare Advantage",
                "A member, or somebody whom the member appoints",
            ],
        );
    }
    for (plan, name) in [(OVM, "Blue Cross Blue Shield of Michigan"), (QCCP, "Blue Cross Blue Shield of Massachusetts")] {
        let case = denied(&service, plan).await;
        let (data, forms) = letter(&service, &case, 0).await;
        assert_eq!((&data["appeal"]["reconsideration"], &data["appeal"]["reconsideration_until"]), (&Value::Null, &Value::Null));
        says(&forms, &[&format!("may appeal this decision to {name}"), "no reconsideration before the appeal"]);
    }
}

// proves DET-12, PRG-17
#[tokio::test]
async fn a_members_letter_offers_help_in_three_languages_and_the_notice_of_nondiscrimination() {
    let service = Service::with_rosters().await;
    for plan in [BMA, OVM, QCCP] {
        for case in [submit(&service, &tch(plan)).await, denied_after(&service, plan).await] {
            let (_, forms) = letter(&service, &case, 0).await;
            says(
                &forms,
                &["free of charge", "Si habla español", "Se fala português", "(TTY: 711)", "civil rights", "on your ID card"],
            );
            let path = format!("/v1/letters/{}", case["letters"][0]["letter_id"].as_str().unwrap());
            let page = page(&service, &path, PRACTICE).await;
            assert!(page.contains("<p lang=\"es\">") && page.contains("<p lang=\"pt\">"), "{page}");
            let (_, provider) = letter(&service, &case, 1).await;
            assert!(provider.iter().all(|form| !form.contains("Si habla español")));
        }
    }
}

/// A denial for a member who has an order already.
async fn denied_after(service: &Service, plan: &str) -> Value {
    let case_id = id(&submit(service, &custom(plan)).await);
    done(service, NURSE, &case_id, "duplicate-decisions", &json!({"duplicate": false, "rationale": "other"})).await;
    done(service, NURSE, &case_id, "peer-to-peer", &offer()).await;
    done(service, NURSE, &case_id, "escalations", &json!({"rationale": "x"})).await;
    done(service, PHYSICIAN, &case_id, "determinations", &deny(&[2])).await
}

// proves DET-10, CAS-05
#[tokio::test]
async fn an_order_decided_in_parts_gets_both_letters_each_about_its_part() {
    let service = Service::with_rosters().await;
    let mut order = unanswered(BMA);
    let supportive = json!({"line": 5, "hcpcs": "J2506", "role": "supportive", "route": "sc", "dose": {"amount": 6, "unit": "mg"},
                            "days": [2], "frequency_per_day": 1});
    order["treatment"]["phases"][0]["drugs"].as_array_mut().unwrap().push(supportive);
    order["servicing_provider"] = json!({"name": "Unlisted Infusion Center"});
    let case_id = id(&submit(&service, &order).await);
    done(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    let mut in_parts = authorize(&[3, 4]);
    in_parts["drugs"].as_array_mut().unwrap().push(deny(&[5])["drugs"][0].clone());
    let case = done(&service, PHYSICIAN, &case_id, "determinations", &in_parts).await;
    assert_eq!(case["status"], "multiple_decisions_rendered", "{}", case["drugs"]);
    assert_eq!(references(&case), [both("approval"), both("denial")].concat());
    let (approval, forms) = letter(&service, &case, 0).await;
    assert!(approval["drugs"].as_array().unwrap().iter().all(|drug| drug["status"] == "authorized"));
    says(&forms, &["Another part of the request is not approved", case["order_id"].as_str().unwrap()]);
    let (denial, forms) = letter(&service, &case, 3).await;
    let lines: Vec<&Value> = denial["drugs"].as_array().unwrap().iter().map(|drug| &drug["line"]).collect();
    assert_eq!(lines, [5]);
    says(&forms, &["does not approve a part of the treatment requested", "the evidence does not support this drug here"]);
}

// proves APP-02, APP-04, DET-10
#[tokio::test]
async fn a_reconsideration_is_answered_by_letters_of_its_own() {
    for (decision, kind, title) in [
        ("upheld", "denial", "Notice of denial after reconsideration"),
        ("overturned", "approval", "Notice of approval after reconsideration"),
    ] {
        let service = Service::with_rosters().await;
        let case_id = id(&denied(&service, BMA).await);
        let before = read(&service, &case_id).await;
        let asked =
            service.post(&format!("/v1/orders/{case_id}/reconsiderations"), PRACTICE, &json!({"reason": "new data"})).await;
        let one = asked.json()["reconsideration_id"].as_str().unwrap().to_owned();
        let rationale = "The second look: \"same evidence\".";
        let body = json!({"decision": decision, "rationale": rationale});
        let decided = service.post(&format!("/v1/reconsiderations/{one}/determinations"), SECOND_PHYSICIAN, &body).await;
        assert_eq!(decided.status.as_u16(), 201, "{}", decided.text);
        let case = read(&service, &case_id).await;
        assert_eq!(references(&case), [both("denial"), both(kind)].concat());
        assert_eq!(&case["letters"].as_array().unwrap()[..2], before["letters"].as_array().unwrap());
        let (data, forms) = letter(&service, &case, 2).await;
        assert_eq!(
            (&data["reconsideration"]["decision"], &data["reconsideration"]["rationale"]),
            (&json!(decision), &json!(rationale))
        );
        says(&forms, &[title, rationale]);
        if decision == "upheld" {
            assert_eq!(data["appeal"]["reconsideration"], Value::Null, "it was asked for already");
            says(&forms, &["upholds the denial", "the evidence does not support this drug here", "first-level appeal"]);
        } else {
            says(&forms, &["overturned the denial", case["order_id"].as_str().unwrap()]);
        }
        // the first letter still says what it said
        let (first, forms) = letter(&service, &case, 0).await;
        assert_eq!(first["reconsideration"], Value::Null);
        says(&forms, &["Notice of denial", "The last day is November 30, 2026"]);
    }
}

// proves DET-05, DET-10
#[tokio::test]
async fn a_denial_at_the_end_of_the_clock_is_told_like_any_other() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(BMA)).await);
    done(&service, NURSE, &case_id, "peer-to-peer", &offer()).await;
    done(&service, NURSE, &case_id, "escalations", &json!({"rationale": "x"})).await;
    let mut review = deny(&[2]);
    review["on_expiry"] = json!(true);
    let pending = done(&service, PHYSICIAN, &case_id, "determinations", &review).await;
    assert_eq!((&pending["status"], &pending["letters"]), (&json!("in_progress"), &json!([])));
    move_clock(&service, "2026-11-25T15:00:01Z").await;
    let case = read(&service, &case_id).await;
    assert_eq!((case["status"].as_str(), references(&case)), (Some("non_authorized"), both("denial")), "{case}");
    let (_, forms) = letter(&service, &case, 1).await;
    says(&forms, &["The clock ended without the information asked for", "the evidence does not support this drug here"]);
}

// proves DET-10
#[tokio::test]
async fn cases_in_which_nothing_was_reviewed_or_nothing_is_left_get_no_letter() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(BMA)).await);
    let withdrawn = json!({"drugs": "all", "reason": "voluntarily_cancelled"});
    let case = service.post(&format!("/v1/orders/{case_id}/withdrawals"), PRACTICE, &withdrawn).await.json();
    assert_eq!((&case["status"], &case["letters"]), (&json!("review_cancelled"), &json!([])));
    let mut tc = tch(BMA);
    tc["clinical"]["biomarkers"] = json!([{"name": "her2", "result": "negative"}]);
    tc["treatment"] = json!({"phases": [{"cycle_length_days": 21, "cycles": 4, "drugs": [
        {"line": 1, "hcpcs": "J9171", "route": "iv", "dose": {"amount": 75, "unit": "mg/m2"}, "days": [1]},
        {"line": 2, "hcpcs": "J9075", "route": "iv", "dose": {"amount": 600, "unit": "mg/m2"}, "days": [1]}]}]});
    let case = submit(&service, &tc).await;
    assert_eq!((&case["status"], &case["letters"]), (&json!("completed"), &json!([])), "{case}");
    assert_eq!(rows(&service).await, 0);
}

// proves DET-10
#[tokio::test]
async fn an_order_that_its_practice_changes_into_an_approvable_one_gets_its_letters() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &unanswered(BMA)).await);
    let answered = json!({"clinical": {"assessments": [{"name": "lvef_percent", "result": 60, "on": "2026-11-12"}]}});
    let case = service.call(axum::http::Method::PATCH, &format!("/v1/orders/{case_id}"), PRACTICE, Some(&answered)).await.json();
    assert_eq!((case["status"].as_str(), references(&case)), (Some("authorized"), both("approval")), "{case}");
    let (data, _) = letter(&service, &case, 0).await;
    assert_eq!(data["order_id"], case["order_id"]);
}

// proves DET-10
#[tokio::test]
async fn letters_come_with_their_decision_or_not_at_all_and_never_change() {
    let service = Service::with_rosters().await;
    // a decision whose letters cannot be written is not made
    let refuse = "alter table letters add constraint nobody_writes check (kind <> 'denial') not valid";
    sqlx::query(refuse).execute(&service.app.pool).await.unwrap();
    let case_id = id(&submit(&service, &custom(BMA)).await);
    done(&service, NURSE, &case_id, "peer-to-peer", &offer()).await;
    done(&service, NURSE, &case_id, "escalations", &json!({"rationale": "x"})).await;
    let answer = act(&service, PHYSICIAN, &case_id, "determinations", &deny(&[2])).await;
    assert_eq!(answer.status.as_u16(), 500, "{}", answer.text);
    let determinations: i64 =
        sqlx::query_scalar("select count(*) from determinations").fetch_one(&service.app.pool).await.unwrap();
    assert_eq!(
        (read(&service, &case_id).await["status"].as_str(), determinations, rows(&service).await),
        (Some("in_progress"), 0, 0)
    );
    sqlx::query("alter table letters drop constraint nobody_writes").execute(&service.app.pool).await.unwrap();
    let case = done(&service, PHYSICIAN, &case_id, "determinations", &deny(&[2])).await;
    assert_eq!(rows(&service).await, 2);
    for statement in [
        "update letters set issued_at = now()".to_owned(),
        "delete from letters".to_owned(),
        "truncate letters".to_owned(),
        format!(
            "insert into letters (letter_id, case_id, shard, seq, kind, addressee, issued_at)
             values ('{0}', '{0}', shard_of_id('{0}'), 1, 'denial', 'member', now())",
            id(&case)
        ),
        "insert into letters (letter_id, case_id, shard, seq, kind, addressee, issued_at)
         select id, id, shard_of_id(id), 1, 'approval', 'member', now() from gen_random_uuid() as id"
            .to_owned(),
    ] {
        assert!(sqlx::query(AssertSqlSafe(statement.clone())).execute(&service.app.pool).await.is_err(), "{statement}");
    }
}
