//! The words that questions about coverage are made of. Every word of a question is understood or named as not understood: one that is passed
//! over could be the one that makes it another service ("speech" and "speech generating device").

use super::coverage::{CoverageInput, CoverageProduct, CoverageService};
use super::coverage_codes::CoverageCodes;
use super::coverage_spelling::Spelling;
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
    /// What a service is for stands after these; it may be named there ("surgery for cleft palate").
    purpose: HashSet<String>,
    /// Only why it is needed stands after these.
    because: HashSet<String>,
    /// That the service was given already.
    already: HashSet<String>,
    /// Codes of procedures, equipment and drugs.
    codes: CoverageCodes,
    /// Words that are near to those that are not known.
    spelling: Spelling,
    /// First words of all of these, each with the words of the longest that it begins.
    begins: HashMap<String, usize>,
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
    /// Words that say why the service is needed, and do not count.
    pub reason: Vec<String>,
    /// What codes and misspelled words were read as.
    pub read_as: Vec<String>,
    /// True where the words say that the service was given already.
    pub is_past: bool,
}

/// What stands for a number in a phrase: "0 years old" is any age.
const NUMBER: &str = "0";

/// The most words of a question that are read as others.
const MOST_SLIPS: usize = 2;

/// Names of a service that are not its own words.
pub type MoreNames = (usize, Vec<String>);

impl CoverageWords {
    /// Puts the words together. Products are phrases too.
    pub fn new(
        (services, more): (&[CoverageService], &[MoreNames]),
        products: &[CoverageProduct],
        phrases: &[CoveragePhrase],
        [fillers, purpose, because, already]: [&[String]; 4],
        codes: CoverageCodes,
    ) -> Self {
        let folded = |words: &[String]| words.iter().map(|word| fold(word).into_owned()).collect::<HashSet<_>>();
        let (fillers, purpose, because) = (folded(fillers), folded(purpose), folded(because));
        let mut words = Self { fillers, purpose, because, already: folded(already), codes, ..Self::default() };
        for (index, service) in services.iter().enumerate() {
            words.names(index, std::iter::once(&service.name).chain(&service.words));
            words.beside.push(folded(&service.beside));
        }
        for (index, names) in more {
            words.names(*index, names.iter());
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
        let names = words.services.keys().chain(words.told.keys()).chain(&words.fillers).chain(words.beside.iter().flatten());
        let names: Vec<&String> = names.chain(&words.purpose).chain(&words.because).chain(&words.already).collect();
        words.spelling = Spelling::new(names.iter().copied());
        for key in names {
            let first = key.split('_').next().unwrap_or_default();
            let longest = words.begins.entry(first.to_owned()).or_default();
            *longest = key.split('_').count().max(*longest);
        }
        words
    }

    /// Words of the longest name or phrase that a word begins.
    fn longest_from(&self, word: &str) -> usize {
        let of = |word: &str| self.begins.get(word).copied().unwrap_or_default();
        let singular = word.strip_suffix('s').map_or(0, of);
        let known = of(word).max(singular).max(with_a_number(word).map_or(0, |(pattern, _)| of(&pattern)));
        if known == 0 && CoverageCodes::is_code(word) { 1 } else { known }
    }

    fn names<'n>(&mut self, service: usize, names: impl Iterator<Item = &'n String>) {
        for name in names {
            let known = self.services.entry(fold(name).into_owned()).or_default();
            if !known.contains(&service) {
                known.push(service);
            }
        }
    }

    fn tells(&mut self, word: &str, input: CoverageInput, value: &str) {
        let known = self.told.entry(fold(word).into_owned()).or_default();
        let told = (input, value.to_owned());
        if !known.contains(&told) {
            known.push(told);
        }
    }

    /// Understands a question's words; where some are not known, with the words that are near to them in their place.
    pub fn understand(&self, text: &str) -> Understood {
        let key = fold(text);
        let understood = self.as_written(&key);
        if understood.unknown.is_empty() { understood } else { self.respelled(&key, &understood).unwrap_or(understood) }
    }

