//! Systems that sign in by themselves (SMART Backend Services): the administrator registers their public keys and what they are bound to,
//! they prove with a signed assertion who they are, and get an access token that works for minutes and only where its scopes say.

mod assertion;
mod grant;
pub mod hooks;
mod key_sets;
mod keys;
pub mod scopes;

pub use grant::{Asked, Granted, Refused, SECONDS, grant};
pub use key_sets::KeySets;

use super::idempotency::{self, Answer};
use super::tokens::{Binding, binding_faults};
use super::{App, Caller, Error, Idempotent, Result, webhooks};
use crate::domain::refusal::Fault;
use crate::domain::vocabulary::CallerRole;
use crate::outbound::Target;
use crate::store;
pub use crate::store::smart_clients::Client;
use chrono::{DateTime, TimeDelta, Utc};
use keys::PublicKey;
use scopes::Scopes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// What systems can be allowed to do here.
pub const SUPPORTED: [&str; 5] =
    ["system/Claim.crs", "system/ClaimResponse.r", "system/Library.r", "system/Questionnaire.r", "system/Subscription.crud"];
/// What a client may ask for that was registered without scopes.
const EVERYTHING: &str = "system/*.cruds";
/// So long after it ended, a token can still be found by its id.
const REMEMBERED: TimeDelta = TimeDelta::days(1);

/// A system to register.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SmartClientRequest {
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
    /// What it is, for people.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub name: Option<String>,
    /// The system as it stays when it is registered anew; the client's id when left out.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub subject: Option<String>,
    /// Who it says that it is (`iss`) in the tokens that it signs for its calls of CDS Hooks; none where it makes none.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 500)]
    pub issuer: Option<String>,
    /// What it may ask for at most, such as `system/Claim.crs`; everything that its role may do when left out.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 50)]
    pub scopes: Option<Vec<String>>,
    /// Its public keys, as a JSON Web Key Set: RSA for RS384, EC on P-384 for ES384, each with a `kid`. Either these or `jwks_uri`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub jwks: Option<Value>,
    /// Where it publishes such a set itself: https, at a public address, answered without a redirect. It is looked at every five minutes, and
    /// when an assertion is signed by a key that is not known; while it cannot be had, what it said last counts for an hour.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub jwks_uri: Option<String>,
}

/// Other keys for a client.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SmartClientKeys {
    /// All of its public keys from now on. Have the old one among them until the client signs with the new one. Either these or `jwks_uri`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub jwks: Option<Value>,
    /// Where it publishes them from now on.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub jwks_uri: Option<String>,
}

/// A key of a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SmartKey {
    /// By which assertions name it.
    pub kid: String,
    /// The algorithm that it is good for.
    pub alg: String,
}

/// A registered system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SmartClient {
    /// What it signs in as: `iss` and `sub` of its assertions.
    pub client_id: Uuid,
    /// What it acts as.
    pub role: CallerRole,
    /// The system behind it.
    pub subject: String,
    /// What it is.
    pub name: Option<String>,
    /// The practice's tax IDs.
    pub tax_ids: Vec<String>,
    /// The plan it is bound to.
    pub health_plan: Option<String>,
    /// Who it says that it is in calls of CDS Hooks.
    pub issuer: Option<String>,
    /// What it may ask for at most.
    pub scopes: Vec<String>,
    /// Its keys; empty where it publishes them.
    pub keys: Vec<SmartKey>,
    /// Where it publishes them.
    pub jwks_uri: Option<String>,
    /// Where it gets its access tokens: `aud` of its assertions.
    pub token_endpoint: String,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// The address at which access tokens are given out.
pub fn token_endpoint(app: &App) -> String {
    format!("{}/oauth2/token", app.settings.public_url.trim_end_matches('/'))
}

/// Registers a system, once for an idempotency key.
pub async fn register(
    app: &App,
    caller: &Caller,
    request: SmartClientRequest,
    idempotent: Option<&Idempotent>,
) -> Result<Answer> {
    let faults = faults_of(app, &request);
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    idempotency::once(app, caller, idempotent, async |conn| {
        let now = app.clock.now();
        let client_id = app.ids.uuid(now);
        let texts = request.scopes.unwrap_or_else(|| vec![EVERYTHING.to_owned()]);
        let client = Client {
            client_id,
            role: request.role,
            subject: request.subject.unwrap_or_else(|| client_id.to_string()),
            name: request.name,
            tax_ids: request.tax_ids.unwrap_or_default(),
            health_plan: request.health_plan,
            issuer: request.issuer,
            scopes: Scopes::read(&texts).unwrap_or_default().texts(),
            jwks: request.jwks,
            jwks_uri: request.jwks_uri,
            created_at: now,
            revoked_at: None,
        };
        store::smart_clients::insert(conn, &client, &caller.subject).await.map_err(|error| match error.violated() {
            Some("smart_clients_issuer") => Error::conflict("another client has this issuer: revoke it first"),
            _ => error.into(),
        })?;
        tracing::info!(%client_id, role = %client.role, by = caller.subject, "SMART client registered");
        let body = serde_json::to_value(shown(app, client)).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Answer::created(body, None))
    })
    .await
}

