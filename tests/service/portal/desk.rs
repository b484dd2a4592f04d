//! The review desk: who sees it, what waits, a case on one screen, and what of that is on record.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use super::browser::Browser;
use crate::support::desk::*;
use crate::support::http::{Answer, Service};
use crate::support::submit::count;
use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

/// What a hidden field of a page says.
pub fn hidden(page: &str, name: &str) -> String {
    let field = page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_else(|| panic!("no {name} in {page}"));
    field.split('"').next().unwrap().to_owned()
}

/// The review page of a case, and what its forms carry along.
pub async fn opened(browser: &mut Browser<'_>, case_id: &str) -> (String, String, String) {
    let page = browser.page(&format!("/cases/{case_id}/review")).await;
    let (version, key) = (hidden(&page, "version"), hidden(&page, "key"));
    (page, version, key)
}

/// Sends a form of the review page as a browser would.
pub async fn act_on(browser: &mut Browser<'_>, case_id: &str, what: &str, fields: &[(&str, &str)]) -> Answer {
    let (_, version, key) = opened(browser, case_id).await;
    let mut all = vec![("version", version.as_str()), ("key", key.as_str())];
    all.extend_from_slice(fields);
    browser.send(&format!("/cases/{case_id}/review/{what}"), &all).await
}

/// The review page has this many events of this kind on record.
pub async fn events_of(service: &Service, case_id: &str, kind: &str) -> usize {
    kinds(service, case_id).await.iter().filter(|one| *one == kind).count()
}

// proves DET-07, DET-08
#[tokio::test]
async fn what_waits_stands_most_urgent_first_with_how_many_there_are_and_names_nobody() {
    let service = Service::with_rosters().await;
    let standard = submit(&service, &custom(BMA)).await;
    let mut order = custom(OVM);
    order["urgency"] = json!("urgent");
    let urgent = submit(&service, &order).await;
    let escalated = submit(&service, &unanswered(QCCP)).await;
    done(&service, NURSE, &id(&escalated), "escalations", &json!({"rationale": "the heart was not looked at"})).await;
    let mut nurse = Browser::of(&service, NURSE).await;
    let page = nurse.page("/reviews").await;
    for chip in [
        "My queue <span>2</span>",
        "Taken by me <span>0</span>",
        "Urgent <span>1</span>",
        "Overdue <span>0</span>",
        "Oncologists&#39; queue <span>1</span>",
        "All <span>3</span>",
    ] {
        assert!(
            page.contains(chip) || page.contains(&chip.replace("&#39;", "&#x27;")) || page.contains(&chip.replace("&#39;", "'")),
            "{chip} in {page}"
        );
    }
    let place = |case: &Value| page.find(case["case_number"].as_str().unwrap());
    assert!(place(&urgent).unwrap() < place(&standard).unwrap(), "{page}");
    assert_eq!(place(&escalated), None, "another queue's");
    for shown in ["Breast cancer", "<td data-label=\"Age\">76", "Custom", "not offered yet", "nobody", "docetaxel"] {
        assert!(page.to_lowercase().contains(&shown.to_lowercase()), "{shown} in {page}");
    }
    for hidden in ["Test Member", "Member, Test", "XKM100200300", "XYU100200300", "1950"] {
        assert!(!page.contains(hidden), "{hidden} in {page}");
    }
    assert!(page.contains("<title>Reviews"), "{page}");
    for (address, shown) in [
        ("/reviews?show=urgent", vec![&urgent]),
        ("/reviews?show=all", vec![&urgent, &standard, &escalated]),
        ("/reviews?show=physicians", vec![&escalated]),
        ("/reviews?show=mine", vec![]),
        ("/reviews?show=overdue", vec![]),
        ("/reviews?show=nonsense&program=nowhere", vec![]),
        ("/reviews?show=all&program=blue-medicare-advantage-ccq", vec![&standard]),
    ] {
        let page = nurse.page(address).await;
        for case in [&urgent, &standard, &escalated] {
            assert_eq!(page.contains(case["case_number"].as_str().unwrap()), shown.contains(&case), "{address}: {page}");
        }
    }
    let page = Browser::of(&service, PHYSICIAN).await.page("/reviews").await;
    assert!(
        page.contains(escalated["case_number"].as_str().unwrap()) && !page.contains(urgent["case_number"].as_str().unwrap()),
        "{page}"
    );
}

