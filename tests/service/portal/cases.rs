//! Verifying, finding and reading cases, and their papers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use super::browser::Browser;
use crate::support::desk::{
    BMA, FACILITY, NURSE, OTHER_PRACTICE, PHYSICIAN, PRACTICE, custom, denied, done, id, move_clock, offer, submit, tch,
};
use crate::support::http::Service;
use crate::support::submit::count;
use serde_json::{Value, json};

fn order_id(case: &Value) -> &str {
    case["order_id"].as_str().unwrap()
}

// proves VER-01, VER-02, VER-09
#[tokio::test]
async fn a_case_shows_its_number_units_dates_and_papers_as_plain_links() {
    let service = Service::with_rosters().await;
    let case = submit(&service, &tch(BMA)).await;
    let mut desk = Browser::of(&service, PRACTICE).await;
    let page = desk.page(&format!("/cases/{}", id(&case))).await;
    for shown in [
        order_id(&case),
        "Test Member",
        "Authorized",
        "Docetaxel",
        "75 mg/m2 IV, day 1 of 21, 6 cycles",
        "S0353",
        "The order came in",
    ] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    let units = case["drugs"][0]["units_approved"].as_u64().unwrap();
    assert!(page.contains(&format!("<td data-label=\"Billing units\" class=\"end\">{units}")), "{page}");
    assert!(!page.contains("<title>Test"), "nobody is named in a title");
    let paper = desk.open(&format!("/cases/{}/summary.pdf", id(&case))).await;
    assert_eq!((paper.status.as_u16(), paper.header("content-type")), (200, "application/pdf"));
    assert!(paper.header("content-disposition").starts_with("inline; filename=\"order-summary-A"), "{:?}", paper.headers);
    assert_eq!(paper.header("cache-control"), "no-store");
    for link in page.split("href=\"").filter(|part| part.starts_with("/letters/")) {
        let link = link.split('"').next().unwrap();
        let answer = desk.open(link).await;
        assert_eq!(answer.status.as_u16(), 200, "{link}");
        assert!(link.ends_with("/pdf") || answer.text.contains("Test Member"), "{link}: {}", answer.text);
    }
    assert!(page.matches("href=\"/letters/").count() >= 4, "two letters, each as a page and for paper");
}

// proves PRV-02, SCD-10
#[tokio::test]
async fn a_case_is_there_for_those_whom_it_concerns_and_not_there_for_others() {
    let service = Service::with_rosters().await;
    let case = submit(&service, &tch(BMA)).await;
    let letters: Vec<String> =
        case["letters"].as_array().unwrap().iter().map(|letter| letter["letter_id"].as_str().unwrap().to_owned()).collect();
    let mut other = Browser::of(&service, OTHER_PRACTICE).await;
    let mut addresses =
        vec![format!("/cases/{}", id(&case)), format!("/cases/{}/summary.pdf", id(&case)), "/cases/nonsense".to_owned()];
    addresses.extend(letters.iter().flat_map(|letter| [format!("/letters/{letter}"), format!("/letters/{letter}/pdf")]));
    for address in addresses {
        let answer = other.open(&address).await;
        assert_eq!(answer.status.as_u16(), 404, "{address}");
        assert!(answer.text.contains("Nothing here") && !answer.text.contains("Member"), "{}", answer.text);
    }
    assert!(!other.page("/status").await.contains("XKM100200300"));
    let mut facility = Browser::of(&service, FACILITY).await;
    let page = facility.page(&format!("/cases/{}", id(&case))).await;
    assert!(page.contains(order_id(&case)) && !page.contains("S0353") && !page.contains("S-code"), "{page}");
}

// proves VER-06, DET-07
#[tokio::test]
async fn a_pending_case_says_until_when_and_what_is_asked_and_a_moved_clock_makes_it_overdue() {
    let service = Service::with_rosters().await;
    let case = submit(&service, &custom(BMA)).await;
    let asked = json!({"items": ["the pathology report"], "notes": "asked"});
    let answer = crate::support::desk::act(&service, NURSE, &id(&case), "information-requests", &asked).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    let mut desk = Browser::of(&service, PRACTICE).await;
    let page = desk.page(&format!("/cases/{}", id(&case))).await;
    for shown in [
        "In Progress",
        "An answer is due",
        "Case number",
        "athology report",
        "Information was asked for",
        "matches no evidence-based regimen",
    ] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    let rows = desk.page("/status").await;
    assert!(rows.contains("asked for: the pathology report") && rows.contains("left"), "{rows}");
    move_clock(&service, "2027-01-20T12:00:00Z").await;
    let rows = desk.page("/status").await;
    assert!(rows.contains("overdue"), "{rows}");
}

