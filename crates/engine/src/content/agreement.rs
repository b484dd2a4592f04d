//! What answers have to agree with each other: `agreement.toml`, read and checked against the vocabulary.

use super::codes::{is_icd10, text_of};
use super::criteria;
use super::document::{Document, Place};
use super::report::{Report, did_you_mean};
use super::source::Source;
use super::vocabulary::{STAGES, Vocabulary};
use crate::domain::content::{
    Agreement, BodyMeasure, CodeKind, Contradiction, FnRiskTold, MeasureBounds, OpposedResults, StageRule, Statement, ToldTwice,
};
use crate::domain::criteria::{Criterion, Partner};
use serde::Deserialize;
use std::collections::BTreeSet;

const FILE: &str = "agreement.toml";
const ARRAYS: [&str; 5] = ["contradiction", "stage", "opposed", "bounds", "code_kind"];
/// Above every age.
const NO_AGE: u32 = 1000;

/// What was read, with the lines of the contradictions.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Everything.
    pub agreement: Agreement,
    /// The line of each contradiction.
    pub lines: Vec<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    provenance: String,
    #[serde(default)]
    #[expect(dead_code, reason = "for people")]
    verify: bool,
    past_dates: Vec<String>,
    karnofsky: Vec<KarnofskyEntry>,
    performance_grades_apart: u8,
    fn_risk_told: FnRiskTold,
    creatinine_told: ToldTwice,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(deny_unknown_fields)]
struct KarnofskyEntry {
    from: u8,
    ecog: u8,
}

/// Reads the file.
pub(super) fn read(source: &Source, words: &Vocabulary, report: &mut Report) -> Draft {
    let mut draft = Draft::default();
    let Some(text) = text_of(source, FILE, report) else { return draft };
    let Some(document) = Document::parse(FILE, &text, report) else { return draft };
    if let Some(header) = document.header::<Header>(&ARRAYS, report) {
        if header.provenance.trim().is_empty() {
            document.root().key("provenance").error(report, "say where these rules come from", None);
        }
        let assessments: Vec<&str> = words.answers.assessments.iter().map(|asked| asked.name.as_str()).collect();
        known(&header.past_dates, document.root().key("past_dates"), "assessment", &assessments, report);
        let told = std::slice::from_ref(&header.creatinine_told.assessment);
        known(told, document.root().key("creatinine_told"), "assessment", &assessments, report);
        karnofsky(&header.karnofsky, document.root().key("karnofsky"), report);
        draft.agreement.karnofsky = header.karnofsky.iter().map(|entry| (entry.from, entry.ecog)).collect();
        draft.agreement.source = header.provenance;
        draft.agreement.past_dates = header.past_dates;
        draft.agreement.performance_grades_apart = header.performance_grades_apart;
        draft.agreement.fn_risk_told = header.fn_risk_told;
        draft.agreement.creatinine_told = header.creatinine_told;
    }
    contradictions(&document, words, &mut draft, report);
    for (entry, place) in document.entries::<StageEntry>("stage", report) {
        draft.agreement.stages.extend(stage_rule(entry, place, words, report));
    }
    for (entry, place) in document.entries::<OpposedEntry>("opposed", report) {
        draft.agreement.opposed.push(opposed(entry, place, words, report));
    }
    for (entry, place) in document.entries::<BoundsEntry>("bounds", report) {
        draft.agreement.bounds.push(bounds(&entry, place, report));
    }
    for (entry, place) in document.entries::<CodeKindEntry>("code_kind", report) {
        for (index, code) in entry.codes.iter().enumerate().filter(|(_, code)| !is_icd10(code)) {
            place.key("codes").at(index).error(report, format!("`{code}` is not an ICD-10-CM prefix"), None);
        }
        draft.agreement.code_kinds.push(CodeKind { codes: entry.codes, says: entry.says, enter: entry.enter });
    }
    draft
}

/// Reports every word that is not among the known ones.
/// From the highest value down to 0, each with a worse grade than the one before.
fn karnofsky(entries: &[KarnofskyEntry], place: Place<'_, '_>, report: &mut Report) {
    for (index, pair) in entries.windows(2).enumerate() {
        let [before, after] = pair else { continue };
        if before.from <= after.from || before.ecog >= after.ecog {
            place.at(index + 1).error(report, "a lower value has a worse grade: put the highest first", None);
        }
    }
    if entries.first().is_none_or(|first| first.from > 100) || entries.last().is_none_or(|last| last.from != 0) {
        place.error(report, "says what every value from 0 to 100 is: the last row is from 0", None);
    }
    for (index, _) in entries.iter().enumerate().filter(|(_, entry)| entry.ecog > 5) {
        place.at(index).error(report, "ECOG runs from 0 to 5", None);
    }
}

