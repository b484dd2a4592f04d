//! Reads what counts as an answer: `biomarkers.toml`, `assessments.toml` and the lists of `words/` that they share.

use super::codes::text_of;
use super::document::{Document, Place};
use super::report::{Report, did_you_mean};
use super::source::Source;
use super::vocabulary::{each, is_snake};
use crate::domain::content::answers::{Beside, StageWord};
use crate::domain::content::{Answers, Derivation, Interval, NoResult, ResultDefinition, ResultDetail};
use crate::domain::criteria::{Comparison, ResultTest};
use crate::domain::fold::{fold, plain};
use crate::domain::quick::HashMap;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

const GROUPS: &str = "words/groups.toml";
const NO_RESULT: &str = "words/no_result.toml";
const BESIDE: &str = "words/beside.toml";
const UNITS: &str = "words/units.toml";
const STAGES: &str = "words/stages.toml";

/// Reads them.
pub(super) fn read(source: &Source, report: &mut Report) -> Answers {
    let shared = Shared { groups: groups(source, report), units: units(source, report) };
    let mut answers = Answers {
        biomarkers: definitions(source, "biomarkers.toml", "biomarker", &shared, report),
        assessments: definitions(source, "assessments.toml", "assessment", &shared, report),
        no_result: no_result(source, report),
        beside: beside(source, report),
        ..Answers::default()
    };
    stages(source, &mut answers, report);
    answers.index();
    answers
}

