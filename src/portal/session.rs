//! How long one stays signed in, and whether single keys do something. Any page that is asked for keeps a session from idling out; the one
//! here does nothing else.

use super::cookie;
use super::failure::Failure;
use super::fields::Fields;
use super::pages::{EVERY_ROLE, Pages, Who};
use super::shell::{SessionEnd, Shell, page, session_end};
use super::visitor::Visitor;
use crate::app::App;
use crate::app::sessions::IDLE_MINUTES;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

pub(super) fn pages(pages: Pages) -> Pages {
    let all = Who::SignedIn(EVERY_ROLE);
    pages.get("/session", all, show).ask("/session", all, stay).ask("/session/keys", all, keys)
}

#[derive(Template)]
#[template(path = "session.html")]
struct SessionPage {
    shell: Shell,
    end: SessionEnd,
    idle_minutes: i64,
}

async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Failure> {
    let end = session_end(&app, &visitor);
    page(&SessionPage { shell: Shell::new(&app, Some(&visitor), ""), end, idle_minutes: IDLE_MINUTES })
}

#[derive(Template)]
#[template(path = "session_line.html")]
struct SessionLine {
    session: SessionEnd,
}

/// The line of the page that says until when, anew.
async fn stay(State(app): State<App>, visitor: Visitor) -> Result<Response, Failure> {
    page(&SessionLine { session: session_end(&app, &visitor) })
}

/// Switches single keys off for this browser, or on again.
async fn keys(State(app): State<App>, fields: Fields) -> Result<Response, Failure> {
    let mut response = StatusCode::NO_CONTENT.into_response();
    cookie::switch_keys(response.headers_mut(), fields.text("keys") == Some("off"), app.settings.sandbox);
    Ok(response)
}
