//! Reconsideration of a denial (APP-01…04): until when, by whom, and what an overturned denial becomes.

use super::{LineDecision, PhysicianReview, ReviewError, conclude, decided, deny_whole_case, keep_awards, units};
use crate::domain::case::{Case, Computed, PeerToPeer};
use crate::domain::line::CaseLine;
use crate::domain::vocabulary::{CallerRole, CaseStatus, DrugRole, DrugStatus};
use crate::rules::calendar::local_day;
use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;

/// The last local day on which a reconsideration may be asked for: so many calendar days after the denial (APP-01).
pub fn last_day(denied_at: DateTime<Utc>, calendar_days: u32, zone: Tz) -> NaiveDate {
    let day = local_day(denied_at, zone);
    day.checked_add_days(Days::new(u64::from(calendar_days))).unwrap_or(day)
}

/// True where something on the case was denied.
///
/// # Errors
/// [`ReviewError::NothingDenied`] where nothing was.
pub fn require_denial(case: &Case) -> Result<(), ReviewError> {
    match case.status {
        CaseStatus::NonAuthorized | CaseStatus::MultipleDecisionsRendered | CaseStatus::Authorized
            if case.lines().iter().any(CaseLine::is_denied) =>
        {
            Ok(())
        }
        status => Err(ReviewError::NothingDenied(status)),
    }
}

/// Proof that this physician may reconsider: another one than those who decided against authorization.
///
/// # Errors
/// See [`ReviewError`].
pub fn reviewer(role: CallerRole, subject: &str, denied_by: &[String]) -> Result<PhysicianReview, ReviewError> {
    if denied_by.iter().any(|earlier| earlier == subject) {
        return Err(ReviewError::SamePhysician);
    }
    // no case is denied before the offer, so that the discussion was offered to whoever asks now
    PhysicianReview::of(role, PeerToPeer::Offered)
}

/// The lines that an overturn without further words authorizes: those denied that the engine would not have let pass by itself, and those
/// denied in part. The others return to what was computed.
pub fn all_denied(case: &Case, computed: &Computed) -> Vec<LineDecision> {
    let pended = |line: u32| computed.drugs.iter().any(|drug| drug.line == line && drug.status == DrugStatus::InProgress);
    let is_meant =
        |drug: &&CaseLine| drug.refused_part.is_some() || (drug.status == DrugStatus::NonAuthorized && pended(drug.line));
    let denied = case.lines().iter().filter(is_meant);
    denied.map(|drug| LineDecision::Authorize { line: drug.line, set: None, review: None }).collect()
}

/// A reconsideration that overturns: the denied lines named are authorized, and those denied in part for more than before; every other denied
/// one that the engine would have let pass returns to what was computed (APP-04).
///
/// # Errors
/// See [`ReviewError`].
pub fn overturn(
    case: &Case,
    computed: &Computed,
    decisions: &[LineDecision],
    now: DateTime<Utc>,
) -> Result<(Case, Computed), ReviewError> {
    let before = case;
    let mut computed = computed.clone();
    let mut case = before.clone();
    for (index, decision) in decisions.iter().enumerate() {
        let line = decision.line();
        if decisions.iter().take(index).any(|earlier| earlier.line() == line) {
            return Err(ReviewError::DecidedTwice(line));
        }
        let drug = case.lines_mut().iter_mut().find(|drug| drug.line == line).ok_or(ReviewError::NoSuchLine(line))?;
        if !drug.is_denied() {
            return Err(ReviewError::LineNotDenied(line));
        }
        if drug.refused_part.is_some() && matches!(decision, LineDecision::Deny { .. }) {
            continue; // the part stays denied
        }
        if let LineDecision::Authorize { set, review, .. } = decision {
            units::count(drug, &mut computed, *set, *review)?;
            drug.status = DrugStatus::Authorized;
            drug.message = units::in_words(drug, *set, "reconsideration");
        } else {
            drug.message = format!("{} is not authorized after a physician's reconsideration", drug.name);
        }
    }
    let treatment_denied = case.lines().iter().any(|drug| {
        drug.status == DrugStatus::NonAuthorized && drug.role != DrugRole::Supportive && decided(drug.line, decisions)
    });
    for drug in
        case.lines_mut().iter_mut().filter(|drug| drug.status == DrugStatus::NonAuthorized && !decided(drug.line, decisions))
    {
        let of_engine = computed.drugs.iter().find(|of_engine| of_engine.line == drug.line);
        if let Some(of_engine) = of_engine.filter(|of_engine| of_engine.status != DrugStatus::InProgress && !treatment_denied) {
            drug.status = of_engine.status;
            drug.message = format!("{}: the denial of the case was overturned on reconsideration", drug.name);
        }
    }
    deny_whole_case(&mut case);
    conclude(&mut case, &computed, now);
    if !case.status.has_order_id() {
        return Err(still_denied(&case, decisions));
    }
    let changed = || before.lines().iter().zip(case.lines()).map(|(before, after)| (Refused::of(before), Refused::of(after)));
    if !changed().any(|(before, after)| after.is_less_than(before)) || changed().any(|(before, after)| before.is_less_than(after))
    {
        return Err(ReviewError::NothingOverturned);
    }
    if before.status.has_order_id() {
        keep_awards(&mut case, before); // the treatment was approved at the first decision
    }
    Ok((case, computed))
}

/// How much of a line is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Refused {
    whole: bool,
    visits: u32,
    units: u64,
}

impl Refused {
    fn of(line: &CaseLine) -> Self {
        let part = line.refused_part.as_ref();
        Self {
            whole: line.status == DrugStatus::NonAuthorized,
            visits: part.map_or(0, |part| part.visits),
            units: part.and_then(|part| part.units).unwrap_or(0),
        }
    }

    /// True where something of it is less, whatever else is more. A part is less than the whole.
    const fn is_less_than(self, other: Self) -> bool {
        if self.whole == other.whole { self.visits < other.visits || self.units < other.units } else { other.whole }
    }
}

/// The line that keeps the case denied: one nobody decided, or else the first.
fn still_denied(case: &Case, decisions: &[LineDecision]) -> ReviewError {
    let mut denied = case.lines().iter().filter(|drug| drug.status == DrugStatus::NonAuthorized).map(|drug| drug.line);
    let first = denied.clone().next().unwrap_or(1);
    ReviewError::StillDenied(denied.find(|line| !decided(*line, decisions)).unwrap_or(first))
}
