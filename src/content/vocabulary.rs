//! The words that content and orders share: cancers, biomarkers, pathologies, assessments, drugs and classes. Criteria and
//! regimens are checked against them.

use super::codes::{diagnoses, is_icd10, places_of_service, text_of};
use super::document::Document;
use super::report::{Report, did_you_mean};
use super::source::Source;
use crate::domain::content::{BiomarkerDefinition, Cancer, Diagnosis, DrugCatalog, PathologyTerm, PlaceOfService, Routes};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Everything that can be named.
#[derive(Debug)]
pub(super) struct Vocabulary {
    pub cancers: Vec<Arc<Cancer>>,
    pub biomarkers: Vec<Arc<BiomarkerDefinition>>,
    pub pathologies: Vec<Arc<PathologyTerm>>,
    pub drugs: Arc<DrugCatalog>,
    /// Assessments by name, with the words accepted; empty where the result is a number or date.
    pub assessments: BTreeMap<String, Vec<String>>,
    /// Disease settings that regimens use, plus those that rules derive.
    pub settings: BTreeSet<String>,
    /// Classes and subclasses of drugs.
    pub classes: BTreeSet<String>,
    /// ICD-10-CM codes.
    pub diagnoses: Arc<HashMap<String, Diagnosis>>,
    /// Places of service by code.
    pub places_of_service: Arc<BTreeMap<String, PlaceOfService>>,
    /// Routes of administration.
    pub routes: Arc<Routes>,
}

/// Stage groups; the two of small cell lung cancer included. Rules bring a subgroup such as `IIB` to its group first.
pub(super) const STAGES: [&str; 7] = ["0", "I", "II", "III", "IV", "limited", "extensive"];

impl Vocabulary {
    /// Reads the vocabularies.
    pub fn read(source: &Source, drugs: Arc<DrugCatalog>, report: &mut Report) -> Self {
        let classes = drugs.all().iter().flat_map(|drug| [drug.class.clone(), drug.subclass.clone()]).collect();
        let cancers = cancers(source, report);
        Self {
            biomarkers: biomarkers(source, report),
            pathologies: pathologies(source, &cancers, report),
            cancers,
            drugs,
            assessments: assessments(source, report),
            settings: settings(source, report),
            classes,
            diagnoses: Arc::new(diagnoses(source, report)),
            places_of_service: Arc::new(places_of_service(source, report)),
            routes: Arc::new(routes(source, report)),
        }
    }

    /// A marker by name or synonym.
    pub fn biomarker(&self, name: &str) -> Option<&Arc<BiomarkerDefinition>> {
        self.biomarkers.iter().find(|marker| marker.name == name || marker.synonyms.iter().any(|synonym| synonym == name))
    }

    /// Pathology words with their kinds, synonyms left out: rules bring an order's synonym to its word first.
    pub fn pathology_words(&self) -> impl Iterator<Item = &str> {
        self.pathologies
            .iter()
            .flat_map(|term| std::iter::once(term.word.as_str()).chain(term.kinds.iter().map(|(_, kind)| kind.as_str())))
    }

    /// What to write instead of an unknown pathology word.
    pub fn pathology_suggestion(&self, word: &str) -> Option<String> {
        let meant = self.pathologies.iter().find(|term| term.synonyms.iter().any(|synonym| synonym == word));
        meant.map(|term| format!("it is a synonym: write `{}`", term.word)).or_else(|| did_you_mean(word, self.pathology_words()))
    }

    /// True where some diagnosis of the code set begins with this.
    pub fn has_diagnosis(&self, prefix: &str) -> bool {
        self.diagnoses.contains_key(prefix) || self.diagnoses.keys().any(|code| code.starts_with(prefix))
    }

    /// A code near to an unknown one.
    pub fn diagnosis_suggestion(&self, code: &str) -> Option<String> {
        // Of codes equally near the first: the order of a map must not show.
        let mut codes: Vec<&str> = self.diagnoses.keys().map(AsRef::as_ref).collect();
        codes.sort_unstable_by(|left, right| right.cmp(left));
        did_you_mean(code, codes)
    }
}

/// True for lower-case words joined by underscores; digits, `+` allowed.
pub(super) fn is_snake(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_' || c == b'+')
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    provenance: String,
}

