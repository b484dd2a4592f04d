//! The feeds of the health plans (DET-11).

use super::paging::DEFAULT_LIMIT;
use super::problem::Problem;
use super::query::ValidQuery;
use super::state::HttpState;
use crate::app::feeds::{self, FeedItem, FeedPart};
use crate::app::{App, Caller};
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(list_feed_events))
}

/// Which part of a feed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct FeedQuery {
    /// `next` of the page before: the `event_id` of the last item that the plan has. From the beginning where it is left out.
    after: Option<Uuid>,
    /// Items on a page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
}

/// A part of a feed.
#[derive(Debug, Serialize, ToSchema)]
struct FeedPage {
    /// The items, in order; none where nothing has happened since.
    items: Vec<FeedItem>,
    /// Send it as `?after=`, also where there are no items.
    next: Uuid,
}

/// Reads what happened to the plan's cases, oldest first.
///
/// Every event of every case is in it, once: submissions, changes, acts of reviewers, determinations, withdrawals, reconsiderations,
/// deadlines that passed, claims of S-codes. The order never changes, and events of one case are in the order in which they happened.
/// Everything that was answered before the call is there. To follow a feed, send `next` as `after` again and again; an item that comes
/// twice, also by webhook, has the same `event_id`.
#[utoipa::path(get, path = "/v1/feeds/{health_plan}/events", operation_id = "list_feed_events", tag = "feeds",
    extensions(("x-roles" = json!(["health_plan", "administrator"]))),
    params(("health_plan" = String, Path, description = "The plan"), FeedQuery),
    responses((status = 200, description = "The items after the cursor", body = FeedPage)))]
async fn list_feed_events(
    State(app): State<App>,
    caller: Caller,
    Path(health_plan): Path<String>,
    ValidQuery(query): ValidQuery<FeedQuery>,
) -> Result<Json<FeedPage>, Problem> {
    let limit = i64::from(query.limit.unwrap_or(DEFAULT_LIMIT));
    let FeedPart { items, next } = feeds::read(&app, &caller, &health_plan, query.after, limit).await?;
    Ok(Json(FeedPage { items, next }))
}
