//! The bytes of a connection.
//!
//! The protocol's own code answers what is no HTTP by a status and nothing else. Such an answer is known by its time: it leaves while no
//! handler has anything to say. It is kept back, and a problem is sent in its place.

use super::tls::Stream;
use super::watch::Watch;
use axum::http::StatusCode;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Puts together the answer to what could not be read as a request, all of its bytes.
pub type Unread = Arc<dyn Fn(StatusCode) -> Vec<u8> + Send + Sync>;

/// So much is read of what a refused caller goes on to send, in bytes, so that it can read its answer.
const READ_IN_PARTING: usize = 4 * 1024 * 1024;

/// The bytes of a connection.
pub struct Wire {
    stream: Stream,
    watch: Arc<Watch>,
    unread: Unread,
    /// A problem on its way out, and how much of it has left.
    own: Option<(Vec<u8>, usize)>,
    /// The first line of the request that is coming has come to its end.
    line_ended: bool,
    /// Nothing more is sent, and so much was read since.
    parted: Option<usize>,
}

impl Wire {
    /// Over this connection.
    pub fn new(stream: Stream, watch: Arc<Watch>, unread: Unread) -> Self {
        Self { stream, watch, unread, own: None, line_ended: false, parted: None }
    }

    /// Sends the problem in place of what the protocol's code has to say, which is `instead` bytes long.
    fn poll_own(&mut self, head: &[u8], instead: usize, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let (bytes, sent) = self.own.get_or_insert_with(|| {
            self.watch.parts();
            (status(head, self.line_ended).map_or_else(|| head.to_vec(), |status| (self.unread)(status)), 0)
        });
        while let Some(rest) = bytes.get(*sent..).filter(|rest| !rest.is_empty()) {
            *sent += ready!(Pin::new(&mut self.stream).poll_write(cx, rest))?;
        }
        self.own = None;
        Poll::Ready(Ok(instead))
    }

    fn note<T>(&self, polled: &Poll<T>) {
        if polled.is_pending() { self.watch.is_stuck() } else { self.watch.moves() }
    }
}

/// The status that the protocol's code answers. A head that is too long while its first line has not ended has too long an address.
fn status(head: &[u8], line_ended: bool) -> Option<StatusCode> {
    let status = StatusCode::from_bytes(head.strip_prefix(b"HTTP/1.")?.get(2..5)?).ok()?;
    let too_long = status == StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE && !line_ended;
    Some(if too_long { StatusCode::URI_TOO_LONG } else { status })
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let received = buffer.filled().get(before..).unwrap_or_default();
        if !received.is_empty() && self.watch.received() && !self.line_ended {
            self.line_ended = received.contains(&b'\n');
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = if self.watch.is_of_a_handler() {
            self.line_ended = false; // of the next request
            Pin::new(&mut self.stream).poll_write(cx, bytes)
        } else {
            self.poll_own(bytes, bytes.len(), cx)
        };
        self.note(&polled);
        polled
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let polled = if self.watch.is_of_a_handler() {
            self.line_ended = false;
            Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
        } else {
            let head = parts.iter().find(|part| !part.is_empty()).map(|part| &**part).unwrap_or_default();
            self.poll_own(head, parts.iter().map(|part| part.len()).sum(), cx)
        };
        self.note(&polled);
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.watch.has_left();
        Poll::Ready(Ok(()))
    }

    /// A caller that is still sending loses its answer when the connection is closed. It is read on for a moment.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.parted.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            if !self.watch.may_be_sending() {
                return Poll::Ready(Ok(()));
            }
            self.watch.parts();
            self.parted = Some(0);
        }
        let mut bytes = [0; 4096];
        while self.parted.is_some_and(|read| read < READ_IN_PARTING) {
            let mut buffer = ReadBuf::new(&mut bytes);
            let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer));
            let more = buffer.filled().len();
            if read.is_err() || more == 0 {
                break;
            }
            self.parted = self.parted.map(|before| before + more);
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::status;

    #[test]
    fn a_status_is_read_from_a_head_and_nothing_else() {
        let told = |head: &str, line_ended| status(head.as_bytes(), line_ended).map(|status| status.as_u16());
        assert_eq!(told("HTTP/1.1 400 Bad Request\r\n", true), Some(400));
        assert_eq!(told("HTTP/1.0 414 URI Too Long\r\n", true), Some(414));
        assert_eq!(told("HTTP/1.1 431 Request Header Fields Too Large\r\n", true), Some(431));
        assert_eq!(told("HTTP/1.1 431 Request Header Fields Too Large\r\n", false), Some(414));
        assert_eq!(told("HTTP/1.1 ", true), None);
        assert_eq!(told("{\"a\": 400}", true), None);
    }
}
