//! Where plans have their feeds delivered to (DET-11).

use super::body::ValidJson;
use super::etag::{IfMatch, etag};
use super::problem::Problem;
use super::state::HttpState;
use crate::app::webhooks::{self, Registered, Webhook, WebhookRequest};
use crate::app::{App, Caller};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(put_feed_webhook, get_feed_webhook, delete_feed_webhook))
}

/// A webhook that was registered or changed.
#[derive(Debug, Serialize, ToSchema)]
struct RegisteredWebhook {
    /// A new secret, shown this once: `whsec_` and base64. Null where the one on file stays. The service keeps it to sign with.
    secret: Option<String>,
    #[serde(flatten)]
    webhook: Webhook,
}

/// Registers the plan's webhook, or changes it.
///
/// Each event of the feed is then posted to the URL by itself and in order: `{"type": "case.<kind>", "timestamp": …, "data": <item of the
/// feed>}`, signed as Standard Webhooks says (`webhook-id`, which is the `event_id`, `webhook-timestamp`, `webhook-signature`). Any 2xx
/// within 10 seconds is taken as delivered. Anything else is tried again, after 10 seconds, then twice as long each time up to an hour,
/// without end; the events behind it wait. An event may come more than once, under the same id. Putting a webhook again tries at once what
/// waits.
#[utoipa::path(put, path = "/v1/feeds/{health_plan}/webhook", operation_id = "put_feed_webhook", tag = "feeds",
    extensions(("x-roles" = json!(["health_plan", "administrator"]))),
    params(("health_plan" = String, Path, description = "The plan"),
           ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that is changed")),
    request_body = WebhookRequest,
    responses((status = 200, description = "The webhook is changed", body = RegisteredWebhook),
              (status = 201, description = "The webhook is registered", body = RegisteredWebhook),
              (status = 409, description = "It was registered at the same moment"),
              (status = 412, description = "`If-Match` names another version")))]
async fn put_feed_webhook(
    State(app): State<App>,
    caller: Caller,
    Path(health_plan): Path<String>,
    IfMatch(expected): IfMatch,
    ValidJson(request): ValidJson<WebhookRequest>,
) -> Result<Response, Problem> {
    let Registered { webhook, version, secret, is_new } = webhooks::put(&app, &caller, &health_plan, &expected, &request).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, etag(version), Json(RegisteredWebhook { secret, webhook })).into_response())
}

/// Reads the plan's webhook and how deliveries are doing.
#[utoipa::path(get, path = "/v1/feeds/{health_plan}/webhook", operation_id = "get_feed_webhook", tag = "feeds",
    extensions(("x-roles" = json!(["health_plan", "administrator"]))),
    params(("health_plan" = String, Path, description = "The plan")),
    responses((status = 200, description = "The webhook, without its secret", body = Webhook)))]
async fn get_feed_webhook(State(app): State<App>, caller: Caller, Path(health_plan): Path<String>) -> Result<Response, Problem> {
    let (webhook, version) = webhooks::get(&app, &caller, &health_plan).await?;
    Ok((etag(version), Json(webhook)).into_response())
}

/// Removes the plan's webhook. The feed stays and can be read.
#[utoipa::path(delete, path = "/v1/feeds/{health_plan}/webhook", operation_id = "delete_feed_webhook", tag = "feeds",
    extensions(("x-roles" = json!(["health_plan", "administrator"]))),
    params(("health_plan" = String, Path, description = "The plan"),
           ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that is removed")),
    responses((status = 204, description = "Nothing more is delivered"),
              (status = 412, description = "`If-Match` names another version")))]
async fn delete_feed_webhook(
    State(app): State<App>,
    caller: Caller,
    Path(health_plan): Path<String>,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Problem> {
    webhooks::remove(&app, &caller, &health_plan, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}