    /// What the words mean where each that is not known is one that is near to it; none where that is not one thing, or several services.
    fn respelled(&self, key: &str, as_written: &Understood) -> Option<Understood> {
        // where no service is named, words that are known are not understood either
        let slips = as_written.unknown.iter().map(String::as_str).filter(|word| !self.spelling.knows(word));
        let near: Vec<(&str, Vec<&str>)> = slips.map(|word| (word, self.spelling.near(word))).collect();
        if near.is_empty() || near.len() > MOST_SLIPS || near.iter().any(|(_, words)| words.is_empty()) {
            return None;
        }
        let mut keys = vec![String::new()];
        for part in key.split('_') {
            let written = [part];
            let words = near.iter().find(|(word, _)| *word == part).map_or(written.as_slice(), |(_, words)| words.as_slice());
            let longer = |key: &String, word: &str| if key.is_empty() { word.to_owned() } else { [key, "_", word].concat() };
            keys = keys.iter().flat_map(|key| words.iter().map(move |word| longer(key, word))).collect();
        }
        let read = keys.iter().map(|key| (key, self.as_written(key)));
        let mut read = read.filter(|(_, read)| !read.services.is_empty() && read.unknown.is_empty());
        let (key, mut first) = read.next()?;
        for (_, other) in read {
            if other.told != first.told || other.is_past != first.is_past {
                return None;
            }
            let more: Vec<usize> = other.services.into_iter().filter(|service| !first.services.contains(service)).collect();
            first.services.extend(more);
        }
        first.read_as.insert(0, key.replace('_', " "));
        Some(first)
    }

