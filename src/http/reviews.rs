//! The review desk: the worklist, taking cases, and what reviewers do to them.

use super::body::Creation;
use super::etag::{IfMatch, etag};
use super::idempotency_header::respond;
use super::orders::readable;
use super::paging::{self, DEFAULT_LIMIT, Page};
use super::path::Id;
use super::problem::Problem;
use super::query::ValidQuery;
use super::state::HttpState;
use crate::app::reviews::requests::{Determination, DuplicateDecision, Escalation, InformationRequest, PeerToPeerRecord};
use crate::app::reviews::worklist::{self, Filter, WorkItem};
use crate::app::reviews::{self, Act, Answered, claims};
use crate::app::{App, Caller, Expected, Idempotent};
use crate::domain::case::{Case, ReviewQueue};
use crate::domain::order_id::Numbered;
use crate::domain::vocabulary::Urgency;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(routes!(list_reviews))
        .routes(routes!(post_review_claim, delete_review_claim))
        .routes(routes!(post_duplicate_decision))
        .routes(routes!(post_information_request))
        .routes(routes!(post_peer_to_peer))
        .routes(routes!(post_determination))
        .routes(routes!(post_escalation))
}

/// Which cases to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ReviewQuery {
    /// Whose work.
    #[param(inline)]
    queue: Option<ReviewQueue>,
    /// True: past their deadline. False: not yet.
    overdue: Option<bool>,
    /// Case number as a person types it: case, spaces and dashes do not matter.
    case_number: Option<String>,
    /// Program, such as `quality-care-cancer`.
    #[param(max_length = 100)]
    program: Option<String>,
    /// Urgency.
    #[param(inline)]
    urgency: Option<Urgency>,
    /// True: those that the caller has taken. False: all others.
    mine: Option<bool>,
    /// Items on a page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists the cases that wait for a reviewer, most urgent first, with the time left.
#[utoipa::path(get, path = "/v1/reviews", operation_id = "list_reviews", tag = "reviews",
    extensions(("x-roles" = json!(["nurse", "physician", "administrator"]))),
    params(ReviewQuery),
    responses((status = 200, description = "A page of the worklist", body = Page<WorkItem>)))]
async fn list_reviews(
    State(app): State<App>,
    caller: Caller,
    ValidQuery(query): ValidQuery<ReviewQuery>,
) -> Result<Json<Page<WorkItem>>, Problem> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let after: Option<(DateTime<Utc>, Uuid)> = paging::decode(query.cursor.as_deref())?;
    let mut faults = Vec::new();
    let case_number = query.case_number.and_then(|typed| readable(Numbered::Case, "case_number", &typed, &mut faults));
    if !faults.is_empty() {
        return Err(Problem::validation(faults));
    }
    let filter = Filter {
        queue: query.queue,
        overdue: query.overdue,
        case_number,
        program: query.program,
        urgency: query.urgency,
        mine: query.mine,
    };
    let found = worklist::list(&app, &caller, &filter, after, limit).await?;
    Ok(Json(Page::new(found, limit, |item| (item.due_at.to_utc(), item.case_id))))
}

/// A case that a reviewer has taken.
#[derive(Debug, Serialize, ToSchema)]
struct ClaimBody {
    /// The case.
    case_id: Uuid,
    /// Who has taken it.
    claimed_by: String,
    /// Since when.
    claimed_at: DateTime<Utc>,
    /// When it comes back to the queue unless they act on it.
    expires_at: DateTime<Utc>,
}

/// Takes a case. Taking one's own again keeps it longer; a case that another reviewer has taken is a conflict.
#[utoipa::path(post, path = "/v1/reviews/{case_id}/claims", operation_id = "post_review_claim", tag = "reviews",
    extensions(("x-roles" = json!(["nurse", "physician"]))),
    params(("case_id" = Uuid, Path, description = "The case")),
    responses((status = 201, description = "It is the caller's", body = ClaimBody),
              (status = 409, description = "Another reviewer has it, or it is decided")))]
async fn post_review_claim(State(app): State<App>, caller: Caller, Id(case_id): Id) -> Result<Response, Problem> {
    let claim = claims::take(&app, &caller, case_id).await?;
    let body = ClaimBody { case_id, claimed_by: claim.claimed_by, claimed_at: claim.claimed_at, expires_at: claim.expires_at };
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// Gives a case back to the queue. An administrator may give back anybody's.
#[utoipa::path(delete, path = "/v1/reviews/{case_id}/claims", operation_id = "delete_review_claim", tag = "reviews",
    extensions(("x-roles" = json!(["nurse", "physician", "administrator"]))),
    params(("case_id" = Uuid, Path, description = "The case")),
    responses((status = 204, description = "Nobody has it"),
              (status = 409, description = "Another reviewer has it")))]
async fn delete_review_claim(State(app): State<App>, caller: Caller, Id(case_id): Id) -> Result<StatusCode, Problem> {
    claims::give_back(&app, &caller, case_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Decides whether the order is a duplicate (DUP-02).
#[utoipa::path(post, path = "/v1/reviews/{case_id}/duplicate-decisions", operation_id = "post_duplicate_decision", tag = "reviews",
    extensions(("x-roles" = json!(["nurse", "physician"]))),
    params(("case_id" = Uuid, Path, description = "The case"),
           ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible characters, chosen by the caller"),
           ("If-Match" = Option<String>, Header, description = "The version that the caller has seen, as in `ETag`")),
    request_body = DuplicateDecision,
    responses((status = 201, description = "The case after it", body = Case),
              (status = 409, description = "Another reviewer has it, or no duplicate is open")))]
