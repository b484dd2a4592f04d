//! The radiation ordered, in the words of content: what was entered and is not understood stays apart and never counts (SAFE-01).

use crate::domain::answer::Answer;
use crate::domain::content::Content;
use crate::domain::content::radiation::{DoseRate, Means, Part, RadiationCatalog, Rhythm, ScheduleModality, Side, Site, Target};
use crate::domain::criteria::WordFact;
use crate::domain::fold::fold;
use crate::domain::order::{OrderRequest, Radiation};
use crate::domain::text::said;
use crate::domain::vocabulary::{Modality, Truth};
use serde_json::{Value, json};
use std::sync::Arc;

use super::comparison::{self, Comparison, MEASURES};
use super::place::{self, Place};

/// Longest word of a technique, in words of the text.
const LONGEST: usize = 4;

/// An answer in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told<T> {
    /// Nothing was entered.
    Missing,
    /// It is said to be unknown, pending, not done.
    Unknown,
    /// A word that content does not know.
    Foreign,
    /// Understood.
    Known(T),
}

impl<T> Told<T> {
    /// What was understood.
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            _ => None,
        }
    }
}

/// The words of a technique.
#[derive(Debug, Default)]
pub struct Technique<'a> {
    /// Keys that count.
    pub words: Vec<&'a str>,
    /// Words that are not understood, as written.
    pub foreign: Vec<String>,
    /// Words that take something back, as written.
    pub denials: Vec<String>,
    /// Words that say a modality, as written.
    pub means: Vec<(String, &'a Means)>,
    /// Words that say how often treatment is given, as written.
    pub rhythms: Vec<(String, &'a Rhythm)>,
}

impl Technique<'_> {
    /// True where a word that counts stands beside one that may take it back: then nobody knows what was meant.
    pub const fn is_unclear(&self) -> bool {
        !self.words.is_empty() && (!self.foreign.is_empty() || !self.denials.is_empty())
    }

    /// Whether a word of the technique is said. One that is absent does not apply.
    pub fn says(&self, word: &str) -> Truth {
        match (self.words.contains(&word), self.is_unclear()) {
            (false, _) => Truth::NotMet,
            (true, false) => Truth::Met,
            (true, true) => Truth::Unknown,
        }
    }
}

/// The radiation ordered.
#[derive(Debug)]
pub struct Treated<'a> {
    /// As entered.
    pub entered: &'a Radiation,
    /// Modality.
    pub modality: Modality,
    /// Site.
    pub site: Told<&'a Arc<Site>>,
    /// The part of the site that its words say.
    pub part: Option<&'a Part>,
    /// Side, by the words of the site and else the title of a diagnosis of the site.
    pub side: Option<Side>,
    /// Side by the words of the site alone.
    pub told_side: Option<Side>,
    /// Side by the title of a diagnosis of the site alone.
    pub coded_side: Option<Side>,
    /// Target, by its own words and else by those of the site.
    pub target: Told<&'a Target>,
    /// The target that the words of the site say.
    pub by_place: Told<&'a Target>,
    /// Technique.
    pub technique: Technique<'a>,
    /// Histology; `Known` for a word of the vocabulary of pathologies.
    pub histology: Told<&'a str>,
    /// Total dose of the main course in gray.
    pub dose_gy: Option<f64>,
    /// Fractions of the main course.
    pub fractions: Option<u32>,
    /// What its plan comparison comes to.
    pub comparison: Comparison,
}

impl<'a> Treated<'a> {
    /// Reads the order.
    pub fn read(order: &'a OrderRequest, entered: &'a Radiation, content: &'a Content) -> Self {
        let catalog: &RadiationCatalog = &content.radiation;
        let Place { site, part, side: told_side, target: by_place } = place::read(&entered.site, order, content);
        let coded_side = place::side_of_diagnosis(order, site.known().map(AsRef::as_ref), content);
        let target = match word(&entered.target, content, |written| place::target(written, catalog)) {
            Told::Missing => by_place,
            told => told,
        };
        Self {
            entered,
            modality: entered.modality.unwrap_or(Modality::Other),
            site,
            part,
            side: told_side.or(coded_side),
            told_side,
            coded_side,
            target,
            by_place,
            technique: technique(entered.technique.as_deref().unwrap_or_default(), catalog),
            histology: word(&entered.histology, content, |written| content.pathology(written).map(|term| term.word.as_str())),
            dose_gy: entered.total_dose_gy.known().copied(),
            fractions: entered.fractions.known().copied(),
            comparison: entered
                .plan_comparison
                .as_deref()
                .and_then(said)
                .map_or(Comparison::Missing, |text| compared(text, entered.modality.unwrap_or(Modality::Other), content)),
        }
    }

