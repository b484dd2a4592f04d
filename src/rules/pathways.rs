//! Whether the order is on a Pathway, and which Pathways fit the patient (REG-02…04, REG-09).

use super::fit::{fit, fit_truths};
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
        .regimens
        .iter()
        .filter(|regimen| regimen.cancer == cancer)
        .filter_map(|regimen| pathway(regimen, patient).map(|pathway| (regimen, pathway)))
        .map(|(regimen, pathway)| (fit_truths(regimen, patient).into_iter().fold(Truth::Met, Truth::and), pathway, regimen))
        .filter(|(truth, _, _)| *truth != Truth::NotMet)
        .collect();
    fitting.sort_by(order);
    fitting.into_iter().map(|(truth, pathway, regimen)| option(truth, pathway, regimen, patient)).collect()
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
        let open: Vec<String> = fit(regimen, patient)
            .into_iter()
            .filter(|dimension| dimension.truth == Truth::Unknown)
            .map(|dimension| format!("{} ({})", dimension.name.replace('_', " "), dimension.expected))
            .collect();
        format!("may fit; depends on {}", open.join(", "))
    };
    PathwayOption { pathway_id: pathway.id.clone(), regimen_id: regimen.id.clone(), regimen_name: regimen.name.clone(), reason }
}

/// The determination once the case is decided.
pub fn determination(
    matched: Option<&Match<'_>>,
    off_pathway: bool,
    patient: &Patient<'_>,
    options: &[PathwayOption],
) -> PathwayDetermination {
    let on = matched.is_some_and(|matched| {
        pathway(matched.regimen, patient).is_some() && matched.clinical_fit() == Truth::Met && !off_pathway
    });
    if on {
        PathwayDetermination::OnPathway
    } else if options.is_empty()
        && matched.is_none_or(|matched| pathway(matched.regimen, patient).is_none())
        && patient.cancer().is_some()
    {
        PathwayDetermination::NoPathwayAvailable
    } else {
        PathwayDetermination::OffPathway
    }
}
