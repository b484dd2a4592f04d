//! `GET /fhir/metadata`.

use super::access;
use super::outcome::respond;
use super::write::{Context, metadata};
use crate::app::{App, smart};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

/// Operations on Claims, with the definitions that the guides give them.
const OPERATIONS: [(&str, &str); 3] = [
    ("submit", "http://hl7.org/fhir/us/davinci-pas/OperationDefinition/Claim-submit"),
    ("inquire", "http://hl7.org/fhir/us/davinci-pas/OperationDefinition/Claim-inquiry"),
    ("submit-attachment", "http://hl7.org/fhir/us/davinci-cdex/OperationDefinition/submit-attachment"),
];

/// Says what this server can do.
pub async fn get_metadata(State(app): State<App>) -> Response {
    let in_force = app.library.in_force(app.clock.now().date_naive());
    let context = Context { base: &super::base(&app), content: in_force };
    let hooks = format!("{}{}", app.settings.public_url.trim_end_matches('/'), access::CDS_SERVICES);
    respond(StatusCode::OK, &metadata::write(context, &OPERATIONS, &smart::token_endpoint(&app), &hooks))
}