fn each<T: for<'t> Deserialize<'t>>(
    source: &Source,
    file: &str,
    name: &str,
    report: &mut Report,
    mut take: impl FnMut(T, super::document::Place<'_, '_>, &mut Report),
) {
    let Some(text) = text_of(source, file, report) else { return };
    let Some(document) = Document::parse(file, &text, report) else { return };
    if document.header::<Header>(&[name], report).is_some_and(|header| header.provenance.trim().is_empty()) {
        document.root().key("provenance").error(report, "say where these words come from", None);
    }
    for (entry, place) in document.entries::<T>(name, report) {
        take(entry, place, report);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CancerEntry {
    key: String,
    name: String,
    solid: bool,
    icd10: Vec<String>,
}

fn cancers(source: &Source, report: &mut Report) -> Vec<Arc<Cancer>> {
    let mut found: Vec<Arc<Cancer>> = Vec::new();
    each::<CancerEntry>(source, "cancers.toml", "cancer", report, |entry, place, report| {
        if found.iter().any(|cancer| cancer.key == entry.key) {
            place.key("key").error(report, format!("cancer `{}` is here twice", entry.key), None);
        }
        for code in entry.icd10.iter().filter(|code| !is_icd10(code)) {
            let suggestion = Some("write a category or code with its dot, such as `C50` or `C83.3`".to_owned());
            place.key("icd10").error(report, format!("`{code}` is not an ICD-10-CM prefix"), suggestion);
        }
        found.push(Arc::new(Cancer { key: entry.key, name: entry.name, solid: entry.solid, icd10_prefixes: entry.icd10 }));
    });
    found
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BiomarkerEntry {
    name: String,
    display: String,
    #[serde(default)]
    synonyms: Vec<String>,
    #[serde(default)]
    results: Vec<ResultEntry>,
    range: Option<(f64, f64)>,
    #[serde(default)]
    derived_from: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResultEntry {
    word: String,
    #[serde(default)]
    counts_as: Vec<String>,
}

fn biomarkers(source: &Source, report: &mut Report) -> Vec<Arc<BiomarkerDefinition>> {
    let mut found: Vec<Arc<BiomarkerDefinition>> = Vec::new();
    let mut derived = Vec::new();
    each::<BiomarkerEntry>(source, "biomarkers.toml", "biomarker", report, |entry, place, report| {
        let known = |name: &String| found.iter().any(|marker| marker.name == *name || marker.synonyms.contains(name));
        for name in std::iter::once(&entry.name).chain(&entry.synonyms) {
            if known(name) {
                place.error(report, format!("biomarker `{name}` is here twice"), None);
            }
            if !is_snake(name) {
                place.error(report, format!("`{name}` is not in snake case"), None);
            }
        }
        if entry.results.is_empty() && entry.range.is_none() {
            place.error(report, "a biomarker needs `results` or a `range`", None);
        }
        if entry.range.is_some_and(|(low, high)| low >= high) {
            place.key("range").error(report, "the range must go from the lowest to the highest score", None);
        }
        derived.extend(entry.derived_from.iter().map(|name| (name.clone(), place.key("derived_from").position())));
        let results = entry.results.into_iter().map(|result| (result.word, result.counts_as)).collect();
        found.push(Arc::new(BiomarkerDefinition {
            name: entry.name,
            display: entry.display,
            synonyms: entry.synonyms,
            results,
            range: entry.range,
            derived_from: entry.derived_from,
        }));
    });
    for (name, (file, line)) in derived {
        if !found.iter().any(|marker| marker.name == name) {
            let suggestion = did_you_mean(&name, found.iter().map(|marker| marker.name.as_str()));
            report.error(&file, line, format!("there is no biomarker `{name}`"), suggestion);
        }
    }
    found
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PathologyEntry {
    word: String,
    #[serde(default)]
    synonyms: Vec<String>,
    #[serde(default)]
    kinds: BTreeMap<String, Vec<String>>,
}

fn pathologies(source: &Source, cancers: &[Arc<Cancer>], report: &mut Report) -> Vec<Arc<PathologyTerm>> {
    let mut found: Vec<Arc<PathologyTerm>> = Vec::new();
    each::<PathologyEntry>(source, "pathologies.toml", "pathology", report, |entry, place, report| {
        for word in std::iter::once(&entry.word).chain(&entry.synonyms) {
            if found.iter().any(|term| term.word == *word || term.synonyms.contains(word)) {
                place.error(report, format!("pathology `{word}` is here twice"), None);
            }
        }
        for cancer in entry.kinds.keys().filter(|key| *key != "any" && !cancers.iter().any(|cancer| cancer.key == **key)) {
            let suggestion = did_you_mean(cancer, cancers.iter().map(|cancer| cancer.key.as_str()));
            place.key("kinds").key(cancer).error(report, format!("there is no cancer type `{cancer}`"), suggestion);
        }
        let kinds = entry.kinds.into_iter().flat_map(|(cancer, kinds)| {
            let cancer = if cancer == "any" { String::new() } else { cancer };
            kinds.into_iter().map(move |kind| (cancer.clone(), kind))
        });
        found.push(Arc::new(PathologyTerm { word: entry.word, synonyms: entry.synonyms, kinds: kinds.collect() }));
    });
    found
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AssessmentEntry {
    name: String,
    about: String,
    #[serde(default)]
    results: Vec<String>,
}

fn assessments(source: &Source, report: &mut Report) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    each::<AssessmentEntry>(source, "assessments.toml", "assessment", report, |entry, place, report| {
        if entry.about.trim().is_empty() {
            place.error(report, "say what the assessment is", None);
        }
        if found.insert(entry.name.clone(), entry.results).is_some() {
            place.key("name").error(report, format!("assessment `{}` is here twice", entry.name), None);
        }
    });
    found
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SettingEntry {
    word: String,
    about: String,
}

fn settings(source: &Source, report: &mut Report) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    each::<SettingEntry>(source, "settings.toml", "setting", report, |entry, place, report| {
        if entry.about.trim().is_empty() {
            place.error(report, "say what the setting is", None);
        }
        if !found.insert(entry.word.clone()) {
            place.key("word").error(report, format!("setting `{}` is here twice", entry.word), None);
        }
    });
    found
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RouteEntry {
    word: String,
    #[serde(default)]
    synonyms: Vec<String>,
}

fn routes(source: &Source, report: &mut Report) -> Routes {
    let mut found = Routes::default();
    each::<RouteEntry>(source, "routes.toml", "route", report, |entry, place, report| {
        if !is_snake(&entry.word) {
            place.key("word").error(report, format!("`{}` is not in snake case", entry.word), None);
        }
        if let Some(name) = found.add(&entry.word, &entry.synonyms) {
            place.error(report, format!("route `{name}` is here twice"), None);
        }
    });
    found
}
