//! Possible duplicates, questions to the practice, and the peer-to-peer discussion.

use crate::support::desk::*;
use crate::support::http::Service;
use serde_json::{Value, json};

// proves DUP-01, DUP-02
#[tokio::test]
async fn a_duplicate_ends_the_case_and_what_is_none_goes_on_as_if_nothing_had_been_said() {
    let service = Service::with_rosters().await;
    submit(&service, &tch(BMA)).await;
    let (one, two) = (submit(&service, &tch(BMA)).await, submit(&service, &tch(BMA)).await);
    assert_eq!(one["review"]["holds"], json!(["possible_duplicate"]));
    let (one, two) = (id(&one), id(&two));
    let early = act(&service, NURSE, &one, "determinations", &authorize(&[1])).await.assert_problem(409, "conflict");
    assert_eq!(early["remedy"], "decide_duplicate");
    let case = done(&service, NURSE, &one, "duplicate-decisions", &json!({"duplicate": true, "rationale": "sent twice"})).await;
    assert_eq!(case["status"], "review_cancelled");
    assert_eq!((&case["order_id"], &case["review"]), (&Value::Null, &Value::Null));
    assert!(case["status_reason"].as_str().unwrap().contains("duplicate"), "{case}");
    let blank = json!({"duplicate": false, "rationale": " "});
    act(&service, NURSE, &two, "duplicate-decisions", &blank).await.assert_problem(422, "validation-failed");
    let case =
        done(&service, NURSE, &two, "duplicate-decisions", &json!({"duplicate": false, "rationale": "second course"})).await;
    assert_eq!(case["status"], "authorized", "every drug returns to what was computed");
    assert!(case["order_id"].is_string());
    assert!(case["notices"].as_array().unwrap().iter().all(|notice| notice["code"] != "duplicate_order"), "{}", case["notices"]);
    let again = act(&service, NURSE, &two, "duplicate-decisions", &json!({"duplicate": true, "rationale": "x"})).await;
    again.assert_problem(409, "conflict");
}

// proves DUP-02, CAS-08
#[tokio::test]
async fn lifting_a_possible_duplicate_leaves_the_other_holds() {
    let service = Service::with_rosters().await;
    submit(&service, &custom(BMA)).await;
    let second = submit(&service, &custom(BMA)).await;
    assert_eq!(second["review"]["holds"], json!(["custom_treatment_plan", "possible_duplicate"]));
    let no = json!({"duplicate": false, "rationale": "second course"});
    let case = done(&service, NURSE, &id(&second), "duplicate-decisions", &no).await;
    assert_eq!((&case["status"], &case["review"]["holds"]), (&json!("in_progress"), &json!(["custom_treatment_plan"])));
    assert!(!case["status_reason"].as_str().unwrap().contains("duplicate"), "{}", case["status_reason"]);
}

// proves DET-08
#[tokio::test]
async fn what_the_nurse_asks_for_shows_on_the_case_with_its_deadline_and_the_call_is_logged() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(BMA)).await);
    let request = json!({"items": ["LVEF report", "pathology report"], "contacted": {"name": "Front desk", "phone": "+1 734 555 0100"},
                         "notes": "will call back"});
    done(&service, NURSE, &case_id, "information-requests", &request).await;
    done(&service, NURSE, &case_id, "information-requests", &json!({"items": ["LVEF report", "ECG"]})).await;
    let case = read(&service, &case_id).await;
    assert_eq!(case["status"], "in_progress");
    assert_eq!(case["review"]["asked_for"], json!(["LVEF report", "pathology report", "ECG"]));
    assert_eq!(case["review"]["due_at"], "2026-11-25T09:00:00-06:00", "asking moves no deadline");
    let events = events(&service, &case_id).await;
    let call = events.iter().find(|event| event["kind"] == "information_requested").unwrap();
    assert_eq!(call["detail"]["contacted"]["phone"], "+1 734 555 0100");
    assert_eq!((&call["actor"], &call["reason"]), (&json!(NURSE), &json!("will call back")));
    for body in [json!({"items": []}), json!({"items": [" "]}), json!({})] {
        act(&service, NURSE, &case_id, "information-requests", &body).await.assert_problem(422, "validation-failed");
    }
}

// proves DET-03, DET-13
#[tokio::test]
async fn the_discussion_is_offered_first_and_who_held_it_is_recorded() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(BMA)).await);
    for event in ["scheduled", "held", "declined", "unreachable"] {
        let body = json!({"event": event, "with": "Ordering Clinician"});
        act(&service, NURSE, &case_id, "peer-to-peer", &body).await.assert_problem(409, "conflict");
    }
    assert_eq!(read(&service, &case_id).await["review"]["peer_to_peer"], "not_offered");
    for (event, at) in [
        ("offered", "2026-11-20T15:00:00Z"),
        ("unreachable", "2026-11-20T15:00:00Z"),
        ("offered", "2026-11-20T15:00:00Z"),
        ("scheduled", "2026-11-21T15:00:00Z"),
    ] {
        let case = done(&service, NURSE, &case_id, "peer-to-peer", &json!({"event": event, "at": at, "notes": "by phone"})).await;
        assert_eq!(case["review"]["peer_to_peer"], event);
    }
    for at in ["-9999-01-01T00:00:00Z", "+200000-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "yesterday"] {
        let body = json!({"event": "offered", "at": at});
        act(&service, NURSE, &case_id, "peer-to-peer", &body).await.assert_problem(422, "validation-failed");
    }
    act(&service, NURSE, &case_id, "peer-to-peer", &json!({"event": "held"})).await.assert_problem(422, "validation-failed");
    let unknown = json!({"event": "held", "with": {"name": "A", "role": "receptionist"}});
    act(&service, NURSE, &case_id, "peer-to-peer", &unknown).await.assert_problem(422, "validation-failed");
    let held = json!({"event": "held", "with": {"name": "Assisting Clinician", "role": "physician_assistant"}});
    let case = done(&service, NURSE, &case_id, "peer-to-peer", &held).await;
    assert_eq!(case["review"]["peer_to_peer"], "held");
    act(&service, NURSE, &case_id, "peer-to-peer", &json!({"event": "declined"})).await.assert_problem(409, "conflict");
    let recorded: Vec<(String, Option<String>)> =
        sqlx::query_as("select event, with_whom from peer_to_peer_events order by recorded_at, peer_to_peer_event_id")
            .fetch_all(&service.app.pool)
            .await
            .unwrap();
    assert_eq!(recorded.len(), 5);
    assert!(recorded.contains(&("held".to_owned(), Some("Assisting Clinician, physician assistant".to_owned()))), "{recorded:?}");
}
