//! Regimens, Pathways and medical policies.

use super::super::criteria::{Criterion, WordFact};
use super::super::vocabulary::{DoseUnit, LineOfTreatment};
use super::Program;
use chrono::NaiveDate;
use std::sync::{Arc, OnceLock};

/// Role of a drug within a regimen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegimenDrugRole {
    /// Against the cancer; must be in the order.
    Therapeutic,
    /// Part of the treatment's effect, such as leucovorin with fluorouracil; must be in the order.
    Modulator,
    /// Usual support; never part of the match (REG-06).
    Supportive,
}

/// Febrile neutropenia risk (DEV-06).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FnRisk {
    /// No category known; counts as low.
    Unknown,
    /// Below 10 %.
    Low,
    /// 10 to 20 %.
    Intermediate,
    /// Above 20 %.
    High,
}

impl FnRisk {
    /// The word used in content and findings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Low => "low",
            Self::Intermediate => "intermediate",
            Self::High => "high",
        }
    }
}

/// Emetogenicity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EmeticRisk {
    /// Below 10 %.
    Minimal,
    /// 10 to 30 %.
    Low,
    /// 30 to 90 %.
    Moderate,
    /// Above 90 %.
    High,
}

impl EmeticRisk {
    /// The word used in content and findings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Moderate => "moderate",
            Self::High => "high",
        }
    }
}

/// A dose in a regimen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RegimenDose {
    /// Amount per administration.
    pub amount: f64,
    /// Unit.
    pub unit: DoseUnit,
}

/// One drug of a regimen's phase.
#[derive(Debug, Clone, PartialEq)]
pub struct RegimenDrug {
    /// Generic name of the catalogue.
    pub generic: String,
    /// Ingredients it counts as in a match.
    pub ingredients: Vec<String>,
    /// Role.
    pub role: RegimenDrugRole,
    /// Dose per administration.
    pub dose: RegimenDose,
    /// Dose of the first administration of the regimen, where it differs.
    pub loading_dose: Option<RegimenDose>,
    /// Ceiling per administration, in milligrams (or the dose's own flat unit).
    pub maximum_dose: Option<f64>,
    /// Days of the cycle, from 1, ascending.
    pub days: Vec<u32>,
    /// Administrations on each day.
    pub frequency_per_day: u32,
    /// Route, lower case.
    pub route: String,
    /// For people.
    pub note: Option<String>,
}

/// One phase of a regimen.
#[derive(Debug, Clone, PartialEq)]
pub struct RegimenPhase {
    /// Name.
    pub name: String,
    /// Days of a cycle.
    pub cycle_length_days: u32,
    /// Fewest cycles.
    pub cycles_min: u32,
    /// Most cycles; none where open-ended.
    pub cycles_max: Option<u32>,
    /// True where treatment may go on until progression, with or without a cap.
    pub until_progression: bool,
    /// True where it runs beside the others, from the first day on; these follow one another.
    pub beside: bool,
    /// Drugs.
    pub drugs: Vec<RegimenDrug>,
}

/// Another labelled or usual schedule, product or membership of a regimen: the same regimen, given another way (SAFE-16).
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// What is other, for people: `pembrolizumab 400 mg every 6 weeks`.
    pub name: String,
    /// The same, one by one.
    pub parts: Vec<String>,
    /// Its phases, in place of the regimen's.
    pub phases: Vec<RegimenPhase>,
    /// Ingredients that an order of it must contain, without repeats, sorted.
    pub required_ingredients: Vec<String>,
    /// Drugs that are other than in the regimen: an order is of the form only with the form's doses of them.
    pub changed: Vec<String>,
    /// Label or guideline.
    pub source: String,
}

/// What a biomarker must show.
#[derive(Debug, Clone, PartialEq)]
pub struct BiomarkerRequirement {
    /// Marker in snake case.
    pub marker: String,
    /// The result.
    pub required: RequiredResult,
    /// As content writes it, for messages: `HER2 negative`.
    pub text: String,
}

/// A required result.
#[derive(Debug, Clone, PartialEq)]
pub enum RequiredResult {
    /// One of these words.
    AnyOf(Vec<String>),
    /// None of these words.
    NoneOf(Vec<String>),
    /// At least this score.
    AtLeast(f64),
}

/// A regimen's place among the Pathways.
#[derive(Debug, Clone, PartialEq)]
pub struct RegimenPathway {
    /// Id such as `PW-BRE-TC`.
    pub id: String,
    /// First day of service for which it is a Pathway (PRG-13).
    pub effective_from: Option<NaiveDate>,
    /// Last day.
    pub effective_through: Option<NaiveDate>,
    /// Rank by efficacy within its situation: 1 is best (REG-09).
    pub efficacy: u32,
    /// Rank by toxicity: 1 is mildest.
    pub toxicity: u32,
    /// Rank by strength of consensus: 1 is strongest.
    pub consensus: u32,
}

