//! Signing in and out: at an OpenID provider, and in a sandbox also by picking a person. Where there is neither, the page says so.

use super::cookie::{self, Kept};
use super::failure::Failure;
use super::fields::Fields;
use super::pages::{EVERY_ROLE, Pages, Who};
use super::shell::{Shell, page};
use super::visitor::Visitor;
use crate::app::identity::{self, Came, NotIn, Outcome};
use crate::app::sandbox::{PEOPLE, Person};
use crate::app::{App, sessions};
use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

pub(super) fn pages(pages: Pages, sandbox: bool) -> Pages {
    let pages = pages
        .get("/login", Who::Everybody, show)
        .get("/login/{provider}", Who::Everybody, leave)
        .get("/login/{provider}/callback", Who::Everybody, come_back)
        .post("/logout", Who::SignedIn(EVERY_ROLE), sign_out)
        .post("/logout/everywhere", Who::SignedIn(EVERY_ROLE), sign_out_everywhere);
    if sandbox { pages.post("/login", Who::Everybody, sign_in) } else { pages }
}

/// Where one signs in to get to this page.
pub(super) fn address_for(path: &str) -> String {
    if path == "/" {
        return "/login".to_owned();
    }
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("then", path).finish();
    format!("/login?{query}")
}

/// Where one wanted to go: one of our own pages, never another site.
fn destination(then: Option<&str>) -> &str {
    let own = |path: &&str| {
        path.starts_with('/')
            && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'.'))
            && !path.contains("//")
            && !path.contains("..")
    };
    then.filter(own).unwrap_or("/")
}

#[derive(Debug, Deserialize)]
struct Wanted {
    then: Option<String>,
}

/// What the address says, where it can be read.
type Asked = Result<Query<Wanted>, QueryRejection>;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    shell: Shell,
    people: &'static [Person],
    providers: Vec<Provider<'a>>,
    registers: bool,
    then: &'a str,
}

/// Where one may sign in.
struct Provider<'a> {
    title: &'a str,
    address: String,
}

async fn show(State(app): State<App>, visitor: Option<Visitor>, wanted: Asked) -> Result<Response, Failure> {
    // an address that cannot be read leads to the first page
    let then = wanted.ok().and_then(|Query(wanted)| wanted.then);
    let people: &[Person] = if app.settings.sandbox { &PEOPLE } else { &[] };
    let then = destination(then.as_deref());
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("then", then).finish();
    let address = |name: &str| if then == "/" { format!("/login/{name}") } else { format!("/login/{name}?{query}") };
    let providers = app.authorities.titles().map(|(name, title)| Provider { title, address: address(name) }).collect();
    let registers = !app.settings.mailer.is_missing();
    page(&LoginPage { shell: Shell::new(&app, visitor.as_ref(), "/login"), people, providers, registers, then })
}

/// Sends the browser to a provider, with what it alone can come back with.
async fn leave(State(app): State<App>, Path(provider): Path<String>, wanted: Asked) -> Result<Response, Failure> {
    let then = wanted.ok().and_then(|Query(wanted)| wanted.then);
    let begun = identity::begin(&app, &provider, destination(then.as_deref())).await?.ok_or_else(Failure::not_found)?;
    let mut response = Redirect::to(&begun.address).into_response();
    cookie::keep(response.headers_mut(), Kept::SignIn, &begun.secret, app.settings.sandbox);
    Ok(response)
}

/// What a provider sends a browser back with.
#[derive(Debug, Default, Deserialize)]
struct Back {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
}

#[derive(Template)]
#[template(path = "not_signed_in.html")]
struct NotSignedInPage {
    shell: Shell,
    title: &'static str,
    text: &'static str,
    why: &'static str,
}

