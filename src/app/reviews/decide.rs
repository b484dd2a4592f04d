//! Determinations (DET-02…05): who may decide what, why, and what is written down of it.

use super::act::{Also, Held, Outcome};
use super::change::{content_of, program_of};
use super::requests::{Determination, LineDetermination};
use super::units;
use crate::app::{Error, Result};
use crate::domain::case::{Case, Computed, Finding, PeerToPeer};
use crate::domain::content::{Program, Reason};
use crate::domain::refusal::Fault;
use crate::domain::review::{LineOutcome, PathwayFinding};
use crate::domain::shared_text::Text;
use crate::domain::text::said;
use crate::domain::vocabulary::{CaseStatus, DrugStatus, Truth};
use crate::rules::review::{self, LineDecision, PathwayChoice, PhysicianReview, ReviewError, expiry};
use crate::store::reviews::NewDetermination;
use serde_json::json;

/// What a denial says, for every line that it takes along.
#[derive(Debug, Clone)]
pub(super) struct Denial {
    /// The line decided.
    pub(super) line: u32,
    /// Reason code.
    pub(super) reason_code: String,
    /// Rationale.
    pub(super) rationale: String,
    /// The same for the member.
    pub(super) rationale_for_member: Option<String>,
}

/// Decides lines (CAS-04…09).
pub(super) fn determine(held: &Held<'_>, request: &Determination) -> Result<Outcome> {
    let (list, decided) = request.decisions()?;
    let decisions = decisions(held, decided)?;
    let program = program_of(held.app, &held.case, held.now)?;
    let lines = complete(&program, &held.case, &held.computed, (list, decided))?;
    let pathway_id = pathway_of_match(held);
    let pathway = request.pathway.map(|pathway| match pathway.determination {
        PathwayFinding::OnPathway => (PathwayChoice::On, pathway_id.as_str()),
        PathwayFinding::OffPathway => (PathwayChoice::Off, pathway_id.as_str()),
    });
    let (after, computed) = review::determine(&held.case, &held.computed, &decisions, pathway, held.now)?;
    let (subject, role) = (&held.caller.subject, held.caller.role.as_str());
    let determinations = determinations(held.app.ids, &held.case, &after, &lines, &By { subject, role, at: held.now });
    Ok(Outcome {
        after,
        computed,
        kind: "determined",
        reason: reason(&lines),
        detail: json!({"drugs": LineDetermination::in_history(&lines), "pathway": request.pathway.map(|pathway| pathway.determination)}),
        determinations,
        also: Also::Nothing,
    })
}

/// A physician's review of a case whose clock still runs (DET-05): checked as a denial now would be, and kept for the end of the clock.
pub(super) fn review_for_expiry(held: &Held<'_>, request: &Determination) -> Result<Outcome> {
    if request.pathway.is_some() {
        let message = "a denied case is on no Pathway; leave this out (SCD-11)";
        return Err(Error::invalid(vec![Fault::new("/pathway", "not-allowed", message)]));
    }
    let (list, decided) = request.decisions()?;
    let decisions = decisions(held, decided)?;
    let program = program_of(held.app, &held.case, held.now)?;
    let lines = complete(&program, &held.case, &held.computed, (list, decided))?;
    expiry::review(&held.case, &held.computed, program.clocks.at_deadline, &decisions, held.now)?;
    let json = serde_json::to_string(&lines).map_err(|error| Error::Internal(format!("lines do not serialize: {error}")))?;
    Ok(Outcome {
        after: held.case.clone(),
        computed: held.computed.clone(),
        kind: "reviewed_for_expiry",
        reason: reason(&lines),
        detail: json!({"drugs": LineDetermination::in_history(&lines)}),
        determinations: Vec::new(),
        also: Also::ExpiryReview { lines: json },
    })
}

/// The decisions with the proof that each denial needs: first whether the caller may, then whether the reasons are there.
fn decisions(held: &Held<'_>, lines: &[LineDetermination]) -> Result<Vec<LineDecision>> {
    let state = held.case.review.as_ref().map_or(PeerToPeer::NotOffered, |review| review.peer_to_peer);
    if held.case.review.is_none() {
        return Err(ReviewError::AlreadyDecided(held.case.status).into());
    }
    let decision = |line: &LineDetermination| match line.decision {
        LineOutcome::Authorized => {
            // less than was asked for is a denial of the rest
            let denies = units::refuses_part(&held.computed, line);
            let review = denies.then(|| PhysicianReview::of(held.caller.role, state)).transpose()?;
            Ok(LineDecision::Authorize { line: line.line, set: line.set_units(), review })
        }
        LineOutcome::NonAuthorized => {
            PhysicianReview::of(held.caller.role, state).map(|review| LineDecision::Deny { line: line.line, review })
        }
    };
    Ok(lines.iter().map(decision).collect::<std::result::Result<_, ReviewError>>()?)
}

