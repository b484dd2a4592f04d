//! Deciding by form: what may be decided and by whom, the letters beside it, the last question, and that nothing happens before it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use super::browser::Browser;
use super::desk::{act_on, hidden, opened};
use crate::support::desk::*;
use crate::support::http::{Answer, Service};
use crate::support::submit::count;
use serde_json::{Value, json};

pub const WHY: &str = "the evidence does not support nivolumab with docetaxel";
pub const FOR_MEMBER: &str = "We do not know that this drug helps with your illness.";

pub const OFFERED: [(&str, &str); 2] = [("event", "offered"), ("with_name", "Front desk")];

/// Reason and both rationales, written once.
pub const REASONS: [(&str, &str); 3] =
    [("reason", "not_medically_necessary"), ("rationale", WHY), ("rationale_for_member", FOR_MEMBER)];

pub async fn pended() -> (Service, String) {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(BMA)).await);
    (service, case_id)
}

/// Nothing was decided, and no letter written.
pub async fn undecided(service: &Service, case_id: &str) {
    for table in ["select count(*) from determinations", "select count(*) from letters"] {
        assert_eq!(count(service, table).await, 0, "{table}");
    }
    assert_eq!(read(service, case_id).await["status"], "in_progress");
}

/// Goes through the last question: what it shows, and what became of the answer.
pub async fn confirmed(browser: &mut Browser<'_>, case_id: &str, fields: &[(&str, &str)]) -> (String, Answer) {
    let mut all = fields.to_vec();
    all.push(("do", "confirm"));
    let question = act_on(browser, case_id, "decide", &all).await;
    assert_eq!(question.status.as_u16(), 200, "{}", question.text);
    let (version, key) = (hidden(&question.text, "version"), hidden(&question.text, "key"));
    let mut sent: Vec<(&str, &str)> = vec![("version", &version), ("key", &key), ("do", "decide")];
    sent.extend_from_slice(fields);
    let answer = browser.send(&format!("/cases/{case_id}/review/decide"), &sent).await;
    (question.text, answer)
}

// proves DET-02, DET-10
#[tokio::test]
async fn a_nurse_authorizes_after_a_question_that_names_member_drugs_and_letters() {
    let (service, case_id) = pended().await;
    let mut nurse = Browser::of(&service, NURSE).await;
    let shown = act_on(&mut nurse, &case_id, "decide", &[("all", "authorized"), ("do", "show")]).await;
    assert_eq!(shown.status.as_u16(), 200, "{}", shown.text);
    for text in
        ["The case would be Authorized", "Approval to the member", "Approval to the ordering provider", "Dear Test Member"]
    {
        assert!(shown.text.contains(text), "{text} in {}", shown.text);
    }
    assert!(shown.text.contains("id=\"all-authorized\" value=\"authorized\" checked"), "what was entered stands: {}", shown.text);
    undecided(&service, &case_id).await;
    let (question, answer) = confirmed(&mut nurse, &case_id, &[("all", "authorized")]).await;
    for text in
        ["Decide for Test Member?", "There is no undo", "Nivolumab (J9299)", "Docetaxel (J9171)", "Approval to the member"]
    {
        assert!(question.contains(text), "{text} in {question}");
    }
    assert!(question.contains("<title>Decide ·"), "nobody is named in a title");
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, format!("/cases/{case_id}/review").as_str()),
        "{}",
        answer.text
    );
    let case = read(&service, &case_id).await;
    assert_eq!((&case["status"], case["letters"].as_array().unwrap().len()), (&json!("authorized"), 2), "{case:#}");
    assert!(case["order_id"].is_string());
    let page = nurse.page(&format!("/cases/{case_id}/review")).await;
    assert!(page.contains("Authorized") && page.contains("nothing can be done to it here"), "{page}");
}

