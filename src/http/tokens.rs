//! Bearer tokens: administrators issue, list and revoke them.

use super::body::Creation;
use super::idempotency_header::idempotency_replayed;
use super::paging::{self, DEFAULT_LIMIT, Page};
use super::path::Id;
use super::problem::Problem;
use super::query::ValidQuery;
use super::state::HttpState;
use crate::app::tokens::{self, Issued, Token, TokenRequest};
use crate::app::{App, Caller};
use crate::domain::vocabulary::CallerRole;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(post_token, list_tokens)).routes(routes!(delete_token))
}

/// A token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
struct TokenBody {
    /// Identifies it for revocation.
    token_id: Uuid,
    /// What it acts as.
    role: CallerRole,
    /// The person or system behind it.
    subject: String,
    /// What it is for.
    name: Option<String>,
    /// The practice's tax IDs.
    tax_ids: Vec<String>,
    /// The plan it is bound to.
    health_plan: Option<String>,
    /// When it was issued.
    created_at: DateTime<Utc>,
    /// When it stops working; null means never.
    expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    revoked_at: Option<DateTime<Utc>>,
}

impl From<Token> for TokenBody {
    fn from(token: Token) -> Self {
        Self {
            token_id: token.token_id,
            role: token.role,
            subject: token.subject,
            name: token.name,
            tax_ids: token.tax_ids,
            health_plan: token.health_plan,
            created_at: token.created_at,
            expires_at: token.expires_at,
            revoked_at: token.revoked_at,
        }
    }
}

/// A token that was just issued.
#[derive(Debug, Serialize, ToSchema)]
struct IssuedToken {
    /// The secret, shown this once: to be sent as `Authorization: Bearer <token>`. Null where the answer is repeated under an
    /// Idempotency-Key after a restart; revoke the token then and issue another.
    token: Option<String>,
    #[serde(flatten)]
    stored: TokenBody,
}

/// Issues a token. The secret is shown once.
#[utoipa::path(post, path = "/v1/tokens", operation_id = "post_token", tag = "people",
    extensions(("x-roles" = json!(["administrator"]))),
    request_body = TokenRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible characters, chosen by the caller")),
    responses((status = 201, description = "The token", body = IssuedToken)))]
async fn post_token(
    State(app): State<App>,
    caller: Caller,
    Creation { body: request, idempotent }: Creation<TokenRequest>,
) -> Result<Response, Problem> {
    let Issued { token, secret, replayed } = tokens::issue_once(&app, &caller, request, idempotent.as_ref()).await?;
    let body = Json(IssuedToken { token: secret, stored: token.into() });
    Ok((StatusCode::CREATED, idempotency_replayed(replayed), body).into_response())
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct TokenQuery {
    /// Items on a page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists tokens, oldest first, without their secrets.
#[utoipa::path(get, path = "/v1/tokens", operation_id = "list_tokens", tag = "people",
    extensions(("x-roles" = json!(["administrator"]))), params(TokenQuery),
    responses((status = 200, description = "A page of tokens", body = Page<TokenBody>)))]
async fn list_tokens(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<TokenQuery>,
) -> Result<Json<Page<TokenBody>>, Problem> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let after = paging::decode(query.cursor.as_deref())?;
    let found = tokens::list(&app, after, i64::from(limit) + 1).await?;
    Ok(Json(Page::new(found, limit, |token| token.token_id).map(TokenBody::from)))
}

/// Revokes a token. Revoking it again changes nothing.
#[utoipa::path(delete, path = "/v1/tokens/{token_id}", operation_id = "delete_token", tag = "people",
    extensions(("x-roles" = json!(["administrator"]))),
    params(("token_id" = Uuid, Path, description = "The token")),
    responses((status = 204, description = "It no longer works")))]
async fn delete_token(State(app): State<App>, Id(token_id): Id) -> Result<StatusCode, Problem> {
    tokens::revoke(&app, token_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
