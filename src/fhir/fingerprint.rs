//! What a request is known by, and what is kept of it.

use super::element::{list, resource_type};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// Members of a Bundle that a resend may have anew: they say when and in which transmission it was sent.
const OF_THE_TRANSMISSION: [&str; 5] = ["id", "meta", "identifier", "timestamp", "signature"];
/// Members of `meta` that say when a resource was stored.
const OF_THE_STORE: [&str; 2] = ["lastUpdated", "versionId"];
/// Texts of a document that are longer are no part of what is kept.
const KEPT_DATA: usize = 1024;

/// SHA-256 over what a request asks for, whatever the order of members and entries, and whenever they were written.
pub fn of_request(bundle: &Value) -> [u8; 32] {
    let mut hash = Sha256::new();
    let is_asked = |name: &str| name != "entry" && !OF_THE_TRANSMISSION.contains(&name);
    for (name, value) in sorted(bundle).into_iter().filter(|(name, _)| is_asked(name)) {
        hash.update(name.as_bytes());
        hash.update(b":");
        add(value, &mut hash);
    }
    let mut entries: Vec<[u8; 32]> = list(bundle, "entry").iter().map(of_entry).collect();
    entries.sort_unstable();
    for entry in entries {
        hash.update(entry);
    }
    hash.finalize().into()
}

/// SHA-256 over an entry, without when its resource was stored and, of a Claim, written.
fn of_entry(entry: &Value) -> [u8; 32] {
    let mut entry = entry.clone();
    if let Some(resource) = entry.get_mut("resource") {
        if let Some(meta) = resource.get_mut("meta").and_then(Value::as_object_mut) {
            for name in OF_THE_STORE {
                meta.remove(name);
            }
        }
        if resource_type(resource) == "Claim"
            && let Some(members) = resource.as_object_mut()
        {
            members.remove("created");
        }
    }
    let mut hash = Sha256::new();
    add(&entry, &mut hash);
    hash.finalize().into()
}

/// The key under which a request is known for good.
pub fn key(system: &str, value: &str) -> String {
    let mut hash = Sha256::new();
    for part in [system, "|", value] {
        hash.update(part.as_bytes());
    }
    let mut key = String::from("fhir:");
    for byte in hash.finalize() {
        // a text takes whatever is written to it
        let _ = write!(key, "{byte:02x}");
    }
    key
}

fn sorted(value: &Value) -> Vec<(&String, &Value)> {
    let mut members: Vec<_> = value.as_object().into_iter().flatten().collect();
    members.sort_unstable_by_key(|(name, _)| *name);
    members
}

fn add(value: &Value, hash: &mut Sha256) {
    match value {
        Value::Object(_) => {
            hash.update(b"{");
            for (name, value) in sorted(value) {
                hash.update(name.as_bytes());
                hash.update(b":");
                add(value, hash);
            }
            hash.update(b"}");
        }
        Value::Array(items) => {
            hash.update(b"[");
            for item in items {
                add(item, hash);
                hash.update(b",");
            }
            hash.update(b"]");
        }
        other => hash.update(other.to_string().as_bytes()),
    }
}

/// The request without the documents in it.
pub fn without_documents(bundle: &Value) -> Value {
    match bundle {
        Value::Object(members) => {
            let is_document =
                |name: &str, value: &Value| name == "data" && value.as_str().is_some_and(|data| data.len() > KEPT_DATA);
            let kept = members.iter().filter(|(name, value)| !is_document(name, value));
            Value::Object(kept.map(|(name, value)| (name.clone(), without_documents(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(without_documents).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::{key, of_request, without_documents};
    use serde_json::{Value, json};

    #[test]
    fn a_resend_has_the_fingerprint_of_the_first_and_another_content_another() {
        let read = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
        let first = of_request(&read(r#"{"id": "1", "timestamp": "a", "type": "collection", "entry": [{"a": 1, "b": [2]}]}"#));
        assert_eq!(first, of_request(&read(r#"{"entry": [{"b": [2], "a": 1}], "type": "collection", "id": "2"}"#)));
        assert_ne!(first, of_request(&read(r#"{"type": "collection", "entry": [{"a": 1, "b": [3]}]}"#)));
        let entries = |one: &str, other: &str| {
            of_request(&read(&format!(r#"{{"entry": [{{"resource": {one}}}, {{"resource": {other}}}]}}"#)))
        };
        let claim = |created: &str| {
            format!(r#"{{"resourceType": "Claim", "created": "{created}", "meta": {{"lastUpdated": "{created}"}}}}"#)
        };
        let patient = |born: &str| format!(r#"{{"resourceType": "Patient", "created": "{born}"}}"#);
        assert_eq!(entries(&claim("1"), &patient("1")), entries(&patient("1"), &claim("2")));
        assert_ne!(entries(&claim("1"), &patient("1")), entries(&claim("1"), &patient("2")));
        assert_eq!(key("s", "v").len(), 69);
        assert_ne!(key("s", "v"), key("s", "w"));
    }

    #[test]
    fn documents_are_left_out_of_what_is_kept() {
        let long = "A".repeat(5000);
        let kept = without_documents(&json!({"content": [{"attachment": {"data": long, "title": "t"}}], "data": "short"}));
        assert_eq!(kept, json!({"content": [{"attachment": {"title": "t"}}], "data": "short"}));
    }
}
