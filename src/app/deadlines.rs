//! The end of a pended case's clock (DET-05, DET-06).

use super::orders::view;
use super::{Error, Result};
use crate::domain::case::{Case, ReviewQueue};
use crate::domain::vocabulary::CaseStatus;
use crate::store;
use crate::store::case_events::{NewEvent, SERVICE};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// The deadline of a case has passed: a case still in progress goes to a physician as overdue. A clock alone never denies (DET-04).
pub async fn pass(conn: &mut PgConnection, case_id: Uuid, now: DateTime<Utc>) -> Result<()> {
    let held = store::cases::lock(conn, case_id).await?.ok_or(Error::NotFound)?;
    let mut case: Case = view::read_back(&held.stored.document)?;
    let Some(review) = case.review.as_mut().filter(|_| case.status == CaseStatus::InProgress) else { return Ok(()) };
    review.queue = ReviewQueue::Physician;
    review.overdue = true;
    let document = view::write_out(&case)?;
    let event = NewEvent {
        case_id,
        at: now,
        kind: "deadline_passed",
        actor: SERVICE,
        reason: Some("The answer was due; the case goes to a physician as overdue."),
        detail: None,
        change: Some((&document, &held.computed)),
    };
    store::case_events::append(conn, &event).await?;
    Ok(())
}
