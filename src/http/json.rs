//! Reads JSON more strictly than `serde_json` does by itself: a name that occurs twice in one object is a fault instead of a silent
//! choice, and so is a NUL character, which the database cannot store. Numbers without a fraction are integers, however written.

use super::fault_list::{FaultList, step};
use crate::domain::refusal::Fault;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::RefCell;
use std::fmt;

/// Reads one JSON text, with every duplicate name and NUL in it.
pub fn parse(bytes: &[u8]) -> Result<(Value, FaultList), serde_json::Error> {
    let faults = RefCell::<FaultList>::default();
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Node { at: At { parent: None, step: Step::Root }, faults: &faults }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok((value, faults.into_inner()))
}

/// Where in the text we are; written out only for a fault.
#[derive(Clone, Copy)]
struct At<'p> {
    parent: Option<&'p At<'p>>,
    step: Step<'p>,
}

#[derive(Clone, Copy)]
enum Step<'p> {
    Root,
    Name(&'p str),
    Index(usize),
}

impl At<'_> {
    fn pointer(&self) -> String {
        let before = self.parent.map(Self::pointer).unwrap_or_default();
        match self.step {
            Step::Root => before,
            Step::Name(name) => format!("{before}/{}", step(name)),
            Step::Index(index) => format!("{before}/{index}"),
        }
    }
}

struct Node<'a> {
    at: At<'a>,
    faults: &'a RefCell<FaultList>,
}

impl Node<'_> {
    fn fault(&self, code: &str, message: &str) {
        self.faults.borrow_mut().add(|| Fault::new(self.at.pointer(), code, message));
    }

    fn check_nul(&self, text: &str) {
        if text.contains('\0') {
            self.fault("malformed", "must not contain the NUL character");
        }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(integer(value).map_or_else(|| Number::from_f64(value).map_or(Value::Null, Value::Number), Value::from))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        self.check_nul(text);
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        let child = |index| At { parent: Some(&self.at), step: Step::Index(index) };
        while let Some(item) = items.next_element_seed(Node { at: child(list.len()), faults: self.faults })? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let child = Node { at: At { parent: Some(&self.at), step: Step::Name(&name) }, faults: self.faults };
            child.check_nul(&name);
            if object.contains_key(&name) {
                child.fault("duplicate-field", "occurs twice in the same object");
            }
            let value = members.next_value_seed(child)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

/// The integer that a float stands for, where it has no fraction and is exact.
#[expect(clippy::cast_possible_truncation, reason = "the value is an integer below 2^53")]
fn integer(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0).then_some(value as i64)
}

#[cfg(test)]
mod tests {
    use super::parse;
    use serde_json::json;

    #[test]
    fn duplicates_and_nul_are_found_where_they_are() {
        let (value, faults) = parse(br#"{"a": [1, {"b": 6.0, "b": "x\u0000", "c/d": 1, "c/d": 2.5}]}"#).unwrap();
        assert_eq!(value, json!({"a": [1, {"b": "x\u{0}", "c/d": 2.5}]}));
        let (faults, _) = faults.into_parts();
        let found: Vec<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code.as_str())).collect();
        assert_eq!(found, [("/a/1/b", "duplicate-field"), ("/a/1/b", "malformed"), ("/a/1/c~1d", "duplicate-field")]);
    }

    #[test]
    fn a_number_without_fraction_is_an_integer() {
        assert_eq!(parse(b"6.0").unwrap().0, json!(6));
        assert_eq!(parse(b"1e300").unwrap().0, json!(1e300));
    }

    #[test]
    fn what_is_not_one_json_text_is_an_error() {
        for text in ["", "{", "{}{}", "nul", "\u{feff}{}", "1e999"] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(parse(b"\"\xff\"").is_err());
        assert!(parse(format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)).as_bytes()).is_err());
    }
}
