//! Codes and dates as people read them.

use crate::domain::case::Contact;
use crate::domain::citation;
use crate::domain::vocabulary::{
    CaseStatus, DeviationCode, DeviationEffect, DrugStatus, Hold, PathwayDetermination, SCodesWithheld,
};
use chrono::{DateTime, NaiveDate, TimeZone, Timelike};
use std::fmt::Display;

/// A sentence of content or of a rule as people read it: without the ids of requirements, and without calls of the API.
pub fn without_ids(text: impl Into<String> + AsRef<str>) -> String {
    without_calls(citation::sentence(text))
}

/// True where a text says this already, and at such length that nobody wants to read it twice.
pub fn says(text: &str, what: &str) -> bool {
    const LONG: usize = 20;
    what.len() >= LONG && text.to_lowercase().contains(&what.to_lowercase())
}

/// `a key of GET /v1/radiation/sites` as `a key of the list of sites`.
pub fn without_calls(text: impl Into<String> + AsRef<str>) -> String {
    const CALL: &str = "GET /v1/";
    if !text.as_ref().contains(CALL) {
        return text.into();
    }
    let mut parts = text.as_ref().split(CALL);
    let mut told = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let ends = part.find(|c: char| !(c.is_ascii_lowercase() || matches!(c, '-' | '/'))).unwrap_or(part.len());
        let (path, rest) = part.split_at_checked(ends).unwrap_or((part, ""));
        let list = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or_default().replace('-', " ");
        told.push_str("the list of ");
        told.push_str(&list);
        told.push_str(rest);
    }
    told
}

/// `invasive_ductal_carcinoma` as `Invasive ductal carcinoma`.
pub fn humanize(code: &str) -> String {
    capitalize(&code.replace('_', " "))
}

/// True for a name in Chinese characters or Japanese syllables, which begins with the family.
pub(super) fn is_family_first(first: &str, last: &str) -> bool {
    let is_one =
        |character: char| matches!(character, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7ff}');
    !first.is_empty() && !last.is_empty() && first.chars().chain(last.chars()).all(is_one)
}

/// With a capital at the beginning.
pub fn capitalize(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// With a full stop at the end.
pub fn sentence(text: &str) -> String {
    let text = capitalize(text.trim());
    if text.is_empty() || text.ends_with(['.', '!', '?', ':']) { text } else { text + "." }
}

/// `December 1, 2026`.
pub fn day(day: NaiveDate) -> String {
    day.format("%B %-d, %Y").to_string()
}

/// `Dec 1, 2026`.
pub fn short_day(day: NaiveDate) -> String {
    day.format("%b %-d, %Y").to_string()
}

/// `November 20, 2026, 9:00 a.m. CST`, in that zone.
pub fn instant<Z: TimeZone<Offset: Display>>(at: &DateTime<impl TimeZone>, zone: &Z) -> String {
    let local = at.with_timezone(zone);
    let half = if local.hour() < 12 { "a.m." } else { "p.m." };
    format!("{} {half} {}", local.format("%B %-d, %Y, %-I:%M"), local.format("%Z"))
}

/// `2026-12-01 through 2027-03-16` in words, where there is a range.
pub fn range(from: Option<NaiveDate>, through: Option<NaiveDate>) -> Option<String> {
    Some(format!("{} – {}", short_day(from?), short_day(through?)))
}

/// A number as people write it: no zeros at the end of a fraction, commas between thousands.
pub fn number(value: f64) -> String {
    let text = format!("{}", (value * 1000.0).round() / 1000.0);
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(whole, fraction)| (whole, Some(fraction)));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let fraction = fraction.map(|fraction| format!(".{fraction}")).unwrap_or_default();
    format!("{sign}{grouped}{fraction}")
}

/// A count with commas between thousands.
pub fn count(value: u64) -> String {
    // counts of this domain are far below 2^53
    #[expect(clippy::cast_precision_loss, reason = "exact below 2^53")]
    number(value as f64)
}

/// Whom to contact, in one line.
pub fn contact(contact: &Contact) -> String {
    let mut words = contact.entity.clone();
    for (name, value) in [("phone", &contact.phone), ("fax", &contact.fax), ("web", &contact.url)] {
        if let Some(value) = value {
            words = format!("{words}, {name} {value}");
        }
    }
    match &contact.instructions {
        Some(instructions) => format!("{words}. {}", sentence(&without_ids(instructions))),
        None => words,
    }
}

/// A case status as the sources name it.
pub const fn case_status(status: CaseStatus) -> &'static str {
    match status {
        CaseStatus::InProgress => "In Progress",
        CaseStatus::Completed => "Completed",
        CaseStatus::Authorized => "Authorized",
        CaseStatus::NonAuthorized => "Non-Authorized",
        CaseStatus::MultipleDecisionsRendered => "Multiple Decisions Rendered",
        CaseStatus::ReviewCancelled => "Review Cancelled",
    }
}

