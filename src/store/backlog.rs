//! What waits to be done by itself, and for how long: questions that stay cheap however much waits.

use super::Result;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// What waits in one queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Queue {
    /// How much, up to ten thousand.
    pub items: i64,
    /// Since when the oldest of it waits.
    pub oldest: Option<DateTime<Utc>>,
}

/// Cases in progress whose deadline runs out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Deadlines {
    /// It has run out.
    pub overdue: i64,
    /// It runs out within the hour.
    pub within_1h: i64,
    /// Within four hours, those of the next hour among them.
    pub within_4h: i64,
    /// Within a day, those of the next four hours among them.
    pub within_24h: i64,
}

/// What waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Events that no feed has yet.
    pub outbox: Queue,
    /// Timers that are due and did not fail.
    pub timers: Queue,
    /// Records of accesses that no chain has yet.
    pub sealing: Queue,
    /// Deadlines of cases.
    pub deadlines: Deadlines,
}

/// What waits at this moment.
pub async fn backlog(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<Backlog> {
    // the outbox has no index: rows stand about in the order in which they came
    let queues = sqlx::query!(
        r#"select
             (select count(*) from (select from feed_outbox limit 10000) few) as "outbox!",
             (select min(e.at) from (select case_id, seq, shard from feed_outbox limit 1000) first
                join case_events e on e.case_id = first.case_id and e.shard = first.shard and e.seq = first.seq) as outbox_oldest,
             (select count(*) from (select from timers where due_at <= $1 and failed_job_id is null limit 10000) few) as "timers!",
             (select min(due_at) from timers where due_at <= $1 and failed_job_id is null) as timers_oldest,
             (select count(*) from (select from accesses_unsealed limit 10000) few) as "sealing!",
             (select a.at from (select access_id from accesses_unsealed order by access_id limit 1) first
                join accesses a on a.access_id = first.access_id) as sealing_oldest"#,
        now,
    )
    .fetch_one(&mut *conn)
    .await?;
    let deadlines = sqlx::query!(
        r#"select count(*) filter (where due_at <= $1) as "overdue!",
             count(*) filter (where due_at > $1 and due_at <= $1::timestamptz + interval '1 hour') as "within_1h!",
             count(*) filter (where due_at > $1 and due_at <= $1::timestamptz + interval '4 hours') as "within_4h!",
             count(*) filter (where due_at > $1) as "within_24h!"
           from timers where kind = 'pend_deadline' and due_at <= $1::timestamptz + interval '24 hours'"#,
        now,
    )
    .fetch_one(conn)
    .await?;
    Ok(Backlog {
        outbox: Queue { items: queues.outbox, oldest: queues.outbox_oldest },
        timers: Queue { items: queues.timers, oldest: queues.timers_oldest },
        sealing: Queue { items: queues.sealing, oldest: queues.sealing_oldest },
        deadlines: Deadlines {
            overdue: deadlines.overdue,
            within_1h: deadlines.within_1h,
            within_4h: deadlines.within_4h,
            within_24h: deadlines.within_24h,
        },
    })
}
