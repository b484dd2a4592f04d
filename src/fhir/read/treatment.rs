//! The treatment plan: the items of the Claim say which drugs, a questionnaire or the requests behind the items say how they are given.

use super::answers::{Note, shown, whole};
use super::bundle::Bundle;
use super::claim::{Claim, Line};
use super::dosage;
use super::items::{Product, own_code, product};
use super::observations::is_about;
use super::people::requested_by;
use super::shape::Shape;
use crate::domain::content::{Content, DrugCatalog};
use crate::fhir::outcome::Issue;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The items, each with what it asks for.
type Products<'v> = BTreeMap<u32, (Line<'v>, Product)>;

/// A plan, and what stands against it.
#[derive(Debug, Default)]
pub struct Plan {
    /// The order's treatment.
    pub treatment: Option<Value>,
    /// Where parts of it stand, by JSON pointer.
    pub origins: BTreeMap<String, String>,
    /// Contradictions, each with its place.
    pub issues: Vec<Issue>,
    /// Items of which it is not told how they are given: sequence, place and what is missing.
    pub untold: Vec<(u32, Note)>,
}

/// Puts the plan together. `told` is what a questionnaire says of the treatment. Items that are taken back are part of it: the order has them.
pub fn read(bundle: &Bundle<'_>, claim: &Claim<'_>, told: Option<Value>, order: &Shape, content: &Content) -> Plan {
    let mut products = Products::new();
    let mut issues = Vec::new();
    for line in &claim.lines {
        match product(bundle, claim, line, &content.drugs) {
            Ok(product) => {
                products.insert(line.sequence, (*line, product));
            }
            Err(issue) => {
                products.insert(line.sequence, (*line, own_code(line)));
                issues.push(issue);
            }
        }
    }
    let has_phases =
        told.as_ref().is_some_and(|told| told.get("phases").and_then(Value::as_array).is_some_and(|all| !all.is_empty()));
    if has_phases {
        let mut plan = reconciled(claim, told.unwrap_or_default(), &products, &content.drugs);
        plan.issues.extend(issues);
        return plan;
    }
    let mut plan = of_requests(bundle, claim, &products, order, content);
    plan.issues.extend(issues);
    // what a questionnaire says beside the phases, such as which earlier order goes on
    if let (Some(treatment), Some(Value::Object(told))) = (plan.treatment.as_mut().and_then(Value::as_object_mut), told) {
        treatment.extend(told.into_iter().filter(|(name, _)| name != "phases"));
    }
    plan
}

/// The plan of a questionnaire, held against the items: each of its drugs is an item, and each item is a drug of it.
fn reconciled(claim: &Claim<'_>, mut told: Value, products: &Products<'_>, drugs: &DrugCatalog) -> Plan {
    let mut plan = Plan::default();
    let mut seen = Vec::new();
    let phases = told.get_mut("phases").and_then(Value::as_array_mut);
    let planned = phases.into_iter().flatten().filter_map(|phase| phase.get_mut("drugs").and_then(Value::as_array_mut)).flatten();
    for drug in planned.filter_map(Value::as_object_mut) {
        match line_of(drug, products).and_then(|line| products.get(&line)) {
            Some((line, product)) => {
                seen.push(line.sequence);
                drug.insert("line".to_owned(), json!(line.sequence));
                if let Err(words) = agree(line, product, drug, drugs) {
                    plan.issues.push(Issue::at("business-rule", claim.item_path(line, "productOrService"), words));
                }
            }
            None => plan.issues.push(Issue::at(
                "business-rule",
                claim.entry.path("item"),
                format!("the treatment plan has a drug that is no item of the Claim: {}", named(drug)),
            )),
        }
    }
    for (line, _) in products.values().filter(|(line, _)| !seen.contains(&line.sequence)) {
        let text = "the treatment plan of the questionnaire does not say how this item is given: dose, days of the cycle, cycle and cycles";
        plan.untold.push((line.sequence, Note { expression: claim.item_path(line, ""), text: text.to_owned() }));
    }
    plan.treatment = Some(told);
    plan
}

/// The item that a drug of the plan is: by its line, else the one item with its code.
fn line_of(drug: &Map<String, Value>, products: &Products<'_>) -> Option<u32> {
    if let Some(line) = drug.get("line") {
        return line.as_number().and_then(whole).and_then(|line| u32::try_from(line).ok());
    }
    let code = drug.get("hcpcs").and_then(Value::as_str)?;
    let mut same = products.iter().filter(|(_, (_, product))| product.code.as_deref() == Some(code));
    let (line, _) = same.next()?;
    same.next().is_none().then_some(*line)
}