/// What a case status means (CAS-01…06).
pub const fn case_status_meaning(status: CaseStatus) -> &'static str {
    match status {
        CaseStatus::InProgress => {
            "Clinical review of this request is pending. Whether it follows a Pathway is not determined yet."
        }
        CaseStatus::Completed => {
            "None of the drugs needs clinical review by this program. Another entity may still have to review a drug: see the \
             status of each drug."
        }
        CaseStatus::Authorized => {
            "Every drug that needs approval by this program is authorized. Another entity may still have to review a drug: see \
             the status of each drug."
        }
        CaseStatus::NonAuthorized => "A drug that needs approval does not meet the criteria. The entire request is denied.",
        CaseStatus::MultipleDecisionsRendered => {
            "The treatment drugs that need approval are authorized; at least one supportive drug is not. See the status of each drug."
        }
        CaseStatus::ReviewCancelled => "The request is not reviewed any further. Nothing is authorized by it.",
    }
}

/// What a denial means that leaves other lines as they are (CAS-07, CAS-09).
pub(super) const DENIED_IN_PART: &str =
    "What is denied does not meet the criteria. The other lines keep their own status: see the status of each.";

/// The same for a radiation order.
pub(super) const fn radiation_status_meaning(status: CaseStatus) -> &'static str {
    match status {
        CaseStatus::InProgress => "Clinical review of this request is pending.",
        CaseStatus::Completed => {
            "None of the procedures needs clinical review by this program. Another entity may still have to review a procedure: see \
             the status of each."
        }
        CaseStatus::Authorized => {
            "Every procedure that needs approval by this program is authorized. Another entity may still have to review a procedure: \
             see the status of each."
        }
        CaseStatus::NonAuthorized => "The treatment does not meet the criteria. The entire request is denied.",
        CaseStatus::MultipleDecisionsRendered => {
            "Planning and delivery that need approval are authorized; at least one other procedure is not. See the status of each."
        }
        CaseStatus::ReviewCancelled => "The request is not reviewed any further. Nothing is authorized by it.",
    }
}

/// A drug status as the sources name it.
pub const fn drug_status(status: DrugStatus) -> &'static str {
    match status {
        DrugStatus::ClinicalReviewNotRequired => "Clinical Review Not Required",
        DrugStatus::Authorized => "Authorized",
        DrugStatus::NonAuthorized => "Non-Authorized",
        DrugStatus::OtherImpact => "Other Impact",
        DrugStatus::ReferToHealthPlan => "Refer to Health Plan",
        DrugStatus::VoluntarilyCancelled => "Voluntarily Cancelled",
        DrugStatus::NotReviewedErrorEntry => "Not Reviewed/Error Entry",
        DrugStatus::InProgress => "In Progress",
    }
}

/// The Pathway determination in words.
pub const fn pathway(determination: PathwayDetermination) -> &'static str {
    match determination {
        PathwayDetermination::OnPathway => "The regimen is on a Pathway",
        PathwayDetermination::OffPathway => "The regimen is not on a Pathway",
        PathwayDetermination::NoPathwayAvailable => "No Pathway is available for this situation",
        PathwayDetermination::NotDetermined => "Not determined yet",
        PathwayDetermination::NotEligible => "Not eligible for Pathways",
    }
}

/// Why S-codes are withheld (SCD-02, SCD-03).
pub const fn withheld(reason: SCodesWithheld, status: CaseStatus) -> &'static str {
    match reason {
        SCodesWithheld::NotDecided if matches!(status, CaseStatus::InProgress) => {
            "No S-codes are awarded: the request is not decided yet."
        }
        SCodesWithheld::NotDecided if matches!(status, CaseStatus::NonAuthorized) => {
            "No S-codes are awarded: the request is not authorized."
        }
        SCodesWithheld::OutOfNetwork => {
            "No S-codes are awarded because the ordering provider is out of network, even where the regimen meets Pathway criteria."
        }
        SCodesWithheld::StateNotParticipating => {
            "No S-codes are awarded because the ordering provider's state takes no part in enhanced reimbursement."
        }
        SCodesWithheld::OffPathway => "No S-codes are awarded because the regimen is not on a Pathway.",
        SCodesWithheld::AlreadyAwarded => {
            "S0353 is not awarded again: it was awarded for this Pathway before. It is paid once at the onset of treatment, and again \
             only when a new Pathway is ordered."
        }
        SCodesWithheld::NotApplicable => "S-codes belong to drug regimens and do not apply to radiation.",
        SCodesWithheld::NotDecided => "No S-codes are awarded: the request is not decided yet, or it is not authorized.",
    }
}

