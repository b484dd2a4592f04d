//! Turns the files a clinician edits into validated, immutable [`Library`]: every error at once, each with file, line and suggestion.
//!
//! Files are read one at a time and their parse trees dropped; releases share what did not change between them. Nothing here
//! decides anything about an order, and nothing but `content` knows what a content file looks like.

mod codes;
mod criteria;
mod document;
mod drugs;
mod limits;
mod lines;
mod lint;
mod phases;
mod policies;
mod programs;
mod regimens;
mod releases;
mod report;
mod source;
mod table;
mod therapies;
mod vocabulary;

pub use report::{ContentErrors, Problem, Report};

use crate::domain::content::{Content, HolidayCalendar, Library, Parts, PlaceOfService, Policy, Program, Therapies};
use releases::Releases;
use source::Source;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use vocabulary::Vocabulary;

/// The content compiled into the binary.
pub fn load_embedded() -> Result<Library, ContentErrors> {
    load(&Source::Embedded)
}

/// The content of a directory.
pub fn load_dir(directory: &Path) -> Result<Library, ContentErrors> {
    load(&Source::Directory(directory.to_owned()))
}

/// Checks a directory, or the compiled-in content where there is none: all errors, and, where there are none, warnings about what is
/// sound but hardly meant.
pub fn check(directory: Option<&Path>) -> Report {
    let source = directory.map_or(Source::Embedded, |directory| Source::Directory(directory.to_owned()));
    let (drafts, mut report) = read(&source);
    if report.errors.is_empty() {
        lint::lint(&source, &drafts, &mut report);
    }
    report.sort();
    report
}

fn load(source: &Source) -> Result<Library, ContentErrors> {
    let (drafts, mut report) = read(source);
    report.sort();
    match drafts.library() {
        Some(library) if report.errors.is_empty() => Ok(library),
        _ => Err(ContentErrors(report.errors)),
    }
}

/// Everything read, before it is put together release by release.
struct Drafts {
    releases: Releases,
    words: Vocabulary,
    regimens: Vec<regimens::Draft>,
    policies: Vec<policies::Draft>,
    limits: limits::Drafts,
    programs: Vec<Arc<Program>>,
    calendars: BTreeMap<String, HolidayCalendar>,
    places_of_service: BTreeMap<String, PlaceOfService>,
    therapies: Arc<Therapies>,
}

fn read(source: &Source) -> (Drafts, Report) {
    let mut report = Report::default();
    let releases = Releases::read(source, &mut report);
    let drugs = Arc::new(drugs::read(source, &mut report));
    let words = Vocabulary::read(source, drugs, &mut report);
    let regimens = regimens::read(source, &words, &releases, &mut report);
    let policies = policies::read(source, &words, &releases, &mut report);
    let limits = limits::read(source, &words, &releases, &mut report);
    let calendars = codes::calendars(source, &mut report);
    let programs = programs::read(source, &words, &calendars, &mut report);
    policies::check_programs(&policies, &programs, &mut report);
    let places_of_service = codes::places_of_service(source, &mut report);
    let therapies = Arc::new(therapies::read(source, &words.drugs, &words.classes, &mut report));
    (Drafts { releases, words, regimens, policies, limits, programs, calendars, places_of_service, therapies }, report)
}

impl Drafts {
    /// Every release. What did not change from one to the next is shared.
    fn library(self) -> Option<Library> {
        let mut policy_versions: HashMap<String, Arc<Policy>> = HashMap::new();
        let places_of_service = Arc::new(self.places_of_service);
        let contents = self.releases.iter().map(|(index, release)| {
            let policies = self.policies.iter().filter_map(|draft| draft.version(index)).map(|policy| {
                let known = policy_versions.entry(policy.id.clone()).or_insert_with(|| Arc::new(policy.clone()));
                if **known != policy {
                    *known = Arc::new(policy);
                }
                Arc::clone(known)
            });
            Arc::new(Content::from(Parts {
                release: release.clone(),
                policies: policies.collect(),
                limits: self.limits.version(index),
                programs: self.programs.clone(),
                drugs: Arc::clone(&self.words.drugs),
                diagnoses: Arc::clone(&self.words.diagnoses),
                places_of_service: Arc::clone(&places_of_service),
                cancers: self.words.cancers.clone(),
                regimens: self.regimens.iter().filter_map(|draft| draft.version(index)).collect(),
                biomarkers: self.words.biomarkers.clone(),
                pathologies: self.words.pathologies.clone(),
                calendars: self.calendars.clone(),
                therapies: Arc::clone(&self.therapies),
            }))
        });
        Library::new(contents.collect())
    }
}
