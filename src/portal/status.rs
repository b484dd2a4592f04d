//! Order status: any case that one may see, for good, by number, member or day (VER-06). What is searched for is sent, and never stands in
//! the address.

use super::failure::Failure;
use super::faults::Faults;
use super::fields::Fields;
use super::pages::{EVERY_ROLE, Pages, Who};
use super::rows::{Row, row};
use super::shell::{Shell, page};
use super::typed::{self, Century};
use super::visitor::Visitor;
use crate::app::App;
use crate::app::orders::{Filter, View, rows_page};
use crate::domain::order_id::{Numbered, ReadableId};
use crate::domain::vocabulary::CaseStatus;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use uuid::Uuid;

/// Rows on a page.
const ON_A_PAGE: usize = 50;

pub(super) fn pages(pages: Pages) -> Pages {
    pages.get("/status", Who::SignedIn(EVERY_ROLE), show).ask("/status", Who::SignedIn(EVERY_ROLE), search)
}

#[derive(Template)]
#[template(path = "status.html")]
struct StatusPage {
    shell: Shell,
    fields: Fields,
    faults: Faults,
    statuses: Vec<Status>,
    rows: Vec<Row>,
    /// The last row, where there are more.
    after: Option<Uuid>,
    searched: bool,
}

struct Status {
    word: &'static str,
    name: &'static str,
    chosen: bool,
}

impl StatusPage {
    fn entered(&self, name: &str) -> &str {
        self.fields.text(name).unwrap_or_default()
    }
}

async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Failure> {
    found(&app, &visitor, Fields::default(), false).await
}

async fn search(State(app): State<App>, visitor: Visitor, fields: Fields) -> Result<Response, Failure> {
    found(&app, &visitor, fields, true).await
}

async fn found(app: &App, visitor: &Visitor, fields: Fields, searched: bool) -> Result<Response, Failure> {
    let mut faults = Faults::default();
    let filter = filter(app, &fields, &mut faults);
    let after = fields.text("after").and_then(|text| text.parse().ok());
    let found = if faults.is_empty() { Some(rows_page(app, &visitor.caller, &filter, after, ON_A_PAGE).await?) } else { None };
    let (listed, more) = found.unwrap_or_default();
    let chosen = filter.statuses.first();
    let status = |status: &CaseStatus| Status {
        word: status.as_str(),
        name: crate::documents::words::case_status(*status),
        chosen: chosen == Some(status),
    };
    page(&StatusPage {
        shell: Shell::new(app, Some(visitor), "/status"),
        statuses: CaseStatus::ALL.iter().map(status).collect(),
        after: listed.last().filter(|_| more).map(|row| row.case_id),
        rows: listed.into_iter().map(|found| row(found, app.clock.now())).collect(),
        fields,
        faults,
        searched,
    })
}

fn filter(app: &App, fields: &Fields, faults: &mut Faults) -> Filter {
    let mut filter = Filter { view: View::OrderStatus, ..Filter::default() };
    if let Some(typed) = fields.text("number") {
        let text = |id: ReadableId| id.to_string();
        filter.order_id = ReadableId::parse(Numbered::Order, typed).map(text);
        filter.case_number = ReadableId::parse(Numbered::Case, typed).map(text);
        if filter.order_id.is_none() && filter.case_number.is_none() {
            let message =
                "this is neither an Order ID nor a case number: A or C and nine characters, of which the last checks the others";
            faults.add("number", message);
        }
    }
    filter.member_id = fields.owned("member_id");
    filter.statuses = fields.text("status").and_then(CaseStatus::parse).into_iter().collect();
    let zone =
        app.library.in_force(app.clock.now().date_naive()).programs.first().map_or(chrono_tz::UTC, |program| program.time_zone);
    let mut day = |name: &str| {
        let typed = fields.text(name)?;
        let read = typed::day(typed, Century::This);
        if read.is_none() {
            faults.add(name, format!("“{typed}” is no day: write month, day and year, such as 12/1/2026"));
        }
        read
    };
    filter.submitted_from = day("from").and_then(|day| beginning(day, zone));
    filter.submitted_before = day("through").and_then(|day| beginning(day.checked_add_days(Days::new(1))?, zone));
    filter
}

/// The instant at which a day begins there.
fn beginning(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    zone.from_local_datetime(&day.and_time(NaiveTime::MIN)).earliest().map(|at| at.to_utc())
}
