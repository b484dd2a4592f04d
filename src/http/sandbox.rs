//! The sandbox's clock. These addresses exist in a sandbox only.

use super::body::ValidJson;
use super::problem::Problem;
use super::state::HttpState;
use crate::app::{App, sandbox};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(get_sandbox_clock, put_sandbox_clock))
}

/// What the service's clock shows, or shall show.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SandboxClock {
    /// An instant with its offset.
    now: DateTime<Utc>,
}

/// Reads the service's clock. Sandbox only.
#[utoipa::path(get, path = "/v1/sandbox/clock", operation_id = "get_sandbox_clock", tag = "sandbox",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    responses((status = 200, description = "What it shows", body = SandboxClock),
              (status = 404, description = "Not a sandbox")))]
async fn get_sandbox_clock(State(app): State<App>) -> Result<Json<SandboxClock>, Problem> {
    sandbox::follow_clock(&app).await?;
    Ok(Json(SandboxClock { now: app.clock.now() }))
}

/// Sets the service's clock, and answers when every timer due by then has run. Sandbox only.
///
/// Any instant is taken while no order exists; later the clock only goes forward. It ticks on from there.
#[utoipa::path(put, path = "/v1/sandbox/clock", operation_id = "put_sandbox_clock", tag = "sandbox",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    request_body = SandboxClock,
    responses((status = 200, description = "What it shows now", body = SandboxClock),
              (status = 404, description = "Not a sandbox")))]
async fn put_sandbox_clock(
    State(app): State<App>,
    ValidJson(wanted): ValidJson<SandboxClock>,
) -> Result<Json<SandboxClock>, Problem> {
    Ok(Json(SandboxClock { now: sandbox::set_clock(&app, wanted.now).await? }))
}
