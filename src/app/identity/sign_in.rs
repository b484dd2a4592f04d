//! Signing in: the browser is sent to the authority with a state that it alone can come back with, and back with a code that counts once.
//!
//! The browser keeps a secret, the database the hashes of secret and state. What the authority has to repeat (the nonce) and what only we
//! can show it (the verifier) are made of both, so that neither can be had from the database, and an answer that was meant for one browser
//! or one attempt is of no use in another.

use super::keys::{Keys, PATIENCE};
use super::verify::{For, verify};
use super::{Authority, mapping};
use crate::app::registrations::{self, Registered};
use crate::app::secrets::hash;
use crate::app::sessions::{self, NewSession};
use crate::app::{App, Error, Result};
use crate::store::sign_ins::SignIn;
use crate::{outbound, store};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata};
use openidconnect::{
    AuthorizationCode, CsrfToken, HttpRequest, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
};
use ring::hmac;

/// Minutes from being sent off to coming back.
pub const SIGN_IN_MINUTES: i64 = 10;

/// A sign-in that has begun.
#[derive(Debug, Clone)]
pub struct Begun {
    /// Where the browser goes.
    pub address: String,
    /// What it keeps until it is back.
    pub secret: String,
}

/// What a browser comes back with.
#[derive(Debug, Clone, Copy, Default)]
pub struct Came<'a> {
    /// What it kept.
    pub secret: Option<&'a str>,
    /// What it was sent off with.
    pub state: Option<&'a str>,
    /// What the authority gave it.
    pub code: Option<&'a str>,
    /// Who sent it, where the authority says so (RFC 9207).
    pub issuer: Option<&'a str>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody is signed in.
    In {
        /// What their browser keeps.
        secret: String,
        /// Where they wanted to go.
        then: String,
    },
    /// Nobody is.
    Not(NotIn),
}

/// Why nobody is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotIn {
    /// This browser began no such sign-in, or it is over.
    NotBegunHere,
    /// The authority did not let them in, or they went back.
    Declined,
    /// What the authority said is not believed.
    NotBelieved,
    /// They are who they are, and nobody here: why.
    WithoutRole(&'static str),
}

/// Begins to sign in at an authority; none where there is no such one. `then` is where the person wants to go.
pub async fn begin(app: &App, name: &str, then: &str) -> Result<Option<Begun>> {
    let Some((authority, keys)) = app.authorities.named(name) else { return Ok(None) };
    let published = keys.published(authority, app.clock.of_others()).await?;
    let (secret, state) = (URL_SAFE_NO_PAD.encode(app.ids.secret()), URL_SAFE_NO_PAD.encode(app.ids.secret()));
    let (nonce, verifier) = (made_of(&secret, &state, "nonce"), made_of(&secret, &state, "verifier"));
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier));
    let client =
        CoreClient::from_provider_metadata((*published).clone(), authority.client_id.clone(), authority.client_secret.clone())
            .set_redirect_uri(redirect(app, authority)?);
    let sent = state.clone();
    let request = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || CsrfToken::new(sent), move || Nonce::new(nonce))
        .add_scopes(authority.scopes.iter().map(|scope| Scope::new(scope.clone())))
        .set_pkce_challenge(challenge);
    let (address, ..) = request.url();
    let begun = SignIn { authority: name.to_owned(), then: then.to_owned(), begun_at: app.clock.now() };
    let mut conn = app.pool.acquire().await?;
    store::sign_ins::insert(&mut conn, &hash(&state), &hash(&secret), &begun).await?;
    Ok(Some(Begun { address: address.into(), secret }))
}

/// Ends what [`begin`] began, once; none where there is no such authority.
pub async fn complete(app: &App, name: &str, came: Came<'_>) -> Result<Option<Outcome>> {
    let Some((authority, keys)) = app.authorities.named(name) else { return Ok(None) };
    let outcome = completed(app, authority, keys, came).await?;
    let word = match &outcome {
        Outcome::In { .. } => "in",
        Outcome::Not(NotIn::NotBegunHere) => "not_begun_here",
        Outcome::Not(NotIn::Declined) => "declined",
        Outcome::Not(NotIn::NotBelieved) => "not_believed",
        Outcome::Not(NotIn::WithoutRole(_)) => "without_role",
    };
    tracing::info!(target: "sign_in", provider = authority.name, outcome = word, "somebody came back from a provider");
    metrics::counter!("oncoauth_sign_ins_total", "provider" => authority.name.clone(), "outcome" => word).increment(1);
    Ok(Some(outcome))
}

