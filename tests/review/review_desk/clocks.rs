//! Deadlines, and what happens when they pass.

use crate::support::desk::*;
use crate::support::http::Service;
use serde_json::{Value, json};

/// When it is received, plan, urgency, when it is due.
const DEADLINES: [(&str, &str, &str, &str); 26] = [
    // independence day 2026 is a Saturday and kept on Friday the 3rd
    ("2026-07-01T09:00:00-05:00", BMA, "standard", "2026-07-07T09:00:00-05:00"),
    ("2026-07-02T09:00:00-04:00", QCCP, "standard", "2026-07-08T09:00:00-04:00"),
    ("2026-07-03T13:00:00-04:00", OVM, "urgent", "2026-07-06T13:00:00-04:00"),
    // on a Sunday, on Labor Day, and in the last second of a business day
    ("2026-09-06T10:00:00-05:00", BMA, "standard", "2026-09-11T00:00:00-05:00"),
    ("2026-09-07T10:00:00-04:00", OVM, "standard", "2026-09-11T00:00:00-04:00"),
    ("2026-09-08T23:59:59-04:00", OVM, "standard", "2026-09-11T23:59:59-04:00"),
    // a minute past midnight in New York is still yesterday in Chicago
    ("2026-09-12T00:01:00-04:00", BMA, "standard", "2026-09-16T23:01:00-05:00"),
    ("2026-09-12T00:01:00-04:00", QCCP, "standard", "2026-09-17T00:00:00-04:00"),
    // over the end of daylight-saving time
    ("2026-10-29T08:00:00-04:00", OVM, "urgent", "2026-11-01T07:00:00-05:00"),
    ("2026-10-30T15:00:00-05:00", BMA, "standard", "2026-11-04T15:00:00-06:00"),
    ("2026-10-31T12:00:00-04:00", QCCP, "standard", "2026-11-05T00:00:00-05:00"),
    ("2026-10-31T12:00:00-05:00", BMA, "urgent", "2026-11-01T11:00:00-06:00"),
    ("2026-11-24T10:00:00-06:00", BMA, "urgent", "2026-11-25T10:00:00-06:00"),
    // over Thanksgiving
    ("2026-11-25T09:00:00-06:00", BMA, "standard", "2026-12-01T09:00:00-06:00"),
    // on Thanksgiving
    ("2026-11-26T08:00:00-05:00", OVM, "standard", "2026-12-02T00:00:00-05:00"),
    // on a Saturday
    ("2026-12-05T11:00:00-05:00", QCCP, "standard", "2026-12-10T00:00:00-05:00"),
    // late on a Friday in Chicago, which is Saturday in London
    ("2026-12-11T23:30:00-06:00", BMA, "standard", "2026-12-16T23:30:00-06:00"),
    // over Christmas, and over the end of the year
    ("2026-12-23T10:00:00-06:00", BMA, "standard", "2026-12-29T10:00:00-06:00"),
    ("2026-12-25T10:00:00-05:00", QCCP, "standard", "2026-12-31T00:00:00-05:00"),
    ("2026-12-30T10:00:00-05:00", OVM, "standard", "2027-01-05T10:00:00-05:00"),
    ("2026-12-31T23:30:00-06:00", BMA, "urgent", "2027-01-01T23:30:00-06:00"),
    ("2027-01-01T08:00:00-06:00", BMA, "standard", "2027-01-07T00:00:00-06:00"),
    // over the beginning of daylight-saving time
    ("2027-03-11T15:00:00-06:00", BMA, "standard", "2027-03-16T15:00:00-05:00"),
    ("2027-03-13T12:00:00-05:00", OVM, "urgent", "2027-03-16T13:00:00-04:00"),
    ("2027-03-13T23:00:00-06:00", BMA, "urgent", "2027-03-15T00:00:00-05:00"),
    ("2027-03-19T09:00:00-04:00", QCCP, "urgent", "2027-03-22T09:00:00-04:00"),
];

// proves DET-05, DET-06, DET-07
#[tokio::test]
async fn deadlines_skip_weekends_and_holidays_and_keep_the_local_time() {
    let service = Service::with_rosters().await;
    for (received, plan, urgency, due_at) in DEADLINES {
        move_clock(&service, received).await;
        let mut order = custom(plan);
        order["urgency"] = json!(urgency);
        order["date_of_service"] = json!("2027-04-01");
        let case = submit(&service, &order).await;
        assert_eq!(case["review"]["due_at"], due_at, "received {received} by {plan}, {urgency}");
    }
}

