//! What happens to an order after it was taken: corrected, withdrawn, billed, matched with claims, and passed on to the plan.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::support;

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use support::http::{Answer, Service};
use support::submit::{
    ADMINISTRATOR, HEALTH_PLAN, INTAKE, NURSE, ORDERING, OTHER_PRACTICE, SERVICING, assert_created, authorized_order, count,
    for_member, pending_order, sandbox,
};

/// Submits an order and answers with its address and the case.
async fn submit(service: &Service, order: &Value) -> (String, Value) {
    let answer = service.post("/v1/orders", ORDERING, order).await;
    let case = assert_created(&answer);
    (answer.header("location").to_owned(), case)
}

async fn patch(service: &Service, path: &str, token: &str, if_match: Option<&str>, body: &Value) -> Answer {
    let mut request = Request::builder()
        .method(Method::PATCH)
        .uri(path)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/merge-patch+json");
    if let Some(tag) = if_match {
        request = request.header("if-match", tag);
    }
    service.send(request.body(Body::from(body.to_string())).unwrap()).await
}

/// What makes the pending order the one that is authorized at once.
fn as_its_regimen_has_it() -> Value {
    json!({"treatment": {"phases": authorized_order()["treatment"]["phases"]}})
}

/// The same with another drug that its regimen does not have: it stays pending.
fn still_custom() -> Value {
    let mut phases = pending_order()["treatment"]["phases"].clone();
    phases[0]["drugs"][1]["dose"]["amount"] = json!(480);
    json!({"treatment": {"phases": phases}})
}

fn set_clock(service: &Service, to: &str) {
    service.app.clock.freeze_at(to.parse().unwrap());
}

// proves SUB-08, DET-01, SCD-01
#[tokio::test]
async fn an_order_that_is_corrected_while_in_progress_is_decided_again_and_authorized_like_a_new_one() {
    let service = sandbox().await;
    let as_new = service.post("/v1/orders/preview", ORDERING, &authorized_order()).await.json();
    let (path, pending) = submit(&service, &pending_order()).await;
    set_clock(&service, "2026-11-23T15:00:00Z");
    let answer = patch(&service, &path, ORDERING, Some("\"1\""), &as_its_regimen_has_it()).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    let case = answer.json();
    assert_eq!((&case["status"], &case["case_id"]), (&json!("authorized"), &pending["case_id"]), "{case:#}");
    assert_eq!(case["submitted_at"], pending["submitted_at"]);
    assert!(case["decided_at"].as_str().unwrap().starts_with("2026-11-23T15:00:00"), "{}", case["decided_at"]);
    assert!(case["order_id"].as_str().unwrap().starts_with('A'));
    assert!(case["pathway_eligible_id"].as_str().unwrap().starts_with('P'));
    assert!(case["drugs"].as_array().unwrap().iter().all(|drug| drug["order_id"] == case["order_id"]), "{case:#}");
    assert!(case["notices"].as_array().unwrap().iter().all(|notice| notice["code"] != "duplicate_order"), "not of itself");
    assert_eq!(answer.header("etag"), "\"2\"");
    assert_eq!(service.get(&path, ORDERING).await.text, answer.text);
    assert_eq!(count(&service, "select count(*) from timers").await, 0);
    assert_eq!(count(&service, "select count(*) from s_code_awards").await, 2);
    for field in ["drugs", "s_codes", "pathway"] {
        let mut expected = as_new[field].clone();
        if let Some(drugs) = expected.as_array_mut().filter(|_| field == "drugs") {
            for drug in drugs {
                drug["order_id"] = case["order_id"].clone();
            }
        }
        assert_eq!(case[field], expected, "{field}");
    }
}

