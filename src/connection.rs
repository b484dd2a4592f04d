//! A caller's connection: HTTP/1.1 over it, for as long as it does not keep the service waiting.
//!
//! What it does is watched from outside (`watch`): whoever sends half of a request, nothing at all, or does not take its answer is let go.
//! What is no HTTP never reaches a handler; its answer is put together by the protocol's own code and replaced on its way out (`wire`),
//! so that it is a problem like every other failure.

mod addresses;
mod doorkeeper;
mod message;
mod tls;
mod watch;
mod wire;

pub use addresses::{Addresses, Seat};
pub use doorkeeper::Doorkeeper;
pub use tls::{Stream, Tls};
pub use watch::{Around, Limits, Watch};
pub use wire::{Unread, Wire};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use message::{Arriving, Leaving};
use oncoauth::http::address::Peer;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use tokio::sync::watch::Receiver;

/// The longest head of a request, in bytes.
const HEAD_AT_MOST: usize = 64 * 1024;

/// Serves a connection until either side ends it. Once `stopped` says so, what has begun is finished.
pub async fn serve(wire: Wire, router: Router, peer: IpAddr, watch: Arc<Watch>, mut stopped: Receiver<bool>) {
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        watch.begins(hyper::body::Body::is_end_stream(request.body()));
        let arriving = Arc::clone(&watch);
        let mut request: Request = request.map(|body| Body::new(Arriving::new(body, arriving)));
        request.extensions_mut().insert(Peer(peer));
        let answered = router.call(request);
        let watch = Arc::clone(&watch);
        async move { answered.await.map(|response: Response| response.map(|body| Leaving::new(body, watch))) }
    });
    let mut http = Builder::new();
    let http = http.max_buf_size(HEAD_AT_MOST).header_read_timeout(None);
    let mut connection = pin!(http.serve_connection(TokioIo::new(wire), service));
    tokio::select! {
        ended = connection.as_mut() => return note(ended),
        _ = stopped.wait_for(|stopped| *stopped) => connection.as_mut().graceful_shutdown(),
    }
    note(connection.await);
}

/// Callers go away in the middle of things all the time.
fn note(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}
