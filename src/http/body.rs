//! Request bodies: media type, size, JSON, schema, and only then the type. Every fault is told at once.

use super::fault_list::{FaultList, step};
use super::faults::Schema;
use super::guard::given_up;
use super::idempotency_header::IdempotencyKey;
use super::json;
use super::problem::Problem;
use super::problem_kinds as kinds;
use crate::app::Idempotent;
use crate::domain::refusal::Fault;
use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::http::{HeaderMap, HeaderValue, header};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;
use utoipa::ToSchema;

/// The largest body, in bytes.
pub const LIMIT: usize = 1024 * 1024;
/// The longest that such a body may take to arrive, also where the request may take as long as it needs.
const ARRIVAL: Duration = Duration::from_secs(10);

/// A body that fits the documented schema of `T`.
#[derive(Debug)]
pub struct ValidJson<T>(pub T);

/// A body of a POST that creates, with the caller's idempotency key.
#[derive(Debug)]
pub struct Creation<T> {
    /// The body.
    pub body: T,
    /// The key with the fingerprint of the body, where one was sent.
    pub idempotent: Option<Idempotent>,
}

/// A JSON merge patch (RFC 7396): any object. What it makes of the resource is checked with [`read`] afterwards.
#[derive(Debug)]
pub struct MergePatch(pub Value);

impl<S: Send + Sync, T: DeserializeOwned + ToSchema + 'static> FromRequest<S> for ValidJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let value = json_of(request, &["application/json"]).await?;
        read(&value).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned + ToSchema + 'static> FromRequest<S> for Creation<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let key = IdempotencyKey::from_request_parts(&mut parts, state).await?;
        let value = json_of(Request::from_parts(parts, body), &["application/json"]).await?;
        Ok(Self { body: read(&value)?, idempotent: key.with_payload(&value) })
    }
}

impl<S: Send + Sync> FromRequest<S> for MergePatch {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let value = json_of(request, &["application/merge-patch+json", "application/json"]).await?;
        if value.is_object() {
            return Ok(Self(value));
        }
        Err(Problem::validation(vec![Fault::new("", "wrong-type", "a merge patch is an object with the fields to change")]))
    }
}

/// Turns a value into `T`, or lists everything that keeps it from being one.
pub fn read<T: DeserializeOwned + ToSchema + 'static>(value: &Value) -> Result<T, Problem> {
    let faults = validate::<T>(value)?;
    if !faults.is_empty() {
        return Err(Problem::validation(faults));
    }
    // where the fault is costs time to know, and is asked only where there is one
    T::deserialize(value).or_else(|_| serde_path_to_error::deserialize(value)).map_err(|error| {
        let pointer = pointer_of(error.path());
        Problem::validation(vec![Fault::new(pointer, "malformed", error.inner().to_string())])
    })
}

/// Every fault that the documented schema of `T` finds in a value. The schema is compiled once.
pub fn validate<T: ToSchema + 'static>(value: &Value) -> Result<FaultList, Problem> {
    static COMPILED: RwLock<Option<HashMap<TypeId, &'static Schema>>> = RwLock::new(None);
    let id = TypeId::of::<T>();
    let known = COMPILED.read().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(|all| all.get(&id).copied());
    let schema = if let Some(schema) = known {
        schema
    } else {
        let mut named = Vec::new();
        T::schemas(&mut named);
        let compiled = Schema::new(&T::schema(), named).map_err(|error| Problem::internal(format!("schema: {error}")))?;
        let compiled: &'static Schema = Box::leak(Box::new(compiled)); // one for each type, for as long as the process lives
        let mut all = COMPILED.write().unwrap_or_else(PoisonError::into_inner);
        *all.get_or_insert_default().entry(id).or_insert(compiled)
    };
    Ok(schema.faults(value))
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let step = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", step(key)),
        Segment::Enum { variant } => format!("/{variant}"),
        Segment::Unknown => String::new(),
    };
    path.iter().map(step).collect()
}

async fn json_of(request: Request, media_types: &[&str]) -> Result<Value, Problem> {
    check_media_type(request.headers(), media_types)?;
    let bytes = limited(request, LIMIT).await?;
    let (value, faults) = json::parse(&bytes).map_err(|error| {
        let detail = if bytes.is_empty() { "the body is empty".to_owned() } else { format!("the body is not JSON: {error}") };
        Problem::new(&kinds::MALFORMED_JSON, detail)
    })?;
    if faults.is_empty() { Ok(value) } else { Err(Problem::validation(faults)) }
}

/// The body, as long as it has at most `limit` bytes.
pub async fn limited(request: Request, limit: usize) -> Result<axum::body::Bytes, Problem> {
    let too_large = || Problem::new(&kinds::PAYLOAD_TOO_LARGE, format!("the body may have {limit} bytes"));
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let arrived = tokio::time::timeout(ARRIVAL, to_bytes(request.into_body(), limit)).await;
    let arrived = arrived.map_err(|_| given_up(ARRIVAL, "the body had not come, and nothing was done"))?;
    arrived.map_err(|error| {
        let over = std::error::Error::source(&error).is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>);
        if over { too_large() } else { Problem::new(&kinds::BAD_REQUEST, "the body broke off") }
    })
}

/// Refuses a body that was packed: small as it comes, it may be of any size.
pub fn check_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    let plain = |value: &HeaderValue| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity");
    if headers.get_all(header::CONTENT_ENCODING).iter().all(plain) {
        return Ok(());
    }
    let detail = "send the body as it is, without `Content-Encoding`: packed bodies, such as gzip, are not taken";
    Err(Problem::new(&kinds::UNSUPPORTED_MEDIA_TYPE, detail)
        .with_header(header::ACCEPT_ENCODING, HeaderValue::from_static("identity")))
}

/// Refuses a body whose `Content-Type` is none of these; parameters such as `charset` do not matter.
pub fn check_media_type(headers: &HeaderMap, media_types: &[&str]) -> Result<(), Problem> {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = sent.split(';').next().unwrap_or_default().trim();
    if media_types.iter().any(|known| known.eq_ignore_ascii_case(essence)) {
        return Ok(());
    }
    let expected = media_types.join(" or ");
    Err(Problem::new(&kinds::UNSUPPORTED_MEDIA_TYPE, format!("send the body with `Content-Type: {expected}`")))
}
