//! Subscriptions as they are shown, and what subscribers are sent.

use super::{Context, extension, instant};
use crate::fhir::element::put;
use crate::fhir::urls;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

/// What stands in the place of a header's value.
pub const HIDDEN: &str = "********";

/// A new subscription, to be kept: without its status and its headers.
pub fn kept(
    id: Uuid,
    reason: &str,
    organizations: &[String],
    (endpoint, payload): (&str, &str),
    end: Option<DateTime<Utc>>,
) -> Value {
    let filter = format!("org-identifier={}", organizations.join(","));
    let mut subscription = json!({
        "resourceType": "Subscription",
        "id": id.to_string(),
        "meta": {"profile": [urls::SUBSCRIPTION]},
        "status": "requested",
        "reason": reason,
        "criteria": urls::TOPIC,
        "_criteria": {"extension": [extension(urls::FILTER_CRITERIA, "valueString", filter)]},
        "channel": {
            "type": "rest-hook",
            "endpoint": endpoint,
            "payload": payload,
            "_payload": {"extension": [extension(urls::PAYLOAD_CONTENT, "valueCode", "full-resource")]},
        },
    });
    if let Some(end) = end {
        put(&mut subscription, "end", instant(end));
    }
    subscription
}

/// How a subscription is doing.
#[derive(Debug, Clone, Copy)]
pub struct State<'a> {
    /// Its status, in the words of the standard.
    pub status: &'a str,
    /// What keeps it from being served.
    pub error: Option<&'a str>,
}

/// A kept subscription as it is shown.
pub fn shown(mut kept: Value, headers: &[String], state: State<'_>) -> Value {
    put(&mut kept, "status", state.status);
    if let Some(error) = state.error {
        put(&mut kept, "error", error);
    }
    if !headers.is_empty()
        && let Some(channel) = kept.get_mut("channel")
    {
        let name =
            |header: &String| header.split_once(':').map_or_else(|| HIDDEN.to_owned(), |(name, _)| format!("{name}: {HIDDEN}"));
        put(channel, "header", headers.iter().map(name).collect::<Vec<String>>());
    }
    kept
}

/// What is said of a subscription.
#[derive(Debug, Clone, Copy)]
pub struct Status<'a> {
    /// The subscription.
    pub id: Uuid,
    /// How it is doing.
    pub state: State<'a>,
    /// `handshake`, `event-notification` or `query-status`.
    pub kind: &'a str,
    /// Events so far.
    pub events: i64,
}

/// The status as `Parameters`, as R4 has it.
fn parameters(status: Status<'_>, event: Option<Value>, context: Context<'_>) -> Value {
    let reference = context.url("Subscription", &status.id.to_string());
    let mut parameters = vec![
        json!({"name": "subscription", "valueReference": {"reference": reference}}),
        json!({"name": "topic", "valueCanonical": urls::TOPIC}),
        json!({"name": "status", "valueCode": status.state.status}),
        json!({"name": "type", "valueCode": status.kind}),
        json!({"name": "events-since-subscription-start", "valueString": status.events.to_string()}),
    ];
    parameters.extend(event);
    if let Some(error) = status.state.error {
        parameters.push(json!({"name": "error", "valueCodeableConcept": {"text": error}}));
    }
    json!({
        "resourceType": "Parameters",
        "id": format!("{}-{}-{}", status.id, status.kind.split('-').next().unwrap_or_default(), status.events),
        "meta": {"profile": [urls::SUBSCRIPTION_STATUS]},
        "parameter": parameters,
    })
}

fn entry(url: &str, resource: &Value, method: &str, called: &str) -> Value {
    json!({"fullUrl": url, "resource": resource, "request": {"method": method, "url": called}, "response": {"status": "200"}})
}

fn status_entry(status: Status<'_>, event: Option<Value>, context: Context<'_>) -> Value {
    let resource = parameters(status, event, context);
    let url = context.url("Parameters", resource.get("id").and_then(Value::as_str).unwrap_or_default());
    let called = format!("{}/$status", context.url("Subscription", &status.id.to_string()));
    entry(&url, &resource, "GET", &called)
}

fn notification(entries: &[Value], at: DateTime<Utc>) -> Value {
    json!({
        "resourceType": "Bundle",
        "meta": {"profile": [urls::SUBSCRIPTION_NOTIFICATION]},
        "type": "history",
        "timestamp": instant(at),
        "entry": entries,
    })
}

/// What a receiver is sent first, with the number of events that were told before: of a subscription that was changed.
pub fn handshake(id: Uuid, events: i64, at: DateTime<Utc>, context: Context<'_>) -> Value {
    let state = State { status: "requested", error: None };
    let status = Status { id, state, kind: "handshake", events };
    notification(&[status_entry(status, None, context)], at)
}

/// What a receiver is told of an event: the answer as it stands, as a Bundle.
pub fn event(id: Uuid, number: i64, happened: DateTime<Utc>, answer: &Value, at: DateTime<Utc>, context: Context<'_>) -> Value {
    let focus = context.url("Bundle", answer.get("id").and_then(Value::as_str).unwrap_or_default());
    let part = json!({"name": "notification-event", "part": [
        {"name": "event-number", "valueString": number.to_string()},
        {"name": "timestamp", "valueInstant": instant(happened)},
        {"name": "focus", "valueReference": {"reference": focus}},
    ]});
    let state = State { status: "active", error: None };
    let status = Status { id, state, kind: "event-notification", events: number };
    let told = entry(&focus, answer, "GET", &focus);
    notification(&[status_entry(status, Some(part), context), told], at)
}

/// The answer to `$status`.
pub fn status(status: Status<'_>, at: DateTime<Utc>, context: Context<'_>) -> Value {
    let resource = parameters(status, None, context);
    let url = context.url("Parameters", resource.get("id").and_then(Value::as_str).unwrap_or_default());
    json!({
        "resourceType": "Bundle",
        "type": "searchset",
        "timestamp": instant(at),
        "total": 1,
        "entry": [{"fullUrl": url, "resource": resource, "search": {"mode": "match"}}],
    })
}
