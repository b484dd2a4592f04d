//! What reviewers type is not lost, and what is out of the ordinary is asked for before it is decided.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use super::browser::Browser;
use super::desk::{act_on, hidden, opened};
use super::desk_decide::{FOR_MEMBER, OFFERED, REASONS, WHY, confirmed, pended, undecided};
use crate::support::desk::*;
use crate::support::http::Service;
use crate::support::submit::count;
use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

const TYPED: [(&str, &str); 4] = [
    ("decision/2", "non_authorized"),
    ("reason", "not_medically_necessary"),
    ("rationale", WHY),
    ("rationale_for_member", FOR_MEMBER),
];

/// The practice changes its order.
async fn patch(service: &Service, case_id: &str, change: &Value) {
    let request = Request::builder().method(Method::PATCH).uri(format!("/v1/orders/{case_id}"));
    let request = request.header("authorization", format!("Bearer {PRACTICE}"));
    let request = request.header("content-type", "application/merge-patch+json").body(Body::from(change.to_string())).unwrap();
    assert_eq!(service.send(request).await.status.as_u16(), 200);
}

/// Everything that was typed stands in the page.
fn stands(page: &str) {
    for typed in [
        format!("rows=\"3\" maxlength=\"4000\">{WHY}</textarea>"),
        format!("{FOR_MEMBER}</textarea>"),
        "<option value=\"not_medically_necessary\" selected>".to_owned(),
        "id=\"non_authorized/2\" value=\"non_authorized\" checked".to_owned(),
    ] {
        assert!(page.contains(&typed), "{typed} in {page}");
    }
}

#[tokio::test]
async fn what_was_typed_outlives_every_other_act_and_is_forgotten_with_the_decision() {
    let (service, case_id) = pended().await;
    let other = id(&submit(&service, &custom(OVM)).await);
    let mut physician = Browser::of(&service, PHYSICIAN).await;
    act_on(&mut physician, &case_id, "call", &OFFERED).await;
    let of = [("of", case_id.as_str())];
    // the form is one: each act sends the whole of it, does its part, and leaves the rest
    for (act, fields) in [
        ("ask", vec![("others", "The echocardiogram"), ("ask_notes", "will send it")]),
        ("call", vec![("event", "declined"), ("with_name", "Dr. Clinician"), ("call_notes", "no time")]),
        ("release", vec![]),
        ("claim", vec![]),
    ] {
        let fields = [&TYPED[..], &of[..], &fields[..]].concat();
        let answer = act_on(&mut physician, &case_id, act, &fields).await;
        assert_eq!(answer.status.as_u16(), 303, "{act}: {}", answer.text);
        let (page, ..) = opened(&mut physician, &case_id).await;
        stands(&page);
        assert!(page.contains("What you typed before stands below"), "{act}: {page}");
        assert!(!page.contains("id=\"changed\""), "one's own acts are no news: {act}: {page}");
        assert!(!page.contains("will send it</textarea>") && !page.contains("no time</textarea>"), "the act is done: {page}");
    }
    // on the way to the next case
    let changed = "seen again, and still not";
    let mut fields = TYPED.to_vec();
    fields[2] = ("rationale", changed);
    let next = physician.follow(&format!("/cases/{other}/review/claim"), &[&fields[..], &of[..]].concat()).await;
    assert!(!next.text.contains(changed), "it belongs to the other case: {}", next.text);
    assert!(opened(&mut physician, &case_id).await.0.contains(changed));
    // while it is written, without a press of anything
    let (_, version, _) = opened(&mut physician, &case_id).await;
    let answer =
        physician.send(&format!("/cases/{case_id}/review/keep"), &[&TYPED[..], &[("version", version.as_str())]].concat()).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    assert!(answer.text.contains("id=\"kept\""), "{}", answer.text);
    // in another browser of the same person, and in nobody else's
    stands(&Browser::of(&service, PHYSICIAN).await.page(&format!("/cases/{case_id}/review")).await);
    let nurse = Browser::of(&service, NURSE).await.page(&format!("/cases/{case_id}/review")).await;
    assert!(!nurse.contains(WHY), "{nurse}");
    assert_eq!(
        Browser::of(&service, PRACTICE).await.send(&format!("/cases/{case_id}/review/keep"), &TYPED).await.status.as_u16(),
        404
    );
    let (_, answer) = confirmed(&mut physician, &case_id, &TYPED).await;
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.text);
    assert_eq!(count(&service, "select count(*) from drafts").await, 0, "nothing is kept of what was decided");
}

