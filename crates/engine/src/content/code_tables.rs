//! Tables of `fhir/`: what codes of other standards mean, and which of them answers carry.

use super::codes::text_of;
use super::document::{Document, Place};
use super::programs;
use super::report::{Report, did_you_mean};
use super::source::Source;
use super::vocabulary::Vocabulary;
use crate::domain::content::{CodeTables, Coded, Observed, REFUSALS, Rejection, SystemCode};
use crate::domain::vocabulary::{CaseStatus, DrugStatus};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};

/// Files of the folder.
pub(super) const FILES: [&str; 3] = ["payers.toml", "x12.toml", "answers.toml"];

/// Fields of an order that a measure may give.
const MEASURED: [&str; 3] = ["/clinical/height_cm", "/clinical/weight_kg", "/clinical/serum_creatinine_mg_dl"];
/// Fields of an order that a word may give.
const WORDED: [&str; 5] = ["/clinical/stage", "/clinical/tnm/t", "/clinical/tnm/n", "/clinical/tnm/m", "/clinical/pathology"];
/// Scales of a performance status.
const SCALES: [&str; 2] = ["ecog", "karnofsky"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    provenance: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PayerEntry {
    health_plan: String,
    system: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActionEntry<S> {
    status: S,
    code: String,
    display: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModifiedEntry {
    code: String,
    display: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RejectionEntry {
    refusal: String,
    code: String,
    follow_up: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MeasureEntry {
    field: String,
    codes: Vec<String>,
    units: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WordEntry {
    field: String,
    codes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedEntry {
    name: String,
    codes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ValueEntry {
    says: String,
    codes: Vec<String>,
}

/// Reads every table.
pub(super) fn read(source: &Source, words: &Vocabulary, programs: &[programs::Draft], report: &mut Report) -> CodeTables {
    let mut tables = CodeTables::default();
    file(source, "fhir/payers.toml", &["payer"], report, |document, report| payers(document, programs, &mut tables, report));
    file(source, "fhir/x12.toml", &["line", "modified", "case", "rejection"], report, |document, report| {
        tables.lines = actions(document, "line", DrugStatus::ALL, report);
        tables.modified = modified(document, report);
        tables.cases = actions(document, "case", CaseStatus::ALL, report);
        tables.rejections = rejections(document, report);
    });
    let lists = ["measure", "scale", "word", "biomarker", "assessment", "value"];
    file(source, "fhir/answers.toml", &lists, report, |document, report| {
        observations(document, words, &mut tables, report);
        for (entry, place) in document.entries::<ValueEntry>("value", report) {
            add_all(&mut tables.values, &entry.codes, &entry.says, place, report);
        }
    });
    tables
}

fn file(source: &Source, name: &str, lists: &[&str], report: &mut Report, read: impl FnOnce(&Document<'_>, &mut Report)) {
    let Some(text) = text_of(source, name, report) else { return };
    let Some(document) = Document::parse(name, &text, report) else { return };
    if document.header::<Header>(lists, report).is_some_and(|header| header.provenance.trim().is_empty()) {
        document.root().key("provenance").error(report, "say where the codes come from", None);
    }
    read(&document, report);
}

fn payers(document: &Document<'_>, programs: &[programs::Draft], tables: &mut CodeTables, report: &mut Report) {
    let plans: Vec<&str> =
        programs.iter().flat_map(programs::Draft::versions).map(|program| program.health_plan.as_str()).collect();
    for (entry, place) in document.entries::<PayerEntry>("payer", report) {
        if !plans.contains(&entry.health_plan.as_str()) {
            let suggestion = did_you_mean(&entry.health_plan, plans.iter().copied());
            place.key("health_plan").error(report, format!("no program is `{}`'s", entry.health_plan), suggestion);
        }
        if entry.system.is_empty() || entry.value.is_empty() {
            place.error(report, "a payer is told by a system and a value", None);
        }
        let id = SystemCode { system: entry.system, code: entry.value };
        if tables.payers.insert(id, entry.health_plan).is_some() {
            place.error(report, "this identifier is here twice", None);
        }
    }
}

/// The one action of a line of which less is authorized than was asked for.
fn modified(document: &Document<'_>, report: &mut Report) -> Option<Coded> {
    let mut entries = document.entries::<ModifiedEntry>("modified", report).into_iter();
    let found = entries.next().filter(|(entry, _)| !entry.code.is_empty() && !entry.display.is_empty());
    if found.is_none() || entries.next().is_some() {
        document.root().error(report, "give one `modified`: the code and its words", None);
    }
    found.map(|(entry, _)| Coded { code: entry.code, display: entry.display })
}

/// A row for every status, no more and no fewer.
fn actions<S>(document: &Document<'_>, list: &str, all: &[S], report: &mut Report) -> BTreeMap<S, Coded>
where
    S: for<'de> Deserialize<'de> + Ord + Copy + std::fmt::Display,
{
    let mut found = BTreeMap::new();
    for (entry, place) in document.entries::<ActionEntry<S>>(list, report) {
        if entry.code.is_empty() || entry.display.is_empty() {
            place.error(report, "give the code and its words", None);
        }
        if found.insert(entry.status, Coded { code: entry.code, display: entry.display }).is_some() {
            place.key("status").error(report, format!("`{}` is here twice", entry.status), None);
        }
    }
    for status in all.iter().filter(|status| !found.contains_key(status)) {
        document.root().error(report, format!("[[{list}]] has no code for `{status}`"), None);
    }
    found
}

fn rejections(document: &Document<'_>, report: &mut Report) -> BTreeMap<String, Rejection> {
    let mut found = BTreeMap::new();
    for (entry, place) in document.entries::<RejectionEntry>("rejection", report) {
        if !REFUSALS.contains(&entry.refusal.as_str()) {
            let suggestion = did_you_mean(&entry.refusal, REFUSALS);
            place.key("refusal").error(report, format!("there is no refusal `{}`", entry.refusal), suggestion);
        }
        if entry.code.is_empty() || entry.follow_up.is_empty() {
            place.error(report, "give the code and the follow-up", None);
        }
        let rejection = Rejection { code: entry.code, follow_up: entry.follow_up };
        if found.insert(entry.refusal.clone(), rejection).is_some() {
            place.key("refusal").error(report, format!("`{}` is here twice", entry.refusal), None);
        }
    }
    for refusal in REFUSALS.iter().filter(|refusal| !found.contains_key(**refusal)) {
        document.root().error(report, format!("[[rejection]] has no code for `{refusal}`"), None);
    }
    found
}

fn observations(document: &Document<'_>, words: &Vocabulary, tables: &mut CodeTables, report: &mut Report) {
    let found = &mut tables.observations;
    for (entry, place) in document.entries::<MeasureEntry>("measure", report) {
        one_of(&entry.field, &MEASURED, place.key("field"), report);
        if entry.units.is_empty() || entry.units.values().any(|factor| !(factor.is_finite() && *factor > 0.0)) {
            place.key("units").error(report, "give units with what one of each is in the field's unit", None);
        }
        add_all(found, &entry.codes, &Observed::Measure { field: entry.field, units: entry.units }, place, report);
    }
    for (entry, place) in document.entries::<NamedEntry>("scale", report) {
        one_of(&entry.name, &SCALES, place.key("name"), report);
        add_all(found, &entry.codes, &Observed::Scale(entry.name), place, report);
    }
    for (entry, place) in document.entries::<WordEntry>("word", report) {
        one_of(&entry.field, &WORDED, place.key("field"), report);
        add_all(found, &entry.codes, &Observed::Word(entry.field), place, report);
    }
    for (entry, place) in document.entries::<NamedEntry>("biomarker", report) {
        if words.biomarker(&entry.name).is_none_or(|known| known.name != entry.name) {
            let names = words.answers.biomarkers.iter().map(|known| known.name.as_str());
            let suggestion = did_you_mean(&entry.name, names);
            place.key("name").error(report, format!("there is no biomarker `{}`", entry.name), suggestion);
        }
        add_all(found, &entry.codes, &Observed::Biomarker(entry.name), place, report);
    }
    for (entry, place) in document.entries::<NamedEntry>("assessment", report) {
        if words.assessment(&entry.name).is_none_or(|known| known.name != entry.name) {
            let names = words.answers.assessments.iter().map(|known| known.name.as_str());
            let suggestion = did_you_mean(&entry.name, names);
            place.key("name").error(report, format!("there is no assessment `{}`", entry.name), suggestion);
        }
        add_all(found, &entry.codes, &Observed::Assessment(entry.name), place, report);
    }
}

fn one_of(word: &str, known: &[&str], place: Place<'_, '_>, report: &mut Report) {
    if !known.contains(&word) {
        place.error(report, format!("`{word}` is none of {}", known.join(", ")), did_you_mean(word, known.iter().copied()));
    }
}

/// Puts the meaning under each code; a code has one meaning.
fn add_all<V: Clone>(
    found: &mut HashMap<SystemCode, V>,
    codes: &[String],
    meaning: &V,
    place: Place<'_, '_>,
    report: &mut Report,
) {
    if codes.is_empty() {
        place.error(report, "give at least one code", None);
    }
    for (index, text) in codes.iter().enumerate() {
        let at = place.key("codes").at(index);
        let Some(code) = SystemCode::parse(text) else {
            at.error(report, format!("`{text}` is no code"), Some("write `system|code`".to_owned()));
            continue;
        };
        if found.insert(code, meaning.clone()).is_some() {
            at.error(report, format!("`{text}` is here twice"), None);
        }
    }
}
