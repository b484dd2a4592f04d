//! Drugs with their HCPCS codes, one file per class.

use super::codes::{is_hcpcs, terminated, text_of};
use super::document::{Document, Place};
use super::report::{Report, did_you_mean};
use super::source::Source;
use crate::domain::content::{Benefit, BillingUnit, Code, Drug, DrugCatalog};
use serde::Deserialize;
use std::collections::HashMap;
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
}

#[derive(Default)]
struct Seen {
    names: HashMap<String, String>,
    codes: HashMap<String, String>,
    ingredients: Vec<(String, (String, usize))>,
}

/// Reads every drug and the codes that ended.
pub(super) fn read(source: &Source, report: &mut Report) -> DrugCatalog {
    let mut drugs = Vec::new();
    let mut seen = Seen::default();
    for file in source.files("drugs", "toml") {
        let Some(text) = text_of(source, &file, report) else { continue };
        let Some(document) = Document::parse(&file, &text, report) else { continue };
        let header = document.header::<Header>(&["drug"], report);
        for (entry, place) in document.entries::<Entry>("drug", report) {
            note(&entry, place, &mut seen, report);
            if let Some(header) = &header {
                drugs.push(Arc::new(drug(entry, header, place, report)));
            }
        }
    }
    if drugs.is_empty() {
        report.error("drugs", 1, "there are no drugs", None);
    }
    for (ingredient, (file, line)) in &seen.ingredients {
        if !seen.names.contains_key(&ingredient.to_lowercase()) {
            let suggestion = did_you_mean(ingredient, seen.names.keys().map(String::as_str));
            report.error(file, *line, format!("there is no drug `{ingredient}`"), suggestion);
        }
    }
    let ended = terminated(source, |code| seen.codes.contains_key(code), report);
    DrugCatalog::new(drugs, ended)
}

fn note(entry: &Entry, place: Place<'_, '_>, seen: &mut Seen, report: &mut Report) {
    for name in std::iter::once(&entry.generic).chain(&entry.synonyms) {
        if let Some(other) = seen.names.insert(name.to_lowercase(), entry.generic.clone()) {
            place.error(report, format!("the name `{name}` is taken by `{other}`"), None);
        }
    }
    for (index, code) in entry.codes.iter().enumerate() {
        let here = place.key("codes").at(index);
        if !is_hcpcs(&code.hcpcs) {
            here.error(report, format!("`{}` is not a HCPCS code (a letter A to V and four digits)", code.hcpcs), None);
        }
        if let Some(other) = seen.codes.insert(code.hcpcs.clone(), entry.generic.clone()) {
            here.error(report, format!("code `{}` is here twice, also under `{other}`", code.hcpcs), None);
        }
    }
    let here = place.key("ingredients").position();
    seen.ingredients.extend(entry.ingredients.iter().map(|ingredient| (ingredient.clone(), here.clone())));
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
