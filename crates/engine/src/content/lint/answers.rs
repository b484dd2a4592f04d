//! The answers that criteria ask for, with the words and numbers that each of them can take.

use crate::content::vocabulary::{N_STATUS, STAGES, T_FOUND, T_STATUS, Vocabulary};
use crate::domain::content::{EmeticRisk, FnRisk, PathologyTerm};
use crate::domain::criteria::{Comparison, NumberFact, WordFact};
use crate::domain::vocabulary::{LineOfBusiness, LineOfTreatment, Modality, Response, Sex, Toxicity, TreatmentGoal};

/// One answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Answer<'a> {
    Word(WordFact),
    Line,
    Number(NumberFact),
    Marker(&'a str),
    Assessment(&'a str),
    Days(&'a str),
    Months(&'a str),
}

impl<'a> Answer<'a> {
    /// Every word the answer can be.
    pub fn words(self, vocabulary: &'a Vocabulary) -> Vec<&'a str> {
        match self {
            Self::Word(fact) => words_of(fact, vocabulary),
            Self::Line => LineOfTreatment::ALL.iter().map(|line| line.as_str()).collect(),
            Self::Marker(name) => {
                let results = vocabulary.biomarker(name).map(|marker| marker.results.as_slice()).unwrap_or_default();
                results.iter().map(|(word, _)| word.as_str()).collect()
            }
            Self::Assessment(name) => {
                let results = vocabulary.assessment(name).map(|asked| asked.results.as_slice()).unwrap_or_default();
                results.iter().map(|(word, _)| word.as_str()).collect()
            }
            Self::Number(_) | Self::Days(_) | Self::Months(_) => Vec::new(),
        }
    }

    /// Every number the answer can be.
    pub fn range(self, vocabulary: &Vocabulary) -> Range {
        let (low, high, whole) = match self {
            Self::Number(NumberFact::Ecog) => (0.0, 5.0, true),
            Self::Number(NumberFact::Age) => (0.0, 130.0, true),
            Self::Number(NumberFact::CycleLengthDays | NumberFact::OwnCycleDays) => (1.0, 366.0, true),
            Self::Number(NumberFact::LinesBefore | NumberFact::MetastaticLinesBefore) => (0.0, f64::INFINITY, true),
            Self::Number(NumberFact::PlannedDays | NumberFact::Courses) => (1.0, f64::INFINITY, true),
            // what the schedule says, clearance, weight: any number
            Self::Number(_) => (0.0, f64::INFINITY, false),
            Self::Assessment(name) => {
                let (low, high) = vocabulary.assessment(name).and_then(|asked| asked.range).unwrap_or((0.0, f64::INFINITY));
                (low, high, false)
            }
            Self::Marker(name) => {
                let (low, high) = vocabulary.biomarker(name).and_then(|marker| marker.range).unwrap_or((0.0, f64::INFINITY));
                (low, high, false)
            }
            Self::Word(_) | Self::Line | Self::Days(_) | Self::Months(_) => (f64::NEG_INFINITY, f64::INFINITY, false),
        };
        Range { low, high, open_low: false, open_high: false, whole }
    }

    /// Whether a reported word is, or counts as, a wanted one.
    pub fn is_result(self, word: &str, wanted: &[String], vocabulary: &Vocabulary) -> bool {
        let counts = |also: &[String]| also.iter().any(|also| wanted.contains(also));
        wanted.iter().any(|wanted| wanted == word)
            || match self {
                Self::Marker(name) => vocabulary
                    .biomarker(name)
                    .is_some_and(|marker| marker.results.iter().any(|(result, also)| result == word && counts(also))),
                Self::Assessment(name) => vocabulary
                    .assessment(name)
                    .is_some_and(|asked| asked.results.iter().any(|(result, also)| result == word && counts(also))),
                _ => false,
            }
    }

    /// Whether `fact in any_of` can hold, or can fail where it is not wanted, with this word as the answer.
    pub fn holds(fact: WordFact, word: &str, any_of: &[String], is_wanted: bool, vocabulary: &Vocabulary) -> bool {
        let is_among = any_of.iter().any(|known| known == word);
        let holds = match fact {
            WordFact::Cancer => {
                let is_solid = || vocabulary.cancers.iter().any(|cancer| cancer.key == word && cancer.solid);
                is_among || (any_of.iter().any(|known| known == "any_solid") && is_solid())
            }
            // Some kinds belong to one cancer only: there the word may count as the kind, or may not.
            WordFact::Pathology => {
                let is_kind = |(cancer, kind): &(String, String)| any_of.contains(kind) && (is_wanted || cancer.is_empty());
                let term: Option<&PathologyTerm> =
                    vocabulary.pathologies.iter().map(AsRef::as_ref).find(|term| term.word == word);
                is_among || term.is_some_and(|term| term.kinds.iter().any(is_kind))
            }
            _ => is_among,
        };
        holds == is_wanted
    }
}

fn words_of(fact: WordFact, vocabulary: &Vocabulary) -> Vec<&str> {
    match fact {
        WordFact::Cancer => vocabulary.cancers.iter().map(|cancer| cancer.key.as_str()).collect(),
        WordFact::Pathology => vocabulary.pathologies.iter().map(|term| term.word.as_str()).collect(),
        WordFact::Stage => STAGES.to_vec(),
        WordFact::MStatus => vec!["m0", "m1"],
        WordFact::TStatus => T_STATUS.to_vec(),
        WordFact::TFound => T_FOUND.to_vec(),
        WordFact::NStatus => N_STATUS.to_vec(),
        WordFact::Goal => TreatmentGoal::ALL.iter().map(|goal| goal.as_str()).collect(),
        WordFact::RegimenFnRisk => {
            [FnRisk::Unknown, FnRisk::Low, FnRisk::Intermediate, FnRisk::High].map(FnRisk::as_str).to_vec()
        }
        WordFact::RegimenEmetogenicity => {
            [EmeticRisk::Minimal, EmeticRisk::Low, EmeticRisk::Moderate, EmeticRisk::High].map(EmeticRisk::as_str).to_vec()
        }
        WordFact::Response => Response::ALL.iter().map(|word| word.as_str()).collect(),
        WordFact::Toxicity => Toxicity::ALL.iter().map(|word| word.as_str()).collect(),
        WordFact::LineOfBusiness => LineOfBusiness::ALL.iter().map(|line| line.as_str()).collect(),
        WordFact::Sex => Sex::ALL.iter().map(|sex| sex.as_str()).collect(),
        WordFact::Route => vocabulary.routes.iter().map(String::as_str).collect(),
        WordFact::PlaceOfService => vocabulary.places_of_service.keys().map(String::as_str).collect(),
        WordFact::Modality => Modality::ALL.iter().map(|word| word.as_str()).collect(),
        WordFact::Site => vocabulary.radiation.sites.iter().map(String::as_str).collect(),
        WordFact::Target => vocabulary.radiation.targets.iter().map(String::as_str).collect(),
        // judged without a list of words; several words of a technique stand together
        WordFact::Setting | WordFact::Diagnosis | WordFact::Substage | WordFact::Technique => Vec::new(),
        WordFact::Product => vocabulary.drugs.all().iter().flat_map(|drug| &drug.codes).map(|code| code.hcpcs.as_str()).collect(),
    }
}

/// An interval of numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    low: f64,
    high: f64,
    open_low: bool,
    open_high: bool,
    whole: bool,
}

impl Range {
    /// Keeps what compares as wanted. A single number is not cut out: `not (ecog = 1)` leaves everything.
    pub fn narrow(&mut self, comparison: Comparison, value: f64, is_wanted: bool) {
        match (comparison, is_wanted) {
            (Comparison::AtLeast, true) | (Comparison::Less, false) => self.raise(value, false),
            (Comparison::More, true) | (Comparison::AtMost, false) => self.raise(value, true),
            (Comparison::AtMost, true) | (Comparison::More, false) => self.lower(value, false),
            (Comparison::Less, true) | (Comparison::AtLeast, false) => self.lower(value, true),
            (Comparison::Equal, true) => {
                self.raise(value, false);
                self.lower(value, false);
            }
            (Comparison::Equal, false) => {}
        }
    }

    fn raise(&mut self, value: f64, open: bool) {
        if (value, open) > (self.low, self.open_low) {
            (self.low, self.open_low) = (value, open);
        }
    }

    fn lower(&mut self, value: f64, open: bool) {
        if (-value, open) > (-self.high, self.open_high) {
            (self.high, self.open_high) = (value, open);
        }
    }

    /// True where no number is left.
    pub fn is_empty(&self) -> bool {
        if self.whole {
            let low = if self.open_low { self.low.floor() + 1.0 } else { self.low.ceil() };
            let high = if self.open_high { self.high.ceil() - 1.0 } else { self.high.floor() };
            return low > high;
        }
        self.low > self.high || (self.low >= self.high && (self.open_low || self.open_high))
    }
}
