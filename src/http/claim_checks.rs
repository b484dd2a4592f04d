//! Claim lines, matched with what was authorized.

use super::body::Creation;
use super::idempotency_header::respond;
use super::problem::Problem;
use super::state::HttpState;
use crate::app::claim_checks::{self, ClaimCheck, ClaimCheckAnswer};
use crate::app::{App, Caller};
use axum::extract::State;
use axum::response::Response;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(post_claim_check))
}

/// Matches claim lines with their authorizations (VER-05).
///
/// A line that matches uses its units up: later lines, in this call or another, see what is left, and no day has more than one visit's
/// units. Discarded units (`JW`, `discarded_units`) are counted beside those given, and use up nothing. To correct a line, or check it
/// again, send it under the same `claim_line_id`: it takes the place of the earlier one where it matches, and changes nothing where it
/// does not. An order that the caller may not see is `unknown_order`.
#[utoipa::path(post, path = "/v1/claim-checks", operation_id = "post_claim_check", tag = "claims",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "health_plan", "administrator"]))),
    request_body = ClaimCheck,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible characters, chosen by the caller")),
    responses((status = 200, description = "One answer for each line", body = ClaimCheckAnswer)))]
async fn post_claim_check(
    State(app): State<App>,
    caller: Caller,
    Creation { body, idempotent }: Creation<ClaimCheck>,
) -> Result<Response, Problem> {
    respond(claim_checks::check(&app, &caller, &body, idempotent.as_ref()).await?)
}
