//! Puts the frame of the API around the FHIR door: who calls, how often and how long, and the log line. Where the frame finds a fault, it
//! answers in the form of that door.

use super::body;
use super::openapi::{self, Access, Api};
use super::problem::Problem;
use super::state::HttpState;
use crate::domain::order::OrderRequest;
use crate::domain::vocabulary::CallerRole;
use crate::fhir::outcome::{Issue, issue_code};
use crate::fhir::{self, Documented, Failure, access};
use axum::Router;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;

/// The routes of the door.
pub fn routes() -> Router<HttpState> {
    let read = |order: &serde_json::Value| body::read::<OrderRequest>(order).map_err(Problem::into_errors);
    fhir::routes(Documented { read, components: openapi::components })
}

/// Tells who may call them.
pub fn admit(api: &mut Api) {
    for route in access::ROUTES {
        let scoped = |roles: &'static [CallerRole]| match route.scope {
            Some(needed) => Access::Scoped(roles.to_vec(), needed),
            None => Access::Roles(roles.to_vec()),
        };
        api.admit(route.method, route.path, route.roles.map_or(Access::Everybody, scoped));
    }
    for (method, path, roles) in access::SIGNED {
        api.admit(method, path, Access::Signed(roles.to_vec()));
    }
    for (method, path) in access::SIGN_IN {
        api.admit(method, path, Access::Everybody);
    }
    for path in access::NOTHING {
        api.pass(path);
    }
}

/// True where every failure is answered as FHIR has it.
pub fn is_fhir(path: &str) -> bool {
    ["/fhir", access::CDS_SERVICES]
        .iter()
        .any(|door| path.strip_prefix(door).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// A problem in the form of FHIR.
pub fn as_outcome(problem: &Problem, request_id: &str) -> Response {
    let status = problem.kind().status;
    let of_errors = problem.errors().iter().map(|fault| Issue::new(issue_code(fault), fault.message.clone()));
    let mut issues = vec![Issue::new(code(problem.kind().slug, status), problem.detail())];
    issues.extend(of_errors);
    let failure = Failure::new(status, issues);
    let told = |failure: Failure, (name, value): &(HeaderName, HeaderValue)| failure.with_header(name.clone(), value.clone());
    problem.headers().iter().fold(failure, told).render(Some(request_id))
}

/// The code of the value set `issue-type`.
fn code(slug: &str, status: StatusCode) -> &'static str {
    match slug {
        "unauthenticated" => "login",
        "forbidden" => "forbidden",
        "not-found" => "not-found",
        "method-not-allowed" | "unsupported-media-type" | "not-acceptable" => "not-supported",
        "payload-too-large" => "too-long",
        "too-many-requests" => "throttled",
        "conflict" | "precondition-failed" | "idempotency-key-reused" => "conflict",
        "temporarily-unavailable" => "transient",
        "request-timeout" => "timeout",
        _ if status.is_server_error() => "exception",
        _ => "invalid",
    }
}
