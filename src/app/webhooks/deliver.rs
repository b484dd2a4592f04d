//! Making deliveries.
//!
//! Any number of processes may: a plan's deliveries are claimed by one at a time, with a lease, and no transaction is open while the
//! receiver is called. The position moves after each answer. A process that dies before that leaves the claim to run out, and the event
//! is sent again under the same id.

use super::reach;
use crate::app::background::PANICKED;
use crate::app::feeds::{FeedItem, publish};
use crate::app::{App, Error, Result, accesses};
use crate::outbound::signature::Secret;
use crate::outbound::{Failure, Line, Message, Target};
use crate::store;
use crate::store::webhooks::Claimed;
use crate::telemetry;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::json;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// Events read at once.
const BATCH: i64 = 50;
/// After so long, others get a turn.
const TURN: Duration = Duration::from_secs(5);
/// A lease is this much longer than a receiver may take.
const LEASE_MARGIN: TimeDelta = TimeDelta::seconds(30);
/// So long a moved sandbox clock waits for deliveries.
const PATIENCE: Duration = Duration::from_secs(30);
/// What is said of events that this service itself cannot write out.
const NOT_WRITTEN_OUT: &str = "not_written_out";
/// What is said where no key of this service opens the secret.
pub(in crate::app) const SECRET_SEALED: &str = "secret_sealed";
/// How often it looks whether another process has made one.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Claims every delivery that is due. Each has to be made with [`deliver_caught`].
pub async fn claim_due(app: &App) -> Result<Vec<Claimed>> {
    let mut conn = app.pool.acquire().await?;
    let mut any = false;
    for (health_plan, undelivered) in store::webhooks::undelivered(&mut conn).await? {
        telemetry::show_undelivered(&health_plan, undelivered);
        any |= undelivered > 0;
    }
    if !any {
        return Ok(Vec::new());
    }
    let now = app.clock.now();
    Ok(store::webhooks::claim(&mut conn, app.ids.uuid(now), now, lease(app, now)).await?)
}

/// Makes every delivery that is due by now, also those that become due by that, and waits for those that another process is making; at
/// most half a minute.
pub async fn deliver_due(app: &App) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    publish(app).await?;
    while Instant::now() < until {
        let mut runs: FuturesUnordered<_> =
            claim_due(app).await?.into_iter().map(|claimed| deliver_caught(app, claimed)).collect();
        if runs.is_empty() {
            let mut conn = app.pool.acquire().await?;
            if !store::webhooks::is_being_delivered(&mut conn, app.clock.now()).await? {
                return Ok(());
            }
            drop(conn);
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        while let Some(done) = runs.next().await {
            // what one plan's delivery runs into keeps no other's
            if let Err(error) = done {
                tracing::warn!(%error, "a delivery to a health plan was not made");
            }
        }
    }
    Ok(())
}

/// Delivers; a panic is a failure of this plan's deliveries like any other.
pub async fn deliver_caught(app: &App, claimed: Claimed) -> Result<()> {
    let reached = AtomicI64::new(claimed.position);
    let delivered = AssertUnwindSafe(deliver(app, claimed.clone(), &reached)).catch_unwind().await;
    match delivered {
        Ok(delivered) => delivered,
        Err(_) => failed(app, &claimed, failures_by_now(&claimed, reached.load(Ordering::Relaxed)), PANICKED).await,
    }
}

/// Delivers one event after the other until none is left, one fails, the claim is lost, or others should have a turn. `reached` is the
/// position of the last one, also after a panic.
async fn deliver(app: &App, claimed: Claimed, reached: &AtomicI64) -> Result<()> {
    let began = Instant::now();
    let Ok(target) = Target::parse(&claimed.url, reach(app)) else {
        // registered when other addresses were allowed
        return failed(app, &claimed, claimed.failures + 1, &Failure::AddressNotAllowed.to_string()).await;
    };
    let mut line = Line::new(target, app.settings.webhooks.timeout);
    let kept = [Some(&claimed.secret), claimed.previous_secret.as_ref()].into_iter().flatten();
    let opened = kept.map(|secret| super::opened(app, &claimed.health_plan, secret).map(Secret::new));
    let Ok(secrets) = opened.collect::<std::result::Result<Vec<Secret>, _>>() else {
        return failed(app, &claimed, failures_by_now(&claimed, claimed.position), SECRET_SEALED).await;
    };
    let secrets: Vec<&Secret> = secrets.iter().collect();
    let mut position = claimed.position;
    while began.elapsed() < TURN {
        let events = store::feeds::after(&mut *app.pool.acquire().await?, &claimed.health_plan, position, BATCH).await?;
        if events.is_empty() {
            break;
        }
        for event in events {
            let item = match FeedItem::of(event) {
                Err(Error::Internal(cause)) => {
                    tracing::error!(health_plan = claimed.health_plan, position, cause, "an event cannot be written out");
                    return failed(app, &claimed, failures_by_now(&claimed, position), NOT_WRITTEN_OUT).await;
                }
                item => item?,
            };
            // whatever the receiver answers, it has read it by then
            accesses::keep_delivery(app, &claimed.health_plan, item.case_id, item.event_id).await?;
            if let Err(failure) = send(app, &mut line, &secrets, &item).await? {
                return failed(app, &claimed, failures_by_now(&claimed, position), &failure.to_string()).await;
            }
            position = item.position;
            reached.store(position, Ordering::Relaxed);
            telemetry::count_delivery(&claimed.health_plan, "delivered");
            let now = app.clock.now();
            let mut conn = app.pool.acquire().await?;
            if !store::webhooks::advance(&mut conn, &claimed, position, now, lease(app, now)).await? {
                return Ok(());
            }
            if began.elapsed() >= TURN {
                break;
            }
        }
    }
    Ok(store::webhooks::release(&mut *app.pool.acquire().await?, &claimed).await?)
}

async fn send(app: &App, line: &mut Line, secrets: &[&Secret], item: &FeedItem) -> Result<std::result::Result<(), Failure>> {
    let message = json!({"type": format!("case.{}", item.kind), "timestamp": item.at, "data": item});
    let body = serde_json::to_string(&message).map_err(|error| Error::Internal(format!("event does not serialize: {error}")))?;
    let id = item.event_id.to_string();
    let message = Message { id: &id, timestamp: app.clock.now().timestamp(), body: &body };
    Ok(line.post(&message, secrets).await)
}

/// How many in a row a failure makes: each delivery begins the count anew.
const fn failures_by_now(claimed: &Claimed, position: i64) -> i32 {
    if position > claimed.position { 1 } else { claimed.failures.saturating_add(1) }
}

/// Writes down that it failed, so many times in a row, and when the next attempt is made. Deliveries are never given up.
async fn failed(app: &App, claimed: &Claimed, failures: i32, kind: &str) -> Result<()> {
    let now = app.clock.now();
    let next = now + app.settings.webhooks.wait(failures);
    telemetry::count_delivery(&claimed.health_plan, kind);
    tracing::warn!(health_plan = claimed.health_plan, failure = kind, failures, next_attempt_at = %next, "a webhook did not get its event");
    Ok(store::webhooks::fail(&mut *app.pool.acquire().await?, claimed, kind, now, next).await?)
}

fn lease(app: &App, now: DateTime<Utc>) -> DateTime<Utc> {
    let limit = TimeDelta::from_std(app.settings.webhooks.timeout).unwrap_or(LEASE_MARGIN);
    now + limit + LEASE_MARGIN
}
