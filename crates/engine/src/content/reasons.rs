//! Reason codes of determinations and their words, and which of them a program's reviewers may give (DET-10).

use super::codes::text_of;
use super::document::{Document, Place};
use super::report::{Report, did_you_mean};
use super::source::Source;
use crate::domain::content::{Program, Reason};
use crate::domain::review::LineOutcome;
use serde::Deserialize;
use std::collections::BTreeMap;

const FILE: &str = "words/reasons.toml";
/// Every program's reviewers may say that what they authorize meets the criteria.
const MEETS_CRITERIA: &str = "meets_criteria";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    provenance: String,
}

/// Every reason by its code.
pub(super) type Reasons = BTreeMap<String, Reason>;

/// Reads the reasons.
pub(super) fn read(source: &Source, report: &mut Report) -> Reasons {
    let mut found = Reasons::new();
    let Some(text) = text_of(source, FILE, report) else { return found };
    let Some(document) = Document::parse(FILE, &text, report) else { return found };
    if document.header::<Header>(&["reason"], report).is_some_and(|header| header.provenance.trim().is_empty()) {
        document.root().key("provenance").error(report, "say where the words come from", None);
    }
    for (reason, place) in document.entries::<Reason>("reason", report) {
        let well_formed = reason.code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if reason.code.is_empty() || !well_formed {
            let message = format!("`{}` is no code", reason.code);
            place.key("code").error(report, message, Some("write small letters and `_`".to_owned()));
        }
        if reason.lay.get("en").is_none_or(|text| text.trim().is_empty()) {
            place.key("lay").error(report, "say it to the member in English: lay = { en = \"...\" }", None);
        }
        if reason.clinical.trim().is_empty() {
            place.key("clinical").error(report, "say it to the ordering provider", None);
        }
        if reason.x12.as_ref().is_some_and(|code| code.trim().is_empty()) {
            place.key("x12").error(report, "leave it out until the code is known", None);
        }
        if found.contains_key(&reason.code) {
            place.key("code").error(report, format!("`{}` is here twice", reason.code), None);
        }
        found.insert(reason.code.clone(), reason);
    }
    found
}

/// The reasons that a program names.
pub(super) fn of(program: &Program, reasons: &Reasons) -> Vec<Reason> {
    program.letters.reasons.iter().filter_map(|code| reasons.get(code).cloned()).collect()
}

/// Reports codes that there are not, and lists with which no determination could be made.
pub(super) fn check(program: &Program, letters: Place<'_, '_>, reasons: &Reasons, report: &mut Report) {
    let place = letters.key("reasons");
    for (index, code) in program.letters.reasons.iter().enumerate() {
        if !reasons.contains_key(code) {
            let suggestion = did_you_mean(code, reasons.keys().map(String::as_str));
            place.at(index).error(report, format!("there is no reason `{code}` in {FILE}"), suggestion);
        }
        if program.letters.reasons.iter().take(index).any(|other| other == code) {
            place.at(index).error(report, format!("`{code}` is in the list twice"), None);
        }
    }
    if !program.letters.reasons.iter().any(|code| code == MEETS_CRITERIA) {
        place.error(report, format!("has to have `{MEETS_CRITERIA}`"), None);
    }
    if !of(program, reasons).iter().any(|reason| reason.decision == LineOutcome::NonAuthorized) {
        place.error(report, "has no reason for a denial, so that nothing could be denied", None);
    }
}
