//! The treatment plan: the items of the Claim say which drugs, a questionnaire or the requests behind the items say how they are given.

use super::answers::{Note, shown, whole};
use super::bundle::{Bundle, Entry};
use super::claim::{Claim, Line};
use super::items::{Product, product};
use super::observations::is_about;
use super::people::requested_by;
use super::shape::Shape;
use crate::domain::content::{CodeTables, SystemCode};
use crate::fhir::element::{codings, list, put, text};
use crate::fhir::outcome::Issue;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

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

/// Puts the plan together. `told` is what a questionnaire says of the treatment, `before` the treatment of the order that is changed: there,
/// lines that are taken back stay in the plan, and what is not told anew stays as it was.
pub fn read(
    bundle: &Bundle<'_>,
    claim: &Claim<'_>,
    told: Option<Value>,
    before: Option<&Value>,
    (order, tables): (&Shape, &CodeTables),
) -> Plan {
    let products: BTreeMap<u32, (Line<'_>, Product)> = claim
        .lines
        .iter()
        .filter(|line| !line.is_cancelled || before.is_some())
        .map(|line| (line.sequence, (*line, product(bundle, claim, line))))
        .collect();
    let has_phases =
        told.as_ref().is_some_and(|told| told.get("phases").and_then(Value::as_array).is_some_and(|all| !all.is_empty()));
    if has_phases {
        return reconciled(claim, told.unwrap_or_default(), before, &products);
    }
    if let Some(before) = before {
        return reconciled(claim, before.clone(), None, &products);
    }
    let mut plan = of_requests(bundle, claim, &products, order, tables);
    // what a questionnaire says beside the phases, such as which earlier order goes on
    if let (Some(treatment), Some(Value::Object(told))) = (plan.treatment.as_mut().and_then(Value::as_object_mut), told) {
        treatment.extend(told.into_iter().filter(|(name, _)| name != "phases"));
    }
    plan
}

/// The plan of a questionnaire, held against the items: each of its drugs is an item, and each item is a drug of it.
fn reconciled(claim: &Claim<'_>, mut told: Value, before: Option<&Value>, products: &BTreeMap<u32, (Line<'_>, Product)>) -> Plan {
    let mut plan = Plan::default();
    let mut seen = Vec::new();
    let is_dropped = |line: u32| claim.lines.iter().any(|other| other.sequence == line) && !products.contains_key(&line);
    if let Some(before) = before {
        put_back(&mut told, before, products);
    }
    let phases = told.get_mut("phases").and_then(Value::as_array_mut);
    for phase in phases.into_iter().flatten() {
        let Some(drugs) = phase.get_mut("drugs").and_then(Value::as_array_mut) else { continue };
        drugs.retain_mut(|drug| {
            let Some(drug) = drug.as_object_mut() else { return true };
            let line = line_of(drug, products);
            if line.is_some_and(is_dropped) {
                return false;
            }
            match line.and_then(|line| products.get(&line)) {
                Some((line, product)) => {
                    seen.push(line.sequence);
                    drug.insert("line".to_owned(), json!(line.sequence));
                    agree(claim, line, product, drug, &mut plan.issues);
                }
                None => plan.issues.push(Issue::at(
                    "business-rule",
                    claim.entry.path("item"),
                    format!("the treatment plan has a drug that is no item of the Claim: {}", named(drug)),
                )),
            }
            true
        });
    }
    for (line, _) in products.values().filter(|(line, _)| !seen.contains(&line.sequence)) {
        let text = "the treatment plan of the questionnaire does not say how this item is given: dose, days of the cycle, cycle and cycles";
        plan.untold.push((line.sequence, Note { expression: claim.item_path(line, ""), text: text.to_owned() }));
    }
    if let Some(phases) = told.get_mut("phases").and_then(Value::as_array_mut) {
        phases.retain(|phase| phase.get("drugs").and_then(Value::as_array).is_none_or(|drugs| !drugs.is_empty()));
    }
    plan.treatment = Some(told);
    plan
}

/// Puts those drugs of the earlier plan that the new one does not have into the phases that they were in.
fn put_back(told: &mut Value, before: &Value, products: &BTreeMap<u32, (Line<'_>, Product)>) {
    let drugs_of = |phase: &Value| phase.get("drugs").and_then(Value::as_array).cloned().unwrap_or_default();
    let line_of = |drug: &Value| drug.get("line").and_then(Value::as_u64).and_then(|line| u32::try_from(line).ok());
    let Some(phases) = told.get_mut("phases").and_then(Value::as_array_mut) else { return };
    let has: Vec<u32> = phases.iter().flat_map(drugs_of).filter_map(|drug| line_of(&drug)).collect();
    for (index, phase) in before.get("phases").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let left_out = |drug: &Value| line_of(drug).is_some_and(|line| !has.contains(&line) && products.contains_key(&line));
        let kept: Vec<Value> = drugs_of(phase).into_iter().filter(left_out).collect();
        if kept.is_empty() {
            continue;
        }
        if let Some(drugs) = phases.get_mut(index).and_then(|phase| phase.get_mut("drugs")).and_then(Value::as_array_mut) {
            drugs.extend(kept);
        } else {
            let mut phase = phase.clone();
            put(&mut phase, "drugs", kept);
            phases.push(phase);
        }
    }
}