/// The lines with every denial's reasons and every authorization's units complete; all faults at once.
pub(super) fn complete(
    program: &Program,
    case: &Case,
    computed: &Computed,
    (list, lines): (&str, &[LineDetermination]),
) -> Result<Vec<LineDetermination>> {
    let mut faults = Vec::new();
    let mut complete = lines.to_vec();
    for (index, line) in complete.iter_mut().enumerate() {
        if case.lines().iter().all(|drug| drug.line != line.line) {
            let message = format!("the order has no line {}", line.line);
            faults.push(Fault::new(format!("/{list}/{index}/line"), "unknown-line", message));
        }
        faults.extend(units::faults(case, computed, (list, index), line));
        for text in [&mut line.reason_code, &mut line.rationale, &mut line.rationale_for_member] {
            *text = text.as_deref().and_then(said).map(str::to_owned);
        }
        let refuses_part = units::refuses_part(computed, line);
        let reason_for = if refuses_part { LineOutcome::NonAuthorized } else { line.decision };
        faults.extend(reason_fault(program, (list, index), line, reason_for));
        if reason_for != LineOutcome::NonAuthorized {
            continue;
        }
        for (name, value) in [("reason_code", &line.reason_code), ("rationale", &line.rationale)] {
            if value.is_none() {
                let message = if refuses_part {
                    "less than was asked for is a denial of the rest: it gives a reason code and a rationale (DET-10)"
                } else {
                    "a denial gives a reason code and a rationale (DET-10)"
                };
                faults.push(Fault::new(format!("/{list}/{index}/{name}"), "missing", message));
            }
        }
        if refuses_part {
            continue;
        }
        let criteria = line.criteria_not_met.take().filter(|criteria| !criteria.is_empty());
        line.criteria_not_met = Some(criteria.unwrap_or_else(|| criteria_not_met(case, line.line)));
    }
    if faults.is_empty() { Ok(complete) } else { Err(Error::invalid(faults)) }
}

/// A reason is one of the program's list for this decision (DET-10).
fn reason_fault(
    program: &Program,
    (list, index): (&str, usize),
    line: &LineDetermination,
    decision: LineOutcome,
) -> Option<Fault> {
    let code = line.reason_code.as_deref()?;
    let fits = |reason: &&Reason| reason.decision == decision;
    if program.reason(code).as_ref().is_some_and(fits) {
        return None;
    }
    let listed: Vec<&str> = program.reasons.iter().filter(fits).map(|reason| reason.code.as_str()).collect();
    let what = match decision {
        LineOutcome::Authorized => "an authorization",
        LineOutcome::NonAuthorized => "a denial",
    };
    let message = format!("`{code}` is no reason for {what} in {}: give one of {}", program.name, listed.join(", "));
    Some(Fault::new(format!("/{list}/{index}/reason_code"), "not-allowed-value", message))
}

/// The rules behind a drug that did not hold; those of the whole order where the drug has none.
fn criteria_not_met(case: &Case, line: u32) -> Vec<String> {
    let of_drug = case.lines().iter().find(|drug| drug.line == line).map(|drug| drug.findings.as_slice()).unwrap_or_default();
    let not_met = || case.findings.iter().filter(|finding| finding.outcome != Truth::Met);
    let of_another = |id: &Text| case.lines().iter().any(|drug| drug.line != line && drug.findings.contains(id));
    let own: Vec<String> =
        not_met().filter(|finding| of_drug.contains(&finding.id)).map(|finding| finding.rule.to_string()).collect();
    if own.is_empty() {
        let of_case = |finding: &&Finding| finding.outcome == Truth::NotMet && !of_another(&finding.id);
        not_met().filter(of_case).map(|finding| finding.rule.to_string()).collect()
    } else {
        own
    }
}

/// Who decided, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct By<'a> {
    pub(super) subject: &'a str,
    pub(super) role: &'a str,
    pub(super) at: chrono::DateTime<chrono::Utc>,
}

