//! Signing in and out. In a sandbox one picks a person; elsewhere nobody can sign in here yet, and the page says so.

use super::cookie;
use super::failure::Failure;
use super::fields::Fields;
use super::pages::{EVERY_ROLE, Pages, Who};
use super::shell::{Shell, page};
use super::visitor::Visitor;
use crate::app::sandbox::{PEOPLE, Person};
use crate::app::{App, sessions};
use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

pub(super) fn pages(pages: Pages, sandbox: bool) -> Pages {
    let pages = pages.get("/login", Who::Everybody, show).post("/logout", Who::SignedIn(EVERY_ROLE), sign_out).post(
        "/logout/everywhere",
        Who::SignedIn(EVERY_ROLE),
        sign_out_everywhere,
    );
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
    then: &'a str,
}

async fn show(State(app): State<App>, visitor: Option<Visitor>, wanted: Asked) -> Result<Response, Failure> {
    // an address that cannot be read leads to the first page
    let then = wanted.ok().and_then(|Query(wanted)| wanted.then);
    let people: &[Person] = if app.settings.sandbox { &PEOPLE } else { &[] };
    page(&LoginPage { shell: Shell::new(&app, visitor.as_ref(), "/login"), people, then: destination(then.as_deref()) })
}

/// Whoever signs in anew ends what the browser kept before, so that nothing planted there comes to life.
async fn sign_in(State(app): State<App>, headers: HeaderMap, fields: Fields) -> Result<Response, Failure> {
    let person = fields.text("person").unwrap_or_default();
    let secret = sessions::sign_in_to_sandbox(&app, person).await?.ok_or_else(Failure::not_found)?;
    let sandbox = app.settings.sandbox;
    if let Some(before) = cookie::secret_of(&headers, sandbox) {
        sessions::sign_out(&app, &before).await?;
    }
    let mut response = Redirect::to(destination(fields.text("then"))).into_response();
    cookie::keep(response.headers_mut(), &secret, sandbox);
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
    cookie::forget(response.headers_mut(), app.settings.sandbox);
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
