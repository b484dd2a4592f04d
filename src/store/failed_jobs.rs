//! Timers that failed: what is due and could not be done.

use super::timers::Timer;
use super::{Result, shard_of};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A timer that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedJob {
    /// Identifies it for as long as it fails.
    pub failed_job_id: Uuid,
    /// What is to be done.
    pub kind: String,
    /// The case it is about.
    pub case_id: Uuid,
    /// When it fell due.
    pub due_at: DateTime<Utc>,
    /// How often it has failed.
    pub attempts: i32,
    /// When it failed first.
    pub first_failed_at: DateTime<Utc>,
    /// When it failed last.
    pub last_failed_at: DateTime<Utc>,
    /// When it is tried again.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// Why it failed last, without anything about a person.
    pub failure: String,
}

/// What a failure is written down with.
#[derive(Debug, Clone, Copy)]
pub struct Failure<'a> {
    /// Its id, where the timer has not failed before.
    pub id: Uuid,
    /// When it failed.
    pub at: DateTime<Utc>,
    /// When to try again.
    pub not_before: DateTime<Utc>,
    /// Why.
    pub why: &'a str,
}

/// Records a failure and when to try again. Nothing where another process has had the timer since.
pub async fn record(conn: &mut PgConnection, timer: &Timer, failure: &Failure<'_>) -> Result<()> {
    sqlx::query!(
        "update timers set attempts = $3 + 1, failed_job_id = coalesce(failed_job_id, $4),
           first_failed_at = coalesce(first_failed_at, $5), last_failed_at = $5, not_before = $6, last_failure = $7
         where case_id = $1 and shard = $8 and kind = $2 and attempts = $3",
        timer.case_id,
        timer.kind,
        timer.attempts,
        failure.id,
        failure.at,
        failure.not_before,
        failure.why,
        shard_of(timer.case_id),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Up to `limit` of them after this one, in the order in which they began to fail.
pub async fn list(conn: &mut PgConnection, after: Option<Uuid>, limit: i64) -> Result<Vec<FailedJob>> {
    let found = sqlx::query_as!(
        FailedJob,
        r#"select failed_job_id as "failed_job_id!", kind, case_id, due_at, attempts, first_failed_at as "first_failed_at!",
             last_failed_at as "last_failed_at!", not_before as next_attempt_at, coalesce(last_failure, '') as "failure!"
           from timers where failed_job_id is not null and ($1::uuid is null or failed_job_id > $1)
           order by failed_job_id limit $2"#,
        after,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(found)
}

/// One of them.
pub async fn find(conn: &mut PgConnection, failed_job_id: Uuid) -> Result<Option<FailedJob>> {
    let found = sqlx::query_as!(
        FailedJob,
        r#"select failed_job_id as "failed_job_id!", kind, case_id, due_at, attempts, first_failed_at as "first_failed_at!",
             last_failed_at as "last_failed_at!", not_before as next_attempt_at, coalesce(last_failure, '') as "failure!"
           from timers where failed_job_id = $1"#,
        failed_job_id,
    )
    .fetch_optional(conn)
    .await?;
    Ok(found)
}

/// How many there are.
pub async fn count(conn: &mut PgConnection) -> Result<i64> {
    let count = sqlx::query_scalar!(r#"select count(*) as "count!" from timers where failed_job_id is not null"#);
    Ok(count.fetch_one(conn).await?)
}
