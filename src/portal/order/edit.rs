//! Changing an order that is in progress: the form as the order stands, then what differs and what would become of it, then the change.
//! What the form has no place for stays as it was sent.

use super::super::answer::seen;
use super::super::case;
use super::super::differences::{place, value};
use super::super::failure::Failure;
use super::super::fields::Fields;
use super::super::here::Portal;
use super::super::pages::{ORDERING, Pages, Who};
use super::super::shell::{Shell, page};
use super::super::visitor::Visitor;
use super::panel::{self, Link};
use super::{Looked, OrderPage, Pressed, again, drawn, fill_in, look, read, refusal_links};
use crate::app::orders::{self, Editable, Updated};
use crate::app::{App, Error, Expected, catalog};
use crate::documents::words;
use crate::domain::case::Case;
use crate::domain::order::OrderRequest;
use crate::domain::vocabulary::Service;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde_json::Value;
use std::collections::HashSet;
use uuid::Uuid;

/// What the form says above an order that is changed.
const STANDS: &str =
    "The order as it stands. Correct what has to be otherwise: what differs is shown before anything is changed.";
const SHORT: &str = "Not everything of this order has a place in this form. What has none stays as it was sent; what differs is shown before \
                     anything is changed.";
/// What is said where somebody else was faster.
const CHANGED: &str = "The case changed since you opened this form, and nothing was done. What you entered stands below: look at what differs, and \
                       send it again if it still holds.";
/// What belongs to one sending of the form.
const OF_A_SENDING: [&str; 7] = ["do", "fill", "pasted", "favourite", "favourite_name", "forget", "draft"];

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

/// Something that differs.
struct Changed {
    place: String,
    was: String,
    will: String,
}

/// What becomes of a line.
struct Line {
    name: String,
    status: &'static str,
    message: String,
}

async fn show(State(portal): State<Portal>, visitor: Visitor, Path(case_id): Path<String>) -> Result<Response, Failure> {
    let case_id = case::id(&case_id)?;
    let Editable { version, request } = match orders::editable(&portal.app, &visitor.caller, case_id, &Expected::Any).await {
        Ok(editable) => editable,
        Err(error) => return decided(&portal.app, &visitor, case_id, error).await,
    };
    let (fields, is_short) = as_it_stands(&portal, &visitor, &request).await?;
    let looked = look(&portal, &visitor, fields, Some(case_id)).await?;
    let told = if is_short { SHORT } else { STANDS };
    form(&portal.app, &visitor, Editing { case_id, version }, looked, Pressed { filled_in: Some(told), ..Pressed::default() })
        .await
}

/// The fields of an order as it stands, and whether they are not all of it.
async fn as_it_stands(portal: &Portal, visitor: &Visitor, request: &Value) -> Result<(Fields, bool), Failure> {
    let order: OrderRequest =
        serde_json::from_value(request.clone()).map_err(|error| Failure::internal(&format!("a stored order: {error}")))?;
    if order.service != Some(Service::MedicalOncology) {
        return Err(Failure::not_found());
    }
    let again::Again { mut fields, is_short } = again::as_it_stands(&order, catalog::content(&portal.app, None));
    super::suggest::complete(&portal.app, visitor, &mut fields).await?;
    Ok((fields, is_short))
}

/// The case, with why its order is not changed any more.
async fn decided(app: &App, visitor: &Visitor, case_id: Uuid, error: Error) -> Result<Response, Failure> {
    match error {
        Error::Conflict { detail } => {
            let told = (StatusCode::CONFLICT, words::sentence(&words::without_ids(&detail)));
            case::drawn(app, visitor, case_id, Some(told), Fields::default()).await
        }
        other => Err(other.into()),
    }
}

async fn form(app: &App, visitor: &Visitor, editing: Editing, looked: Looked, filled: Pressed) -> Result<Response, Failure> {
    let status = if filled.refused.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let drawn = drawn(app, visitor, looked, filled).await?;
    let shell = Shell::new(app, Some(visitor), "");
    let mut response = page(&OrderPage { shell, editing: Some(editing), ..drawn })?;
    *response.status_mut() = status;
    Ok(response)
}

