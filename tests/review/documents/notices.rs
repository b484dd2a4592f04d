//! What a denial has to hold: where and by when to appeal, the federal form of Medicare Advantage, and an address that shows through a window.

use crate::documents::forms::{page, pdf, words_of_page, words_of_pdf};
use crate::support::desk::*;
use crate::support::http::Service;
use crate::support::submit::put_roster;
use serde_json::{Value, json};

/// The letter as data, and its words on the page and on paper.
async fn letter(service: &Service, case: &Value, index: usize) -> (Value, [String; 2]) {
    let path = format!("/v1/letters/{}", case["letters"][index]["letter_id"].as_str().unwrap());
    let data = service.get(&path, PRACTICE).await.json();
    let page = words_of_page(&page(service, &path, PRACTICE).await);
    (data, [page, words_of_pdf(&pdf(service, &path, PRACTICE).await)])
}

#[track_caller]
fn in_order(text: &str, words: &[&str]) {
    let mut rest = text;
    for word in words {
        let (_, after) = rest.split_once(word).unwrap_or_else(|| panic!("no {word:?} in its order in {text}"));
        rest = after;
    }
}

// proves DET-10, APP-02, APP-03
#[tokio::test]
async fn a_denial_says_where_by_when_and_how_to_appeal_and_who_decided() {
    let service = Service::with_rosters().await;
    for (plan, days, last) in
        [(BMA, "65 days", "January 24, 2027"), (OVM, "180 days", "May 19, 2027"), (QCCP, "65 days", "January 24, 2027")]
    {
        let case = denied(&service, plan).await;
        for index in [0, 1] {
            let (_, forms) = letter(&service, &case, index).await;
            for form in &forms {
                for said in [
                    days,
                    last,
                    "By mail",
                    "PO Box 0000",
                    "By fax",
                    "1-555-555-010",
                    "By phone",
                    "1-555-555-011",
                    "72 hours",
                    "A medical oncologist (specialty: medical oncology)",
                    "Oncology Authorization Administrator",
                    "100 Sample Street",
                ] {
                    assert!(form.contains(said), "no {said:?} in {form}");
                }
                assert!(form.contains("free of charge"), "{form}");
            }
        }
    }
}

// proves DET-10
#[tokio::test]
async fn a_member_of_medicare_advantage_gets_the_federal_form_with_its_sections_in_order() {
    const SECTIONS: [&str; 10] = [
        "Notice of Denial of Medical Coverage",
        "Your request was denied",
        "Why did we deny your request?",
        "You have the right to appeal our decision",
        "If you want someone else to act for you",
        "Important information about your appeal rights",
        "There are two kinds of appeals with Blue Medicare Advantage",
        "How to ask for an appeal with Blue Medicare Advantage",
        "What happens next?",
        "Get help and more information",
    ];
    let service = Service::with_rosters().await;
    let case = denied(&service, BMA).await;
    let (data, forms) = letter(&service, &case, 0).await;
    assert_eq!((&data["template"], &data["in_part"]), (&json!("integrated_denial_notice"), &json!(false)));
    for form in &forms {
        in_order(form, &SECTIONS);
        in_order(
            form,
            &["We denied the medical services or drugs listed below", "Standard appeal", "7 days", "Fast appeal", "72 hours"],
        );
        assert!(form.contains("1-800-MEDICARE") && form.contains("CMS-10003"), "{form}");
    }
    // the practice reads the letter of the program, and so do members of other lines of business
    let (data, _) = letter(&service, &case, 1).await;
    assert_eq!(data["template"], "standard");
    let (data, forms) = letter(&service, &denied(&service, OVM).await, 0).await;
    assert_eq!(data["template"], "standard");
    assert!(!forms[0].contains("Notice of Denial of Medical Coverage"));
}

