//! What happens because time passed. Jobs call it as time goes by, the sandbox when its clock is moved.
//!
//! A timer is deleted in the transaction that does its work: the work is done exactly once, whoever else runs timers, and again
//! after a crash.

use super::background::PANICKED;
use super::{App, Error, Result, deadlines, reviews};
use crate::store;
use crate::store::failed_jobs::Failure;
use crate::store::timers::{Patience, Timer};
use crate::telemetry;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;
use sqlx::{PgConnection, Postgres, Transaction};
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::time::timeout;
use uuid::Uuid;

/// A failed timer waits a minute, then twice as long each time, up to this many minutes.
const LONGEST_WAIT_MINUTES: i64 = 60;

/// How long the end of a failed run may take to reach the database, and the note of it.
const PATIENCE: Duration = Duration::from_secs(5);
/// For noting that a timer failed: more than a session waits for a lock, so that the server gives up first and notes nothing later.
const PATIENCE_TO_NOTE: Duration = Duration::from_secs(7);
/// What is told then.
const NOT_PUT_OFF: &str = "a failed timer could not be put off";
/// What is noted of a timer that was given up.
const TOO_LONG: &str = "took too long";

/// Runs every timer due by `until`, in the order in which they fall due, and waits for those that another process is running. A timer
/// that fails is put off and does not keep the others.
pub async fn run_due_timers(app: &App, until: DateTime<Utc>) -> Result<()> {
    run_all(app, until, Patience::Wait).await
}

/// The same without waiting: what another process holds is passed over, and is there the next time if it has to be.
pub async fn run_free_timers(app: &App, until: DateTime<Utc>) -> Result<()> {
    run_all(app, until, Patience::PassOver).await
}

/// Looks at once at what an order that was just stored may have ended, so that whoever reads next sees it. The timers stay where that
/// fails.
pub async fn run_pathway_ends(app: &App, cases: &[Uuid], now: DateTime<Utc>) {
    for case_id in cases {
        if let Err(error) = run_pathway_end(app, *case_id, now).await {
            tracing::warn!(%case_id, %error, "a Pathway's end waits for its timer");
        }
    }
}

async fn run_pathway_end(app: &App, case_id: Uuid, now: DateTime<Utc>) -> Result<()> {
    let mut transaction = app.pool.begin().await?;
    store::cases::lock(&mut transaction, case_id).await?.ok_or(Error::NotFound)?;
    if store::timers::take(&mut transaction, case_id, store::timers::PATHWAY_END, now).await?.is_some() {
        reviews::ended_pathways::follow(&mut transaction, case_id, now).await?;
        transaction.commit().await?;
    }
    Ok(())
}

async fn run_all(app: &App, until: DateTime<Utc>, patience: Patience) -> Result<()> {
    while run_one(app, until, patience).await? {}
    telemetry::show_failed_jobs(super::failed_jobs::count(app).await?);
    Ok(())
}

/// True where there was one.
async fn run_one(app: &App, until: DateTime<Utc>, patience: Patience) -> Result<bool> {
    let limit = app.settings.job_limit;
    let found = async {
        let mut transaction = limited(app).await?;
        let next = store::timers::next(&mut transaction, until, patience).await?;
        Ok::<_, Error>(next.map(|next| (transaction, next)))
    };
    // a server that does not even give up is not waited for
    let found = timeout(limit + PATIENCE, found).await.unwrap_or_else(|_| Err(Error::Unavailable(TOO_LONG.to_owned())))?;
    let Some((transaction, (case_id, kind))) = found else { return Ok(false) };
    attempt(app, transaction, case_id, &kind, until).await?;
    Ok(true)
}

/// A transaction in which what the server is asked ends with the job's time as well, so that it lets go of the case.
async fn limited(app: &App) -> Result<Transaction<'static, Postgres>> {
    let mut transaction = app.pool.begin().await?;
    store::timers::limit_statements(&mut transaction, app.settings.job_limit).await?;
    Ok(transaction)
}

