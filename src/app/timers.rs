//! What happens because time passed. Jobs call it as time goes by, the sandbox when its clock is moved.
//!
//! A timer is deleted in the transaction that does its work: the work is done exactly once, whoever else runs timers, and again
//! after a crash.

use super::{App, Error, Result, deadlines};
use crate::store;
use crate::store::timers::Timer;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

/// A failed timer waits a minute, then twice as long each time, up to this many minutes.
const LONGEST_WAIT_MINUTES: i64 = 60;

/// Runs every timer due by `until`, in the order in which they fall due. Safe to call from several processes at once. A timer that
/// fails is put off and does not keep the others.
pub async fn run_due_timers(app: &App, until: DateTime<Utc>) -> Result<()> {
    while run_one(app, until).await? {}
    Ok(())
}

async fn run_one(app: &App, until: DateTime<Utc>) -> Result<bool> {
    let mut transaction = app.pool.begin().await?;
    let Some(timer) = store::timers::claim(&mut transaction, until).await? else { return Ok(false) };
    match run(&mut transaction, &timer, until).await {
        Ok(()) => transaction.commit().await?,
        Err(error) => {
            transaction.rollback().await?;
            put_off(app, &timer, until, &error).await?;
        }
    }
    Ok(true)
}

async fn run(conn: &mut PgConnection, timer: &Timer, now: DateTime<Utc>) -> Result<()> {
    match timer.kind.as_str() {
        store::timers::PEND_DEADLINE => deadlines::pass(conn, timer.case_id, now).await,
        other => Err(Error::Internal(format!("no such timer: {other}"))),
    }
}

async fn put_off(app: &App, timer: &Timer, now: DateTime<Utc>, error: &Error) -> Result<()> {
    tracing::error!(case_id = %timer.case_id, kind = timer.kind, attempts = timer.attempts, %error, "a timer failed");
    let minutes = 2_i64.checked_pow(timer.attempts.unsigned_abs()).unwrap_or(LONGEST_WAIT_MINUTES).min(LONGEST_WAIT_MINUTES);
    let mut conn = app.pool.acquire().await?;
    Ok(store::timers::postpone(&mut conn, timer, now + TimeDelta::minutes(minutes), &error.to_string()).await?)
}
