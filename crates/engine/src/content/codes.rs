//! Code sets and holiday calendars: ICD-10-CM, places of service, ended HCPCS codes, federal holidays.

use super::document::Document;
use super::releases::{CodeSet, Lifetime, Releases};
use super::report::Report;
use super::source::Source;
use super::table::{flag, rows};
use crate::domain::content::{Diagnosis, HolidayCalendar, PlaceOfService, TerminatedCode};
use crate::domain::quick::HashMap;
use chrono::NaiveDate;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Codes that are named one by one; of more, the next level is named.
const FEW_CODES: usize = 12;

const DIAGNOSES: &str = "code-sets/icd10cm.tsv";
const PLACES: &str = "code-sets/place_of_service.tsv";
const TERMINATED: &str = "code-sets/hcpcs_terminated.tsv";

/// Reads a file or reports why it cannot be read.
pub(super) fn text_of(source: &Source, file: &str, report: &mut Report) -> Option<std::borrow::Cow<'static, str>> {
    source.read(file).map_err(|message| report.unusable(file, 1, message)).ok()
}

/// True for a HCPCS Level II code: a letter A to V and four digits.
pub(super) fn is_hcpcs(code: &str) -> bool {
    code.len() == 5
        && code.starts_with(|letter: char| letter.is_ascii_uppercase() && letter <= 'V')
        && code.bytes().skip(1).all(|c| c.is_ascii_digit())
}

/// True for an ICD-10-CM code or category, with its dot.
pub(super) fn is_icd10(code: &str) -> bool {
    let (category, rest) = code.split_once('.').map_or((code, None), |(category, rest)| (category, Some(rest)));
    let mut letters = category.bytes();
    letters.next().is_some_and(|c| c.is_ascii_uppercase())
        && letters.next().is_some_and(|c| c.is_ascii_digit())
        && letters.next().is_some_and(|c| c.is_ascii_digit() || c.is_ascii_uppercase())
        && letters.next().is_none()
        && rest.is_none_or(|rest| {
            (1..=4).contains(&rest.len()) && rest.bytes().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase())
        })
}

/// ICD-10-CM codes.
pub(super) fn diagnoses(source: &Source, releases: &Releases, report: &mut Report) -> CodeSet<Diagnosis> {
    let mut found = CodeSet::new();
    let Some(text) = text_of(source, DIAGNOSES, report) else { return found };
    for row in rows(DIAGNOSES, &text, &["code", "title", "billable", "oncology"], report) {
        let code = row.cell(0);
        if !is_icd10(code) {
            report.error(DIAGNOSES, row.line, format!("`{code}` is not an ICD-10-CM code with its dot"), None);
        }
        let diagnosis = Diagnosis {
            title: row.cell(1).to_owned(),
            billable: flag(DIAGNOSES, &row, 2, report),
            oncology: flag(DIAGNOSES, &row, 3, report),
            narrower: Vec::new(),
        };
        let life = releases.lifetime_of_row(DIAGNOSES, &row, report);
        if !found.add(code, diagnosis, life) {
            report.error(DIAGNOSES, row.line, format!("code `{code}` is here twice"), None);
        }
    }
    found
}

/// Tells each category of a release which of its codes to bill instead of it.
pub(super) fn narrow(found: &mut HashMap<String, Diagnosis>) {
    let codes: BTreeMap<String, bool> = found.iter().map(|(code, known)| (code.clone(), known.billable)).collect();
    for (code, known) in found.iter_mut().filter(|(_, known)| !known.billable) {
        let below = || codes.range(code.clone()..).skip(1).take_while(|(other, _)| other.starts_with(code.as_str()));
        let billable: Vec<String> = below().filter(|(_, billable)| **billable).map(|(other, _)| other.clone()).collect();
        known.narrower = if billable.len() <= FEW_CODES { billable } else { next_level(below().map(|(other, _)| other)) };
    }
}

/// Of codes in order, those that no other one of them begins.
fn next_level<'c>(codes: impl Iterator<Item = &'c String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for code in codes {
        if kept.last().is_none_or(|last| !code.starts_with(last.as_str())) {
            kept.push(code.clone());
        }
    }
    kept
}

/// CMS places of service.
pub(super) fn places_of_service(source: &Source, releases: &Releases, report: &mut Report) -> CodeSet<PlaceOfService> {
    let mut found = CodeSet::new();
    let Some(text) = text_of(source, PLACES, report) else { return found };
    for row in rows(PLACES, &text, &["code", "name", "inpatient"], report) {
        let code = row.cell(0);
        if code.len() != 2 || !code.bytes().all(|c| c.is_ascii_digit()) {
            report.error(PLACES, row.line, format!("`{code}` is not two digits"), None);
        }
        let place = PlaceOfService { name: row.cell(1).to_owned(), inpatient: flag(PLACES, &row, 2, report) };
        let life = releases.lifetime_of_row(PLACES, &row, report);
        if !found.add(code, place, life) {
            report.error(PLACES, row.line, format!("code `{code}` is here twice"), None);
        }
    }
    found
}

/// HCPCS codes that ended; `is_active` says whether a drug has a code in some of these releases.
pub(super) fn terminated(
    source: &Source,
    releases: &Releases,
    is_active: impl Fn(&str, Lifetime) -> bool,
    report: &mut Report,
) -> Vec<(TerminatedCode, Lifetime)> {
    let Some(text) = text_of(source, TERMINATED, report) else { return Vec::new() };
    let mut found = Vec::new();
    for row in rows(TERMINATED, &text, &["code", "generic", "ended", "replaced_by"], report) {
        let hcpcs = row.cell(0);
        if !is_hcpcs(hcpcs) {
            report.error(TERMINATED, row.line, format!("`{hcpcs}` is not a HCPCS code"), None);
        }
        let life = releases.lifetime_of_row(TERMINATED, &row, report);
        if is_active(hcpcs, life) {
            report.error(TERMINATED, row.line, format!("`{hcpcs}` has ended here but is an active code of a drug"), None);
        }
        let replaced_by: Vec<String> = row.cell(3).split(';').filter(|code| !code.is_empty()).map(str::to_owned).collect();
        for code in replaced_by.iter().filter(|code| !is_active(code, life)) {
            let suggestion = Some("give an active code, or leave the column empty".to_owned());
            report.error(TERMINATED, row.line, format!("the replacement `{code}` is no active code of a drug"), suggestion);
        }
        let ended = Some(row.cell(2)).filter(|words| !words.is_empty()).map(str::to_owned);
        found.push((TerminatedCode { hcpcs: hcpcs.to_owned(), generic: row.cell(1).to_owned(), ended, replaced_by }, life));
    }
    found
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarFile {
    name: String,
    provenance: String,
    days: BTreeMap<NaiveDate, String>,
}

/// Holiday calendars by name.
pub(super) fn calendars(source: &Source, report: &mut Report) -> BTreeMap<String, HolidayCalendar> {
    let mut found = BTreeMap::new();
    for file in source.files("calendars", "toml") {
        let Some(text) = text_of(source, &file, report) else { continue };
        let Some(document) = Document::parse(&file, &text, report) else { continue };
        let Some(calendar) = document.header::<CalendarFile>(&[], report) else { continue };
        if calendar.provenance.trim().is_empty() {
            document.root().key("provenance").error(report, "say where the days come from", None);
        }
        if found.insert(calendar.name.clone(), HolidayCalendar { days: calendar.days }).is_some() {
            document.root().key("name").error(report, format!("calendar `{}` is there twice", calendar.name), None);
        }
    }
    if found.is_empty() {
        report.unusable("calendars", 1, "there is no holiday calendar");
    }
    found
}
