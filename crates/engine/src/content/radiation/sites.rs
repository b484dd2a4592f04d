//! `radiation/sites.toml`: sites, targets, and the words of a technique.

use super::{modality, says};
use crate::content::document::Place;
use crate::content::report::{Report, did_you_mean};
use crate::content::source::Source;
use crate::content::vocabulary::{Vocabulary, is_snake};
use crate::content::{codes::text_of, document::Document};
use crate::domain::content::radiation::{Means, RadiationCatalog, Site, Target, Term};
use crate::domain::fold::fold;
use crate::domain::vocabulary::Sex;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::Arc;

const FILE: &str = "radiation/sites.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    provenance: String,
    #[serde(default, rename = "verify")]
    _verify: bool,
    says_nothing: Vec<String>,
    denials: Vec<String>,
    right: Vec<String>,
    left: Vec<String>,
    both_sides: Vec<String>,
}

const fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteEntry {
    key: String,
    name: String,
    #[serde(default)]
    words: Vec<String>,
    #[serde(default)]
    diagnoses: Vec<String>,
    sex: Option<String>,
    #[serde(default = "yes")]
    staged: bool,
    #[serde(default)]
    metastatic: bool,
    #[serde(default)]
    reviewed: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetEntry {
    key: String,
    name: String,
    sites: Vec<String>,
    #[serde(default)]
    words: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TechniqueEntry {
    key: String,
    name: String,
    #[serde(default)]
    words: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MeansEntry {
    modalities: Vec<String>,
    words: Vec<String>,
}

fn folded(words: &[String]) -> Vec<String> {
    words.iter().map(|word| fold(word).into_owned()).collect()
}

/// Reads the file.
pub(super) fn read(source: &Source, words: &Vocabulary, report: &mut Report) -> RadiationCatalog {
    let mut catalog = RadiationCatalog::default();
    let Some(text) = text_of(source, FILE, report) else { return catalog };
    let Some(document) = Document::parse(FILE, &text, report) else { return catalog };
    if let Some(header) = document.header::<Header>(&["site", "target", "technique", "means"], report) {
        says(&header.provenance, document.root().key("provenance"), "where these words come from", report);
        catalog.says_nothing = folded(&header.says_nothing);
        catalog.denials = folded(&header.denials);
        catalog.sides = [folded(&header.right), folded(&header.left), folded(&header.both_sides)];
    }
    let mut named = BTreeSet::new();
    for (entry, place) in document.entries::<SiteEntry>("site", report) {
        key(&entry.key, &entry.words, "site", &mut named, place, report);
        catalog.sites.push(Arc::new(site(entry, place, words, report)));
    }
    named.clear();
    for (entry, place) in document.entries::<TargetEntry>("target", report) {
        key(&entry.key, &entry.words, "target", &mut named, place, report);
        for (index, site) in entry.sites.iter().enumerate().filter(|(_, site)| catalog.site(site).is_none()) {
            let suggestion = did_you_mean(site, catalog.sites.iter().map(|site| site.key.as_str()));
            place.key("sites").at(index).error(report, format!("there is no site `{site}`"), suggestion);
        }
        let term = Term { words: folded(&entry.words), key: entry.key, name: entry.name };
        catalog.targets.push(Target { term, sites: entry.sites });
    }
    named.clear();
    for (entry, place) in document.entries::<TechniqueEntry>("technique", report) {
        key(&entry.key, &entry.words, "technique", &mut named, place, report);
        catalog.techniques.push(Term { words: folded(&entry.words), key: entry.key, name: entry.name });
    }
    for (entry, place) in document.entries::<MeansEntry>("means", report) {
        for word in folded(&entry.words).into_iter().filter(|word| !named.insert(word.clone())) {
            place.key("words").error(report, format!("`{word}` is here twice"), None);
        }
        let read = entry.modalities.iter().enumerate();
        let modalities = read.filter_map(|(index, word)| modality(word, place.key("modalities").at(index), report)).collect();
        catalog.means.push(Means { words: folded(&entry.words), modalities });
    }
    catalog
}

fn key(key: &str, words: &[String], what: &str, named: &mut BTreeSet<String>, place: Place<'_, '_>, report: &mut Report) {
    if !is_snake(key) {
        place.key("key").error(report, format!("`{key}` is not in snake case"), None);
    }
    for word in std::iter::once(key.to_owned()).chain(folded(words)) {
        if !named.insert(word.clone()) {
            place.error(report, format!("{what} `{word}` is here twice"), None);
        }
    }
}

fn site(entry: SiteEntry, place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) -> Site {
    for (index, prefix) in entry.diagnoses.iter().enumerate().filter(|(_, prefix)| !words.has_diagnosis(prefix)) {
        let message = format!("no ICD-10-CM code on file begins with `{prefix}`");
        place.key("diagnoses").at(index).error(report, message, words.diagnosis_suggestion(prefix));
    }
    let sex = entry.sex.as_deref().and_then(|word| {
        let found = Sex::parse(word);
        if found.is_none() {
            place.key("sex").error(report, format!("`{word}` is neither female nor male"), None);
        }
        found
    });
    Site {
        words: folded(&entry.words),
        key: entry.key,
        name: entry.name,
        diagnoses: entry.diagnoses,
        sex,
        staged: entry.staged,
        metastatic: entry.metastatic,
        reviewed: entry.reviewed,
    }
}
