//! Registering: the form, what was sent, and the page behind the link in the mail, which shows how far it is until the first sign-in.

use super::failure::Failure;
use super::faults::Faults;
use super::fields::Fields;
use super::inputs::{Drawing, Input};
use super::pages::{Pages, Who};
use super::shell::{Shell, page, role_in_words};
use super::visitor::Visitor;
use crate::app::registrations::{self, Progress, RegistrationRequest, Status};
use crate::app::{App, CameFrom};
use crate::domain::vocabulary::CallerRole;
use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use uuid::Uuid;

/// Who registers.
const ROLES: [CallerRole; 2] = [CallerRole::OrderingProvider, CallerRole::ServicingProvider];

pub(super) fn pages(pages: Pages) -> Pages {
    pages.get_and_post("/register", Who::Everybody, show, send).get("/register/sent", Who::Everybody, sent).get_and_post(
        "/register/{registration}/{code}",
        Who::Everybody,
        progress,
        confirm,
    )
}

#[derive(Template)]
#[template(path = "register.html")]
struct RegisterPage {
    shell: Shell,
    inputs: Vec<Input>,
    has_faults: bool,
}

#[derive(Template)]
#[template(path = "register_progress.html")]
struct ProgressPage {
    shell: Shell,
    /// What is next; none where the mail was just sent.
    status: Option<Status>,
    until: String,
}

async fn show(State(app): State<App>, visitor: Option<Visitor>) -> Result<Response, Failure> {
    form(&app, visitor.as_ref(), &Fields::default(), &Faults::default())
}

fn form(app: &App, visitor: Option<&Visitor>, fields: &Fields, faults: &Faults) -> Result<Response, Failure> {
    let draw = Drawing { fields, faults };
    let roles = ROLES.map(|role| (role.as_str(), role_in_words(role)));
    let inputs = vec![
        draw.text("/first_name", "First name"),
        draw.text("/last_name", "Last name"),
        draw.choice("/role", "You act for", "Choose", roles),
        draw.text("/credentials", "Credentials").hint("What you are there, such as RN or practice manager"),
        draw.text("/tax_ids", "Tax IDs of your providers")
            .hint("Nine digits each, with spaces between them")
            .example("900000001"),
        draw.text("/email", "Email address").hint("The account that you will sign in with has to have this address"),
        draw.text("/phone", "Phone number").hint("Support calls you to finish the registration"),
        draw.text("/fax", "Fax number").hint("Where you have one"),
    ];
    page(&RegisterPage { shell: Shell::new(app, visitor, "/register"), inputs, has_faults: !faults.is_empty() })
}

async fn send(
    State(app): State<App>,
    Extension(from): Extension<CameFrom>,
    visitor: Option<Visitor>,
    fields: Fields,
) -> Result<Response, Failure> {
    let text = |name: &str| fields.text(name).unwrap_or_default().to_owned();
    let tax_ids =
        text("/tax_ids").split([' ', ',', ';']).filter(|part| !part.is_empty()).map(|part| part.replace('-', "")).collect();
    let Some(role) = fields.text("/role").and_then(CallerRole::parse) else {
        let mut faults = Faults::default();
        faults.add("/role", "choose one");
        return form(&app, visitor.as_ref(), &fields, &faults);
    };
    let request = RegistrationRequest {
        first_name: text("/first_name"),
        last_name: text("/last_name"),
        role,
        credentials: text("/credentials"),
        tax_ids,
        email: text("/email"),
        phone: text("/phone"),
        fax: fields.owned("/fax"),
    };
    match registrations::register(&app, request, from, None).await {
        Ok(_) => Ok(Redirect::to("/register/sent").into_response()),
        Err(error) => {
            let mut faults = Faults::default();
            for fault in super::faults::of_error(error)? {
                let field = fault.pointer.split('/').nth(1).unwrap_or_default();
                faults.add(format!("/{field}"), fault.message);
            }
            form(&app, visitor.as_ref(), &fields, &faults)
        }
    }
}

async fn sent(State(app): State<App>, visitor: Option<Visitor>) -> Result<Response, Failure> {
    page(&ProgressPage { shell: Shell::new(&app, visitor.as_ref(), "/register"), status: None, until: String::new() })
}

async fn progress(
    State(app): State<App>,
    visitor: Option<Visitor>,
    Path((registration, code)): Path<(Uuid, String)>,
) -> Result<Response, Failure> {
    let progress = registrations::progress(&app, registration, &code).await?;
    told(&app, visitor.as_ref(), &progress)
}

/// Only what a person presses confirms an address: programs that look at mails open every link.
async fn confirm(State(app): State<App>, Path((registration, code)): Path<(Uuid, String)>) -> Result<Response, Failure> {
    registrations::confirm(&app, registration, &code).await?;
    Ok(Redirect::to(&format!("/register/{registration}/{code}")).into_response())
}

fn told(app: &App, visitor: Option<&Visitor>, progress: &Progress) -> Result<Response, Failure> {
    let until = progress.expires_at.map(|at| super::shell::instant(app, at)).unwrap_or_default();
    page(&ProgressPage { shell: Shell::new(app, visitor, "/register"), status: Some(progress.status), until })
}
