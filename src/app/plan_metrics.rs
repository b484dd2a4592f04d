//! A health plan's own numbers, for its analysts: what came in, what was decided while the practice waited, how long people took, what is
//! overdue and what was overturned, by drug and by treatment. It names nobody, and small counts are held back like in what is published.

use super::public_metrics::SUPPRESSED_BELOW;
use super::{App, Caller, Error, Result};
use crate::domain::vocabulary::CallerRole;
use crate::store;
use crate::store::plan_metrics::{Month, Ordered, Overview};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// Rows of a list.
const LISTED: i64 = 15;

/// A count, held back where it is small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// The count.
    Is(i64),
    /// From 1 to 10: held back.
    Small,
}

impl Count {
    fn of(count: i64) -> Self {
        if (1..SUPPRESSED_BELOW).contains(&count) { Self::Small } else { Self::Is(count) }
    }
}

/// A share of a count in percent; none where it would tell a small count, or there is nothing.
pub type Share = Option<f64>;

/// The share, where neither it nor what is left tells a small count.
fn share(part: i64, whole: i64) -> Share {
    let told = whole > 0 && [part, whole - part, whole].iter().all(|count| matches!(Count::of(*count), Count::Is(_)));
    told.then(|| (number(part) * 1_000.0 / number(whole)).round() / 10.0)
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
    pub received: Count,
    /// Not decided yet.
    pub open: Count,
    /// Of these, past their time.
    pub overdue: Count,
    /// Authorized whole, or without anything to authorize.
    pub approved: Count,
    /// Authorized in part.
    pub in_part: Count,
    /// Denied, as they stand now.
    pub denied: Count,
    /// Decided while the practice waited.
    pub at_once: Share,
    /// Whose time passed before they were decided.
    pub late: Share,
    /// Of the denials reconsidered, those overturned.
    pub overturned: Share,
    /// Hours that people took, in the mean; none where few were reviewed.
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
    pub received: Count,
    /// Decided while the practice waited.
    pub at_once: Share,
}

/// What was ordered.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Requests with it.
    pub requests: Count,
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
    let few = matches!(Count::of(overview.reviewed), Count::Small);
    let hours = |seconds: Option<f64>| seconds.filter(|_| !few).map(|seconds| (seconds / 360.0).round() / 10.0);
    let month = |one: Month| MonthOfPlan {
        month: one.month,
        received: Count::of(one.received),
        at_once: share(one.at_once, one.received),
    };
    let row = |one: Ordered| Row {
        name: one.name,
        requests: Count::of(one.requests),
        at_once: share(one.at_once, one.requests),
        approved: share(one.approved, one.requests),
        denied: share(one.denied, one.requests),
    };
    PlanMetrics {
        health_plan_name,
        from,
        through,
        received: Count::of(overview.received),
        open: Count::of(overview.open),
        overdue: Count::of(overview.overdue),
        approved: Count::of(overview.approved),
        in_part: Count::of(overview.in_part),
        denied: Count::of(overview.denied),
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
    use super::{Count, share};

    #[test]
    fn nothing_tells_a_small_count() {
        assert_eq!(share(50, 200), Some(25.0));
        assert_eq!(share(0, 200), Some(0.0), "none is no small count");
        for (part, whole) in [(3, 200), (195, 200), (5, 8), (0, 8), (0, 0), (8, 8)] {
            assert_eq!(share(part, whole), None, "{part} of {whole}");
        }
        assert_eq!([0, 1, 10, 11].map(Count::of), [Count::Is(0), Count::Small, Count::Small, Count::Is(11)]);
    }
}
