//! What a practice does about a case at the portal: it sends what was asked for, withdraws, and asks for a reconsideration, which another
//! physician decides.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use super::browser::Browser;
use super::desk::hidden;
use crate::support::desk::*;
use crate::support::http::Service;
use crate::support::submit::count;
use serde_json::json;

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";

// proves INF-07, DET-08
#[tokio::test]
async fn a_practice_sends_the_document_that_was_asked_for_from_the_page_of_the_case() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &unanswered(BMA)).await);
    let (page_of, path) = (format!("/cases/{case_id}"), format!("/cases/{case_id}/documents"));
    let mut practice = Browser::of(&service, PRACTICE).await;
    assert!(!practice.page(&page_of).await.contains("type=\"file\""), "nothing is asked for yet");
    let early = practice.send_document(&path, "application/pdf", PDF, "LVEF").await;
    assert_eq!(early.status.as_u16(), 409, "{}", early.text);
    assert!(early.text.contains("Nothing has been asked for"), "{}", early.text);
    done(&service, NURSE, &case_id, "information-requests", &json!({"items": ["The report of the ejection fraction"]})).await;
    let page = practice.page(&page_of).await;
    assert!(page.contains("The report of the ejection fraction") && page.contains("type=\"file\""), "{page}");
    for (kind, bytes, status) in
        [("application/zip", PDF, 415), ("application/pdf", b"no pdf".as_slice(), 422), ("application/pdf", b"".as_slice(), 422)]
    {
        let answer = practice.send_document(&path, kind, bytes, "LVEF").await;
        assert_eq!(answer.status.as_u16(), status, "{kind}: {}", answer.text);
        assert!(answer.text.contains("Please look at this first"), "{kind}: {}", answer.text);
    }
    assert_eq!(count(&service, "select count(*) from attachments").await, 0);
    let sent = practice.send_document(&path, "application/pdf", PDF, "Ejection fraction of November").await;
    assert_eq!((sent.status.as_u16(), sent.header("location")), (303, page_of.as_str()), "{}", sent.text);
    assert!(practice.page(&page_of).await.contains("Ejection fraction of November, November 20, 2026"));
    let nurse = Browser::of(&service, NURSE).await.page(&format!("/cases/{case_id}/review")).await;
    assert!(nurse.contains("Ejection fraction of November"), "{nurse}");
    for person in [OTHER_PRACTICE, NURSE, "sandbox-health-plan"] {
        let answer = Browser::of(&service, person).await.send_document(&path, "application/pdf", PDF, "x").await;
        assert_eq!(answer.status.as_u16(), 404, "{person}: {}", answer.text);
    }
    assert_eq!(count(&service, "select count(*) from attachments").await, 1);
}

// proves DRG-05
#[tokio::test]
async fn a_practice_withdraws_a_case_that_waits_after_it_said_so_twice() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(BMA)).await);
    let path = format!("/cases/{case_id}/withdraw");
    let mut practice = Browser::of(&service, PRACTICE).await;
    let page = practice.page(&format!("/cases/{case_id}")).await;
    let (version, key) = (hidden(&page, "version"), hidden(&page, "key"));
    let drawn = [("version", version.as_str()), ("key", key.as_str())];
    for (fields, status) in [
        (vec![("withdraw", "voluntarily_cancelled")], 422),
        (vec![("sure", "yes")], 422),
        (vec![("withdraw", "because"), ("sure", "yes")], 422),
        (vec![("withdraw", "voluntarily_cancelled"), ("sure", "yes"), ("version", "9")], 412),
    ] {
        // the first of two fields of a name counts
        let fields: Vec<_> = if status == 412 { fields } else { [&drawn[..], &fields[..]].concat() };
        let answer = practice.send(&path, &fields).await;
        assert_eq!(answer.status.as_u16(), status, "{fields:?}: {}", answer.text);
    }
    assert_eq!(read(&service, &case_id).await["status"], "in_progress");
    assert_eq!(Browser::of(&service, OTHER_PRACTICE).await.send(&path, &drawn).await.status.as_u16(), 404);
    let fields = [&drawn[..], &[("withdraw", "voluntarily_cancelled"), ("sure", "yes")]].concat();
    for _ in 0..2 {
        let answer = practice.send(&path, &fields).await;
        assert_eq!(answer.status.as_u16(), 303, "sent twice it is taken once: {}", answer.text);
    }
    assert_eq!(kinds(&service, &case_id).await, ["submitted", "withdrawn"]);
    assert!(!practice.page(&format!("/cases/{case_id}")).await.contains("Withdraw this order"));
}