async fn send(
    State(portal): State<Portal>,
    visitor: Visitor,
    Path(case_id): Path<String>,
    mut fields: Fields,
) -> Result<Response, Failure> {
    let app = &portal.app;
    let case_id = case::id(&case_id)?;
    let Editable { version, request } = match orders::editable(app, &visitor.caller, case_id, &Expected::Any).await {
        Ok(editable) => editable,
        Err(error) => return decided(app, &visitor, case_id, error).await,
    };
    let (was, _) = as_it_stands(&portal, &visitor, &request).await?;
    let mut filled = fill_in(app, &visitor, &mut fields).await?;
    let (is_fresh, wanted) = (seen(&fields).admits(version), fields.owned("do"));
    let looked = look(&portal, &visitor, fields, Some(case_id)).await?;
    let editing = Editing { case_id, version };
    let wanted = wanted.filter(|wanted| matches!(wanted.as_str(), "send" | "change"));
    let Some(wanted) = wanted else { return form(app, &visitor, editing, looked, filled).await };
    if !is_fresh {
        filled.refused.push(Link { field: "main".to_owned(), text: CHANGED.to_owned() });
        return form(app, &visitor, editing, looked, filled).await;
    }
    let content = catalog::content(app, None);
    let before = read::read(&was, content, app.clock.now().date_naive()).order;
    match changed(&portal, &looked, &before, request) {
        Err(why) => filled.refused.extend(why),
        Ok(order) if wanted == "change" => match orders::update(app, &visitor.caller, case_id, version, &order).await {
            Ok(_) => return Ok(Redirect::to(&format!("/cases/{case_id}")).into_response()),
            Err(error) => filled.refused.extend(refusal_links(&looked.read, error)?),
        },
        Ok(order) => match orders::preview_update(app, &visitor.caller, case_id, version, &order).await {
            Ok(updated) if updated.changes.is_empty() => {
                let text = "Nothing in this form differs from the order as it stands.".to_owned();
                filled.refused.push(Link { field: "main".to_owned(), text });
            }
            Ok(updated) => return confirm(app, &visitor, case_id, &looked, updated),
            Err(error) => filled.refused.extend(refusal_links(&looked.read, error)?),
        },
    }
    form(app, &visitor, editing, looked, filled).await
}

/// The order with what differs in the form, or why there is none.
fn changed(portal: &Portal, looked: &Looked, before: &Value, mut request: Value) -> Result<OrderRequest, Vec<Link>> {
    if !looked.read.faults.is_empty() {
        return Err(panel::of_faults(&looked.read.faults));
    }
    merge(&mut request, before, &looked.read.order);
    (portal.read_order)(&request).map_err(|faults| faults.iter().map(|fault| panel::link(&looked.read, fault)).collect())
}

/// What differs and what would become of it, before anything is changed.
fn confirm(app: &App, visitor: &Visitor, case_id: Uuid, looked: &Looked, updated: Updated) -> Result<Response, Failure> {
    let case: Case = orders::view::read_back(&updated.seen.body)?;
    let member = [&case.request.member.first_name, &case.request.member.last_name];
    let changed =
        |one: orders::Difference| Changed { place: place(&one.pointer), was: value(&one.before), will: value(&one.after) };
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
        case_id,
        member: member.into_iter().flatten().cloned().collect::<Vec<_>>().join(" "),
        number: case.case_number.clone().unwrap_or_else(|| case_id.to_string()),
        changes: updated.changes.into_iter().map(changed).collect(),
        verdict: words::case_status(case.status).to_owned(),
        text: due.unwrap_or_else(|| "The case would be decided at once.".to_owned()),
        lines: case.lines().iter().map(line).collect(),
        fields: sent.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
    })
}

