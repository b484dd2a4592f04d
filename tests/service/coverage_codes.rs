//! Every code and every member that orders decide: coverage answers say what the order would.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::support;

use oncoauth::domain::content::Benefit;
use oncoauth::domain::vocabulary::LineOfBusiness;
use oncoauth::rules::plan;
use serde_json::{Value, json};
use support::http::Service;
use support::submit::{ORDERING, sandbox};

const PATH: &str = "/v1/coverage-requirements";

async fn ask(service: &Service, asked: &str, line: LineOfBusiness, product: &str) -> (u16, Value) {
    let question = json!({"health_plan": "bcbs-massachusetts", "service": asked, "line_of_business": line, "product": product,
                          "setting": "outpatient"});
    let answer = service.post(PATH, ORDERING, &question).await;
    (answer.status.as_u16(), answer.json())
}

// proves COV-01, PRG-15
#[tokio::test]
async fn every_code_of_a_procedure_leads_to_radiation_oncology() {
    let service = sandbox().await;
    let page = service.get("/v1/procedures?limit=200", ORDERING).await.json();
    let codes: Vec<&str> = page["items"].as_array().unwrap().iter().map(|item| item["code"].as_str().unwrap()).collect();
    assert!(codes.len() > 100 && page["next_cursor"].is_null(), "{}", codes.len());
    let mut wrong = Vec::new();
    for code in codes {
        let (status, answer) = ask(&service, code, LineOfBusiness::Commercial, "hmo").await;
        if status != 200 || answer["orders"] != json!(["radiation_oncology"]) {
            wrong.push(format!("{code}: {status} {}", answer["errors"][0]["message"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A code of the medical benefit leads to an order, alone or beside the infusions of other diseases; one of the pharmacy benefit to its manager.
fn agrees(benefit: Benefit, status: u16, answer: &Value) -> bool {
    let refusal = answer["errors"][0]["message"].as_str().unwrap_or_default();
    let manager = "Request review from the pharmacy benefit manager, at the number on the member's ID card.";
    let ways = answer["how_to_request"].as_array().into_iter().flatten();
    match benefit {
        Benefit::Medical | Benefit::Either if status == 200 => answer["orders"] == json!(["medical_oncology"]),
        Benefit::Medical | Benefit::Either => {
            let is_of_both = refusal.contains("outpatient_medical_oncology") && refusal.contains("non_cancer_infusion");
            refusal.starts_with("several services") && is_of_both && !refusal.contains("prescription_drugs")
        }
        Benefit::Pharmacy => {
            status == 200 && answer["orders"] == json!([]) && ways.into_iter().any(|way| way["instructions"] == manager)
        }
    }
}

// proves COV-01, PRG-08, PRG-12
#[tokio::test]
async fn every_code_of_a_drug_leads_where_its_order_does() {
    let service = sandbox().await;
    let content = service.app.library.in_force(service.app.clock.now().date_naive());
    let mut wrong = Vec::new();
    let mut asked = 0;
    for drug in content.drugs.all().iter().filter(|drug| !drug.is_unclassified()) {
        for code in &drug.codes {
            for (line, product) in [(LineOfBusiness::Commercial, "hmo"), (LineOfBusiness::MedicareAdvantage, "medicare_hmo")] {
                let benefit = plan::benefit(Some(code), Some(drug), line);
                let (status, answer) = ask(&service, &code.hcpcs, line, product).await;
                if !agrees(benefit, status, &answer) {
                    wrong.push(format!("{} {line} {benefit:?}: {status} {}", code.hcpcs, answer["service"]));
                }
                asked += 1;
            }
        }
    }
    assert!(asked > 800, "{asked}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // a code for drugs without one of their own leads to all that the drug may be
    for drug in content.drugs.all().iter().filter(|drug| drug.is_unclassified()) {
        for code in &drug.codes {
            let (status, answer) = ask(&service, &code.hcpcs, LineOfBusiness::Commercial, "hmo").await;
            let refusal = answer["errors"][0]["message"].as_str().unwrap_or_default();
            assert!(status == 200 || refusal.starts_with("several services"), "{}: {answer}", code.hcpcs);
        }
    }
}

// proves COV-01
#[tokio::test]
async fn a_code_that_ended_is_answered_with_what_took_its_place() {
    let service = sandbox().await;
    let content = service.app.library.in_force(service.app.clock.now().date_naive());
    let mut wrong = Vec::new();
    for ended in content.drugs.ended_codes() {
        let (status, answer) = ask(&service, &ended.hcpcs, LineOfBusiness::Commercial, "hmo").await;
        let refusal = answer["errors"][0]["message"].as_str().unwrap_or_default();
        let said = if status == 200 { answer["read_as"].as_str().unwrap_or_default() } else { refusal };
        let is_answered = status == 200 || refusal.starts_with("several services");
        if !is_answered || !said.contains(&format!("{}: this code ended; {}", ended.hcpcs, ended.instead())) {
            wrong.push(format!("{}: {status} {said}", ended.hcpcs));
        }
    }
    assert!(content.drugs.ended_codes().count() > 20);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

// proves COV-01
#[tokio::test]
async fn the_lists_come_in_pages_where_a_limit_is_asked_for() {
    let service = sandbox().await;
    let ids = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|item| item["service"].as_str().unwrap().to_owned()).collect()
    };
    for path in ["/v1/coverage-requirements", "/v1/coverage-requirements/services"] {
        let all = service.get(path, ORDERING).await.json();
        assert!(all["next_cursor"].is_null() && ids(&all).len() > 45, "{path}");
        let mut paged = Vec::new();
        let mut next = format!("{path}?limit=40");
        loop {
            let page = service.get(&next, ORDERING).await.json();
            paged.extend(ids(&page));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            next = format!("{path}?limit=40&cursor={cursor}");
        }
        assert_eq!(paged, ids(&all), "{path}");
    }
}
