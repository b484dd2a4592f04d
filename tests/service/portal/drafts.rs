//! Orders begun and not sent.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use super::browser::Browser;
use super::orders::{Fields, tc, value_of, with};
use crate::support::desk::{FACILITY, OTHER_PRACTICE, PRACTICE, move_clock};
use crate::support::http::{Answer, Service};
use crate::support::submit::count;

const DRAFTS: &str = "select count(*) from drafts";

async fn send(browser: &mut Browser<'_>, path: &str, fields: &Fields) -> Answer {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.send(path, &fields).await
}

/// A form under the id that the page gave it.
async fn begun(desk: &mut Browser<'_>) -> (String, Fields) {
    let draft = value_of(&desk.page("/orders/new").await, "draft");
    let fields = with(tc(), "draft", &draft);
    (draft, fields)
}

// proves PRV-02
#[tokio::test]
async fn what_was_typed_is_kept_outlives_signing_out_and_is_its_writers_alone() {
    let service = Service::with_rosters().await;
    let mut desk = Browser::of(&service, PRACTICE).await;
    let (draft, fields) = begun(&mut desk).await;
    let saved = send(&mut desk, "/orders/drafts", &fields).await;
    assert!(saved.status.as_u16() == 200 && saved.text.contains("Saved "), "{}", saved.text);
    assert_eq!(count(&service, "select count(*) from cases").await, 0, "a draft is no order");
    desk.send("/logout/everywhere", &[]).await;
    let mut desk = Browser::of(&service, PRACTICE).await;
    let home = desk.page("/").await;
    assert!(home.contains("Begun and not sent") && home.contains(&format!("href=\"/orders/drafts/{draft}\"")), "{home}");
    let form = desk.page(&format!("/orders/drafts/{draft}")).await;
    for (name, value) in
        [("draft", draft.as_str()), ("/member/last_name", "Member"), ("/treatment/phases/0/drugs/0/dose", "75 mg/m2")]
    {
        assert_eq!(value_of(&form, name), value, "{name}");
    }
    for person in [OTHER_PRACTICE, FACILITY] {
        let mut other = Browser::of(&service, person).await;
        assert!(!other.page("/").await.contains(&draft));
        assert_eq!(other.open(&format!("/orders/drafts/{draft}")).await.status.as_u16(), 404);
        assert_eq!(send(&mut other, "/orders/drafts", &fields).await.status.as_u16(), 404, "nor written by others");
        other.send(&format!("/orders/drafts/{draft}/discard"), &[]).await;
    }
    assert_eq!(count(&service, DRAFTS).await, 1);
    let kept = send(&mut desk, "/orders/drafts", &with(fields, "do", "keep")).await;
    assert_eq!((kept.status.as_u16(), kept.header("location")), (303, "/"), "without script a press leads to the first page");
    let discarded = desk.follow(&format!("/orders/drafts/{draft}/discard"), &[]).await;
    assert!(!discarded.text.contains("Begun and not sent"), "{}", discarded.text);
    assert_eq!(count(&service, DRAFTS).await, 0);
}

// proves PRV-02
#[tokio::test]
async fn a_draft_ends_with_its_order_and_after_two_weeks() {
    let service = Service::with_rosters().await;
    let mut desk = Browser::of(&service, PRACTICE).await;
    let (_, fields) = begun(&mut desk).await;
    send(&mut desk, "/orders/drafts", &fields).await;
    let sent = send(&mut desk, "/orders/new", &with(fields, "do", "send")).await;
    assert_eq!(sent.status.as_u16(), 303, "{}", sent.text);
    assert_eq!(count(&service, DRAFTS).await, 0, "it is an order now");
    let (draft, fields) = begun(&mut desk).await;
    send(&mut desk, "/orders/drafts", &fields).await;
    let later = service.app.clock.now() + chrono::TimeDelta::days(15);
    move_clock(&service, &later.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)).await;
    let mut desk = Browser::of(&service, PRACTICE).await;
    assert_eq!(desk.open(&format!("/orders/drafts/{draft}")).await.status.as_u16(), 404);
    assert!(!desk.page("/").await.contains("Begun and not sent"));
    assert_eq!(oncoauth::app::drafts::purge(&service.app).await.unwrap(), 1);
    assert_eq!(count(&service, DRAFTS).await, 0);
}

