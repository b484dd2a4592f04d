//! Catalogues that portals search at every keystroke: drugs, diagnoses, regimens, Pathways, biomarkers, cancer types, and providers.
//!
//! What comes from content is searched in memory; providers are searched in the database, because there are many. Nothing here decides
//! about an order.

mod index;
pub mod pathways;
pub mod providers;
pub mod text;

use super::App;
use crate::domain::content::{Cancer, Code, Content, Diagnosis, Drug, Regimen, ResultDefinition};
use chrono::NaiveDate;
use index::NameIndex;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// Indexes of the catalogues that are large enough to need one, for each release (REG-08); made at the first search.
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
    drugs: OnceLock<NameIndex>,
    diagnoses: OnceLock<Diagnoses>,
}

/// Diagnoses in order of their codes.
#[derive(Debug)]
struct Diagnoses {
    codes: Vec<Box<str>>,
    titles: NameIndex,
}

/// The content in force on a day; today, where none is given.
pub fn content(app: &App, as_of: Option<NaiveDate>) -> &Arc<Content> {
    app.library.in_force(as_of.unwrap_or_else(|| app.clock.now().date_naive()))
}

/// Drugs by brand, generic name or synonym, or by the beginning of a code; a code that ended finds the drug it stood for.
pub fn drugs<'a>(app: &App, content: &'a Content, typed: Option<&str>) -> Vec<&'a Arc<Drug>> {
    let all = content.drugs.all();
    let Some(typed) = typed else { return all.iter().collect() };
    let indexes = app.catalog.of(content);
    let by_name = indexes.drugs.get_or_init(|| {
        NameIndex::new(all.iter().enumerate().map(|(number, drug)| {
            let names = std::iter::once(&drug.generic).chain(&drug.synonyms).chain(&drug.brands);
            let products = drug.codes.iter().flat_map(|code| [&code.product, &code.biosimilar_name]).flatten();
            (number, names.chain(products).collect())
        }))
    });
    let Some(code) = as_code(typed) else {
        return by_name.search(typed).into_iter().filter_map(|number| all.get(number)).collect();
    };
    let ended = content.drugs.ended_codes().filter(|ended| ended.hcpcs.starts_with(&code));
    let ended: Vec<&str> = ended.map(|ended| ended.generic.as_str()).collect();
    let fits = |drug: &&Arc<Drug>| {
        drug.codes.iter().any(|known| known.hcpcs.starts_with(&code)) || ended.contains(&drug.generic.as_str())
    };
    let mut found: Vec<&Arc<Drug>> = all.iter().filter(fits).collect();
    found.sort_by_key(|drug| drug.codes.iter().map(|known| known.hcpcs.as_str()).filter(|known| known.starts_with(&code)).min());
    if found.is_empty() { by_name.search(typed).into_iter().filter_map(|number| all.get(number)).collect() } else { found }
}

/// The code under which a drug is billed that is given so: of several products the one without a name of its own; none where no product is
/// given by this route.
pub fn code_by_route<'a>(content: &'a Content, generic: &str, route: &str) -> Option<&'a Code> {
    let drug = content.drugs.named(generic)?;
    let route = content.dosing.said(route).route();
    let dosing = content.dosing.of(&drug.generic);
    let fits = |code: &&Code| match (route, dosing) {
        (Some(route), Some(dosing)) => dosing.products_for(Some(&code.hcpcs)).any(|product| product.routes().has(route)),
        _ => true,
    };
    let is_plain = |code: &&Code| code.product.is_none() && code.biosimilar_name.is_none();
    let mut fitting = drug.codes.iter().filter(fits);
    fitting.clone().find(is_plain).or_else(|| fitting.next())
}

