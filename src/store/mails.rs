//! Mails to people, stored with what they tell of and sent later.

use super::Result;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

/// A mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SentMail {
    /// Identifies it.
    pub mail_id: Uuid,
    /// To whom.
    #[serde(rename = "to")]
    pub recipient: String,
    /// Subject.
    pub subject: String,
    /// Text.
    pub body: String,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// Stores one to be sent; at `due_at`, or never where mails are only shown.
///
/// `asked_from` is the address from which a stranger asked for it.
pub async fn insert(
    conn: &mut PgConnection,
    mail: &SentMail,
    asked_from: Option<&str>,
    due_at: Option<DateTime<Utc>>,
) -> Result<()> {
    sqlx::query!(
        "insert into mails (mail_id, recipient, subject, body, created_at, asked_from, due_at) values ($1, $2, $3, $4, $5, $6, $7)",
        mail.mail_id,
        mail.recipient,
        mail.subject,
        mail.body,
        mail.created_at,
        asked_from,
        due_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// How many this mailbox was sent since because strangers asked, and how many of them for those who asked from this address.
pub async fn count_since(conn: &mut PgConnection, recipient: &str, from: &str, since: DateTime<Utc>) -> Result<(i64, i64)> {
    let count = sqlx::query!(
        r#"select count(*) as "all!", count(*) filter (where asked_from = $2) as "from_one!" from mails
           where recipient = $1 and created_at > $3 and asked_from is not null"#,
        recipient,
        from,
        since,
    )
    .fetch_one(conn)
    .await?;
    Ok((count.all, count.from_one))
}

/// Those after `after` that still have their text, oldest first.
pub async fn list(conn: &mut PgConnection, after: Option<Uuid>, limit: i64) -> Result<Vec<SentMail>> {
    Ok(sqlx::query_as!(
        SentMail,
        r#"select mail_id, recipient, subject, body as "body!", created_at from mails
           where body is not null and ($1::uuid is null or mail_id > $1) order by mail_id limit $2"#,
        after,
        limit,
    )
    .fetch_all(conn)
    .await?)
}

/// Takes one that is due; nobody else does before `again_at`. With it, how often it was tried.
pub async fn claim(conn: &mut PgConnection, now: DateTime<Utc>, again_at: DateTime<Utc>) -> Result<Option<(SentMail, i32)>> {
    let row = sqlx::query!(
        r#"update mails set due_at = $2, attempts = attempts + 1
           where mail_id = (select mail_id from mails where due_at <= $1 order by due_at limit 1 for update skip locked)
           returning mail_id, recipient, subject, coalesce(body, '') as "body!", created_at, attempts"#,
        now,
        again_at,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let mail = SentMail {
            mail_id: row.mail_id,
            recipient: row.recipient,
            subject: row.subject,
            body: row.body,
            created_at: row.created_at,
        };
        (mail, row.attempts)
    }))
}

/// It was sent: its text is forgotten.
pub async fn sent(conn: &mut PgConnection, mail_id: Uuid, at: DateTime<Utc>) -> Result<()> {
    sqlx::query!("update mails set sent_at = $2, due_at = null, body = null where mail_id = $1", mail_id, at)
        .execute(conn)
        .await?;
    Ok(())
}

/// It is tried again then, or given up: its text is forgotten, too.
pub async fn put_off(conn: &mut PgConnection, mail_id: Uuid, due_at: Option<DateTime<Utc>>) -> Result<()> {
    sqlx::query!(
        "update mails set due_at = $2, body = case when $2::timestamptz is null then null else body end where mail_id = $1",
        mail_id,
        due_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets those that were written before.
pub async fn remove_before(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<u64> {
    Ok(sqlx::query!("delete from mails where created_at < $1", before).execute(conn).await?.rows_affected())
}
