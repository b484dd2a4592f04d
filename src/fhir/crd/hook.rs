//! A call of a hook: the orders it is about, and what the EHR sent along.

use crate::fhir::element::{list, resource_type, text};
use serde_json::Value;
use std::collections::HashSet;

/// Cards of an answer at most, where the call does not say how many.
pub const CARDS: usize = 10;
/// Orders at most.
const ORDERS_AT_MOST: usize = 100;
/// Types of orders that are answered.
const ORDERS: [&str; 2] = ["MedicationRequest", "ServiceRequest"];
/// States of orders that somebody carries out.
const LIVE: [&str; 3] = ["draft", "active", "on-hold"];

/// A call.
#[derive(Debug)]
pub struct Hook<'v> {
    /// By which the EHR knows the call.
    pub instance: &'v str,
    /// The orders that are judged, in their order.
    pub orders: Vec<&'v Value>,
    /// Addresses of those that are answered; all of them where there are none.
    selected: Option<HashSet<&'v str>>,
    /// Everything else that came, each resource once.
    pub resources: Vec<&'v Value>,
    /// The patient.
    pub patient_id: &'v str,
    /// The encounter, where there is one.
    pub encounter_id: Option<&'v str>,
    /// False where the EHR wants no coverage information.
    pub wants_coverage: bool,
    /// Cards at most.
    pub cards_at_most: usize,
}

/// Where a fault is, and in words.
type Fault = (&'static str, &'static str);

impl<'v> Hook<'v> {
    /// Reads a call of this hook.
    pub fn read(sent: &'v Value, hook: &str) -> Result<Self, Fault> {
        if text(sent, "hook") != Some(hook) {
            return Err(("hook", "this is the service of another hook: GET /cds-services says which is whose"));
        }
        let instance = text(sent, "hookInstance").ok_or(("hookInstance", "a call has its own number, a UUID"))?;
        let context = sent.get("context").filter(|context| context.is_object()).ok_or(("context", "a call has a context"))?;
        let patient_id = text(context, "patientId").ok_or(("context.patientId", "say for whom it is ordered"))?;
        let mut resources = Vec::new();
        let mut seen = HashSet::new();
        for value in sent.get("prefetch").and_then(Value::as_object).into_iter().flat_map(|prefetch| prefetch.values()) {
            collect(value, &mut resources, &mut seen);
        }
        let (mut orders, selected) = if hook == "order-dispatch" {
            dispatched(context, &resources)?
        } else {
            let drafts = context.get("draftOrders").filter(|drafts| resource_type(drafts) == "Bundle");
            let drafts = drafts.ok_or(("context.draftOrders", "send the orders as a Bundle"))?;
            let orders = list(drafts, "entry").iter().filter_map(|entry| entry.get("resource")).collect();
            (orders, (hook == "order-select").then(|| references(context, "selections")))
        };
        orders.retain(|order: &&Value| is_live(order));
        if orders.len() > ORDERS_AT_MOST {
            return Err(("context", "a call has 100 orders at most"));
        }
        let ordered: HashSet<_> = orders.iter().map(|order| key(order)).collect();
        if ordered.len() < orders.len() {
            return Err(("context.draftOrders", "two orders have the same type and id: give each its own"));
        }
        resources.retain(|resource| !ordered.contains(&key(resource)));
        let options = sent.pointer("/extension/davinci-crd.configuration").unwrap_or(&Value::Null);
        let most = options.get("max-cards").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
        Ok(Self {
            instance,
            orders,
            selected,
            resources,
            patient_id: bare(patient_id),
            encounter_id: text(context, "encounterId").map(bare),
            wants_coverage: options.get("coverage-info") != Some(&Value::Bool(false)),
            cards_at_most: most.unwrap_or(CARDS),
        })
    }

    /// True where this order is to be answered, and not only judged with the others.
    pub fn answers(&self, order: &Value) -> bool {
        let (kind, id) = key(order);
        self.selected.as_ref().is_none_or(|selected| selected.contains(format!("{kind}/{id}").as_str()))
    }

    /// The resource with this type and id that came along.
    pub fn sent_along(&self, kind: &str, id: &str) -> Option<&'v Value> {
        self.resources.iter().copied().find(|resource| key(resource) == (kind, id))
    }
}

/// Orders to judge, and addresses of those to answer.
type Orders<'v> = (Vec<&'v Value>, Option<HashSet<&'v str>>);

/// The orders that are sent out, and others that came along, which are judged with them as far as there is room.
fn dispatched<'v>(context: &'v Value, resources: &[&'v Value]) -> Result<Orders<'v>, Fault> {
    let mut asked = references(context, "dispatchedOrders");
    // version 1 of the hook has one order
    asked.extend(text(context, "order").map(short));
    if asked.is_empty() {
        return Err(("context.dispatchedOrders", "say which orders are sent"));
    }
    if asked.len() > ORDERS_AT_MOST {
        return Err(("context.dispatchedOrders", "a call has 100 orders at most"));
    }
    let is_asked = |order: &&&Value| asked.contains(format!("{}/{}", key(order).0, key(order).1).as_str());
    let live = resources.iter().filter(|order| is_live(order));
    let (sent, others): (Vec<&Value>, Vec<&Value>) = live.copied().partition(|order| is_asked(&order));
    let orders = sent.into_iter().chain(others).take(ORDERS_AT_MOST).collect();
    Ok((orders, Some(asked)))
}

fn key(resource: &Value) -> (&str, &str) {
    (resource_type(resource), text(resource, "id").unwrap_or_default())
}

/// An id without the type that some write before it.
fn bare(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

fn is_live(order: &Value) -> bool {
    ORDERS.contains(&resource_type(order))
        && text(order, "id").is_some()
        && text(order, "status").is_some_and(|status| LIVE.contains(&status))
        && order.get("doNotPerform").is_none_or(|flag| *flag == false)
}

/// Every resource of a value that came along, those of Bundles too; what an EHR could not find is no resource of it.
fn collect<'v>(value: &'v Value, into: &mut Vec<&'v Value>, seen: &mut HashSet<(&'v str, &'v str)>) {
    match resource_type(value) {
        "" | "OperationOutcome" => {}
        "Bundle" => {
            let inner = list(value, "entry").iter().filter_map(|entry| entry.get("resource"));
            for resource in inner.filter(|resource| resource_type(resource) != "Bundle") {
                collect(resource, into, seen);
            }
        }
        _ => {
            if text(value, "id").is_some() && seen.insert(key(value)) {
                into.push(value);
            }
        }
    }
}

/// References as texts, without what stands before the type.
fn references<'v>(context: &'v Value, name: &str) -> HashSet<&'v str> {
    let all = context.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    all.map(short).collect()
}

fn short(reference: &str) -> &str {
    let from = ORDERS.iter().find_map(|kind| reference.rfind(&format!("{kind}/")));
    from.and_then(|from| reference.get(from..)).unwrap_or(reference)
}
