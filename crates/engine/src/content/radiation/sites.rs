//! `radiation/sites.toml`: sites, targets, and the words of a technique.

use super::{modality, says};
use crate::content::document::Place;
use crate::content::report::{Report, did_you_mean};
use crate::content::source::Source;
use crate::content::vocabulary::{STAGES, Vocabulary, is_snake};
use crate::content::{codes::text_of, document::Document};
use crate::domain::content::Phrases;
use crate::domain::content::radiation::{
    Aim, CourseNumbers, Heard, Judging, Means, Operation, Part, RadiationCatalog, Rhythm, Side, Site, StageGroup, Target,
    TechniqueScope, Term, loosely,
};
use crate::domain::fold::fold;
use crate::domain::vocabulary::{LineOfTreatment, Sex};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const FILE: &str = "radiation/sites.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    provenance: String,
    #[serde(default, rename = "verify")]
    _verify: bool,
    says_nothing: Vec<String>,
    denials: Vec<String>,
    right: Vec<String>,
    left: Vec<String>,
    both_sides: Vec<String>,
    beam_sides: Vec<String>,
    secondary_anywhere: Vec<String>,
    heard: HeardEntry,
}

/// What is listened for in free text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeardEntry {
    again: Vec<String>,
    device: Vec<String>,
    other_treatments: Vec<String>,
    told_by: Vec<String>,
    spread: Vec<String>,
    near_spread: Vec<String>,
    pauses: Vec<String>,
    not_pauses: Vec<String>,
    earlier: Vec<String>,
    radiation: Vec<String>,
    treatments: Vec<String>,
    fields: Vec<String>,
    earlier_radiation: Vec<String>,
    comparison: Vec<String>,
    pregnancy: Vec<String>,
    recurrence: Vec<String>,
    elsewhere: Vec<String>,
    sided: Vec<String>,
    counted: Vec<String>,
    course: CourseNumbers,
    mixed: Vec<String>,
    not_radiation: Vec<String>,
    no_comparison: Vec<String>,
    plans: BTreeMap<String, Vec<String>>,
    both_plans: Vec<String>,
    differs: Vec<String>,
    judging: JudgingEntry,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JudgingEntry {
    better: Vec<String>,
    worse: Vec<String>,
    lowers: Vec<String>,
    raises: Vec<String>,
    not: Vec<String>,
    than: Vec<String>,
    by: Vec<String>,
    target: Vec<String>,
    clauses: Vec<String>,
    supposed: Vec<String>,
    beside_the_point: Vec<String>,
}

impl From<JudgingEntry> for Judging {
    fn from(entry: JudgingEntry) -> Self {
        Self {
            better: Phrases::new(&entry.better),
            worse: Phrases::new(&entry.worse),
            lowers: Phrases::new(&entry.lowers),
            raises: Phrases::new(&entry.raises),
            not: Phrases::new(&entry.not),
            than: Phrases::new(&entry.than),
            by: Phrases::new(&entry.by),
            target: Phrases::new(&entry.target),
            clauses: Phrases::new(&entry.clauses),
            supposed: Phrases::new(&entry.supposed),
            beside_the_point: Phrases::new(&entry.beside_the_point),
        }
    }
}