/// Runs one that failed, whenever it would have been its turn.
pub async fn run_timer(app: &App, case_id: Uuid, kind: &str, until: DateTime<Utc>) -> Result<()> {
    let mut transaction = limited(app).await?;
    store::cases::lock(&mut transaction, case_id).await?.ok_or(Error::NotFound)?;
    attempt(app, transaction, case_id, kind, until).await
}

/// Runs a timer whose case is held, and puts it off where that fails. Nothing where another process was faster, or it is not due.
async fn attempt(
    app: &App,
    mut transaction: Transaction<'static, Postgres>,
    case_id: Uuid,
    kind: &str,
    until: DateTime<Utc>,
) -> Result<()> {
    let Some(timer) = store::timers::take(&mut transaction, case_id, kind, until).await? else { return Ok(()) };
    let limit = app.settings.job_limit;
    let ran = timeout(limit, AssertUnwindSafe(run(app, &mut transaction, &timer, until)).catch_unwind()).await;
    let (outcome, why) = match ran {
        Ok(Ok(Ok(()))) => match timeout(limit, transaction.commit()).await {
            Ok(Ok(())) => {
                telemetry::count_timer(kind, "done");
                return Ok(());
            }
            Ok(Err(error)) => ("failed", Error::from(error).to_string()),
            // a timer that was done after all is gone, and then nothing is put off
            Err(_) => ("failed", TOO_LONG.to_owned()),
        },
        Ok(Ok(Err(error))) => {
            roll_back(transaction).await;
            ("failed", error.to_string())
        }
        Ok(Err(_)) => {
            roll_back(transaction).await;
            (PANICKED, PANICKED.to_owned())
        }
        Err(_) => {
            roll_back(transaction).await;
            ("failed", TOO_LONG.to_owned())
        }
    };
    telemetry::count_timer(kind, outcome);
    put_off(app, &timer, until, &why).await
}

/// Lets go of the case. Where the connection is broken the server does so by itself, and the timer is put off all the same.
async fn roll_back(transaction: Transaction<'static, Postgres>) {
    match timeout(PATIENCE, transaction.rollback()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "a failed timer was not rolled back in order"),
        Err(_) => tracing::warn!("a failed timer was not rolled back in time"),
    }
}

async fn run(app: &App, conn: &mut PgConnection, timer: &Timer, now: DateTime<Utc>) -> Result<()> {
    if let Some(before) = app.settings.before_timer {
        before(&timer.kind, timer.case_id);
    }
    match timer.kind.as_str() {
        store::timers::PEND_DEADLINE => deadlines::pass(app, conn, timer.case_id, now).await,
        store::timers::PATHWAY_END => reviews::ended_pathways::follow(conn, timer.case_id, now).await,
        store::timers::CLAIM_EXPIRY => reviews::claims::expire(conn, timer.case_id, now).await,
        other => Err(Error::Internal(format!("no such timer: {other}"))),
    }
}

async fn put_off(app: &App, timer: &Timer, now: DateTime<Utc>, why: &str) -> Result<()> {
    tracing::error!(case_id = %timer.case_id, kind = timer.kind, attempts = timer.attempts, why, "a timer failed");
    let minutes = 2_i64.checked_pow(timer.attempts.unsigned_abs()).unwrap_or(LONGEST_WAIT_MINUTES).min(LONGEST_WAIT_MINUTES);
    let failure = Failure { id: app.ids.beside(timer.case_id, now), at: now, not_before: now + TimeDelta::minutes(minutes), why };
    let noted = async {
        let mut conn = app.pool.acquire().await?;
        Ok::<_, Error>(store::failed_jobs::record(&mut conn, timer, &failure).await?)
    };
    match timeout(PATIENCE_TO_NOTE, noted).await {
        Ok(noted) => noted.map_err(|error| Error::Unavailable(format!("{NOT_PUT_OFF}: {error}"))),
        Err(_) => Err(Error::Unavailable(NOT_PUT_OFF.to_owned())),
    }
}
