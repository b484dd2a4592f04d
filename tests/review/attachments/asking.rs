//! When documents are taken, and what an arrival does to the case.

use crate::attachments::{PDF, asked, list, request, send, sent, stored};
use crate::support::desk::*;
use crate::support::http::Service;
use serde_json::{Value, json};

// proves INF-07
#[tokio::test]
async fn nothing_is_taken_that_no_clinician_asked_for() {
    let service = Service::with_rosters().await;
    // the engine's own questions are answered on the order
    let open = id(&submit(&service, &unanswered(BMA)).await);
    assert_ne!(read(&service, &open).await["review"]["asked_for"], json!([]));
    let refused = send(&service, PRACTICE, &open, "application/pdf", PDF).await.assert_problem(409, "conflict");
    assert_eq!(refused["requirement"], "INF-07");
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("only when a clinician asks") && detail.contains("changing the order"), "{detail}");
    done(&service, NURSE, &open, "determinations", &authorize(&[3, 4])).await;
    let refused = send(&service, PRACTICE, &open, "application/pdf", PDF).await.assert_problem(409, "conflict");
    assert!(refused["detail"].as_str().unwrap().contains("the case is authorized"), "{refused}");
    assert_eq!(stored(&service).await, (0, 0));
    assert!(!kinds(&service, &open).await.contains(&"attachment_received".to_owned()));
}

// proves INF-07, DET-08
#[tokio::test]
async fn what_was_asked_for_is_taken_and_shown_to_the_nurse() {
    let service = Service::with_rosters().await;
    let case_id = asked(&service).await;
    let before = read(&service, &case_id).await;
    assert_eq!(before["review"]["asked_for"], json!(["tumor board note"]));
    assert_eq!(before["review"]["due_at"], "2026-11-25T09:00:00-06:00");
    assert_eq!(
        (&before["review"]["attachments_received"], &before["review"]["attachments_received_at"]),
        (&json!(0), &Value::Null)
    );
    let query = "?file_name=note.pdf&description=Tumor%20board%20of%20Monday";
    let answer = service.send(request(PRACTICE, &case_id, query, &[("content-type", "application/pdf")], PDF)).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    let one = answer.json();
    let attachment_id = one["attachment_id"].as_str().unwrap();
    assert_eq!(answer.header("location"), format!("/v1/attachments/{attachment_id}"));
    let expected = json!({
        "attachment_id": attachment_id, "case_id": case_id, "file_name": "note.pdf", "media_type": "application/pdf",
        "size_bytes": PDF.len(), "sha256": one["sha256"], "description": "Tumor board of Monday", "purpose": "review",
        "received_at": "2026-11-20T15:00:00Z", "received_from": PRACTICE, "received_as": "ordering_provider", "scan": "not_configured",
    });
    assert_eq!(one, expected);
    for token in [NURSE, PHYSICIAN, PRACTICE, INTAKE] {
        assert_eq!(list(&service, token, &case_id).await.json(), json!({"items": [expected]}), "{token}");
    }
    let after = read(&service, &case_id).await;
    assert_eq!((&after["review"]["attachments_received"], &after["review"]["due_at"]), (&json!(1), &before["review"]["due_at"]));
    let worklist = service.get("/v1/reviews", NURSE).await.json();
    let item = &worklist["items"][0];
    assert_eq!((&item["attachments_received"], &item["attachments_received_at"]), (&json!(1), &json!("2026-11-20T15:00:00Z")));
    let event = events(&service, &case_id).await.pop().unwrap();
    assert_eq!((&event["kind"], &event["actor"]), (&json!("attachment_received"), &json!(PRACTICE)));
    assert_eq!(event["detail"]["attachment_id"], attachment_id);
    assert!(!event.to_string().contains("note.pdf"), "names of files stay out of the history: {event}");
}

