//! Who asks for a page.

use super::failure::Failure;
use crate::app::Caller;
use crate::app::sessions::SignedIn;
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use std::convert::Infallible;

/// Who is signed in. [`super::enter`] finds out, and lets nobody else through to a page that is not for everybody.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    /// As every use case is told.
    pub caller: Caller,
    /// Their name, for themselves.
    pub name: String,
    /// What their browser keeps.
    pub secret: String,
    /// When their session ends at the latest, whatever they do.
    pub ends_at: DateTime<Utc>,
    /// True where they have switched single keys off.
    pub has_keys_off: bool,
}

impl Visitor {
    /// Who came with this secret.
    pub fn new(signed_in: SignedIn, secret: String, has_keys_off: bool) -> Self {
        Self { caller: signed_in.caller, name: signed_in.name, secret, ends_at: signed_in.ends_at, has_keys_off }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Failure::not_found)
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}
