//! Assertions: JSON Web Tokens by which a system says who it is (RFC 7523, SMART App Launch). Nothing of one counts before its signature was
//! verified with a key on file for the client that it names, but that name.

use super::keys::PublicKey;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

/// From now to its end an assertion has so long at most.
const LONGEST: TimeDelta = TimeDelta::minutes(5);
/// Clocks of machines differ by less.
const LEEWAY: TimeDelta = TimeDelta::seconds(5);
/// Characters of a `jti` at most.
const JTI_AT_MOST: usize = 255;

/// An assertion of which only the form is known.
#[derive(Debug)]
pub struct Unverified<'a> {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    signed: &'a str,
    signature: Vec<u8>,
}

/// What is used of an assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// It counts once under this.
    pub jti: String,
    /// Until then.
    pub expires_at: DateTime<Utc>,
}

impl<'a> Unverified<'a> {
    /// Takes an assertion apart.
    pub fn read(text: &'a str) -> Result<Self, &'static str> {
        const FORM: &str = "the assertion is no signed JSON Web Token in compact form";
        let (signed, signature) = text.rsplit_once('.').ok_or(FORM)?;
        let (header, claims) = signed.split_once('.').ok_or(FORM)?;
        let part = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let object = |text: &str| part(text).and_then(|bytes| serde_json::from_slice::<Map<String, Value>>(&bytes).ok());
        Ok(Self {
            header: object(header).ok_or(FORM)?,
            claims: object(claims).ok_or(FORM)?,
            signed,
            signature: part(signature).ok_or(FORM)?,
        })
    }

    /// Whom it says it is from; the same as whom it is about.
    pub fn issuer(&self) -> Result<&str, &'static str> {
        let (issuer, subject) = (self.claim("iss"), self.claim("sub"));
        match (issuer, subject) {
            (Some(issuer), Some(subject)) if issuer == subject => Ok(issuer),
            _ => Err("iss and sub are the same: who calls"),
        }
    }

    /// Whom a token of CDS Hooks says it is from.
    pub fn named_issuer(&self) -> Option<&str> {
        self.claim("iss").filter(|issuer| !issuer.is_empty())
    }

    fn claim(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    /// What is wrong with its form, whoever it is from: found before anybody is looked up, so that nobody learns who is on file.
    pub fn form(&self) -> Result<(), &'static str> {
        if self.header.contains_key("crit") {
            return Err("the assertion has critical parts (crit) that are not known");
        }
        if self.header.get("typ").is_some_and(|kind| !kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("JWT"))) {
            return Err("the assertion is of another type (typ) than JWT");
        }
        if !self.named("alg").is_some_and(|algorithm| ["RS384", "ES384"].contains(&algorithm)) {
            return Err("an assertion is signed with RS384 or ES384 (alg)");
        }
        self.named("kid").map(drop).ok_or("an assertion names its key (kid)")
    }

    fn named(&self, name: &str) -> Option<&str> {
        self.header.get(name).and_then(Value::as_str)
    }

    /// True where one of these keys signed it.
    pub fn is_signed_by(&self, keys: &[PublicKey]) -> bool {
        let is_named = |key: &&PublicKey| self.named("kid") == Some(&key.kid) && self.named("alg") == Some(key.algorithm());
        keys.iter().find(is_named).is_some_and(|key| key.verifies(self.signed.as_bytes(), &self.signature))
    }

    /// What a signed assertion says, held to the rules.
    pub fn held(&self, audience: &str, now: DateTime<Utc>) -> Result<Assertion, &'static str> {
        let is_for_us = match self.claims.get("aud") {
            Some(Value::String(one)) => one == audience,
            Some(Value::Array(all)) => all.iter().any(|one| one == audience),
            _ => false,
        };
        if !is_for_us {
            return Err(
                "the assertion is for somebody else: aud is the address of the token endpoint, as the SMART configuration has it",
            );
        }
        let expires_at = self.instant("exp")?.ok_or("an assertion says when it ends (exp)")?;
        if expires_at <= now {
            return Err("the assertion has ended (exp)");
        }
        if expires_at - now > LONGEST + LEEWAY {
            return Err("an assertion ends within five minutes (exp)");
        }
        for begins in ["nbf", "iat"] {
            if self.instant(begins)?.is_some_and(|begins| begins > now + LEEWAY) {
                return Err("the assertion is from the future (nbf, iat)");
            }
        }
        let jti = self.claim("jti").filter(|jti| !jti.is_empty() && jti.chars().count() <= JTI_AT_MOST);
        let jti = jti.ok_or("an assertion has a number of its own (jti) of 1 to 255 characters")?;
        Ok(Assertion { jti: jti.to_owned(), expires_at })
    }

    /// Seconds since 1970, whole or not.
    fn instant(&self, name: &str) -> Result<Option<DateTime<Utc>>, &'static str> {
        const FORM: &str = "exp, nbf and iat are seconds since 1970";
        let Some(value) = self.claims.get(name) else { return Ok(None) };
        #[expect(clippy::cast_possible_truncation, reason = "what is out of range is no instant")]
        let seconds = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds.floor() as i64));
        seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0)).map(Some).ok_or(FORM)
    }
}
