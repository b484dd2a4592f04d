//! Programs and the lists of drugs that they manage.

use super::codes::text_of;
use super::document::Document;
use super::policies::known_generic;
use super::report::{Report, did_you_mean};
use super::source::Source;
use super::vocabulary::Vocabulary;
use crate::domain::content::{HolidayCalendar, Program};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    why: String,
    generics: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ManagedHeader {
    provenance: String,
}

/// Reads every program.
pub(super) fn read(
    source: &Source,
    words: &Vocabulary,
    calendars: &BTreeMap<String, HolidayCalendar>,
    report: &mut Report,
) -> Vec<Arc<Program>> {
    let files = source.files("programs", "toml");
    let mut found: Vec<Arc<Program>> = Vec::new();
    for file in files.iter().filter(|file| !file.ends_with(".managed.toml")) {
        let Some(text) = text_of(source, file, report) else { continue };
        let Some(document) = Document::parse(file, &text, report) else { continue };
        let Some(mut program) = document.header::<Program>(&[], report) else { continue };
        let root = document.root();
        if *file != format!("programs/{}.toml", program.id) {
            root.key("id").error(report, format!("the file should be programs/{}.toml", program.id), None);
        }
        if !calendars.contains_key(&program.holiday_calendar) {
            let suggestion = did_you_mean(&program.holiday_calendar, calendars.keys().map(String::as_str));
            root.key("holiday_calendar").error(
                report,
                format!("there is no calendar `{}`", program.holiday_calendar),
                suggestion,
            );
        }
        if let Some(other) = found.iter().find(|other| other.health_plan == program.health_plan) {
            root.key("health_plan").error(report, format!("program `{}` is this health plan's already", other.id), None);
        }
        let managed = format!("programs/{}.managed.toml", program.id);
        program.managed.extend(read_managed(source, &managed, words, report));
        found.push(Arc::new(program));
    }
    for file in files.iter().filter_map(|file| file.strip_suffix(".managed.toml")) {
        if !files.contains(&format!("{file}.toml")) {
            // The list is still read, so that its own errors show.
            read_managed(source, &format!("{file}.managed.toml"), words, report);
        }
    }
    found
}

fn read_managed(source: &Source, file: &str, words: &Vocabulary, report: &mut Report) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let Some(text) = text_of(source, file, report) else { return found };
    let Some(document) = Document::parse(file, &text, report) else { return found };
    if document.header::<ManagedHeader>(&["group"], report).is_some_and(|header| header.provenance.trim().is_empty()) {
        document.root().key("provenance").error(report, "say where the list comes from", None);
    }
    for (group, place) in document.entries::<Group>("group", report) {
        if group.why.trim().is_empty() {
            place.key("why").error(report, "say why these drugs are managed", None);
        }
        for (index, generic) in group.generics.into_iter().enumerate() {
            let here = place.key("generics").at(index);
            known_generic(&generic, here, words, report);
            if !found.insert(generic.clone()) {
                here.error(report, format!("`{generic}` is in the list twice"), None);
            }
        }
    }
    found
}
