//! What an authority publishes: its addresses and keys. Fetched when first needed and once an hour, and again when a token names a key
//! that is not known, but never more often than every few seconds, whoever asks.

use super::Authority;
use crate::app::published::{Ages, Published};
use crate::app::{Error, Result};
use crate::outbound;
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::HttpRequest;
use openidconnect::core::CoreProviderMetadata;
use std::sync::Arc;
use std::time::Duration;

/// A key that was withdrawn must not count for days.
const AGES: Ages = Ages { fresh: TimeDelta::hours(1), usable: TimeDelta::hours(6) };
/// For one question to an authority.
pub(super) const PATIENCE: Duration = Duration::from_secs(4);

/// What an authority published, and when somebody asked last.
#[derive(Debug)]
pub(super) struct Keys(Published<CoreProviderMetadata>);

impl Default for Keys {
    fn default() -> Self {
        Self(Published::new(AGES))
    }
}

impl Keys {
    /// What is published now.
    pub async fn published(&self, authority: &Authority, now: DateTime<Utc>) -> Result<Arc<CoreProviderMetadata>> {
        let published = self.0.now(now, ask(authority.clone())).await;
        published.ok_or_else(|| Error::Unavailable(format!("{} does not answer", authority.title)))
    }

    /// What is published, asked for again because what was `tried` did not help; none where it was asked for just now.
    pub async fn again(
        &self,
        authority: &Authority,
        tried: Arc<CoreProviderMetadata>,
        now: DateTime<Utc>,
    ) -> Option<Arc<CoreProviderMetadata>> {
        self.0.again(tried, now, ask(authority.clone())).await
    }
}

async fn ask(authority: Authority) -> Option<CoreProviderMetadata> {
    let send = |request: HttpRequest| outbound::ask(request, authority.reach, PATIENCE);
    let answer = CoreProviderMetadata::discover_async(authority.issuer.clone(), &send).await;
    let failed = |error: &dyn std::error::Error| {
        tracing::warn!(target: "sign_in", provider = authority.name, error = %causes(error), "a provider's keys cannot be had");
    };
    answer.inspect_err(|error| failed(error)).ok()
}

/// An error with what lies behind it. What an authority answered is not part of these texts.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
