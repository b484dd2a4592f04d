//! Coverage requirements (COV-01…04).

use super::body::ValidJson;
use super::paging;
use super::problem::Problem;
use super::query::ValidQuery;
use super::state::HttpState;
use crate::app::coverage_requirements::{self, CoverageAnswerBody, CoverageQuestionBody, CoverageServiceBody};
use crate::app::{App, Caller};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(routes!(post_coverage_requirement, list_coverage_requirements))
        .routes(routes!(list_coverage_services))
}

/// Says whether a service needs authorization, from whom, how to ask, and what the numbers are. A question that leaves out what decides is
/// answered with every branch and the inputs that decide between them (COV-01).
#[utoipa::path(post, path = "/v1/coverage-requirements", operation_id = "post_coverage_requirement", tag = "coverage",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    request_body = CoverageQuestionBody,
    responses((status = 200, description = "What the service needs", body = CoverageAnswerBody)))]
async fn post_coverage_requirement(
    State(app): State<App>,
    caller: Caller,
    ValidJson(asked): ValidJson<CoverageQuestionBody>,
) -> Result<Json<CoverageAnswerBody>, Problem> {
    Ok(Json(coverage_requirements::ask(&app, &caller, &asked)?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Listing {
    /// Words of the service's names, such as `sleep`.
    #[param(max_length = 100)]
    q: Option<String>,
    /// One health plan only.
    health_plan: Option<String>,
    /// Items on a page; everything on one page without it.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(max_length = 500)]
    cursor: Option<String>,
}

/// Answers, service by service. There are some forty services, so they come on one page unless the caller limits it.
#[derive(Debug, Serialize, ToSchema)]
struct CoverageRequirements {
    /// The answers, each with its branches.
    items: Vec<CoverageAnswerBody>,
    /// Send it as `?cursor=` for the next page; null on the last one.
    next_cursor: Option<String>,
}

/// Lists and searches what is answered: each service of each plan with all its branches.
#[utoipa::path(get, path = "/v1/coverage-requirements", operation_id = "list_coverage_requirements", tag = "coverage",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(Listing), responses((status = 200, description = "The answers", body = CoverageRequirements)))]
async fn list_coverage_requirements(
    State(app): State<App>,
    caller: Caller,
    ValidQuery(listing): ValidQuery<Listing>,
) -> Result<Json<CoverageRequirements>, Problem> {
    let limit = listing.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let begin = paging::decode::<usize>(listing.cursor.as_deref())?.unwrap_or(0);
    let all = coverage_requirements::list(&app, &caller, listing.health_plan.as_deref(), listing.q.as_deref());
    let end = begin.saturating_add(limit);
    let next_cursor = (all.len() > end).then(|| paging::encode(&end));
    Ok(Json(CoverageRequirements { items: all.into_iter().skip(begin).take(limit).collect(), next_cursor }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Search {
    /// Words of the service's names, such as `sleep`.
    #[param(max_length = 100)]
    q: Option<String>,
}

/// Every service that can be asked about, on one page.
#[derive(Debug, Serialize, ToSchema)]
struct CoverageServices {
    /// The services.
    items: Vec<CoverageServiceBody>,
    /// Always null.
    next_cursor: Option<String>,
}

/// Lists the services that can be asked about, for menus.
#[utoipa::path(get, path = "/v1/coverage-requirements/services", operation_id = "list_coverage_services", tag = "coverage",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(Search), responses((status = 200, description = "The services", body = CoverageServices)))]
async fn list_coverage_services(State(app): State<App>, ValidQuery(search): ValidQuery<Search>) -> Json<CoverageServices> {
    Json(CoverageServices { items: coverage_requirements::services(&app, search.q.as_deref()), next_cursor: None })
}
