//! Claims for enhanced reimbursement.

use super::body::Creation;
use super::idempotency_header::respond;
use super::problem::Problem;
use super::state::HttpState;
use crate::app::s_code_claims::{self, SCodeClaim, SCodeClaimAnswer};
use crate::app::{App, Caller};
use axum::extract::State;
use axum::response::Response;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(post_s_code_claim))
}

/// Bills an S-code for a day.
///
/// The answer says whether it may be paid, and otherwise which rule refuses it; refused claims are kept, too. Of claims that exclude each
/// other the first one wins.
#[utoipa::path(post, path = "/v1/s-code-claims", operation_id = "post_s_code_claim", tag = "claims",
    extensions(("x-roles" = json!(["ordering_provider", "intake", "health_plan", "administrator"]))),
    request_body = SCodeClaim,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible characters, chosen by the caller")),
    responses((status = 201, description = "Accepted, or refused with the rule", body = SCodeClaimAnswer),
              (status = 404, description = "No such case, or none that the caller may see")))]
async fn post_s_code_claim(
    State(app): State<App>,
    caller: Caller,
    Creation { body, idempotent }: Creation<SCodeClaim>,
) -> Result<Response, Problem> {
    respond(s_code_claims::claim(&app, &caller, &body, idempotent.as_ref()).await?)
}
