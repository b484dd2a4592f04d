//! The sandbox's clock, kept in the database so that several processes agree.

use super::Result;
use sqlx::PgConnection;

/// How far the clock runs ahead of the machine's, in microseconds.
pub async fn offset(conn: &mut PgConnection) -> Result<i64> {
    Ok(sqlx::query_scalar!("select offset_micros from sandbox_clock").fetch_one(conn).await?)
}

/// The same, holding the row until the transaction ends, so that the clock is moved by one caller at a time.
pub async fn lock_offset(conn: &mut PgConnection) -> Result<i64> {
    Ok(sqlx::query_scalar!("select offset_micros from sandbox_clock for update").fetch_one(conn).await?)
}

/// Moves the clock.
pub async fn set_offset(conn: &mut PgConnection, micros: i64) -> Result<()> {
    sqlx::query!("update sandbox_clock set offset_micros = $1", micros).execute(conn).await?;
    Ok(())
}

/// True where anything depends on the time shown.
pub async fn orders_exist(conn: &mut PgConnection) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select exists (select from cases) as "exist!""#).fetch_one(conn).await?)
}
