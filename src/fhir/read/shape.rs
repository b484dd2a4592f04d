//! The form of an order, as its documented schema has it: which fields there are, which of them are lists, and what values they take. A
//! questionnaire's `linkId`s are the JSON pointers of these fields, so that a new field of the order can be asked for and answered at once.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Schemas within schemas at most; that of an order has about twenty, and none is within itself.
const DEPTH: usize = 60;

/// What a field takes.
#[expect(clippy::struct_excessive_bools, reason = "each is a type that a schema may allow beside the others")]
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shape {
    /// What it is, in the words of the description.
    pub about: Option<String>,
    /// Fields, where it takes an object.
    pub fields: BTreeMap<String, Shape>,
    /// Names of the fields that an object has to have.
    pub required: Vec<String>,
    /// What each entry takes, where it takes a list.
    pub items: Option<Box<Shape>>,
    /// Takes text.
    pub text: bool,
    /// Text is a day.
    pub is_day: bool,
    /// The words that it takes, where it does not take any.
    pub words: Vec<String>,
    /// Takes a number.
    pub number: bool,
    /// Takes an integer.
    pub integer: bool,
    /// Takes yes or no.
    pub flag: bool,
    /// Takes `unknown` and `not_reported`.
    pub may_be_unknown: bool,
    /// Lowest and highest number.
    pub bounds: (Option<f64>, Option<f64>),
}

impl Shape {
    /// The form of a component.
    pub fn of(name: &str, components: &Map<String, Value>) -> Self {
        let mut shape = Self::default();
        if let Some(schema) = components.get(name) {
            shape.take(schema, components, DEPTH);
        }
        shape
    }

    /// The field that a pointer leads to; entries of lists are passed through.
    pub fn at(&self, pointer: &str) -> Option<&Self> {
        pointer.split('/').filter(|name| !name.is_empty()).try_fold(self, |shape, name| {
            let shape = shape.items.as_deref().unwrap_or(shape);
            shape.fields.get(name)
        })
    }

    /// The first field that an object has to have and has not.
    pub fn lacks(&self, object: &Value) -> Option<&str> {
        self.required.iter().map(String::as_str).find(|name| object.get(*name).is_none_or(Value::is_null))
    }

    /// True where a number is within bounds.
    pub fn admits(&self, number: f64) -> bool {
        self.bounds.0.is_none_or(|low| number >= low) && self.bounds.1.is_none_or(|high| number <= high)
    }

    fn take(&mut self, schema: &Value, components: &Map<String, Value>, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return };
        if self.about.is_none() {
            let about = schema.get("description").and_then(Value::as_str);
            self.about = about.map(|about| about.lines().next().unwrap_or_default().trim_end_matches('.').to_owned());
        }
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let named = target.strip_prefix("#/components/schemas/").and_then(|name| components.get(name));
            if let Some(named) = named {
                self.take(named, components, depth);
            }
            return;
        }
        for branches in ["anyOf", "oneOf", "allOf"] {
            for branch in schema.get(branches).and_then(Value::as_array).into_iter().flatten() {
                self.take(branch, components, depth);
            }
        }
        let kinds: Vec<&str> = match schema.get("type") {
            Some(Value::String(kind)) => vec![kind.as_str()],
            Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        for kind in kinds {
            match kind {
                "string" => self.take_text(schema),
                "number" => self.number = true,
                "integer" => self.integer = true,
                "boolean" => self.flag = true,
                "array" => {
                    let items = self.items.get_or_insert_default();
                    if let Some(schema) = schema.get("items") {
                        items.take(schema, components, depth);
                    }
                }
                _ => {}
            }
        }
        let bound = |names: [&str; 2]| names.iter().find_map(|name| schema.get(name).and_then(Value::as_f64));
        let (low, high) = self.bounds;
        self.bounds = (bound(["minimum", "exclusiveMinimum"]).or(low), bound(["maximum", "exclusiveMaximum"]).or(high));
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        self.required.extend(required.map(str::to_owned));
        for (name, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            self.fields.entry(name.clone()).or_default().take(schema, components, depth);
        }
    }

    fn take_text(&mut self, schema: &Value) {
        let words: Vec<String> = schema
            .get("enum")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        if words == ["unknown", "not_reported"] {
            self.may_be_unknown = true;
            return;
        }
        self.text = true;
        self.is_day |= schema.get("format").and_then(Value::as_str) == Some("date");
        self.words.extend(words);
    }
}
