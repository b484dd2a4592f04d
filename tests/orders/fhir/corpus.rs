//! Orders of every regimen and of every decision case, each as a native order and as the request that would have made it: decided alike.

use super::{claim_response, notes, submit};
use crate::support::copy::repository;
use crate::support::http::{Answer, Service, library};
use crate::support::orders::{center, clinician, exact, member, plan};
use crate::support::submit::{ADMINISTRATOR, HEALTH_PLAN, ORDERING, put_roster};
use oncoauth::domain::order::OrderRequest;
use serde_json::{Value, json};
use std::fs;

#[allow(dead_code, reason = "what the cases expect is held to in the tests of the engine")]
#[path = "../../../crates/engine/tests/engine/decision_cases/format.rs"]
mod format;

/// What of a line and of a case has to agree.
const OF_A_LINE: [&str; 7] = ["hcpcs", "status", "units_approved", "visits_approved", "valid_from", "valid_through", "message"];
const OF_A_CASE: [&str; 5] = ["status", "program", "pathway", "deviations", "s_codes"];

async fn load(service: &Service, what: &str, rows: impl Iterator<Item = Value>) {
    let lines: Vec<String> = rows.map(|row| row.to_string()).collect();
    let loaded =
        put_roster(service, HEALTH_PLAN, &format!("/v1/rosters/anthem-blue-medicare-advantage/{what}"), lines.join("\n")).await;
    assert_eq!(loaded.status, 200, "{}", loaded.text);
}

/// How what became of a request differs from what the native preview says of its order.
async fn differences(service: &Service, native: &Value, answer: &Answer) -> Vec<String> {
    if answer.status != 200 {
        return vec![format!("{} {}", answer.status, answer.text)];
    }
    let response = claim_response(answer);
    let Some(case_id) = response["id"].as_str().filter(|_| response["outcome"] == "complete") else {
        return vec![format!("refused: {}", notes(&response))];
    };
    let case = service.get(&format!("/v1/orders/{case_id}"), ORDERING).await.json();
    let mut found = Vec::new();
    for part in OF_A_CASE {
        let is_same = if part == "s_codes" { case[part].is_null() == native[part].is_null() } else { case[part] == native[part] };
        if !is_same {
            found.push(format!("{part}: {} instead of {}", case[part], native[part]));
        }
    }
    let (of_case, of_native) = (case["drugs"].as_array().unwrap(), native["drugs"].as_array().unwrap());
    if of_case.len() != of_native.len() {
        found.push(format!("{} lines instead of {}", of_case.len(), of_native.len()));
    }
    for (drug, native) in of_case.iter().zip(of_native) {
        for part in OF_A_LINE.into_iter().filter(|part| drug[*part] != native[*part]) {
            found.push(format!("line {} {part}: {} instead of {}", native["line"], drug[part], native[part]));
        }
    }
    found
}

/// Every decision case with the number that its member has here.
fn decision_cases() -> Vec<(String, format::Case)> {
    let mut files: Vec<_> = fs::read_dir(repository().join("tests/cases")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path: &std::path::PathBuf| toml::from_str::<format::File>(&fs::read_to_string(path).unwrap()).unwrap().case;
    let cases = files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "toml")).flat_map(read);
    cases.enumerate().map(|(index, case)| (format!("CASE{index:06}"), case)).collect()
}

/// What a request cannot say, or says in another way: cases whose orders are not decided alike, and why. None of them is decided more lightly.
const NOT_CARRIED: [(&str, &str); 5] = [
    (
        "An unclassified code for a drug with a code is not refused, and says the drug's own",
        "codes and names of an item mean one drug",
    ),
    ("QCCP: radiation oncology is taken, and an order that says too little goes to a nurse", "an item of radiation has a code"),
    ("None beside a treatment is a contradiction", "`none` beside other entries makes the list of a questionnaire unknown"),
    ("None with words beside it that nobody understands is not none", "the same"),
    ("An ICD-10-CM code without its dot is malformed", "codes of FHIR are written with and without it"),
];

#[tokio::test]
async fn the_order_of_a_decision_case_written_as_a_request_is_decided_as_it_was() {
    // proves DET-01
    let service = Service::sandbox().await;
    let library = library();
    let content = library.in_force(service.app.clock.now().date_naive());
    let mut cases = decision_cases();
    let before = cases.len();
    cases.retain(|(_, case)| !NOT_CARRIED.iter().any(|(name, _)| case.name == *name));
    assert_eq!(before - cases.len(), NOT_CARRIED.len(), "what is not carried is among the cases");
    let situations: Vec<_> = cases.iter().map(|(number, case)| (number, case, case.situation(content).unwrap())).collect();
    for short in ["bma", "ovm", "qccp"] {
        let of_plan = situations.iter().filter(|(_, case, _)| case.program == short);
        let members = of_plan.filter_map(|(number, _, situation)| {
            let mut row = serde_json::to_value(situation.member.as_ref()?).unwrap();
            row["member_id"] = json!(number);
            Some(row)
        });
        for (what, rows) in [("members", members.collect::<Vec<Value>>()), ("providers", vec![clinician(short), center()])] {
            let lines = rows.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
            let loaded = put_roster(&service, ADMINISTRATOR, &format!("/v1/rosters/{}/{what}", plan(short)), lines).await;
            assert_eq!(loaded.status, 200, "{}", loaded.text);
        }
    }
    let (mut decided, mut refused, mut differing) = (0, 0, Vec::new());
    for (number, case, situation) in &situations {
        let mut order = situation.order.clone();
        if !order["member"]["member_id"].is_string() {
            continue; // a request has the number of its member
        }
        order["member"]["member_id"] = json!(number);
        order["channel"] = json!("api");
        let Ok(read) = serde_json::from_value::<OrderRequest>(order.clone()) else { continue };
        let native = service.post("/v1/orders/preview", ORDERING, &order).await;
        let sent = oncoauth::fhir::request_of(&service.app, &read, number);
        let answer = submit(&service, &sent).await;
        if native.status == 200 {
            decided += 1;
            let found = differences(&service, &native.json(), &answer).await;
            differing.extend((!found.is_empty()).then(|| format!("{}: {}", case.name, found.join("; "))));
        } else {
            refused += 1;
            let is_decided = answer.status == 200 && claim_response(&answer)["outcome"] == "complete";
            differing.extend(is_decided.then(|| format!("{}: decided, and natively {}", case.name, native.text)));
        }
    }
    assert!(
        differing.is_empty(),
        "of {decided} decided and {refused} refused {} differ:\n{}",
        differing.len(),
        differing.join("\n")
    );
    assert!(decided > 700 && refused > 30, "{decided} decided, {refused} refused");
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
        let read: OrderRequest = serde_json::from_value(order).unwrap();
        let sent = oncoauth::fhir::request_of(&service.app, &read, &number(index));
        let found = differences(&service, &native.json(), &submit(&service, &sent).await).await;
        if found.is_empty() {
            alike += 1;
        } else {
            differing.push(format!("{}: {}", regimen.id, found.join("; ")));
        }
    }
    assert!(differing.is_empty(), "{alike} alike, {} not:\n{}", differing.len(), differing.join("\n"));
    assert!(alike > 150, "only {alike} orders could be compared");
}
