//! What reviewers do beside deciding, by form: asking, calling, handing over, and what refuses them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use super::browser::Browser;
use super::desk::{act_on, events_of, opened};
use crate::support::desk::*;
use crate::support::http::Service;
use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::json;

async fn pended() -> (Service, String) {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &unanswered(BMA)).await);
    (service, case_id)
}

// proves DET-08
#[tokio::test]
async fn what_is_not_known_is_asked_for_with_a_tick_and_the_call_is_on_record() {
    let (service, case_id) = pended().await;
    let mut nurse = Browser::of(&service, NURSE).await;
    let (page, ..) = opened(&mut nurse, &case_id).await;
    let offered: Vec<&str> = page.split("name=\"item\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(offered.iter().any(|item| item.to_lowercase().contains("ejection fraction")), "{offered:?}");
    assert!(page.contains("value=\"Front desk\"") && page.contains("value=\"+1 734 555 0100\""), "whom to call: {page}");
    let item =
        offered[0].replace("&#60;", "<").replace("&#62;", ">").replace("&#34;", "\"").replace("&#39;", "'").replace("&#38;", "&");
    let fields = [
        ("item", item.as_str()),
        ("others", "The tumor board note\n\n  The last infusion record  "),
        ("contacted_name", "Front desk"),
        ("contacted_phone", "+1 734 555 0100"),
        ("ask_notes", "will send it today"),
    ];
    let answer = act_on(&mut nurse, &case_id, "ask", &fields).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, format!("/cases/{case_id}/review").as_str()),
        "{}",
        answer.text
    );
    let asked = read(&service, &case_id).await["review"]["asked_for"].clone();
    for wanted in [item.as_str(), "The tumor board note", "The last infusion record"] {
        assert!(asked.as_array().unwrap().contains(&json!(wanted)), "{wanted} in {asked}");
    }
    let (page, ..) = opened(&mut nurse, &case_id).await;
    for shown in [
        "Asked for already",
        "asked for: The tumor board note",
        "called: Front desk, +1 734 555 0100",
        "will send it today",
        "Yours until",
    ] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    let practice = Browser::of(&service, PRACTICE).await.page(&format!("/cases/{case_id}")).await;
    assert!(practice.contains("The tumor board note") && !practice.contains("will send it today"), "{practice}");
    // nothing at all is nothing to ask for, and what was entered still stands there
    let answer = act_on(&mut nurse, &case_id, "ask", &[("ask_notes", "only <a> note")]).await;
    assert_eq!(answer.status.as_u16(), 422, "{}", answer.text);
    assert!(
        answer.text.contains("tick something, or write it down") && answer.text.contains("only &#60;a&#62; note"),
        "{}",
        answer.text
    );
    let long = "x".repeat(4001);
    let answer = act_on(&mut nurse, &case_id, "ask", &[("item", "x"), ("ask_notes", &long)]).await;
    assert_eq!(answer.status.as_u16(), 422, "{}", answer.text);
    assert_eq!(events_of(&service, &case_id, "information_requested").await, 1);
}

