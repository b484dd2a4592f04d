//! How a `MedicationRequest` says that a drug is given: once in every cycle, so many times, so much each time. A request that says it in
//! another way, or says more than is read here, is not read at all, so that nothing is guessed.

use super::answers::whole;
use super::shape::Shape;
use crate::domain::content::{Content, SystemCode};
use crate::fhir::element::{codings, list, text};
use serde_json::{Map, Value, json};

/// States of a request that is to be carried out.
const IN_FORCE: [&str; 2] = ["active", "draft"];
/// Intents that order.
const ORDERING: [&str; 5] = ["order", "original-order", "reflex-order", "filler-order", "instance-order"];
/// System of units.
const UCUM: &str = "http://unitsofmeasure.org";

/// How a drug is given.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// Days of a cycle.
    pub cycle_length_days: i64,
    /// How many cycles.
    pub cycles: i64,
    /// On which day of the cycle.
    pub day: i64,
    /// Amount and unit.
    pub dose: Value,
    /// By which way, where that is told.
    pub route: Option<String>,
}

/// Reads a request, or says what keeps it from being read.
pub fn read(request: &Value, order: &Shape, content: &Content) -> Result<Given, &'static str> {
    const UNCLEAR: &str = "the timing of its MedicationRequest leaves days or cycles open";
    let is = |name: &str, known: &[&str]| text(request, name).is_some_and(|word| known.contains(&word));
    if !is("status", &IN_FORCE) || !is("intent", &ORDERING) {
        return Err("its MedicationRequest is not an order that is in force");
    }
    let [instruction] = list(request, "dosageInstruction") else {
        return Err("its MedicationRequest has no dosage instruction, or several");
    };
    let is_always = instruction.get("asNeededBoolean").is_none_or(|flag| flag == false);
    let known = ["id", "extension", "sequence", "text", "timing", "route", "doseAndRate", "asNeededBoolean"];
    if !has_only(instruction, &known) || !is_always {
        return Err("the dosage instruction of its MedicationRequest says more than is read here");
    }
    let timing = instruction.get("timing").filter(|timing| has_only(timing, &["id", "extension", "repeat"])).ok_or(UNCLEAR)?;
    let repeat = timing.get("repeat").filter(|repeat| has_only(repeat, &["count", "frequency", "period", "periodUnit"]));
    let repeat = repeat.and_then(Value::as_object).ok_or(UNCLEAR)?;
    let (cycle_length_days, cycles) = cycle(repeat).ok_or(UNCLEAR)?;
    let dose = dose(instruction, order).ok_or("the dose of its MedicationRequest is not one that is read here")?;
    let route = route(instruction, content)?;
    let Some(written) = instruction.get("text") else { return Ok(Given { cycle_length_days, cycles, day: 1, dose, route }) };
    let said = written.as_str().and_then(|words| Said::parse(words, content));
    let said = said.filter(|said| said.agrees(cycle_length_days, &dose, route.as_deref(), content));
    let said = said.ok_or("the words of its dosage instruction are not read here, or differ from what stands beside them")?;
    Ok(Given { cycle_length_days, cycles, day: said.day, dose, route: route.or(said.route) })
}

fn has_only(value: &Value, known: &[&str]) -> bool {
    value.as_object().is_some_and(|members| members.keys().all(|name| known.contains(&name.as_str())))
}

/// Days of a cycle, and how many there are: once in every period.
fn cycle(repeat: &Map<String, Value>) -> Option<(i64, i64)> {
    let number = |name: &str| repeat.get(name).and_then(Value::as_number).and_then(whole).filter(|number| *number > 0);
    if repeat.contains_key("frequency") && number("frequency") != Some(1) {
        return None;
    }
    let unit = match repeat.get("periodUnit").and_then(Value::as_str)? {
        "d" => 1,
        "wk" => 7,
        _ => return None,
    };
    Some((number("period")?.saturating_mul(unit), number("count")?))
}