fn faults_of(app: &App, request: &SmartClientRequest) -> Vec<Fault> {
    let SmartClientRequest { role, tax_ids, health_plan, .. } = request;
    let tax_ids = tax_ids.as_deref().unwrap_or_default();
    let mut faults = binding_faults(app, Binding { role: *role, tax_ids, health_plan: health_plan.as_deref() });
    if let Err(places) = request.scopes.as_deref().map(Scopes::read).transpose() {
        let fault = |place| {
            let message = "a scope is system/<resource>.<letters of cruds>, such as system/Claim.crs";
            Fault::new(format!("/scopes/{place}"), "malformed", message)
        };
        faults.extend(places.into_iter().map(fault));
    }
    faults.extend(key_faults(app, request.jwks.as_ref(), request.jwks_uri.as_deref()));
    faults
}

fn key_faults(app: &App, jwks: Option<&Value>, jwks_uri: Option<&str>) -> Vec<Fault> {
    match (jwks, jwks_uri) {
        (Some(_), Some(_)) => {
            vec![Fault::new(
                "/jwks_uri",
                "contradiction",
                "a client sends its public keys or publishes them: give one of the two",
            )]
        }
        (None, None) => {
            let message = "a client has its public keys as a JSON Web Key Set, here or at a jwks_uri";
            vec![Fault::new("/jwks", "missing", message)]
        }
        (Some(jwks), None) => keys::read(jwks, "/jwks").err().unwrap_or_default(),
        (None, Some(address)) => {
            let refused = Target::parse(address, webhooks::reach(app)).err();
            refused.map(|(code, message)| Fault::new("/jwks_uri", code, message)).into_iter().collect()
        }
    }
}

fn shown(app: &App, client: Client) -> SmartClient {
    let of_key = |key: PublicKey| SmartKey { alg: key.algorithm().to_owned(), kid: key.kid };
    SmartClient {
        client_id: client.client_id,
        role: client.role,
        subject: client.subject,
        name: client.name,
        tax_ids: client.tax_ids,
        health_plan: client.health_plan,
        issuer: client.issuer,
        scopes: client.scopes,
        keys: client.jwks.and_then(|jwks| keys::read(&jwks, "").ok()).unwrap_or_default().into_iter().map(of_key).collect(),
        jwks_uri: client.jwks_uri,
        token_endpoint: token_endpoint(app),
        created_at: client.created_at,
        revoked_at: client.revoked_at,
    }
}

/// Up to `limit` clients after `after`, oldest first.
pub async fn list(app: &App, after: Option<Uuid>, limit: i64) -> Result<Vec<SmartClient>> {
    let mut conn = app.pool.acquire().await?;
    let clients = store::smart_clients::list(&mut conn, after, limit).await?;
    Ok(clients.into_iter().map(|client| shown(app, client)).collect())
}

/// Gives a client other keys. Access tokens that it has end: whoever has the key before has them, too.
pub async fn replace_keys(app: &App, caller: &Caller, client_id: Uuid, keys: &SmartClientKeys) -> Result<SmartClient> {
    let SmartClientKeys { jwks, jwks_uri } = keys;
    let faults = key_faults(app, jwks.as_ref(), jwks_uri.as_deref());
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    let mut transaction = app.pool.begin().await?;
    if !store::smart_clients::replace_keys(&mut transaction, client_id, jwks.as_ref(), jwks_uri.as_deref()).await? {
        return Err(Error::NotFound);
    }
    store::tokens::revoke_of_client(&mut transaction, client_id, app.clock.now()).await?;
    let client = store::smart_clients::held(&mut transaction, client_id).await?.ok_or(Error::NotFound)?;
    transaction.commit().await?;
    app.tokens.forget_client(client_id);
    app.key_sets.forget(client_id);
    tracing::info!(%client_id, by = caller.subject, "keys of a SMART client replaced");
    Ok(shown(app, client))
}

/// Revokes a client and every access token that it has. Revoking twice is no error.
pub async fn revoke(app: &App, caller: &Caller, client_id: Uuid) -> Result<()> {
    let now = app.clock.now();
    let mut transaction = app.pool.begin().await?;
    let known = store::smart_clients::revoke(&mut transaction, client_id, now).await?;
    store::tokens::revoke_of_client(&mut transaction, client_id, now).await?;
    transaction.commit().await?;
    app.tokens.forget_client(client_id);
    app.key_sets.forget(client_id);
    if !known {
        return Err(Error::NotFound);
    }
    tracing::info!(%client_id, by = caller.subject, "SMART client revoked");
    Ok(())
}

/// Forgets assertions that have ended, and access tokens that ended long ago.
pub async fn purge(app: &App) -> Result<()> {
    let now = app.clock.now();
    let mut conn = app.pool.acquire().await?;
    store::smart_clients::forget_assertions(&mut conn, now).await?;
    store::tokens::forget_of_clients(&mut conn, now - REMEMBERED).await?;
    Ok(())
}
