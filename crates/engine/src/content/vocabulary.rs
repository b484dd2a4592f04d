//! The words that content and orders share: cancers, biomarkers, pathologies, assessments, drugs and classes. Criteria and
//! regimens are checked against them.

use super::codes::{diagnoses, is_icd10, places_of_service, text_of};
use super::document::Document;
use super::releases::{CodeSet, Releases};
use super::report::{Report, did_you_mean};
use super::source::Source;
use crate::domain::content::answers::by_name;
use crate::domain::content::{
    Answers, Cancer, Diagnosis, DrugCatalog, HistologyWords, Named, PathologyTerm, Phrases, PlaceOfService, ResultDefinition,
    Settings,
};
use crate::domain::fold::fold;
use crate::domain::quick::HashMap;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Everything that can be named.
#[derive(Debug)]
pub(super) struct Vocabulary {
    pub cancers: Vec<Arc<Cancer>>,
    /// Biomarkers, assessments, and the words that are no result.
    pub answers: Answers,
    pub pathologies: Vec<Arc<PathologyTerm>>,
    /// Drugs of any release.
    pub drugs: Arc<DrugCatalog>,
    /// Disease settings that regimens use, plus those that rules derive.
    pub settings: BTreeSet<String>,
    /// How they are written, and in which order they come.
    pub setting_words: Arc<Settings>,
    /// Classes and subclasses of drugs.
    pub classes: BTreeSet<String>,
    /// ICD-10-CM codes of any release.
    pub diagnoses: HashMap<String, Diagnosis>,
    /// The same, release by release.
    pub diagnosis_set: CodeSet<Diagnosis>,
    /// Places of service by code, of any release.
    pub places_of_service: BTreeMap<String, PlaceOfService>,
    /// The same, release by release.
    pub place_set: CodeSet<PlaceOfService>,
    /// Routes of administration.
    pub routes: Vec<String>,
    /// Words of radiation.
    pub radiation: RadiationWords,
}

/// Keys of radiation that sentences may name.
#[derive(Debug, Default)]
pub(super) struct RadiationWords {
    pub sites: Vec<String>,
    pub targets: Vec<String>,
    pub techniques: Vec<String>,
}

/// Stage groups; the two of small cell lung cancer included. Rules bring a subgroup such as `IIB` to its group first.
pub(super) const STAGES: [&str; 7] = ["0", "I", "II", "III", "IV", "limited", "extensive"];
/// How T was found.
pub(super) const T_FOUND: [&str; 2] = ["clinical", "pathological"];
/// Words for T of TNM; one with a letter belongs to its number.
pub(super) const T_STATUS: [&str; 21] = [
    "tis", "ta", "t0", "t1", "t1mi", "t1a", "t1b", "t1c", "t2", "t2a", "t2b", "t2c", "t3", "t3a", "t3b", "t3c", "t4", "t4a",
    "t4b", "t4c", "t4d",
];
/// Words for N of TNM.
pub(super) const N_STATUS: [&str; 12] = ["n0", "n1", "n1mi", "n1a", "n1b", "n1c", "n2", "n2a", "n2b", "n2c", "n3", "n3a"];

impl Vocabulary {
    /// Reads the vocabularies.
    pub fn read(source: &Source, drugs: Arc<DrugCatalog>, routes: Vec<String>, releases: &Releases, report: &mut Report) -> Self {
        let classes = drugs.all().iter().flat_map(|drug| [drug.class.clone(), drug.subclass.clone()]).collect();
        let cancers = cancers(source, report);
        let (settings, setting_words) = settings(source, report);
        let diagnosis_set = diagnoses(source, releases, report);
        let place_set = places_of_service(source, releases, report);
        let mut answers = super::answers::read(source, report);
        Self {
            pathologies: pathologies(source, &cancers, &mut answers, report),
            answers,
            cancers,
            drugs,
            settings,
            setting_words: Arc::new(setting_words),
            classes,
            diagnoses: diagnosis_set.all(),
            diagnosis_set,
            places_of_service: place_set.all(),
            place_set,
            routes,
            radiation: RadiationWords::default(),
        }
    }

    /// A marker by name or synonym.
    pub fn biomarker(&self, name: &str) -> Option<&Arc<ResultDefinition>> {
        self.answers.biomarkers.get(*by_name(name, &self.answers.biomarker_names)?)
    }

    /// An assessment by name or synonym.
    pub fn assessment(&self, name: &str) -> Option<&Arc<ResultDefinition>> {
        self.answers.assessments.get(*by_name(name, &self.answers.assessment_names)?)
    }

    /// Pathology words with their kinds, synonyms left out: rules bring an order's synonym to its word first.
    pub fn pathology_words(&self) -> impl Iterator<Item = &str> {
        self.pathologies
            .iter()
            .flat_map(|term| std::iter::once(term.word.as_str()).chain(term.kinds.iter().map(|(_, kind)| kind.as_str())))
    }

