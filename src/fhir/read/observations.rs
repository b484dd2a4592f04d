//! Clinical answers in base and mCODE resources: observations by code, stage and histology of the cancer, intent of the requests. They are
//! read where they are there, about the patient and final; nothing asks for them.

use super::answers::{Note, quantity_in_words, whole};
use super::bundle::{Bundle, Entry};
use super::claim::Claim;
use super::items::with_dot;
use super::people::requested;
use super::shape::Shape;
use crate::domain::content::{CodeTables, Observed, SystemCode};
use crate::fhir::element::{Coding, codings, date, extension, is_system, list, put, text};
use chrono::NaiveDate;
use serde_json::{Number, Value, json};
use std::collections::{BTreeMap, HashMap};

/// Extension of a primary cancer condition.
const HISTOLOGY: &str = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-histology-morphology-behavior";
/// Extension of a request.
const INTENT: &str = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-procedure-intent";

/// Why a value is not read.
const UNREAD: &str = "has no value that is understood";

/// What resources say.
#[derive(Debug, Default)]
pub struct Findings {
    /// Values of fields, by JSON pointer, each with where it stands.
    pub fields: BTreeMap<String, (Value, String)>,
    /// Biomarkers, each with where it stands.
    pub biomarkers: Vec<(Value, String)>,
    /// Assessments, each with where it stands.
    pub assessments: Vec<(Value, String)>,
    /// What was not understood.
    pub notes: Vec<Note>,
}

/// A value that an observation gives a field, before it is compared with others.
struct Given {
    value: Value,
    on: Option<NaiveDate>,
    path: String,
}

/// Reads every resource about the patient.
pub fn read(bundle: &Bundle<'_>, claim: &Claim<'_>, icd10: Option<&str>, order: &Shape, tables: &CodeTables) -> Findings {
    let mut reader =
        Reader { order, tables, found: Findings::default(), given: HashMap::new(), unread: Vec::new(), unknown: Vec::new() };
    for entry in bundle.of_type("Observation").filter(|entry| is_about(bundle, *entry, claim)) {
        if is_of_the_patient(bundle, entry, claim) {
            reader.observation(entry);
        } else {
            reader.note(entry, "is about something else than the patient and was not read");
        }
    }
    for entry in bundle.of_type("Condition").filter(|entry| is_about(bundle, *entry, claim)) {
        reader.condition(entry, icd10);
    }
    for entry in requested(bundle, claim).into_iter().filter(|entry| is_about(bundle, *entry, claim)) {
        reader.intent(entry);
    }
    reader.tell_unknown();
    reader.settle();
    reader.found
}

/// True where what was looked at is the patient, or a condition of the patient, and not somebody else.
fn is_of_the_patient<'v>(bundle: &Bundle<'v>, entry: Entry<'v>, claim: &Claim<'v>) -> bool {
    let is_patient = |focus: Entry<'v>| focus == claim.patient || (focus.kind() == "Condition" && is_about(bundle, focus, claim));
    list(entry.resource, "focus").iter().all(|focus| bundle.resolve(entry, focus).is_some_and(is_patient))
}

/// True where a resource is about the patient of the Claim, and says so.
pub fn is_about<'v>(bundle: &Bundle<'v>, entry: Entry<'v>, claim: &Claim<'v>) -> bool {
    entry
        .resource
        .get("subject")
        .and_then(|subject| bundle.resolve(entry, subject))
        .is_some_and(|subject| subject == claim.patient)
}

struct Reader<'a> {
    order: &'a Shape,
    tables: &'a CodeTables,
    found: Findings,
    given: HashMap<String, Vec<Given>>,
    /// Results that could not be read: name of a field, biomarker or assessment, and the day.
    unread: Vec<(String, Option<NaiveDate>)>,
    /// Observations of which no code is known.
    unknown: Vec<String>,
}

