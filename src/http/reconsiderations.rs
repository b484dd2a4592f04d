//! Reconsideration of a denial (APP-01…04).

use super::body::Creation;
use super::etag::IfMatch;
use super::paging::{self, DEFAULT_LIMIT, Page};
use super::path::Id;
use super::problem::Problem;
use super::query::ValidQuery;
use super::reviews::respond_with_version;
use super::state::HttpState;
use crate::app::reviews::reconsiderations::{self, ReconsiderationBody};
use crate::app::reviews::requests::{ReconsiderationDetermination, ReconsiderationRequest};
use crate::app::{App, Caller};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(routes!(post_reconsideration))
        .routes(routes!(list_reconsiderations))
        .routes(routes!(get_reconsideration))
        .routes(routes!(post_reconsideration_determination))
}

/// Asks for reconsideration of a denial.
///
/// Only where the program has it and within its days; afterwards the answer names the plan's appeal.
#[utoipa::path(post, path = "/v1/orders/{case_id}/reconsiderations", operation_id = "post_reconsideration", tag = "reviews",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician"]))),
    params(("case_id" = Uuid, Path, description = "The case"),
           ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible characters, chosen by the caller"),
           ("If-Match" = Option<String>, Header, description = "The version that the caller has seen, as in `ETag`")),
    request_body = ReconsiderationRequest,
    responses((status = 201, description = "It is open", body = ReconsiderationBody),
              (status = 409, description = "Nothing was denied, the program has no reconsideration, its days are over, or it was asked \
                                            for before")))]
async fn post_reconsideration(
    State(app): State<App>,
    caller: Caller,
    Id(case_id): Id,
    IfMatch(expected): IfMatch,
    Creation { body, idempotent }: Creation<ReconsiderationRequest>,
) -> Result<Response, Problem> {
    respond_with_version(reconsiderations::request(&app, &caller, case_id, &body, &expected, idempotent.as_ref()).await?)
}

/// Which to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ReconsiderationQuery {
    /// Items on a page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists the reconsiderations that wait for a physician, oldest first.
#[utoipa::path(get, path = "/v1/reconsiderations", operation_id = "list_reconsiderations", tag = "reviews",
    extensions(("x-roles" = json!(["nurse", "physician", "administrator"]))),
    params(ReconsiderationQuery),
    responses((status = 200, description = "A page of open reconsiderations", body = Page<ReconsiderationBody>)))]
async fn list_reconsiderations(
    State(app): State<App>,
    caller: Caller,
    ValidQuery(query): ValidQuery<ReconsiderationQuery>,
) -> Result<Json<Page<ReconsiderationBody>>, Problem> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let after: Option<Uuid> = paging::decode(query.cursor.as_deref())?;
    let found = reconsiderations::list_open(&app, &caller, after, i64::from(limit) + 1).await?;
    Ok(Json(Page::new(found, limit, |one| one.reconsideration_id)))
}

/// Reads a reconsideration.
#[utoipa::path(get, path = "/v1/reconsiderations/{reconsideration_id}", operation_id = "get_reconsideration", tag = "reviews",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(("reconsideration_id" = Uuid, Path, description = "The reconsideration")),
    responses((status = 200, description = "The reconsideration", body = ReconsiderationBody)))]
async fn get_reconsideration(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Json<ReconsiderationBody>, Problem> {
    Ok(Json(reconsiderations::get(&app, &caller, id).await?))
}

/// Decides a reconsideration.
///
/// By another physician than the one who denied. Overturned, the case gets its Order ID, Pathway and S-codes as at a first decision.
#[utoipa::path(post, path = "/v1/reconsiderations/{reconsideration_id}/determinations",
    operation_id = "post_reconsideration_determination", tag = "reviews",
    extensions(("x-roles" = json!(["physician"]))),
    params(("reconsideration_id" = Uuid, Path, description = "The reconsideration"),
           ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible characters, chosen by the caller"),
           ("If-Match" = Option<String>, Header, description = "The version of the case that the caller has seen, as in `ETag`")),
    request_body = ReconsiderationDetermination,
    responses((status = 201, description = "The reconsideration with the case after it", body = ReconsiderationBody),
              (status = 409, description = "It is decided already")))]
async fn post_reconsideration_determination(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    IfMatch(expected): IfMatch,
    Creation { body, idempotent }: Creation<ReconsiderationDetermination>,
) -> Result<Response, Problem> {
    respond_with_version(reconsiderations::determine(&app, &caller, id, &body, &expected, idempotent.as_ref()).await?)
}
