//! Regimens and Pathway designations, one file per cancer type.

use super::codes::{is_icd10, text_of};
use super::criteria::biomarker_requirement;
use super::document::{Document, Place};
use super::forms;
use super::lines;
use super::phases::{PhaseEntry, phases};
use super::policies::{Sentence, statements};
use super::releases::{Lifetime, Releases};
use super::report::{Report, did_you_mean};
use super::source::Source;
use super::vocabulary::{STAGES, Vocabulary};
use crate::domain::content::{EmeticRisk, FnRisk, Regimen, RegimenDrug, RegimenDrugRole, RegimenPathway, RegimenPhase};
use crate::domain::vocabulary::LineOfTreatment;
use chrono::NaiveDate;
use serde::Deserialize;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

const FN_RISKS: [FnRisk; 4] = [FnRisk::Unknown, FnRisk::Low, FnRisk::Intermediate, FnRisk::High];
const EMETIC_RISKS: [EmeticRisk; 4] = [EmeticRisk::Minimal, EmeticRisk::Low, EmeticRisk::Moderate, EmeticRisk::High];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    cancer: String,
    provenance: String,
    #[serde(default)]
    verify: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
    icd10: Vec<String>,
    pathology: Option<String>,
    settings: Vec<String>,
    line: String,
    lines: Option<Vec<LineOfTreatment>>,
    #[serde(default)]
    stages: Vec<String>,
    #[serde(default)]
    biomarkers: Vec<String>,
    #[serde(default)]
    came_before: Vec<Sentence>,
    pathway: Option<PathwayEntry>,
    fn_risk: String,
    fn_risk_basis: String,
    emetogenicity: String,
    cost_per_month: Option<f64>,
    citation: String,
    notes: Option<String>,
    verify: Option<bool>,
    introduced: Option<String>,
    retired: Option<String>,
    #[serde(default)]
    phase: Vec<PhaseEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PathwayEntry {
    id: Option<String>,
    effective_from: Option<NaiveDate>,
    effective_through: Option<NaiveDate>,
    efficacy: u32,
    toxicity: u32,
    consensus: u32,
    introduced: Option<String>,
    retired: Option<String>,
}

/// A regimen with the releases it is in, and those in which it is a Pathway.
#[derive(Debug)]
pub(super) struct Draft {
    /// The regimen, Pathway included.
    pub regimen: Arc<Regimen>,
    /// File and line.
    pub position: (String, usize),
    /// Releases in which it is a Pathway, where it ever is one.
    pub pathway_life: Lifetime,
    /// Releases.
    pub life: Lifetime,
    plain: Option<Arc<Regimen>>,
    /// Releases of each form.
    forms: Vec<Lifetime>,
}

impl Draft {
    /// Its id.
    pub fn id(&self) -> &str {
        &self.regimen.id
    }

    /// The regimen as the release with this index has it.
    pub fn version(&self, release: usize) -> Option<Arc<Regimen>> {
        if !self.life.covers(release) {
            return None;
        }
        let plain = if self.pathway_life.covers(release) { None } else { self.plain.clone() };
        let regimen = plain.unwrap_or_else(|| Arc::clone(&self.regimen));
        if self.forms.iter().all(|life| life.covers(release)) {
            return Some(regimen);
        }
        let forms = regimen.forms.iter().zip(&self.forms).filter(|(_, life)| life.covers(release));
        Some(Arc::new(Regimen { forms: forms.map(|(form, _)| form.clone()).collect(), ..(*regimen).clone() }))
    }
}

