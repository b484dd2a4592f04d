//! What runs by itself and failed: a case whose deadline could not be handled, and the like.

use super::paging::{self, DEFAULT_LIMIT, Page};
use super::path::Id;
use super::problem::Problem;
use super::query::ValidQuery;
use super::state::HttpState;
use crate::app::failed_jobs::{self, FailedJob};
use crate::app::{App, Caller};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(list_failed_jobs)).routes(routes!(post_failed_job_retry))
}

/// Something that is due and could not be done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FailedJob)]
struct FailedJobBody {
    /// Identifies it until it is done.
    failed_job_id: Uuid,
    /// `pend_deadline`: the deadline of a case in progress; `claim_expiry`: a reviewer's claim runs out; `pathway_end`: a later treatment
    /// may have ended the case's Pathway.
    kind: String,
    /// The case it is about.
    case_id: Uuid,
    /// When it fell due.
    due_at: DateTime<Utc>,
    /// How often it has failed.
    attempts: i32,
    /// When it failed first.
    first_failed_at: DateTime<Utc>,
    /// When it failed last.
    last_failed_at: DateTime<Utc>,
    /// When it is tried again by itself: after a minute, then after twice as long each time, up to an hour. It is never given up.
    next_attempt_at: Option<DateTime<Utc>>,
    /// Why it failed last; nothing about a person. The log has more.
    failure: String,
}

impl From<FailedJob> for FailedJobBody {
    fn from(job: FailedJob) -> Self {
        Self {
            failed_job_id: job.failed_job_id,
            kind: job.kind,
            case_id: job.case_id,
            due_at: job.due_at,
            attempts: job.attempts,
            first_failed_at: job.first_failed_at,
            last_failed_at: job.last_failed_at,
            next_attempt_at: job.next_attempt_at,
            failure: job.failure,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct FailedJobQuery {
    /// Items on a page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists what is due and could not be done, in the order in which it began to fail.
#[utoipa::path(get, path = "/v1/failed-jobs", operation_id = "list_failed_jobs", tag = "operations",
    extensions(("x-roles" = json!(["administrator"]))), params(FailedJobQuery),
    responses((status = 200, description = "A page of them", body = Page<FailedJobBody>)))]
async fn list_failed_jobs(
    State(app): State<App>,
    caller: Caller,
    ValidQuery(query): ValidQuery<FailedJobQuery>,
) -> Result<Json<Page<FailedJobBody>>, Problem> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let after = paging::decode(query.cursor.as_deref())?;
    let found = failed_jobs::list(&app, &caller, after, limit).await?;
    Ok(Json(Page::new(found, limit, |job| job.failed_job_id).map(FailedJobBody::from)))
}

/// What became of another attempt.
#[derive(Debug, Serialize, ToSchema)]
struct Retried {
    /// It is done, or no longer to be done.
    done: bool,
    /// What it is like now; null where it is done.
    failed_job: Option<FailedJobBody>,
}

/// Tries it again at once.
#[utoipa::path(post, path = "/v1/failed-jobs/{failed_job_id}/retries", operation_id = "post_failed_job_retry", tag = "operations",
    extensions(("x-roles" = json!(["administrator"]))),
    params(("failed_job_id" = Uuid, Path, description = "The failed job")),
    responses((status = 200, description = "It was tried", body = Retried)))]
async fn post_failed_job_retry(State(app): State<App>, caller: Caller, Id(failed_job_id): Id) -> Result<Json<Retried>, Problem> {
    let left = failed_jobs::retry(&app, &caller, failed_job_id).await?;
    Ok(Json(Retried { done: left.is_none(), failed_job: left.map(FailedJobBody::from) }))
}
