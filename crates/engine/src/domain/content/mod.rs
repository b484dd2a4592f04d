//! Content: what clinicians and program managers edit, validated and immutable. A [`Content`] is one release; a [`Library`] holds them all.

mod agreement;
pub mod answers;
mod catalog;
mod code_tables;
mod contraindications;
mod coverage;
mod coverage_codes;
mod coverage_doubts;
mod coverage_parts;
mod coverage_spelling;
mod coverage_words;
mod dosing;
mod letters;
mod limits;
mod phrases;
mod plain;
mod program;
pub mod radiation;
mod radiation_words;
mod regimen;
mod searches;
mod settings;
mod therapies;
mod ways;

pub use agreement::{
    Agreement, BodyMeasure, CodeKind, Contradiction, FnRiskTold, MeasureBounds, OpposedResults, StageRule, ToldTwice,
};
pub use answers::{Answers, BiomarkerDefinition, Derivation, HistologyWords, Interval, NoResult, ResultDefinition, ResultDetail};
pub use catalog::{Benefit, BillingUnit, Code, Diagnosis, Drug, DrugCatalog, PathologyTerm, PlaceOfService, TerminatedCode};
pub use code_tables::{CodeTables, Coded, Observed, REFUSALS, Rejection, SystemCode};
pub use contraindications::{Around, Contraindication, Contraindications};
pub use coverage::{
    CoverageAlso, CoverageDimension, CoverageGuide, CoverageInput, CoverageProduct, CoverageRow, CoverageService, CoverageTable,
    CoverageValue, HowToRequest, OTHER_GROUP, Told, day_number,
};
pub use coverage_codes::{CoverageCodeRange, CoverageCodes, are_alike};
pub use coverage_words::{CoverageLists, CoveragePhrase, CoverageWords, MoreNames, Understood};
pub use dosing::{
    Amount, Basis, Counts, DoseRule, DoseShares, Dosing, DosingCatalog, IdealWeight, Kind, Per, Product, Route, RouteId, Routes,
    SaidRoute, Step, WeightBasis,
};
pub use letters::{
    DenialSlots, ENGLISH, LanguageLine, LetterBook, LetterWords, Letters, LineNotice, PHRASES, PLACE, Reason, Template,
    Translation,
};
pub use limits::{Limit, LimitRule, Limits, Reach, SpacingStep, Span, TotalDose};
pub use phrases::{Named, Phrases};
pub use plain::{PlainFact, PlainWords};
pub use program::{
    AttachmentRules, Channels, Clock, Clocks, DeadlineEnd, DeviationEffects, Exclusion, HolidayCalendar, OuterClock, Program,
    RadiationItem, RadiationRules, Range, RequiredItem, Retrospective, SCodeRules, ServiceHours, When,
};
pub use regimen::{
    BiomarkerRequirement, EmeticRisk, FnRisk, Form, Indication, Policy, PolicyBasis, PolicyKind, PolicyScope, PreferredEffect,
    PreferredProducts, Regimen, RegimenDose, RegimenDrug, RegimenDrugRole, RegimenPathway, RegimenPhase, RequiredResult,
    Statement,
};
pub use searches::{DiagnosisWords, RegimenWords, SearchWords};
pub use settings::Settings;
pub use therapies::{CourseState, Ending, Outcome, Therapies, Therapy, ToldAnswer, is_partner};
pub use ways::{RegimenWays, Way};

use super::canonical::IngredientId;
use super::fold::fold;
use crate::domain::quick::HashMap;
use answers::by_name;
use chrono::NaiveDate;
use radiation::RadiationCatalog;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use ways::Ingredients;

/// A named state of the content, in force from a date (REG-08).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Name such as `2026.4`.
    pub name: String,
    /// First day on which submissions are decided by it, in UTC.
    pub in_force_from: NaiveDate,
    /// What changed, for people.
    pub notes: String,
}

/// A cancer type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancer {
    /// Key such as `lung_nsclc`.
    pub key: String,
    /// Name for people.
    pub name: String,
    /// True for solid tumors.
    pub solid: bool,
    /// ICD-10-CM prefixes of its diagnoses. Such a code says this cancer where the cancer type is not told.
    pub icd10_prefixes: Vec<String>,
    /// Prefixes that agree with it where the cancer type is told, and say nothing by themselves.
    pub also_prefixes: Vec<String>,
    /// Prefixes among those that belong to another cancer.
    pub except_prefixes: Vec<String>,
}

