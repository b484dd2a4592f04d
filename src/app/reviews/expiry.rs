//! The end of a pended case's clock, with what a physician may have recorded for it (DET-05, DET-06).

use super::change::{self, Change, program_of};
use super::claims;
use super::decide::{By, determinations, reason};
use super::requests::LineDetermination;
use crate::app::orders::view;
use crate::app::{App, Error, Result};
use crate::domain::case::{Case, Computed};
use crate::domain::vocabulary::CallerRole;
use crate::rules::review::expiry::{Ended, ExpiryReview, end};
use crate::store;
use crate::store::case_events::SERVICE;
use crate::store::reviews::StoredExpiryReview;
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

/// What may happen after a physician's review and leave it in force: acts that bring nothing of what was waited for.
/// Anything else, such as a changed order or an attachment, needs a new look.
const HARMLESS: [&str; 10] = [
    "claimed",
    "claim_released",
    "claim_expired",
    "information_requested",
    "peer_to_peer_offered",
    "peer_to_peer_scheduled",
    "peer_to_peer_declined",
    "peer_to_peer_unreachable",
    "escalated",
    "s_code_claimed",
];

/// The clock of a case has ended. The case is denied only where a physician recorded so after the offer, and neither the information
/// nor the discussion came since; any other goes to a physician as overdue (DET-04).
pub(in crate::app) async fn end_of_clock(app: &App, conn: &mut PgConnection, case_id: Uuid, now: DateTime<Utc>) -> Result<()> {
    let held = store::cases::lock(conn, case_id).await?.ok_or(Error::NotFound)?;
    let case: Case = view::read_back(&held.stored.document)?;
    let computed: Computed = view::read_back(&held.computed)?;
    let program = program_of(app, &case, now)?;
    let harmless: Vec<String> = HARMLESS.iter().map(|kind| (*kind).to_owned()).collect();
    let stored = store::reviews::expiry_review(conn, case_id, &harmless).await?;
    let lines = stored.as_ref().map(lines_of).transpose()?.unwrap_or_default();
    let recorded = stored.as_ref().map(|stored| recorded(stored, &lines)).transpose()?;
    match end(&case, &computed, program.clocks.at_deadline, recorded.as_ref(), now) {
        Ended::Nothing => Ok(()),
        Ended::Denied(after) => {
            let Some(stored) = stored else { return Err(Error::Internal("a clock denied by itself".to_owned())) };
            let by = By { subject: &stored.reviewed_by, role: &stored.role, at: now };
            for determination in determinations(app.ids, &case, &after, &lines, &by) {
                store::reviews::insert_determination(conn, &determination).await?;
            }
            let detail = json!({"reviewed_by": stored.reviewed_by, "reviewed_at": stored.at, "drugs": LineDetermination::in_history(&lines)});
            let why = reason(&lines);
            write(app, conn, &case, *after, &computed, ("denied_at_deadline", why.as_deref()), detail, now).await
        }
        Ended::Escalated(after) => {
            release_nurse(conn, case_id).await?;
            let why = "the answer was due; the case goes to a physician as overdue";
            write(app, conn, &case, *after, &computed, ("deadline_passed", Some(why)), json!({}), now).await
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "one call from each of two branches")]
async fn write(
    app: &App,
    conn: &mut PgConnection,
    before: &Case,
    after: Case,
    computed: &Computed,
    (kind, reason): (&str, Option<&str>),
    detail: serde_json::Value,
    now: DateTime<Utc>,
) -> Result<()> {
    change::write(app, conn, Change { before, after, computed, kind, actor: SERVICE, reason, detail }, now).await?;
    Ok(())
}

/// The case is a physician's now; a physician who has it already keeps it.
async fn release_nurse(conn: &mut PgConnection, case_id: Uuid) -> Result<()> {
    let claim = store::reviews::claim(conn, case_id).await?;
    if claim.is_some_and(|claim| claim.role != CallerRole::Physician.as_str()) {
        claims::release(conn, case_id).await?;
    }
    Ok(())
}

fn lines_of(stored: &StoredExpiryReview) -> Result<Vec<LineDetermination>> {
    serde_json::from_value(stored.lines.clone())
        .map_err(|error| Error::Internal(format!("stored review does not read back: {:?}", error.classify())))
}

fn recorded(stored: &StoredExpiryReview, lines: &[LineDetermination]) -> Result<ExpiryReview> {
    let role = CallerRole::parse(&stored.role).ok_or_else(|| Error::Internal("no such role".to_owned()))?;
    Ok(ExpiryReview { role, lines: lines.iter().map(|line| line.line).collect(), superseded: stored.superseded })
}
