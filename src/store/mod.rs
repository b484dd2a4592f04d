//! SQL, and nothing else: free functions on a connection, one file per aggregate. "Not found" is `Option`; no rule is decided here.

pub mod accesses;
pub mod attachments;
pub mod backlog;
pub mod case_events;
pub mod case_list;
pub mod cases;
pub mod checkup;
pub mod claims;
pub mod drafts;
pub mod enquiries;
pub mod facts;
pub mod failed_jobs;
pub mod favourites;
pub mod feeds;
pub mod idempotency;
pub mod letters;
pub mod mails;
pub mod metrics;
pub mod order_changes;
pub mod plan_metrics;
pub mod pool;
pub mod provider_search;
pub mod readiness;
pub mod reconsiderations;
pub mod registrations;
pub mod reviews;
pub mod rosters;
pub mod s_codes;
pub mod sandbox_clock;
pub mod sent_requests;
pub mod sessions;
pub mod sight;
pub mod sign_ins;
pub mod smart_clients;
pub mod subscriptions;
pub mod timers;
pub mod together;
pub mod tokens;
pub mod verifications;
pub mod webhooks;
pub mod worklist;

use crate::shard::Shard;
use sqlx::postgres::PgConnectOptions;
use uuid::Uuid;

/// Why the database did not answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The driver or the server failed.
    #[error("{}", describe(.0))]
    Database(#[from] sqlx::Error),
    /// A stored row does not read back as the type it was written from.
    #[error("stored {what} does not read back: {why}")]
    Corrupt {
        /// Table and column.
        what: &'static str,
        /// In words, without the value.
        why: String,
    },
    /// A statement for several failed.
    #[error(transparent)]
    Shared(std::sync::Arc<Self>),
}

/// What a store function returns.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The constraint that the database found violated.
    pub fn violated(&self) -> Option<&str> {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.constraint(),
            Self::Shared(error) => error.violated(),
            _ => None,
        }
    }

    /// True where somebody else stored the same thing at the same moment.
    pub fn is_race(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.is_unique_violation(),
            Self::Shared(error) => error.is_race(),
            _ => false,
        }
    }

    /// True where the connection is gone, and not the statement at fault.
    pub fn is_lost_connection(&self) -> bool {
        match self {
            // the server ended this connection: an administrator did, or it shuts down or has crashed; or something on the way to it did
            Self::Database(sqlx::Error::Database(error)) => {
                error.code().is_some_and(|code| code.starts_with("57P") || code.starts_with("08"))
            }
            Self::Database(error) => matches!(error, sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed),
            Self::Corrupt { .. } => false,
            Self::Shared(error) => error.is_lost_connection(),
        }
    }

    /// True where the server refused the statement, and has undone it.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(_)) => !self.is_lost_connection(),
            Self::Database(_) | Self::Corrupt { .. } => false,
            Self::Shared(error) => error.is_refusal(),
        }
    }

    /// True where no connection became free in time.
    pub fn is_given_up(&self) -> bool {
        match self {
            Self::Database(error) => matches!(error, sqlx::Error::PoolTimedOut),
            Self::Corrupt { .. } => false,
            Self::Shared(error) => error.is_given_up(),
        }
    }

    /// True where the same request may succeed later: connections, timeouts, deadlocks, and a server that has become a standby.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.code().is_some_and(|code| {
                ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class))
                    || ["55P03", "25P03", "25006"].contains(&code.as_ref())
            }),
            Self::Database(error) => matches!(
                error,
                sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed
            ),
            Self::Corrupt { .. } => false,
            Self::Shared(error) => error.is_transient(),
        }
    }
}

/// The shard that the id of a case, or of something that belongs to one, tells. Every statement about a case finds its rows by it.
fn shard_of(id: Uuid) -> i16 {
    Shard::of_id(id).get()
}

/// The shard that an Order ID or case number tells; what is no number tells one where nothing lies.
fn shard_of_number(number: &str) -> i16 {
    Shard::of_number(number).map_or(-1, Shard::get)
}

/// The shard of a member's cases.
fn shard_of_member(health_plan: &str, member_id: &str) -> i16 {
    Shard::of_member(health_plan, member_id).get()
}

/// These ids, each once, and beside each its shard.
fn keys(ids: &[Uuid]) -> (Vec<Uuid>, Vec<i16>) {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let shards = ids.iter().map(|id| shard_of(*id)).collect();
    (ids, shards)
}

/// Whose the sessions of the database are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sessions {
    /// Each connection has one.
    Own,
    /// A pooler lends them for a transaction, so that nothing may be set for longer: the role has the settings.
    Lent,
}

/// What every session has. Nothing that hangs here keeps a lock, or a connection, for long; what may take its time says so in its transaction.
pub const SETTINGS: [(&str, &str); 3] =
    [("lock_timeout", "5s"), ("statement_timeout", "30s"), ("idle_in_transaction_session_timeout", "60s")];

/// What every connection is opened with.
pub fn connect_options(options: PgConnectOptions, sessions: Sessions) -> PgConnectOptions {
    let options = options.application_name("oncoauth");
    match sessions {
        Sessions::Own => options.options(SETTINGS),
        Sessions::Lent => options,
    }
}

/// The schema, as the files in `migrations/` build it.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// What the service may do to its tables, for its own role: statements for the tables' owner.
pub const GRANTS: &str = include_str!("grants.sql");

/// Grants the service's role what it needs. The connection is the owner's.
pub async fn grant(conn: &mut sqlx::PgConnection) -> Result<()> {
    sqlx::raw_sql(GRANTS).execute(conn).await?;
    Ok(())
}

/// True where every migration of this version has been applied.
pub async fn is_migrated(conn: &mut sqlx::PgConnection) -> Result<bool> {
    use sqlx::migrate::Migrate as _;
    let latest = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    let applied = conn.list_applied_migrations(&MIGRATIONS.table_name).await;
    Ok(applied.is_ok_and(|applied| applied.iter().any(|migration| migration.version >= latest)))
}

/// SQLSTATE, table and constraint: the server's own message may quote values, and values may be PHI.
fn describe(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => format!(
            "database error {} on table {} constraint {}",
            error.code().unwrap_or_default(),
            error.table().unwrap_or("-"),
            error.constraint().unwrap_or("-"),
        ),
        sqlx::Error::ColumnDecode { index, .. } => format!("database column {index} does not decode"),
        sqlx::Error::PoolTimedOut => "no database connection became free in time".to_owned(),
        sqlx::Error::PoolClosed => "the database pool is closed".to_owned(),
        sqlx::Error::Io(error) => format!("database connection: {error}"),
        sqlx::Error::RowNotFound => "a row that must exist does not".to_owned(),
        _ => "database driver error".to_owned(),
    }
}
