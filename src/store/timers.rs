//! Durable timers. A timer is claimed and deleted in the transaction that does its work, so the work is done exactly once.

use super::{Result, shard_of};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::time::Duration;
use uuid::Uuid;

/// The deadline of a pended case.
pub const PEND_DEADLINE: &str = "pend_deadline";
/// A reviewer has taken a case and not acted on it for a while.
pub const CLAIM_EXPIRY: &str = "claim_expiry";

/// A later treatment of the member was approved, which may have ended the Pathway of this case (SCD-13).
pub const PATHWAY_END: &str = "pathway_end";

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

/// Finds the timer that fell due first, of those that did not fail just now, and holds its case until the transaction ends: whoever
/// changes a case holds it first and cancels its timers afterwards, and so does this. Cases that somebody else holds are passed over,
/// or waited for.
pub async fn next(conn: &mut PgConnection, until: DateTime<Utc>, patience: Patience) -> Result<Option<(Uuid, String)>> {
    let row = match patience {
        Patience::PassOver => {
            let row = sqlx::query!(
                "select t.case_id, t.kind from timers t join cases c on c.case_id = t.case_id and c.shard = t.shard
                 where t.due_at <= $1 and (t.not_before is null or t.not_before <= $1)
                 order by t.due_at limit 1 for no key update of c skip locked",
                until,
            );
            row.fetch_optional(conn).await?.map(|row| (row.case_id, row.kind))
        }
        Patience::Wait => {
            let row = sqlx::query!(
                "select t.case_id, t.kind from timers t join cases c on c.case_id = t.case_id and c.shard = t.shard
                 where t.due_at <= $1 and (t.not_before is null or t.not_before <= $1)
                 order by t.due_at limit 1 for no key update of c",
                until,
            );
            row.fetch_optional(conn).await?.map(|row| (row.case_id, row.kind))
        }
    };
    Ok(row)
}

/// What to do about a case that somebody else holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Take another one; this one will be there next time.
    PassOver,
    /// Wait, so that afterwards no timer is left that was due.
    Wait,
}

/// Takes a timer whose case is held. None where it was taken back, moved, or run by another process before the case was held.
pub async fn take(conn: &mut PgConnection, case_id: Uuid, kind: &str, until: DateTime<Utc>) -> Result<Option<Timer>> {
    let timer = sqlx::query_as!(
        Timer,
        "delete from timers where case_id = $1 and shard = $4 and kind = $2 and due_at <= $3
         returning case_id, kind, due_at, attempts",
        case_id,
        kind,
        until,
        shard_of(case_id),
    )
    .fetch_optional(conn)
    .await?;
    Ok(timer)
}

/// Sets a timer, or moves it. A moved timer starts afresh.
pub async fn set(conn: &mut PgConnection, case_id: Uuid, kind: &str, due_at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into timers (case_id, kind, due_at, shard) values ($1, $2, $3, $4)
         on conflict (case_id, kind, shard) do update set due_at = excluded.due_at, attempts = 0, not_before = null,
           last_failure = null, failed_job_id = null, first_failed_at = null, last_failed_at = null",
        case_id,
        kind,
        due_at,
        shard_of(case_id),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Has every other case of the member looked at that holds an award for another Pathway than this case's treatment.
pub async fn look_for_ended_pathways(conn: &mut PgConnection, case_id: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into timers (case_id, kind, due_at, shard)
         select earlier.case_id, 'pathway_end', $2, earlier.shard
         from cases c
         join cases earlier on earlier.shard = c.shard and earlier.member_id = c.member_id and earlier.health_plan = c.health_plan
           and earlier.person = c.person and earlier.case_id <> c.case_id
         where c.case_id = $1 and c.shard = $3 and c.order_id is not null and c.treatment_ingredients <> '{}'
           and earlier.pathway_id is distinct from c.pathway_id
           and exists (select from s_code_awards award
             where award.case_id = earlier.case_id and award.shard = earlier.shard
               and (award.voided_on is null or award.voided_by is not null))
         on conflict (case_id, kind, shard) do nothing",
        case_id,
        now,
        shard_of(case_id),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Has every case looked at whose awards this case voided.
pub async fn look_at_voided_by(conn: &mut PgConnection, case_id: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into timers (case_id, kind, due_at, shard)
         select distinct award.case_id, 'pathway_end', $2::timestamptz, award.shard from s_code_awards award
         where award.voided_by = $1 and award.shard = $3
         on conflict (case_id, kind, shard) do nothing",
        case_id,
        now,
        shard_of(case_id),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes a timer back.
pub async fn cancel(conn: &mut PgConnection, case_id: Uuid, kind: &str) -> Result<()> {
    sqlx::query!("delete from timers where case_id = $1 and shard = $3 and kind = $2", case_id, kind, shard_of(case_id))
        .execute(conn)
        .await?;
    Ok(())
}

/// Has the server give up every statement of the transaction that takes longer, where it is not less patient as it is.
pub async fn limit_statements(conn: &mut PgConnection, limit: Duration) -> Result<()> {
    let limit = i32::try_from(limit.as_millis()).unwrap_or(i32::MAX);
    let set = sqlx::query(
        "select set_config('statement_timeout', (case when setting::int between 1 and $1 then setting::int else $1 end)::text, true)
         from pg_settings where name = 'statement_timeout'",
    );
    set.bind(limit).execute(conn).await?;
    Ok(())
}
