//! What people read: no words of machines, the name of the disease, equal reasons once, and a mark on what is no authorization.

use crate::documents::forms::{page, pages_of_pdf, pdf, words_of_page, words_of_pdf};
use crate::support::desk::*;
use crate::support::http::Service;
use oncoauth::app::Settings;
use serde_json::{Value, json};

/// Words of the letters of a case, member first, on the page and on paper.
async fn words(service: &Service, case: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for letter in case["letters"].as_array().unwrap() {
        let path = format!("/v1/letters/{}", letter["letter_id"].as_str().unwrap());
        found.push(words_of_page(&page(service, &path, PRACTICE).await));
        found.push(words_of_pdf(&pdf(service, &path, PRACTICE).await));
    }
    found
}

/// An order with three managed drugs that no policy supports, and one of them denied.
async fn denied_order(service: &Service, plan: &str, order: &Value, lines: &[u32]) -> Value {
    let case_id = id(&submit(service, order).await);
    assert_eq!(order["member"]["health_plan"], plan);
    done(service, NURSE, &case_id, "peer-to-peer", &offer()).await;
    done(service, NURSE, &case_id, "escalations", &json!({"rationale": "x"})).await;
    let mut denial = deny(lines);
    for line in denial["drugs"].as_array_mut().unwrap() {
        line["rationale_for_member"] =
            json!("This drug is not known to help with your illness. Your doctor can ask us to look again.");
    }
    done(service, PHYSICIAN, &case_id, "determinations", &denial).await
}

fn machine_text(text: &str) -> Vec<String> {
    let is_id = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let requirement = word.split_once('-').is_some_and(|(area, number)| {
            (2..=4).contains(&area.len())
                && area.bytes().all(|byte| byte.is_ascii_uppercase())
                && number.len() == 2
                && number.bytes().all(|byte| byte.is_ascii_digit())
        });
        requirement || word.contains('_') || word.contains("policy/") || word.starts_with("MP-") || word.starts_with("SP-")
    };
    text.split_whitespace().filter(|word| is_id(word) || ["<=", ">="].contains(word)).map(str::to_owned).collect()
}

// proves DET-10, REG-12
#[tokio::test]
async fn a_denial_names_its_policy_and_says_each_criterion_in_words_that_people_use() {
    let service = Service::with_rosters().await;
    for (plan, whose) in [
        (BMA, "(Medical policy of the health plan)"),
        (OVM, "(Medical policy of Blue Cross Blue Shield of Michigan)"),
        (QCCP, "(Criteria of the program's administrator)"),
    ] {
        let mut order = tch(plan);
        order["clinical"]["biomarkers"][0]["result"] = json!("negative");
        let case = denied_order(&service, plan, &order, &[3]).await;
        assert_eq!(case["status"], "non_authorized", "{case:#}");
        let all = words(&service, &case).await;
        assert_eq!(all.len(), 4);
        for text in &all {
            assert_eq!(machine_text(text), Vec::<String>::new(), "{text}");
            for said in [
                "“Trastuzumab and biosimilars”",
                "HER2 is positive.",
                "What comes nearest asks for the following, and it is not so:",
                whose,
                "Where to get the policy:",
                "Malignant neoplasm of unspecified site of right female breast (C50.911)",
            ] {
                assert!(text.contains(said), "no {said:?} in {text}");
            }
            let number = case["case_number"].as_str().unwrap();
            assert!(text.contains(&format!("Case {number}")), "{text}");
        }
        let letter = &case["letters"][0]["letter_id"];
        let data = service.get(&format!("/v1/letters/{}", letter.as_str().unwrap()), PRACTICE).await.json();
        let line = data["drugs"].as_array().unwrap().iter().find(|drug| drug["line"] == 3).unwrap();
        let her2 = line["criteria_not_met"].as_array().unwrap().iter().find(|one| one["says"] == "HER2 is positive.").unwrap();
        assert!(her2["rule"].as_str().unwrap().starts_with("policy/MP-TRASTUZUMAB"), "ids stay in the data: {her2}");
        assert_eq!((&her2["outcome"], &her2["policy"]), (&json!("not_met"), &json!("Trastuzumab and biosimilars")));
    }
}

