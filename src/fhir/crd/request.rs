//! The orders of a call as a request for authorization would have them, so that they are read as one is.

use super::hook::Hook;
use crate::domain::content::CodeTables;
use crate::fhir::element::{codings, date, is_system, list, put, resource_type, text};
use crate::fhir::read::items::with_dot;
use crate::fhir::read::order;
use crate::fhir::urls;
use chrono::NaiveDate;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashSet};

/// Id of a clinician of whom nothing came along.
const NOBODY: &str = "not-sent";
/// Id of the request.
const REQUEST: &str = "of-this-call";

/// The coverage of the patient by a plan of this service, with the plan; one in force before another.
pub fn coverage<'v>(hook: &Hook<'v>, tables: &CodeTables) -> Option<(&'v Value, String)> {
    let all = hook.resources.iter().copied().filter(|resource| resource_type(resource) == "Coverage");
    let of_plan = all.filter_map(|coverage| Some((coverage, order::plan_of(payer(hook, coverage)?, tables)?)));
    let (in_force, others): (Vec<_>, Vec<_>) = of_plan.partition(|(coverage, _)| text(coverage, "status") == Some("active"));
    in_force.into_iter().chain(others).next()
}

/// Identifiers of who pays.
fn payer<'v>(hook: &Hook<'v>, coverage: &'v Value) -> Option<&'v [Value]> {
    let payor = list(coverage, "payor").first()?;
    let organization = text(payor, "reference").and_then(|reference| {
        let (_, id) = reference.rsplit_once("Organization/")?;
        hook.sent_along("Organization", id)
    });
    Some(list(organization.unwrap_or(payor), "identifier"))
}

/// What the orders are for, as Claims say it: each diagnosis once that a reason of an answered order gives, by a code or as a Condition that
/// came along.
pub fn diagnoses(hook: &Hook<'_>) -> Vec<Value> {
    let mut seen = Vec::new();
    let mut found = Vec::new();
    let mut add = |concept: &Value, diagnosis: Value| {
        let codes = codings(concept).filter(|coding| is_system(coding.system, "/icd-10-cm"));
        let codes: BTreeSet<String> = codes.map(|coding| with_dot(coding.code)).collect();
        if !codes.is_empty() && !seen.contains(&codes) {
            seen.push(codes);
            found.push(diagnosis);
        }
    };
    for order in hook.orders.iter().filter(|order| hook.answers(order)) {
        for reason in list(order, "reasonCode") {
            add(reason, json!({"sequence": 1, "diagnosisCodeableConcept": reason}));
        }
        for reference in list(order, "reasonReference") {
            let named = text(reference, "reference").and_then(|reference| reference.rsplit_once("Condition/"));
            let condition = named.and_then(|(_, id)| hook.sent_along("Condition", id));
            if let Some(concept) = condition.and_then(|condition| condition.get("code")) {
                add(concept, json!({"sequence": 1, "diagnosisReference": reference}));
            }
        }
    }
    found
}

/// The day from which an order is to be carried out, where it says one.
pub fn day(order: &Value) -> Option<NaiveDate> {
    let of_timing = |timing: &Value| {
        let event = timing.get("event").and_then(|events| events.get(0)).and_then(Value::as_str);
        event.or_else(|| timing.pointer("/repeat/boundsPeriod/start").and_then(Value::as_str)).and_then(date)
    };
    let at = |pointer: &str| order.pointer(pointer).and_then(Value::as_str).and_then(date);
    let dosed = list(order, "dosageInstruction").iter().filter_map(|instruction| of_timing(instruction.get("timing")?));
    let timed = order.get("occurrenceTiming").and_then(of_timing);
    let written = ["/dispenseRequest/validityPeriod/start", "/occurrenceDateTime", "/occurrencePeriod/start"];
    dosed.chain(timed).chain(written.into_iter().filter_map(at)).min()
}

/// The orders as a request under this coverage, with this diagnosis.
pub fn write(hook: &Hook<'_>, orders: &[&Value], coverage: &Value, diagnosis: Option<&Value>, base: &str) -> Value {
    let address = |resource: &Value| format!("{}/{}", resource_type(resource), text(resource, "id").unwrap_or_default());
    let reference = |resource: &Value| json!({"reference": address(resource)});
    let nobody = json!({"resourceType": "Practitioner", "id": NOBODY});
    let payor = list(coverage, "payor").first().cloned().unwrap_or_default();
    let payor = payor.get("identifier").map_or_else(|| payor.clone(), |identifier| json!({ "identifier": identifier }));
    let items: Vec<Value> = orders
        .iter()
        .enumerate()
        .map(|(index, order)| {
            json!({
                "sequence": index + 1,
                "extension": [{"url": urls::REQUESTED_SERVICE, "valueReference": reference(order)}],
            })
        })
        .collect();
    let mut claim = json!({
        "resourceType": "Claim", "id": REQUEST, "status": "active", "use": "preauthorization",
        "identifier": [{"system": format!("{base}/crd"), "value": hook.instance}],
        "patient": {"reference": format!("Patient/{}", hook.patient_id)},
        "insurer": payor,
        "provider": reference(requester(hook, orders).unwrap_or(&nobody)),
        "insurance": [{"sequence": 1, "focal": true, "coverage": reference(coverage)}],
        "item": items,
    });
    if let Some(diagnosis) = diagnosis {
        put(&mut claim, "diagnosis", json!([diagnosis]));
    }
    if let Some(encounter) = hook.encounter_id.and_then(|id| hook.sent_along("Encounter", id)) {
        put(&mut claim, "extension", json!([{"url": urls::ENCOUNTER, "valueReference": reference(encounter)}]));
    }
    let others = || hook.resources.iter().copied().chain(orders.iter().copied()).chain([&nobody]);
    let known: HashSet<String> = others().map(address).collect();
    let entries = std::iter::once(&claim).chain(others()).map(|resource| {
        let mut resource = resource.clone();
        let url = format!("{base}/crd/{}", address(&resource));
        shorten(&mut resource, &known);
        json!({"fullUrl": url, "resource": resource})
    });
    json!({"resourceType": "Bundle", "type": "collection", "entry": entries.collect::<Vec<_>>()})
}

/// Writes references to what came along by type and id alone: all of a call is of one EHR, however its server is called.
fn shorten(value: &mut Value, known: &HashSet<String>) {
    let short = text(value, "reference").and_then(|reference| {
        let (start, _) = reference.rmatch_indices('/').nth(1)?;
        reference.get(start + 1..).filter(|short| known.contains(*short)).map(str::to_owned)
    });
    if let Some(short) = short {
        put(value, "reference", short);
    }
    match value {
        Value::Object(members) => members.values_mut().for_each(|member| shorten(member, known)),
        Value::Array(items) => items.iter_mut().for_each(|item| shorten(item, known)),
        _ => {}
    }
}

/// Who asks for the orders, where all of them name the same and who that is came along.
fn requester<'v>(hook: &Hook<'v>, orders: &[&Value]) -> Option<&'v Value> {
    let mut named = orders.iter().map(|order| {
        let reference = text(order.get("requester")?, "reference")?;
        let (before, id) = reference.rsplit_once('/')?;
        hook.sent_along(before.rsplit('/').next().unwrap_or(before), id)
    });
    let first = named.next()??;
    named.all(|other| other.is_some_and(|other| std::ptr::eq(other, first))).then_some(first)
}
