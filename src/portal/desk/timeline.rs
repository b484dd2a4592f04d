//! What happened to a case, for the desk: who asked for what, what came, what was said on the phone, what the practice changed.

use super::super::case::what_happened;
use super::super::differences::{place, value};
use super::super::shell::role_in_words;
use crate::app::orders::Event;
use crate::documents::words;
use crate::domain::case::PeerToPeer;
use crate::domain::vocabulary::CallerRole;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::Value;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Happened {
    pub at: String,
    pub what: String,
    pub who: String,
    /// Notes, in the writer's words.
    pub note: Option<String>,
    /// Particulars.
    pub details: Vec<String>,
    /// True for what came after the nurse handed the case over, or last acted on it.
    pub is_new: bool,
}

/// The events, oldest first. To a physician what came since the nurse's last act is new.
pub(super) fn of(events: &[Event], role: CallerRole, zone: Tz) -> Vec<Happened> {
    let by_nurse = |event: &Event| event.actor_role == CallerRole::Nurse.as_str() && event.document.is_some();
    let since = (role == CallerRole::Physician).then(|| events.iter().rposition(by_nurse)).flatten();
    let told = |(place, event): (usize, &Event)| told(event, role, zone, since.is_some_and(|since| place > since));
    events.iter().enumerate().filter_map(told).collect()
}

/// How the peer-to-peer discussion stands, and for when it is agreed.
pub(super) fn call(state: PeerToPeer, events: &[Event], zone: Tz) -> String {
    let agreed = (state == PeerToPeer::Scheduled).then(|| agreed(events, zone)).flatten();
    agreed.map_or_else(|| state.as_words().to_owned(), |when| format!("agreed for {when}"))
}

/// The time and the person that were agreed on last.
pub(super) fn agreed(events: &[Event], zone: Tz) -> Option<String> {
    let last = events.iter().rfind(|event| event.kind == "peer_to_peer_scheduled")?;
    let detail = last.detail.as_ref()?;
    let at = detail.get("at")?.as_str()?.parse::<DateTime<Utc>>().ok()?;
    let name = detail.get("with").and_then(|with| with.as_str().or_else(|| with.get("name").and_then(Value::as_str)));
    let with = name.map(|name| format!(", with {name}")).unwrap_or_default();
    Some(format!("{}{with}", words::instant(&at, &zone)))
}

/// When and by whom a case was decided, for somebody who wanted to.
pub(super) fn decided(events: &[Event], zone: Tz) -> String {
    let decision =
        |event: &&Event| matches!(event.kind.as_str(), "determined" | "denied_at_deadline" | "duplicate_decided" | "withdrawn");
    events.iter().rfind(decision).map_or_else(
        || "The case is decided. Nothing was done.".to_owned(),
        |event| {
            let who = CallerRole::parse(&event.actor_role).map_or("the clock", |_| event.actor_subject.as_str());
            format!("The case was decided {} by {who}. Nothing was done.", words::instant(&event.at, &zone))
        },
    )
}

/// What happened to a case since this version of it.
pub(super) fn since(events: &[Event], version: i64, role: CallerRole, zone: Tz) -> Vec<Happened> {
    // every event that changed the case made a version of it
    let mut seen = 0;
    let later = events.iter().filter(|event| {
        seen += i64::from(event.document.is_some());
        seen > version
    });
    later.filter_map(|event| told(event, role, zone, true)).collect()
}

fn told(event: &Event, role: CallerRole, zone: Tz, is_new: bool) -> Option<Happened> {
    let what = what_happened(&event.kind, role)?;
    let who = CallerRole::parse(&event.actor_role)
        .map_or_else(|| "The clock".to_owned(), |role| format!("{} ({})", event.actor_subject, role_in_words(role)));
    let details = event.detail.as_ref().map(|detail| details(detail, zone)).unwrap_or_default();
    Some(Happened { at: words::instant(&event.at, &zone), what, who, note: event.reason.clone(), details, is_new })
}

fn details(detail: &Value, zone: Tz) -> Vec<String> {
    let text = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).map(str::to_owned);
    let list = |name: &str| detail.get(name).and_then(Value::as_array).into_iter().flatten();
    let mut found: Vec<String> = list("items").filter_map(Value::as_str).map(|item| format!("asked for: {item}")).collect();
    if let Some(called) = detail.get("contacted").and_then(Value::as_object) {
        let parts: Vec<&str> = called.values().filter_map(Value::as_str).collect();
        if !parts.is_empty() {
            found.push(format!("called: {}", parts.join(", ")));
        }
    }
    match detail.get("with") {
        Some(Value::String(name)) => found.push(format!("with {name}")),
        Some(person @ Value::Object(_)) => {
            let parts = ["name", "role"].iter().filter_map(|part| text(person, part));
            found.push(format!("with {}", parts.map(|part| part.replace('_', " ")).collect::<Vec<_>>().join(", ")));
        }
        _ => {}
    }
    match detail.get("duplicate").and_then(Value::as_bool) {
        Some(true) => found.push("it is a duplicate".to_owned()),
        Some(false) => found.push("it is no duplicate".to_owned()),
        None => {}
    }
    let at = text(detail, "at").and_then(|at| at.parse::<DateTime<Utc>>().ok());
    found.extend(at.map(|at| format!("at {}", words::instant(&at, &zone))));
    for change in list("changes") {
        let part = |name: &str| change.get(name).map_or_else(|| value(&Value::Null), value);
        let pointer = text(change, "pointer").unwrap_or_default();
        found.push(format!("{}: {} → {}", place(&pointer), part("before"), part("after")));
    }
    for line in list("drugs") {
        let decision = match text(line, "decision").as_deref() {
            Some("authorized") => "authorized",
            Some("non_authorized") => "not authorized",
            _ => continue,
        };
        found.push(format!("line {}: {decision}", line.get("line").map_or_else(String::new, value)));
    }
    found
}
