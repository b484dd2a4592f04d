//! Sign-ins that have begun and whose browsers are at their provider.

use super::Result;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// One that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// The provider's name.
    pub authority: String,
    /// Where the person wants to go.
    pub then: String,
    /// When they were sent off.
    pub begun_at: DateTime<Utc>,
}

/// Stores one.
pub async fn insert(conn: &mut PgConnection, state: &[u8; 32], browser: &[u8; 32], begun: &SignIn) -> Result<()> {
    sqlx::query!(
        "insert into sign_ins (state_hash, browser_hash, authority, destination, begun_at) values ($1, $2, $3, $4, $5)",
        state.as_slice(),
        browser.as_slice(),
        begun.authority,
        begun.then,
        begun.begun_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes the one that this browser began with this state: of several who ask at once one gets it.
pub async fn take(conn: &mut PgConnection, state: &[u8; 32], browser: &[u8; 32]) -> Result<Option<SignIn>> {
    Ok(sqlx::query_as!(
        SignIn,
        r#"delete from sign_ins where state_hash = $1 and browser_hash = $2 returning authority, destination as "then", begun_at"#,
        state.as_slice(),
        browser.as_slice(),
    )
    .fetch_optional(conn)
    .await?)
}

/// Forgets those that began before.
pub async fn remove_begun(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query!("delete from sign_ins where begun_at < $1", before).execute(conn).await?;
    Ok(done.rows_affected())
}
