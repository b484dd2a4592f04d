//! What stands around every page: where one is, who one is, and where one may go.

use super::failure::Failure;
use super::visitor::Visitor;
use super::{assets, enter};
use crate::app::{App, sessions};
use crate::documents::words;
use crate::domain::vocabulary::CallerRole;
use askama::Template;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use std::fmt::Write as _;

/// The frame of a page.
#[derive(Debug, Clone)]
pub(super) struct Shell {
    /// Style sheet, script and icon.
    pub css: &'static str,
    pub script: &'static str,
    pub icon: &'static str,
    /// Who is signed in.
    pub who: Option<Who>,
    /// Where they may go.
    pub places: Vec<Place>,
    /// What the clock shows, in a sandbox.
    pub sandbox: Option<String>,
    /// When the visitor is signed out if nothing more is heard of them.
    pub session: Option<SessionEnd>,
    /// True where single keys are switched off.
    pub has_keys_off: bool,
}

/// The end of a session of which nothing more is heard.
#[derive(Debug, Clone)]
pub(super) struct SessionEnd {
    /// In words.
    pub at: String,
    /// Seconds until then.
    pub seconds: i64,
    /// Seconds until it ends in any case.
    pub at_most: i64,
}

/// Who is signed in.
#[derive(Debug, Clone)]
pub(super) struct Who {
    pub name: String,
    pub role: &'static str,
    /// Whom they act for, where they are bound to somebody.
    pub acts_for: Option<String>,
}

/// An entry of the navigation.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub address: &'static str,
    pub name: &'static str,
    pub here: bool,
}

impl Shell {
    /// The frame of the page at this address.
    pub fn new(app: &App, visitor: Option<&Visitor>, address: &str) -> Self {
        let (css, script) = enter::own_files();
        let places = visitor.map(|visitor| places(visitor.caller.role)).unwrap_or_default();
        let place = |(to, name): &(&'static str, &'static str)| Place { address: to, name, here: *to == address };
        Self {
            css,
            script,
            icon: assets::address_of("icon.svg"),
            who: visitor.map(who),
            places: places.iter().map(place).collect(),
            sandbox: app.settings.sandbox.then(|| clock(app)),
            session: visitor.map(|visitor| session_end(app, visitor)),
            has_keys_off: visitor.is_some_and(|visitor| visitor.has_keys_off),
        }
    }
}

/// When this visitor is signed out if nothing more is heard of them.
pub(super) fn session_end(app: &App, visitor: &Visitor) -> SessionEnd {
    let (now, at) = (app.clock.now(), sessions::idles_out_at(app, visitor.ends_at));
    let seconds = |at: DateTime<Utc>| (at - now).num_seconds().max(0);
    SessionEnd { at: instant(app, at), seconds: seconds(at), at_most: seconds(visitor.ends_at) }
}

/// What a role has on its shelf. Every address here is a page of that role.
const fn places(role: CallerRole) -> &'static [(&'static str, &'static str)] {
    match role {
        CallerRole::OrderingProvider => &[
            ("/", "Home"),
            ("/orders/new", "New order"),
            ("/orders", "My orders"),
            ("/status", "Order status"),
            ("/verify", "Verify"),
            ("/desk", "Reference"),
        ],
        CallerRole::Intake => &[
            ("/", "Home"),
            ("/orders/new", "New order"),
            ("/status", "Order status"),
            ("/verify", "Verify"),
            ("/desk", "Reference"),
        ],
        CallerRole::ServicingProvider => &[
            ("/", "Home"),
            ("/verify", "Verify"),
            ("/orders", "My orders"),
            ("/status", "Order status"),
            ("/orders/new", "New order"),
            ("/desk", "Reference"),
        ],
        CallerRole::Nurse | CallerRole::Physician => {
            &[("/", "Home"), ("/reviews", "Reviews"), ("/status", "Order status"), ("/verify", "Verify"), ("/desk", "Reference")]
        }
        CallerRole::HealthPlan => {
            &[("/", "Home"), ("/plan", "Our numbers"), ("/status", "Order status"), ("/verify", "Verify"), ("/desk", "Reference")]
        }
        CallerRole::Administrator => &[
            ("/", "Home"),
            ("/status", "Order status"),
            ("/verify", "Verify"),
            ("/desk", "Reference"),
            ("/admin/registrations", "Registrations"),
        ],
    }
}

fn who(visitor: &Visitor) -> Who {
    let caller = &visitor.caller;
    let tax_ids = (!caller.tax_ids.is_empty()).then(|| format!("tax ID {}", caller.tax_ids.join(", ")));
    Who { name: visitor.name.clone(), role: role_in_words(caller.role), acts_for: tax_ids.or_else(|| caller.health_plan.clone()) }
}

/// A role as people call it.
pub(super) const fn role_in_words(role: CallerRole) -> &'static str {
    match role {
        CallerRole::OrderingProvider => "Ordering practice",
        CallerRole::ServicingProvider => "Servicing provider",
        CallerRole::Intake => "Call center",
        CallerRole::Nurse => "Oncology nurse",
        CallerRole::Physician => "Medical oncologist",
        CallerRole::HealthPlan => "Health plan",
        CallerRole::Administrator => "Administrator",
    }
}

fn clock(app: &App) -> String {
    instant(app, app.clock.now())
}

/// An instant that belongs to no program, in the zone of the first one.
pub(super) fn instant(app: &App, at: DateTime<Utc>) -> String {
    let zone = app.library.in_force(at.date_naive()).programs.first().map_or(chrono_tz::UTC, |program| program.time_zone);
    words::instant(&at, &zone)
}

/// What a form is told apart by, so that it is taken once.
pub(super) fn random_key(app: &App) -> String {
    app.ids.secret().iter().take(16).fold(String::with_capacity(32), |mut key, byte| {
        let _ = write!(key, "{byte:02x}"); // writing to a String does not fail
        key
    })
}

/// A template as an answer.
pub(super) fn page(template: &impl Template) -> Result<Response, Failure> {
    let text = template.render().map_err(|error| Failure::internal(&error.to_string()))?;
    Ok(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response())
}

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage<'a> {
    shell: Shell,
    failure: &'a Failure,
}

/// A failure as a page.
pub(super) fn failure(shell: Shell, failure: &Failure) -> Response {
    let mut response = page(&FailurePage { shell, failure }).unwrap_or_else(|failure| failure.status.into_response());
    *response.status_mut() = failure.status;
    response
}
