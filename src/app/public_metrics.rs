//! What a plan publishes of its prior authorizations, by year (CMS-0057-F): items and services apart from drugs, standard apart from expedited.
//! What is not known is "not reported" and never 0, and small counts are held back, so that nobody is found in them.

use super::{App, Error, Result};
use crate::domain::content::{Content, Program};
use crate::domain::vocabulary::{Service, Urgency};
use crate::store;
use crate::store::metrics::Decisions;
use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Counts below this, other than none, are held back.
pub const SUPPRESSED_BELOW: i64 = 11;
/// The first year that is answered.
const FIRST_YEAR: i32 = 2020;
/// Outside of a sandbox numbers are made anew when they are so old: anybody may ask, and a year is much to read.
const KEPT: TimeDelta = TimeDelta::hours(24);

/// What the numbers mean, for beside them.
pub const DEFINITIONS: [&str; 8] = [
    "A request is counted in the year of its first decision, by the calendar of the program. Requests that were withdrawn, and those that \
     needed no authorization, are not counted.",
    "A year that goes on is told up to the end of its last quarter, so that nobody tells a single decision from two readings.",
    "Expedited requests are those that were urgent when they were decided; all others are standard.",
    "Approved: every line that was reviewed was authorized. Approved in part: some lines were. Denied: none was.",
    "Approved after reconsideration: denied first, then authorized by another physician here. It is among the denied, too.",
    "Appeals are decided by the health plan, and the time to decide is not extended here: what happened elsewhere is not reported.",
    "Times run from the receipt of the request to its first decision, over nights, weekends and holidays.",
    "Where a count is below 11 and not 0, the shares that would tell it are suppressed.",
];

/// Why there is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// It would tell a small count.
    Suppressed,
    /// It is not known here.
    NotReported,
    /// There was no request.
    NoRequests,
}

impl Because {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Suppressed => "suppressed",
            Self::NotReported => "not reported",
            Self::NoRequests => "no requests",
        }
    }
}

/// A number, or why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figure {
    /// The number.
    pub value: Option<f64>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<Because>,
}

impl Figure {
    const fn is(value: f64) -> Self {
        Self { value: Some(value), because: None }
    }

    const fn none(because: Because) -> Self {
        Self { value: None, because: Some(because) }
    }
}

/// The measures of standard or of expedited requests.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measures {
    /// Requests decided.
    pub decided: Figure,
    /// Percent approved.
    pub approved_percent: Figure,
    /// Percent approved in part.
    pub approved_in_part_percent: Figure,
    /// Percent denied.
    pub denied_percent: Figure,
    /// Percent denied first and approved after a reconsideration.
    pub approved_after_reconsideration_percent: Figure,
    /// Percent approved after an appeal to the plan.
    pub approved_after_appeal_percent: Figure,
    /// Percent approved after the time to decide was extended.
    pub approved_after_extension_percent: Figure,
    /// Mean hours from receipt to decision.
    pub mean_hours: Figure,
    /// Median hours from receipt to decision.
    pub median_hours: Figure,
}

impl Measures {
    fn of(found: Option<&Decisions>) -> Self {
        let not_reported = Figure::none(Because::NotReported);
        let all = |figure: Figure| Self {
            decided: figure,
            approved_percent: figure,
            approved_in_part_percent: figure,
            denied_percent: figure,
            approved_after_reconsideration_percent: figure,
            approved_after_appeal_percent: not_reported,
            approved_after_extension_percent: not_reported,
            mean_hours: figure,
            median_hours: figure,
        };
        let Some(found) = found.filter(|found| found.decided > 0) else {
            return Self { decided: Figure::is(0.0), ..all(Figure::none(Because::NoRequests)) };
        };
        let is_small = |count: i64| (1..SUPPRESSED_BELOW).contains(&count);
        if is_small(found.decided) {
            return all(Figure::none(Because::Suppressed));
        }
        // one share that is held back could be told from the others
        let counts = [found.approved, found.approved_in_part, found.denied, found.overturned, found.denied - found.overturned];
        let held_back = counts.into_iter().any(is_small);
        let share = |count: i64| {
            if held_back {
                Figure::none(Because::Suppressed)
            } else {
                Figure::is(rounded(number(count) * 100.0 / number(found.decided), 10.0))
            }
        };
        Self {
            decided: Figure::is(number(found.decided)),
            approved_percent: share(found.approved),
            approved_in_part_percent: share(found.approved_in_part),
            denied_percent: share(found.denied),
            approved_after_reconsideration_percent: share(found.overturned),
            approved_after_appeal_percent: not_reported,
            approved_after_extension_percent: not_reported,
            mean_hours: Figure::is(rounded(found.mean_seconds / 3600.0, 100.0)),
            median_hours: Figure::is(rounded(found.median_seconds / 3600.0, 100.0)),
        }
    }

