//! Changing an order that is in progress, by the form that it was entered in.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use super::browser::Browser;
use super::orders::{Fields, with};
use crate::support::desk::*;
use crate::support::http::{Answer, Service};
use serde_json::{Value, json};

/// An attribute of a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
    let mut text = value.to_owned();
    for (escaped, plain) in [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")] {
        text = text.replace(escaped, plain);
    }
    Some(text)
}

/// What a browser would send of the form that is in a page.
pub fn form_of(page: &str) -> Fields {
    let form = page.split(" id=\"order\"").nth(1).unwrap().split("</form>").next().unwrap();
    let mut fields = Vec::new();
    let mut open: Option<(String, Option<String>, Option<String>)> = None;
    for tag in form.split('<').skip(1) {
        let name = tag.split([' ', '>']).next().unwrap();
        let inside = tag.split('>').next().unwrap();
        match name {
            "input" => {
                let ticks = matches!(attribute(inside, "type").as_deref(), Some("checkbox" | "radio"));
                if !ticks || inside.contains(" checked") {
                    let value = attribute(inside, "value").unwrap_or_default();
                    fields.extend(attribute(inside, "name").map(|name| (name, value)));
                }
            }
            "select" => open = attribute(inside, "name").map(|name| (name, None, None)),
            "option" => {
                if let Some((_, first, selected)) = &mut open {
                    let value = attribute(inside, "value").unwrap_or_default();
                    first.get_or_insert_with(|| value.clone());
                    if inside.contains(" selected") {
                        *selected = Some(value);
                    }
                }
            }
            "/select" => {
                if let Some((name, first, selected)) = open.take() {
                    fields.push((name, selected.or(first).unwrap_or_default()));
                }
            }
            _ => {}
        }
    }
    fields
}

pub async fn send(browser: &mut Browser<'_>, case_id: &str, fields: &Fields, what: &str) -> Answer {
    let fields = with(fields.clone(), "do", what);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.send(&format!("/cases/{case_id}/edit"), &fields).await
}

pub async fn opened(browser: &mut Browser<'_>, case_id: &str) -> (String, Fields) {
    let page = browser.page(&format!("/cases/{case_id}/edit")).await;
    let fields = form_of(&page);
    (page, fields)
}

/// An order with something in every part of the form, and some things that have no place in it.
fn full() -> Value {
    let mut order = custom(BMA);
    order["urgency"] = json!("urgent");
    order["contact"]["fax"] = json!("+1 734 555 0101");
    order["clinical"]["biomarkers"] = json!([
        {"name": "her2", "result": "positive", "on": "2026-11-01"}, {"name": "er", "result": "negative"}, {"name": "pr", "result": "unknown"}
    ]);
    order["clinical"]["fn_risk_factors"] = json!([]);
    order["clinical"]["lines_of_therapy_before"] = json!(0);
    order["clinical"]["prior_therapies"] = json!([
        {"generic": "anastrozole", "line": "adjuvant", "started_on": "2019-02-01", "ended_on": "2024-02-01", "outcome": "completed"}
    ]);
    order["clinical_trial"] = json!({"enrolled": false});
    order
}

// proves SUB-08
#[tokio::test]
async fn an_order_in_progress_is_changed_after_what_differs_was_shown() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &full()).await);
    let before = read(&service, &case_id).await;
    let mut desk = Browser::of(&service, PRACTICE).await;
    assert!(desk.page(&format!("/cases/{case_id}")).await.contains(&format!("/cases/{case_id}/edit")));
    let (page, fields) = opened(&mut desk, &case_id).await;
    assert!(page.contains("Correct what has to be otherwise"), "everything of it has a place: {page}");
    assert!(page.contains("name=\"/clinical/biomarkers/her2/on\" value=\"11/1/2026\""), "also the day of a biomarker: {page}");
    assert!(!page.contains("data-save"), "an order that is changed is no new one: {page}");
    // the form as it came changes nothing
    let same = send(&mut desk, &case_id, &fields, "send").await;
    assert_eq!(same.status.as_u16(), 422, "{}", same.text);
    assert!(same.text.contains("Nothing in this form differs"), "{}", same.text);
    let mut changed = with(fields, "/clinical/weight_kg", "160 lb");
    changed = with(changed, "/clinical/biomarkers/er", "positive");
    let question = send(&mut desk, &case_id, &changed, "send").await;
    assert_eq!(question.status.as_u16(), 200, "{}", question.text);
    let table = question.text.split("id=\"changes\"").nth(1).unwrap().split("</table>").next().unwrap();
    assert_eq!(table.matches("<tr>").count(), 3, "the head, and two rows: {table}");
    for told in ["Weight", "71.5", "72.6", "ER, result", "negative", "positive"] {
        assert!(table.contains(told), "{told} in {table}");
    }
    assert!(question.text.contains("The answer is due ") && question.text.contains("In Progress"), "{}", question.text);
    assert_eq!(read(&service, &case_id).await, before, "nothing is changed by looking");
    assert_eq!(kinds(&service, &case_id).await, ["submitted"]);
    let done = send(&mut desk, &case_id, &changed, "change").await;
    assert_eq!((done.status.as_u16(), done.header("location")), (303, format!("/cases/{case_id}").as_str()), "{}", done.text);
    let after = read(&service, &case_id).await;
    let mut expected = before["request"].clone();
    expected["clinical"]["weight_kg"] = after["request"]["clinical"]["weight_kg"].clone();
    expected["clinical"]["biomarkers"][1]["result"] = json!("positive");
    assert_eq!(after["request"], expected, "everything else stays as it was sent");
    assert_eq!(kinds(&service, &case_id).await, ["submitted", "updated"]);
}

