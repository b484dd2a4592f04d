//! Telling subscribers. Any number of processes may: a subscription is claimed by one at a time, with a lease, and no transaction is open while
//! the receiver is called. What the receiver answered for is done with; a process that dies before that leaves the claim to run out, and the
//! same number is sent again.

use super::{opened, reach};
use crate::app::accesses::{self, Accessed, Handled};
use crate::app::audience::Audience;
use crate::app::webhooks::SECRET_SEALED;
use crate::app::{App, Caller, Result, sandbox};
use crate::domain::vocabulary::CallerRole;
use crate::outbound::{Failure, Header, Line, Target};
use crate::store;
use crate::store::feeds::Unsent;
use crate::store::subscriptions::{Claimed, Next};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

/// A lease is this much longer than a receiver may take.
const LEASE_MARGIN: TimeDelta = TimeDelta::seconds(30);

/// What changes a case and not the answer about it.
const NO_PART_OF_THE_ANSWER: [&str; 3] = ["s_code_claimed", "s_codes_voided", "s_codes_restored"];

/// Has subscribers told of these events, which are being published in this order.
pub(in crate::app) async fn queue(conn: &mut PgConnection, events: &[Unsent], now: DateTime<Utc>) -> Result<()> {
    if !store::subscriptions::exist(conn).await? {
        return Ok(());
    }
    let mut told = store::subscriptions::concerned(conn, events, now).await?;
    told.retain(|event| {
        let audience = if event.role == CallerRole::ServicingProvider { Audience::Servicing } else { Audience::Ordering };
        !NO_PART_OF_THE_ANSWER.contains(&event.kind.as_str()) && audience.told(&event.kind, None, None).is_some()
    });
    Ok(store::subscriptions::enqueue(conn, &told).await?)
}

/// Claims every subscription that has something to tell. Each has to be served, as a [`Turn`].
pub async fn claim_due(app: &App) -> Result<Vec<Claimed>> {
    let mut conn = app.pool.acquire().await?;
    if !store::subscriptions::exist(&mut conn).await? {
        return Ok(Vec::new());
    }
    let now = app.clock.now();
    let fixed: Vec<String> = if app.settings.sandbox { sandbox::subjects().map(str::to_owned).collect() } else { Vec::new() };
    Ok(store::subscriptions::claim(&mut conn, app.ids.uuid(now), &fixed, now, lease(app, now)).await?)
}

fn lease(app: &App, now: DateTime<Utc>) -> DateTime<Utc> {
    let limit = TimeDelta::from_std(app.settings.webhooks.timeout).unwrap_or(LEASE_MARGIN);
    now + limit + LEASE_MARGIN
}

/// What became of something that was to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is done with, and the next may be told.
    Done,
    /// It failed and is tried again later, or the claim was lost: this turn ends.
    Over,
}

/// Serving one claimed subscription.
#[derive(Debug)]
pub struct Turn<'a> {
    app: &'a App,
    claimed: &'a Claimed,
    /// None where no key opens them.
    headers: Option<Vec<Header>>,
    line: Option<Line>,
    delivered: i64,
}

impl<'a> Turn<'a> {
    /// Begins. Nothing is called yet.
    pub fn new(app: &'a App, claimed: &'a Claimed) -> Self {
        let line = Target::parse(&claimed.endpoint, reach(app)).map(|target| Line::new(target, app.settings.webhooks.timeout));
        let headers = opened(app, claimed.subscription_id, &claimed.headers).ok().map(|given| {
            let given = given.iter().filter_map(|header| Header::parse(header).ok());
            std::iter::once(Header::content_type(&claimed.media_type)).flatten().chain(given).collect()
        });
        Self { app, claimed, headers, line: line.ok(), delivered: claimed.delivered }
    }

    /// Notifications that the receiver has answered for.
    pub const fn delivered(&self) -> i64 {
        self.delivered
    }

