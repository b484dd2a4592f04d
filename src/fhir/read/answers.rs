//! Answers of a `QuestionnaireResponse`: a `linkId` is the JSON pointer of the order's field, without the numbers of list entries; each
//! entry of a list is a group of its own. What is not understood is unknown, and is told.

use super::bundle::Entry;
use super::shape::Shape;
use crate::domain::content::{CodeTables, Observed, SystemCode};
use crate::fhir::element::{Coding, coding, date, extension, is_system, list, text};
use serde_json::{Map, Number, Value, json};
use std::collections::BTreeMap;

/// Says why a value is not there.
pub const DATA_ABSENT: &str = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";
/// The answer that says that a list is empty: no earlier treatment, no risk factor.
const NONE: &str = "none";
/// Answers that say that nothing is known.
const MISSING: [&str; 2] = ["unknown", "not_reported"];
/// Answers that may be missing.
const CLINICAL: &str = "/clinical/";
/// Parts of an order that a questionnaire may answer. The rest is the Claim's to say.
pub const ASKED: [&str; 7] = [
    "clinical",
    "treatment",
    "radiation",
    "supportive_only",
    "clinical_trial",
    "continuation_of_treatment_started_on",
    "technical_problem_attested",
];

/// Something that was there and was not taken as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Where it stands.
    pub expression: String,
    /// What became of it.
    pub text: String,
}

/// What was read.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// The fields of an order that were answered.
    pub fields: Map<String, Value>,
    /// Where each of them stands, by JSON pointer.
    pub origins: BTreeMap<String, String>,
    /// What was not understood.
    pub notes: Vec<Note>,
}

/// Reads one response of a Bundle.
pub fn read(entry: Entry<'_>, order: &Shape, tables: &CodeTables) -> Answers {
    read_at(entry.resource, &entry.path(""), order, tables)
}

/// Reads one response that stands at this `FHIRPath`.
pub fn read_at(response: &Value, path: &str, order: &Shape, tables: &CodeTables) -> Answers {
    let mut asked = Shape::default();
    for (name, shape) in order.fields.iter().filter(|(name, _)| ASKED.contains(&name.as_str())) {
        asked.fields.insert(name.clone(), shape.clone());
    }
    let mut reader = Reader { tables, read: Answers::default(), has_foreign: false };
    let mut fields = Value::Object(Map::new());
    let items = children(response, path);
    reader.items(&items, &Place::default(), &asked, &mut fields);
    if let Value::Object(fields) = fields {
        reader.read.fields = fields;
    }
    reader.read
}

/// Where in the order a reader is.
#[derive(Debug, Clone, Default)]
struct Place {
    /// As questions name it.
    link: String,
    /// As JSON points to it.
    pointer: String,
}

impl Place {
    fn field(&self, name: &str) -> Self {
        Self { link: format!("{}/{name}", self.link), pointer: format!("{}/{name}", self.pointer) }
    }

    fn entry(&self, index: usize) -> Self {
        Self { link: self.link.clone(), pointer: format!("{}/{index}", self.pointer) }
    }
}

/// The items within an item, or within its answers, with their paths.
fn children<'v>(item: &'v Value, path: &str) -> Vec<(String, &'v Value)> {
    let within = |value: &'v Value, path: String| {
        list(value, "item").iter().enumerate().map(move |(index, item)| (format!("{path}.item[{index}]"), item))
    };
    let answers = list(item, "answer").iter().enumerate();
    within(item, path.to_owned())
        .chain(answers.flat_map(|(index, answer)| within(answer, format!("{path}.answer[{index}]"))))
        .collect()
}

struct Reader<'t> {
    tables: &'t CodeTables,
    read: Answers,
    /// True where a question is none of an order.
    has_foreign: bool,
}

