//! `Idempotency-Key`, and the fingerprint of what it was sent for.

use super::problem::Problem;
use crate::app::Idempotent;
use crate::app::idempotency::Answer;
use crate::domain::refusal::Fault;
use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Header of the request.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Header of an answer that was given before.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The header of an answer that was given before; none on a first answer.
pub fn idempotency_replayed(replayed: bool) -> Option<[(HeaderName, HeaderValue); 1]> {
    replayed.then(|| [(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"))])
}

/// A kept or fresh answer of [`once`](crate::app::idempotency::once), as it goes out.
pub fn respond(answer: Answer) -> Result<Response, Problem> {
    let status = StatusCode::from_u16(answer.status).map_err(|error| Problem::internal(error.to_string()))?;
    let mut response = (status, idempotency_replayed(answer.replayed), Json(answer.body)).into_response();
    if let Some(location) = answer.location {
        let location = HeaderValue::from_str(&location).map_err(|error| Problem::internal(error.to_string()))?;
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// The key, where the caller sent one, with the method and path it came to.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    key: Option<String>,
    method: Method,
    path: String,
}

impl IdempotencyKey {
    /// True where the caller sent one.
    pub const fn is_sent(&self) -> bool {
        self.key.is_some()
    }

    /// The key with the fingerprint of this payload; `Value::Null` for calls without a body.
    pub fn with_payload(self, payload: &Value) -> Option<Idempotent> {
        let fingerprint = fingerprint(&self.method, &self.path, payload);
        self.key.map(|key| Idempotent { key, fingerprint })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let values: Vec<&HeaderValue> = parts.headers.get_all(IDEMPOTENCY_KEY).iter().collect();
        let key = match values.as_slice() {
            [] => None,
            [value] => Some(value.to_str().ok().filter(|text| is_well_formed(text)).ok_or_else(malformed)?.to_owned()),
            _ => return Err(malformed()),
        };
        Ok(Self { key, method: parts.method.clone(), path: parts.uri.path().to_owned() })
    }
}

fn is_well_formed(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn malformed() -> Problem {
    let message = "send one Idempotency-Key of 1 to 255 visible ASCII characters";
    Problem::validation(vec![Fault::new("Idempotency-Key", "malformed", message)])
}

/// SHA-256 over method, path and the payload with sorted keys.
pub fn fingerprint(method: &Method, path: &str, payload: &Value) -> [u8; 32] {
    let mut text = format!("{method} {path}\n").into_bytes();
    canonical(payload, &mut text);
    Sha256::digest(&text).into()
}

fn canonical(value: &Value, text: &mut Vec<u8>) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            text.push(b'{');
            for (name, value) in members {
                write_out(name, text);
                text.push(b':');
                canonical(value, text);
                text.push(b',');
            }
            text.push(b'}');
        }
        Value::Array(items) => {
            text.push(b'[');
            for item in items {
                canonical(item, text);
                text.push(b',');
            }
            text.push(b']');
        }
        other => write_out(other, text),
    }
}

fn write_out<T: serde::Serialize + ?Sized>(value: &T, text: &mut Vec<u8>) {
    // a word or number always has a text, and a list of bytes takes all of it
    let _ = serde_json::to_writer(text, value);
}

#[cfg(test)]
mod tests {
    use super::{IdempotencyKey, fingerprint};
    use axum::extract::FromRequestParts as _;
    use axum::http::{Method, Request};
    use serde_json::json;

    #[test]
    fn the_order_of_members_does_not_matter_and_everything_else_does() {
        let of = |path, value| fingerprint(&Method::POST, path, &value);
        let one = of("/v1/orders", json!({"a": 1, "b": [1, 2]}));
        assert_eq!(one, of("/v1/orders", serde_json::from_str(r#"{"b":[1,2],"a":1}"#).unwrap()));
        assert_ne!(one, of("/v1/orders", json!({"a": 1, "b": [2, 1]})));
        assert_ne!(one, of("/v1/tokens", json!({"a": 1, "b": [1, 2]})));
        assert_ne!(of("/x", json!({"a": {"b": 1}})), of("/x", json!({"a": {"b": "1"}})));
    }

    #[tokio::test]
    async fn a_malformed_key_is_refused() {
        for (header, fine) in [("k1", true), ("with space", false), ("", false), (&*"x".repeat(256), false)] {
            let (mut parts, ()) = Request::builder().header("Idempotency-Key", header).body(()).unwrap().into_parts();
            assert_eq!(IdempotencyKey::from_request_parts(&mut parts, &()).await.is_ok(), fine, "{header}");
        }
    }
}
