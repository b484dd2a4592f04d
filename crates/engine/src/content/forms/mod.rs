//! Forms of regimens: other labelled or usual schedules, products and members of the same regimen. A rule says once what holds for many
//! regimens, and is worked out for each that it fits; what no rule says is written out as phases (SAFE-16).

mod rules;
mod shape;

use super::codes::text_of;
use super::document::{Document, Place};
use super::phases::{self, PhaseEntry};
use super::releases::Releases;
use super::report::{Report, did_you_mean};
use super::source::Source;
use super::vocabulary::Vocabulary;
use crate::domain::content::{RegimenDose, RegimenDrug, RegimenDrugRole};
pub(super) use rules::Rules;
use rules::{Kind, Rule, Schedule};
use serde::Deserialize;
use shape::Part;
use std::collections::BTreeSet;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    provenance: String,
    #[serde(default)]
    #[expect(dead_code, reason = "for people")]
    verify: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    name: Option<String>,
    #[serde(default)]
    cancers: Vec<String>,
    #[serde(default)]
    settings: Vec<String>,
    #[serde(default)]
    regimens: Vec<String>,
    #[serde(default)]
    except: Vec<String>,
    #[serde(default)]
    schedules: Vec<ScheduleEntry>,
    #[serde(default)]
    from: Vec<PartEntry>,
    #[serde(default)]
    to: Vec<ProductEntry>,
    #[serde(default)]
    without: Vec<PartEntry>,
    beside: Option<ScheduleEntry>,
    first_phases: Option<usize>,
    #[serde(default)]
    phase: Vec<PhaseEntry>,
    cycle_days: Option<u32>,
    #[serde(default)]
    after_first: bool,
    #[serde(default)]
    one_way: bool,
    #[serde(default)]
    throughout: bool,
    source: String,
    #[expect(dead_code, reason = "for people")]
    note: Option<String>,
    #[expect(dead_code, reason = "for people")]
    verify: Option<bool>,
    introduced: Option<String>,
    retired: Option<String>,
}

/// A drug at an interval.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScheduleEntry {
    generic: String,
    dose: String,
    loading: Option<String>,
    every_days: u32,
    #[serde(default)]
    or_every: Vec<u32>,
    route: String,
}

/// What a phase has to hold.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartEntry {
    generic: String,
    dose: Option<String>,
    days: Option<String>,
}

/// What comes in its place.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProductEntry {
    generic: String,
    dose: String,
    loading: Option<String>,
    max: Option<String>,
    days: Option<String>,
    route: String,
    #[serde(default)]
    modulator: bool,
}

/// Reads every rule.
pub(super) fn read(source: &Source, words: &Vocabulary, releases: &Releases, report: &mut Report) -> Rules {
    let mut rules: Vec<Rule> = Vec::new();
    for file in source.files("forms", "toml") {
        let Some(text) = text_of(source, &file, report) else { continue };
        let Some(document) = Document::parse(&file, &text, report) else { continue };
        if document.header::<Header>(&["form"], report).is_some_and(|header| header.provenance.trim().is_empty()) {
            document.root().key("provenance").error(report, "say where these forms come from", None);
        }
        for (entry, place) in document.entries::<Entry>("form", report) {
            if rules.iter().any(|other| other.id == entry.id) {
                place.key("id").error(report, format!("form `{}` is here twice", entry.id), None);
            }
            rules.extend(rule(entry, place, words, releases, report));
        }
    }
    Rules { rules, used: BTreeSet::new() }
}

