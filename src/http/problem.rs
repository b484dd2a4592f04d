//! The one place that turns failures into answers: RFC 9457 `application/problem+json`.
//!
//! An answer says what the caller can mend. It never carries SQL, a stack, or anything about anyone but what the caller sent; the
//! cause of a 5xx is kept beside it for the log line that `observe` writes once.

use super::fault_list::FaultList;
use super::problem_kinds::{self as kinds, Kind};
use crate::app;
use crate::domain::citation::told_apart;
use crate::domain::refusal::{Fault, Refusal};
use crate::telemetry;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Media type of every error answer.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A failure, ready to be answered.
#[derive(Debug, Clone)]
pub struct Problem(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    kind: &'static Kind,
    detail: String,
    errors: Vec<Fault>,
    extensions: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<String>,
}

/// What a problem looks like on the wire.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Stable reference `/problems/<slug>`, which explains the problem.
    #[schema(example = "/problems/validation-failed")]
    r#type: String,
    /// The problem in a few words.
    title: String,
    /// HTTP status.
    status: u16,
    /// What is wrong with this request.
    detail: String,
    /// Quote it when asking for help; also in the `X-Request-Id` header.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// Every fault of the body at once; pointers are JSON pointers, or `?name` for query parameters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
    /// `exclusion`, `requirement` and `redirect` of a refusal; `requirements` behind the detail; `errors_not_listed` beyond those listed.
    #[serde(flatten)]
    extensions: Map<String, Value>,
}

impl Problem {
    /// A problem of this kind. The requirement ids of the detail stand beside it, in `requirements`.
    pub fn new(kind: &'static Kind, detail: impl AsRef<str>) -> Self {
        let (detail, requirements) = told_apart(detail.as_ref());
        let parts = Parts { kind, detail, errors: Vec::new(), extensions: Map::new(), headers: Vec::new(), cause: None };
        let problem = Self(Box::new(parts));
        if requirements.is_empty() { problem } else { problem.with_extension("requirements", requirements) }
    }

    fn with_errors(mut self, errors: Vec<Fault>) -> Self {
        self.0.errors = errors;
        self
    }