// proves DET-04, DET-05
#[tokio::test]
async fn a_clock_alone_escalates_and_never_denies() {
    let service = Service::with_rosters().await;
    let mut cases = Vec::new();
    for plan in [BMA, OVM, QCCP] {
        cases.push(id(&submit(&service, &custom(plan)).await));
    }
    // offered, asked for and not answered: still nobody but a physician denies
    done(&service, NURSE, &cases[0], "peer-to-peer", &offer()).await;
    done(&service, NURSE, &cases[0], "information-requests", &json!({"items": ["LVEF report"]})).await;
    move_clock(&service, "2026-11-25T14:59:59Z").await;
    assert_eq!(read(&service, &cases[0]).await["review"]["overdue"], false);
    move_clock(&service, "2026-11-25T17:00:00Z").await;
    for case_id in &cases {
        let case = read(&service, case_id).await;
        assert_eq!((&case["status"], &case["review"]["queue"]), (&json!("in_progress"), &json!("physician")));
        assert_eq!(case["review"]["overdue"], true);
        let kinds = kinds(&service, case_id).await;
        assert_eq!(kinds.iter().filter(|kind| *kind == "deadline_passed").count(), 1, "{kinds:?}");
    }
    let event = events(&service, &cases[0]).await.into_iter().find(|event| event["kind"] == "deadline_passed").unwrap();
    assert_eq!((&event["actor"], &event["actor_role"]), (&json!("service"), &json!("service")));
    // nothing more happens by itself
    move_clock(&service, "2027-11-25T17:00:00Z").await;
    tick(&service).await;
    assert_eq!(read(&service, &cases[0]).await["status"], "in_progress");
    // and a physician decides it still
    let case = done(&service, PHYSICIAN, &cases[0], "determinations", &deny(&[2])).await;
    assert_eq!(case["status"], "non_authorized");
}

/// A custom plan of Blue Medicare Advantage, offered and reviewed by a physician for the end of its clock.
async fn reviewed_for_expiry() -> (Service, String) {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(BMA)).await);
    done(&service, NURSE, &case_id, "peer-to-peer", &offer()).await;
    done(&service, NURSE, &case_id, "information-requests", &json!({"items": ["tumor board note"]})).await;
    done(&service, NURSE, &case_id, "escalations", &json!({"rationale": "criteria not met"})).await;
    let case = done(&service, PHYSICIAN, &case_id, "determinations", &on_expiry(&[2])).await;
    assert_eq!((&case["status"], &case["order_id"]), (&json!("in_progress"), &Value::Null), "nothing is denied yet");
    (service, case_id)
}

fn on_expiry(lines: &[u32]) -> Value {
    let mut body = deny(lines);
    body["on_expiry"] = json!(true);
    body
}

const AFTER: &str = "2026-11-25T15:00:00Z";

// proves DET-04, DET-05
#[tokio::test]
async fn a_case_that_a_physician_reviewed_after_the_offer_is_denied_when_its_clock_ends() {
    let (service, case_id) = reviewed_for_expiry().await;
    move_clock(&service, "2026-11-25T14:59:00Z").await;
    assert_eq!(read(&service, &case_id).await["status"], "in_progress");
    move_clock(&service, AFTER).await;
    let case = read(&service, &case_id).await;
    assert_eq!((&case["status"], &case["pathway"]["determination"]), (&json!("non_authorized"), &json!("not_eligible")));
    assert_eq!((&case["order_id"], &case["review"]), (&Value::Null, &Value::Null));
    let event = events(&service, &case_id).await.pop().unwrap();
    assert_eq!((&event["kind"], &event["actor"]), (&json!("denied_at_deadline"), &json!("service")));
    assert_eq!(
        (&event["detail"]["reviewed_by"], &event["detail"]["after"]["status"]),
        (&json!(PHYSICIAN), &json!("non_authorized"))
    );
    let by: Vec<(i32, String, String)> = sqlx::query_as("select line, decided_by, role from determinations order by line")
        .fetch_all(&service.app.pool)
        .await
        .unwrap();
    assert_eq!(by.len(), 3);
    assert!(by.iter().all(|(_, by, role)| by == PHYSICIAN && role == "physician"));
}

// proves DET-05
#[tokio::test]
async fn a_review_for_the_end_of_the_clock_falls_when_the_discussion_was_held() {
    let (service, case_id) = reviewed_for_expiry().await;
    let held = json!({"event": "held", "with": {"name": "Ordering Clinician", "role": "physician"}});
    done(&service, PHYSICIAN, &case_id, "peer-to-peer", &held).await;
    move_clock(&service, AFTER).await;
    let case = read(&service, &case_id).await;
    assert_eq!((&case["status"], &case["review"]["overdue"]), (&json!("in_progress"), &json!(true)));
}

