//! Answers that a repeated POST gets again.

use super::Result;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// An answer that was given.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredAnswer {
    /// SHA-256 of what the key was used for.
    pub fingerprint: Vec<u8>,
    /// Status.
    pub status: i16,
    /// Body; none where it is the first answer about a case.
    pub body: Option<serde_json::Value>,
    /// `Location`.
    pub location: Option<String>,
    /// The case.
    pub case_id: Option<Uuid>,
    /// Other cases that it tells of.
    pub about: Vec<Uuid>,
}

/// What a key was used for.
pub async fn find(conn: &mut PgConnection, subject: &str, key: &str) -> Result<Option<StoredAnswer>> {
    let answer = sqlx::query_as!(
        StoredAnswer,
        r#"select fingerprint, status, body, location, case_id, about from idempotency_keys where subject = $1 and key = $2"#,
        subject,
        key,
    )
    .fetch_optional(conn)
    .await?;
    Ok(answer)
}

/// Makes everybody else who uses this key wait until the transaction ends.
pub async fn lock(conn: &mut PgConnection, subject: &str, key: &str) -> Result<()> {
    sqlx::query!(
        r#"select true as "locked!" from (select pg_advisory_xact_lock(hashtextextended($2, hashtextextended($1, 0)))) as held"#,
        subject,
        key,
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// Keeps an answer.
pub async fn keep(conn: &mut PgConnection, subject: &str, key: &str, answer: &StoredAnswer, at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into idempotency_keys (subject, key, fingerprint, status, body, location, case_id, about, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        subject,
        key,
        answer.fingerprint,
        answer.status,
        answer.body as _,
        answer.location,
        answer.case_id,
        &answer.about,
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets keys made before an instant, those that last aside; says how many.
pub async fn purge(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query!("delete from idempotency_keys where created_at < $1 and not lasting", before).execute(conn).await?;
    Ok(done.rows_affected())
}
