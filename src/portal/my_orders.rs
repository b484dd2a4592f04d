//! My orders: open ones, and those closed during the last 90 days (VER-06), with what needs the practice in front; as a table to take
//! along, too.

use super::failure::Failure;
use super::fields::Fields;
use super::pages::{PRACTICE, Pages, Who};
use super::rows::{Row, row};
use super::shell::{Shell, page};
use super::visitor::Visitor;
use crate::app::App;
use crate::app::orders::{self, Counts, Filter, View};
use crate::domain::vocabulary::CaseStatus;
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use uuid::Uuid;

/// Rows on a page.
const ON_A_PAGE: usize = 50;
/// Rows of a table to take along.
const IN_A_TABLE: usize = 500;

pub(super) fn pages(pages: Pages) -> Pages {
    let pages = pages.get("/orders", Who::SignedIn(PRACTICE), show).ask("/orders", Who::SignedIn(PRACTICE), older);
    pages.ask("/orders/table", Who::SignedIn(PRACTICE), table)
}

/// Which orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tab {
    All,
    AskedFor,
    Open,
    Ending,
}

impl Tab {
    const EACH: [Self; 4] = [Self::AskedFor, Self::Open, Self::Ending, Self::All];

    const fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::AskedFor => "asked",
            Self::Open => "open",
            Self::Ending => "ending",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::AskedFor => "Needs you",
            Self::Open => "In progress",
            Self::Ending => "Ends soon",
        }
    }

    /// What there would be, where there is nothing.
    const fn nothing(self) -> &'static str {
        match self {
            Self::All => {
                "Open orders, and those closed during the last 90 days, are listed here. Older ones are under Order status."
            }
            Self::AskedFor => "Nothing is asked of the practice. What a reviewer asks for is listed here.",
            Self::Open => "No order waits for an answer.",
            Self::Ending => "No authorization ends within 21 days.",
        }
    }

    fn named(word: &str) -> Self {
        Self::EACH.into_iter().find(|tab| tab.word() == word).unwrap_or(Self::All)
    }

    fn filter(self) -> Filter {
        // what ends soon was often decided long ago
        let view = if self == Self::Ending { View::OrderStatus } else { View::MyOrders };
        let statuses = if self == Self::Open { vec![CaseStatus::InProgress] } else { Vec::new() };
        Filter { view, statuses, asked_for: self == Self::AskedFor, ends_soon: self == Self::Ending, ..Filter::default() }
    }

    const fn of(self, counts: &Counts) -> i64 {
        match self {
            Self::All => counts.all,
            Self::AskedFor => counts.asked_for,
            Self::Open => counts.open,
            Self::Ending => counts.ending,
        }
    }
}

#[derive(Template)]
#[template(path = "my_orders.html")]
struct MyOrdersPage {
    shell: Shell,
    tabs: Vec<TabLink>,
    tab: Tab,
    rows: Vec<Row>,
    /// The last row, where there are more.
    after: Option<Uuid>,
    /// Why nothing was done.
    told: Option<&'static str>,
}

struct TabLink {
    word: &'static str,
    name: &'static str,
    count: i64,
    here: bool,
}

/// The tab stands in the address: it says nothing about anybody.
async fn show(State(app): State<App>, visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Failure> {
    let query = query.unwrap_or_default();
    listed(&app, &visitor, Tab::named(query.strip_prefix("tab=").unwrap_or_default()), None, None).await
}

async fn older(State(app): State<App>, visitor: Visitor, fields: Fields) -> Result<Response, Failure> {
    let after = fields.text("after").and_then(|text| text.parse().ok());
    listed(&app, &visitor, Tab::named(fields.text("tab").unwrap_or_default()), after, None).await
}

/// The list again, with why nothing was done.
pub(super) async fn refused(app: &App, visitor: &Visitor, fields: &Fields, told: &'static str) -> Result<Response, Failure> {
    let mut response = listed(app, visitor, Tab::named(fields.text("tab").unwrap_or_default()), None, Some(told)).await?;
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}

async fn listed(
    app: &App,
    visitor: &Visitor,
    tab: Tab,
    after: Option<Uuid>,
    told: Option<&'static str>,
) -> Result<Response, Failure> {
    let counts = orders::count(app, &visitor.caller, &Tab::All.filter()).await?;
    let ending = orders::count(app, &visitor.caller, &Filter::default()).await?.ending;
    let counts = Counts { ending, ..counts };
    let (found, more) = orders::rows_page(app, &visitor.caller, &tab.filter(), after, ON_A_PAGE).await?;
    let link = |one: Tab| TabLink { word: one.word(), name: one.name(), count: one.of(&counts), here: one == tab };
    page(&MyOrdersPage {
        shell: Shell::new(app, Some(visitor), "/orders"),
        tabs: Tab::EACH.map(link).into(),
        tab,
        told,
        after: found.last().filter(|_| more).map(|row| row.case_id),
        rows: found.into_iter().map(|found| row(found, app.clock.now())).collect(),
    })
}

/// The rows of a tab, or those that were ticked, as a file of comma-separated values.
async fn table(State(app): State<App>, visitor: Visitor, fields: Fields) -> Result<Response, Failure> {
    let tab = Tab::named(fields.text("tab").unwrap_or_default());
    let ticked: Vec<Uuid> = fields.all("case").filter_map(|text| text.parse().ok()).collect();
    let (found, more) = orders::rows_page(&app, &visitor.caller, &tab.filter(), None, IN_A_TABLE).await?;
    let wanted = found.into_iter().filter(|row| ticked.is_empty() || ticked.contains(&row.case_id));
    let mut text = line(["Number", "Member", "Member ID", "Treatment", "Status", "Until when", "Asked for", "Received"]);
    for found in wanted {
        let row = row(found, app.clock.now());
        let asked_for = row.asked_for.join("; ");
        text +=
            &line([&row.number, &row.member, &row.member_id, &row.treatment, row.status, &row.when, &asked_for, &row.received]);
    }
    if more && ticked.is_empty() {
        text += &line(["There are more orders than this file holds", "", "", "", "", "", "", ""]);
    }
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    let disposition = HeaderValue::from_static("attachment; filename=\"orders.csv\"");
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)], text).into_response())
}

/// One line. Programs for tables take a cell that begins like a formula for one: such a cell begins with an apostrophe.
fn line(cells: [&str; 8]) -> String {
    let cell = |text: &str| {
        let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    };
    cells.map(cell).join(",") + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn a_cell_of_the_table_is_never_a_formula_and_keeps_its_quotes() {
        assert_eq!(
            line(["=1+1", "a \"b\"", "c, d", "", "-", "–", "@x", "+1"]),
            "\"'=1+1\",\"a \"\"b\"\"\",\"c, d\",\"\",\"'-\",\"–\",\"'@x\",\"'+1\"\r\n"
        );
    }
}