// proves DET-10
#[tokio::test]
async fn each_letter_has_the_words_of_its_reader_and_how_easy_they_are() {
    let service = Service::with_rosters().await;
    let case = denied_order(&service, BMA, &custom(BMA), &[2]).await;
    let mut reading = Vec::new();
    for letter in case["letters"].as_array().unwrap() {
        let data = service.get(&format!("/v1/letters/{}", letter["letter_id"].as_str().unwrap()), PRACTICE).await.json();
        let text = data["document"].to_string();
        let to_member = letter["to"] == "member";
        assert_eq!(text.contains("not known to help"), to_member, "{text}");
        assert_eq!(text.contains("does not support this drug"), !to_member, "{text}");
        assert_eq!(text.contains("Your health plan's rules for this treatment are not met."), to_member, "{text}");
        assert_eq!(text.contains("does not meet the criteria for medical necessity"), !to_member, "{text}");
        assert_eq!(data["reading"]["aim"], 8.0);
        assert!(data["reading"]["grade"].as_f64().unwrap() > 0.0, "{}", data["reading"]);
        reading.push(data["reading"]["rationale_grade"].as_f64().unwrap());
    }
    assert!(reading[0] <= 8.0, "{reading:?}");
    // the figure is there while the reviewer still writes
    let easy = json!({"text": "Your plan does not pay for this drug. You can ask us to look again."});
    let told = service.post("/v1/reading-grades", PHYSICIAN, &easy).await.json();
    assert_eq!((&told["aim"], &told["within_aim"]), (&json!(8.0), &json!(true)), "{told}");
    let hard = json!({"text": "Pharmaceutical intervention demonstrates insufficient concordance with institutional determination methodologies."});
    assert_eq!(service.post("/v1/reading-grades", NURSE, &hard).await.json()["within_aim"], false);
    assert_eq!(service.post("/v1/reading-grades", NURSE, &json!({"text": "1 2"})).await.json()["grade"], Value::Null);
    assert_eq!(service.post("/v1/reading-grades", PRACTICE, &easy).await.status.as_u16(), 403);
}

// proves DET-10, CAS-04
#[tokio::test]
async fn equal_reasons_are_written_once_for_several_drugs() {
    let service = Service::with_rosters().await;
    let case = denied_order(&service, BMA, &custom(BMA), &[2, 3, 4]).await;
    assert_eq!(case["status"], "non_authorized", "{case:#}");
    for text in words(&service, &case).await {
        let reason = text.matches("Reason:").count();
        let rationale = text.matches("does not support this drug").count() + text.matches("not known to help").count();
        assert!(reason <= 2 && rationale == reason, "{reason} reasons, {rationale} rationales in {text}");
    }
    // what was denied along is listed once, under one sentence
    let case = denied_order(&service, BMA, &custom(BMA), &[2]).await;
    for text in words(&service, &case).await {
        assert_eq!(text.matches("a treatment drug of the same request, is not approved").count(), 1, "{text}");
    }
}

// proves DET-10, VER-04
#[tokio::test]
async fn documents_of_a_sandbox_say_on_every_sheet_that_they_authorize_nothing() {
    const MARK: &str = "SANDBOX: not an authorization";
    let service = Service::with_rosters().await;
    let case = submit(&service, &tch(BMA)).await;
    let letter = format!("/v1/letters/{}", case["letters"][0]["letter_id"].as_str().unwrap());
    for path in [format!("/v1/orders/{}/summary", id(&case)), letter] {
        let page = page(&service, &path, PRACTICE).await;
        assert!(page.contains(&format!("<p class=\"mark\">{MARK}</p>")), "{page}");
        assert!(page.contains(&format!("data-mark=\"{MARK}\"")), "{page}");
        let sheets = pages_of_pdf(&pdf(&service, &path, PRACTICE).await);
        assert!(sheets.iter().all(|sheet| sheet.matches(MARK).count() >= 2), "{sheets:?}");
    }
    // what the document is stays what it is: the mark is the sandbox's
    let data = service.get(&format!("/v1/letters/{}", case["letters"][0]["letter_id"].as_str().unwrap()), PRACTICE).await.text;
    assert!(!data.contains(MARK), "{data}");
    assert!(!Settings::default().sandbox);
}