/// Reads every regimen.
pub(super) fn read(source: &Source, words: &Vocabulary, releases: &Releases, report: &mut Report) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let mut ids: HashMap<String, (String, usize)> = HashMap::new();
    let mut forms = forms::read(source, words, releases, report);
    for file in source.files("regimens", "toml") {
        let Some(text) = text_of(source, &file, report) else { continue };
        let Some(document) = Document::parse(&file, &text, report) else { continue };
        let header = document.header::<Header>(&["regimen"], report);
        if let Some(header) = &header {
            check_header(header, document.root(), words, report);
        }
        for (entry, place) in document.entries::<Entry>("regimen", report) {
            if let Some((file, line)) = ids.insert(entry.id.clone(), place.key("id").position()) {
                place.key("id").error(report, format!("regimen `{}` is also at {file}:{line}", entry.id), None);
            }
            if let Some(header) = &header {
                drafts.push(draft(entry, header, place, words, (releases, &mut forms), report));
            }
        }
    }
    if drafts.is_empty() {
        report.unusable("regimens", 1, "there are no regimens");
    }
    let mut known: Vec<&str> = ids.keys().map(String::as_str).collect();
    known.sort_unstable();
    forms.check(&known, report);
    drafts
}

fn check_header(header: &Header, root: Place<'_, '_>, words: &Vocabulary, report: &mut Report) {
    if !words.cancers.iter().any(|cancer| cancer.key == header.cancer) {
        let suggestion = did_you_mean(&header.cancer, words.cancers.iter().map(|cancer| cancer.key.as_str()));
        root.key("cancer").error(report, format!("there is no cancer type `{}`", header.cancer), suggestion);
    }
    if header.provenance.trim().is_empty() {
        root.key("provenance").error(report, "say where the regimens come from", None);
    }
}

fn draft(
    entry: Entry,
    header: &Header,
    place: Place<'_, '_>,
    words: &Vocabulary,
    (releases, forms): (&Releases, &mut forms::Rules),
    report: &mut Report,
) -> Draft {
    check_words(&entry, place, words, report);
    let life = releases.lifetime(entry.introduced.as_deref(), entry.retired.as_deref(), place, report);
    let pathway_life = entry.pathway.as_ref().map_or(life, |pathway| {
        releases.lifetime(pathway.introduced.as_deref(), pathway.retired.as_deref(), place.key("pathway"), report)
    });
    let changes = releases.iter().any(|(index, _)| life.covers(index) && !pathway_life.covers(index));
    let mut regimen = regimen(entry, header, place, words, report);
    let (of_regimen, forms) = forms.of(&regimen, life, place, report);
    regimen.forms = of_regimen;
    let plain = changes.then(|| Arc::new(Regimen { pathway: None, ..regimen.clone() }));
    Draft { regimen: Arc::new(regimen), position: place.key("id").position(), plain, life, pathway_life, forms }
}

fn check_words(entry: &Entry, place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) {
    for (index, setting) in entry.settings.iter().enumerate().filter(|(_, setting)| !words.settings.contains(*setting)) {
        let suggestion = did_you_mean(setting, words.settings.iter().map(String::as_str));
        place.key("settings").at(index).error(report, format!("unknown setting `{setting}`"), suggestion);
    }
    if lines::of_text(&entry.line).is_none() {
        let suggestion = Some(format!("one of {}", lines::TEXTS.join(", ")));
        place.key("line").error(report, format!("unknown line `{}`", entry.line), suggestion);
    }
    for (index, stage) in entry.stages.iter().enumerate().filter(|(_, stage)| !STAGES.contains(&stage.as_str())) {
        place.key("stages").at(index).error(report, format!("unknown stage `{stage}`"), did_you_mean(stage, STAGES));
    }
    for (index, code) in entry.icd10.iter().enumerate().filter(|(_, code)| !is_icd10(code) || !words.has_diagnosis(code)) {
        let message = format!("no ICD-10-CM code on file begins with `{code}`");
        place.key("icd10").at(index).error(report, message, words.diagnosis_suggestion(code));
    }
    if let Some(pathology) = entry.pathology.as_deref().filter(|word| !words.pathology_words().any(|known| known == *word)) {
        place.key("pathology").error(report, format!("unknown pathology `{pathology}`"), words.pathology_suggestion(pathology));
    }
    if entry.phase.is_empty() {
        place.error(report, "a regimen needs a phase", None);
    }
    if let Some(pathway) = &entry.pathway {
        let reversed = pathway.effective_from.zip(pathway.effective_through).is_some_and(|(from, through)| through < from);
        if reversed {
            place.key("pathway").key("effective_through").error(report, "ends before it begins", None);
        }
        if [pathway.efficacy, pathway.toxicity, pathway.consensus].contains(&0) {
            place.key("pathway").error(report, "ranks begin with 1", None);
        }
    }
}

