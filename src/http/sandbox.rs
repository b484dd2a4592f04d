//! The sandbox's clock, and the mails that it shows instead of sending them. These addresses exist in a sandbox only.

use super::body::ValidJson;
use super::paging::{self, DEFAULT_LIMIT, Page};
use super::problem::Problem;
use super::query::ValidQuery;
use super::state::HttpState;
use crate::app::mail::{self, SentMail};
use crate::app::{App, sandbox};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(get_sandbox_clock, put_sandbox_clock)).routes(routes!(list_sandbox_mails))
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

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct MailQuery {
    /// Items on a page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists the mails that a sandbox shows instead of sending them, oldest first. Sandbox only.
#[utoipa::path(get, path = "/v1/sandbox/mails", operation_id = "list_sandbox_mails", tag = "sandbox",
    extensions(("x-roles" = json!(["administrator"]))), params(MailQuery),
    responses((status = 200, description = "A page of mails", body = Page<SentMail>),
              (status = 404, description = "Not a sandbox")))]
async fn list_sandbox_mails(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<MailQuery>,
) -> Result<Json<Page<SentMail>>, Problem> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let after = paging::decode(query.cursor.as_deref())?;
    let found = mail::list(&app, after, i64::from(limit) + 1).await?;
    Ok(Json(Page::new(found, limit, |mail| mail.mail_id)))
}
