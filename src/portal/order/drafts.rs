//! Drafts: the form is saved as it stands, by itself after a pause in typing or by a press of a button, and goes on from the first page.

use super::super::failure::Failure;
use super::super::fields::Fields;
use super::super::here::Portal;
use super::super::pages::{ORDERING, Pages, Who};
use super::super::shell::{instant, page};
use super::super::visitor::Visitor;
use super::{Pressed, drawn, look};
use crate::app::{App, Caller, drafts};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use uuid::Uuid;

/// The largest form that is kept, in bytes.
const LIMIT: usize = 256 * 1024;

pub(super) fn pages(pages: Pages) -> Pages {
    pages
        .post("/orders/drafts", Who::SignedIn(ORDERING), save)
        .get("/orders/drafts/{draft_id}", Who::SignedIn(ORDERING), show)
        .post("/orders/drafts/{draft_id}/discard", Who::SignedIn(ORDERING), discard)
}

/// A draft as the first page lists it.
#[derive(Debug, Clone)]
pub(in super::super) struct Line {
    pub draft_id: Uuid,
    pub about: String,
    pub saved: String,
}

/// The caller's drafts, the latest first.
pub(in super::super) async fn lines(app: &App, caller: &Caller) -> Result<Vec<Line>, Failure> {
    let line = |draft: drafts::Draft| {
        let fields = Fields::decoded(&draft.form);
        let parts = ["/member/first_name", "/member/last_name", "regimen"].into_iter().filter_map(|name| fields.text(name));
        let about = parts.collect::<Vec<_>>().join(" ");
        let about = if about.is_empty() { "An order just begun".to_owned() } else { about };
        Line { draft_id: draft.draft_id, about, saved: instant(app, draft.saved_at) }
    };
    Ok(drafts::list(app, caller).await?.into_iter().map(line).collect())
}

/// The draft that a form says it is; none where it says none.
pub(super) fn id_of(fields: &Fields) -> Option<Uuid> {
    fields.text("draft")?.parse().ok()
}

#[derive(Template)]
#[template(source = "<p id=\"saved\">Saved {{ at }}. It goes on from the first page.</p>", ext = "html")]
struct Saved {
    at: String,
}

async fn save(State(app): State<App>, visitor: Visitor, mut fields: Fields) -> Result<Response, Failure> {
    let draft_id = id_of(&fields).ok_or_else(Failure::not_found)?;
    let pressed = fields.text("do") == Some("keep");
    // a later sending of the form is one of its own
    fields.set("key", "");
    fields.set("do", "");
    let form = fields.encoded();
    if form.len() > LIMIT {
        return Err(Failure::too_large());
    }
    drafts::save(&app, &visitor.caller, draft_id, form).await?;
    if pressed {
        return Ok(Redirect::to("/").into_response());
    }
    page(&Saved { at: instant(&app, app.clock.now()) })
}

async fn show(State(portal): State<Portal>, visitor: Visitor, Path(draft_id): Path<String>) -> Result<Response, Failure> {
    let draft = drafts::get(&portal.app, &visitor.caller, super::super::case::id(&draft_id)?).await?;
    let looked = look(&portal, &visitor, Fields::decoded(&draft.form)).await?;
    page(&drawn(&portal.app, &visitor, looked, Pressed::default()).await?)
}

async fn discard(State(app): State<App>, visitor: Visitor, Path(draft_id): Path<String>) -> Result<Response, Failure> {
    drafts::discard(&app, &visitor.caller, super::super::case::id(&draft_id)?).await?;
    Ok(Redirect::to("/").into_response())
}
