//! What counts as an answer: biomarkers and assessments with the words, numbers and days that are usable, and what each of them says
//! (SAFE-01, SAFE-02).

use super::phrases::{Named, Phrases};
use crate::domain::criteria::{Comparison, ResultTest};
use crate::domain::fold::fold;
use crate::domain::quick::HashMap;
use crate::domain::vocabulary::Truth;
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

/// What is heard in a pathology outside the vocabulary.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistologyWords {
    /// A cancer, or a tumor that is treated.
    pub cancer: Named,
    /// No cancer, whatever else is written.
    pub none: Phrases,
}

impl HistologyWords {
    /// Whether the words say a cancer: none where they name none and deny none.
    pub fn says_cancer(&self, text: &str) -> Option<bool> {
        if self.none.are_in(text) {
            return Some(false);
        }
        self.cancer.is_said_in(text).or_else(|| is_malignant_code(text).then_some(true))
    }
}

/// `8500/3`: the behavior of a malignant tumor at its primary site.
fn is_malignant_code(text: &str) -> bool {
    let is_code = |word: &str| {
        word.split_once('/').is_some_and(|(kind, behavior)| {
            kind.len() == 4 && kind.bytes().all(|byte| byte.is_ascii_digit()) && kind.starts_with(['8', '9']) && behavior == "3"
        })
    };
    text.split(|c: char| !c.is_alphanumeric() && c != '/').any(is_code)
}

/// An interval of numbers: one number, or what `>=50%` and `1-49` leave open.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lowest.
    pub low: f64,
    /// Highest.
    pub high: f64,
    /// True where the lowest itself is outside.
    pub open_low: bool,
    /// True where the highest itself is outside.
    pub open_high: bool,
}

impl Interval {
    /// One number.
    pub const fn exactly(number: f64) -> Self {
        Self { low: number, high: number, open_low: false, open_high: false }
    }

    /// From the lowest to the highest, both inside.
    pub const fn closed(low: f64, high: f64) -> Self {
        Self { low, high, open_low: false, open_high: false }
    }

    /// The number, where it is one.
    pub fn number(self) -> Option<f64> {
        (self.low.to_bits() == self.high.to_bits()).then_some(self.low)
    }

    /// What both allow; none where they contradict each other.
    pub fn and(self, other: Self) -> Option<Self> {
        let (low, open_low) = match self.low.total_cmp(&other.low) {
            std::cmp::Ordering::Less => (other.low, other.open_low),
            std::cmp::Ordering::Greater => (self.low, self.open_low),
            std::cmp::Ordering::Equal => (self.low, self.open_low || other.open_low),
        };
        let (high, open_high) = match self.high.total_cmp(&other.high) {
            std::cmp::Ordering::Less => (self.high, self.open_high),
            std::cmp::Ordering::Greater => (other.high, other.open_high),
            std::cmp::Ordering::Equal => (self.high, self.open_high || other.open_high),
        };
        let both = Self { low, high, open_low, open_high };
        (low < high || (low <= high && !open_low && !open_high)).then_some(both)
    }

    /// True where every number of this one is in the other.
    pub fn is_within(self, other: Self) -> bool {
        self.and(other) == Some(self)
    }

    /// Met where every number compares so, not met where none does.
    pub fn compares(self, comparison: Comparison, value: f64) -> Truth {
        let below = self.high < value || (self.high <= value && self.open_high);
        let above = self.low > value || (self.low >= value && self.open_low);
        let (met, not_met) = match comparison {
            Comparison::Less => (below, self.low >= value),
            Comparison::AtMost => (self.high <= value, above),
            Comparison::AtLeast => (self.low >= value, below),
            Comparison::More => (above, self.high <= value),
            Comparison::Equal => (self.number().is_some_and(|number| comparison.holds(number, value)), below || above),
        };
        if met {
            Truth::Met
        } else if not_met {
            Truth::NotMet
        } else {
            Truth::Unknown
        }
    }
}

/// What content says of one result beyond its word and what it counts as.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResultDetail {
    /// Finer words that this one leaves open: HER2 negative does not tell low from 0.
    pub leaves_open: Vec<String>,
    /// Words that contradict this one where several results may stand together.
    pub opposite: Vec<String>,
    /// A later opposite result does not take it back: a history, hepatitis B.
    pub lasting: bool,
    /// In words for people, where the word itself is none: `MSI-high` of `msi_h`.
    pub says: Option<String>,
    /// Numbers that are this result (ER of more than 10 %), or that a score's word stands for (`high` is at least 50 %).
    pub span: Option<Interval>,
}

/// A rule by which other results say this one.
#[derive(Debug, Clone, PartialEq)]
pub struct Derivation {
    /// Index of the result; none where the parts contradict each other.
    pub gives: Option<usize>,
    /// In words, where they do.
    pub unclear: String,
    /// True where one part is enough.
    pub any: bool,
    /// Name and test of each part.
    pub parts: Vec<(String, ResultTest)>,
}

