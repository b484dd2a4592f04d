//! What a practice has under way, and ordering again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use super::browser::Browser;
use super::orders::{tc, value_of, with};
use crate::support::desk::{BMA, FACILITY, NURSE, OTHER_PRACTICE, PRACTICE, custom, id, move_clock, submit, tch, unanswered};
use crate::support::http::Service;
use crate::support::submit::count;

fn tab(name: &str, count: u32) -> String {
    format!("{name} <span>{count}</span>")
}

// proves VER-06
#[tokio::test]
async fn orders_stand_under_what_they_need_with_how_many_there_are() {
    let service = Service::with_rosters().await;
    let authorized = submit(&service, &tch(BMA)).await;
    let waiting = submit(&service, &unanswered(BMA)).await;
    let (authorized, waiting) = (id(&authorized), id(&waiting));
    let mut desk = Browser::of(&service, PRACTICE).await;
    let all = desk.page("/orders").await;
    for shown in
        [tab("Needs you", 1), tab("In progress", 1), tab("Ends soon", 0), tab("All", 2), authorized.clone(), waiting.clone()]
    {
        assert!(all.contains(&shown), "{shown} in {all}");
    }
    for (name, shown) in [("asked", true), ("open", true), ("ending", false), ("nonsense", true)] {
        let page = desk.page(&format!("/orders?tab={name}")).await;
        assert_eq!(page.contains(&waiting), shown, "{name}: {page}");
        assert_eq!(page.contains(&authorized), name == "nonsense", "{name}: {page}");
    }
    let last = read_valid_through(&service, &authorized).await;
    move_clock(&service, &format!("{last}T15:00:00Z")).await;
    let mut desk = Browser::of(&service, PRACTICE).await;
    let page = desk.page("/orders?tab=ending").await;
    assert!(page.contains(&authorized) && page.contains(&tab("Ends soon", 1)), "{page}");
    let mut stranger = Browser::of(&service, OTHER_PRACTICE).await;
    let page = stranger.page("/orders").await;
    assert!(page.contains(&tab("All", 0)) && !page.contains("XKM100200300"), "{page}");
    assert_eq!(Browser::of(&service, NURSE).await.open("/orders").await.status.as_u16(), 404);
}