impl Reader<'_> {
    fn note(&mut self, path: &str, text: String) {
        self.read.notes.push(Note { expression: path.to_owned(), text });
    }

    /// Answers to questions of another form are told once.
    fn foreign(&mut self, path: &str, item: &Value) {
        let is_answered = list(item, "answer").iter().any(has_value);
        if is_answered && !self.has_foreign {
            self.has_foreign = true;
            self.note(path, "answers to questions that are no field of an order were not read".to_owned());
        }
    }

    fn items(&mut self, items: &[(String, &Value)], place: &Place, shape: &Shape, into: &mut Value) {
        for (path, item) in items {
            let Some(link) = text(item, "linkId").filter(|link| link.starts_with('/')) else {
                self.foreign(path, item);
                continue;
            };
            let Some(rest) = link.strip_prefix(place.link.as_str()).and_then(|rest| rest.strip_prefix('/')) else {
                self.note(path, format!("the question {link} stands outside of its group and was not read"));
                continue;
            };
            self.item(path, item, rest, place, shape, into);
        }
    }

    /// Goes down to the field that the question names: `rest` is what its link has beyond this place.
    fn item(&mut self, path: &str, item: &Value, rest: &str, place: &Place, shape: &Shape, into: &mut Value) {
        let (name, below) = rest.split_once('/').map_or((rest, None), |(name, below)| (name, Some(below)));
        let place = place.field(name);
        let Some(field) = shape.fields.get(name) else {
            self.note(path, format!("an order has no {}; the answer was not read", place.link));
            return;
        };
        if below.is_some() && field.items.is_some() {
            self.note(path, format!("answers about entries of {} stand in a group for each; this one was not read", place.link));
            return;
        }
        let Some(object) = into.as_object_mut() else { return };
        let slot = object.entry(name).or_insert(Value::Null);
        match below {
            Some(below) => {
                if slot.is_null() {
                    *slot = Value::Object(Map::new());
                }
                self.item(path, item, below, &place, field, slot);
            }
            None => self.field(path, item, &place, field, slot),
        }
        if slot.is_null() {
            object.remove(name);
        }
    }

    fn field(&mut self, path: &str, item: &Value, place: &Place, shape: &Shape, slot: &mut Value) {
        let answers = list(item, "answer");
        let word = match answers {
            [one] => word_of(one),
            _ => None,
        };
        if let Some(word) = word.filter(|word| shape.may_be_unknown && MISSING.contains(word)) {
            self.fill(path, place, shape, slot, json!(word));
        } else if let Some(entries) = &shape.items {
            if word == Some(NONE) {
                self.fill(path, place, shape, slot, json!([]));
            } else {
                self.entry(path, item, place, (shape, entries), slot);
            }
        } else if shape.fields.is_empty() {
            self.value(path, answers, place, shape, slot);
        } else {
            let within = children(item, path);
            if answers.iter().any(has_value) {
                self.unread(path, place, shape, slot, "is answered in words, and it has questions of its own");
                return;
            }
            if within.is_empty() {
                return;
            }
            if slot.is_null() {
                *slot = Value::Object(Map::new());
            }
            self.read.origins.entry(place.pointer.clone()).or_insert_with(|| path.to_owned());
            self.items(&within, place, shape, slot);
            if shape.may_be_unknown
                && slot.is_object()
                && let Some(name) = shape.lacks(slot)
            {
                self.note(path, format!("{} has no {name}; it counts as unknown", place.link));
                *slot = json!("unknown");
            }
        }
    }

    /// One more entry of a list, or several values.
    fn entry(&mut self, path: &str, item: &Value, place: &Place, (shape, entries): (&Shape, &Shape), slot: &mut Value) {
        let taken = slot.as_array().map_or(0, Vec::len);
        let mut found = Vec::new();
        if entries.fields.is_empty() {
            for (index, answer) in list(item, "answer").iter().enumerate() {
                let at = format!("{path}.answer[{index}]");
                match self.convert(answer, place, entries) {
                    Ok(value) => {
                        self.read.origins.insert(place.entry(taken + found.len()).pointer, at);
                        found.push(value);
                    }
                    Err(why) => self.note(&at, format!("{}: {why}; it was not read", place.link)),
                }
            }
        } else if list(item, "answer").iter().any(has_value) {
            self.unread(path, place, shape, slot, "is answered in words, and each entry is a group of its own");
        } else {
            let within = children(item, path);
            let here = place.entry(taken);
            let mut entry = Value::Object(Map::new());
            self.items(&within, &here, entries, &mut entry);
            let is_named_only = is_named_only(&entry, &within, place);
            if entry.get("name").is_some_and(|name| name == NONE) {
                if is_named_only {
                    self.fill(path, place, shape, slot, json!([]));
                } else {
                    self.unread(path, place, shape, slot, "has an entry that says `none` and more than that");
                }
                return;
            }
            // a questionnaire names what it asks for: without an answer that is not told
            if is_named_only && entries.fields.contains_key("result") {
                return;
            }
            if let Some(name) = entries.lacks(&entry).filter(|_| place.link.starts_with(CLINICAL)) {
                self.unread(path, place, shape, slot, &format!("has an entry without {name}"));
            } else if entry.as_object().is_some_and(|fields| !fields.is_empty()) {
                self.read.origins.insert(here.pointer, path.to_owned());
                found.push(entry);
            }
        }
        if found.is_empty() {
            return;
        }
        match slot {
            Value::Array(list) if !list.is_empty() => list.extend(found),
            Value::Null => *slot = Value::Array(found),
            _ => {
                self.note(path, format!("{} has entries and is said to have none, or to be unknown", place.link));
                *slot = if shape.may_be_unknown { json!("unknown") } else { Value::Null };
            }
        }
    }

    /// Notes that something was told and not read. Where it may be, the field is unknown: what is read of it beside that is not all.
    fn unread(&mut self, path: &str, place: &Place, shape: &Shape, slot: &mut Value, why: &str) {
        let became = if shape.may_be_unknown { "it counts as unknown" } else { "it was not read" };
        self.note(path, format!("{} {why}; {became}", place.link));
        if shape.may_be_unknown {
            self.read.origins.insert(place.pointer.clone(), path.to_owned());
            *slot = json!("unknown");
        }
    }

    fn value(&mut self, path: &str, answers: &[Value], place: &Place, shape: &Shape, slot: &mut Value) {
        let read = match answers {
            [] => return,
            [one] => self.convert(one, place, shape),
            _ => Err("has several answers".to_owned()),
        };
        match read {
            Ok(value) => self.fill(path, place, shape, slot, value),
            Err(why) => {
                let became = if shape.may_be_unknown { "it counts as unknown" } else { "it was not read" };
                self.note(path, format!("{}: {why}; {became}", place.link));
                if shape.may_be_unknown {
                    self.read.origins.insert(place.pointer.clone(), path.to_owned());
                    *slot = json!("unknown");
                }
            }
        }
    }

    /// Puts a value where it belongs. Two that differ leave it unknown.
    fn fill(&mut self, path: &str, place: &Place, shape: &Shape, slot: &mut Value, value: Value) {
        self.read.origins.insert(place.pointer.clone(), path.to_owned());
        if slot.is_null() || *slot == value {
            *slot = value;
            return;
        }
        self.note(path, format!("{} is answered {} and {}", place.link, shown(slot), shown(&value)));
        *slot = if shape.may_be_unknown { json!("unknown") } else { Value::Null };
    }

    /// The value of an answer, in the form that the field takes.
    fn convert(&self, answer: &Value, place: &Place, shape: &Shape) -> Result<Value, String> {
        let mut values = answer.as_object().into_iter().flatten().filter(|(name, _)| name.starts_with("value"));
        let absent = answer
            .as_object()
            .into_iter()
            .flatten()
            .any(|(name, value)| name.starts_with("_value") && extension(value, DATA_ABSENT).is_some());
        match (values.next(), values.next()) {
            (None, _) if absent || extension(answer, DATA_ABSENT).is_some() => Err("is said to be absent".to_owned()),
            (None, _) => Err("has an answer without a value".to_owned()),
            (Some((name, value)), None) => self.typed(name, value, place, shape),
            _ => Err("has several values".to_owned()),
        }
    }

    fn typed(&self, name: &str, value: &Value, place: &Place, shape: &Shape) -> Result<Value, String> {
        match (name, value) {
            ("valueString" | "valueCode" | "valueUri" | "valueDate", Value::String(text)) => of_text(text, shape),
            ("valueDateTime", Value::String(text)) => {
                let day = date(text).map(|day| day.to_string());
                of_text(day.as_deref().filter(|_| shape.is_day).unwrap_or(text), shape)
            }
            ("valueInteger" | "valueDecimal", Value::Number(number)) => of_number(number, shape),
            ("valueBoolean", Value::Bool(flag)) if shape.flag => Ok(json!(flag)),
            ("valueCoding", value) => {
                let coding = coding(value).ok_or("has no code")?;
                let known = SystemCode { system: coding.system.to_owned(), code: coding.code.to_owned() };
                match self.tables.values.get(&known) {
                    Some(says) => of_text(says, shape),
                    None if is_word(coding) => of_text(coding.code, shape),
                    None => Err(format!("has the code {} of {}, which is not known here", coding.code, coding.system)),
                }
            }
            ("valueQuantity", value) => self.quantity(value, place, shape),
            _ => Err("has an answer of another type".to_owned()),
        }
    }

    fn quantity(&self, value: &Value, place: &Place, shape: &Shape) -> Result<Value, String> {
        if shape.text {
            return of_text(&quantity_in_words(value).ok_or("has no value")?, shape);
        }
        if value.get("comparator").is_some() {
            return Err("is not one number".to_owned());
        }
        let number = value.get("value").and_then(Value::as_f64).ok_or("has no value")?;
        let unit = text(value, "code").or_else(|| text(value, "unit"));
        let units = self.tables.observations.values().find_map(|observed| match observed {
            Observed::Measure { field, units } if *field == place.link => Some(units),
            _ => None,
        });
        let factor = match (units, unit) {
            (Some(units), Some(unit)) => units.get(unit).copied(),
            (None, None | Some("1")) => Some(1.0),
            _ => None,
        };
        let factor = factor.ok_or_else(|| format!("has the unit {}, which is not read here", unit.unwrap_or("(none)")))?;
        of_number(&Number::from_f64(number * factor).ok_or("has no value")?, shape)
    }
}

