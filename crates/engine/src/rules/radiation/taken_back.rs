//! An answer for the patient's safety that an order gave, and that a change of it takes back: the nurse who has the order looks (R-42, SAFE-03).

use super::ground::Ground;
use super::said::deviation;
use super::{CARDIAC_DEVICE, PREGNANCY, PRIOR_RADIATION};
use crate::domain::case::{Case, Deviation};
use crate::domain::criteria::ResultTest;
use crate::domain::vocabulary::{DeviationCode, DeviationEffect, Truth};
use crate::rules::answers::{Answered, Days, Standing};
use crate::rules::facts::Facts;

const FIELD: &str = "/clinical/assessments";
/// What a deviation of this kind expects, by which it is known again.
const EXPECTED: &str = "the answer that was given before";

/// Answers that send an order to a person.
const SAFETY: [(&str, &str); 3] = [(PRIOR_RADIATION, "yes"), (PREGNANCY, "positive"), (CARDIAC_DEVICE, "yes")];

/// What the version before said, and this one does not. Once told it stays, whatever changes after that.
pub(super) fn deviations(facts: &Facts<'_>, ground: &Ground<'_>, received: chrono::NaiveDate) -> Vec<Deviation> {
    let Some(before) = facts.before else { return Vec::new() };
    let told = |standing: Option<&Standing<'_>>, word: &str| {
        standing.is_some_and(|standing| standing.heeded(&ResultTest::In(vec![word.to_owned()])) == Truth::Met)
    };
    let days = Days { received, service: ground.patient.date_of_service };
    let answered = Answered::new(&before.request.clinical, ground.content, days);
    let mut found: Vec<Deviation> = kept(before);
    for (name, word) in SAFETY {
        let is_known = found.iter().any(|known| known.entered.starts_with(name));
        if !is_known && told(answered.assessment(name), word) && !told(ground.patient.assessment(name), word) {
            let about = ground.content.assessment(name).map_or(name, |known| known.display.as_str());
            found.push(deviation(
                DeviationCode::Contradiction,
                FIELD,
                (EXPECTED, &format!("{name} {word}")),
                DeviationEffect::Pends,
                format!(
                    "{about} was answered {word} on this order, and that answer was taken back: a nurse looks at what changed"
                ),
            ));
        }
    }
    found
}

fn kept(before: &Case) -> Vec<Deviation> {
    let is_one = |known: &&Deviation| known.code == DeviationCode::Contradiction && known.expected == EXPECTED;
    before.deviations.iter().filter(is_one).cloned().collect()
}
