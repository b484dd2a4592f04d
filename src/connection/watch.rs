//! What a connection is at, and whether it has kept the service waiting for too long.
//!
//! Connections set no timers: setting one for each request would cost more than the request's own protocol. Whoever serves looks at all of
//! them now and then.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// How long a connection may keep the service waiting.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For the head of a request, and for the first byte of a new connection.
    pub head: Duration,
    /// The same, where most of the connections that there may be are taken.
    pub head_crowded: Duration,
    /// For the next request.
    pub keep_alive: Duration,
    /// For the next request, where most of the connections that there may be are taken.
    pub keep_alive_crowded: Duration,
    /// For the next piece of a body. Handlers are less patient and say so; this is for those that do not read on.
    pub body: Duration,
    /// For the caller to take the next piece of its answer.
    pub answer: Duration,
    /// For the rest of an answer to leave, once all of it was handed over.
    pub leaving: Duration,
    /// For a caller that was refused to read why.
    pub parting: Duration,
    /// For what has begun to arrive, once the service stops.
    pub stopping: Duration,
}

impl Limits {
    /// With these for the head of a request and for the next request.
    pub const fn new(head: Duration, keep_alive: Duration) -> Self {
        Self {
            head,
            head_crowded: Duration::from_secs(2),
            keep_alive,
            keep_alive_crowded: Duration::from_secs(1),
            body: Duration::from_secs(30),
            answer: Duration::from_mins(1),
            leaving: Duration::from_mins(5),
            parting: Duration::from_secs(2),
            stopping: Duration::from_secs(2),
        }
    }
}

/// How it is around a connection.
#[derive(Debug, Clone, Copy, Default)]
pub struct Around {
    /// Most of the connections that there may be are taken.
    pub crowded: bool,
    /// The service stops.
    pub stopping: bool,
}

/// The head of a request is awaited or has begun to arrive.
const HEAD: u8 = 0;
/// A request is being handled; its body may still arrive, its answer still leave.
const HANDLING: u8 = 1;
/// The answer is complete, and not all of it has left.
const ANSWERED: u8 = 2;
/// Everything is answered.
const IDLE: u8 = 3;
/// Refused; the caller may read why.
const PARTING: u8 = 4;

/// One connection, as seen from outside. Times are milliseconds, and zero is none.
#[derive(Debug)]
pub struct Watch {
    phase: AtomicU8,
    since: AtomicU64,
    /// Since when a handler waits for a piece of the body.
    body: AtomicU64,
    /// Since when the caller takes nothing.
    stuck: AtomicU64,
    /// Part of a body has not been read.
    unread: AtomicBool,
}

impl Watch {
    /// A connection that was just made.
    pub fn new() -> Self {
        Self {
            phase: AtomicU8::new(HEAD),
            since: AtomicU64::new(now()),
            body: AtomicU64::new(0),
            stuck: AtomicU64::new(0),
            unread: AtomicBool::new(false),
        }
    }

    /// Something came. True where it belongs to the head of a request.
    pub fn received(&self) -> bool {
        if self.phase.load(Relaxed) == IDLE {
            self.enter(HEAD);
        }
        self.phase.load(Relaxed) == HEAD
    }

    /// A request is handed to its handler.
    pub fn begins(&self, without_body: bool) {
        self.unread.store(!without_body, Relaxed);
        self.enter(HANDLING);
    }

    /// Its handler waits for a piece of the body.
    pub fn waits_for_body(&self) {
        if self.body.load(Relaxed) == 0 {
            self.body.store(now(), Relaxed);
        }
    }

    /// It waits no longer.
    pub fn waits_no_longer(&self) {
        self.body.store(0, Relaxed);
    }

    /// The whole body was read.
    pub fn has_read_all(&self) {
        self.unread.store(false, Relaxed);
    }

    /// The whole answer was handed over.
    pub fn is_answered(&self) {
        if self.phase.load(Relaxed) == HANDLING {
            self.enter(ANSWERED);
        }
    }

    /// Everything that was handed over has left.
    pub fn has_left(&self) {
        if self.phase.load(Relaxed) == ANSWERED {
            self.enter(IDLE);
        }
    }

    /// True while what leaves is an answer of a handler.
    pub fn is_of_a_handler(&self) -> bool {
        matches!(self.phase.load(Relaxed), HANDLING | ANSWERED)
    }

    /// The caller takes nothing.
    pub fn is_stuck(&self) {
        if self.stuck.load(Relaxed) == 0 {
            self.stuck.store(now(), Relaxed);
        }
    }

