//! How deviations of radiation orders are put together.

use crate::domain::answer::Answer;
use crate::domain::case::{Deviation, ScheduleOption};
use crate::domain::content::radiation::FractionationSchedule;
use crate::domain::vocabulary::{DeviationCode, DeviationEffect};
use std::sync::Arc;

/// A deviation of the order as a whole.
pub(super) fn deviation(
    code: DeviationCode,
    field: &str,
    (expected, entered): (&str, &str),
    effect: DeviationEffect,
    message: String,
) -> Deviation {
    Deviation {
        code,
        drug_line: None,
        line: None,
        field: field.to_owned(),
        expected: expected.to_owned(),
        entered: entered.to_owned(),
        effect,
        options: Vec::new(),
        message,
    }
}

/// An answer as it was entered.
pub(super) fn entered(answer: &Answer<String>) -> String {
    answer.known().cloned().unwrap_or_else(|| answer.word().to_owned())
}

/// Schedules as options.
pub(super) fn options<'a>(schedules: impl IntoIterator<Item = &'a Arc<FractionationSchedule>>) -> Vec<ScheduleOption> {
    let option = |schedule: &Arc<FractionationSchedule>| {
        let (dose, fractions) = schedule.typical;
        let name = format!("{}: {}", schedule.name, in_words(dose, fractions));
        ScheduleOption { schedule: schedule.id.clone(), name }
    };
    schedules.into_iter().map(option).collect()
}

/// `26 Gy in 5 fractions`.
pub(super) fn in_words(dose_gy: f64, fractions: u32) -> String {
    let noun = if fractions == 1 { "fraction" } else { "fractions" };
    format!("{dose_gy} Gy in {fractions} {noun}")
}
