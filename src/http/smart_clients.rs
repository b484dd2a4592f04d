//! Systems that sign in by themselves (SMART Backend Services): administrators register, list and revoke them.

use super::body::{Creation, ValidJson};
use super::idempotency_header::idempotency_replayed;
use super::paging::{self, DEFAULT_LIMIT, Page};
use super::path::Id;
use super::problem::Problem;
use super::query::ValidQuery;
use super::state::HttpState;
use crate::app::smart::{self, SmartClient, SmartClientKeys, SmartClientRequest};
use crate::app::{App, Caller};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(routes!(post_smart_client, list_smart_clients))
        .routes(routes!(delete_smart_client))
        .routes(routes!(put_smart_client_keys))
}

/// Registers a system that calls the FHIR door with access tokens of its own.
///
/// It gets them at `token_endpoint` (`POST`, a form; SMART Backend Services): `grant_type=client_credentials`, the `scope` that it asks
/// for, `client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer` and a `client_assertion`, a JSON Web Token signed with
/// RS384 or ES384, whose `iss` and `sub` are the `client_id`, `aud` the `token_endpoint`, `exp` within five minutes, `jti` new each time, and
/// `kid` one of the keys. A token works for five minutes, below `/fhir` only.
#[utoipa::path(post, path = "/v1/smart-clients", operation_id = "post_smart_client", tag = "people",
    extensions(("x-roles" = json!(["administrator"]))),
    request_body = SmartClientRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible characters, chosen by the caller")),
    responses((status = 201, description = "The client", body = SmartClient)))]
async fn post_smart_client(
    State(app): State<App>,
    caller: Caller,
    Creation { body: request, idempotent }: Creation<SmartClientRequest>,
) -> Result<Response, Problem> {
    let answer = smart::register(&app, &caller, request, idempotent.as_ref()).await?;
    Ok((StatusCode::CREATED, idempotency_replayed(answer.replayed), Json(answer.body)).into_response())
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SmartClientQuery {
    /// Items on a page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists clients, oldest first.
#[utoipa::path(get, path = "/v1/smart-clients", operation_id = "list_smart_clients", tag = "people",
    extensions(("x-roles" = json!(["administrator"]))), params(SmartClientQuery),
    responses((status = 200, description = "A page of clients", body = Page<SmartClient>)))]
async fn list_smart_clients(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<SmartClientQuery>,
) -> Result<Json<Page<SmartClient>>, Problem> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let after = paging::decode(query.cursor.as_deref())?;
    let found = smart::list(&app, after, i64::from(limit) + 1).await?;
    Ok(Json(Page::new(found, limit, |client| client.client_id)))
}

/// Revokes a client, and every access token that it has. Revoking it again changes nothing.
#[utoipa::path(delete, path = "/v1/smart-clients/{client_id}", operation_id = "delete_smart_client", tag = "people",
    extensions(("x-roles" = json!(["administrator"]))),
    params(("client_id" = Uuid, Path, description = "The client")),
    responses((status = 204, description = "It can no longer sign in, and its tokens no longer work")))]
async fn delete_smart_client(State(app): State<App>, caller: Caller, Id(client_id): Id) -> Result<StatusCode, Problem> {
    smart::revoke(&app, &caller, client_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a client other keys, in the place of all that it has, and ends its access tokens.
#[utoipa::path(put, path = "/v1/smart-clients/{client_id}/jwks", operation_id = "put_smart_client_keys", tag = "people",
    extensions(("x-roles" = json!(["administrator"]))),
    params(("client_id" = Uuid, Path, description = "The client")),
    request_body = SmartClientKeys,
    responses((status = 200, description = "The client", body = SmartClient)))]
async fn put_smart_client_keys(
    State(app): State<App>,
    caller: Caller,
    Id(client_id): Id,
    ValidJson(keys): ValidJson<SmartClientKeys>,
) -> Result<Json<SmartClient>, Problem> {
    Ok(Json(smart::replace_keys(&app, &caller, client_id, &keys).await?))
}
