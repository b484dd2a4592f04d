//! Registrations that wait for support, or for the lead of a practice.

use super::failure::Failure;
use super::fields::Fields;
use super::pages::{Pages, Who};
use super::shell::{Shell, page, role_in_words};
use super::visitor::Visitor;
use crate::app::registrations::{self, Decision, Registration, Status, Word};
use crate::app::{self, App};
use crate::domain::vocabulary::CallerRole;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use uuid::Uuid;

/// Support, and those who may be a practice's lead.
const DECIDING: &[CallerRole] = &[CallerRole::OrderingProvider, CallerRole::ServicingProvider, CallerRole::Administrator];
/// On one page.
const MOST: i64 = 200;

pub(super) fn pages(pages: Pages) -> Pages {
    pages
        .get("/admin/registrations", Who::SignedIn(DECIDING), show)
        .post("/admin/registrations/{registration}", Who::SignedIn(DECIDING), decide)
        .post("/admin/registrations/{registration}/end", Who::SignedIn(&[CallerRole::Administrator]), end)
}

#[derive(Template)]
#[template(path = "admin_registrations.html")]
struct RegistrationsPage {
    shell: Shell,
    waiting: Vec<Line>,
    active: Vec<Line>,
    is_support: bool,
    trouble: String,
}

struct Line {
    id: Uuid,
    name: String,
    role: &'static str,
    credentials: String,
    tax_ids: String,
    email: String,
    phone: String,
    since: String,
    lead: bool,
}

fn line(app: &App, found: Registration) -> Line {
    Line {
        id: found.registration_id,
        name: format!("{}, {}", found.last_name, found.first_name),
        role: role_in_words(found.role),
        credentials: found.credentials,
        tax_ids: found.tax_ids.join(", "),
        email: found.email,
        phone: found.phone,
        since: super::shell::instant(app, found.confirmed_at.unwrap_or(found.created_at)),
        lead: found.lead,
    }
}

async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Failure> {
    shown(&app, &visitor, String::new()).await
}

async fn shown(app: &App, visitor: &Visitor, trouble: String) -> Result<Response, Failure> {
    let of = async |status: Status| registrations::list(app, &visitor.caller, Some(status), None, MOST).await;
    let (waiting, mut active) = (of(Status::WaitingForApproval).await?, of(Status::Active).await?);
    active.extend(of(Status::Approved).await?);
    let lines = |found: Vec<Registration>| -> Vec<Line> { found.into_iter().map(|one| line(app, one)).collect() };
    page(&RegistrationsPage {
        shell: Shell::new(app, Some(visitor), "/admin/registrations"),
        waiting: lines(waiting),
        active: lines(active),
        is_support: visitor.caller.role == CallerRole::Administrator,
        trouble,
    })
}

async fn decide(
    State(app): State<App>,
    visitor: Visitor,
    Path(registration): Path<Uuid>,
    fields: Fields,
) -> Result<Response, Failure> {
    let word = match fields.text("decision") {
        Some("approved") => Word::Approved,
        Some("refused") => Word::Refused,
        _ => return Err(Failure::not_found()),
    };
    let decision = Decision { decision: word, reason: fields.owned("reason"), lead: fields.text("lead").is_some() };
    match registrations::decide(&app, &visitor.caller, registration, &decision).await {
        Ok(_) => Ok(Redirect::to("/admin/registrations").into_response()),
        Err(app::Error::Refused(_)) => shown(&app, &visitor, "Say why it is refused: the person is told.".to_owned()).await,
        Err(error) => Err(error.into()),
    }
}

async fn end(State(app): State<App>, visitor: Visitor, Path(registration): Path<Uuid>) -> Result<Response, Failure> {
    registrations::end(&app, &visitor.caller, registration).await?;
    Ok(Redirect::to("/admin/registrations").into_response())
}
