//! Issuing, revoking and recognising bearer tokens.
//!
//! A token is looked up by the hash of its secret. What was found is remembered for at most one second; a revocation therefore takes effect at once in this process and within a second in others.

use super::accesses::Accessed;
use super::idempotency::{self, Answer};
use super::secrets::hash;
use super::smart::scopes::Scopes;
use super::{App, Caller, Error, Idempotent, Result, smart, tax_ids};
use crate::domain::refusal::Fault;
use crate::domain::vocabulary::CallerRole;
use crate::store;
use crate::store::smart_clients::Client;
pub use crate::store::tokens::Token;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use sqlx::PgConnection;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use utoipa::ToSchema;
use uuid::Uuid;

/// What an issued token starts with, so that secret scanners recognise it.
const PREFIX: &str = "oncoauth_";
const REMEMBERED_FOR: Duration = Duration::from_secs(1);
const REMEMBERED_AT_MOST: usize = 10_000;

/// Tokens seen during the last second.
#[derive(Debug, Clone, Default)]
pub struct TokenCache(Arc<Mutex<Seen>>);

type Seen = HashMap<[u8; 32], (Instant, Token)>;

/// Secrets of tokens that were issued under an idempotency key, so that a repeated request is answered in full. In memory only: what is
/// kept in the database is the answer without the secret.
#[derive(Clone, Default)]
pub struct IssuedSecrets(Arc<Mutex<HashMap<Uuid, String>>>);

impl std::fmt::Debug for IssuedSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IssuedSecrets")
    }
}

impl IssuedSecrets {
    fn remember(&self, token_id: Uuid, secret: &str) {
        let mut secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if secrets.len() >= REMEMBERED_AT_MOST {
            secrets.clear();
        }
        secrets.insert(token_id, secret.to_owned());
    }

    /// The secret, where this process issued the token under a key and has not forgotten it.
    pub fn of(&self, token_id: Uuid) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&token_id).cloned()
    }

    fn forget(&self, token_id: Uuid) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&token_id);
    }
}

impl TokenCache {
    fn get(&self, hash: &[u8; 32]) -> Option<Token> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(hash).filter(|(at, _)| at.elapsed() < REMEMBERED_FOR).map(|(_, token)| token.clone())
    }

    fn put(&self, hash: [u8; 32], token: Token) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= REMEMBERED_AT_MOST {
            seen.clear();
        }
        seen.insert(hash, (Instant::now(), token));
    }

    fn forget(&self, token_id: Uuid) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, (_, token)| token.token_id != token_id);
    }

    /// Forgets every token of a client.
    pub(super) fn forget_client(&self, client_id: Uuid) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, (_, token)| token.client_id != Some(client_id));
    }
}

/// A token to issue.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// What it acts as.
    pub role: CallerRole,
    /// Tax IDs of the practice, nine digits each; required for ordering and servicing providers, and for nobody else.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub tax_ids: Option<Vec<String>>,
    /// The plan it is bound to; required for health plans, and for nobody else.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub health_plan: Option<String>,
    /// What it is for, for people.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub name: Option<String>,
    /// The person or system behind it, so that a renewed token stays the same caller; the token's id when left out.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub subject: Option<String>,
    /// When it stops working; never when left out.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
}

/// Recognises a bearer token; none where it is unknown, expired or revoked.
pub async fn authenticate(app: &App, bearer: &str) -> Result<Option<Caller>> {
    if app.settings.sandbox
        && let Some(caller) = super::sandbox::caller_of(bearer)
    {
        return Ok(Some(caller));
    }
    let Some(hash) = hash_of(bearer) else { return Ok(None) };
    let token = if let Some(token) = app.tokens.get(&hash) {
        token
    } else {
        let Some(token) = Box::pin(look_up(app, &hash)).await? else { return Ok(None) };
        app.tokens.put(hash, token.clone());
        token
    };
    let scopes = token.scopes.as_deref().map(|scopes| Scopes::read(scopes).unwrap_or_default());
    let expired = token.expires_at.is_some_and(|at| at <= app.clock.now());
    if expired || token.revoked_at.is_some() {
        return Ok(None);
    }
    Ok(Some(Caller {
        role: token.role,
        subject: token.subject,
        tax_ids: token.tax_ids,
        health_plan: token.health_plan,
        token_id: Some(token.token_id),
        scopes,
        accessed: Accessed::default(),
    }))
}

async fn look_up(app: &App, hash: &[u8; 32]) -> Result<Option<Token>> {
    let mut conn = app.pool.acquire().await?;
    Ok(store::tokens::by_hash(&mut conn, hash).await?)
}

/// A token that was just issued.
#[derive(Debug, Clone)]
pub struct Issued {
    /// What is stored of it.
    pub token: Token,
    /// The secret: none where an earlier answer is repeated whose secret this process does not know.
    pub secret: Option<String>,
    /// True where the same request was answered before.
    pub replayed: bool,
}

/// Issues a token. The secret is in the answer and nowhere else; `issue_once` repeats it for as long as this process runs.
pub async fn issue(app: &App, conn: &mut PgConnection, issued_by: &str, request: TokenRequest) -> Result<(Token, String)> {
    let faults = faults_of(app, &request);
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    let now = app.clock.now();
    let token_id = app.ids.uuid(now);
    let (secret, hash) = new_secret(app);
    let token = Token {
        token_id,
        role: request.role,
        subject: request.subject.unwrap_or_else(|| token_id.to_string()),
        name: request.name,
        tax_ids: request.tax_ids.unwrap_or_default(),
        health_plan: request.health_plan,
        created_at: now,
        expires_at: request.expires_at,
        revoked_at: None,
        client_id: None,
        scopes: None,
    };
    store::tokens::insert(conn, &token, &hash, issued_by).await?;
    Ok((token, secret))
}

