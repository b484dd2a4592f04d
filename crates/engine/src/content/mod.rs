//! Turns the files a clinician edits into validated, immutable [`Library`]: every error at once, each with file, line and suggestion.
//!
//! Files are read one at a time and their parse trees dropped; releases share what did not change between them. Nothing here
//! decides anything about an order, and nothing but `content` knows what a content file looks like.

mod agreement;
mod answers;
mod code_tables;
mod codes;
mod contraindications;
mod coverage;
mod coverage_codes;
mod coverage_drugs;
mod coverage_rows;
mod coverage_words;
mod criteria;
mod document;
mod dosing;
mod drugs;
mod forms;
mod letters;
mod limits;
mod lines;
mod lint;
mod phases;
mod plain;
mod policies;
mod presence;
mod programs;
mod radiation;
mod reasons;
mod regimens;
mod releases;
mod report;
mod searches;
mod source;
mod table;
mod therapies;
mod vocabulary;

pub use report::{ContentErrors, Problem, Report};
pub use source::{Difference, Differs};

use crate::domain::content::{
    Agreement, CodeTables, Content, DosingCatalog, DrugCatalog, HolidayCalendar, LetterBook, Library, Parts, PlainWords, Policy,
    SearchWords, Therapies,
};
use releases::{Releases, Shared};
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

/// Missing files named at most.
const MISSING_NAMED: usize = 10;

/// How a directory differs from the compiled-in content, by the files of that.
pub fn differences(directory: &Path) -> Vec<Difference> {
    Source::Directory(directory.to_owned()).differences()
}

/// Files that the compiled-in content has and this one lacks, told where something is wrong: it may follow from that.
fn name_missing(source: &Source, report: &mut Report) {
    let mut missing = source.differences();
    missing.retain(|difference| difference.how == Differs::Missing);
    let named = missing.len().min(MISSING_NAMED);
    for Difference { file, .. } in missing.iter().take(named) {
        report.unusable(file, 1, "the file is missing; the content of this version has one");
    }
    if missing.len() > named {
        let more = missing.len() - named;
        report.unusable("", 1, format!("{more} more files of this version's content are missing: is this a content directory?"));
    }
}

fn load(source: &Source) -> Result<Library, ContentErrors> {
    let (drafts, mut report) = read(source);
    match drafts.library() {
        Some(library) if report.errors.is_empty() => Ok(library),
        _ => {
            name_missing(source, &mut report);
            report.sort();
            Err(ContentErrors(report.errors))
        }
    }
}

/// Everything read, before it is put together release by release.
struct Drafts {
    releases: Releases,
    words: Vocabulary,
    regimens: Vec<regimens::Draft>,
    policies: Vec<policies::Draft>,
    limits: limits::Drafts,
    contraindications: contraindications::Drafts,
    /// Drugs of each release.
    catalogs: Vec<Arc<DrugCatalog>>,
    programs: Vec<programs::Draft>,
    calendars: BTreeMap<String, HolidayCalendar>,
    dosing: Arc<DosingCatalog>,
    agreement: agreement::Draft,
    therapies: Arc<Therapies>,
    coverage: coverage::Drafts,
    searches: Arc<SearchWords>,
    code_tables: Arc<CodeTables>,
    radiation: radiation::Drafts,
    plain: Arc<PlainWords>,
    letters: Arc<LetterBook>,
}

