//! What somebody outside publishes, such as the keys that they sign with. It is fetched when it is first needed and when it has grown old, and
//! again when it did not help, but never more often than every few seconds, whoever asks; where it cannot be had, what is known serves a while
//! longer, and then nothing does.

use chrono::{DateTime, TimeDelta, Utc};
use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Mutex;

/// Between two attempts.
const PAUSE: TimeDelta = TimeDelta::seconds(10);

/// For how long what was published counts.
#[derive(Debug, Clone, Copy)]
pub struct Ages {
    /// It is used for so long before it is looked at again.
    pub fresh: TimeDelta,
    /// Where it cannot be had again, it is used for so long.
    pub usable: TimeDelta,
}

/// What one of them published, and when somebody asked last. Clones share it.
#[derive(Debug)]
pub struct Published<T> {
    ages: Ages,
    known: Arc<Known<T>>,
}

impl<T> Clone for Published<T> {
    fn clone(&self) -> Self {
        Self { ages: self.ages, known: Arc::clone(&self.known) }
    }
}

#[derive(Debug)]
struct Known<T> {
    last: RwLock<Option<(Arc<T>, DateTime<Utc>)>>,
    asked_at: Mutex<Option<DateTime<Utc>>>,
}

impl<T: Send + Sync + 'static> Published<T> {
    /// Something of which nothing is known yet.
    pub fn new(ages: Ages) -> Self {
        Self { ages, known: Arc::new(Known { last: RwLock::new(None), asked_at: Mutex::new(None) }) }
    }

    /// What is published now, by the answer to `ask` where that is needed. While one caller looks at it again, what is usable serves the
    /// others. None where nothing is usable.
    pub async fn now(&self, now: DateTime<Utc>, ask: impl Future<Output = Option<T>> + Send + 'static) -> Option<Arc<T>> {
        if let Some(known) = self.known.young(now, self.ages.fresh) {
            return Some(known);
        }
        let usable = self.known.young(now, self.ages.usable);
        if usable.is_some() && self.known.asked_at.try_lock().is_err() {
            return usable;
        }
        self.fetch(now, usable.clone(), ask).await.or(usable)
    }

    /// What is published, asked for again because what was `tried` did not help; none where it was asked for just now.
    pub async fn again(
        &self,
        tried: Arc<T>,
        now: DateTime<Utc>,
        ask: impl Future<Output = Option<T>> + Send + 'static,
    ) -> Option<Arc<T>> {
        self.fetch(now, Some(tried), ask).await
    }

    /// What somebody else fetched since this was `tried`, or fetches it. A caller who hangs up takes nothing from those who wait.
    async fn fetch(
        &self,
        now: DateTime<Utc>,
        tried: Option<Arc<T>>,
        ask: impl Future<Output = Option<T>> + Send + 'static,
    ) -> Option<Arc<T>> {
        let (known, fresh) = (Arc::clone(&self.known), self.ages.fresh);
        let fetched = tokio::spawn(async move { known.fetch(now, fresh, tried.as_ref(), ask).await });
        fetched.await.ok().flatten()
    }
}

impl<T> Known<T> {
    /// Asks, where nobody did within the pause.
    async fn fetch(
        &self,
        now: DateTime<Utc>,
        fresh: TimeDelta,
        tried: Option<&Arc<T>>,
        ask: impl Future<Output = Option<T>> + Send,
    ) -> Option<Arc<T>> {
        let mut asked_at = self.asked_at.lock().await;
        let known = self.young(now, fresh);
        if let Some(known) = known.filter(|known| !tried.is_some_and(|tried| Arc::ptr_eq(tried, known))) {
            return Some(known);
        }
        if asked_at.is_some_and(|at| now >= at && now - at < PAUSE) {
            return None;
        }
        *asked_at = Some(now);
        let answer = Arc::new(ask.await?);
        *self.last.write().unwrap_or_else(PoisonError::into_inner) = Some((Arc::clone(&answer), now));
        Some(answer)
    }

    fn young(&self, now: DateTime<Utc>, age: TimeDelta) -> Option<Arc<T>> {
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner);
        let young = last.as_ref().filter(|(_, at)| now >= *at && now - *at < age);
        young.map(|(answer, _)| Arc::clone(answer))
    }
}
