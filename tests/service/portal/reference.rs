//! The Reference Desk: regimens side by side, what needs authorization, worksheets, and a plan's own numbers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use super::browser::Browser;
use crate::support::desk::*;
use crate::support::http::Service;
use chrono::TimeDelta;
use serde_json::json;

const PLAN: &str = "sandbox-health-plan";

// proves REG-08, REG-09
#[tokio::test]
async fn regimens_are_found_and_set_side_by_side_and_ordered_from_there() {
    let service = Service::with_rosters().await;
    let mut desk = Browser::of(&service, PRACTICE).await;
    assert!(desk.page("/pathways").await.contains("href=\"/pathways?cancer=breast\""));
    let breast = desk.page("/pathways?cancer=breast").await;
    for shown in ["BRE-TC", "Pathway</span>", "efficacy "] {
        assert!(breast.contains(shown), "{shown} in {breast}");
    }
    let found = desk.send("/pathways", &[("typed", "herceptin"), ("cancer", "breast")]).await;
    assert!(found.text.contains("BRE-TCH") && !found.text.contains("BRE-TC<"), "{}", found.text);
    let none = desk.send("/pathways", &[("typed", "qqqqqqqq")]).await;
    assert!(none.text.contains("No regimen of this release is called so"), "{}", none.text);
    let compared = desk
        .send("/pathways", &[("cancer", "breast"), ("compare", "BRE-TC"), ("compare", "BRE-TCH"), ("compare", "NOWHERE")])
        .await;
    for shown in [
        "Side by side",
        "docetaxel 75 mg/m2 iv day 1",
        "Febrile neutropenia",
        "name=\"fill\" value=\"BRE-TC\"",
        "value=\"BRE-TC\" aria-label",
    ] {
        assert!(compared.text.contains(shown), "{shown} in {}", compared.text);
    }
    let form = desk.send("/orders/new", &[("fill", "BRE-TC")]).await;
    assert!(form.text.contains("value=\"J9171 docetaxel\""), "{}", form.text);
    let mut nurse = Browser::of(&service, NURSE).await;
    let compared = nurse.send("/pathways", &[("compare", "BRE-TC")]).await;
    assert!(compared.text.contains("Side by side") && !compared.text.contains("/orders/new"), "{}", compared.text);
}

// proves COV-01
#[tokio::test]
async fn coverage_is_answered_with_whom_to_ask_and_branch_by_branch_where_something_is_left_out() {
    let service = Service::with_rosters().await;
    let mut desk = Browser::of(&service, PRACTICE).await;
    let list = service.get("/v1/coverage-requirements", PRACTICE).await.json();
    let items = list["items"].as_array().unwrap();
    let simple = items.iter().find(|item| item["branches"] == json!([])).unwrap();
    let several = items.iter().find(|item| item["branches"].as_array().unwrap().len() > 1).unwrap();
    for (item, verdict) in [(simple, ""), (several, "It depends")] {
        let (plan, name) = (item["health_plan"].as_str().unwrap(), item["service"].as_str().unwrap());
        let answer = desk.send("/coverage", &[("health_plan", plan), ("service", name)]).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
        assert!(
            answer.text.contains("Who decides") && answer.text.contains("Source: ") && answer.text.contains(verdict),
            "{}",
            answer.text
        );
    }
    for (fields, told) in [
        (vec![], "Health plan: pick one"),
        (vec![("health_plan", BMA), ("service", "frobnication of the knee")], "o service is called so"),
        (vec![("health_plan", BMA), ("service", "sleep_testing"), ("age", "old")], "a whole number up to 130"),
        (vec![("health_plan", BMA), ("service", "sleep_testing"), ("setting", "moon")], "Pick one of the list"),
        (vec![("health_plan", BMA), ("service", "sleep_testing"), ("date", "someday")], "Day of service"),
    ] {
        let answer = desk.send("/coverage", &fields).await;
        assert_eq!(answer.status.as_u16(), 422, "{fields:?}: {}", answer.text);
        assert!(answer.text.contains(told) && !answer.text.contains("GET /v1"), "{told} in {}", answer.text);
    }
    // a plan is told of itself
    let mut plan = Browser::of(&service, PLAN).await;
    let answer = plan.send("/coverage", &[("health_plan", OVM), ("service", simple["service"].as_str().unwrap())]).await;
    assert_ne!(answer.status.as_u16(), 200, "{}", answer.text);
}

