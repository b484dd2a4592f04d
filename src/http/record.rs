//! The record of a request: who called what, about which case. It is kept when the handler is done and before the caller has its answer.

use super::problem::Problem;
use crate::app::accesses::{self, Handled};
use crate::app::{App, Caller, RequestId};
use crate::fhir::access;
use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode};
use uuid::Uuid;

/// POSTs that change nothing.
const READS: [&str; 14] = [
    "/v1/orders/preview",
    "/v1/orders/searches",
    "/v1/verifications",
    "/v1/eligibility-checks",
    "/v1/disclosures",
    "/fhir/Claim/$inquire",
    "/fhir/Claim/%24inquire",
    access::PACKAGE,
    access::ENCODED_PACKAGE,
    access::LOG_ERRORS,
    access::ENCODED_LOG_ERRORS,
    access::ORDER_SIGN,
    access::ORDER_SELECT,
    access::ORDER_DISPATCH,
];

/// What is known of a request before it is handled.
pub(super) struct Entry {
    caller: Caller,
    handled: Handled,
}

impl Entry {
    /// Of a request whose caller is known; what is open to everybody is about nobody.
    pub(super) fn of(request: &Request) -> Option<Self> {
        let caller = request.extensions().get::<Caller>()?.clone();
        let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
        let reads = request.method() == Method::GET || request.method() == Method::HEAD || READS.contains(&route);
        let operation = format!("{} {route}", request.method());
        let case_id = case_in(route, request.uri().path());
        Some(Self { caller, handled: Handled { request_id, operation, writes: !reads, case_id } })
    }

    /// True where the request changes something.
    pub(super) const fn writes(&self) -> bool {
        self.handled.writes
    }

    /// Writes it down.
    pub(super) async fn keep(mut self, app: &App, status: StatusCode) -> Result<(), Problem> {
        if status.is_client_error() {
            // it was read, and nothing changed
            self.handled.writes = false;
        }
        if !status.is_success() {
            // of a case that was refused nothing is told that is not noted
            self.handled.case_id = None;
        }
        Ok(accesses::keep(app, &self.caller, self.handled).await?)
    }
}

/// The case that an address names.
fn case_in(route: &str, path: &str) -> Option<Uuid> {
    let named = route.split('/').zip(path.split('/')).find(|(segment, _)| *segment == "{case_id}")?;
    named.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::case_in;
    use uuid::Uuid;

    #[test]
    fn the_case_of_an_address_is_found() {
        let id = Uuid::from_u128(7);
        assert_eq!(case_in("/v1/orders/{case_id}/history", &format!("/v1/orders/{id}/history")), Some(id));
        assert_eq!(case_in("/v1/orders/{case_id}", "/v1/orders/none"), None);
        assert_eq!(case_in("/v1/letters/{letter_id}", &format!("/v1/letters/{id}")), None);
    }
}
