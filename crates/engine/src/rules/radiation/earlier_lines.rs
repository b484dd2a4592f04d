//! Earlier treatment of metastatic disease beside a cancer that has not spread and is to be cured (SAFE-12).

use super::ground::Ground;
use super::said::deviation;
use crate::domain::case::Deviation;
use crate::domain::order::PriorTherapy;
use crate::domain::vocabulary::{DeviationCode, DeviationEffect, LineOfTreatment, TreatmentGoal};

/// The first earlier treatment whose setting or line says that the cancer had spread.
pub(super) fn contradiction(ground: &Ground<'_>) -> Option<Deviation> {
    let clinical = ground.patient.clinical;
    let stage = ground.patient.stage.filter(|stage| *stage != "IV")?;
    if clinical.treatment_goal.known() != Some(&TreatmentGoal::Curative) {
        return None;
    }
    let told = clinical.prior_therapies.known()?;
    let (index, (field, written)) =
        told.iter().enumerate().find_map(|(index, therapy)| Some((index, says_spread(therapy, ground)?)))?;
    Some(deviation(
        DeviationCode::Contradiction,
        &format!("/clinical/prior_therapies/{index}/{field}"),
        (&format!("treatment before stage {stage}"), written),
        DeviationEffect::Pends,
        format!(
            "the earlier treatment {} ({written}) and stage {stage} with curative radiation contradict each other: it is one of metastatic disease. Correct \
             one of them",
            told.get(index).map_or("", PriorTherapy::typed)
        ),
    ))
}

fn says_spread<'t>(therapy: &'t PriorTherapy, ground: &Ground<'_>) -> Option<(&'static str, &'t str)> {
    let heard = &ground.catalog().heard;
    let setting = therapy.setting.known().filter(|setting| heard.spread.are_in(&heard.near_spread.out_of(setting)));
    let is_late = |line: &&LineOfTreatment| {
        matches!(line, LineOfTreatment::SecondLine | LineOfTreatment::ThirdLine | LineOfTreatment::ThirdLinePlus)
    };
    let line = therapy.line.known().filter(is_late);
    setting.map(|setting| ("setting", setting.as_str())).or_else(|| Some(("line", line?.as_str())))
}
