//! The use cases: load facts, ask the rules, write what they decided, in one transaction. No HTTP here, and no SQL.

pub mod accesses;
pub mod attachments;
pub mod audience;
pub mod background;
pub mod backlog;
pub mod call;
pub mod catalog;
pub mod changing;
pub mod claim_checks;
pub mod coverage;
mod coverage_question;
pub mod coverage_requirements;
pub mod deadlines;
pub mod drafts;
pub mod eligibility;
pub mod enquiries;
pub mod error;
pub mod failed_jobs;
pub mod favourites;
pub mod feeds;
pub mod idempotency;
pub mod identity;
pub mod letters;
pub mod mail;
pub mod networks;
pub mod orders;
pub mod places;
pub mod plan_metrics;
pub mod public_metrics;
mod published;
pub mod questionnaires;
pub mod rate_limit;
pub mod readiness;
pub mod registrations;
pub mod rendering;
pub mod reviews;
pub mod rosters;
pub mod s_code_claims;
pub mod sandbox;
pub mod sandbox_rosters;
pub mod sealing;
pub mod secrets;
pub mod sent_requests;
pub mod sessions;
pub mod similar;
pub mod smart;
pub mod subscriptions;
pub mod summaries;
pub mod tax_ids;
pub mod timers;
pub mod tokens;
pub mod verifications;
pub mod visibility;
pub mod webhooks;
pub mod worksheets;

pub use crate::rules::review::ReviewError;
pub use call::{Caller, CameFrom, Expected, Idempotent, RequestId};
pub use error::{Error, Result};

use crate::clock::Clock;
use crate::domain::content::Library;
use crate::ids::Ids;
use crate::store;
use crate::store::together::Together;
use sqlx::PgPool;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

/// What every use case works with. Cheap to clone: each request has its own.
#[derive(Debug, Clone)]
pub struct App(Arc<Parts>);

/// What an [`App`] points to.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Connections.
    pub pool: PgPool,
    /// What is asked and written for several callers at once.
    pub busy: Busy,
    /// Every content release.
    pub library: Arc<Library>,
    /// The service's time.
    pub clock: Clock,
    /// Identifiers.
    pub ids: Ids,
    /// How the service was started.
    pub settings: Arc<Settings>,
    /// Where people and programs prove who they are.
    pub authorities: identity::Authorities,
    /// Keys that systems publish which sign in by themselves.
    pub key_sets: smart::KeySets,
    /// Tokens seen during the last second.
    pub tokens: tokens::TokenCache,
    /// Secrets of tokens issued under an idempotency key.
    pub issued: tokens::IssuedSecrets,
    /// What catalogue searches look through.
    pub catalog: Arc<catalog::Indexes>,
    /// Places for clinical documents under way.
    pub uploads: attachments::Places,
    /// Places for orders that wait for their member.
    pub waiting: places::Places,
    /// Places for changes of what is there.
    pub changing: places::Places,
    /// Whether requests could be served when somebody asked last.
    pub last_probe: readiness::LastProbe,
    /// How what runs by itself is doing.
    pub background: background::Background,
    /// How often one caller may call, at whatever door.
    pub rate_limit: Arc<rate_limit::RateLimit>,
    /// What plans publish, as it was made last.
    pub public_metrics: Arc<public_metrics::Made>,
    /// Places for roster files under way.
    pub roster_loads: places::Places,
}

/// What every order and every record of an access asks of the database or writes, each kind in statements for many at once. Whatever else is
/// read is read by itself, in a transaction of its caller's.
#[derive(Debug, Clone)]
pub struct Busy {
    /// What decisions depend on.
    pub facts: Together<store::facts::Loads>,
    /// Writes of decided orders.
    pub orders: Together<store::cases::Inserts<orders::Decided>>,
    /// Records of who read or wrote what.
    pub accesses: Together<store::accesses::Inserts>,
}

impl Busy {
    /// Few at a time, so that many go together: every statement under way keeps a process of the server busy, and whoever writes waits
    /// for the disk as well.
    fn new(pool: &PgPool) -> Self {
        let processors = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let (decisions, records) = ((processors / 4).clamp(1, 8), (processors / 2).clamp(1, 8));
        Self {
            facts: Together::new(pool, decisions),
            orders: Together::new(pool, decisions),
            accesses: Together::new(pool, records),
        }
    }
}