    /// What keeps this service from calling the receiver as it was asked to.
    pub const fn hindrance(&self) -> Option<&'static str> {
        if self.headers.is_none() { Some(SECRET_SEALED) } else { None }
    }

    /// The owner, as use cases are told of a caller.
    pub fn owner(&self) -> Caller {
        let Claimed { role, subject, tax_ids, .. } = self.claimed;
        Caller {
            role: *role,
            subject: subject.clone(),
            tax_ids: tax_ids.clone(),
            health_plan: None,
            token_id: None,
            scopes: None,
            accessed: Accessed::default(),
        }
    }

    async fn send(&mut self, body: &str) -> std::result::Result<(), Failure> {
        match &mut self.line {
            Some(line) => line.send(self.headers.as_deref().unwrap_or_default(), body).await,
            // asked for when other addresses were allowed
            None => Err(Failure::AddressNotAllowed),
        }
    }

    /// Sends the handshake. Where it fails, nothing more is sent.
    pub async fn shake_hands(&mut self, body: &str) -> Result<Outcome> {
        let answered = self.send(body).await;
        let mut conn = self.app.pool.acquire().await?;
        let subscription_id = self.claimed.subscription_id;
        match answered {
            Ok(()) => {
                let held = store::subscriptions::activate(&mut conn, self.claimed, lease(self.app, self.app.clock.now())).await?;
                Ok(if held { Outcome::Done } else { Outcome::Over })
            }
            Err(failure) => {
                tracing::warn!(%subscription_id, %failure, "the handshake of a subscription failed");
                store::subscriptions::refuse(&mut conn, self.claimed, &failure.to_string()).await?;
                Ok(Outcome::Over)
            }
        }
    }

    /// The next event to tell; none where nothing waits.
    pub async fn next(&self) -> Result<Option<Next>> {
        let mut conn = self.app.pool.acquire().await?;
        Ok(store::subscriptions::next(&mut conn, self.claimed.subscription_id).await?)
    }

    /// Tells of an event. That it was told is on record before, whatever the receiver answers: it has read it by then.
    pub async fn tell(&mut self, owner: &Caller, next: Next, body: &str) -> Result<Outcome> {
        let subscription_id = self.claimed.subscription_id;
        let handled = Handled {
            request_id: format!("{subscription_id}/{}", self.delivered + 1),
            operation: "subscription".to_owned(),
            writes: false,
            case_id: Some(next.case_id),
        };
        accesses::keep(self.app, owner, handled).await?;
        match self.send(body).await {
            Ok(()) => {
                count("delivered".to_owned());
                self.delivered += 1;
                self.advance(next, true).await
            }
            Err(failure) => self.fail(&failure.to_string()).await,
        }
    }

    /// Passes an event over: the owner may not know of the case any more.
    pub async fn pass_over(&self, next: Next) -> Result<Outcome> {
        self.advance(next, false).await
    }

    async fn advance(&self, next: Next, was_told: bool) -> Result<Outcome> {
        let mut conn = self.app.pool.acquire().await?;
        let until = lease(self.app, self.app.clock.now());
        let held = store::subscriptions::advance(&mut conn, self.claimed, next.place, was_told, until).await?;
        Ok(if held { Outcome::Done } else { Outcome::Over })
    }

    /// Notes that the notification failed, and when it is tried again. None is ever given up.
    pub async fn fail(&self, failure: &str) -> Result<Outcome> {
        let failures = if self.delivered > self.claimed.delivered { 1 } else { self.claimed.failures.saturating_add(1) };
        let next = self.app.clock.now() + self.app.settings.webhooks.wait(failures);
        let subscription_id = self.claimed.subscription_id;
        count(failure.to_owned());
        tracing::warn!(%subscription_id, failure, failures, next_attempt_at = %next, "a subscriber was not told");
        let mut conn = self.app.pool.acquire().await?;
        store::subscriptions::fail(&mut conn, self.claimed, failures, failure, next).await?;
        Ok(Outcome::Over)
    }

    /// Gives the claim back.
    pub async fn end(self) -> Result<()> {
        let mut conn = self.app.pool.acquire().await?;
        Ok(store::subscriptions::release(&mut conn, self.claimed).await?)
    }
}

fn count(outcome: String) {
    metrics::counter!("oncoauth_notifications_total", "outcome" => outcome).increment(1);
}
