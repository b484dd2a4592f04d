//! What is on file of this member beside radiation: drugs that are not given on its days, and a stage that contradicts the one of this order (SUB-03,
//! SAFE-12, SAFE-15).

use super::ground::Ground;
use super::said::deviation;
use crate::domain::case::{Deviation, Notice};
use crate::domain::vocabulary::{CaseStatus, DeviationCode, DeviationEffect, DrugRole, NoticeCode, Service, TreatmentGoal};
use crate::rules::concurrent::is_chemoradiation;
use crate::rules::facts::{RelatedCase, RelatedDrug};
use crate::rules::plan::days_of_line;
use crate::rules::stage;
use chrono::{Days, NaiveDate};

/// What a metastasis is filed under, and a cancer that has spread.
const SPREAD: &str = "IV";
const SITE: &str = "site:";

/// A notice for each order of drugs on file that are not given beside this radiation. Palliative radiation is fitted between their cycles.
pub(super) fn drugs(ground: &Ground<'_>, range: (NaiveDate, NaiveDate)) -> Vec<Notice> {
    if ground.patient.clinical.treatment_goal.known() != Some(&TreatmentGoal::Curative) {
        return Vec::new();
    }
    let regimen = |case: &RelatedCase| case.regimen_id.as_deref().and_then(|id| ground.content.regimen(id));
    let is_apart = |case: &&RelatedCase| {
        case.service == Service::MedicalOncology
            && is_live(case)
            && !regimen(case).is_some_and(|regimen| is_chemoradiation(regimen))
    };
    ground
        .related
        .iter()
        .filter(is_apart)
        .filter_map(|case| {
            let mut given = case.drugs.iter().filter(|drug| is_beside(drug, case, ground, range)).peekable();
            given.peek()?;
            let names: Vec<&str> = given.map(|drug| drug.generic.as_str()).collect();
            Some(notice(case, &names))
        })
        .collect()
}

fn is_live(case: &RelatedCase) -> bool {
    !matches!(case.status, CaseStatus::NonAuthorized | CaseStatus::ReviewCancelled)
}

/// True for treatment of a class that is not given then, on days of radiation.
fn is_beside(drug: &RelatedDrug, case: &RelatedCase, ground: &Ground<'_>, range: (NaiveDate, NaiveDate)) -> bool {
    let known = ground.content.drugs.by_name(&drug.generic);
    let is_of_class = known.is_some_and(|known| {
        let not_beside = &ground.rules.not_beside;
        not_beside.contains(&known.class) || not_beside.contains(&known.subclass)
    });
    let (first, last) = given(drug, case, ground);
    let slack = Days::new(u64::from(ground.rules.days_after_last_fraction));
    let ends = range.1.checked_sub_days(slack).unwrap_or(range.1);
    drug.role == DrugRole::Treatment && is_of_class && range.0 <= last && first <= ends
}

/// The days on which a line is given, by the phase that it stands in: the lines of one order share its range, and docetaxel is over when the antibody goes
/// on. The whole range where that is not told.
fn given(drug: &RelatedDrug, case: &RelatedCase, ground: &Ground<'_>) -> (NaiveDate, NaiveDate) {
    let after = Days::new(u64::from(ground.program.range.days_after_last_cycle));
    let through = drug.valid_through.unwrap_or(case.valid_through);
    let through = through.checked_sub_days(after).unwrap_or(through);
    let from = drug.valid_from.unwrap_or(case.valid_from);
    let (first, last) = days_of_line(&case.phases, drug.line);
    let on = |day: u64| case.valid_from.checked_add_days(Days::new(day));
    (first.and_then(on).unwrap_or(from).max(from), last.and_then(on).unwrap_or(through).min(through))
}

fn notice(case: &RelatedCase, names: &[&str]) -> Notice {
    let what = if case.is_theirs {
        format!("{} ({} to {})", names.join(", "), case.valid_from, case.valid_through)
    } else {
        "drug treatment".to_owned()
    };
    let words = format!(
        "{what} is on file for this member on days of this radiation, and is no regimen of chemoradiation: a nurse finds out which comes first (SUB-03)"
    );
    Notice::new(NoticeCode::OverlappingTreatment, &words, Some(case.case_id))
}

/// Curative treatment of a cancer that another order tells to have spread.
pub(super) fn stage(ground: &Ground<'_>) -> Option<Deviation> {
    let clinical = ground.patient.clinical;
    let own = ground.patient.stage.filter(|own| *own != SPREAD)?;
    if clinical.treatment_goal.known() != Some(&TreatmentGoal::Curative) {
        return None;
    }
    let is_same = |case: &&RelatedCase| {
        ground.patient.cancer().is_some_and(|cancer| case.cancer_type.as_deref() == Some(cancer)) && is_live(case)
    };
    let case = ground.related.iter().filter(is_same).find(|case| says_spread(case, ground))?;
    // what another practice told is heard, and not told on (PRV-02)
    let message = if case.is_theirs {
        let from = case.valid_from;
        format!(
            "stage {own} and an order from {from} of this member contradict each other: it tells of the same cancer that it has spread. A nurse looks at \
             both"
        )
    } else {
        format!("stage {own} does not go with what is on file of this member: look at it again. A nurse looks at both")
    };
    Some(deviation(
        DeviationCode::Contradiction,
        "/clinical/stage",
        ("the stage that is on file", own),
        DeviationEffect::Pends,
        message,
    ))
}

/// True where a stage IV is told, or a metastasis is treated.
fn says_spread(case: &RelatedCase, ground: &Ground<'_>) -> bool {
    let told = case.told.stage.as_deref().and_then(|told| stage::read(told, ground.content));
    let site = case.treatment_ingredients.iter().find_map(|word| word.strip_prefix(SITE));
    told.is_some_and(|told| told.group == SPREAD || told.is_spread)
        || site.and_then(|key| ground.catalog().site(key)).is_some_and(|site| site.metastatic)
}
