//! What a program's letters say beside what was decided: appeals, questions, languages, the notice of nondiscrimination.

use crate::domain::review::LineOutcome;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Words of the letters (DET-10, DET-12, APP-01…03, PRG-17).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Letters {
    /// Who sends them on the plan's behalf.
    pub sender: String,
    /// How a provider asks for reconsideration; there where the program has it (APP-01).
    #[serde(default)]
    pub reconsideration: Option<String>,
    /// How a provider appeals (APP-02, APP-03). Paragraphs.
    pub appeal_provider: Vec<String>,
    /// How a member appeals. Paragraphs.
    pub appeal_member: Vec<String>,
    /// Whom a member asks (PRG-17).
    pub questions_member: String,
    /// The plan's notice of nondiscrimination (DET-12).
    pub nondiscrimination: String,
    /// Help in other languages, each in its own (DET-12).
    pub language_assistance: Vec<LanguageLine>,
    /// Codes of the reasons that reviewers may give.
    pub reasons: Vec<String>,
}

/// A reason that reviewers give for a determination (DET-10).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Code such as `not_medically_necessary`.
    pub code: String,
    /// What it may be given for.
    pub decision: LineOutcome,
    /// For the member, by language; English always.
    pub lay: BTreeMap<String, String>,
    /// For the ordering provider.
    pub clinical: String,
    /// The code that it maps to in X12's code source 886, entered by whoever holds that list's licence.
    #[serde(default)]
    pub x12: Option<String>,
}

impl Reason {
    /// For a member who reads this language.
    pub fn lay(&self, language: &str) -> &str {
        self.lay.get(language).or_else(|| self.lay.get("en")).map_or(self.clinical.as_str(), String::as_str)
    }
}

/// One line in one language.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageLine {
    /// Language tag such as `es`.
    pub language: String,
    /// The line.
    pub text: String,
}
