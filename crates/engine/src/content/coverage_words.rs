//! `coverage/words.toml`: what the words of a question tell beside the service, and words that change nothing (COV-01).

use super::codes::text_of;
use super::document::{Document, Place};
use super::report::{Report, did_you_mean};
use super::source::Source;
use crate::domain::content::{CoverageInput, CoverageLists, CoveragePhrase};
use crate::domain::fold::fold;
use serde::Deserialize;
use std::collections::HashMap;

/// The file.
pub(super) const WORDS: &str = "coverage/words.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    provenance: String,
    fillers: Vec<String>,
    purpose: Vec<String>,
    because: Vec<String>,
    already: Vec<String>,
    undoing: Vec<String>,
    ordered: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupEntry {
    id: String,
    words: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToldEntry {
    input: String,
    value: String,
    #[serde(default)]
    where_given: bool,
    #[serde(default)]
    doubtful: bool,
    #[serde(default)]
    in_reason: bool,
    words: Vec<String>,
}

/// What the file says.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// Words by what they do.
    pub lists: CoverageLists,
    /// What phrases tell.
    pub phrases: Vec<CoveragePhrase>,
    groups: HashMap<String, Vec<String>>,
}

impl Words {
    /// Reads the file; `values` are those that an input can have.
    pub fn read(source: &Source, values: impl Fn(CoverageInput) -> Vec<String>, report: &mut Report) -> Self {
        let mut words = Self::default();
        let Some(text) = text_of(source, WORDS, report) else { return words };
        let Some(document) = Document::parse(WORDS, &text, report) else { return words };
        if let Some(header) = document.header::<Header>(&["group", "told"], report) {
            if header.provenance.trim().is_empty() {
                document.root().key("provenance").error(report, "say where the words come from", None);
            }
            let Header { fillers, purpose, because, already, undoing, ordered, .. } = header;
            words.lists = CoverageLists { fillers, purpose, because, already, undoing, ordered };
        }
        for (entry, place) in document.entries::<GroupEntry>("group", report) {
            if words.groups.insert(entry.id.clone(), entry.words).is_some() {
                place.key("id").error(report, format!("group `{}` is here twice", entry.id), None);
            }
        }
        let mut said: HashMap<(String, CoverageInput), String> = HashMap::new();
        for (entry, place) in document.entries::<ToldEntry>("told", report) {
            let Some(input) = CoverageInput::ALL.into_iter().find(|input| input.as_str() == entry.input) else {
                let known = CoverageInput::ALL.iter().map(|input| input.as_str());
                let suggestion = did_you_mean(&entry.input, known);
                place.key("input").error(report, format!("there is no input `{}`", entry.input), suggestion);
                continue;
            };
            // groups are those that rows name
            let known = values(input);
            let is_number = known == ["0"] && entry.value.parse::<u32>().is_ok();
            if input != CoverageInput::Group && !is_number && !known.contains(&entry.value) {
                let suggestion = did_you_mean(&entry.value, known.iter().map(String::as_str));
                place.key("value").error(report, format!("`{}` is no value of {}", entry.value, entry.input), suggestion);
            }
            for (index, word) in entry.words.iter().enumerate() {
                let before = said.insert((fold(word).into_owned(), input), entry.value.clone());
                if before.is_some() {
                    let message = format!("`{word}` tells of {} twice", entry.input);
                    place.key("words").at(index).error(report, message, None);
                }
            }
            let ToldEntry { value, words: said, where_given, doubtful, in_reason, .. } = entry;
            words.phrases.push(CoveragePhrase { words: said, input, value, where_given, doubtful, in_reason });
        }
        words
    }

    /// The words of several groups.
    pub fn all_of(&self, ids: &[String], place: Place<'_, '_>, report: &mut Report) -> Vec<String> {
        let mut words = Vec::new();
        for (index, id) in ids.iter().enumerate() {
            if let Some(group) = self.groups.get(id) {
                words.extend_from_slice(group);
            } else {
                let suggestion = did_you_mean(id, self.groups.keys().map(String::as_str));
                place.at(index).error(report, format!("there is no group of words `{id}` in {WORDS}"), suggestion);
            }
        }
        words
    }
}
