//! Matches a plan to the evidence-based regimens (REG-01, REG-06, REG-07, REG-13).
//!
//! A regimen is a candidate when the order holds every ingredient it requires and no other treatment ingredient. Of several
//! candidates the submitter's choice is the match, else the one that fits the patient and the schedule best; equal fits go to the
//! Pathway, then to the id.

use super::fit::{Dimension, fit, fit_truths};
use super::patient::Patient;
use super::plan::PlanLine;
use super::schedule::{Difference, compare};
use crate::domain::content::{self, Content, Regimen};
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
    /// Every regimen of the cancer with these drugs on the schedule that departs least: what drugs and schedule do (DEV-06) is theirs,
    /// whoever the patient is.
    pub twins: Vec<&'a Arc<Regimen>>,
    /// True where the cancer type is not entered and the diagnosis can be several: what matched is a guess.
    pub cancer_is_unclear: bool,
}

impl Match<'_> {
    /// Whether the patient fits the regimen in every dimension.
    pub fn clinical_fit(&self) -> Truth {
        self.dimensions.iter().fold(Truth::Met, |so_far, dimension| so_far.and(dimension.truth))
    }

    /// True where the line is part of the regimen's treatment.
    pub fn contains(&self, line: &PlanLine<'_>) -> bool {
        self.regimen.required_ingredients.iter().any(|required| line.has_ingredient(required))
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
    let treatment = order.treatment.as_ref();
    let chosen = treatment.and_then(|treatment| treatment.regimen_id.as_deref());
    let phases = treatment.map_or(&[][..], |treatment| &treatment.phases);
    let cancer = Cancer::of(patient);
    let candidates: Vec<Candidate<'a>> = same_drugs(&ingredients(plan), cancer, content)
        .into_iter()
        .map(|regimen| Candidate { regimen, differences: compare(phases, plan, regimen) })
        .collect();
    let fewest = candidates.iter().map(|candidate| candidate.differences.len()).min()?;
    let twins = candidates.iter().filter(|other| other.differences.len() == fewest).map(|other| other.regimen).collect();
    let best = candidates.into_iter().min_by_key(|candidate| candidate.rank(chosen, patient))?;
    Some(Match {
        regimen: best.regimen,
        dimensions: fit(best.regimen, patient),
        differences: best.differences,
        twins,
        cancer_is_unclear: matches!(cancer, Cancer::Unclear(_)),
    })
}

/// A regimen with the drugs of the order.
struct Candidate<'a> {
    regimen: &'a Arc<Regimen>,
    differences: Vec<Difference>,
}

impl<'a> Candidate<'a> {
    /// Least is best: the submitter's choice, then the fit, the schedule, a Pathway.
    fn rank(&self, chosen: Option<&str>, patient: &Patient<'_>) -> (bool, usize, usize, usize, bool, &'a str) {
        let (mut not_met, mut unknown) = (0, 0);
        for truth in fit_truths(self.regimen, patient) {
            not_met += usize::from(truth == Truth::NotMet);
            unknown += usize::from(truth == Truth::Unknown);
        }
        let is_pathway = self.regimen.pathway.as_ref().is_some_and(|pathway| pathway.is_effective(patient.date_of_service));
        (chosen != Some(self.regimen.id.as_str()), not_met, unknown, self.differences.len(), !is_pathway, &self.regimen.id)
    }
}

/// Which cancer's regimens an order is compared with.
#[derive(Debug, Clone, Copy)]
enum Cancer<'a> {
    /// The one entered, or the only one that the diagnosis can be.
    Key(&'a str),
    /// The diagnosis can be several: a match is a guess, and the case pends.
    Unclear(&'a str),
    /// Neither says anything.
    Untold,
}

impl<'a> Cancer<'a> {
    fn of(patient: &Patient<'a>) -> Self {
        match (patient.cancer(), patient.icd10) {
            (Some(key), _) => Cancer::Key(key),
            (None, Some(code)) => {
                let is_of = |cancer: &&Arc<content::Cancer>| cancer.is_meant_by(code);
                let mut possible = patient.content.cancers.iter().filter(is_of);
                match (possible.next(), possible.next()) {
                    (Some(only), None) => Cancer::Key(&only.key),
                    _ => Cancer::Unclear(code),
                }
            }
            (None, None) => Cancer::Untold,
        }
    }

    /// Every cancer whose regimens it may be.
    fn keys(self, content: &Content) -> impl Iterator<Item = &str> {
        content.cancers.iter().map(|known| known.key.as_str()).filter(move |known| match self {
            Cancer::Key(key) => *known == key,
            Cancer::Unclear(_) => true,
            Cancer::Untold => false,
        })
    }

    /// Among the regimens of [`Cancer::keys`].
    fn has(self, regimen: &Regimen) -> bool {
        match self {
            Cancer::Key(_) => true,
            Cancer::Unclear(code) => regimen.icd10_prefixes.iter().any(|prefix| code.starts_with(prefix.as_str())),
            Cancer::Untold => false,
        }
    }
}

/// Regimens of the cancer that hold exactly the drugs of the order, by id.
fn same_drugs<'a>(found: &Ingredients<'_>, cancer: Cancer<'_>, content: &'a Content) -> Vec<&'a Arc<Regimen>> {
    let mut same: Vec<&'a Arc<Regimen>> = Vec::new();
    for key in cancer.keys(content) {
        let with = |ingredient: &&str| content.regimens_with(key, ingredient);
        let mut add = |regimens: &'a [Arc<Regimen>]| {
            same.extend(regimens.iter().filter(|regimen| cancer.has(regimen) && has_same_drugs(regimen, found)));
        };
        // one ingredient that every candidate has; where all are flexible, whichever regimens have any of them
        match found.treatment.iter().map(with).min_by_key(|regimens| regimens.len()) {
            Some(fewest) => add(fewest),
            None => found.flexible.iter().map(with).for_each(add),
        }
    }
    same.sort_by(|left, right| left.id.cmp(&right.id));
    same.dedup_by(|left, right| left.id == right.id);
    same
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
    let cancer = Cancer::of(patient);
    let is_wanted = |regimen: &Regimen, have: &str| regimen.required_ingredients.iter().any(|want| want == have);
    let is_there = |want: &str| found.treatment.contains(want) || found.flexible.contains(want);
    // how many are too much or missing; none where nothing is shared
    let differing = |regimen: &Regimen| {
        let missing = regimen.required_ingredients.iter().filter(|want| !is_there(want)).count();
        let extra = || found.treatment.iter().filter(|have| !is_wanted(regimen, have)).count();
        (missing < regimen.required_ingredients.len()).then(|| extra() + missing)
    };
    let (_, regimen) = cancer
        .keys(content)
        .flat_map(|key| content.regimens_of(key))
        .filter(|regimen| cancer.has(regimen))
        .filter_map(|regimen| Some(((differing(regimen)?, regimen.pathway.is_none(), regimen.id.as_str()), regimen)))
        .min_by_key(|(rank, _)| *rank)?;
    let extra = found.treatment.iter().filter(|have| !is_wanted(regimen, have)).map(|have| (*have).to_owned());
    let missing = regimen.required_ingredients.iter().filter(|want| !is_there(want)).cloned();
    Some((regimen, extra.collect(), missing.collect()))
}
