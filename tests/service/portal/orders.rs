//! Order entry without script: the form, the panel, a regimen filled in, and what keeps an order from being sent.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use super::browser::Browser;
use crate::support::desk::{BMA, FACILITY, INTAKE, OTHER_PRACTICE, PRACTICE, submit, tch};
use crate::support::http::Service;
use crate::support::submit::count;
use serde_json::Value;

pub type Fields = Vec<(String, String)>;

/// TC for early breast cancer, as a front desk types it.
pub fn tc() -> Fields {
    let drug = |row: usize, cells: [&'static str; 4]| {
        ["drug", "dose", "route", "days"]
            .into_iter()
            .zip(cells)
            .map(move |(cell, value)| (format!("/treatment/phases/0/drugs/{row}/{cell}"), value.to_owned()))
    };
    let fields = [
        ("/member/health_plan", BMA),
        ("/member/member_id", "XKM100200300"),
        ("/member/last_name", "Member"),
        ("/member/first_name", "Test"),
        ("/member/birth_date", "1/15/50"),
        ("/date_of_service", "12/1/26"),
        ("/ordering_provider", "1234567893"),
        ("/servicing_provider", "1245319599"),
        ("/place_of_service", "11"),
        ("/contact/phone", "+1 734 555 0100"),
        ("/diagnosis/icd10", "c50911"),
        ("/clinical/stage", "IIA"),
        ("/clinical/line_of_treatment", "adjuvant"),
        ("/clinical/performance_status", "1"),
        ("/clinical/height_cm", "5'5\""),
        ("/clinical/weight_kg", "158 lb"),
        ("/clinical/biomarkers/her2", "negative"),
        ("/treatment/phases/0/cycle_length_days", "21"),
        ("/treatment/phases/0/cycles", "4"),
    ];
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let drugs = drug(0, ["J9171 docetaxel", "75 mg/m2", "iv", "1"]).chain(drug(1, ["J9075", "600 mg/m²", "iv", "1"]));
    fields.chain(drugs).collect()
}

pub fn with(mut fields: Fields, name: &str, value: &str) -> Fields {
    fields.retain(|(known, _)| known != name);
    fields.push((name.to_owned(), value.to_owned()));
    fields
}

async fn send(browser: &mut Browser<'_>, path: &str, fields: &Fields) -> crate::support::http::Answer {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.send(path, &fields).await
}

async fn panel(browser: &mut Browser<'_>, fields: &Fields) -> String {
    let answer = send(browser, "/orders/new/panel", fields).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    answer.text
}

