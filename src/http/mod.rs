//! HTTP: extract, call one use case, map the answer. No SQL and no rule here; one file per resource.

pub mod accept;
pub mod address;
mod attachment_body;
pub mod attachments;
pub mod auth;
pub mod bare;
pub mod body;
pub mod catalog;
pub mod claim_checks;
mod content_disposition;
pub mod coverage_requirements;
pub mod disclosures;
mod docs;
pub mod eligibility;
pub mod etag;
pub mod failed_jobs;
pub mod failed_sign_ins;
mod fault_list;
mod faults;
pub mod feeds;
mod fhir_frame;
mod guard;
pub mod idempotency_header;
pub mod json;
pub mod letters;
mod long_requests;
pub mod ndjson;
pub mod observe;
pub mod openapi;
pub mod operations;
pub mod order_changes;
pub mod order_searches;
pub mod orders;
pub mod paging;
pub mod path;
pub mod problem;
pub mod problem_kinds;
pub mod programs;
pub mod providers;
pub mod query;
mod reading_grades;
pub mod reason_codes;
mod reconsiderations;
mod record;
pub mod registrations;
mod review_problems;
pub mod reviews;
pub mod rosters;
pub mod s_code_claims;
pub mod sandbox;
pub mod smart_clients;
pub mod state;
pub mod summaries;
pub mod tokens;
pub mod verifications;
pub mod webhooks;
mod worksheets;

use crate::app::App;
use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use openapi::Api;
use state::{HttpState, Limits};
use std::sync::Arc;
use tower_http::cors::{AllowOrigin, CorsLayer};
use utoipa_axum::router::OpenApiRouter;

/// Every resource. Add yours here.
fn resources() -> OpenApiRouter<HttpState> {
    OpenApiRouter::with_openapi(openapi::base())
        .merge(operations::routes())
        .merge(problem_kinds::routes())
        .merge(tokens::routes())
        .merge(smart_clients::routes())
        .merge(registrations::routes())
        .merge(orders::routes())
        .merge(order_changes::routes())
        .merge(order_searches::routes())
        .merge(attachments::routes())
        .merge(summaries::routes())
        .merge(letters::routes())
        .merge(s_code_claims::routes())
        .merge(claim_checks::routes())
        .merge(reviews::routes())
        .merge(reconsiderations::routes())
        .merge(eligibility::routes())
        .merge(coverage_requirements::routes())
        .merge(programs::routes())
        .merge(reason_codes::routes())
        .merge(reading_grades::routes())
        .merge(worksheets::routes())
        .merge(catalog::routes())
        .merge(providers::routes())
        .merge(verifications::routes())
        .merge(rosters::routes())
        .merge(feeds::routes())
        .merge(webhooks::routes())
        .merge(failed_jobs::routes())
        .merge(disclosures::routes())
}

/// What exists in a sandbox only. The description covers it everywhere; elsewhere the addresses do not exist.
fn sandbox_resources() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().merge(sandbox::routes())
}

/// What the handlers declare.
fn document() -> utoipa::openapi::OpenApi {
    resources().merge(sandbox_resources()).into_openapi()
}

/// The API description, the same for every installation.
pub fn api() -> Api {
    let mut api = Api::new(document());
    fhir_frame::admit(&mut api);
    api
}

/// The API.
pub fn router(app: App) -> Router {
    router_with(app, Router::new().fallback(nothing_here))
}

/// The API, with the pages of another door beside it, which also answer where there is nothing.
pub fn router_with(app: App, pages: Router<HttpState>) -> Router {
    let limits = Arc::new(Limits::of(&app.settings));
    routed(HttpState::new(app, Arc::new(api()), limits), pages)
}

async fn nothing_here() -> StatusCode {
    StatusCode::NOT_FOUND
}

/// Addresses of the API at which there is nothing: a program is told so as of any other, whatever pages there are.
fn nowhere() -> Router<HttpState> {
    let nothing = || axum::routing::any(nothing_here);
    Router::new().route("/v1", nothing()).route("/v1/", nothing()).route("/v1/{*rest}", nothing())
}

fn routed(state: HttpState, pages: Router<HttpState>) -> Router {
    let routes = if state.app.settings.sandbox { resources().merge(sandbox_resources()) } else { resources() };
    surround(Router::from(routes).merge(fhir_frame::routes()), pages, state)
}

/// Puts what holds for every request around the routes; the last layer is the outermost. There are few of them, since each has every
/// request put on the heap anew. Pages have a guard of their own.
pub fn surround(routes: Router<HttpState>, pages: Router<HttpState>, state: HttpState) -> Router {
    let routes = routes.route_layer(from_fn_with_state(state.clone(), guard::guard));
    let routes = routes.merge(docs::routes()).merge(nowhere());
    let routes = match cors(&state.app.settings.cors_origins) {
        Some(cors) => routes.layer(cors),
        None => routes,
    };
    routes.merge(pages).layer(from_fn_with_state(state.clone(), observe::observe)).with_state(state)
}

/// CORS is off until a portal's origin is named.
fn cors(origins: &[String]) -> Option<CorsLayer> {
    use axum::http::{HeaderName, Method, header};
    if origins.is_empty() {
        return None;
    }
    let origins = origins.iter().filter_map(|origin| origin.parse().ok());
    let exposed = ["etag", "location", "idempotency-replayed", observe::REQUEST_ID, "retry-after"];
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::ACCEPT,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static(observe::REQUEST_ID),
        ])
        .expose_headers(exposed.map(HeaderName::from_static));
    Some(layer)
}
