//! Whoever connects: let in, served beside all the others on the threads of one runtime, and let go. What a handler does without waiting holds
//! up those whom its thread would serve meanwhile: whatever takes long is not done there.

use crate::connection::{self, Around, Doorkeeper, Limits, Seat, Stream, Tls, Unread, Watch, Wire};
use axum::Router;
use axum::serve::Listener;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio::time::{Interval, MissedTickBehavior};

/// How often connections are looked after. Less than the shortest time limit that is set for every request: a timer that is due before all
/// others of its runtime costs a system call when it is set, and each request sets some, which are due later than this.
const BEAT: Duration = Duration::from_millis(100);

/// Those who are connected.
pub struct Callers {
    router: Router,
    doorkeeper: Doorkeeper,
    manners: Manners,
    stop: watch::Sender<bool>,
    connections: JoinSet<()>,
    open: Vec<Open>,
    beats: Interval,
}

/// How connections are kept.
pub struct Manners {
    /// How long a connection may keep the service waiting.
    pub limits: Limits,
    /// What is answered to what is no request.
    pub unread: Unread,
    /// The certificate, where callers come over TLS.
    pub tls: Option<Arc<Tls>>,
}

/// An open connection.
struct Open {
    watch: Arc<Watch>,
    end: AbortHandle,
}

impl Callers {
    /// Nobody as yet.
    pub fn new(router: Router, doorkeeper: Doorkeeper, manners: Manners) -> Self {
        let mut beats = tokio::time::interval(BEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (stop, _) = watch::channel(false);
        Self { router, doorkeeper, manners, stop, connections: JoinSet::new(), open: Vec::new(), beats }
    }

    /// Serves whoever connects, for as long as it is waited for.
    pub async fn serve(&mut self, mut listener: TcpListener) {
        loop {
            tokio::select! {
                (stream, peer) = Listener::accept(&mut listener) => self.let_in(stream, peer),
                Some(ended) = self.connections.join_next() => note(&ended),
                _ = self.beats.tick() => self.let_go(false),
            }
        }
    }

    /// Lets the requests in flight finish, and waits until they have.
    pub async fn finish(mut self) {
        self.stop.send_replace(true);
        while !self.connections.is_empty() {
            tokio::select! {
                Some(ended) = self.connections.join_next() => note(&ended),
                _ = self.beats.tick() => self.let_go(true),
            }
        }
    }

    /// Begins to serve a connection, where there is room for it.
    fn let_in(&mut self, stream: TcpStream, peer: SocketAddr) {
        while let Some(ended) = self.connections.try_join_next() {
            note(&ended);
        }
        let Some(seat) = self.doorkeeper.admit(self.connections.len(), peer.ip()) else {
            return self.doorkeeper.turn_away(stream);
        };
        let caller = Caller::at(seat);
        let watch = Arc::new(Watch::new());
        let (router, stopped, seen) = (self.router.clone(), self.stop.subscribe(), Arc::clone(&watch));
        let (unread, tls) = (Arc::clone(&self.manners.unread), self.manners.tls.clone());
        let end = self.connections.spawn(async move {
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
        self.open.push(Open { watch, end });
    }

    /// Lets those go that keep the service waiting, and forgets those that have ended.
    fn let_go(&mut self, stopping: bool) {
        let crowded = self.connections.len() >= self.doorkeeper.most().saturating_mul(3).div_ceil(4);
        let limits = &self.manners.limits;
        self.open.retain(|one| {
            if one.end.is_finished() {
                return false;
            }
            let overdue = one.watch.is_overdue(limits, Around { crowded, stopping });
            if overdue {
                metrics::counter!("oncoauth_connections_timed_out_total").increment(1);
                one.end.abort();
            }
            !overdue
        });
    }
}

fn note(ended: &Result<(), JoinError>) {
    if ended.as_ref().is_err_and(JoinError::is_panic) {
        tracing::error!("a connection panicked");
    }
}

/// One of the callers, for as long as it is kept.
struct Caller {
    _seat: Seat,
}

impl Caller {
    fn at(seat: Seat) -> Self {
        metrics::gauge!("oncoauth_connections").increment(1.0);
        Self { _seat: seat }
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        metrics::gauge!("oncoauth_connections").decrement(1.0);
    }
}