// proves DET-08
#[tokio::test]
async fn an_agreed_discussion_is_told_to_the_practice_with_day_time_and_zone() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(BMA)).await);
    done(&service, NURSE, &case_id, "peer-to-peer", &offer()).await;
    let call = json!({"event": "scheduled", "at": "2026-11-23T21:40:00Z", "with": "Dr. Clinician"});
    done(&service, NURSE, &case_id, "peer-to-peer", &call).await;
    let page = Browser::of(&service, PRACTICE).await.page(&format!("/cases/{case_id}")).await;
    assert!(page.contains("A peer-to-peer discussion is agreed") && page.contains("November 23, 2026, 3:40 p.m. CST"), "{page}");
}

// proves APP-01, APP-02, APP-04
#[tokio::test]
async fn a_denial_is_reconsidered_by_another_physician_at_the_portal() {
    let service = Service::with_rosters().await;
    let case_id = id(&denied(&service, BMA).await);
    let (page_of, desk) = (format!("/cases/{case_id}"), format!("/cases/{case_id}/review"));
    let mut practice = Browser::of(&service, PRACTICE).await;
    let page = practice.page(&page_of).await;
    assert!(page.contains("Why the denial should not stand"), "{page}");
    let (version, key) = (hidden(&page, "version"), hidden(&page, "key"));
    let path = format!("/cases/{case_id}/reconsideration");
    let drawn = [("version", version.as_str()), ("key", key.as_str())];
    assert_eq!(practice.send(&path, &drawn).await.status.as_u16(), 422, "a reason is needed");
    let why = [&drawn[..], &[("why", "two trials support it")]].concat();
    assert_eq!(practice.send(&path, &why).await.status.as_u16(), 303);
    let page = practice.page(&page_of).await;
    assert!(page.contains("Asked for on November 20, 2026") && !page.contains("Why the denial should not stand"), "{page}");
    // the one who denied sees it, and may not decide it
    let mut first = Browser::of(&service, PHYSICIAN).await;
    assert!(first.page("/reviews").await.contains("Reconsiderations"), "it waits in the worklist");
    let page = first.page(&desk).await;
    assert!(page.contains("two trials support it") && page.contains("another medical oncologist decides this"), "{page}");
    assert!(!page.contains("name=\"reconsidered\""), "{page}");
    let decision = [
        ("version", version.as_str()),
        ("reconsidered", "overturned"),
        ("reconsider_rationale", "the trials were not known"),
        ("sure", "yes"),
    ];
    let own = first.send(&format!("{desk}/reconsider"), &decision).await;
    assert_eq!(own.status.as_u16(), 409, "{}", own.text);
    let nurse = Browser::of(&service, NURSE).await.send(&format!("{desk}/reconsider"), &decision).await;
    assert_eq!(nurse.status.as_u16(), 409, "{}", nurse.text);
    let mut second = Browser::of(&service, SECOND_PHYSICIAN).await;
    let page = second.page(&desk).await;
    assert!(page.contains("name=\"reconsidered\""), "{page}");
    let version = hidden(&page, "version");
    for left_out in 1..4 {
        let mut fields = decision.to_vec();
        fields[0] = ("version", &version);
        fields.remove(left_out);
        let answer = second.send(&format!("{desk}/reconsider"), &fields).await;
        assert_eq!(answer.status.as_u16(), 422, "{fields:?}: {}", answer.text);
    }
    assert_eq!(read(&service, &case_id).await["status"], "non_authorized");
    // what is written is kept on the way
    let kept = [("version", version.as_str()), ("reconsidered", "upheld"), ("reconsider_rationale", "half a sentence")];
    assert_eq!(second.send(&format!("{desk}/keep"), &kept).await.status.as_u16(), 200);
    let page = second.page(&desk).await;
    assert!(page.contains("half a sentence</textarea>") && page.contains("What you typed before stands below"), "{page}");
    assert!(page.contains(&format!("data-keep=\"{desk}/keep\"")), "{page}");
    let mut fields = decision.to_vec();
    fields[0] = ("version", &version);
    let answer = second.send(&format!("{desk}/reconsider"), &fields).await;
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.text);
    assert_eq!(count(&service, "select count(*) from drafts").await, 0, "nothing is kept of what was decided");
    assert_eq!(read(&service, &case_id).await["status"], "authorized");
    let page = practice.page(&page_of).await;
    assert!(page.contains("The denial was overturned") && page.contains("the trials were not known"), "{page}");
}