// proves DET-10, CAS-05
#[tokio::test]
async fn a_denial_in_part_says_so_on_the_federal_form() {
    let service = Service::with_rosters().await;
    let mut order = unanswered(BMA);
    let supportive = json!({"line": 5, "hcpcs": "J2506", "role": "supportive", "route": "sc", "dose": {"amount": 6, "unit": "mg"},
                            "days": [2], "frequency_per_day": 1});
    order["treatment"]["phases"][0]["drugs"].as_array_mut().unwrap().push(supportive);
    order["servicing_provider"] = json!({"name": "Unlisted Infusion Center"});
    let case_id = id(&submit(&service, &order).await);
    done(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    let mut in_parts = authorize(&[3, 4]);
    in_parts["drugs"].as_array_mut().unwrap().push(deny(&[5])["drugs"][0].clone());
    let case = done(&service, PHYSICIAN, &case_id, "determinations", &in_parts).await;
    let place =
        case["letters"].as_array().unwrap().iter().position(|one| one["kind"] == "denial" && one["to"] == "member").unwrap();
    let (data, forms) = letter(&service, &case, place).await;
    assert_eq!((&data["template"], &data["in_part"]), (&json!("integrated_denial_notice"), &json!(true)));
    for form in &forms {
        in_order(form, &["Your request was denied", "We partially denied your request", "Pegfilgrastim", "Why did we deny"]);
    }
}

// proves PRV-05, DET-10
#[tokio::test]
async fn a_letter_shows_the_members_address_through_a_window_and_says_where_there_is_none() {
    let service = Service::with_rosters().await;
    let case = denied(&service, BMA).await;
    let (data, forms) = letter(&service, &case, 0).await;
    assert_eq!(data["document"]["mail"]["to"], json!(["Test Member", "100 Sample Street", "Sampletown, MO 00000"]));
    assert_eq!(data["needs_address"], false);
    for form in &forms {
        in_order(form, &["Oncology Authorization Administrator", "Test Member", "100 Sample Street", "Notice of Denial"]);
    }
    assert!(letter(&service, &case, 1).await.0["document"].get("mail").is_none(), "a practice's letter goes as it asked");
    // whoever treats learns nothing of where the member lives
    let seen = service.get(&format!("/v1/orders/{}", id(&case)), FACILITY).await.text;
    assert!(!seen.contains("Sampletown"), "{seen}");
    let addresses = [
        (json!("12 Elm Street, Springfield MO 00000"), Some(json!(["Test Member", "12 Elm Street", "Springfield MO 00000"]))),
        (
            json!("12 Elm Street\nApartment 2\nSpringfield MO"),
            Some(json!(["Test Member", "12 Elm Street", "Apartment 2", "Springfield MO"])),
        ),
        (Value::Null, None),
        (json!("unknown"), None),
    ];
    for (place, (address, to)) in addresses.into_iter().enumerate() {
        let member_id = format!("XKM10020040{place}");
        let row = json!({"member_id": member_id, "first_name": "Test", "last_name": "Member", "birth_date": "1950-01-15",
                         "line_of_business": "medicare_advantage", "coverage_from": "2020-01-01", "address": address});
        let path = format!("/v1/rosters/{BMA}/members");
        let loaded = put_roster(&service, ADMINISTRATOR, &path, row.to_string()).await;
        assert_eq!(loaded.status.as_u16(), 200, "{}", loaded.text);
        let mut order = tch(BMA);
        order["member"]["member_id"] = json!(member_id);
        let case = submit(&service, &order).await;
        let reference = case["letters"].as_array().unwrap().iter().find(|one| one["to"] == "member").unwrap();
        let (data, _) = letter(&service, &case, 0).await;
        if let Some(to) = to {
            assert_eq!((&data["document"]["mail"]["to"], reference.get("needs_address")), (&to, None));
        } else {
            assert_eq!((&data["needs_address"], &reference["needs_address"]), (&json!(true), &json!(true)));
            assert!(data["document"].get("mail").is_none());
        }
    }
}
