//! What reviewers write can be read, what they record was so, and a denied line says why.

use crate::support::desk::*;
use crate::support::http::Service;
use serde_json::{Value, json};

/// Texts that nobody can see, and marks that say nothing.
const NOTHING: [&str; 9] = [
    " \n\t ",
    "\u{a0}\u{2003}\u{3000}",
    "\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}",
    "\u{ad}\u{202e}\u{2066}\u{e0041}",
    "\u{7}\u{85}\u{1b}",
    "\u{301}\u{345}\u{fe0f}",
    "\u{115f}\u{3164}\u{ffa0}\u{2800}",
    "...",
    "\u{2014}\u{200b}?",
];

async fn offered(order: &Value) -> (Service, String) {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, order).await);
    done(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    (service, case_id)
}

// proves DET-10, DET-04
#[tokio::test]
async fn text_that_nobody_can_read_is_no_text() {
    let (service, case_id) = offered(&custom(BMA)).await;
    let before = kinds(&service, &case_id).await;
    for text in NOTHING {
        for field in ["reason_code", "rationale"] {
            let mut denial = deny(&[2]);
            denial["drugs"][0][field] = json!(text);
            let problem =
                act(&service, PHYSICIAN, &case_id, "determinations", &denial).await.assert_problem(422, "validation-failed");
            assert_eq!(problem["errors"][0]["pointer"], format!("/drugs/0/{field}"), "{text:?}");
        }
        for (token, what, body) in [
            (NURSE, "escalations", json!({"rationale": text})),
            (PHYSICIAN, "duplicate-decisions", json!({"duplicate": true, "rationale": text})),
            (PHYSICIAN, "information-requests", json!({"items": [text]})),
            (PHYSICIAN, "peer-to-peer", json!({"event": "held", "with": text})),
            (PHYSICIAN, "peer-to-peer", json!({"event": "offered", "with": text})),
            (PHYSICIAN, "peer-to-peer", json!({"event": "declined", "with": {"name": text}})),
            (PHYSICIAN, "peer-to-peer", json!({"event": "held", "with": {"name": text, "role": "physician"}})),
        ] {
            let answer = act(&service, token, &case_id, what, &body).await;
            // a nurse is told first that a physician has the case
            assert!(matches!(answer.status.as_u16(), 409 | 422), "{what} {text:?}: {}", answer.text);
            assert!(token == NURSE || answer.status.as_u16() == 422, "{what} {text:?}: {}", answer.text);
        }
    }
    assert_eq!(kinds(&service, &case_id).await, before, "nothing happened");
    done(&service, PHYSICIAN, &case_id, "determinations", &deny(&[2])).await;
    let path = format!("/v1/orders/{case_id}/reconsiderations");
    for text in NOTHING {
        service.post(&path, PRACTICE, &json!({"reason": text})).await.assert_problem(422, "validation-failed");
    }
    let one = service.post(&path, PRACTICE, &json!({"reason": "new data"})).await.json();
    let decide = format!("/v1/reconsiderations/{}/determinations", one["reconsideration_id"].as_str().unwrap());
    for text in NOTHING {
        let body = json!({"decision": "upheld", "rationale": text});
        service.post(&decide, SECOND_PHYSICIAN, &body).await.assert_problem(422, "validation-failed");
    }
    // nor by hand
    for text in NOTHING {
        let denial =
            "insert into determinations (determination_id, case_id, shard, line, decision, decided_by, role, at, reason_code, rationale)
                      values (gen_random_uuid(), $1, shard_of_id($1), 3, 'non_authorized', 'somebody', 'physician', now(), 'policy_not_met', $2)";
        let case: uuid::Uuid = case_id.parse().unwrap();
        let error = sqlx::query(denial).bind(case).bind(text).execute(&service.app.pool).await.unwrap_err();
        assert!(error.to_string().contains("determinations_denials_give_reasons"), "{text:?}: {error}");
    }
    for text in ["no", "не соответствует", "不符合", "\u{200b}why"] {
        let says: bool = sqlx::query_scalar("select says_something($1)").bind(text).fetch_one(&service.app.pool).await.unwrap();
        assert!(says, "{text}");
    }
}

