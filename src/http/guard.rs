//! Around every handler: who calls, how long it may take, and that its panic is an answer like any other.

use super::auth;
use super::body;
use super::long_requests;
use super::problem::Problem;
use super::problem_kinds as kinds;
use super::record;
use super::state::HttpState;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

/// Operations that may take as long as they need.
const UNLIMITED: [&str; 3] = ["/v1/rosters/{health_plan}/members", "/v1/rosters/{health_plan}/providers", "/v1/sandbox/clock"];

/// Where clinical documents are sent to. How long they may take to arrive is for the handler to say: it depends on their size.
const ATTACHMENTS: &str = "/v1/orders/{case_id}/attachments";

/// What is known of a request that took too long.
pub(super) const UNKNOWN_EFFECT: &str = "whether it was done is not known: read before you send it again, or send it again under the same \
                              Idempotency-Key, which does it once";

/// Lets a request through to its handler where the caller may, and gives one up that takes longer than the settings allow; dropping the
/// handler rolls its own transaction back. An order may be on its way into the database together with others, and arrive.
pub async fn guard(State(state): State<HttpState>, mut request: Request, next: Next) -> Result<Response, Problem> {
    let limit = (!is_unlimited(&request)).then_some(state.app.settings.request_timeout);
    let handled = async move {
        auth::hold_to_limit(&state, &request)?;
        auth::authorize(&state, &mut request).await?;
        body::check_encoding(request.headers())?;
        let entry = record::Entry::of(&request);
        let response = if long_requests::is_long(&request) {
            long_requests::run_apart(request, next).await.ok_or_else(|| Problem::internal("a handler panicked"))?
        } else {
            next.run(request).await
        };
        if let Some(entry) = entry {
            entry.keep(&state.app, response.status()).await?;
        }
        Ok(response)
    };
    let handled = pin!(AssertUnwindSafe(handled).catch_unwind());
    let handled = match limit {
        Some(limit) => tokio::time::timeout(limit, handled).await.map_err(|_| given_up(limit, UNKNOWN_EFFECT))?,
        None => handled.await,
    };
    // the panic hook has written where it was
    handled.unwrap_or_else(|_| Err(Problem::internal("a handler panicked")))
}

fn is_unlimited(request: &Request) -> bool {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    UNLIMITED.contains(&route) || (route == ATTACHMENTS && request.method() == Method::POST)
}

/// A request took longer than this, with that effect.
pub(super) fn given_up(limit: Duration, effect: &str) -> Problem {
    Problem::new(&kinds::REQUEST_TIMEOUT, format!("given up after {} s; {effect}", limit.as_secs()))
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}
