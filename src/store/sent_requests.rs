//! Requests as another standard wrote them, beside the cases that they made or changed. The first of a case is stored with it
//! ([`super::cases`]).

use super::cases::SentColumns;
use super::{Result, shard_of};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// The cases that requests with this number made or changed, each once, the newest first.
pub async fn cases(conn: &mut PgConnection, system: &str, value: &str) -> Result<Vec<Uuid>> {
    let found = sqlx::query_scalar!(
        r#"select case_id from sent_requests where value = $2 and system = $1 group by case_id order by case_id desc limit 100"#,
        system,
        value,
    )
    .fetch_all(conn)
    .await?;
    Ok(found)
}

/// A request with a number that is looked for.
#[derive(Debug, Clone)]
pub struct Numbered {
    /// True where it is a change with the content that is looked for.
    pub is_same: bool,
    /// What it was answered, where it is a change.
    pub answer: Option<String>,
}

/// What these subjects sent under a number, the latest first.
pub async fn numbered(
    conn: &mut PgConnection,
    subjects: &[String],
    system: &str,
    value: &str,
    fingerprint: &[u8; 32],
) -> Result<Vec<Numbered>> {
    let found = sqlx::query_as!(
        Numbered,
        r#"select (fingerprint = $4) is true as "is_same!", answer::text as "answer?" from sent_requests
           where value = $3 and system = $2 and subject = any($1) order by received_at desc limit 100"#,
        subjects,
        system,
        value,
        fingerprint.as_slice(),
    )
    .fetch_all(conn)
    .await?;
    Ok(found)
}

/// The latest request about a case.
pub async fn latest(conn: &mut PgConnection, case_id: Uuid) -> Result<Option<String>> {
    let found = sqlx::query_scalar!(
        r#"select document::text as "document!" from sent_requests where case_id = $1 and shard = $2 order by seq desc limit 1"#,
        case_id,
        shard_of(case_id),
    )
    .fetch_optional(conn)
    .await?;
    Ok(found)
}

/// A request that changed a case, with what it was answered.
#[derive(Debug, Clone, Copy)]
pub struct NewChange<'a> {
    /// The case.
    pub case_id: Uuid,
    /// Who sent it.
    pub subject: &'a str,
    /// The request.
    pub sent: SentColumns<'a>,
    /// SHA-256 of what it asks for.
    pub fingerprint: &'a [u8; 32],
    /// What it was answered.
    pub answer: &'a str,
    /// When.
    pub at: DateTime<Utc>,
}

/// Keeps a request behind those about the same case.
pub async fn keep(conn: &mut PgConnection, change: &NewChange<'_>) -> Result<()> {
    sqlx::query!(
        "insert into sent_requests (case_id, seq, subject, system, value, received_at, document, fingerprint, answer, shard)
         select $1, coalesce(max(seq), 0) + 1, $2, $3, $4, $5, $6::text::json, $7, $8::text::json, $9
         from sent_requests where case_id = $1 and shard = $9",
        change.case_id,
        change.subject,
        change.sent.system,
        change.sent.value,
        change.at,
        change.sent.document,
        change.fingerprint.as_slice(),
        change.answer,
        shard_of(change.case_id),
    )
    .execute(conn)
    .await?;
    Ok(())
}
