//! The end of a pended case's clock (DET-05, DET-06).

use super::{App, Result, reviews};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// The deadline of a case has passed. A clock alone never denies (DET-04).
pub async fn pass(app: &App, conn: &mut PgConnection, case_id: Uuid, now: DateTime<Utc>) -> Result<()> {
    reviews::end_of_clock(app, conn, case_id, now).await
}