// proves SUB-08
#[tokio::test]
async fn the_history_says_what_was_changed_from_what_to_what() {
    let service = sandbox().await;
    let (path, _) = submit(&service, &pending_order()).await;
    let answer = patch(&service, &path, INTAKE, None, &json!({"contact": {"fax": "+1 734 555 0199", "phone": null}})).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    assert_eq!(answer.json()["request"]["contact"], json!({"name": "Front desk", "phone": null, "fax": "+1 734 555 0199"}));
    let history = service.get(&format!("{path}/history"), ORDERING).await.json();
    let event = &history["items"][1];
    assert_eq!((&event["kind"], &event["actor_role"]), (&json!("updated"), &json!("intake")));
    // who of the desk it was is known there
    let at_the_desk = service.get(&format!("{path}/history"), NURSE).await.json();
    assert_eq!((&event["actor"], &at_the_desk["items"][1]["actor"]), (&json!("intake"), &json!(INTAKE)));
    let changes = json!([
        {"pointer": "/contact/fax", "before": null, "after": "+1 734 555 0199"},
        {"pointer": "/contact/phone", "before": "+1 734 555 0100", "after": null},
    ]);
    assert_eq!(event["detail"]["changes"], changes);
    assert_eq!(event["detail"]["status"], json!({"before": "in_progress", "after": "in_progress"}));
    // a patch that changes nothing makes no version
    let same = patch(&service, &path, ORDERING, Some("\"2\""), &json!({"contact": {"name": "Front desk"}})).await;
    assert_eq!((same.status.as_u16(), same.header("etag")), (200, "\"2\""));
    assert_eq!(count(&service, "select count(*) from case_events").await, 2);
}

// proves SUB-08, DET-07
#[tokio::test]
async fn a_change_does_not_buy_time_and_making_the_order_urgent_takes_some() {
    let service = sandbox().await;
    let (path, pending) = submit(&service, &pending_order()).await;
    set_clock(&service, "2026-11-20T20:00:00Z");
    let case = patch(&service, &path, ORDERING, None, &still_custom()).await.json();
    assert_eq!(case["status"], "in_progress", "{case:#}");
    assert_eq!(case["review"]["due_at"], pending["review"]["due_at"]);
    assert_ne!(case["drugs"], pending["drugs"]);
    let urgent = patch(&service, &path, ORDERING, None, &json!({"urgency": "urgent"})).await.json();
    assert_eq!(urgent["review"]["due_at"], "2026-11-21T09:00:00-06:00");
    let calm = patch(&service, &path, ORDERING, None, &json!({"urgency": "standard"})).await.json();
    assert_eq!(calm["review"]["due_at"], "2026-11-21T09:00:00-06:00");
    let due = "select count(*) from timers t join cases c using (case_id) where t.due_at = '2026-11-21T15:00:00Z' and c.due_at = t.due_at";
    assert_eq!(count(&service, due).await, 1);
}

// proves REG-08
#[tokio::test]
async fn the_release_in_force_at_submission_decides_the_change_too() {
    let service = sandbox().await;
    let releases: Vec<_> = service.app.library.releases().map(|content| content.release.clone()).collect();
    let [.., before, last] = releases.as_slice() else { panic!("one release only: {releases:?}") };
    set_clock(&service, &format!("{}T15:00:00Z", last.in_force_from.pred_opt().unwrap()));
    let mut order = pending_order();
    order["date_of_service"] = json!(last.in_force_from);
    let (path, pending) = submit(&service, &order).await;
    assert_eq!(pending["content_release"], json!(before.name));
    set_clock(&service, &format!("{}T15:00:00Z", last.in_force_from.succ_opt().unwrap()));
    let case = patch(&service, &path, ORDERING, None, &still_custom()).await.json();
    assert_eq!(case["content_release"], json!(before.name), "{case:#}");
    assert!(case["findings"].as_array().unwrap().iter().all(|finding| finding["content_release"] == json!(before.name)));
}

