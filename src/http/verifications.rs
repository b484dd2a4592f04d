//! Verifications: is an authorization in place? (VER-03)

use super::body::ValidJson;
use super::orders::json;
use super::problem::Problem;
use super::state::HttpState;
use crate::app::verifications::{self, Verification, VerificationRequest};
use crate::app::{App, Caller};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(post_verification))
}

/// Says whether an authorization is in place, with units and dates.
///
/// Ask by Order ID, or by member and drug. It is no until the case has an Order ID; without a date it speaks of the authorization as a
/// whole. A servicing provider may ask about any order. Whatever is unknown or does not agree is answered alike: not found.
#[utoipa::path(post, path = "/v1/verifications", operation_id = "post_verification", tag = "verification",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    request_body = VerificationRequest,
    responses((status = 200, description = "Yes or no, with units and dates", body = Verification)))]
async fn post_verification(
    State(app): State<App>,
    caller: Caller,
    ValidJson(asked): ValidJson<VerificationRequest>,
) -> Result<Response, Problem> {
    let told = verifications::verify(&app, &caller, &asked).await?;
    let text = serde_json::to_string(&told).map_err(|error| Problem::internal(format!("a verification: {error}")))?;
    Ok(json(text).into_response())
}