/// A quantity as a person writes it: `>= 50 %`.
pub fn quantity_in_words(value: &Value) -> Option<String> {
    let number = value.get("value")?.as_number()?;
    // the code is what is meant, the unit beside it how it is shown
    let unit = ["code", "unit"].iter().filter_map(|name| text(value, name)).find(|unit| *unit != "1").unwrap_or_default();
    let comparator = text(value, "comparator").unwrap_or_default();
    Some(format!("{comparator}{number} {unit}").trim().to_owned())
}

/// True where an entry has its name and nothing else was answered, not even something that was not read.
fn is_named_only(entry: &Value, within: &[(String, &Value)], place: &Place) -> bool {
    let name = place.field("name").link;
    let is_silent = |item: &Value| list(item, "answer").is_empty() && list(item, "item").is_empty();
    let others = || within.iter().filter(|(_, item)| text(item, "linkId") != Some(&name));
    entry.as_object().is_some_and(|fields| fields.len() == 1 && fields.contains_key("name"))
        && others().all(|(_, item)| is_silent(item))
}

/// The word of an answer, where it is one.
fn word_of(answer: &Value) -> Option<&str> {
    let of_coding = || answer.get("valueCoding").and_then(coding).filter(|coding| is_word(*coding)).map(|coding| coding.code);
    text(answer, "valueString").or_else(|| text(answer, "valueCode")).or_else(of_coding)
}

