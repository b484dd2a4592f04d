//! `radiation/schedules/*.toml`: fractionation schedules, one file a site.

use super::{Drafts, modality, open, says, statement};
use crate::content::document::Place;
use crate::content::releases::Releases;
use crate::content::report::{Report, did_you_mean};
use crate::content::source::Source;
use crate::content::vocabulary::{STAGES, Vocabulary};
use crate::domain::content::Phrases;
use crate::domain::content::radiation::{
    BoostOf, Designation, DoseRate, FractionationSchedule, ScheduleBoost, ScheduleModality, equivalent_dose,
};
use crate::domain::vocabulary::{LineOfTreatment, Modality, TreatmentGoal};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// By how much a dose in a table may differ from what is worked out, in gray: one in the last digit, and rounding.
const LAST_DIGIT_GY: f64 = 0.151;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    tier: u8,
    name: String,
    sites: Vec<String>,
    #[serde(default)]
    except_sites: Vec<String>,
    #[serde(default)]
    cancers: Vec<String>,
    situation: String,
    group: Option<String>,
    goal: Option<String>,
    #[serde(default)]
    stages: Vec<String>,
    #[serde(default)]
    pathologies: Vec<String>,
    #[serde(default)]
    not_told: Vec<String>,
    #[serde(default)]
    lines: Vec<String>,
    target: Option<String>,
    needs: Option<String>,
    reviewed_when: Option<String>,
    modalities: Vec<String>,
    dose_gy: (f64, f64),
    fractions: (u32, u32),
    dose_per_fraction_gy: (f64, f64),
    typical: Typical,
    #[serde(default = "one")]
    per_day: u32,
    #[serde(default = "five")]
    per_week: u32,
    boost: Option<BoostEntry>,
    boost_of: Option<BoostOfEntry>,
    alpha_beta_gy: f64,
    bed_gy: Option<f64>,
    eqd2_gy: Option<f64>,
    designation: Designation,
    #[serde(rename = "evidence")]
    _evidence: String,
    citation: String,
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

const fn one() -> u32 {
    1
}

const fn five() -> u32 {
    5
}

