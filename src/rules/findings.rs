//! Collects the findings of one decision: every rule asked, with the facts it used.

use crate::domain::case::Finding;
use crate::domain::vocabulary::Truth;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Findings in the order in which the rules were asked.
#[derive(Debug)]
pub struct Findings {
    release: Arc<str>,
    list: Vec<Finding>,
}

/// What is said about one rule.
#[derive(Debug)]
pub struct Said {
    /// Path of the rule.
    pub rule: String,
    /// Outcome.
    pub outcome: Truth,
    /// Requirement ids.
    pub requirements: &'static [&'static str],
    /// Source.
    pub source: Arc<str>,
    /// Facts used.
    pub facts: BTreeMap<String, Value>,
    /// In words.
    pub message: String,
}

impl Findings {
    /// None yet.
    pub fn new(release: &str) -> Self {
        Self { release: release.into(), list: Vec::with_capacity(32) }
    }

    /// Adds one and returns its id.
    pub fn add(&mut self, said: Said) -> String {
        let id = format!("f{}", self.list.len() + 1);
        self.list.push(Finding {
            id: id.clone(),
            rule: said.rule,
            outcome: said.outcome,
            requirements: said.requirements.iter().map(|id| Cow::Borrowed(*id)).collect(),
            content_release: Arc::clone(&self.release),
            source: said.source,
            facts: said.facts,
            message: said.message,
        });
        id
    }

    /// All of them.
    pub fn into_vec(self) -> Vec<Finding> {
        self.list
    }
}

/// Facts as a map.
pub fn facts<const N: usize>(pairs: [(&str, Value); N]) -> BTreeMap<String, Value> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
