//! The review desk in tests: orders that pend, and reviewers who work on them.

use super::http::{Answer, Service};
use axum::body::Body;
use axum::http::{Method, Request};
use oncoauth::app::timers;
use serde_json::{Value, json};

/// The practice of tax ID 900000001.
pub const PRACTICE: &str = "sandbox-ordering-provider";
/// The facility of tax ID 900000002.
pub const FACILITY: &str = "sandbox-servicing-provider";
/// The practice of tax ID 900000003.
pub const OTHER_PRACTICE: &str = "sandbox-other-practice";
/// The call center.
pub const INTAKE: &str = "sandbox-intake";
/// A nurse.
pub const NURSE: &str = "sandbox-nurse";
/// A physician.
pub const PHYSICIAN: &str = "sandbox-physician";
/// Another one.
pub const SECOND_PHYSICIAN: &str = "sandbox-second-physician";
/// The administrator.
pub const ADMINISTRATOR: &str = "sandbox-administrator";

/// TCH for early breast cancer, entered exactly: authorized at once. Lines 1 to 4 are treatment, 5 is supportive.
pub fn tch(plan: &str) -> Value {
    let member_id = match plan {
        "bcbs-massachusetts" => "XXP100200300",
        "bcbs-michigan" => "XYU100200300",
        _ => "XKM100200300",
    };
    let drug = |line: u32, hcpcs: &str, dose: Value| json!({"line": line, "hcpcs": hcpcs, "role": "treatment", "route": "iv", "dose": dose, "days": [1], "frequency_per_day": 1});
    let mut loaded = drug(3, "J9355", json!({"amount": 6, "unit": "mg/kg"}));
    loaded["loading_dose"] = json!({"amount": 8, "unit": "mg/kg"});
    json!({
        "member": {"health_plan": plan, "member_id": member_id, "first_name": "Test", "last_name": "Member", "birth_date": "1950-01-15"},
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

/// The same with nivolumab in place of carboplatin: no regimen of breast cancer has that, so a nurse looks at it (DEV-01).
pub fn custom(plan: &str) -> Value {
    let mut order = tch(plan);
    let drug = &mut order["treatment"]["phases"][0]["drugs"][1];
    drug["hcpcs"] = json!("J9299");
    drug["dose"] = json!({"amount": 240, "unit": "mg"});
    order
}

/// TCH on a Pathway whose heart was not looked at: line 3 waits for that answer (DEV-05).
pub fn unanswered(plan: &str) -> Value {
    let mut order = tch(plan);
    order["clinical"]["assessments"] = json!([]);
    order
}

/// The plan of the Blue Medicare Advantage program.
pub const BMA: &str = "anthem-blue-medicare-advantage";
/// The plan of the Oncology Value Management program.
pub const OVM: &str = "bcbs-michigan";
/// The plan of the Quality Care Cancer Program.
pub const QCCP: &str = "bcbs-massachusetts";

/// Submits an order as the practice, and fails the test unless it is taken. Answers with the case.
pub async fn submit(service: &Service, order: &Value) -> Value {
    let answer = service.post("/v1/orders", PRACTICE, order).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    answer.json()
}

/// The id of a case.
pub fn id(case: &Value) -> String {
    case["case_id"].as_str().expect("a case has an id").to_owned()
}

/// A reviewer's act.
pub async fn act(service: &Service, token: &str, case_id: &str, what: &str, body: &Value) -> Answer {
    service.post(&format!("/v1/reviews/{case_id}/{what}"), token, body).await
}

/// A reviewer's act that has to succeed; answers with the case.
pub async fn done(service: &Service, token: &str, case_id: &str, what: &str, body: &Value) -> Value {
    let answer = act(service, token, case_id, what, body).await;
    assert_eq!(answer.status.as_u16(), 201, "{what}: {}", answer.text);
    answer.json()
}

/// The case as the practice sees it.
pub async fn read(service: &Service, case_id: &str) -> Value {
    service.get(&format!("/v1/orders/{case_id}"), PRACTICE).await.json()
}

/// The kinds of a case's events, in order.
pub async fn kinds(service: &Service, case_id: &str) -> Vec<String> {
    events(service, case_id).await.iter().map(|event| event["kind"].as_str().unwrap_or_default().to_owned()).collect()
}

/// A case's events, in order.
pub async fn events(service: &Service, case_id: &str) -> Vec<Value> {
    let history = service.get(&format!("/v1/orders/{case_id}/history"), ADMINISTRATOR).await.json();
    history["items"].as_array().cloned().unwrap_or_default()
}

/// Authorizes these lines.
pub fn authorize(lines: &[u32]) -> Value {
    let drugs: Vec<Value> = lines.iter().map(|line| json!({"line": line, "decision": "authorized"})).collect();
    json!({"drugs": drugs})
}

/// Denies these lines.
pub fn deny(lines: &[u32]) -> Value {
    let drug = |line: &u32| {
        json!({"line": line, "decision": "non_authorized", "reason_code": "not_medically_necessary",
               "rationale": "the evidence does not support this drug here"})
    };
    json!({"drugs": lines.iter().map(drug).collect::<Vec<_>>()})
}

/// The offer of the discussion.
pub fn offer() -> Value {
    json!({"event": "offered", "with": "front desk", "notes": "left a call-back number"})
}

/// A custom plan, denied by the first physician after the offer.
pub async fn denied(service: &Service, plan: &str) -> Value {
    let case_id = id(&submit(service, &custom(plan)).await);
    done(service, NURSE, &case_id, "peer-to-peer", &offer()).await;
    done(service, NURSE, &case_id, "escalations", &json!({"rationale": "does not meet the criteria"})).await;
    done(service, PHYSICIAN, &case_id, "determinations", &deny(&[2])).await
}

/// Moves the clock, and waits until what was due by then is done.
pub async fn move_clock(service: &Service, now: &str) {
    let answer = service.call(Method::PUT, "/v1/sandbox/clock", ADMINISTRATOR, Some(&json!({"now": now}))).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
}

/// Runs what is due, as a background job does.
pub async fn tick(service: &Service) {
    timers::run_free_timers(&service.app, service.app.clock.now()).await.expect("timers run");
}

/// A POST with headers of its own.
pub async fn post_with(service: &Service, path: &str, token: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    let mut request = Request::builder().method(Method::POST).uri(path);
    request = request.header("authorization", format!("Bearer {token}")).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    service.send(request.body(Body::from(body.to_string())).expect("a request")).await
}

/// The only status of every drug, or a list of them.
pub fn statuses(case: &Value) -> Vec<&str> {
    let drugs = case["drugs"].as_array().expect("drugs");
    drugs.iter().map(|drug| drug["status"].as_str().unwrap_or_default()).collect()
}
