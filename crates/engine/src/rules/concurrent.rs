//! Chemoradiation is two orders, one of drugs and one of radiation, that know of each other and are no duplicates.

use super::facts::RelatedCase;
use crate::domain::case::Notice;
use crate::domain::content::{Content, Regimen};
use crate::domain::vocabulary::{NoticeCode, Service};
use chrono::NaiveDate;

/// What the settings of regimens that are given with radiation end with: definitive, neoadjuvant and adjuvant chemoradiation.
const SETTING: &str = "chemoradiation";

/// What is said of drugs that the reader may not see.
const CHEMORADIATION: &str = "a regimen of chemoradiation";
/// What both are told.
const TOGETHER: &str = "the two are reviewed with each other in view, and are no duplicates";

/// True for a regimen that is given with radiation.
pub fn is_chemoradiation(regimen: &Regimen) -> bool {
    regimen.settings.iter().any(|setting| setting.ends_with(SETTING))
}

fn is_live(case: &RelatedCase, range: (NaiveDate, NaiveDate)) -> bool {
    !case.is_void() && case.valid_from <= range.1 && range.0 <= case.valid_through
}

/// Radiation on file beside drugs of chemoradiation.
pub fn radiation(related: &[RelatedCase], range: (NaiveDate, NaiveDate)) -> impl Iterator<Item = Notice> {
    let beside = move |case: &&RelatedCase| case.service == Service::RadiationOncology && is_live(case, range);
    related.iter().filter(beside).map(|case| {
        let message =
            format!("radiation of this member is on file{}, and this is a regimen of chemoradiation: {TOGETHER}", days(case));
        Notice::new(NoticeCode::ConcurrentRadiation, &message, Some(case.case_id))
    })
}

/// Drugs of chemoradiation on file beside radiation.
pub fn medical_oncology(
    related: &[RelatedCase],
    range: (NaiveDate, NaiveDate),
    content: &Content,
) -> impl Iterator<Item = Notice> {
    let given = move |case: &RelatedCase| {
        let regimen = content.regimen(case.regimen_id.as_deref()?)?;
        (case.service == Service::MedicalOncology && is_live(case, range) && is_chemoradiation(regimen))
            .then(|| regimen.name.clone())
    };
    related.iter().filter_map(move |case| Some((case, given(case)?))).map(|(case, name)| {
        let what = if case.is_theirs { format!("{name}, a regimen of chemoradiation,") } else { CHEMORADIATION.to_owned() };
        let message = format!("{what} is on file for this member{}: {TOGETHER}", days(case));
        Notice::new(NoticeCode::ConcurrentMedicalOncology, &message, Some(case.case_id))
    })
}

/// The days of a case, for those who may see it (PRV-02).
fn days(case: &RelatedCase) -> String {
    if case.is_theirs { format!(" from {} to {}", case.valid_from, case.valid_through) } else { String::new() }
}
