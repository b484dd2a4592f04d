//! The words that questions about coverage are made of. Every word of a question is understood or named as not understood: one that is passed
//! over could be the one that makes it another service ("speech" and "speech generating device").

use super::coverage::{CoverageInput, CoverageProduct, CoverageService, Told};
use super::coverage_codes::CoverageCodes;
use super::coverage_doubts::Doubts;
use super::coverage_parts::{Meant, Parts, Run, commas, known, together, with_a_number};
use super::coverage_spelling::Spelling;
use crate::domain::fold::fold;
use crate::domain::quick::{HashMap, HashSet};
use std::borrow::Cow;

/// Lists of words, folded or not.
#[derive(Debug, Clone, Default)]
pub struct CoverageLists {
    /// Words that change nothing, whatever the service.
    pub fillers: Vec<String>,
    /// What a service is for stands after these.
    pub purpose: Vec<String>,
    /// Only why it is needed stands after these.
    pub because: Vec<String>,
    /// That the service was given already.
    pub already: Vec<String>,
    /// What takes back what stands beside it.
    pub undoing: Vec<String>,
    /// That it is ordered or planned somewhere, and may be given elsewhere.
    pub ordered: Vec<String>,
}

/// A phrase that tells of an input: "in the ED" of the setting, "FEP" of the line of business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoveragePhrase {
    /// How people say it.
    pub words: Vec<String>,
    /// What it tells of.
    pub input: CoverageInput,
    /// What it tells.
    pub value: String,
    /// True for a place that counts only where the service itself is given there, and not where it is only ordered or planned.
    pub where_given: bool,
    /// True for words that may mean a place and may not: "under observation" is a stay, or a lesion that is watched. They tell nothing.
    pub doubtful: bool,
    /// True where it counts even among the words that say why the service is needed: "after surgery out of network".
    pub in_reason: bool,
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
    /// What takes back what stands beside it.
    undoing: HashSet<String>,
    /// That the service is ordered or planned somewhere.
    ordered: HashSet<String>,
    /// Folded phrases that count only where the service is given there.
    where_given: HashSet<String>,
    /// Folded phrases that may mean something else.
    doubtful: HashSet<String>,
    /// Folded phrases that count among reasons, too.
    in_reason: HashSet<String>,
    /// Folded words that are not passed over beside this service, though they are beside others.
    not_beside: Vec<HashSet<String>>,
    /// Folded words that are not passed over in what this service is for.
    not_for: Vec<HashSet<String>>,
    /// What this service is in a setting.
    in_setting: Vec<Vec<(String, usize)>>,
    /// Services that are meant as well as one of others where a folded word stands in the question.
    also: Vec<(usize, Vec<usize>, HashSet<String>)>,
    /// Folded ids of services.
    ids: HashSet<String>,
    /// What is said of folded codes that ended.
    ended: HashMap<String, String>,
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
    /// True for the id of a service: what it tells is only the usual case.
    pub is_id: bool,
}

/// The most words of a question that are read as others.
const MOST_SLIPS: usize = 2;

/// Names of a service that are not its own words.
pub type MoreNames = (usize, Vec<String>);

impl CoverageWords {
    /// Puts the words together. Products are phrases too; `ended` has codes with what is said of them.
    pub fn new(
        (services, more): (&[CoverageService], &[MoreNames]),
        products: &[CoverageProduct],
        phrases: &[CoveragePhrase],
        lists: &CoverageLists,
        (codes, ended): (CoverageCodes, &[(String, String)]),
    ) -> Self {
        let mut words = Self {
            fillers: folded(&lists.fillers),
            purpose: folded(&lists.purpose),
            because: folded(&lists.because),
            already: folded(&lists.already),
            undoing: folded(&lists.undoing),
            ordered: folded(&lists.ordered),
            codes,
            ended: ended.iter().map(|(code, said)| (fold(code).into_owned(), said.clone())).collect(),
            ..Self::default()
        };
        let index_of = |id: &String| services.iter().position(|service| service.id == *id);
        for (index, service) in services.iter().enumerate() {
            words.names(index, std::iter::once(&service.name).chain(&service.words));
            words.beside.push(folded(&service.beside));
            words.not_beside.push(folded(&service.not_beside));
            words.not_for.push(folded(&service.not_for));
            let there = service.in_setting.iter().filter_map(|(setting, id)| Some((setting.clone(), index_of(id)?)));
            words.in_setting.push(there.collect());
            if let Some(also) = &service.also {
                words.also.push((index, also.of.iter().filter_map(index_of).collect(), folded(&also.words)));
            }
        }
        for (index, names) in more {
            words.names(*index, names.iter());
        }
        // an id names one service, whatever else is called so
        for (index, service) in services.iter().enumerate() {
            let id = fold(&service.id).into_owned();
            words.services.insert(id.clone(), vec![index]);
            words.ids.insert(id);
        }
        for phrase in phrases {
            for word in &phrase.words {
                words.tells(word, phrase);
            }
        }
        for product in products {
            let phrase = CoveragePhrase {
                words: Vec::new(),
                input: CoverageInput::Product,
                value: product.id.clone(),
                where_given: false,
                doubtful: false,
                in_reason: true,
            };
            for word in [&product.id, &product.name].into_iter().chain(&product.words) {
                words.tells(word, &phrase);
            }
        }
        words.index();
        words
    }

