//! Whether the order is on a Pathway, and which Pathways fit the patient (REG-02…04, REG-09).

use super::fit::{fit_truths, push_open_dimensions};
use super::matching::Match;
use super::patient::Patient;
use crate::domain::case::PathwayOption;
use crate::domain::content::{Content, Regimen, RegimenPathway};
use crate::domain::vocabulary::{PathwayDetermination, Truth};
use std::cmp::Ordering;
use std::sync::Arc;

/// The Pathway of a regimen on the date of service.
pub fn pathway<'r>(regimen: &'r Regimen, patient: &Patient<'_>) -> Option<&'r RegimenPathway> {
    regimen.pathway.as_ref().filter(|pathway| pathway.is_effective(patient.date_of_service))
}

/// Pathways for the patient's cancer that fit, or may fit once an answer is known; best first.
pub fn options(patient: &Patient<'_>, content: &Content) -> Vec<PathwayOption> {
    let Some(cancer) = patient.cancer() else { return Vec::new() };
    let mut fitting: Vec<(Truth, &RegimenPathway, &Arc<Regimen>)> = content
        .regimens_of(cancer)
        .iter()
        .filter_map(|regimen| pathway(regimen, patient).map(|pathway| (regimen, pathway)))
        .filter_map(|(regimen, pathway)| Some((fits(regimen, patient)?, pathway, regimen)))
        .collect();
    fitting.sort_by(order);
    fitting.into_iter().map(|(truth, pathway, regimen)| option(truth, pathway, regimen, patient)).collect()
}

/// Whether the patient fits in all, or may fit; none at the first dimension that rules the regimen out.
fn fits(regimen: &Regimen, patient: &Patient<'_>) -> Option<Truth> {
    fit_truths(regimen, patient).try_fold(Truth::Met, |so_far, truth| (truth != Truth::NotMet).then(|| so_far.and(truth)))
}

/// What fits before what may fit; then efficacy, toxicity, consensus, and cost last (REG-09).
fn order(left: &(Truth, &RegimenPathway, &Arc<Regimen>), right: &(Truth, &RegimenPathway, &Arc<Regimen>)) -> Ordering {
    let rank = |entry: &(Truth, &RegimenPathway, &Arc<Regimen>)| {
        (entry.0 != Truth::Met, entry.1.efficacy, entry.1.toxicity, entry.1.consensus)
    };
    let cost = |entry: &(Truth, &RegimenPathway, &Arc<Regimen>)| entry.2.relative_cost.unwrap_or(f64::INFINITY);
    rank(left).cmp(&rank(right)).then(cost(left).total_cmp(&cost(right))).then(left.2.id.cmp(&right.2.id))
}

fn option(truth: Truth, pathway: &RegimenPathway, regimen: &Regimen, patient: &Patient<'_>) -> PathwayOption {
    let reason = if truth == Truth::Met {
        format!(
            "fits cancer type, stage, line and biomarkers as entered; efficacy rank {}, toxicity rank {}, consensus rank {}",
            pathway.efficacy, pathway.toxicity, pathway.consensus
        )
    } else {
        let mut reason = "may fit; depends on ".to_owned();
        push_open_dimensions(&mut reason, regimen, patient);
        reason
    };
    PathwayOption { pathway_id: pathway.id.clone(), regimen_id: regimen.id.clone(), regimen_name: regimen.name.clone(), reason }
}

/// Whether the order follows the Pathway of the regimen that it matches.
pub fn is_on_pathway(matched: Option<&Match<'_>>, off_pathway: bool, patient: &Patient<'_>) -> bool {
    matched.is_some_and(|matched| {
        pathway(matched.regimen, patient).is_some() && matched.clinical_fit() == Truth::Met && !off_pathway
    })
}

/// The determination of an order that follows no Pathway.
pub fn determination_off(matched: Option<&Match<'_>>, patient: &Patient<'_>, options: &[PathwayOption]) -> PathwayDetermination {
    let none = options.is_empty()
        && matched.is_none_or(|matched| pathway(matched.regimen, patient).is_none())
        && patient.cancer().is_some();
    if none { PathwayDetermination::NoPathwayAvailable } else { PathwayDetermination::OffPathway }
}
