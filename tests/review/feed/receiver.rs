//! A plan's receiver: takes deliveries on loopback, checks their signatures, and answers as it is told.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// What a receiver answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// This status.
    Status(u16),
    /// Elsewhere.
    Redirect,
    /// Nothing, ever.
    Hang,
    /// 200, and a body without end.
    Babble,
    /// 200, and a body that never comes.
    Stall,
}

/// A delivery as it came in.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`.
    pub timestamp: i64,
    /// `webhook-signature`.
    pub signature: String,
    /// The text that was signed.
    pub text: String,
    /// The same as JSON.
    pub body: Value,
    /// What it was answered.
    pub answer: Answer,
}

#[derive(Debug)]
struct Inner {
    answer: Mutex<Answer>,
    deliveries: Mutex<Vec<Delivery>>,
    came: Notify,
}

/// A receiver that listens.
#[derive(Debug)]
pub struct Receiver {
    inner: Arc<Inner>,
    /// Where.
    pub url: String,
    _server: JoinSet<()>,
}

impl Receiver {
    /// Begins to listen on a port of its own.
    pub async fn start() -> Self {
        let inner =
            Arc::new(Inner { answer: Mutex::new(Answer::Status(204)), deliveries: Mutex::default(), came: Notify::new() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks/case-events?key=for-the-plan-only", listener.local_addr().unwrap());
        let router = Router::new().fallback(take).with_state(Arc::clone(&inner));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { inner, url, _server: server }
    }

    /// Answers so from now on.
    pub fn answers(&self, answer: Answer) {
        *self.inner.answer.lock().unwrap() = answer;
    }

    /// Everything that came so far.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.inner.deliveries.lock().unwrap().clone()
    }

    /// The items of deliveries that were answered with success.
    pub fn taken(&self) -> Vec<Value> {
        let taken = self.deliveries().into_iter().filter(|delivery| delivery.answer == Answer::Status(204));
        taken.map(|delivery| delivery.body["data"].clone()).collect()
    }

    /// Waits until so many deliveries came.
    pub async fn until(&self, count: usize) {
        while self.deliveries().len() < count {
            self.inner.came.notified().await;
        }
    }
}

async fn take(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let answer = *inner.answer.lock().unwrap();
    let delivery = Delivery {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp").parse().unwrap(),
        signature: header("webhook-signature"),
        body: serde_json::from_str(&text).unwrap(),
        text,
        answer,
    };
    inner.deliveries.lock().unwrap().push(delivery);
    inner.came.notify_one();
    match answer {
        Answer::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Answer::Redirect => (StatusCode::TEMPORARY_REDIRECT, [("location", "/elsewhere")]).into_response(),
        Answer::Hang => std::future::pending().await,
        Answer::Stall => {
            let nothing = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
            axum::body::Body::from_stream(nothing).into_response()
        }
        Answer::Babble => {
            let endless = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 1024])));
            axum::body::Body::from_stream(endless).into_response()
        }
    }
}

impl Delivery {
    /// True where one of the signatures is this secret's, checked as a receiver does.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("a secret's prefix")).unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let message = format!("{}.{}.{}", self.id, self.timestamp, self.text);
        self.signature.split(' ').filter_map(|one| one.strip_prefix("v1,")).any(|signature| {
            let signature = STANDARD.decode(signature).unwrap();
            hmac::verify(&key, message.as_bytes(), &signature).is_ok()
        })
    }
}