    /// Finds out what words begin names and phrases, and what is near to them.
    fn index(&mut self) {
        let also = self.also.iter().flat_map(|(.., words)| words);
        let names = self.services.keys().chain(self.told.keys()).chain(&self.fillers).chain(self.beside.iter().flatten());
        let names = names
            .chain(&self.purpose)
            .chain(&self.because)
            .chain(&self.already)
            .chain(&self.ordered)
            .chain(&self.undoing)
            .chain(also);
        self.spelling = Spelling::new(names.clone());
        let mut begins: HashMap<String, usize> = HashMap::default();
        for key in names {
            let first = key.split('_').next().unwrap_or_default();
            let longest = begins.entry(first.to_owned()).or_default();
            *longest = key.split('_').count().max(*longest);
        }
        self.begins = begins;
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

    fn tells(&mut self, word: &str, phrase: &CoveragePhrase) {
        let key = fold(word).into_owned();
        if phrase.where_given {
            self.where_given.insert(key.clone());
        }
        if phrase.doubtful {
            self.doubtful.insert(key.clone());
        }
        if phrase.in_reason {
            self.in_reason.insert(key.clone());
        }
        let known = self.told.entry(key).or_default();
        let told = (phrase.input, phrase.value.clone());
        if !known.contains(&told) {
            known.push(told);
        }
    }

    /// The words of a text that are not passed over, folded.
    pub fn significant(&self, text: &str) -> Vec<String> {
        let key = fold(text);
        let counts = |word: &&str| !self.fillers.contains(*word) && !self.purpose.contains(*word) && !word.is_empty();
        key.split('_').filter(counts).map(str::to_owned).collect()
    }

    /// Understands a question's words; where some are not known, with the words that are near to them in their place.
    pub fn understand(&self, text: &str) -> Understood {
        let key = self.apart(fold(text));
        let commas = commas(text);
        let understood = self.as_written(&key, &commas);
        if understood.unknown.is_empty() { understood } else { self.respelled(&key, &commas, &understood).unwrap_or(understood) }
    }

    /// A modifier that is written onto its code, as a word of its own: "70553TC".
    fn apart<'k>(&self, key: Cow<'k, str>) -> Cow<'k, str> {
        if !key.split('_').any(|part| self.codes.with_modifier(part).is_some()) {
            return key;
        }
        let apart = |part: &str| {
            self.codes.with_modifier(part).map_or_else(|| part.to_owned(), |(code, modifier)| [code, "_", modifier].concat())
        };
        Cow::Owned(key.split('_').map(apart).collect::<Vec<_>>().join("_"))
    }

    /// What the words mean where each that is not known is one that is near to it; none where that is not one thing, or several services.
    fn respelled(&self, key: &str, commas: &[usize], as_written: &Understood) -> Option<Understood> {
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
        let read = keys.iter().map(|key| (key, self.as_written(key, commas)));
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
    fn as_written(&self, key: &str, commas: &[usize]) -> Understood {
        let all = Parts::of(key, |word| self.longest_from(word));
        let whole = self.services.get(key);
        let (parts, mut because) = if whole.is_some() { (all.clone(), Vec::new()) } else { self.without_reason(&all) };
        let phrases = parts.runs(|run| self.told_by(run));
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
            read_as.extend(self.about(word));
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
        // a place where the service is only ordered or planned says nothing of where it is given
        let is_more =
            |(from, to): (usize, usize), run: &Run<()>| from <= run.from && run.to <= to && run.to - run.from < to - from;
        let is_part = |run: &Run<()>| {
            let others = phrases.iter().map(|phrase| (phrase.from, phrase.to)).chain(past.iter().map(|run| (run.from, run.to)));
            others.chain(names.iter().map(|name| (name.from, name.to))).any(|other| is_more(other, run))
        };
        let is_named = |phrase: &Run<_>| names.iter().any(|name| name.from <= phrase.from && phrase.to <= name.to);
        let is_place =
            |phrase: &Run<_>| !is_named(phrase) && Self::is_among(&self.where_given, parts.run(phrase.from, phrase.to));
        let says_ordered = |run: &str| self.ordered.contains(run).then_some(());
        // also behind the beginning of a reason: "inpatient MRI after discharge"
        let is_in_reason = || !all.rest(parts.len()).runs(says_ordered).is_empty();
        let is_ordered =
            phrases.iter().any(is_place) && (parts.runs(says_ordered).iter().any(|run| !is_part(run)) || is_in_reason());
        let open: Vec<usize> = (0..parts.len()).filter(|at| !is_settled(*at)).collect();
        let (mut services, missed) = self.best(&parts, &open, meant);
        let purpose = names.iter().map(|name| name.to).min().and_then(|named| {
            let says_for = |at: &usize| *at >= named && self.purpose.contains(parts.run(*at, *at + 1));
            open.iter().copied().find(says_for)
        });
        // what a service is for is said as a whole: "torn meniscus", though the meniscus is known
        let in_purpose = |at: &usize| purpose.is_some_and(|from| *at > from);
        let first = missed.iter().copied().find(in_purpose);
        let doubts = Doubts { fillers: &self.fillers, undoing: &self.undoing, commas };
        let is_missed = |at: usize| missed.contains(&at) || past.iter().any(|run| run.has(at));
        let is_taken_back = |phrase: &Run<_>| {
            purpose.is_some_and(|from| phrase.from > from && doubts.take_back(phrase, &parts, from + 1, &is_missed))
        };
        let is_doubtful = |phrase: &Run<_>| Self::is_among(&self.doubtful, parts.run(phrase.from, phrase.to));
        let (doubted, told): (Vec<_>, Vec<_>) =
            phrases.iter().partition(|phrase| is_ordered && is_place(*phrase) || is_taken_back(*phrase) || is_doubtful(*phrase));
        let mut told = pairs(told.iter().map(|phrase| phrase.known.as_ref()));
        if whole.is_none() {
            self.placed(&mut services, &told, &pairs(doubted.iter().map(|phrase| phrase.known.as_ref())));
            self.joined(&mut services, &all);
        }
        self.told_in_reason(&all, (parts.len(), commas), &mut because, &mut told);
        let taken_back = doubted.iter().filter(|phrase| is_taken_back(**phrase)).flat_map(|phrase| phrase.from..phrase.to);
        let said = open.iter().copied().filter(|at| first.is_some_and(|first| *at >= first)).chain(taken_back).chain(because);
        let mut said: Vec<usize> = said.collect();
        said.sort_unstable();
        said.dedup();
        let is_other = |at: &usize| {
            services.iter().any(|service| self.not_for.get(*service).is_some_and(|words| words.contains(all.run(*at, *at + 1))))
        };
        let unknown: Vec<usize> = missed.into_iter().filter(|at| !in_purpose(at) || is_other(at)).collect();
        let words = |places: Vec<usize>| places.into_iter().map(|at| all.run(at, at + 1).to_owned()).collect();
        let given_already = !past.is_empty() || all.runs(|run| self.tells_of_the_past(run)).len() > past.len();
        let is_id = whole.is_some() && self.ids.contains(key);
        Understood { services, told, unknown: words(unknown), reason: words(said), read_as, is_past: given_already, is_id }
    }

    /// What a code is, and that it ended.
    fn about(&self, code: &str) -> impl Iterator<Item = String> {
        let range = self.codes.range(code).map(|range| format!("{}: {}", code.to_uppercase(), range.about));
        range.into_iter().chain(self.ended.get(code).cloned())
    }

    /// The services as they are in the setting that is told: physical therapy at home is home care. Where it is doubtful, either is meant.
    fn placed(&self, services: &mut Vec<usize>, told: &[(CoverageInput, String)], doubted: &[(CoverageInput, String)]) {
        let there = |service: usize, pairs: &[(CoverageInput, String)]| {
            let mut settings = self.in_setting.get(service).into_iter().flatten();
            let is_told =
                |setting: &String| pairs.iter().any(|(input, value)| *input == CoverageInput::Setting && value == setting);
            settings.find(|(setting, _)| is_told(setting)).map(|(_, service)| *service)
        };
        let mut placed: Vec<usize> = services.iter().map(|service| there(*service, told).unwrap_or(*service)).collect();
        placed.extend(services.iter().filter_map(|service| there(*service, doubted)));
        placed.sort_unstable();
        placed.dedup();
        if placed.len() != services.len() || placed.iter().any(|service| !services.contains(service)) {
            *services = placed;
        }
    }

    /// Adds services that a word of the question makes possible, its reason included: a genetic test after a transplant may be one for it.
    fn joined(&self, services: &mut Vec<usize>, all: &Parts<'_>) {
        for (service, of, words) in &self.also {
            let is_of = services.iter().any(|meant| of.contains(meant)) && !services.contains(service);
            if is_of && !all.runs(|run| known(run, |word| words.contains(word).then_some(()))).is_empty() {
                services.push(*service);
            }
        }
    }

    /// What is told behind the beginning of a reason: it is no part of the reason where it stands behind a comma, or counts there anyway and is
    /// not the reason itself ("after an out of network stay"). Places and what is the usual case are not told there.
    fn told_in_reason(
        &self,
        all: &Parts<'_>,
        (named, commas): (usize, &[usize]),
        because: &mut Vec<usize>,
        told: &mut Vec<(CoverageInput, String)>,
    ) {
        let Some(first) = because.first().copied() else { return };
        for phrase in all.rest(named).runs(|run| self.told_by(run)) {
            let (from, to) = (named + phrase.from, named + phrase.to);
            let is_itself = (first..from).all(|at| self.fillers.contains(all.run(at, at + 1)));
            let doubts = Doubts { fillers: &self.fillers, undoing: &self.undoing, commas };
            let whole = Run { from, to, known: () };
            let counts = commas.contains(&from)
                || !is_itself && Self::is_among(&self.in_reason, all.run(from, to)) && !doubts.is_object(&whole, all, first);
            let tells = |(input, value): &&(CoverageInput, String)| {
                let is_place = matches!(input, CoverageInput::Setting | CoverageInput::AdmittedFrom);
                !is_place && input.usual() != Some(Told::Word(value))
            };
            let pairs: Vec<_> = phrase.known.iter().filter(tells).cloned().collect();
            if counts && !pairs.is_empty() {
                because.retain(|at| !(from..to).contains(at));
                told.extend(pairs.into_iter().filter(|pair| !told.contains(pair)).collect::<Vec<_>>());
            }
        }
    }

    /// True for a phrase of a list, numbers included.
    fn is_among(list: &HashSet<String>, run: &str) -> bool {
        known(run, |word| list.contains(word).then_some(())).is_some()
            || with_a_number(run).is_some_and(|(pattern, _)| list.contains(&pattern))
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
    fn told_by(&self, run: &str) -> Option<Cow<'_, [(CoverageInput, String)]>> {
        if let Some(told) = known(run, |word| self.told.get(word)) {
            return Some(Cow::Borrowed(told));
        }
        let (pattern, number) = with_a_number(run)?;
        let told = self.told.get(&pattern)?;
        Some(told.iter().map(|(input, _)| (*input, number.clone())).collect())
    }

    /// Those of the services that understand every word, all where none does; and the places of the words that are not understood.
    fn best(&self, parts: &Parts<'_>, open: &[usize], meant: Meant) -> (Vec<usize>, Vec<usize>) {
        let missed = |services: &[usize]| -> Vec<usize> {
            if open.is_empty() {
                return Vec::new();
            }
            let has = |lists: &[HashSet<String>], word: &str| {
                services.iter().any(|service| lists.get(*service).is_some_and(|list| list.contains(word)))
            };
            let is_spare = |word: &str| {
                (self.fillers.contains(word)
                    || self.ordered.contains(word)
                    || self.purpose.contains(word)
                    || has(&self.beside, word))
                    && !has(&self.not_beside, word)
            };
            let is_counted = |word: &str| with_a_number(word).is_some_and(|(word, _)| is_spare(&word));
            let changes_nothing = |word: &str| (is_spare(word) || is_counted(word)).then_some(());
            let spare = parts.runs(|run| known(run, changes_nothing));
            open.iter().copied().filter(|at| !spare.iter().any(|run| run.has(*at))).collect()
        };
        let services = match meant {
            Meant::OneOf(services) => services,
            Meant::Each(services) => {
                let missed = missed(&services);
                return (services, missed);
            }
        };
        if let [_] = services.as_slice() {
            let missed = missed(&services);
            return (services, missed);
        }
        let by_all: Vec<usize> = services.iter().copied().filter(|service| missed(&[*service]).is_empty()).collect();
        if by_all.is_empty() { (services, missed(&[])) } else { (by_all, Vec::new()) }
    }
}

fn folded(words: &[String]) -> HashSet<String> {
    words.iter().map(|word| fold(word).into_owned()).collect()
}

/// What phrases tell, each once.
fn pairs<'p>(phrases: impl Iterator<Item = &'p [(CoverageInput, String)]>) -> Vec<(CoverageInput, String)> {
    let mut told: Vec<(CoverageInput, String)> = Vec::new();
    for pair in phrases.flatten() {
        if !told.contains(pair) {
            told.push(pair.clone());
        }
    }
    told
}
