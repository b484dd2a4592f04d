//! Collects the findings of one decision: every rule asked, with the facts it used.

use super::plain;
use crate::domain::case::Finding;
use crate::domain::citation;
use crate::domain::content::{Content, Statement};
use crate::domain::facts_used::{FactsUsed, Requirements};
use crate::domain::shared_text::Text;
use crate::domain::text::numbered;
use crate::domain::vocabulary::Truth;
use serde_json::Value;
use std::sync::{Arc, LazyLock};

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
    pub facts: FactsUsed,
    /// In words.
    pub message: String,
}

/// What is said about a sentence of content.
#[derive(Debug)]
pub struct JudgedSentence<'a> {
    /// The sentence.
    pub statement: &'a Statement,
    /// Path of the rule.
    pub rule: Text,
    /// Outcome.
    pub outcome: Truth,
    /// The outcome in words.
    pub words: &'static str,
    /// Requirement ids.
    pub requirements: &'static [&'static str],
    /// Source.
    pub source: &'a str,
    /// Facts used.
    pub facts: FactsUsed,
}

impl Findings {
    /// None yet.
    pub fn new(release: &str) -> Self {
        Self { release: Arc::from(release), list: Vec::with_capacity(64) }
    }

    /// Adds one and returns its id.
    pub fn add(&mut self, said: Said<'_>) -> Text {
        id(self.put(said))
    }

    /// Adds one and returns its number.
    pub fn put(&mut self, said: Said<'_>) -> usize {
        let number = self.list.len() + 1;
        let source = self.source(said.source);
        self.list.push(Finding {
            id: id(number),
            rule: said.rule.into(),
            outcome: said.outcome,
            requirements: Requirements::Named(said.requirements),
            content_release: Arc::clone(&self.release),
            source,
            facts: said.facts,
            message: citation::sentence(said.message).into(),
            criterion: None,
            says: None,
        });
        number
    }

    /// Adds one about a sentence of content and returns its number; what the sentence asks for stands in front of the outcome.
    pub fn put_judged(&mut self, judged: JudgedSentence<'_>, content: &Content) -> usize {
        let number = self.list.len() + 1;
        let source = self.source(judged.source);
        let statement = judged.statement;
        let says = plain::sentence_of(statement, content);
        let message = || citation::sentence([says.trim_end_matches('.'), ": ", judged.words].concat());
        // most hold, and say so in the same words each time
        let message = match judged.outcome {
            Truth::Met => Text::from(statement.held.get_or_init(|| message().into())),
            _ => message().into(),
        };
        self.list.push(Finding {
            id: id(number),
            rule: judged.rule,
            outcome: judged.outcome,
            requirements: Requirements::Named(judged.requirements),
            content_release: Arc::clone(&self.release),
            source,
            facts: judged.facts,
            message,
            criterion: Some(Arc::clone(&statement.text)),
            says: Some(Arc::clone(says)),
        });
        number
    }

    /// The sentences of one policy follow each other.
    fn source(&self, source: &str) -> Arc<str> {
        let before = self.list.last().map(|finding| &finding.source).filter(|before| before.as_ref() == source);
        before.map_or_else(|| Arc::from(source), Arc::clone)
    }

    /// All of them.
    pub fn into_vec(self) -> Vec<Finding> {
        self.list
    }
}

/// Ids of the first findings: few orders have more.
static FIRST_IDS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| (0..64).map(|number| &*numbered(&["f"], number).leak()).collect());

/// The id of a finding by its number.
pub fn id(number: usize) -> Text {
    FIRST_IDS.get(number).map_or_else(|| numbered(&["f"], number).into(), |id| Text::from(*id))
}

/// Facts by name.
pub fn facts<const N: usize>(pairs: [(&'static str, Value); N]) -> FactsUsed {
    pairs.into()
}