/// Issues a token to a client that has proven who it is: for minutes, and for what these scopes say. The secret is told once.
pub(super) async fn issue_to_client(
    app: &App,
    conn: &mut PgConnection,
    client: &Client,
    scopes: Vec<String>,
    now: DateTime<Utc>,
) -> Result<String> {
    let (secret, hash) = new_secret(app);
    let token = Token {
        token_id: app.ids.uuid(now),
        role: client.role,
        subject: client.subject.clone(),
        name: None,
        tax_ids: client.tax_ids.clone(),
        health_plan: client.health_plan.clone(),
        created_at: now,
        expires_at: Some(now + TimeDelta::seconds(smart::SECONDS.into())),
        revoked_at: None,
        client_id: Some(client.client_id),
        scopes: Some(scopes),
    };
    store::tokens::insert(conn, &token, &hash, &client.subject).await?;
    Ok(secret)
}

fn new_secret(app: &App) -> (String, [u8; 32]) {
    let secret = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(app.ids.secret()));
    let hash = hash(&secret);
    (secret, hash)
}

/// Issues a token once for an idempotency key.
pub async fn issue_once(app: &App, caller: &Caller, request: TokenRequest, idempotent: Option<&Idempotent>) -> Result<Issued> {
    let mut fresh = None;
    let answer = idempotency::once(app, caller, idempotent, async |conn| {
        let (token, secret) = issue(app, conn, &caller.subject, request).await?;
        let body = serde_json::to_value(&token).map_err(|error| Error::Internal(error.to_string()))?;
        fresh = Some(secret);
        Ok(Answer::created(body, None))
    })
    .await?;
    let token: Token = serde_json::from_value(answer.body).map_err(|error| Error::Internal(error.to_string()))?;
    if let (Some(secret), Some(_)) = (&fresh, idempotent) {
        app.issued.remember(token.token_id, secret);
    }
    let secret = fresh.or_else(|| app.issued.of(token.token_id));
    Ok(Issued { token, secret, replayed: answer.replayed })
}

/// Revokes a token; revoking twice is no error.
pub async fn revoke(app: &App, token_id: Uuid) -> Result<()> {
    let mut conn = app.pool.acquire().await?;
    let known = store::tokens::revoke(&mut conn, token_id, app.clock.now()).await?;
    app.tokens.forget(token_id);
    app.issued.forget(token_id);
    if known { Ok(()) } else { Err(Error::NotFound) }
}

/// Up to `limit` tokens after `after`, oldest first, without their secrets.
pub async fn list(app: &App, after: Option<Uuid>, limit: i64) -> Result<Vec<Token>> {
    let mut conn = app.pool.acquire().await?;
    Ok(store::tokens::list(&mut conn, after, limit).await?)
}

fn hash_of(bearer: &str) -> Option<[u8; 32]> {
    bearer.starts_with(PREFIX).then(|| hash(bearer))
}

fn faults_of(app: &App, request: &TokenRequest) -> Vec<Fault> {
    let TokenRequest { role, tax_ids, health_plan, .. } = request;
    let tax_ids = tax_ids.as_deref().unwrap_or_default();
    let mut faults = binding_faults(app, Binding { role: *role, tax_ids, health_plan: health_plan.as_deref() });
    if request.expires_at.is_some_and(|at| at <= app.clock.now()) {
        faults.push(Fault::new("/expires_at", "out-of-range", "the token would have expired already"));
    }
    faults
}

/// What somebody who calls is bound to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Binding<'a> {
    pub role: CallerRole,
    pub tax_ids: &'a [String],
    pub health_plan: Option<&'a str>,
}

/// What is wrong with it.
pub(super) fn binding_faults(app: &App, binding: Binding<'_>) -> Vec<Fault> {
    let Binding { role, tax_ids, health_plan } = binding;
    let mut faults = Vec::new();
    let practice = matches!(role, CallerRole::OrderingProvider | CallerRole::ServicingProvider);
    if practice && tax_ids.is_empty() {
        faults.push(Fault::new("/tax_ids", "missing", "whoever calls for a provider is bound to at least one tax ID"));
    }
    if !practice && !tax_ids.is_empty() {
        faults.push(Fault::new(
            "/tax_ids",
            "not-allowed",
            "only callers for ordering and servicing providers are bound to tax IDs",
        ));
    }
    faults.extend(tax_ids::faults(tax_ids));
    match (role, health_plan) {
        (CallerRole::HealthPlan, None) => {
            faults.push(Fault::new("/health_plan", "missing", "whoever calls for a health plan is bound to the plan"));
        }
        (CallerRole::HealthPlan, Some(plan)) => {
            if !app.library.releases().any(|content| content.program_of_plan(plan).is_some()) {
                faults.push(Fault::new(
                    "/health_plan",
                    "unknown-health-plan",
                    "no program is run for this plan; see GET /v1/programs",
                ));
            }
        }
        (_, Some(_)) => {
            faults.push(Fault::new("/health_plan", "not-allowed", "only callers for a health plan are bound to a plan"));
        }
        (_, None) => {}
    }
    faults
}