// proves VER-04
#[tokio::test]
async fn no_heading_stands_at_the_foot_of_a_sheet() {
    let service = Service::with_rosters().await;
    let headings =
        ["What you can do", "Peer-to-peer discussion", "Questions", "Who decided", "For the member", "For the provider"];
    for length in (0..24).map(|step| step * 20) {
        let case_id = id(&submit(&service, &custom(BMA)).await);
        if read(&service, &case_id).await["review"]["holds"].to_string().contains("possible_duplicate") {
            done(&service, NURSE, &case_id, "duplicate-decisions", &json!({"duplicate": false, "rationale": "other"})).await;
        }
        done(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
        let mut denial = deny(&[2]);
        denial["drugs"][0]["rationale"] = json!(vec!["finding"; length + 1].join(" "));
        let case = done(&service, PHYSICIAN, &case_id, "determinations", &denial).await;
        let path = format!("/v1/letters/{}", case["letters"][1]["letter_id"].as_str().unwrap());
        for sheet in pages_of_pdf(&pdf(&service, &path, PRACTICE).await) {
            let body = sheet.split(" Page ").next().unwrap();
            let foot = body.split("Blue Medicare Advantage Cancer Care Quality Program · Case").next().unwrap().trim_end();
            assert!(headings.iter().all(|heading| !foot.ends_with(heading)), "{length}: {foot}");
        }
    }
}

/// TC, which no program reviews, with denosumab every 21 days.
fn with_denosumab(plan: &str) -> Value {
    let mut order = tch(plan);
    order["clinical"]["biomarkers"] = json!([{"name": "her2", "result": "negative"}]);
    order["treatment"] = json!({"phases": [{"cycle_length_days": 21, "cycles": 4, "drugs": [
        {"line": 1, "hcpcs": "J9171", "route": "iv", "dose": {"amount": 75, "unit": "mg/m2"}, "days": [1]},
        {"line": 2, "hcpcs": "J9075", "route": "iv", "dose": {"amount": 600, "unit": "mg/m2"}, "days": [1]},
        {"line": 3, "hcpcs": "J0897", "role": "supportive", "route": "sc", "dose": {"amount": 120, "unit": "mg"}, "days": [1]}]}]});
    order
}

// proves CAS-09, DET-10
#[tokio::test]
async fn a_part_denial_is_told_alike_in_letters_and_summary_and_says_what_becomes_of_the_other_drugs() {
    let service = Service::with_rosters().await;
    for plan in [BMA, OVM, QCCP] {
        let case = denied_order(&service, plan, &with_denosumab(plan), &[3]).await;
        let of = |line: usize| case["drugs"][line]["status"].as_str().unwrap().to_owned();
        assert_eq!(
            (case["status"].as_str(), of(0), of(2)),
            (Some("non_authorized"), "clinical_review_not_required".into(), "non_authorized".into())
        );
        for text in words(&service, &case).await {
            assert!(text.contains("does not approve a part of the treatment requested"), "{text}");
            assert!(!text.contains("The entire request is denied"), "{text}");
            let rest = text.split("Other drugs of the request").nth(1).unwrap_or_else(|| panic!("no other drugs in {text}"));
            assert!(rest.contains("Docetaxel") && rest.contains("Cyclophosphamide"), "{text}");
            // what the policy covers is named, the obvious use among it
            assert!(text.contains("Bone metastases of a solid tumor."), "{text}");
            for machine in ["content asks", "msi h", "Entered: not entered"] {
                assert!(!text.contains(machine), "{machine} in {text}");
            }
        }
        let summary = words_of_page(&page(&service, &format!("/v1/orders/{}/summary", id(&case)), PRACTICE).await);
        assert!(summary.contains("The other lines keep their own status"), "{summary}");
        assert!(!summary.contains("The entire request is denied") && !summary.contains("not entered. What counts"), "{summary}");
    }
}

// proves DET-10
#[tokio::test]
async fn a_policy_that_has_no_section_for_the_cancer_is_said_to_have_none() {
    let service = Service::with_rosters().await;
    let mut order = tch(BMA);
    order["treatment"]["phases"][0]["drugs"][2]["hcpcs"] = json!("J9035");
    order["treatment"]["phases"][0]["drugs"][2]["dose"] = json!({"amount": 15, "unit": "mg/kg"});
    order["treatment"]["phases"][0]["drugs"][2].as_object_mut().unwrap().remove("loading_dose");
    let line = order["treatment"]["phases"][0]["drugs"][2]["line"].as_u64().and_then(|line| u32::try_from(line).ok()).unwrap();
    let case = denied_order(&service, BMA, &order, &[line]).await;
    for text in words(&service, &case).await {
        assert!(
            text.contains("“Bevacizumab and biosimilars”") && text.contains("This one is not among them: Breast cancer."),
            "{text}"
        );
        assert!(!text.contains("ovarian"), "{text}");
    }
}
