//! What a biomarker's answer says about a required result. An answer that is not usable says nothing.

use super::answers::is_recent;
use super::patient::Patient;
use crate::domain::content::RequiredResult;
use crate::domain::criteria::{Comparison, ResultTest};
use crate::domain::vocabulary::Truth;

/// Whether the patient's marker shows the required result.
pub fn required(marker: &str, required: &RequiredResult, patient: &Patient<'_>) -> Truth {
    let Some(standing) = patient.biomarker(marker) else { return Truth::Unknown };
    match required {
        RequiredResult::AnyOf(words) => standing.is_one_of(words),
        RequiredResult::NoneOf(words) => standing.is_one_of(words).negate(),
        RequiredResult::AtLeast(score) => standing.compares(Comparison::AtLeast, *score),
    }
}

/// Whether the patient's marker passes a test, with a result of so many days before the date of service.
pub fn test(marker: &str, test: &ResultTest, within: Option<u32>, patient: &Patient<'_>) -> Truth {
    let standing = patient.biomarker(marker);
    if *test == ResultTest::Told {
        return standing.is_some().into();
    }
    match is_recent(standing, within, patient.date_of_service) {
        Truth::Met => standing.map_or(Truth::Unknown, |standing| standing.test(test)),
        _ => Truth::Unknown,
    }
}

/// The answer in words, for messages.
pub fn entered(marker: &str, patient: &Patient<'_>) -> String {
    patient.biomarker(marker).map_or_else(|| "not entered".to_owned(), super::answers::Standing::entered)
}
