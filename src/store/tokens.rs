//! Bearer tokens, by the hash of their secret.

use super::{Error, Result};
use crate::domain::vocabulary::CallerRole;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

/// A stored token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Identifies it for revocation.
    pub token_id: Uuid,
    /// What it acts as.
    pub role: CallerRole,
    /// Who is behind it.
    pub subject: String,
    /// For people.
    pub name: Option<String>,
    /// The practice's tax IDs.
    pub tax_ids: Vec<String>,
    /// The plan it is bound to.
    pub health_plan: Option<String>,
    /// When it was issued.
    pub created_at: DateTime<Utc>,
    /// Until when it works; none means until revoked.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// The client that it was given to for minutes; none where an administrator issued it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<Uuid>,
    /// What such a token is good for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
}

struct Row {
    token_id: Uuid,
    role: String,
    subject: String,
    name: Option<String>,
    tax_ids: Vec<String>,
    health_plan: Option<String>,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    client_id: Option<Uuid>,
    scopes: Option<Vec<String>>,
}

impl TryFrom<Row> for Token {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let role =
            CallerRole::parse(&row.role).ok_or_else(|| Error::Corrupt { what: "tokens.role", why: "no such role".to_owned() })?;
        Ok(Self {
            token_id: row.token_id,
            role,
            subject: row.subject,
            name: row.name,
            tax_ids: row.tax_ids,
            health_plan: row.health_plan,
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            client_id: row.client_id,
            scopes: row.scopes,
        })
    }
}

/// Stores a new token.
pub async fn insert(conn: &mut PgConnection, token: &Token, hash: &[u8; 32], created_by: &str) -> Result<()> {
    sqlx::query!(
        "insert into tokens (token_id, token_hash, role, subject, name, tax_ids, health_plan, created_at, created_by, expires_at,
           client_id, scopes)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        token.token_id,
        hash.as_slice(),
        token.role.as_str(),
        token.subject,
        token.name,
        &token.tax_ids,
        token.health_plan,
        token.created_at,
        created_by,
        token.expires_at,
        token.client_id,
        token.scopes.as_deref(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The token with this hash, revoked and expired ones too.
pub async fn by_hash(conn: &mut PgConnection, hash: &[u8; 32]) -> Result<Option<Token>> {
    sqlx::query_as!(
        Row,
        "select token_id, role, subject, name, tax_ids, health_plan, created_at, expires_at, revoked_at, client_id, scopes
         from tokens where token_hash = $1",
        hash.as_slice(),
    )
    .fetch_optional(conn)
    .await?
    .map(Token::try_from)
    .transpose()
}

/// Up to `limit` tokens after `after` that administrators issued, oldest first.
pub async fn list(conn: &mut PgConnection, after: Option<Uuid>, limit: i64) -> Result<Vec<Token>> {
    sqlx::query_as!(
        Row,
        "select token_id, role, subject, name, tax_ids, health_plan, created_at, expires_at, revoked_at, client_id, scopes
         from tokens where client_id is null and ($1::uuid is null or token_id > $1) order by token_id limit $2",
        after,
        limit,
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Token::try_from)
    .collect()
}

/// Revokes a token; false where there is none. Revoking again changes nothing.
pub async fn revoke(conn: &mut PgConnection, token_id: Uuid, at: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!("update tokens set revoked_at = coalesce(revoked_at, $2) where token_id = $1", token_id, at)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Revokes every token of a client.
pub async fn revoke_of_client(conn: &mut PgConnection, client_id: Uuid, at: DateTime<Utc>) -> Result<()> {
    sqlx::query!("update tokens set revoked_at = $2 where client_id = $1 and revoked_at is null", client_id, at)
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets tokens of clients that ended before.
pub async fn forget_of_clients(conn: &mut PgConnection, ended_before: DateTime<Utc>) -> Result<i64> {
    let forgotten = sqlx::query_scalar!(r#"select forget_access_tokens($1) as "forgotten!""#, ended_before);
    Ok(forgotten.fetch_one(conn).await?)
}
