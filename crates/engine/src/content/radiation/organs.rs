//! `radiation/organs.toml`: the organs that a histology may name.

use super::says;
use crate::content::codes::text_of;
use crate::content::document::Document;
use crate::content::report::{Report, did_you_mean};
use crate::content::source::Source;
use crate::content::vocabulary::Vocabulary;
use crate::domain::content::Phrases;
use crate::domain::content::radiation::Organ;
use serde::Deserialize;
use std::collections::BTreeSet;

const FILE: &str = "radiation/organs.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    provenance: String,
    #[serde(default, rename = "verify")]
    _verify: bool,
    elsewhere: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrganEntry {
    words: Vec<String>,
    cancers: Vec<String>,
}

/// Reads the file.
pub(super) fn read(source: &Source, words: &Vocabulary, report: &mut Report) -> Vec<Organ> {
    let Some(text) = text_of(source, FILE, report) else { return Vec::new() };
    let Some(document) = Document::parse(FILE, &text, report) else { return Vec::new() };
    let Some(header) = document.header::<Header>(&["organ"], report) else { return Vec::new() };
    says(&header.provenance, document.root().key("provenance"), "where these words come from", report);
    for (index, pattern) in header.elsewhere.iter().enumerate().filter(|(_, pattern)| !pattern.contains('%')) {
        let place = document.root().key("elsewhere").at(index);
        place.error(report, format!("`{pattern}` has no `%` for the words of an organ"), None);
    }
    let mut named = BTreeSet::new();
    let mut organs = Vec::new();
    for (entry, place) in document.entries::<OrganEntry>("organ", report) {
        for word in entry.words.iter().filter(|word| !named.insert((*word).clone())) {
            place.key("words").error(report, format!("`{word}` is here twice"), None);
        }
        let keys = || words.cancers.iter().map(|cancer| cancer.key.as_str());
        for (index, cancer) in entry.cancers.iter().enumerate().filter(|(_, cancer)| !keys().any(|key| key == cancer.as_str())) {
            let place = place.key("cancers").at(index);
            place.error(report, format!("there is no cancer type `{cancer}`"), did_you_mean(cancer, keys()));
        }
        let of_word = |word: &String| header.elsewhere.iter().map(|pattern| pattern.replace('%', word)).collect::<Vec<_>>();
        let elsewhere: Vec<String> = entry.words.iter().flat_map(of_word).collect();
        organs.push(Organ { words: Phrases::new(&entry.words), elsewhere: Phrases::new(&elsewhere), cancers: entry.cancers });
    }
    organs
}