// proves SUB-08, PRV-02
#[tokio::test]
async fn a_form_of_an_older_order_and_a_decided_order_are_not_changed() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(BMA)).await);
    let mut desk = Browser::of(&service, PRACTICE).await;
    let (_, fields) = opened(&mut desk, &case_id).await;
    let changed = with(fields, "/clinical/weight_kg", "75");
    done(&service, NURSE, &case_id, "information-requests", &json!({"items": ["the echocardiogram"]})).await;
    for what in ["send", "change"] {
        let stale = send(&mut desk, &case_id, &changed, what).await;
        assert_eq!(stale.status.as_u16(), 422, "{what}: {}", stale.text);
        assert!(
            stale.text.contains("changed since you opened this form") && stale.text.contains("value=\"75\""),
            "{}",
            stale.text
        );
    }
    let (_, fields) = opened(&mut desk, &case_id).await;
    // what is not understood, or would be refused, leads to its field
    let wrong = send(&mut desk, &case_id, &with(fields.clone(), "/clinical/weight_kg", "heavy"), "change").await;
    assert_eq!(wrong.status.as_u16(), 422, "{}", wrong.text);
    assert!(wrong.text.contains("is not understood") && wrong.text.contains("Nothing is changed"), "{}", wrong.text);
    let other = send(&mut desk, &case_id, &with(fields.clone(), "/member/member_id", "XKM100200302"), "change").await;
    assert_eq!(other.status.as_u16(), 422, "{}", other.text);
    assert_eq!(kinds(&service, &case_id).await, ["submitted", "claimed", "information_requested"]);
    let mut stranger = Browser::of(&service, OTHER_PRACTICE).await;
    assert_eq!(stranger.open(&format!("/cases/{case_id}/edit")).await.status.as_u16(), 404);
    assert_eq!(send(&mut stranger, &case_id, &fields, "change").await.status.as_u16(), 404);
    done(&service, NURSE, &case_id, "determinations", &json!({"drugs": [{"line": 2, "decision": "authorized"}]})).await;
    for answer in [desk.open(&format!("/cases/{case_id}/edit")).await, send(&mut desk, &case_id, &fields, "change").await] {
        assert_eq!(answer.status.as_u16(), 409, "{}", answer.text);
        assert!(answer.text.contains("any change of an authorized treatment is a new order"), "{}", answer.text);
    }
    assert!(!desk.page(&format!("/cases/{case_id}")).await.contains("/edit\""));
}

// proves VER-06
#[tokio::test]
async fn several_orders_that_end_are_ordered_again_one_after_the_other() {
    let service = Service::with_rosters().await;
    let first = id(&submit(&service, &tch(BMA)).await);
    let second = id(&submit(&service, &tch(OVM)).await);
    let mut desk = Browser::of(&service, PRACTICE).await;
    let none = desk.send("/orders/renew", &[("tab", "all")]).await;
    assert_eq!(none.status.as_u16(), 422, "{}", none.text);
    assert!(none.text.contains("Pick the orders") && none.text.contains(&first), "{}", none.text);
    let picked = [("tab", "all"), ("case", first.as_str()), ("case", second.as_str()), ("case", first.as_str())];
    let begun = desk.send("/orders/renew", &picked).await;
    assert_eq!(begun.header("location"), format!("/cases/{first}/again?then={second}"));
    let page = desk.page(begun.header("location")).await;
    assert!(page.contains("One more comes after this one"), "{page}");
    let mut fields = form_of(&page);
    for (name, value) in [
        ("/date_of_service", "12/2/26"),
        ("/clinical/line_of_treatment", "adjuvant"),
        ("/clinical/performance_status", "1"),
        ("/clinical/weight_kg", "71.5"),
        ("do", "send"),
    ] {
        fields = with(fields, name, value);
    }
    let sent: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let next = desk.follow("/orders/new", &sent).await;
    assert!(next.text.contains("Sent: ") && next.text.contains("This is the last of those that you picked"), "{}", next.text);
    assert!(next.text.contains("XYU100200300"), "the second one: {}", next.text);
    let mut stranger = Browser::of(&service, OTHER_PRACTICE).await;
    assert_eq!(stranger.send("/orders/renew", &[("case", first.as_str())]).await.status.as_u16(), 404);
}