// proves DET-03, DET-13
#[tokio::test]
async fn the_discussion_is_offered_then_agreed_then_held_with_somebody() {
    let (service, case_id) = pended().await;
    let mut nurse = Browser::of(&service, NURSE).await;
    let (page, ..) = opened(&mut nurse, &case_id).await;
    assert!(page.contains("value=\"offered\"") && !page.contains("value=\"held\""), "the offer comes first: {page}");
    let early =
        act_on(&mut nurse, &case_id, "call", &[("event", "held"), ("with_name", "Dr. Clinician"), ("with_role", "physician")])
            .await;
    assert_eq!(early.status.as_u16(), 409, "{}", early.text);
    assert!(early.text.contains("not offered yet"), "{}", early.text);
    for (fields, status) in [
        (vec![("event", "")], 422),
        (vec![("event", "cancelled")], 422),
        (vec![("event", "offered"), ("call_notes", "left a number")], 422),
        (vec![("event", "offered"), ("with_name", "Front desk"), ("call_notes", "left a number")], 303),
        (vec![("event", "scheduled")], 422),
        (vec![("event", "scheduled"), ("day", "11/23/2026"), ("time", "25 o'clock")], 422),
        (vec![("event", "scheduled"), ("day", "11/23/2026"), ("time", "3:40 pm")], 303),
        (vec![("event", "held")], 422),
        (vec![("event", "held"), ("with_role", "physician")], 422),
        (vec![("event", "held"), ("with_name", "Dr. Clinician"), ("with_role", "janitor")], 422),
        (
            vec![
                ("event", "held"),
                ("with_name", "Dr. Clinician"),
                ("with_role", "physician"),
                ("day", "11/30/2026"),
                ("time", "8:00"),
            ],
            422,
        ),
        (vec![("event", "held"), ("with_name", "Dr. Clinician"), ("with_role", "physician"), ("call_notes", "agrees")], 303),
        (vec![("event", "declined")], 409),
    ] {
        let answer = act_on(&mut nurse, &case_id, "call", &fields).await;
        assert_eq!(answer.status.as_u16(), status, "{fields:?}: {}", answer.text);
    }
    let kinds = kinds(&service, &case_id).await;
    assert_eq!(kinds, ["submitted", "claimed", "peer_to_peer_offered", "peer_to_peer_scheduled", "peer_to_peer_held"]);
    let events = events(&service, &case_id).await;
    assert_eq!(events[3]["detail"]["at"], "2026-11-23T21:40:00Z", "in the program's zone");
    assert_eq!(events[4]["detail"]["with"], json!({"name": "Dr. Clinician", "role": "physician"}));
    let (page, ..) = opened(&mut nurse, &case_id).await;
    assert!(page.contains("with Dr. Clinician, physician") && page.contains("left a number"), "{page}");
}

// proves DET-02
#[tokio::test]
async fn a_nurse_hands_a_case_over_and_the_physician_sees_who_asked_and_what_came_since() {
    let (service, case_id) = pended().await;
    let mut nurse = Browser::of(&service, NURSE).await;
    act_on(&mut nurse, &case_id, "ask", &[("others", "The echocardiogram")]).await;
    let blank = act_on(&mut nurse, &case_id, "handover", &[("handover_rationale", "  ")]).await;
    assert_eq!(blank.status.as_u16(), 422, "{}", blank.text);
    let answer = act_on(&mut nurse, &case_id, "handover", &[("handover_rationale", "the heart was never looked at")]).await;
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.text);
    let change = json!({"clinical": {"weight_kg": 72}});
    let request = Request::builder()
        .method(Method::PATCH)
        .uri(format!("/v1/orders/{case_id}"))
        .header("authorization", format!("Bearer {PRACTICE}"));
    let request = request.header("content-type", "application/merge-patch+json").body(Body::from(change.to_string())).unwrap();
    assert_eq!(service.send(request).await.status.as_u16(), 200);
    let mut physician = Browser::of(&service, PHYSICIAN).await;
    assert!(physician.page("/reviews").await.contains(&case_id));
    let (page, ..) = opened(&mut physician, &case_id).await;
    for shown in [
        "the heart was never looked at",
        "asked for: The echocardiogram",
        "Clinical, weight kg: 71.5 → 72",
        ">new</span>",
        "sandbox-nurse (Oncology nurse)",
    ] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    assert_eq!(page.matches(">new</span>").count(), 1, "what the practice changed: {page}");
    assert!(!page.contains("Hand over to a medical oncologist"), "{page}");
    let again =
        nurse.send(&format!("/cases/{case_id}/review/handover"), &[("version", "4"), ("handover_rationale", "again")]).await;
    assert!(matches!(again.status.as_u16(), 409 | 412), "{}", again.text);
    assert_eq!(events_of(&service, &case_id, "escalated").await, 1);
}