/// The value of a field in a page.
pub fn value_of(page: &str, name: &str) -> String {
    let field = page.split(&format!("name=\"{name}\"")).nth(1).unwrap_or_else(|| panic!("no field {name}"));
    field.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

const ORDERS: &str = "select count(*) from cases";

// proves DET-01, VER-07
#[tokio::test]
async fn an_order_is_typed_shown_and_sent_and_leads_to_its_case() {
    let service = Service::with_rosters().await;
    let mut desk = Browser::of(&service, PRACTICE).await;
    let shown = send(&mut desk, "/orders/new", &with(tc(), "do", "show")).await.text;
    assert!(shown.contains("No drug needs review here") && shown.contains("The regimen is on a Pathway"), "{shown}");
    assert_eq!(count(&service, ORDERS).await, 0, "nothing is stored before it is sent");
    let key = value_of(&shown, "key");
    let fields = with(with(tc(), "do", "send"), "key", &key);
    let sent = send(&mut desk, "/orders/new", &fields).await;
    assert_eq!(sent.status.as_u16(), 303, "{}", sent.text);
    let case = desk.page(sent.header("location")).await;
    for shown in ["Order ID", "Docetaxel", "Test Member", "S0353", "ECOG 1", "HER2 negative", "165.1 cm", "71.7 kg"] {
        assert!(case.contains(shown), "{shown} in {case}");
    }
    let again = send(&mut desk, "/orders/new", &fields).await;
    assert_eq!(again.header("location"), sent.header("location"), "the same form again is the same order");
    assert_eq!(count(&service, ORDERS).await, 1);
    let changed = send(&mut desk, "/orders/new", &with(fields, "/clinical/stage", "IIB")).await;
    assert!(changed.text.contains("This form was sent before"), "{}", changed.text);
}

/// The page says what the API says: the same order, decided alike.
// proves DET-01
#[tokio::test]
async fn what_is_typed_is_decided_as_the_same_order_sent_by_a_program() {
    let service = Service::with_rosters().await;
    let mut desk = Browser::of(&service, PRACTICE).await;
    let sent = send(&mut desk, "/orders/new", &with(tc(), "do", "send")).await;
    let case_id = sent.header("location").strip_prefix("/cases/").unwrap().to_owned();
    let case: Value = service.get(&format!("/v1/orders/{case_id}"), PRACTICE).await.json();
    let request = &case["request"];
    assert_eq!(request["clinical"]["cancer_type"], "breast", "said by the code of the diagnosis");
    assert_eq!(request["clinical"]["biomarkers"], serde_json::json!([{"name": "her2", "result": "negative"}]));
    assert_eq!(request["clinical"]["treatment_goal"], Value::Null, "what was not answered was not filled in");
    assert_eq!(request["treatment"]["phases"][0]["drugs"][1]["dose"], serde_json::json!({"amount": 600.0, "unit": "mg/m2"}));
    assert_eq!(request["ordering_provider"]["last_name"], "Clinician", "by the NPI, from the plan's file");
    assert_eq!((&case["status"], &case["pathway"]["determination"]), (&Value::from("completed"), &Value::from("on_pathway")));
}

// proves DEV-02, DEV-05
#[tokio::test]
async fn the_panel_lists_what_is_missing_beside_what_can_be_said_and_what_would_make_it_authorize() {
    let service = Service::with_rosters().await;
    let mut desk = Browser::of(&service, PRACTICE).await;
    let empty = panel(&mut desk, &Vec::new()).await;
    assert!(empty.contains("Nothing to decide yet") && empty.contains("href=\"#/member/health_plan\""), "{empty}");
    let begun: Fields = tc().into_iter().filter(|(name, _)| name.starts_with("/member") || name.starts_with("/date")).collect();
    let begun = panel(&mut desk, &begun).await;
    assert!(begun.contains("Blue Medicare Advantage Cancer Care Quality Program decides this"), "{begun}");
    assert!(begun.contains("href=\"#/diagnosis/icd10\">Diagnosis<"), "{begun}");
    let without_site = tc().into_iter().filter(|(name, _)| name != "/servicing_provider").collect();
    let without_site = panel(&mut desk, &without_site).await;
    assert!(
        without_site.contains("href=\"#/servicing_provider\">Treating site<")
            && without_site.contains("once what is missing is entered"),
        "{without_site}"
    );
    let unanswered = panel(&mut desk, &with(tc(), "/clinical/biomarkers/her2", "")).await;
    assert!(unanswered.contains("href=\"#/clinical/biomarkers/her2\">HER2: needed"), "{unanswered}");
    assert!(unanswered.contains("name=\"/clinical/biomarkers/her2\""), "and it is asked for");
    let undosed = panel(&mut desk, &with(tc(), "/treatment/phases/0/drugs/1/dose", "")).await;
    assert!(undosed.contains("enter the dose with its unit, such as 75 mg/m2") && !undosed.contains('{'), "{undosed}");
    let cycles = panel(&mut desk, &with(tc(), "/treatment/phases/0/cycles", "6")).await;
    assert!(cycles.contains("href=\"#/treatment/phases/0/cycles\"") && cycles.contains("Expected 4; entered 6"), "{cycles}");
    assert!(cycles.contains("Also for cyclophosphamide"), "one cause of two drugs is one line: {cycles}");
    assert!(!cycles.contains("likel"), "no likelihood");
}

// proves INF-08, PRG-15, PRG-03
#[tokio::test]
async fn who_is_not_on_file_or_not_in_the_program_is_told_at_once_and_where_to_go() {
    let service = Service::with_rosters().await;
    let mut desk = Browser::of(&service, PRACTICE).await;
    let other = panel(&mut desk, &with(tc(), "/member/birth_date", "1/16/50")).await;
    assert!(other.contains("Does not agree with the plan"), "{other}");
    assert!(!other.contains("January 15") && !other.contains("1950-01-15"), "nothing of the file: {other}");
    let federal = with(
        with(with(tc(), "/member/member_id", "XKM100200303"), "/member/first_name", "Federal"),
        "/member/last_name",
        "Employee",
    );
    let federal = panel(&mut desk, &with(federal, "/member/birth_date", "2/2/1960")).await;
    assert!(federal.contains("Not this program") && federal.contains("fepblue.org"), "{federal}");
    let mut strangers = Browser::of(&service, OTHER_PRACTICE).await;
    let not_theirs = panel(&mut strangers, &tc()).await;
    assert!(not_theirs.contains("Not yours to order"), "{not_theirs}");
}

// proves SAFE-05
#[tokio::test]
async fn a_word_number_or_day_that_is_not_understood_keeps_the_order_from_being_sent() {
    let service = Service::with_rosters().await;
    let mut desk = Browser::of(&service, PRACTICE).await;
    for (field, typed) in [
        ("/member/birth_date", "15.1.1950"),
        ("/date_of_service", "next week"),
        ("/treatment/phases/0/drugs/0/dose", "75"),
        ("/treatment/phases/0/drugs/0/dose", "1,5 mg"),
        ("/treatment/phases/0/drugs/0/days", "weekly"),
        ("/treatment/phases/0/cycles", ""),
        ("/treatment/phases/0/cycles", "4-6"),
        ("/treatment/phases/0/cycle_length_days", "three weeks"),
        ("/treatment/phases/0/drugs/0/drug", "J9171 docetaxol"),
        ("/clinical/height_cm", "tall"),
        ("/clinical/weight_kg", "158 stone"),
        ("/diagnosis/icd10", "breast cancer"),
        ("/clinical/performance_status", "good"),
    ] {
        let fields = with(with(tc(), field, typed), "do", "send");
        let answer = send(&mut desk, "/orders/new", &fields).await;
        assert_eq!(answer.status.as_u16(), 200, "{field} {typed}");
        assert!(
            answer.text.contains("Not sent") && answer.text.contains(&format!("href=\"#{field}\"")),
            "{field} {typed}: {}",
            answer.text
        );
        let live = panel(&mut desk, &with(tc(), field, typed)).await;
        assert!(!live.contains("No drug needs review") && !live.contains("authorized at once"), "{field} {typed}: {live}");
    }
    assert_eq!(count(&service, ORDERS).await, 0);
}

// proves INF-05
#[tokio::test]
async fn what_keeps_an_order_from_being_taken_is_listed_with_a_link_to_each_field() {
    let service = Service::with_rosters().await;
    let mut desk = Browser::of(&service, PRACTICE).await;
    let nothing = send(&mut desk, "/orders/new", &vec![("do".to_owned(), "send".to_owned())]).await.text;
    assert!(nothing.contains("Not sent") && nothing.contains("href=\"#/member/health_plan\""), "{nothing}");
    let some: Fields =
        tc().into_iter().filter(|(name, _)| !name.starts_with("/member/member") && name != "/servicing_provider").collect();
    let some = send(&mut desk, "/orders/new", &with(some, "do", "send")).await.text;
    assert!(some.contains("href=\"#/member/member_id\">Member ID<") && some.contains("href=\"#/servicing_provider\""), "{some}");
    assert_eq!(value_of(&some, "/member/last_name"), "Member", "what was entered stays");
    let odd = with(with(tc(), "/treatment/phases/0/drugs/1/drug", "J9171 cyclophosphamide"), "do", "send");
    let odd = send(&mut desk, "/orders/new", &odd).await.text;
    assert!(odd.contains("href=\"#/treatment/phases/0/drugs/1/drug\""), "{odd}");
    let long = with(with(tc(), "/contact/name", &"x".repeat(200)), "do", "send");
    let long = send(&mut desk, "/orders/new", &long).await.text;
    assert!(long.contains("href=\"#/contact/name\"") && long.contains("at most 100 characters"), "{long}");
}

// proves REG-01
#[tokio::test]
async fn a_regimen_named_is_filled_in_for_the_practice_to_look_at_and_nothing_clinical_with_it() {
    let service = Service::with_rosters().await;
    let mut desk = Browser::of(&service, PRACTICE).await;
    let mut fields: Fields =
        tc().into_iter().filter(|(name, _)| !name.starts_with("/treatment") && !name.starts_with("/clinical")).collect();
    fields.push(("regimen".to_owned(), "tc".to_owned()));
    fields.push(("do".to_owned(), "fill".to_owned()));
    let filled = send(&mut desk, "/orders/new", &fields).await.text;
    assert_eq!(value_of(&filled, "/treatment/regimen_id"), "BRE-TC");
    assert_eq!(value_of(&filled, "/treatment/phases/0/drugs/0/drug"), "J9171 docetaxel");
    assert_eq!(value_of(&filled, "/treatment/phases/0/drugs/0/dose"), "75 mg/m2");
    assert_eq!(value_of(&filled, "/treatment/phases/0/cycles"), "4");
    assert_eq!(value_of(&filled, "/clinical/stage"), "");
    assert!(filled.contains("<option value=\"\" selected>Not answered</option>"), "{filled}");
    let several = with(with(fields.clone(), "regimen", "pembrolizumab"), "/diagnosis/icd10", "C50.911");
    let several = send(&mut desk, "/orders/new", &several).await.text;
    assert!(several.contains("Which one?") && several.contains("name=\"fill\" value=\""), "{several}");
    let chosen = with(fields, "fill", "BRE-TCH");
    let chosen = send(&mut desk, "/orders/new", &chosen).await.text;
    assert_eq!(value_of(&chosen, "/treatment/phases/0/drugs/2/loading"), "8 mg/kg");
}

#[tokio::test]
async fn providers_place_and_contact_are_those_of_the_last_order_and_nothing_of_the_patient_is() {
    let service = Service::with_rosters().await;
    submit(&service, &tch(BMA)).await;
    let mut desk = Browser::of(&service, PRACTICE).await;
    let page = desk.page("/orders/new").await;
    assert_eq!(value_of(&page, "/ordering_provider"), "1234567893 Ordering Clinician");
    assert_eq!(value_of(&page, "/servicing_provider"), "1245319599 Sample Infusion Center");
    assert_eq!(value_of(&page, "/contact/phone"), "+1 734 555 0100");
    assert!(!page.contains("XKM100200300") && !page.contains("1950"), "{page}");
    assert_eq!(value_of(&page, "/member/last_name"), "");
    // nobody else begins with the habits of this practice
    for another in [FACILITY, INTAKE] {
        let page = Browser::of(&service, another).await.page("/orders/new").await;
        assert!(page.contains("As it stands"));
        for field in ["/ordering_provider", "/contact/phone", "/contact/name"] {
            assert_eq!(value_of(&page, field), "", "{another} {field}");
        }
    }
}

// proves PRV-04, INF-08
#[tokio::test]
async fn codes_and_providers_are_suggested_and_members_never() {
    let service = Service::with_rosters().await;
    submit(&service, &tch(BMA)).await;
    let mut desk = Browser::of(&service, PRACTICE).await;
    let mut suggested = async |list: &str, typed: &str, context: (&str, &str)| {
        let answer = desk.send("/orders/suggest", &[("list", list), ("typed", typed), context]).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
        answer.text
    };
    let plan = ("/member/health_plan", BMA);
    assert!(suggested("clinicians", "clinician", plan).await.contains("data-value=\"1234567893 Ordering Clinician\""));
    assert!(suggested("sites", "sample inf", plan).await.contains("1245319599 Sample Infusion Center"));
    assert!(suggested("diagnoses", "c50911", plan).await.contains("data-value=\"C50.911 Malignant neoplasm"));
    assert!(suggested("drugs", "docet", plan).await.contains("data-value=\"J9171 docetaxel\""));
    let named = suggested("drugs", "pegf", plan).await;
    assert!(named.find("J2506") < named.find("Q5108"), "no product before the drug itself: {named}");
    assert!(suggested("drugs", "q5108", plan).await.split("data-value=\"").nth(1).unwrap().starts_with("Q5108 pegfilgrastim"));
    assert!(suggested("regimens", "tc", ("/clinical/cancer_type", "breast")).await.contains("TC (docetaxel"));
    for list in ["members", "", "clinicians"] {
        let found = suggested(list, "XKM1002", plan).await;
        assert!(!found.contains("XKM1002") && !found.contains("Test"), "{found}");
    }
}

/// A regimen of this content, entered as it is filled in, is told to differ in nothing but what the practice has to say.
// proves REG-01, SAFE-08
#[tokio::test]
async fn a_regimen_that_is_filled_in_has_codes_that_go_with_its_routes() {
    let service = Service::with_rosters().await;
    let content = std::sync::Arc::clone(service.app.library.in_force(service.app.clock.now().date_naive()));
    let mut without = Vec::new();
    for regimen in &content.regimens {
        for drug in regimen.phases.iter().flat_map(|phase| &phase.drugs) {
            let known = content.drugs.named(&drug.generic).unwrap();
            let code = oncoauth::app::catalog::drugs::code_by_route(&content, &drug.generic, &drug.route);
            let route = content.dosing.said(&drug.route).route();
            let dosing = content.dosing.of(&known.generic);
            if let (Some(code), Some(route), Some(dosing)) = (code, route, dosing) {
                let fits = dosing.products_for(Some(&code.hcpcs)).any(|product| product.routes().has(route));
                assert!(fits, "{}: {} {} by {}", regimen.id, code.hcpcs, drug.generic, drug.route);
            } else if code.is_none() && !known.codes.is_empty() {
                without.push(format!("{} {} by {}", regimen.id, drug.generic, drug.route));
            }
        }
    }
    assert!(without.len() < 40, "a drug with codes, and none for this route: {without:?}");
}

// proves SAFE-05, REG-01
#[tokio::test]
async fn a_pasted_regimen_is_told_line_by_line_and_nothing_half_understood_is_taken_over() {
    let service = Service::with_rosters().await;
    let mut desk = Browser::of(&service, PRACTICE).await;
    let without: Fields = tc().into_iter().filter(|(name, _)| !name.starts_with("/treatment")).collect();
    let mut paste = async |text: &str| {
        let fields = with(with(without.clone(), "pasted", text), "do", "paste");
        send(&mut desk, "/orders/new", &fields).await.text
    };
    for text in [
        "docetaxel 75 mg/m2 iv d1 q21d x4; cyclophosphamide 600 mg/m2 iv d1",
        "Docetaxel\t75 mg/m²\tIV\tday 1\tevery 3 weeks\t4 cycles\nCyclophosphamide\t600 mg/m²\tIV\tday 1",
    ] {
        let page = paste(text).await;
        assert!(page.contains("The regimen is on a Pathway") && !page.contains("Not taken over"), "{text}: {page}");
        assert_eq!(value_of(&page, "/treatment/phases/0/drugs/0/dose"), "75 mg/m2");
        assert_eq!(value_of(&page, "/treatment/phases/0/drugs/1/route"), "iv");
        assert_eq!(value_of(&page, "/treatment/phases/0/cycles"), "4");
    }
    for (text, why) in [
        ("docetaxel 75 mg/m2 iv weekly", "no days of the cycle"),
        ("docetaxel 75 iv d1", "no dose with its unit"),
        ("docetaxol 75 mg/m2 iv d1", "is no drug that is known here"),
        ("docetaxel 75 mg/m2 or 60 mg/m2 iv d1", "more than one dose"),
        ("docetaxel 75 mg/m2 iv d1 q21d q28d", "more than one length of a cycle"),
        ("docetaxel 75 mg/m2 reduced iv d1", "is no drug that is known here"),
    ] {
        let page = paste(&format!("{text} \ncyclophosphamide 600 mg/m2 iv d1 q21d x4")).await;
        assert!(page.contains("Not taken over") && page.contains(why), "{text}: {page}");
        assert!(value_of(&page, "/treatment/phases/0/drugs/0/drug").ends_with("cyclophosphamide"), "the other line: {page}");
        assert_eq!(value_of(&page, "/treatment/phases/0/drugs/1/drug"), "", "nothing of it: {page}");
    }
    let two =
        paste("doxorubicin 60 mg/m2 iv d1 q14d x4\ncyclophosphamide 600 mg/m2 iv d1\nthen\npaclitaxel 175 mg/m2 iv d1 q14d x4")
            .await;
    assert_eq!(value_of(&two, "/treatment/phases/1/cycle_length_days"), "14");
    assert!(value_of(&two, "/treatment/phases/1/drugs/0/drug").ends_with("paclitaxel"), "{two}");
}
