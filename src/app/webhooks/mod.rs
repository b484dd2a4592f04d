//! Feeds that are delivered: each event of a plan, in the feed's order, to an address that the plan named, again and again until the
//! plan's receiver has answered for it (DET-11).

mod deliver;

pub(super) use deliver::SECRET_SEALED;
pub use deliver::{claim_due, deliver_caught, deliver_due};

use super::feeds::{check_plan, position_of, publish};
use super::sealing::Unsealable;
use super::{App, Caller, Error, Expected, Result};
use crate::domain::refusal::Fault;
use crate::outbound::signature::Secret;
use crate::outbound::{Reach, Target};
use crate::store;
use crate::store::webhooks::Wanted;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use std::time::Duration;
use utoipa::ToSchema;
use uuid::Uuid;

/// So long deliveries are signed with the old secret, too, after it was replaced.
const CHANGE_OVER: TimeDelta = TimeDelta::hours(24);

/// Bytes of a secret.
pub const SECRET_BYTES: usize = 32;

/// How deliveries are paced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How long a receiver may take to answer.
    pub timeout: Duration,
    /// The wait after the first failure; it doubles with each further one,
    pub first_wait: TimeDelta,
    /// up to this.
    pub longest_wait: TimeDelta,
}

impl Default for Pace {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(10), first_wait: TimeDelta::seconds(10), longest_wait: TimeDelta::hours(1) }
    }
}

impl Pace {
    /// The wait after so many failures in a row.
    pub(in crate::app) fn wait(&self, failures: i32) -> TimeDelta {
        let doublings = u32::try_from(failures - 1).unwrap_or(0);
        let factor = 2_i32.checked_pow(doublings).unwrap_or(i32::MAX);
        self.first_wait.checked_mul(factor).unwrap_or(self.longest_wait).min(self.longest_wait)
    }
}

/// A webhook as a plan wants it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookRequest {
    /// Where events are posted to: https, to a public address. A sandbox that only this machine reaches takes http and https to it, too.
    #[schema(min_length = 1, max_length = 2000)]
    pub url: String,
    /// Makes a new secret. Deliveries are signed with the old one, too, for 24 hours.
    #[serde(default)]
    pub rotate_secret: Option<bool>,
    /// The `event_id` after which to deliver; the nil UUID for the first event on. Where it is left out, a new webhook begins with the
    /// first event, and one that is changed goes on where it is.
    #[serde(default)]
    pub after: Option<Uuid>,
}

/// How a webhook is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookState {
    /// Everything is delivered.
    UpToDate,
    /// Events are being delivered, or are about to be.
    Delivering,
    /// The last attempt failed; the next one is at `next_attempt_at`.
    Retrying,
}

/// A webhook and how it is doing, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Webhook {
    /// The plan.
    pub health_plan: String,
    /// Where events are posted to.
    pub url: String,
    /// How it is doing.
    pub state: WebhookState,
    /// `position` of the last event that the receiver answered for; 0 before the first.
    pub delivered_position: i64,
    /// Events that are still to be delivered.
    pub undelivered: i64,
    /// Attempts in a row that failed.
    pub failures: i32,
    /// When something was sent last.
    pub last_attempt_at: Option<DateTime<Utc>>,
    /// When something was delivered last.
    pub last_delivered_at: Option<DateTime<Utc>>,
    /// What went wrong the last time that something did: `address_not_allowed`, `name_not_resolved`, `not_connected`, `tls_failed`,
    /// `timed_out`, `broken_off`, or `status_` and the receiver's status; `not_written_out` is a fault of the service, and `secret_sealed` says that it has no key for the secret.
    pub last_failure: Option<String>,
    /// When that was.
    pub last_failure_at: Option<DateTime<Utc>>,
    /// When the next attempt is made; null where nothing is waited for.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub changed_at: DateTime<Utc>,
}

/// A webhook that was registered or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The webhook.
    pub webhook: Webhook,
    /// Its version.
    pub version: i64,
    /// Its secret, where it is a new one.
    pub secret: Option<String>,
    /// True where the plan had none before.
    pub is_new: bool,
}

/// Registers a plan's webhook, or changes it; what waits is then tried at once.
pub async fn put(
    app: &App,
    caller: &Caller,
    health_plan: &str,
    expected: &Expected,
    request: &WebhookRequest,
) -> Result<Registered> {
    check_plan(app, caller, health_plan)?;
    if let Err((code, message)) = Target::parse(&request.url, reach(app)) {
        return Err(Error::invalid(vec![Fault::new("/url", code, message)]));
    }
    publish(app).await?;
    let now = app.clock.now();
    let mut transaction = app.pool.begin().await?;
    let is_new = !is_held(&mut transaction, health_plan, expected).await?;
    let position = match request.after {
        Some(after) => Some(position_of(&mut transaction, health_plan, after, "/after").await?),
        None => None,
    };
    let new_secret = Secret::new(app.ids.secret().to_vec());
    let sealed = app.settings.sealing.seal(health_plan, new_secret.bytes())?;
    let rotates = request.rotate_secret == Some(true);
    let wanted = Wanted {
        health_plan,
        url: &request.url,
        secret: rotates.then_some(sealed.as_slice()),
        previous_until: now + CHANGE_OVER,
        position,
        by: &caller.subject,
        at: now,
    };
    if is_new {
        store::webhooks::insert(&mut transaction, &wanted, &sealed).await?;
    } else {
        store::webhooks::change(&mut transaction, &wanted).await?;
    }
    let stored = store::webhooks::find(&mut transaction, health_plan).await?.ok_or(Error::NotFound)?;
    transaction.commit().await?;
    tracing::info!(health_plan, is_new, rotates, by = caller.subject, "webhook registered");
    let version = i64::from(stored.version);
    let secret = (is_new || rotates).then(|| new_secret.reveal());
    Ok(Registered { webhook: Webhook::of(stored, now), version, secret, is_new })
}

