//! The reconsideration of a denial on the desk: what the practice says, and the decision of another physician than the one who denied.

use super::super::case::id;
use super::super::failure::Failure;
use super::super::faults::Faults;
use super::super::fields::Fields;
use super::super::inputs::{Drawing, Input};
use super::super::visitor::Visitor;
use super::acts::{idempotent, refused, seen, to_review};
use super::case::{Told, drawn};
use super::decide::{UNITS, VISITS, reasons};
use super::reading::NAME;
use super::{compare, kept, reading};
use crate::app::reviews::requests::{LineDetermination, ReconsiderationDetermination};
use crate::app::reviews::{self, Standing, reconsiderations};
use crate::app::{App, Caller};
use crate::documents::words;
use crate::domain::line::CaseLine;
use crate::domain::review::{LineOutcome, ReconsiderationDecision};
use crate::domain::vocabulary::CallerRole;
use axum::extract::{Path, State};
use axum::response::Response;

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
    /// What was denied, where it may be overturned in part.
    pub lines: Vec<DeniedLine>,
    /// Another reason for what stays denied.
    pub reason_code: Input,
    pub for_member: String,
}

/// A line that was denied.
#[derive(Debug, Clone)]
pub(super) struct DeniedLine {
    pub line: u32,
    pub name: String,
    pub ticked: bool,
    /// Billing units and visits, where none were counted.
    pub units: Vec<Input>,
}

/// The reconsideration of this case, where one was asked for.
pub(super) async fn part(
    app: &App,
    caller: &Caller,
    of_case: &Standing,
    fields: &Fields,
    faults: &Faults,
) -> Result<Option<ReconsiderPart>, Failure> {
    let Some(standing) = reconsiderations::standing(app, caller, of_case.case.case_id).await? else { return Ok(None) };
    let Some(one) = standing.one else { return Ok(None) };
    let zone = of_case.program.time_zone;
    let draw = Drawing { fields, faults };
    let lines: Vec<DeniedLine> = denied(of_case).map(|line| denied_line(of_case, line, &draw)).collect();
    let is_whole = matches!(lines.as_slice(), [one] if one.units.is_empty());
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
        lines: if is_whole { Vec::new() } else { lines },
        reason_code: reasons(of_case, &draw, "reconsider_reason".to_owned(), "Reason", "The one that was given"),
        for_member: fields.owned("reconsider_member").unwrap_or_default(),
    }))
}

fn denied(standing: &Standing) -> impl Iterator<Item = &CaseLine> {
    standing.case.lines().iter().filter(|line| line.is_denied())
}

fn denied_line(standing: &Standing, line: &CaseLine, draw: &Drawing<'_>) -> DeniedLine {
    let number = line.line;
    let needs_units = standing.lines.iter().any(|one| one.line == number && one.needs_units);
    let units = || {
        vec![
            draw.text(format!("units/{number}"), "Billing units").hint("over the whole range").short(),
            draw.text(format!("visits/{number}"), "Visits").short(),
        ]
    };
    DeniedLine {
        line: number,
        name: compare::drug_name(line),
        ticked: draw.fields.text(&format!("lift/{number}")).is_some(),
        units: if needs_units { units() } else { Vec::new() },
    }
}

/// What becomes of each line where a denial is overturned in part. A line that is not ticked stays denied: for the reason that was given,
/// or for the one that is given now.
fn in_part(standing: &Standing, fields: &Fields, rationale: Option<&str>, faults: &mut Faults) -> Vec<LineDetermination> {
    let mut lines = Vec::new();
    let reason_code = reading::text(fields, "reconsider_reason", "Reason", NAME, faults);
    let for_member = reading::text(fields, "reconsider_member", "For the member", reading::LONG, faults);
    let is_denied = |number: &str| denied(standing).any(|line| line.line.to_string() == number);
    if let Some((number, _)) = fields.under("lift/").find(|(number, value)| !value.is_empty() && !is_denied(number)) {
        faults.add(
            "lift",
            format!("Line {number} does not stand denied: look at the lines again, and tick those that are authorized"),
        );
    }
    for line in denied(standing) {
        let number = line.line;
        let lifted = fields.text(&format!("lift/{number}")).is_some();
        if !lifted && reason_code.is_none() {
            continue;
        }
        let units = reading::number(fields, &format!("units/{number}"), "Billing units", UNITS, faults);
        let visits = reading::number(fields, &format!("visits/{number}"), "Visits", VISITS, faults);
        let says_why = !lifted || standing.is_less(number, units, visits);
        lines.push(LineDetermination {
            line: number,
            decision: if lifted { LineOutcome::Authorized } else { LineOutcome::NonAuthorized },
            reason_code: reason_code.clone().filter(|_| says_why),
            rationale: rationale.filter(|_| says_why).map(str::to_owned),
            rationale_for_member: for_member.clone().filter(|_| says_why),
            units_approved: units.filter(|_| lifted),
            visits_approved: visits.filter(|_| lifted),
            criteria_not_met: None,
        });
    }
    if lines.iter().all(|line| line.decision == LineOutcome::NonAuthorized) {
        faults.add("lift", "What is authorized: tick at least one line, or let the denial stand");
    }
    lines
}

/// The field that fills this place of a decision.
fn field_of(pointer: &str, lines: &[LineDetermination]) -> String {
    let mut parts = pointer.split('/').skip(2);
    let line = parts.next().and_then(|index| index.parse::<usize>().ok()).and_then(|index| lines.get(index));
    match (line, parts.next()) {
        (Some(line), Some("units_approved")) => format!("units/{}", line.line),
        (Some(line), Some("visits_approved")) => format!("visits/{}", line.line),
        (Some(_), Some("reason_code")) => "reconsider_reason".to_owned(),
        _ => "reconsidered".to_owned(),
    }
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
        Some("overturned" | "in_part") => Some(ReconsiderationDecision::Overturned),
        _ => None,
    };
    if decision.is_none() {
        faults.add("reconsidered", "What becomes of the denial: pick one");
    }
    let rationale = reading::text(&fields, "reconsider_rationale", "Why", LONG, &mut faults);
    if rationale.is_none() && faults.of("reconsider_rationale").is_none() {
        faults.add("reconsider_rationale", "Why: say it in a sentence");
    }
    let mut lines = Vec::new();
    if fields.text("reconsidered") == Some("in_part") {
        let of_case = reviews::standing(&app, &visitor.caller, case_id).await?;
        lines = in_part(&of_case, &fields, rationale.as_deref(), &mut faults);
    }
    if fields.text("sure").is_none() {
        faults.add("reconsider-sure", "There is no undo: tick that this is your decision");
    }
    let (Some(decision), Some(rationale), true) = (decision, rationale, faults.is_empty()) else {
        return drawn(&app, &visitor, case_id, fields, Told::faults(faults)).await;
    };
    let request = ReconsiderationDetermination { decision, drugs: Vec::new(), lines, rationale };
    let key = idempotent(case_id, &fields);
    let decided =
        reconsiderations::determine(&app, &visitor.caller, one.reconsideration_id, &request, &seen(&fields), key.as_ref()).await;
    match decided {
        Ok(_) => {
            kept::forget(&app, &visitor.caller, case_id).await?;
            Ok(to_review(case_id))
        }
        Err(error) => refused(&app, &visitor, case_id, fields, error, |pointer| field_of(pointer, &request.lines)).await,
    }
}
