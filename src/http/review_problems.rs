//! What the rules of review refuse, as problems: with the requirement behind it, and the step that helps.

use super::problem::Problem;
use super::problem_kinds as kinds;
use crate::app::ReviewError;
use crate::domain::refusal::Fault;

/// The problem of a refusal. `remedy` names the call that helps.
pub fn of(error: &ReviewError) -> Problem {
    let detail = error.to_string();
    let problem = match error {
        ReviewError::OnlyPhysiciansDeny | ReviewError::SamePhysician => Problem::forbidden(detail),
        ReviewError::NoSuchLine(_) => invalid("unknown-line", detail),
        ReviewError::DecidedTwice(_) => invalid("duplicate-line", detail),
        ReviewError::NotReviewed(_) => invalid("not-reviewed", detail),
        ReviewError::LeavesOpen(_) => invalid("leaves-open", detail),
        ReviewError::StillDenied(_) | ReviewError::WithoutReasons(_) => invalid("still-denied", detail),
        ReviewError::NothingOverturned => invalid("nothing-overturned", detail),
        ReviewError::UnitsNotCounted(_) => invalid("units-not-counted", detail),
        ReviewError::UnitsOutOfRange(_) => invalid("out-of-range", detail),
        ReviewError::NoCodeToCount(_) => invalid("not-allowed", detail),
        _ => Problem::new(&kinds::CONFLICT, detail),
    };
    let (requirement, remedy) = help(error);
    let problem = if let Some(requirement) = requirement { problem.with_extension("requirement", requirement) } else { problem };
    if let Some(remedy) = remedy { problem.with_extension("remedy", remedy) } else { problem }
}

fn invalid(code: &str, message: String) -> Problem {
    Problem::validation(vec![Fault::new("/drugs", code, message)])
}

/// The requirement, and what to do first.
const fn help(error: &ReviewError) -> (Option<&'static str>, Option<&'static str>) {
    match error {
        ReviewError::OnlyPhysiciansDeny => (Some("DET-04"), Some("escalate")),
        ReviewError::PeerToPeerNotOffered => (Some("DET-03"), Some("offer_peer_to_peer")),
        ReviewError::CallOutOfOrder { .. } => (Some("DET-03"), None),
        ReviewError::DuplicateUndecided => (Some("DUP-02"), Some("decide_duplicate")),
        ReviewError::NoDuplicateOpen => (Some("DUP-02"), None),
        ReviewError::NoDenialOnExpiry | ReviewError::DeadlinePassed | ReviewError::LeavesOpen(_) => (Some("DET-05"), None),
        ReviewError::NotReviewed(_) => (Some("DRG-08"), None),
        ReviewError::UnitsNotCounted(_) | ReviewError::NoCodeToCount(_) | ReviewError::UnitsOutOfRange(_) => {
            (Some("SAFE-13"), None)
        }
        ReviewError::NothingToWithdraw(_)
        | ReviewError::WithdrawnAlready(_)
        | ReviewError::UnitsBilled(_)
        | ReviewError::NothingDelivers(_) => (Some("DRG-05"), None),
        ReviewError::ReviewerActed => (Some("DRG-06"), Some("withdraw_as_voluntarily_cancelled")),
        ReviewError::SamePhysician => (Some("APP-04"), Some("another_physician")),
        ReviewError::NothingDenied(_) => (Some("APP-01"), None),
        ReviewError::StillDenied(_) | ReviewError::WithoutReasons(_) | ReviewError::NothingOverturned => (Some("APP-04"), None),
        _ => (None, None),
    }
}