/// The item that a drug of the plan is: by its line, else the one item with its code.
fn line_of(drug: &Map<String, Value>, products: &BTreeMap<u32, (Line<'_>, Product)>) -> Option<u32> {
    if let Some(line) = drug.get("line") {
        return line.as_number().and_then(whole).and_then(|line| u32::try_from(line).ok());
    }
    let code = drug.get("hcpcs").and_then(Value::as_str)?;
    let mut same = products.iter().filter(|(_, (_, product))| product.code.as_deref() == Some(code));
    let (line, _) = same.next()?;
    same.next().is_none().then_some(*line)
}

/// Completes a drug from its item. Two codes that differ are nobody's to choose between.
fn agree(claim: &Claim<'_>, line: &Line<'_>, product: &Product, drug: &mut Map<String, Value>, issues: &mut Vec<Issue>) {
    let told = drug.get("hcpcs").and_then(Value::as_str).map(str::to_owned);
    match (&product.code, told) {
        (Some(code), Some(told)) if *code != told => issues.push(Issue::at(
            "business-rule",
            claim.item_path(line, "productOrService"),
            format!("the item is {code} and the treatment plan has {told} for line {}: correct one of them", line.sequence),
        )),
        (Some(code), None) => {
            drug.insert("hcpcs".to_owned(), json!(code));
        }
        (None, None) if !drug.contains_key("generic") => {
            drug.insert("generic".to_owned(), json!(product.name));
        }
        _ => {}
    }
}

fn named(drug: &Map<String, Value>) -> String {
    let part = |name: &str| drug.get(name).map(|value| format!("{name} {}", shown(value)));
    ["line", "hcpcs", "generic"].into_iter().filter_map(part).collect::<Vec<_>>().join(", ")
}

/// How one request is given.
struct Given {
    cycle_length_days: i64,
    cycles: i64,
    drug: Value,
}

/// The plan that the requests behind the items say, where each says it in a way that leaves nothing open and all have one cycle.
fn of_requests(
    bundle: &Bundle<'_>,
    claim: &Claim<'_>,
    products: &BTreeMap<u32, (Line<'_>, Product)>,
    order: &Shape,
    tables: &CodeTables,
) -> Plan {
    let mut plan = Plan::default();
    let mut drugs = Vec::new();
    let mut cycle: Option<(i64, i64)> = None;
    for (sequence, (line, product)) in products {
        let request = requested_by(bundle, claim, line.item);
        let about = request.filter(|entry| entry.kind() == "MedicationRequest" && is_about(bundle, *entry, claim));
        let given = about
            .ok_or("no MedicationRequest of this patient says how it is given")
            .and_then(|entry| given(entry, *sequence, product, order, tables));
        match given {
            Ok(given) if cycle.is_none_or(|cycle| cycle == (given.cycle_length_days, given.cycles)) => {
                cycle = Some((given.cycle_length_days, given.cycles));
                plan.origins.insert(
                    format!("/treatment/phases/0/drugs/{}", drugs.len()),
                    about.map(|entry| entry.path("")).unwrap_or_default(),
                );
                drugs.push(given.drug);
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

/// How a request is given: once in every cycle, so many times, so much each time. Anything else is not read, so that nothing is guessed.
fn given(entry: Entry<'_>, line: u32, product: &Product, order: &Shape, tables: &CodeTables) -> Result<Given, &'static str> {
    const UNCLEAR: &str = "the timing of its MedicationRequest leaves days or cycles open";
    let [instruction] = list(entry.resource, "dosageInstruction") else {
        return Err("its MedicationRequest has no dosage instruction, or several");
    };
    let repeat = instruction.get("timing").and_then(|timing| timing.get("repeat")).and_then(Value::as_object).ok_or(UNCLEAR)?;
    let read = ["count", "frequency", "period", "periodUnit"];
    if repeat.keys().any(|name| !read.contains(&name.as_str())) {
        return Err(UNCLEAR);
    }
    let number = |name: &str| repeat.get(name).and_then(Value::as_number).and_then(whole).filter(|number| *number > 0);
    let unit = match repeat.get("periodUnit").and_then(Value::as_str) {
        Some("d") => 1,
        Some("wk") => 7,
        _ => return Err(UNCLEAR),
    };
    if repeat.contains_key("frequency") && number("frequency") != Some(1) {
        return Err(UNCLEAR);
    }
    let (period, count) = (number("period").ok_or(UNCLEAR)?, number("count").ok_or(UNCLEAR)?);
    let dose = dose(instruction, order).ok_or("the dose of its MedicationRequest is not one that is read here")?;
    let route = instruction.get("route").and_then(|concept| {
        codings(concept)
            .find_map(|coding| tables.values.get(&SystemCode { system: coding.system.to_owned(), code: coding.code.to_owned() }))
    });
    let drug = json!({
        "line": line, "hcpcs": product.code, "generic": product.name, "route": route, "dose": dose, "days": [1], "frequency_per_day": 1,
    });
    Ok(Given { cycle_length_days: period.saturating_mul(unit), cycles: count, drug })
}

/// The one dose of an instruction, where its unit is a unit of orders.
fn dose(instruction: &Value, order: &Shape) -> Option<Value> {
    let [rate] = list(instruction, "doseAndRate") else { return None };
    let quantity = rate.get("doseQuantity")?;
    if quantity.get("comparator").is_some() {
        return None;
    }
    let amount = quantity.get("value")?.as_number()?;
    let units = &order.at("/treatment/phases/drugs/dose/unit")?.words;
    let unit =
        ["code", "unit"].iter().filter_map(|name| text(quantity, name)).find(|unit| units.iter().any(|known| known == unit))?;
    Some(json!({"amount": amount, "unit": unit}))
}
