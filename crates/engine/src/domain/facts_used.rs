//! What a finding rests on: facts by name, and the requirements that its rule serves.

use super::shared_text::Text;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// Facts by name. They are few, so that a list in the order of their names finds them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FactsUsed(Vec<(Text, Value)>);

impl FactsUsed {
    /// None yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds one, in place of another of that name.
    pub fn insert(&mut self, name: impl Into<Text>, value: Value) {
        let name = name.into();
        match self.0.binary_search_by(|(known, _)| known.as_str().cmp(&name)) {
            Ok(at) => {
                if let Some((_, known)) = self.0.get_mut(at) {
                    *known = value;
                }
            }
            Err(at) => self.0.insert(at, (name, value)),
        }
    }

    /// Adds others.
    pub fn extend(&mut self, others: Self) {
        for (name, value) in others.0 {
            self.insert(name, value);
        }
    }

    /// The fact of that name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let at = self.0.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    /// All, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Their names.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(name, _)| name)
    }
}

impl<N: Into<Text>> FromIterator<(N, Value)> for FactsUsed {
    fn from_iter<I: IntoIterator<Item = (N, Value)>>(pairs: I) -> Self {
        let pairs = pairs.into_iter();
        let mut facts = Self(Vec::with_capacity(pairs.size_hint().0));
        for (name, value) in pairs {
            facts.insert(name, value);
        }
        facts
    }
}

impl<N: Into<Text>, const COUNT: usize> From<[(N, Value); COUNT]> for FactsUsed {
    fn from(pairs: [(N, Value); COUNT]) -> Self {
        pairs.into_iter().collect()
    }
}

impl From<BTreeMap<String, Value>> for FactsUsed {
    fn from(facts: BTreeMap<String, Value>) -> Self {
        facts.into_iter().collect()
    }
}

impl Serialize for FactsUsed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for FactsUsed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::<String, Value>::deserialize(deserializer).map(Self::from)
    }
}

/// Requirement ids: those that a rule names, or as they were stored.
#[derive(Debug, Clone)]
pub enum Requirements {
    /// A rule's.
    Named(&'static [&'static str]),
    /// As stored.
    Stored(Vec<String>),
}

impl Requirements {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let named: &[&str] = if let Self::Named(ids) = self { ids } else { &[] };
        let stored: &[String] = if let Self::Stored(ids) = self { ids } else { &[] };
        named.iter().copied().chain(stored.iter().map(String::as_str))
    }
}

impl PartialEq for Requirements {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Serialize for Requirements {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Requirements {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::Stored)
    }
}

#[cfg(test)]
mod tests {
    use super::{FactsUsed, Requirements};
    use serde_json::json;

    #[test]
    fn facts_and_requirements_are_written_as_a_map_and_a_list_and_read_again() {
        let mut facts: FactsUsed = [("stage", json!("II")), ("age", json!(65)), ("stage", json!("III"))].into();
        facts.insert("her2".to_owned(), json!(null));
        let written = serde_json::to_string(&facts).unwrap();
        assert_eq!(written, r#"{"age":65,"her2":null,"stage":"III"}"#);
        assert_eq!(serde_json::from_str::<FactsUsed>(&written).unwrap(), facts);
        assert_eq!((facts.get("age"), facts.get("sex")), (Some(&json!(65)), None));
        let named = Requirements::Named(&["REG-10", "REG-11"]);
        let written = serde_json::to_string(&named).unwrap();
        assert_eq!(written, r#"["REG-10","REG-11"]"#);
        assert_eq!(serde_json::from_str::<Requirements>(&written).unwrap(), named);
    }
}