    /// The same site, treated by a boost of another modality.
    #[must_use]
    pub fn as_boost(&self, modality: Modality, rate: DoseRate) -> Self {
        Self {
            modality,
            technique: Technique { words: vec![rate.as_str()], ..Technique::default() },
            fractions: self.entered.boost.map(|boost| boost.fractions),
            ..*self
        }
    }

    /// The key of the site, where it is known.
    pub fn site_key(&self) -> Option<&'a str> {
        self.site.known().map(|site| site.key.as_str())
    }

    /// Dose of one fraction of the main course in gray.
    pub fn dose_per_fraction(&self) -> Option<f64> {
        Some(self.dose_gy? / f64::from(self.fractions?.max(1)))
    }

    /// Whether it is given so.
    pub fn is_by(&self, by: ScheduleModality) -> bool {
        let rate = |rate: DoseRate| self.technique.says(rate.as_str()) == Truth::Met;
        by.modality == self.modality && by.dose_rate.is_none_or(rate)
    }

    /// Judges a word of a sentence.
    pub fn is(&self, fact: WordFact, any_of: &[String]) -> Truth {
        let among = |word: &str| any_of.iter().any(|known| known == word);
        match fact {
            WordFact::Site => self.site_key().map(among).into(),
            WordFact::Target => self.target.known().map(|target| among(&target.term.key)).into(),
            WordFact::Technique => any_of.iter().fold(Truth::NotMet, |so_far, word| so_far.or(self.technique.says(word))),
            WordFact::Modality => among(self.modality.as_str()).into(),
            _ => Truth::Unknown,
        }
    }

    /// Name, pointer and value of a fact, as told with a sentence.
    pub fn said(&self, fact: WordFact) -> (&'static str, &'static str, Value) {
        match fact {
            WordFact::Site => ("site", "/radiation/site", json!(self.entered.site)),
            WordFact::Target => ("target", "/radiation/target", json!(self.entered.target)),
            WordFact::Technique => ("technique", "/radiation/technique", json!(self.entered.technique)),
            _ => ("modality", "/radiation/modality", json!(self.modality)),
        }
    }
}

/// text is a comparison where it says both plans and what differs between them, unless it says of itself that it is none, or tells of earlier
/// radiation and compares nothing.
fn compared(text: &str, modality: Modality, content: &Content) -> Comparison {
    let heard = &content.radiation.heard;
    let tells_of_another = || heard.again.are_in(text) || heard.earlier_radiation.are_in(text);
    let compares = heard.comparison.are_in(text);
    let named = |own: bool| heard.plans.iter().any(|(of, plan)| (of == modality.as_str()) == own && plan.are_in(text));
    let numbers = numbers(text);
    let says_both = heard.both_plans.are_in(text) || named(false) && (named(true) || compares || numbers > 1);
    let says_what = numbers > 1 || heard.differs.are_in(text);
    let is_none = || is_no_result(text, content) || heard.no_comparison.are_in(text);
    if !says_both || is_none() || tells_of_another() && !compares {
        return Comparison::Missing;
    }
    match comparison::of(text, modality, heard) {
        Comparison::Unclear if !says_what => Comparison::Missing,
        told => told,
    }
}

/// How many dosimetric numbers a text has: a year, `3D` and a count of fractions are none.
fn numbers(text: &str) -> usize {
    let text = text.to_ascii_lowercase().replace('%', " % ");
    let words: Vec<&str> =
        text.split(|c: char| !c.is_alphanumeric() && c != '.' && c != '%').filter(|word| !word.is_empty()).collect();
    let is_number = |word: &str| word.parse::<f64>().is_ok();
    let is_measured = |(at, word): &(usize, &&str)| {
        let unit = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let is_dose_volume = word.strip_prefix(['v', 'd']).is_some_and(is_number);
        let is_before = is_number(word) && words.get(at + 1).is_some_and(|next| MEASURES.contains(next));
        is_dose_volume || is_before || unit.len() < word.len() && MEASURES.contains(&unit)
    };
    words.iter().enumerate().filter(is_measured).count()
}

