//! Around every request: its id, its log line, its metrics, its time limit, and the promise that every failure is problem+json.

use super::problem::{self, MEDIA_TYPE, Problem};
use super::problem_kinds as kinds;
use super::state::HttpState;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::time::{Duration, Instant};
use tracing::Instrument as _;

/// Header that carries the request id both ways.
pub const REQUEST_ID: &str = "x-request-id";

/// Operations that may take as long as they need.
const UNLIMITED: [&str; 3] = ["/v1/rosters/{health_plan}/members", "/v1/rosters/{health_plan}/providers", "/v1/sandbox/clock"];

/// Where clinical documents are sent to. How long they may take to arrive is for the handler to say: it depends on their size.
const ATTACHMENTS: &str = "/v1/orders/{case_id}/attachments";

/// What is known of a request that took too long.
pub(super) const UNKNOWN_EFFECT: &str = "whether it was done is not known: read before you send it again, or send it again under the same \
                              Idempotency-Key, which does it once";

/// The outermost layer.
pub async fn observe(State(state): State<HttpState>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&state, &request);
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = method_label(request.method());
    let span = tracing::info_span!("request", request_id = %id, method, route);
    let mut response = next.run(request).instrument(span).await;
    let problem = problem_of(&mut response);
    if let Some(problem) = &problem {
        response = answer(problem, &id, &response);
    }
    finish(&mut response, &id);
    let status = response.status();
    let seconds = started.elapsed().as_secs_f64();
    let code = status.as_u16();
    match &problem {
        Some(problem) if status.is_server_error() => {
            let (slug, cause) = (problem.kind().slug, problem.cause());
            tracing::error!(request_id = %id, method, route, status = code, seconds, problem = slug, cause, "failed");
        }
        Some(problem) => {
            tracing::info!(request_id = %id, method, route, status = code, seconds, problem = problem.kind().slug, "refused");
        }
        None => tracing::info!(request_id = %id, method, route, status = code, seconds, "answered"),
    }
    let labels = [("method", method.to_owned()), ("route", route.clone()), ("status", status.as_str().to_owned())];
    metrics::counter!("oncoauth_http_requests_total", &labels).increment(1);
    metrics::histogram!("oncoauth_http_request_duration_seconds", "method" => method, "route" => route).record(seconds);
    response
}

/// Gives a request up that takes longer than the settings allow; dropping the handler rolls its own transaction back. An order may be on
/// its way into the database together with others, and arrive.
pub async fn limit_time(State(state): State<HttpState>, request: Request, next: Next) -> Result<Response, Problem> {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    if UNLIMITED.contains(&route) || (route == ATTACHMENTS && request.method() == axum::http::Method::POST) {
        return Ok(next.run(request).await);
    }
    let limit = state.app.settings.request_timeout;
    tokio::time::timeout(limit, next.run(request)).await.map_err(|_| given_up(limit, UNKNOWN_EFFECT))
}

/// A request took longer than this, with that effect.
pub(super) fn given_up(limit: Duration, effect: &str) -> Problem {
    Problem::new(&kinds::REQUEST_TIMEOUT, format!("given up after {} s; {effect}", limit.as_secs()))
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}

/// The answer to a handler's panic; the panic hook has written where it was.
pub fn panicked(_panic: Box<dyn std::any::Any + Send>) -> Response {
    Problem::internal("a handler panicked").into_response()
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
        let is_problem = response.headers().get(header::CONTENT_TYPE).is_some_and(|value| value == MEDIA_TYPE);
        (!is_problem).then(|| problem::for_status(status))
    })
}

/// Renders the problem with the request's id, keeping the headers that matter: `Allow`, and what CORS added.
fn answer(problem: &Problem, id: &str, original: &Response) -> Response {
    let mut response = problem.render(Some(id));
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
    headers.entry(header::X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));
}
