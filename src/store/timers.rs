//! Durable timers. A timer is claimed and deleted in the transaction that does its work, so the work is done exactly once.

use super::Result;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// The deadline of a pended case.
pub const PEND_DEADLINE: &str = "pend_deadline";

/// A timer that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// The case it is about.
    pub case_id: Uuid,
    /// What is to be done.
    pub kind: String,
    /// When it fell due.
    pub due_at: DateTime<Utc>,
    /// How often it has failed.
    pub attempts: i32,
}

/// Takes the timer that fell due first, out of those that nobody else holds and that did not fail just now.
pub async fn claim(conn: &mut PgConnection, until: DateTime<Utc>) -> Result<Option<Timer>> {
    let timer = sqlx::query_as!(
        Timer,
        "delete from timers where (case_id, kind) = (
           select case_id, kind from timers
           where due_at <= $1 and (not_before is null or not_before <= $1)
           order by due_at limit 1 for update skip locked)
         returning case_id, kind, due_at, attempts",
        until,
    )
    .fetch_optional(conn)
    .await?;
    Ok(timer)
}

/// Sets a timer, or moves it. A moved timer starts afresh.
pub async fn set(conn: &mut PgConnection, case_id: Uuid, kind: &str, due_at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into timers (case_id, kind, due_at) values ($1, $2, $3)
         on conflict (case_id, kind) do update set due_at = excluded.due_at, attempts = 0, not_before = null, last_failure = null",
        case_id,
        kind,
        due_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes a timer back.
pub async fn cancel(conn: &mut PgConnection, case_id: Uuid, kind: &str) -> Result<()> {
    sqlx::query!("delete from timers where case_id = $1 and kind = $2", case_id, kind).execute(conn).await?;
    Ok(())
}

/// Records a failure and when to try again.
pub async fn postpone(conn: &mut PgConnection, timer: &Timer, not_before: DateTime<Utc>, failure: &str) -> Result<()> {
    sqlx::query!(
        "update timers set attempts = $3 + 1, not_before = $4, last_failure = $5
         where case_id = $1 and kind = $2 and attempts = $3",
        timer.case_id,
        timer.kind,
        timer.attempts,
        not_before,
        failure,
    )
    .execute(conn)
    .await?;
    Ok(())
}
