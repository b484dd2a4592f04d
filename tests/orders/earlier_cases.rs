//! Earlier cases of a member count, over HTTP: what was authorized before is a fact of what is ordered now.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "test crate")]

use crate::support;

use serde_json::{Value, json};
use support::http::Service;
use support::submit::{ORDERING, assert_created, authorized_order, for_member, sandbox};

/// T-DM1 for residual disease, beginning after everything authorized by [`authorized_order`] has ended.
fn tdm1(date: &str, prior: &Value) -> Value {
    let mut order = authorized_order();
    order["date_of_service"] = json!(date);
    order["clinical"]["prior_therapies"] = prior.clone();
    order["treatment"] = json!({"phases": [{"cycle_length_days": 21, "cycles": 14, "drugs": [
        {"line": 1, "hcpcs": "J9354", "role": "treatment", "route": "iv", "dose": {"amount": 3.6, "unit": "mg/kg"}, "days": [1]}]}]});
    order
}

async fn decided(service: &Service, order: &Value) -> Value {
    assert_created(&service.post("/v1/orders", ORDERING, order).await)
}

fn asked(case: &Value) -> String {
    case["review"]["asked_for"].to_string() + &case["asked_for"].to_string() + &case["deviations"].to_string()
}

// proves SAFE-15
#[tokio::test]
async fn what_was_authorized_before_keeps_no_from_being_true_until_the_practice_tells_of_it() {
    let service = sandbox().await;
    let first = decided(&service, &authorized_order()).await;
    assert_eq!(first["status"], "authorized", "{first:#}");
    let untold = decided(&service, &tdm1("2027-06-01", &json!([]))).await;
    assert_eq!(untold["status"], "in_progress", "{untold:#}");
    assert!(asked(&untold).contains("trastuzumab on file from 2026-12-01"), "{untold:#}");
    assert!(!untold.to_string().contains(first["order_id"].as_str().unwrap()), "another practice's, it may be: {untold:#}");
    // told of, it is what the practice says it is
    let prior =
        json!([{"name": "Herceptin", "line": "neoadjuvant", "outcome": "completed"}, {"name": "J9171", "line": "neoadjuvant"}]);
    let told = decided(&service, &tdm1("2027-06-08", &prior)).await;
    assert!(!asked(&told).contains("trastuzumab on file from 2026-12-01"), "{told:#}");
    // nobody else's case counts
    let other = for_member(tdm1("2027-06-01", &json!([])), "XKM100200302", "Test", "Other", "1950-01-15");
    let other = service.post("/v1/orders", ORDERING, &other).await;
    assert!(!other.text.contains("on file from 2026-12-01"), "{}", other.text);
}

// proves SAFE-15
#[tokio::test]
async fn the_order_continued_must_be_this_members_and_unknown_fields_are_refused() {
    let service = sandbox().await;
    let first = decided(&service, &authorized_order()).await;
    let mut order = authorized_order();
    order["treatment"]["continues"] = json!({"order_id": "A000000018", "response": "stable_disease", "toxicity": "acceptable"});
    let refused = service.post("/v1/orders", ORDERING, &order).await;
    assert_eq!(refused.status.as_u16(), 422, "{}", refused.text);
    assert!(refused.text.contains("/treatment/continues/order_id"), "{}", refused.text);
    order["treatment"]["continues"]["order_id"] = first["order_id"].clone();
    assert_created(&service.post("/v1/orders", ORDERING, &order).await);
    for (field, value) in [("response", json!("better")), ("toxicity", json!("some")), ("reply", json!("x"))] {
        let mut order = authorized_order();
        order["treatment"]["continues"] = json!({"order_id": first["order_id"], field: value});
        let refused = service.post("/v1/orders", ORDERING, &order).await;
        assert!((400..500).contains(&refused.status.as_u16()), "{field}: {}", refused.text);
        assert!(refused.text.contains(&format!("/treatment/continues/{field}")), "{field}: {}", refused.text);
    }
    for (value, pointer) in [
        (json!(-1), "lines_of_therapy_before"),
        (json!("many"), "lines_of_therapy_before"),
        (json!(31), "lines_of_therapy_before"),
    ] {
        let mut order = authorized_order();
        order["clinical"]["lines_of_therapy_before"] = value.clone();
        let refused = service.post("/v1/orders", ORDERING, &order).await;
        assert!((400..500).contains(&refused.status.as_u16()), "{value}: {}", refused.text);
        assert!(refused.text.contains(pointer), "{value}: {}", refused.text);
    }
}

// proves SAFE-12
#[tokio::test]
async fn an_allergy_that_an_earlier_order_told_of_is_heard_where_a_later_one_leaves_it_out() {
    let service = sandbox().await;
    let mut first = authorized_order();
    let allergy = json!({"name": "allergies", "result": "docetaxel"});
    first["clinical"]["assessments"].as_array_mut().expect("a list").push(allergy);
    let first = decided(&service, &first).await;
    assert_eq!(first["status"], "in_progress", "{first:#}");
    let mut later = authorized_order();
    later["date_of_service"] = json!("2027-06-08");
    let later = decided(&service, &later).await;
    assert_eq!(later["status"], "in_progress", "{later:#}");
    assert!(asked(&later).contains("docetaxel, told in an earlier order"), "{later:#}");
    // nobody else's counts
    let other = for_member(authorized_order(), "XKM100200302", "Test", "Other", "1950-01-15");
    let other = service.post("/v1/orders", ORDERING, &other).await;
    assert!(!other.text.contains("told in an earlier order"), "{}", other.text);
}
