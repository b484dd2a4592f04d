//! Drugs with their HCPCS codes, one file per class.

use super::codes::{is_hcpcs, terminated, text_of};
use super::document::{Document, Place};
use super::releases::{CodeSet, Lifetime, Releases};
use super::report::{Report, did_you_mean};
use super::source::Source;
use crate::domain::content::{Benefit, BillingUnit, Code, Drug, DrugCatalog, TerminatedCode};
use serde::Deserialize;
use std::sync::Arc;

const UNITS: [&str; 10] = ["mg", "mcg", "g", "units", "million_units", "mci", "uci", "each", "ml", "meq"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    class: String,
    supportive: bool,
    provenance: String,
    #[serde(default)]
    verify: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    generic: String,
    #[serde(default)]
    synonyms: Vec<String>,
    #[serde(default)]
    brands: Vec<String>,
    #[serde(default)]
    ingredients: Vec<String>,
    class: Option<String>,
    subclass: String,
    supportive: Option<bool>,
    benefit: Option<Benefit>,
    #[serde(default)]
    managed_on_dose: bool,
    cost_per_month: Option<f64>,
    provenance: Option<String>,
    verify: Option<bool>,
    introduced: Option<String>,
    retired: Option<String>,
    #[serde(default)]
    codes: Vec<CodeEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeEntry {
    hcpcs: String,
    name: String,
    unit: Option<String>,
    benefit: Option<Benefit>,
    #[serde(default)]
    part_b_oral: bool,
    product: Option<String>,
    biosimilar: Option<String>,
    pays: Option<f64>,
    introduced: Option<String>,
    retired: Option<String>,
}

struct Seen {
    names: CodeSet<String>,
    codes: CodeSet<String>,
    ingredients: Vec<(String, Lifetime, (String, usize))>,
}

/// Every drug and ended code, with the releases they belong to (REG-08).
#[derive(Debug)]
pub(super) struct Drafts {
    drugs: Vec<Draft>,
    ended: Vec<(TerminatedCode, Lifetime)>,
}

/// A drug with every code it ever has.
#[derive(Debug)]
struct Draft {
    drug: Arc<Drug>,
    life: Lifetime,
    /// Releases of each code.
    codes: Vec<Lifetime>,
}

impl Draft {
    /// The drug as the release with this index has it.
    fn version(&self, release: usize) -> Option<Arc<Drug>> {
        if !self.life.covers(release) {
            return None;
        }
        if self.codes.iter().all(|life| life.covers(release)) {
            return Some(Arc::clone(&self.drug));
        }
        let kept = self.drug.codes.iter().zip(&self.codes).filter(|(_, life)| life.covers(release));
        Some(Arc::new(Drug { codes: kept.map(|(code, _)| code.clone()).collect(), ..(*self.drug).clone() }))
    }
}

impl Drafts {
    /// Whatever any release has: what content may name.
    pub fn all(&self) -> DrugCatalog {
        let drugs = self.drugs.iter().map(|draft| Arc::clone(&draft.drug)).collect();
        DrugCatalog::new(drugs, self.ended.iter().map(|(code, _)| code.clone()).collect())
    }

    /// What each of so many releases has, shared where nothing changes.
    pub fn by_release(&self, releases: &Releases) -> Vec<Arc<DrugCatalog>> {
        let mut found: Vec<Arc<DrugCatalog>> = Vec::new();
        for (release, _) in releases.iter() {
            let drugs: Vec<Arc<Drug>> = self.drugs.iter().filter_map(|draft| draft.version(release)).collect();
            let ended: Vec<TerminatedCode> =
                self.ended.iter().filter(|(_, life)| life.covers(release)).map(|(code, _)| code.clone()).collect();
            let same = found.last().filter(|before| before.is_of(&drugs, &ended)).map(Arc::clone);
            found.push(same.unwrap_or_else(|| Arc::new(DrugCatalog::new(drugs, ended))));
        }
        found
    }
}

/// Reads every drug and the codes that ended.
pub(super) fn read(source: &Source, releases: &Releases, report: &mut Report) -> Drafts {
    let mut drugs = Vec::new();
    let mut seen = Seen { names: CodeSet::new(), codes: CodeSet::new(), ingredients: Vec::new() };
    for file in source.files("drugs", "toml") {
        let Some(text) = text_of(source, &file, report) else { continue };
        let Some(document) = Document::parse(&file, &text, report) else { continue };
        let header = document.header::<Header>(&["drug"], report);
        for (entry, place) in document.entries::<Entry>("drug", report) {
            let life = releases.lifetime(entry.introduced.as_deref(), entry.retired.as_deref(), place, report);
            let codes: Vec<Lifetime> = (0..)
                .zip(&entry.codes)
                .map(|(index, code)| {
                    let here = place.key("codes").at(index);
                    releases.lifetime(code.introduced.as_deref(), code.retired.as_deref(), here, report).within(life)
                })
                .collect();
            note(&entry, (life, &codes), place, &mut seen, report);
            if let Some(header) = &header {
                drugs.push(Draft { drug: Arc::new(drug(entry, header, place, report)), life, codes });
            }
        }
    }
    if drugs.is_empty() {
        report.unusable("drugs", 1, "there are no drugs");
    }
    for (ingredient, life, (file, line)) in &seen.ingredients {
        if !seen.names.has(&ingredient.to_lowercase(), *life) {
            let suggestion = did_you_mean(ingredient, seen.names.codes());
            report.error(file, *line, format!("there is no drug `{ingredient}`"), suggestion);
        }
    }
    let ended = terminated(source, releases, |code, life| seen.codes.has(code, life), report);
    Drafts { drugs, ended }
}

fn note(entry: &Entry, (life, codes): (Lifetime, &[Lifetime]), place: Place<'_, '_>, seen: &mut Seen, report: &mut Report) {
    for name in std::iter::once(&entry.generic).chain(&entry.synonyms) {
        if let Some(other) = seen.names.add_or_clash(&name.to_lowercase(), &entry.generic, life) {
            place.error(report, format!("the name `{name}` is taken by `{other}`"), None);
        }
    }
    for (index, (code, life)) in entry.codes.iter().zip(codes).enumerate() {
        let here = place.key("codes").at(index);
        if !is_hcpcs(&code.hcpcs) {
            here.error(report, format!("`{}` is not a HCPCS code (a letter A to V and four digits)", code.hcpcs), None);
        }
        if let Some(other) = seen.codes.add_or_clash(&code.hcpcs, &entry.generic, *life) {
            here.error(report, format!("code `{}` is here twice, also under `{other}`", code.hcpcs), None);
        }
    }
    let here = place.key("ingredients").position();
    seen.ingredients.extend(entry.ingredients.iter().map(|ingredient| (ingredient.clone(), life, here.clone())));
}

fn drug(entry: Entry, header: &Header, place: Place<'_, '_>, report: &mut Report) -> Drug {
    let benefit = entry.benefit.unwrap_or(Benefit::Medical);
    let codes = entry
        .codes
        .into_iter()
        .enumerate()
        .map(|(index, code)| Code {
            billing_unit: code.unit.as_deref().and_then(|text| unit(text, place.key("codes").at(index), report)),
            hcpcs: code.hcpcs,
            descriptor: code.name,
            benefit: code.benefit.unwrap_or(benefit),
            medicare_part_b_oral: code.part_b_oral,
            product: code.product,
            biosimilar_name: code.biosimilar,
            payment_per_unit: code.pays,
        })
        .collect();
    let ingredients = if entry.ingredients.is_empty() { vec![entry.generic.clone()] } else { entry.ingredients };
    Drug {
        generic: entry.generic,
        synonyms: entry.synonyms.into_iter().map(|name| name.to_lowercase()).collect(),
        brands: entry.brands,
        ingredients,
        class: entry.class.unwrap_or_else(|| header.class.clone()),
        subclass: entry.subclass,
        supportive: entry.supportive.unwrap_or(header.supportive),
        benefit,
        managed_on_dose: entry.managed_on_dose,
        relative_cost: entry.cost_per_month,
        codes,
        provenance: entry.provenance.unwrap_or_else(|| header.provenance.clone()),
        verify: entry.verify.unwrap_or(header.verify),
    }
}

fn unit(text: &str, place: Place<'_, '_>, report: &mut Report) -> Option<BillingUnit> {
    let (amount, unit) = text.split_once(' ').unwrap_or((text, ""));
    let amount = amount.parse::<f64>().ok().filter(|amount| *amount > 0.0 && amount.is_finite());
    match amount {
        Some(amount) if UNITS.contains(&unit) => Some(BillingUnit { amount, unit: unit.to_owned() }),
        _ => {
            let suggestion = did_you_mean(unit, UNITS).or_else(|| Some("write it like `10 mg`".to_owned()));
            place.key("unit").error(report, format!("`{text}` is not a billing unit"), suggestion);
            None
        }
    }
}
