//! Whether an authority said this, to whom, and whether it still holds.

use super::Authority;
use super::keys::Keys;
use super::mapping::Claims;
use crate::app::Result;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreProviderMetadata};
use openidconnect::{Audience, ClaimsVerificationError, ClientId, JsonWebTokenType, Nonce, SignatureVerificationError};
use std::str::FromStr as _;
use std::sync::Arc;

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 16 * 1024;
/// The longest subject (OpenID Connect Core, 2).
const LONGEST_SUBJECT: usize = 255;

/// What a token is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum For<'a> {
    /// To tell this service who signed in, in the browser that was sent off with this.
    SignIn(&'a Nonce),
    /// To call this service's API, which has this audience.
    Api(&'a str),
}

/// Whose token it is, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    /// The authority's subject.
    pub subject: String,
    /// Everything that it says.
    pub claims: Claims,
}

/// Why a token is not believed, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Distrust(pub &'static str);

/// What a token says; the keys are fetched again, at most every few seconds, where they do not fit.
pub(super) async fn verify(
    authority: &Authority,
    keys: &Keys,
    token: &str,
    purpose: For<'_>,
    now: DateTime<Utc>,
) -> Result<std::result::Result<Told, Distrust>> {
    if token.len() > LONGEST {
        return Ok(Err(Distrust("too long")));
    }
    let Ok(parsed) = CoreIdToken::from_str(token) else { return Ok(Err(Distrust("malformed"))) };
    let published = keys.published(authority, now).await?;
    let mut checked = check(authority, &published, &parsed, purpose, now);
    if let Err(error) = &checked
        && may_be_of_a_new_key(error)
        && let Some(published) = keys.again(authority, Arc::clone(&published), now).await
    {
        checked = check(authority, &published, &parsed, purpose, now);
    }
    Ok(checked.map_err(|error| Distrust(in_a_word(&error))).and_then(|subject| {
        let claims = claims_of(token).ok_or(Distrust("malformed"))?;
        hold(authority, &claims, &subject, purpose, now)?;
        Ok(Told { subject, claims })
    }))
}

/// What the library looks at: signature, algorithm, issuer, audience, expiry, time of issue, nonce. The subject, where all of it holds.
fn check(
    authority: &Authority,
    published: &CoreProviderMetadata,
    token: &CoreIdToken,
    purpose: For<'_>,
    now: DateTime<Utc>,
) -> std::result::Result<String, ClaimsVerificationError> {
    let skew = authority.clock_skew;
    let audience = match purpose {
        For::SignIn(_) => authority.client_id.clone(),
        For::Api(audience) => ClientId::new(audience.to_owned()),
    };
    // without the client's secret no algorithm of a shared secret can be used, whatever is listed
    let verifier = CoreIdTokenVerifier::new_public_client(audience, authority.issuer.clone(), published.jwks().clone())
        .set_allowed_algs(authority.algorithms.iter().cloned())
        .set_time_fn(move || now - skew)
        .set_issue_time_verifier_fn(move |at| if at > now + skew { Err("issued in the future".to_owned()) } else { Ok(()) });
    let claims = match purpose {
        For::SignIn(nonce) => token.claims(&verifier, nonce)?,
        For::Api(_) => {
            let types = ["JWT", "at+jwt"].into_iter().filter_map(|name| JsonWebTokenType::new(name.to_owned()).normalize().ok());
            // a token may open other services beside this one
            let verifier = verifier.set_allowed_jose_types(types).set_other_audience_verifier_fn(|_: &Audience| true);
            token.claims(&verifier, |_: Option<&Nonce>| Ok(()))?
        }
    };
    Ok(claims.subject().to_string())
}

/// What the library leaves to others: a time before which the token does not count, and the party that it was made for.
fn hold(
    authority: &Authority,
    claims: &Claims,
    subject: &str,
    purpose: For<'_>,
    now: DateTime<Utc>,
) -> std::result::Result<(), Distrust> {
    if subject.is_empty() || subject.len() > LONGEST_SUBJECT || subject.chars().any(char::is_control) {
        return Err(Distrust("subject"));
    }
    if let Some(not_before) = claims.get("nbf") {
        let from = not_before.as_f64().and_then(seconds).ok_or(Distrust("malformed"))?;
        if from > now + authority.clock_skew {
            return Err(Distrust("not yet valid"));
        }
    }
    let party = claims.get("azp");
    if matches!(purpose, For::SignIn(_)) && party.is_some_and(|party| party.as_str() != Some(authority.client_id.as_str())) {
        return Err(Distrust("made for another party"));
    }
    Ok(())
}

/// An instant of a token, rounded up: one that begins within a second has not begun.
#[expect(clippy::cast_possible_truncation, reason = "a number beyond what fits is no instant, and is then none")]
fn seconds(number: f64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(number.ceil() as i64, 0)
}

/// Everything that a token says. It has been looked at by then.
pub(super) fn claims_of(token: &str) -> Option<Claims> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

const fn may_be_of_a_new_key(error: &ClaimsVerificationError) -> bool {
    use SignatureVerificationError::{AmbiguousKeyId, CryptoError, NoMatchingKey};
    // a key may have been replaced under its old name, or under none
    matches!(error, ClaimsVerificationError::SignatureVerification(NoMatchingKey | AmbiguousKeyId(_) | CryptoError(_)))
}

/// The library's own texts quote the token.
const fn in_a_word(error: &ClaimsVerificationError) -> &'static str {
    use SignatureVerificationError::{DisallowedAlg, NoMatchingKey, NoSignature, UnsupportedAlg};
    match error {
        ClaimsVerificationError::Expired(_) => "expired, or issued in the future",
        ClaimsVerificationError::InvalidAudience(_) => "for another audience",
        ClaimsVerificationError::InvalidIssuer(_) => "of another issuer",
        ClaimsVerificationError::InvalidNonce(_) => "of another sign-in",
        ClaimsVerificationError::SignatureVerification(NoSignature) => "not signed",
        ClaimsVerificationError::SignatureVerification(DisallowedAlg(_) | UnsupportedAlg(_)) => {
            "signed in a way that is not listed"
        }
        ClaimsVerificationError::SignatureVerification(NoMatchingKey) => "signed by an unknown key",
        ClaimsVerificationError::SignatureVerification(_) => "not signed by its issuer",
        _ => "not understood",
    }
}