// proves PRV-02
#[tokio::test]
async fn to_everybody_else_the_desk_does_not_exist() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(BMA)).await);
    for person in [PRACTICE, FACILITY, OTHER_PRACTICE, INTAKE, "sandbox-health-plan", ADMINISTRATOR] {
        let mut browser = Browser::of(&service, person).await;
        for address in ["/reviews".to_owned(), format!("/cases/{case_id}/review")] {
            let answer = browser.open(&address).await;
            assert_eq!(answer.status.as_u16(), 404, "{address} as {person}");
            assert!(answer.text.contains("Nothing here"), "{address} as {person}: {}", answer.text);
        }
        for what in ["claim", "release", "ask", "call", "duplicate", "handover", "decide", "letter"] {
            let fields =
                [("version", "1"), ("all", "authorized"), ("item", "x"), ("event", "offered"), ("handover_rationale", "x")];
            let answer = browser.send(&format!("/cases/{case_id}/review/{what}"), &fields).await;
            assert_eq!(answer.status.as_u16(), 404, "{what} as {person}");
        }
    }
    let mut nurse = Browser::of(&service, NURSE).await;
    for what in ["claim", "release", "ask", "call", "duplicate", "handover", "decide", "letter"] {
        let answer = nurse
            .send_from(&format!("/cases/{case_id}/review/{what}"), &[("version", "1"), ("all", "authorized")], "cross-site")
            .await;
        assert_eq!(answer.status.as_u16(), 403, "{what} from another site: {}", answer.text);
    }
    assert_eq!(kinds(&service, &case_id).await, ["submitted"], "nothing was done");
    for address in ["/cases/00000000-0000-7000-8000-000000000000/review", "/cases/nonsense/review", "/documents/nonsense"] {
        assert_eq!(nurse.open(address).await.status.as_u16(), 404, "{address}");
    }
}

#[tokio::test]
async fn two_reviewers_reach_for_a_case_and_one_is_told_who_has_it_and_until_when() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(BMA)).await);
    let (mut nurse, mut physician) = (Browser::of(&service, NURSE).await, Browser::of(&service, PHYSICIAN).await);
    let path = format!("/cases/{case_id}/review/claim");
    let (first, second) = tokio::join!(nurse.send(&path, &[]), physician.send(&path, &[]));
    let (won, lost) = if first.status.as_u16() == 303 { (first, second) } else { (second, first) };
    assert_eq!((won.status.as_u16(), won.header("location")), (303, format!("/cases/{case_id}/review").as_str()), "{}", won.text);
    assert_eq!(lost.status.as_u16(), 409, "{}", lost.text);
    let winner = if lost.text.contains(&format!("{NURSE} (Oncology nurse) has this case until")) { NURSE } else { PHYSICIAN };
    assert!(
        lost.text.contains(&format!("{winner} (")) && lost.text.contains("has this case until November 20, 2026"),
        "{}",
        lost.text
    );
    assert_eq!(events_of(&service, &case_id, "claimed").await, 1);
    let other = if winner == NURSE { PHYSICIAN } else { NURSE };
    let mut loser = Browser::of(&service, other).await;
    let page = loser.page(&format!("/cases/{case_id}/review")).await;
    assert!(page.contains("has this case until") && !page.contains("name=\"all\""), "{page}");
    // nor by hand
    let answer = loser.send(&format!("/cases/{case_id}/review/ask"), &[("version", "1"), ("item", "LVEF report")]).await;
    assert_eq!(answer.status.as_u16(), 409, "{}", answer.text);
    assert!(answer.text.contains("Somebody else has this case") && answer.text.contains(winner), "{}", answer.text);
    let answer = loser.send(&format!("/cases/{case_id}/review/release"), &[]).await;
    assert_eq!(answer.status.as_u16(), 409, "{}", answer.text);
    assert_eq!(events_of(&service, &case_id, "claim_released").await, 0);
    // the claim runs out, and the page says so
    move_clock(&service, "2026-11-20T19:30:00Z").await;
    let page = Browser::of(&service, other).await.page(&format!("/cases/{case_id}/review")).await;
    assert!(page.contains("Nobody has taken this case"), "{page}");
    let mut again = Browser::of(&service, other).await;
    let page = again.follow(&path, &[]).await.text;
    assert!(page.contains("Yours until"), "{page}");
    assert_eq!(again.follow(&format!("/cases/{case_id}/review/release"), &[]).await.status.as_u16(), 200);
    assert_eq!(events_of(&service, &case_id, "claim_released").await, 1);
}

/// A browser's request for what it may know already.
async fn ask_again(service: &Service, browser: &Browser<'_>, path: &str, tag: &str) -> Answer {
    let cookies: Vec<String> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let request = Request::builder().uri(path).header("accept", "text/html").header("cookie", cookies.join("; "));
    service.send(request.header("if-none-match", tag).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_worklist_that_has_not_changed_is_not_sent_again_and_nobody_is_looked_at_for_it() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(BMA)).await);
    let mut nurse = Browser::of(&service, NURSE).await;
    let first = nurse.open("/reviews").await;
    let tag = first.header("etag").to_owned();
    assert!(!tag.is_empty() && first.text.contains(&case_id), "{:?}", first.headers);
    let looked = "select count(*) from accesses where operation = 'GET /reviews'";
    assert_eq!(count(&service, looked).await, 1, "what the list shows is on record");
    let same = ask_again(&service, &nurse, "/reviews", &tag).await;
    assert_eq!((same.status.as_u16(), same.text.as_str()), (304, ""));
    assert_eq!(count(&service, looked).await, 1);
    assert_eq!(ask_again(&service, &nurse, "/reviews?show=all", &tag).await.status.as_u16(), 200, "another list");
    Browser::of(&service, PHYSICIAN).await.send(&format!("/cases/{case_id}/review/claim"), &[]).await;
    let changed = ask_again(&service, &nurse, "/reviews", &tag).await;
    assert_eq!(changed.status.as_u16(), 200);
    assert!(changed.text.contains(PHYSICIAN) && changed.header("etag") != tag, "{}", changed.text);
}