impl Cancer {
    /// True where the code by itself can mean this cancer.
    pub fn is_meant_by(&self, icd10: &str) -> bool {
        begins(icd10, &self.icd10_prefixes) && !begins(icd10, &self.except_prefixes)
    }

    /// True where the code is a diagnosis of this cancer (SAFE-11).
    pub fn agrees_with(&self, icd10: &str) -> bool {
        (begins(icd10, &self.icd10_prefixes) || begins(icd10, &self.also_prefixes)) && !begins(icd10, &self.except_prefixes)
    }
}

fn begins(code: &str, prefixes: &[String]) -> bool {
    prefixes.iter().any(|prefix| code.starts_with(prefix.as_str()))
}

/// One release of the content, with its indexes.
#[derive(Debug, Clone)]
pub struct Content {
    /// Which release this is.
    pub release: Release,
    /// Programs by id.
    pub programs: Vec<Arc<Program>>,
    /// Drugs.
    pub drugs: Arc<DrugCatalog>,
    /// Their doses and routes.
    pub dosing: Arc<DosingCatalog>,
    /// ICD-10-CM codes by code with dot.
    pub diagnoses: Arc<HashMap<String, Diagnosis>>,
    /// Places of service by code.
    pub places_of_service: Arc<BTreeMap<String, PlaceOfService>>,
    /// Cancer types.
    pub cancers: Vec<Arc<Cancer>>,
    /// Regimens of this release.
    pub regimens: Vec<Arc<Regimen>>,
    /// Policies of this release.
    pub policies: Vec<Arc<Policy>>,
    /// What is never given together, and how often, how close together and how long drugs are given.
    pub limits: Limits,
    /// Facts that send drugs to a person wherever they are told.
    pub contraindications: Contraindications,
    /// Biomarkers with their accepted results.
    pub biomarkers: Vec<Arc<BiomarkerDefinition>>,
    /// Pathology vocabulary.
    pub pathologies: Vec<Arc<PathologyTerm>>,
    /// Disease settings.
    pub settings: Arc<Settings>,
    /// What counts as an answer.
    pub answers: Arc<Answers>,
    /// Holiday calendars by name.
    pub calendars: BTreeMap<String, HolidayCalendar>,
    /// What answers have to agree with.
    pub agreement: Arc<Agreement>,
    /// Names of earlier treatments and their outcomes.
    pub therapies: Arc<Therapies>,
    /// Whether services need authorization, and from whom.
    pub coverage: Arc<CoverageGuide>,
    /// Words of searches.
    pub searches: Arc<SearchWords>,
    /// What codes of other standards mean.
    pub code_tables: Arc<CodeTables>,
    /// Radiation treatment.
    pub radiation: Arc<RadiationCatalog>,
    /// What criteria are called in plain English.
    pub plain: Arc<PlainWords>,
    /// The sentences of letters.
    pub letters: Arc<LetterBook>,
    cancer_keys: HashMap<String, usize>,
    regimen_ids: HashMap<String, usize>,
    ingredients: Ingredients,
    by_cancer: HashMap<String, RegimenIndex>,
    pathology_words: HashMap<String, usize>,
    policy_by_generic: HashMap<String, Vec<usize>>,
}

/// The regimens of one cancer, by what they are made of.
#[derive(Debug, Clone, Default)]
struct RegimenIndex {
    regimens: Vec<Arc<Regimen>>,
    ways: Vec<Arc<RegimenWays>>,
    by_ingredient: HashMap<IngredientId, Vec<Arc<RegimenWays>>>,
}

impl RegimenIndex {
    fn add(&mut self, regimen: &Arc<Regimen>, ingredients: &Ingredients) {
        self.regimens.push(Arc::clone(regimen));
        let ways = Arc::new(ingredients.ways(regimen));
        let required: BTreeSet<IngredientId> =
            std::iter::once(&ways.itself).chain(&ways.forms).flat_map(|way| &way.required).copied().collect();
        for ingredient in required {
            self.by_ingredient.entry(ingredient).or_default().push(Arc::clone(&ways));
        }
        self.ways.push(ways);
    }
}

/// Where each name leads; of equal names the first counts.
fn index<'n, N: IntoIterator<Item = &'n String>>(entries: impl Iterator<Item = N>) -> HashMap<String, usize> {
    let mut found = HashMap::default();
    for (place, names) in entries.enumerate() {
        for name in names {
            found.entry(name.clone()).or_insert(place);
        }
    }
    found
}

