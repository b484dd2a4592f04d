//! Around every handler: who calls, how long it may take, and that its panic is an answer like any other.

use super::auth;
use super::body;
use super::long_requests;
use super::problem::Problem;
use super::problem_kinds as kinds;
use super::record;
use super::state::HttpState;
use crate::fhir::access;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;

/// Operations that may take as long as they need.
const UNLIMITED: [&str; 3] = ["/v1/rosters/{health_plan}/members", "/v1/rosters/{health_plan}/providers", "/v1/sandbox/clock"];

/// Where clinical documents are sent to. How long they may take to arrive, and to be scanned, is for the handler to say.
const ATTACHMENTS: [&str; 3] = ["/v1/orders/{case_id}/attachments", access::ATTACH, access::ENCODED_ATTACH];

const PANICKED: &str = "a handler panicked";

/// What is known of a request that took too long.
pub(super) const UNKNOWN_EFFECT: &str = "whether it was done is not known: read before you send it again, or send it again under the same \
                              Idempotency-Key, which does it once";

/// Lets a request through to its handler where the caller may.
///
/// What changes something goes on when its caller hangs up, so that no change is without a record; files end with whoever sends them.
pub async fn guard(State(state): State<HttpState>, mut request: Request, next: Next) -> Result<Response, Problem> {
    let limit = (!is_unlimited(&request)).then_some(state.app.settings.request_timeout);
    let until = limit.map(|limit| (Instant::now() + limit, limit));
    held(until, Box::pin(admit(&state, &mut request))).await?;
    let Some(entry) = record::Entry::of(&request) else { return held(until, run(request, next)).await };
    let lasting = entry.writes() && until.is_some();
    let handled = handle(state, request, next, entry, until);
    if lasting {
        tokio::spawn(handled.in_current_span()).await.unwrap_or_else(|_| Err(Problem::internal("a handler was ended")))
    } else {
        handled.await
    }
}

async fn admit(state: &HttpState, request: &mut Request) -> Result<(), Problem> {
    auth::authorize(state, request).await?;
    body::check_encoding(request.headers())
}

async fn run(request: Request, next: Next) -> Result<Response, Problem> {
    if long_requests::is_long(&request) {
        long_requests::run_apart(request, next).await.ok_or_else(|| Problem::internal(PANICKED))
    } else {
        Ok(next.run(request).await)
    }
}

/// Handles a request and writes down what it was about. A handler that took too long or panicked may have changed what it had come upon by
/// then; what it read it told nobody.
async fn handle(
    state: HttpState,
    request: Request,
    next: Next,
    entry: record::Entry,
    until: Option<(Instant, Duration)>,
) -> Result<Response, Problem> {
    let handled = held(until, run(request, next)).await;
    if handled.is_err() && !entry.writes() {
        return handled;
    }
    let status = handled.as_ref().map_or_else(|problem| problem.kind().status, Response::status);
    let limit = state.app.settings.request_timeout;
    let kept = held(Some((Instant::now() + limit, limit)), entry.keep(&state.app, status)).await;
    handled.and_then(|response| kept.map(|()| response))
}

/// A part of what a request needs, until then at most: it is given up when it takes longer than the settings allow, and dropping it rolls its
/// own transaction back. An order may be on its way into the database together with others, and arrive. Its panic is an answer like any
/// other.
async fn held<T>(until: Option<(Instant, Duration)>, part: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    let part = AssertUnwindSafe(part).catch_unwind();
    let ended = match until {
        Some((until, limit)) => timeout_at(until, part).await.map_err(|_| given_up(limit, UNKNOWN_EFFECT))?,
        None => part.await,
    };
    // the panic hook has written where it was
    ended.unwrap_or_else(|_| Err(Problem::internal(PANICKED)))
}

fn is_unlimited(request: &Request) -> bool {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    UNLIMITED.contains(&route) || (ATTACHMENTS.contains(&route) && request.method() == Method::POST)
}

/// A request took longer than this, with that effect.
pub(super) fn given_up(limit: Duration, effect: &str) -> Problem {
    Problem::new(&kinds::REQUEST_TIMEOUT, format!("given up after {} s; {effect}", limit.as_secs()))
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}
