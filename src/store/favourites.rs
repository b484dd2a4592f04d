//! Treatments that practices keep under a name.

use super::Result;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Favourite {
    /// Id.
    pub favourite_id: Uuid,
    /// Its name.
    pub name: String,
    /// The fields of the form, as a browser sends them.
    pub form: String,
}

/// Keeps one, in the place of what its owner kept under the same name.
pub async fn save(conn: &mut PgConnection, owner: &str, one: &Favourite, saved_by: &str, saved_at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into favourite_treatments (favourite_id, owner, name, form, saved_by, saved_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (owner, name) do update set form = excluded.form, saved_by = excluded.saved_by, saved_at = excluded.saved_at",
        one.favourite_id,
        owner,
        one.name,
        one.form,
        saved_by,
        saved_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Those of these owners, by name.
pub async fn of(conn: &mut PgConnection, owners: &[String], limit: i64) -> Result<Vec<Favourite>> {
    Ok(sqlx::query_as!(
        Favourite,
        "select favourite_id, name, form from favourite_treatments where owner = any($1) order by name, favourite_id limit $2",
        owners,
        limit
    )
    .fetch_all(conn)
    .await?)
}

/// One of these owners'.
pub async fn get(conn: &mut PgConnection, owners: &[String], favourite_id: Uuid) -> Result<Option<Favourite>> {
    Ok(sqlx::query_as!(
        Favourite,
        "select favourite_id, name, form from favourite_treatments where favourite_id = $1 and owner = any($2)",
        favourite_id,
        owners
    )
    .fetch_optional(conn)
    .await?)
}

/// Forgets one of these owners'.
pub async fn remove(conn: &mut PgConnection, owners: &[String], favourite_id: Uuid) -> Result<()> {
    sqlx::query!("delete from favourite_treatments where favourite_id = $1 and owner = any($2)", favourite_id, owners)
        .execute(conn)
        .await?;
    Ok(())
}