    /// It takes something again.
    pub fn moves(&self) {
        if self.stuck.load(Relaxed) != 0 {
            self.stuck.store(0, Relaxed);
        }
    }

    /// The caller was refused.
    pub fn parts(&self) {
        self.enter(PARTING);
    }

    /// True where the caller may still be sending what nobody reads: a connection that is closed then takes the answer with it.
    pub fn may_be_sending(&self) -> bool {
        self.phase.load(Relaxed) == PARTING || self.unread.load(Relaxed)
    }

    fn enter(&self, phase: u8) {
        self.phase.store(phase, Relaxed);
        self.since.store(now(), Relaxed);
    }

    /// True where it is to be let go.
    pub fn is_overdue(&self, limits: &Limits, around: Around) -> bool {
        self.is_overdue_at(limits, around, now())
    }

    fn is_overdue_at(&self, limits: &Limits, around: Around, now: u64) -> bool {
        let longer_than = |since: u64, limit: Duration| since != 0 && u128::from(now.saturating_sub(since)) > limit.as_millis();
        let shorter = |limit: Duration| if around.stopping { limit.min(limits.stopping) } else { limit };
        if longer_than(self.stuck.load(Relaxed), limits.answer) {
            return true;
        }
        let since = self.since.load(Relaxed);
        match self.phase.load(Relaxed) {
            HEAD if around.crowded => longer_than(since, shorter(limits.head.min(limits.head_crowded))),
            HEAD => longer_than(since, shorter(limits.head)),
            ANSWERED => longer_than(since, limits.leaving),
            IDLE if around.stopping => true,
            IDLE if around.crowded => longer_than(since, limits.keep_alive.min(limits.keep_alive_crowded)),
            IDLE => longer_than(since, limits.keep_alive),
            PARTING => longer_than(since, limits.parting),
            _ => longer_than(self.body.load(Relaxed), shorter(limits.body)),
        }
    }
}

/// Milliseconds since the process began to serve; never zero.
fn now() -> u64 {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    u64::try_from(BEGAN.get_or_init(Instant::now).elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::{Around, Limits, Watch, now};
    use std::time::Duration;

    const LIMITS: Limits = Limits::new(Duration::from_secs(10), Duration::from_secs(75));
    const QUIET: Around = Around { crowded: false, stopping: false };

    /// After how many whole seconds it is overdue; none within ten minutes.
    fn lasts(watch: &Watch, around: Around) -> Option<u64> {
        let begun = now();
        (0..600).find(|seconds| watch.is_overdue_at(&LIMITS, around, begun + seconds * 1000 + 500))
    }

    #[test]
    fn each_part_of_a_request_has_a_limit_of_its_own() {
        let watch = Watch::new();
        assert_eq!(lasts(&watch, QUIET), Some(10), "nothing came");
        assert!(watch.received());
        assert_eq!(lasts(&watch, QUIET), Some(10), "half a head came");
        assert_eq!(lasts(&watch, Around { crowded: true, ..QUIET }), Some(2), "half a head keeps others out");
        watch.begins(false);
        assert_eq!(lasts(&watch, QUIET), None, "how long a handler may take is not said here");
        watch.waits_for_body();
        assert_eq!(lasts(&watch, QUIET), Some(30), "half a body came");
        watch.waits_no_longer();
        watch.has_read_all();
        watch.is_answered();
        assert_eq!(lasts(&watch, QUIET), Some(300), "the answer is on its way");
        watch.is_stuck();
        assert_eq!(lasts(&watch, QUIET), Some(60), "nobody takes it");
        watch.moves();
        watch.has_left();
        assert_eq!(lasts(&watch, QUIET), Some(75), "nothing more comes");
        assert_eq!(lasts(&watch, Around { crowded: true, ..QUIET }), Some(1));
        watch.parts();
        assert_eq!(lasts(&watch, QUIET), Some(2), "refused");
    }

    #[test]
    fn a_stop_waits_for_handlers_and_not_for_callers() {
        let stopping = Around { stopping: true, ..QUIET };
        let watch = Watch::new();
        assert_eq!(lasts(&watch, stopping), Some(2));
        watch.begins(false);
        assert_eq!(lasts(&watch, stopping), None);
        watch.waits_for_body();
        assert_eq!(lasts(&watch, stopping), Some(2));
        watch.waits_no_longer();
        watch.is_answered();
        assert_eq!(lasts(&watch, stopping), Some(300));
        watch.has_left();
        assert_eq!(lasts(&watch, stopping), Some(0));
    }
}
