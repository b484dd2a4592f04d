//! What things are called in plain English: `words/plain.toml`. What is not there gets its name with spaces for underscores.

use super::codes::text_of;
use super::criteria;
use super::document::{Document, Place};
use super::report::{Report, did_you_mean};
use super::source::Source;
use super::vocabulary::Vocabulary;
use crate::domain::content::{PlainFact, PlainWords};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

const FILE: &str = "words/plain.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    provenance: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Word {
    word: String,
    says: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fact {
    #[serde(rename = "fact")]
    criterion: String,
    says: String,
    denies: String,
}

/// Reads the file.
pub(super) fn read(source: &Source, words: &Vocabulary, report: &mut Report) -> PlainWords {
    let mut found = PlainWords::default();
    let Some(text) = text_of(source, FILE, report) else { return found };
    let Some(document) = Document::parse(FILE, &text, report) else { return found };
    let lists = ["setting", "class", "cancer", "fact"];
    if document.header::<Header>(&lists, report).is_some_and(|header| header.provenance.trim().is_empty()) {
        document.root().key("provenance").error(report, "say where these words come from", None);
    }
    found.settings = named(&document, "setting", &words.settings, report);
    found.classes = named(&document, "class", &words.classes, report);
    let cancers = words.cancers.iter().map(|cancer| cancer.key.clone()).collect();
    found.cancers = named(&document, "cancer", &cancers, report);
    for (entry, place) in document.entries::<Fact>("fact", report) {
        says_something(&entry.says, place.key("says"), report);
        says_something(&entry.denies, place.key("denies"), report);
        match criteria::parse(&entry.criterion, words) {
            Ok(criterion) if found.facts.iter().any(|known| known.criterion == criterion) => {
                place.key("fact").error(report, format!("`{}` is here twice", entry.criterion), None);
            }
            Ok(criterion) => found.facts.push(PlainFact { criterion, says: entry.says, denies: entry.denies }),
            Err(error) => {
                let message = format!("column {} of \"{}\": {}", error.column, entry.criterion, error.message);
                place.key("fact").error(report, message, error.suggestion);
            }
        }
    }
    found
}

fn named(document: &Document<'_>, list: &str, known: &BTreeSet<String>, report: &mut Report) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (entry, place) in document.entries::<Word>(list, report) {
        says_something(&entry.says, place.key("says"), report);
        if !known.contains(&entry.word) {
            let suggestion = did_you_mean(&entry.word, known.iter().map(String::as_str));
            place.key("word").error(report, format!("there is no {list} `{}`", entry.word), suggestion);
        }
        if found.insert(entry.word.clone(), entry.says).is_some() {
            place.key("word").error(report, format!("`{}` is here twice", entry.word), None);
        }
    }
    found
}

/// Reports words that a member could not read: none at all, or those of the criteria language.
pub(super) fn says_something(says: &str, place: Place<'_, '_>, report: &mut Report) {
    if says.trim().is_empty() {
        place.error(report, "say it in plain words", None);
    } else if says.contains('_') || says.contains(">=") || says.contains("<=") {
        place.error(report, format!("\"{says}\" is not plain English"), Some("no `_`, `<=` or `>=`".to_owned()));
    }
}