/// What is written down: one determination a line decided, and one for every line that the denial of a treatment drug took along.
pub(super) fn determinations(
    ids: crate::ids::Ids,
    before: &Case,
    after: &Case,
    lines: &[LineDetermination],
    by: &By<'_>,
) -> Vec<NewDetermination> {
    let new = |line: u32, decision: LineOutcome| NewDetermination {
        determination_id: ids.beside(before.case_id, by.at),
        case_id: before.case_id,
        line: i32::try_from(line).unwrap_or(i32::MAX),
        decision: decision.as_str(),
        decided_by: by.subject.to_owned(),
        role: by.role.to_owned(),
        at: by.at,
        reason_code: None,
        rationale: None,
        rationale_for_member: None,
        units_approved: None,
        visits_approved: None,
        units_refused: None,
        visits_refused: None,
        criteria_not_met: Vec::new(),
        implied_by_line: None,
    };
    let mut rows = Vec::new();
    for line in lines {
        let part = after.lines().iter().find(|drug| drug.line == line.line).and_then(|drug| drug.refused_part.as_ref());
        rows.push(NewDetermination {
            units_refused: part.and_then(|part| part.units).and_then(|units| i64::try_from(units).ok()),
            visits_refused: part.and_then(|part| i32::try_from(part.visits).ok()),
            reason_code: line.reason_code.clone(),
            rationale: line.rationale.clone(),
            rationale_for_member: line.rationale_for_member.clone(),
            units_approved: line.units_approved.and_then(|units| i64::try_from(units).ok()),
            visits_approved: line.visits_approved.and_then(|visits| i32::try_from(visits).ok()),
            criteria_not_met: line.criteria_not_met.clone().unwrap_or_default(),
            ..new(line.line, line.decision)
        });
    }
    let Some(denial) = treatment_denial(after, lines) else { return rows };
    let denied = |drug: &&crate::domain::line::CaseLine| drug.status == DrugStatus::NonAuthorized;
    for drug in after.lines().iter().filter(denied) {
        let was = before.lines().iter().find(|earlier| earlier.line == drug.line).map(|earlier| earlier.status);
        let decided = lines.iter().find(|line| line.line == drug.line).map(|line| line.decision);
        if was == Some(DrugStatus::NonAuthorized) || decided == Some(LineOutcome::NonAuthorized) {
            continue;
        }
        rows.push(NewDetermination {
            reason_code: Some(denial.reason_code.clone()),
            rationale: Some(denial.rationale.clone()),
            rationale_for_member: denial.rationale_for_member.clone(),
            implied_by_line: Some(i32::try_from(denial.line).unwrap_or(i32::MAX)),
            ..new(drug.line, LineOutcome::NonAuthorized)
        });
    }
    rows
}

/// The denial that denies the entire case (CAS-04).
fn treatment_denial(after: &Case, lines: &[LineDetermination]) -> Option<Denial> {
    if after.status != CaseStatus::NonAuthorized {
        return None;
    }
    let denials = || lines.iter().filter(|line| line.decision == LineOutcome::NonAuthorized);
    let treats = |line: &&LineDetermination| {
        after.lines().iter().any(|drug| drug.line == line.line && drug.role != crate::domain::vocabulary::DrugRole::Supportive)
    };
    let denial = denials().find(treats).or_else(|| denials().next())?;
    Some(Denial {
        line: denial.line,
        reason_code: denial.reason_code.clone()?,
        rationale: denial.rationale.clone()?,
        rationale_for_member: denial.rationale_for_member.clone(),
    })
}

/// The rationales, for the history.
pub(super) fn reason(lines: &[LineDetermination]) -> Option<String> {
    let mut words: Vec<&str> = lines.iter().filter_map(|line| line.rationale.as_deref()).collect();
    words.dedup();
    (!words.is_empty()).then(|| words.join("; "))
}

/// The Pathway of the regimen that the order matches, on its date of service; empty where there is none.
fn pathway_of_match(held: &Held<'_>) -> String {
    let content = content_of(held.app, &held.case, held.now);
    let regimen = held.computed.pathway.regimen_id.as_deref().and_then(|id| content.regimen(id));
    let day = held.case.request.date_of_service.unwrap_or_else(|| held.case.submitted_at.date_naive());
    let pathway = regimen.and_then(|regimen| regimen.pathway.as_ref()).filter(|pathway| pathway.is_effective(day));
    pathway.map(|pathway| pathway.id.clone()).unwrap_or_default()
}
