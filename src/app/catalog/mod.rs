//! Catalogues that portals search at every keystroke: drugs, diagnoses, regimens, Pathways, biomarkers, cancer types, and providers.
//!
//! What comes from content is searched in memory; providers are searched in the database, because there are many. Nothing here decides
//! about an order.

pub mod diagnoses;
pub mod drugs;
mod index;
pub mod pathways;
pub mod providers;
pub mod radiation;
pub mod regimens;
pub mod text;

use super::App;
use crate::domain::content::{Cancer, Content, ResultDefinition};
use chrono::NaiveDate;
use index::NameIndex;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// Indexes of the catalogues, for each release (REG-08); made at the first search.
#[derive(Debug, Default)]
pub struct Indexes {
    releases: RwLock<HashMap<String, Arc<OfRelease>>>,
}

impl Indexes {
    fn of(&self, content: &Content) -> Arc<OfRelease> {
        let name = &content.release.name;
        if let Some(known) = self.releases.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Arc::clone(known);
        }
        let mut releases = self.releases.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(releases.entry(name.clone()).or_default())
    }
}

#[derive(Debug, Default)]
struct OfRelease {
    drugs: OnceLock<drugs::Index>,
    diagnoses: OnceLock<diagnoses::Index>,
    regimens: OnceLock<regimens::Index>,
    cancers: OnceLock<NameIndex>,
    biomarkers: OnceLock<NameIndex>,
    assessments: OnceLock<NameIndex>,
    radiation: radiation::Indexes,
}

/// What a search of a catalogue found, best first.
#[derive(Debug, Clone)]
pub struct Search<T> {
    /// The entries.
    pub items: Vec<T>,
    /// What was searched for instead of what was typed, where nothing is called that.
    pub searched_for: Option<String>,
}

impl<T> Search<T> {
    /// Everything, where nothing was typed.
    fn all(items: Vec<T>) -> Self {
        Self { items, searched_for: None }
    }
}

/// The content in force on a day; today, where none is given.
pub fn content(app: &App, as_of: Option<NaiveDate>) -> &Arc<Content> {
    app.library.in_force(as_of.unwrap_or_else(|| app.clock.now().date_naive()))
}

/// Cancer types by name or key, or by what clinics call them.
pub fn cancers<'a>(app: &App, content: &'a Content, typed: Option<&str>) -> Search<&'a Arc<Cancer>> {
    let indexes = app.catalog.of(content);
    let index = indexes.cancers.get_or_init(|| {
        let names = content.cancers.iter().map(|cancer| {
            let clinics = content.searches.diagnoses.iter().filter(|entry| entry.cancer.as_ref() == Some(&cancer.key));
            let clinics = clinics.flat_map(|entry| &entry.words).map(|word| (word, 1));
            [(&cancer.name, 0), (&cancer.key, 0)].into_iter().chain(clinics).collect()
        });
        NameIndex::new(names, &content.searches.means)
    });
    by_name(index, &content.cancers, typed)
}

/// Biomarkers by name or synonym, or by a result that only they have.
pub fn biomarkers<'a>(app: &App, content: &'a Content, typed: Option<&str>) -> Search<&'a Arc<ResultDefinition>> {
    let indexes = app.catalog.of(content);
    by_name(indexes.biomarkers.get_or_init(|| answers(&content.answers.biomarkers)), &content.answers.biomarkers, typed)
}

/// Assessments by name or synonym, or by a result that only they have.
pub fn assessments<'a>(app: &App, content: &'a Content, typed: Option<&str>) -> Search<&'a Arc<ResultDefinition>> {
    let indexes = app.catalog.of(content);
    by_name(indexes.assessments.get_or_init(|| answers(&content.answers.assessments)), &content.answers.assessments, typed)
}

fn answers(asked: &[Arc<ResultDefinition>]) -> NameIndex {
    let mut having: HashMap<&str, usize> = HashMap::new();
    for word in asked.iter().flat_map(|asked| asked.words.keys()) {
        *having.entry(word).or_default() += 1;
    }
    let names = asked.iter().map(|asked| {
        let own = [(&asked.name, 0), (&asked.display, 0)];
        let results = asked.words.keys().filter(|word| having.get(word.as_str()).is_some_and(|count| *count <= TELLING));
        own.into_iter().chain(asked.synonyms.iter().map(|synonym| (synonym, 1))).chain(results.map(|word| (word, 2))).collect()
    });
    NameIndex::new(names, &BTreeMap::new())
}

/// A result that more answers than this have says nothing of which one is meant: `positive`.
const TELLING: usize = 2;

fn by_name<'a, T>(index: &NameIndex, items: &'a [T], typed: Option<&str>) -> Search<&'a T> {
    let Some(typed) = typed else { return Search::all(items.iter().collect()) };
    let found = index.search(typed);
    let items = found.hits.iter().filter_map(|hit| items.get(hit.item)).collect();
    Search { items, searched_for: found.searched_for }
}

/// What was typed as the beginning of a code, where it looks like one: a letter, then a digit. Dots and spaces do not matter.
fn as_code(typed: &str) -> Option<String> {
    let code: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '.').map(|c| c.to_ascii_uppercase()).collect();
    let mut characters = code.chars();
    let looks_so = characters.next()?.is_ascii_uppercase() && characters.next()?.is_ascii_digit();
    looks_so.then_some(code)
}
