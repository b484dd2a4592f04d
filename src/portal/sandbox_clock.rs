//! Moving the sandbox's clock ahead, to see deadlines pass. The page exists in a sandbox only.

use super::failure::Failure;
use super::fields::Fields;
use super::pages::{EVERY_ROLE, Pages, Who};
use super::shell::{Shell, page};
use super::visitor::Visitor;
use crate::app::{App, sandbox};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use chrono::TimeDelta;

/// What is offered: hours, and in words.
const STEPS: [(i64, &str); 6] = [(1, "1 hour"), (4, "4 hours"), (24, "1 day"), (72, "3 days"), (168, "1 week"), (720, "30 days")];

pub(super) fn pages(pages: Pages) -> Pages {
    pages.get("/sandbox/clock", Who::SignedIn(EVERY_ROLE), show).post("/sandbox/clock", Who::SignedIn(EVERY_ROLE), advance)
}

#[derive(Template)]
#[template(path = "sandbox_clock.html")]
struct ClockPage {
    shell: Shell,
    steps: &'static [(i64, &'static str)],
}

async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Failure> {
    page(&ClockPage { shell: Shell::new(&app, Some(&visitor), "/sandbox/clock"), steps: &STEPS })
}

async fn advance(State(app): State<App>, fields: Fields) -> Result<Response, Failure> {
    let hours = fields.text("hours").and_then(|text| text.parse().ok());
    let step = STEPS.iter().find(|(known, _)| Some(*known) == hours).ok_or_else(Failure::not_found)?;
    sandbox::set_clock(&app, app.clock.now() + TimeDelta::hours(step.0)).await?;
    Ok(Redirect::to("/sandbox/clock").into_response())
}