/// Diagnoses by title, or by the beginning of a code with or without its dot; in order of codes where nothing is typed.
pub fn diagnoses<'a>(app: &App, content: &'a Content, typed: Option<&str>) -> Vec<(&'a str, &'a Diagnosis)> {
    let indexes = app.catalog.of(content);
    let index = indexes.diagnoses.get_or_init(|| {
        let mut codes: Vec<Box<str>> = content.diagnoses.keys().map(|code| code.as_str().into()).collect();
        codes.sort_unstable();
        let title = |code: &str| content.diagnoses.get(code).map(|diagnosis| diagnosis.title.as_str()).into_iter().collect();
        let titles = NameIndex::new(codes.iter().map(|code| title(code)).enumerate());
        Diagnoses { codes, titles }
    });
    let entry = |code: &str| content.diagnoses.get_key_value(code).map(|(code, diagnosis)| (code.as_str(), diagnosis));
    let Some(typed) = typed else { return index.codes.iter().filter_map(|code| entry(code)).collect() };
    if let Some(code) = as_code(typed) {
        let fits = |known: &str| known.bytes().filter(|byte| *byte != b'.').take(code.len()).eq(code.bytes());
        let found: Vec<_> = index.codes.iter().filter(|known| fits(known)).filter_map(|code| entry(code)).collect();
        if !found.is_empty() {
            return found;
        }
    }
    index.titles.search(typed).into_iter().filter_map(|number| entry(index.codes.get(number)?)).collect()
}

/// Regimens by name, alias, drug or cancer type; in the order of their files where nothing is typed.
pub fn regimens<'a>(content: &'a Content, typed: Option<&str>, cancer: Option<&str>) -> Vec<&'a Arc<Regimen>> {
    let of_cancer = content.regimens.iter().filter(|regimen| cancer.is_none_or(|cancer| regimen.cancer == cancer)).collect();
    search(of_cancer, typed, |regimen| names_of(regimen, content))
}

/// Cancer types by name or key.
pub fn cancers<'a>(content: &'a Content, typed: Option<&str>) -> Vec<&'a Arc<Cancer>> {
    search(content.cancers.iter().collect(), typed, |cancer| vec![cancer.name.clone(), cancer.key.clone()])
}

/// Biomarkers by name or synonym.
pub fn biomarkers<'a>(content: &'a Content, typed: Option<&str>) -> Vec<&'a Arc<ResultDefinition>> {
    search(content.answers.biomarkers.iter().collect(), typed, |asked| names(asked))
}

/// Assessments by name or synonym.
pub fn assessments<'a>(content: &'a Content, typed: Option<&str>) -> Vec<&'a Arc<ResultDefinition>> {
    search(content.answers.assessments.iter().collect(), typed, |asked| names(asked))
}

fn names(asked: &ResultDefinition) -> Vec<String> {
    [&asked.name, &asked.display].into_iter().chain(&asked.synonyms).cloned().collect()
}

/// Searches a catalogue that is small enough to be indexed anew.
fn search<T: Copy>(items: Vec<T>, typed: Option<&str>, names: impl Fn(&T) -> Vec<String>) -> Vec<T> {
    let Some(typed) = typed else { return items };
    let index = NameIndex::new(items.iter().map(names).enumerate());
    index.search(typed).into_iter().filter_map(|number| items.get(number).copied()).collect()
}

/// What a regimen may be looked for by.
fn names_of(regimen: &Regimen, content: &Content) -> Vec<String> {
    let cancer = content.cancer(&regimen.cancer).map_or(&regimen.cancer, |cancer| &cancer.name);
    let mut names = vec![regimen.id.clone(), regimen.name.clone(), format!("{cancer} {}", regimen.name)];
    names.extend(regimen.aliases.iter().cloned());
    names.push(regimen.required_ingredients.join(" "));
    names.extend(regimen.pathway.iter().map(|pathway| pathway.id.clone()));
    names
}

/// What was typed as the beginning of a code, where it looks like one: a letter, then a digit. Dots and spaces do not matter.
fn as_code(typed: &str) -> Option<String> {
    let code: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '.').map(|c| c.to_ascii_uppercase()).collect();
    let mut characters = code.chars();
    let looks_so = characters.next()?.is_ascii_uppercase() && characters.next()?.is_ascii_digit();
    looks_so.then_some(code)
}
