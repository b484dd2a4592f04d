//! How systems sign in (SMART Backend Services): the configuration that they look for, and the token endpoint. Both answer in the form of
//! OAuth, RFC 6749.

use super::outcome::Failure;
use crate::app::App;
use crate::app::smart::{self, Asked, Granted, Refused, SUPPORTED};
use axum::Json;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

/// The largest body, in bytes.
const LIMIT: usize = 64 * 1024;
const FORM: &str = "application/x-www-form-urlencoded";

/// Beside an answer that is a refusal in the form of OAuth: its code, for the log.
#[derive(Debug, Clone, Copy)]
pub struct Told(pub &'static str);

/// Says where and how systems get access tokens.
pub async fn get_smart_configuration(State(app): State<App>) -> Response {
    Json(json!({
        "token_endpoint": smart::token_endpoint(&app),
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"],
        "scopes_supported": SUPPORTED,
        "capabilities": ["client-confidential-asymmetric", "permission-v1", "permission-v2"],
    }))
    .into_response()
}

/// Gives an access token to a system that proves who it is.
pub async fn post_token(State(app): State<App>, request: Request) -> Result<Response, Failure> {
    let form = match form(request).await {
        Ok(form) => form,
        Err(text) => return Ok(refuse(Refused::InvalidRequest(text))),
    };
    let value = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let asked = Asked {
        grant_type: value("grant_type"),
        assertion_type: value("client_assertion_type"),
        assertion: value("client_assertion"),
        scope: value("scope"),
    };
    Ok(match smart::grant(&app, asked).await? {
        Ok(granted) => answer(StatusCode::OK, &token(&granted)),
        Err(refused) => refuse(refused),
    })
}

fn token(granted: &Granted) -> Value {
    json!({
        "access_token": granted.access_token,
        "token_type": "bearer",
        "expires_in": smart::SECONDS,
        "scope": granted.scopes.join(" "),
    })
}

/// The parameters of a form. None comes twice, and an empty one is as good as none (RFC 6749, 3.2).
async fn form(request: Request) -> Result<Vec<(String, String)>, &'static str> {
    let is_form = |headers: &HeaderMap| {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(FORM)
    };
    if !is_form(request.headers()) {
        return Err("send the parameters with `Content-Type: application/x-www-form-urlencoded`");
    }
    let body = to_bytes(request.into_body(), LIMIT).await.map_err(|_| "the body is too large, or broke off")?;
    let mut form: Vec<(String, String)> = Vec::new();
    for (name, value) in form_urlencoded::parse(&body) {
        if form.iter().any(|(known, _)| *known == name) {
            return Err("a parameter comes twice");
        }
        if !value.is_empty() {
            form.push((name.into_owned(), value.into_owned()));
        }
    }
    Ok(form)
}

fn refuse(refused: Refused) -> Response {
    let (status, code, text) = match refused {
        Refused::InvalidRequest(text) => (StatusCode::BAD_REQUEST, "invalid_request", text),
        Refused::UnsupportedGrantType => {
            (StatusCode::BAD_REQUEST, "unsupported_grant_type", "the grant type is client_credentials")
        }
        Refused::InvalidClient(text) => (StatusCode::UNAUTHORIZED, "invalid_client", text),
        Refused::InvalidScope(text) => (StatusCode::BAD_REQUEST, "invalid_scope", text),
        Refused::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "slow_down", "this client asks too often"),
    };
    let mut response = answer(status, &json!({"error": code, "error_description": text}));
    if matches!(refused, Refused::InvalidClient(_)) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if matches!(refused, Refused::TooMany(_)) {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response.extensions_mut().insert(Told(code));
    response
}

fn answer(status: StatusCode, body: &Value) -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
    (status, headers, Json(body)).into_response()
}
