//! What is refused before anything is judged: a forbidden route, and a unit of a kind that the product cannot have (SAFE-08, SAFE-13).

use super::super::dose;
use super::super::plan;
use crate::domain::content::{Basis, Code, Content, Drug, Kind, Per, Product, Routes};
use crate::domain::order::{Dose, OrderedDrug};
use crate::domain::refusal::Fault;
use crate::domain::vocabulary::{DoseUnit, DrugRole};

/// Every fault of a line; `at` leads to a field of it.
pub fn faults(drug: &OrderedDrug, at: &impl Fn(&str) -> String, content: &Content, faults: &mut Vec<Fault>) {
    let Some((known, code)) = lookup(drug, content) else { return };
    let Some(dosing) = content.dosing.of(&known.generic) else { return };
    let products: Vec<&Product> = dosing.products_for(code.map(|code| code.hcpcs.as_str())).collect();
    route(drug, known, &products, at, content, faults);
    if drug.role == Some(DrugRole::Investigational) {
        return;
    }
    for (field, dose) in [("/dose/unit", drug.dose), ("/loading_dose/unit", drug.loading_dose)] {
        if let Some(message) = dose.and_then(|dose| wrong_unit(dose, known, code, &products)) {
            faults.push(Fault::new(at(field), "unit-not-possible", message));
        }
    }
}

/// The drug, also where it is only named: without a code, or beside one that is unknown or for unclassified drugs.
fn lookup<'a>(drug: &OrderedDrug, content: &'a Content) -> Option<(&'a Drug, Option<&'a Code>)> {
    match drug.hcpcs.as_ref().and_then(|code| content.drugs.by_code(code)) {
        Some((known, code)) if !known.is_unclassified() => Some((known, Some(code))),
        _ => Some((plan::named(drug, &content.drugs)?, None)),
    }
}

fn route(
    drug: &OrderedDrug,
    known: &Drug,
    products: &[&Product],
    at: &impl Fn(&str) -> String,
    content: &Content,
    faults: &mut Vec<Fault>,
) {
    let Some(text) = drug.route.as_deref() else { return };
    let mentioned = content.dosing.said(text).mentioned;
    let all = |of: fn(&Product) -> Routes| products.iter().fold(0, |all, product| all | of(product).0);
    let forbidden = Routes(mentioned.0 & all(Product::never) & !all(Product::routes));
    if forbidden.0 == 0 {
        return;
    }
    let message = format!(
        "{} is never given {} (`{text}`); it is given {}: correct the route",
        known.generic,
        content.dosing.route_names(forbidden),
        content.dosing.route_names(Routes(all(Product::routes)))
    );
    faults.push(Fault::new(at("/route"), "forbidden-route", message));
}

/// Why the unit is not one of the product's, where it is not.
fn wrong_unit(dose: Dose, known: &Drug, code: Option<&Code>, products: &[&Product]) -> Option<String> {
    let rules = || products.iter().flat_map(|product| &product.rules);
    let codes = code.map_or(known.codes.as_slice(), std::slice::from_ref);
    let billed = || codes.iter().filter_map(|code| code.billing_unit.as_ref());
    let kinds_billed = || billed().filter_map(|unit| Basis::parse(&unit.unit)).map(|(basis, _)| basis.kind);
    let has = |kind: Kind| rules().any(|rule| rule.basis.kind == kind) || kinds_billed().any(|billed| billed == kind);
    let is_possible = |unit: DoseUnit| {
        let (basis, _) = dose::measure(unit);
        has(basis.kind) && (basis.per != Per::Auc || rules().any(|rule| rule.basis.per == Per::Auc))
    };
    if is_possible(dose.unit) || (rules().next().is_none() && kinds_billed().next().is_none()) {
        return None;
    }
    // a code that bills containers may be ordered by what they hold, which a person then looks at
    let holds = billed().all(|unit| unit.unit == "each") && !codes.is_empty();
    if holds && dose::measure(dose.unit).0.per == Per::Flat {
        return None;
    }
    let possible: Vec<&str> = DoseUnit::ALL.iter().filter(|unit| is_possible(**unit)).map(|unit| unit.as_str()).collect();
    Some(format!("{} cannot be given in {}: enter the dose in {}", known.generic, dose.unit, possible.join(", ")))
}