/// Asks for a reconsideration as the practice, and opens it as the second physician: the address of the desk and the version.
async fn asked_again<'a>(service: &'a crate::support::http::Service, case_id: &str) -> (Browser<'a>, String) {
    let mut practice = Browser::of(service, PRACTICE).await;
    let page = practice.page(&format!("/cases/{case_id}")).await;
    let (version, key) = (hidden(&page, "version"), hidden(&page, "key"));
    let fields = [("version", version.as_str()), ("key", key.as_str()), ("why", "two trials support it")];
    assert_eq!(practice.send(&format!("/cases/{case_id}/reconsideration"), &fields).await.status.as_u16(), 303);
    let mut second = Browser::of(service, SECOND_PHYSICIAN).await;
    let page = second.page(&format!("/cases/{case_id}/review")).await;
    let version = hidden(&page, "version");
    (second, version)
}

// proves APP-04, DET-10
#[tokio::test]
async fn single_lines_of_a_denial_are_lifted_and_the_others_keep_their_reasons_or_get_new_ones() {
    let service = Service::with_rosters().await;
    let mut order = custom(BMA);
    let supportive = json!({"line": 5, "hcpcs": "J2506", "role": "supportive", "route": "sc", "dose": {"amount": 6, "unit": "mg"},
                            "days": [2], "frequency_per_day": 1});
    order["treatment"]["phases"][0]["drugs"].as_array_mut().unwrap().push(supportive);
    let case_id = id(&submit(&service, &order).await);
    done(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    let denied = done(&service, PHYSICIAN, &case_id, "determinations", &deny(&[2])).await;
    assert_eq!(denied["drugs"][4]["status"], "non_authorized", "along with nivolumab: {denied:#}");
    let (mut second, version) = asked_again(&service, &case_id).await;
    let path = format!("/cases/{case_id}/review/reconsider");
    let said = [
        ("version", version.as_str()),
        ("reconsidered", "in_part"),
        ("reconsider_rationale", "No risk factor is documented."),
        ("sure", "yes"),
    ];
    let none = second.send(&path, &said).await;
    assert_eq!(none.status.as_u16(), 422, "{}", none.text);
    assert!(none.text.contains("tick at least one line") && none.text.contains("id=\"lift/2\""), "{}", none.text);
    let mut lifted = said.to_vec();
    let of_line: Vec<String> = denied["drugs"].as_array().unwrap().iter().map(|drug| format!("lift/{}", drug["line"])).collect();
    for (name, drug) in of_line.iter().zip(denied["drugs"].as_array().unwrap()) {
        if drug["status"] == "non_authorized" && drug["line"] != 5 {
            lifted.push((name, "yes"));
        }
    }
    let unnamed = second.send(&path, &lifted).await;
    assert_eq!(unnamed.status.as_u16(), 409, "{}", unnamed.text);
    assert!(unnamed.text.contains("ine 5 was denied only because another line was"), "{}", unnamed.text);
    lifted.push(("reconsider_reason", "criteria_not_met"));
    lifted.push(("reconsider_member", "You have no signs of this risk."));
    let done = second.send(&path, &lifted).await;
    assert_eq!(done.status.as_u16(), 303, "{}", done.text);
    let case = read(&service, &case_id).await;
    assert_eq!((&case["status"], &case["drugs"][4]["status"]), (&json!("multiple_decisions_rendered"), &json!("non_authorized")));
    assert_eq!(case["drugs"][4]["denial"]["rationale"], "No risk factor is documented.", "{case:#}");
}

/// What is told beside a field.
fn fault_at(page: &str, field: &str) -> String {
    let beside = page.split(&format!("id=\"{field}-fault\">")).nth(1).unwrap_or_else(|| panic!("nothing at {field}: {page}"));
    beside.split('<').next().unwrap().to_owned()
}

// proves INF-07
#[tokio::test]
async fn a_document_that_is_not_taken_is_told_beside_its_field_and_what_was_typed_stays() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &unanswered(BMA)).await);
    let path = format!("/cases/{case_id}/documents");
    done(&service, NURSE, &case_id, "information-requests", &json!({"items": ["The report of the ejection fraction"]})).await;
    let mut practice = Browser::of(&service, PRACTICE).await;
    let mut large = PDF.to_vec();
    large.resize(26 * 1024 * 1024, b' ');
    for (kind, bytes, status, told) in [
        ("application/pdf", large.as_slice(), 413, "A document may have 25 MiB"),
        ("application/zip", PDF, 415, "A document is one of"),
        ("application/pdf", b"".as_slice(), 422, "The document is empty"),
    ] {
        let answer = practice.send_document(&path, kind, bytes, "Echo of \"November\"").await;
        assert_eq!(answer.status.as_u16(), status, "{kind}");
        let fault = fault_at(&answer.text, "file");
        assert!(fault.contains(told), "{fault}");
        assert!(answer.text.contains("value=\"Echo of &#34;November&#34;\""), "{}", answer.text);
    }
    let long = practice.send_document(&path, "application/pdf", PDF, &"x".repeat(1_001)).await;
    assert_eq!(long.status.as_u16(), 422, "{}", long.text);
    assert!(fault_at(&long.text, "description").contains("at most 1000 characters"), "{}", long.text);
    assert_eq!(count(&service, "select count(*) from attachments").await, 0);
    // decided meanwhile: there is no form any more, and the words are not lost
    let both = [3, 4].map(|line| json!({"line": line, "decision": "authorized"}));
    done(&service, NURSE, &case_id, "determinations", &json!({"drugs": both})).await;
    let late = practice.send_document(&path, "application/pdf", PDF, "Echo of November").await;
    assert_eq!(late.status.as_u16(), 409, "{}", late.text);
    let typed = late.text.split("id=\"typed\">").nth(1).unwrap_or_else(|| panic!("{}", late.text));
    assert!(typed.starts_with("Echo of November") && !late.text.contains("type=\"file\""), "{}", late.text);
    assert_eq!(count(&service, "select count(*) from attachments").await, 0);
}

