//! A plan's own numbers over a span of time: what came in, what became of it and how fast.

use super::Result;
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

/// Requests that were received in the span.
#[derive(Debug, Clone, PartialEq)]
pub struct Overview {
    /// All of them.
    pub received: i64,
    /// Decided while the practice waited.
    pub at_once: i64,
    /// Not decided yet.
    pub open: i64,
    /// Of these, past their time.
    pub overdue: i64,
    /// Decided or not, those whose time passed before they were.
    pub late: i64,
    /// Authorized whole.
    pub approved: i64,
    /// Authorized in part.
    pub in_part: i64,
    /// Denied.
    pub denied: i64,
    /// Denials that were reconsidered.
    pub reconsidered: i64,
    /// Of these, overturned.
    pub overturned: i64,
    /// Seconds from receipt to the decision of people: their mean.
    pub mean_seconds: Option<f64>,
    /// Their median.
    pub median_seconds: Option<f64>,
    /// What nine of ten stay within.
    pub p90_seconds: Option<f64>,
}

/// The numbers of a plan. What is overdue is so at `now`.
pub async fn overview(
    conn: &mut PgConnection,
    health_plan: &str,
    (from, before): (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Result<Overview> {
    let overview = sqlx::query_as!(
        Overview,
        r#"with received as (
             select c.status, c.due_at, c.decided_at - c.submitted_at < interval '1 second' as at_once,
               extract(epoch from c.decided_at - c.submitted_at)::float8 as seconds,
               r.decision is not null as reconsidered, coalesce(r.decision = 'overturned', false) as overturned,
               exists (select from case_events e
                       where e.case_id = c.case_id and e.shard = c.shard and e.kind in ('deadline_passed', 'denied_at_deadline')) as late
             from cases c left join reconsiderations r on r.case_id = c.case_id and r.shard = c.shard
             where c.health_plan = $1 and c.submitted_at >= $2 and c.submitted_at < $3
           ), timed as (
             select *, not at_once and not overturned
               and status in ('authorized', 'completed', 'multiple_decisions_rendered', 'non_authorized') as by_people
             from received
           )
           select count(*) as "received!", count(*) filter (where at_once) as "at_once!",
             count(*) filter (where status = 'in_progress') as "open!",
             count(*) filter (where status = 'in_progress' and due_at < $4) as "overdue!",
             count(*) filter (where late) as "late!",
             count(*) filter (where status in ('authorized', 'completed')) as "approved!",
             count(*) filter (where status = 'multiple_decisions_rendered') as "in_part!",
             count(*) filter (where status = 'non_authorized') as "denied!",
             count(*) filter (where reconsidered) as "reconsidered!", count(*) filter (where overturned) as "overturned!",
             avg(seconds) filter (where by_people) as mean_seconds,
             percentile_cont(0.5) within group (order by seconds) filter (where by_people) as median_seconds,
             percentile_cont(0.9) within group (order by seconds) filter (where by_people) as p90_seconds
           from timed"#,
        health_plan,
        from,
        before,
        now,
    )
    .fetch_one(conn)
    .await?;
    Ok(overview)
}

/// A month of requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Month {
    /// Its first day.
    pub month: NaiveDate,
    /// Received.
    pub received: i64,
    /// Decided while the practice waited.
    pub at_once: i64,
}

/// Requests by month of the program's calendar, oldest first.
pub async fn months(
    conn: &mut PgConnection,
    health_plan: &str,
    (from, before): (DateTime<Utc>, DateTime<Utc>),
    time_zone: &str,
) -> Result<Vec<Month>> {
    let months = sqlx::query_as!(
        Month,
        r#"select date_trunc('month', submitted_at at time zone $4)::date as "month!", count(*) as "received!",
             count(*) filter (where decided_at - submitted_at < interval '1 second') as "at_once!"
           from cases where health_plan = $1 and submitted_at >= $2 and submitted_at < $3 group by 1 order by 1"#,
        health_plan,
        from,
        before,
        time_zone,
    )
    .fetch_all(conn)
    .await?;
    Ok(months)
}

/// What was ordered, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordered {
    /// Its name.
    pub name: String,
    /// Requests with it.
    pub requests: i64,
    /// Of these, decided while the practice waited.
    pub at_once: i64,
    /// It may be given.
    pub approved: i64,
    /// It may not.
    pub denied: i64,
}

/// The drugs and procedures that most requests have.
pub async fn by_drug(
    conn: &mut PgConnection,
    health_plan: &str,
    (from, before): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<Ordered>> {
    let drugs = sqlx::query_as!(
        Ordered,
        r#"select d.name as "name!", count(distinct c.case_id) as "requests!",
             count(distinct c.case_id) filter (where c.decided_at - c.submitted_at < interval '1 second') as "at_once!",
             count(distinct c.case_id) filter (where d.status in ('authorized', 'clinical_review_not_required')) as "approved!",
             count(distinct c.case_id) filter (where d.status = 'non_authorized') as "denied!"
           from cases c join case_lines d on d.case_id = c.case_id and d.shard = c.shard
           where c.health_plan = $1 and c.submitted_at >= $2 and c.submitted_at < $3
           group by d.name order by 2 desc, 1 limit $4"#,
        health_plan,
        from,
        before,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(drugs)
}

/// The treatments, as the drugs given together, that most requests have.
pub async fn by_treatment(
    conn: &mut PgConnection,
    health_plan: &str,
    (from, before): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<Ordered>> {
    let treatments = sqlx::query_as!(
        Ordered,
        r#"select array_to_string(treatment_ingredients, ' + ') as "name!", count(*) as "requests!",
             count(*) filter (where decided_at - submitted_at < interval '1 second') as "at_once!",
             count(*) filter (where status in ('authorized', 'completed')) as "approved!",
             count(*) filter (where status = 'non_authorized') as "denied!"
           from cases
           where health_plan = $1 and submitted_at >= $2 and submitted_at < $3 and service = 'medical_oncology'
             and treatment_ingredients <> '{}'
           group by treatment_ingredients order by 2 desc, 1 limit $4"#,
        health_plan,
        from,
        before,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(treatments)
}
