//! What codes of other standards mean here, and which of them answers carry: payers, X12 review actions and rejections, observations by
//! LOINC, coded values. The words are content's; a door that speaks those standards looks them up.

use crate::domain::vocabulary::{CaseStatus, DrugStatus};
use std::collections::{BTreeMap, HashMap};

/// A code of some system: `http://loinc.org` and `8302-2`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SystemCode {
    /// The system.
    pub system: String,
    /// The code.
    pub code: String,
}

impl SystemCode {
    /// Reads `system|code`.
    pub fn parse(text: &str) -> Option<Self> {
        let (system, code) = text.rsplit_once('|')?;
        let well_formed = !system.is_empty() && !code.is_empty() && !text.contains(char::is_whitespace);
        well_formed.then(|| Self { system: system.to_owned(), code: code.to_owned() })
    }
}

/// A code with its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coded {
    /// The code.
    pub code: String,
    /// In words.
    pub display: String,
}

/// How a refusal is coded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// X12 code source 901: why.
    pub code: String,
    /// X12 code source 889: what to do.
    pub follow_up: String,
}

/// Which answer an observation gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Observed {
    /// A number for a field of the order.
    Measure {
        /// JSON pointer of the field.
        field: String,
        /// What one of each UCUM unit is in the field's unit.
        units: BTreeMap<String, f64>,
    },
    /// A performance status on this scale.
    Scale(String),
    /// A word for a field of the order.
    Word(String),
    /// A biomarker of this name.
    Biomarker(String),
    /// An assessment of this name.
    Assessment(String),
}

/// Every table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CodeTables {
    /// Health plan by the payer's identifier.
    pub payers: HashMap<SystemCode, String>,
    /// Review action of a line.
    pub lines: BTreeMap<DrugStatus, Coded>,
    /// Review action of a line of which less, or something else, is authorized than was asked for.
    pub modified: Option<Coded>,
    /// Review action of a case.
    pub cases: BTreeMap<CaseStatus, Coded>,
    /// Codes of refusals, by the refusal's name.
    pub rejections: BTreeMap<String, Rejection>,
    /// What observations answer.
    pub observations: HashMap<SystemCode, Observed>,
    /// What coded values say.
    pub values: HashMap<SystemCode, String>,
}

/// The refusals that have to have a code.
pub const REFUSALS: [&str; 11] = [
    "unknown-payer",
    "missing-required-information",
    "member-not-found",
    "member-mismatch",
    "coverage-not-active",
    "ordering-provider-not-on-file",
    "not-eligible",
    "retrospective-window-closed",
    "channel-not-accepted",
    "prior-claim-unknown",
    "new-request-needed",
];

impl CodeTables {
    /// The first identifier of a plan's payer, for what is written about cases that came in another way.
    pub fn payer_of(&self, health_plan: &str) -> Option<&SystemCode> {
        self.payers.iter().filter(|(_, plan)| *plan == health_plan).map(|(id, _)| id).min()
    }
}

#[cfg(test)]
mod tests {
    use super::SystemCode;

    #[test]
    fn a_code_is_told_from_its_system_by_the_last_bar() {
        let read = |text| SystemCode::parse(text).map(|read| (read.system, read.code));
        assert_eq!(read("http://loinc.org|8302-2"), Some(("http://loinc.org".to_owned(), "8302-2".to_owned())));
        for text in ["8302-2", "|8302-2", "http://loinc.org|", "http://loinc.org|8302 2"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
