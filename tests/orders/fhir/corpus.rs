//! Orders of every regimen, each as a native order and as the request that would have made it: decided alike.

use super::{claim_response, notes, submit};
use crate::support::http::{Service, library};
use crate::support::orders::{center, clinician, exact, member};
use crate::support::submit::{HEALTH_PLAN, ORDERING, put_roster};
use oncoauth::domain::order::OrderRequest;
use serde_json::{Value, json};

/// What of a line and of a case has to agree.
const OF_A_LINE: [&str; 7] = ["hcpcs", "status", "units_approved", "visits_approved", "valid_from", "valid_through", "message"];
const OF_A_CASE: [&str; 5] = ["status", "program", "pathway", "deviations", "s_codes"];

async fn load(service: &Service, what: &str, rows: impl Iterator<Item = Value>) {
    let lines: Vec<String> = rows.map(|row| row.to_string()).collect();
    let loaded =
        put_roster(service, HEALTH_PLAN, &format!("/v1/rosters/anthem-blue-medicare-advantage/{what}"), lines.join("\n")).await;
    assert_eq!(loaded.status, 200, "{}", loaded.text);
}

#[tokio::test]
async fn a_native_order_written_as_a_request_is_decided_as_it_was() {
    // proves DET-01
    let service = Service::sandbox().await;
    let library = library();
    let content = library.in_force(service.app.clock.now().date_naive());
    let number = |index: usize| format!("FHIR{index:06}");
    load(
        &service,
        "members",
        content.regimens.iter().enumerate().map(|(index, _)| {
            let mut row = member("bma");
            row["member_id"] = json!(number(index));
            row
        }),
    )
    .await;
    load(&service, "providers", [clinician("bma"), center()].into_iter()).await;
    let (mut alike, mut differing) = (0, Vec::new());
    for (index, regimen) in content.regimens.iter().enumerate() {
        let mut order = exact(regimen, content, "bma");
        order["member"]["member_id"] = json!(number(index));
        let native = service.post("/v1/orders/preview", ORDERING, &order).await;
        if native.status != 200 {
            continue; // not every regimen can be ordered as it stands, and then nothing is asked of the other door
        }
        let native = native.json();
        let read: OrderRequest = serde_json::from_value(order).unwrap();
        let sent = oncoauth::fhir::request_of(&service.app, &read, &number(index));
        let answer = submit(&service, &sent).await;
        let response = claim_response(&answer);
        let Some(case_id) = response["id"].as_str().filter(|_| response["outcome"] == "complete") else {
            differing.push(format!("{}: refused: {}", regimen.id, notes(&response)));
            continue;
        };
        let case = service.get(&format!("/v1/orders/{case_id}"), ORDERING).await.json();
        let mut found = Vec::new();
        for part in OF_A_CASE {
            let told = |case: &Value| if part == "s_codes" { case[part].is_null() } else { false };
            if (part == "s_codes" && told(&case) != told(&native)) || (part != "s_codes" && case[part] != native[part]) {
                found.push(format!("{part}: {} instead of {}", case[part], native[part]));
            }
        }
        let (of_case, of_native) = (case["drugs"].as_array().unwrap(), native["drugs"].as_array().unwrap());
        assert_eq!(of_case.len(), of_native.len(), "{}", regimen.id);
        for (drug, native) in of_case.iter().zip(of_native) {
            for part in OF_A_LINE.into_iter().filter(|part| drug[*part] != native[*part]) {
                found.push(format!("line {} {part}: {} instead of {}", native["line"], drug[part], native[part]));
            }
        }
        if found.is_empty() {
            alike += 1;
        } else {
            differing.push(format!("{}: {}", regimen.id, found.join("; ")));
        }
    }
    assert!(differing.is_empty(), "{alike} alike, {} not:\n{}", differing.len(), differing.join("\n"));
    assert!(alike > 150, "only {alike} orders could be compared");
}
