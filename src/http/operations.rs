//! What operators and tools call: health, readiness, metrics, the API description.

use super::openapi::Api;
use super::problem::Problem;
use super::state::HttpState;
use crate::app::background::Failing;
use crate::app::readiness::{self, Readiness};
use crate::app::{App, failed_jobs};
use crate::telemetry;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use chrono::SecondsFormat;
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(routes!(get_health))
        .routes(routes!(get_readiness))
        .routes(routes!(get_metrics))
        .routes(routes!(get_openapi))
}

/// Tells whether the process runs.
#[utoipa::path(get, path = "/healthz", operation_id = "get_health", tag = "operations", security(()),
    responses((status = 200, description = "It runs", body = String, content_type = "text/plain")))]
async fn get_health() -> &'static str {
    "ok\n"
}

/// Tells whether requests can be served: the database is reachable, has this version's tables and can write.
///
/// The first line says `ready`. What runs by itself and fails, such as deadlines, stands below it, a line each: requests are served all the
/// same.
#[utoipa::path(get, path = "/readyz", operation_id = "get_readiness", tag = "operations", security(()),
    responses((status = 200, description = "Ready", body = String, content_type = "text/plain"),
              (status = 503, description = "Not ready")))]
async fn get_readiness(State(app): State<App>) -> Result<String, Problem> {
    match readiness::find_out(&app).await {
        Readiness::Ready => Ok(format!("ready\n{}", troubles(&app).await)),
        Readiness::NotMigrated => Err(Problem::unavailable("the database lacks migrations of this version")),
        Readiness::Failing(why) => Err(Problem::unavailable(why)),
    }
}

/// What does not run as it should while requests are served: one line each.
async fn troubles(app: &App) -> String {
    let of_job = |(job, failing): (&str, Failing)| {
        let since = failing.since.to_rfc3339_opts(SecondsFormat::Secs, true);
        format!("job {job}: failed {} times in a row, since {since}\n", failing.failures)
    };
    let jobs: String = app.background.failing().into_iter().map(of_job).collect();
    jobs + &match failed_jobs::count(app).await {
        Ok(0) => String::new(),
        Ok(count) => format!("failed jobs: {count}, see GET /v1/failed-jobs\n"),
        Err(_) => "failed jobs: not known\n".to_owned(),
    }
}

/// Metrics in the Prometheus text format, without PHI.
#[utoipa::path(get, path = "/metrics", operation_id = "get_metrics", tag = "operations", security(()),
    responses((status = 200, description = "Metrics", body = String, content_type = "text/plain")))]
async fn get_metrics(State(app): State<App>) -> impl IntoResponse {
    let idle = u32::try_from(app.pool.num_idle()).unwrap_or(u32::MAX);
    let most = app.pool.options().get_max_connections();
    for (state, count) in [("open", app.pool.size()), ("idle", idle), ("most", most)] {
        metrics::gauge!("oncoauth_database_connections", "state" => state).set(f64::from(count));
    }
    let handle = telemetry::metrics();
    handle.run_upkeep();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render())
}

/// This description.
#[utoipa::path(get, path = "/openapi.yaml", operation_id = "get_openapi", tag = "operations", security(()),
    responses((status = 200, description = "OpenAPI 3.1", body = String, content_type = "application/yaml")))]
async fn get_openapi(State(api): State<Arc<Api>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/yaml")], api.yaml().to_owned())
}