async fn completed(app: &App, authority: &Authority, keys: &Keys, came: Came<'_>) -> Result<Outcome> {
    let not = |why| Ok(Outcome::Not(why));
    let (Some(secret), Some(state)) = (came.secret, came.state) else { return not(NotIn::NotBegunHere) };
    let Some(begun) = take(app, secret, state).await? else { return not(NotIn::NotBegunHere) };
    let over = app.clock.now() - begun.begun_at >= TimeDelta::minutes(SIGN_IN_MINUTES);
    if over || begun.authority != authority.name {
        return not(NotIn::NotBegunHere);
    }
    if came.issuer.is_some_and(|issuer| issuer != authority.issuer.as_str()) {
        return not(NotIn::NotBelieved);
    }
    let Some(code) = came.code else { return not(NotIn::Declined) };
    let published = keys.published(authority, app.clock.of_others()).await?;
    let verifier = PkceCodeVerifier::new(made_of(secret, state, "verifier"));
    let Some(token) = exchange(app, authority, &published, code, verifier).await? else { return not(NotIn::NotBelieved) };
    let nonce = Nonce::new(made_of(secret, state, "nonce"));
    let told = match verify(authority, keys, &token, For::SignIn(&nonce), app.clock.of_others()).await? {
        Ok(told) => told,
        Err(why) => {
            tracing::warn!(target: "sign_in", provider = authority.name, why = why.0, "an ID token is not believed");
            return not(NotIn::NotBelieved);
        }
    };
    let mut granted = authority.grant(&told.claims);
    // a registration and the session by it in one transaction: whoever ends the one ends the other
    let mut transaction = app.pool.begin().await?;
    if granted.is_err() && authority.registered {
        let person = Registered { issuer: authority.issuer.as_str(), subject: &told.subject, claims: &told.claims };
        granted = registrations::act(&mut transaction, person, app.clock.now()).await?;
    }
    let grant = match granted {
        Ok(grant) => grant,
        Err(why) => return not(NotIn::WithoutRole(why)),
    };
    let session = NewSession {
        role: grant.role,
        subject: authority.subject(&told.subject),
        name: mapping::name(&told.claims),
        tax_ids: grant.tax_ids,
        health_plan: grant.health_plan,
        issuer: Some(authority.issuer.to_string()),
    };
    let secret = sessions::begin(app, &mut transaction, session).await?;
    transaction.commit().await?;
    Ok(Outcome::In { secret, then: begun.then })
}

/// The sign-in that this browser began with this state. It is gone with that, whatever becomes of it.
async fn take(app: &App, secret: &str, state: &str) -> Result<Option<SignIn>> {
    let mut conn = app.pool.acquire().await?;
    Ok(store::sign_ins::take(&mut conn, &hash(state), &hash(secret)).await?)
}

/// The ID token for a code; none where the authority gives none for it.
async fn exchange(
    app: &App,
    authority: &Authority,
    published: &CoreProviderMetadata,
    code: &str,
    verifier: PkceCodeVerifier,
) -> Result<Option<String>> {
    let client =
        CoreClient::from_provider_metadata(published.clone(), authority.client_id.clone(), authority.client_secret.clone())
            .set_redirect_uri(redirect(app, authority)?);
    let Ok(request) = client.exchange_code(AuthorizationCode::new(code.to_owned())) else {
        return Err(Error::Unavailable(format!("{} publishes no address for codes", authority.title)));
    };
    let ask = |request: HttpRequest| outbound::ask(request, authority.reach, PATIENCE);
    match request.set_pkce_verifier(verifier).request_async(&ask).await {
        Ok(answer) => Ok(answer.extra_fields().id_token().map(ToString::to_string)),
        Err(RequestTokenError::Request(error)) => {
            tracing::warn!(target: "sign_in", provider = authority.name, %error, "a provider does not answer");
            Err(Error::Unavailable(format!("{} does not answer", authority.title)))
        }
        Err(_) => Ok(None),
    }
}

fn redirect(app: &App, authority: &Authority) -> Result<RedirectUrl> {
    let address = format!("{}/login/{}/callback", app.settings.public_url, authority.name);
    RedirectUrl::new(address).map_err(|error| Error::Internal(format!("the public URL is none: {error}")))
}

/// 256 bits that can be had from secret and state together only, as text.
fn made_of(secret: &str, state: &str, what: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    URL_SAFE_NO_PAD.encode(hmac::sign(&key, format!("{what} {state}").as_bytes()))
}

/// Forgets those who did not come back.
pub async fn purge(app: &App) -> Result<u64> {
    let before = app.clock.now() - TimeDelta::minutes(SIGN_IN_MINUTES);
    let mut conn = app.pool.acquire().await?;
    Ok(store::sign_ins::remove_begun(&mut conn, before).await?)
}
