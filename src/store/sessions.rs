//! Sessions of people at the portal, by the hash of what their browser keeps.

use super::{Error, Result};
use crate::domain::vocabulary::CallerRole;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

/// A stored session, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
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
    /// When they signed in.
    pub created_at: DateTime<Utc>,
    /// When they last asked for something, to the minute.
    pub seen_at: DateTime<Utc>,
}

/// Stores a new session.
pub async fn insert(conn: &mut PgConnection, hash: &[u8; 32], session: &Session) -> Result<()> {
    sqlx::query!(
        "insert into portal_sessions (session_hash, role, subject, name, tax_ids, health_plan, issuer, created_at, seen_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        hash.as_slice(),
        session.role.as_str(),
        session.subject,
        session.name,
        &session.tax_ids,
        session.health_plan,
        session.issuer,
        session.created_at,
        session.seen_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The session with this hash, also where it has ended by itself.
pub async fn by_hash(conn: &mut PgConnection, hash: &[u8; 32]) -> Result<Option<Session>> {
    let row = sqlx::query!(
        "select role, subject, name, tax_ids, health_plan, issuer, created_at, seen_at from portal_sessions where session_hash = $1",
        hash.as_slice(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let role = CallerRole::parse(&row.role)
            .ok_or_else(|| Error::Corrupt { what: "portal_sessions.role", why: "no such role".to_owned() })?;
        Ok(Session {
            role,
            subject: row.subject,
            name: row.name,
            tax_ids: row.tax_ids,
            health_plan: row.health_plan,
            issuer: row.issuer,
            created_at: row.created_at,
            seen_at: row.seen_at,
        })
    })
    .transpose()
}

/// Notes that the person is still there.
pub async fn touch(conn: &mut PgConnection, hash: &[u8; 32], at: DateTime<Utc>) -> Result<()> {
    sqlx::query!("update portal_sessions set seen_at = greatest(seen_at, $2) where session_hash = $1", hash.as_slice(), at)
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends a session.
pub async fn remove(conn: &mut PgConnection, hash: &[u8; 32]) -> Result<()> {
    sqlx::query!("delete from portal_sessions where session_hash = $1", hash.as_slice()).execute(conn).await?;
    Ok(())
}

/// Ends every session of a person.
pub async fn remove_all_of(conn: &mut PgConnection, subject: &str) -> Result<()> {
    sqlx::query!("delete from portal_sessions where subject = $1", subject).execute(conn).await?;
    Ok(())
}

/// Forgets sessions that were last seen or began before these instants.
pub async fn remove_ended(conn: &mut PgConnection, seen_before: DateTime<Utc>, begun_before: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query!("delete from portal_sessions where seen_at < $1 or created_at < $2", seen_before, begun_before)
        .execute(conn)
        .await?;
    Ok(done.rows_affected())
}

/// Carries every session along when the sandbox's clock is moved.
pub async fn shift(conn: &mut PgConnection, by: TimeDelta) -> Result<()> {
    let micros = by.num_microseconds().unwrap_or_default();
    sqlx::query!(
        "update portal_sessions set created_at = created_at + $1 * interval '1 microsecond',
           seen_at = seen_at + $1 * interval '1 microsecond'",
        f64_of(micros),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Two hundred years in microseconds are exact in a double.
#[expect(clippy::cast_precision_loss, reason = "the sandbox's clock moves by less than 2^53 microseconds")]
const fn f64_of(micros: i64) -> f64 {
    micros as f64
}
