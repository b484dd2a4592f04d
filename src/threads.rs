//! The threads that serve requests. Each has a runtime, connections of callers and connections to the database of its own, so that a
//! request begins and ends on one thread, which wakes another only where both ask in one statement. Whoever connects goes to the thread
//! with the fewest callers. What a handler does without waiting holds up the other callers of its thread: whatever takes long is not done
//! there.

use crate::connection::{self, Around, Doorkeeper, Limits, Seat, Stream, Tls, Unread, Watch, Wire};
use crate::options::Outcome;
use axum::Router;
use axum::serve::Listener;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Interval, MissedTickBehavior};

/// Less than the shortest time limit that is set for every request. A timer that is due before all others of its runtime costs a system
/// call when it is set, and each request and each statement sets one, which are due later than this.
const BEAT: Duration = Duration::from_millis(100);

/// Threads that serve.
pub struct Threads {
    address: SocketAddr,
    each: Vec<Thread>,
    doorkeeper: Doorkeeper,
    stop: watch::Sender<bool>,
}

struct Thread {
    hand: mpsc::UnboundedSender<Handed>,
    callers: Arc<AtomicUsize>,
    ended: oneshot::Receiver<()>,
}

type Handed = (std::net::TcpStream, SocketAddr, Caller);

/// What connections of all threads have in common.
#[derive(Clone)]
pub struct Manners {
    /// How long a connection may keep the service waiting.
    pub limits: Limits,
    /// What is answered to what is no request.
    pub unread: Unread,
    /// The certificate, where callers come over TLS.
    pub tls: Option<Arc<Tls>>,
}

impl Threads {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.each.len()
    }

    /// Starts one for each router. They live until the process ends: connections to the database that one opened may be in use elsewhere.
    pub fn start(address: SocketAddr, routers: Vec<Router>, doorkeeper: Doorkeeper, manners: &Manners) -> Outcome<Self> {
        let (stop, stopped) = watch::channel(false);
        let crowded = (doorkeeper.most() / routers.len().max(1)).saturating_mul(3).div_ceil(4);
        let start = |(number, router)| {
            let (hand, handed) = mpsc::unbounded_channel();
            let callers = Arc::default();
            let serving =
                Serving { router, manners: manners.clone(), stopped: stopped.clone(), callers: Arc::clone(&callers), crowded };
            Ok(Thread { hand, callers, ended: serving.start(number, handed)? })
        };
        let each = routers.into_iter().enumerate().map(start).collect::<io::Result<_>>()?;
        Ok(Self { address, each, doorkeeper, stop })
    }

    /// Hands connections out for as long as it is waited for.
    pub async fn accept(&self, mut listener: TcpListener) -> Outcome<()> {
        loop {
            let (stream, peer) = Listener::accept(&mut listener).await;
            let open = |thread: &Thread| thread.callers.load(Ordering::Relaxed);
            let Some(seat) = self.doorkeeper.admit(self.each.iter().map(open).sum(), peer.ip()) else {
                self.doorkeeper.turn_away(stream);
                continue;
            };
            let Some(thread) = self.each.iter().min_by_key(|thread| open(thread)) else {
                return Err("no thread serves".into());
            };
            let caller = Caller::among(&thread.callers, seat);
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

/// What a thread serves with.
struct Serving {
    router: Router,
    manners: Manners,
    stopped: watch::Receiver<bool>,
    callers: Arc<AtomicUsize>,
    /// With so many callers the thread is crowded.
    crowded: usize,
}

impl Serving {
    fn start(self, number: usize, handed: mpsc::UnboundedReceiver<Handed>) -> io::Result<oneshot::Receiver<()>> {
        let (end, ended) = oneshot::channel();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let serve = async move {
            self.serve(handed).await;
            drop(end);
            beat(&mut beats()).await;
        };
        thread::Builder::new().name(format!("serve-{number}")).spawn(move || runtime.block_on(serve))?;
        Ok(ended)
    }

    /// Serves until it is told to stop, and then those who have begun.
    async fn serve(self, mut handed: mpsc::UnboundedReceiver<Handed>) {
        let mut connections = JoinSet::new();
        let mut open = Vec::new();
        let mut beats = beats();
        let mut stopped = self.stopped.clone();
        loop {
            tokio::select! {
                one = handed.recv() => match one {
                    Some(one) => open.extend(self.take_over(one, &mut connections)),
                    None => break,
                },
                Some(ended) = connections.join_next(), if !connections.is_empty() => note(&ended),
                _ = beats.tick() => self.let_go(&mut open, false),
                _ = stopped.wait_for(|stopped| *stopped) => break,
            }
        }
        drop(handed); // whoever was handed over and not taken over finds the connection closed
        while !connections.is_empty() {
            tokio::select! {
                Some(ended) = connections.join_next() => note(&ended),
                _ = beats.tick() => self.let_go(&mut open, true),
            }
        }
    }

    /// Begins to serve a connection.
    fn take_over(&self, (stream, peer, caller): Handed, connections: &mut JoinSet<()>) -> Option<Open> {
        let stream = TcpStream::from_std(stream)
            .inspect_err(|error| tracing::warn!(%error, "a connection could not be taken over"))
            .ok()?;
        let watch = Arc::new(Watch::new());
        let (router, stopped, seen) = (self.router.clone(), self.stopped.clone(), Arc::clone(&watch));
        let Manners { unread, tls, .. } = self.manners.clone();
        let end = connections.spawn(async move {
            let stream = match tls {
                None => Stream::Plain(stream),
                // whoever is slow about it is let go like anybody who does not send a request
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => stream,
                    Err(error) => return tracing::debug!(%error, "a caller did not come to terms over TLS"),
                },
            };
            let wire = Wire::new(stream, Arc::clone(&seen), unread);
            connection::serve(wire, router, peer.ip(), seen, stopped).await;
            drop(caller);
        });
        Some(Open { watch, end })
    }

    /// Lets those go that keep the service waiting, and forgets those that have ended.
    fn let_go(&self, open: &mut Vec<Open>, stopping: bool) {
        let around = Around { crowded: self.callers.load(Ordering::Relaxed) >= self.crowded, stopping };
        open.retain(|one| {
            if one.end.is_finished() {
                return false;
            }
            let overdue = one.watch.is_overdue(&self.manners.limits, around);
            if overdue {
                metrics::counter!("oncoauth_connections_timed_out_total").increment(1);
                one.end.abort();
            }
            !overdue
        });
    }
}

/// An open connection.
struct Open {
    watch: Arc<Watch>,
    end: AbortHandle,
}

fn note(ended: &Result<(), tokio::task::JoinError>) {
    if ended.as_ref().is_err_and(tokio::task::JoinError::is_panic) {
        tracing::error!("a connection panicked");
    }
}

fn beats() -> Interval {
    let mut beats = tokio::time::interval(BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beats
}

/// Keeps the runtime going: connections to the database that were opened here may be in use elsewhere.
async fn beat(beats: &mut Interval) {
    loop {
        beats.tick().await;
    }
}

/// One of a thread's callers, for as long as it is kept.
#[derive(Debug)]
struct Caller {
    callers: Arc<AtomicUsize>,
    _seat: Seat,
}

impl Caller {
    fn among(callers: &Arc<AtomicUsize>, seat: Seat) -> Self {
        callers.fetch_add(1, Ordering::Relaxed);
        metrics::gauge!("oncoauth_connections").increment(1.0);
        Self { callers: Arc::clone(callers), _seat: seat }
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.callers.fetch_sub(1, Ordering::Relaxed);
        metrics::gauge!("oncoauth_connections").decrement(1.0);
    }
}