    /// What to write instead of an unknown pathology word.
    pub fn pathology_suggestion(&self, word: &str) -> Option<String> {
        let meant = self.pathologies.iter().find(|term| term.folded.iter().any(|synonym| synonym == word));
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

/// Reads each `[[name]]` of a file whose top says where it comes from.
pub(super) fn each<T: for<'t> Deserialize<'t>>(
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
    #[serde(default)]
    also_icd10: Vec<String>,
    #[serde(default)]
    except_icd10: Vec<String>,
}

fn cancers(source: &Source, report: &mut Report) -> Vec<Arc<Cancer>> {
    let mut found: Vec<Arc<Cancer>> = Vec::new();
    each::<CancerEntry>(source, "cancers.toml", "cancer", report, |entry, place, report| {
        if found.iter().any(|cancer| cancer.key == entry.key) {
            place.key("key").error(report, format!("cancer `{}` is here twice", entry.key), None);
        }
        let lists = [("icd10", &entry.icd10), ("also_icd10", &entry.also_icd10), ("except_icd10", &entry.except_icd10)];
        for (key, code) in lists.iter().flat_map(|(key, codes)| codes.iter().map(move |code| (key, code))) {
            if !is_icd10(code) {
                let suggestion = Some("write a category or code with its dot, such as `C50` or `C83.3`".to_owned());
                place.key(key).error(report, format!("`{code}` is not an ICD-10-CM prefix"), suggestion);
            }
        }
        found.push(Arc::new(Cancer {
            key: entry.key,
            name: entry.name,
            solid: entry.solid,
            icd10_prefixes: entry.icd10,
            also_prefixes: entry.also_icd10,
            except_prefixes: entry.except_icd10,
        }));
    });
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PathologyHeader {
    provenance: String,
    #[serde(default)]
    beside: Vec<String>,
    heard: HistologyHeard,
}

/// What is heard in a pathology outside the vocabulary.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HistologyHeard {
    words: Vec<String>,
    denied_by: Vec<String>,
    denied_after: Vec<String>,
    doubt: Vec<String>,
    says_nothing: Vec<String>,
    none: Vec<String>,
}

impl From<HistologyHeard> for HistologyWords {
    fn from(heard: HistologyHeard) -> Self {
        let cancer = Named {
            names: Phrases::new(&heard.words),
            denied_by: Phrases::new(&heard.denied_by),
            denied_after: Phrases::new(&heard.denied_after),
            doubt: Phrases::new(&heard.doubt),
            says_nothing: Phrases::new(&heard.says_nothing),
        };
        Self { cancer, none: Phrases::new(&heard.none) }
    }
}

fn pathologies(source: &Source, cancers: &[Arc<Cancer>], answers: &mut Answers, report: &mut Report) -> Vec<Arc<PathologyTerm>> {
    const FILE: &str = "pathologies.toml";
    let mut found: Vec<Arc<PathologyTerm>> = Vec::new();
    let mut words = BTreeSet::new();
    let Some(text) = text_of(source, FILE, report) else { return found };
    let Some(document) = Document::parse(FILE, &text, report) else { return found };
    if let Some(header) = document.header::<PathologyHeader>(&["pathology"], report) {
        if header.provenance.trim().is_empty() {
            document.root().key("provenance").error(report, "say where these words come from", None);
        }
        answers.pathology_beside = super::answers::longest_first(&header.beside);
        answers.histology = header.heard.into();
    }
    for (entry, place) in document.entries::<PathologyEntry>("pathology", report) {
        let folded: Vec<String> = entry.synonyms.iter().map(|word| fold(word).into_owned()).collect();
        for word in std::iter::once(&entry.word).chain(&folded) {
            if !words.insert(word.clone()) {
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
        found.push(Arc::new(PathologyTerm { word: entry.word, synonyms: entry.synonyms, kinds: kinds.collect(), folded }));
    }
    found
}

const SETTINGS: &str = "settings.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SettingEntry {
    word: String,
    about: String,
    #[serde(default)]
    also: Vec<String>,
    #[serde(default)]
    after: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SettingBySpreadEntry {
    words: Vec<String>,
    metastatic: String,
    otherwise: Option<String>,
}

fn settings(source: &Source, report: &mut Report) -> (BTreeSet<String>, Settings) {
    let (mut found, mut words) = (BTreeSet::new(), Settings::default());
    let Some(text) = text_of(source, SETTINGS, report) else { return (found, words) };
    let Some(document) = Document::parse(SETTINGS, &text, report) else { return (found, words) };
    let header = document.header::<Header>(&["setting", "setting_by_spread"], report);
    if header.is_some_and(|header| header.provenance.trim().is_empty()) {
        document.root().key("provenance").error(report, "say where these words come from", None);
    }
    for (entry, place) in document.entries::<SettingEntry>("setting", report) {
        if entry.about.trim().is_empty() {
            place.error(report, "say what the setting is", None);
        }
        if !found.insert(entry.word.clone()) {
            place.key("word").error(report, format!("setting `{}` is here twice", entry.word), None);
        }
        for (index, earlier) in entry.after.iter().enumerate().filter(|(_, earlier)| !found.contains(*earlier)) {
            let message = format!("no setting `{earlier}` stands above");
            place.key("after").at(index).error(report, message, did_you_mean(earlier, found.iter().map(String::as_str)));
        }
        words.add(&entry.word, &entry.also, entry.after);
    }
    for (entry, place) in document.entries::<SettingBySpreadEntry>("setting_by_spread", report) {
        for (key, word) in [("metastatic", Some(&entry.metastatic)), ("otherwise", entry.otherwise.as_ref())] {
            if let Some(word) = word.filter(|word| !found.contains(*word)) {
                let suggestion = did_you_mean(word, found.iter().map(String::as_str));
                place.key(key).error(report, format!("no setting `{word}` stands above"), suggestion);
            }
        }
        words.add_by_spread(&entry.words, &entry.metastatic, entry.otherwise.as_deref());
    }
    (found, words)
}
