//! What another order of this member told of the same area, and this one does not: that it was irradiated before. That lasts, whatever became of
//! the other order (R-42, SAFE-12).

use super::ground::Ground;
use super::said::deviation;
use super::{PRIOR_RADIATION, duplicates};
use crate::domain::answer::Answer;
use crate::domain::case::Deviation;
use crate::domain::criteria::ResultTest;
use crate::domain::order::Clinical;
use crate::domain::vocabulary::{DeviationCode, DeviationEffect, Truth};
use crate::rules::answers::{Answered, Days};
use crate::rules::facts::RelatedCase;

const FIELD: &str = "/clinical/assessments";

/// The first order of the same area that says so.
pub(super) fn deviation_of(ground: &Ground<'_>) -> Option<Deviation> {
    let own = ground.patient.assessment(PRIOR_RADIATION).map_or(Truth::NotMet, |standing| standing.heeded(&yes()));
    if own == Truth::Met {
        return None;
    }
    let of_area = |case: &&RelatedCase| duplicates::is_of_same_area(case, ground) && says_yes(case, ground);
    let case = ground.related.iter().find(of_area)?;
    // what another practice told is heard, and not told on (PRV-02)
    let message = if case.is_theirs {
        let from = case.valid_from;
        format!(
            "an order of radiation of this area from {from} says that it was irradiated before, and this one does not: enter that earlier radiation, or \
             say why it was told; a nurse looks at both (R-42)"
        )
    } else {
        "what this order tells of earlier radiation does not go with what is on file of this member: look at it again; a nurse looks at both (R-42)"
            .to_owned()
    };
    Some(deviation(
        DeviationCode::Contradiction,
        FIELD,
        ("what was told of earlier radiation", "not told here"),
        DeviationEffect::Pends,
        message,
    ))
}

fn yes() -> ResultTest {
    ResultTest::In(vec!["yes".to_owned()])
}

fn says_yes(case: &RelatedCase, ground: &Ground<'_>) -> bool {
    if case.told.assessments.is_empty() {
        return false;
    }
    let clinical = Clinical { assessments: Answer::Known(case.told.assessments.clone()), ..Clinical::default() };
    let days = Days { received: ground.received, service: ground.patient.date_of_service };
    let answered = Answered::new(&clinical, ground.content, days);
    answered.assessment(PRIOR_RADIATION).is_some_and(|standing| standing.heeded(&yes()) == Truth::Met)
}