impl Reader<'_> {
    fn note(&mut self, entry: Entry<'_>, words: &str) {
        let text = format!("{} {} {words}", entry.kind(), text(entry.resource, "id").unwrap_or("(without id)"));
        self.found.notes.push(Note { expression: entry.path(""), text });
    }

    fn give(&mut self, field: &str, value: Value, on: Option<NaiveDate>, path: String) {
        self.given.entry(field.to_owned()).or_default().push(Given { value, on, path });
    }

    fn observation(&mut self, entry: Entry<'_>) {
        let resource = entry.resource;
        let Some(observed) = self.meaning(resource.get("code")) else {
            self.unknown.push(text(resource, "id").unwrap_or("(without id)").to_owned());
            return;
        };
        let status = text(resource, "status").unwrap_or_default();
        if !matches!(status, "final" | "amended" | "corrected") {
            self.note(entry, &format!("is {status}, not final, and was not read"));
            return;
        }
        let on = ["effectiveDateTime", "effectiveInstant"].iter().find_map(|name| text(resource, name)).and_then(date);
        let value = match &observed {
            Observed::Measure { field, units } => self.measure(resource, field, units),
            Observed::Scale(scale) => {
                let value = self.words(resource).and_then(|words| words.parse::<u8>().map_err(|_| UNREAD.to_owned()));
                value.map(|value| json!({"scale": scale, "value": value}))
            }
            Observed::Word(_) => self.words(resource).map(Value::String),
            Observed::Biomarker(name) | Observed::Assessment(name) => {
                self.words(resource).map(|words| json!({"name": name, "result": words, "on": on}))
            }
        };
        let value = match value {
            Ok(value) => value,
            Err(why) => {
                self.unread.push((subject_of(&observed).to_owned(), on));
                self.note(entry, &format!("{why} and was not read"));
                return;
            }
        };
        match &observed {
            Observed::Biomarker(_) => self.found.biomarkers.push((value, entry.path(""))),
            Observed::Assessment(_) => self.found.assessments.push((value, entry.path(""))),
            observed => self.give(subject_of(observed), value, on, entry.path("value")),
        }
    }

    /// What an observation of this code answers; none where no code is known, or several that differ are.
    fn meaning(&self, code: Option<&Value>) -> Option<Observed> {
        let mut known = codings(code?).filter_map(|coding| self.tables.observations.get(&key(coding)));
        let first = known.next()?;
        known.all(|other| other == first).then(|| first.clone())
    }

    /// A number in the unit of the field.
    fn measure(&self, resource: &Value, field: &str, units: &BTreeMap<String, f64>) -> Result<Value, String> {
        if resource.get("dataAbsentReason").is_some() {
            return Err("is said to be absent".to_owned());
        }
        let quantity = resource.get("valueQuantity").ok_or("has no quantity")?;
        let number = quantity.get("value").and_then(Value::as_f64).ok_or("has no value")?;
        let unit = text(quantity, "code").or_else(|| text(quantity, "unit")).unwrap_or_default();
        let factor = units.get(unit).ok_or_else(|| format!("has the unit `{unit}`, which is not understood,"))?;
        if quantity.get("comparator").is_some() {
            return Err("is not one number".to_owned());
        }
        let value = number * factor;
        if !self.order.at(field).is_some_and(|shape| shape.admits(value)) {
            return Err("is not plausible".to_owned());
        }
        Number::from_f64(value).map(Value::Number).ok_or_else(|| "has no value".to_owned())
    }

    /// The value of an observation in words, where all that it says agrees. One that is said to be absent has none.
    fn words(&self, resource: &Value) -> Result<String, String> {
        let unread = || UNREAD.to_owned();
        let mut values = resource.as_object().into_iter().flatten().filter(|(name, _)| name.starts_with("value"));
        let value = values.next();
        if values.next().is_some() || resource.get("dataAbsentReason").is_some() {
            return Err(unread());
        }
        let mut flags =
            list(resource, "interpretation").iter().flat_map(codings).filter_map(|coding| self.tables.values.get(&key(coding)));
        let flag = flags.next();
        if flags.any(|other| Some(other) != flag) {
            return Err("has interpretations that differ".to_owned());
        }
        let words = match value {
            None => flag.cloned(),
            Some((name, value)) => match name.as_str() {
                "valueCodeableConcept" => self.concept(value),
                "valueInteger" => value.as_number().and_then(whole).map(|whole| whole.to_string()),
                "valueQuantity" => quantity_in_words(value),
                "valueString" => text(resource, "valueString").map(str::to_owned),
                _ => None,
            },
        };
        let words = words.ok_or_else(unread)?;
        if flag.is_some_and(|flag| !has_word(&words, flag)) {
            return Err(format!("says `{words}` and is interpreted otherwise"));
        }
        Ok(words)
    }

    /// A concept in words: what its codes say, else its text, else what stands beside a code. Where they differ, nothing.
    fn concept(&self, concept: &Value) -> Option<String> {
        let mut known = codings(concept).filter_map(|coding| self.tables.values.get(&key(coding)));
        let says = known.next();
        if known.any(|other| Some(other) != says) {
            return None;
        }
        let shown = || list(concept, "coding").iter().filter_map(|coding| text(coding, "display"));
        let Some(says) = says else { return text(concept, "text").or_else(|| shown().next()).map(str::to_owned) };
        let is_other = |words: &str| {
            let mut others = self.tables.values.values().filter(|other| *other != says);
            !has_word(words, says) && others.any(|other| has_word(words, other))
        };
        (!text(concept, "text").into_iter().chain(shown()).any(is_other)).then(|| says.clone())
    }

    /// Stage and histology of the cancer that is treated: the condition with the diagnosis of the Claim.
    fn condition(&mut self, entry: Entry<'_>, icd10: Option<&str>) {
        let is_treated = entry.resource.get("code").is_some_and(|concept| {
            codings(concept).any(|coding| is_system(coding.system, "/icd-10-cm") && Some(with_dot(coding.code).as_str()) == icd10)
        });
        let refuted = entry.resource.get("verificationStatus").is_some_and(|concept| {
            codings(concept).any(|coding| {
                matches!(coding.code, "refuted" | "entered-in-error" | "unconfirmed" | "provisional" | "differential")
            })
        });
        if !is_treated || refuted {
            return;
        }
        for (index, stage) in list(entry.resource, "stage").iter().enumerate() {
            if let Some(words) = stage.get("summary").and_then(|concept| self.concept(concept)) {
                self.give("/clinical/stage", json!(words), None, entry.path(&format!("stage[{index}]")));
            }
        }
        let histology = extension(entry.resource, HISTOLOGY).and_then(|extension| extension.get("valueCodeableConcept"));
        if let Some(words) = histology.and_then(|concept| self.concept(concept)) {
            self.give("/clinical/pathology", json!(words), None, entry.path("extension"));
        }
    }

    fn intent(&mut self, entry: Entry<'_>) {
        let Some(concept) = extension(entry.resource, INTENT).and_then(|extension| extension.get("valueCodeableConcept")) else {
            return;
        };
        let goal = codings(concept).find_map(|coding| self.tables.values.get(&key(coding)));
        let known = goal.filter(|goal| self.order.at("/clinical/treatment_goal").is_some_and(|shape| shape.words.contains(goal)));
        match known {
            Some(goal) => self.give("/clinical/treatment_goal", json!(goal), None, entry.path("extension")),
            None => self.note(entry, "has an intent that is not understood and was not read"),
        }
    }

    /// A result that could not be read makes those before it unknown; codes that are not known are told.
    fn tell_unknown(&mut self) {
        let unread = std::mem::take(&mut self.unread);
        for (name, on) in &unread {
            if let Some(given) = self.given.get_mut(name) {
                given.push(Given { value: json!("unknown"), on: *on, path: "a result that could not be read".to_owned() });
            }
            let is_before = |result: &Value| {
                let day = result.get("on").and_then(Value::as_str).and_then(date);
                day.is_none() || on.is_none() || day <= *on
            };
            for (result, _) in self.found.biomarkers.iter_mut().chain(&mut self.found.assessments) {
                if result.get("name").is_some_and(|other| other == name.as_str()) && is_before(result) {
                    put(result, "result", json!("unknown"));
                }
            }
        }
        if let Some(first) = self.unknown.first() {
            let words = format!(
                "{} observations have codes that are not known here and were not read; one is {first}",
                self.unknown.len()
            );
            self.found.notes.push(Note { expression: "Bundle.entry".to_owned(), text: words });
        }
    }

    /// Of several values of a field the latest counts, where all have a day; values that differ leave it unknown.
    fn settle(&mut self) {
        let given = std::mem::take(&mut self.given);
        let mut fields: Vec<_> = given.into_iter().collect();
        fields.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (field, mut values) in fields {
            if values.iter().all(|given| given.on.is_some()) {
                let latest = values.iter().filter_map(|given| given.on).max();
                values.retain(|given| given.on == latest);
            }
            let Some(first) = values.first() else { continue };
            let (mut value, path) = (first.value.clone(), first.path.clone());
            if let Some(other) = values.iter().find(|given| !same(&given.value, &value)) {
                let words = format!("{} and {} give {field} differently; it counts as unknown", path, other.path);
                self.found.notes.push(Note { expression: path.clone(), text: words });
                value = json!("unknown");
            }
            self.found.fields.insert(field, (value, path));
        }
    }
}

