//! Who is signed in at the portal.
//!
//! A browser keeps 256 random bits, the database their SHA-256: whoever reads the table can be nobody. A session ends when nothing was
//! asked for a while, after half a day in any case, and by signing out; it is looked up with every request, so that it ends for every
//! process at once.

use super::accesses::Accessed;
use super::secrets::hash;
use super::{App, Caller, Result, sandbox};
use crate::domain::vocabulary::CallerRole;
use crate::store;
use crate::store::sessions::Session;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

/// Minutes without a request after which a session ends.
pub const IDLE_MINUTES: i64 = 20;
/// Hours after which a session ends, whatever was asked.
const HOURS_AT_MOST: i64 = 12;
/// Clocks of machines differ by less. A session that begins later than this from now was made under a sandbox's clock and would not end.
const AHEAD_AT_MOST: TimeDelta = TimeDelta::minutes(1);
/// A session that was seen within so many seconds is not written again.
const SEEN_TO_THE_SECOND: i64 = 60;

/// Who is signed in, with what their browser keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// As every use case is told.
    pub caller: Caller,
    /// Their name, for themselves.
    pub name: String,
    /// When the session ends at the latest, whatever is asked.
    pub ends_at: DateTime<Utc>,
}

/// A session to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// What the person acts as.
    pub role: CallerRole,
    /// Who it is.
    pub subject: String,
    /// Their name, for themselves.
    pub name: String,
    /// The practice's tax IDs.
    pub tax_ids: Vec<String>,
    /// The plan they are bound to.
    pub health_plan: Option<String>,
    /// Who says that it is they; none for the people of a sandbox.
    pub issuer: Option<String>,
}

/// Begins a session. The answer is what the browser keeps: it is new at every sign-in, whatever the browser kept before.
pub async fn begin(app: &App, conn: &mut PgConnection, new: NewSession) -> Result<String> {
    let secret = URL_SAFE_NO_PAD.encode(app.ids.secret());
    let now = app.clock.now();
    let NewSession { role, subject, name, tax_ids, health_plan, issuer } = new;
    let session = Session { role, subject, name, tax_ids, health_plan, issuer, created_at: now, seen_at: now };
    store::sessions::insert(conn, &hash(&secret), &session).await?;
    Ok(secret)
}

/// Signs in one of the sandbox's people; none where there is no such person, or no sandbox.
pub async fn sign_in_to_sandbox(app: &App, person: &str) -> Result<Option<String>> {
    if !app.settings.sandbox {
        return Ok(None);
    }
    let (Some(caller), Some(person)) = (sandbox::caller_of(person), sandbox::person(person)) else { return Ok(None) };
    let session = NewSession {
        role: caller.role,
        subject: caller.subject,
        name: person.name.to_owned(),
        tax_ids: caller.tax_ids,
        health_plan: caller.health_plan,
        issuer: None,
    };
    let mut conn = app.pool.acquire().await?;
    begin(app, &mut conn, session).await.map(Some)
}

/// Who comes with this secret; none where their session has ended. Asking keeps it from idling out.
pub async fn recognize(app: &App, secret: &str) -> Result<Option<SignedIn>> {
    let (key, now) = (hash(secret), app.clock.now());
    let mut conn = app.pool.acquire().await?;
    let Some(session) = store::sessions::by_hash(&mut conn, &key).await? else { return Ok(None) };
    let issuer_gone = session.issuer.as_deref().is_some_and(|issuer| !app.authorities.has_issuer(issuer));
    if has_ended(&session, now) || issuer_gone || (!app.settings.sandbox && is_of_a_sandbox(&session, now)) {
        store::sessions::remove(&mut conn, &key).await?;
        return Ok(None);
    }
    if now - session.seen_at >= TimeDelta::seconds(SEEN_TO_THE_SECOND) {
        store::sessions::touch(&mut conn, &key, now).await?;
    }
    let Session { role, subject, name, tax_ids, health_plan, created_at, .. } = session;
    Ok(Some(SignedIn {
        caller: Caller { role, subject, tax_ids, health_plan, token_id: None, scopes: None, accessed: Accessed::default() },
        name,
        ends_at: created_at + TimeDelta::hours(HOURS_AT_MOST),
    }))
}

/// When a session ends of which nothing more is heard, in the worst case: when it was seen is known to the minute.
pub fn idles_out_at(app: &App, ends_at: DateTime<Utc>) -> DateTime<Utc> {
    let idle = app.clock.now() + TimeDelta::minutes(IDLE_MINUTES) - TimeDelta::seconds(SEEN_TO_THE_SECOND);
    idle.min(ends_at)
}

fn has_ended(session: &Session, now: DateTime<Utc>) -> bool {
    now - session.seen_at >= TimeDelta::minutes(IDLE_MINUTES) || now - session.created_at >= TimeDelta::hours(HOURS_AT_MOST)
}

/// True where it was left in the database by a sandbox. Within one it is none of these: another process may just have moved the clock.
fn is_of_a_sandbox(session: &Session, now: DateTime<Utc>) -> bool {
    session.issuer.is_none() || session.created_at - now > AHEAD_AT_MOST
}

/// Ends the session with this secret.
pub async fn sign_out(app: &App, secret: &str) -> Result<()> {
    let mut conn = app.pool.acquire().await?;
    Ok(store::sessions::remove(&mut conn, &hash(secret)).await?)
}

/// Ends every session of a person, on whatever machine.
pub async fn sign_out_everywhere(app: &App, caller: &Caller) -> Result<()> {
    let mut conn = app.pool.acquire().await?;
    Ok(store::sessions::remove_all_of(&mut conn, &caller.subject).await?)
}

/// Forgets sessions that have ended by themselves.
pub async fn purge(app: &App) -> Result<u64> {
    let now = app.clock.now();
    let (idle, old) = (now - TimeDelta::minutes(IDLE_MINUTES), now - TimeDelta::hours(HOURS_AT_MOST));
    let mut conn = app.pool.acquire().await?;
    Ok(store::sessions::remove_ended(&mut conn, idle, old).await?)
}