/// The parts of a release, before its indexes are built.
#[derive(Debug, Clone)]
pub struct Parts {
    /// See [`Content`].
    pub release: Release,
    /// See [`Content`].
    pub programs: Vec<Arc<Program>>,
    /// See [`Content`].
    pub drugs: Arc<DrugCatalog>,
    /// See [`Content`].
    pub dosing: Arc<DosingCatalog>,
    /// See [`Content`].
    pub diagnoses: Arc<HashMap<String, Diagnosis>>,
    /// See [`Content`].
    pub places_of_service: Arc<BTreeMap<String, PlaceOfService>>,
    /// See [`Content`].
    pub cancers: Vec<Arc<Cancer>>,
    /// See [`Content`].
    pub regimens: Vec<Arc<Regimen>>,
    /// See [`Content`].
    pub policies: Vec<Arc<Policy>>,
    /// See [`Content`].
    pub limits: Limits,
    /// See [`Content`].
    pub contraindications: Contraindications,
    /// See [`Content`].
    pub answers: Arc<Answers>,
    /// See [`Content`].
    pub pathologies: Vec<Arc<PathologyTerm>>,
    /// See [`Content`].
    pub settings: Arc<Settings>,
    /// See [`Content`].
    pub calendars: BTreeMap<String, HolidayCalendar>,
    /// See [`Content`].
    pub agreement: Arc<Agreement>,
    /// See [`Content`].
    pub therapies: Arc<Therapies>,
    /// See [`Content`].
    pub coverage: Arc<CoverageGuide>,
    /// See [`Content`].
    pub searches: Arc<SearchWords>,
    /// See [`Content`].
    pub code_tables: Arc<CodeTables>,
    /// See [`Content`].
    pub radiation: Arc<RadiationCatalog>,
    /// See [`Content`].
    pub plain: Arc<PlainWords>,
    /// See [`Content`].
    pub letters: Arc<LetterBook>,
}

impl From<Parts> for Content {
    fn from(parts: Parts) -> Self {
        let mut by_cancer: HashMap<String, RegimenIndex> = HashMap::default();
        let ingredients = Ingredients::of(&parts.regimens);
        for regimen in &parts.regimens {
            by_cancer.entry(regimen.cancer.clone()).or_default().add(regimen, &ingredients);
        }
        let contraindications = parts.contraindications.for_drugs(&parts.drugs);
        let cancer_keys = index(parts.cancers.iter().map(|cancer| std::iter::once(&cancer.key)));
        let regimen_ids = index(parts.regimens.iter().map(|regimen| std::iter::once(&regimen.id)));
        let pathology_words = index(parts.pathologies.iter().map(|term| std::iter::once(&term.word).chain(&term.folded)));
        let mut policy_by_generic: HashMap<String, Vec<usize>> = HashMap::default();
        for (index, policy) in parts.policies.iter().enumerate() {
            for generic in &policy.generics {
                policy_by_generic.entry(generic.clone()).or_default().push(index);
            }
        }
        Self {
            release: parts.release,
            programs: parts.programs,
            drugs: parts.drugs,
            dosing: parts.dosing,
            diagnoses: parts.diagnoses,
            places_of_service: parts.places_of_service,
            cancers: parts.cancers,
            regimens: parts.regimens,
            policies: parts.policies,
            limits: parts.limits,
            contraindications,
            biomarkers: parts.answers.biomarkers.clone(),
            answers: parts.answers,
            pathologies: parts.pathologies,
            settings: parts.settings,
            calendars: parts.calendars,
            agreement: parts.agreement,
            therapies: parts.therapies,
            coverage: parts.coverage,
            searches: parts.searches,
            code_tables: parts.code_tables,
            radiation: parts.radiation,
            plain: parts.plain,
            letters: parts.letters,
            cancer_keys,
            regimen_ids,
            ingredients,
            by_cancer,
            pathology_words,
            policy_by_generic,
        }
    }
}

impl Content {
    /// The program that a health plan runs.
    pub fn program_of_plan(&self, health_plan: &str) -> Option<&Arc<Program>> {
        self.programs.iter().find(|program| program.health_plan == health_plan)
    }

    /// A program by id.
    pub fn program(&self, id: &str) -> Option<&Arc<Program>> {
        self.programs.iter().find(|program| program.id == id)
    }

    /// Regimens of a cancer.
    pub fn regimens_of(&self, cancer: &str) -> &[Arc<Regimen>] {
        self.by_cancer.get(cancer).map_or(&[], |index| &index.regimens)
    }

