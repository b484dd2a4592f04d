//! The Bundle of an answer: what was decided, and those resources of the request that it refers to, as they were sent.

use super::{Context, instant, without_nothing};
use crate::fhir::element::{list, resource_type, text};
use crate::fhir::read::bundle::{Bundle, Entry};
use crate::fhir::read::claim::Claim;
use crate::fhir::write::claim_response::Kind;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// The resources of a request that an answer repeats.
#[derive(Debug)]
pub struct Repeated<'v> {
    /// The patient's full URL.
    pub patient: String,
    /// The payer's, where the request has it.
    pub insurer: Option<String>,
    /// That of who asked.
    pub requestor: String,
    /// The Claim's, which is not repeated.
    pub claim: String,
    entries: Vec<(String, Entry<'v>)>,
}

impl<'v> Repeated<'v> {
    /// Of a request: the patient, the payer, who asks, and whom they refer to.
    pub fn of(bundle: &Bundle<'v>, claim: &Claim<'v>, context: Context<'_>) -> Self {
        let mut repeated = Self {
            patient: full_url(claim.patient, context),
            insurer: claim.insurer.map(|entry| full_url(entry, context)),
            requestor: full_url(claim.provider, context),
            claim: full_url(claim.entry, context),
            entries: Vec::new(),
        };
        let mut open: Vec<Entry<'v>> = [Some(claim.patient), claim.insurer, Some(claim.provider)].into_iter().flatten().collect();
        while let Some(entry) = open.pop() {
            if repeated.entries.iter().any(|(_, other)| *other == entry) {
                continue;
            }
            repeated.entries.push((full_url(entry, context), entry));
            for reference in references(entry.resource) {
                open.extend(bundle.resolve(entry, reference).filter(|target| target.resource != claim.entry.resource));
            }
        }
        repeated.entries.sort_by_key(|(_, entry)| entry.index);
        repeated
    }
}

/// The full URL of an entry: as sent, or, where it has none, one that its type and id make.
pub fn full_url(entry: Entry<'_>, context: Context<'_>) -> String {
    let made = || {
        let id = text(entry.resource, "id").map_or_else(|| format!("entry-{}", entry.index), str::to_owned);
        context.url(entry.kind(), &id)
    };
    entry.full_url.map_or_else(made, str::to_owned)
}

/// Every reference in a resource that is not to something contained.
fn references(value: &Value) -> Vec<&Value> {
    match value {
        Value::Object(members) => {
            let own = text(value, "reference").is_some_and(|target| !target.starts_with('#')).then_some(value);
            own.into_iter().chain(members.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// Takes out references to what the Bundle does not have, so that every one of them leads to an entry.
fn without_loose_ends(value: &mut Value, is_there: &impl Fn(&Value) -> bool) {
    match value {
        Value::Object(members) => {
            let loose =
                |member: &Value| text(member, "reference").is_some_and(|target| !target.starts_with('#')) && !is_there(member);
            members.retain(|_, member| !loose(member));
            for member in members.values_mut() {
                if let Value::Array(items) = member {
                    items.retain(|item| !loose(item));
                }
                without_loose_ends(member, is_there);
            }
            members.retain(|_, member| !member.as_array().is_some_and(Vec::is_empty));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| without_loose_ends(item, is_there)),
        _ => {}
    }
}

/// What a Bundle answers.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'a> {
    /// The transmission, where it is another one than the request.
    pub of: Option<&'a Value>,
    /// What kind of answer it is.
    pub kind: Kind,
    /// What the writer needs beside it.
    pub context: Context<'a>,
}

/// The Bundle with these resources made here, the answer first.
pub fn write(bundle: &Bundle<'_>, repeated: &Repeated<'_>, made: Vec<Value>, sent: Sent<'_>, at: DateTime<Utc>) -> Value {
    let Sent { of, kind, context } = sent;
    let id = made.first().and_then(|answer| text(answer, "id")).unwrap_or_default().to_owned();
    let own = made.into_iter().map(|resource| {
        let url = context.url(resource_type(&resource), text(&resource, "id").unwrap_or_default());
        json!({"fullUrl": url, "resource": resource})
    });
    let others = repeated.entries.iter().map(|(url, entry)| {
        let mut resource = entry.resource.clone();
        let is_there = |reference: &Value| {
            bundle.resolve(*entry, reference).is_some_and(|target| repeated.entries.iter().any(|(_, kept)| *kept == target))
        };
        without_loose_ends(&mut resource, &is_there);
        without_nothing(&mut resource);
        json!({"fullUrl": url, "resource": resource})
    });
    json!({
        "resourceType": "Bundle",
        "id": id,
        "meta": {"profile": [kind.bundle()]},
        "identifier": identifier(of.unwrap_or(bundle.resource), &id, context),
        "type": "collection",
        "timestamp": instant(at),
        "entry": own.chain(others).collect::<Vec<_>>(),
    })
}

/// The identifier of the transaction: that of the request, as a Bundle's has to be repeated, else one of ours.
fn identifier(bundle: &Value, id: &str, context: Context<'_>) -> Value {
    let sent = list(bundle, "identifier").iter().find_map(|it| Some((text(it, "system"), text(it, "value")?)));
    match sent {
        Some((Some(system), value)) => json!({"system": system, "value": value}),
        Some((None, value)) => json!({ "value": value }),
        None => json!({"system": format!("{}/transaction", context.base), "value": id}),
    }
}
