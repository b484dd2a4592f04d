//! The first page: to a visitor what this is and how to get in, to somebody who is in where to go.

use super::desk;
use super::failure::Failure;
use super::order::drafts;
use super::pages::{DESK, ORDERING, Pages, Who};
use super::rows::{Row, row};
use super::shell::{Shell, page};
use super::visitor::Visitor;
use crate::app::App;
use crate::app::orders::{Filter, View, rows};
use crate::app::sandbox::{PEOPLE, Person};
use askama::Template;
use axum::extract::State;
use axum::response::Response;

/// Cases on the first page.
const LATEST: usize = 20;

pub(super) fn pages(pages: Pages) -> Pages {
    pages.get("/", Who::Everybody, show)
}

#[derive(Template)]
#[template(path = "welcome.html")]
struct WelcomePage {
    shell: Shell,
    people: &'static [Person],
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    shell: Shell,
    name: &'a str,
    may_order: bool,
    /// Orders begun and not sent.
    drafts: Vec<drafts::Line>,
    /// How much waits for a reviewer.
    depth: Option<String>,
    /// Cases in which something is asked for.
    asked: Vec<Row>,
    /// The latest of the others.
    rows: Vec<Row>,
}

async fn show(State(app): State<App>, visitor: Option<Visitor>) -> Result<Response, Failure> {
    let shell = Shell::new(&app, visitor.as_ref(), "/");
    let Some(visitor) = visitor else {
        let people: &[Person] = if app.settings.sandbox { &PEOPLE } else { &[] };
        return page(&WelcomePage { shell, people });
    };
    let filter = Filter { view: View::MyOrders, ..Filter::default() };
    let latest = rows(&app, &visitor.caller, &filter, None, LATEST).await?;
    let latest = latest.into_iter().map(|found| row(found, app.clock.now()));
    let (asked, rows) = latest.partition(|row: &Row| !row.asked_for.is_empty());
    let orders = ORDERING.contains(&visitor.caller.role);
    let drafts = if orders { drafts::lines(&app, &visitor.caller).await? } else { Vec::new() };
    let reviews = DESK.contains(&visitor.caller.role);
    let depth = if reviews { Some(desk::depth(&app, &visitor.caller).await?) } else { None };
    page(&HomePage { shell, name: &visitor.name, may_order: orders, drafts, depth, asked, rows })
}
