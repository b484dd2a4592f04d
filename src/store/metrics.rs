//! Counts and times of a plan's decisions over a span of time.

use super::{Error, Result};
use crate::domain::vocabulary::{Service, Urgency};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Decisions of one service and urgency.
#[derive(Debug, Clone, PartialEq)]
pub struct Decisions {
    /// Service.
    pub service: Service,
    /// Urgency.
    pub urgency: Urgency,
    /// Requests decided.
    pub decided: i64,
    /// Of these, authorized as first decided.
    pub approved: i64,
    /// Authorized in part.
    pub approved_in_part: i64,
    /// Denied.
    pub denied: i64,
    /// Denied first and authorized after a reconsideration.
    pub overturned: i64,
    /// Seconds from receipt to the first decision: their mean.
    pub mean_seconds: f64,
    /// And their median.
    pub median_seconds: f64,
}

/// The decisions of a plan on requests that were first decided in a span of time, and stand decided. A request that was taken back, or
/// needed no authorization, is none.
pub async fn decisions(
    conn: &mut PgConnection,
    health_plan: &str,
    (from, before): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<Decisions>> {
    let rows = sqlx::query!(
        r#"with decided as (
             select c.service, c.urgency, c.status, c.submitted_at, overturned.is_so,
               case when overturned.is_so then first_decision.at else c.decided_at end as decided_at
             from cases c
             left join lateral (select r.decision = 'overturned' as is_so from reconsiderations r
               where r.case_id = c.case_id and r.shard = c.shard) overturned on true
             left join lateral (
               select min(e.at) as at from case_events e
               where overturned.is_so and e.case_id = c.case_id and e.shard = c.shard and e.kind in ('determined', 'denied_at_deadline')) first_decision on true
             where c.health_plan = $1 and c.submitted_at < $3 and c.decided_at >= $2
               and c.status in ('authorized', 'multiple_decisions_rendered', 'non_authorized')
           )
           select service, urgency, count(*) as "decided!",
             count(*) filter (where status = 'authorized' and is_so is not true) as "approved!",
             count(*) filter (where status = 'multiple_decisions_rendered' and is_so is not true) as "approved_in_part!",
             count(*) filter (where status = 'non_authorized' or is_so) as "denied!",
             count(*) filter (where is_so) as "overturned!",
             extract(epoch from avg(decided_at - submitted_at))::float8 as "mean_seconds!",
             percentile_cont(0.5) within group (order by extract(epoch from decided_at - submitted_at)::float8) as "median_seconds!"
           from decided where decided_at >= $2 and decided_at < $3 group by service, urgency"#,
        health_plan,
        from,
        before,
    )
    .fetch_all(conn)
    .await?;
    let corrupt = |what: &'static str| Error::Corrupt { what, why: "no such word".to_owned() };
    rows.into_iter()
        .map(|row| {
            Ok(Decisions {
                service: Service::parse(&row.service).ok_or_else(|| corrupt("cases.service"))?,
                urgency: Urgency::parse(&row.urgency).ok_or_else(|| corrupt("cases.urgency"))?,
                decided: row.decided,
                approved: row.approved,
                approved_in_part: row.approved_in_part,
                denied: row.denied,
                overturned: row.overturned,
                mean_seconds: row.mean_seconds,
                median_seconds: row.median_seconds,
            })
        })
        .collect()
}
