//! The page that shows the API description: one page without script, made from the description itself. It is there at once, small, and readable by
//! whoever reads with a keyboard or a screen reader; its examples are the README's, with this service's address and a day that is not past.

mod examples;
mod page;
mod schema;

use super::problem::Problem;
use super::state::HttpState;
use crate::app::App;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{Days, NaiveDate};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

/// The page may load nothing and run nothing.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// How long before treatment the orders of the examples are sent.
const AHEAD: Days = Days::new(7);

/// What a page depends on beside the description.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    /// Address of this service.
    address: String,
    /// First day of treatment in the examples.
    day: NaiveDate,
    /// True where tokens that anybody knows can be shown.
    sandbox: bool,
}

/// A page that was written.
#[derive(Debug, Clone)]
struct Written {
    key: Key,
    tag: HeaderValue,
    plain: Bytes,
    compressed: Bytes,
}

/// The page of the day; it is written once and kept.
static WRITTEN: Mutex<Option<Arc<Written>>> = Mutex::new(None);

/// The routes.
pub fn routes() -> Router<HttpState> {
    Router::new().route("/docs", get(show)).route("/docs/", get(show))
}

async fn show(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    let day = app.clock.now().date_naive().checked_add_days(AHEAD);
    let day = day.ok_or_else(|| Problem::internal("there is no such day".to_owned()))?;
    let key = Key { address: app.settings.public_url.trim_end_matches('/').to_owned(), day, sandbox: app.settings.sandbox };
    let written = written(key)?;
    let has = |name: header::HeaderName, word: &str| {
        headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).any(|value| value.contains(word))
    };
    let kept = [
        (header::ETAG, written.tag.clone()),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600")),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
    ];
    if written.tag.to_str().is_ok_and(|tag| has(header::IF_NONE_MATCH, tag)) {
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    let page = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    if has(header::ACCEPT_ENCODING, "gzip") {
        let encoding = [(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))];
        return Ok((kept, page, encoding, written.compressed.clone()).into_response());
    }
    Ok((kept, page, written.plain.clone()).into_response())
}

fn written(key: Key) -> Result<Arc<Written>, Problem> {
    let mut kept = WRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(written) = kept.as_ref().filter(|written| written.key == key) {
        return Ok(Arc::clone(written));
    }
    let written = Arc::new(write(key).map_err(|error| Problem::internal(format!("the page of the API: {error}")))?);
    *kept = Some(Arc::clone(&written));
    Ok(written)
}

fn write(key: Key) -> Result<Written, Box<dyn std::error::Error>> {
    let description = serde_json::to_value(super::document())?;
    let examples = examples::of_readme(&key.address, key.day, key.sandbox);
    let html = page::write(&description, &examples, key.sandbox);
    let digest = Sha256::digest(html.as_bytes());
    let digest = URL_SAFE_NO_PAD.encode(digest.get(..12).unwrap_or_default());
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(html.as_bytes())?;
    let compressed = encoder.finish()?.into();
    Ok(Written { key, tag: HeaderValue::from_str(&format!("\"{digest}\""))?, plain: html.into(), compressed })
}