/// True where a code is a word of the question's own: in no system, or the one of reasons why something is absent.
fn is_word(coding: Coding<'_>) -> bool {
    coding.system.is_empty() || is_system(coding.system, "/data-absent-reason")
}

fn has_value(answer: &Value) -> bool {
    answer.as_object().is_some_and(|members| members.keys().any(|name| name.starts_with("value")))
}

fn of_text(written: &str, shape: &Shape) -> Result<Value, String> {
    let written = written.trim();
    if written.is_empty() {
        return Err("has an empty answer".to_owned());
    }
    if shape.may_be_unknown && MISSING.contains(&written) {
        return Ok(json!(written));
    }
    if !shape.words.is_empty() {
        let known = shape.words.iter().any(|word| word == written);
        return if known { Ok(json!(written)) } else { Err(format!("`{written}` is none of {}", shape.words.join(", "))) };
    }
    if shape.is_day {
        return written.parse::<chrono::NaiveDate>().map(|day| json!(day)).map_err(|_| format!("`{written}` is no date"));
    }
    if shape.text {
        return Ok(json!(written));
    }
    let decimal = written.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    match serde_json::from_str::<Number>(written) {
        Ok(number) if decimal && (shape.number || shape.integer) => of_number(&number, shape),
        _ => Err(format!("`{written}` is not understood")),
    }
}

