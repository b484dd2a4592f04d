//! The criteria that content is written in, as a tree. The text form is read in `content`; the tree is judged in `rules`.

use super::vocabulary::LineOfTreatment;

/// A criterion that holds, does not hold, or cannot be told (Kleene's three values).
#[derive(Debug, Clone, PartialEq)]
pub enum Criterion {
    /// Every part holds.
    All(Vec<Criterion>),
    /// Some part holds.
    Any(Vec<Criterion>),
    /// The part does not hold.
    Not(Box<Criterion>),
    /// A fact is one of some words: `cancer in [breast, gastroesophageal]`.
    Word {
        /// Which fact.
        fact: WordFact,
        /// Any of these.
        any_of: Vec<String>,
    },
    /// A fact is one of some lines of treatment: `line in [first_line]`.
    Line(Vec<LineOfTreatment>),
    /// A number compares: `ecog <= 2`.
    Number {
        /// Which fact.
        fact: NumberFact,
        /// How.
        comparison: Comparison,
        /// With what.
        value: f64,
    },
    /// A biomarker's result: `biomarker her2 is positive`, `biomarker pd_l1_tps >= 50`.
    Biomarker {
        /// Marker in snake case.
        marker: String,
        /// The test.
        test: ResultTest,
        /// Days before the date of service within which the result has to be dated: `within 90 days`.
        within: Option<u32>,
    },
    /// An assessment's result: `assessment lvef_percent >= 50`, `assessment hepatitis_b_screen is known`.
    Assessment {
        /// Name in snake case.
        name: String,
        /// The test.
        test: ResultTest,
        /// Days before the date of service within which the result has to be dated.
        within: Option<u32>,
    },
    /// Days from a dated assessment to the date of service: `days since last_major_surgery_on >= 28`.
    DaysSince {
        /// Name of the assessment, whose result is a date or `none`.
        name: String,
        /// How.
        comparison: Comparison,
        /// Days.
        days: f64,
    },
    /// Calendar months from a dated assessment to the date of service: `months since itp_diagnosed_on >= 6`.
    MonthsSince {
        /// Name of the assessment, whose result is a date or `none`.
        name: String,
        /// How.
        comparison: Comparison,
        /// Months.
        months: f64,
    },
    /// Earlier lines that had any of these drugs: `lines_before_with any [class her2, lapatinib] >= 2`.
    LinesBeforeWith {
        /// Any of these.
        partners: Vec<Partner>,
        /// How.
        comparison: Comparison,
        /// Lines.
        value: f64,
    },
    /// The order goes on with a course of the drug reviewed: `continuation is yes`.
    Continuation(bool),
    /// The order contains, beside the drug reviewed, one of these: `with carboplatin`, `with class platinum`.
    With(Vec<Partner>),
    /// The order gives one of these, and has ended it before the drug reviewed begins: `after ipilimumab`.
    After(Vec<Partner>),
    /// The order contains no other treatment drug: `alone`.
    Alone,
    /// An earlier therapy: `prior trastuzumab`, `prior class pd_1 progressed`.
    Prior {
        /// Any of these.
        partners: Vec<Partner>,
        /// Only one that ended so counts.
        end: PriorEnd,
    },
    /// A febrile neutropenia risk factor, ticked or derived: `fn_risk_factor present`, `fn_risk_factor prior_febrile_neutropenia`.
    FnRiskFactor(Option<String>),
    /// The order matches an evidence-based regimen that contains the drug, with all its criteria met: `regimen matched`.
    RegimenMatched,
}

/// How an earlier therapy ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriorEnd {
    /// In any way.
    Any,
    /// In progression: `progressed`.
    Progression,
    /// For its toxicity: `stopped_for_toxicity`.
    Toxicity,
    /// In a severe reaction, such as anaphylaxis: `reacted_severely`.
    Reaction,
    /// In any way, at most so many days before the date of service: `within 182 days`.
    Within(u32),
}

