//! What can be said of an order that is still being typed. A draft is decided by the same steps as an order; required items that it lacks
//! do not keep what is there from being told. It is never stored, and submitting asks for all of them.

use super::admission::{admit_to, of_draft};
use super::decide::decide_admitted;
use super::decision::Decision;
use super::facts::{Facts, KnownProvider};
use crate::domain::content::Content;
use crate::domain::refusal::{Fault, Refusal};
use chrono::{DateTime, Utc};

/// Without these nothing is known of who asks for whom, and when.
pub(super) const WHO_AND_WHEN: [&str; 6] =
    ["/member/member_id", "/member/first_name", "/member/last_name", "/member/birth_date", "/service", "/date_of_service"];
/// Without these nothing is ordered that could be decided.
const WHAT: [&str; 3] = [DIAGNOSIS, "/treatment/phases", "/radiation/modality"];
/// What it is for.
pub(super) const DIAGNOSIS: &str = "/diagnosis/icd10";

/// A draft as far as it goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Drafted {
    /// The program that decides; none while the health plan is not known.
    pub program: Option<String>,
    /// Required items that are not there yet.
    pub missing: Vec<Fault>,
    /// What would be decided were they there, where that can be told; or why the order would not be taken.
    pub outlook: Result<Option<Decision>, Refusal>,
}

/// Decides a draft as far as it goes.
pub fn decide_draft(facts: &Facts<'_>, content: &Content, now: DateTime<Utc>) -> Drafted {
    let (program, missing) = match of_draft(facts, content) {
        Ok(found) => found,
        Err(Refusal::MissingRequired(missing)) => return Drafted { program: None, missing, outlook: Ok(None) },
        Err(refusal) => return Drafted { program: None, missing: Vec::new(), outlook: Err(refusal) },
    };
    let lacks = |items: &[&str]| missing.iter().any(|fault| items.contains(&fault.pointer.as_str()));
    let nobody = facts.ordering_provider == KnownProvider::NotAsked;
    let outlook = if nobody || lacks(&WHO_AND_WHEN) {
        Ok(None)
    } else {
        match admit_to(program, facts, content) {
            Ok(_) if lacks(&WHAT) => Ok(None),
            Ok(admitted) => decide_admitted(facts, admitted, content, now).map(Some),
            Err(refusal) => Err(refusal),
        }
    };
    Drafted { program: Some(program.id.clone()), missing, outlook }
}

#[cfg(test)]
mod tests {
    use super::{WHAT, WHO_AND_WHEN};
    use crate::domain::items::pointers;

    #[test]
    fn every_item_that_a_draft_cannot_do_without_is_one_that_programs_may_require() {
        let known: Vec<_> = pointers().collect();
        assert!(WHO_AND_WHEN.iter().chain(&WHAT).all(|item| known.contains(item)));
    }
}
