//! Systems that sign in with a signed assertion, and the assertions that they have used.

use super::{Error, Result};
use crate::domain::vocabulary::CallerRole;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// A client on file.
#[derive(Debug, Clone, PartialEq)]
pub struct Client {
    /// Its id, as it signs in with.
    pub client_id: Uuid,
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
    /// Who it says that it is in calls of CDS Hooks.
    pub issuer: Option<String>,
    /// What it may ask for at most.
    pub scopes: Vec<String>,
    /// Its public keys, as they were registered; none where it publishes them.
    pub jwks: Option<Value>,
    /// Where it publishes them.
    pub jwks_uri: Option<String>,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

struct Row {
    client_id: Uuid,
    role: String,
    subject: String,
    name: Option<String>,
    tax_ids: Vec<String>,
    health_plan: Option<String>,
    issuer: Option<String>,
    scopes: Vec<String>,
    jwks: Option<Value>,
    jwks_uri: Option<String>,
    created_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Client {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let role = CallerRole::parse(&row.role)
            .ok_or_else(|| Error::Corrupt { what: "smart_clients.role", why: "no such role".to_owned() })?;
        Ok(Self {
            client_id: row.client_id,
            role,
            subject: row.subject,
            name: row.name,
            tax_ids: row.tax_ids,
            health_plan: row.health_plan,
            issuer: row.issuer,
            scopes: row.scopes,
            jwks: row.jwks,
            jwks_uri: row.jwks_uri,
            created_at: row.created_at,
            revoked_at: row.revoked_at,
        })
    }
}

/// Stores a new client.
pub async fn insert(conn: &mut PgConnection, client: &Client, created_by: &str) -> Result<()> {
    sqlx::query!(
        "insert into smart_clients (client_id, role, subject, name, tax_ids, health_plan, scopes, jwks, created_at, created_by,
           issuer, jwks_uri)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        client.client_id,
        client.role.as_str(),
        client.subject,
        client.name,
        &client.tax_ids,
        client.health_plan,
        &client.scopes,
        client.jwks,
        client.created_at,
        created_by,
        client.issuer,
        client.jwks_uri,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A client, revoked ones too.
pub async fn find(conn: &mut PgConnection, client_id: Uuid) -> Result<Option<Client>> {
    sqlx::query_as!(
        Row,
        "select client_id, role, subject, name, tax_ids, health_plan, issuer, scopes, jwks, jwks_uri, created_at, revoked_at
         from smart_clients where client_id = $1",
        client_id,
    )
    .fetch_optional(conn)
    .await?
    .map(Client::try_from)
    .transpose()
}

/// The same; it stays as it is until the transaction ends.
pub async fn held(conn: &mut PgConnection, client_id: Uuid) -> Result<Option<Client>> {
    sqlx::query_as!(
        Row,
        "select client_id, role, subject, name, tax_ids, health_plan, issuer, scopes, jwks, jwks_uri, created_at, revoked_at
         from smart_clients where client_id = $1 for share",
        client_id,
    )
    .fetch_optional(conn)
    .await?
    .map(Client::try_from)
    .transpose()
}

/// The client in force that calls itself this.
pub async fn of_issuer(conn: &mut PgConnection, issuer: &str) -> Result<Option<Client>> {
    sqlx::query_as!(
        Row,
        "select client_id, role, subject, name, tax_ids, health_plan, issuer, scopes, jwks, jwks_uri, created_at, revoked_at
         from smart_clients where issuer = $1 and revoked_at is null",
        issuer,
    )
    .fetch_optional(conn)
    .await?
    .map(Client::try_from)
    .transpose()
}

/// Up to `limit` clients after `after`, oldest first.
pub async fn list(conn: &mut PgConnection, after: Option<Uuid>, limit: i64) -> Result<Vec<Client>> {
    sqlx::query_as!(
        Row,
        "select client_id, role, subject, name, tax_ids, health_plan, issuer, scopes, jwks, jwks_uri, created_at, revoked_at
         from smart_clients where $1::uuid is null or client_id > $1 order by client_id limit $2",
        after,
        limit,
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Client::try_from)
    .collect()
}

/// Gives a client other keys; false where there is none, or it was revoked.
pub async fn replace_keys(
    conn: &mut PgConnection,
    client_id: Uuid,
    jwks: Option<&Value>,
    jwks_uri: Option<&str>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update smart_clients set jwks = $2, jwks_uri = $3 where client_id = $1 and revoked_at is null",
        client_id,
        jwks,
        jwks_uri,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Revokes a client; false where there is none. Revoking again changes nothing.
pub async fn revoke(conn: &mut PgConnection, client_id: Uuid, at: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!("update smart_clients set revoked_at = coalesce(revoked_at, $2) where client_id = $1", client_id, at)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that an assertion is used; false where it was before. Who uses it at the same moment waits.
pub async fn use_assertion(
    conn: &mut PgConnection,
    client_id: Uuid,
    jti_hash: &[u8; 32],
    expires_at: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into smart_assertions (client_id, jti_hash, expires_at) values ($1, $2, $3) on conflict do nothing",
        client_id,
        jti_hash.as_slice(),
        expires_at,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets assertions that have ended.
pub async fn forget_assertions(conn: &mut PgConnection, ended_before: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query!("delete from smart_assertions where expires_at < $1", ended_before).execute(conn).await?;
    Ok(done.rows_affected())
}
