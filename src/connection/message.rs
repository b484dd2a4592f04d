//! Bodies that tell the watch how far they are.

use super::watch::Watch;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// The body of a request.
#[derive(Debug)]
pub struct Arriving {
    body: Incoming,
    watch: Arc<Watch>,
}

impl Arriving {
    /// A body that has yet to be read.
    pub const fn new(body: Incoming, watch: Arc<Watch>) -> Self {
        Self { body, watch }
    }
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if polled.is_pending() {
            self.watch.waits_for_body();
        }
        let frame = ready!(polled);
        self.watch.waits_no_longer();
        if frame.is_none() || self.body.is_end_stream() {
            self.watch.has_read_all();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        self.watch.waits_no_longer();
    }
}

/// The body of an answer.
#[derive(Debug)]
pub struct Leaving {
    body: Body,
    watch: Arc<Watch>,
}

impl Leaving {
    /// A body that has yet to be sent.
    pub const fn new(body: Body, watch: Arc<Watch>) -> Self {
        Self { body, watch }
    }
}

impl HttpBody for Leaving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Leaving {
    /// It is let go when all of it was handed over.
    fn drop(&mut self) {
        self.watch.is_answered();
    }
}
