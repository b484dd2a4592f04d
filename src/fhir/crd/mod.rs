//! Coverage requirements discovery (CRD 2.2 on CDS Hooks): while a clinician orders, the EHR asks whether the orders need authorization. All
//! draft orders are judged together, by the use cases that decide orders; nothing is stored as an order.

mod hook;
mod judge;
mod request;
mod write;

use super::access::{CDS_SERVICES, ORDER_DISPATCH, ORDER_SELECT, ORDER_SIGN};
use super::body::Resource;
use super::element::put;
use super::outcome::{Failure, Issue};
use super::{Documented, base};
use crate::app::{App, Caller};
use axum::Json;
use hook::Hook;
use serde_json::{Value, json};

/// A service for one hook.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// Where it is called.
    pub path: &'static str,
    hook: &'static str,
    title: &'static str,
}

/// The services that there are.
pub const SERVICES: [Service; 3] = [
    Service { path: ORDER_SIGN, hook: "order-sign", title: "Authorization of oncology orders, at signing" },
    Service { path: ORDER_SELECT, hook: "order-select", title: "Authorization of oncology orders, at choosing" },
    Service { path: ORDER_DISPATCH, hook: "order-dispatch", title: "Authorization of oncology orders, at sending" },
];

impl Service {
    /// The last part of its address.
    fn id(self) -> &'static str {
        self.path.strip_prefix(CDS_SERVICES).unwrap_or(self.path).trim_start_matches('/')
    }

    /// What the EHR sends along. Only names of the context's first level are portable.
    fn prefetch(self) -> Value {
        let mut wanted = json!({
            "patient": "Patient/{{context.patientId}}",
            "coverage": "Coverage?patient={{context.patientId}}&status=active&_include=Coverage:payor",
            "conditions": "Condition?patient={{context.patientId}}&clinical-status=active",
        });
        if self.hook == "order-dispatch" {
            put(&mut wanted, "medicationRequests", "MedicationRequest?patient={{context.patientId}}&status=active,draft");
            put(&mut wanted, "serviceRequests", "ServiceRequest?patient={{context.patientId}}&status=active,draft");
        } else {
            put(&mut wanted, "user", "{{context.userId}}");
            put(&mut wanted, "encounter", "Encounter/{{context.encounterId}}");
        }
        wanted
    }

    fn described(self) -> Value {
        let options = json!([
            {"code": "coverage-info", "type": "boolean", "name": "Coverage information", "default": true,
             "description": "Whether each order is covered and needs authorization"},
            {"code": "max-cards", "type": "integer", "name": "Cards at most", "default": hook::CARDS,
             "description": "Cards of an answer at most"},
        ]);
        json!({
            "hook": self.hook,
            "id": self.id(),
            "title": self.title,
            "description": "Says of each order whether the patient's plan needs prior authorization of it, and whether that is on file",
            "prefetch": self.prefetch(),
            "usageRequirements": "The coverage, with its payer, and what orders refer to have to come along; nothing is read back from the EHR",
            "extension": {"davinci-crd.version": ["2.2"], "davinci-crd.configuration-options": options},
        })
    }
}

/// `GET /cds-services`.
pub async fn get_services() -> Json<Value> {
    Json(json!({"services": SERVICES.map(Service::described)}))
}

/// `POST /cds-services/{id}`.
pub async fn answer(
    service: Service,
    app: App,
    caller: Caller,
    documented: Documented,
    Resource(sent): Resource,
) -> Result<Json<Value>, Failure> {
    let hook = Hook::read(&sent, service.hook).map_err(|(at, words)| Failure::bad(vec![Issue::at("value", at, words)]))?;
    let base = base(&app);
    let judged = judge::judge(&app, &caller, &hook, documented, &base).await;
    Ok(Json(write::answer(&app, &hook, judged.as_ref(), &base)))
}
