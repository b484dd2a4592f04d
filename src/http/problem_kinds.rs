//! Every kind of problem, with its stable address `/problems/<slug>`, and the page that explains it.

use super::problem::Problem;
use super::state::HttpState;
use axum::extract::Path;
use axum::http::StatusCode;
use utoipa_axum::{router::OpenApiRouter, routes};

/// A kind of problem.
#[derive(Debug)]
pub struct Kind {
    /// Last part of its `type`.
    pub slug: &'static str,
    /// HTTP status.
    pub status: StatusCode,
    /// In a few words.
    pub title: &'static str,
    /// What it means and what to do, for people.
    pub explanation: &'static str,
}

macro_rules! kinds {
    ($($name:ident = $slug:literal, $status:ident, $title:literal, $explanation:literal;)+) => {
        $(#[doc = $title] pub static $name: Kind =
            Kind { slug: $slug, status: StatusCode::$status, title: $title, explanation: $explanation };)+

        /// All of them.
        pub static ALL: &[&Kind] = &[$(&$name),+];
    };
}

kinds! {
    VALIDATION_FAILED = "validation-failed", UNPROCESSABLE_ENTITY, "The request is not valid",
        "The body or the query does not fit the documented form, or contradicts itself. `errors` lists every fault with a JSON \
         pointer (`?name` for query parameters), a stable code and what would mend it.";
    MISSING_REQUIRED_INFORMATION = "missing-required-information", UNPROCESSABLE_ENTITY, "Required information is missing",
        "The program requires items that the request does not carry. `errors` lists all of them. Missing clinical answers are not \
         refused: they are deviations on the case.";
    NOT_OF_THIS_SERVICE = "not-of-this-service", UNPROCESSABLE_ENTITY, "A part belongs to another service",
        "A radiation order carries drugs, or a drug order radiation: the part would neither be decided nor may be dropped. `errors` names it, \
         with every other fault. Send an order of its own for it.";
    NOT_ELIGIBLE = "not-eligible", UNPROCESSABLE_ENTITY, "Not eligible for the program",
        "The member, the service, the setting or the date is outside the program. `exclusion` says what excludes it, `requirement` \
         which rule, `redirect` where to go instead. Nothing was stored as an order.";
    MEMBER_NOT_FOUND = "member-not-found", UNPROCESSABLE_ENTITY, "Member not found",
        "The health plan's member file has nobody with this number. Check the plan and the number on the card.";
    MEMBER_MISMATCH = "member-mismatch", UNPROCESSABLE_ENTITY, "Member does not match",
        "The number is on the plan's file, but name or date of birth do not agree with it.";
    COVERAGE_NOT_ACTIVE = "coverage-not-active", UNPROCESSABLE_ENTITY, "Coverage is not active",
        "The member has no coverage on the date of service.";
    RETROSPECTIVE_WINDOW_CLOSED = "retrospective-window-closed", UNPROCESSABLE_ENTITY, "Too late for a request here",
        "The date of service lies too far back for this program. `redirect` says who takes it, where anyone does.";
    CHANNEL_NOT_ACCEPTED = "channel-not-accepted", UNPROCESSABLE_ENTITY, "The channel is not accepted",
        "The program takes such requests over other channels. `detail` says which, and the exceptions.";
    ATTACHMENT_REFUSED = "attachment-refused", UNPROCESSABLE_ENTITY, "The document is refused",
        "The virus scanner found something in the document, and it was not stored. Check the machine it comes from, and send a clean copy, \
         for example one printed to PDF elsewhere.";
    ORDERING_PROVIDER_NOT_ON_FILE = "ordering-provider-not-on-file", UNPROCESSABLE_ENTITY, "Ordering provider not on file",
        "The plan's provider file does not have the ordering provider. `redirect` says whom to call.";
    IDEMPOTENCY_KEY_REUSED = "idempotency-key-reused", UNPROCESSABLE_ENTITY, "Idempotency key used for another payload",
        "An Idempotency-Key belongs to one request. Send the request under a new key.";
    BAD_REQUEST = "bad-request", BAD_REQUEST, "The request is not well formed",
        "The request could not be read as HTTP.";
    MALFORMED_JSON = "malformed-json", BAD_REQUEST, "The body is not JSON",
        "The body could not be read as one JSON text in UTF-8. `detail` says where it breaks off.";
    UNAUTHENTICATED = "unauthenticated", UNAUTHORIZED, "A token is needed",
        "Send `Authorization: Bearer <token>` with a token that was issued here and has neither expired nor been revoked.";
    FORBIDDEN = "forbidden", FORBIDDEN, "The role may not do this",
        "The token works, but its role or what it is bound to does not allow this call.";
    NOT_FOUND = "not-found", NOT_FOUND, "Not found",
        "There is nothing at this address, or nothing that this token may see.";
    METHOD_NOT_ALLOWED = "method-not-allowed", METHOD_NOT_ALLOWED, "Method not allowed",
        "The address exists but does not take this method. The `Allow` header lists those it takes.";
    CONFLICT = "conflict", CONFLICT, "The state does not allow it",
        "The resource is in a state in which this cannot be done, or somebody else was faster. Read it again.";
    ROSTER_DROP_GUARD = "roster-drop-guard", CONFLICT, "The file would remove too many rows",
        "A roster replaces what it covers, so that a truncated file would lose members or providers. Send it with ?allow_drop=true \
         where the removal is meant.";
    PRECONDITION_FAILED = "precondition-failed", PRECONDITION_FAILED, "The resource has changed",
        "`If-Match` names a version that is no longer current. Read the resource again and repeat the change on what it is now.";
    PAYLOAD_TOO_LARGE = "payload-too-large", PAYLOAD_TOO_LARGE, "The body is too large",
        "A body may have 1 MiB, rosters and attachments aside.";
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "Unsupported media type",
        "`Content-Type` must name the media type that the operation takes, usually `application/json`. Bodies come as they are: with a \
         `Content-Encoding`, such as gzip, they are not taken.";
    URI_TOO_LONG = "uri-too-long", URI_TOO_LONG, "The address is too long",
        "The first line of a request may have 64 KiB.";
    HEADERS_TOO_LARGE = "headers-too-large", REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too large",
        "A request may have a hundred headers, and 64 KiB before its body.";
    TOO_MANY_REQUESTS = "too-many-requests", TOO_MANY_REQUESTS, "Too many requests",
        "This caller sends more requests a second than the installation allows. `Retry-After` says how many seconds to wait.";
    NOT_ACCEPTABLE = "not-acceptable", NOT_ACCEPTABLE, "No acceptable representation",
        "The resource has no representation in any media type that `Accept` names.";
    INTERNAL = "internal", INTERNAL_SERVER_ERROR, "The service failed",
        "A fault of the service. The request may be sent again with the same Idempotency-Key; quote the request id when asking for help.";
    TEMPORARILY_UNAVAILABLE = "temporarily-unavailable", SERVICE_UNAVAILABLE, "Temporarily unavailable",
        "The service cannot answer at the moment, for example because the database restarts. Send the same request again soon.";
    REQUEST_TIMEOUT = "request-timeout", SERVICE_UNAVAILABLE, "The request took too long",
        "The request was given up. Whether it was done is not known: read before you send it again, or send it again under the same Idempotency-Key, which does it once.";
}

/// The pages.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(get_problem))
}

/// Explains a problem type.
///
/// The `type` of every error answer is the address of such a page.
#[utoipa::path(get, path = "/problems/{slug}", operation_id = "get_problem", tag = "operations", security(()),
    params(("slug" = String, Path, description = "Last part of the `type`")),
    responses((status = 200, description = "What the problem means and what to do", body = String, content_type = "text/plain"),
              (status = 404, description = "No such problem type")))]
async fn get_problem(Path(slug): Path<String>) -> Result<String, Problem> {
    let kind = ALL.iter().find(|kind| kind.slug == slug).ok_or_else(Problem::not_found)?;
    Ok(format!("{} ({})\n\n{}\n", kind.title, kind.status.as_u16(), kind.explanation))
}
