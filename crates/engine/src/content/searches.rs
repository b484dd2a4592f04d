//! What clinics type into searches: `words/diagnoses.toml` and `words/regimens.toml`.

use super::codes::text_of;
use super::document::Document;
use super::report::{Report, did_you_mean};
use super::source::Source;
use super::vocabulary::Vocabulary;
use crate::domain::content::{DiagnosisWords, RegimenWords, SearchWords};
use crate::domain::fold::fold;
use serde::Deserialize;
use std::collections::BTreeSet;

const FILE: &str = "words/diagnoses.toml";
const REGIMENS: &str = "words/regimens.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    provenance: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    words: Vec<String>,
    codes: Vec<String>,
    cancer: Option<String>,
    #[expect(dead_code, reason = "for people: what the words leave open")]
    note: Option<String>,
    #[expect(dead_code, reason = "for people: what a clinician still has to verify")]
    verify: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Means {
    words: Vec<String>,
    word: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegimenEntry {
    words: Vec<String>,
    regimens: Vec<String>,
    #[expect(dead_code, reason = "for people: what the words leave open")]
    note: Option<String>,
}

/// Reads what is typed for regimens; `known` are the ids that there are.
fn regimens(source: &Source, known: &BTreeSet<&str>, report: &mut Report) -> Vec<RegimenWords> {
    let Some(text) = text_of(source, REGIMENS, report) else { return Vec::new() };
    let Some(document) = Document::parse(REGIMENS, &text, report) else { return Vec::new() };
    if document.header::<Header>(&["regimen"], report).is_some_and(|header| header.provenance.trim().is_empty()) {
        document.root().key("provenance").error(report, "say where these words come from", None);
    }
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (entry, place) in document.entries::<RegimenEntry>("regimen", report) {
        for (index, word) in entry.words.iter().enumerate() {
            if fold(word).is_empty() || !seen.insert(fold(word).into_owned()) {
                place.key("words").at(index).error(report, format!("`{word}` says nothing, or is here twice"), None);
            }
        }
        for (index, id) in entry.regimens.iter().enumerate().filter(|(_, id)| !known.contains(id.as_str())) {
            let suggestion = did_you_mean(id, known.iter().copied());
            place.key("regimens").at(index).error(report, format!("there is no regimen `{id}`"), suggestion);
        }
        found.push(RegimenWords { words: entry.words, regimens: entry.regimens });
    }
    found
}

/// Reads the files; `known` are the ids of the regimens that there are.
pub(super) fn read(source: &Source, vocabulary: &Vocabulary, known: &BTreeSet<&str>, report: &mut Report) -> SearchWords {
    let mut found = SearchWords { regimens: regimens(source, known, report), ..SearchWords::default() };
    let Some(text) = text_of(source, FILE, report) else { return found };
    let Some(document) = Document::parse(FILE, &text, report) else { return found };
    let lists = ["diagnosis", "means"];
    if document.header::<Header>(&lists, report).is_some_and(|header| header.provenance.trim().is_empty()) {
        document.root().key("provenance").error(report, "say where these words come from", None);
    }
    for (entry, place) in document.entries::<Means>("means", report) {
        for word in entry.words {
            if word == entry.word {
                place.key("words").error(report, format!("`{word}` means itself without being told"), None);
            }
            found.means.entry(word.to_lowercase()).or_default().push(entry.word.to_lowercase());
        }
    }
    let mut seen = BTreeSet::new();
    for (entry, place) in document.entries::<Entry>("diagnosis", report) {
        for (index, word) in entry.words.iter().enumerate() {
            if fold(word).is_empty() {
                place.key("words").at(index).error(report, "nobody types this", None);
            } else if !seen.insert(word.to_lowercase()) {
                place.key("words").at(index).error(report, format!("`{word}` is here twice"), None);
            }
        }
        if entry.words.is_empty() || entry.codes.is_empty() {
            place.error(report, "give `words` and the `codes` that they may mean", None);
        }
        for (index, code) in entry.codes.iter().enumerate() {
            match vocabulary.diagnoses.get(code) {
                None => {
                    let suggestion = vocabulary.diagnosis_suggestion(code);
                    place.key("codes").at(index).error(report, format!("there is no diagnosis `{code}`"), suggestion);
                }
                Some(known) if !known.billable => {
                    place.key("codes").at(index).error(report, format!("`{code}` is a category: give codes to bill"), None);
                }
                Some(_) => {}
            }
        }
        if let Some(cancer) = &entry.cancer
            && !vocabulary.cancers.iter().any(|known| known.key == *cancer)
        {
            let suggestion = did_you_mean(cancer, vocabulary.cancers.iter().map(|known| known.key.as_str()));
            place.key("cancer").error(report, format!("there is no cancer type `{cancer}`"), suggestion);
        }
        found.diagnoses.push(DiagnosisWords { words: entry.words, codes: entry.codes, cancer: entry.cancer });
    }
    found
}
