//! Checks a JSON value against the schema that the API description shows, and says what is wrong in words for people. The schema is
//! the documented one, so that what is documented and what is enforced cannot differ.

use super::fault_list::{FaultList, step};
use super::openapi;
use crate::domain::refusal::Fault;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{JsonType, ValidationError, Validator};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use utoipa::openapi::{RefOr, Schema as OpenApiSchema};

/// A list longer than this is not looked at to its end once something is wrong: every entry may have faults of its own, and to find them
/// costs memory before any is told.
const ENTRIES_AT_MOST: usize = 1001;
/// The same for all lists of a body together.
const ALL_ENTRIES_AT_MOST: usize = 5_000;

/// A compiled schema.
#[derive(Debug)]
pub struct Schema {
    document: Value,
    validator: Validator,
}

impl Schema {
    /// Compiles a schema with the components that it names.
    pub fn new(schema: &RefOr<OpenApiSchema>, named: Vec<(String, RefOr<OpenApiSchema>)>) -> Result<Self, String> {
        let mut components = Map::new();
        for (name, schema) in named {
            components.insert(name, serde_json::to_value(schema).map_err(|error| error.to_string())?);
        }
        let mut document = serde_json::to_value(schema).map_err(|error| error.to_string())?;
        let mut used = Map::new();
        add_referenced(&document, &components, &mut used);
        if let Some(root) = document.as_object_mut() {
            root.insert("components".to_owned(), json!({ "schemas": used }));
        }
        bound_integers(&mut document);
        let validator = jsonschema::draft202012::options()
            .should_validate_formats(true)
            .build(&document)
            .map_err(|error| error.to_string())?;
        Ok(Self { document, validator })
    }

    /// Every fault of a value; of very long lists, those of the first entries.
    pub fn faults(&self, value: &Value) -> FaultList {
        let mut faults = FaultList::default();
        if self.validator.is_valid(value) {
            return faults;
        }
        let looked_at = shortened(value);
        for error in self.validator.iter_errors(&looked_at) {
            self.explain(&error, &mut faults);
        }
        faults
    }

    fn explain(&self, error: &ValidationError<'_>, faults: &mut FaultList) {
        if faults.is_full() {
            faults.count(match error.kind() {
                Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => unexpected.len(),
                _ => 1,
            });
            return;
        }
        let pointer = error.instance_path().to_string();
        match error.kind() {
            Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
                let known = self.known_fields(error);
                for name in unexpected {
                    let hint = faults.hint(|| nearest(name, &known));
                    faults.add(|| unknown_field(&pointer, name, hint));
                }
            }
            Kind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                faults.add(|| Fault::new(format!("{pointer}/{}", step(name)), "missing", "is required"));
            }
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } => self.explain_branches(error, context, faults),
            kind => {
                let fault = simple(pointer, kind, error.instance(), faults);
                faults.add(|| fault);
            }
        }
    }

    /// None of several forms fits. The one that was meant is the one of the value's type; its faults are what the caller must mend.
    fn explain_branches(&self, error: &ValidationError<'_>, branches: &[Vec<ValidationError<'static>>], faults: &mut FaultList) {
        let here = error.instance_path().to_string();
        let is_here = |fault: &ValidationError<'_>| fault.instance_path().as_str() == here;
        let meant: Vec<_> = branches
            .iter()
            .filter(|faults| !faults.iter().any(|fault| is_here(fault) && matches!(fault.kind(), Kind::Type { .. })))
            .collect();
        let word_lists: Vec<&Value> = meant.iter().filter_map(|faults| options_at(faults, &here)).collect();
        let described = self.description(error);
        if let Some(nested) = meant.iter().find(|faults| options_at(faults, &here).is_none()) {
            let before = faults.len();
            for fault in *nested {
                self.explain(fault, faults);
            }
            if let (Some(text), [fault]) = (described, faults.since(before))
                && fault.pointer == here
                && fault.code != "not-allowed-value"
            {
                fault.message = format!("{}; expected: {text}", fault.message);
            }
            return;
        }
        let words: Vec<&str> = word_lists.iter().filter_map(|list| list.as_array()).flatten().filter_map(Value::as_str).collect();
        let only_missing_words = words.iter().all(|word| matches!(*word, "unknown" | "not_reported"));
        let fault = if words.is_empty() || only_missing_words {
            let expected = described.map_or_else(|| expected_types(branches), str::to_owned);
            Fault::new(here, "wrong-type", format!("is {}; expected: {expected}", name_of_type(error.instance())))
        } else {
            not_allowed(here, error.instance(), &words, faults)
        };
        faults.add(|| fault);
    }

    /// The schema that a fault's keyword stands in.
    fn holder(&self, error: &ValidationError<'_>) -> Option<&Value> {
        let path = error.schema_path().as_str();
        self.document.pointer(path.rsplit_once('/').map_or("", |(parent, _)| parent))
    }

    fn description(&self, error: &ValidationError<'_>) -> Option<&str> {
        self.holder(error)?.get("description")?.as_str()
    }

    fn known_fields(&self, error: &ValidationError<'_>) -> Vec<&str> {
        let properties = self.holder(error).and_then(|schema| schema.get("properties")).and_then(Value::as_object);
        properties.map(|properties| properties.keys().map(String::as_str).collect()).unwrap_or_default()
    }
}

