//! Coverage requirements discovery (CRD 2.2 on CDS Hooks): while a clinician orders, the EHR asks whether the orders need authorization. All
//! draft orders are judged together, by the use cases that decide orders; nothing is stored.

mod hook;
mod judge;
mod write;

use super::body::Resource;
use super::outcome::{Failure, Issue};
use super::{Documented, base};
use crate::app::{App, Caller};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use hook::Hook;
use serde_json::{Value, json};

/// A service for one hook.
#[derive(Debug, Clone, Copy)]
struct Service {
    id: &'static str,
    hook: &'static str,
    title: &'static str,
}

/// The services that there are.
const SERVICES: [Service; 3] = [
    Service { id: "order-sign-crd", hook: "order-sign", title: "Authorization of oncology orders, at signing" },
    Service { id: "order-select-crd", hook: "order-select", title: "Authorization of oncology orders, at choosing" },
    Service { id: "order-dispatch-crd", hook: "order-dispatch", title: "Authorization of oncology orders, at sending" },
];

/// What the EHR sends along. Only names of the context's first level are portable.
fn prefetch(service: Service) -> Value {
    let mut wanted = json!({
        "patient": "Patient/{{context.patientId}}",
        "user": "{{context.userId}}",
        "coverage": "Coverage?patient={{context.patientId}}&status=active&_include=Coverage:payor",
        "conditions": "Condition?patient={{context.patientId}}&clinical-status=active",
    });
    if service.hook == "order-dispatch" {
        super::element::put(
            &mut wanted,
            "medicationRequests",
            "MedicationRequest?patient={{context.patientId}}&status=active,draft",
        );
    }
    wanted
}

/// `GET /cds-services`.
pub async fn get_services() -> Json<Value> {
    let options = json!([
        {"code": "coverage-info", "type": "boolean", "name": "Coverage information", "default": true,
         "description": "Whether each order is covered and needs authorization"},
        {"code": "max-cards", "type": "integer", "name": "Cards at most", "default": 10,
         "description": "Cards of an answer at most"},
    ]);
    let service = |service: &Service| {
        json!({
            "hook": service.hook,
            "id": service.id,
            "title": service.title,
            "description": "Says of each order whether the patient's plan needs prior authorization of it, and whether that is on file",
            "prefetch": prefetch(*service),
            "usageRequirements": "Coverage has to come along; nothing is read back from the EHR",
            "extension": {"davinci-crd.version": ["2.2"], "davinci-crd.configuration-options": options.clone()},
        })
    };
    Json(json!({"services": SERVICES.iter().map(service).collect::<Vec<Value>>()}))
}

/// `POST /cds-services/{id}`.
pub async fn post_hook(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Extension(documented): Extension<Documented>,
    Path(id): Path<String>,
    Resource(sent): Resource,
) -> Result<Json<Value>, Failure> {
    let known = SERVICES.iter().find(|service| service.id == id).ok_or_else(nothing)?;
    let hook = Hook::read(&sent, known.hook).map_err(|(at, words)| Failure::bad(vec![Issue::at("value", at, words)]))?;
    let base = base(&app);
    let judged = judge::judge(&app, &caller, &hook, documented, &base).await;
    Ok(Json(write::answer(&app, &hook, judged.as_ref(), &base)))
}

fn nothing() -> Failure {
    let text = "there is no such service: GET /cds-services lists those there are";
    Failure::new(StatusCode::NOT_FOUND, vec![Issue::new("not-found", text)])
}
