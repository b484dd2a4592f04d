//! Eligibility checks.

use super::body::ValidJson;
use super::problem::Problem;
use super::state::HttpState;
use crate::app::eligibility::{self, EligibilityAnswer, EligibilityCheck};
use crate::app::{App, Caller};
use axum::Json;
use axum::extract::State;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(post_eligibility_check))
}

/// Says which program takes a member's treatment, or what excludes it and where to go instead. The enquiry is kept.
#[utoipa::path(post, path = "/v1/eligibility-checks", operation_id = "post_eligibility_check", tag = "eligibility",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    request_body = EligibilityCheck,
    responses((status = 200, description = "A program, or what excludes the request", body = EligibilityAnswer)))]
async fn post_eligibility_check(
    State(app): State<App>,
    caller: Caller,
    ValidJson(asked): ValidJson<EligibilityCheck>,
) -> Result<Json<EligibilityAnswer>, Problem> {
    Ok(Json(eligibility::check(&app, &caller, &asked).await?))
}
