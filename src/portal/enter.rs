//! Around every page: who asks, whether they may, whether their own browser meant it, how long it may take, and what browsers are told
//! about pages on which patients are named.

use super::cookie::Kept;
use super::failure::Failure;
use super::here::Portal;
use super::pages::{OnlyRead, Who};
use super::shell::{self, Shell};
use super::visitor::Visitor;
use super::{assets, cookie};
use crate::app::accesses::{self, Handled};
use crate::app::{RequestId, sessions};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;

/// Nothing is kept, framed, told to other sites or loaded from anywhere else; there is no script or style but our own files.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'",
    ),
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
];

/// Moving the clock runs every timer that is due by then.
const UNLIMITED: &str = "/sandbox/clock";

/// Documents take their time to arrive, and to be scanned.
const SLOW: &str = super::answer::UPLOAD;

/// Lets a visitor through to their page.
pub(super) async fn enter(State(portal): State<Portal>, mut request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let reading = matches!(method, Method::GET | Method::HEAD);
    let until = Instant::now() + portal.app.settings.request_timeout;
    let visitor = match held(Some(until), recognize(&portal, request.headers())).await {
        Ok(Ok(visitor)) => visitor,
        Ok(Err(failure)) | Err(failure) => return finish(&portal, None, failure.into_response()),
    };
    if !reading && !is_own(request.headers()) {
        return finish(&portal, visitor.as_ref(), Failure::foreign().into_response());
    }
    let page = portal.page(&method, &path);
    let writes = page.is_none_or(|page| !page.reads);
    match (page.map(|page| page.who), &visitor) {
        (Some(Who::SignedIn(_)), None) if reading => {
            return finish(&portal, None, Redirect::to(&super::login::address_for(request.uri().path())).into_response());
        }
        (Some(Who::SignedIn(_)), None) => return finish(&portal, None, Redirect::to("/login").into_response()),
        (Some(who), Some(visitor)) if !who.admits(visitor.caller.role) => {
            return finish(&portal, Some(visitor), Failure::not_found().into_response());
        }
        (None, _) => return finish(&portal, visitor.as_ref(), Failure::not_found().into_response()),
        _ => {}
    }
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    if let Some(visitor) = &visitor {
        if portal.app.rate_limit.take(&visitor.caller.subject).is_err() {
            let mut refused = finish(&portal, Some(visitor), Failure::too_many().into_response());
            refused.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            return refused;
        }
        request.extensions_mut().insert(visitor.clone());
    }
    let handled = Handled { request_id, operation: format!("{method} {path}"), writes, case_id: None };
    let settings = &portal.app.settings;
    let until = if path == SLOW { until + settings.upload_timeout + settings.scanner.time_limit() } else { until };
    let until = (path != UNLIMITED).then_some(until);
    let answered = handle(portal.clone(), visitor.clone(), handled, until, next.run(request));
    // what changes something goes on when its visitor goes away, so that no change is without a record
    let answered = if writes {
        tokio::spawn(answered.in_current_span()).await.unwrap_or_else(|_| Err(Failure::internal("a page was ended")))
    } else {
        answered.await
    };
    finish(&portal, visitor.as_ref(), answered.unwrap_or_else(Failure::into_response))
}

/// Answers, and has what a page shows on record before anybody sees it.
async fn handle(
    portal: Portal,
    visitor: Option<Visitor>,
    mut handled: Handled,
    until: Option<Instant>,
    page: impl Future<Output = Response>,
) -> Result<Response, Failure> {
    let response = held(until, page).await.unwrap_or_else(Failure::into_response);
    if let Some(visitor) = &visitor {
        // what was refused or only looked at was read, and nothing changed
        handled.writes &= !response.status().is_client_error() && response.extensions().get::<OnlyRead>().is_none();
        let until = Instant::now() + portal.app.settings.request_timeout;
        held(Some(until), accesses::keep(&portal.app, &visitor.caller, handled)).await??;
    }
    Ok(response)
}

/// A part of what a request needs, until then at most. Its panic is a failure like any other.
async fn held<T>(until: Option<Instant>, part: impl Future<Output = T>) -> Result<T, Failure> {
    let part = AssertUnwindSafe(part).catch_unwind();
    let ended = match until {
        Some(until) => timeout_at(until, part).await.map_err(|_| Failure::unavailable())?,
        None => part.await,
    };
    // the panic hook has written where it was
    ended.map_err(|_| Failure::internal("a page panicked"))
}

async fn recognize(portal: &Portal, headers: &HeaderMap) -> Result<Option<Visitor>, Failure> {
    let sandbox = portal.app.settings.sandbox;
    let Some(secret) = cookie::secret_of(headers, Kept::Session, sandbox) else { return Ok(None) };
    let signed_in = sessions::recognize(&portal.app, &secret).await?;
    Ok(signed_in.map(|signed_in| Visitor::new(signed_in, secret, cookie::has_keys_off(headers, sandbox))))
}

/// True where the visitor's own browser sent this from one of our pages. Browsers say where a form comes from; what does not say so is no
/// browser, or an old one, and then the origin has to be the host.
fn is_own(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return site == "same-origin";
    }
    let origin = text(header::ORIGIN).and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    origin.is_some() && origin == text(header::HOST)
}

/// Sets failures as pages, and says what holds for every page.
fn finish(portal: &Portal, visitor: Option<&Visitor>, mut response: Response) -> Response {
    if let Some(failure) = response.extensions_mut().remove::<Failure>().or_else(|| unsaid(&response)) {
        response = shell::failure(Shell::new(&portal.app, visitor, ""), &failure);
    }
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// What an address or a form that cannot be read is to a person: the libraries' own words for it are for programs.
fn unsaid(response: &Response) -> Option<Failure> {
    let is_plain = response.headers().get(header::CONTENT_TYPE).is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    (response.status().is_client_error() && is_plain).then(Failure::not_found)
}

/// What is told where there is nothing: a page to a browser that wants one, and to programs what the API says, below the addresses of the
/// API also to a browser.
pub(super) async fn nothing_here(State(portal): State<Portal>, uri: Uri, headers: HeaderMap) -> Response {
    let is_of_the_api = ["/v1", "/fhir"]
        .iter()
        .any(|door| uri.path().strip_prefix(door).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if is_of_the_api || !accepted.contains("text/html") {
        return StatusCode::NOT_FOUND.into_response();
    }
    finish(&portal, None, Failure::not_found().into_response())
}

/// The style sheet and the script, for the shell.
pub(super) fn own_files() -> (&'static str, &'static str) {
    (assets::address_of("portal.css"), assets::address_of("portal.js"))
}

#[cfg(test)]
mod tests {
    use super::is_own;
    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    fn sent(headers: &[(&'static str, &'static str)]) -> bool {
        let pair =
            |(name, value): &(&'static str, &'static str)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        is_own(&headers.iter().map(pair).collect::<HeaderMap>())
    }

    #[test]
    fn only_what_our_own_pages_sent_is_own() {
        assert!(sent(&[("sec-fetch-site", "same-origin")]));
        assert!(sent(&[("origin", "https://portal.example:8443"), ("host", "portal.example:8443")]));
        for site in ["cross-site", "same-site", "none"] {
            assert!(!sent(&[("sec-fetch-site", site), ("origin", "https://a.example"), ("host", "a.example")]), "{site}");
        }
        assert!(!sent(&[("origin", "https://evil.example"), ("host", "portal.example")]));
        assert!(!sent(&[("origin", "null"), ("host", "portal.example")]));
        assert!(!sent(&[("host", "portal.example")]));
    }
}
