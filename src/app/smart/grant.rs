//! Giving out access tokens.

use super::assertion::Unverified;
use super::key_sets::{UNKNOWN, prove};
use super::scopes::Scopes;
use super::{SUPPORTED, token_endpoint};
use crate::app::{App, Error, Result};
use crate::app::{secrets, tokens};
use crate::store;

/// Seconds that an access token works at most.
pub const SECONDS: u16 = 300;
const GRANT_TYPE: &str = "client_credentials";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What is asked for at the token endpoint.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked<'a> {
    /// `grant_type`.
    pub grant_type: Option<&'a str>,
    /// `client_assertion_type`.
    pub assertion_type: Option<&'a str>,
    /// `client_assertion`.
    pub assertion: Option<&'a str>,
    /// `scope`.
    pub scope: Option<&'a str>,
}

/// An access token, to be told once.
#[derive(Debug, Clone)]
pub struct Granted {
    /// The secret.
    pub access_token: String,
    /// What it is good for.
    pub scopes: Vec<String>,
}

/// Why none is given out, in the words of OAuth, with a sentence for whoever looks into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// A parameter is missing.
    InvalidRequest(&'static str),
    /// Another grant type than this server has.
    UnsupportedGrantType,
    /// It is not known who calls.
    InvalidClient(&'static str),
    /// Nothing that is asked for may be given.
    InvalidScope(&'static str),
    /// The client asks too often; so often a second it may.
    TooMany(u32),
}

/// Gives out an access token to whoever proves who they are.
pub async fn grant(app: &App, asked: Asked<'_>) -> Result<std::result::Result<Granted, Refused>> {
    match granted(app, asked).await {
        Ok(granted) => Ok(Ok(granted)),
        Err(Failed::Refused(refused)) => Ok(Err(refused)),
        Err(Failed::Error(error)) => Err(error),
    }
}

enum Failed {
    Refused(Refused),
    Error(Error),
}

impl From<Refused> for Failed {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<store::Error> for Failed {
    fn from(error: store::Error) -> Self {
        Self::Error(error.into())
    }
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Self::Error(error.into())
    }
}

async fn granted(app: &App, asked: Asked<'_>) -> std::result::Result<Granted, Failed> {
    match asked.grant_type {
        None => return Err(Refused::InvalidRequest("grant_type is missing").into()),
        Some(GRANT_TYPE) => {}
        Some(_) => return Err(Refused::UnsupportedGrantType.into()),
    }
    if asked.assertion_type != Some(ASSERTION_TYPE) {
        let text = "clients prove who they are with client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        return Err(Refused::InvalidClient(text).into());
    }
    let text = asked.assertion.ok_or(Refused::InvalidClient("client_assertion is missing"))?;
    let scope = asked.scope.ok_or(Refused::InvalidRequest("scope is missing"))?;
    let assertion = Unverified::read(text).map_err(Refused::InvalidClient)?;
    assertion.form().map_err(Refused::InvalidClient)?;
    let issuer = assertion.issuer().map_err(Refused::InvalidClient)?;
    let client_id = issuer.parse().map_err(|_| Refused::InvalidClient(UNKNOWN))?;
    // whoever publishes keys may be asked for them now: nothing waits in the database for that
    let mut conn = app.pool.acquire().await?;
    let client = store::smart_clients::find(&mut conn, client_id).await?.filter(|client| client.revoked_at.is_none());
    drop(conn);
    let client = client.ok_or(Refused::InvalidClient(UNKNOWN))?;
    let proven = prove(app, &client, &assertion, &token_endpoint(app)).await.map_err(Refused::InvalidClient)?;
    app.rate_limit.take(&client.subject).map_err(Refused::TooMany)?;
    let registered = Scopes::read(&client.scopes).unwrap_or_default();
    let served = Scopes::read(&SUPPORTED).unwrap_or_default();
    let scopes = Scopes::understood(scope).both(&registered).both(&served);
    if scopes.is_empty() {
        let text =
            "none of the scopes that are asked for can be given: see scopes_supported, and what the client is registered for";
        return Err(Refused::InvalidScope(text).into());
    }
    let (now, jti_hash) = (app.clock.now(), secrets::hash(&proven.jti));
    let mut transaction = app.pool.begin().await?;
    if store::smart_clients::held(&mut transaction, client_id).await?.as_ref() != Some(&client) {
        return Err(Refused::InvalidClient(UNKNOWN).into()); // it was revoked meanwhile, or has other keys
    }
    if !store::smart_clients::use_assertion(&mut transaction, client_id, &jti_hash, proven.expires_at).await? {
        return Err(Refused::InvalidClient("the assertion was used before: each has a number (jti) of its own").into());
    }
    let scopes = scopes.texts();
    let access_token = tokens::issue_to_client(app, &mut transaction, &client, scopes.clone(), now).await?;
    transaction.commit().await?;
    Ok(Granted { access_token, scopes })
}