fn rule(entry: Entry, place: Place<'_, '_>, words: &Vocabulary, releases: &Releases, report: &mut Report) -> Option<Rule> {
    for (index, cancer) in entry.cancers.iter().enumerate() {
        if !words.cancers.iter().any(|known| known.key == *cancer) {
            let suggestion = did_you_mean(cancer, words.cancers.iter().map(|known| known.key.as_str()));
            place.key("cancers").at(index).error(report, format!("there is no cancer type `{cancer}`"), suggestion);
        }
    }
    for (index, setting) in entry.settings.iter().enumerate().filter(|(_, setting)| !words.settings.contains(*setting)) {
        let suggestion = did_you_mean(setting, words.settings.iter().map(String::as_str));
        place.key("settings").at(index).error(report, format!("unknown setting `{setting}`"), suggestion);
    }
    let life = releases.lifetime(entry.introduced.as_deref(), entry.retired.as_deref(), place, report);
    let kinds = [
        !entry.schedules.is_empty(),
        !entry.from.is_empty() && !entry.to.is_empty(),
        !entry.without.is_empty(),
        entry.beside.is_some(),
        entry.first_phases.is_some(),
        !entry.phase.is_empty(),
    ];
    if kinds.iter().filter(|is| **is).count() != 1 {
        let suggestion =
            Some("one of `schedules`, `from` with `to`, `without`, `beside`, `first_phases`, `[[form.phase]]`".to_owned());
        place.error(report, "a form says one thing", suggestion);
        return None;
    }
    if entry.name.is_none() && entry.schedules.is_empty() && entry.beside.is_none() {
        place.error(report, "name what is other, for people", None);
    }
    let kind = kind(&entry, place, words, report);
    Some(Rule {
        id: entry.id,
        name: entry.name,
        cancers: entry.cancers,
        settings: entry.settings,
        regimens: entry.regimens,
        except: entry.except,
        kind,
        source: entry.source,
        life,
        position: place.key("id").position(),
    })
}

fn kind(entry: &Entry, place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) -> Kind {
    if !entry.schedules.is_empty() {
        let at = |index| place.key("schedules").at(index);
        let each = entry.schedules.iter().enumerate().flat_map(|(index, written)| schedules(written, at(index), words, report));
        return Kind::Interchangeable { schedules: each.collect(), one_way: entry.one_way, throughout: entry.throughout };
    }
    if let Some(beside) = &entry.beside {
        return Kind::Beside(schedules(beside, place.key("beside"), words, report));
    }
    if let Some(first) = entry.first_phases {
        if first == 0 {
            place.key("first_phases").error(report, "keep one phase at least", None);
        }
        return Kind::Beginning(first);
    }
    if !entry.phase.is_empty() {
        return Kind::Phases(phases::phases(&entry.phase, place, words, report));
    }
    if !entry.without.is_empty() {
        let at = |index| place.key("without").at(index);
        let each = entry.without.iter().enumerate().map(|(index, written)| part(written, at(index), words, report));
        return Kind::Without(each.collect());
    }
    let from_at = |index| place.key("from").at(index);
    let from = entry.from.iter().enumerate().map(|(index, written)| part(written, from_at(index), words, report)).collect();
    let to_at = |index| place.key("to").at(index);
    let to = entry.to.iter().enumerate().map(|(index, written)| product(written, to_at(index), words, report)).collect();
    let days = entry.to.iter().map(|product| product.days.is_some()).collect();
    let (cycle_days, after_first, throughout) = (entry.cycle_days, entry.after_first, entry.throughout);
    Kind::Exchange { from, to, days, cycle_days, after_first, throughout }
}

/// The drug at each of its intervals.
fn schedules(written: &ScheduleEntry, place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) -> Vec<Schedule> {
    let dose = phases::dose(&written.dose, place.key("dose"), report);
    let loading = written.loading.as_deref().map(|text| phases::dose(text, place.key("loading"), report));
    let drug = phases::drug(&written.generic, (dose, loading), &written.route, place, words, report);
    let every = std::iter::once(written.every_days).chain(written.or_every.iter().copied());
    every.map(|every| Schedule { drug: drug.clone(), every: every.max(1) }).collect()
}

fn part(written: &PartEntry, place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) -> Part {
    phases::known(&written.generic, place, words, report);
    let dose: Option<RegimenDose> = written.dose.as_deref().map(|text| phases::dose(text, place.key("dose"), report));
    let days = written.days.as_deref().map(|text| phases::days(text, u32::MAX, place.key("days"), report));
    Part { generic: written.generic.clone(), dose, days }
}

fn product(written: &ProductEntry, place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) -> RegimenDrug {
    let dose = phases::dose(&written.dose, place.key("dose"), report);
    let loading = written.loading.as_deref().map(|text| phases::dose(text, place.key("loading"), report));
    let mut drug = phases::drug(&written.generic, (dose, loading), &written.route, place, words, report);
    drug.maximum_dose = written.max.as_deref().map(|text| phases::maximum(text, dose.unit, place.key("max"), report));
    if written.modulator {
        drug.role = RegimenDrugRole::Modulator;
    }
    if let Some(text) = &written.days {
        drug.days = phases::days(text, u32::MAX, place.key("days"), report);
    }
    drug
}