// proves SUB-08, INF-08, PRG-02
#[tokio::test]
async fn a_change_that_no_new_order_could_make_is_refused_and_changes_nothing() {
    let service = sandbox().await;
    let (path, _) = submit(&service, &pending_order()).await;
    let before = service.get(&path, ORDERING).await.text;
    let refusals = [
        (json!({"date_of_servce": "2026-12-02"}), "validation-failed", "/date_of_servce"),
        (json!({"clinical": {"weight_kg": 9000}}), "validation-failed", "/clinical/weight_kg"),
        (
            json!({"treatment": {"phases": [{"cycle_length_days": 21, "cycles": 1, "drugs": [
            {"line": 1, "hcpcs": "J9171", "days": [1]}, {"line": 1, "hcpcs": "J9045", "days": [1]}]}]}}),
            "validation-failed",
            "",
        ),
        (json!({"ordering_provider": null}), "missing-required-information", ""),
        (json!({"setting": "inpatient"}), "not-eligible", ""),
        (json!({"member": {"last_name": "Somebody"}}), "member-mismatch", ""),
        (json!({"member": {"health_plan": "bcbs-michigan"}}), "member-not-found", ""),
        (
            json!({"member": {"member_id": "XKM100200302", "first_name": "Example", "last_name": "Retiree", "birth_date": "1955-03-21"}}),
            "validation-failed",
            "/member/member_id",
        ),
        (json!({"date_of_service": "2026-11-02"}), "retrospective-window-closed", ""),
    ];
    for (body, slug, pointer) in refusals {
        let answer = patch(&service, &path, ORDERING, None, &body).await;
        let problem = answer.assert_problem(422, slug);
        let pointers: Vec<_> =
            problem["errors"].as_array().into_iter().flatten().filter_map(|it| it["pointer"].as_str()).collect();
        assert!(pointer.is_empty() || pointers.contains(&pointer), "{problem}");
    }
    patch(&service, &path, ORDERING, None, &json!([1])).await.assert_problem(422, "validation-failed");
    let foreign = json!({"ordering_provider": {"npi": "1999999034", "first_name": "Another", "last_name": "Clinician"}});
    patch(&service, &path, ORDERING, None, &foreign).await.assert_problem(403, "forbidden");
    assert_eq!(service.get(&path, ORDERING).await.text, before);
    assert_eq!(count(&service, "select count(*) from case_events").await, 1);
}

// proves SUB-08, SUB-13, PRV-02
#[tokio::test]
async fn only_who_may_submit_and_see_the_case_changes_it_and_only_while_it_is_in_progress() {
    let service = sandbox().await;
    let (path, _) = submit(&service, &pending_order()).await;
    let change = json!({"contact": {"name": "Back desk"}});
    patch(&service, &path, OTHER_PRACTICE, None, &change).await.assert_problem(404, "not-found");
    for token in [NURSE, HEALTH_PLAN, ADMINISTRATOR] {
        patch(&service, &path, token, None, &change).await.assert_problem(403, "forbidden");
    }
    assert_eq!(patch(&service, &path, SERVICING, None, &change).await.status.as_u16(), 200);
    patch(&service, &path, ORDERING, Some("\"1\""), &json!({"contact": {"name": "Desk"}}))
        .await
        .assert_problem(412, "precondition-failed");
    let plain = service.call(Method::PATCH, &path, ORDERING, Some(&as_its_regimen_has_it())).await;
    assert_eq!(plain.json()["status"], "authorized", "application/json is taken, too: {}", plain.text);
    let problem = patch(&service, &path, ORDERING, None, &change).await.assert_problem(409, "conflict");
    assert_eq!(problem["requirements"], json!(["SUB-13"]), "{problem}");
}

// proves SUB-08
#[tokio::test]
async fn of_two_changes_at_once_one_wins_and_the_other_is_told() {
    let service = sandbox().await;
    let (path, _) = submit(&service, &pending_order()).await;
    let (custom, note) = (still_custom(), json!({"contact": {"name": "Back desk"}}));
    let (first, second) = tokio::join!(
        patch(&service, &path, ORDERING, Some("\"1\""), &custom),
        patch(&service, &path, INTAKE, Some("\"1\""), &note),
    );
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert!(statuses == [200, 409] || statuses == [200, 412], "{} {}", first.text, second.text);
    assert_eq!(service.get(&path, ORDERING).await.header("etag"), "\"2\"");
}

async fn withdraw(service: &Service, path: &str, token: &str, drugs: Value, reason: &str) -> Answer {
    service.post(&format!("{path}/withdrawals"), token, &json!({"drugs": drugs, "reason": reason})).await
}

// proves PRV-02, SUB-08
#[tokio::test]
async fn a_servicing_provider_gives_another_practices_order_to_nobody() {
    let service = sandbox().await;
    let (path, before) = submit(&service, &pending_order()).await;
    let other = json!({"npi": "1999999034", "first_name": "Another", "last_name": "Clinician"});
    let given = patch(&service, &path, SERVICING, None, &json!({"ordering_provider": other})).await;
    let faults = given.assert_problem(422, "validation-failed");
    assert_eq!(
        (&faults["errors"][0]["pointer"], &faults["errors"][0]["code"]),
        (&json!("/ordering_provider"), &json!("not-changeable"))
    );
    assert_eq!(service.get(&path, ORDERING).await.json(), before);
    service.get(&path, OTHER_PRACTICE).await.assert_problem(404, "not-found");
    // the ordering practice cannot either; the call center can, and an order that the servicing provider sent is its own to mend
    patch(&service, &path, ORDERING, None, &json!({"ordering_provider": other})).await.assert_problem(403, "forbidden");
    let own = for_member(pending_order(), "XKM100200301", "Sample", "Patient", "1948-06-30");
    let own = assert_created(&service.post("/v1/orders", SERVICING, &own).await);
    let path = format!("/v1/orders/{}", own["case_id"].as_str().unwrap());
    assert_eq!(patch(&service, &path, SERVICING, None, &json!({"ordering_provider": other})).await.status.as_u16(), 200);
}

