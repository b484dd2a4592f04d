//! A subscriber's receiver: takes what it is sent on loopback, with its headers, and answers as it is told.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Something that was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Value,
    /// What it was answered.
    pub status: u16,
}

#[derive(Debug)]
struct Inner {
    status: Mutex<u16>,
    sent: Mutex<Vec<Sent>>,
}

/// A receiver that listens.
#[derive(Debug)]
pub struct Hook {
    inner: Arc<Inner>,
    /// Where.
    pub url: String,
    _server: JoinSet<()>,
}

impl Hook {
    /// Begins to listen on a port of its own.
    pub async fn start() -> Self {
        let inner = Arc::new(Inner { status: Mutex::new(200), sent: Mutex::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(take).with_state(Arc::clone(&inner));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { inner, url, _server: server }
    }

    /// Answers with this status from now on; one of 300 and more leads elsewhere.
    pub fn answers(&self, status: u16) {
        *self.inner.status.lock().expect("a lock") = status;
    }

    /// Everything that came so far.
    pub fn sent(&self) -> Vec<Sent> {
        self.inner.sent.lock().expect("a lock").clone()
    }
}

async fn take(State(inner): State<Arc<Inner>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let status = *inner.status.lock().expect("a lock");
    assert_eq!(uri.path(), "/hook", "redirects are not followed");
    let body = serde_json::from_slice(&body).expect("JSON");
    inner.sent.lock().expect("a lock").push(Sent { headers, body, status });
    let code = StatusCode::from_u16(status).expect("a status");
    if code.is_redirection() { (code, [("location", "/elsewhere")]).into_response() } else { code.into_response() }
}