/// Completes a drug from its item, once both mean the same drug. A plan is never what an item is read by: an item that does not say in a way
/// that is read here which drug it is for asks for none.
fn agree(line: &Line<'_>, product: &Product, drug: &mut Map<String, Value>, drugs: &DrugCatalog) -> Result<(), String> {
    let told = |name: &str| drug.get(name).and_then(Value::as_str).map(str::to_owned);
    let (code, generic) = (told("hcpcs"), told("generic"));
    let of_code = code.as_deref().and_then(|code| drugs.by_code(code)).map(|(drug, _)| drug.generic.clone());
    let of_name = generic.as_deref().and_then(|name| drugs.named(name)).map(|drug| drug.generic.clone());
    let differs = |item: &str, plan: &str| {
        Err(format!("the item is {item} and the treatment plan has {plan} for line {}: correct one of them", line.sequence))
    };
    let item = product.code.as_deref().or(product.name.as_deref()).unwrap_or("not named");
    match (&product.code, &code) {
        (Some(own), Some(told)) if own != told => return differs(own, told),
        (None, Some(told)) if product.generic.is_none() || of_code != product.generic => return differs(item, told),
        _ => {}
    }
    if let Some(generic) = &generic {
        let same_words = product.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(generic));
        let same_drug = of_name.is_some() && of_name == product.generic;
        let is_unnamed = product.code.is_none() && !same_words;
        let is_other = product.generic.is_some() && of_name.is_some();
        if (is_unnamed || is_other) && !same_drug {
            return differs(item, generic);
        }
    }
    match (&product.code, code) {
        (Some(code), None) => drug.insert("hcpcs".to_owned(), json!(code)),
        (None, None) if generic.is_none() => drug.insert("generic".to_owned(), json!(product.name)),
        _ => None,
    };
    Ok(())
}

fn named(drug: &Map<String, Value>) -> String {
    let part = |name: &str| drug.get(name).map(|value| format!("{name} {}", shown(value)));
    ["line", "hcpcs", "generic"].into_iter().filter_map(part).collect::<Vec<_>>().join(", ")
}

/// The plan that the requests behind the items say, where each says it in a way that leaves nothing open and all have one cycle.
fn of_requests(bundle: &Bundle<'_>, claim: &Claim<'_>, products: &Products<'_>, order: &Shape, content: &Content) -> Plan {
    let mut plan = Plan::default();
    let mut drugs = Vec::new();
    let mut cycle: Option<(i64, i64)> = None;
    for (sequence, (line, product)) in products {
        let request = requested_by(bundle, claim, line).ok().flatten();
        let about = request.filter(|entry| entry.kind() == "MedicationRequest" && is_about(bundle, *entry, claim));
        let given = about
            .ok_or("no MedicationRequest of this patient says how it is given")
            .and_then(|entry| dosage::read(entry.resource, order, content));
        match given {
            Ok(given) if cycle.is_none_or(|cycle| cycle == (given.cycle_length_days, given.cycles)) => {
                cycle = Some((given.cycle_length_days, given.cycles));
                plan.origins.insert(
                    format!("/treatment/phases/0/drugs/{}", drugs.len()),
                    about.map(|entry| entry.path("")).unwrap_or_default(),
                );
                drugs.push(json!({
                    "line": sequence, "hcpcs": product.code, "generic": product.name, "route": given.route, "dose": given.dose,
                    "days": [given.day], "frequency_per_day": 1,
                }));
            }
            Ok(_) => plan.untold.push((
                *sequence,
                untold(claim, line, "its cycle is not that of the other items: whether it follows or runs beside is not told"),
            )),
            Err(why) => plan.untold.push((*sequence, untold(claim, line, why))),
        }
    }
    plan.treatment = Some(match cycle {
        Some((days, cycles)) => json!({"phases": [{"cycle_length_days": days, "cycles": cycles, "drugs": drugs}]}),
        None => json!({"phases": []}),
    });
    plan
}

fn untold(claim: &Claim<'_>, line: &Line<'_>, why: &str) -> Note {
    let text = format!(
        "{why}; answer /treatment/phases in a QuestionnaireResponse: cycle_length_days, cycles, beside, and for each drug line, dose, \
         days and route"
    );
    Note { expression: claim.item_path(line, ""), text }
}
