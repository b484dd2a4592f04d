//! Plain reads of what this server made or keeps: `GET /fhir/ClaimResponse/{id}`, `GET /fhir/Claim/{id}` and
//! `GET /fhir/Bundle/{id}`, by the id of the case.

use super::answer::Known;
use super::element::{put, text};
use super::outcome::{Failure, respond};
use super::read::bundle::Bundle;
use super::read::claim::Claim;
use super::write::Context;
use super::write::bundle::{self, Sent};
use super::write::claim_response::Kind;
use crate::app::{App, Caller};
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

/// The id of a case; text that is none names nothing.
fn case_id(text: &str) -> Result<Uuid, Failure> {
    text.parse().map_err(|_| Failure::not_found())
}

/// The whole answer about a case, as subscribers are sent it.
pub async fn get_bundle(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let in_force = Arc::clone(app.library.in_force(app.clock.now().date_naive()));
    let base = super::base(&app);
    let context = Context { base: &base, content: &in_force };
    let known = Known::load(&app, &caller, case_id(&id)?, context).await?;
    Ok(respond(StatusCode::OK, &known.answer(Sent { of: None, kind: Kind::Response, context })?))
}

/// Where a case stands.
pub async fn get_claim_response(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let in_force = Arc::clone(app.library.in_force(app.clock.now().date_naive()));
    let base = super::base(&app);
    let context = Context { base: &base, content: &in_force };
    let known = Known::load(&app, &caller, case_id(&id)?, context).await?;
    let answer = known.answer(Sent { of: None, kind: Kind::Response, context })?;
    let response = answer.pointer("/entry/0/resource").ok_or_else(|| Failure::internal("an answer without ClaimResponse"))?;
    Ok(respond(StatusCode::OK, response))
}

/// The request that a case goes by. Its references lead to where the resources were when it was sent.
pub async fn get_claim(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let in_force = Arc::clone(app.library.in_force(app.clock.now().date_naive()));
    let base = super::base(&app);
    let context = Context { base: &base, content: &in_force };
    let known = Known::load(&app, &caller, case_id(&id)?, context).await?;
    let mut issues = Vec::new();
    let lost = || Failure::internal("a kept request does not read back");
    let sent = Bundle::read(&known.request, &mut issues).ok_or_else(lost)?;
    let claim = Claim::read(&sent, &mut issues).ok_or_else(lost)?;
    let mut resource = claim.entry.resource.clone();
    absolute(&mut resource, &|reference| sent.resolve(claim.entry, reference).map(|target| bundle::full_url(target, context)));
    put(&mut resource, "id", known.case.case_id.to_string());
    Ok(respond(StatusCode::OK, &resource))
}

/// Writes references in full, where they lead to something.
fn absolute(value: &mut Value, full: &impl Fn(&Value) -> Option<String>) {
    if text(value, "reference").is_some_and(|target| !target.starts_with('#'))
        && let Some(url) = full(value)
    {
        put(value, "reference", url);
    }
    match value {
        Value::Object(members) => members.values_mut().for_each(|member| absolute(member, full)),
        Value::Array(items) => items.iter_mut().for_each(|item| absolute(item, full)),
        _ => {}
    }
}
