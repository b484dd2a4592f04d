//! A request that is understood and refused: a `ClaimResponse` with errors and no items. Nothing is stored as an order.

use super::claim_response::{claim_type, insurer, transmission};
use super::{Context, concept, extension, instant};
use crate::fhir::element::put;
use crate::fhir::read::claim::Claim;
use crate::fhir::read::order::Rejected;
use crate::fhir::urls;
use crate::fhir::write::bundle::Repeated;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

/// Writes the refusal.
pub fn write(
    claim: &Claim<'_>,
    repeated: &Repeated<'_>,
    rejected: &[Rejected],
    context: Context<'_>,
    id: Uuid,
    at: DateTime<Utc>,
) -> Value {
    let errors: Vec<Value> = rejected.iter().map(|rejected| error(rejected, context)).collect();
    let notes: Vec<Value> = (1..)
        .zip(rejected)
        .map(|(number, rejected)| json!({"number": number, "type": "display", "text": rejected.text}))
        .collect();
    let mut response = json!({
        "resourceType": "ClaimResponse",
        "id": id.to_string(),
        "meta": {"profile": [urls::CLAIM_RESPONSE]},
        "identifier": [{"system": format!("{}/refusal", context.base), "value": id.to_string()}],
        "status": "active",
        "type": claim_type(claim),
        "use": "preauthorization",
        "patient": {"reference": repeated.patient},
        "created": instant(at),
        "insurer": insurer(claim, repeated),
        "requestor": {"reference": repeated.requestor},
        "request": {"reference": repeated.claim},
        "outcome": "error",
        "processNote": notes,
        "error": errors,
    });
    if let Some(transmission) = transmission(claim) {
        put(&mut response, "extension", json!([transmission]));
    }
    response
}

fn error(rejected: &Rejected, context: Context<'_>) -> Value {
    let mut extensions = vec![extension(urls::ERROR_PATH, "valueString", rejected.expression.as_str())];
    let mut error = json!({});
    if let Some(item) = rejected.item {
        put(&mut error, "itemSequence", json!(item));
    }
    if let Some(codes) = context.content.code_tables.rejections.get(rejected.refusal) {
        extensions.push(extension(
            urls::FOLLOW_UP,
            "valueCodeableConcept",
            concept(urls::X12_FOLLOW_UPS, &codes.follow_up, None),
        ));
        put(&mut error, "code", concept(urls::X12_REJECTIONS, &codes.code, None));
    }
    put(&mut error, "extension", json!(extensions));
    error
}
