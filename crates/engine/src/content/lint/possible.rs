//! Whether criteria can hold together for any patient and any order at all. Says "cannot" only where that is certain: every branch of
//! the criteria's `or`s leaves some answer without a value. What is too much to try counts as possible.

use super::answers::{Answer, Range};
use crate::content::vocabulary::Vocabulary;
use crate::domain::content::Drug;
use crate::domain::criteria::{Criterion, Partner, PriorEnd, ResultTest, WordFact};
use std::collections::HashMap;

/// Branches tried before giving up.
const BRANCHES: u32 = 20_000;

/// A criterion that has to hold (true) or to fail (false).
pub(super) type Wanted<'a> = (&'a Criterion, bool);

/// What criteria are tried in.
#[derive(Debug, Clone, Copy)]
pub(super) struct World<'a> {
    /// What answers there are.
    pub words: &'a Vocabulary,
    /// The drug reviewed, where it can only be one: it is never its own partner.
    pub reviewed: Option<&'a str>,
}

/// `or`, or a failing `and`: one of the parts decides.
type Branch<'a> = (&'a [Criterion], bool);

impl<'a> World<'a> {
    /// True unless it is certain that these cannot all be so.
    pub fn is_possible(&self, wanted: &[Wanted<'a>]) -> bool {
        let (mut leaves, mut branches) = (Vec::new(), Vec::new());
        for (criterion, is_wanted) in wanted {
            flatten(criterion, *is_wanted, &mut leaves, &mut branches);
        }
        self.try_branches(&leaves, &branches, &mut BRANCHES.clone())
    }

    fn try_branches(&self, leaves: &[Wanted<'a>], branches: &[Branch<'a>], left: &mut u32) -> bool {
        if *left == 0 {
            return true;
        }
        *left -= 1;
        if !self.is_consistent(leaves) {
            return false;
        }
        let Some(((parts, is_wanted), rest)) = branches.split_first() else { return true };
        parts.iter().any(|part| {
            let (mut leaves, mut branches) = (leaves.to_vec(), rest.to_vec());
            flatten(part, *is_wanted, &mut leaves, &mut branches);
            self.try_branches(&leaves, &branches, left)
        })
    }

    fn is_consistent(&self, leaves: &[Wanted<'a>]) -> bool {
        let mut room = Room { world: self, words: HashMap::new(), ranges: HashMap::new(), leaves };
        leaves.iter().all(|(leaf, is_wanted)| room.takes(leaf, *is_wanted))
    }

    /// True where the drug is, or counts as, the partner.
    fn is_partner(drug: &Drug, partner: &Partner) -> bool {
        match partner {
            Partner::Generic(generic) => drug.generic == *generic || drug.ingredients.contains(generic),
            Partner::Class(class) => drug.class == *class || drug.subclass == *class,
        }
    }
}

fn flatten<'a>(criterion: &'a Criterion, is_wanted: bool, leaves: &mut Vec<Wanted<'a>>, branches: &mut Vec<Branch<'a>>) {
    match (criterion, is_wanted) {
        (Criterion::Not(part), _) => flatten(part, !is_wanted, leaves, branches),
        (Criterion::All(parts), true) | (Criterion::Any(parts), false) => {
            for part in parts {
                flatten(part, is_wanted, leaves, branches);
            }
        }
        (Criterion::Any(parts), true) | (Criterion::All(parts), false) => branches.push((parts, is_wanted)),
        _ => leaves.push((criterion, is_wanted)),
    }
}

/// What is left of each answer as leaf after leaf takes its part.
struct Room<'r, 'a> {
    world: &'r World<'a>,
    words: HashMap<Answer<'a>, Vec<&'a str>>,
    ranges: HashMap<Answer<'a>, Range>,
    leaves: &'r [Wanted<'a>],
}

