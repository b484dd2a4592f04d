//! Words that people type into searches and that no title has. Nothing here decides about an order.

use std::collections::BTreeMap;

/// What clinics type for a diagnosis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiagnosisWords {
    /// What is typed: `nsclc`, `mets to bone`.
    pub words: Vec<String>,
    /// The codes that it may mean, the likeliest first.
    pub codes: Vec<String>,
    /// The cancer type that it says.
    pub cancer: Option<String>,
}

/// The words of searches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchWords {
    /// Diagnoses.
    pub diagnoses: Vec<DiagnosisWords>,
    /// Words that are meant by others: `ca` by `malignant`.
    pub means: BTreeMap<String, Vec<String>>,
}
