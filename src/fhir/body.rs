//! Bodies: both media types, a bound on size and on how much is in it, and one JSON object.

use super::outcome::{Failure, Issue};
use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::Cell;
use std::fmt;

/// The largest body, in bytes: documents travel within.
pub const LIMIT: usize = 12 * 1024 * 1024;
/// Values in a body at most. A request of a large order has some thousands; many small ones cost memory before anything is looked at.
const VALUES_AT_MOST: usize = 200_000;

/// The resource that was sent.
#[derive(Debug)]
pub struct Resource(pub Value);

impl<S: Send + Sync> FromRequest<S> for Resource {
    type Rejection = Failure;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Failure> {
        check_media_type(&request)?;
        let announced =
            request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|length| length > LIMIT) {
            return Err(too_large());
        }
        let bytes = to_bytes(request.into_body(), LIMIT).await.map_err(|error| {
            let over =
                std::error::Error::source(&error).is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>);
            if over { too_large() } else { Failure::bad_one("structure", "the body broke off") }
        })?;
        let value = parse(&bytes).map_err(|error| {
            let text =
                if bytes.is_empty() { "the body is empty".to_owned() } else { format!("the body cannot be read: {error}") };
            Failure::bad_one("structure", text)
        })?;
        if value.is_object() {
            Ok(Self(value))
        } else {
            Err(Failure::bad_one("structure", "the body is one resource, a JSON object"))
        }
    }
}

fn check_media_type(request: &Request) -> Result<(), Failure> {
    let sent = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = sent.split(';').next().unwrap_or_default().trim();
    if ["application/fhir+json", "application/json"].iter().any(|known| known.eq_ignore_ascii_case(essence)) {
        return Ok(());
    }
    let issue = Issue::new("not-supported", "send the body with `Content-Type: application/fhir+json`");
    Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, vec![issue]))
}

fn too_large() -> Failure {
    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, vec![Issue::new("too-long", format!("the body may have {LIMIT} bytes"))])
}

/// Reads one JSON text. A name that occurs twice in an object is no silent choice but an error, and so is a NUL character, which the database
/// cannot store.
fn parse(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let left = Cell::new(VALUES_AT_MOST);
    let value = Node(&left).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// A value, with how many more there may be.
#[derive(Clone, Copy)]
struct Node<'c>(&'c Cell<usize>);

impl Node<'_> {
    fn text<E: Error>(text: &str) -> Result<&str, E> {
        if text.contains('\0') { Err(E::custom("a text has the NUL character")) } else { Ok(text) }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.0.get().checked_sub(1).ok_or_else(|| D::Error::custom(format!("more than {VALUES_AT_MOST} values")))?;
        self.0.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Self::text(text).map(Value::from)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            Self::text::<A::Error>(&name)?;
            if object.contains_key(&name) {
                return Err(A::Error::custom(format!("`{name}` occurs twice in the same object")));
            }
            let value = members.next_value_seed(self)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::{VALUES_AT_MOST, parse};

    #[test]
    fn what_is_ambiguous_or_endless_is_an_error() {
        assert!(parse(br#"{"a": [1, 2.5, "x", null, true]}"#).is_ok());
        for text in [r#"{"a": 1, "a": 1}"#, r#"{"a": "\u0000"}"#, r#"{"\u0000": 1}"#, "{}{}", "", "{", "\u{feff}{}"] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        let many = |count: usize| format!("[{}0]", "0,".repeat(count));
        assert!(parse(many(1000).as_bytes()).is_ok());
        assert!(parse(many(VALUES_AT_MOST).as_bytes()).is_err());
        assert!(parse(format!("{}{}", "[".repeat(5000), "]".repeat(5000)).as_bytes()).is_err());
    }
}
