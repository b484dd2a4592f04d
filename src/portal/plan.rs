//! A health plan's own numbers: how much is decided while the practice waits, how long people take, what is overdue and overturned, by drug
//! and by treatment. Plots are drawn here as SVG, each beside the table that says the same.

use super::failure::Failure;
use super::pages::{Pages, Who};
use super::shell::{Shell, instant, page};
use super::visitor::Visitor;
use crate::app::App;
use crate::app::plan_metrics::{self, MonthOfPlan, PlanMetrics, Share};
use crate::documents::words;
use crate::domain::vocabulary::CallerRole;
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use chrono::Datelike as _;

/// Spans to look at, in days.
const SPANS: [(u16, &str); 3] = [(30, "30 days"), (90, "90 days"), (365, "A year")];
/// The span of who does not say.
const USUAL: u16 = 90;
/// Height of a plot, and the width of a bar with what is around it.
const HEIGHT: f64 = 160.0;
const BAR: f64 = 44.0;

pub(super) fn pages(pages: Pages) -> Pages {
    pages.get("/plan", Who::SignedIn(&[CallerRole::HealthPlan]), show)
}

#[derive(Template)]
#[template(path = "plan.html")]
struct PlanPage {
    shell: Shell,
    name: String,
    /// Where its yearly numbers are published.
    yearly: String,
    span: String,
    spans: Vec<Span>,
    figures: Vec<Figure>,
    months: Vec<MonthRow>,
    plot: Option<Plot>,
    groups: Vec<Group>,
}

struct Span {
    days: u16,
    name: &'static str,
    here: bool,
}

struct Figure {
    name: &'static str,
    value: String,
    hint: &'static str,
}

struct MonthRow {
    name: String,
    received: String,
    at_once: String,
}

struct Group {
    caption: &'static str,
    what: &'static str,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    requests: String,
    at_once: String,
    approved: String,
    denied: String,
}

/// Bars of a plot: shares of months.
struct Plot {
    width: f64,
    height: f64,
    bars: Vec<Bar>,
    /// Lines of 0, 50 and 100 percent.
    lines: Vec<(f64, &'static str)>,
}

struct Bar {
    x: f64,
    y: f64,
    height: f64,
    middle: f64,
    label: String,
    value: String,
}

async fn show(State(app): State<App>, visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Failure> {
    let asked = query.as_deref().and_then(|query| query.strip_prefix("days=")).and_then(|days| days.parse().ok());
    let days = SPANS.iter().map(|(days, _)| *days).find(|days| Some(*days) == asked).unwrap_or(USUAL);
    let metrics = plan_metrics::of(&app, &visitor.caller, days).await?;
    page(&PlanPage {
        shell: Shell::new(&app, Some(&visitor), "/plan"),
        yearly: format!(
            "/public/prior-authorization-metrics/{}/{}",
            visitor.caller.health_plan.as_deref().unwrap_or_default(),
            metrics.through.year()
        ),
        span: format!("{} to {}", instant(&app, metrics.from), instant(&app, metrics.through)),
        spans: SPANS.iter().map(|(span, name)| Span { days: *span, name, here: *span == days }).collect(),
        figures: figures(&metrics),
        months: metrics.months.iter().map(month).collect(),
        plot: plot(&metrics.months),
        groups: vec![
            Group {
                caption: "By drug or procedure, the most frequent first",
                what: "Drug or procedure",
                rows: rows(&metrics.drugs),
            },
            Group { caption: "By treatment: drugs ordered together", what: "Treatment", rows: rows(&metrics.treatments) },
        ],
        name: metrics.health_plan_name,
    })
}

fn figures(metrics: &PlanMetrics) -> Vec<Figure> {
    let figure = |name, value, hint| Figure { name, value, hint };
    vec![
        figure("Requests received", count(metrics.received), ""),
        figure("Decided at once", share(metrics.at_once), "while the practice waited"),
        figure("Approved", count(metrics.approved), ""),
        figure("Approved in part", count(metrics.in_part), ""),
        figure("Denied", count(metrics.denied), "as it stands today"),
        figure("In review", count(metrics.open), "not decided yet"),
        figure("Overdue now", count(metrics.overdue), "in review past their time"),
        figure("Answered late", share(metrics.late), "time passed before the decision, or has passed now"),
        figure("Time to decide, median", hours(metrics.median_hours), "where people decided"),
        figure("Time to decide, mean", hours(metrics.mean_hours), "where people decided"),
        figure("Nine of ten within", hours(metrics.p90_hours), "where people decided"),
        figure("Overturned", share(metrics.overturned), "of the denials that were reconsidered"),
    ]
}

fn count(count: i64) -> String {
    u64::try_from(count).map_or_else(|_| count.to_string(), words::count)
}

fn share(share: Share) -> String {
    share.map_or_else(|| "none yet".to_owned(), |share| format!("{share} %"))
}

fn hours(hours: Option<f64>) -> String {
    let told = |hours: f64| if hours < 1.0 { "under 1 h".to_owned() } else { format!("{hours} h") };
    hours.map_or_else(|| "none yet".to_owned(), told)
}

fn month(month: &MonthOfPlan) -> MonthRow {
    MonthRow { name: month.month.format("%B %Y").to_string(), received: count(month.received), at_once: share(month.at_once) }
}

fn rows(rows: &[plan_metrics::Row]) -> Vec<Row> {
    let row = |row: &plan_metrics::Row| Row {
        name: words::capitalize(&row.name),
        requests: count(row.requests),
        at_once: share(row.at_once),
        approved: share(row.approved),
        denied: share(row.denied),
    };
    rows.iter().map(row).collect()
}

/// Shares by month as bars; none where no month has one.
fn plot(months: &[MonthOfPlan]) -> Option<Plot> {
    months.iter().any(|month| month.at_once.is_some()).then(|| {
        let mut x = 40.0;
        let mut bars = Vec::with_capacity(months.len());
        for month in months {
            let share = month.at_once.unwrap_or_default();
            let height = HEIGHT * share / 100.0;
            bars.push(Bar {
                x,
                y: HEIGHT + 16.0 - height,
                height,
                middle: x + BAR / 2.0 - 4.0,
                label: month.month.format("%b").to_string(),
                value: month.at_once.map_or_else(|| "–".to_owned(), |share| format!("{share:.0}")),
            });
            x += BAR;
        }
        let lines = [(0.0, "0 %"), (50.0, "50 %"), (100.0, "100 %")];
        let lines = lines.map(|(share, name)| (HEIGHT + 16.0 - HEIGHT * share / 100.0, name)).to_vec();
        Plot { width: x, height: HEIGHT + 40.0, bars, lines }
    })
}

#[cfg(test)]
mod tests {
    use super::plot;
    use crate::app::plan_metrics::MonthOfPlan;

    #[test]
    fn a_bar_is_as_high_as_its_share_and_a_month_without_one_has_none() {
        let month = |at_once| MonthOfPlan { month: "2026-11-01".parse().unwrap(), received: 100, at_once };
        let drawn = plot(&[month(Some(50.0)), month(None), month(Some(100.0))]).unwrap();
        let heights: Vec<f64> = drawn.bars.iter().map(|bar| bar.height).collect();
        assert_eq!(heights, [80.0, 0.0, 160.0]);
        assert_eq!(drawn.bars[1].value, "–");
        assert!(plot(&[month(None)]).is_none() && plot(&[]).is_none());
    }
}
