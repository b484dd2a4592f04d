//! `Subscription`: made, read and removed by its owner, who may ask how it is doing. What is sent is in [`super::notify`].

use super::body::Resource;
use super::element::text;
use super::outcome::{Failure, Issue, issue_code, respond};
use super::read::subscription;
use super::write::Context;
use super::write::subscription::{self as write, State as Doing, Status};
use crate::app::smart::scopes::Needed;
use crate::app::subscriptions::{self, Subscription};
use crate::app::{App, Caller, Error};
use crate::domain::refusal::{Fault, Refusal};
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

/// Makes a subscription. The handshake follows.
pub async fn post_subscription(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Resource(sent): Resource,
) -> Result<Response, Failure> {
    let read = read(&caller, &sent)?;
    let document = |id, organizations: &[String]| document(&app, &read, id, organizations);
    let id = subscriptions::create(&app, &caller, &read.wanted, document).await.map_err(refused)?;
    let mut response = respond(StatusCode::CREATED, &shown(&app, &subscriptions::get(&app, &caller, id).await?)?);
    if let Ok(location) = HeaderValue::from_str(&format!("{}/Subscription/{id}", super::base(&app))) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Puts another in the place of a subscription. The handshake follows, whatever changed.
pub async fn put_subscription(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Resource(sent): Resource,
) -> Result<Response, Failure> {
    let named = read_id(&id)?;
    if text(&sent, "id") != Some(id.as_str()) {
        return Err(Failure::bad(vec![Issue::at("value", "Subscription.id", "the id is that of the address")]));
    }
    let read = read(&caller, &sent)?;
    let hidden = read.wanted.headers.iter().position(|header| header.ends_with(write::HIDDEN));
    if let Some(index) = hidden {
        let words = "the value of a header is shown to nobody: send it again";
        return Err(Failure::bad(vec![Issue::at("value", format!("Subscription.channel.header[{index}]"), words)]));
    }
    let document = |id, organizations: &[String]| document(&app, &read, id, organizations);
    subscriptions::replace(&app, &caller, named, &read.wanted, document).await.map_err(refused)?;
    Ok(respond(StatusCode::OK, &shown(&app, &subscriptions::get(&app, &caller, named).await?)?))
}

/// Reads what a caller may subscribe to: whoever subscribes is sent whole answers.
fn read<'v>(caller: &Caller, sent: &'v Value) -> Result<subscription::Read<'v>, Failure> {
    let reading = Needed { resource: "ClaimResponse", any_of: "r" };
    if caller.scopes.as_ref().is_some_and(|scopes| !scopes.allow(reading)) {
        let words = format!("a subscription is sent whole answers: the token needs {reading}, too");
        return Err(Failure::new(StatusCode::FORBIDDEN, vec![Issue::at("forbidden", "Subscription.channel.payload", words)]));
    }
    let mut issues = Vec::new();
    subscription::read(sent, &mut issues).ok_or_else(|| Failure::bad(issues))
}

/// A subscription as it is kept. An end that is past would be one that tells nothing.
fn document(app: &App, read: &subscription::Read<'_>, id: Uuid, organizations: &[String]) -> String {
    let wanted = &read.wanted;
    let end = wanted.ends_at.filter(|end| *end > app.clock.now());
    write::kept(id, read.reason, organizations, (&wanted.endpoint, &wanted.media_type), end).to_string()
}

/// Faults with the places that they have in the resource. Another's organization is nobody's to subscribe to.
fn refused(error: Error) -> Failure {
    let Error::Refused(refusal) = error else { return error.into() };
    let Refusal::Validation(faults) = *refusal else { return Error::Refused(refusal).into() };
    let is_of_another = |fault: &Fault| fault.pointer.starts_with("/organizations");
    let issue = |fault: &Fault| match fault.pointer.split('/').skip(1).collect::<Vec<_>>().as_slice() {
        ["organizations", ..] => Issue::at("forbidden", "Subscription.criteria.extension", fault.message.clone()),
        ["headers", index] => {
            Issue::at(issue_code(fault), format!("Subscription.channel.header[{index}]"), fault.message.clone())
        }
        ["headers"] => Issue::at(issue_code(fault), "Subscription.channel.header", fault.message.clone()),
        _ => Issue::at(issue_code(fault), "Subscription.channel.endpoint", fault.message.clone()),
    };
    let status = if faults.iter().any(is_of_another) { StatusCode::FORBIDDEN } else { StatusCode::BAD_REQUEST };
    Failure::new(status, faults.iter().map(issue).collect())
}

/// A subscription.
pub async fn get_subscription(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let stored = subscriptions::get(&app, &caller, read_id(&id)?).await?;
    Ok(respond(StatusCode::OK, &shown(&app, &stored)?))
}

/// Removes a subscription.
pub async fn delete_subscription(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    subscriptions::remove(&app, &caller, read_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// How a subscription is doing.
pub async fn get_status(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let stored = subscriptions::get(&app, &caller, read_id(&id)?).await?;
    let now = app.clock.now();
    let in_force = Arc::clone(app.library.in_force(now.date_naive()));
    let context = Context { base: &super::base(&app), content: &in_force };
    let events = stored.delivered.saturating_add(stored.waiting);
    let status = Status { id: stored.subscription_id, state: doing(&app, &stored), kind: "query-status", events };
    Ok(respond(StatusCode::OK, &write::status(status, now, context)))
}

fn read_id(text: &str) -> Result<Uuid, Failure> {
    text.parse().map_err(|_| Failure::not_found())
}

/// One that has ended is off, and one that is tried again is at fault until its receiver has answered.
fn doing<'a>(app: &App, stored: &'a Subscription) -> Doing<'a> {
    let status = match stored.status.as_str() {
        _ if stored.ends_at.is_some_and(|end| end <= app.clock.now()) => "off",
        "active" if stored.failures > 0 => "error",
        status => status,
    };
    Doing { status, error: stored.last_failure.as_deref() }
}

fn shown(app: &App, stored: &Subscription) -> Result<Value, Failure> {
    let kept = serde_json::from_str(&stored.document).map_err(|_| Failure::internal("a kept subscription does not read back"))?;
    let headers = subscriptions::headers(app, stored)?;
    Ok(write::shown(kept, &headers, doing(app, stored)))
}
