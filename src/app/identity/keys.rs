//! What an authority publishes: its addresses and keys. Fetched when first needed and once an hour, and again when a token names a key
//! that is not known, but never more often than every few seconds, whoever asks.

use super::Authority;
use crate::app::{Error, Result};
use crate::outbound;
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::HttpRequest;
use openidconnect::core::CoreProviderMetadata;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Mutex;

/// What was published is used for so long before it is looked at again.
const FRESH: TimeDelta = TimeDelta::hours(1);
/// Where it cannot be had again, it is used for so long: a key that was withdrawn must not count for days.
const USABLE: TimeDelta = TimeDelta::hours(6);
/// Between two attempts.
const PAUSE: TimeDelta = TimeDelta::seconds(10);
/// For one question to an authority.
pub(super) const PATIENCE: Duration = Duration::from_secs(4);

/// What an authority published, and when somebody asked last.
#[derive(Debug, Default)]
pub(super) struct Keys(Arc<Known>);

#[derive(Debug, Default)]
struct Known {
    published: RwLock<Option<Published>>,
    asked_at: Mutex<Option<DateTime<Utc>>>,
}

#[derive(Debug, Clone)]
struct Published {
    metadata: Arc<CoreProviderMetadata>,
    at: DateTime<Utc>,
}

impl Keys {
    /// What is published now. While one caller looks at it again, what is usable serves the others.
    pub async fn published(&self, authority: &Authority, now: DateTime<Utc>) -> Result<Arc<CoreProviderMetadata>> {
        if let Some(known) = self.0.young(now, FRESH) {
            return Ok(known);
        }
        let usable = self.0.young(now, USABLE);
        if let Some(usable) = &usable
            && self.0.asked_at.try_lock().is_err()
        {
            return Ok(Arc::clone(usable));
        }
        let fetched = self.fetch(authority, now, usable.clone()).await;
        fetched.or(usable).ok_or_else(|| Error::Unavailable(format!("{} does not answer", authority.title)))
    }

    /// What is published, asked for again because what was `tried` did not help; none where it was asked for just now.
    pub async fn again(
        &self,
        authority: &Authority,
        tried: Arc<CoreProviderMetadata>,
        now: DateTime<Utc>,
    ) -> Option<Arc<CoreProviderMetadata>> {
        self.fetch(authority, now, Some(tried)).await
    }

    /// What somebody else fetched since this was `tried`, or fetches it. A caller who hangs up takes nothing from those who wait.
    async fn fetch(
        &self,
        authority: &Authority,
        now: DateTime<Utc>,
        tried: Option<Arc<CoreProviderMetadata>>,
    ) -> Option<Arc<CoreProviderMetadata>> {
        let (known, authority) = (Arc::clone(&self.0), authority.clone());
        let fetched = tokio::spawn(async move { known.fetch(&authority, now, tried.as_ref()).await });
        fetched.await.ok().flatten()
    }
}

impl Known {
    /// Asks, where nobody did within the pause.
    async fn fetch(
        &self,
        authority: &Authority,
        now: DateTime<Utc>,
        tried: Option<&Arc<CoreProviderMetadata>>,
    ) -> Option<Arc<CoreProviderMetadata>> {
        let mut asked_at = self.asked_at.lock().await;
        let known = self.young(now, FRESH);
        if let Some(known) = known.filter(|known| !tried.is_some_and(|tried| Arc::ptr_eq(tried, known))) {
            return Some(known);
        }
        if asked_at.is_some_and(|at| now >= at && now - at < PAUSE) {
            return None;
        }
        *asked_at = Some(now);
        let ask = |request: HttpRequest| outbound::ask(request, authority.reach, PATIENCE);
        match CoreProviderMetadata::discover_async(authority.issuer.clone(), &ask).await {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                let published = Published { metadata: Arc::clone(&metadata), at: now };
                *self.published.write().unwrap_or_else(PoisonError::into_inner) = Some(published);
                Some(metadata)
            }
            Err(error) => {
                tracing::warn!(target: "sign_in", provider = authority.name, error = %causes(&error), "a provider's keys cannot be had");
                None
            }
        }
    }

    fn young(&self, now: DateTime<Utc>, age: TimeDelta) -> Option<Arc<CoreProviderMetadata>> {
        let published = self.published.read().unwrap_or_else(PoisonError::into_inner);
        let young = published.as_ref().filter(|published| now >= published.at && now - published.at < age);
        young.map(|published| Arc::clone(&published.metadata))
    }
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