// proves REG-01, REG-12, DEV-01, DEV-05
#[tokio::test]
async fn a_case_stands_as_it_was_entered_beside_what_is_expected_with_source_and_day() {
    let service = Service::with_rosters().await;
    let decided = id(&denied(&service, BMA).await);
    let open = id(&submit(&service, &unanswered(BMA)).await);
    let other = id(&submit(&service, &custom(BMA)).await);
    let mut nurse = Browser::of(&service, NURSE).await;
    let page = nurse.page(&format!("/cases/{open}/review")).await;
    for shown in [
        "Test Member",
        "XKM100200300",
        "76 years",
        "C50.911",
        "Ordering Clinician 1234567893",
        "The order matches this regimen",
        "not known",
        "rows that agree",
        "release ",
        "Ejection fraction",
        "data-label=\"Expected\">75 mg/m2 iv, day 1 of 21",
        "Nobody has taken this case",
        "Ask for information",
    ] {
        assert!(page.to_lowercase().contains(&shown.to_lowercase()), "{shown} in {page}");
    }
    assert!(page.contains("<title>Review ·"), "nobody is named in a title: {page}");
    let page = nurse.page(&format!("/cases/{other}/review")).await;
    for shown in [
        "No regimen has these drugs. The nearest",
        "not part of this regimen",
        "Nivolumab (J9299)",
        "Matches no evidence-based regimen",
    ] {
        assert!(page.to_lowercase().contains(&shown.to_lowercase()), "{shown} in {page}");
    }
    // whoever looked is on record
    let looked =
        "select count(*) from accesses where operation = 'GET /cases/{case_id}/review' and actor_subject = 'sandbox-nurse'";
    assert_eq!(count(&service, looked).await, 3, "the two, and the similar order that one of them shows");
    let page = nurse.page(&format!("/cases/{decided}/review")).await;
    assert!(page.contains("nothing can be done to it here") && !page.contains("name=\"all\""), "{page}");
}

// proves INF-07
#[tokio::test]
async fn documents_are_shown_beside_the_case_and_nothing_in_them_runs() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &unanswered(BMA)).await);
    done(&service, NURSE, &case_id, "information-requests", &json!({"items": ["LVEF report"]})).await;
    let mut sent = Vec::new();
    let cda = b"<?xml version=\"1.0\"?><ClinicalDocument xmlns=\"urn:hl7-org:v3\"><id/></ClinicalDocument>".to_vec();
    for (kind, bytes) in [
        ("application/pdf", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n".to_vec()),
        ("text/plain", b"<script>alert(1)</script>".to_vec()),
        ("application/xml", cda),
    ] {
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("/v1/orders/{case_id}/attachments"))
            .header("authorization", format!("Bearer {PRACTICE}"))
            .header("content-type", kind)
            .header("content-disposition", "attachment; filename=\"Test Member LVEF.bin\"");
        let answer = service.send(request.body(Body::from(bytes)).unwrap()).await;
        assert_eq!(answer.status.as_u16(), 201, "{kind}: {}", answer.text);
        sent.push(answer.json()["attachment_id"].as_str().unwrap().to_owned());
    }
    let mut nurse = Browser::of(&service, NURSE).await;
    let page = nurse.open(&format!("/cases/{case_id}/review")).await;
    assert!(page.text.contains("<iframe name=\"document\""), "{}", page.text);
    assert!(page.header("content-security-policy").contains("frame-src 'self'"), "{:?}", page.headers);
    for (attachment_id, shown_as) in
        sent.iter().zip(["application/pdf", "text/plain; charset=utf-8", "text/plain; charset=utf-8"])
    {
        assert!(page.text.contains(&format!("href=\"/documents/{attachment_id}\"")), "{}", page.text);
        let answer = nurse.open(&format!("/documents/{attachment_id}")).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, shown_as));
        assert!(
            answer.header("content-disposition").starts_with("inline; filename=\"")
                && !answer.header("content-disposition").contains("Member")
        );
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'self'") && !policy.contains("script-src"),
            "{policy}"
        );
        assert_eq!((answer.header("x-content-type-options"), answer.header("cache-control")), ("nosniff", "no-store"));
        let saved = nurse.open(&format!("/documents/{attachment_id}/file")).await;
        assert!(saved.header("content-disposition").starts_with("attachment; "), "{:?}", saved.headers);
        for person in [PRACTICE, OTHER_PRACTICE, FACILITY] {
            let answer = Browser::of(&service, person).await.open(&format!("/documents/{attachment_id}")).await;
            assert_eq!(answer.status.as_u16(), 404, "{person}");
        }
    }
    assert_eq!(
        count(&service, "select count(*) from accesses where operation like 'GET /documents/%' and action = 'read'").await,
        6
    );
}
