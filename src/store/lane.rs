//! Connections for the calls that come by the thousand: orders, their reads, verifications, searches.
//!
//! The pool asks the server whether a connection lives before it is handed out and again when it comes back: two round trips, as many as
//! an order needs by itself. A connection of the lane goes from one call to the next without them. In return whoever is done says so
//! ([`Held::give_back`]): a connection that is let go in any other way, by an error or because the caller went away, is closed, and the
//! server rolls back what was open. One that idled for a second is asked after all, and where one is found broken, those that idle
//! beside it go with it.

use super::{Error, Result};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, PgPool};
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long to wait for a connection.
const PATIENCE: Duration = Duration::from_secs(3);
/// A connection that idled longer is asked whether it lives.
const TRUSTED: Duration = Duration::from_secs(1);
/// A connection that idled longer is closed when another one comes back.
const IDLE_AT_MOST: Duration = Duration::from_mins(1);
/// A connection that is older is closed when it comes back: the server's side of it only grows.
const LIFETIME: Duration = Duration::from_mins(30);

/// The statements here find a few rows by key, whatever is asked and however large the tables have become since they were planned. So
/// one plan, made once, is good for all values, it reads no table from end to end, and compiling it would cost more than it gains. Nobody
/// keeps a member or case for longer than some milliseconds; where a process that hangs does, those behind it are told so.
pub const SETTINGS: [(&str, &str); 8] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("jit", "off"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("lock_timeout", "3s"),
    ("statement_timeout", "8s"),
    ("idle_in_transaction_session_timeout", "10s"),
];

/// The connections. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Lane(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: PgPool,
    /// Opens connections and keeps none. One of the pool's may have been opened on another thread, which would be woken for every answer.
    opener: PgPool,
    places: Arc<Semaphore>,
    size: u32,
    /// The last one that came back is the first to go: the others may be closed.
    idle: Mutex<Vec<Kept>>,
}

#[derive(Debug)]
struct Kept {
    connection: PgConnection,
    opened: Instant,
    since: Instant,
    /// As which it was opened.
    server: Arc<PgConnectOptions>,
}

/// A connection in use.
#[derive(Debug)]
pub struct Held {
    kept: Kept,
    /// True where nothing was asked of the server since it was handed out.
    untested: bool,
    inner: Arc<Inner>,
    place: OwnedSemaphorePermit,
}

impl Lane {
    /// At most `size` connections to the same database as the pool's, beside those of the pool.
    pub fn beside(pool: &PgPool, size: u32) -> Self {
        let places = Arc::new(Semaphore::new(usize::try_from(size).unwrap_or(Semaphore::MAX_PERMITS)));
        let opener = pool.options().clone().min_connections(0).max_connections(size).idle_timeout(None).max_lifetime(None);
        let opener = opener.connect_lazy_with(PgConnectOptions::clone(&pool.connect_options()));
        Self(Arc::new(Inner { pool: pool.clone(), opener, places, size, idle: Mutex::default() }))
    }

    /// A connection, as soon as one is free.
    pub async fn acquire(&self) -> Result<Held> {
        if let Some(held) = self.at_hand() {
            return Ok(held);
        }
        Box::pin(tokio::time::timeout(PATIENCE, self.next())).await.map_err(|_| sqlx::Error::PoolTimedOut)?
    }

    /// A connection that came back just now.
    fn at_hand(&self) -> Option<Held> {
        let place = Arc::clone(&self.0.places).try_acquire_owned().ok()?;
        if self.0.pool.is_closed() {
            return None;
        }
        let kept = self.0.idle().pop_if(|kept| kept.since.elapsed() < TRUSTED && self.0.is_current(kept))?;
        Some(Held { kept, untested: true, inner: Arc::clone(&self.0), place })
    }

    async fn next(&self) -> Result<Held> {
        let place = Arc::clone(&self.0.places).acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed)?;
        if self.0.pool.is_closed() {
            self.0.idle().clear();
        }
        loop {
            let last = self.0.idle().pop();
            let (kept, untested) = match last {
                Some(kept) if !self.0.is_current(&kept) => continue,
                Some(kept) if kept.since.elapsed() < TRUSTED => (kept, true),
                Some(mut kept) => match kept.connection.ping().await {
                    Ok(()) => (kept, false),
                    Err(_) => continue,
                },
                None => (self.0.open().await?, false),
            };
            return Ok(Held { kept, untested, inner: Arc::clone(&self.0), place });
        }
    }

    /// Connections that there may be.
    pub fn size(&self) -> u32 {
        self.0.size
    }

    /// Connections that are open.
    pub fn open(&self) -> u32 {
        let free = u32::try_from(self.0.places.available_permits()).unwrap_or(u32::MAX);
        self.0.size.saturating_sub(free).saturating_add(self.idle())
    }

    /// Connections that nobody uses.
    pub fn idle(&self) -> u32 {
        u32::try_from(self.0.idle().len()).unwrap_or(u32::MAX)
    }
}

impl Inner {
    fn idle(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A pool waits for a server that is just starting, so one opens the connection.
    async fn open(&self) -> Result<Kept> {
        if self.pool.is_closed() {
            return Err(sqlx::Error::PoolClosed.into());
        }
        let server = self.pool.connect_options();
        self.opener.set_connect_options(PgConnectOptions::clone(&server));
        let mut connection = self.opener.acquire().await?.detach();
        // a session that a pooler lends was asked for without settings, and is somebody else's in a moment
        if server.get_options().is_some() {
            let set = SETTINGS.map(|(name, value)| format!("set {name} = '{value}'")).join("; ");
            connection.execute(AssertSqlSafe(set)).await?;
        }
        Ok(Kept { connection, opened: Instant::now(), since: Instant::now(), server })
    }

    /// False where the pool has since been told of another server.
    fn is_current(&self, kept: &Kept) -> bool {
        Arc::ptr_eq(&kept.server, &self.pool.connect_options())
    }
}

impl Held {
    /// True where a first statement failed because the connection had broken while it idled. Then it is a new one by now, and the
    /// statement may be sent again; statements that change something must not be sent with this.
    pub async fn is_renewed_after<T>(&mut self, first: &Result<T>) -> Result<bool> {
        let broken = std::mem::take(&mut self.untested) && first.as_ref().is_err_and(Error::is_lost_connection);
        if broken {
            self.inner.idle().clear();
            self.kept = Box::pin(self.inner.open()).await?;
        }
        Ok(broken)
    }

    /// Gives it back for the next call: whatever was asked has been answered, and no transaction is open.
    pub fn give_back(self) {
        let Self { mut kept, inner, place, .. } = self;
        if kept.opened.elapsed() > LIFETIME || inner.pool.is_closed() || !inner.is_current(&kept) {
            return;
        }
        kept.since = Instant::now();
        let mut idle = inner.idle();
        idle.push(kept);
        if idle.first().is_some_and(|oldest| oldest.since.elapsed() > IDLE_AT_MOST) {
            idle.remove(0);
        }
        drop(idle);
        drop(place); // whoever waits for it finds the connection
    }
}

impl Deref for Held {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.kept.connection
    }
}

impl DerefMut for Held {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.kept.connection
    }
}
