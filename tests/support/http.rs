//! The service through its router, on a database of its own.

use super::postgres::{TestDatabase, database};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use oncoauth::app::{App, Settings};
use oncoauth::clock::Clock;
use oncoauth::domain::content::Library;
use oncoauth::doors;
use oncoauth::store::Sessions;
use oncoauth::store::pool::Keeping;
use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::sync::{Arc, OnceLock};
use tower::ServiceExt as _;

/// A service whose clock stands still at 2026-11-20, 15:00 UTC.
pub struct Service {
    /// Its use cases.
    pub app: App,
    router: Router,
    database: Arc<TestDatabase>,
}

/// What the service answered.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub text: String,
    /// Body, where it may be no text.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {}: {}", self.status, self.text))
    }

    /// A header as text, empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Fails the test unless this is the problem with this slug, in the form that every problem has.
    #[track_caller]
    pub fn assert_problem(&self, status: u16, slug: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let body = self.json();
        assert_eq!(body["type"], format!("/problems/{slug}"), "{body}");
        assert_eq!(body["status"], status);
        assert!(body["title"].is_string() && body["detail"].is_string(), "{body}");
        assert_eq!(body["request_id"], self.header("x-request-id"), "{body}");
        assert!(!self.header("x-request-id").is_empty());
        body
    }
}

/// The content compiled in, loaded once a process.
pub fn library() -> Arc<Library> {
    static LIBRARY: OnceLock<Arc<Library>> = OnceLock::new();
    Arc::clone(LIBRARY.get_or_init(|| Arc::new(oncoauth::content::load_embedded().expect("sound content"))))
}

/// How the service connects.
fn options(url: &str) -> PgConnectOptions {
    oncoauth::store::connect_options(url.parse().expect("a URL of PostgreSQL"), Sessions::Own)
}

impl Service {
    /// A sandbox without rosters.
    pub async fn sandbox() -> Self {
        Self::start(Settings { sandbox: true, ..Settings::default() }).await
    }

    /// A sandbox with its demonstration rosters.
    pub async fn with_rosters() -> Self {
        let service = Self::sandbox().await;
        oncoauth::app::sandbox_rosters::load_missing(&service.app).await.expect("loading the demonstration rosters");
        service
    }

    /// A service with these settings.
    pub async fn start(settings: Settings) -> Self {
        let database = database().await;
        let pool = Keeping::default().kept(PgPoolOptions::new().max_connections(16));
        let pool = pool.connect_with(options(&database.url)).await.expect("connecting");
        let clock = Clock::frozen_at("2026-11-20T15:00:00Z".parse().expect("an instant"));
        let app = App::new(pool, library(), settings).with_clock(clock);
        Self { router: doors::router(app.clone()), app, database: Arc::new(database) }
    }

    /// Where its database is.
    pub fn database_url(&self) -> &str {
        &self.database.url
    }

    /// The same database behind another router.
    pub fn with_router(self, router: Router) -> Self {
        Self { router, ..self }
    }

    /// The same service behind another router, beside this one.
    pub fn beside(&self, router: Router) -> Self {
        Self { app: self.app.clone(), router, database: Arc::clone(&self.database) }
    }

    /// Sends a request.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("the router never fails");
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.into_body().collect().await.expect("a body").to_bytes();
        Answer { status, headers, text: String::from_utf8_lossy(&bytes).into_owned(), bytes: bytes.to_vec() }
    }

    /// Calls as the holder of this token; an empty token sends none.
    pub async fn call(&self, method: Method, path: &str, token: &str, body: Option<&Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(request.body(body).expect("a request")).await
    }

    /// Reads.
    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.call(Method::GET, path, token, None).await
    }

    /// Posts.
    pub async fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, token, Some(body)).await
    }
}