// proves DET-05
#[tokio::test]
async fn a_review_for_the_end_of_the_clock_outlives_what_brings_nothing() {
    let (service, case_id) = reviewed_for_expiry().await;
    // a claim for enhanced reimbursement, which is refused, is no information
    let claim = json!({"case_id": case_id, "code": "S0353", "service_date": "2026-12-01", "billing_npi": "1234567893",
                       "claim_type": "professional"});
    assert_eq!(service.post("/v1/s-code-claims", PRACTICE, &claim).await.json()["accepted"], false);
    done(&service, PHYSICIAN, &case_id, "peer-to-peer", &json!({"event": "unreachable"})).await;
    move_clock(&service, AFTER).await;
    assert_eq!(read(&service, &case_id).await["status"], "non_authorized");
}

// proves DET-05, SUB-08
#[tokio::test]
async fn a_clock_ends_once_though_the_order_is_made_urgent_afterwards() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(BMA)).await);
    move_clock(&service, AFTER).await;
    let path = format!("/v1/orders/{case_id}");
    let urgent = service.call(axum::http::Method::PATCH, &path, PRACTICE, Some(&json!({"urgency": "urgent"}))).await.json();
    assert_eq!((&urgent["review"]["due_at"], &urgent["review"]["overdue"]), (&json!("2026-11-21T09:00:00-06:00"), &json!(true)));
    move_clock(&service, "2026-11-26T15:00:00Z").await;
    let kinds = kinds(&service, &case_id).await;
    assert_eq!(kinds, ["submitted", "deadline_passed", "updated"]);
}

// proves DET-05
#[tokio::test]
async fn a_review_for_the_end_of_the_clock_falls_when_anything_came_from_the_practice() {
    let (service, case_id) = reviewed_for_expiry().await;
    // whatever other parts of the service record about the case, such as a document that came in
    sqlx::query(
        "insert into case_events (case_id, shard, seq, at, kind, actor_subject, actor_role)
         select case_id, shard, max(seq) + 1, '2026-11-21T09:00:00Z', 'attachment_added', 'practice', 'ordering_provider'
         from case_events group by case_id, shard",
    )
    .execute(&service.app.pool)
    .await
    .unwrap();
    move_clock(&service, AFTER).await;
    assert_eq!(read(&service, &case_id).await["status"], "in_progress");
}

// proves DET-04, DET-05, DET-06
#[tokio::test]
async fn a_review_for_the_end_of_the_clock_needs_a_physician_an_offer_and_a_program_that_denies_then() {
    let service = Service::with_rosters().await;
    let bma = id(&submit(&service, &custom(BMA)).await);
    act(&service, PHYSICIAN, &bma, "determinations", &on_expiry(&[2])).await.assert_problem(409, "conflict");
    done(&service, NURSE, &bma, "peer-to-peer", &offer()).await;
    act(&service, NURSE, &bma, "determinations", &on_expiry(&[2])).await.assert_problem(403, "forbidden");
    done(&service, NURSE, &bma, "escalations", &json!({"rationale": "criteria not met"})).await;
    let mut approves = authorize(&[2]);
    approves["on_expiry"] = json!(true);
    act(&service, PHYSICIAN, &bma, "determinations", &approves).await.assert_problem(422, "validation-failed");
    let ovm = id(&submit(&service, &custom(OVM)).await);
    done(&service, PHYSICIAN, &ovm, "peer-to-peer", &offer()).await;
    let refused = act(&service, PHYSICIAN, &ovm, "determinations", &on_expiry(&[2])).await.assert_problem(409, "conflict");
    assert_eq!(refused["requirement"], "DET-05");
    move_clock(&service, "2026-11-27T15:00:00Z").await;
    act(&service, PHYSICIAN, &bma, "determinations", &on_expiry(&[2])).await.assert_problem(409, "conflict");
    assert_eq!(read(&service, &bma).await["status"], "in_progress");
}

#[tokio::test]
async fn the_end_of_the_clock_takes_a_case_from_a_nurse_and_leaves_it_with_a_physician() {
    let service = Service::with_rosters().await;
    let cases = [id(&submit(&service, &custom(BMA)).await), id(&submit(&service, &custom(OVM)).await)];
    move_clock(&service, "2026-11-25T14:00:00Z").await;
    for (case_id, token) in cases.iter().zip([NURSE, PHYSICIAN]) {
        service.post(&format!("/v1/reviews/{case_id}/claims"), token, &json!({})).await;
    }
    move_clock(&service, AFTER).await;
    let list = service.get("/v1/reviews", ADMINISTRATOR).await.json();
    let items = list["items"].as_array().unwrap();
    let holder = |case_id: &str| items.iter().find(|item| item["case_id"] == case_id).unwrap()["claimed_by"]["subject"].clone();
    assert_eq!((holder(&cases[0]), holder(&cases[1])), (Value::Null, json!(PHYSICIAN)));
    assert!(items.iter().all(|item| item["queue"] == "physician"), "{items:?}");
}
