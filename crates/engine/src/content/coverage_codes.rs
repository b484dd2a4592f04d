//! `coverage/codes.toml`: codes of procedures, equipment and drugs that lead to a service (COV-01).

use super::codes::text_of;
use super::document::{Document, Place};
use super::report::{Report, did_you_mean};
use super::source::Source;
use crate::domain::content::{CoverageCodeRange, CoverageCodes, CoverageService, are_alike};
use crate::domain::fold::fold;
use serde::Deserialize;
use std::collections::HashMap;

/// The file.
pub(super) const CODES: &str = "coverage/codes.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    provenance: String,
    #[serde(default, rename = "verify")]
    _verify: bool,
    modifiers: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodesEntry {
    from: String,
    through: Option<String>,
    about: String,
    services: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModifierEntry {
    words: Vec<String>,
    services: Vec<String>,
}

/// Reads the file; without it no code is known but those of drugs.
pub(super) fn read_codes(source: &Source, services: &[CoverageService], report: &mut Report) -> CoverageCodes {
    if !source.files("coverage", "toml").iter().any(|file| file == CODES) {
        return CoverageCodes::default();
    }
    let Some(text) = text_of(source, CODES, report) else { return CoverageCodes::default() };
    let Some(document) = Document::parse(CODES, &text, report) else { return CoverageCodes::default() };
    let mut modifiers: HashMap<String, Vec<usize>> = HashMap::new();
    if let Some(header) = document.header::<Header>(&["codes", "modifier"], report) {
        if header.provenance.trim().is_empty() {
            document.root().key("provenance").error(report, "say where the codes come from", None);
        }
        modifiers.extend(header.modifiers.iter().map(|word| (fold(word).into_owned(), Vec::new())));
    }
    for (entry, place) in document.entries::<ModifierEntry>("modifier", report) {
        let services = named(&entry.services, services, place, report);
        modifiers.extend(entry.words.iter().map(|word| (fold(word).into_owned(), services.clone())));
    }
    let mut ranges: Vec<CoverageCodeRange> = Vec::new();
    for (entry, place) in document.entries::<CodesEntry>("codes", report) {
        let from = fold(&entry.from).into_owned();
        let through = entry.through.as_deref().map_or_else(|| from.clone(), |code| fold(code).into_owned());
        let are_codes = CoverageCodes::is_code(&from) && CoverageCodes::is_code(&through) && are_alike(&from, &through);
        if !are_codes || from > through {
            let message = format!("{} to {} are no codes of one kind in their order", entry.from, through.to_uppercase());
            place.key("from").error(report, message, None);
        }
        if entry.about.trim().is_empty() {
            place.error(report, "say in your own words what these codes are: about = \"...\"", None);
        }
        let overlaps = |other: &&CoverageCodeRange| {
            other.is_single() == (from == through)
                && are_alike(&other.from, &from)
                && other.from.as_str() <= through.as_str()
                && from.as_str() <= other.through.as_str()
        };
        if let Some(other) = ranges.iter().find(overlaps) {
            let message =
                format!("overlaps with {} to {} ({})", other.from.to_uppercase(), other.through.to_uppercase(), other.about);
            place.key("from").error(report, message, None);
        }
        let services = named(&entry.services, services, place, report);
        ranges.push(CoverageCodeRange { from, through, about: entry.about, services });
    }
    CoverageCodes::new(ranges, modifiers)
}

fn named(ids: &[String], services: &[CoverageService], place: Place<'_, '_>, report: &mut Report) -> Vec<usize> {
    let mut found = Vec::new();
    for (index, id) in ids.iter().enumerate() {
        if let Some(service) = services.iter().position(|service| service.id == *id) {
            found.push(service);
        } else {
            let suggestion = did_you_mean(id, services.iter().map(|service| service.id.as_str()));
            place.key("services").at(index).error(report, format!("there is no service `{id}`"), suggestion);
        }
    }
    if ids.is_empty() {
        place.error(report, "name a service", None);
    }
    found
}
