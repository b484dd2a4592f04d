//! How connections to the database are kept between those who use them, and how the calls that come by the thousand begin.
//!
//! The pool would ask the server whether a connection lives before each use. Here one is asked that idled for a second, or beside another
//! that was found broken; any other is taken at its word, and a transaction whose first message finds it broken begins over another one.

use super::{Error, Result};
use futures_util::FutureExt as _;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool, PgTransaction};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// A connection that idled for less is taken at its word.
const TRUSTED: Duration = Duration::from_secs(1);
/// The longest that one may take to say that it lives.
const ALIVE: Duration = Duration::from_secs(1);

/// Statements that find a few rows by key, whatever is asked and however large the tables have become since they were planned. So one plan,
/// made once, is good for all values, it reads no table from end to end, and compiling it would cost more than it gains. Nobody keeps a
/// member or case for longer than some milliseconds; where a process that hangs does, those behind it are told so.
pub const BY_KEY: [(&str, &str); 8] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("jit", "off"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("lock_timeout", "3s"),
    ("statement_timeout", "8s"),
    ("idle_in_transaction_session_timeout", "10s"),
];

/// Begins a transaction of such statements.
pub async fn begin_by_key(pool: &PgPool) -> Result<PgTransaction<'static>> {
    static OPENING: LazyLock<String> = LazyLock::new(|| {
        BY_KEY.iter().fold("begin".to_owned(), |opening, (name, value)| opening + &format!("; set local {name} = '{value}'"))
    });
    open(pool, &OPENING).await
}

/// Begins a transaction with one message, in which nothing of a caller's may stand as it came. Nothing was done before it: where the
/// connection had broken, another one is taken.
pub(super) async fn open(pool: &PgPool, message: &str) -> Result<PgTransaction<'static>> {
    let mut others = pool.options().get_max_connections();
    loop {
        match pool.begin_with(AssertSqlSafe(message.to_owned())).await.map_err(Error::from) {
            Err(error) if others > 0 && error.is_lost_connection() => others -= 1,
            opened => return opened,
        }
    }
}

/// Which connections of a pool are doubtful. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Keeping(Arc<Mutex<Doubts>>);

#[derive(Debug, Default)]
struct Doubts {
    /// What was opened before is at a server that was left.
    left: Option<Instant>,
    /// Among what came back before, something was broken.
    broke: Option<Instant>,
}

#[derive(Debug, PartialEq, Eq)]
enum Trust {
    Given,
    Asked,
    Refused,
}

impl Keeping {
    /// A pool that keeps its connections so.
    pub fn kept(&self, options: PgPoolOptions) -> PgPoolOptions {
        let (before, after) = (self.clone(), self.clone());
        options
            .test_before_acquire(false)
            .before_acquire(move |connection, kept| {
                let trust = before.doubts().trust(kept.age, kept.idle_for);
                async move {
                    Ok(match trust {
                        Trust::Given => true,
                        Trust::Asked => timeout(ALIVE, connection.ping()).await.is_ok_and(|answered| answered.is_ok()),
                        Trust::Refused => false,
                    })
                }
                .boxed()
            })
            .after_release(move |connection, _| {
                let after = after.clone();
                async move {
                    let clean = is_clean(connection).await;
                    if clean.is_err() {
                        after.doubts().broke = Some(Instant::now());
                    }
                    clean
                }
                .boxed()
            })
    }

    /// From now on the database is at another server: nothing goes to the one before.
    pub fn leave_server(&self) {
        self.doubts().left = Some(Instant::now());
    }

    fn doubts(&self) -> MutexGuard<'_, Doubts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Doubts {
    fn trust(&self, age: Duration, idle_for: Duration) -> Trust {
        if self.left.is_some_and(|left| age > left.elapsed()) {
            Trust::Refused
        } else if idle_for >= TRUSTED || self.broke.is_some_and(|broke| idle_for > broke.elapsed()) {
            Trust::Asked
        } else {
            Trust::Given
        }
    }
}

/// False where a connection comes back within a transaction: whoever began it went away, or failed, before the driver knew of it, and the
/// next would work within it, with its rights. It is found out by beginning one with what begins none: afterwards one is open, which was so
/// before, or the server refuses it, because one is open that has failed, or all is well.
async fn is_clean(connection: &mut PgConnection) -> std::result::Result<bool, sqlx::Error> {
    match connection.begin_with("select").await {
        Err(sqlx::Error::BeginFailed) => Ok(true),
        Err(error) => Err(error),
        Ok(_) => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::{Doubts, Trust};
    use std::time::{Duration, Instant};

    #[test]
    fn a_connection_is_trusted_unless_it_idled_or_others_broke_or_its_server_was_left() {
        let ago = |millis| Instant::now().checked_sub(Duration::from_millis(millis));
        let trust = |doubts: &Doubts, age, idle_for| doubts.trust(Duration::from_millis(age), Duration::from_millis(idle_for));
        let none = Doubts::default();
        assert_eq!(trust(&none, 60_000, 100), Trust::Given);
        assert_eq!(trust(&none, 60_000, 1_000), Trust::Asked);
        let broke = Doubts { left: None, broke: ago(300) };
        assert_eq!(trust(&broke, 60_000, 100), Trust::Given);
        assert_eq!(trust(&broke, 60_000, 500), Trust::Asked);
        let left = Doubts { left: ago(300), broke: None };
        assert_eq!(trust(&left, 200, 100), Trust::Given);
        assert_eq!(trust(&left, 60_000, 0), Trust::Refused);
    }
}
