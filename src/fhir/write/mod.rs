//! From a case to resources. A writer says what the case says; it decides nothing.

pub mod asked;
pub mod bundle;
pub mod claim_response;
pub mod metadata;
pub mod refusal;
pub mod request;
pub mod subscription;

use crate::fhir::element::put;
use serde_json::{Value, json};

/// An extension with one value.
fn extension(url: &str, name: &str, value: impl Into<Value>) -> Value {
    let mut extension = json!({ "url": url });
    put(&mut extension, name, value.into());
    extension
}

/// A concept with one code.
fn concept(system: &str, code: &str, display: Option<&str>) -> Value {
    let mut coding = json!({"system": system, "code": code});
    if let Some(display) = display {
        put(&mut coding, "display", json!(display));
    }
    json!({ "coding": [coding] })
}

/// Takes out null members, empty objects, empty lists and blank texts: FHIR has none.
fn without_nothing(value: &mut Value) {
    let is_nothing = |value: &Value| match value {
        Value::Null => true,
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    };
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(without_nothing);
            members.retain(|_, member| !is_nothing(member));
        }
        Value::Array(items) => {
            items.iter_mut().for_each(without_nothing);
            items.retain(|item| !is_nothing(item));
        }
        _ => {}
    }
}

/// An instant as it goes out: in UTC, to the millisecond.
pub fn instant(at: chrono::DateTime<chrono::Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// What every writer is told.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// What resources made here are addressed below: `https://host/fhir`.
    pub base: &'a str,
    /// Content that has the codes and the words of reasons.
    pub content: &'a crate::domain::content::Content,
}

impl Context<'_> {
    /// The full URL of a resource made here.
    fn url(&self, kind: &str, id: &str) -> String {
        format!("{}/{kind}/{id}", self.base)
    }
}