    /// Understands words as they are written: the longest names and phrases first, then what may stand beside them.
    fn as_written(&self, key: &str) -> Understood {
        let all = Parts::of(key, |word| self.longest_from(word));
        let whole = self.services.get(key);
        let (parts, because) = if whole.is_some() { (all.clone(), Vec::new()) } else { self.without_reason(&all) };
        let phrases = parts.runs(|run| self.told_by(run));
        let mut told: Vec<(CoverageInput, String)> = Vec::new();
        for pair in phrases.iter().flat_map(|phrase| &phrase.known) {
            if !told.contains(pair) {
                told.push(pair.clone());
            }
        }
        let past = parts.runs(|run| self.tells_of_the_past(run));
        let in_phrase = |at: usize| phrases.iter().any(|phrase| phrase.has(at));
        let mut names: Vec<Run<&Vec<usize>>> = match whole {
            Some(services) => vec![Run { from: 0, to: parts.len(), known: services }],
            None => parts.runs(|run| self.called(run)),
        };
        let mut read_as = Vec::new();
        let mut behind = Vec::new();
        for at in 0..parts.len() {
            let word = parts.run(at, at + 1);
            let is_name = || names.iter().any(|name| (name.from, name.to) == (at, at + 1));
            if !CoverageCodes::is_code(word) || !is_name() {
                continue;
            }
            if let Some(range) = self.codes.range(word) {
                read_as.push(format!("{}: {}", word.to_uppercase(), range.about));
            }
            match self.codes.modifier(parts.run(at + 1, at + 2)) {
                Some(services) if !services.is_empty() => names.push(Run { from: at + 1, to: at + 2, known: services }),
                Some(_) => behind.push(at + 1),
                None => {}
            }
        }
        // "inpatient" is a service where nothing else is: beside an MRI it tells where
        let (sure, doubtful): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| !(name.from..name.to).all(in_phrase));
        let names = if sure.is_empty() { doubtful } else { sure };
        let meant = together(names.iter().map(|name| name.known.as_slice()));
        let is_settled = |at: usize| {
            in_phrase(at) || behind.contains(&at) || past.iter().any(|run| run.has(at)) || names.iter().any(|name| name.has(at))
        };
        let open: Vec<usize> = (0..parts.len()).filter(|at| !is_settled(*at)).collect();
        let (services, missed) = self.best(&parts, &open, meant);
        let purpose = names.iter().map(|name| name.to).min().and_then(|named| {
            let says_for = |at: &usize| *at >= named && self.purpose.contains(parts.run(*at, *at + 1));
            open.iter().copied().find(says_for)
        });
        // what a service is for is said as a whole: "torn meniscus", though the meniscus is known
        let in_purpose = |at: &usize| purpose.is_some_and(|from| *at > from);
        let first = missed.iter().copied().find(in_purpose);
        let said: Vec<usize> = open.iter().copied().filter(|at| first.is_some_and(|first| *at >= first)).chain(because).collect();
        let unknown: Vec<usize> = missed.into_iter().filter(|at| !in_purpose(at)).collect();
        let words = |places: Vec<usize>| places.into_iter().map(|at| all.run(at, at + 1).to_owned()).collect();
        let is_past = !past.is_empty() || all.runs(|run| self.tells_of_the_past(run)).len() > past.len();
        Understood { services, told, unknown: words(unknown), reason: words(said), read_as, is_past }
    }

    /// That the service was given already, numbers included: "3 days ago".
    fn tells_of_the_past(&self, run: &str) -> Option<()> {
        let is_known = |run: &str| self.already.contains(run);
        (is_known(run) || with_a_number(run).is_some_and(|(pattern, _)| is_known(&pattern))).then_some(())
    }

    /// The services that a name or a code means.
    fn called(&self, run: &str) -> Option<&Vec<usize>> {
        known(run, |word| self.services.get(word)).or_else(|| self.codes.range(run).map(|range| &range.services))
    }

    /// The words without those that only say why a service is needed, once one was named: "PT after a knee replacement"; and the places of
    /// those.
    fn without_reason<'k>(&self, all: &Parts<'k>) -> (Parts<'k>, Vec<usize>) {
        for run in all.runs(|run| self.because.contains(run).then_some(())).into_iter().rev() {
            let before = all.first(run.from);
            if run.from > 0 && !before.runs(|run| self.called(run)).is_empty() {
                return (before, (run.to..all.len()).collect());
            }
        }
        (all.clone(), Vec::new())
    }

    /// What a phrase tells, numbers in it included.
    fn told_by(&self, run: &str) -> Option<Vec<(CoverageInput, String)>> {
        if let Some(told) = known(run, |word| self.told.get(word)) {
            return Some(told.clone());
        }
        let (pattern, number) = with_a_number(run)?;
        let told = self.told.get(&pattern)?;
        Some(told.iter().map(|(input, _)| (*input, number.clone())).collect())
    }

    /// Those of the services that understand every word, all where none does; and the places of the words that are not understood.
    fn best(&self, parts: &Parts<'_>, open: &[usize], meant: Meant) -> (Vec<usize>, Vec<usize>) {
        let missed = |beside: Option<&HashSet<String>>| -> Vec<usize> {
            if open.is_empty() {
                return Vec::new();
            }
            let is_spare = |word: &str| {
                self.fillers.contains(word) || self.purpose.contains(word) || beside.is_some_and(|beside| beside.contains(word))
            };
            let is_counted = |word: &str| with_a_number(word).is_some_and(|(word, _)| is_spare(&word));
            let changes_nothing = |word: &str| (is_spare(word) || is_counted(word)).then_some(());
            let spare = parts.runs(|run| known(run, changes_nothing));
            open.iter().copied().filter(|at| !spare.iter().any(|run| run.has(*at))).collect()
        };
        let services = match meant {
            Meant::OneOf(services) => services,
            Meant::Each(services) => return (services, missed(None)),
        };
        if let [one] = services.as_slice() {
            let missed = missed(self.beside.get(*one));
            return (services, missed);
        }
        let by_all: Vec<usize> =
            services.iter().copied().filter(|service| missed(self.beside.get(*service)).is_empty()).collect();
        if by_all.is_empty() { (services, missed(None)) } else { (by_all, Vec::new()) }
    }
}

/// Neighbouring words with what is known of them.
struct Run<T> {
    from: usize,
    to: usize,
    known: T,
}

impl<T> Run<T> {
    fn has(&self, at: usize) -> bool {
        (self.from..self.to).contains(&at)
    }
}

