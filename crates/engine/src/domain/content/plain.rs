//! What content calls things in plain English: disease settings, classes of drugs, and facts that have no good words of their own.

use crate::domain::criteria::Criterion;
use std::collections::BTreeMap;

/// A fact of the criteria language with its words.
#[derive(Debug, Clone, PartialEq)]
pub struct PlainFact {
    /// The fact.
    pub criterion: Criterion,
    /// In words, as a clause: `the patient can have a stem cell transplant`.
    pub says: String,
    /// The opposite in words.
    pub denies: String,
}

/// The words.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlainWords {
    /// Disease settings by key, each as a clause: `the cancer has spread`.
    pub settings: BTreeMap<String, String>,
    /// Classes and subclasses of drugs by key: `a platinum drug`.
    pub classes: BTreeMap<String, String>,
    /// Cancer types by key, within a sentence, where their name is none for it: `ovarian, fallopian tube or primary peritoneal cancer`.
    pub cancers: BTreeMap<String, String>,
    /// Facts.
    pub facts: Vec<PlainFact>,
}