// proves DET-03, DET-04
#[tokio::test]
async fn a_discussion_was_offered_between_the_receipt_and_now() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(BMA)).await);
    service.app.clock.freeze_at("2026-11-20T16:30:40Z".parse().unwrap());
    let record = async |event: &str, at: &str| {
        let body = json!({"event": event, "at": at, "with": "Ordering Clinician"});
        act(&service, PHYSICIAN, &case_id, "peer-to-peer", &body).await
    };
    let out_of_time = [
        "2027-11-20T15:00:00Z",
        "2026-11-20T16:31:00Z",
        "2026-11-20T14:59:59Z",
        "2025-11-20T15:00:00Z",
        "2026-11-20T17:30:00+00:00",
        "2026-11-20T08:59:59-06:00",
    ];
    for at in out_of_time {
        let problem = record("offered", at).await.assert_problem(422, "validation-failed");
        assert_eq!(problem["errors"][0]["pointer"], "/at", "{at}");
    }
    let denial = act(&service, PHYSICIAN, &case_id, "determinations", &deny(&[2])).await.assert_problem(409, "conflict");
    assert_eq!(denial["remedy"], "offer_peer_to_peer");
    assert_eq!(read(&service, &case_id).await["review"]["peer_to_peer"], "not_offered");
    // the first and the last minute count, whatever their seconds, in any zone
    for at in ["2026-11-20T15:00:00Z", "2026-11-20T16:30:59Z", "2026-11-20T09:00:00-06:00"] {
        assert_eq!(record("offered", at).await.status.as_u16(), 201, "{at}");
    }
    for event in ["held", "declined", "unreachable"] {
        for at in out_of_time {
            record(event, at).await.assert_problem(422, "validation-failed");
        }
    }
    record("scheduled", "2026-11-20T14:59:00Z").await.assert_problem(422, "validation-failed");
    assert_eq!(record("scheduled", "2026-11-24T15:00:00Z").await.status.as_u16(), 201);
    assert_eq!(record("unreachable", "2026-11-20T16:30:00Z").await.status.as_u16(), 201);
    // the database is told the same
    let case: uuid::Uuid = case_id.parse().unwrap();
    for (event, at, recorded_at, stored) in [
        ("offered", "2027-11-20T15:00:00Z", "2026-11-20T16:30:40Z", false),
        ("held", "2026-11-20T16:31:00Z", "2026-11-20T16:30:40Z", false),
        ("offered", "2026-11-20T14:59:00Z", "2026-11-20T16:30:40Z", false),
        ("scheduled", "2026-11-20T14:59:00Z", "2026-11-20T16:30:40Z", false),
        ("scheduled", "2027-11-20T15:00:00Z", "2026-11-20T16:30:40Z", true),
        ("offered", "2026-11-20T16:30:50Z", "2026-11-20T16:30:40Z", true),
    ] {
        let insert =
            "insert into peer_to_peer_events (peer_to_peer_event_id, case_id, shard, event, at, recorded_by, recorded_at)
                      values (gen_random_uuid(), $1, shard_of_id($1), $2, $3::text::timestamptz, 'nurse', $4::text::timestamptz)";
        let done = sqlx::query(insert).bind(case).bind(event).bind(at).bind(recorded_at).execute(&service.app.pool).await;
        assert_eq!(done.is_ok(), stored, "{event} at {at}: {done:?}");
        assert!(stored || done.unwrap_err().to_string().contains("was so neither"), "{event} at {at}");
    }
}

// proves DET-10, SCD-10
#[tokio::test]
async fn a_denied_line_says_why_to_those_who_may_read_the_letter() {
    let (service, case_id) = offered(&custom(BMA)).await;
    let mut denial = deny(&[2]);
    denial["drugs"][0]["rationale_for_member"] = json!("This drug is not known to help with your illness.");
    let case = done(&service, PHYSICIAN, &case_id, "determinations", &denial).await;
    let why = &case["drugs"][1]["denial"];
    assert_eq!(why["reason_code"], "not_medically_necessary");
    assert_eq!(why["rationale"], "the evidence does not support this drug here");
    assert!(why["reason"].as_str().unwrap().len() > 10, "{why}");
    assert!(case["drugs"][0]["denial"].is_null(), "what is not denied has none");
    assert_eq!(case["drugs"][2]["denial"], *why, "what was denied along has the same");
    for token in [PRACTICE, NURSE, SECOND_PHYSICIAN, "sandbox-health-plan", ADMINISTRATOR] {
        let seen = service.get(&format!("/v1/orders/{case_id}"), token).await.json();
        assert_eq!(seen["drugs"][1]["denial"], *why, "{token}");
    }
    // what is written to the member is in no history
    let history = service.get(&format!("/v1/orders/{case_id}/history"), FACILITY).await.text;
    assert!(history.contains("does not support this drug") && !history.contains("not known to help"), "{history}");
    // who treats reads the provider's letter, and what it says on the line
    let letters = service.get(&format!("/v1/orders/{case_id}/letters"), FACILITY).await.json();
    let reads = letters["items"].as_array().unwrap().iter().any(|letter| letter["to"] == "provider");
    let seen = service.get(&format!("/v1/orders/{case_id}"), FACILITY).await.json();
    assert_eq!(seen["drugs"][1]["denial"].is_object(), reads, "{letters}");
    // the member reads the words for the member
    for letter in case["letters"].as_array().unwrap() {
        let path = format!("/v1/letters/{}", letter["letter_id"].as_str().unwrap());
        let text = service.get(&path, PRACTICE).await.text;
        assert_eq!(text.contains("not known to help"), letter["to"] == "member", "{letter}");
        assert_eq!(text.contains("does not support this drug"), letter["to"] == "provider", "{letter}");
    }
}