impl RegimenPathway {
    /// True when it is a Pathway for treatment beginning that day.
    pub fn is_effective(&self, day: NaiveDate) -> bool {
        self.effective_from.is_none_or(|from| from <= day) && self.effective_through.is_none_or(|through| day <= through)
    }
}

/// An evidence-based regimen.
#[derive(Debug, Clone, PartialEq)]
pub struct Regimen {
    /// Id such as `BRE-TC`.
    pub id: String,
    /// Name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Cancer type.
    pub cancer: String,
    /// Diagnoses: ICD-10-CM prefixes.
    pub icd10_prefixes: Vec<String>,
    /// Pathology kind required, snake case.
    pub pathology: Option<String>,
    /// Setting words as the regimen's file writes them, such as `adjuvant`, `metastatic_crpc`.
    pub settings: Vec<String>,
    /// Lines that fit, worked out from settings and line.
    pub lines: Vec<LineOfTreatment>,
    /// Line as written: `1L`, `2L+`, `NA`.
    pub line_text: String,
    /// Fewest earlier lines, where the line does not say them: 3 of `4L+`, 4 of `5L+`.
    pub fewest_lines_before: Option<u32>,
    /// Stage groups; empty where staging does not apply.
    pub stages: Vec<String>,
    /// Biomarkers.
    pub biomarkers: Vec<BiomarkerRequirement>,
    /// What must have come before, for its managed drugs without a policy of their own.
    pub came_before: Vec<Statement>,
    /// Phases in order.
    pub phases: Vec<RegimenPhase>,
    /// Ingredients that an order must contain: therapeutic and modulator, without repeats, sorted.
    pub required_ingredients: Vec<String>,
    /// Supportive ingredients of the regimen.
    pub supportive_ingredients: Vec<String>,
    /// Other ways of giving it.
    pub forms: Vec<Form>,
    /// Febrile neutropenia risk.
    pub fn_risk: FnRisk,
    /// What the category rests on.
    pub fn_risk_basis: String,
    /// Emetogenicity.
    pub emetogenicity: EmeticRisk,
    /// Pathway designation, where it has one.
    pub pathway: Option<RegimenPathway>,
    /// Relative cost of a month; lower is cheaper.
    pub relative_cost: Option<f64>,
    /// Citation.
    pub citation: String,
    /// For people.
    pub notes: Option<String>,
    /// True where a clinician still has to verify it.
    pub verify: bool,
}

/// What a policy is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyKind {
    /// A treatment drug.
    Therapeutic,
    /// A supportive drug.
    Supportive,
    /// A growth factor, judged with DEV-06.
    GrowthFactor,
}

/// Whose determination a policy is (REG-10, REG-12).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyBasis {
    /// The plan's or vendor's medical policy.
    Plan,
    /// A CMS national or local coverage determination, for Medicare Advantage members.
    Cms {
        /// Such as `NCD 110.21`.
        determination: String,
    },
}

/// One line of a policy: a sentence in the criteria language.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// The line as written.
    pub text: Arc<str>,
    /// The same in plain English, where content says it beside the line.
    pub says: Option<String>,
    /// The plain English that was put together for it, once that was asked for.
    pub put_together: OnceLock<String>,
    /// The sentence of that, once it was told.
    pub sentence: OnceLock<Arc<str>>,
    /// That it holds, once that was said.
    pub held: OnceLock<Arc<str>>,
    /// Its path in its policy, once that was told.
    pub path: OnceLock<Arc<str>>,
    /// What it means.
    pub criterion: Criterion,
    /// True where it is judged at every administration of the drug (SAFE-05).
    pub by_administration: bool,
}

impl Statement {
    /// A line with its meaning.
    pub fn new(text: String, criterion: Criterion) -> Self {
        let by_administration = criterion.is_of_administration();
        let text = Arc::from(text);
        Self {
            text,
            says: None,
            put_together: OnceLock::new(),
            sentence: OnceLock::new(),
            held: OnceLock::new(),
            path: OnceLock::new(),
            criterion,
            by_administration,
        }
    }

    /// With its words for people.
    #[must_use]
    pub fn saying(self, says: Option<String>) -> Self {
        Self { says, ..self }
    }
}

/// A situation in which a drug meets policy: every statement holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Indication {
    /// Id, unique in the policy.
    pub id: String,
    /// Title for people.
    pub title: String,
    /// All of these.
    pub criteria: Vec<Statement>,
    /// The diagnosis is among those that agree with the indication; none where any does (SAFE-11).
    pub diagnoses: Option<Statement>,
    /// All of these as well; what does not hold is a limit exceeded (SAFE-09, SAFE-15).
    pub limits: Vec<Statement>,
}

