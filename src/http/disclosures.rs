//! A member's accounting of disclosures: who read or wrote what about them, and what for.

use super::body::ValidJson;
use super::paging::{self, DEFAULT_LIMIT, Page};
use super::problem::Problem;
use super::state::HttpState;
use crate::app::accesses::{self, Disclosure};
use crate::app::{App, Caller};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(post_disclosures))
}

/// Whose. A body, because addresses are kept in many logs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DisclosureRequest {
    /// The plan.
    #[schema(min_length = 1, max_length = 100)]
    health_plan: String,
    /// The member's number on the plan's file.
    #[schema(min_length = 1, max_length = 100)]
    member_id: String,
    /// Items on a page.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    cursor: Option<String>,
}

/// Lists who read or wrote what about a member, when and what for; oldest first.
///
/// Every read and every change is here, in the order of the records' ids, as soon as it was answered. Reading this list is, too.
#[utoipa::path(post, path = "/v1/disclosures", operation_id = "list_disclosures", tag = "operations",
    extensions(("x-roles" = json!(["health_plan", "administrator"]))),
    request_body = DisclosureRequest,
    responses((status = 200, description = "A page of them", body = Page<Disclosure>),
              (status = 404, description = "No such plan, or another one than the caller's")))]
async fn post_disclosures(
    State(app): State<App>,
    caller: Caller,
    ValidJson(asked): ValidJson<DisclosureRequest>,
) -> Result<Json<Page<Disclosure>>, Problem> {
    let limit = asked.limit.unwrap_or(DEFAULT_LIMIT);
    let after = paging::decode(asked.cursor.as_deref())?;
    let of = (asked.health_plan.as_str(), asked.member_id.as_str());
    let found = accesses::disclosures(&app, &caller, of, after, i64::from(limit) + 1).await?;
    Ok(Json(Page::new(found, limit, |one| one.access_id)))
}