/// The words of a folded text.
#[derive(Clone)]
struct Parts<'k> {
    key: &'k str,
    /// Where each begins and ends, and how many words a name or phrase that begins with it can have.
    spans: Vec<(usize, usize, usize)>,
}

impl<'k> Parts<'k> {
    fn of(key: &'k str, longest: impl Fn(&str) -> usize) -> Self {
        let mut spans = Vec::new();
        let mut from = 0;
        for part in key.split('_') {
            let to = from + part.len();
            if from < to {
                spans.push((from, to, longest(part)));
            }
            from = to + 1;
        }
        Self { key, spans }
    }

    fn first(&self, count: usize) -> Self {
        Self { key: self.key, spans: self.spans.iter().take(count).copied().collect() }
    }

    /// How many words there can be from here on that are known together.
    fn longest(&self, from: usize) -> usize {
        self.spans.get(from).map_or(0, |(_, _, longest)| (*longest).min(self.len() - from))
    }

    fn len(&self) -> usize {
        self.spans.len()
    }

    /// The runs of words that are known, the longest first, none of them in another.
    fn runs<T>(&self, find: impl Fn(&str) -> Option<T>) -> Vec<Run<T>> {
        let mut found: Vec<Run<T>> = Vec::new();
        let longest = (0..self.len()).map(|from| self.longest(from)).max().unwrap_or_default();
        for length in (1..=longest).rev() {
            for from in (0..=(self.len() - length)).filter(|from| self.longest(*from) >= length) {
                let to = from + length;
                let free = found.iter().all(|run| to <= run.from || run.to <= from);
                if free && let Some(known) = find(self.run(from, to)) {
                    found.push(Run { from, to, known });
                }
            }
        }
        found
    }

    /// Neighbouring words as they stand in the text.
    fn run(&self, from: usize, to: usize) -> &'k str {
        let start = self.spans.get(from).map(|(start, ..)| *start);
        let end = to.checked_sub(1).and_then(|last| self.spans.get(last)).map(|(_, end, _)| *end);
        start.zip(end).and_then(|(start, end)| self.key.get(start..end)).unwrap_or_default()
    }
}

/// A run with its one number written as [`NUMBER`] ("13th" as "0th"), and the number.
fn with_a_number(run: &str) -> Option<(String, String)> {
    if !run.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut number = None;
    let mut pattern = String::with_capacity(run.len());
    for part in run.split('_') {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = part.strip_suffix(rest).unwrap_or_default();
        let unit = match rest {
            "st" | "nd" | "rd" | "th" => Some("th"),
            "" | "x" => Some(rest),
            _ => None,
        };
        if !pattern.is_empty() {
            pattern.push('_');
        }
        match unit.filter(|_| !digits.is_empty()) {
            None => pattern.push_str(part),
            Some(_) if number.is_some() => return None,
            Some(unit) => {
                number = Some(digits.to_owned());
                pattern.push_str(NUMBER);
                pattern.push_str(unit);
            }
        }
    }
    Some((pattern, number?))
}

/// What is known of a word, or of what it is the plural of.
fn known<T>(word: &str, find: impl Fn(&str) -> Option<T>) -> Option<T> {
    let singular = || word.strip_suffix('s').filter(|singular| singular.len() > 1).and_then(&find);
    find(word).or_else(singular)
}

/// What all names can mean together: "substance use" and "residential" are one service. Where nothing is common to all, each may be meant.
fn together<'n>(names: impl Iterator<Item = &'n [usize]>) -> Meant {
    let names: Vec<&[usize]> = names.collect();
    let every = |service: &&usize| names.iter().all(|services| services.contains(service));
    let common: Vec<usize> = names.first().into_iter().flat_map(|first| first.iter()).filter(every).copied().collect();
    if !common.is_empty() {
        return Meant::OneOf(common);
    }
    let mut any: Vec<usize> = names.iter().flat_map(|services| services.iter().copied()).collect();
    any.sort_unstable();
    any.dedup();
    Meant::Each(any)
}

/// What the names in a text can mean.
enum Meant {
    /// One of these: every name can mean each.
    OneOf(Vec<usize>),
    /// Different services.
    Each(Vec<usize>),
}