    /// Each by name.
    pub const fn named(&self) -> [(&'static str, Figure); 9] {
        [
            ("decided", self.decided),
            ("approved_percent", self.approved_percent),
            ("approved_in_part_percent", self.approved_in_part_percent),
            ("denied_percent", self.denied_percent),
            ("approved_after_reconsideration_percent", self.approved_after_reconsideration_percent),
            ("approved_after_appeal_percent", self.approved_after_appeal_percent),
            ("approved_after_extension_percent", self.approved_after_extension_percent),
            ("mean_hours", self.mean_hours),
            ("median_hours", self.median_hours),
        ]
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests are far below 2^52")]
const fn number(count: i64) -> f64 {
    count as f64
}

fn rounded(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}

/// Something that needs authorization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Managed {
    /// Its procedure code, where it has one.
    pub code: Option<String>,
    /// Its name.
    pub name: String,
}

/// Items and services, or drugs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Category {
    /// What needs authorization.
    pub requires_authorization: Vec<Managed>,
    /// Standard requests.
    pub standard: Measures,
    /// Expedited ones.
    pub expedited: Measures,
}

/// A plan's year.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PublicMetrics {
    /// Id of the plan.
    pub health_plan: String,
    /// Its name.
    pub health_plan_name: String,
    /// Calendar year.
    pub year: i32,
    /// When the numbers were made.
    pub as_of: DateTime<Utc>,
    /// False while the year goes on.
    pub year_is_over: bool,
    /// Decisions before this day are counted, by the calendar of the program.
    pub counted_before: NaiveDate,
    /// Counts below this, other than none, are held back.
    pub suppressed_below: i64,
    /// Items and services without drugs (CMS-0057-F).
    pub items_and_services: Category,
    /// Drugs, reported apart.
    pub drugs: Category,
    /// What the numbers mean.
    pub definitions: &'static [&'static str],
}

/// Numbers that were made, by plan and year.
#[derive(Debug, Default)]
pub struct Made(Mutex<HashMap<(String, i32), Arc<PublicMetrics>>>);

/// The metrics of a plan in a year that has begun.
pub async fn of(app: &App, health_plan: &str, year: i32) -> Result<Arc<PublicMetrics>> {
    let now = app.clock.now();
    let content = app.library.in_force(now.date_naive());
    let program = content.programs.iter().find(|program| program.health_plan == health_plan).ok_or(Error::NotFound)?;
    if !(FIRST_YEAR..=now.with_timezone(&program.time_zone).year()).contains(&year) {
        return Err(Error::NotFound);
    }
    // held while they are made: whoever asks for the same meanwhile waits for them
    let mut made = app.public_metrics.0.lock().await;
    let key = (health_plan.to_owned(), year);
    let is_fresh = |kept: &&Arc<PublicMetrics>| !app.settings.sandbox && (TimeDelta::zero()..KEPT).contains(&(now - kept.as_of));
    if let Some(kept) = made.get(&key).filter(is_fresh) {
        return Ok(Arc::clone(kept));
    }
    let today = now.with_timezone(&program.time_zone).date_naive();
    let after_it = first_of_month(year + 1, 1)?;
    // a sandbox has nobody to be found, and whoever tries it wants to see what was just decided
    let counted_before =
        if app.settings.sandbox { after_it } else { after_it.min(first_of_month(today.year(), quarter(today))?) };
    let span = (beginning(program, first_of_month(year, 1)?)?, beginning(program, counted_before)?);
    let found = store::metrics::decisions(&mut *app.pool.acquire().await?, health_plan, span).await?;
    let fresh = Arc::new(publish(content, program, Span { year, now, year_is_over: today >= after_it, counted_before }, &found));
    made.insert(key, Arc::clone(&fresh));
    Ok(fresh)
}

/// The instant at which a day begins.
fn beginning(program: &Program, day: NaiveDate) -> Result<DateTime<Utc>> {
    let instant = program.time_zone.from_local_datetime(&day.and_time(NaiveTime::MIN)).earliest();
    instant.map(|instant| instant.to_utc()).ok_or(Error::NotFound)
}

