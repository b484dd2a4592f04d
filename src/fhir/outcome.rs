//! Failures as `OperationOutcome`. Everything below `/fhir` that does not succeed is answered so, whoever found the fault.

use crate::app;
use crate::domain::refusal::{Fault, Refusal};
use crate::fhir::element::put;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// Media type of everything that is answered below `/fhir`.
pub const MEDIA_TYPE: &str = "application/fhir+json";

/// Issues that are listed; further ones are counted.
const LISTED_AT_MOST: usize = 100;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// A code of the value set `issue-type`.
    pub code: &'static str,
    /// What is wrong and how to mend it.
    pub text: String,
    /// Where: a `FHIRPath`.
    pub expression: Option<String>,
}

impl Issue {
    /// An issue about the request as a whole.
    pub fn new(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, text: text.into(), expression: None }
    }

    /// An issue at a place.
    pub fn at(code: &'static str, expression: impl Into<String>, text: impl Into<String>) -> Self {
        Self { code, text: text.into(), expression: Some(expression.into()) }
    }
}

/// A failure, ready to be answered.
#[derive(Debug, Clone)]
pub struct Failure(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    status: StatusCode,
    issues: Vec<Issue>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<String>,
}

impl Failure {
    /// A failure with these issues, one at least.
    pub fn new(status: StatusCode, issues: Vec<Issue>) -> Self {
        Self(Box::new(Parts { status, issues, headers: Vec::new(), cause: None }))
    }

    /// A request that cannot be taken as it is.
    pub fn bad(issues: Vec<Issue>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, issues)
    }

    /// The same with one issue.
    pub fn bad_one(code: &'static str, text: impl Into<String>) -> Self {
        Self::bad(vec![Issue::new(code, text)])
    }

    /// No such thing, or none that the caller may know of.
    pub fn not_found() -> Self {
        let text = "there is no such resource, or this token may not see it";
        Self::new(StatusCode::NOT_FOUND, vec![Issue::new("not-found", text)])
    }

    /// Something that is ours to mend; the cause is logged and not sent.
    pub fn internal(cause: impl Into<String>) -> Self {
        let text = "the service failed; the request may be sent again, and the request id helps to find out why";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, vec![Issue::new("exception", text)]).because(cause)
    }

    /// Something that passes.
    fn unavailable(cause: impl Into<String>) -> Self {
        let text = "the service cannot answer now; the same request may be sent again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, vec![Issue::new("transient", text)])
            .because(cause)
            .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
    }

    fn because(mut self, cause: impl Into<String>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// True where it is what somebody else did at the same moment.
    pub fn is_conflict(&self) -> bool {
        self.0.status == StatusCode::CONFLICT
    }

    /// True where there is no such thing, or none that the caller may know of.
    pub fn is_not_found(&self) -> bool {
        self.0.status == StatusCode::NOT_FOUND
    }

    /// Why a 5xx happened, for the log.
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// What kind of failure it is, for the log: the code of the first issue.
    pub fn kind(&self) -> &'static str {
        self.0.issues.first().map_or("unknown", |issue| issue.code)
    }

    /// The answer, quoting the request.
    pub fn render(&self, request_id: Option<&str>) -> Response {
        let mut response = respond(self.0.status, &outcome(&self.0.issues, request_id));
        response.headers_mut().extend(self.0.headers.iter().cloned());
        response
    }
}

/// The resource. The id of the request stands in `diagnostics` of the first issue.
pub fn outcome(issues: &[Issue], request_id: Option<&str>) -> Value {
    let unlisted = issues.len().saturating_sub(LISTED_AT_MOST);
    let mut listed: Vec<Value> = issues.iter().take(LISTED_AT_MOST).map(written).collect();
    if unlisted > 0 {
        listed.push(written(&Issue::new("informational", format!("{unlisted} more are not listed"))));
    }
    if let (Some(first), Some(id)) = (listed.first_mut(), request_id) {
        put(first, "diagnostics", json!(format!("request {id}")));
    }
    json!({"resourceType": "OperationOutcome", "issue": listed})
}

fn written(issue: &Issue) -> Value {
    let severity = if issue.code == "informational" { "information" } else { "error" };
    let mut value = json!({"severity": severity, "code": issue.code, "details": {"text": issue.text}});
    if let Some(expression) = &issue.expression {
        put(&mut value, "expression", json!([expression]));
    }
    value
}

/// A resource as an answer.
pub fn respond(status: StatusCode, resource: &Value) -> Response {
    let text = serde_json::to_string(resource).unwrap_or_else(|_| String::from("{}"));
    (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response()
}

impl IntoResponse for Failure {
    /// The answer without a request id, and the failure beside it for whoever knows the id.
    fn into_response(self) -> Response {
        let mut response = self.render(None);
        response.extensions_mut().insert(self);
        response
    }
}

/// The code of the value set `issue-type` for a fault of an order.
pub fn issue_code(fault: &Fault) -> &'static str {
    match fault.code.as_str() {
        "missing" => "required",
        "unknown-code" | "malformed-code" | "terminated-code" | "not-allowed-value" => "code-invalid",
        "contradiction" | "treatment-drug" | "duplicate-line" | "open-ended-phase" | "not-of-this-service" => "business-rule",
        "unknown-field" | "wrong-type" => "structure",
        "too-long" => "too-long",
        _ => "value",
    }
}

impl From<app::Error> for Failure {
    fn from(error: app::Error) -> Self {
        let of = |status, code, text: &str| Self::new(status, vec![Issue::new(code, text)]);
        match error {
            app::Error::NotFound => Self::not_found(),
            app::Error::Forbidden { detail } => of(StatusCode::FORBIDDEN, "forbidden", &detail),
            app::Error::Conflict { detail } => of(StatusCode::CONFLICT, "conflict", &detail),
            app::Error::Refused(refusal) => match *refusal {
                Refusal::NotPermitted { detail } => of(StatusCode::FORBIDDEN, "forbidden", &detail),
                Refusal::Validation(faults) | Refusal::MissingRequired(faults) => {
                    Self::bad(faults.iter().map(|fault| Issue::new(issue_code(fault), fault.message.clone())).collect())
                }
                _ => of(StatusCode::UNPROCESSABLE_ENTITY, "business-rule", "the request is refused"),
            },
            app::Error::IdempotencyKeyReused => of(
                StatusCode::BAD_REQUEST,
                "conflict",
                "a Claim with this identifier came before with another content: give a new request a new Claim.identifier, and name the \
                 earlier Claim in Claim.related where this one changes it",
            ),
            app::Error::Review(error) => of(StatusCode::CONFLICT, "conflict", &error.to_string()),
            app::Error::NotAsked(why) => of(StatusCode::CONFLICT, "conflict", &why.to_string()),
            app::Error::AttachmentRefused => of(
                StatusCode::UNPROCESSABLE_ENTITY,
                "security",
                "the virus scanner found something in a document, and it was not stored; send a clean copy",
            ),
            app::Error::Unavailable(cause) => Self::unavailable(cause),
            app::Error::Store(error) if error.is_transient() => Self::unavailable(error.to_string()),
            app::Error::Store(error) if error.is_race() => of(
                StatusCode::CONFLICT,
                "conflict",
                "somebody else stored the same thing at the same moment; send the request again",
            ),
            app::Error::Store(error) => Self::internal(error.to_string()),
            other => Self::internal(other.to_string()),
        }
    }
}