fn of_number(number: &Number, shape: &Shape) -> Result<Value, String> {
    if shape.number {
        return Ok(Value::Number(number.clone()));
    }
    if shape.integer {
        return whole(number).map(|whole| json!(whole)).ok_or_else(|| format!("{number} is no whole number"));
    }
    if shape.text && shape.words.is_empty() && !shape.is_day {
        return Ok(json!(number.to_string()));
    }
    Err(format!("{number} is a number"))
}

/// The integer that a number is.
#[expect(clippy::cast_possible_truncation, reason = "the value is an integer below 2^53")]
pub fn whole(number: &Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let value = number.as_f64()?;
        (value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0).then_some(value as i64)
    })
}

/// A value as notes show it.
pub fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{of_number, of_text, quantity_in_words};
    use crate::fhir::read::shape::Shape;
    use serde_json::{Number, json};

    #[test]
    fn a_value_is_taken_in_the_form_of_the_field_or_not_at_all() {
        let number = Shape { number: true, may_be_unknown: true, ..Shape::default() };
        assert_eq!(of_text("71.5", &number), Ok(json!(71.5)));
        assert_eq!(of_text("unknown", &number), Ok(json!("unknown")));
        assert!(of_text("about 70", &number).is_err() && of_text("-1", &number).is_err() && of_text("1e3", &number).is_err());
        let words = Shape { text: true, words: vec!["ecog".to_owned()], ..Shape::default() };
        assert!(of_text("ecog", &words).is_ok() && of_text("ECOG", &words).is_err() && of_text("unknown", &words).is_err());
        let day = Shape { text: true, is_day: true, ..Shape::default() };
        assert!(of_text("2026-11-12", &day).is_ok() && of_text("2026-11", &day).is_err());
        let integer = Shape { integer: true, ..Shape::default() };
        assert_eq!(of_number(&Number::from_f64(4.0).unwrap(), &integer), Ok(json!(4)));
        assert!(of_number(&Number::from_f64(4.5).unwrap(), &integer).is_err());
    }

    #[test]
    fn a_quantity_is_written_with_what_belongs_to_it() {
        assert_eq!(quantity_in_words(&json!({"value": 50, "comparator": ">=", "unit": "%"})).as_deref(), Some(">=50 %"));
        assert_eq!(quantity_in_words(&json!({"unit": "%"})), None);
    }
}