    fn because(mut self, cause: impl Into<String>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// A request whose body or query has these faults: a hundred are listed, the others counted.
    pub fn validation(errors: impl Into<FaultList>) -> Self {
        let (errors, unlisted) = errors.into().into_parts();
        let all = errors.len().saturating_add(unlisted);
        let detail = match errors.as_slice() {
            [one] if unlisted == 0 => one.message.clone(),
            _ if unlisted == 0 => format!("the request has {all} faults; `errors` lists all of them"),
            listed => format!("the request has {all} faults; `errors` lists the first {}", listed.len()),
        };
        let problem = Self::new(&kinds::VALIDATION_FAILED, detail).with_errors(errors);
        if unlisted == 0 { problem } else { problem.with_extension("errors_not_listed", unlisted) }
    }

    /// A file with these bad lines. It comes from a machine, and whoever mends it wants every line.
    pub fn bad_lines(errors: Vec<Fault>) -> Self {
        let detail = format!("the file has {} faults; `errors` lists them by line", errors.len());
        Self::new(&kinds::VALIDATION_FAILED, detail).with_errors(errors)
    }

    /// Something that is ours to mend; the cause is logged and not sent.
    pub fn internal(cause: impl Into<String>) -> Self {
        let detail = "the service failed; the request may be sent again, and the request id helps to find out why";
        Self::new(&kinds::INTERNAL, detail).because(cause)
    }

    /// Something that passes.
    pub fn unavailable(cause: impl Into<String>) -> Self {
        let detail = "the service cannot answer now; the same request may be sent again";
        Self::new(&kinds::TEMPORARILY_UNAVAILABLE, detail)
            .because(cause)
            .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
    }

    /// No such thing, or none that the caller may know of.
    pub fn not_found() -> Self {
        Self::new(&kinds::NOT_FOUND, "there is no such resource, or this token may not see it")
    }

    /// No token, or one that does not work.
    pub fn unauthenticated(detail: impl AsRef<str>) -> Self {
        Self::new(&kinds::UNAUTHENTICATED, detail).with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// A token that works but may not do this.
    pub fn forbidden(detail: impl AsRef<str>) -> Self {
        Self::new(&kinds::FORBIDDEN, detail)
    }

    /// The same, of what stands in the body in place of the query.
    #[must_use]
    pub fn in_the_body(mut self) -> Self {
        for error in &mut self.0.errors {
            if let Some(name) = error.pointer.strip_prefix('?') {
                error.pointer = format!("/{name}");
            }
        }
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Adds an extension member; what does not serialize is left out.
    #[must_use]
    pub fn with_extension(mut self, name: &str, value: impl Serialize) -> Self {
        if let Ok(value) = serde_json::to_value(value) {
            self.0.extensions.insert(name.to_owned(), value);
        }
        self
    }

    /// The kind, for tests and logs.
    pub const fn kind(&self) -> &'static Kind {
        self.0.kind
    }

    /// What is wrong with this request.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The faults of the body.
    pub fn errors(&self) -> &[Fault] {
        &self.0.errors
    }

    /// The faults of the body; one that says what is wrong where it is not a fault of the body.
    pub fn into_errors(self) -> Vec<Fault> {
        if self.0.errors.is_empty() { vec![Fault::new("", self.0.kind.slug, &self.0.detail)] } else { self.0.errors }
    }

    /// The headers of the answer.
    pub fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.0.headers
    }

    /// Why a 5xx happened, for the log.
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The answer's body, quoting the request.
    pub fn text(&self, request_id: Option<&str>) -> String {
        let body = ProblemBody {
            r#type: format!("/problems/{}", self.0.kind.slug),
            title: self.0.kind.title.to_owned(),
            status: self.0.kind.status.as_u16(),
            detail: self.0.detail.clone(),
            request_id: request_id.map(str::to_owned),
            errors: self.0.errors.clone(),
            extensions: self.0.extensions.clone(),
        };
        serde_json::to_string(&body).unwrap_or_else(|_| String::from("{}"))
    }

    /// The answer, quoting the request.
    pub fn render(&self, request_id: Option<&str>) -> Response {
        let text = self.text(request_id);
        let mut response = (self.0.kind.status, [(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response();
        response.headers_mut().extend(self.0.headers.iter().cloned());
        response
    }
}

impl IntoResponse for Problem {
    /// The answer without a request id, and the problem beside it: `observe` renders it again with the id.
    fn into_response(self) -> Response {
        let mut response = self.render(None);
        response.extensions_mut().insert(self);
        response
    }
}

/// A problem for an answer that something other than our handlers gave, by its status.
pub fn for_status(status: StatusCode) -> Problem {
    match status {
        StatusCode::NOT_FOUND => Problem::new(&kinds::NOT_FOUND, "there is nothing at this address"),
        StatusCode::METHOD_NOT_ALLOWED => Problem::new(&kinds::METHOD_NOT_ALLOWED, "this address does not take this method"),
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(&kinds::PAYLOAD_TOO_LARGE, "the body is too large"),
        StatusCode::URI_TOO_LONG => {
            Problem::new(&kinds::URI_TOO_LONG, "the address is too long; search by a body where there is one")
        }
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
            Problem::new(&kinds::HEADERS_TOO_LARGE, "the headers are too many, or too long together")
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::new(&kinds::UNSUPPORTED_MEDIA_TYPE, "the body has another media type"),
        status if status.is_server_error() => Problem::internal(format!("answered {status} without saying why")),
        _ => Problem::new(&kinds::BAD_REQUEST, "the request is not well formed"),
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Validation(faults) => Self::validation(faults),
            Refusal::NotOfThisService(errors) => {
                Self::new(&kinds::NOT_OF_THIS_SERVICE, "the order carries a part that belongs to an order of another service")
                    .with_errors(errors)
            }
            Refusal::MissingRequired(errors) => {
                let detail = format!("{} required items are missing; `errors` lists all of them", errors.len());
                Self::new(&kinds::MISSING_REQUIRED_INFORMATION, detail).with_errors(errors)
            }
            Refusal::NotEligible(ineligible) => Self::new(&kinds::NOT_ELIGIBLE, ineligible.detail)
                .with_extension("exclusion", ineligible.exclusion)
                .with_extension("requirement", ineligible.requirement)
                .with_extension("redirect", ineligible.redirect),
            Refusal::MemberNotFound => {
                Self::new(&kinds::MEMBER_NOT_FOUND, "the health plan's file has no member with this number")
                    .with_extension("requirement", "PRG-14")
            }
            Refusal::MemberMismatch => Self::new(
                &kinds::MEMBER_MISMATCH,
                "name or date of birth do not agree with the health plan's file for this number",
            )
            .with_extension("requirement", "INF-08"),
            Refusal::CoverageNotActive { date_of_service } => {
                Self::new(&kinds::COVERAGE_NOT_ACTIVE, format!("the member has no coverage on {date_of_service}"))
                    .with_extension("requirement", "PRG-14")
            }
            Refusal::RetrospectiveWindowClosed { detail, redirect, requirement } => {
                Self::new(&kinds::RETROSPECTIVE_WINDOW_CLOSED, detail)
                    .with_extension("requirement", requirement)
                    .with_extension("redirect", redirect)
            }
            Refusal::ChannelNotAccepted { detail } => {
                Self::new(&kinds::CHANNEL_NOT_ACCEPTED, detail).with_extension("requirement", "SUB-07")
            }
            Refusal::OrderingProviderNotOnFile { detail, redirect } => Self::new(&kinds::ORDERING_PROVIDER_NOT_ON_FILE, detail)
                .with_extension("requirement", "PRV-06")
                .with_extension("redirect", redirect),
            Refusal::NotPermitted { detail } => Self::forbidden(detail),
        }
    }
}

impl From<app::Error> for Problem {
    fn from(error: app::Error) -> Self {
        match error {
            app::Error::Refused(refusal) => Self::from(*refusal),
            app::Error::BadLines(faults) => Self::bad_lines(faults),
            app::Error::NotFound => Self::not_found(),
            app::Error::Forbidden { detail } => Self::forbidden(detail),
            app::Error::Conflict { detail } => Self::new(&kinds::CONFLICT, detail),
            app::Error::Review(error) => super::review_problems::of(&error),
            app::Error::NotAsked(why) => {
                Self::new(&kinds::CONFLICT, why.to_string()).with_extension("requirement", why.requirement())
            }
            app::Error::AttachmentRefused => Self::new(
                &kinds::ATTACHMENT_REFUSED,
                "the virus scanner found something in the document, and it was not stored; send a clean copy",
            ),
            app::Error::Unavailable(cause) => Self::unavailable(cause),
            app::Error::PreconditionFailed => {
                Self::new(&kinds::PRECONDITION_FAILED, "the resource has changed since the version in If-Match; read it again")
            }
            app::Error::RosterDropGuard { removed, before, percent } => Self::new(
                &kinds::ROSTER_DROP_GUARD,
                format!(
                    "the file would remove {removed} of {before} rows, more than {percent} %; nothing was changed. Add \
                         ?allow_drop=true where that is meant"
                ),
            ),
            app::Error::IdempotencyKeyReused => {
                Self::new(&kinds::IDEMPOTENCY_KEY_REUSED, "this Idempotency-Key came with another payload before; use a new key")
            }
            app::Error::Store(error) if error.is_transient() => {
                if error.is_given_up() {
                    telemetry::count_wait_given_up();
                }
                Self::unavailable(error.to_string())
            }
            app::Error::Store(error) if error.is_race() => {
                Self::new(&kinds::CONFLICT, "somebody else stored the same thing at the same moment; read it again")
            }
            app::Error::Store(error) => Self::internal(error.to_string()),
            app::Error::Internal(cause) => Self::internal(cause),
        }
    }
}
