//! What waits for a reviewer.

use crate::support::desk::*;
use crate::support::http::Service;
use serde_json::{Value, json};

async fn list(service: &Service, query: &str, token: &str) -> Vec<Value> {
    let answer = service.get(&format!("/v1/reviews{query}"), token).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    answer.json()["items"].as_array().unwrap().clone()
}

fn ids(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["case_id"].as_str().unwrap()).collect()
}

/// A standard case of each plan, and an urgent one of Michigan: in the order in which they are due.
async fn three_cases() -> (Service, [String; 3]) {
    let service = Service::with_rosters().await;
    let standard = id(&submit(&service, &custom(QCCP)).await);
    let mut urgent = custom(OVM);
    urgent["urgency"] = json!("urgent");
    let urgent = id(&submit(&service, &urgent).await);
    submit(&service, &tch(BMA)).await;
    move_clock(&service, "2026-11-20T16:00:00Z").await;
    let mut later = custom(QCCP);
    later["member"] = json!({"health_plan": QCCP, "member_id": "XXP100200301", "first_name": "Commercial", "last_name": "Hmo",
                             "birth_date": "1972-07-07"});
    let later = id(&submit(&service, &later).await);
    (service, [urgent, standard, later])
}

// proves DET-02, DET-07, DET-08
#[tokio::test]
async fn the_worklist_shows_what_is_due_first_with_the_time_left_and_whose_it_is() {
    let (service, [urgent, standard, later]) = three_cases().await;
    let all = list(&service, "", NURSE).await;
    assert_eq!(ids(&all), [&urgent, &standard, &later], "authorized cases do not wait");
    let first = &all[0];
    assert_eq!(first["program"], "oncology-value-management");
    assert_eq!((&first["urgency"], &first["queue"]), (&json!("urgent"), &json!("nurse")));
    assert_eq!(first["due_at"], "2026-11-23T10:00:00-05:00", "72 hours, with the program's offset");
    assert_eq!(first["time_zone"], "America/New_York");
    assert_eq!(first["time_left_seconds"], 71 * 3600);
    assert_eq!((&first["overdue"], &first["claimed_by"]), (&json!(false), &Value::Null));
    assert_eq!(first["holds"], json!(["custom_treatment_plan"]));
    assert!(first["status_reason"].as_str().unwrap().contains("nivolumab needs clinical review"), "{first}");
    assert_eq!(first["member"]["member_id"], "XYU100200300");
    assert_eq!(first["drugs"].as_array().unwrap().len(), 4);
    assert_eq!(first["drugs"][1]["name"], "nivolumab");
}

#[tokio::test]
async fn the_worklist_is_filtered_by_queue_program_urgency_claim_and_deadline() {
    let (service, [urgent, standard, later]) = three_cases().await;
    done(&service, NURSE, &standard, "escalations", &json!({"rationale": "criteria not met"})).await;
    done(&service, NURSE, &later, "information-requests", &json!({"items": ["pathology report"]})).await;
    assert_eq!(ids(&list(&service, "?queue=physician", PHYSICIAN).await), [&standard]);
    assert_eq!(ids(&list(&service, "?queue=nurse", NURSE).await), [&urgent, &later]);
    assert_eq!(ids(&list(&service, "?program=quality-care-cancer", NURSE).await), [&standard, &later]);
    assert_eq!(ids(&list(&service, "?urgency=urgent", NURSE).await), [&urgent]);
    let mine = list(&service, "?mine=true", NURSE).await;
    assert_eq!(ids(&mine), [&later]);
    assert_eq!(mine[0]["claimed_by"]["subject"], NURSE);
    assert_eq!(mine[0]["claimed_by"]["at"], "2026-11-20T16:00:00Z");
    assert_eq!(mine[0]["asked_for"], json!(["pathology report"]));
    assert!(list(&service, "?mine=true", PHYSICIAN).await.is_empty());
    assert_eq!(ids(&list(&service, "?mine=false", NURSE).await), [&urgent, &standard]);
    assert!(list(&service, "?overdue=true", NURSE).await.is_empty());
    move_clock(&service, "2026-11-23T15:00:01Z").await;
    let overdue = list(&service, "?overdue=true", PHYSICIAN).await;
    assert_eq!(ids(&overdue), [&urgent]);
    assert_eq!((&overdue[0]["queue"], &overdue[0]["overdue"]), (&json!("physician"), &json!(true)));
    assert_eq!(overdue[0]["time_left_seconds"], -1);
    assert_eq!(ids(&list(&service, "?overdue=false", PHYSICIAN).await), [&standard, &later]);
}

#[tokio::test]
async fn the_worklist_comes_in_pages_and_refuses_what_it_does_not_know() {
    let (service, cases) = three_cases().await;
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = service.get(&format!("/v1/reviews?limit=1&cursor={cursor}"), NURSE).await.json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["case_id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        next.clone_into(&mut cursor);
    }
    assert_eq!(seen, cases);
    for query in ["?queue=both", "?overdue=maybe", "?urgency=low", "?limit=0", "?cursor=x", "?owner=me"] {
        service.get(&format!("/v1/reviews{query}"), NURSE).await.assert_problem(422, "validation-failed");
    }
    for token in [PRACTICE, FACILITY, INTAKE, "sandbox-health-plan"] {
        service.get("/v1/reviews", token).await.assert_problem(403, "forbidden");
        act(&service, token, &cases[0], "determinations", &authorize(&[1])).await.assert_problem(403, "forbidden");
    }
}
