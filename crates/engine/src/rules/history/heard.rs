//! What is heard of earlier treatment by what speaks against a drug, and by nothing else: words that are not understood as a whole, answers that
//! an outcome gives, and what other orders of the member told (SAFE-04, SAFE-12).

use super::{Earlier, History, Told, read};
use crate::domain::content::{Content, ToldAnswer};
use crate::domain::criteria::{Partner, PriorEnd};
use crate::domain::order::PriorTherapy;
use crate::domain::vocabulary::Truth;
use crate::rules::facts::RelatedCase;
use crate::rules::patient::Patient;

impl<'a> History<'a> {
    /// The same of a sentence that speaks against a drug: what other cases told counts.
    pub fn heeded_prior(&self, partners: &[Partner], end: PriorEnd, patient: &Patient<'_>) -> Truth {
        let remembered = self.remembered.iter().fold(Truth::NotMet, |so_far, (earlier, _)| {
            so_far.or(match earlier.held(partners, patient.content) {
                Truth::Met => self.ended_so(earlier, end, patient),
                held => held,
            })
        });
        self.prior(partners, end, patient).or(remembered)
    }

    /// True where a treatment was told of that may have been one of these and may have ended so: by what was told, not only for want of it.
    pub fn is_in_doubt(&self, partners: &[Partner], end: PriorEnd, content: &Content) -> bool {
        let remembered = self.remembered.iter().map(|(earlier, _)| earlier);
        let told = self.told.iter().flatten().chain(remembered).filter(|earlier| earlier.may_have_ended(end));
        told.into_iter().any(|earlier| earlier.held(partners, content) != Truth::NotMet)
    }

    /// The member's other cases, whatever became of them.
    pub const fn other_cases(&self) -> &'a [RelatedCase] {
        self.all_cases
    }

    /// Answers that outcomes of earlier treatments give, each with its treatment where it is not another practice's to tell.
    pub fn told_answers(&self) -> impl Iterator<Item = (&'a ToldAnswer, Option<&'a PriorTherapy>)> {
        let own = self.told.iter().flatten().map(|earlier| (earlier, true));
        let remembered = self.remembered.iter().map(|(earlier, case)| (earlier, case.is_theirs));
        own.chain(remembered).filter(|(earlier, _)| !earlier.tells.is_empty()).flat_map(|(earlier, is_theirs)| {
            let told = is_theirs.then_some(earlier.told);
            earlier.tells.iter().map(move |answer| (*answer, told)).collect::<Vec<_>>()
        })
    }
}

impl Earlier<'_> {
    /// True where it may have ended so by what was told of it, not only because nobody told.
    fn may_have_ended(&self, end: PriorEnd) -> bool {
        // of a treatment that is not understood, either, nothing is told
        let is_unclear = matches!(self.outcome, Told::NotUnderstood) && self.given.is_some();
        match end {
            PriorEnd::Any | PriorEnd::Within(_) => false,
            PriorEnd::Reaction => match self.outcome {
                Told::Not => false,
                Told::NotUnderstood => self.reaction == Truth::Met || is_unclear,
                Told::As(_) => self.reaction != Truth::NotMet,
            },
            PriorEnd::Toxicity => self.toxicity == Truth::Met || is_unclear,
            PriorEnd::Progression => match self.outcome {
                Told::As(outcome) => outcome.progressed == Truth::Met || outcome.doubt,
                Told::NotUnderstood => is_unclear,
                Told::Not => false,
            },
        }
    }
}

/// Reactions and toxicity that other cases told of and this order leaves out.
pub(super) fn remembered<'a>(
    cases: &'a [RelatedCase],
    told: Option<&[Earlier<'_>]>,
    content: &'a Content,
) -> Vec<(Earlier<'a>, &'a RelatedCase)> {
    let mut found: Vec<(Earlier<'a>, &'a RelatedCase)> = Vec::new();
    let is_heard = |case: &&RelatedCase| !(case.told.prior_therapies.is_empty() || case.is_entry_error() && told.is_some());
    let told = told.unwrap_or_default();
    for case in cases.iter().filter(is_heard) {
        for earlier in read(&case.told.prior_therapies, content) {
            let is_same = |other: &PriorTherapy| other.typed() == earlier.told.typed() && other.outcome == earlier.told.outcome;
            let is_known = told.iter().any(|other| is_same(other.told)) || found.iter().any(|(other, _)| is_same(other.told));
            let hurt = earlier.may_have_ended(PriorEnd::Reaction) || earlier.may_have_ended(PriorEnd::Toxicity);
            if hurt && !is_known {
                found.push((earlier, case));
            }
        }
    }
    found
}