#[derive(Deserialize, Clone, Copy)]
#[serde(deny_unknown_fields)]
struct Typical {
    dose_gy: f64,
    fractions: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BoostEntry {
    kind: BoostKind,
    dose_gy: (f64, f64),
    fractions: (u32, u32),
    dose_per_fraction_gy: (f64, f64),
    modality: Option<String>,
    also: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BoostOfEntry {
    schedules: Vec<String>,
    within_days: u32,
    #[serde(default)]
    alone: bool,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum BoostKind {
    Optional,
    Separate,
}

/// What no order is decided by: an order for it is refused (PRG-11).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutOfProgram {
    id: String,
    #[serde(rename = "name")]
    _name: String,
    #[serde(rename = "diagnoses")]
    _diagnoses: Vec<String>,
    #[serde(rename = "says")]
    _says: String,
    #[serde(rename = "citation")]
    _citation: String,
    #[serde(rename = "note")]
    _note: String,
}

/// Reads every file.
pub(super) fn read(source: &Source, words: &Vocabulary, releases: &Releases, drafts: &mut Drafts, report: &mut Report) {
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    let mut boosted: Vec<(Vec<String>, (String, usize))> = Vec::new();
    for file in source.files("radiation/schedules", "toml") {
        open(source, &file, &["schedule", "out_of_program"], report, |document, report| {
            let mut is_new = |id: &str, place: Place<'_, '_>, report: &mut Report| {
                if let Some(other) = ids.insert(id.to_owned(), file.clone()) {
                    place.key("id").error(report, format!("schedule `{id}` is also in {other}"), None);
                }
            };
            for (entry, place) in document.entries::<OutOfProgram>("out_of_program", report) {
                is_new(&entry.id, place, report);
            }
            for (entry, place) in document.entries::<Entry>("schedule", report) {
                is_new(&entry.id, place, report);
                let life = releases.lifetime(entry.introduced.as_deref(), entry.retired.as_deref(), place, report);
                numbers(&entry, place, report);
                boosted.extend(entry.boost_of.as_ref().map(|of| (of.schedules.clone(), place.key("boost_of").position())));
                let schedule = schedule(entry, place, words, drafts, report);
                drafts.schedules.push((Arc::new(schedule), life, place.position()));
            }
        });
    }
    for (named, (file, line)) in boosted {
        for id in named.iter().filter(|id| !drafts.schedules.iter().any(|(other, ..)| other.id == **id)) {
            let suggestion = did_you_mean(id, ids.keys().map(String::as_str));
            report.error(&file, line, format!("boosts a schedule `{id}`, which is not there"), suggestion);
        }
    }
}

fn among<'a>(
    list: &[String],
    key: &str,
    what: &str,
    known: &(impl Iterator<Item = &'a str> + Clone),
    place: Place<'_, '_>,
    report: &mut Report,
) {
    for (index, word) in list.iter().enumerate().filter(|(_, word)| !known.clone().any(|known| known == word.as_str())) {
        place.key(key).at(index).error(report, format!("there is no {what} `{word}`"), did_you_mean(word, known.clone()));
    }
}

fn schedule(
    entry: Entry,
    place: Place<'_, '_>,
    words: &Vocabulary,
    drafts: &Drafts,
    report: &mut Report,
) -> FractionationSchedule {
    for (key, text) in [("name", &entry.name), ("citation", &entry.citation), ("provenance", &entry.provenance)] {
        says(text, place.key(key), "this", report);
    }
    let any_site = entry.sites.iter().any(|site| site == "any");
    let sites: Vec<String> = if any_site { Vec::new() } else { entry.sites };
    among(&sites, "sites", "site", &drafts.words.sites.iter().map(|site| site.key.as_str()), place, report);
    among(&entry.except_sites, "except_sites", "site", &drafts.words.sites.iter().map(|site| site.key.as_str()), place, report);
    if !sites.is_empty() && !entry.except_sites.is_empty() {
        place.key("except_sites").error(report, "goes with `sites = [\"any\"]` only", None);
    }
    among(&entry.cancers, "cancers", "cancer type", &words.cancers.iter().map(|cancer| cancer.key.as_str()), place, report);
    among(&entry.stages, "stages", "stage", &STAGES.into_iter(), place, report);
    let pathologies: Vec<&str> = words.pathology_words().collect();
    among(&entry.pathologies, "pathologies", "pathology", &pathologies.into_iter(), place, report);
    among(&entry.lines, "lines", "line", &LineOfTreatment::ALL.iter().map(|line| line.as_str()), place, report);
    let target: Vec<String> = entry.target.iter().cloned().collect();
    among(&target, "target", "target", &drafts.words.targets.iter().map(|target| target.term.key.as_str()), place, report);
    let goal = entry.goal.as_deref().and_then(|word| {
        let found = TreatmentGoal::parse(word);
        if found.is_none() {
            place.key("goal").error(report, format!("`{word}` is no goal: curative or palliative"), None);
        }
        found
    });
    let by = entry.modalities.iter().enumerate();
    let modalities = by.filter_map(|(index, word)| by_dose_rate(word, place.key("modalities").at(index), report)).collect();
    let boost = entry.boost.map(|boost| ScheduleBoost {
        separate: boost.kind == BoostKind::Separate,
        modality: boost.modality.and_then(|word| by_dose_rate(&word, place.key("boost").key("modality"), report)),
        dose_gy: boost.dose_gy,
        fractions: boost.fractions,
        dose_per_fraction_gy: boost.dose_per_fraction_gy,
        also: boost.also.and_then(|word| modality(&word, place.key("boost").key("also"), report)),
    });
    if boost.as_ref().is_some_and(|boost| boost.separate != boost.modality.is_some()) {
        place.key("boost").error(report, "a separate boost names its modality, and only such a boost", None);
    }
    FractionationSchedule {
        needs: statement(entry.needs.as_deref(), place.key("needs"), words, report),
        reviewed_when: statement(entry.reviewed_when.as_deref(), place.key("reviewed_when"), words, report),
        except_sites: entry.except_sites,
        not_told: Phrases::new(&entry.not_told),
        group: entry.group.unwrap_or(entry.situation),
        lines: entry.lines.iter().filter_map(|line| LineOfTreatment::parse(line)).collect(),
        id: entry.id,
        name: entry.name,
        tier: entry.tier,
        sites,
        cancers: entry.cancers,
        goal,
        stages: entry.stages,
        pathologies: entry.pathologies,
        target: entry.target,
        modalities,
        dose_gy: entry.dose_gy,
        fractions: entry.fractions,
        dose_per_fraction_gy: entry.dose_per_fraction_gy,
        typical: (entry.typical.dose_gy, entry.typical.fractions),
        per_day: entry.per_day,
        per_week: entry.per_week,
        boost,
        boost_of: entry.boost_of.map(|of| BoostOf { schedules: of.schedules, within_days: of.within_days, alone: of.alone }),
        alpha_beta_gy: entry.alpha_beta_gy,
        fractionated: entry.bed_gy.is_some(),
        designation: entry.designation,
        citation: entry.citation,
    }
}

/// `imrt`, `brachytherapy:hdr`.
fn by_dose_rate(word: &str, place: Place<'_, '_>, report: &mut Report) -> Option<ScheduleModality> {
    let (name, rate) = word.split_once(':').map_or((word, None), |(name, rate)| (name, Some(rate)));
    let modality = modality(name, place, report)?;
    let dose_rate = match rate {
        None => None,
        Some("hdr") => Some(DoseRate::High),
        Some("ldr") => Some(DoseRate::Low),
        Some(other) => {
            place.error(report, format!("`{other}` is no dose rate: hdr or ldr"), None);
            None
        }
    };
    if (modality == Modality::Brachytherapy) != dose_rate.is_some() {
        place.error(report, "brachytherapy names its dose rate, `brachytherapy:hdr`, and nothing else does", None);
    }
    Some(ScheduleModality { modality, dose_rate })
}

/// Ranges in order, and numbers that agree with each other.
fn numbers(entry: &Entry, place: Place<'_, '_>, report: &mut Report) {
    let positive = |(low, high): (f64, f64)| low > 0.0 && low <= high && high.is_finite();
    let counted = |(low, high): (u32, u32)| low > 0 && low <= high;
    if !positive(entry.dose_gy) {
        place.key("dose_gy").error(report, "write the lowest and the highest dose", None);
    }
    if !counted(entry.fractions) {
        place.key("fractions").error(report, "write the fewest and the most fractions", None);
    }
    if !positive(entry.dose_per_fraction_gy) {
        place.key("dose_per_fraction_gy").error(report, "write the lowest and the highest dose of a fraction", None);
    }
    if let Some(boost) = entry.boost.as_ref() {
        boost_numbers(boost, place.key("boost"), report);
    }
    for (key, value, most) in [("per_day", entry.per_day, 4), ("per_week", entry.per_week, 7)] {
        if !(1..=most).contains(&value) {
            place.key(key).error(report, format!("must be 1 to {most}"), None);
        }
    }
    if !(entry.alpha_beta_gy > 0.0 && entry.alpha_beta_gy.is_finite()) {
        place.key("alpha_beta_gy").error(report, "must be more than 0", None);
        return;
    }
    if !(1..=2).contains(&entry.tier) {
        place.key("tier").error(report, "is 1 or 2", None);
    }
    typical(entry, place, report);
}

/// A boost has ranges, and each end of its dose can be given in some number of its fractions.
fn boost_numbers(boost: &BoostEntry, place: Place<'_, '_>, report: &mut Report) {
    let is_range = |(low, high): (f64, f64)| low > 0.0 && low <= high && high.is_finite();
    let counts = boost.fractions.0..=boost.fractions.1;
    if !is_range(boost.dose_gy) || !is_range(boost.dose_per_fraction_gy) || counts.is_empty() || boost.fractions.0 == 0 {
        return place.error(report, format!("{:?} Gy in {:?} fractions is no range", boost.dose_gy, boost.fractions), None);
    }
    let (least, most) = boost.dose_per_fraction_gy;
    for dose in [boost.dose_gy.0, boost.dose_gy.1] {
        let can_be = |count: u32| (least * 0.995..=most * 1.005).contains(&(dose / f64::from(count)));
        if !counts.clone().any(can_be) {
            place.key("dose_per_fraction_gy").error(report, format!("{dose} Gy cannot be given in such fractions"), None);
        }
    }
}

fn typical(entry: &Entry, place: Place<'_, '_>, report: &mut Report) {
    let Typical { dose_gy, fractions } = entry.typical;
    if fractions == 0 {
        return place.key("typical").error(report, "a course has a fraction", None);
    }
    let each = dose_gy / f64::from(fractions);
    let within = |(low, high): (f64, f64), value: f64| (low * 0.995..=high * 1.005).contains(&value);
    if !within(entry.dose_gy, dose_gy)
        || !(entry.fractions.0..=entry.fractions.1).contains(&fractions)
        || !within(entry.dose_per_fraction_gy, each)
    {
        let message = format!("{dose_gy} Gy in {fractions} fractions ({each:.3} Gy each) lie outside the ranges");
        place.key("typical").error(report, message, None);
    }
    let (bed, eqd2) = equivalent_dose(dose_gy, fractions, entry.alpha_beta_gy);
    for (key, stated, found) in [("bed_gy", entry.bed_gy, bed), ("eqd2_gy", entry.eqd2_gy, eqd2)] {
        if stated.is_some_and(|stated| (stated - found).abs() > LAST_DIGIT_GY) {
            place.key(key).error(report, format!("{dose_gy} Gy in {fractions} fractions give {found:.1}"), None);
        }
    }
    if entry.bed_gy.is_some() != entry.eqd2_gy.is_some() {
        place.error(report, "write both of bed_gy and eqd2_gy, or neither for an implant", None);
    }
}
