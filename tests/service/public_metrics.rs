//! What plans publish: counted as it is defined, for everybody, and nobody is found in it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::support::desk::{
    NURSE, PHYSICIAN, SECOND_PHYSICIAN, authorize, custom, deny, done, id, move_clock, offer, submit, tch,
};
use crate::support::http::{Answer, Service};
use crate::support::orders::{center, clinician, member};
use crate::support::submit::{HEALTH_PLAN, ORDERING, put_roster};
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

const PLAN: &str = "anthem-blue-medicare-advantage";

async fn metrics(service: &Service, address: &str, accept: &str) -> Answer {
    let request = Request::get(format!("/public/prior-authorization-metrics/{address}")).header("accept", accept);
    service.send(request.body(Body::empty()).unwrap()).await
}

async fn drugs(service: &Service) -> Value {
    let answer = metrics(service, &format!("{PLAN}/2026"), "*/*").await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    answer.json()["drugs"].clone()
}

fn value(figure: &Value) -> Option<f64> {
    figure["value"].as_f64()
}

/// The order of another member.
fn of(mut order: Value, number: u32) -> Value {
    order["member"]["member_id"] = json!(format!("PUB{number:06}"));
    order["member"]["birth_date"] = json!("1970-01-15");
    order
}

async fn deny_one(service: &Service, number: u32) -> String {
    let case_id = id(&submit(service, &of(custom(PLAN), number)).await);
    done(service, NURSE, &case_id, "peer-to-peer", &offer()).await;
    done(service, NURSE, &case_id, "escalations", &json!({"rationale": "does not meet the criteria"})).await;
    let lines: Vec<u32> = open_lines(service, &case_id).await;
    done(service, PHYSICIAN, &case_id, "determinations", &deny(&lines)).await;
    case_id
}

async fn open_lines(service: &Service, case_id: &str) -> Vec<u32> {
    let case = service.get(&format!("/v1/orders/{case_id}"), NURSE).await.json();
    let lines = case["drugs"].as_array().unwrap().iter().filter(|drug| drug["status"] == "in_progress");
    lines.map(|drug| u32::try_from(drug["line"].as_u64().unwrap()).unwrap()).collect()
}