/// Facts that are words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WordFact {
    /// Cancer type; `any_solid` means every cancer type that content calls solid.
    Cancer,
    /// Pathology, with its kinds.
    Pathology,
    /// Stage group.
    Stage,
    /// Distant metastasis by TNM: `m_status is m1`.
    MStatus,
    /// Primary tumor by TNM: `t_status in [t2b, t3]`.
    TStatus,
    /// How the primary tumor was found: `t_found is pathological`.
    TFound,
    /// Lymph nodes by TNM: `n_status is n0`.
    NStatus,
    /// Stage with its subgroup: `substage is IIIA`.
    Substage,
    /// Disease setting, told or derived from line and stage: `setting is metastatic`.
    Setting,
    /// Treatment goal.
    Goal,
    /// Febrile neutropenia risk of the matched regimen.
    RegimenFnRisk,
    /// Emetogenicity of the matched regimen.
    RegimenEmetogenicity,
    /// Line of business.
    LineOfBusiness,
    /// Sex.
    Sex,
    /// ICD-10-CM code or prefix: `diagnosis in [C79.51, C90]`.
    Diagnosis,
    /// HCPCS code of the line reviewed: `product in [Q5116]`.
    Product,
    /// Route of the line reviewed, as a word of content: `route in [iv, sc]`.
    Route,
    /// CMS place of service of the order: `place_of_service in [19, 21, 22]`.
    PlaceOfService,
    /// Last response of the treatment that the order continues.
    Response,
    /// Whether the treatment that the order continues is tolerated.
    Toxicity,
    /// Radiation site: `site is prostate`.
    Site,
    /// Radiation target: `target is whole_breast`.
    Target,
    /// A word of the radiation technique: `technique is breath_hold`.
    Technique,
    /// Radiation modality: `modality in [imrt, proton_beam]`.
    Modality,
}

/// Facts that are numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NumberFact {
    /// ECOG performance status, from either scale.
    Ecog,
    /// Age in whole years on the date of service.
    Age,
    /// Shortest cycle length of the phases that contain treatment drugs, in days.
    CycleLengthDays,
    /// Shortest cycle in which the drug reviewed is given, in days; of what runs beside, the shortest of the order.
    OwnCycleDays,
    /// Ordered carboplatin target area under the curve, highest of the order.
    CarboplatinAuc,
    /// Planned days of treatment until its end; unknown for treatment until progression.
    PlannedDays,
    /// Creatinine clearance in mL/min (Cockcroft-Gault).
    CreatinineClearance,
    /// Earlier lines of systemic treatment of this cancer.
    LinesBefore,
    /// Those of them given for metastatic or unresectable disease.
    MetastaticLinesBefore,
    /// Courses of the drug reviewed, this one included.
    Courses,
    /// Body weight in kilograms.
    WeightKg,
    /// Body mass index.
    Bmi,
    /// Radiation fractions of the main course.
    Fractions,
    /// Radiation dose of one fraction of the main course, in gray.
    DosePerFraction,
    /// Dose of one administration of the drug reviewed.
    Dose(Amount, Per),
    /// Days from one administration to the next.
    IntervalDays,
    /// Hours from one administration to the next.
    IntervalHours,
    /// Administrations of the drug over the course.
    Administrations,
    /// Cycles with the drug over the course.
    TotalCycles,
    /// Months from the first to the last administration of the course.
    TotalMonths,
    /// Distinct days of the drug on this order.
    TreatmentDays,
    /// The most days of the drug in any one cycle of this order.
    TreatmentDaysInCycle,
    /// Days from the first to the last administration of the drug on this order.
    DrugDays,
}

/// What a dose is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Amount {
    /// Milligrams.
    Mg,
    /// Micrograms.
    Mcg,
    /// Grams.
    G,
    /// Units.
    Units,
    /// Millilitres.
    Ml,
    /// Millicuries.
    Mci,
}

/// What a dose is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Per {
    /// The administration as a whole.
    Administration,
    /// A kilogram of body weight.
    Kg,
    /// A square metre of body surface.
    M2,
}