#[tokio::test]
async fn whatever_was_typed_before_a_change_is_told_what_changed() {
    let (service, case_id) = pended().await;
    let mut physician = Browser::of(&service, PHYSICIAN).await;
    act_on(&mut physician, &case_id, "call", &OFFERED).await;
    let (_, version, key) = opened(&mut physician, &case_id).await;
    let sent = [&TYPED[..], &[("version", version.as_str()), ("key", key.as_str())]].concat();
    assert_eq!(physician.send(&format!("/cases/{case_id}/review/keep"), &sent).await.status.as_u16(), 200);
    patch(&service, &case_id, &json!({"clinical": {"weight_kg": 72}})).await;
    let difference = "Clinical, weight kg: 71.5 → 72";
    let (page, fresh, _) = opened(&mut physician, &case_id).await;
    stands(&page);
    assert!(page.contains("What changed since you typed what stands below") && page.contains(difference), "{page}");
    // also where the form comes back for another reason
    for (act, fields) in
        [("ask", vec![]), ("call", vec![("event", "held"), ("with_role", "physician")]), ("decide", vec![("do", "show")])]
    {
        let answer = physician.send(&format!("/cases/{case_id}/review/{act}"), &[&sent[..], &fields[..]].concat()).await;
        assert!(matches!(answer.status.as_u16(), 200 | 422), "{act}: {}", answer.text);
        assert!(answer.text.contains("What changed since you opened the case"), "{act}: {}", answer.text);
        let told = answer.text.split("id=\"changed\"").nth(1).unwrap().split("</div>").next().unwrap();
        assert!(told.contains(difference) && !told.contains("was offered"), "what was seen is no news: {told}");
    }
    // what was shown with it is kept as seen
    let (page, ..) = opened(&mut physician, &case_id).await;
    assert!(!page.contains("id=\"changed\""), "{page}");
    assert_ne!(version, fresh);
}

// proves DET-10
#[tokio::test]
async fn what_reviewers_wrote_about_a_case_is_not_forgotten_for_fifty_others() {
    let service = Service::sandbox().await;
    let caller = oncoauth::app::sandbox::caller_of(PHYSICIAN).unwrap();
    for _ in 0..60 {
        let draft_id = service.app.ids.uuid(service.app.clock.now());
        oncoauth::app::drafts::save_for_a_case(&service.app, &caller, draft_id, "rationale=x".to_owned()).await.unwrap();
    }
    assert_eq!(count(&service, "select count(*) from drafts").await, 60);
}

// proves DET-03
#[tokio::test]
async fn a_denial_before_an_agreed_discussion_is_asked_about_by_itself() {
    let (service, case_id) = pended().await;
    let mut physician = Browser::of(&service, PHYSICIAN).await;
    let (page, ..) = opened(&mut physician, &case_id).await;
    assert!(!page.contains("id=\"event-offered\" value=\"offered\" checked"), "nothing is picked for anybody: {page}");
    let nobody = act_on(&mut physician, &case_id, "call", &[("event", "offered"), ("with_role", "physician")]).await;
    assert_eq!(nobody.status.as_u16(), 422, "an offer is made to somebody: {}", nobody.text);
    act_on(&mut physician, &case_id, "call", &OFFERED).await;
    let call = [("event", "scheduled"), ("day", "11/21/2026"), ("time", "3 pm"), ("with_name", "Dr. Clinician")];
    assert_eq!(act_on(&mut physician, &case_id, "call", &call).await.status.as_u16(), 303);
    let (page, ..) = opened(&mut physician, &case_id).await;
    assert!(page.contains("agreed for November 21, 2026, 3:00 p.m."), "{page}");
    let denial = [&[("all", "non_authorized")], &REASONS[..]].concat();
    let at_once = act_on(&mut physician, &case_id, "decide", &[&denial[..], &[("do", "decide")]].concat()).await;
    assert_eq!(at_once.status.as_u16(), 422, "{}", at_once.text);
    for told in [
        "Not decided yet",
        "is agreed for November 21, 2026, 3:00 p.m.",
        "Dr. Clinician",
        "name=\"sure\" value=\"call\" required",
    ] {
        assert!(at_once.text.contains(told), "{told} in {}", at_once.text);
    }
    undecided(&service, &case_id).await;
    let sure = [&denial[..], &[("sure", "call")]].concat();
    let (_, answer) = confirmed(&mut physician, &case_id, &sure).await;
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.text);
    assert_eq!(read(&service, &case_id).await["status"], "non_authorized");
}

