//! Phases of a regimen: cycles, days and doses as they are written in its file.

use super::document::Place;
use super::report::{Report, did_you_mean};
use super::vocabulary::Vocabulary;
use crate::domain::content::{RegimenDose, RegimenDrug, RegimenDrugRole, RegimenPhase};
use crate::domain::vocabulary::DoseUnit;
use serde::Deserialize;
use std::collections::BTreeSet;

/// Longest cycle, in days.
const LONGEST_CYCLE: u32 = 366;

/// `[[regimen.phase]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PhaseEntry {
    name: String,
    cycle_days: u32,
    /// `4`, `4-6`, or `1+` where open-ended.
    cycles: String,
    #[serde(default)]
    until_progression: bool,
    #[serde(default)]
    beside: bool,
    drugs: Vec<DrugEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DrugEntry {
    generic: String,
    dose: String,
    loading: Option<String>,
    max: Option<String>,
    days: String,
    #[serde(default = "once")]
    per_day: u32,
    route: String,
    #[serde(default)]
    role: Role,
    note: Option<String>,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Role {
    #[default]
    Therapeutic,
    Modulator,
    Supportive,
}

const fn once() -> u32 {
    1
}

/// Reads the phases of one regimen.
pub(super) fn phases(
    entries: &[PhaseEntry],
    regimen: Place<'_, '_>,
    words: &Vocabulary,
    report: &mut Report,
) -> Vec<RegimenPhase> {
    let place = regimen.key("phase");
    let last = entries.iter().rposition(|entry| !entry.beside);
    if !entries.is_empty() && last.is_none() {
        place.error(report, "what runs beside needs phases that follow one another", None);
    }
    let phases: Vec<RegimenPhase> = entries
        .iter()
        .enumerate()
        .map(|(index, entry)| phase(entry, place.at(index), entry.beside || Some(index) == last, words, report))
        .collect();
    for (index, phase) in phases.iter().enumerate().filter(|(_, phase)| phase.beside) {
        let given =
            |drug: &RegimenDrug| phase.drugs.iter().any(|own| own.ingredients.iter().any(|name| drug.ingredients.contains(name)));
        let others = phases.iter().enumerate().filter(|(other, _)| *other != index).flat_map(|(_, other)| &other.drugs);
        if let Some(twice) = others.into_iter().find(|drug| given(drug)) {
            place.at(index).key("beside").error(report, format!("`{}` is in another phase, too", twice.generic), None);
        }
    }
    phases
}

fn phase(entry: &PhaseEntry, place: Place<'_, '_>, may_be_open: bool, words: &Vocabulary, report: &mut Report) -> RegimenPhase {
    if !(1..=LONGEST_CYCLE).contains(&entry.cycle_days) {
        place.key("cycle_days").error(report, format!("a cycle has 1 to {LONGEST_CYCLE} days"), None);
    }
    if entry.drugs.is_empty() {
        place.key("drugs").error(report, "a phase needs a drug", None);
    }
    let (fewest, most) = cycles(&entry.cycles).unwrap_or_else(|| {
        let suggestion = Some("write it like `4`, `4-6` or, open-ended, `1+`".to_owned());
        place.key("cycles").error(report, format!("`{}` is not a number of cycles", entry.cycles), suggestion);
        (1, Some(1))
    });
    if most.is_none() && !may_be_open {
        place.key("cycles").error(report, "only the last phase may be open-ended", None);
    }
    let drugs_at = place.key("drugs");
    let drugs = entry
        .drugs
        .iter()
        .enumerate()
        .map(|(index, drug)| read(drug, entry.cycle_days, drugs_at.at(index), words, report))
        .collect();
    RegimenPhase {
        name: entry.name.clone(),
        cycle_length_days: entry.cycle_days,
        cycles_min: fewest,
        cycles_max: most,
        until_progression: entry.until_progression || most.is_none(),
        beside: entry.beside,
        drugs,
    }
}

fn cycles(text: &str) -> Option<(u32, Option<u32>)> {
    if let Some(fewest) = text.strip_suffix('+') {
        return Some((fewest.parse().ok()?, None));
    }
    let (fewest, most) = text.split_once('-').unwrap_or((text, text));
    let (fewest, most): (u32, u32) = (fewest.trim().parse().ok()?, most.trim().parse().ok()?);
    (fewest <= most && most > 0).then_some((fewest, Some(most)))
}

/// The ingredients of a drug of the catalogue; reports what is none.
pub(super) fn known(generic: &str, place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) -> Vec<String> {
    let known = words.drugs.by_name(generic);
    match known {
        None => {
            let suggestion = did_you_mean(generic, words.drugs.all().iter().map(|drug| drug.generic.as_str()));
            place.key("generic").error(report, format!("there is no drug `{generic}`"), suggestion);
        }
        Some(drug) if drug.generic != generic => {
            let suggestion = Some(format!("write `{}`", drug.generic));
            place.key("generic").error(report, format!("`{generic}` is a synonym"), suggestion);
        }
        Some(_) => {}
    }
    known.map_or_else(|| vec![generic.to_owned()], |drug| drug.ingredients.clone())
}

/// A drug on day 1, once.
pub(super) fn drug(
    generic: &str,
    (dose, loading_dose): (RegimenDose, Option<RegimenDose>),
    route: &str,
    place: Place<'_, '_>,
    words: &Vocabulary,
    report: &mut Report,
) -> RegimenDrug {
    RegimenDrug {
        generic: generic.to_owned(),
        ingredients: known(generic, place, words, report),
        role: RegimenDrugRole::Therapeutic,
        dose,
        loading_dose,
        maximum_dose: None,
        days: vec![1],
        frequency_per_day: 1,
        route: route.to_lowercase(),
        note: None,
    }
}

fn read(entry: &DrugEntry, cycle_days: u32, place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) -> RegimenDrug {
    let ingredients = known(&entry.generic, place, words, report);
    if !(1..=24).contains(&entry.per_day) {
        place.key("per_day").error(report, "between 1 and 24 administrations a day", None);
    }
    let dose = dose(&entry.dose, place.key("dose"), report);
    RegimenDrug {
        generic: entry.generic.clone(),
        ingredients,
        role: match entry.role {
            Role::Therapeutic => RegimenDrugRole::Therapeutic,
            Role::Modulator => RegimenDrugRole::Modulator,
            Role::Supportive => RegimenDrugRole::Supportive,
        },
        dose,
        loading_dose: entry.loading.as_deref().map(|text| self::dose(text, place.key("loading"), report)),
        maximum_dose: entry.max.as_deref().map(|text| maximum(text, dose.unit, place.key("max"), report)),
        days: days(&entry.days, cycle_days, place.key("days"), report),
        frequency_per_day: entry.per_day,
        route: entry.route.to_lowercase(),
        note: entry.note.clone(),
    }
}

/// A dose such as `75 mg/m2`; reports what is none.
pub(super) fn dose(text: &str, place: Place<'_, '_>, report: &mut Report) -> RegimenDose {
    let (amount, unit) = text.split_once(' ').unwrap_or((text, ""));
    let amount = amount.parse::<f64>().ok().filter(|amount| *amount > 0.0 && amount.is_finite());
    match (amount, DoseUnit::parse(unit)) {
        (Some(amount), Some(unit)) => RegimenDose { amount, unit },
        (_, unit_found) => {
            let units = DoseUnit::ALL.iter().map(|unit| unit.as_str());
            let suggestion = if unit_found.is_none() { did_you_mean(unit, units) } else { None };
            let suggestion = suggestion.or_else(|| Some("write it like `75 mg/m2`".to_owned()));
            place.error(report, format!("`{text}` is not a dose"), suggestion);
            RegimenDose { amount: 1.0, unit: DoseUnit::Mg }
        }
    }
}

/// A ceiling in milligrams, or in the dose's own unit where that is flat.
pub(super) fn maximum(text: &str, unit: DoseUnit, place: Place<'_, '_>, report: &mut Report) -> f64 {
    let ceiling = dose(text, place, report);
    if ceiling.unit != DoseUnit::Mg && ceiling.unit != unit {
        place.error(report, "a maximum is given in mg, or in the unit of the dose", None);
    }
    ceiling.amount
}

/// Days such as `1-14` or `1, 8, 15`, ascending; reports what is none.
pub(super) fn days(text: &str, cycle_days: u32, place: Place<'_, '_>, report: &mut Report) -> Vec<u32> {
    let mut found = BTreeSet::new();
    for part in text.split(',').map(str::trim) {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        match (from.trim().parse::<u32>(), to.trim().parse::<u32>()) {
            (Ok(from), Ok(to)) if 1 <= from && from <= to && to <= LONGEST_CYCLE => found.extend(from..=to),
            _ => place.error(
                report,
                format!("`{part}` is not a day or a range of days"),
                Some("write it like `1-14` or `1, 8, 15`".to_owned()),
            ),
        }
    }
    if let Some(day) = found.last().filter(|day| **day > cycle_days) {
        place.error(report, format!("day {day} is beyond the cycle of {cycle_days} days"), None);
    }
    found.into_iter().collect()
}
