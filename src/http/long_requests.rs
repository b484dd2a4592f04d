//! Requests that may keep a processor busy for a while have threads of their own. Reading, checking, deciding and answering a large body is
//! work without a pause, and on a thread that serves it would hold up everybody whom that thread answers.

use axum::body::HttpBody as _;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use std::sync::OnceLock;
use std::thread;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tracing::Instrument as _;

/// A body that is larger, in bytes, or of which it is not told how large it is, is a long request. An order has three or four thousand.
const SHORT_AT_MOST: u64 = 32 * 1024;
/// Threads for them.
const THREADS: usize = 2;

/// True where a request may take long.
pub(super) fn is_long(request: &Request) -> bool {
    request.body().size_hint().upper().is_none_or(|bytes| bytes > SHORT_AT_MOST)
}

/// Handles a request on those threads. None where its handler panicked; whoever stops waiting ends it.
pub(super) async fn run_apart(request: Request, next: Next) -> Option<Response> {
    let Some(runtime) = runtime() else { return Some(next.run(request).await) };
    let mut handled = JoinSet::new();
    handled.spawn_on(next.run(request).in_current_span(), runtime.handle());
    handled.join_next().await?.ok()
}

/// They live as long as the process: connections to the database that were opened there may be in use elsewhere.
fn runtime() -> Option<&'static Runtime> {
    static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();
    let start = || {
        let threads = thread::available_parallelism().map_or(THREADS, |processors| (processors.get() / 2).max(THREADS));
        let runtime = Builder::new_multi_thread().worker_threads(threads).thread_name("long").enable_all().build();
        runtime.inspect_err(|error| tracing::error!(%error, "no threads for long requests: they are served with all others")).ok()
    };
    RUNTIME.get_or_init(start).as_ref()
}