// proves APP-01, APP-04
#[tokio::test]
async fn faults_of_a_reconsideration_are_told_beside_its_fields_and_nothing_is_half_done() {
    let service = Service::with_rosters().await;
    let case_id = id(&denied(&service, BMA).await);
    let mut practice = Browser::of(&service, PRACTICE).await;
    let page = practice.page(&format!("/cases/{case_id}")).await;
    let asked =
        |why: &'static str| vec![("version", hidden(&page, "version")), ("key", hidden(&page, "key")), ("why", why.to_owned())];
    let path = format!("/cases/{case_id}/reconsideration");
    let refused = practice.send(&path, &asked("").iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>()).await;
    assert_eq!(refused.status.as_u16(), 422);
    assert!(fault_at(&refused.text, "why").contains("Say why the denial should not stand"), "{}", refused.text);
    let (mut second, version) = asked_again(&service, &case_id).await;
    // asked for already: what was typed is still to be read
    let again = practice
        .send(&path, &asked("a third trial").iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>())
        .await;
    assert!(
        again.status.is_client_error() && again.text.contains("id=\"typed\">") && again.text.contains("a third trial"),
        "{}",
        again.text
    );
    let desk = format!("/cases/{case_id}/review/reconsider");
    let said = [
        ("version", version.as_str()),
        ("reconsidered", "in_part"),
        ("reconsider_rationale", "The trials were not known."),
        ("sure", "yes"),
    ];
    for (more, told) in [
        (vec![("lift/77", "yes")], "Line 77 does not stand denied"),
        (vec![("lift/99", "yes"), ("lift/2", "yes")], "Line 99 does not stand denied"),
        (vec![], "tick at least one line"),
    ] {
        let answer = second.send(&desk, &[&said[..], &more[..]].concat()).await;
        assert_eq!(answer.status.as_u16(), 422, "{more:?}: {}", answer.text);
        let form = answer.text.split("review/reconsider\"").nth(1).unwrap();
        let beside = form.split("class=\"fault\">").nth(1).unwrap_or_else(|| panic!("{more:?}: {form}"));
        assert!(beside.split("</span>").next().unwrap().contains(told), "{told}: {beside}");
        assert!(form.contains("The trials were not known.</textarea>"), "{form}");
    }
    assert_eq!(read(&service, &case_id).await["status"], "non_authorized", "nothing half done");
    let upheld =
        [("version", version.as_str()), ("reconsidered", "upheld"), ("reconsider_rationale", "It stands."), ("sure", "yes")];
    assert_eq!(second.send(&desk, &upheld).await.status.as_u16(), 303);
    let late = second.send(&desk, &[&said[..], &[("lift/2", "yes")]].concat()).await;
    assert!(late.status.is_client_error(), "decided already: {}", late.text);
    assert!(late.text.contains("id=\"typed\">The trials were not known."), "{}", late.text);
    assert_eq!(read(&service, &case_id).await["status"], "non_authorized");
}