impl<'a> Room<'_, 'a> {
    /// Takes a leaf in; false where nothing is left.
    fn takes(&mut self, leaf: &'a Criterion, is_wanted: bool) -> bool {
        match leaf {
            Criterion::Word { fact: WordFact::Setting, any_of } => self.setting(any_of, is_wanted),
            Criterion::Word { fact: WordFact::Diagnosis, .. } => self.has_diagnosis(),
            // subgroups are not enumerated, and words of a technique stand together
            Criterion::Word { fact: WordFact::Substage | WordFact::Technique, .. }
            | Criterion::LinesBeforeWith { .. }
            | Criterion::All(_)
            | Criterion::Any(_)
            | Criterion::Not(_) => true,
            Criterion::Word { fact, any_of } => {
                let vocabulary = self.world.words;
                self.keep(Answer::Word(*fact), |word| Answer::holds(*fact, word, any_of, is_wanted, vocabulary))
            }
            Criterion::Line(lines) => self.keep(Answer::Line, |word| lines.iter().any(|line| line.as_str() == word) == is_wanted),
            Criterion::Number { fact, comparison, value } => {
                self.narrow(Answer::Number(*fact), |range| range.narrow(*comparison, *value, is_wanted))
            }
            Criterion::Biomarker { marker, test, .. } => self.result(Answer::Marker(marker), test, is_wanted),
            Criterion::Assessment { name, test, .. } => self.result(Answer::Assessment(name), test, is_wanted),
            Criterion::DaysSince { name, comparison, days } => {
                self.narrow(Answer::Days(name), |range| range.narrow(*comparison, *days, is_wanted))
            }
            Criterion::MonthsSince { name, comparison, months } => {
                self.narrow(Answer::Months(name), |range| range.narrow(*comparison, *months, is_wanted))
            }
            Criterion::Continuation(yes) => {
                let ruled_out = |(other, is_so): &Wanted<'a>| matches!(other, Criterion::Continuation(said) if (said == yes) != (*is_so == is_wanted));
                !self.leaves.iter().any(ruled_out)
            }
            Criterion::With(partners) => !is_wanted || partners.iter().any(|partner| self.may_be_given(partner)),
            Criterion::After(partners) => !is_wanted || partners.iter().any(|partner| self.may_be_given(partner)),
            Criterion::Alone => is_wanted || self.may_have_company(),
            Criterion::Prior { partners, end } => !is_wanted || partners.iter().any(|partner| self.may_be_prior(partner, *end)),
            Criterion::FnRiskFactor(factor) => !is_wanted || self.may_be_risk_factor(factor.as_deref()),
            Criterion::RegimenMatched => !self.leaves.contains(&(leaf, !is_wanted)),
        }
    }

    fn keep(&mut self, answer: Answer<'a>, holds: impl Fn(&str) -> bool) -> bool {
        let vocabulary = self.world.words;
        let words = self.words.entry(answer).or_insert_with(|| answer.words(vocabulary));
        words.retain(|word| holds(word));
        !words.is_empty()
    }

    fn narrow(&mut self, answer: Answer<'a>, by: impl Fn(&mut Range)) -> bool {
        let vocabulary = self.world.words;
        let range = self.ranges.entry(answer).or_insert_with(|| answer.range(vocabulary));
        by(range);
        !range.is_empty()
    }

    fn result(&mut self, answer: Answer<'a>, test: &'a ResultTest, is_wanted: bool) -> bool {
        match test {
            ResultTest::Compare(comparison, value) => self.narrow(answer, |range| range.narrow(*comparison, *value, is_wanted)),
            ResultTest::In(wanted) => {
                let vocabulary = self.world.words;
                self.keep(answer, |word| answer.is_result(word, wanted, vocabulary) == is_wanted)
            }
            // What is not known is unknown, never false.
            ResultTest::Known => is_wanted,
            ResultTest::Told => true,
        }
    }

    /// Settings do not exclude each other, but some are told by line and stage.
    fn setting(&mut self, any_of: &'a [String], is_wanted: bool) -> bool {
        if is_wanted {
            let ruled_out = |word: &String| {
                self.leaves.iter().any(|leaf| match leaf {
                    (Criterion::Word { fact: WordFact::Setting, any_of }, false) => any_of.contains(word),
                    _ => false,
                })
            };
            let metastatic = |word: &String| word.starts_with("metastatic") || word == "recurrent_metastatic";
            return any_of.iter().any(|word| !ruled_out(word))
                && (!any_of.iter().all(metastatic)
                    || self.keep(Answer::Word(WordFact::Stage), |stage| !matches!(stage, "0" | "I" | "II")));
        }
        any_of.iter().all(|setting| match setting.as_str() {
            "metastatic" => self.keep(Answer::Word(WordFact::Stage), |stage| stage != "IV"),
            "relapsed" | "recurrent" => {
                self.keep(Answer::Line, |line| !matches!(line, "second_line" | "third_line" | "third_line_plus"))
            }
            setting => self.keep(Answer::Line, |line| line != setting),
        })
    }

    /// Codes are compared by how they begin, so that the longest beginnings asked for are all that has to be tried.
    fn has_diagnosis(&self) -> bool {
        let asked = || {
            self.leaves.iter().filter_map(|(leaf, is_wanted)| match leaf {
                Criterion::Word { fact: WordFact::Diagnosis, any_of } => Some((any_of, *is_wanted)),
                _ => None,
            })
        };
        let fits = |code: &String| {
            asked().all(|(any_of, is_wanted)| any_of.iter().any(|prefix| code.starts_with(prefix.as_str())) == is_wanted)
        };
        let mut candidates = asked().filter(|(_, is_wanted)| *is_wanted).flat_map(|(any_of, _)| any_of).peekable();
        candidates.peek().is_none() || candidates.any(fits)
    }

    fn drugs_like(&self, partner: &Partner) -> impl Iterator<Item = &'a Drug> {
        let drugs = self.world.words.drugs.all().iter().map(AsRef::as_ref);
        drugs.filter(move |drug| World::is_partner(drug, partner))
    }

    fn may_be_in_order(&self, drug: &Drug) -> bool {
        self.world.reviewed != Some(drug.generic.as_str())
            && !self.leaves.iter().any(|leaf| match leaf {
                (Criterion::With(partners), false) => partners.iter().any(|partner| World::is_partner(drug, partner)),
                (Criterion::Alone, true) => !drug.supportive,
                _ => false,
            })
    }

    fn may_be_given(&self, partner: &Partner) -> bool {
        self.drugs_like(partner).any(|drug| self.may_be_in_order(drug))
    }

    fn may_have_company(&self) -> bool {
        self.world.words.drugs.all().iter().any(|drug| !drug.supportive && self.may_be_in_order(drug))
    }

    fn may_be_prior(&self, partner: &Partner, wanted: PriorEnd) -> bool {
        self.drugs_like(partner).any(|drug| {
            !self.leaves.iter().any(|leaf| match leaf {
                (Criterion::Prior { partners, end }, false) => {
                    (*end == PriorEnd::Any || *end == wanted) && partners.iter().any(|partner| World::is_partner(drug, partner))
                }
                _ => false,
            })
        })
    }

    fn may_be_risk_factor(&self, factor: Option<&str>) -> bool {
        !self.leaves.iter().any(|leaf| match leaf {
            (Criterion::FnRiskFactor(ruled_out), false) => ruled_out.is_none() || ruled_out.as_deref() == factor,
            _ => false,
        })
    }
}