// proves VER-06
#[tokio::test]
async fn a_practice_without_cases_is_shown_how_to_begin() {
    let service = Service::with_rosters().await;
    let begins = |page: &str| page.contains("No cases yet") && page.contains(r#"class="button" href="/orders/new""#);
    let page = Browser::of(&service, PRACTICE).await.page("/").await;
    assert!(begins(&page), "{page}");
    let page = Browser::of(&service, NURSE).await.page("/").await;
    assert!(!begins(&page), "{page}");
    submit(&service, &tch(BMA)).await;
    let page = Browser::of(&service, PRACTICE).await.page("/").await;
    assert!(!begins(&page), "{page}");
}

async fn read_valid_through(service: &Service, case_id: &str) -> String {
    let case = crate::support::desk::read(service, case_id).await;
    case["drugs"].as_array().unwrap().iter().filter_map(|drug| drug["valid_through"].as_str()).max().unwrap().to_owned()
}

// proves VER-06, PRV-02
#[tokio::test]
async fn orders_are_taken_along_as_a_table_all_of_them_or_those_that_are_picked() {
    let service = Service::with_rosters().await;
    let first = submit(&service, &tch(BMA)).await;
    submit(&service, &custom(BMA)).await;
    let mut desk = Browser::of(&service, PRACTICE).await;
    let all = desk.send("/orders/table", &[("tab", "all")]).await;
    assert_eq!(all.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(all.header("cache-control"), "no-store");
    assert_eq!(all.text.lines().count(), 3, "{}", all.text);
    let case_id = id(&first);
    let picked = desk.send("/orders/table", &[("tab", "all"), ("case", &case_id)]).await;
    assert_eq!(picked.text.lines().count(), 2, "{}", picked.text);
    assert!(picked.text.contains(first["order_id"].as_str().unwrap()), "{}", picked.text);
    let mut stranger = Browser::of(&service, OTHER_PRACTICE).await;
    let none = stranger.send("/orders/table", &[("tab", "all"), ("case", &case_id)]).await;
    assert_eq!(none.text.lines().count(), 1, "{}", none.text);
}

// proves REG-01
#[tokio::test]
async fn what_runs_beside_the_others_does_so_in_the_form_the_order_and_the_order_made_anew() {
    let service = Service::with_rosters().await;
    let ticked = |page: &str, number: usize| {
        let tick = page.split(&format!("name=\"/treatment/phases/{number}/beside\"")).nth(1).unwrap();
        tick.split('>').next().unwrap().contains("checked")
    };
    let mut desk = Browser::of(&service, PRACTICE).await;
    assert!(!ticked(&desk.page("/orders/new").await, 1));
    let mut fields = with(tc(), "/treatment/phases/1/beside", "yes");
    for (cell, value) in [
        ("cycle_length_days", "84"),
        ("cycles", "1"),
        ("drugs/0/drug", "J9217"),
        ("drugs/0/dose", "22.5 mg"),
        ("drugs/0/days", "1"),
    ] {
        fields = with(fields, &format!("/treatment/phases/1/{cell}"), value);
    }
    let fields = with(fields, "do", "send");
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let sent = desk.send("/orders/new", &fields).await;
    assert_eq!(sent.status.as_u16(), 303, "{}", sent.text);
    let case_id = sent.header("location").strip_prefix("/cases/").unwrap().to_owned();
    let case = crate::support::desk::read(&service, &case_id).await;
    assert_eq!(case["request"]["treatment"]["phases"][1]["beside"], true, "{case}");
    let again = desk.page(&format!("/cases/{case_id}/again")).await;
    assert!(ticked(&again, 1), "{again}");
}

// proves SAFE-05
#[tokio::test]
async fn an_order_made_anew_stands_as_it_was_and_what_changes_with_time_is_asked_again() {
    let service = Service::with_rosters().await;
    let earlier = id(&submit(&service, &tch(BMA)).await);
    let mut desk = Browser::of(&service, PRACTICE).await;
    let case = desk.page(&format!("/cases/{earlier}")).await;
    assert!(case.contains(&format!("href=\"/cases/{earlier}/again\"")), "{case}");
    let form = desk.page(&format!("/cases/{earlier}/again")).await;
    for (name, value) in [
        ("/member/member_id", "XKM100200300"),
        ("/member/birth_date", "1/15/1950"),
        ("/ordering_provider", "1234567893 Ordering Clinician"),
        ("/servicing_provider", "1245319599 Sample Infusion Center"),
        ("/diagnosis/icd10", "C50.911"),
        ("/treatment/phases/0/cycle_length_days", "21"),
        ("/treatment/phases/0/drugs/0/days", "1"),
        // and what is not as it was
        ("/date_of_service", ""),
        ("/clinical/weight_kg", ""),
        ("/clinical/serum_creatinine_mg_dl", ""),
        ("/clinical/prior_therapies/0/name", ""),
    ] {
        assert_eq!(value_of(&form, name), value, "{name}");
    }
    for name in ["/clinical/line_of_treatment", "/clinical/performance_status"] {
        let choice = form.split(&format!("name=\"{name}\"")).nth(1).unwrap();
        assert!(choice.contains("<option value=\"\" selected>Not answered"), "{name}");
    }
    assert!(form.contains("First treatment day") && form.contains("stand as in the earlier order"), "{form}");
    assert_eq!(count(&service, "select count(*) from cases").await, 1, "nothing is ordered before it is sent");
    for (person, status) in [(OTHER_PRACTICE, 404), (NURSE, 404), (FACILITY, 200)] {
        let answer = Browser::of(&service, person).await.open(&format!("/cases/{earlier}/again")).await;
        assert_eq!(answer.status.as_u16(), status, "{person}: {}", answer.text);
    }
}
