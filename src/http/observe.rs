//! Around every request: its id, its log line, its metrics, and the promise that every failure is problem+json, a page where a page was
//! asked for, or an outcome below `/fhir`.

use super::problem::{self, MEDIA_TYPE, Problem};
use super::state::HttpState;
use super::{auth, fhir_frame};
use crate::app::RequestId;
use crate::fhir::sign_in::Told;
use crate::fhir::{Failure, outcome};
use crate::telemetry;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::time::Instant;
use tracing::Instrument as _;

/// Header that carries the request id both ways.
pub const REQUEST_ID: &str = "x-request-id";

/// What browsers are told about every answer. Over plain HTTP they pass the transport's by.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// The outermost layer.
pub async fn observe(State(state): State<HttpState>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&state, &request);
    request.extensions_mut().insert(RequestId(id.clone()));
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = method_label(request.method());
    let as_outcome = fhir_frame::is_fhir(request.uri().path());
    let span = telemetry::request_span(&id, method, &route, request.headers());
    let mut response = match auth::hold_to_limit(&state, &mut request) {
        Ok(attempt) => {
            let response = next.run(request).instrument(span.clone()).await;
            if let Some(attempt) = attempt {
                auth::note(&state, attempt, response.status());
            }
            response
        }
        Err(refused) => refused.into_response(),
    };
    let failed = response.extensions_mut().remove::<Failure>();
    let told = response.extensions_mut().remove::<Told>();
    let problem = if told.is_some() { None } else { problem_of(&mut response) };
    if let Some(failed) = &failed {
        response = answer(failed.render(Some(&id)), &response);
    } else if let Some(problem) = &problem {
        let rendered = if as_outcome { fhir_frame::as_outcome(problem, &id) } else { problem.render(Some(&id)) };
        response = answer(rendered, &response);
    }
    finish(&mut response, &id);
    let status = response.status();
    telemetry::note_status(&span, status.as_u16());
    let seconds = started.elapsed().as_secs_f64();
    let code = status.as_u16();
    let told = match (&failed, &problem) {
        (Some(failed), _) => Some((failed.kind(), failed.cause())),
        (None, Some(problem)) => Some((problem.kind().slug, problem.cause())),
        (None, None) => told.map(|Told(code)| (code, None)),
    };
    match told {
        Some((kind, cause)) if status.is_server_error() => {
            tracing::error!(request_id = id.as_str(), method, route, status = code, seconds, problem = kind, cause, "failed");
        }
        Some((kind, _)) => {
            tracing::info!(request_id = id.as_str(), method, route, status = code, seconds, problem = kind, "refused");
        }
        None => tracing::info!(request_id = id.as_str(), method, route, status = code, seconds, "answered"),
    }
    state.answered.count(method, &route, code, seconds);
    response
}

/// An inbound id is taken over where it is short and plain; otherwise the request gets one of ours.
fn request_id(state: &HttpState, request: &Request) -> String {
    let plain = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    let inbound = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(plain);
    inbound.map_or_else(|| state.app.ids.uuid(state.app.clock.now()).to_string(), str::to_owned)
}

/// Methods are a label of the metrics, so that unknown ones must not make new series.
fn method_label(method: &axum::http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// The problem behind a failed answer; one is made up where something else than our handlers failed.
fn problem_of(response: &mut Response) -> Option<Problem> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return None;
    }
    response.extensions_mut().remove::<Problem>().or_else(|| {
        let kind = response.headers().get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
        let is_written =
            [MEDIA_TYPE, outcome::MEDIA_TYPE].iter().any(|known| kind == known.as_bytes()) || kind.starts_with(b"text/html");
        (!is_written).then(|| problem::for_status(status))
    })
}

/// The failure as it was rendered with the request's id, keeping the headers that matter: `Allow`, and what CORS added.
fn answer(mut response: Response, original: &Response) -> Response {
    for (name, value) in original.headers() {
        let kept = *name == header::ALLOW || *name == header::VARY || name.as_str().starts_with("access-control-");
        if kept && !response.headers().contains_key(name) {
            response.headers_mut().append(name, value.clone());
        }
    }
    response
}

fn finish(response: &mut Response, id: &str) {
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, value);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // an answer to a program is no page: it loads nothing and runs nothing, whatever stands in it. Pages say themselves what they may
    let is_page = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let policy = if is_page { "frame-ancestors 'none'" } else { "default-src 'none'; frame-ancestors 'none'" };
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(policy));
}