/// A biomarker or an assessment: its names, and what counts as its result.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResultDefinition {
    /// Name in snake case.
    pub name: String,
    /// Name for people.
    pub display: String,
    /// Other names, as people write them.
    pub synonyms: Vec<String>,
    /// Names of a part of it: a negative result of the part leaves the whole open (`KRAS G12C`).
    pub parts: Vec<String>,
    /// Accepted words, snake case; each with the words it also counts as (HER2 low counts as negative).
    pub results: Vec<(String, Vec<String>)>,
    /// More of each result, in the order of `results`.
    pub details: Vec<ResultDetail>,
    /// Lowest and highest plausible number, where the result is one.
    pub range: Option<(f64, f64)>,
    /// Unit of the number, such as `g/dL`.
    pub unit: String,
    /// A number without unit from 0 to this is not understood: 1.5 neutrophils are thousands, most likely.
    pub bare_from: f64,
    /// True where the result is a day.
    pub is_day: bool,
    /// Days before the date of service for which a dated result counts; none where it does not age.
    pub window_days: Option<u32>,
    /// Days for which contraindications heed what an earlier order of the member told; none where it passes.
    pub remembered_days: Option<u32>,
    /// True where an undated result counts.
    pub undated_counts: bool,
    /// True where several results may stand together (two mutations).
    pub several: bool,
    /// Rules by which other results say this one.
    pub derived: Vec<Derivation>,
    /// Folded words beside a number that say how it was measured.
    pub beside: Vec<String>,
    /// Result by folded word.
    pub words: HashMap<String, usize>,
    /// What makes of a number in another unit one in this, by unit.
    pub units: HashMap<String, f64>,
    /// What would count, in words, once that was asked for.
    pub told: OnceLock<String>,
}

/// A biomarker.
pub type BiomarkerDefinition = ResultDefinition;

impl ResultDefinition {
    /// The result that a word is.
    pub fn result(&self, word: &str) -> Option<usize> {
        self.words.get(word).or_else(|| self.words.get(fold(word).as_ref())).copied()
    }

    /// The word of a result.
    pub fn word(&self, index: usize) -> &str {
        self.results.get(index).map_or("", |(word, _)| word)
    }

    /// A result in words for people: `MSI-high` of `msi_h`.
    pub fn said(&self, word: &str) -> String {
        let place = self.results.iter().position(|(own, _)| own == word);
        let detail = place.and_then(|place| self.details.get(place));
        detail.and_then(|detail| detail.says.clone()).unwrap_or_else(|| word.replace('_', " "))
    }

    /// True where this result is, or counts as, the word.
    pub fn is(&self, index: usize, word: &str) -> bool {
        self.results.get(index).is_some_and(|(own, also)| own == word || also.iter().any(|also| also == word))
    }

    /// True where this result leaves open whether the word holds.
    pub fn leaves_open(&self, index: usize, word: &str) -> bool {
        self.details.get(index).is_some_and(|detail| detail.leaves_open.iter().any(|open| open == word))
    }

    /// True for a result that says no.
    pub fn is_negative(&self, index: usize) -> bool {
        self.is(index, "negative") || self.is(index, "no") || self.is(index, "none")
    }

    /// True for a result that leaves the question itself open: half of a screen.
    pub fn is_partial(&self, index: usize) -> bool {
        let open = self.details.get(index).map(|detail| detail.leaves_open.as_slice()).unwrap_or_default();
        let negative = open.iter().filter(|word| self.result(word).is_some_and(|index| self.is_negative(index))).count();
        negative > 0 && negative < open.len()
    }

    /// What would count, in words: `positive, negative`, `a number from 10 to 85 %`.
    pub fn wanted(&self) -> String {
        self.told.get_or_init(|| self.in_words()).clone()
    }

    /// True where a result is of use for some months only.
    pub fn ages_soon(&self) -> bool {
        self.window_days.is_some_and(|days| days <= SOON_DAYS)
    }

    fn in_words(&self) -> String {
        let wanted = if self.is_day {
            "a day, YYYY-MM-DD".to_owned()
        } else if let Some((low, high)) = self.range {
            format!("a number from {low} to {high} {}", self.unit).trim_end().to_owned()
        } else {
            let words = self.results.iter().enumerate().filter(|(index, _)| !self.is_partial(*index));
            words.map(|(_, (word, _))| self.said(word)).collect::<Vec<_>>().join(", ")
        };
        match (self.window_days.filter(|_| self.ages_soon()), self.undated_counts) {
            (Some(days), false) => wanted + &format!(", dated within {days} days before the date of service"),
            (Some(days), true) => wanted + &format!(", not older than {days} days on the date of service"),
            (None, false) => wanted + ", with its date",
            (None, true) => wanted,
        }
    }
}

/// A longer window only keeps out what cannot be a result of this disease.
const SOON_DAYS: u32 = 730;