/// True for words that say that there is no result: `n/a`, `pending`.
fn is_no_result(text: &str, content: &Content) -> bool {
    content.answers.no_result.contains_key(fold(text).as_ref())
}

/// True where the words begin or end so: `pending biopsy`, `biopsy pending`.
fn says_no_result(text: &str, content: &Content) -> bool {
    let parts: Vec<&str> = text.split_whitespace().collect();
    let begins = (1..=LONGEST).filter_map(|length| parts.get(..length)).any(|words| is_no_result(&words.join(" "), content));
    begins || parts.last().is_some_and(|word| is_no_result(word, content))
}

/// Reads a word by a vocabulary.
pub(super) fn word<'a, T>(
    entered: &'a Answer<String>,
    content: &Content,
    mut known: impl FnMut(&'a str) -> Option<T>,
) -> Told<T> {
    match entered {
        Answer::Absent => Told::Missing,
        Answer::Unknown | Answer::NotReported => Told::Unknown,
        Answer::Known(text) => match said(text) {
            None => Told::Missing,
            Some(text) => match known(text) {
                Some(found) => Told::Known(found),
                None if says_no_result(text, content) => Told::Unknown,
                None => Told::Foreign,
            },
        },
    }
}

/// Takes the text apart, the longest words first.
fn technique<'a>(text: &str, catalog: &'a RadiationCatalog) -> Technique<'a> {
    let mut found = Technique::default();
    for chunk in text.split([',', ';', '\n', '(', ')', '+']) {
        let parts: Vec<&str> = chunk.split_whitespace().collect();
        let mut at = 0;
        while at < parts.len() {
            let longest = LONGEST.min(parts.len() - at);
            let taken = (1..=longest)
                .rev()
                .find(|length| parts.get(at..at + length).is_some_and(|words| take(&words.join(" "), catalog, &mut found)));
            if taken.is_none()
                && let Some(part) = parts.get(at)
            {
                one_by_one(part, catalog, &mut found);
            }
            at += taken.unwrap_or(1);
        }
    }
    let said = found.words.clone();
    let implied = catalog.technique_scopes.iter().filter(|scope| said.contains(&scope.key.as_str()));
    for word in implied.flat_map(|scope| &scope.implies) {
        if !found.words.contains(&word.as_str()) {
            found.words.push(word);
        }
    }
    found
}

/// `dibh/gated` where it is no word as a whole.
fn one_by_one<'a>(part: &str, catalog: &'a RadiationCatalog, found: &mut Technique<'a>) {
    for piece in part.split('/').filter(|piece| !piece.is_empty()) {
        if !take(piece, catalog, found) && said(piece).is_some() {
            found.foreign.push(piece.to_owned());
        }
    }
}

/// True where the words are known.
fn take<'a>(written: &str, catalog: &'a RadiationCatalog, found: &mut Technique<'a>) -> bool {
    let folded = fold(written);
    let folded = folded.as_ref();
    if let Some(term) = catalog.techniques.iter().find(|term| term.is(folded)) {
        if !found.words.contains(&term.key.as_str()) {
            found.words.push(&term.key);
        }
        return true;
    }
    if catalog.denials.iter().any(|word| word == folded) {
        found.denials.push(written.to_owned());
        return true;
    }
    if let Some(rhythm) = catalog.rhythms.iter().find(|rhythm| rhythm.words.iter().any(|word| word == folded)) {
        found.rhythms.push((written.to_owned(), rhythm));
        return true;
    }
    if let Some(means) = catalog.means.iter().find(|means| means.words.iter().any(|word| word == folded)) {
        found.means.push((written.to_owned(), means));
        return true;
    }
    let says_nothing = |folded: &str| catalog.says_nothing.iter().any(|word| word == folded);
    says_nothing(folded) || place::is_side(folded, catalog) || measured(folded).is_some_and(|pattern| says_nothing(&pattern))
}

/// `3.5_cm_cylinder` as `0_cm_cylinder`: a measure of an applicator or a depth is understood by its unit.
fn measured(folded: &str) -> Option<String> {
    let (number, rest) = folded.split_at(folded.find(|c: char| !c.is_ascii_digit() && c != '.')?);
    number.parse::<f64>().is_ok().then(|| ["0_", rest.trim_start_matches('_')].concat())
}