// proves DRG-05, SCD-13
#[tokio::test]
async fn withdrawing_a_treatment_drug_after_authorization_ends_the_pathway_and_voids_its_s_codes() {
    let service = sandbox().await;
    let (path, before) = submit(&service, &authorized_order()).await;
    let answer = withdraw(&service, &path, ORDERING, json!([2]), "voluntarily_cancelled").await;
    let case = assert_created(&answer);
    assert_eq!((&case["status"], &case["order_id"]), (&json!("authorized"), &before["order_id"]), "{case:#}");
    let drug = case["drugs"].as_array().unwrap().iter().find(|drug| drug["line"] == 2).unwrap();
    assert_eq!(
        (&drug["status"], &drug["units_approved"], &drug["order_id"]),
        (&json!("voluntarily_cancelled"), &Value::Null, &Value::Null)
    );
    assert_eq!((&case["s_codes"], &case["s_codes_withheld"]), (&json!([]), &json!("off_pathway")));
    assert_eq!((&case["pathway"]["determination"], &case["pathway_eligible_id"]), (&json!("off_pathway"), &Value::Null));
    let voided = "select count(*) from s_code_awards where voided_on = '2026-11-20' and void_reason like '%withdrawn%'";
    assert_eq!(count(&service, voided).await, 2);
    let history = service.get(&format!("{path}/history"), ORDERING).await.json();
    let events = history["items"].as_array().unwrap();
    assert_eq!((&events[1]["kind"], &events[1]["detail"]["lines_changed"]), (&json!("withdrawn"), &json!([2])));
    assert_eq!((&events[2]["kind"], &events[2]["detail"]["codes"]), (&json!("s_codes_voided"), &json!(["S0353", "S0354"])));
    let seen_by_facility = service.get(&format!("{path}/history"), SERVICING).await;
    assert!(!seen_by_facility.text.contains("s_code") && !seen_by_facility.text.contains("S035"), "{}", seen_by_facility.text);
    withdraw(&service, &path, ORDERING, json!([2]), "voluntarily_cancelled").await.assert_problem(409, "conflict");
    withdraw(&service, &path, ORDERING, json!([99]), "voluntarily_cancelled").await.assert_problem(422, "validation-failed");
    // no reviewer has acted, so that the rest may still be an entry error
    let case = assert_created(&withdraw(&service, &path, ORDERING, json!([1]), "error_entry").await);
    let line = case["drugs"].as_array().unwrap().iter().find(|drug| drug["line"] == 1).unwrap();
    assert_eq!(line["status"], "not_reviewed_error_entry", "{case:#}");
}

// proves DRG-06
#[tokio::test]
async fn an_order_authorized_at_once_may_be_an_entry_error_and_one_that_a_nurse_took_up_may_not() {
    let service = sandbox().await;
    let (path, _) = submit(&service, &authorized_order()).await;
    let case = assert_created(&withdraw(&service, &path, ORDERING, json!("all"), "error_entry").await);
    assert_eq!((&case["status"], &case["order_id"]), (&json!("review_cancelled"), &Value::Null), "{case:#}");
    let (path, pending) = submit(&service, &pending_order()).await;
    let claims = format!("/v1/reviews/{}/claims", pending["case_id"].as_str().unwrap());
    assert_created(&service.post(&claims, NURSE, &json!({})).await);
    withdraw(&service, &path, ORDERING, json!("all"), "error_entry").await.assert_problem(409, "conflict");
}

