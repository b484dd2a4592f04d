//! What an order summary says.

use crate::documents::forms::{page, pdf, words_of_page, words_of_pdf};
use crate::support::desk::*;
use crate::support::http::Service;
use serde_json::{Value, json};

/// The summary as data, and its words on the page and on paper.
async fn summary(service: &Service, case_id: &str, token: &str) -> (Value, [String; 2]) {
    let path = format!("/v1/orders/{case_id}/summary");
    let data = service.get(&path, token).await.json();
    let page = words_of_page(&page(service, &path, token).await);
    (data, [page, words_of_pdf(&pdf(service, &path, token).await)])
}

#[track_caller]
fn says(forms: &[String; 2], words: &[&str]) {
    for form in forms {
        for word in words {
            assert!(form.contains(word), "no {word:?} in {form}");
        }
    }
}

#[track_caller]
fn never_says(forms: &[String], words: &[&str]) {
    for form in forms {
        for word in words {
            assert!(!form.to_lowercase().contains(&word.to_lowercase()), "{word:?} in {form}");
        }
    }
}

// proves VER-01, SCD-12
#[tokio::test]
async fn the_summary_of_an_approval_shows_every_number_code_and_date() {
    let service = Service::with_rosters().await;
    let case = submit(&service, &tch(BMA)).await;
    assert_eq!(case["status"], "authorized", "{case}");
    let (data, forms) = summary(&service, &id(&case), PRACTICE).await;
    for field in ["case_id", "order_id", "pathway_eligible_id", "status", "s_codes", "deviations", "notices", "letters", "review"]
    {
        assert_eq!(data[field], case[field], "{field}");
    }
    for (drug, of_case) in data["drugs"].as_array().unwrap().iter().zip(case["drugs"].as_array().unwrap()) {
        for (field, value) in of_case.as_object().unwrap() {
            assert_eq!(&drug[field], value, "{field}");
        }
        let units = of_case["units_approved"].to_string();
        let units = if units.len() > 3 { format!("{},{}", &units[..units.len() - 3], &units[units.len() - 3..]) } else { units };
        says(
            &forms,
            &[
                of_case["hcpcs"].as_str().unwrap(),
                of_case["dosing"].as_str().unwrap().split(',').next().unwrap(),
                of_case["billing_unit"].as_str().unwrap(),
                &units,
                "Authorized",
            ],
        );
    }
    assert_eq!(
        data["diagnosis"],
        json!({"icd10": "C50.911", "description": "Malignant neoplasm of unspecified site of right female breast"})
    );
    says(
        &forms,
        &[
            "Order Request Summary",
            case["order_id"].as_str().unwrap(),
            case["pathway_eligible_id"].as_str().unwrap(),
            "Blue Medicare Advantage",
            "Docetaxel",
            "75 mg/m2 IV",
            "AUC 6 IV",
            "C50.911 Malignant neoplasm of unspecified site of right female breast",
            "Breast cancer",
            "IIB",
            "T2 N1 M0",
            "HER2 positive",
            "Adjuvant",
            "ECOG 1",
            "Test Member",
            "XKM100200300",
            "Ordering Clinician",
            "1234567893",
            "Sample Infusion Center",
            "S0353",
            "S0354",
            "S-codes that are not billed pay nothing",
            "fee schedule",
            "professional claim",
            "The regimen is on a Pathway",
            "1-844-767-8157",
        ],
    );
    assert!(data["s_codes_text"].as_str().unwrap().contains("fee schedule"), "{data}");
    // requirement ids are for operators
    never_says(&forms, &["(SCD-", "(PRG-", "(DRG-"]);
}

// proves VER-02, PRG-12
#[tokio::test]
async fn drugs_that_need_no_review_or_another_one_say_so_and_whom_to_ask() {
    let service = Service::with_rosters().await;
    let mut order = tch(OVM);
    let oral = json!({"line": 5, "hcpcs": null, "generic": "anastrozole", "role": "treatment", "route": "po",
                      "dose": {"amount": 1, "unit": "mg"}, "days": [1], "frequency_per_day": 1});
    order["treatment"]["phases"][1]["drugs"].as_array_mut().unwrap().push(oral);
    let case = submit(&service, &order).await;
    let (data, forms) = summary(&service, &id(&case), PRACTICE).await;
    for drug in data["drugs"].as_array().unwrap() {
        says(&forms, &[drug["status_text"].as_str().unwrap()]);
        if let Some(entity) = drug["contact"]["entity"].as_str() {
            assert!(drug["contact_text"].as_str().unwrap().starts_with(entity), "{drug}");
            says(&forms, &[entity]);
        }
    }
}

// proves SCD-10
#[tokio::test]
async fn the_servicing_provider_sees_everything_but_enhanced_reimbursement() {
    let service = Service::with_rosters().await;
    let case = submit(&service, &tch(BMA)).await;
    let (data, forms) = summary(&service, &id(&case), FACILITY).await;
    for absent in ["s_codes", "s_codes_withheld", "s_codes_withheld_text", "s_codes_text"] {
        assert!(data.get(absent).is_none(), "{absent}");
    }
    never_says(&[data.to_string()], &["S0353", "S0354", "S-code", "reimbursement", "fee schedule"]);
    never_says(&forms, &["S0353", "S0354", "S-code", "reimbursement", "fee schedule"]);
    says(&forms, &[case["order_id"].as_str().unwrap(), "Docetaxel", "Authorized"]);
}