impl Indication {
    /// True where no criterion is for other cancers only.
    pub fn is_for(&self, cancer: &str, is_solid: bool) -> bool {
        !self.criteria.iter().any(|statement| statement.criterion.is_for_another_cancer(cancer, is_solid))
    }

    /// False where it is for other products, or for other diagnoses than this one, whatever else holds.
    pub fn may_be(&self, hcpcs: Option<&str>, icd10: Option<&str>) -> bool {
        let another = |fact: WordFact, has: &dyn Fn(&str) -> bool| {
            self.criteria.iter().chain(&self.diagnoses).any(|statement| {
                matches!(&statement.criterion, Criterion::Word { fact: of, any_of } if *of == fact && !any_of.iter().any(|one| has(one)))
            })
        };
        let code = |code: &str| code.replace('.', "").to_ascii_uppercase();
        !hcpcs.is_some_and(|hcpcs| another(WordFact::Product, &|one| one.eq_ignore_ascii_case(hcpcs)))
            && !icd10.is_some_and(|icd10| another(WordFact::Diagnosis, &|one| code(icd10).starts_with(&code(one))))
    }

    /// Everything that has to hold.
    pub fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.criteria.iter().chain(&self.diagnoses).chain(&self.limits)
    }
}

/// Products that a plan prefers.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreferredProducts {
    /// False switches the preference off.
    pub enabled: bool,
    /// What another product does.
    #[serde(default)]
    pub effect: PreferredEffect,
    /// Ids of the programs whose plan prefers them; empty for every program.
    #[serde(default)]
    pub programs: Vec<String>,
    /// HCPCS codes.
    pub products: Vec<String>,
    /// Why.
    pub note: String,
}

impl PreferredProducts {
    /// True where the plan of this program prefers them.
    pub fn holds_in(&self, program: &str) -> bool {
        self.enabled && (self.programs.is_empty() || self.programs.iter().any(|id| id == program))
    }
}

/// What a product that is not preferred does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PreferredEffect {
    /// It goes to a person.
    #[default]
    Pends,
    /// It is told.
    Warns,
}

/// Whom a policy is for. A plan's own policy comes before the general one (REG-10).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PolicyScope {
    /// Ids of health plans.
    pub health_plans: Vec<String>,
    /// Ids of programs.
    pub programs: Vec<String>,
}

impl PolicyScope {
    /// True for a policy of every plan.
    pub const fn is_general(&self) -> bool {
        self.health_plans.is_empty() && self.programs.is_empty()
    }

    /// True where it names the plan or the program.
    pub fn names(&self, program: &Program) -> bool {
        self.health_plans.contains(&program.health_plan) || self.programs.contains(&program.id)
    }

    /// True where it holds for the members of a program.
    pub fn covers(&self, program: &Program) -> bool {
        self.is_general() || self.names(program)
    }

    /// True where both name the same plan or program, or both name none.
    pub fn meets(&self, other: &Self) -> bool {
        (self.is_general() && other.is_general())
            || self.health_plans.iter().any(|plan| other.health_plans.contains(plan))
            || self.programs.iter().any(|program| other.programs.contains(program))
    }
}

/// A medical policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Id such as `MP-TRASTUZUMAB`.
    pub id: String,
    /// Title.
    pub title: String,
    /// Generic names it covers.
    pub generics: Vec<String>,
    /// Kind.
    pub kind: PolicyKind,
    /// Whose determination.
    pub basis: PolicyBasis,
    /// Statements that every indication needs.
    pub general: Vec<Statement>,
    /// Limits that every indication needs (SAFE-09, SAFE-15).
    pub general_limits: Vec<Statement>,
    /// Any of these.
    pub indications: Vec<Indication>,
    /// First day of service for which it holds (PRG-13).
    pub effective_from: Option<NaiveDate>,
    /// Last day.
    pub effective_through: Option<NaiveDate>,
    /// Limits in words, such as a number of doses; for people, not judged by machine.
    pub limits: Vec<String>,
    /// Why a policy without indications is never met; the drug goes to a person with it.
    pub note: Option<String>,
    /// Health plans and programs that it is for; every one where both are empty (REG-10).
    pub scope: PolicyScope,
    /// Preferred products; kept for the plan, not applied unless enabled.
    pub preferred: Option<PreferredProducts>,
    /// Source.
    pub source: String,
    /// True where a clinician still has to verify it.
    pub verify: bool,
}

impl Policy {
    /// True when it holds for treatment beginning that day.
    pub fn is_effective(&self, day: NaiveDate) -> bool {
        self.effective_from.is_none_or(|from| from <= day) && self.effective_through.is_none_or(|through| day <= through)
    }
}
