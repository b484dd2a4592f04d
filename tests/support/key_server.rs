//! A system's server for its public keys: answers on loopback with what each test gives it, and counts who asks.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

#[derive(Debug)]
struct Inner {
    status: u16,
    body: String,
    asked: usize,
}

/// A server that listens.
#[derive(Debug)]
pub struct KeyServer {
    inner: Arc<Mutex<Inner>>,
    /// Where.
    pub url: String,
    _server: JoinSet<()>,
}

impl KeyServer {
    /// Begins to listen on a port of its own.
    pub async fn start(body: String) -> Self {
        let inner = Arc::new(Mutex::new(Inner { status: 200, body, asked: 0 }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/jwks.json", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&inner));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { inner, url, _server: server }
    }

    /// Answers so from now on; a status from 300 to 399 leads elsewhere.
    pub fn answers(&self, status: u16, body: String) {
        let mut inner = self.inner.lock().expect("a lock");
        (inner.status, inner.body) = (status, body);
    }

    /// How often somebody asked.
    pub fn asked(&self) -> usize {
        self.inner.lock().expect("a lock").asked
    }
}

async fn answer(State(inner): State<Arc<Mutex<Inner>>>, uri: Uri) -> Response {
    assert_eq!(uri.path(), "/jwks.json", "redirects are not followed");
    let (status, body) = {
        let mut inner = inner.lock().expect("a lock");
        inner.asked += 1;
        (StatusCode::from_u16(inner.status).expect("a status"), inner.body.clone())
    };
    if status.is_redirection() { (status, [("location", "/elsewhere")]).into_response() } else { (status, body).into_response() }
}