/// The one dose of an instruction, where all that names its unit names the same unit of orders.
fn dose(instruction: &Value, order: &Shape) -> Option<Value> {
    let [rate] = list(instruction, "doseAndRate") else { return None };
    let quantity = rate.get("doseQuantity")?;
    let is_plain =
        rate.get("type").is_none_or(|kind| codings(kind).all(|coding| matches!(coding.code, "ordered" | "calculated")));
    let is_ucum = quantity.get("system").is_none_or(|system| system == UCUM);
    let is_read =
        has_only(rate, &["id", "type", "doseQuantity"]) && has_only(quantity, &["id", "value", "unit", "code", "system"]);
    if !is_plain || !is_ucum || !is_read {
        return None;
    }
    let amount = quantity.get("value")?.as_number()?;
    let units = &order.at("/treatment/phases/drugs/dose/unit")?.words;
    let mut named = ["code", "unit"].into_iter().filter_map(|name| quantity.get(name));
    let unit = named.next()?;
    let is_known = units.iter().any(|known| unit == known.as_str());
    (is_known && named.all(|other| other == unit)).then(|| json!({"amount": amount, "unit": unit}))
}

/// The route, where one is told: every code and word of it has to be read, and to mean the same.
fn route(instruction: &Value, content: &Content) -> Result<Option<String>, &'static str> {
    const UNREAD: &str = "the route of its MedicationRequest is not one that is read here";
    let Some(concept) = instruction.get("route") else { return Ok(None) };
    let known = |system: &str, code: &str| {
        content.code_tables.values.get(&SystemCode { system: system.to_owned(), code: code.to_owned() }).cloned()
    };
    let mut found: Option<String> = None;
    for coding in codings(concept) {
        let Some(read) = known(coding.system, coding.code) else { continue };
        if found.as_ref().is_some_and(|other| *other != read) {
            return Err(UNREAD);
        }
        found = Some(read);
    }
    let words = text(concept, "text");
    let found = found.or_else(|| words.filter(|_| codings(concept).next().is_none()).map(str::to_owned)).ok_or(UNREAD)?;
    let meant = content.dosing.said(&found).route().ok_or(UNREAD)?;
    let agrees = |words: &str| content.dosing.said(words).route().is_none_or(|other| other == meant);
    words.is_none_or(agrees).then_some(Some(found)).ok_or(UNREAD)
}

/// What the words of an instruction say: `75 mg/m2 iv, day 1 of each 21-day cycle`.
#[derive(Debug, Clone, PartialEq)]
struct Said {
    amount: f64,
    unit: String,
    route: Option<String>,
    day: i64,
    cycle_length_days: i64,
}

impl Said {
    fn parse(words: &str, content: &Content) -> Option<Self> {
        let (given, cycle) = words.trim().split_once(" of each ")?;
        let cycle_length_days = cycle.strip_suffix("-day cycle")?.parse().ok()?;
        let (dose, day) = given.rsplit_once(" day ")?;
        let mut parts = dose.trim_end_matches(',').splitn(3, ' ');
        let (amount, unit) = (parts.next()?.parse().ok()?, parts.next()?.to_owned());
        let route = parts.next().map(str::to_owned);
        if route.as_deref().is_some_and(|route| content.dosing.said(route).route().is_none()) {
            return None;
        }
        Some(Self { amount, unit, route, day: day.parse().ok()?, cycle_length_days })
    }

    fn agrees(&self, cycle_length_days: i64, dose: &Value, route: Option<&str>, content: &Content) -> bool {
        let same_dose =
            dose.get("amount").and_then(Value::as_f64) == Some(self.amount) && dose.get("unit") == Some(&json!(self.unit));
        let same_route = match (route, self.route.as_deref()) {
            (Some(one), Some(other)) => content.dosing.said(one).route() == content.dosing.said(other).route(),
            _ => true,
        };
        let is_within = (1..=cycle_length_days).contains(&self.day) && self.cycle_length_days == cycle_length_days;
        same_dose && same_route && is_within
    }
}