fn known(words: &[String], place: Place<'_, '_>, what: &str, known: &[&str], report: &mut Report) {
    for (index, word) in words.iter().enumerate().filter(|(_, word)| !known.contains(&word.as_str())) {
        let suggestion = did_you_mean(word, known.iter().copied());
        place.at(index).error(report, format!("there is no {what} `{word}`"), suggestion);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContradictionEntry {
    id: String,
    because: String,
    first: String,
    second: Option<String>,
    unless: Option<String>,
    #[serde(default)]
    drugs: Vec<String>,
    #[serde(default)]
    unless_continued: bool,
}

fn contradictions(document: &Document<'_>, words: &Vocabulary, draft: &mut Draft, report: &mut Report) {
    let mut ids = BTreeSet::new();
    for (entry, place) in document.entries::<ContradictionEntry>("contradiction", report) {
        if !ids.insert(entry.id.clone()) {
            place.key("id").error(report, format!("contradiction `{}` is here twice", entry.id), None);
        }
        if entry.because.trim().is_empty() {
            place.key("because").error(report, "say in words why both cannot be", None);
        }
        let first = sentence(entry.first, place.key("first"), words, report);
        let has_second = entry.second.is_some();
        let second = entry.second.and_then(|text| sentence(text, place.key("second"), words, report));
        let unless = entry.unless.and_then(|text| sentence(text, place.key("unless"), words, report));
        let drugs = entry
            .drugs
            .iter()
            .enumerate()
            .filter_map(|(index, name)| partner(name, place.key("drugs").at(index), words, report))
            .collect();
        let Some(first) = first.filter(|_| second.is_some() || !has_second) else { continue };
        draft.lines.push(place.key("id").line());
        draft.agreement.contradictions.push(Contradiction {
            id: entry.id,
            because: entry.because,
            first_markers: markers(&first.criterion, words).unwrap_or_default(),
            second_markers: second.as_ref().and_then(|second| markers(&second.criterion, words)).unwrap_or_default(),
            first,
            second,
            unless,
            drugs,
            unless_continued: entry.unless_continued,
        });
    }
}

/// The markers that a sentence is about, with those that they are derived from; none where it asks anything else.
fn markers(criterion: &Criterion, words: &Vocabulary) -> Option<Vec<usize>> {
    match criterion {
        Criterion::All(parts) | Criterion::Any(parts) => {
            let found: Option<Vec<Vec<usize>>> = parts.iter().map(|part| markers(part, words)).collect();
            found.map(|found| found.concat())
        }
        Criterion::Biomarker { marker, .. } => {
            let known = words.biomarker(marker)?;
            let named = |name: &String| words.answers.biomarkers.iter().position(|marker| marker.name == *name);
            let parts = known.derived.iter().flat_map(|rule| rule.parts.iter().map(|(name, _)| name));
            Some(std::iter::once(&known.name).chain(parts).filter_map(named).collect())
        }
        _ => None,
    }
}

fn sentence(text: String, place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) -> Option<Statement> {
    match criteria::parse(&text, words) {
        Ok(criterion) => Some(Statement::new(text, criterion)),
        Err(error) => {
            place.error(report, format!("column {} of \"{text}\": {}", error.column, error.message), error.suggestion);
            None
        }
    }
}

/// A generic name, or `class platinum`.
fn partner(name: &str, place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) -> Option<Partner> {
    if let Some(class) = name.strip_prefix("class ") {
        if words.classes.contains(class) {
            return Some(Partner::Class(class.to_owned()));
        }
        let suggestion = did_you_mean(class, words.classes.iter().map(String::as_str));
        place.error(report, format!("there is no class `{class}`"), suggestion);
        return None;
    }
    if words.drugs.by_name(name).is_some_and(|drug| drug.generic == name) {
        return Some(Partner::Generic(name.to_owned()));
    }
    let suggestion = did_you_mean(name, words.drugs.all().iter().map(|drug| drug.generic.as_str()));
    place.error(report, format!("there is no drug `{name}`"), suggestion);
    None
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StageEntry {
    cancers: Vec<String>,
    #[serde(default)]
    except: Vec<String>,
    #[serde(default)]
    diagnoses: Vec<String>,
    #[serde(default)]
    t: Vec<String>,
    #[serde(default)]
    n: Vec<String>,
    m: Option<String>,
    groups: Vec<String>,
}

fn stage_rule(entry: StageEntry, place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) -> Option<StageRule> {
    let cancers = || words.cancers.iter().map(|cancer| cancer.key.as_str());
    known(&entry.cancers, place.key("cancers"), "cancer type", &cancers().chain(["any_solid"]).collect::<Vec<_>>(), report);
    known(&entry.except, place.key("except"), "cancer type", &cancers().collect::<Vec<_>>(), report);
    known(&entry.groups, place.key("groups"), "stage", &STAGES, report);
    let m = match entry.m.as_deref() {
        None => None,
        Some("0") => Some(false),
        Some("1") => Some(true),
        Some(other) => {
            place.key("m").error(report, format!("`{other}` is no M status"), Some("write `0` or `1`".to_owned()));
            return None;
        }
    };
    if entry.t.is_empty() && entry.n.is_empty() && m.is_none() {
        place.error(report, "a rule asks for `t`, `n` or `m`", None);
    }
    if entry.groups.is_empty() {
        place.key("groups").error(report, "name the groups that agree", None);
    }
    for (index, prefix) in entry.diagnoses.iter().enumerate().filter(|(_, prefix)| !words.has_diagnosis(prefix)) {
        let message = format!("no ICD-10-CM code on file begins with `{prefix}`");
        place.key("diagnoses").at(index).error(report, message, words.diagnosis_suggestion(prefix));
    }
    let StageEntry { cancers, except, diagnoses, t, n, groups, .. } = entry;
    Some(StageRule { cancers, except, diagnoses, t, n, m, groups })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpposedEntry {
    #[serde(default)]
    markers: Vec<String>,
    one: Vec<String>,
    other: Vec<String>,
}

fn opposed(entry: OpposedEntry, place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) -> OpposedResults {
    let markers: Vec<&str> = words.answers.biomarkers.iter().map(|marker| marker.name.as_str()).collect();
    known(&entry.markers, place.key("markers"), "biomarker", &markers, report);
    let of = |name: &str| entry.markers.is_empty() || entry.markers.iter().any(|marker| marker == name);
    let results = || {
        let meant = words.answers.biomarkers.iter().filter(|marker| of(&marker.name));
        meant.flat_map(|marker| &marker.results).flat_map(|(word, also)| std::iter::once(word).chain(also)).map(String::as_str)
    };
    known(&entry.one, place.key("one"), "result", &results().collect::<Vec<_>>(), report);
    known(&entry.other, place.key("other"), "result", &results().collect::<Vec<_>>(), report);
    OpposedResults { markers: entry.markers, one: entry.one, other: entry.other }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BoundsEntry {
    measure: MeasureWord,
    #[serde(default)]
    from_age: u32,
    #[serde(default = "no_age")]
    below_age: u32,
    range: (f64, f64),
}

const fn no_age() -> u32 {
    NO_AGE
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum MeasureWord {
    HeightCm,
    WeightKg,
    BodyMassIndex,
    BodySurfaceM2,
    SerumCreatinineMgDl,
}

fn bounds(entry: &BoundsEntry, place: Place<'_, '_>, report: &mut Report) -> MeasureBounds {
    let (least, most) = entry.range;
    if least >= most {
        place.key("range").error(report, "the range must go from the least to the most that is plausible", None);
    }
    if entry.from_age >= entry.below_age {
        place.key("below_age").error(report, "the ages must go from a younger to an older one", None);
    }
    let measure = match entry.measure {
        MeasureWord::HeightCm => BodyMeasure::Height,
        MeasureWord::WeightKg => BodyMeasure::Weight,
        MeasureWord::BodyMassIndex => BodyMeasure::MassIndex,
        MeasureWord::BodySurfaceM2 => BodyMeasure::Surface,
        MeasureWord::SerumCreatinineMgDl => BodyMeasure::Creatinine,
    };
    MeasureBounds { measure, from_age: entry.from_age, below_age: entry.below_age, least, most }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeKindEntry {
    codes: Vec<String>,
    says: String,
    enter: String,
}