fn regimen(entry: Entry, header: &Header, place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) -> Regimen {
    let phases = phases(&entry.phase, place, words, report);
    let ingredients = |wanted: fn(&RegimenDrug) -> bool| -> BTreeSet<String> {
        let drugs = phases.iter().flat_map(|phase: &RegimenPhase| &phase.drugs);
        drugs.filter(|drug| wanted(drug)).flat_map(|drug| drug.ingredients.clone()).collect()
    };
    let required = ingredients(|drug| drug.role != RegimenDrugRole::Supportive);
    let supportive = ingredients(|drug| drug.role == RegimenDrugRole::Supportive);
    if required.is_empty() && !entry.phase.is_empty() {
        place.error(report, "a regimen needs a treatment drug", None);
    }
    let mut biomarkers = Vec::new();
    for (index, text) in entry.biomarkers.iter().enumerate() {
        match biomarker_requirement(text, words) {
            Ok(requirement) => biomarkers.push(requirement),
            Err(error) => {
                let message = format!("column {} of \"{text}\": {}", error.column, error.message);
                place.key("biomarkers").at(index).error(report, message, error.suggestion);
            }
        }
    }
    let (came_before, _) = statements(&entry.came_before, place.key("came_before"), words, report);
    Regimen {
        pathway: entry.pathway.map(|pathway| RegimenPathway {
            id: pathway.id.unwrap_or_else(|| format!("PW-{}", entry.id)),
            effective_from: pathway.effective_from,
            effective_through: pathway.effective_through,
            efficacy: pathway.efficacy,
            toxicity: pathway.toxicity,
            consensus: pathway.consensus,
        }),
        lines: entry.lines.unwrap_or_else(|| lines::derive(&entry.settings, &entry.line)),
        fn_risk: risk(&entry.fn_risk, FnRisk::Unknown, &FN_RISKS.map(|r| (r.as_str(), r)), place.key("fn_risk"), report),
        emetogenicity: risk(
            &entry.emetogenicity,
            EmeticRisk::Minimal,
            &EMETIC_RISKS.map(|r| (r.as_str(), r)),
            place.key("emetogenicity"),
            report,
        ),
        id: entry.id,
        name: entry.name,
        aliases: entry.aliases,
        cancer: header.cancer.clone(),
        icd10_prefixes: entry.icd10,
        pathology: entry.pathology,
        settings: entry.settings,
        fewest_lines_before: lines::fewest_before(&entry.line),
        line_text: entry.line,
        stages: entry.stages,
        biomarkers,
        came_before,
        supportive_ingredients: supportive.difference(&required).cloned().collect(),
        required_ingredients: required.into_iter().collect(),
        phases,
        forms: Vec::new(),
        fn_risk_basis: entry.fn_risk_basis,
        relative_cost: entry.cost_per_month,
        citation: entry.citation,
        notes: entry.notes,
        verify: entry.verify.unwrap_or(header.verify),
    }
}

/// The value of a word; the first value where the word is unknown, after reporting it.
fn risk<T: Copy>(word: &str, first: T, known: &[(&'static str, T)], place: Place<'_, '_>, report: &mut Report) -> T {
    if let Some((_, value)) = known.iter().find(|(name, _)| *name == word) {
        return *value;
    }
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    let suggestion = did_you_mean(word, names.iter().copied()).or_else(|| Some(format!("one of {}", names.join(", "))));
    place.error(report, format!("unknown category `{word}`"), suggestion);
    first
}