/// Adds every component that a schema names, directly or through others: from `named`, else from the API description.
fn add_referenced(schema: &Value, named: &Map<String, Value>, used: &mut Map<String, Value>) {
    match schema {
        Value::Object(members) => {
            let name = members.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix("#/components/schemas/"));
            if let Some(name) = name
                && !used.contains_key(name)
                && let Some(component) = named.get(name).or_else(|| openapi::components().get(name))
            {
                used.insert(name.to_owned(), component.clone());
                add_referenced(component, named, used);
            }
            members.values().for_each(|member| add_referenced(member, named, used));
        }
        Value::Array(items) => items.iter().for_each(|item| add_referenced(item, named, used)),
        _ => {}
    }
}

/// utoipa writes `format: int32` for `u32` without an upper bound; what does not fit must not reach the deserializer.
fn bound_integers(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let is_int32 = members.get("format").and_then(Value::as_str) == Some("int32");
            if is_int32 && !members.contains_key("maximum") {
                members.insert("maximum".to_owned(), json!(i32::MAX));
            }
            members.values_mut().for_each(bound_integers);
        }
        Value::Array(items) => items.iter_mut().for_each(bound_integers),
        _ => {}
    }
}

/// The list of words that a branch asked for at this place, where that was its complaint.
fn options_at<'e>(faults: &'e [ValidationError<'static>], here: &str) -> Option<&'e Value> {
    faults.iter().find_map(|fault| match fault.kind() {
        Kind::Enum { options } if fault.instance_path().as_str() == here => Some(options.as_ref()),
        _ => None,
    })
}

/// The value with its lists no longer than they are looked at. A list keeps an entry at least, so that it is not told to be empty, and
/// one more than any may have, so that it is told to be too long.
fn shortened(value: &Value) -> Cow<'_, Value> {
    fn entries(value: &Value) -> usize {
        match value {
            Value::Array(items) => items.len() + items.iter().map(entries).sum::<usize>(),
            Value::Object(members) => members.values().map(entries).sum(),
            _ => 0,
        }
    }
    fn copy(value: &Value, left: &mut usize) -> Value {
        match value {
            Value::Array(items) => {
                let kept = items.len().min(ENTRIES_AT_MOST).min((*left).max(1));
                *left = left.saturating_sub(kept);
                Value::Array(items.iter().take(kept).map(|item| copy(item, left)).collect())
            }
            Value::Object(members) => {
                Value::Object(members.iter().map(|(name, member)| (name.clone(), copy(member, left))).collect())
            }
            other => other.clone(),
        }
    }
    if entries(value) <= ENTRIES_AT_MOST { Cow::Borrowed(value) } else { Cow::Owned(copy(value, &mut { ALL_ENTRIES_AT_MOST })) }
}

