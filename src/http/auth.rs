//! Who calls, and whether their role may.
//!
//! Each operation declares its roles once, as `extensions(("x-roles" = json!([…])))` in its `#[utoipa::path]`; an operation that is
//! open to everybody says `security(())`. [`authorize`] reads both from the API description and runs before any extractor of the
//! handler, so authentication comes before media type and body, and an operation that declares nothing is open to nobody.

use super::address::{Peer, client, owner};
use super::failed_sign_ins::{Attempt, Outcome};
use super::openapi::{Access, Api};
use super::problem::Problem;
use super::problem_kinds as kinds;
use super::state::HttpState;
use crate::app;
pub use crate::app::Caller;
use crate::app::CameFrom;
use crate::app::identity::{self, Bearer};
use crate::app::smart::hooks;
use crate::app::smart::scopes::Needed;
use crate::domain::vocabulary::CallerRole;
use crate::fhir::access;
use axum::extract::{FromRequestParts, MatchedPath, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use std::net::IpAddr;

/// Finds out whether the caller's role may, and leaves the [`Caller`] for the handler.
pub async fn authorize(state: &HttpState, request: &mut Request) -> Result<(), Problem> {
    let access = access_of(&state.api, request);
    let (roles, needed) = match access {
        Access::Everybody | Access::NoSuchMethod => return Ok(()),
        Access::Roles(roles) | Access::Signed(roles) => (roles, None),
        Access::Scoped(roles, needed) => (roles, Some(*needed)),
    };
    let address = address_of(state, request);
    let path = matches!(access, Access::Signed(_)).then(|| request.uri().path());
    let caller = authenticate(state, request.headers(), address, path).await?;
    if !roles.contains(&caller.role) {
        return Err(Problem::forbidden(refusal(caller.role, roles)));
    }
    check_scopes(&caller, needed)?;
    state.app.rate_limit.take(&caller.subject).map_err(too_many)?;
    request.extensions_mut().insert(caller);
    Ok(())
}

/// A token that was given for scopes is good for nothing else.
fn check_scopes(caller: &Caller, needed: Option<Needed>) -> Result<(), Problem> {
    let Some(scopes) = &caller.scopes else { return Ok(()) };
    if needed.is_some_and(|needed| scopes.allow(needed)) {
        return Ok(());
    }
    let given = scopes.texts().join(" ");
    let detail = match needed {
        Some(needed) => format!("this needs a token of the scope {needed}; this one has {given}"),
        None => format!("this token is good for what its scopes say, below /fhir: {given}"),
    };
    let challenge = HeaderValue::from_static(r#"Bearer error="insufficient_scope""#);
    Err(Problem::forbidden(detail).with_header(header::WWW_AUTHENTICATE, challenge))
}

fn too_many(per_second: u32) -> Problem {
    Problem::new(&kinds::TOO_MANY_REQUESTS, format!("more than {per_second} requests a second"))
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}

/// Holds an address to its limits, whoever calls from it and whatever for; health checks come often and cost nothing. Where something is sent
/// that strangers could guess, or sign themselves, the answer has to be noted ([`note`]).
pub fn hold_to_limit(state: &HttpState, request: &mut Request) -> Result<Option<Attempt>, Problem> {
    let (method, path) = (request.method(), request.uri().path());
    let registers = method == Method::POST && matches!(path, "/v1/registrations" | "/register");
    let guesses = could_be_guessing(method, path);
    let counts = state.limits.of_address.is_set() && !matches!(path, "/healthz" | "/readyz");
    if !registers && !guesses && !counts {
        return Ok(None);
    }
    let address = address_of(state, request);
    if registers {
        if let Some(address) = address
            && let Err(an_hour) = state.limits.registrations.take(&address.to_string())
        {
            let detail = format!("more than {an_hour} registrations an hour came from this address");
            let refused = Problem::new(&kinds::TOO_MANY_REQUESTS, detail);
            return Err(refused.with_header(header::RETRY_AFTER, HeaderValue::from_static("600")));
        }
        request.extensions_mut().insert(CameFrom(address));
    }
    if let Some(address) = address.filter(|_| counts) {
        state.limits.of_address.take(&address.to_string()).map_err(too_many)?;
    }
    if !guesses {
        return Ok(None);
    }
    // each attempt is one of its own: what works once is no token that works on
    let attempt = state.app.ids.uuid(state.app.clock.now()).to_string();
    state.limits.failed_sign_ins.admit(address, &attempt).map(Some)
}

/// True for assertions of systems, and for codes of mails.
fn could_be_guessing(method: &Method, path: &str) -> bool {
    let is_code = |rest: &str| rest.split('/').count() == 2;
    let confirms = path.strip_prefix("/v1/registrations/").is_some_and(|rest| rest.ends_with("/email-confirmations"));
    let (asks, reads) = (method == Method::POST, matches!(*method, Method::GET | Method::HEAD));
    (asks && (path == access::TOKEN || confirms)) || ((asks || reads) && path.strip_prefix("/register/").is_some_and(is_code))
}

/// Notes what became of an attempt: one that was refused because nobody is known by it counts as a token that does not work.
pub fn note(state: &HttpState, attempt: Attempt, status: StatusCode) {
    let failed = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND);
    state.limits.failed_sign_ins.note(attempt, if failed { Outcome::Failed } else { Outcome::Unknown });
}

/// Whose limits count.
fn address_of(state: &HttpState, request: &Request) -> Option<IpAddr> {
    let peer = request.extensions().get::<Peer>().copied();
    client(peer, request.headers(), &state.app.settings.trusted_proxies).map(owner)
}

fn access_of<'a>(api: &'a Api, request: &Request) -> &'a Access {
    let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    api.access(method, path)
}