    /// The same with all their ways.
    pub fn ways_of(&self, cancer: &str) -> &[Arc<RegimenWays>] {
        self.by_cancer.get(cancer).map_or(&[], |index| &index.ways)
    }

    /// Regimens of a cancer that require this ingredient, as they are or in one of their forms, with all their ways.
    pub fn regimens_with(&self, cancer: &str, ingredient: IngredientId) -> &[Arc<RegimenWays>] {
        self.by_cancer.get(cancer).and_then(|index| index.by_ingredient.get(&ingredient)).map_or(&[], Vec::as_slice)
    }

    /// The number of an ingredient; none where no regimen has it.
    pub fn ingredient(&self, name: &str) -> Option<IngredientId> {
        self.ingredients.id(name)
    }

    /// The name of an ingredient.
    pub fn ingredient_name(&self, ingredient: IngredientId) -> &str {
        self.ingredients.name(ingredient)
    }

    /// A regimen by id.
    pub fn regimen(&self, id: &str) -> Option<&Arc<Regimen>> {
        self.regimens.get(*self.regimen_ids.get(id)?)
    }

    /// Policies that name this generic.
    pub fn policies_for(&self, generic: &str) -> impl Iterator<Item = &Arc<Policy>> {
        self.policy_by_generic.get(generic).into_iter().flatten().filter_map(|index| self.policies.get(*index))
    }

    /// A cancer type by key.
    pub fn cancer(&self, key: &str) -> Option<&Arc<Cancer>> {
        self.cancers.get(*self.cancer_keys.get(key)?)
    }

    /// A biomarker by name or synonym.
    pub fn biomarker(&self, name: &str) -> Option<&Arc<BiomarkerDefinition>> {
        self.answers.biomarkers.get(*by_name(name, &self.answers.biomarker_names)?)
    }

    /// An assessment by name or synonym.
    pub fn assessment(&self, name: &str) -> Option<&Arc<ResultDefinition>> {
        self.answers.assessments.get(*by_name(name, &self.answers.assessment_names)?)
    }

    /// Where a biomarker stands among [`Content::biomarkers`], by name or synonym.
    pub fn biomarker_place(&self, name: &str) -> Option<usize> {
        by_name(name, &self.answers.biomarker_names).copied()
    }

    /// A pathology term by word or synonym.
    pub fn pathology(&self, word: &str) -> Option<&Arc<PathologyTerm>> {
        self.pathologies.get(self.pathology_place(word)?)
    }

    /// Where a pathology term stands among [`Content::pathologies`], by word or synonym.
    pub fn pathology_place(&self, word: &str) -> Option<usize> {
        let folded = fold(word);
        let known = |word: &str| self.pathology_words.get(word).copied();
        known(&folded).or_else(|| known(&without(&folded, &self.answers.pathology_beside)?))
    }
}

/// A folded word without what stands beside it; none where nothing does.
fn without(folded: &str, beside: &[String]) -> Option<String> {
    let mut rest = folded;
    while let Some(shorter) = beside.iter().find_map(|word| {
        let front = rest.strip_prefix(word.as_str()).and_then(|rest| rest.strip_prefix('_'));
        front.or_else(|| rest.strip_suffix(word.as_str()).and_then(|rest| rest.strip_suffix('_')))
    }) {
        rest = shorter;
    }
    (rest.len() < folded.len()).then(|| rest.to_owned())
}

/// Every release, oldest first; never empty.
#[derive(Debug, Clone)]
pub struct Library {
    first: Arc<Content>,
    later: Vec<Arc<Content>>,
}

impl Library {
    /// Puts releases in order; none where there is no release.
    pub fn new(mut releases: Vec<Arc<Content>>) -> Option<Self> {
        releases.sort_by_key(|content| content.release.in_force_from);
        let mut releases = releases.into_iter();
        let first = releases.next()?;
        Some(Self { first, later: releases.collect() })
    }

    /// The release in force on a day; before the first one, the first.
    pub fn in_force(&self, day: NaiveDate) -> &Arc<Content> {
        self.later.iter().rev().find(|content| content.release.in_force_from <= day).unwrap_or(&self.first)
    }

    /// A release by name.
    pub fn named(&self, name: &str) -> Option<&Arc<Content>> {
        self.releases().find(|content| content.release.name == name)
    }

    /// Every release, oldest first.
    pub fn releases(&self) -> impl DoubleEndedIterator<Item = &Arc<Content>> {
        std::iter::once(&self.first).chain(&self.later)
    }
}