fn unknown_field(pointer: &str, name: &str, hint: Option<&str>) -> Fault {
    let hint = hint.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Fault::new(format!("{pointer}/{}", step(name)), "unknown-field", format!("is not a known field{hint}"))
}

fn not_allowed(pointer: String, value: &Value, words: &[&str], faults: &mut FaultList) -> Fault {
    let hint =
        value.as_str().and_then(|word| faults.hint(|| nearest(word, words))).map(|near| format!("; did you mean `{near}`?"));
    let message = format!("is not one of {}{}", words.join(", "), hint.unwrap_or_default());
    Fault::new(pointer, "not-allowed-value", message)
}

fn simple(pointer: String, kind: &Kind, value: &Value, faults: &mut FaultList) -> Fault {
    let (code, message) = match kind {
        Kind::Enum { options } => {
            let words: Vec<&str> = options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            if !value.is_string() {
                return Fault::new(
                    pointer,
                    "wrong-type",
                    format!("is {}; expected one of {}", name_of_type(value), words.join(", ")),
                );
            }
            return not_allowed(pointer, value, &words, faults);
        }
        Kind::Type { kind } => ("wrong-type", format!("is {}; expected {}", name_of_type(value), expected_type(kind))),
        Kind::Pattern { pattern } => ("malformed", format!("does not match the pattern {pattern}")),
        Kind::Format { format } => ("malformed", malformed(format)),
        Kind::Minimum { limit } => ("out-of-range", format!("must be at least {limit}")),
        Kind::Maximum { limit } => ("out-of-range", format!("must be at most {limit}")),
        Kind::ExclusiveMinimum { limit } => ("out-of-range", format!("must be more than {limit}")),
        Kind::ExclusiveMaximum { limit } => ("out-of-range", format!("must be less than {limit}")),
        Kind::MinLength { limit } => ("out-of-range", format!("must have at least {limit} characters")),
        Kind::MaxLength { limit } => ("out-of-range", format!("must have at most {limit} characters")),
        Kind::MinItems { limit } => ("out-of-range", format!("must have at least {limit} entries")),
        Kind::MaxItems { limit } => ("out-of-range", format!("must have at most {limit} entries")),
        other => ("malformed", format!("does not satisfy `{}`", other.keyword())),
    };
    Fault::new(pointer, code, message)
}

fn malformed(format: &str) -> String {
    match format {
        "date" => "is not a calendar date YYYY-MM-DD".to_owned(),
        "date-time" => "is not an instant as RFC 3339 writes it, such as 2026-12-01T09:00:00-05:00".to_owned(),
        other => format!("is not a well-formed {other}"),
    }
}

fn expected_type(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => one.to_string(),
        TypeKind::Multiple(many) => many.iter().map(|one: JsonType| one.to_string()).collect::<Vec<_>>().join(" or "),
    }
}

fn expected_types(branches: &[Vec<ValidationError<'static>>]) -> String {
    let types = branches.iter().flatten().filter_map(|fault| match fault.kind() {
        Kind::Type { kind } => Some(expected_type(kind)),
        _ => None,
    });
    types.collect::<Vec<_>>().join(" or ")
}

const fn name_of_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// The known word that a typing error is most likely to have come from.
pub fn nearest<'w>(word: &str, known: &[&'w str]) -> Option<&'w str> {
    if word.len() > 100 {
        return None;
    }
    let folded = word.to_lowercase().replace(['-', ' '], "_");
    let distance = |known: &&'w str| strsim::damerau_levenshtein(&folded, known);
    let best = known.iter().min_by_key(|known| distance(known))?;
    (distance(best) <= best.len() / 3).then_some(*best)
}

#[cfg(test)]
#[path = "faults_tests.rs"]
mod tests;
