//! `radiation/services.toml`: codes with their units and status, and the lines of an order that lists none.

use super::{Drafts, modality, open, says, statement};
use crate::content::document::{Document, Place};
use crate::content::releases::Releases;
use crate::content::report::{Report, did_you_mean};
use crate::content::source::Source;
use crate::content::vocabulary::Vocabulary;
use crate::domain::content::radiation::{
    DerivedLines, DerivedUnits, RadiationService, ServiceCategory, UnitRule, is_service_code,
};
use crate::domain::vocabulary::DrugRole;
use chrono::NaiveDate;
use serde::Deserialize;
use std::sync::Arc;

const FILE: &str = "radiation/services.toml";
/// A number of units above every course.
const MOST: u32 = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    code: String,
    name: String,
    #[serde(default)]
    words: Vec<String>,
    #[serde(rename = "system")]
    _system: String,
    category: ServiceCategory,
    role: String,
    #[serde(default)]
    modalities: Vec<String>,
    units: String,
    most: Option<u32>,
    #[serde(rename = "status_2026")]
    _status: String,
    valid_from: Option<NaiveDate>,
    valid_through: Option<NaiveDate>,
    #[serde(default)]
    replaced_by: Vec<String>,
    needs: Option<String>,
    needs_authorization: bool,
    #[serde(rename = "seen")]
    _seen: Option<String>,
    provenance: String,
    #[serde(rename = "verify")]
    _verify: bool,
    #[serde(rename = "note")]
    _note: Option<String>,
    introduced: Option<String>,
    retired: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DerivedEntry {
    modality: String,
    when: Option<String>,
    from: Option<NaiveDate>,
    lines: Vec<LineEntry>,
    #[serde(default)]
    guided: bool,
    introduced: Option<String>,
    retired: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineEntry {
    code: String,
    units: String,
}

/// Reads the file.
pub(super) fn read(source: &Source, words: &Vocabulary, releases: &Releases, drafts: &mut Drafts, report: &mut Report) {
    open(source, FILE, &["service", "derived", "guidance"], report, |document, report| {
        for (entry, place) in document.entries::<Entry>("service", report) {
            let life = releases.lifetime(entry.introduced.as_deref(), entry.retired.as_deref(), place, report);
            if drafts.services.iter().any(|(other, other_life, _)| other.code == entry.code && other_life.meets(life)) {
                place.key("code").error(report, format!("code `{}` is here twice", entry.code), None);
            }
            if let Some(service) = service(entry, place, words, report) {
                drafts.services.push((Arc::new(service), life, place.position()));
            }
        }
        successors(drafts, report);
        derived(document, words, releases, drafts, report);
        let place = document.root().key("guidance").key("code");
        match place.text() {
            Some(code) if drafts.services.iter().any(|(service, ..)| service.code == code) => {
                code.clone_into(&mut drafts.words.guidance_code);
            }
            _ => place.error(report, "name the code of the guidance line: [guidance] code = \"…\"", None),
        }
    });
}

fn service(entry: Entry, place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) -> Option<RadiationService> {
    if !is_service_code(&entry.code) {
        let message = format!("`{}` is no code: five digits, a letter and four digits, or four digits and T", entry.code);
        place.key("code").error(report, message, None);
    }
    says(&entry.name, place.key("name"), "what it is, in own words", report);
    says(&entry.provenance, place.key("provenance"), "where it comes from", report);
    if entry.valid_from.zip(entry.valid_through).is_some_and(|(from, last)| last < from) {
        place.key("valid_through").error(report, "ends before it begins", None);
    }
    let role = DrugRole::parse(&entry.role).filter(|role| *role != DrugRole::Investigational);
    if role.is_none() {
        place.key("role").error(report, format!("`{}` is neither treatment nor supportive", entry.role), None);
    }
    let by = entry.modalities.iter().enumerate();
    let modalities = by.filter_map(|(index, word)| modality(word, place.key("modalities").at(index), report)).collect();
    Some(RadiationService {
        units: units(&entry, place, report)?,
        role: role?,
        modalities,
        words: entry.words,
        code: entry.code,
        name: entry.name,
        category: entry.category,
        valid_from: entry.valid_from,
        valid_through: entry.valid_through,
        needs: statement(entry.needs.as_deref(), place.key("needs"), words, report),
        replaced_by: entry.replaced_by,
        needs_authorization: entry.needs_authorization,
    })
}

fn units(entry: &Entry, place: Place<'_, '_>, report: &mut Report) -> Option<UnitRule> {
    let number = |text: &str| text.parse::<u32>().ok().filter(|number| (1..=MOST).contains(number));
    let rule = match entry.units.as_str() {
        "plans" => Some(UnitRule::PerPlan(1)),
        "fractions" => Some(UnitRule::Fractions(entry.most)),
        "fractions_less_1" => entry.most.map(UnitRule::FractionsLessOne),
        "fractions_or_1" => Some(UnitRule::FractionsOrOne),
        "weeks" => Some(UnitRule::Weeks),
        "management" => Some(UnitRule::Management),
        "short_course" => Some(UnitRule::ShortCourse),
        "single_fraction" => Some(UnitRule::SingleFraction),
        "as_ordered" => Some(UnitRule::AsOrdered),
        other => match other.strip_suffix(" per plan") {
            Some(most) => number(most).map(UnitRule::PerPlan),
            None => number(other).map(UnitRule::Most),
        },
    };
    if rule.is_none() {
        let known = "a number, `10 per plan`, `plans`, `fractions`, `fractions_less_1` with `most`, `fractions_or_1`, `weeks`, `management`, \
                     `short_course`, `single_fraction` or `as_ordered`";
        place.key("units").error(report, format!("`{}` says no number of units", entry.units), Some(format!("write {known}")));
    }
    rule
}

/// What took the place of an ended code has not ended itself.
fn successors(drafts: &Drafts, report: &mut Report) {
    for (service, life, (file, line)) in &drafts.services {
        for code in &service.replaced_by {
            let of_life =
                |(other, other_life, _): &&super::Dated<RadiationService>| other.code == *code && other_life.meets(*life);
            match drafts.services.iter().find(of_life) {
                None => {
                    report.error(file, *line, format!("`{code}`, which takes the place of {}, is not here", service.code), None);
                }
                Some((other, ..)) if other.valid_through.is_some() => {
                    report.error(
                        file,
                        *line,
                        format!("`{code}`, which takes the place of {}, has ended itself", service.code),
                        None,
                    );
                }
                Some(_) => {}
            }
        }
    }
}

fn derived(document: &Document<'_>, words: &Vocabulary, releases: &Releases, drafts: &mut Drafts, report: &mut Report) {
    for (entry, place) in document.entries::<DerivedEntry>("derived", report) {
        let life = releases.lifetime(entry.introduced.as_deref(), entry.retired.as_deref(), place, report);
        let mut lines = Vec::new();
        for (index, line) in entry.lines.iter().enumerate() {
            let here = place.key("lines").at(index);
            let known = || drafts.services.iter().map(|(service, ..)| service.code.as_str());
            if !known().any(|code| code == line.code) {
                here.error(report, format!("there is no service `{}`", line.code), did_you_mean(&line.code, known()));
            }
            let units = match line.units.as_str() {
                "plans" => Some(DerivedUnits::Plans),
                "fractions" => Some(DerivedUnits::Fractions),
                number => number.parse().ok().map(DerivedUnits::Number),
            };
            match units {
                Some(units) => lines.push((line.code.clone(), units)),
                None => here.key("units").error(report, "write `plans`, `fractions` or a number", None),
            }
        }
        let Some(of) = modality(&entry.modality, place.key("modality"), report) else { continue };
        let derived = DerivedLines {
            modality: of,
            when: statement(entry.when.as_deref(), place.key("when"), words, report),
            from: entry.from,
            lines,
            guided: entry.guided,
        };
        drafts.derived.push((Arc::new(derived), life, place.position()));
    }
}