/// Why a word is no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoResult {
    /// Why, for the practice.
    pub about: String,
    /// What to do.
    pub ask: String,
    /// True where a result is there that was not told: it may speak against a drug.
    pub may_speak_against: bool,
}

/// What a word says of the stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageWord {
    /// Stage group.
    pub group: String,
    /// True where it says distant metastases.
    pub is_spread: bool,
}

/// Folded words that stand beside results in laboratory reports and change nothing of them.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// Methods, antibodies, specimens.
    pub words: BTreeSet<String>,
    /// With the number behind them: `VAF 23 %`.
    pub before_numbers: BTreeSet<String>,
}

/// The words that answers are given in.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// Biomarkers.
    pub biomarkers: Vec<Arc<ResultDefinition>>,
    /// Assessments.
    pub assessments: Vec<Arc<ResultDefinition>>,
    /// Words that are no result, whatever is asked.
    pub no_result: HashMap<String, Arc<NoResult>>,
    /// Words beside results that change nothing of them.
    pub beside: Beside,
    /// What folded words say, for stages told in words.
    pub stages: HashMap<String, StageWord>,
    /// Folded words in front of a stage that say how it was found.
    pub stage_prefixes: Vec<String>,
    /// Folded words beside a pathology that say nothing about its kind.
    pub pathology_beside: Vec<String>,
    /// What is heard in a pathology outside the vocabulary.
    pub histology: HistologyWords,
    /// Biomarker by folded name.
    pub biomarker_names: HashMap<String, usize>,
    /// Assessment by folded name.
    pub assessment_names: HashMap<String, usize>,
    /// Biomarkers that follow from others.
    pub derived_biomarkers: Vec<Arc<ResultDefinition>>,
    /// Assessments that follow from others.
    pub derived_assessments: Vec<Arc<ResultDefinition>>,
}

impl Answers {
    /// Finds names again.
    pub fn index(&mut self) {
        self.biomarker_names = names(&self.biomarkers);
        self.assessment_names = names(&self.assessments);
        self.derived_biomarkers = derived(&self.biomarkers);
        self.derived_assessments = derived(&self.assessments);
    }
}

fn derived(definitions: &[Arc<ResultDefinition>]) -> Vec<Arc<ResultDefinition>> {
    definitions.iter().filter(|definition| !definition.derived.is_empty()).cloned().collect()
}

fn names(definitions: &[Arc<ResultDefinition>]) -> HashMap<String, usize> {
    let mut found: HashMap<String, usize> = definitions.iter().enumerate().map(|(at, it)| (it.name.clone(), at)).collect();
    for (at, definition) in definitions.iter().enumerate() {
        for name in definition.synonyms.iter().chain(&definition.parts) {
            found.entry(fold(name).into_owned()).or_insert(at);
        }
    }
    found
}

/// Where a name leads.
pub(crate) fn by_name<'n>(name: &str, index: &'n HashMap<String, usize>) -> Option<&'n usize> {
    index.get(name).or_else(|| index.get(fold(name).as_ref()))
}

#[cfg(test)]
mod tests {
    use super::Interval;
    use crate::domain::criteria::Comparison;
    use crate::domain::vocabulary::Truth;

    #[test]
    fn an_interval_compares_in_three_values() {
        // proves SAFE-01
        let at_least_50 = Interval::closed(50.0, 100.0);
        let below_1 = Interval { low: 0.0, high: 1.0, open_low: false, open_high: true };
        let some = Interval::closed(1.0, 49.0);
        for (interval, comparison, value, truth) in [
            (at_least_50, Comparison::AtLeast, 1.0, Truth::Met),
            (at_least_50, Comparison::AtLeast, 50.0, Truth::Met),
            (at_least_50, Comparison::More, 50.0, Truth::Unknown),
            (at_least_50, Comparison::AtLeast, 80.0, Truth::Unknown),
            (at_least_50, Comparison::Less, 50.0, Truth::NotMet),
            (below_1, Comparison::AtLeast, 1.0, Truth::NotMet),
            (below_1, Comparison::Less, 1.0, Truth::Met),
            (some, Comparison::AtLeast, 1.0, Truth::Met),
            (some, Comparison::AtLeast, 50.0, Truth::NotMet),
            (some, Comparison::AtLeast, 10.0, Truth::Unknown),
            (Interval::exactly(5.0), Comparison::Equal, 5.0, Truth::Met),
            (Interval::exactly(5.0), Comparison::Equal, 6.0, Truth::NotMet),
            (some, Comparison::Equal, 5.0, Truth::Unknown),
        ] {
            assert_eq!(interval.compares(comparison, value), truth, "{interval:?} {comparison:?} {value}");
        }
        assert_eq!(at_least_50.and(Interval::exactly(60.0)), Some(Interval::exactly(60.0)));
        assert_eq!(at_least_50.and(below_1), None);
    }
}
