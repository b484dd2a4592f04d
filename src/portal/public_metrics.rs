//! What a plan publishes of its prior authorizations, for everybody: as a page, as JSON, and as CSV.

use super::failure::Failure;
use super::pages::{Pages, Who};
use super::shell::{Shell, instant, page};
use super::visitor::Visitor;
use crate::app::App;
use crate::app::public_metrics::{self, Because, Category, Figure, Measures, PublicMetrics};
use askama::Template;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use std::fmt::Write as _;
use std::sync::Arc;

const ADDRESS: &str = "/public/prior-authorization-metrics/{health_plan}/{year}";

pub(super) fn pages(pages: Pages) -> Pages {
    pages.get(ADDRESS, Who::Everybody, show)
}

#[derive(Debug, Deserialize)]
struct Wanted {
    /// `csv` or `json`, for those who cannot send `Accept`.
    format: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Page,
    Csv,
    Json,
}

/// A program that says nothing gets JSON, a browser a page.
fn form(wanted: &Wanted, headers: &HeaderMap) -> Form {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match wanted.format.as_deref() {
        Some("csv") => Form::Csv,
        Some("json") => Form::Json,
        _ if accepted.contains("text/html") => Form::Page,
        _ if accepted.contains("text/csv") => Form::Csv,
        _ => Form::Json,
    }
}

#[derive(Template)]
#[template(path = "public_metrics.html")]
struct MetricsPage {
    shell: Shell,
    metrics: Arc<PublicMetrics>,
    as_of: String,
    groups: Vec<Group>,
}

struct Group {
    id: &'static str,
    name: &'static str,
    why: &'static str,
    rows: Vec<Row>,
    managed: Vec<String>,
}

struct Row {
    name: &'static str,
    standard: String,
    expedited: String,
}

async fn show(
    State(app): State<App>,
    visitor: Option<Visitor>,
    Path((health_plan, year)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let year = year.parse().map_err(|_| Failure::not_found())?;
    let metrics = public_metrics::of(&app, &health_plan, year).await?;
    match form(&wanted, &headers) {
        Form::Json => Ok(Json(&*metrics).into_response()),
        Form::Csv => {
            let name = format!("attachment; filename=\"prior-authorization-metrics-{}-{year}.csv\"", metrics.health_plan);
            let headers = [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
            Ok((headers, csv(&metrics)).into_response())
        }
        Form::Page => page(&MetricsPage {
            shell: Shell::new(&app, visitor.as_ref(), ADDRESS),
            as_of: instant(&app, metrics.as_of),
            groups: vec![
                group("items", "Items and services", "Without drugs, as CMS-0057-F asks.", &metrics.items_and_services),
                group("drugs", "Drugs", "Reported apart from items and services.", &metrics.drugs),
            ],
            metrics,
        }),
    }
}

fn group(id: &'static str, name: &'static str, why: &'static str, category: &Category) -> Group {
    let managed = category.requires_authorization.iter().map(|one| match &one.code {
        Some(code) => format!("{code} {}", one.name),
        None => one.name.clone(),
    });
    let pairs = category.standard.named().into_iter().zip(category.expedited.named());
    let row = |((name, standard), (_, expedited))| Row {
        name: words(name),
        standard: told(name, standard),
        expedited: told(name, expedited),
    };
    Group { id, name, why, rows: pairs.map(row).collect(), managed: managed.collect() }
}

fn words(measure: &str) -> &'static str {
    match measure {
        "decided" => "Requests decided",
        "approved_percent" => "Approved",
        "approved_in_part_percent" => "Approved in part",
        "denied_percent" => "Denied",
        "approved_after_reconsideration_percent" => "Denied, then approved after reconsideration",
        "approved_after_appeal_percent" => "Approved after appeal to the plan",
        "approved_after_extension_percent" => "Approved after the time was extended",
        "mean_hours" => "Mean time to decision",
        _ => "Median time to decision",
    }
}

fn told(measure: &str, figure: Figure) -> String {
    let unit = if measure.ends_with("_percent") {
        " %"
    } else if measure.ends_with("_hours") {
        " h"
    } else {
        ""
    };
    match (figure.value, figure.because) {
        (Some(value), _) => format!("{value}{unit}"),
        (None, Some(because)) => because.words().to_owned(),
        (None, None) => "–".to_owned(),
    }
}

fn csv(metrics: &PublicMetrics) -> String {
    let mut text = String::from("health_plan,year,category,requests,measure,value,note\r\n");
    let mut rows = |category: &str, requests: &str, measures: &Measures| {
        for (measure, figure) in measures.named() {
            let value = figure.value.map(|value| value.to_string()).unwrap_or_default();
            let note = figure.because.map_or("", Because::words);
            let (plan, year) = (&metrics.health_plan, metrics.year);
            // writing to a string does not fail
            let _ = write!(text, "{plan},{year},{category},{requests},{measure},{value},{note}\r\n");
        }
    };
    for (name, category) in [("items_and_services", &metrics.items_and_services), ("drugs", &metrics.drugs)] {
        rows(name, "standard", &category.standard);
        rows(name, "expedited", &category.expedited);
    }
    text
}
