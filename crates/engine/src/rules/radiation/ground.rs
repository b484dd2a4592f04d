//! What the rules of one radiation order share.

use super::Treated;
use crate::domain::content::radiation::RadiationCatalog;
use crate::domain::content::{Content, Program, RadiationRules};
use crate::domain::criteria::Criterion;
use crate::domain::vocabulary::Truth;
use crate::rules::criteria::{self, Asked, Bench};
use crate::rules::facts::RelatedCase;
use crate::rules::patient::Patient;

/// The order, the patient and content.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ground<'a> {
    /// The radiation ordered.
    pub treated: &'a Treated<'a>,
    /// The patient, with the histology of the order.
    pub patient: &'a Patient<'a>,
    /// The pathology among the clinical answers, as entered.
    pub pathology: Option<&'a str>,
    /// Where sentences are judged.
    pub bench: Bench<'a>,
    /// Content.
    pub content: &'a Content,
    /// The program that decides.
    pub program: &'a Program,
    /// What it says of radiation.
    pub rules: &'a RadiationRules,
    /// The member's other cases.
    pub related: &'a [RelatedCase],
    /// Where no stage group is told: those that T and N leave.
    pub groups: Option<&'a [String]>,
    /// The day of receipt.
    pub received: chrono::NaiveDate,
}

impl<'a> Ground<'a> {
    /// What content knows of radiation.
    pub fn catalog(&self) -> &'a RadiationCatalog {
        &self.content.radiation
    }

    /// Judges a sentence.
    pub fn judge(&self, criterion: &Criterion) -> Truth {
        criteria::judge(criterion, &self.bench)
    }

    /// The answers that account for an outcome of a sentence that is not met.
    pub fn open(&self, criterion: &Criterion, outcome: Truth) -> Vec<Asked> {
        criteria::evidence(criterion, &self.bench, outcome).open
    }

    /// The histologies that were entered, each with its field and name.
    pub fn histologies(&self) -> impl Iterator<Item = (&'static str, &'static str, Option<&'a str>)> + use<'a> {
        let of_order = self.treated.entered.histology.known().map(String::as_str);
        [("/radiation/histology", "histology", of_order), ("/clinical/pathology", "pathology", self.pathology)].into_iter()
    }

    /// Histologies that are no words of the vocabulary, each with its field and name.
    pub fn foreign_histologies(&self) -> impl Iterator<Item = (&'static str, &'static str, Option<&'a str>)> + use<'a> {
        let content = self.content;
        self.histologies().filter(move |(_, _, text)| text.is_some_and(|text| content.pathology(text).is_none()))
    }

    /// How far a dose may miss a range, as a share.
    pub fn tolerance(&self) -> f64 {
        self.rules.dose_tolerance_percent / 100.0
    }
}
