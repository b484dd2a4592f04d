//! What content says about answers that have to agree with each other (SAFE-11, SAFE-12).

use super::regimen::Statement;
use crate::domain::criteria::Partner;
use crate::domain::order::{PerformanceScale, PerformanceStatus};

/// Everything that answers are held against.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Agreement {
    /// Where it comes from.
    pub source: String,
    /// Answers that cannot both be true.
    pub contradictions: Vec<Contradiction>,
    /// Which stage groups a TNM status can be.
    pub stages: Vec<StageRule>,
    /// Results of one biomarker that cannot both be true.
    pub opposed: Vec<OpposedResults>,
    /// Between what a measure is plausible.
    pub bounds: Vec<MeasureBounds>,
    /// Kinds of diagnosis codes, with why they are not enough.
    pub code_kinds: Vec<CodeKind>,
    /// Assessments whose date is never in the future.
    pub past_dates: Vec<String>,
    /// Karnofsky values, highest first, each with the ECOG grade that it is from there down to the next one.
    pub karnofsky: Vec<(u8, u8)>,
    /// ECOG grades by which a performance status told on both scales may differ.
    pub performance_grades_apart: u8,
    /// The serum creatinine where it is told as an answer, too.
    pub creatinine_told: ToldTwice,
    /// Febrile neutropenia risk factors that other answers tell by themselves (DEV-06).
    pub fn_risk_told: FnRiskTold,
}

/// A measure that is told as an answer, too.
#[derive(Debug, Clone, PartialEq, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToldTwice {
    /// Name of the assessment.
    pub assessment: String,
    /// By how much of the lower one they may differ.
    pub apart_percent: f64,
}

/// From where other answers tell a febrile neutropenia risk factor by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FnRiskTold {
    /// Age in years from which it counts.
    pub age_from: u32,
    /// ECOG grade from which it counts.
    pub ecog_from: u8,
    /// Creatinine clearance in mL/min below which it counts.
    pub clearance_below: f64,
}

impl Agreement {
    /// A performance status on the ECOG scale; none where it is off its own.
    pub fn ecog(&self, status: PerformanceStatus) -> Option<u8> {
        match status.scale {
            PerformanceScale::Ecog => (status.value <= 5).then_some(status.value),
            PerformanceScale::Karnofsky if status.value > 100 => None,
            PerformanceScale::Karnofsky => self.karnofsky.iter().find(|(from, _)| status.value >= *from).map(|(_, ecog)| *ecog),
        }
    }
}

/// Two answers that cannot both be true, or one that forbids treatment.
#[derive(Debug, Clone, PartialEq)]
pub struct Contradiction {
    /// Id, stable.
    pub id: String,
    /// Why both cannot be, in words.
    pub because: String,
    /// What one answer says.
    pub first: Statement,
    /// What the other says; none where the answer does not go with treatment, or with the drugs, at all.
    pub second: Option<Statement>,
    /// The drugs that it is about, and pends; empty where it pends every managed drug.
    pub drugs: Vec<Partner>,
    /// Where only biomarkers say the first side: which, so that an order without any of them need not be asked. Empty for any order.
    pub first_markers: Vec<usize>,
    /// Likewise of the other side.
    pub second_markers: Vec<usize>,
    /// Where this holds, both may be.
    pub unless: Option<Statement>,
    /// Told of a new treatment only: what is continued may have made it so.
    pub unless_continued: bool,
}

/// The stage groups that a TNM status can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageRule {
    /// Cancer types; `any_solid` stands for every solid one.
    pub cancers: Vec<String>,
    /// Cancer types that it is not about.
    pub except: Vec<String>,
    /// ICD-10-CM prefixes, where it asks for the diagnosis.
    pub diagnoses: Vec<String>,
    /// Any of these, where it asks for T.
    pub t: Vec<String>,
    /// Any of these, where it asks for N; `not_told` where N is not told or is NX.
    pub n: Vec<String>,
    /// Where it asks for M: false for M0, true for M1.
    pub m: Option<bool>,
    /// Groups that agree.
    pub groups: Vec<String>,
}

/// Results of one biomarker that cannot both be true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpposedResults {
    /// The markers; empty for any.
    pub markers: Vec<String>,
    /// One of these …
    pub one: Vec<String>,
    /// … is never one of these.
    pub other: Vec<String>,
}

/// A measure of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyMeasure {
    /// Height, cm.
    Height,
    /// Weight, kg.
    Weight,
    /// Body mass index, kg/m2.
    MassIndex,
    /// Body surface, m2.
    Surface,
    /// Serum creatinine, mg/dL.
    Creatinine,
}

/// Between what a measure is plausible at an age.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeasureBounds {
    /// Which.
    pub measure: BodyMeasure,
    /// From this age, in whole years.
    pub from_age: u32,
    /// Until below this age.
    pub below_age: u32,
    /// Least.
    pub least: f64,
    /// Most.
    pub most: f64,
}

/// A kind of diagnosis codes that is no diagnosis of a cancer under treatment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeKind {
    /// Beginnings of the codes.
    pub codes: Vec<String>,
    /// What such a code says.
    pub says: String,
    /// What to enter instead.
    pub enter: String,
}