/// Somebody comes back. Whoever signs in anew ends what the browser kept before, so that nothing planted there comes to life.
async fn come_back(
    State(app): State<App>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    visitor: Option<Visitor>,
    back: Result<Query<Back>, QueryRejection>,
) -> Result<Response, Failure> {
    let sandbox = app.settings.sandbox;
    let Query(back) = back.unwrap_or_default();
    let secret = cookie::secret_of(&headers, Kept::SignIn, sandbox);
    let came =
        Came { secret: secret.as_deref(), state: back.state.as_deref(), code: back.code.as_deref(), issuer: back.iss.as_deref() };
    match identity::complete(&app, &provider, came).await?.ok_or_else(Failure::not_found)? {
        Outcome::In { secret, then } => {
            if let Some(before) = visitor {
                sessions::sign_out(&app, &before.secret).await?;
            }
            let mut response = Redirect::to(destination(Some(&then))).into_response();
            cookie::keep(response.headers_mut(), Kept::Session, &secret, sandbox);
            cookie::forget(response.headers_mut(), Kept::SignIn, sandbox);
            Ok(response)
        }
        Outcome::Not(why) => {
            let mut response = not_signed_in(Shell::new(&app, visitor.as_ref(), "/login"), why)?;
            if why != NotIn::NotBegunHere {
                cookie::forget(response.headers_mut(), Kept::SignIn, sandbox);
            }
            Ok(response)
        }
    }
}

/// Why nobody is signed in, with what to do about it.
fn not_signed_in(shell: Shell, outcome: NotIn) -> Result<Response, Failure> {
    let (status, title, text, why) = match outcome {
        NotIn::NotBegunHere => (
            StatusCode::BAD_REQUEST,
            "Sign in once more",
            "This sign-in was not begun in this browser, has been used, or took longer than ten minutes. Nobody was signed in by it.",
            "",
        ),
        NotIn::Declined => (StatusCode::FORBIDDEN, "Not signed in", "The sign-in was not finished at the provider.", ""),
        NotIn::NotBelieved => (
            StatusCode::FORBIDDEN,
            "Not signed in",
            "What the provider answered could not be verified, so nobody was signed in. Try again; if it happens again, tell the \
             administrator when.",
            "",
        ),
        NotIn::WithoutRole(why) => (
            StatusCode::FORBIDDEN,
            "You have no access here",
            "Your provider knows you, but this service has not been told what you may do. Ask whoever runs your organization's sign-in.",
            why,
        ),
    };
    let mut response = page(&NotSignedInPage { shell, title, text, why })?;
    *response.status_mut() = status;
    Ok(response)
}

/// Whoever signs in anew ends what the browser kept before, so that nothing planted there comes to life.
async fn sign_in(State(app): State<App>, headers: HeaderMap, fields: Fields) -> Result<Response, Failure> {
    let person = fields.text("person").unwrap_or_default();
    let secret = sessions::sign_in_to_sandbox(&app, person).await?.ok_or_else(Failure::not_found)?;
    let sandbox = app.settings.sandbox;
    if let Some(before) = cookie::secret_of(&headers, Kept::Session, sandbox) {
        sessions::sign_out(&app, &before).await?;
    }
    let mut response = Redirect::to(destination(fields.text("then"))).into_response();
    cookie::keep(response.headers_mut(), Kept::Session, &secret, sandbox);
    Ok(response)
}

async fn sign_out(State(app): State<App>, visitor: Visitor) -> Result<Response, Failure> {
    sessions::sign_out(&app, &visitor.secret).await?;
    Ok(gone(&app))
}

async fn sign_out_everywhere(State(app): State<App>, visitor: Visitor) -> Result<Response, Failure> {
    sessions::sign_out_everywhere(&app, &visitor.caller).await?;
    Ok(gone(&app))
}

fn gone(app: &App) -> Response {
    let mut response = Redirect::to("/").into_response();
    cookie::forget(response.headers_mut(), Kept::Session, app.settings.sandbox);
    response
}

#[cfg(test)]
mod tests {
    use super::{address_for, destination};

    #[test]
    fn signing_in_leads_to_our_own_pages_only() {
        assert_eq!(destination(Some("/cases/0196-a")), "/cases/0196-a");
        assert_eq!(destination(Some("/cases/0196-a/summary.pdf")), "/cases/0196-a/summary.pdf");
        for foreign in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/a?b",
            "/.//evil.example",
            "/../a",
            "javascript:alert(1)",
            "",
        ] {
            assert_eq!(destination(Some(foreign)), "/", "{foreign}");
        }
        assert_eq!(address_for("/verify"), "/login?then=%2Fverify");
        assert_eq!(address_for("/"), "/login");
    }
}
