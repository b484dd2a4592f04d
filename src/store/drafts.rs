//! Orders that were begun and not sent.

use super::Result;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Id.
    pub draft_id: Uuid,
    /// The fields of the form, as a browser sends them.
    pub form: String,
    /// When it was last saved.
    pub saved_at: DateTime<Utc>,
}

/// Saves a draft, in the place of what was saved of it before. False where the id is somebody else's.
pub async fn save(conn: &mut PgConnection, subject: &str, draft: &Draft) -> Result<bool> {
    let done = sqlx::query!(
        "insert into drafts (draft_id, subject, form, saved_at) values ($1, $2, $3, $4)
         on conflict (draft_id) do update set form = excluded.form, saved_at = excluded.saved_at where drafts.subject = excluded.subject",
        draft.draft_id,
        subject,
        draft.form,
        draft.saved_at,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets all of somebody's drafts but so many, the latest.
pub async fn keep_latest(conn: &mut PgConnection, subject: &str, most: i64) -> Result<()> {
    sqlx::query!(
        "delete from drafts where draft_id in
           (select draft_id from drafts where subject = $1 order by saved_at desc, draft_id desc offset $2)",
        subject,
        most
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Somebody's drafts that were saved since, the latest first.
pub async fn of(conn: &mut PgConnection, subject: &str, since: DateTime<Utc>, limit: i64) -> Result<Vec<Draft>> {
    Ok(sqlx::query_as!(
        Draft,
        "select draft_id, form, saved_at from drafts where subject = $1 and saved_at >= $2 order by saved_at desc, draft_id desc limit $3",
        subject,
        since,
        limit
    )
    .fetch_all(conn)
    .await?)
}

/// One of somebody's drafts, saved since.
pub async fn get(conn: &mut PgConnection, subject: &str, draft_id: Uuid, since: DateTime<Utc>) -> Result<Option<Draft>> {
    Ok(sqlx::query_as!(
        Draft,
        "select draft_id, form, saved_at from drafts where draft_id = $1 and subject = $2 and saved_at >= $3",
        draft_id,
        subject,
        since
    )
    .fetch_optional(conn)
    .await?)
}

/// Forgets one of somebody's drafts.
pub async fn remove(conn: &mut PgConnection, subject: &str, draft_id: Uuid) -> Result<()> {
    sqlx::query!("delete from drafts where draft_id = $1 and subject = $2", draft_id, subject).execute(conn).await?;
    Ok(())
}

/// Forgets drafts that were last saved before this instant.
pub async fn remove_before(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<u64> {
    Ok(sqlx::query!("delete from drafts where saved_at < $1", before).execute(conn).await?.rows_affected())
}
