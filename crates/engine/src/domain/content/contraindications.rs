//! Contraindications: facts that, where they are told, send a drug to a person whatever its policy asks (SAFE-01, SAFE-12).

use super::answers::Interval;
use super::catalog::{Drug, DrugCatalog};
use super::phrases::Named;
use super::regimen::Statement;
use super::therapies::is_partner;
use crate::domain::answer::Answer;
use crate::domain::criteria::{Criterion, Partner};
use crate::domain::fold::fold;
use crate::domain::order::Reported;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// A fact that speaks against drugs.
#[derive(Debug, Clone, PartialEq)]
pub struct Contraindication {
    /// Id such as `lvef-anthracycline`.
    pub id: String,
    /// Generic names and classes that it speaks against.
    pub drugs: Vec<Partner>,
    /// Generic names among these that it does not speak against.
    pub except: Vec<String>,
    /// Generic names and classes of which one has to be ordered, too: it waits with them. Empty where it is about what was told alone.
    pub with: Vec<Partner>,
    /// What is told; or what has to be told, where `needed`.
    pub told: Statement,
    /// True where the drug waits until the sentence holds, in a program that reviews it.
    pub needed: bool,
    /// What is told, in words; none where the answers say it.
    pub says: Option<String>,
    /// Why it speaks against them, in words.
    pub because: String,
    /// Requirement that it serves.
    pub requirement: &'static str,
    /// Where it comes from.
    pub source: String,
    /// True where a clinician still has to verify it.
    pub verify: bool,
}

impl Contraindication {
    /// True for one of its drugs, or one with a part of them in a fixed combination.
    pub fn is_about(&self, drug: &Drug, drugs: &DrugCatalog) -> bool {
        !self.except.contains(&drug.generic) && holds_any(drug, &self.drugs, drugs)
    }

    /// True for one of the drugs that it must not be ordered with.
    pub fn is_with(&self, drug: &Drug, drugs: &DrugCatalog) -> bool {
        holds_any(drug, &self.with, drugs)
    }
}

/// True for one of these, or one with a part of them in a fixed combination.
fn holds_any(drug: &Drug, partners: &[Partner], drugs: &DrugCatalog) -> bool {
    let parts = || drug.ingredients.iter().filter(|_| drug.ingredients.len() > 1).filter_map(|part| drugs.by_name(part));
    partners.iter().any(|partner| is_partner(drug, partner) || parts().any(|part| is_partner(part, partner)))
}

/// Every contraindication of a release, by the answers that it asks and the drugs that it is about.
#[derive(Debug, Clone, Default)]
pub struct Contraindications {
    list: Vec<Arc<Contraindication>>,
    by_answer: HashMap<String, Vec<usize>>,
    always: Vec<usize>,
    /// Places of those about a drug, by its generic name; none where the drugs are not told yet.
    by_drug: Option<crate::domain::quick::HashMap<String, Vec<usize>>>,
    also: Around,
}

/// What the rules around contraindications need.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// Folded names of answers that say nothing about safety.
    pub harmless: BTreeSet<String>,
    /// Of answers that say nothing about safety unless they hold words beside `plain_words`.
    pub harmless_without_words: BTreeSet<String>,
    /// Of answers that say nothing about safety where they are `clear_words`, such as those of imaging.
    pub harmless_when_clear: BTreeSet<String>,
    /// Folded phrases that say that nothing was found.
    pub clear_words: BTreeSet<String>,
    /// Of measures that say nothing about safety within what is usual, by folded name.
    pub usual: HashMap<String, Vec<Interval>>,
    /// Folded words in which nothing about safety can stand.
    pub plain_words: BTreeSet<String>,
    /// Folded names of markers that say nothing about whether a treatment is safe, whatever was found.
    pub harmless_markers: BTreeSet<String>,
    /// Folded words for a result that was not found, or is not there yet.
    pub not_found: BTreeSet<String>,
    /// What speaks against treatment wherever it stands in words that nobody understands.
    pub speaks_against: Named,
    /// Drugs that are usually given on when the disease has progressed on them.
    pub goes_on: Vec<Partner>,
    /// Drugs whose end before advanced disease counts as a short time ago where nobody told it.
    pub asked_when_ended: Vec<Partner>,
    /// Drugs for which the earlier lines that are listed have to be as many as the line of treatment says.
    pub counted_lines: Vec<Partner>,
    /// Days after its end from which the same treatment may be given again although the disease progressed.
    pub again_after_days: u32,
}

impl Contraindications {
    /// Builds the index.
    pub fn new(list: Vec<Arc<Contraindication>>, also: Around) -> Self {
        let mut by_answer: HashMap<String, Vec<usize>> = HashMap::new();
        let mut always = Vec::new();
        for (index, entry) in list.iter().enumerate() {
            let mut names = BTreeSet::new();
            if !entry.needed && answers(&entry.told.criterion, &mut names) {
                for name in names {
                    by_answer.entry(name.to_owned()).or_default().push(index);
                }
            } else {
                always.push(index);
            }
        }
        Self { list, by_answer, always, by_drug: None, also }
    }

    /// With the index by these drugs, which are those of the release.
    #[must_use]
    pub fn for_drugs(mut self, drugs: &DrugCatalog) -> Self {
        let mut by_drug: crate::domain::quick::HashMap<String, Vec<usize>> = crate::domain::quick::HashMap::default();
        for (place, entry) in self.list.iter().enumerate() {
            for drug in drugs.all().iter().filter(|drug| entry.is_about(drug, drugs)) {
                by_drug.entry(drug.generic.clone()).or_default().push(place);
            }
        }
        self.by_drug = Some(by_drug);
        self
    }