/// A deviation's name.
pub const fn deviation(code: DeviationCode) -> &'static str {
    match code {
        DeviationCode::CustomTreatmentPlan => "Custom treatment plan",
        DeviationCode::CyclesDosing => "Cycles/dosing",
        DeviationCode::DoseWarning => "Dose warning",
        DeviationCode::ClinicalMismatch => "Clinical mismatch",
        DeviationCode::UnknownAnswer => "Unknown or not reported",
        DeviationCode::FnRisk => "Febrile neutropenia risk",
        DeviationCode::MissingClinicalInformation => "Missing clinical information",
        DeviationCode::MissingPlanComparison => "Missing plan comparison",
        DeviationCode::DoseOutOfBounds => "Dose out of bounds",
        DeviationCode::RouteNotAllowed => "Route not allowed",
        DeviationCode::LimitExceeded => "Limit exceeded",
        DeviationCode::DuplicateTherapy => "Duplicate therapy",
        DeviationCode::Contradiction => "Answers disagree",
        DeviationCode::Fractionation => "Fractionation",
        DeviationCode::OffPreferredSchedule => "Off the preferred schedule",
        DeviationCode::NotRecommendedSchedule => "Schedule not recommended",
        DeviationCode::ModalityNotSupported => "Modality not supported",
        DeviationCode::ProcedureMismatch => "Procedure does not fit",
    }
}

/// What a deviation did.
pub const fn effect(effect: DeviationEffect) -> &'static str {
    match effect {
        DeviationEffect::None => "No effect on the decision",
        DeviationEffect::Pends => "Sends the request to review",
        DeviationEffect::OffPathway => "Takes the order off Pathway",
        DeviationEffect::PendsAndOffPathway => "Sends the request to review and takes the order off Pathway",
    }
}

/// What a deviation did, once the order is decided.
pub const fn effect_then(effect: DeviationEffect) -> &'static str {
    match effect {
        DeviationEffect::None => "No effect on the decision",
        DeviationEffect::Pends => "Sent the request to review",
        DeviationEffect::OffPathway => "Took the order off Pathway",
        DeviationEffect::PendsAndOffPathway => "Sent the request to review and took the order off Pathway",
    }
}

/// A sentence with its dates as people read them.
pub fn with_days(text: &str) -> String {
    let word = |word: &str| {
        let date = word.trim_end_matches(|letter: char| !letter.is_ascii_digit());
        let known: Option<chrono::NaiveDate> = date.parse().ok().filter(|_| date.len() == "2027-01-15".len());
        known.map_or_else(|| word.to_owned(), |known| word.replacen(date, &day(known), 1))
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Why the whole case waits (CAS-08).
pub const fn hold(hold: Hold) -> &'static str {
    match hold {
        Hold::CustomTreatmentPlan => "The combination of drugs matches no evidence-based regimen",
        Hold::PossibleDuplicate => "A similar request is on file",
        Hold::ServicingProviderNotOnFile => "The servicing provider is not on file",
        Hold::SupportiveOnly => "Only supportive drugs are requested; they are reviewed against the member's regimen history",
        Hold::RadiationReview => "Radiation treatment of this site is reviewed by an oncology nurse",
        Hold::PlanComparisonReview => "An oncology nurse reads the plan comparison",
        Hold::ReIrradiation => "The area was irradiated before",
        Hold::OverlappingTreatment => "Other treatment on the same days is on file",
        Hold::DoseOutOfBounds => "A dose is larger than is ever usual for this drug",
        Hold::DuplicateTherapy => "The same drug, or drugs that are not given together, are ordered for the same days",
    }
}

#[cfg(test)]
mod tests {
    use super::{count, humanize, instant, number, sentence, without_ids};
    use chrono::{DateTime, Utc};
    use chrono_tz::America::Chicago;

    #[test]
    fn people_are_told_of_lists_and_not_of_calls() {
        for (written, told) in [
            ("expected a key of GET /v1/radiation/sites, entered x", "expected a key of the list of sites, entered x"),
            ("GET /v1/reason-codes, GET /v1/drugs", "the list of reason codes, the list of drugs"),
            ("nothing of that", "nothing of that"),
        ] {
            assert_eq!(without_ids(written), told);
        }
    }

    #[test]
    fn deadlines_name_their_zone_and_noon_is_afternoon() {
        // proves DET-07
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(instant(&at("2026-11-20T15:00:00Z"), &Chicago), "November 20, 2026, 9:00 a.m. CST");
        assert_eq!(instant(&at("2026-07-20T17:05:00Z"), &Chicago), "July 20, 2026, 12:05 p.m. CDT");
    }

    #[test]
    fn numbers_and_codes_read_like_prose() {
        assert_eq!((number(135.77), number(240.0), number(-1_234_567.5)), ("135.77".into(), "240".into(), "-1,234,567.5".into()));
        assert_eq!(count(1_000), "1,000");
        assert_eq!(humanize("first_line"), "First line");
        assert_eq!(sentence(" waits "), "Waits.");
    }
}