// proves DUP-01
#[tokio::test]
async fn what_was_withdrawn_makes_no_later_order_a_duplicate() {
    let service = sandbox().await;
    let (path, first) = submit(&service, &authorized_order()).await;
    let lines: Vec<u64> = first["drugs"].as_array().unwrap().iter().filter_map(|drug| drug["line"].as_u64()).collect();
    // all but the last line go; the last one keeps the case alive
    let (last, others) = lines.split_last().unwrap();
    assert_created(&withdraw(&service, &path, ORDERING, json!(others), "voluntarily_cancelled").await);
    let (_, again) = submit(&service, &authorized_order()).await;
    let notice = again["notices"].as_array().unwrap().iter().find(|notice| notice["code"] == "duplicate_order");
    let kept = first["drugs"].as_array().unwrap().iter().find(|drug| drug["line"] == json!(last)).unwrap();
    let message = notice.map(|notice| notice["message"].as_str().unwrap().to_owned()).unwrap_or_default();
    for gone in first["drugs"].as_array().unwrap().iter().filter(|drug| drug["line"] != json!(last)) {
        let name = gone["name"].as_str().unwrap();
        assert!(name == kept["name"] || !message.contains(name), "{message}");
    }
}

// proves DRG-05, DRG-06, CAS-06
#[tokio::test]
async fn an_order_withdrawn_whole_is_cancelled_with_its_reason() {
    let service = sandbox().await;
    let (path, _) = submit(&service, &pending_order()).await;
    withdraw(&service, &path, OTHER_PRACTICE, json!("all"), "error_entry").await.assert_problem(404, "not-found");
    withdraw(&service, &path, NURSE, json!("all"), "error_entry").await.assert_problem(403, "forbidden");
    for drugs in [json!([]), json!("some"), json!(1), Value::Null] {
        withdraw(&service, &path, ORDERING, drugs, "error_entry").await.assert_problem(422, "validation-failed");
    }
    let case = assert_created(&withdraw(&service, &path, ORDERING, json!("all"), "error_entry").await);
    assert_eq!((&case["status"], &case["order_id"], &case["review"]), (&json!("review_cancelled"), &Value::Null, &Value::Null));
    assert_eq!(case["status_reason"], "every drug was withdrawn");
    assert!(case["drugs"].as_array().unwrap().iter().all(|drug| drug["status"] == "not_reviewed_error_entry"), "{case:#}");
    assert_eq!(count(&service, "select count(*) from timers").await, 0);
    withdraw(&service, &path, ORDERING, json!("all"), "voluntarily_cancelled").await.assert_problem(409, "conflict");
    patch(&service, &path, ORDERING, None, &json!({"contact": {"name": "Desk"}})).await.assert_problem(409, "conflict");
    // the same treatment can be ordered again at once
    let (_, again) = submit(&service, &authorized_order()).await;
    assert_eq!(again["status"], "authorized", "{again:#}");
}

// proves DRG-05
#[tokio::test]
async fn a_withdrawn_drug_stays_withdrawn_when_the_order_is_changed() {
    let service = sandbox().await;
    let (path, _) = submit(&service, &pending_order()).await;
    let case = assert_created(&withdraw(&service, &path, ORDERING, json!([2]), "voluntarily_cancelled").await);
    assert_eq!(case["status"], "in_progress", "{case:#}");
    let case = patch(&service, &path, ORDERING, None, &still_custom()).await.json();
    let status_of =
        |line: u64| case["drugs"].as_array().unwrap().iter().find(|drug| drug["line"] == line).unwrap()["status"].clone();
    assert_eq!((status_of(2), status_of(1)), (json!("voluntarily_cancelled"), json!("in_progress")));
}

// proves DUP-03
#[tokio::test]
async fn a_repeated_withdrawal_gets_the_first_answer_again() {
    let service = sandbox().await;
    let (path, _) = submit(&service, &authorized_order()).await;
    let send = |lines: Value| {
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{path}/withdrawals"))
            .header("authorization", format!("Bearer {ORDERING}"))
            .header("content-type", "application/json")
            .header("idempotency-key", "once")
            .body(Body::from(json!({"drugs": lines, "reason": "voluntarily_cancelled"}).to_string()))
            .unwrap();
        service.send(request)
    };
    let (first, second) = tokio::join!(send(json!([1])), send(json!([1])));
    assert_eq!(assert_created(&first), assert_created(&second));
    let replays = [&first, &second].iter().filter(|answer| answer.header("idempotency-replayed") == "true").count();
    assert_eq!((replays, count(&service, "select count(*) from case_events where kind = 'withdrawn'").await), (1, 1));
    send(json!([2])).await.assert_problem(422, "idempotency-key-reused");
}
