//! How often treatment is given, as the technique says it, against the schedule that is ordered (SAFE-12).

use super::ground::Ground;
use super::said::deviation;
use super::schedule::Fit;
use crate::domain::case::Deviation;
use crate::domain::content::radiation::{FractionationSchedule, Rhythm};
use crate::domain::vocabulary::{DeviationCode, DeviationEffect, Modality};

/// Days a week of treatment on working days.
const WORKING_DAYS: u32 = 5;
/// Days a week of every other day.
const EVERY_OTHER_DAY: u32 = 3;

/// The first word that says another rhythm than the schedule has.
pub(super) fn contradiction(ground: &Ground<'_>, fit: Option<&Fit<'_>>) -> Option<Deviation> {
    let schedule = &fit?.schedule;
    let (word, _) =
        ground.treated.technique.rhythms.iter().find(|(_, rhythm)| !agrees(rhythm, schedule, ground.treated.modality))?;
    let written = ground.treated.entered.technique.as_deref().unwrap_or_default();
    let expected = in_words(schedule);
    Some(deviation(
        DeviationCode::Contradiction,
        "/radiation/technique",
        (&expected, written),
        DeviationEffect::Pends,
        format!(
            "technique `{word}` and {} contradict each other: the schedule is given {expected}. Correct the technique, or dose and fractions",
            schedule.name
        ),
    ))
}

/// True where every word for how often treatment is given agrees with a schedule.
pub(super) fn goes_with(schedule: &FractionationSchedule, ground: &Ground<'_>) -> bool {
    ground.treated.technique.rhythms.iter().all(|(_, rhythm)| agrees(rhythm, schedule, ground.treated.modality))
}

fn agrees(rhythm: &Rhythm, schedule: &FractionationSchedule, modality: Modality) -> bool {
    rhythm.per_day.is_none_or(|per_day| per_day == schedule.per_day)
        && rhythm.per_week.is_none_or(|per_week| per_week == schedule.per_week || is_spread(per_week, schedule, modality))
}

/// A few large fractions are often given every other day where the schedule would let them follow each other.
fn is_spread(per_week: u32, schedule: &FractionationSchedule, modality: Modality) -> bool {
    matches!(modality, Modality::Sbrt | Modality::Srs)
        && (2..=EVERY_OTHER_DAY).contains(&per_week)
        && (2..=WORKING_DAYS).contains(&schedule.per_week)
}

fn in_words(schedule: &FractionationSchedule) -> String {
    let day = if schedule.per_day == 1 { "once a day".to_owned() } else { format!("{} times a day", schedule.per_day) };
    let week = if schedule.per_week == 1 { "one day a week".to_owned() } else { format!("{} days a week", schedule.per_week) };
    format!("{day}, {week}")
}