// proves VER-09
#[tokio::test]
async fn a_plan_publishes_shares_and_times_of_its_decisions_and_holds_small_counts_back() {
    let service = Service::sandbox().await;
    let file = |rows: Vec<Value>| rows.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let members = (0..60).map(|number| {
        let mut row = member("bma");
        row["member_id"] = json!(format!("PUB{number:06}"));
        row
    });
    for (what, rows) in [("members", members.collect()), ("providers", vec![clinician("bma"), center()])] {
        let loaded = put_roster(&service, HEALTH_PLAN, &format!("/v1/rosters/{PLAN}/{what}"), file(rows)).await;
        assert_eq!(loaded.status.as_u16(), 200, "{}", loaded.text);
    }
    move_clock(&service, "2026-11-23T15:00:00Z").await;
    let none = drugs(&service).await;
    assert_eq!(value(&none["standard"]["decided"]), Some(0.0));
    assert_eq!(none["standard"]["approved_percent"], json!({"value": null, "because": "no_requests"}));
    for number in 0..10 {
        submit(&service, &of(tch(PLAN), number)).await;
    }
    let few = drugs(&service).await;
    assert_eq!(few["standard"]["decided"], json!({"value": null, "because": "suppressed"}));
    submit(&service, &of(tch(PLAN), 10)).await;
    let mut urgent = of(tch(PLAN), 11);
    urgent["urgency"] = json!("urgent");
    submit(&service, &urgent).await;
    let enough = drugs(&service).await;
    assert_eq!(value(&enough["standard"]["decided"]), Some(11.0));
    assert_eq!(
        (value(&enough["standard"]["approved_percent"]), value(&enough["standard"]["denied_percent"])),
        (Some(100.0), Some(0.0))
    );
    assert_eq!(value(&enough["standard"]["median_hours"]), Some(0.0));
    assert_eq!(enough["expedited"]["decided"]["because"], "suppressed");
    assert_eq!(enough["standard"]["approved_after_appeal_percent"], json!({"value": null, "because": "not_reported"}));
    // one that a nurse authorizes a day later
    let slow = id(&submit(&service, &of(custom(PLAN), 12)).await);
    let lines = open_lines(&service, &slow).await;
    move_clock(&service, "2026-11-24T15:00:00Z").await;
    done(&service, NURSE, &slow, "determinations", &authorize(&lines)).await;
    let slower = drugs(&service).await;
    assert_eq!((value(&slower["standard"]["decided"]), value(&slower["standard"]["mean_hours"])), (Some(12.0), Some(2.0)));
    assert_eq!(value(&slower["standard"]["median_hours"]), Some(0.0));
    // one denial is nobody's to find; 11 are a share
    let denied = deny_one(&service, 13).await;
    let one = drugs(&service).await;
    assert_eq!(value(&one["standard"]["decided"]), Some(13.0));
    for share in ["approved_percent", "approved_in_part_percent", "denied_percent", "approved_after_reconsideration_percent"] {
        assert_eq!(one["standard"][share]["because"], "suppressed", "{share}");
    }
    for number in 14..24 {
        deny_one(&service, number).await;
    }
    let many = drugs(&service).await;
    let standard = &many["standard"];
    assert_eq!(value(&standard["decided"]), Some(23.0), "{standard}");
    let shares = ["approved_percent", "approved_in_part_percent", "denied_percent"].map(|share| value(&standard[share]));
    assert!(shares == [Some(52.2), Some(0.0), Some(47.8)] || shares == [Some(52.2), Some(47.8), Some(0.0)], "{standard}");
    // a denial that is overturned later stays a denial of its day, and is held back with the others while it is alone
    move_clock(&service, "2026-11-25T15:00:00Z").await;
    let asked = json!({"reason": "the heart was looked at"});
    let opened = service.post(&format!("/v1/orders/{denied}/reconsiderations"), ORDERING, &asked).await.json();
    let path = format!("/v1/reconsiderations/{}/determinations", opened["reconsideration_id"].as_str().unwrap());
    let decision = json!({"decision": "overturned", "rationale": "the answer came"});
    let overturned = service.post(&path, SECOND_PHYSICIAN, &decision).await;
    assert_eq!(overturned.status.as_u16(), 201, "{}", overturned.text);
    let after = drugs(&service).await;
    assert_eq!(value(&after["standard"]["decided"]), Some(23.0));
    assert_eq!(after["standard"]["denied_percent"]["because"], "suppressed");
    assert_eq!(after["standard"]["mean_hours"], standard["mean_hours"], "decided when it was first decided");
}

// proves VER-09
#[tokio::test]
async fn the_metrics_are_a_page_a_file_and_json_for_everybody() {
    let service = Service::with_rosters().await;
    submit(&service, &tch(PLAN)).await;
    let address = format!("{PLAN}/2026");
    let json = metrics(&service, &address, "*/*").await;
    assert_eq!(json.header("content-type"), "application/json");
    let told = json.json();
    assert_eq!((&told["health_plan"], &told["year"], &told["year_is_over"]), (&json!(PLAN), &json!(2026), &json!(false)));
    assert_eq!(told["counted_before"], "2027-01-01", "a sandbox shows what was just decided");
    assert_eq!(told["items_and_services"]["requires_authorization"], json!([]), "radiation is another program's");
    assert!(told["drugs"]["requires_authorization"].as_array().unwrap().len() > 50);
    let qccp = metrics(&service, "bcbs-massachusetts/2026?format=json", "text/html").await.json();
    assert!(qccp["items_and_services"]["requires_authorization"].to_string().contains("77385"));
    let page = metrics(&service, &address, "text/html,*/*;q=0.8").await;
    assert!(page.header("content-type").starts_with("text/html"), "{}", page.text);
    for words in [
        "Prior authorization metrics, 2026",
        "suppressed",
        "not reported",
        "?format=csv",
        "the year is not over",
        "Decided before 2027-01-01",
    ] {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    let csv = metrics(&service, &address, "text/csv").await;
    assert!(csv.header("content-type").starts_with("text/csv"));
    assert!(csv.text.contains("anthem-blue-medicare-advantage,2026,drugs,standard,decided,,suppressed\r\n"), "{}", csv.text);
    assert!(csv.text.contains("items_and_services,expedited,approved_after_appeal_percent,,not reported\r\n"), "{}", csv.text);
    for nothing in ["nobody/2026", &format!("{PLAN}/2027"), &format!("{PLAN}/1999"), &format!("{PLAN}/x")] {
        assert_eq!(metrics(&service, nothing, "*/*").await.status.as_u16(), 404, "{nothing}");
    }
}
