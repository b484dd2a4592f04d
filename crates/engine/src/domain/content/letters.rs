//! What a program's letters say beside what was decided: appeals, questions, languages, the notice of nondiscrimination.

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
    /// Reason codes of denials in words. Another code is shown as the physician wrote it.
    #[serde(default)]
    pub reasons: BTreeMap<String, String>,
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