/// Lists that definitions name.
struct Shared {
    groups: BTreeMap<String, Vec<String>>,
    units: Vec<UnitEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupEntry {
    name: String,
    about: String,
    words: Vec<String>,
}

fn groups(source: &Source, report: &mut Report) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    each::<GroupEntry>(source, GROUPS, "group", report, |entry, place, report| {
        if entry.about.trim().is_empty() {
            place.error(report, "say what the words of this list have in common", None);
        }
        if found.insert(entry.name.clone(), entry.words).is_some() {
            place.key("name").error(report, format!("list `{}` is here twice", entry.name), None);
        }
    });
    found
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReasonEntry {
    name: String,
    about: String,
    ask: String,
    words: Vec<String>,
    #[serde(default)]
    may_speak_against: bool,
}

fn no_result(source: &Source, report: &mut Report) -> HashMap<String, Arc<NoResult>> {
    let mut found = HashMap::default();
    each::<ReasonEntry>(source, NO_RESULT, "reason", report, |entry, place, report| {
        if entry.about.trim().is_empty() || entry.ask.trim().is_empty() {
            place.error(report, format!("say of `{}` why it is no result and what to do", entry.name), None);
        }
        let reason = Arc::new(NoResult { about: entry.about, ask: entry.ask, may_speak_against: entry.may_speak_against });
        for word in &entry.words {
            if found.insert(fold(word).into_owned(), Arc::clone(&reason)).is_some() {
                place.key("words").error(report, format!("`{word}` is here twice"), None);
            }
        }
    });
    found
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BesideHeader {
    provenance: String,
    words: Vec<String>,
    before_numbers: Vec<String>,
}

fn beside(source: &Source, report: &mut Report) -> Beside {
    let Some(text) = text_of(source, BESIDE, report) else { return Beside::default() };
    let Some(document) = Document::parse(BESIDE, &text, report) else { return Beside::default() };
    let Some(header) = document.header::<BesideHeader>(&[], report) else { return Beside::default() };
    if header.provenance.trim().is_empty() {
        document.root().key("provenance").error(report, "say where these words come from", None);
    }
    let folded = |words: &[String]| words.iter().map(|word| fold(word).into_owned()).collect();
    Beside { words: folded(&header.words), before_numbers: folded(&header.before_numbers) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnitEntry {
    written: String,
    times: f64,
    #[serde(rename = "for")]
    of: Vec<String>,
}

fn units(source: &Source, report: &mut Report) -> Vec<UnitEntry> {
    let mut found = Vec::new();
    each::<UnitEntry>(source, UNITS, "unit", report, |entry, place, report| {
        if !(entry.times.is_finite() && entry.times > 0.0) {
            place.key("times").error(report, "a unit is converted by a number above 0", None);
        }
        found.push(entry);
    });
    found
}

/// Folded words, so that `by echo` is found before `echo`.
pub(super) fn longest_first(words: &[String]) -> Vec<String> {
    let mut folded: Vec<String> = words.iter().map(|word| fold(word).into_owned()).collect();
    folded.sort_by_key(|word| std::cmp::Reverse(word.len()));
    folded
}

/// A unit as it is compared: in one case, without spaces.
pub(super) fn unit_key(written: &str) -> String {
    plain(written).chars().filter(|c| !c.is_whitespace()).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StageHeader {
    provenance: String,
    prefixes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StageEntry {
    group: String,
    #[serde(default)]
    spread: bool,
    words: Vec<String>,
}

fn stages(source: &Source, answers: &mut Answers, report: &mut Report) {
    let Some(text) = text_of(source, STAGES, report) else { return };
    let Some(document) = Document::parse(STAGES, &text, report) else { return };
    if let Some(header) = document.header::<StageHeader>(&["stage"], report) {
        if header.provenance.trim().is_empty() {
            document.root().key("provenance").error(report, "say where these words come from", None);
        }
        answers.stage_prefixes = longest_first(&header.prefixes);
    }
    for (entry, place) in document.entries::<StageEntry>("stage", report) {
        if !super::vocabulary::STAGES.contains(&entry.group.as_str()) {
            let suggestion = did_you_mean(&entry.group, super::vocabulary::STAGES);
            place.key("group").error(report, format!("unknown stage `{}`", entry.group), suggestion);
        }
        for word in &entry.words {
            let told = StageWord { group: entry.group.clone(), is_spread: entry.spread };
            if answers.stages.insert(fold(word).into_owned(), told).is_some() {
                place.key("words").error(report, format!("`{word}` is here twice"), None);
            }
        }
    }
}

/// A biomarker or an assessment. What an assessment asks for may be longer than its name for people.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    display: Option<String>,
    about: Option<String>,
    #[serde(default)]
    synonyms: Vec<String>,
    #[serde(default)]
    parts: Vec<String>,
    #[serde(default)]
    results: Vec<ResultEntry>,
    range: Option<(f64, f64)>,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    bare_from: f64,
    #[serde(default)]
    beside: Vec<String>,
    window_days: Option<u32>,
    remembered_days: Option<u32>,
    #[serde(default = "yes")]
    undated: bool,
    #[serde(default)]
    several: bool,
    #[serde(default)]
    derived: Vec<DerivedEntry>,
    #[serde(default, rename = "verify")]
    _verify: bool,
}

const fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResultEntry {
    word: String,
    says: Option<String>,
    #[serde(default)]
    counts_as: Vec<String>,
    #[serde(default)]
    leaves_open: Vec<String>,
    #[serde(default)]
    opposite: Vec<String>,
    #[serde(default)]
    lasting: bool,
    #[serde(default)]
    like: Vec<String>,
    #[serde(default)]
    also: Vec<String>,
    from: Option<f64>,
    above: Option<f64>,
    below: Option<f64>,
    through: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DerivedEntry {
    gives: Option<String>,
    unclear: Option<String>,
    #[serde(default)]
    all: Vec<String>,
    #[serde(default)]
    any: Vec<String>,
}

fn definitions(source: &Source, file: &str, kind: &str, shared: &Shared, report: &mut Report) -> Vec<Arc<ResultDefinition>> {
    let mut found: Vec<ResultDefinition> = Vec::new();
    let mut names = BTreeSet::new();
    let mut derived = Vec::new();
    each::<Entry>(source, file, kind, report, |mut entry, place, report| {
        entry.display = entry.display.take().or_else(|| entry.about.take());
        if entry.display.as_ref().is_none_or(|display| display.trim().is_empty()) {
            place.error(report, format!("say what the {kind} is"), None);
        }
        if !is_snake(&entry.name) {
            place.key("name").error(report, format!("`{}` is not in snake case", entry.name), None);
        }
        for name in std::iter::once(&entry.name).chain(&entry.synonyms).chain(&entry.parts) {
            if !names.insert(fold(name).into_owned()) {
                place.error(report, format!("{kind} `{name}` is here twice"), None);
            }
        }
        let rules = std::mem::take(&mut entry.derived).into_iter().enumerate();
        derived.push(rules.map(|(at, rule)| (rule, place.key("derived").at(at).position())).collect::<Vec<_>>());
        found.push(definition(entry, kind, shared, place, report));
    });
    // what it is called for people is understood when they write it
    for definition in &mut found {
        if names.insert(fold(&definition.display).into_owned()) {
            definition.synonyms.push(definition.display.clone());
        }
    }
    for (index, rules) in derived.into_iter().enumerate() {
        let rules = rules.iter().filter_map(|(rule, (file, line))| {
            derivation(rule, index, &found).map_err(|(message, hint)| report.error(file, *line, message, hint)).ok()
        });
        let rules: Vec<Derivation> = rules.collect();
        if let Some(definition) = found.get_mut(index) {
            definition.derived = rules;
        }
    }
    found.into_iter().map(Arc::new).collect()
}

fn definition(entry: Entry, kind: &str, shared: &Shared, place: Place<'_, '_>, report: &mut Report) -> ResultDefinition {
    let is_day = entry.name.ends_with("_on");
    if entry.results.is_empty() && entry.range.is_none() && !is_day {
        place.error(
            report,
            format!("{} {kind} needs `results` or a `range`", if kind == "biomarker" { "a" } else { "an" }),
            None,
        );
    }
    if entry.range.is_some_and(|(low, high)| low >= high) {
        place.key("range").error(report, "the range must go from the lowest to the highest score", None);
    }
    let (low, high) = entry.range.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
    let words = words(&entry, shared, place, report);
    let known = |word: &String| entry.results.iter().any(|result| result.word == *word);
    for word in entry.results.iter().flat_map(|result| &result.leaves_open).filter(|word| !known(word)) {
        let suggestion = did_you_mean(word, entry.results.iter().map(|result| result.word.as_str()));
        place.key("results").error(report, format!("`leaves_open` names `{word}`, which is no result here"), suggestion);
    }
    for says in entry.results.iter().filter_map(|result| result.says.as_ref()) {
        super::plain::says_something(says, place.key("results"), report);
    }
    let units = shared.units.iter().filter(|unit| unit.of.contains(&entry.name));
    let units = units.map(|unit| (unit_key(&unit.written), unit.times));
    let own = (!entry.unit.is_empty()).then(|| (unit_key(&entry.unit), 1.0));
    let details = entry.results.iter().map(|result| ResultDetail {
        leaves_open: result.leaves_open.clone(),
        opposite: result.opposite.clone(),
        lasting: result.lasting,
        says: result.says.clone(),
        span: span(result, low, high),
    });
    ResultDefinition {
        details: details.collect(),
        words,
        units: units.chain(own).collect(),
        beside: longest_first(&entry.beside),
        results: entry.results.into_iter().map(|result| (result.word, result.counts_as)).collect(),
        name: entry.name,
        display: entry.display.unwrap_or_default(),
        synonyms: entry.synonyms,
        parts: entry.parts,
        range: entry.range,
        unit: entry.unit,
        bare_from: entry.bare_from,
        is_day,
        window_days: entry.window_days,
        remembered_days: entry.remembered_days,
        undated_counts: entry.undated,
        several: entry.several,
        derived: Vec::new(),
        told: OnceLock::new(),
    }
}

fn span(result: &ResultEntry, low: f64, high: f64) -> Option<Interval> {
    let bounds = [result.from, result.above, result.below, result.through];
    bounds.iter().any(Option::is_some).then(|| Interval {
        low: result.from.or(result.above).unwrap_or(low),
        high: result.through.or(result.below).unwrap_or(high),
        open_low: result.above.is_some(),
        open_high: result.below.is_some(),
    })
}

/// Results by folded word: a result's word before what is also written for it, both before the shared lists.
fn words(entry: &Entry, shared: &Shared, place: Place<'_, '_>, report: &mut Report) -> HashMap<String, usize> {
    let mut found: HashMap<String, usize> = HashMap::default();
    for (index, result) in entry.results.iter().enumerate() {
        if found.insert(fold(&result.word).into_owned(), index).is_some() {
            place.key("results").error(report, format!("result `{}` is here twice", result.word), None);
        }
    }
    for (index, result) in entry.results.iter().enumerate() {
        for word in &result.also {
            match found.insert(fold(word).into_owned(), index) {
                Some(other) if other != index => {
                    let message = format!("`{word}` is written for two results of `{}`", entry.name);
                    place.key("results").error(report, message, None);
                }
                _ => {}
            }
        }
    }
    for (index, result) in entry.results.iter().enumerate() {
        for list in &result.like {
            let Some(shared) = shared.groups.get(list) else {
                let suggestion = did_you_mean(list, shared.groups.keys().map(String::as_str));
                place.key("results").error(report, format!("there is no list `{list}` in {GROUPS}"), suggestion);
                continue;
            };
            for word in shared {
                found.entry(fold(word).into_owned()).or_insert(index);
            }
        }
    }
    // what is told for it is understood when it is typed back
    for (index, result) in entry.results.iter().enumerate() {
        if let Some(says) = &result.says {
            found.entry(fold(says).into_owned()).or_insert(index);
        }
    }
    found
}

type Wrong = (String, Option<String>);

fn derivation(rule: &DerivedEntry, index: usize, known: &[ResultDefinition]) -> Result<Derivation, Wrong> {
    let own = known.get(index).ok_or_else(|| ("this entry cannot be read".to_owned(), None))?;
    let gives = match (&rule.gives, &rule.unclear) {
        (Some(word), None) => {
            let suggestion = || did_you_mean(word, own.results.iter().map(|(word, _)| word.as_str()));
            Some(own.result(word).ok_or_else(|| (format!("`{word}` is no result of `{}`", own.name), suggestion()))?)
        }
        (None, Some(_)) => None,
        _ => return Err(("a rule has either `gives` or `unclear`".to_owned(), None)),
    };
    let (any, parts) = match (rule.all.as_slice(), rule.any.as_slice()) {
        ([], parts @ [_, ..]) => (true, parts),
        (parts @ [_, ..], []) => (false, parts),
        _ => return Err(("a rule has either `all` or `any`, with something in it".to_owned(), None)),
    };
    let parts = parts.iter().map(|part| condition(part, known)).collect::<Result<_, Wrong>>()?;
    Ok(Derivation { gives, unclear: rule.unclear.clone().unwrap_or_default(), any, parts })
}

/// `her2_ihc is 3+`, `braf in [v600k, wild_type]`, `gis_score >= 42`.
fn condition(text: &str, known: &[ResultDefinition]) -> Result<(String, ResultTest), Wrong> {
    let form = || (format!("`{text}` is not `name is word`, `name in [words]` or `name >= number`"), None);
    let (name, rest) = text.split_once(' ').ok_or_else(form)?;
    let definition = known.iter().find(|definition| definition.name == name).ok_or_else(|| {
        (format!("there is no `{name}` here"), did_you_mean(name, known.iter().map(|definition| definition.name.as_str())))
    })?;
    let (sign, value) = rest.split_once(' ').ok_or_else(form)?;
    let comparison = match sign {
        "is" | "in" => {
            let words: Vec<String> = value.trim_matches(['[', ']']).split(',').map(|word| word.trim().to_owned()).collect();
            let is_known = |word: &String| (0..definition.results.len()).any(|index| definition.is(index, word));
            return match words.iter().find(|word| !is_known(word)) {
                Some(word) => Err((format!("`{word}` is no result of `{name}`"), None)),
                None => Ok((name.to_owned(), ResultTest::In(words))),
            };
        }
        ">=" => Comparison::AtLeast,
        ">" => Comparison::More,
        "<=" => Comparison::AtMost,
        "<" => Comparison::Less,
        _ => return Err(form()),
    };
    let number = value.parse().map_err(|_| form())?;
    Ok((name.to_owned(), ResultTest::Compare(comparison, number)))
}
