//! Collects the findings of one decision: every rule asked, with the facts it used.

use super::plain;
use crate::domain::case::Finding;
use crate::domain::citation;
use crate::domain::content::{Content, Statement};
use crate::domain::text::numbered;
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
pub struct Said<'a> {
    /// Path of the rule.
    pub rule: String,
    /// Outcome.
    pub outcome: Truth,
    /// Requirement ids.
    pub requirements: &'static [&'static str],
    /// Source.
    pub source: &'a str,
    /// Facts used.
    pub facts: BTreeMap<String, Value>,
    /// In words.
    pub message: String,
}

impl Findings {
    /// None yet.
    pub fn new(release: &str) -> Self {
        Self { release: Arc::from(release), list: Vec::with_capacity(64) }
    }

    /// Adds one and returns its id.
    pub fn add(&mut self, said: Said<'_>) -> String {
        id(self.put(said))
    }

    /// Adds one and returns its number.
    pub fn put(&mut self, said: Said<'_>) -> usize {
        let number = self.list.len() + 1;
        // the sentences of one policy follow each other
        let before = self.list.last().map(|finding| &finding.source).filter(|source| source.as_ref() == said.source);
        let source = before.map_or_else(|| Arc::from(said.source), Arc::clone);
        self.list.push(Finding {
            id: id(number),
            rule: said.rule,
            outcome: said.outcome,
            requirements: said.requirements.iter().map(|id| Cow::Borrowed(*id)).collect(),
            content_release: Arc::clone(&self.release),
            source,
            facts: said.facts,
            message: citation::sentence(said.message),
            criterion: None,
            says: None,
        });
        number
    }

    /// Adds one about a sentence of content and returns its number; what the sentence asks for stands in front of the outcome.
    pub fn put_judged(&mut self, said: Said<'_>, outcome: &str, statement: &Statement, content: &Content) -> usize {
        let says = plain::sentence_of(statement, content);
        let message = [says.trim_end_matches('.'), ": ", outcome].concat();
        let number = self.put(Said { message, ..said });
        if let Some(finding) = self.list.last_mut() {
            finding.criterion = Some(Arc::clone(&statement.text));
            finding.says = Some(Arc::clone(says));
        }
        number
    }

    /// All of them.
    pub fn into_vec(self) -> Vec<Finding> {
        self.list
    }
}

/// The id of a finding by its number.
pub fn id(number: usize) -> String {
    numbered(&["f"], number)
}

/// Facts as a map.
pub fn facts<const N: usize>(pairs: [(&str, Value); N]) -> BTreeMap<String, Value> {
    let mut facts = BTreeMap::new();
    for (name, value) in pairs {
        facts.insert(name.to_owned(), value);
    }
    facts
}