// proves DET-02, DET-04
#[tokio::test]
async fn a_nurse_denies_nothing_neither_by_form_nor_by_hand() {
    let (service, case_id) = pended().await;
    done(&service, NURSE, &case_id, "peer-to-peer", &offer()).await;
    let mut nurse = Browser::of(&service, NURSE).await;
    let (page, ..) = opened(&mut nurse, &case_id).await;
    assert!(!page.contains("non_authorized") && !page.contains("name=\"rationale\""), "{page}");
    assert!(page.contains("Only a medical oncologist decides against authorization"), "{page}");
    for what in ["show", "confirm", "decide"] {
        for lines in [vec![("all", "non_authorized")], vec![("decision/2", "non_authorized")]] {
            let fields = [lines, REASONS.to_vec(), vec![("do", what)]].concat();
            let answer = act_on(&mut nurse, &case_id, "decide", &fields).await;
            assert_eq!(answer.status.as_u16(), if what == "show" { 200 } else { 409 }, "{fields:?}: {}", answer.text);
            assert!(answer.text.contains("nly a physician may decide against authorization"), "{fields:?}: {}", answer.text);
            assert!(!answer.text.contains("Denial to"), "no letter is shown: {}", answer.text);
        }
    }
    let fragment = act_on(&mut nurse, &case_id, "letter", &[&[("all", "non_authorized")], &REASONS[..]].concat()).await;
    assert!(fragment.text.contains("nly a physician may decide against authorization"), "{}", fragment.text);
    undecided(&service, &case_id).await;
}

// proves DET-03, DET-04
#[tokio::test]
async fn a_denial_waits_for_the_offer_and_says_so() {
    let (service, case_id) = pended().await;
    let mut physician = Browser::of(&service, PHYSICIAN).await;
    let (page, ..) = opened(&mut physician, &case_id).await;
    assert!(page.contains("value=\"non_authorized\" disabled aria-describedby=\"no-denial\""), "{page}");
    assert!(page.contains("Offer a peer-to-peer discussion before deciding against authorization"), "{page}");
    for what in ["confirm", "decide"] {
        let fields = [vec![("decision/2", "non_authorized")], REASONS.to_vec(), vec![("do", what)]].concat();
        let answer = act_on(&mut physician, &case_id, "decide", &fields).await;
        assert_eq!(answer.status.as_u16(), 409, "{}", answer.text);
        assert!(answer.text.contains("Offer a peer-to-peer discussion"), "{}", answer.text);
    }
    undecided(&service, &case_id).await;
    act_on(&mut physician, &case_id, "call", &OFFERED).await;
    let (page, ..) = opened(&mut physician, &case_id).await;
    assert!(page.contains("value=\"non_authorized\"") && !page.contains("disabled aria-describedby"), "{page}");
}

// proves DET-10
#[tokio::test]
async fn a_physician_denies_with_a_reason_of_the_list_and_the_letter_beside_it() {
    let (service, case_id) = pended().await;
    let mut physician = Browser::of(&service, PHYSICIAN).await;
    act_on(&mut physician, &case_id, "call", &OFFERED).await;
    let (page, ..) = opened(&mut physician, &case_id).await;
    assert!(page.contains("<option value=\"not_medically_necessary\">"), "{page}");
    for (fields, told) in [
        (vec![("decision/2", "non_authorized")], "a reason code and a rationale"),
        (vec![("decision/2", "non_authorized"), ("reason", "not_medically_necessary")], "a reason code and a rationale"),
        (
            vec![
                ("decision/2", "non_authorized"),
                ("reason", "because"),
                ("rationale", WHY),
                ("rationale_for_member", FOR_MEMBER),
            ],
            "is no reason for a denial",
        ),
        (vec![("decision/9", "non_authorized"), ("reason", "not_medically_necessary"), ("rationale", WHY)], "has no line 9"),
        (
            vec![("decision/2", "non_authorized"), ("reason", "not_medically_necessary"), ("rationale", WHY)],
            "say in plain words why",
        ),
        (vec![("decision/x", "non_authorized")], "pick it from the form"),
        (vec![("all", "refused")], "pick it for all lines alike"),
        (vec![], "pick it for all lines alike"),
    ] {
        for what in ["confirm", "decide"] {
            let fields = [fields.clone(), vec![("do", what)]].concat();
            let answer = act_on(&mut physician, &case_id, "decide", &fields).await;
            assert_eq!(answer.status.as_u16(), 422, "{fields:?}: {}", answer.text);
            assert!(answer.text.contains(told), "{told}: {}", answer.text);
        }
    }
    let fields = [vec![("decision/2", "non_authorized")], REASONS.to_vec()].concat();
    let fragment = act_on(&mut physician, &case_id, "letter", &fields).await;
    assert_eq!(fragment.status.as_u16(), 200, "{}", fragment.text);
    for text in ["The case would be Non-Authorized", "Denial to the member", FOR_MEMBER, WHY, "Reads like grade"] {
        assert!(fragment.text.contains(text), "{text} in {}", fragment.text);
    }
    assert!(!fragment.text.contains("<html"), "a part of a page");
    undecided(&service, &case_id).await;
    let (question, answer) = confirmed(&mut physician, &case_id, &fields).await;
    for text in [
        "Do not authorize",
        "Nivolumab (J9299)",
        FOR_MEMBER,
        WHY,
        "Denial to the member",
        "Denial to the ordering provider",
        "There is no undo",
    ] {
        assert!(question.contains(text), "{text} in {question}");
    }
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.text);
    let case = read(&service, &case_id).await;
    assert_eq!(case["status"], "non_authorized");
    // the letter that went out is the one that was shown
    let letter = case["letters"].as_array().unwrap().iter().find(|letter| letter["to"] == "member").unwrap();
    let letter = physician.page(&format!("/letters/{}", letter["letter_id"].as_str().unwrap())).await;
    assert!(letter.contains(FOR_MEMBER), "{letter}");
    let decided = act_on_decided(&mut physician, &case_id).await;
    assert_eq!(decided.status.as_u16(), 409, "{}", decided.text);
}