fn first_of_month(year: i32, month: u32) -> Result<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, 1).ok_or(Error::NotFound)
}

/// The month that the quarter of a day begins with.
fn quarter(day: NaiveDate) -> u32 {
    day.month0() / 3 * 3 + 1
}

/// What is counted, and as of when.
#[derive(Debug, Clone, Copy)]
struct Span {
    year: i32,
    now: DateTime<Utc>,
    year_is_over: bool,
    counted_before: NaiveDate,
}

fn publish(content: &Content, program: &Program, span: Span, found: &[Decisions]) -> PublicMetrics {
    let Span { year, now, year_is_over, counted_before } = span;
    let of = |service: Service, requires_authorization: Vec<Managed>| {
        let measures =
            |urgency| Measures::of(found.iter().find(|decisions| decisions.service == service && decisions.urgency == urgency));
        Category { requires_authorization, standard: measures(Urgency::Standard), expedited: measures(Urgency::Urgent) }
    };
    let radiation = content.radiation.services.values().filter(|_| program.services.contains(&Service::RadiationOncology));
    let radiation = radiation.map(|service| Managed { code: Some(service.code.clone()), name: service.name.clone() }).collect();
    let drugs = program.managed.iter().map(|name| Managed { code: None, name: name.clone() }).collect();
    PublicMetrics {
        health_plan: program.health_plan.clone(),
        health_plan_name: program.health_plan_name.clone(),
        year,
        as_of: now,
        year_is_over,
        counted_before,
        suppressed_below: SUPPRESSED_BELOW,
        items_and_services: of(Service::RadiationOncology, radiation),
        drugs: of(Service::MedicalOncology, drugs),
        definitions: &DEFINITIONS,
    }
}

#[cfg(test)]
mod tests {
    use super::{Because, Figure, Measures, quarter};
    use crate::domain::vocabulary::{Service, Urgency};
    use crate::store::metrics::Decisions;
    use chrono::NaiveDate;

    fn measures(decided: i64, approved: i64, approved_in_part: i64, denied: i64, overturned: i64) -> Measures {
        let (service, urgency) = (Service::RadiationOncology, Urgency::Standard);
        let (mean_seconds, median_seconds) = (7_200.0, 3_600.0);
        Measures::of(Some(&Decisions {
            service,
            urgency,
            decided,
            approved,
            approved_in_part,
            denied,
            overturned,
            mean_seconds,
            median_seconds,
        }))
    }

    #[test]
    fn a_quarter_begins_with_its_first_month() {
        let of = |month| quarter(NaiveDate::from_ymd_opt(2026, month, 28).unwrap_or_default());
        assert_eq!([1, 3, 4, 6, 7, 9, 10, 12].map(of), [1, 1, 4, 4, 7, 7, 10, 10]);
    }

    #[test]
    fn no_figure_tells_a_small_count_and_what_is_not_known_is_no_zero() {
        let told = measures(200, 150, 0, 50, 20);
        let percent = [told.approved_percent, told.approved_in_part_percent, told.denied_percent];
        assert_eq!(percent.map(|figure| figure.value), [Some(75.0), Some(0.0), Some(25.0)]);
        assert_eq!(told.approved_after_reconsideration_percent, Figure::is(10.0));
        assert_eq!((told.mean_hours, told.median_hours), (Figure::is(2.0), Figure::is(1.0)));
        for small in [
            measures(200, 195, 0, 5, 0),
            measures(200, 10, 0, 190, 0),
            measures(200, 100, 3, 97, 0),
            measures(200, 150, 0, 50, 45),
        ] {
            assert_eq!(small.decided, Figure::is(200.0));
            let shares = [
                small.approved_percent,
                small.approved_in_part_percent,
                small.denied_percent,
                small.approved_after_reconsideration_percent,
            ];
            assert!(shares.iter().all(|share| *share == Figure::none(Because::Suppressed)), "{small:?}");
        }
        let few = measures(10, 10, 0, 0, 0);
        assert!(
            [few.decided, few.approved_percent, few.mean_hours].iter().all(|figure| figure.because == Some(Because::Suppressed))
        );
        let none = Measures::of(None);
        assert_eq!((none.decided.value, none.denied_percent.because), (Some(0.0), Some(Because::NoRequests)));
        for any in [&told, &few, &none] {
            assert_eq!(any.approved_after_appeal_percent, Figure::none(Because::NotReported));
            assert_eq!(any.approved_after_extension_percent, Figure::none(Because::NotReported));
        }
    }
}
