//! The words that questions about coverage are made of. Every word of a question is understood or named as not understood: one that is passed
//! over could be the one that makes it another service ("speech" and "speech generating device").

use super::coverage::{CoverageInput, CoverageProduct, CoverageService};
use crate::domain::fold::fold;
use std::collections::{HashMap, HashSet};

/// A phrase that tells of an input: "in the ED" of the setting, "FEP" of the line of business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoveragePhrase {
    /// How people say it.
    pub words: Vec<String>,
    /// What it tells of.
    pub input: CoverageInput,
    /// What it tells.
    pub value: String,
}

/// What is known of words.
#[derive(Debug, Clone, Default)]
pub struct CoverageWords {
    /// Services by their folded names.
    services: HashMap<String, Vec<usize>>,
    /// What folded phrases tell.
    told: HashMap<String, Vec<(CoverageInput, String)>>,
    /// Folded words that change nothing, whatever the service.
    fillers: HashSet<String>,
    /// Folded words that change nothing beside this service.
    beside: Vec<HashSet<String>>,
}

/// What was made of the words of a question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Understood {
    /// The services that are called so; several where the words leave it open.
    pub services: Vec<usize>,
    /// What the words tell beside the service, the input first.
    pub told: Vec<(CoverageInput, String)>,
    /// Words that are not understood.
    pub unknown: Vec<String>,
}

impl CoverageWords {
    /// Puts the words together. Products are phrases too.
    pub fn new(
        services: &[CoverageService],
        products: &[CoverageProduct],
        phrases: &[CoveragePhrase],
        fillers: &[String],
    ) -> Self {
        let mut words = Self { fillers: fillers.iter().map(|word| fold(word).into_owned()).collect(), ..Self::default() };
        for (index, service) in services.iter().enumerate() {
            for name in std::iter::once(&service.name).chain(&service.words) {
                let known = words.services.entry(fold(name).into_owned()).or_default();
                if !known.contains(&index) {
                    known.push(index);
                }
            }
            words.beside.push(service.beside.iter().map(|word| fold(word).into_owned()).collect());
        }
        // an id names one service, whatever else is called so
        for (index, service) in services.iter().enumerate() {
            words.services.insert(fold(&service.id).into_owned(), vec![index]);
        }
        for phrase in phrases {
            for word in &phrase.words {
                words.tells(word, phrase.input, &phrase.value);
            }
        }
        for product in products {
            for word in [&product.id, &product.name].into_iter().chain(&product.words) {
                words.tells(word, CoverageInput::Product, &product.id);
            }
        }
        words
    }

    fn tells(&mut self, word: &str, input: CoverageInput, value: &str) {
        let known = self.told.entry(fold(word).into_owned()).or_default();
        let told = (input, value.to_owned());
        if !known.contains(&told) {
            known.push(told);
        }
    }

    /// Understands a question's words: the longest names and phrases first, then what may stand beside them.
    pub fn understand(&self, text: &str) -> Understood {
        let key = fold(text);
        let parts: Vec<&str> = key.split('_').filter(|part| !part.is_empty()).collect();
        let phrases = runs(&parts, |word| known(word, |word| self.told.get(word)));
        let mut told: Vec<(CoverageInput, String)> = Vec::new();
        for pair in phrases.iter().flat_map(|(_, _, pairs)| *pairs) {
            if !told.contains(pair) {
                told.push(pair.clone());
            }
        }
        let in_phrase = |at: usize| phrases.iter().any(|(from, to, _)| (*from..*to).contains(&at));
        let names: Vec<(usize, usize, &Vec<usize>)> = match self.services.get(key.as_ref()) {
            Some(services) => vec![(0, parts.len(), services)],
            None => runs(&parts, |word| known(word, |word| self.services.get(word))),
        };
        // "inpatient" is a service where nothing else is: beside an MRI it tells where
        let (sure, doubtful): (Vec<_>, Vec<_>) = names.into_iter().partition(|(from, to, _)| !(*from..*to).all(in_phrase));
        let names = if sure.is_empty() { doubtful } else { sure };
        let services = together(names.iter().map(|(_, _, services)| services.as_slice()));
        let in_name = |at: usize| names.iter().any(|(from, to, _)| (*from..*to).contains(&at));
        let beside = match services.as_slice() {
            [one] => self.beside.get(*one),
            _ => None,
        };
        let fits = |word: &str| self.fillers.contains(word) || beside.is_some_and(|beside| beside.contains(word));
        let open = |at: &usize| !in_phrase(*at) && !in_name(*at);
        let spare = match (0..parts.len()).any(|at| open(&at)) {
            true => runs(&parts, |word| known(word, |word| fits(word).then_some(()))),
            false => Vec::new(),
        };
        let is_spare = |at: usize| spare.iter().any(|(from, to, ())| (*from..*to).contains(&at));
        let unknown = (0..parts.len()).filter(open).filter(|at| !is_spare(*at));
        Understood { told, unknown: unknown.filter_map(|at| parts.get(at)).map(|part| (*part).to_owned()).collect(), services }
    }
}

/// The runs of words that are known, the longest first, none of them in another: from, to, what is known.
fn runs<T>(parts: &[&str], find: impl Fn(&str) -> Option<T>) -> Vec<(usize, usize, T)> {
    let mut found: Vec<(usize, usize, T)> = Vec::new();
    for length in (1..=parts.len()).rev() {
        for (from, run) in parts.windows(length).enumerate() {
            let to = from + length;
            let free = found.iter().all(|(start, end, _)| to <= *start || *end <= from);
            if free && let Some(value) = find(&run.join("_")) {
                found.push((from, to, value));
            }
        }
    }
    found
}

/// What is known of a word, or of what it is the plural of.
fn known<T>(word: &str, find: impl Fn(&str) -> Option<T>) -> Option<T> {
    let singular = || word.strip_suffix('s').filter(|singular| singular.len() > 1).and_then(&find);
    find(word).or_else(singular)
}

/// What all names can mean together: "substance use" and "residential" are one service. Where nothing is common to all, each may be meant.
fn together<'n>(names: impl Iterator<Item = &'n [usize]>) -> Vec<usize> {
    let names: Vec<&[usize]> = names.collect();
    let every = |service: &&usize| names.iter().all(|services| services.contains(service));
    let common: Vec<usize> = names.first().into_iter().flat_map(|first| first.iter()).filter(every).copied().collect();
    if !common.is_empty() {
        return common;
    }
    let mut any: Vec<usize> = names.iter().flat_map(|services| services.iter().copied()).collect();
    any.sort_unstable();
    any.dedup();
    any
}