/// A second decision, by hand: the page has no form for it any more.
async fn act_on_decided(browser: &mut Browser<'_>, case_id: &str) -> Answer {
    let page = browser.page(&format!("/cases/{case_id}/review")).await;
    assert!(!page.contains("name=\"version\""), "{page}");
    let mut answer = None;
    for version in 1..9 {
        let sent = browser
            .send(
                &format!("/cases/{case_id}/review/decide"),
                &[("version", &version.to_string()), ("decision/1", "authorized"), ("do", "decide")],
            )
            .await;
        if sent.status.as_u16() != 412 {
            answer = Some(sent);
        }
    }
    answer.expect("one of the versions is the case's")
}

// proves DET-10
#[tokio::test]
async fn one_rationale_is_written_for_all_lines_and_a_line_may_have_its_own() {
    let (service, case_id) = pended().await;
    let mut physician = Browser::of(&service, PHYSICIAN).await;
    act_on(&mut physician, &case_id, "call", &OFFERED).await;
    let own = "carboplatin belongs in this place";
    let fields = [vec![("all", "non_authorized"), ("rationale/2", own)], REASONS.to_vec()].concat();
    let (_, answer) = confirmed(&mut physician, &case_id, &fields).await;
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.text);
    let case = read(&service, &case_id).await;
    let drugs = case["drugs"].as_array().unwrap();
    for drug in drugs {
        let expected = match (drug["status"].as_str().unwrap(), drug["line"].as_u64().unwrap()) {
            ("non_authorized", 2) => json!(own),
            ("non_authorized", _) => json!(WHY),
            _ => Value::Null,
        };
        assert_eq!(drug["denial"]["rationale"], expected, "{case:#}");
    }
    // docetaxel is nobody's to review here, and the desk denies it to nobody
    assert_eq!((&drugs[0]["status"], &drugs[1]["status"]), (&json!("clinical_review_not_required"), &json!("non_authorized")));
}

// proves DET-10
#[tokio::test]
async fn what_is_decided_about_the_pathway_stands_in_the_last_question() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &unanswered(BMA)).await);
    let mut nurse = Browser::of(&service, NURSE).await;
    let (page, ..) = opened(&mut nurse, &case_id).await;
    assert!(page.contains("<details><summary>Pathway</summary>"), "nothing is chosen: {page}");
    let before = page.find("form=\"decide\" name=\"do\" value=\"show\"").unwrap();
    assert!(
        page.find("<button class=\"plain\" data-key=\"]\"").is_none_or(|next| before < next),
        "Enter in a field shows what would be decided, and takes no other case: {page}"
    );
    let fields = [("all", "authorized"), ("pathway", "off_pathway")];
    let shown = act_on(&mut nurse, &case_id, "decide", &[&fields[..], &[("do", "show")]].concat()).await;
    assert!(shown.text.contains("<details open><summary>Pathway</summary>"), "{}", shown.text);
    // a form that does not say that it decides only asks
    for what in [&[][..], &[("do", "confirm")][..], &[("do", "Decide!")][..]] {
        let question = act_on(&mut nurse, &case_id, "decide", &[&fields[..], what].concat()).await;
        assert_eq!(question.status.as_u16(), 200, "{what:?}: {}", question.text);
        assert!(question.text.contains("The order does not follow the Pathway of"), "{what:?}: {}", question.text);
        undecided(&service, &case_id).await;
    }
    let (_, answer) = confirmed(&mut nurse, &case_id, &fields).await;
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.text);
    assert_eq!(read(&service, &case_id).await["pathway"]["determination"], "off_pathway");
}