impl From<HeardEntry> for Heard {
    fn from(entry: HeardEntry) -> Self {
        Self {
            again: Phrases::new(&entry.again),
            device: Phrases::new(&entry.device),
            other_treatments: Phrases::new(&entry.other_treatments),
            told_by: entry.told_by,
            spread: Phrases::new(&entry.spread),
            near_spread: Phrases::new(&entry.near_spread),
            pauses: Phrases::new(&entry.pauses),
            not_pauses: Phrases::new(&entry.not_pauses),
            earlier: Phrases::new(&entry.earlier),
            radiation: Phrases::new(&entry.radiation),
            treatments: Phrases::new(&entry.treatments),
            fields: Phrases::new(&entry.fields),
            earlier_radiation: Phrases::new(&entry.earlier_radiation),
            comparison: Phrases::new(&entry.comparison),
            pregnancy: Phrases::new(&entry.pregnancy),
            recurrence: Phrases::new(&entry.recurrence),
            elsewhere: Phrases::new(&entry.elsewhere),
            sided: Phrases::new(&entry.sided),
            counted: Phrases::new(&entry.counted),
            course: entry.course,
            mixed: entry.mixed,
            no_comparison: Phrases::new(&entry.no_comparison),
            plans: entry.plans.into_iter().map(|(modality, words)| (modality, Phrases::new(&words))).collect(),
            both_plans: Phrases::new(&entry.both_plans),
            differs: Phrases::new(&entry.differs),
            judging: entry.judging.into(),
        }
    }
}

const fn yes() -> bool {
    true
}