/// A physician's denial that takes effect at the deadline is nobody's business until then.
#[tokio::test]
async fn what_the_desk_prepares_is_told_to_the_desk_alone() {
    let service = Service::with_rosters().await;
    let case = submit(&service, &custom(BMA)).await;
    done(&service, NURSE, &id(&case), "peer-to-peer", &offer()).await;
    let address = format!("/cases/{}", id(&case));
    let at_desk = Browser::of(&service, PHYSICIAN).await.page(&address).await;
    assert!(at_desk.contains("Claimed") && at_desk.contains("peer-to-peer discussion was offered"), "{at_desk}");
    let outside = Browser::of(&service, PRACTICE).await.page(&address).await;
    assert!(!outside.contains("Claimed") && outside.contains("peer-to-peer discussion was offered"), "{outside}");
    assert!(!outside.contains("left a call-back number"), "notes of a call stay at the desk");
}

// proves VER-03
#[tokio::test]
async fn whoever_treats_verifies_by_any_writing_of_the_number_and_never_sees_s_codes() {
    let service = Service::with_rosters().await;
    let case = submit(&service, &tch(BMA)).await;
    let mut facility = Browser::of(&service, FACILITY).await;
    let written = order_id(&case).to_lowercase();
    let written = format!(" {}-{} {} ", &written[..4], &written[4..7], &written[7..]);
    let page = facility.send("/verify", &[("by", "order_id"), ("/order_id", &written)]).await.text;
    assert!(page.contains(">Yes</h2>") && page.contains("Docetaxel") && page.contains("as of"), "{page}");
    assert!(!page.contains("S0353"), "{page}");
    let by_name = [("by", "order_id"), ("/order_id", written.as_str()), ("/hcpcs", "Docetaxel"), ("/date", "12/22/26")];
    let page = facility.send("/verify", &by_name).await.text;
    assert!(page.contains("docetaxel has several HCPCS codes: enter the one that is billed, J9171 or"), "{page}");
    let late = facility
        .send("/verify", &[("by", "order_id"), ("/order_id", &written), ("/hcpcs", "J9171"), ("/date", "12/1/2030")])
        .await
        .text;
    assert!(late.contains(">No</h2>") && late.contains("to be given December 1, 2030"), "{late}");
    let written = "select count(*) from accesses where operation = 'POST /verify' and action = 'write'";
    let asked = "select count(*) from accesses where operation = 'POST /verify' and action = 'read'";
    assert_eq!((count(&service, written).await, count(&service, asked).await), (0, 2), "asking changes nothing");
    let unknown = facility.send("/verify", &[("by", "order_id"), ("/order_id", "A000000000")]).await.text;
    assert!(unknown.contains(">No</h2>"), "{unknown}");
}

// proves VER-03, INF-08
#[tokio::test]
async fn whoever_treats_verifies_by_the_patient_and_the_drug() {
    let service = Service::with_rosters().await;
    submit(&service, &tch(BMA)).await;
    let mut facility = Browser::of(&service, FACILITY).await;
    let fields = |birth: &'static str, drug: &'static str| {
        [
            ("by", "member"),
            ("/member/health_plan", BMA),
            ("/member/last_name", "member"),
            ("/member/first_name", "Test"),
            ("/member/birth_date", birth),
            ("/hcpcs", drug),
        ]
    };
    let page = facility.send("/verify", &fields("1/15/50", "J9355")).await.text;
    assert!(page.contains(">Yes</h2>") && page.contains("born January 15, 1950"), "{page}");
    let other = facility.send("/verify", &fields("1/16/50", "J9355")).await.text;
    assert!(other.contains(">No</h2>") && !other.contains("J9355</small>"), "{other}");
    let unread = facility.send("/verify", &fields("15.1.1950", "J9355")).await.text;
    assert!(unread.contains("is no day") && !unread.contains("</h2>\n<p>Authorized"), "{unread}");
    let nothing = facility.send("/verify", &[("by", "member")]).await.text;
    for missing in
        ["pick the health plan", "enter the last name", "enter the first name", "enter the date of birth", "enter the drug"]
    {
        assert!(nothing.contains(missing), "{missing} in {nothing}");
    }
}

