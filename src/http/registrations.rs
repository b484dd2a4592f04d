//! Registration of people who act for practices (PRV-01): open to everybody; decided by support, or by a practice's lead.

use super::body::{Creation, ValidJson};
use super::idempotency_header::idempotency_replayed;
use super::paging::{self, DEFAULT_LIMIT, Page};
use super::path::Id;
use super::problem::Problem;
use super::query::ValidQuery;
use super::state::HttpState;
use crate::app::registrations::{self, Decision, Progress, Registration, RegistrationRequest, Status};
use crate::app::{App, Caller, CameFrom};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(routes!(post_registration, list_registrations))
        .routes(routes!(post_email_confirmation))
        .routes(routes!(post_registration_approval))
        .routes(routes!(delete_registration))
}

/// Registers a person, who is sent a code to confirm their address.
///
/// One registration serves every plan and service. The answer is the same whoever is registered already.
#[utoipa::path(post, path = "/v1/registrations", operation_id = "post_registration", tag = "people", security(()),
    request_body = RegistrationRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible characters, chosen by the caller")),
    responses((status = 201, description = "A mail was sent", body = Progress),
              (status = 409, description = "This installation sends no mails, so that nobody can register")))]
async fn post_registration(
    State(app): State<App>,
    Extension(from): Extension<CameFrom>,
    Creation { body: request, idempotent }: Creation<RegistrationRequest>,
) -> Result<Response, Problem> {
    let (progress, replayed) = registrations::register(&app, request, from, idempotent.as_ref()).await?;
    Ok((StatusCode::CREATED, idempotency_replayed(replayed), Json(progress)).into_response())
}

/// The code of a mail.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EmailConfirmation {
    /// The last part of the link in the mail.
    #[schema(min_length = 1, max_length = 100)]
    code: String,
}

/// Confirms an address by the code that was sent there. Doing it again changes nothing.
#[utoipa::path(post, path = "/v1/registrations/{registration_id}/email-confirmations", operation_id = "post_email_confirmation",
    tag = "people", security(()),
    params(("registration_id" = Uuid, Path, description = "The registration")),
    request_body = EmailConfirmation,
    responses((status = 200, description = "How far it is", body = Progress),
              (status = 404, description = "No such registration with this code, or the code is too old")))]
async fn post_email_confirmation(
    State(app): State<App>,
    Id(registration_id): Id,
    ValidJson(sent): ValidJson<EmailConfirmation>,
) -> Result<Json<Progress>, Problem> {
    Ok(Json(registrations::confirm(&app, registration_id, &sent.code).await?))
}

/// Approves or refuses a registration. The person is written to.
///
/// An administrator decides on every one; a practice's lead on those whose tax IDs are all theirs, where the installation lets leads do that.
#[utoipa::path(post, path = "/v1/registrations/{registration_id}/approvals", operation_id = "post_registration_approval", tag = "people",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "administrator"]))),
    params(("registration_id" = Uuid, Path, description = "The registration")),
    request_body = Decision,
    responses((status = 200, description = "The registration", body = Registration),
              (status = 404, description = "No such registration, or none that the caller decides on"),
              (status = 409, description = "Not confirmed yet, waited too long, or decided")))]
async fn post_registration_approval(
    State(app): State<App>,
    caller: Caller,
    Id(registration_id): Id,
    ValidJson(decision): ValidJson<Decision>,
) -> Result<Json<Registration>, Problem> {
    Ok(Json(registrations::decide(&app, &caller, registration_id, &decision).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RegistrationQuery {
    /// Only those in this state.
    status: Option<Status>,
    /// Items on a page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists the registrations that the caller decides on, oldest first.
#[utoipa::path(get, path = "/v1/registrations", operation_id = "list_registrations", tag = "people",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "administrator"]))), params(RegistrationQuery),
    responses((status = 200, description = "A page of them", body = Page<Registration>)))]
async fn list_registrations(
    State(app): State<App>,
    caller: Caller,
    ValidQuery(query): ValidQuery<RegistrationQuery>,
) -> Result<Json<Page<Registration>>, Problem> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let after = paging::decode(query.cursor.as_deref())?;
    let found = registrations::list(&app, &caller, query.status, after, i64::from(limit) + 1).await?;
    Ok(Json(Page::new(found, limit, |one| one.registration_id)))
}

/// Ends what a registration gave: the person acts for nobody by it any more, and is signed out. Ending it again changes nothing.
#[utoipa::path(delete, path = "/v1/registrations/{registration_id}", operation_id = "delete_registration", tag = "people",
    extensions(("x-roles" = json!(["administrator"]))),
    params(("registration_id" = Uuid, Path, description = "The registration")),
    responses((status = 204, description = "It has ended"), (status = 409, description = "It was never approved")))]
async fn delete_registration(State(app): State<App>, caller: Caller, Id(registration_id): Id) -> Result<StatusCode, Problem> {
    registrations::end(&app, &caller, registration_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
