//! The use cases: load facts, ask the rules, write what they decided, in one transaction. No HTTP here, and no SQL.

pub mod attachments;
pub mod call;
pub mod catalog;
pub mod claim_checks;
pub mod deadlines;
pub mod eligibility;
pub mod enquiries;
pub mod error;
pub mod feeds;
pub mod idempotency;
pub mod letters;
pub mod orders;
pub mod rendering;
pub mod reviews;
pub mod rosters;
pub mod s_code_claims;
pub mod sandbox;
pub mod sandbox_rosters;
pub mod summaries;
pub mod timers;
pub mod tokens;
pub mod verifications;
pub mod visibility;
pub mod webhooks;

pub use crate::rules::review::ReviewError;
pub use call::{Caller, Expected, Idempotent};
pub use error::{Error, Result};

use crate::clock::Clock;
use crate::domain::content::Library;
use crate::ids::Ids;
use crate::store;
use crate::store::lane::Lane;
use crate::store::together::Together;
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// What every use case works with. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    /// Connections.
    pub pool: PgPool,
    /// Connections for the calls that are many.
    pub lane: Lane,
    /// The calls that come by the thousand.
    pub busy: Busy,
    /// Every content release.
    pub library: Arc<Library>,
    /// The service's time.
    pub clock: Clock,
    /// Identifiers.
    pub ids: Ids,
    /// How the service was started.
    pub settings: Arc<Settings>,
    /// Tokens seen during the last second.
    pub tokens: tokens::TokenCache,
    /// Secrets of tokens issued under an idempotency key.
    pub issued: tokens::IssuedSecrets,
    /// What catalogue searches look through.
    pub catalog: Arc<catalog::Indexes>,
    /// Places for clinical documents under way.
    pub uploads: attachments::Places,
    /// Places for roster files under way.
    pub roster_loads: Arc<Semaphore>,
}

/// Calls that come by the thousand, each kind in statements for many at once.
#[derive(Debug, Clone)]
pub struct Busy {
    /// What decisions depend on.
    pub facts: Together<store::facts::Loads>,
    /// Writes of decided orders.
    pub orders: Together<store::cases::Inserts<orders::Decided>>,
    /// Reads of cases.
    pub cases: Together<store::cases::Reads>,
    /// Verifications by Order ID.
    pub verifications: Together<store::verifications::ByOrderId>,
}

impl Busy {
    /// Few at a time, so that many go together: every statement under way keeps a process of the server busy, and whoever writes waits
    /// for the disk as well.
    fn over(lane: &Lane) -> Self {
        let processors = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let (decisions, reads) = ((processors / 4).clamp(1, 8), (processors / 2).clamp(2, 8));
        Self {
            facts: Together::over(lane, decisions),
            orders: Together::over(lane, decisions),
            cases: Together::over(lane, reads),
            verifications: Together::over(lane, reads),
        }
    }
}

/// How the service was started.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Fixed tokens and a movable clock exist.
    pub sandbox: bool,
    /// Other machines may reach a sandbox.
    pub sandbox_allow_remote: bool,
    /// The longest that a request may take, rosters and the sandbox clock aside.
    pub request_timeout: Duration,
    /// The largest share of a roster, in percent, that a load may remove; a sandbox has no such guard unless it is set.
    pub roster_drop_guard_percent: Option<u8>,
    /// How long a reviewer keeps a case without acting on it.
    pub claim_lifetime: Duration,
    /// Origins of portals that may call from a browser; none by default.
    pub cors_origins: Vec<String>,
    /// Requests a second that one caller may send; unlimited where none.
    pub rate_limit: Option<u32>,
    /// Connections of the lane, beside those of the pool. Orders wait for the disk when they are stored, and what waits together waits
    /// once; but every process of the server that takes part has caches of its own to keep warm, and thirty of them cost more than twelve.
    pub lane_connections: u32,
    /// Roster files that are loaded at once. Each has a connection of the pool for as long as it takes to arrive.
    pub roster_loads: usize,
    /// Clinical documents that are received at once.
    pub uploads: usize,
    /// Of these, documents of one caller.
    pub uploads_of_one: usize,
    /// Clinical documents that are scanned and stored at once.
    pub uploads_stored: usize,
    /// The longest that a clinical document may take to arrive. One of which nothing arrives for as long as a request may take is given
    /// up before.
    pub upload_timeout: Duration,
    /// Who looks for viruses in clinical documents.
    pub scanner: attachments::Scanner,
    /// How deliveries to health plans are paced.
    pub webhooks: webhooks::Pace,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sandbox: false,
            sandbox_allow_remote: false,
            request_timeout: Duration::from_secs(10),
            claim_lifetime: Duration::from_hours(4),
            cors_origins: Vec::new(),
            roster_drop_guard_percent: None,
            rate_limit: None,
            lane_connections: 14,
            roster_loads: 2,
            uploads: 64,
            uploads_of_one: 4,
            uploads_stored: 2,
            upload_timeout: Duration::from_mins(5),
            scanner: attachments::Scanner::NotConfigured,
            webhooks: webhooks::Pace::default(),
        }
    }
}

impl App {
    /// Puts the parts together; the clock is the sandbox's where the settings say so.
    pub fn new(pool: PgPool, library: Arc<Library>, settings: Settings) -> Self {
        let clock = if settings.sandbox { Clock::sandbox() } else { Clock::system() };
        let lane = Lane::beside(&pool, settings.lane_connections);
        Self {
            pool,
            busy: Busy::over(&lane),
            lane,
            library,
            clock,
            ids: Ids,
            uploads: attachments::Places::new(&settings),
            roster_loads: Arc::new(Semaphore::new(settings.roster_loads)),
            settings: Arc::new(settings),
            tokens: tokens::TokenCache::default(),
            issued: tokens::IssuedSecrets::default(),
            catalog: Arc::default(),
        }
    }

    /// True where the database answers and has every migration of this version.
    pub async fn is_ready(&self) -> Result<bool> {
        let mut conn = self.pool.acquire().await?;
        Ok(crate::store::is_migrated(&mut conn).await?)
    }

    /// The same service on another clock, for tests.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }
}
