//! Member and provider files of the health plans (PRV-05).

use super::ndjson;
use super::problem::Problem;
use super::query::ValidQuery;
use super::state::HttpState;
use crate::app::rosters::{self, Loaded};
use crate::app::{App, Caller};
use crate::domain::roster::{MemberRow, ProviderRow};
use axum::Json;
use axum::extract::{Path, Request, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(put_members)).routes(routes!(put_providers))
}

/// What a load did.
#[derive(Debug, Serialize, ToSchema)]
struct RosterLoad {
    /// Rows of the file, all of them on file now.
    loaded: i64,
    /// Of these, rows that were on file just so.
    unchanged: i64,
    /// Rows that were on file and are not in this one.
    removed: i64,
}

impl From<Loaded> for RosterLoad {
    fn from(done: Loaded) -> Self {
        Self { loaded: done.loaded, unchanged: done.unchanged, removed: done.removed }
    }
}

/// How to load.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RosterQuery {
    /// Loads a file that removes more rows than the drop guard lets pass.
    allow_drop: Option<bool>,
}

/// Replaces a plan's member file.
///
/// One member row a line; a member has one row for each span of coverage. Every bad line is told, with pointers such as
/// `/lines/17/birth_date`, and nothing is changed then.
#[utoipa::path(put, path = "/v1/rosters/{health_plan}/members", operation_id = "put_members", tag = "rosters",
    extensions(("x-roles" = json!(["health_plan", "administrator"]))),
    params(("health_plan" = String, Path, description = "The plan"), RosterQuery),
    request_body(content = MemberRow, content_type = "application/x-ndjson", description = "One row a line"),
    responses((status = 200, description = "The file is loaded", body = RosterLoad),
              (status = 409, description = "The file would remove too many rows")))]
async fn put_members(
    State(app): State<App>,
    caller: Caller,
    Path(health_plan): Path<String>,
    ValidQuery(query): ValidQuery<RosterQuery>,
    request: Request,
) -> Result<Json<RosterLoad>, Problem> {
    let rows = ndjson::rows::<MemberRow>(request, app.settings.roster_silence)?;
    let done = rosters::replace(&app, &caller, &health_plan, rows, query.allow_drop.unwrap_or(false)).await?;
    Ok(Json(done.into()))
}

/// Replaces a plan's provider file.
///
/// One provider a line. Every bad line is told, with pointers such as `/lines/17/npi`, and nothing is changed then.
#[utoipa::path(put, path = "/v1/rosters/{health_plan}/providers", operation_id = "put_providers", tag = "rosters",
    extensions(("x-roles" = json!(["health_plan", "administrator"]))),
    params(("health_plan" = String, Path, description = "The plan"), RosterQuery),
    request_body(content = ProviderRow, content_type = "application/x-ndjson", description = "One row a line"),
    responses((status = 200, description = "The file is loaded", body = RosterLoad),
              (status = 409, description = "The file would remove too many rows")))]
async fn put_providers(
    State(app): State<App>,
    caller: Caller,
    Path(health_plan): Path<String>,
    ValidQuery(query): ValidQuery<RosterQuery>,
    request: Request,
) -> Result<Json<RosterLoad>, Problem> {
    let rows = ndjson::rows::<ProviderRow>(request, app.settings.roster_silence)?;
    let done = rosters::replace(&app, &caller, &health_plan, rows, query.allow_drop.unwrap_or(false)).await?;
    Ok(Json(done.into()))
}