#[tokio::test]
async fn the_reference_desk_names_lines_hours_and_worksheets_of_the_programs_that_one_serves() {
    let service = Service::with_rosters().await;
    let mut desk = Browser::of(&service, PRACTICE).await;
    let page = desk.page("/desk").await;
    assert!(page.contains("/worksheets/blue-medicare-advantage-ccq/breast") && page.contains("Worksheets to print"), "{page}");
    let paper = desk.open("/worksheets/blue-medicare-advantage-ccq/breast").await;
    assert_eq!((paper.status.as_u16(), paper.header("content-type")), (200, "application/pdf"));
    for path in ["/worksheets/nowhere/breast", "/worksheets/blue-medicare-advantage-ccq/nowhere"] {
        assert_eq!(desk.open(path).await.status.as_u16(), 404, "{path}");
    }
    let mut plan = Browser::of(&service, PLAN).await;
    let page = plan.page("/desk").await;
    assert!(
        page.contains("/worksheets/blue-medicare-advantage-ccq/") && !page.contains("/worksheets/quality-care-cancer/"),
        "{page}"
    );
    assert_eq!(plan.open("/worksheets/quality-care-cancer/breast").await.status.as_u16(), 404);
}

#[tokio::test]
async fn how_long_people_took_is_told_of_what_they_decided_alone() {
    let service = Service::with_rosters().await;
    let median = |page: &str| {
        let figure = page.split("Time to decide, median</dt><dd>").nth(1).unwrap();
        figure.split('<').next().unwrap().to_owned()
    };
    let withdrawn = id(&submit(&service, &custom(BMA)).await);
    service.app.clock.freeze_at(service.app.clock.now() + TimeDelta::hours(7));
    let taken_back = json!({"drugs": "all", "reason": "error_entry"});
    let answer = service.post(&format!("/v1/orders/{withdrawn}/withdrawals"), PRACTICE, &taken_back).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    let page = Browser::of(&service, PLAN).await.page("/plan").await;
    assert_eq!(median(&page), "none yet", "a practice that takes an order back decides nothing");
    let decided = id(&submit(&service, &custom(BMA)).await);
    service.app.clock.freeze_at(service.app.clock.now() + TimeDelta::hours(2));
    let authorized = json!({"drugs": [{"line": 2, "decision": "authorized"}]});
    done(&service, NURSE, &decided, "determinations", &authorized).await;
    let page = Browser::of(&service, PLAN).await.page("/plan").await;
    assert_eq!(median(&page), "2 h", "{page}");
}

#[tokio::test]
async fn a_plan_sees_its_own_numbers_however_small_and_nobody_elses() {
    let service = Service::with_rosters().await;
    let mut plan = Browser::of(&service, PLAN).await;
    let empty = plan.page("/plan").await;
    assert!(empty.contains("No request was received in this time"), "{empty}");
    let of_drug = |number: u32| {
        let mut order = tch(BMA);
        order["diagnosis"]["icd10"] = json!("C50.912");
        order["clinical"]["weight_kg"] = json!(60 + number);
        order
    };
    submit(&service, &of_drug(0)).await;
    let few = plan.page("/plan").await;
    assert!(few.contains("<dd>1</dd>") && few.contains("100 %") && !few.contains("fewer than 11"), "{few}");
    // eleven more, which are similar to the first and wait as possible duplicates
    for number in 1..12 {
        submit(&service, &of_drug(number)).await;
    }
    submit(&service, &custom(OVM)).await;
    let page = plan.page("/plan?days=30").await;
    for shown in ["Requests received", "<dd>12</dd>", "Docetaxel", "Decided at once, by month", "November 2026"] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    assert!(
        !page.contains("Nivolumab") && !page.contains("Test Member") && !page.contains("XKM100200300"),
        "of its own, and of nobody: {page}"
    );
    assert!(page.contains("<title>Our numbers"), "{page}");
    for person in [PRACTICE, NURSE, ADMINISTRATOR] {
        assert_eq!(Browser::of(&service, person).await.open("/plan").await.status.as_u16(), 404, "{person}");
    }
}