// proves SAFE-13
#[tokio::test]
async fn an_authorization_says_units_where_none_were_counted() {
    let service = Service::with_rosters().await;
    let mut order = custom(BMA);
    let drug = &mut order["treatment"]["phases"][0]["drugs"][1];
    drug["hcpcs"] = json!("J9999");
    drug["generic"] = json!("alphamab");
    drug["dose"] = json!({"amount": 10, "unit": "mg"});
    let case_id = id(&submit(&service, &order).await);
    let mut nurse = Browser::of(&service, NURSE).await;
    let (page, ..) = opened(&mut nurse, &case_id).await;
    assert_eq!(page.matches("No billing units could be counted").count(), 1, "{page}");
    for (fields, told) in [
        (vec![], "no billing units could be counted"),
        (vec![("units/2", "12")], "units and visits are set together"),
        (vec![("units/2", "a dozen"), ("visits/2", "6")], "enter a whole number"),
        (vec![("units/2", "12"), ("visits/2", "367")], "enter a whole number from 1 to 366"),
        (vec![("units/2", "3"), ("visits/2", "6")], "take at least 6 billing units"),
    ] {
        let fields = [vec![("all", "authorized"), ("do", "decide")], fields].concat();
        let answer = act_on(&mut nurse, &case_id, "decide", &fields).await;
        assert_eq!(answer.status.as_u16(), 422, "{fields:?}: {}", answer.text);
        assert!(answer.text.to_lowercase().contains(told), "{told}: {}", answer.text);
        assert!(
            answer.text.contains("href=\"#units/2\"") || answer.text.contains("href=\"#visits/2\""),
            "leads to the field: {}",
            answer.text
        );
    }
    undecided(&service, &case_id).await;
    let (question, answer) =
        confirmed(&mut nurse, &case_id, &[("all", "authorized"), ("units/2", "1,200"), ("visits/2", "6")]).await;
    assert!(question.contains("1,200 billing units over 6 visits"), "{question}");
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.text);
    let case = read(&service, &case_id).await;
    assert_eq!((&case["drugs"][1]["units_approved"], &case["drugs"][1]["visits_approved"]), (&json!(1200), &json!(6)));
}

// proves DET-02, PRG-01
#[tokio::test]
async fn a_line_of_radiation_is_decided_like_any_other() {
    let service = Service::with_rosters().await;
    let mut order = tch(QCCP);
    order["service"] = json!("radiation_oncology");
    order["treatment"] = Value::Null;
    order["servicing_provider"]["address"] =
        json!({"line1": "2 Example Street", "city": "Sampletown", "state": "MA", "postal_code": "00000"});
    order["radiation"] = json!({"modality": "other", "technique": null, "site": "breast", "total_dose_gy": 42.56, "fractions": 16,
                                "plan_comparison": null, "histology": "invasive ductal carcinoma"});
    let case_id = id(&submit(&service, &order).await);
    let mut nurse = Browser::of(&service, NURSE).await;
    let (page, ..) = opened(&mut nurse, &case_id).await;
    assert!(page.contains("42.56 Gy") && page.contains("name=\"decision/1\""), "{page}");
    let (question, answer) = confirmed(&mut nurse, &case_id, &[("decision/1", "authorized")]).await;
    assert!(question.contains("Approval to the member"), "{question}");
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.text);
    assert_eq!(read(&service, &case_id).await["procedures"][0]["status"], "authorized");
}

// proves DET-05
#[tokio::test]
async fn a_denial_for_the_end_of_the_clock_is_offered_only_where_the_program_has_it() {
    let service = Service::with_rosters().await;
    let mut physician = Browser::of(&service, PHYSICIAN).await;
    let mut offered = Vec::new();
    for plan in [BMA, OVM, QCCP] {
        let case_id = id(&submit(&service, &custom(plan)).await);
        act_on(&mut physician, &case_id, "call", &OFFERED).await;
        let (page, ..) = opened(&mut physician, &case_id).await;
        let has_it = page.contains("name=\"on_expiry\"");
        offered.push(has_it);
        let fields = [vec![("all", "non_authorized"), ("on_expiry", "yes"), ("do", "decide")], REASONS.to_vec()].concat();
        let answer = act_on(&mut physician, &case_id, "decide", &fields).await;
        assert_eq!(answer.status.as_u16(), if has_it { 303 } else { 409 }, "{plan}: {}", answer.text);
        assert_eq!(read(&service, &case_id).await["status"], "in_progress", "{plan}: nothing is denied now");
    }
    assert!(offered.contains(&true) && offered.contains(&false), "{offered:?}");
}
