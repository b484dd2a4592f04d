//! A health plan's own numbers, for its analysts: what came in, what was decided while the practice waited, how long people took, what is
//! overdue and what was overturned, by drug and by treatment. It names nobody. Nothing is held back as in what is published: a plan may open
//! each of the cases that are counted.

use super::{App, Caller, Error, Result};
use crate::domain::vocabulary::CallerRole;
use crate::store;
use crate::store::plan_metrics::{Month, Ordered, Overview};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// Rows of a list.
const LISTED: i64 = 15;

/// A share of a count in percent; none where there is nothing.
pub type Share = Option<f64>;

/// The share of a whole.
fn share(part: i64, whole: i64) -> Share {
    (whole > 0).then(|| (number(part) * 1_000.0 / number(whole)).round() / 10.0)
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests are far below 2^52")]
const fn number(count: i64) -> f64 {
    count as f64
}

/// What a plan is told.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanMetrics {
    /// Its name.
    pub health_plan_name: String,
    /// From when on.
    pub from: DateTime<Utc>,
    /// Until when.
    pub through: DateTime<Utc>,
    /// Requests received.
    pub received: i64,
    /// Not decided yet.
    pub open: i64,
    /// Of these, past their time.
    pub overdue: i64,
    /// Authorized whole, or without anything to authorize.
    pub approved: i64,
    /// Authorized in part.
    pub in_part: i64,
    /// Denied, as they stand now.
    pub denied: i64,
    /// Decided while the practice waited.
    pub at_once: Share,
    /// Whose time passed before they were decided.
    pub late: Share,
    /// Of the denials reconsidered, those overturned.
    pub overturned: Share,
    /// Hours that people took, in the mean; none where nobody decided.
    pub mean_hours: Option<f64>,
    /// Their median.
    pub median_hours: Option<f64>,
    /// What nine of ten stay within.
    pub p90_hours: Option<f64>,
    /// By month, oldest first.
    pub months: Vec<MonthOfPlan>,
    /// The drugs and procedures in most requests.
    pub drugs: Vec<Row>,
    /// The treatments in most requests.
    pub treatments: Vec<Row>,
}

/// A month.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MonthOfPlan {
    /// Its first day.
    pub month: NaiveDate,
    /// Received.
    pub received: i64,
    /// Decided while the practice waited.
    pub at_once: Share,
}

/// What was ordered.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Requests with it.
    pub requests: i64,
    /// Decided while the practice waited.
    pub at_once: Share,
    /// It may be given.
    pub approved: Share,
    /// It may not.
    pub denied: Share,
}

/// The numbers of the caller's plan over the last so many days.
pub async fn of(app: &App, caller: &Caller, days: u16) -> Result<PlanMetrics> {
    let health_plan = caller.health_plan.as_deref().filter(|_| caller.role == CallerRole::HealthPlan).ok_or(Error::NotFound)?;
    let now = app.clock.now();
    let content = app.library.in_force(now.date_naive());
    let program = content.programs.iter().find(|program| program.health_plan == health_plan).ok_or(Error::NotFound)?;
    let from = now - TimeDelta::days(i64::from(days));
    let span = (from, now + TimeDelta::seconds(1));
    let mut conn = app.pool.acquire().await?;
    let overview = store::plan_metrics::overview(&mut conn, health_plan, span, now).await?;
    let months = store::plan_metrics::months(&mut conn, health_plan, span, program.time_zone.name()).await?;
    let drugs = store::plan_metrics::by_drug(&mut conn, health_plan, span, LISTED).await?;
    let treatments = store::plan_metrics::by_treatment(&mut conn, health_plan, span, LISTED).await?;
    Ok(told(program.health_plan_name.clone(), (from, now), &overview, (months, drugs, treatments)))
}

fn told(
    health_plan_name: String,
    (from, through): (DateTime<Utc>, DateTime<Utc>),
    overview: &Overview,
    (months, drugs, treatments): (Vec<Month>, Vec<Ordered>, Vec<Ordered>),
) -> PlanMetrics {
    let hours = |seconds: Option<f64>| seconds.map(|seconds| (seconds / 360.0).round() / 10.0);
    let month = |one: Month| MonthOfPlan { month: one.month, received: one.received, at_once: share(one.at_once, one.received) };
    let row = |one: Ordered| Row {
        name: one.name,
        requests: one.requests,
        at_once: share(one.at_once, one.requests),
        approved: share(one.approved, one.requests),
        denied: share(one.denied, one.requests),
    };
    PlanMetrics {
        health_plan_name,
        from,
        through,
        received: overview.received,
        open: overview.open,
        overdue: overview.overdue,
        approved: overview.approved,
        in_part: overview.in_part,
        denied: overview.denied,
        at_once: share(overview.at_once, overview.received),
        late: share(overview.late, overview.received),
        overturned: share(overview.overturned, overview.reconsidered),
        mean_hours: hours(overview.mean_seconds),
        median_hours: hours(overview.median_seconds),
        p90_hours: hours(overview.p90_seconds),
        months: months.into_iter().map(month).collect(),
        drugs: drugs.into_iter().map(row).collect(),
        treatments: treatments.into_iter().map(row).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn a_share_of_nothing_is_none() {
        for (part, whole, told) in
            [(50, 200, Some(25.0)), (1, 3, Some(33.3)), (0, 8, Some(0.0)), (8, 8, Some(100.0)), (0, 0, None)]
        {
            assert_eq!(share(part, whole), told, "{part} of {whole}");
        }
    }
}