#[tokio::test]
async fn a_practice_keeps_treatments_under_names_and_nothing_about_a_patient() {
    let service = Service::with_rosters().await;
    let mut desk = Browser::of(&service, PRACTICE).await;
    let form = |extra: &[(&str, &str)]| {
        let mut fields = tc();
        fields.extend(extra.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        fields
    };
    let send = async |browser: &mut Browser<'_>, fields: &[(String, String)]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = browser.send("/orders/new", &fields).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
        answer.text
    };
    let unnamed = send(&mut desk, &form(&[("do", "favour")])).await;
    assert!(unnamed.contains("Name of the favourite: 1 to 80 characters"), "{unnamed}");
    let kept = send(
        &mut desk,
        &form(&[("do", "favour"), ("favourite_name", "Our <TC>"), ("/treatment/continues/order_id", "A123456789")]),
    )
    .await;
    assert!(kept.contains("Kept as a favourite") && kept.contains("Our &#60;TC&#62;</button>"), "{kept}");
    let stored = "select count(*) from favourite_treatments where form like '%75+mg%' and owner = '900000001'";
    assert_eq!(count(&service, stored).await, 1);
    let patient = "select count(*) from favourite_treatments where form like '%XKM%' or form like '%Member%' or form like '%A123456789%' or form like '%clinical%'";
    assert_eq!(count(&service, patient).await, 0, "nothing about a patient");
    let id = kept.split("name=\"favourite\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let filled = send(
        &mut desk,
        &[("favourite".to_owned(), id.clone()), ("/treatment/phases/2/drugs/0/drug".to_owned(), "J9299".to_owned())],
    )
    .await;
    assert_eq!(value_of(&filled, "/treatment/phases/0/drugs/0/dose"), "75 mg/m2");
    assert!(!filled.contains("J9299"), "the form's own drugs make room: {filled}");
    // others of the practice have it, nobody else does
    let mut stranger = Browser::of(&service, OTHER_PRACTICE).await;
    assert!(!stranger.page("/orders/new").await.contains("Our &#60;TC&#62;"));
    let answer = stranger.send("/orders/new", &[("favourite", &id)]).await;
    assert_eq!(answer.status.as_u16(), 404, "{}", answer.text);
    send(&mut stranger, &[("forget".to_owned(), id.clone())]).await;
    assert_eq!(count(&service, stored).await, 1, "not theirs to forget");
    assert!(!send(&mut desk, &[("forget".to_owned(), id)]).await.contains("Our &#60;TC&#62;"));
    assert_eq!(count(&service, "select count(*) from favourite_treatments").await, 0);
}

// proves PRV-02
#[tokio::test]
async fn whoever_acts_for_several_practices_keeps_a_favourite_for_each_and_sees_it_once() {
    use oncoauth::app::favourites::{forget, list, save};
    let service = Service::sandbox().await;
    let person = |tax_ids: &[&str]| {
        let mut caller = oncoauth::app::sandbox::caller_of(PRACTICE).unwrap();
        caller.tax_ids = tax_ids.iter().map(|id| (*id).to_owned()).collect();
        caller
    };
    let (first, second, both) = (person(&["900000001"]), person(&["900000003"]), person(&["900000003", "900000001"]));
    save(&service.app, &both, "TC", "a=1".to_owned()).await.unwrap();
    for caller in [&first, &second, &both] {
        let names: Vec<String> = list(&service.app, caller).await.unwrap().into_iter().map(|one| one.name).collect();
        assert_eq!(names, ["TC"], "{:?}", caller.tax_ids);
    }
    // one practice goes its own way: now there are two of that name
    save(&service.app, &second, "TC", "a=2".to_owned()).await.unwrap();
    assert_eq!(list(&service.app, &both).await.unwrap().len(), 2);
    assert_eq!(list(&service.app, &first).await.unwrap()[0].form, "a=1");
    save(&service.app, &both, "TC", "a=3".to_owned()).await.unwrap();
    let one = list(&service.app, &both).await.unwrap();
    assert_eq!((one.len(), one[0].form.as_str()), (1, "a=3"));
    forget(&service.app, &both, one[0].favourite_id).await.unwrap();
    for caller in [&first, &second, &both] {
        assert!(list(&service.app, caller).await.unwrap().is_empty());
    }
}
