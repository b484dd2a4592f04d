//! Radiation: `radiation/` with sites, indications, services and one file of schedules a site, read and checked against the vocabulary.

mod indications;
mod organs;
mod schedules;
mod services;
mod sites;

use super::codes::text_of;
use super::criteria;
use super::document::{Document, Place};
use super::releases::{Lifetime, Releases};
use super::report::Report;
use super::source::Source;
use super::vocabulary::{RadiationWords, Vocabulary};
use crate::domain::content::Statement;
use crate::domain::content::radiation::{
    DerivedLines, FractionationSchedule, ModalityIndication, RadiationCatalog, RadiationService,
};
use crate::domain::vocabulary::Modality;
use serde::Deserialize;
use std::sync::Arc;

/// An entry with the releases that it is in, and its file and line.
type Dated<T> = (Arc<T>, Lifetime, (String, usize));

/// Everything there ever is, with the releases it belongs to.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    /// Sites, targets, words of the technique: the same in every release.
    words: RadiationCatalog,
    schedules: Vec<Dated<FractionationSchedule>>,
    indications: Vec<Dated<ModalityIndication>>,
    services: Vec<Dated<RadiationService>>,
    derived: Vec<Dated<DerivedLines>>,
}

impl Drafts {
    /// Every schedule that there ever is, with its file.
    pub fn schedules(&self) -> impl Iterator<Item = (&FractionationSchedule, &str)> {
        self.schedules.iter().map(|(schedule, _, (file, _))| (&**schedule, file.as_str()))
    }

    /// The codes of services, of any release.
    pub fn codes(&self) -> Vec<String> {
        self.services.iter().map(|(service, ..)| service.code.clone()).collect()
    }

    /// What the release with this index has.
    pub fn version(&self, release: usize) -> RadiationCatalog {
        fn of<T>(entries: &[Dated<T>], release: usize) -> Vec<Arc<T>> {
            entries.iter().filter(|(_, life, _)| life.covers(release)).map(|(entry, ..)| Arc::clone(entry)).collect()
        }
        let mut catalog = self.words.clone();
        catalog.schedules = of(&self.schedules, release);
        catalog.indications = of(&self.indications, release);
        catalog.services = of(&self.services, release).into_iter().map(|service| (service.code.clone(), service)).collect();
        catalog.derived = of(&self.derived, release);
        catalog.index();
        catalog
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    provenance: String,
}

/// Reads everything. Sentences may name sites, targets and techniques from then on.
pub(super) fn read(source: &Source, words: &mut Vocabulary, releases: &Releases, report: &mut Report) -> Drafts {
    let mut drafts = Drafts { words: sites::read(source, words, report), ..Drafts::default() };
    drafts.words.organs = organs::read(source, words, report);
    words.radiation = RadiationWords {
        sites: drafts.words.sites.iter().map(|site| site.key.clone()).collect(),
        targets: drafts.words.targets.iter().map(|target| target.term.key.clone()).collect(),
        techniques: drafts.words.techniques.iter().map(|term| term.key.clone()).collect(),
    };
    services::read(source, words, releases, &mut drafts, report);
    indications::read(source, words, releases, &mut drafts, report);
    schedules::read(source, words, releases, &mut drafts, report);
    drafts
}

/// Opens a file whose top says where it comes from; `arrays` are read by whoever opened it.
fn open(source: &Source, file: &str, arrays: &[&str], report: &mut Report, mut take: impl FnMut(&Document<'_>, &mut Report)) {
    let Some(text) = text_of(source, file, report) else { return };
    let Some(document) = Document::parse(file, &text, report) else { return };
    if document.header::<Header>(arrays, report).is_some_and(|header| header.provenance.trim().is_empty()) {
        document.root().key("provenance").error(report, "say where this comes from", None);
    }
    take(&document, report);
}

fn statement(text: Option<&str>, place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) -> Option<Statement> {
    let text = text?;
    match criteria::parse(text, words) {
        Ok(criterion) => Some(Statement::new(text.to_owned(), criterion)),
        Err(error) => {
            place.error(report, format!("column {} of \"{text}\": {}", error.column, error.message), error.suggestion);
            None
        }
    }
}

/// Reads a modality by its word.
fn modality(word: &str, place: Place<'_, '_>, report: &mut Report) -> Option<Modality> {
    let found = Modality::parse(word);
    if found.is_none() {
        let known = Modality::ALL.iter().map(|modality| modality.as_str());
        place.error(report, format!("there is no modality `{word}`"), super::report::did_you_mean(word, known));
    }
    found
}

/// Reports text that is missing where people need it.
fn says(text: &str, place: Place<'_, '_>, what: &str, report: &mut Report) {
    if text.trim().is_empty() {
        place.error(report, format!("say {what}"), None);
    }
}