#[expect(clippy::struct_excessive_bools, reason = "each is a key that a clinician may write")]
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteEntry {
    key: String,
    name: String,
    #[serde(default)]
    words: Vec<String>,
    #[serde(default)]
    diagnoses: Vec<String>,
    #[serde(default)]
    own_diagnoses: Vec<String>,
    #[serde(default)]
    secondary: Vec<String>,
    #[serde(default)]
    near: Vec<String>,
    sex: Option<String>,
    #[serde(default = "yes")]
    staged: bool,
    #[serde(default)]
    metastatic: bool,
    #[serde(default)]
    reviewed: bool,
    #[serde(default)]
    salvage: bool,
    #[serde(default)]
    target_at: Vec<String>,
    #[serde(default)]
    together: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartEntry {
    site: String,
    words: Vec<String>,
    side: Option<Side>,
    target: Option<String>,
    #[serde(default)]
    other_diagnoses: Vec<String>,
    #[serde(default)]
    diagnoses: Vec<String>,
}

impl PartEntry {
    /// Its words as they are looked up: with each diagnosis, where they mean it with some alone.
    fn names(&self) -> Vec<String> {
        let words = folded(&self.words);
        if self.diagnoses.is_empty() {
            return words;
        }
        let with =
            |word: &String| self.diagnoses.iter().map(|code| [word, "_", &code.to_lowercase()].concat()).collect::<Vec<_>>();
        words.iter().flat_map(with).collect()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OperationEntry {
    words: Vec<String>,
    #[serde(default)]
    other: Vec<String>,
    #[serde(default)]
    unless: Vec<String>,
    sites: Vec<String>,
    #[serde(default)]
    lines: Vec<LineOfTreatment>,
    because: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AimEntry {
    name: String,
    words: Vec<String>,
    #[serde(default)]
    other: Vec<String>,
    #[serde(default)]
    sites: Vec<String>,
    #[serde(default)]
    targets: Vec<String>,
    #[serde(default)]
    boost: bool,
    #[serde(default)]
    denied: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RhythmEntry {
    words: Vec<String>,
    per_day: Option<u32>,
    per_week: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetEntry {
    key: String,
    name: String,
    sites: Vec<String>,
    #[serde(default)]
    words: Vec<String>,
    #[serde(default)]
    apart: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TechniqueEntry {
    key: String,
    name: String,
    #[serde(default)]
    words: Vec<String>,
    #[serde(default)]
    modalities: Vec<String>,
    #[serde(default)]
    sites: Vec<String>,
    #[serde(default)]
    implies: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MeansEntry {
    modalities: Vec<String>,
    words: Vec<String>,
}

fn folded(words: &[String]) -> Vec<String> {
    words.iter().map(|word| fold(word).into_owned()).collect()
}

/// Reads the file.
pub(super) fn read(source: &Source, words: &Vocabulary, report: &mut Report) -> RadiationCatalog {
    let mut catalog = RadiationCatalog::default();
    let Some(text) = text_of(source, FILE, report) else { return catalog };
    let Some(document) = Document::parse(FILE, &text, report) else { return catalog };
    let (mut treatments, mut not_radiation) = (Vec::new(), Vec::new());
    if let Some(header) = document
        .header::<Header>(&["site", "part", "target", "technique", "means", "rhythm", "operation", "aim", "stage_group"], report)
    {
        says(&header.provenance, document.root().key("provenance"), "where these words come from", report);
        catalog.says_nothing = folded(&header.says_nothing);
        catalog.denials = folded(&header.denials);
        catalog.sides = [folded(&header.right), folded(&header.left), folded(&header.both_sides)];
        catalog.beam_sides = folded(&header.beam_sides);
        for (list, names) in [("mixed", &header.heard.mixed), ("told_by", &header.heard.told_by)] {
            for (index, name) in names.iter().enumerate().filter(|(_, name)| words.assessment(name).is_none()) {
                let place = document.root().key("heard").key(list).at(index);
                place.error(report, format!("there is no assessment `{name}`"), None);
            }
        }
        for modality_word in header.heard.plans.keys() {
            modality(modality_word, document.root().key("heard").key("plans"), report);
        }
        not_radiation = folded(&header.heard.not_radiation);
        treatments.clone_from(&header.heard.treatments);
        catalog.heard = header.heard.into();
        known_codes(&header.secondary_anywhere, document.root().key("secondary_anywhere"), words, report);
        catalog.secondary_anywhere = header.secondary_anywhere;
    }
    let mut named = BTreeSet::new();
    for (entry, place) in document.entries::<SiteEntry>("site", report) {
        key(&entry.key, &entry.words, "site", &mut named, place, report);
        catalog.sites.push(Arc::new(site(entry, place, words, report)));
    }
    for (site, place) in catalog.sites.iter().zip(document.places("site")) {
        for (index, near) in site.near.iter().enumerate().filter(|(_, near)| *near != "any") {
            known_site(near, place.key("near").at(index), &catalog, report);
        }
    }
    let parts = parts(&document, &mut named, report);
    named.clear();
    for (entry, place) in document.entries::<TargetEntry>("target", report) {
        key(&entry.key, &entry.words, "target", &mut named, place, report);
        for (index, site) in entry.sites.iter().enumerate() {
            known_site(site, place.key("sites").at(index), &catalog, report);
        }
        let term = Term { words: folded(&entry.words), key: entry.key, name: entry.name };
        catalog.targets.push(Target { term, sites: entry.sites, apart: entry.apart });
    }
    apart(&catalog, &document, report);
    same_words(&catalog, &document, &parts, report);
    for (entry, place) in parts {
        catalog.parts.push(part(entry, place, (words, &catalog), report));
    }
    named.clear();
    for (entry, place) in document.entries::<TechniqueEntry>("technique", report) {
        key(&entry.key, &entry.words, "technique", &mut named, place, report);
        catalog.technique_scopes.extend(scope(&entry, place, &catalog, report));
        catalog.techniques.push(Term { words: folded(&entry.words), key: entry.key, name: entry.name });
    }
    for (entry, place) in document.entries::<MeansEntry>("means", report) {
        for word in folded(&entry.words).into_iter().filter(|word| !named.insert(word.clone())) {
            place.key("words").error(report, format!("`{word}` is here twice"), None);
        }
        let read = entry.modalities.iter().enumerate();
        let modalities = read.filter_map(|(index, word)| modality(word, place.key("modalities").at(index), report)).collect();
        catalog.means.push(Means { words: folded(&entry.words), modalities });
    }
    techniques_heard(&mut catalog, treatments, &not_radiation, &document, report);
    catalog.rhythms = rhythms(&document, &mut named, report);
    catalog.operations = operations(&catalog, &document, report);
    catalog.stage_groups = stage_groups(&document, words, report);
    catalog.aims = aims(&catalog, &document, report);
    catalog
}

/// What a word goes with, where not with everything.
fn scope(
    entry: &TechniqueEntry,
    place: Place<'_, '_>,
    catalog: &RadiationCatalog,
    report: &mut Report,
) -> Option<TechniqueScope> {
    let read = entry.modalities.iter().enumerate();
    let modalities: Vec<_> = read.filter_map(|(index, word)| modality(word, place.key("modalities").at(index), report)).collect();
    for (index, site) in entry.sites.iter().enumerate() {
        known_site(site, place.key("sites").at(index), catalog, report);
    }
    let is_known = |key: &&String| catalog.techniques.iter().any(|term| term.key == **key);
    for (index, key) in entry.implies.iter().enumerate().filter(|(_, key)| !is_known(key)) {
        place.key("implies").at(index).error(report, format!("no technique `{key}` stands above"), None);
    }
    let is_wide = modalities.is_empty() && entry.sites.is_empty() && entry.implies.is_empty();
    let (sites, implies) = (entry.sites.clone(), entry.implies.clone());
    (!is_wide).then(|| TechniqueScope { key: entry.key.clone(), modalities, sites, implies })
}

fn operations(catalog: &RadiationCatalog, document: &Document<'_>, report: &mut Report) -> Vec<Operation> {
    let read = |(entry, place): (OperationEntry, Place<'_, '_>), report: &mut Report| {
        says(&entry.because, place.key("because"), "why they contradict each other", report);
        for (index, site) in entry.sites.iter().enumerate() {
            known_site(site, place.key("sites").at(index), catalog, report);
        }
        Operation {
            words: Phrases::new(&entry.words),
            other: Phrases::new(&entry.other),
            unless: Phrases::new(&entry.unless),
            sites: entry.sites,
            lines: entry.lines,
            because: entry.because,
        }
    };
    let entries = document.entries::<OperationEntry>("operation", report);
    entries.into_iter().map(|entry| read(entry, report)).collect()
}

fn stage_groups(document: &Document<'_>, words: &Vocabulary, report: &mut Report) -> Vec<StageGroup> {
    let entries = document.entries::<StageGroup>("stage_group", report);
    for (group, place) in &entries {
        for (index, cancer) in
            group.cancers.iter().enumerate().filter(|(_, cancer)| !words.cancers.iter().any(|known| known.key == **cancer))
        {
            place.key("cancers").at(index).error(report, format!("there is no cancer type `{cancer}`"), None);
        }
        stages(&group.stages, place.key("stages"), report);
    }
    entries.into_iter().map(|(group, _)| group).collect()
}

fn stages(groups: &[String], place: Place<'_, '_>, report: &mut Report) {
    for (index, stage) in groups.iter().enumerate().filter(|(_, stage)| !STAGES.contains(&stage.as_str())) {
        place.at(index).error(report, format!("there is no stage group `{stage}`"), None);
    }
}

fn aims(catalog: &RadiationCatalog, document: &Document<'_>, report: &mut Report) -> Vec<Aim> {
    let read = |(entry, place): (AimEntry, Place<'_, '_>), report: &mut Report| {
        says(&entry.name, place.key("name"), "what the technique is aimed at", report);
        for (index, site) in entry.sites.iter().enumerate() {
            known_site(site, place.key("sites").at(index), catalog, report);
        }
        let is_target = |key: &String| catalog.targets.iter().any(|target| target.term.key == *key);
        for (index, key) in entry.targets.iter().enumerate().filter(|(_, key)| !is_target(key)) {
            place.key("targets").at(index).error(report, format!("there is no target `{key}`"), None);
        }
        Aim {
            name: entry.name,
            words: Phrases::new(&entry.words),
            other: Phrases::new(&entry.other),
            sites: entry.sites,
            targets: entry.targets,
            boost: entry.boost,
            denied: Phrases::new(&entry.denied),
        }
    };
    let entries = document.entries::<AimEntry>("aim", report);
    entries.into_iter().map(|entry| read(entry, report)).collect()
}

/// What the technique of a treatment is called is heard in what was done before, too, but for words that also mean other things.
fn techniques_heard(
    catalog: &mut RadiationCatalog,
    mut treatments: Vec<String>,
    not_radiation: &[String],
    document: &Document<'_>,
    report: &mut Report,
) {
    let of_terms = catalog.techniques.iter().flat_map(|term| std::iter::once(&term.key).chain(&term.words));
    let all: Vec<&String> = of_terms.chain(catalog.means.iter().flat_map(|means| &means.words)).collect();
    for (index, word) in not_radiation.iter().enumerate().filter(|(_, word)| !all.contains(word)) {
        let place = document.root().key("heard").key("not_radiation").at(index);
        place.error(report, format!("`{word}` is no word of a technique"), None);
    }
    treatments.extend(all.into_iter().filter(|word| !not_radiation.contains(word)).cloned());
    catalog.heard.treatments = Phrases::new(&treatments);
}

fn parts<'d, 't>(
    document: &'d Document<'t>,
    named: &mut BTreeSet<String>,
    report: &mut Report,
) -> Vec<(PartEntry, Place<'d, 't>)> {
    let parts = document.entries::<PartEntry>("part", report);
    for (entry, place) in &parts {
        for word in entry.names().into_iter().filter(|word| !named.insert(word.clone())) {
            place.key("words").error(report, format!("site `{word}` is here twice"), None);
        }
    }
    parts
}

/// Places are looked up without the words that join their parts: what is the same without them is one place, and the second is never found.
fn same_words(catalog: &RadiationCatalog, document: &Document<'_>, parts: &[(PartEntry, Place<'_, '_>)], report: &mut Report) {
    let sites = catalog.sites.iter().zip(document.places("site"));
    let sites = sites.map(|(site, place)| (std::iter::once(&site.key).chain(&site.words).cloned().collect(), place));
    let parts = parts.iter().map(|(entry, place)| (entry.names(), *place));
    once(sites.chain(parts).collect(), report);
    let targets = catalog.targets.iter().zip(document.places("target"));
    let targets =
        targets.map(|(target, place)| (std::iter::once(&target.term.key).chain(&target.term.words).cloned().collect(), place));
    once(targets.collect(), report);
}

/// Each word stands with one entry.
fn once(entries: Vec<(Vec<String>, Place<'_, '_>)>, report: &mut Report) {
    let mut named: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for (index, (words, place)) in entries.into_iter().enumerate() {
        for word in words {
            let (first, before) = named.entry(loosely(&word)).or_insert_with(|| (index, word.clone()));
            // the same word is told of already
            if *first != index && *before != word {
                place.key("words").error(
                    report,
                    format!("`{word}` is `{before}` of another entry without the words that join it"),
                    None,
                );
            }
        }
    }
}

fn apart(catalog: &RadiationCatalog, document: &Document<'_>, report: &mut Report) {
    let keys = || catalog.targets.iter().map(|target| target.term.key.as_str());
    for (target, place) in catalog.targets.iter().zip(document.places("target")) {
        for (index, apart) in target.apart.iter().enumerate().filter(|(_, apart)| !keys().any(|key| key == apart.as_str())) {
            place.key("apart").at(index).error(report, format!("there is no target `{apart}`"), did_you_mean(apart, keys()));
        }
    }
}

fn rhythms(document: &Document<'_>, named: &mut BTreeSet<String>, report: &mut Report) -> Vec<Rhythm> {
    let mut rhythms = Vec::new();
    for (entry, place) in document.entries::<RhythmEntry>("rhythm", report) {
        for word in folded(&entry.words).into_iter().filter(|word| !named.insert(word.clone())) {
            place.key("words").error(report, format!("`{word}` is here twice"), None);
        }
        if entry.per_day.is_none() && entry.per_week.is_none() {
            place.error(report, "say how often: `per_day`, `per_week` or both", None);
        }
        rhythms.push(Rhythm { words: folded(&entry.words), per_day: entry.per_day, per_week: entry.per_week });
    }
    rhythms
}

fn known_site(key: &str, place: Place<'_, '_>, catalog: &RadiationCatalog, report: &mut Report) {
    if catalog.site(key).is_none() {
        let suggestion = did_you_mean(key, catalog.sites.iter().map(|site| site.key.as_str()));
        place.error(report, format!("there is no site `{key}`"), suggestion);
    }
}

fn known_codes(prefixes: &[String], place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) {
    for (index, prefix) in prefixes
        .iter()
        .enumerate()
        .filter(|(_, prefix)| !words.has_diagnosis(prefix.split('?').next().unwrap_or(prefix).trim_end_matches('.')))
    {
        let message = format!("no ICD-10-CM code on file begins with `{prefix}`");
        place.at(index).error(report, message, words.diagnosis_suggestion(prefix));
    }
}

fn part(entry: PartEntry, place: Place<'_, '_>, (words, catalog): (&Vocabulary, &RadiationCatalog), report: &mut Report) -> Part {
    known_site(&entry.site, place.key("site"), catalog, report);
    known_codes(&entry.other_diagnoses, place.key("other_diagnoses"), words, report);
    known_codes(&entry.diagnoses, place.key("diagnoses"), words, report);
    let target = entry.target.as_deref().and_then(|key| catalog.targets.iter().find(|target| target.term.key == key));
    if entry.target.is_some() && target.is_none_or(|target| !target.sites.contains(&entry.site)) {
        let known = catalog.targets.iter().filter(|target| target.sites.contains(&entry.site));
        let names: Vec<&str> = known.map(|target| target.term.key.as_str()).collect();
        place.key("target").error(report, format!("is no target of the site, which has {names:?}"), None);
    }
    Part {
        site: entry.site,
        words: folded(&entry.words),
        side: entry.side,
        target: entry.target,
        other_diagnoses: entry.other_diagnoses,
        diagnoses: entry.diagnoses,
    }
}

fn key(key: &str, words: &[String], what: &str, named: &mut BTreeSet<String>, place: Place<'_, '_>, report: &mut Report) {
    if !is_snake(key) {
        place.key("key").error(report, format!("`{key}` is not in snake case"), None);
    }
    for word in std::iter::once(key.to_owned()).chain(folded(words)) {
        if !named.insert(word.clone()) {
            place.error(report, format!("{what} `{word}` is here twice"), None);
        }
    }
}

fn site(entry: SiteEntry, place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) -> Site {
    known_codes(&entry.diagnoses, place.key("diagnoses"), words, report);
    known_codes(&entry.own_diagnoses, place.key("own_diagnoses"), words, report);
    stages(&entry.target_at, place.key("target_at"), report);
    let is_listed = |own: &String| entry.diagnoses.iter().any(|listed| own.starts_with(listed.as_str()));
    for (index, own) in entry.own_diagnoses.iter().enumerate().filter(|(_, own)| !is_listed(own)) {
        place.key("own_diagnoses").at(index).error(report, format!("`{own}` is not among the diagnoses of the site"), None);
    }
    known_codes(&entry.secondary, place.key("secondary"), words, report);
    let sex = entry.sex.as_deref().and_then(|word| {
        let found = Sex::parse(word);
        if found.is_none() {
            place.key("sex").error(report, format!("`{word}` is neither female nor male"), None);
        }
        found
    });
    let together = entry.together.iter().enumerate();
    let together = together.filter_map(|(index, word)| modality(word, place.key("together").at(index), report)).collect();
    Site {
        together,
        words: folded(&entry.words),
        key: entry.key,
        name: entry.name,
        diagnoses: entry.diagnoses,
        own_diagnoses: entry.own_diagnoses,
        secondary: entry.secondary,
        near: entry.near,
        sex,
        staged: entry.staged,
        metastatic: entry.metastatic,
        reviewed: entry.reviewed,
        salvage: entry.salvage,
        target_at: entry.target_at,
    }
}
