//! What a determination would make of a case, and the letters that would go out. Nothing is stored, drawn or counted.

use super::act::Held;
use super::requests::Determination;
use super::{claims, decide};
use crate::app::orders::view;
use crate::app::visibility::sees;
use crate::app::{App, Caller, Error, Result, letters};
use crate::documents::Letter;
use crate::domain::case::{Case, Computed};
use crate::domain::review::LineOutcome;
use crate::store;
use crate::store::letters::StoredDenial;
use crate::store::reviews::NewDetermination;
use uuid::Uuid;

/// What would be.
#[derive(Debug, Clone)]
pub struct Previewed {
    /// The case as it would stand, without a number.
    pub case: Case,
    /// The letters, as they would be written now; none where lines would still be in review.
    pub letters: Vec<Letter>,
}

/// Looks ahead, with every refusal that the determination itself would meet.
pub async fn determination(app: &App, caller: &Caller, case_id: Uuid, request: &Determination) -> Result<Previewed> {
    let now = app.clock.now();
    let mut conn = app.pool.acquire().await?;
    let stored = store::cases::with_computed(&mut conn, case_id).await?;
    let stored = stored.filter(|held| sees(caller, &held.stored)).ok_or(Error::NotFound)?;
    claims::require_free(&mut conn, case_id, caller, now).await?;
    let case: Case = view::read_back(&stored.stored.document)?;
    let computed: Computed = view::read_back(&stored.computed)?;
    let held = Held { app, caller, now, case, computed };
    if request.on_expiry {
        decide::review_for_expiry(&held, request)?;
    }
    let outcome = decide::determine(&held, request)?;
    let mut after = outcome.after;
    let issued = letters::issue(app.ids, &held.case, &mut after, outcome.kind, now);
    let denied: Vec<StoredDenial> = outcome.determinations.into_iter().filter_map(denial).collect();
    let letters = letters::preview(app, &mut conn, &after, &issued, &denied).await?;
    Ok(Previewed { case: after, letters })
}

fn denial(one: NewDetermination) -> Option<StoredDenial> {
    (one.decision == LineOutcome::NonAuthorized.as_str() || one.visits_refused.is_some()).then_some(StoredDenial {
        line: one.line,
        reason_code: one.reason_code,
        rationale: one.rationale,
        rationale_for_member: one.rationale_for_member,
        criteria_not_met: one.criteria_not_met,
        implied_by_line: one.implied_by_line,
    })
}