/// The field, biomarker or assessment that an observation is about.
fn subject_of(observed: &Observed) -> &str {
    match observed {
        Observed::Measure { field, .. } | Observed::Word(field) => field,
        Observed::Scale(_) => "/clinical/performance_status",
        Observed::Biomarker(name) | Observed::Assessment(name) => name,
    }
}

/// True where one of the words of a text is this one.
fn has_word(text: &str, word: &str) -> bool {
    text.split(|sign: char| !sign.is_alphanumeric()).any(|part| part.eq_ignore_ascii_case(word))
}

fn key(coding: Coding<'_>) -> SystemCode {
    SystemCode { system: coding.system.to_owned(), code: coding.code.to_owned() }
}

/// True where two values say the same: words without regard to case, numbers to one decimal.
pub fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => one.eq_ignore_ascii_case(other),
        (Value::Number(one), Value::Number(other)) => {
            let tenths = |number: &Number| number.as_f64().map(|value| (value * 10.0).round());
            tenths(one) == tenths(other)
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::same;
    use serde_json::json;

    #[test]
    fn a_converted_weight_is_the_same_weight() {
        assert!(same(&json!(71.5), &json!(71.486)) && !same(&json!(71.5), &json!(72)));
        assert!(same(&json!("Positive"), &json!("positive")) && !same(&json!("positive"), &json!("negative")));
    }
}
