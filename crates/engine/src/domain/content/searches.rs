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

/// What clinics type for a regimen, where its names and drugs would lead elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegimenWords {
    /// What is typed: `stupp`, `weekly taxol`.
    pub words: Vec<String>,
    /// Ids of the regimens that are meant, the likeliest first; empty for a treatment that no regimen here is.
    pub regimens: Vec<String>,
}

/// The words of searches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchWords {
    /// Diagnoses.
    pub diagnoses: Vec<DiagnosisWords>,
    /// Regimens.
    pub regimens: Vec<RegimenWords>,
    /// Words that are meant by others: `ca` by `malignant`.
    pub means: BTreeMap<String, Vec<String>>,
}
