//! Matches a plan to the evidence-based regimens (REG-01, REG-06, REG-07, REG-13).
//!
//! A regimen is a candidate when the order holds every ingredient it requires and no other treatment ingredient. Of several
//! candidates the one that fits the patient and the schedule best is the match; equal fits go to the Pathway, then to the id.

use super::fit::{Dimension, fit, fit_truths};
use super::patient::Patient;
use super::plan::PlanLine;
use super::schedule::{Difference, compare};
use crate::domain::content::{Content, Regimen};
use crate::domain::order::OrderRequest;
use crate::domain::vocabulary::Truth;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A regimen that the plan matches, and how well.
#[derive(Debug)]
pub struct Match<'a> {
    /// The regimen.
    pub regimen: &'a Arc<Regimen>,
    /// How the patient fits it.
    pub dimensions: Vec<Dimension>,
    /// How the schedule departs from it.
    pub differences: Vec<Difference>,
}

impl Match<'_> {
    /// Whether the patient fits the regimen in every dimension.
    pub fn clinical_fit(&self) -> Truth {
        self.dimensions.iter().fold(Truth::Met, |so_far, dimension| so_far.and(dimension.truth))
    }

    /// True where the line is part of the regimen's treatment.
    pub fn contains(&self, line: &PlanLine<'_>) -> bool {
        line.ingredients()
            .iter()
            .any(|ingredient| self.regimen.required_ingredients.iter().any(|required| required == ingredient))
    }
}

/// Ingredients of an order, told apart by whether only a regimen can make them treatment.
#[derive(Debug)]
pub struct Ingredients<'a> {
    /// Never supportive.
    pub treatment: BTreeSet<&'a str>,
    /// Supportive unless a regimen counts them in, such as leucovorin or dexamethasone.
    pub flexible: BTreeSet<&'a str>,
}

/// The ingredients of a plan; investigational drugs are left out (TRI-02).
pub fn ingredients<'a>(plan: &[PlanLine<'a>]) -> Ingredients<'a> {
    let mut found = Ingredients { treatment: BTreeSet::new(), flexible: BTreeSet::new() };
    for line in plan.iter().filter(|line| !line.is_investigational()) {
        let side = if line.is_supportive_by_content() { &mut found.flexible } else { &mut found.treatment };
        side.extend(line.ingredients());
    }
    found
}

/// The best match, where there is one.
pub fn best<'a>(
    order: &'a OrderRequest,
    plan: &[PlanLine<'a>],
    patient: &Patient<'_>,
    content: &'a Content,
) -> Option<Match<'a>> {
    let found = ingredients(plan);
    let chosen = order.treatment.as_ref().and_then(|treatment| treatment.regimen_id.as_deref());
    candidates(&found, patient, content)
        .into_iter()
        .map(|regimen| (rank(regimen, chosen, order, plan, patient), regimen))
        .min_by(|left, right| left.0.cmp(&right.0))
        .map(|(_, regimen)| Match {
            regimen,
            dimensions: fit(regimen, patient),
            differences: compare(order.treatment.as_ref().map_or(&[][..], |treatment| &treatment.phases), plan, regimen),
        })
}

type Rank<'r> = (bool, usize, usize, usize, bool, &'r str);

fn rank<'r>(
    regimen: &'r Regimen,
    chosen: Option<&str>,
    order: &OrderRequest,
    plan: &[PlanLine<'_>],
    patient: &Patient<'_>,
) -> Rank<'r> {
    let truths = fit_truths(regimen, patient);
    let count = |truth| truths.iter().filter(|found| **found == truth).count();
    let phases = order.treatment.as_ref().map_or(&[][..], |treatment| &treatment.phases);
    let differences = compare(phases, plan, regimen).len();
    let is_pathway = regimen.pathway.as_ref().is_some_and(|pathway| pathway.is_effective(patient.date_of_service));
    (chosen != Some(regimen.id.as_str()), count(Truth::NotMet), count(Truth::Unknown), differences, !is_pathway, &regimen.id)
}

/// Regimens with the same drugs, for the patient's cancer or, where that is not told, for the diagnosis.
fn candidates<'a>(found: &Ingredients<'_>, patient: &Patient<'_>, content: &'a Content) -> Vec<&'a Arc<Regimen>> {
    let anchors: Vec<&str> = match found.treatment.first() {
        Some(anchor) => vec![anchor],
        None => found.flexible.iter().copied().collect(),
    };
    let mut candidates: Vec<&Arc<Regimen>> = anchors
        .into_iter()
        .flat_map(|anchor| content.regimens_with(anchor))
        .filter(|regimen| is_for_cancer(regimen, patient) && has_same_drugs(regimen, found))
        .collect();
    candidates.sort_by(|left, right| left.id.cmp(&right.id));
    candidates.dedup_by(|left, right| left.id == right.id);
    candidates
}

fn is_for_cancer(regimen: &Regimen, patient: &Patient<'_>) -> bool {
    match (patient.cancer(), patient.icd10) {
        (Some(cancer), _) => regimen.cancer == cancer,
        (None, Some(code)) => regimen.icd10_prefixes.iter().any(|prefix| code.starts_with(prefix.as_str())),
        (None, None) => false,
    }
}

fn has_same_drugs(regimen: &Regimen, found: &Ingredients<'_>) -> bool {
    let required = &regimen.required_ingredients;
    required
        .iter()
        .all(|ingredient| found.treatment.contains(ingredient.as_str()) || found.flexible.contains(ingredient.as_str()))
        && found.treatment.iter().all(|ingredient| required.iter().any(|wanted| wanted == ingredient))
}

/// For a plan that matches nothing: the regimen of the same cancer that differs least, with what is too much and what is missing.
pub fn nearest<'a>(
    plan: &[PlanLine<'_>],
    patient: &Patient<'_>,
    content: &'a Content,
) -> Option<(&'a Arc<Regimen>, Vec<String>, Vec<String>)> {
    let found = ingredients(plan);
    let differing = |regimen: &Regimen| {
        let extra: Vec<String> = found
            .treatment
            .iter()
            .filter(|have| !regimen.required_ingredients.iter().any(|want| want == *have))
            .map(|have| (*have).to_owned())
            .collect();
        let missing: Vec<String> = regimen
            .required_ingredients
            .iter()
            .filter(|want| !found.treatment.contains(want.as_str()) && !found.flexible.contains(want.as_str()))
            .cloned()
            .collect();
        (extra, missing)
    };
    content
        .regimens
        .iter()
        .filter(|regimen| is_for_cancer(regimen, patient))
        .map(|regimen| (regimen, differing(regimen)))
        .filter(|(regimen, (_, missing))| missing.len() < regimen.required_ingredients.len())
        .min_by_key(|(regimen, (extra, missing))| (extra.len() + missing.len(), regimen.pathway.is_none(), regimen.id.clone()))
        .map(|(regimen, (extra, missing))| (regimen, extra, missing))
}
