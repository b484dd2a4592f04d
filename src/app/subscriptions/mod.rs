//! Practices are told of changes to their cases, each in the form of the door that they asked at, to an address that they named: in order, by
//! numbers without gaps, again and again until their receiver has answered for it.
//!
//! What is sent is the answer as it stands when it is sent, as far as the owner may see it by then.

mod telling;

pub(in crate::app) use telling::queue;
pub use telling::{Outcome, Turn, claim_due};

use super::sealing::Unsealable;
use super::visibility::{ordering_parties, servicing_parties};
use super::{App, Caller, Error, Result, sandbox};
use crate::domain::refusal::Fault;
use crate::domain::vocabulary::CallerRole;
use crate::outbound::{Header, Reach, Target};
use crate::store;
use crate::store::subscriptions::NewSubscription;
pub use crate::store::subscriptions::{Claimed, Next, Subscription};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// Subscriptions of one caller at most.
const AT_MOST: i64 = 50;
/// Days for which one that has ended can still be read.
const KEPT: TimeDelta = TimeDelta::days(30);
/// Headers at most.
const HEADERS_AT_MOST: usize = 20;

/// A subscription that somebody asks for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Where to.
    pub endpoint: String,
    /// `Content-Type` of what is sent.
    pub media_type: String,
    /// Headers of what is sent, as `Name: value`.
    pub headers: Vec<String>,
    /// Numbers of organizations whose cases are told of; all of the caller's where there is none.
    pub organizations: Vec<String>,
    /// Until when; without end where none is given.
    pub ends_at: Option<DateTime<Utc>>,
}

/// Makes a subscription of somebody who has a token that was issued here: it tells for as long as they can sign in, and nobody here hears of
/// the end of what another provider gave them. `document` is how it is shown, for the organizations that it is about. Pointers of faults are `/endpoint`,
/// `/headers/{index}` and `/organizations/{index}`.
pub async fn create(
    app: &App,
    caller: &Caller,
    wanted: &Wanted,
    document: impl FnOnce(Uuid, &[String]) -> String,
) -> Result<Uuid> {
    let mut transaction = app.pool.begin().await?;
    let checked = Checked::of(app, &mut transaction, caller, wanted).await?;
    if store::subscriptions::count_of(&mut transaction, &caller.subject).await? >= AT_MOST {
        return Err(Error::conflict(format!("a caller has {AT_MOST} subscriptions at most: delete one first")));
    }
    let subscription_id = app.ids.uuid(app.clock.now());
    let document = document(subscription_id, &checked.organizations);
    let headers = sealed(app, subscription_id, wanted)?;
    let new = checked.kept(app, caller, wanted, (subscription_id, &document, &headers));
    store::subscriptions::insert(&mut transaction, &new).await?;
    transaction.commit().await?;
    tracing::info!(%subscription_id, by = caller.subject, "subscription made");
    Ok(subscription_id)
}

/// Puts another in the place of somebody's subscription: its receiver shakes hands anew and is told what waits, and numbers of events go on.
/// Faults are those of [`create`].
pub async fn replace(
    app: &App,
    caller: &Caller,
    subscription_id: Uuid,
    wanted: &Wanted,
    document: impl FnOnce(Uuid, &[String]) -> String,
) -> Result<()> {
    let mut transaction = app.pool.begin().await?;
    let before = store::subscriptions::find(&mut transaction, subscription_id, &caller.subject, caller.role).await?;
    before.ok_or(Error::NotFound)?;
    let checked = Checked::of(app, &mut transaction, caller, wanted).await?;
    let document = document(subscription_id, &checked.organizations);
    let headers = sealed(app, subscription_id, wanted)?;
    let new = checked.kept(app, caller, wanted, (subscription_id, &document, &headers));
    if !store::subscriptions::replace(&mut transaction, &new).await? {
        return Err(Error::NotFound);
    }
    transaction.commit().await?;
    tracing::info!(%subscription_id, by = caller.subject, "subscription changed");
    Ok(())
}

/// What is told of to somebody who may be.
struct Checked {
    parties: Vec<String>,
    organizations: Vec<String>,
}