fn read(source: &Source) -> (Drafts, Report) {
    let mut report = Report::default();
    let releases = Releases::read(source, &mut report);
    let drugs = drugs::read(source, &releases, &mut report);
    let catalogs = drugs.by_release(&releases);
    let all_drugs = Arc::new(drugs.all());
    let dosing = Arc::new(dosing::read(source, &all_drugs, &mut report));
    let routes = dosing.routes.iter().map(|route| route.key.clone()).collect();
    let mut words = Vocabulary::read(source, all_drugs, routes, &releases, &mut report);
    let radiation = radiation::read(source, &mut words, &releases, &mut report);
    let regimens = regimens::read(source, &words, &releases, &mut report);
    let policies = policies::read(source, &words, &releases, &mut report);
    let limits = limits::read(source, &words, &releases, &mut report);
    let contraindications = contraindications::read(source, &words, &releases, &mut report);
    let calendars = codes::calendars(source, &mut report);
    let reasons = reasons::read(source, &mut report);
    let known = programs::Known { calendars: &calendars, reasons: &reasons };
    let programs = programs::read(source, &words, known, &releases, &mut report);
    policies::check_programs(&policies, &programs, &mut report);
    policies::check_scopes(&policies, &programs, &mut report);
    let coverage = coverage::read(source, (&programs, &words.drugs, &radiation.codes()), &releases, &mut report);
    let code_tables = Arc::new(code_tables::read(source, &words, &programs, &mut report));
    let agreement = agreement::read(source, &words, &mut report);
    let therapies = Arc::new(therapies::read(source, &words, &mut report));
    let known = regimens.iter().map(regimens::Draft::id).collect();
    let searches = Arc::new(searches::read(source, &words, &known, &mut report));
    let plain = Arc::new(plain::read(source, &words, &mut report));
    let letters = Arc::new(letters::read(source, &words, &policies, &mut report));
    let drafts = Drafts {
        releases,
        words,
        regimens,
        policies,
        limits,
        contraindications,
        catalogs,
        programs,
        calendars,
        dosing,
        agreement,
        therapies,
        coverage,
        searches,
        code_tables,
        radiation,
        plain,
        letters,
    };
    presence::check(&drafts, &mut report);
    (drafts, report)
}

impl Drafts {
    /// Every release. What did not change from one to the next is shared.
    fn library(self) -> Option<Library> {
        let mut policy_versions: HashMap<String, Arc<Policy>> = HashMap::new();
        let agreement: Arc<Agreement> = Arc::new(self.agreement.agreement);
        let (mut diagnoses, mut places_of_service, mut radiation) = (Shared::new(), Shared::new(), Shared::new());
        let answers = Arc::new(self.words.answers);
        let contents = self.releases.iter().map(|(index, release)| {
            let policies = self.policies.iter().filter_map(|draft| draft.version(index)).map(|policy| {
                let known = policy_versions.entry(policy.id.clone()).or_insert_with(|| Arc::new(policy.clone()));
                if **known != policy {
                    *known = Arc::new(policy);
                }
                Arc::clone(known)
            });
            let programs: Vec<_> = self.programs.iter().filter_map(|draft| draft.version(index)).collect();
            Arc::new(Content::from(Parts {
                release: release.clone(),
                radiation: radiation.next(self.radiation.version(index)),
                coverage: Arc::new(self.coverage.version(index, &programs)),
                policies: policies.collect(),
                limits: self.limits.version(index),
                contraindications: self.contraindications.version(index),
                programs,
                drugs: Arc::clone(self.catalogs.get(index).unwrap_or(&self.words.drugs)),
                dosing: Arc::clone(&self.dosing),
                diagnoses: diagnoses.next({
                    let mut of_release = self.words.diagnosis_set.of(index);
                    codes::narrow(&mut of_release);
                    of_release
                }),
                places_of_service: places_of_service.next(self.words.place_set.of(index)),
                cancers: self.words.cancers.clone(),
                regimens: self.regimens.iter().filter_map(|draft| draft.version(index)).collect(),
                answers: Arc::clone(&answers),
                pathologies: self.words.pathologies.clone(),
                settings: Arc::clone(&self.words.setting_words),

                calendars: self.calendars.clone(),
                agreement: Arc::clone(&agreement),
                therapies: Arc::clone(&self.therapies),
                searches: Arc::clone(&self.searches),
                code_tables: Arc::clone(&self.code_tables),
                plain: Arc::clone(&self.plain),
                letters: Arc::clone(&self.letters),
            }))
        });
        Library::new(contents.collect())
    }
}
