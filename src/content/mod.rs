//! Turns the files a clinician edits into validated, immutable [`Library`]: every error at once, each with file, line and suggestion.
//!
//! Files are read one at a time and their parse trees dropped; releases share what did not change between them. Nothing here
//! decides anything about an order, and nothing but `content` knows what a content file looks like.

mod codes;
mod criteria;
mod document;
mod drugs;
mod lines;
mod phases;
mod policies;
mod programs;
mod regimens;
mod releases;
mod report;
mod source;
mod table;
mod vocabulary;

pub use report::{ContentErrors, Problem, Report};

use crate::domain::content::{Content, Library, Parts, Policy};
use releases::Releases;
use source::Source;
use std::collections::HashMap;
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

/// Checks a directory, or the compiled-in content where there is none: all errors, and warnings about what is sound but odd.
pub fn check(directory: Option<&Path>) -> Report {
    let source = directory.map_or(Source::Embedded, |directory| Source::Directory(directory.to_owned()));
    let (_, mut report) = read(&source);
    if !source.files("programs", "toml").iter().any(|file| !file.ends_with(".managed.toml")) {
        report.error("programs", 1, "there is no program", None);
    }
    report.sort();
    report
}

fn load(source: &Source) -> Result<Library, ContentErrors> {
    let (library, mut report) = read(source);
    report.sort();
    match library {
        Some(library) if report.errors.is_empty() => Ok(library),
        _ => Err(ContentErrors(report.errors)),
    }
}

fn read(source: &Source) -> (Option<Library>, Report) {
    let mut report = Report::default();
    let releases = Releases::read(source, &mut report);
    let drugs = Arc::new(drugs::read(source, &mut report));
    let words = Vocabulary::read(source, Arc::clone(&drugs), &mut report);
    let regimens = regimens::read(source, &words, &releases, &mut report);
    let policies = policies::read(source, &words, &releases, &mut report);
    let calendars = codes::calendars(source, &mut report);
    let programs = programs::read(source, &words, &calendars, &mut report);
    let diagnoses = Arc::new(codes::diagnoses(source, &mut report));
    let places_of_service = Arc::new(codes::places_of_service(source, &mut report));
    let mut policy_versions: HashMap<String, Arc<Policy>> = HashMap::new();
    let contents = releases
        .iter()
        .map(|(index, release)| {
            let policies = policies.iter().filter_map(|draft| draft.version(index)).map(|policy| {
                let known = policy_versions.entry(policy.id.clone()).or_insert_with(|| Arc::new(policy.clone()));
                if **known != policy {
                    *known = Arc::new(policy);
                }
                Arc::clone(known)
            });
            Arc::new(Content::from(Parts {
                release: release.clone(),
                policies: policies.collect(),
                programs: programs.clone(),
                drugs: Arc::clone(&drugs),
                diagnoses: Arc::clone(&diagnoses),
                places_of_service: Arc::clone(&places_of_service),
                cancers: words.cancers.clone(),
                regimens: regimens.iter().filter_map(|draft| draft.version(index)).collect(),
                biomarkers: words.biomarkers.clone(),
                pathologies: words.pathologies.clone(),
                calendars: calendars.clone(),
            }))
        })
        .collect();
    (Library::new(contents), report)
}
