//! The threads that serve requests. Each has a runtime, connections of callers and connections to the database of its own, so that a
//! request begins and ends on one thread, which wakes another only where both ask in one statement. Whoever connects goes to the thread
//! with the fewest callers. What a handler does without waiting holds up the other callers of its thread: whatever takes long is not done
//! there.

use crate::options::Outcome;
use axum::Router;
use axum::serve::Listener;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::MissedTickBehavior;

/// Less than the shortest time limit that is set for every request.
const BEAT: Duration = Duration::from_millis(100);

/// Threads that serve.
#[derive(Debug)]
pub struct Threads {
    address: SocketAddr,
    each: Vec<Thread>,
    stop: watch::Sender<bool>,
}

#[derive(Debug)]
struct Thread {
    hand: mpsc::UnboundedSender<Handed>,
    callers: Arc<AtomicUsize>,
    ended: oneshot::Receiver<()>,
}

type Handed = (std::net::TcpStream, SocketAddr, Caller);

impl Threads {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.each.len()
    }

    /// Starts one for each router. They live until the process ends: connections to the database that one opened may be in use elsewhere.
    pub fn start(address: SocketAddr, routers: Vec<Router>) -> Outcome<Self> {
        let (stop, stopped) = watch::channel(false);
        let start = |(number, router)| start(address, number, router, stopped.clone());
        let each = routers.into_iter().enumerate().map(start).collect::<io::Result<_>>()?;
        Ok(Self { address, each, stop })
    }

    /// Hands connections out for as long as it is waited for.
    pub async fn accept(&self, mut listener: TcpListener) -> Outcome<()> {
        loop {
            let (stream, peer) = Listener::accept(&mut listener).await;
            let Some(thread) = self.each.iter().min_by_key(|thread| thread.callers.load(Ordering::Relaxed)) else {
                return Err("no thread serves".into());
            };
            let caller = Caller::among(&thread.callers);
            let stream = match stream.into_std() {
                Ok(stream) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be handed over");
                    continue;
                }
            };
            if thread.hand.send((stream, peer, caller)).is_err() {
                return Err(format!("a thread that serves {} ended", self.address).into());
            }
        }
    }

    /// Lets the requests in flight finish, and waits until they have.
    pub async fn finish(self) {
        self.stop.send_replace(true);
        for thread in self.each {
            drop(thread.ended.await); // whoever ended need not say how
        }
    }
}

fn start(address: SocketAddr, number: usize, router: Router, mut stopped: watch::Receiver<bool>) -> io::Result<Thread> {
    let (hand, handed) = mpsc::unbounded_channel();
    let (end, ended) = oneshot::channel();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let serve = async move {
        let stopped = async move { drop(stopped.wait_for(|stopped| *stopped).await) };
        tokio::spawn(beat());
        let server = axum::serve(Inbox { address, handed }, router).with_graceful_shutdown(stopped);
        if let Err(error) = server.await {
            tracing::error!(%error, "a thread stopped serving");
        }
        drop(end);
        pending::<()>().await;
    };
    thread::Builder::new().name(format!("serve-{number}")).spawn(move || runtime.block_on(serve))?;
    Ok(Thread { hand, callers: Arc::default(), ended })
}

/// Lets a timer be due soon. A timer that is due before all others of its runtime costs a system call when it is set, and each request and
/// each statement sets one, which are due later than this.
async fn beat() {
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
    }
}

/// The connections handed to a thread.
struct Inbox {
    address: SocketAddr,
    handed: mpsc::UnboundedReceiver<Handed>,
}

impl Listener for Inbox {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            let Some((stream, peer, caller)) = self.handed.recv().await else { return pending().await };
            match TcpStream::from_std(stream) {
                Ok(stream) => return (Connection { stream, _caller: caller }, peer),
                Err(error) => tracing::warn!(%error, "a connection could not be taken over"),
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// One of a thread's callers, for as long as it is kept.
#[derive(Debug)]
struct Caller(Arc<AtomicUsize>);

impl Caller {
    fn among(callers: &Arc<AtomicUsize>) -> Self {
        callers.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(callers))
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A caller's connection.
#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    _caller: Caller,
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, parts: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
