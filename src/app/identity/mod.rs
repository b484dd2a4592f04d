//! Who people and programs are, as OpenID providers say it. A provider is called an authority here: in this field a provider treats
//! patients.
//!
//! People sign in at their provider and come back with a code (`sign_in`); programs bring a token of the same provider (`bearer`). Either
//! is held to the same rules (`verify`) and becomes a role with what it is bound to by the same mapping (`mapping`). Whoever the mapping
//! does not name is nobody. A person is an issuer with its subject, and never an email address.

mod bearer;
pub mod config;
mod keys;
pub mod mapping;
mod sign_in;
mod verify;

pub use bearer::{Bearer, is_signed, recognize};
pub use sign_in::{Begun, Came, NotIn, Outcome, SIGN_IN_MINUTES, begin, complete, purge};

use crate::outbound::Reach;
use chrono::TimeDelta;
use keys::Keys;
use mapping::{Claims, Grant, Mapping, NoGrant};
use openidconnect::core::CoreJwsSigningAlgorithm;
use openidconnect::{ClientId, ClientSecret, IssuerUrl};
use std::sync::Arc;

/// An OpenID provider, as it is configured.
#[derive(Debug, Clone)]
pub struct Authority {
    /// In addresses: `/login/{name}`.
    pub name: String,
    /// For people.
    pub title: String,
    /// As its tokens name it.
    pub issuer: IssuerUrl,
    /// What it knows this service as.
    pub client_id: ClientId,
    /// What proves that; none for a public client.
    pub client_secret: Option<ClientSecret>,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// What its tokens may be signed with.
    pub algorithms: Vec<CoreJwsSigningAlgorithm>,
    /// The audience of tokens for the API; its tokens do not open the API where none is set.
    pub api_audience: Option<String>,
    /// By how much its clock may differ.
    pub clock_skew: TimeDelta,
    /// Which addresses are called for it.
    pub reach: Reach,
    /// What its people may act as; nobody, by its word, where there is none.
    pub mapping: Option<Mapping>,
    /// People who registered here sign in there: its word on whose address is confirmed counts.
    pub registered: bool,
}

/// The configured authorities, with what they publish. Threads and requests share it.
#[derive(Debug, Clone, Default)]
pub struct Authorities(Arc<[(Authority, Keys)]>);

impl Authorities {
    /// These ones, of which nothing is known yet.
    pub fn new(authorities: &[Authority]) -> Self {
        Self(authorities.iter().map(|authority| (authority.clone(), Keys::default())).collect())
    }

    /// Name and title of each, in their order.
    pub fn titles(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(authority, _)| (authority.name.as_str(), authority.title.as_str()))
    }

    /// True where this issuer is still one of them.
    pub fn has_issuer(&self, issuer: &str) -> bool {
        self.0.iter().any(|(authority, _)| authority.issuer.as_str() == issuer)
    }

    fn named(&self, name: &str) -> Option<&(Authority, Keys)> {
        self.0.iter().find(|(authority, _)| authority.name == name)
    }

    fn of_api_issuer(&self, issuer: &str) -> Option<(&Authority, &Keys, &str)> {
        self.0.iter().find_map(|(authority, keys)| {
            let audience = authority.api_audience.as_deref().filter(|_| authority.issuer.as_str() == issuer)?;
            Some((authority, keys, audience))
        })
    }
}

impl Authority {
    /// What somebody may act as, by the provider's own word.
    fn grant(&self, claims: &Claims) -> Result<Grant, NoGrant> {
        self.mapping.as_ref().map_or(Err("The account has no role in this service."), |mapping| mapping.grant(claims))
    }

    /// Who somebody is in histories and records: the issuer and its subject. An issuer has no `#`.
    fn subject(&self, subject: &str) -> String {
        format!("{}#{subject}", self.issuer.as_str())
    }
}