/// How the service was started.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Fixed tokens and a movable clock exist.
    pub sandbox: bool,
    /// The address that callers see, without a slash at its end: what is made here is addressed below it.
    pub public_url: String,
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
    /// OpenID providers whose people may sign in, and whose tokens may call the API.
    pub authorities: Vec<identity::Authority>,
    /// Seals what has to be kept in the database as it is.
    pub sealing: sealing::Sealing,
    /// Where mails to people who register go.
    pub mailer: mail::Mailer,
    /// The lead of a practice approves its other people; otherwise support alone does.
    pub leads_approve: bool,
    /// Registrations an hour that may come from one address; unlimited where none.
    pub registration_limit: Option<u32>,
    /// Requests a second that one caller may send; unlimited where none.
    pub rate_limit: Option<u32>,
    /// Requests a second that may come from one address; unlimited where none.
    pub address_limit: Option<u32>,
    /// Tokens a minute that do not work and may come from one address; unlimited where none.
    pub failed_sign_in_limit: Option<u32>,
    /// Proxies whose word counts on where a request comes from.
    pub trusted_proxies: Vec<networks::Network>,
    /// Roster files that are loaded at once, one of each plan. Each has a connection of the pool for as long as it takes to arrive.
    pub roster_loads: usize,
    /// The longest that nothing of a roster file may arrive.
    pub roster_silence: Duration,
    /// Clinical documents that are received at once.
    pub uploads: usize,
    /// Of these, documents of one caller.
    pub uploads_of_one: usize,
    /// Clinical documents that are scanned and stored at once.
    pub uploads_stored: usize,
    /// The longest that a clinical document may take to arrive. One of which nothing arrives for as long as a request may take is given
    /// up before.
    pub upload_timeout: Duration,
    /// The longest that a timer's work may take, and a run of the other jobs.
    pub job_limit: Duration,
    /// Called before each timer's work, for tests of what happens when that panics.
    pub before_timer: Option<fn(&str, uuid::Uuid)>,
    /// Who looks for viruses in clinical documents.
    pub scanner: attachments::Scanner,
    /// How deliveries to health plans are paced.
    pub webhooks: webhooks::Pace,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sandbox: false,
            public_url: "http://127.0.0.1:8080".to_owned(),
            sandbox_allow_remote: false,
            request_timeout: Duration::from_secs(10),
            claim_lifetime: Duration::from_hours(4),
            cors_origins: Vec::new(),
            roster_drop_guard_percent: None,
            authorities: Vec::new(),
            sealing: sealing::Sealing::default(),
            mailer: mail::Mailer::Nowhere,
            leads_approve: false,
            registration_limit: None,
            rate_limit: None,
            address_limit: None,
            failed_sign_in_limit: None,
            trusted_proxies: Vec::new(),
            roster_loads: 4,
            roster_silence: Duration::from_secs(10),
            uploads: 64,
            uploads_of_one: 4,
            uploads_stored: 2,
            upload_timeout: Duration::from_mins(5),
            job_limit: Duration::from_mins(1),
            before_timer: None,
            scanner: attachments::Scanner::NotConfigured,
            webhooks: webhooks::Pace::default(),
        }
    }
}

impl App {
    /// Puts the parts together; the clock is the sandbox's where the settings say so.
    pub fn new(pool: PgPool, library: Arc<Library>, settings: Settings) -> Self {
        let clock = if settings.sandbox { Clock::sandbox() } else { Clock::system() };
        // of the connections most are left to those who need not wait
        let share = |part: u32| usize::try_from(pool.options().get_max_connections() / part).unwrap_or(1).max(1);
        let (waiting, changing) = (places::Places::new(share(4), 1), places::Places::new(share(2), share(4)));
        Self(Arc::new(Parts {
            busy: Busy::new(&pool),
            pool,
            library,
            clock,
            ids: Ids,
            waiting,
            changing,
            last_probe: readiness::LastProbe::default(),
            background: background::Background::default(),
            uploads: attachments::Places::new(&settings),
            rate_limit: Arc::new(rate_limit::RateLimit::new(settings.rate_limit)),
            roster_loads: places::Places::new(settings.roster_loads, 1),
            authorities: identity::Authorities::new(&settings.authorities),
            settings: Arc::new(settings),
            key_sets: smart::KeySets::default(),
            tokens: tokens::TokenCache::default(),
            issued: tokens::IssuedSecrets::default(),
            catalog: Arc::default(),
            public_metrics: Arc::default(),
        }))
    }

    /// The same service on another clock, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl DerefMut for App {
    /// Changes this one only, and not those that it was cloned from.
    fn deref_mut(&mut self) -> &mut Parts {
        Arc::make_mut(&mut self.0)
    }
}
