//! Changing an order that is in progress: the form as the order stands, then what differs and what would become of it, then the change.
//! What the form has no place for stays as it was sent.

use super::super::answer::seen;
use super::super::case;
use super::super::failure::Failure;
use super::super::fields::Fields;
use super::super::here::Portal;
use super::super::pages::{ORDERING, Pages, Who, only_read};
use super::super::shell::{Shell, page};
use super::super::visitor::Visitor;
use super::change::{CHANGED, Change, Stored};
use super::changes::{self, Changed};
use super::panel::Link;
use super::read::NEXT_LINE;
use super::{Looked, OrderPage, Pressed, drawn, fill_in, refusal_links};
use crate::app::orders::{self, Updated};
use crate::app::{App, Error, Expected, catalog};
use crate::documents::words;
use crate::domain::case::Case;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use uuid::Uuid;

/// What the form says above an order that is changed.
const STANDS: &str =
    "The order as it stands. Correct what has to be otherwise: what differs is shown before anything is changed.";
const SHORT: &str = "Not everything of this order has a place in this form. What has none stays as it was sent; what differs is shown before \
                     anything is changed.";
/// What belongs to one sending of the form.
const OF_A_SENDING: [&str; 8] = ["do", "fill", "pasted", "favourite", "favourite_name", "forget", "draft", NEXT_LINE];

pub(super) fn pages(pages: Pages) -> Pages {
    pages.get_and_post("/cases/{case_id}/edit", Who::SignedIn(ORDERING), show, send)
}

/// The order that a form changes.
#[derive(Debug, Clone)]
pub(super) struct Editing {
    pub case_id: Uuid,
    pub version: i64,
}

#[derive(Template)]
#[template(path = "order_change.html")]
struct ChangePage {
    shell: Shell,
    case_id: Uuid,
    member: String,
    number: String,
    changes: Vec<Changed>,
    verdict: String,
    text: String,
    lines: Vec<Line>,
    fields: Vec<(String, String)>,
}

/// What becomes of a line.
struct Line {
    name: String,
    status: &'static str,
    message: String,
}

async fn show(State(portal): State<Portal>, visitor: Visitor, Path(case_id): Path<String>) -> Result<Response, Failure> {
    let case_id = case::id(&case_id)?;
    let stored = match orders::editable(&portal.app, &visitor.caller, case_id, &Expected::Any).await {
        Ok(editable) => Stored::of(&portal, &visitor, case_id, editable).await?,
        Err(error) => return decided(&portal.app, &visitor, case_id, error).await,
    };
    let Change { looked, .. } = stored.change(&portal, &visitor, stored.fields.clone(), true).await?;
    let told = if stored.is_short { SHORT } else { STANDS };
    form(&portal.app, &visitor, &stored, looked, Pressed { filled_in: Some(told), ..Pressed::default() }).await
}

/// The case, with why its order is not changed any more.
async fn decided(app: &App, visitor: &Visitor, case_id: Uuid, error: Error) -> Result<Response, Failure> {
    match error {
        Error::Conflict { detail } => {
            let told = case::Told::of_case(StatusCode::CONFLICT, words::sentence(&words::without_ids(&detail)));
            case::drawn(app, visitor, case_id, Some(told), Fields::default()).await
        }
        other => Err(other.into()),
    }
}

async fn form(app: &App, visitor: &Visitor, stored: &Stored, looked: Looked, filled: Pressed) -> Result<Response, Failure> {
    let status = if filled.refused.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let drawn = drawn(app, visitor, looked, filled).await?;
    let shell = Shell::new(app, Some(visitor), "");
    let editing = Some(Editing { case_id: stored.case_id, version: stored.version });
    let mut response = page(&OrderPage { shell, editing, ..drawn })?;
    *response.status_mut() = status;
    Ok(only_read(response))
}

async fn send(
    State(portal): State<Portal>,
    visitor: Visitor,
    Path(case_id): Path<String>,
    mut fields: Fields,
) -> Result<Response, Failure> {
    let app = &portal.app;
    let case_id = case::id(&case_id)?;
    let stored = match orders::editable(app, &visitor.caller, case_id, &Expected::Any).await {
        Ok(editable) => Stored::of(&portal, &visitor, case_id, editable).await?,
        Err(error) => return decided(app, &visitor, case_id, error).await,
    };
    let mut filled = fill_in(app, &visitor, &mut fields, true).await?;
    let (is_fresh, wanted) = (seen(&fields).admits(stored.version), fields.owned("do"));
    let Change { looked, order } = stored.change(&portal, &visitor, fields, is_fresh).await?;
    let wanted = wanted.filter(|wanted| matches!(wanted.as_str(), "send" | "change"));
    let Some(wanted) = wanted else { return form(app, &visitor, &stored, looked, filled).await };
    if !is_fresh {
        filled.refused.push(Link { field: "main".to_owned(), text: CHANGED.to_owned() });
        return form(app, &visitor, &stored, looked, filled).await;
    }
    match order {
        Err(why) => filled.refused.extend(why),
        Ok(order) if wanted == "change" => match orders::update(app, &visitor.caller, case_id, stored.version, &order).await {
            Ok(_) => return Ok(Redirect::to(&format!("/cases/{case_id}")).into_response()),
            Err(error) => filled.refused.extend(refusal_links(&looked.read, error)?),
        },
        Ok(order) => match orders::preview_update(app, &visitor.caller, case_id, stored.version, &order).await {
            Ok(updated) if updated.changes.is_empty() => {
                let text = "Nothing in this form differs from the order as it stands.".to_owned();
                filled.refused.push(Link { field: "main".to_owned(), text });
            }
            Ok(updated) => return confirm(app, &visitor, &stored, &looked, &updated).map(only_read),
            Err(error) => filled.refused.extend(refusal_links(&looked.read, error)?),
        },
    }
    form(app, &visitor, &stored, looked, filled).await
}

/// What differs and what would become of it, before anything is changed.
fn confirm(app: &App, visitor: &Visitor, stored: &Stored, looked: &Looked, updated: &Updated) -> Result<Response, Failure> {
    let case: Case = orders::view::read_back(&updated.seen.body)?;
    let member = [&case.request.member.first_name, &case.request.member.last_name];
    let order = serde_json::to_value(&case.request).map_err(|error| Failure::internal(&error.to_string()))?;
    let line = |line: &crate::domain::line::CaseLine| Line {
        name: words::capitalize(&line.name),
        status: words::drug_status(line.status),
        message: words::sentence(&words::without_ids(&line.message)),
    };
    let due = case.review.as_ref().and_then(|review| {
        let program = catalog::content(app, None).program(&case.program)?;
        Some(format!("The answer is due {}.", words::instant(&review.due_at, &program.time_zone)))
    });
    let sent = looked.fields.under("").filter(|(name, value)| !OF_A_SENDING.contains(name) && !value.is_empty());
    page(&ChangePage {
        shell: Shell::new(app, Some(visitor), ""),
        case_id: stored.case_id,
        member: member.into_iter().flatten().cloned().collect::<Vec<_>>().join(" "),
        number: case.case_number.clone().unwrap_or_else(|| stored.case_id.to_string()),
        changes: changes::rows(&stored.request, &order),
        verdict: words::case_status(case.status).to_owned(),
        text: due.unwrap_or_else(|| "The case would be decided at once.".to_owned()),
        lines: case.lines().iter().map(line).collect(),
        fields: sent.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
    })
}