/// Puts into an order what differs between the form as it was and as it is.
fn merge(order: &mut Value, was: &Value, is: &Value) {
    if was == is {
        return;
    }
    match (&mut *order, was, is) {
        (Value::Object(order), Value::Object(was), Value::Object(is)) => {
            for name in was.keys().chain(is.keys().filter(|name| !was.contains_key(*name))) {
                let (was, is) = (was.get(name).unwrap_or(&Value::Null), is.get(name).unwrap_or(&Value::Null));
                if was == is {
                    continue;
                }
                merge(order.entry(name).or_insert(Value::Null), was, is);
                if is.is_null() {
                    order.remove(name);
                }
            }
        }
        (Value::Array(order), Value::Array(was), Value::Array(is))
            if are_named(order.as_slice()) && are_named(was) && are_named(is) =>
        {
            merge_named(order, was, is);
        }
        (Value::Array(order), Value::Array(was), Value::Array(is)) if order.len() == was.len() && was.len() == is.len() => {
            for (order, (was, is)) in order.iter_mut().zip(was.iter().zip(is)) {
                merge(order, was, is);
            }
        }
        _ => *order = is.clone(),
    }
}

/// Results and treatments have names: each is found by its own, whatever stands before it.
fn merge_named(order: &mut Vec<Value>, was: &[Value], is: &[Value]) {
    let named = |list: &[Value], name: &Value| list.iter().find(|one| one.get("name") == Some(name)).cloned();
    order.retain(|one| one.get("name").is_none_or(|name| named(is, name).is_some() || named(was, name).is_none()));
    for one in is {
        let Some(name) = one.get("name") else { continue };
        match order.iter_mut().find(|known| known.get("name") == Some(name)) {
            Some(known) => merge(known, &named(was, name).unwrap_or(Value::Null), one),
            None => order.push(one.clone()),
        }
    }
}

/// True where each has a name of its own.
fn are_named(list: &[Value]) -> bool {
    let mut names = HashSet::new();
    !list.is_empty() && list.iter().all(|one| one.get("name").and_then(Value::as_str).is_some_and(|name| names.insert(name)))
}

#[cfg(test)]
mod tests {
    use super::merge;
    use serde_json::{Value, json};

    fn merged(mut order: Value, was: &Value, is: &Value) -> Value {
        merge(&mut order, was, is);
        order
    }

    #[test]
    fn what_differs_is_put_in_and_what_the_form_does_not_know_stays() {
        let order = json!({"channel": "fax", "clinical": {"weight_kg": 70, "stage": "II"}, "urgency": "urgent"});
        let was = json!({"clinical": {"weight_kg": 70, "stage": "II"}, "urgency": "urgent"});
        let is = json!({"clinical": {"weight_kg": 72, "stage": "II"}, "setting": "inpatient"});
        let expected = json!({"channel": "fax", "clinical": {"weight_kg": 72, "stage": "II"}, "setting": "inpatient"});
        assert_eq!(merged(order.clone(), &was, &is), expected);
        assert_eq!(merged(order.clone(), &was, &was), order);
    }

    #[test]
    fn results_are_found_by_their_names() {
        let order = json!([{"name": "her2", "result": "positive", "method": "ihc"}, {"name": "odd", "result": [1]}, {"name": "er", "result": "negative"}]);
        let was = json!([{"name": "her2", "result": "positive"}, {"name": "er", "result": "negative"}]);
        let is = json!([{"name": "pr", "result": "negative"}, {"name": "her2", "result": "negative"}]);
        let expected = json!([{"name": "her2", "result": "negative", "method": "ihc"}, {"name": "odd", "result": [1]}, {"name": "pr", "result": "negative"}]);
        assert_eq!(merged(order, &was, &is), expected);
    }

    #[test]
    fn drugs_keep_what_has_no_cell_as_long_as_none_comes_or_goes() {
        let order = json!([{"line": 10, "dose": 75, "note": "x"}, {"line": 20, "dose": 6}]);
        let was = json!([{"line": 1, "dose": 75}, {"line": 2, "dose": 6}]);
        let changed = json!([{"line": 1, "dose": 60}, {"line": 2, "dose": 6}]);
        assert_eq!(
            merged(order.clone(), &was, &changed),
            json!([{"line": 10, "dose": 60, "note": "x"}, {"line": 20, "dose": 6}])
        );
        let more = json!([{"line": 1, "dose": 75}, {"line": 2, "dose": 6}, {"line": 3, "dose": 1}]);
        assert_eq!(merged(order, &was, &more), more);
    }
}
