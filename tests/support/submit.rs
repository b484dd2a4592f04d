//! Orders to send, and a sandbox with the demonstration rosters to send them to.

use super::http::{Answer, Service};
use axum::body::Body;
use axum::http::{Method, Request};
use oncoauth::app::sandbox_rosters;
use serde_json::{Value, json};

/// The practice of tax ID 900000001.
pub const ORDERING: &str = "sandbox-ordering-provider";
/// The facility of tax ID 900000002.
pub const SERVICING: &str = "sandbox-servicing-provider";
/// The practice of tax ID 900000003.
pub const OTHER_PRACTICE: &str = "sandbox-other-practice";
/// A nurse.
pub const NURSE: &str = "sandbox-nurse";
/// The plan `anthem-blue-medicare-advantage`.
pub const HEALTH_PLAN: &str = "sandbox-health-plan";
/// The administrator.
pub const ADMINISTRATOR: &str = "sandbox-administrator";
/// The call center.
pub const INTAKE: &str = "sandbox-intake";

/// A sandbox with the demonstration rosters.
pub async fn sandbox() -> Service {
    let service = Service::sandbox().await;
    sandbox_rosters::load_missing(&service.app).await.expect("the demonstration rosters load");
    service
}

/// TCH for early breast cancer, as its regimen has it: authorized at once.
pub fn authorized_order() -> Value {
    let drug = |line: u32, hcpcs: &str, dose: Value| json!({"line": line, "hcpcs": hcpcs, "role": "treatment", "route": "iv", "dose": dose, "days": [1], "frequency_per_day": 1});
    let mut loaded = drug(3, "J9355", json!({"amount": 6, "unit": "mg/kg"}));
    loaded["loading_dose"] = json!({"amount": 8, "unit": "mg/kg"});
    json!({
        "member": {"health_plan": "anthem-blue-medicare-advantage", "member_id": "XKM100200300", "first_name": "Test",
                   "last_name": "Member", "birth_date": "1950-01-15"},
        "service": "medical_oncology", "setting": "outpatient", "place_of_service": "11", "channel": "portal",
        "urgency": "standard", "date_of_service": "2026-12-01",
        "ordering_provider": {"npi": "1234567893", "first_name": "Ordering", "last_name": "Clinician"},
        "servicing_provider": {"npi": "1245319599", "name": "Sample Infusion Center"},
        "contact": {"name": "Front desk", "phone": "+1 734 555 0100"},
        "diagnosis": {"icd10": "C50.911"},
        "clinical": {
            "cancer_type": "breast", "pathology": "invasive_ductal_carcinoma", "stage": "IIB",
            "tnm": {"t": "2", "n": "1", "m": "0"}, "line_of_treatment": "adjuvant", "treatment_goal": "curative",
            "performance_status": {"scale": "ecog", "value": 1},
            "biomarkers": [{"name": "her2", "result": "positive"}, {"name": "er", "result": "negative"},
                           {"name": "pr", "result": "negative"}],
            "height_cm": 165.0, "weight_kg": 71.5, "serum_creatinine_mg_dl": 0.8, "sex": "female",
            "fn_risk_factors": [], "assessments": [{"name": "lvef_percent", "result": 60, "on": "2026-11-12"}],
            "prior_therapies": []
        },
        "treatment": {"phases": [
            {"cycle_length_days": 21, "cycles": 6, "drugs": [
                drug(1, "J9171", json!({"amount": 75, "unit": "mg/m2"})), drug(2, "J9045", json!({"amount": 6, "unit": "auc"})), loaded]},
            {"cycle_length_days": 21, "cycles": 11, "drugs": [drug(4, "J9355", json!({"amount": 6, "unit": "mg/kg"}))]}
        ]}
    })
}

/// The same with a drug that no such regimen has: a custom treatment plan, which pends (DEV-01).
pub fn pending_order() -> Value {
    let mut order = authorized_order();
    order["treatment"]["phases"][0]["drugs"][1]["hcpcs"] = json!("J9299");
    order["treatment"]["phases"][0]["drugs"][1]["dose"] = json!({"amount": 240, "unit": "mg"});
    order
}

/// Men among the sandbox's members.
const MEN: [&str; 4] = ["XKM100200301", "XKM100200305", "XXP100200302", "XYU100200301"];

/// The order of another member of the same plan.
pub fn for_member(mut order: Value, member_id: &str, first: &str, last: &str, birth_date: &str) -> Value {
    if MEN.contains(&member_id) {
        order["clinical"]["sex"] = json!("male");
        order["diagnosis"]["icd10"] = json!("C50.921");
    }
    order["member"]["member_id"] = json!(member_id);
    order["member"]["first_name"] = json!(first);
    order["member"]["last_name"] = json!(last);
    order["member"]["birth_date"] = json!(birth_date);
    order
}

/// Submits an order, and fails the test unless it is taken.
#[track_caller]
pub fn assert_created(answer: &Answer) -> Value {
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    answer.json()
}

/// Submits an order under an idempotency key.
pub async fn submit_with_key(service: &Service, token: &str, key: &str, order: &Value) -> Answer {
    let request = Request::builder()
        .method(Method::POST)
        .uri("/v1/orders")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .header("idempotency-key", key)
        .body(Body::from(order.to_string()))
        .expect("a request");
    service.send(request).await
}

/// Sends a roster.
pub async fn put_roster(service: &Service, token: &str, path: &str, file: String) -> Answer {
    let request = Request::builder()
        .method(Method::PUT)
        .uri(path)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/x-ndjson")
        .body(Body::from(file))
        .expect("a request");
    service.send(request).await
}

/// How many rows a query counts.
pub async fn count(service: &Service, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(&service.app.pool).await.expect("counting")
}
