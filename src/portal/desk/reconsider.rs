//! The reconsideration of a denial on the desk: what the practice says, and the decision of another physician than the one who denied.

use super::super::case::id;
use super::super::failure::Failure;
use super::super::faults::Faults;
use super::super::fields::Fields;
use super::super::visitor::Visitor;
use super::acts::{idempotent, refused, seen, to_review};
use super::case::{Told, drawn};
use super::{kept, reading};
use crate::app::reviews::reconsiderations;
use crate::app::reviews::requests::ReconsiderationDetermination;
use crate::app::{App, Caller};
use crate::documents::words;
use crate::domain::review::ReconsiderationDecision;
use crate::domain::vocabulary::CallerRole;
use axum::extract::{Path, State};
use axum::response::Response;
use chrono_tz::Tz;
use uuid::Uuid;

/// The longest rationale, as the API takes it.
const LONG: usize = 8_000;

/// A reconsideration as the page shows it.
#[derive(Debug, Clone)]
pub(super) struct ReconsiderPart {
    pub asked: String,
    pub reason: String,
    /// What was decided; none while it is open.
    pub decided: Option<String>,
    pub rationale: String,
    /// True where this visitor decides it.
    pub may_decide: bool,
    /// Why not.
    pub why_not: &'static str,
    pub decision: String,
    pub words: String,
}

/// The reconsideration of this case, where one was asked for.
pub(super) async fn part(
    app: &App,
    caller: &Caller,
    case_id: Uuid,
    zone: Tz,
    fields: &Fields,
) -> Result<Option<ReconsiderPart>, Failure> {
    let Some(standing) = reconsiderations::standing(app, caller, case_id).await? else { return Ok(None) };
    let Some(one) = standing.one else { return Ok(None) };
    let is_open = one.decision.is_none();
    let physician = caller.role == CallerRole::Physician;
    let decided = one.decision.as_deref().zip(one.decided_at).map(|(decision, at)| {
        let became = if decision == "upheld" { "The denial stands" } else { "The denial was overturned" };
        format!("{became}: {}", words::instant(&at, &zone))
    });
    Ok(Some(ReconsiderPart {
        asked: format!("{}, by {}", words::instant(&one.requested_at, &zone), one.requested_by),
        reason: one.reason,
        decided,
        rationale: one.rationale.unwrap_or_default(),
        may_decide: is_open && physician && !standing.is_denied_by_caller,
        why_not: match (is_open, physician) {
            (true, false) => "A medical oncologist decides it.",
            (true, true) => "You decided against authorization: another medical oncologist decides this.",
            _ => "",
        },
        decision: fields.owned("reconsidered").unwrap_or_default(),
        words: fields.owned("reconsider_rationale").unwrap_or_default(),
    }))
}

pub(super) async fn decide(
    State(app): State<App>,
    visitor: Visitor,
    Path(case_id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let case_id = id(&case_id)?;
    let standing = reconsiderations::standing(&app, &visitor.caller, case_id).await?;
    let one = standing.and_then(|standing| standing.one).ok_or_else(Failure::not_found)?;
    let mut faults = Faults::default();
    let decision = match fields.text("reconsidered") {
        Some("upheld") => Some(ReconsiderationDecision::Upheld),
        Some("overturned") => Some(ReconsiderationDecision::Overturned),
        _ => None,
    };
    if decision.is_none() {
        faults.add("reconsidered", "What becomes of the denial: pick one");
    }
    let rationale = reading::text(&fields, "reconsider_rationale", "Why", LONG, &mut faults);
    if rationale.is_none() && faults.of("reconsider_rationale").is_none() {
        faults.add("reconsider_rationale", "Why: say it in a sentence");
    }
    if fields.text("sure").is_none() {
        faults.add("reconsider-sure", "There is no undo: tick that this is your decision");
    }
    let (Some(decision), Some(rationale), true) = (decision, rationale, faults.is_empty()) else {
        return drawn(&app, &visitor, case_id, fields, Told::faults(faults)).await;
    };
    let request = ReconsiderationDetermination { decision, drugs: Vec::new(), lines: Vec::new(), rationale };
    let key = idempotent(case_id, &fields);
    let decided =
        reconsiderations::determine(&app, &visitor.caller, one.reconsideration_id, &request, &seen(&fields), key.as_ref()).await;
    match decided {
        Ok(_) => {
            kept::forget(&app, &visitor.caller, case_id).await?;
            Ok(to_review(case_id))
        }
        Err(error) => refused(&app, &visitor, case_id, fields, error, |_| "reconsidered".to_owned()).await,
    }
}