/// Seals every secret with the newest key. Says so where one was sealed with a key that is not there any more.
pub async fn seal_secrets(app: &App) -> Result<()> {
    let mut conn = app.pool.acquire().await?;
    for kept in store::webhooks::secrets(&mut conn).await? {
        let sealed = |secret: &[u8]| app.settings.sealing.seal(&kept.health_plan, &opened(app, &kept.health_plan, secret)?);
        let secret = sealed(&kept.secret)?;
        let previous = kept.previous_secret.as_deref().map(sealed).transpose()?;
        store::webhooks::keep_sealed(&mut conn, &kept, &secret, previous.as_deref()).await?;
    }
    Ok(())
}

/// A secret as deliveries are signed with it.
fn opened(app: &App, health_plan: &str, kept: &[u8]) -> std::result::Result<Vec<u8>, Unsealable> {
    app.settings.sealing.open(health_plan, kept, SECRET_BYTES)
}

/// A webhook can be looked at and removed also where no content in force knows the plan any more.
fn serves(caller: &Caller, health_plan: &str) -> Result<()> {
    if caller.serves_plan(health_plan) { Ok(()) } else { Err(Error::NotFound) }
}

/// A plan's webhook, and its version.
pub async fn get(app: &App, caller: &Caller, health_plan: &str) -> Result<(Webhook, i64)> {
    serves(caller, health_plan)?;
    let mut conn = app.pool.acquire().await?;
    let stored = store::webhooks::find(&mut conn, health_plan).await?.ok_or(Error::NotFound)?;
    let version = i64::from(stored.version);
    Ok((Webhook::of(stored, app.clock.now()), version))
}

/// Removes a plan's webhook: nothing more is delivered. The feed stays.
pub async fn remove(app: &App, caller: &Caller, health_plan: &str, expected: &Expected) -> Result<()> {
    serves(caller, health_plan)?;
    let mut transaction = app.pool.begin().await?;
    if !is_held(&mut transaction, health_plan, expected).await? {
        return Err(Error::NotFound);
    }
    store::webhooks::remove(&mut transaction, health_plan).await?;
    transaction.commit().await?;
    tracing::info!(health_plan, by = caller.subject, "webhook removed");
    Ok(())
}

/// Holds the plan's webhook until the transaction ends, where it has one and in the version that the caller believes it has.
async fn is_held(conn: &mut PgConnection, health_plan: &str, expected: &Expected) -> Result<bool> {
    let version = store::webhooks::lock(conn, health_plan).await?;
    let admitted = version.map_or(*expected == Expected::Unstated, |version| expected.admits(i64::from(version)));
    if admitted { Ok(version.is_some()) } else { Err(Error::PreconditionFailed) }
}

/// Which addresses this installation calls.
///
/// Where others reach a sandbox, anybody has its tokens: it must not call this machine's own services for them.
pub(in crate::app) fn reach(app: &App) -> Reach {
    if app.settings.sandbox && !app.settings.sandbox_allow_remote { Reach::Loopback } else { Reach::Public }
}

impl Webhook {
    fn of(stored: store::webhooks::Webhook, now: DateTime<Utc>) -> Self {
        let undelivered = (stored.last_position - stored.delivered_position).max(0);
        let delivering = stored.claimed_until.is_some_and(|until| until > now);
        let state = match (undelivered, stored.failures) {
            (0, _) => WebhookState::UpToDate,
            (_, 1..) if !delivering => WebhookState::Retrying,
            _ => WebhookState::Delivering,
        };
        Self {
            health_plan: stored.health_plan,
            url: stored.url,
            state,
            delivered_position: stored.delivered_position,
            undelivered,
            failures: stored.failures,
            last_attempt_at: stored.last_attempt_at,
            last_delivered_at: stored.last_delivered_at,
            last_failure: stored.last_failure,
            last_failure_at: stored.last_failure_at,
            next_attempt_at: stored.next_attempt_at,
            created_at: stored.created_at,
            changed_at: stored.changed_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;

    #[test]
    fn waits_double_up_to_an_hour() {
        let seconds: Vec<i64> = (1..=11).map(|failures| Pace::default().wait(failures).num_seconds()).collect();
        assert_eq!(seconds, [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]);
        assert_eq!(Pace::default().wait(i32::MAX).num_seconds(), 3600);
    }
}