// proves VER-03
#[tokio::test]
async fn fifty_numbers_are_verified_at_once_and_a_line_that_is_not_understood_says_so() {
    let service = Service::with_rosters().await;
    let case = submit(&service, &tch(BMA)).await;
    let mut facility = Browser::of(&service, FACILITY).await;
    let lines = format!("{}\n{} J9355 12/22/2026\nA000000000\n{} soon\n", order_id(&case), order_id(&case), order_id(&case));
    let page = facility.send("/verify", &[("by", "many"), ("many", &lines)]).await.text;
    assert_eq!(page.matches(">Yes</span>").count(), 2, "{page}");
    assert_eq!(page.matches(">No</span>").count(), 1, "{page}");
    assert!(page.contains("“soon” is neither a HCPCS code nor a day"), "{page}");
    let sixty = "A000000000\n".repeat(60);
    let page = facility.send("/verify", &[("by", "many"), ("many", &sixty)]).await.text;
    assert_eq!(page.matches(">No</span>").count(), 50, "{page}");
    assert!(page.contains("50 are answered at once"), "{page}");
}

// proves VER-06
#[tokio::test]
async fn cases_are_found_by_number_member_status_and_day_and_what_is_searched_stays_out_of_the_address() {
    let service = Service::with_rosters().await;
    let authorized = submit(&service, &tch(BMA)).await;
    let no = denied(&service, crate::support::desk::OVM).await;
    let mut desk = Browser::of(&service, PRACTICE).await;
    let mut rows = async |fields: &[(&str, &str)]| {
        let answer = desk.send("/status", fields).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (200, ""), "{}", answer.text);
        [&authorized, &no].map(|case| answer.text.contains(&format!("href=\"/cases/{}\"", id(case))))
    };
    assert_eq!(rows(&[]).await, [true, true]);
    assert_eq!(rows(&[("number", &order_id(&authorized).to_lowercase())]).await, [true, false]);
    assert_eq!(rows(&[("number", no["case_number"].as_str().unwrap())]).await, [false, true]);
    assert_eq!(rows(&[("number", "A000000001")]).await, [false, false]);
    assert_eq!(rows(&[("member_id", "XKM100200300")]).await, [true, false]);
    assert_eq!(rows(&[("status", "non_authorized")]).await, [false, true]);
    assert_eq!(rows(&[("from", "11/20/2026"), ("through", "11/20/26")]).await, [true, true]);
    assert_eq!(rows(&[("from", "11/21/2026")]).await, [false, false]);
    assert_eq!(rows(&[("through", "the day before")]).await, [false, false], "a day that is not understood finds nothing");
}

// proves VER-06
#[tokio::test]
async fn more_cases_than_fit_on_a_page_are_a_press_away() {
    let service = Service::with_rosters().await;
    let mut ids = Vec::new();
    for day in 1..=52 {
        let mut order = custom(BMA);
        order["date_of_service"] = json!(if day < 26 { "2026-12-01" } else { "2026-12-02" });
        ids.push(id(&submit(&service, &order).await));
    }
    let mut desk = Browser::of(&service, PRACTICE).await;
    let first = desk.page("/status").await;
    let on = |page: &str, id: &String| page.contains(id.as_str());
    assert_eq!(ids.iter().filter(|id| on(&first, id)).count(), 50);
    let after = first.split("name=\"after\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let second = desk.send("/status", &[("after", &after)]).await.text;
    assert!(ids.iter().all(|id| on(&first, id) != on(&second, id)), "every case is on one of the two");
    assert!(!second.contains("Older cases"));
}

#[tokio::test]
async fn names_that_are_markup_stay_names() {
    let service = Service::with_rosters().await;
    let mut order = custom(BMA);
    let hostile = "<script>alert(1)</script> O'Brien \"& שלום";
    order["contact"]["name"] = json!(hostile);
    order["servicing_provider"] = json!({"name": hostile});
    let case = submit(&service, &order).await;
    let mut desk = Browser::of(&service, PRACTICE).await;
    let page = desk.page(&format!("/cases/{}", id(&case))).await;
    assert!(!page.contains("<script>alert") && page.contains("alert(1)"), "{page}");
    let searched = desk.send("/status", &[("member_id", hostile)]).await.text;
    assert!(!searched.contains("<script>alert"), "{searched}");
    let verified = desk.send("/verify", &[("by", "many"), ("many", hostile)]).await.text;
    assert!(!verified.contains("<script>alert"), "{verified}");
}