#[tokio::test]
async fn a_form_of_an_older_case_does_nothing_and_shows_what_changed() {
    let (service, case_id) = pended().await;
    let mut nurse = Browser::of(&service, NURSE).await;
    let (_, version, key) = opened(&mut nurse, &case_id).await;
    let change = json!({"clinical": {"weight_kg": 72}});
    let request = Request::builder()
        .method(Method::PATCH)
        .uri(format!("/v1/orders/{case_id}"))
        .header("authorization", format!("Bearer {PRACTICE}"));
    let request = request.header("content-type", "application/merge-patch+json").body(Body::from(change.to_string())).unwrap();
    assert_eq!(service.send(request).await.status.as_u16(), 200);
    let path = format!("/cases/{case_id}/review/ask");
    let stale = nurse.send(&path, &[("version", &version), ("key", &key), ("others", "The echocardiogram")]).await;
    assert_eq!(stale.status.as_u16(), 412, "{}", stale.text);
    for shown in [
        "changed since you opened it",
        "Clinical, weight kg: 71.5 → 72",
        "The echocardiogram</textarea>",
        "sandbox-ordering-provider",
    ] {
        assert!(stale.text.contains(shown), "{shown} in {}", stale.text);
    }
    let without = nurse.send(&path, &[("others", "The echocardiogram")]).await;
    assert_eq!(without.status.as_u16(), 412, "a form that does not say what it was drawn from");
    for what in ["decide", "call", "handover"] {
        let fields = [
            ("version", version.as_str()),
            ("all", "authorized"),
            ("do", "decide"),
            ("event", "offered"),
            ("with_name", "Front desk"),
            ("handover_rationale", "x"),
        ];
        assert_eq!(nurse.send(&format!("/cases/{case_id}/review/{what}"), &fields).await.status.as_u16(), 412, "{what}");
    }
    assert_eq!(kinds(&service, &case_id).await, ["submitted", "updated"]);
    let fresh = super::desk::hidden(&stale.text, "version");
    let answer = nurse.send(&path, &[("version", &fresh), ("others", "The echocardiogram")]).await;
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.text);
}

#[tokio::test]
async fn a_form_that_is_sent_twice_is_taken_once() {
    let (service, case_id) = pended().await;
    let mut nurse = Browser::of(&service, NURSE).await;
    let (_, version, key) = opened(&mut nurse, &case_id).await;
    let path = format!("/cases/{case_id}/review/ask");
    let fields = [("version", version.as_str()), ("key", key.as_str()), ("others", "The echocardiogram")];
    for _ in 0..2 {
        assert_eq!(nurse.send(&path, &fields).await.status.as_u16(), 303);
    }
    assert_eq!(events_of(&service, &case_id, "information_requested").await, 1);
    let other = nurse.send(&path, &[("version", &version), ("key", &key), ("others", "The biopsy")]).await;
    assert_eq!(other.status.as_u16(), 409, "{}", other.text);
    assert!(other.text.contains("Sent before"), "{}", other.text);
}

// proves DUP-02
#[tokio::test]
async fn a_possible_duplicate_is_decided_before_anything_else() {
    let service = Service::with_rosters().await;
    let first = submit(&service, &tch(BMA)).await;
    let second = submit(&service, &tch(BMA)).await;
    assert_eq!(second["review"]["holds"], json!(["possible_duplicate"]), "{second:#}");
    let case_id = id(&second);
    let mut nurse = Browser::of(&service, NURSE).await;
    let (page, version, _) = opened(&mut nurse, &case_id).await;
    let (first, number) = (id(&first), first["order_id"].as_str().unwrap());
    assert!(page.contains(&format!("<a href=\"/cases/{first}\">{number} ·")), "the similar order, with its number: {page}");
    assert!(page.contains("Is it a duplicate?") && !page.contains("name=\"all\""), "{page}");
    let early =
        nurse.send(&format!("/cases/{case_id}/review/decide"), &[("version", &version), ("decision/1", "authorized")]).await;
    assert_eq!(early.status.as_u16(), 409, "{}", early.text);
    for fields in [
        vec![("duplicate_rationale", "x")],
        vec![("duplicate", "yes")],
        vec![("duplicate", "perhaps"), ("duplicate_rationale", "x")],
    ] {
        assert_eq!(act_on(&mut nurse, &case_id, "duplicate", &fields).await.status.as_u16(), 422, "{fields:?}");
    }
    let answer =
        act_on(&mut nurse, &case_id, "duplicate", &[("duplicate", "no"), ("duplicate_rationale", "another breast")]).await;
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.text);
    assert_eq!(events_of(&service, &case_id, "duplicate_decided").await, 1);
}