async fn post_duplicate_decision(
    State(app): State<App>,
    caller: Caller,
    Id(case_id): Id,
    IfMatch(expected): IfMatch,
    Creation { body, idempotent }: Creation<DuplicateDecision>,
) -> Result<Response, Problem> {
    act(&app, &caller, case_id, Act::DecideDuplicate(&body), &expected, idempotent.as_ref()).await
}

/// Asks the practice for information, and records the call (DET-08). The deadline stays.
#[utoipa::path(post, path = "/v1/reviews/{case_id}/information-requests", operation_id = "post_information_request", tag = "reviews",
    extensions(("x-roles" = json!(["nurse", "physician"]))),
    params(("case_id" = Uuid, Path, description = "The case"),
           ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible characters, chosen by the caller"),
           ("If-Match" = Option<String>, Header, description = "The version that the caller has seen, as in `ETag`")),
    request_body = InformationRequest,
    responses((status = 201, description = "The case after it", body = Case),
              (status = 409, description = "Another reviewer has it, or it is decided")))]
async fn post_information_request(
    State(app): State<App>,
    caller: Caller,
    Id(case_id): Id,
    IfMatch(expected): IfMatch,
    Creation { body, idempotent }: Creation<InformationRequest>,
) -> Result<Response, Problem> {
    act(&app, &caller, case_id, Act::AskForInformation(&body), &expected, idempotent.as_ref()).await
}

/// Records what happened about the peer-to-peer discussion (DET-03, DET-13). The offer comes first.
#[utoipa::path(post, path = "/v1/reviews/{case_id}/peer-to-peer", operation_id = "post_peer_to_peer", tag = "reviews",
    extensions(("x-roles" = json!(["nurse", "physician"]))),
    params(("case_id" = Uuid, Path, description = "The case"),
           ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible characters, chosen by the caller"),
           ("If-Match" = Option<String>, Header, description = "The version that the caller has seen, as in `ETag`")),
    request_body = PeerToPeerRecord,
    responses((status = 201, description = "The case after it", body = Case),
              (status = 409, description = "Another reviewer has it, or the event cannot follow what happened before")))]
async fn post_peer_to_peer(
    State(app): State<App>,
    caller: Caller,
    Id(case_id): Id,
    IfMatch(expected): IfMatch,
    Creation { body, idempotent }: Creation<PeerToPeerRecord>,
) -> Result<Response, Problem> {
    act(&app, &caller, case_id, Act::RecordCall(&body), &expected, idempotent.as_ref()).await
}

/// Decides lines of a case (DET-02…05).
///
/// A nurse authorizes; a denial is a physician's, after the peer-to-peer discussion was offered, with a reason code and a rationale.
/// A denied treatment drug denies the entire case.
#[utoipa::path(post, path = "/v1/reviews/{case_id}/determinations", operation_id = "post_determination", tag = "reviews",
    extensions(("x-roles" = json!(["nurse", "physician"]))),
    params(("case_id" = Uuid, Path, description = "The case"),
           ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible characters, chosen by the caller"),
           ("If-Match" = Option<String>, Header, description = "The version that the caller has seen, as in `ETag`")),
    request_body = Determination,
    responses((status = 201, description = "The case after it", body = Case),
              (status = 409, description = "Another reviewer has it, something has to come first, or it is decided")))]
async fn post_determination(
    State(app): State<App>,
    caller: Caller,
    Id(case_id): Id,
    IfMatch(expected): IfMatch,
    Creation { body, idempotent }: Creation<Determination>,
) -> Result<Response, Problem> {
    act(&app, &caller, case_id, Act::Determine(&body), &expected, idempotent.as_ref()).await
}

/// Hands a case to the physicians, and gives it back to their queue (DET-02).
#[utoipa::path(post, path = "/v1/reviews/{case_id}/escalations", operation_id = "post_escalation", tag = "reviews",
    extensions(("x-roles" = json!(["nurse"]))),
    params(("case_id" = Uuid, Path, description = "The case"),
           ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible characters, chosen by the caller"),
           ("If-Match" = Option<String>, Header, description = "The version that the caller has seen, as in `ETag`")),
    request_body = Escalation,
    responses((status = 201, description = "The case after it", body = Case),
              (status = 409, description = "Another reviewer has it, or it is a physician's already")))]
async fn post_escalation(
    State(app): State<App>,
    caller: Caller,
    Id(case_id): Id,
    IfMatch(expected): IfMatch,
    Creation { body, idempotent }: Creation<Escalation>,
) -> Result<Response, Problem> {
    act(&app, &caller, case_id, Act::Escalate(&body), &expected, idempotent.as_ref()).await
}

async fn act(
    app: &App,
    caller: &Caller,
    case_id: Uuid,
    act: Act<'_>,
    expected: &Expected,
    idempotent: Option<&Idempotent>,
) -> Result<Response, Problem> {
    let answered = reviews::perform(app, caller, case_id, act, expected, idempotent).await?;
    respond_with_version(answered)
}

/// The answer with the version of its case, where it is not an old one.
pub(super) fn respond_with_version(answered: Answered) -> Result<Response, Problem> {
    let mut response = respond(answered.answer)?;
    if let Some(version) = answered.version {
        response.headers_mut().extend(etag(version));
    }
    Ok(response)
}
