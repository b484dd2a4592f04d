//! Collects the findings of one decision: every rule asked, with the facts it used.

use super::plain;
use crate::domain::case::Finding;
use crate::domain::citation;
use crate::domain::content::{Content, Statement};
use crate::domain::vocabulary::Truth;
use serde_json::Value;
use std::collections::BTreeMap;

/// Findings in the order in which the rules were asked.
#[derive(Debug)]
pub struct Findings<'c> {
    release: &'c str,
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
    pub requirements: &'a [&'a str],
    /// Source.
    pub source: &'a str,
    /// Facts used.
    pub facts: BTreeMap<String, Value>,
    /// In words.
    pub message: String,
}

impl<'c> Findings<'c> {
    /// None yet.
    pub const fn new(release: &'c str) -> Self {
        Self { release, list: Vec::new() }
    }

    /// Adds one and returns its id.
    pub fn add(&mut self, said: Said<'_>) -> String {
        let id = ["f", &(self.list.len() + 1).to_string()].concat();
        self.list.push(Finding {
            id: id.clone(),
            rule: said.rule,
            outcome: said.outcome,
            requirements: said.requirements.iter().map(|id| (*id).to_owned()).collect(),
            content_release: self.release.to_owned(),
            source: said.source.to_owned(),
            facts: said.facts,
            message: citation::sentence(&said.message),
            criterion: None,
            says: None,
        });
        id
    }

    /// Adds one about a sentence of content and returns its id; what the sentence asks for stands in front of the outcome.
    pub fn add_judged(&mut self, said: Said<'_>, statement: &Statement, content: &Content) -> String {
        let says = plain::sentence(statement, content);
        let message = [says.trim_end_matches('.'), ": ", &said.message].concat();
        let id = self.add(Said { message, ..said });
        if let Some(finding) = self.list.last_mut() {
            finding.criterion = Some(statement.text.clone());
            finding.says = Some(says);
        }
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