fn refusal(role: CallerRole, roles: &[CallerRole]) -> String {
    let allowed: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
    format!("the role {role} may not do this; allowed: {}", allowed.join(", "))
}

/// Who calls. `signed_for` is the address of a call that a system may have signed a token for.
async fn authenticate(
    state: &HttpState,
    headers: &HeaderMap,
    address: Option<IpAddr>,
    signed_for: Option<&str>,
) -> Result<Caller, Problem> {
    let mut told = headers.get_all(header::AUTHORIZATION).iter();
    let header = told.next().ok_or_else(|| Problem::unauthenticated("this call needs `Authorization: Bearer <token>`"))?;
    if told.next().is_some() {
        return Err(Problem::new(&kinds::BAD_REQUEST, "there is more than one Authorization header"));
    }
    let token = header
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .filter(|token| !token.is_empty())
        .ok_or_else(|| Problem::unauthenticated("the Authorization header does not read `Bearer <token>`"))?;
    let limit = &state.limits.failed_sign_ins;
    let attempt = limit.admit(address, token)?;
    let caller = recognize(&state.app, token, signed_for).await;
    let outcome = match &caller {
        Ok(Bearer::Known(_) | Bearer::WithoutRole(_)) => Outcome::Worked,
        Ok(Bearer::Unknown) => Outcome::Failed,
        Err(_) => Outcome::Unknown,
    };
    limit.note(attempt, outcome);
    match caller? {
        Bearer::Known(caller) => Ok(caller),
        Bearer::WithoutRole(why) => Err(Problem::forbidden(format!("the token is valid and may do nothing here: {why}"))),
        Bearer::Unknown => {
            Err(Problem::unauthenticated("this token was not issued for this service, has expired or was revoked"))
        }
    }
}

/// Whose token it is: one that was issued here, one that a system signed for this call, or one that a provider signed.
async fn recognize(app: &app::App, token: &str, signed_for: Option<&str>) -> app::Result<Bearer> {
    if identity::is_signed(token) {
        if let Some(path) = signed_for
            && let Some(caller) = hooks::caller_of(app, token, path).await?
        {
            return Ok(Bearer::Known(caller));
        }
        return Box::pin(identity::recognize(app, token)).await;
    }
    Ok(app::tokens::authenticate(app, token).await?.map_or(Bearer::Unknown, Bearer::Known))
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::unauthenticated("this call needs a token"))
    }
}
