//! Who works on a case. One reviewer at a time; a case that is not acted on comes back to the queue.

use super::act::actor;
use crate::app::visibility::sees;
use crate::app::{App, Caller, Error, Result, changing};
use crate::domain::vocabulary::CallerRole;
use crate::rules::review::ReviewError;
use crate::store;
use crate::store::case_events::{Actor, NewEvent, SERVICE};
pub use crate::store::reviews::Claim;
use crate::store::timers::CLAIM_EXPIRY;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

/// Takes a case; taking one's own again keeps it longer.
pub async fn take(app: &App, caller: &Caller, case_id: Uuid) -> Result<Claim> {
    let now = app.clock.now();
    let mut transaction = changing::begin(app, &caller.key_owner()).await?;
    require_open(&mut transaction, case_id).await?;
    let own = require_free(&mut transaction, case_id, caller, now).await?;
    let claim = keep(app, &mut transaction, case_id, caller, own, now).await?;
    transaction.commit().await?;
    caller.accessed.case(case_id);
    Ok(claim)
}

/// Who has a case now; none where nobody has it, or the caller may not know of it.
pub async fn of_case(app: &App, caller: &Caller, case_id: Uuid) -> Result<Option<Claim>> {
    let now = app.clock.now();
    let mut conn = app.pool.acquire().await?;
    let stored = store::cases::current(&mut conn, case_id).await?;
    if !stored.is_some_and(|stored| sees(caller, &stored)) {
        return Ok(None);
    }
    live(&mut conn, case_id, now).await
}

/// Gives a case back. What nobody has is given back already; another's is theirs to give back, or the administrator's.
pub async fn give_back(app: &App, caller: &Caller, case_id: Uuid) -> Result<()> {
    let now = app.clock.now();
    let mut transaction = changing::begin(app, &caller.key_owner()).await?;
    store::cases::lock(&mut transaction, case_id).await?.ok_or(Error::NotFound)?;
    let Some(claim) = live(&mut transaction, case_id, now).await? else { return Ok(()) };
    if claim.claimed_by != caller.subject && caller.role != CallerRole::Administrator {
        return Err(taken(&claim));
    }
    release(&mut transaction, case_id).await?;
    record(&mut transaction, case_id, "claim_released", actor(caller), &json!({"claimed_by": claim.claimed_by}), now).await?;
    transaction.commit().await?;
    caller.accessed.case(case_id);
    Ok(())
}

/// A reviewer has not acted on a case for a while: it comes back. The case is held.
pub(in crate::app) async fn expire(conn: &mut PgConnection, case_id: Uuid, now: DateTime<Utc>) -> Result<()> {
    let Some(claim) = store::reviews::claim(conn, case_id).await? else { return Ok(()) };
    if claim.expires_at > now {
        return Ok(store::timers::set(conn, case_id, CLAIM_EXPIRY, claim.expires_at).await?);
    }
    store::reviews::drop_claim(conn, case_id).await?;
    record(conn, case_id, "claim_expired", SERVICE, &json!({"claimed_by": claim.claimed_by}), now).await
}

async fn require_open(conn: &mut PgConnection, case_id: Uuid) -> Result<()> {
    let held = store::cases::lock(conn, case_id).await?.ok_or(Error::NotFound)?;
    let case: crate::domain::case::Case = crate::app::orders::view::read_back(&held.stored.document)?;
    if case.review.is_none() {
        return Err(ReviewError::AlreadyDecided(case.status).into());
    }
    Ok(())
}

/// The caller's own claim, or none where nobody has the case.
///
/// # Errors
/// A conflict where another reviewer has it.
pub(super) async fn require_free(
    conn: &mut PgConnection,
    case_id: Uuid,
    caller: &Caller,
    now: DateTime<Utc>,
) -> Result<Option<Claim>> {
    match live(conn, case_id, now).await? {
        Some(claim) if claim.claimed_by != caller.subject => Err(taken(&claim)),
        claim => Ok(claim),
    }
}

/// A claim whose time is over is none, whether or not its timer has run yet.
pub(super) async fn live(conn: &mut PgConnection, case_id: Uuid, now: DateTime<Utc>) -> Result<Option<Claim>> {
    Ok(store::reviews::claim(conn, case_id).await?.filter(|claim| claim.expires_at > now))
}

fn taken(claim: &Claim) -> Error {
    Error::conflict(format!("{} ({}) has taken the case until {}", claim.claimed_by, claim.role, claim.expires_at.to_rfc3339()))
}

/// The caller has the case from now on, or for longer: acting on a case takes it.
pub(super) async fn keep(
    app: &App,
    conn: &mut PgConnection,
    case_id: Uuid,
    caller: &Caller,
    own: Option<Claim>,
    now: DateTime<Utc>,
) -> Result<Claim> {
    let lifetime = TimeDelta::from_std(app.settings.claim_lifetime).unwrap_or(TimeDelta::hours(4));
    let is_new = own.is_none();
    let claimed_at = own.map_or(now, |own| own.claimed_at);
    // the clock of another process may have been a little ahead
    let now = now.max(claimed_at);
    let claim = Claim {
        case_id,
        claimed_by: caller.subject.clone(),
        role: caller.role.as_str().to_owned(),
        claimed_at,
        acted_at: now,
        expires_at: now + lifetime,
    };
    store::reviews::put_claim(conn, &claim).await?;
    store::timers::set(conn, case_id, CLAIM_EXPIRY, claim.expires_at).await?;
    if is_new {
        record(conn, case_id, "claimed", actor(caller), &json!({"expires_at": claim.expires_at}), now).await?;
    }
    Ok(claim)
}

/// Nobody has the case from now on.
pub(in crate::app) async fn release(conn: &mut PgConnection, case_id: Uuid) -> Result<()> {
    store::timers::cancel(conn, case_id, CLAIM_EXPIRY).await?;
    store::reviews::drop_claim(conn, case_id).await?;
    Ok(())
}

async fn record(
    conn: &mut PgConnection,
    case_id: Uuid,
    kind: &str,
    actor: Actor<'_>,
    detail: &Value,
    at: DateTime<Utc>,
) -> Result<()> {
    let detail = detail.to_string();
    let event = NewEvent { case_id, at, kind, actor, reason: None, detail: Some(&detail), change: None };
    store::case_events::append(conn, &event).await?;
    Ok(())
}