// proves DET-08, DET-07, PRG-16
#[tokio::test]
async fn a_pending_summary_says_what_is_asked_for_and_until_when() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(BMA)).await);
    done(&service, NURSE, &case_id, "information-requests", &json!({"items": ["the LVEF report", "pathology report"]})).await;
    done(&service, NURSE, &case_id, "peer-to-peer", &offer()).await;
    let (data, forms) = summary(&service, &case_id, PRACTICE).await;
    assert_eq!((&data["status"], &data["order_id"]), (&json!("in_progress"), &Value::Null));
    assert_eq!(data["review"]["due_text"], "November 25, 2026, 9:00 a.m. CST (America/Chicago)");
    assert_eq!(
        data["without_authorization"],
        "Without authorization, claims for oncology treatment and supportive drugs may be denied."
    );
    says(
        &forms,
        &[
            "In Progress",
            "November 25, 2026, 9:00 a.m. CST",
            "The LVEF report",
            "Pathology report",
            "peer-to-peer",
            "may be denied",
            "Custom treatment plan",
            "Not determined yet",
        ],
    );
    move_clock(&service, "2026-11-25T17:00:00Z").await;
    let (data, forms) = summary(&service, &case_id, PRACTICE).await;
    assert_eq!(data["review"]["overdue"], true);
    says(&forms, &["overdue", "A medical oncologist"]);
}

// proves DET-09, PRG-16
#[tokio::test]
async fn a_denied_summary_has_no_order_id_and_says_what_that_means() {
    let service = Service::with_rosters().await;
    for (plan, sentence) in [(BMA, "may be denied"), (OVM, "will be denied"), (QCCP, "may be financially responsible")] {
        let case_id = id(&denied(&service, plan).await);
        let (data, forms) = summary(&service, &case_id, PRACTICE).await;
        assert_eq!((&data["order_id"], &data["status_text"]), (&Value::Null, &json!("Non-Authorized")));
        says(&forms, &["Non-Authorized", sentence, "Not eligible for Pathways"]);
        never_says(&forms, &["Order ID A"]);
    }
}

// proves SCD-03
#[tokio::test]
async fn an_out_of_network_provider_reads_why_there_are_no_s_codes() {
    let service = Service::with_rosters().await;
    sqlx::query(
        "update providers set document = jsonb_set(document::jsonb, '{in_network}', 'false')::json where npi = '1234567893'",
    )
    .execute(&service.app.pool)
    .await
    .unwrap();
    let case = submit(&service, &tch(BMA)).await;
    let (data, forms) = summary(&service, &id(&case), PRACTICE).await;
    assert_eq!((&data["s_codes"], &data["s_codes_withheld"]), (&json!([]), &json!("out_of_network")), "{data}");
    says(&forms, &["No S-codes are awarded because the ordering provider is out of network"]);
}

// proves REG-02
#[tokio::test]
async fn an_order_that_is_on_no_pathway_shows_the_options_with_reasons() {
    let service = Service::with_rosters().await;
    let case = submit(&service, &custom(BMA)).await;
    let options = case["pathway"]["options"].as_array().unwrap();
    assert!(!options.is_empty());
    let (data, forms) = summary(&service, &id(&case), PRACTICE).await;
    assert_eq!(data["pathway"]["options"], case["pathway"]["options"]);
    // what was entered comes first, with what it lacks, and then the best three
    let shown = data["pathway"]["options_shown"].as_array().unwrap();
    assert_eq!(shown.len(), 1 + options.len().min(3), "{shown:#?}");
    assert_eq!(shown[0]["entered"], true);
    assert!(shown[0]["lacks"].as_array().unwrap().iter().any(|lack| lack.as_str().unwrap().contains("nivolumab")), "{shown:#?}");
    for (option, best) in shown[1..].iter().zip(options) {
        assert_eq!((&option["entered"], &option["pathway_id"]), (&json!(false), &best["pathway_id"]));
        let reason = option["reason"].as_str().unwrap();
        says(&forms, &[option["pathway_id"].as_str().unwrap(), &reason[1..12]]);
    }
}

// proves VER-01, VER-07
#[tokio::test]
async fn the_first_dose_and_the_later_ones_stand_apart_and_the_units_of_a_code_are_summed() {
    let service = Service::with_rosters().await;
    let case = submit(&service, &tch(BMA)).await;
    let (data, forms) = summary(&service, &id(&case), PRACTICE).await;
    let line = |number: u32| data["drugs"].as_array().unwrap().iter().find(|drug| drug["line"] == number).unwrap();
    assert_eq!(line(3)["first_administered_dose"], json!({"amount": 572.0, "unit": "mg"}));
    assert_eq!(line(3)["administered_dose"], json!({"amount": 429.0, "unit": "mg"}));
    assert!(line(4).get("first_administered_dose").is_none());
    says(&forms, &["first dose 572 mg", "later doses 429 mg each", "429 mg each time"]);
    let units = |number: u32| line(number)["units_approved"].as_u64().unwrap();
    let codes = data["units_by_code"].as_array().unwrap();
    let trastuzumab = codes.iter().find(|code| code["hcpcs"] == "J9355").unwrap();
    assert_eq!(trastuzumab["lines"], json!([3, 4]));
    assert_eq!(trastuzumab["units_approved"], units(3) + units(4));
    says(&forms, &["Billing units by HCPCS code", &(units(3) + units(4)).to_string()]);
}