// proves INF-07
#[tokio::test]
async fn the_mark_stays_when_the_order_is_changed_and_a_reviewer_who_has_not_seen_it_is_told() {
    let service = Service::with_rosters().await;
    let case_id = asked(&service).await;
    let seen = service.get(&format!("/v1/orders/{case_id}"), NURSE).await.header("etag").to_owned();
    sent(&service, INTAKE, &case_id).await;
    let escalations = format!("/v1/reviews/{case_id}/escalations");
    let stale = post_with(&service, &escalations, NURSE, &[("if-match", &seen)], &json!({"rationale": "x"})).await;
    stale.assert_problem(412, "precondition-failed");
    let correction = json!({"contact": {"name": "Back desk"}});
    let path = format!("/v1/orders/{case_id}");
    let changed = service.call(axum::http::Method::PATCH, &path, PRACTICE, Some(&correction)).await.json();
    assert_eq!(
        (&changed["review"]["attachments_received"], &changed["request"]["contact"]["name"]),
        (&json!(1), &json!("Back desk"))
    );
    sent(&service, PRACTICE, &case_id).await;
    assert_eq!(read(&service, &case_id).await["review"]["attachments_received"], 2);
}

/// A case that a physician has reviewed for the end of its clock.
async fn reviewed_for_expiry(service: &Service) -> String {
    let case_id = asked(service).await;
    done(service, NURSE, &case_id, "peer-to-peer", &offer()).await;
    done(service, NURSE, &case_id, "escalations", &json!({"rationale": "criteria not met"})).await;
    let mut review = deny(&[2]);
    review["on_expiry"] = json!(true);
    done(service, PHYSICIAN, &case_id, "determinations", &review).await;
    case_id
}

// proves DET-05, INF-07
#[tokio::test]
async fn no_clock_denies_a_case_whose_documents_came_in_time() {
    for arrives in [true, false] {
        let service = Service::with_rosters().await;
        let case_id = reviewed_for_expiry(&service).await;
        move_clock(&service, "2026-11-25T14:59:00Z").await;
        if arrives {
            sent(&service, PRACTICE, &case_id).await;
        }
        move_clock(&service, "2026-11-25T15:00:01Z").await;
        let case = read(&service, &case_id).await;
        if arrives {
            assert_eq!((&case["status"], &case["review"]["queue"]), (&json!("in_progress"), &json!("physician")));
            assert_eq!((&case["review"]["overdue"], &case["review"]["attachments_received"]), (&json!(true), &json!(1)));
        } else {
            assert_eq!(case["status"], "non_authorized");
        }
    }
}

// proves DET-03, INF-07
#[tokio::test]
async fn once_the_discussion_is_offered_the_practice_may_show_what_speaks_for_the_patient() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(OVM)).await);
    send(&service, PRACTICE, &case_id, "application/pdf", PDF).await.assert_problem(409, "conflict");
    done(&service, NURSE, &case_id, "peer-to-peer", &offer()).await;
    sent(&service, PRACTICE, &case_id).await;
}

// proves INF-07
#[tokio::test]
async fn a_case_takes_so_many_documents_and_no_more() {
    let service = Service::with_rosters().await;
    let case_id = asked(&service).await;
    for _ in 0..50 {
        sent(&service, PRACTICE, &case_id).await;
    }
    let refused = send(&service, PRACTICE, &case_id, "application/pdf", PDF).await.assert_problem(409, "conflict");
    assert!(refused["detail"].as_str().unwrap().contains("50"), "{refused}");
    assert_eq!(stored(&service).await, (50, 50));
}

// proves DUP-03, INF-07
#[tokio::test]
async fn a_repeated_call_stores_one_document_and_another_one_needs_another_key() {
    let service = Service::with_rosters().await;
    let case_id = asked(&service).await;
    let headers = [("content-type", "application/pdf"), ("idempotency-key", "fax-17")];
    let call = || service.send(request(PRACTICE, &case_id, "?file_name=a.pdf", &headers, PDF));
    let (first, again) = tokio::join!(call(), call());
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201), "{} {}", first.text, again.text);
    assert_eq!(first.json(), again.json());
    assert_eq!(stored(&service).await, (1, 1));
    let other = service.send(request(PRACTICE, &case_id, "?file_name=a.pdf", &headers, [PDF, b"%"].concat())).await;
    other.assert_problem(422, "idempotency-key-reused");
    // the first answer is given again even when nothing would be taken any more
    done(&service, NURSE, &case_id, "determinations", &authorize(&[2])).await;
    let late = call().await;
    assert_eq!((late.status.as_u16(), late.header("idempotency-replayed")), (201, "true"), "{}", late.text);
    assert_eq!(late.header("location"), first.header("location"));
    send(&service, PRACTICE, &case_id, "application/pdf", PDF).await.assert_problem(409, "conflict");
}