/// Facts about the drug's own schedule, by the word that sentences use.
pub const SCHEDULE_FACTS: [(&str, NumberFact); 26] = [
    ("dose_mg", NumberFact::Dose(Amount::Mg, Per::Administration)),
    ("dose_mg_per_kg", NumberFact::Dose(Amount::Mg, Per::Kg)),
    ("dose_mg_per_m2", NumberFact::Dose(Amount::Mg, Per::M2)),
    ("dose_mcg", NumberFact::Dose(Amount::Mcg, Per::Administration)),
    ("dose_mcg_per_kg", NumberFact::Dose(Amount::Mcg, Per::Kg)),
    ("dose_mcg_per_m2", NumberFact::Dose(Amount::Mcg, Per::M2)),
    ("dose_g", NumberFact::Dose(Amount::G, Per::Administration)),
    ("dose_g_per_kg", NumberFact::Dose(Amount::G, Per::Kg)),
    ("dose_g_per_m2", NumberFact::Dose(Amount::G, Per::M2)),
    ("dose_units", NumberFact::Dose(Amount::Units, Per::Administration)),
    ("dose_units_per_kg", NumberFact::Dose(Amount::Units, Per::Kg)),
    ("dose_units_per_m2", NumberFact::Dose(Amount::Units, Per::M2)),
    ("dose_ml", NumberFact::Dose(Amount::Ml, Per::Administration)),
    ("dose_ml_per_kg", NumberFact::Dose(Amount::Ml, Per::Kg)),
    ("dose_ml_per_m2", NumberFact::Dose(Amount::Ml, Per::M2)),
    ("dose_mci", NumberFact::Dose(Amount::Mci, Per::Administration)),
    ("dose_mci_per_kg", NumberFact::Dose(Amount::Mci, Per::Kg)),
    ("dose_mci_per_m2", NumberFact::Dose(Amount::Mci, Per::M2)),
    ("interval_days", NumberFact::IntervalDays),
    ("interval_hours", NumberFact::IntervalHours),
    ("administrations", NumberFact::Administrations),
    ("total_cycles", NumberFact::TotalCycles),
    ("total_months", NumberFact::TotalMonths),
    ("treatment_days", NumberFact::TreatmentDays),
    ("treatment_days_in_cycle", NumberFact::TreatmentDaysInCycle),
    ("drug_days", NumberFact::DrugDays),
];

impl NumberFact {
    /// The word of a fact about the drug's own schedule; none for the others.
    pub fn schedule_word(self) -> Option<&'static str> {
        SCHEDULE_FACTS.iter().find(|(_, fact)| *fact == self).map(|(word, _)| *word)
    }

    /// True for a fact about the drug's own schedule.
    pub const fn is_of_schedule(self) -> bool {
        self.is_of_administration()
            || matches!(
                self,
                Self::Administrations
                    | Self::TotalCycles
                    | Self::TotalMonths
                    | Self::TreatmentDays
                    | Self::TreatmentDaysInCycle
                    | Self::DrugDays
            )
    }

    /// True for a fact that may differ from one administration to the next.
    pub const fn is_of_administration(self) -> bool {
        matches!(self, Self::Dose(..) | Self::IntervalDays | Self::IntervalHours)
    }
}

impl Criterion {
    /// True where it holds for other cancer types only.
    pub fn is_for_another_cancer(&self, cancer: &str, is_solid: bool) -> bool {
        match self {
            Self::Word { fact: WordFact::Cancer, any_of } => {
                !any_of.iter().any(|word| word == cancer || (word == "any_solid" && is_solid))
            }
            Self::All(parts) => parts.iter().any(|part| part.is_for_another_cancer(cancer, is_solid)),
            _ => false,
        }
    }

    /// True where some part of it is denied.
    pub fn denies(&self) -> bool {
        match self {
            Self::Not(_) => true,
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::denies),
            _ => false,
        }
    }

    /// True for a sentence on dose or interval, which is judged at every administration of the drug (SAFE-05).
    pub fn is_of_administration(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::is_of_administration),
            Self::Not(part) => part.is_of_administration(),
            Self::Number { fact, .. } => fact.is_of_administration(),
            _ => false,
        }
    }
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `=`
    Equal,
    /// `>=`
    AtLeast,
    /// `>`
    More,
}

impl Comparison {
    /// Compares.
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Equal => (left - right).abs() < 1e-9,
            Self::AtLeast => left >= right,
            Self::More => left > right,
        }
    }

    /// The sign.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "≤",
            Self::Equal => "=",
            Self::AtLeast => "≥",
            Self::More => ">",
        }
    }
}

/// A test on a reported result.
#[derive(Debug, Clone, PartialEq)]
pub enum ResultTest {
    /// One of these words (snake case).
    In(Vec<String>),
    /// A score compares.
    Compare(Comparison, f64),
    /// Anything usable was reported.
    Known,
    /// Anything was entered, be it "unknown": what nobody need ask for is heeded where it is told.
    Told,
}

/// A drug, or a class or subclass of drugs of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Partner {
    /// Generic ingredient.
    Generic(String),
    /// Class or subclass in snake case, such as `platinum`, `chemotherapy`, `pd_1`.
    Class(String),
}
