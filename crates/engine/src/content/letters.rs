//! The sentences of the letters, a file for each language: `letters/en.toml`.

use super::codes::text_of;
use super::document::{Document, Place};
use super::policies;
use super::report::{Report, did_you_mean};
use super::source::Source;
use super::vocabulary::Vocabulary;
use crate::domain::content::{ENGLISH, LetterBook, LetterWords, PHRASES, PLACE};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    language: String,
    name: String,
    provenance: String,
    phrases: BTreeMap<String, String>,
    #[serde(default)]
    titles: BTreeMap<String, String>,
    #[serde(default)]
    criteria: BTreeMap<String, String>,
    #[serde(default)]
    cancers: BTreeMap<String, String>,
    #[serde(default)]
    terms: BTreeMap<String, String>,
}

/// Reads every language; each has to have every sentence, with the places that English has.
pub(super) fn read(source: &Source, words: &Vocabulary, policies: &[policies::Draft], report: &mut Report) -> LetterBook {
    let mut found = BTreeMap::new();
    let english = format!("letters/{ENGLISH}.toml");
    let mut files = source.files("letters", "toml");
    if !files.contains(&english) {
        report.error(&english, 1, "letters need their sentences in English", None);
    }
    files.sort_by_key(|file| *file != english);
    let mut places: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files {
        let Some(text) = text_of(source, &file, report) else { continue };
        let Some(document) = Document::parse(&file, &text, report) else { continue };
        let Some(header) = document.header::<Header>(&[], report) else { continue };
        let root = document.root();
        if header.provenance.trim().is_empty() {
            root.key("provenance").error(report, "say where these words come from", None);
        }
        if file != format!("letters/{}.toml", header.language) {
            root.key("language").error(report, format!("the file should be letters/{}.toml", header.language), None);
        }
        check(&header.phrases, root.key("phrases"), &mut places, report);
        check_translations(&header, root, (policies, words), report);
        let Header { language, name, phrases, titles, criteria, cancers, terms, .. } = header;
        found.insert(language.clone(), LetterWords::new(language, name, phrases, titles, criteria, cancers, terms));
    }
    LetterBook::new(found)
}

fn check(
    phrases: &BTreeMap<String, String>,
    place: Place<'_, '_>,
    english: &mut BTreeMap<String, BTreeSet<String>>,
    report: &mut Report,
) {
    for key in PHRASES.iter().filter(|key| !phrases.contains_key(**key)) {
        place.error(report, format!("the sentence `{key}` is missing"), None);
    }
    for (key, text) in phrases {
        if !PHRASES.contains(&key.as_str()) {
            place.key(key).error(report, format!("no letter has a sentence `{key}`"), did_you_mean(key, PHRASES.iter().copied()));
        }
        if text.trim().is_empty() {
            place.key(key).error(report, format!("`{key}` says nothing"), None);
        }
        let filled = places_of(text);
        if english.entry(key.clone()).or_insert_with(|| filled.clone()) != &filled {
            let wanted: Vec<String> = english.get(key).into_iter().flatten().map(|name| format!("{{{name}}}")).collect();
            let suggestion = Some(format!("fill {}", if wanted.is_empty() { "nothing".to_owned() } else { wanted.join(", ") }));
            place.key(key).error(report, format!("`{key}` fills other places than the English sentence"), suggestion);
        }
    }
}

/// Titles are of policies that there are, and nothing is translated into nothing. English is what is translated.
fn check_translations(
    header: &Header,
    root: Place<'_, '_>,
    (policies, words): (&[policies::Draft], &Vocabulary),
    report: &mut Report,
) {
    for (table, entries) in
        [("titles", &header.titles), ("criteria", &header.criteria), ("cancers", &header.cancers), ("terms", &header.terms)]
    {
        if header.language == ENGLISH && !entries.is_empty() {
            root.key(table).error(report, "titles and criteria are English where they stand", None);
        }
        for (key, _) in entries.iter().filter(|(_, text)| text.trim().is_empty()) {
            root.key(table).key(key).error(report, format!("`{key}` says nothing"), None);
        }
    }
    let ids = || policies.iter().map(|draft| draft.policy.id.as_str());
    for id in header.titles.keys().filter(|id| !ids().any(|known| known == **id)) {
        root.key("titles").key(id).error(report, format!("there is no policy `{id}`"), did_you_mean(id, ids()));
    }
    for (key, text) in header.criteria.iter().filter(|(key, text)| key.matches(PLACE).count() != text.matches(PLACE).count()) {
        let message = format!("\"{text}\" has not the places that \"{key}\" has");
        root.key("criteria").key(key).error(report, message, Some(format!("one `{PLACE}`, or none, in both")));
    }
    let keys = || words.cancers.iter().map(|cancer| cancer.key.as_str());
    for key in header.cancers.keys().filter(|key| !keys().any(|known| known == **key)) {
        root.key("cancers").key(key).error(report, format!("there is no cancer type `{key}`"), did_you_mean(key, keys()));
    }
}

/// What stands in braces.
fn places_of(text: &str) -> BTreeSet<String> {
    text.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name.to_owned()).collect()
}