#[tokio::test]
async fn a_discussion_after_the_answer_is_due_is_agreed_only_where_that_is_meant() {
    let (service, case_id) = pended().await;
    let mut nurse = Browser::of(&service, NURSE).await;
    act_on(&mut nurse, &case_id, "call", &OFFERED).await;
    let call = [("event", "scheduled"), ("day", "12/30/2026"), ("time", "3 pm")];
    let late = act_on(&mut nurse, &case_id, "call", &call).await;
    assert_eq!(late.status.as_u16(), 422, "{}", late.text);
    assert!(late.text.contains("before this discussion") && late.text.contains("name=\"after_due\""), "{}", late.text);
    let meant = act_on(&mut nurse, &case_id, "call", &[&call[..], &[("after_due", "yes")]].concat()).await;
    assert_eq!(meant.status.as_u16(), 303, "{}", meant.text);
}

// proves SAFE-13
#[tokio::test]
async fn units_far_from_what_was_counted_are_asked_about_by_themselves() {
    let service = Service::with_rosters().await;
    let mut order = custom(BMA);
    let drug = &mut order["treatment"]["phases"][0]["drugs"][1];
    drug["hcpcs"] = json!("J9999");
    drug["generic"] = json!("alphamab");
    drug["dose"] = json!({"amount": 10, "unit": "mg"});
    let case_id = id(&submit(&service, &order).await);
    let mut nurse = Browser::of(&service, NURSE).await;
    let (page, ..) = opened(&mut nurse, &case_id).await;
    assert!(page.contains("visits were counted"), "{page}");
    // what was counted has a range; nobody knows that of the second line
    let fields = [("all", "authorized"), ("units/2", "9,999,999"), ("visits/2", "6")];
    let at_once = act_on(&mut nurse, &case_id, "decide", &[&fields[..], &[("do", "decide")]].concat()).await;
    assert_eq!(at_once.status.as_u16(), 422, "{}", at_once.text);
    assert!(
        at_once.text.contains("9,999,999 billing units over 6 visits; ") && at_once.text.contains("value=\"units/2\" required"),
        "{}",
        at_once.text
    );
    undecided(&service, &case_id).await;
    // a tick for another line is none for this one
    let other = act_on(&mut nurse, &case_id, "decide", &[&fields[..], &[("sure", "units/3"), ("do", "decide")]].concat()).await;
    assert_eq!(other.status.as_u16(), 422, "{}", other.text);
    undecided(&service, &case_id).await;
}

// proves CAS-04
#[tokio::test]
async fn the_last_question_names_every_line_whose_status_changes() {
    let (service, case_id) = pended().await;
    let mut physician = Browser::of(&service, PHYSICIAN).await;
    act_on(&mut physician, &case_id, "call", &OFFERED).await;
    let question = act_on(&mut physician, &case_id, "decide", &[&TYPED[..], &[("do", "confirm")]].concat()).await;
    assert_eq!(question.status.as_u16(), 200, "{}", question.text);
    let table = question.text.split("id=\"changes\"").nth(1).unwrap().split("</table>").next().unwrap();
    let (version, key) = (hidden(&question.text, "version"), hidden(&question.text, "key"));
    let sent = [&TYPED[..], &[("version", version.as_str()), ("key", key.as_str()), ("do", "decide")]].concat();
    let before = read(&service, &case_id).await;
    assert_eq!(physician.send(&format!("/cases/{case_id}/review/decide"), &sent).await.status.as_u16(), 303);
    let after = read(&service, &case_id).await;
    let mut fell = 0;
    for (was, is) in before["drugs"].as_array().unwrap().iter().zip(after["drugs"].as_array().unwrap()) {
        let name = is["hcpcs"].as_str().unwrap();
        let changed = was["status"] != is["status"];
        assert_eq!(table.contains(&format!("({name})")), changed, "{name}: {table}");
        fell += usize::from(changed && is["line"] != 2);
    }
    assert_eq!(table.matches("not decided by itself").count(), fell, "{table}");
}
