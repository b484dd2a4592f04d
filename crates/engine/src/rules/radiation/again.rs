//! An area treated before: what content lets through by itself is a second course after some weeks. A third one, or one soon after the last, is a
//! nurse's to read.

use super::ground::Ground;
use super::heard::is_radiation;
use crate::domain::order::PriorTherapy;

/// True where the earlier treatments tell of several courses of radiation, or of one that ended a short while ago, nobody says when, or
/// after the date of service.
pub(super) fn is_for_a_nurse(ground: &Ground<'_>) -> bool {
    let heard = &ground.catalog().heard;
    let told = ground.patient.clinical.prior_therapies.known().map(Vec::as_slice).unwrap_or_default();
    let courses: Vec<&PriorTherapy> = told.iter().filter(|therapy| is_radiation(therapy.typed(), heard)).collect();
    let is_recent = |therapy: &&PriorTherapy| {
        let dates = [therapy.ended_on.known(), therapy.started_on.known()];
        let days = dates.into_iter().flatten().map(|on| (ground.patient.date_of_service - *on).num_days()).min();
        days.is_none_or(|days| days < i64::from(ground.rules.again_after_days))
    };
    courses.len() > 1 || courses.iter().any(is_recent)
}