impl Checked {
    async fn of(app: &App, conn: &mut sqlx::PgConnection, caller: &Caller, wanted: &Wanted) -> Result<Self> {
        let is_of_a_sandbox = app.settings.sandbox && sandbox::subjects().any(|subject| subject == caller.subject);
        if caller.token_id.is_none() && !is_of_a_sandbox {
            return Err(Error::forbidden(
                "subscriptions go to systems with a token that was issued here: a SMART client's, or one of POST /v1/tokens",
            ));
        }
        let mut faults = Vec::new();
        if let Err((code, message)) = Target::parse(&wanted.endpoint, reach(app)) {
            faults.push(Fault::new("/endpoint", code, message));
        }
        if wanted.headers.len() > HEADERS_AT_MOST {
            faults.push(Fault::new("/headers", "too-long", format!("there may be {HEADERS_AT_MOST} headers")));
        }
        for (index, header) in wanted.headers.iter().enumerate() {
            if let Err((code, message)) = Header::parse(header) {
                faults.push(Fault::new(format!("/headers/{index}"), code, message));
            }
        }
        let mut tax_ids = Vec::new();
        for (index, number) in wanted.organizations.iter().enumerate() {
            let of = of_organization(&mut *conn, caller, number).await?;
            if of.is_empty() {
                let message =
                    "this is no organization of the caller's: name it by its tax id, or by an NPI that is on file with it";
                faults.push(Fault::new(format!("/organizations/{index}"), "not-allowed-value", message));
            }
            tax_ids.extend(of);
        }
        if !faults.is_empty() {
            return Err(Error::invalid(faults));
        }
        if wanted.organizations.is_empty() {
            tax_ids.clone_from(&caller.tax_ids);
        }
        tax_ids.sort_unstable();
        tax_ids.dedup();
        let of_role = if caller.role == CallerRole::ServicingProvider { servicing_parties } else { ordering_parties };
        let parties = of_role(&tax_ids);
        let organizations = if wanted.organizations.is_empty() { tax_ids } else { wanted.organizations.clone() };
        Ok(Self { parties, organizations })
    }

    fn kept<'a>(
        &'a self,
        app: &App,
        caller: &'a Caller,
        wanted: &'a Wanted,
        (subscription_id, document, headers): (Uuid, &'a str, &'a [u8]),
    ) -> NewSubscription<'a> {
        let now = app.clock.now();
        NewSubscription {
            subscription_id,
            subject: &caller.subject,
            role: caller.role,
            tax_ids: &caller.tax_ids,
            parties: &self.parties,
            document,
            endpoint: &wanted.endpoint,
            media_type: &wanted.media_type,
            headers,
            ends_at: wanted.ends_at.filter(|end| *end > now),
            at: now,
        }
    }
}

/// Headers as they are kept.
fn sealed(app: &App, subscription_id: Uuid, wanted: &Wanted) -> Result<Vec<u8>> {
    let headers = serde_json::to_vec(&wanted.headers).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(app.settings.sealing.seal_any(&subscription_id.to_string(), &headers)?)
}

/// Which of the caller's tax IDs a number stands for: one of them, or an NPI that a plan's file has with one of them.
async fn of_organization(conn: &mut sqlx::PgConnection, caller: &Caller, number: &str) -> Result<Vec<String>> {
    let plain: String = number.chars().filter(|letter| *letter != '-').collect();
    if caller.tax_ids.contains(&plain) {
        return Ok(vec![plain]);
    }
    let mut of_npi = store::subscriptions::tax_ids_of(conn, number).await?;
    of_npi.retain(|tax_id| caller.tax_ids.contains(tax_id));
    Ok(of_npi)
}

/// Headers as they are sent.
fn opened(app: &App, subscription_id: Uuid, kept: &[u8]) -> std::result::Result<Vec<String>, Unsealable> {
    let headers = app.settings.sealing.open_any(&subscription_id.to_string(), kept)?;
    serde_json::from_slice(&headers).map_err(|_| Unsealable)
}

/// The headers of a subscription. They are secrets.
pub fn headers(app: &App, subscription: &Subscription) -> Result<Vec<String>> {
    Ok(opened(app, subscription.subscription_id, &subscription.headers)?)
}

/// Seals the headers of every subscription with the newest key. Says so where some were sealed with a key that is not there any more.
pub async fn seal_headers(app: &App) -> Result<()> {
    let mut conn = app.pool.acquire().await?;
    for kept in store::subscriptions::headers(&mut conn).await? {
        let owner = kept.subscription_id.to_string();
        let sealing = &app.settings.sealing;
        let sealed = sealing.seal_any(&owner, &sealing.open_any(&owner, &kept.headers)?)?;
        store::subscriptions::keep_sealed(&mut conn, &kept, &sealed).await?;
    }
    Ok(())
}

/// Forgets those that ended long ago.
pub async fn purge(app: &App) -> Result<u64> {
    let mut conn = app.pool.acquire().await?;
    Ok(store::subscriptions::remove_ended(&mut conn, app.clock.now() - KEPT).await?)
}

/// Somebody's subscription.
pub async fn get(app: &App, caller: &Caller, subscription_id: Uuid) -> Result<Subscription> {
    let mut conn = app.pool.acquire().await?;
    store::subscriptions::find(&mut conn, subscription_id, &caller.subject, caller.role).await?.ok_or(Error::NotFound)
}

/// Removes somebody's subscription: nothing more is told.
pub async fn remove(app: &App, caller: &Caller, subscription_id: Uuid) -> Result<()> {
    let mut conn = app.pool.acquire().await?;
    if !store::subscriptions::remove(&mut conn, subscription_id, &caller.subject, caller.role).await? {
        return Err(Error::NotFound);
    }
    tracing::info!(%subscription_id, by = caller.subject, "subscription removed");
    Ok(())
}

/// Which addresses this installation calls: this machine only where only it can ask for that.
fn reach(app: &App) -> Reach {
    super::webhooks::reach(app)
}
