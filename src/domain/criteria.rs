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
    },
    /// An assessment's result: `assessment lvef_percent >= 50`, `assessment hepatitis_b_screen is known`.
    Assessment {
        /// Name in snake case.
        name: String,
        /// The test.
        test: ResultTest,
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
    /// The order contains no other treatment drug: `alone`.
    Alone,
    /// An earlier therapy: `prior trastuzumab`, `prior class pd_1 progressed`.
    Prior {
        /// Any of these.
        partners: Vec<Partner>,
        /// Only one that ended in progression counts.
        progressed: bool,
    },
    /// A febrile neutropenia risk factor, ticked or derived: `fn_risk_factor present`, `fn_risk_factor prior_febrile_neutropenia`.
    FnRiskFactor(Option<String>),
    /// The order matches an evidence-based regimen that contains the drug, with all its criteria met: `regimen matched`.
    RegimenMatched,
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
    /// Last response of the treatment that the order continues.
    Response,
    /// Whether the treatment that the order continues is tolerated.
    Toxicity,
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
}

/// A drug, or a class or subclass of drugs of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Partner {
    /// Generic ingredient.
    Generic(String),
    /// Class or subclass in snake case, such as `platinum`, `chemotherapy`, `pd_1`.
    Class(String),
}