    /// Every one, as content has them.
    pub fn all(&self) -> &[Arc<Contraindication>] {
        &self.list
    }

    /// Those that an order with these answers and drugs may fall under, each once, as content has them.
    pub fn of<'a>(
        &'a self,
        told: impl Iterator<Item = &'a str>,
        drugs: impl Iterator<Item = &'a str>,
    ) -> impl Iterator<Item = &'a Contraindication> {
        let of_drugs = self.by_drug.as_ref().map(|by_drug| {
            let mut places: Vec<usize> = drugs.filter_map(|generic| by_drug.get(generic)).flatten().copied().collect();
            places.sort_unstable();
            places
        });
        let by_answer = told.filter_map(|name| self.by_answer.get(name)).flatten();
        let is_of_drugs = |place: &usize| of_drugs.as_ref().is_none_or(|places| places.binary_search(place).is_ok());
        let mut places: Vec<usize> = by_answer.chain(&self.always).copied().filter(is_of_drugs).collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter().filter_map(|place| self.list.get(place)).map(AsRef::as_ref)
    }

    /// Drugs of early disease whose end has to be told before treatment of advanced disease.
    pub fn asked_when_ended(&self) -> &[Partner] {
        &self.also.asked_when_ended
    }

    /// True for an answer under this folded name, with this value, that says nothing about safety.
    pub fn is_harmless(&self, folded: &str, value: &Answer<Reported>) -> bool {
        self.also.harmless.contains(folded)
            || (self.also.harmless_without_words.contains(folded) && self.is_plain(value))
            || (self.also.harmless_when_clear.contains(folded) && self.is_clear(value))
            || self.also.usual.get(folded).is_some_and(|usual| self.is_usual(value, usual))
    }

    /// True for a finding that says in all its parts that there is nothing.
    fn is_clear(&self, value: &Answer<Reported>) -> bool {
        let parts = |text: &str| text.split([',', ';']).all(|part| self.also.clear_words.contains(fold(part).as_ref()));
        match value {
            Answer::Known(Reported::Word(text)) => parts(text),
            Answer::Known(_) => false,
            _ => true,
        }
    }

    /// True for a number within what is usual, and for words that say so.
    fn is_usual(&self, value: &Answer<Reported>, usual: &[Interval]) -> bool {
        let is_within = |number: f64| usual.iter().any(|usual| Interval::exactly(number).is_within(*usual));
        match value {
            Answer::Known(Reported::Number(number)) => is_within(*number),
            Answer::Known(Reported::Word(text)) if text.contains(|c: char| c.is_ascii_digit()) => {
                let mut words = text.split(|c: char| c.is_whitespace() || matches!(c, '/' | '%')).filter(|word| !word.is_empty());
                let is_plain = |word: &str| self.also.plain_words.contains(fold(word).as_ref());
                words.all(|word| word.parse().map_or_else(|_| is_plain(word), is_within))
            }
            _ => self.is_clear(value),
        }
    }

    /// True for a marker that nobody knows and that says nothing about safety: by its name, or as nothing was found.
    pub fn is_harmless_marker(&self, folded: &str, value: &Answer<Reported>) -> bool {
        let is_not_found = || match value {
            Answer::Known(Reported::Word(text)) => self.also.not_found.contains(fold(text).as_ref()),
            Answer::Known(Reported::Flag(flag)) => !flag,
            Answer::Known(Reported::Number(_)) => false,
            _ => true,
        };
        self.is_plain(value) && (self.also.harmless_markers.contains(folded) || is_not_found())
    }

    /// True for words in which something stands that speaks against treatment, whatever it is, and is not denied.
    pub fn speaks_against(&self, text: &str) -> bool {
        self.also.speaks_against.may_be_in(text)
    }

    /// True for a value in which nothing about safety can stand: a number, a day, yes or no, and words such as `not done`.
    pub fn is_plain(&self, value: &Answer<Reported>) -> bool {
        let Answer::Known(Reported::Word(text)) = value else { return true };
        let folded = fold(text);
        if self.also.plain_words.contains(folded.as_ref()) {
            return true;
        }
        let is_plain = |word: &str| word.contains(|c: char| c.is_ascii_digit()) || self.also.plain_words.contains(word);
        let words = folded.split('_').filter(|word| word.contains(|c: char| c.is_ascii_alphanumeric()));
        words.into_iter().all(is_plain)
    }

    /// True for a drug that is usually given on when the disease has progressed on it.
    pub fn goes_on(&self, drug: &Drug) -> bool {
        self.also.goes_on.iter().any(|partner| is_partner(drug, partner))
    }

    /// True for a drug for which the earlier lines that are listed have to be as many as the line of treatment says.
    pub fn counts_lines(&self, drug: &Drug) -> bool {
        self.also.counted_lines.iter().any(|partner| is_partner(drug, partner))
    }

    /// Days after its end from which the same treatment may be given again although the disease progressed.
    pub const fn again_after_days(&self) -> u32 {
        self.also.again_after_days
    }
}

/// Gathers the answers that a sentence asks; false where it may hold without any of them.
fn answers<'c>(criterion: &'c Criterion, names: &mut BTreeSet<&'c str>) -> bool {
    match criterion {
        Criterion::All(parts) => {
            let mut asks = false;
            for part in parts {
                asks |= answers(part, names);
            }
            asks
        }
        Criterion::Any(parts) => {
            let mut asks = true;
            for part in parts {
                asks &= answers(part, names);
            }
            asks
        }
        Criterion::Biomarker { marker: name, .. }
        | Criterion::Assessment { name, .. }
        | Criterion::DaysSince { name, .. }
        | Criterion::MonthsSince { name, .. } => {
            names.insert(name);
            true
        }
        _ => false,
    }
}
