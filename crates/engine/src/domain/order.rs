//! The order request: what a portal posts. One type for the wire and for the rules, so that nothing is lost between them.
//!
//! Almost every field is optional here, because a missing *required* item is an answer of the intake rules (INF-01…06) that lists
//! all of them at once, and a missing *clinical* item is a deviation (DEV-05), not a refusal.

use super::answer::{self, Answer};
use super::text::push_amount;
use super::vocabulary::{
    Channel, DoseUnit, DrugRole, FnRiskFactor, LineOfTreatment, Modality, Response, Service, Setting, Sex, Toxicity,
    TreatmentGoal, Urgency,
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// An order for treatment of one member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderRequest {
    /// Who is treated.
    #[serde(default)]
    pub member: MemberIdentity,
    /// What is ordered. Required.
    #[serde(default)]
    pub service: Option<Service>,
    /// Where treatment is given; `outpatient` when left out.
    #[serde(default)]
    pub setting: Option<Setting>,
    /// CMS place of service, two digits.
    #[serde(default)]
    #[schema(pattern = "^[0-9]{2}$")]
    pub place_of_service: Option<String>,
    /// How the order came in; `portal` when a practice leaves it out, `phone` when intake does.
    #[serde(default)]
    pub channel: Option<Channel>,
    /// Attests a temporary technical problem with electronic submission (SUB-07).
    #[serde(default)]
    pub technical_problem_attested: Option<bool>,
    /// `standard` when left out.
    #[serde(default)]
    pub urgency: Option<Urgency>,
    /// The day on which treatment is likely to begin (SUB-01). Required.
    #[serde(default)]
    pub date_of_service: Option<NaiveDate>,
    /// For a treatment that is already running: when it began (PRG-05).
    #[serde(default)]
    pub continuation_of_treatment_started_on: Option<NaiveDate>,
    /// The clinician who orders; never a facility (SUB-10).
    #[serde(default)]
    pub ordering_provider: Option<OrderingProvider>,
    /// Who treats or dispenses; may be a facility.
    #[serde(default)]
    pub servicing_provider: Option<ServicingProvider>,
    /// Whom reviewers call.
    #[serde(default)]
    pub contact: Option<PracticeContact>,
    /// What is treated.
    #[serde(default)]
    pub diagnosis: Option<Diagnosis>,
    /// Clinical answers.
    #[serde(default)]
    pub clinical: Clinical,
    /// The drugs.
    #[serde(default)]
    pub treatment: Option<Treatment>,
    /// Set when only supportive drugs are ordered (SUB-04).
    #[serde(default)]
    pub supportive_only: Option<SupportiveOnly>,
    /// Set when the patient takes part in a trial (TRI-01).
    #[serde(default)]
    pub clinical_trial: Option<ClinicalTrial>,
    /// Set for radiation oncology.
    #[serde(default)]
    pub radiation: Option<Radiation>,
}

/// Identifies the member; must agree with the roster (INF-08).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberIdentity {
    /// Id of the health plan, such as `bcbs-michigan`.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub health_plan: Option<String>,
    /// Number on the member's card.
    #[serde(default)]
    #[schema(max_length = 40)]
    pub member_id: Option<String>,
    /// First name.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub last_name: Option<String>,
    /// Date of birth.
    #[serde(default)]
    pub birth_date: Option<NaiveDate>,
}

/// The ordering clinician.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderingProvider {
    /// National Provider Identifier, 10 digits with a valid check digit.
    #[serde(default)]
    #[schema(pattern = "^[0-9]{10}$")]
    pub npi: Option<String>,
    /// First name.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub last_name: Option<String>,
}

/// The treating or dispensing provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServicingProvider {
    /// National Provider Identifier; left out when entered by hand (SUB-11).
    #[serde(default)]
    #[schema(pattern = "^[0-9]{10}$")]
    pub npi: Option<String>,
    /// Name of the facility or clinician.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub name: Option<String>,
    /// Where it is.
    #[serde(default)]
    pub address: Option<Address>,
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Street and number.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub line1: Option<String>,
    /// City.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub city: Option<String>,
    /// Two-letter state.
    #[serde(default)]
    #[schema(pattern = "^[A-Z]{2}$")]
    pub state: Option<String>,
    /// ZIP code.
    #[serde(default)]
    #[schema(max_length = 10)]
    pub postal_code: Option<String>,
}

/// Whom a reviewer calls at the practice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PracticeContact {
    /// Person or desk.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub name: Option<String>,
    /// Phone for questions and peer-to-peer (INF-06).
    #[serde(default)]
    #[schema(max_length = 40)]
    pub phone: Option<String>,
    /// Fax.
    #[serde(default)]
    #[schema(max_length = 40)]
    pub fax: Option<String>,
}

/// The diagnosis treated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Diagnosis {
    /// ICD-10-CM code with its dot, such as `C50.911`.
    #[serde(default)]
    #[schema(max_length = 10)]
    pub icd10: Option<String>,
}

/// Clinical answers; any may be `unknown`, `not_reported` or absent (DEV-05).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Clinical {
    /// Cancer type, a word of `GET /v1/regimens` such as `breast`.
    #[serde(default)]
    #[schema(schema_with = answer::word)]
    pub cancer_type: Answer<String>,
    /// Pathology; words outside the vocabulary count as unknown (REG-13).
    #[serde(default)]
    #[schema(schema_with = answer::word)]
    pub pathology: Answer<String>,
    /// Stage group or subgroup, such as `II` or `IIB`.
    #[serde(default)]
    #[schema(schema_with = answer::word)]
    pub stage: Answer<String>,
    /// TNM status.
    #[serde(default)]
    #[schema(schema_with = tnm_schema)]
    pub tnm: Answer<Tnm>,
    /// Line or setting of treatment.
    #[serde(default)]
    #[schema(schema_with = line_schema)]
    pub line_of_treatment: Answer<LineOfTreatment>,
    /// Aim of treatment.
    #[serde(default)]
    #[schema(schema_with = goal_schema)]
    pub treatment_goal: Answer<TreatmentGoal>,
    /// Performance status.
    #[serde(default)]
    #[schema(schema_with = performance_schema)]
    pub performance_status: Answer<PerformanceStatus>,
    /// Biomarkers and tumor characteristics.
    #[serde(default)]
    #[schema(schema_with = biomarkers_schema)]
    pub biomarkers: Answer<Vec<Biomarker>>,
    /// Height in centimetres.
    #[serde(default)]
    #[schema(schema_with = answer::height_cm)]
    pub height_cm: Answer<f64>,
    /// Weight in kilograms.
    #[serde(default)]
    #[schema(schema_with = answer::weight_kg)]
    pub weight_kg: Answer<f64>,
    /// Serum creatinine in mg/dL.
    #[serde(default)]
    #[schema(schema_with = answer::creatinine)]
    pub serum_creatinine_mg_dl: Answer<f64>,
    /// Sex, for creatinine clearance; the roster's when absent.
    #[serde(default)]
    #[schema(schema_with = sex_schema)]
    pub sex: Answer<Sex>,
    /// Situation that line and stage cannot say, such as `metastatic_crpc`.
    #[serde(default)]
    #[schema(schema_with = answer::word)]
    pub disease_setting: Answer<String>,
    /// Risk factors for febrile neutropenia (DEV-06).
    #[serde(default)]
    #[schema(schema_with = fn_risk_schema)]
    pub fn_risk_factors: Answer<Vec<FnRiskFactor>>,
    /// Assessments such as `lvef_percent`; absent means unknown.
    #[serde(default)]
    #[schema(schema_with = assessments_schema)]
    pub assessments: Answer<Vec<Assessment>>,
    /// Earlier treatments; an empty list says there were none, absent means unknown.
    #[serde(default)]
    #[schema(schema_with = prior_schema)]
    pub prior_therapies: Answer<Vec<PriorTherapy>>,
    /// Number of earlier lines of systemic treatment of this cancer; the present one does not count (SAFE-12).
    #[serde(default)]
    #[schema(schema_with = answer::lines)]
    pub lines_of_therapy_before: Answer<u32>,
}

fn tnm_schema() -> utoipa::openapi::Schema {
    answer::component("Tnm", "T, N and M status, or `unknown` or `not_reported`")
}

fn line_schema() -> utoipa::openapi::Schema {
    answer::component("LineOfTreatment", "Line or setting of treatment, or `unknown` or `not_reported`")
}

fn goal_schema() -> utoipa::openapi::Schema {
    answer::component("TreatmentGoal", "`curative` or `palliative`, or `unknown` or `not_reported`")
}

fn performance_schema() -> utoipa::openapi::Schema {
    answer::component(
        "PerformanceStatus",
        "`{\"scale\": \"ecog\", \"value\": 0…5}` or `{\"scale\": \"karnofsky\", \"value\": 0…100}`, or `unknown` or `not_reported`",
    )
}

fn sex_schema() -> utoipa::openapi::Schema {
    answer::component("Sex", "`female` or `male`, or `unknown` or `not_reported`")
}

fn biomarkers_schema() -> utoipa::openapi::Schema {
    answer::list_of(
        "Biomarker",
        "A list of `{name, result}`, each with `on`, its day, where known, or `unknown` or `not_reported`",
    )
}

fn fn_risk_schema() -> utoipa::openapi::Schema {
    answer::list_of("FnRiskFactor", "A list of risk factors, or `unknown` or `not_reported`")
}

fn assessments_schema() -> utoipa::openapi::Schema {
    answer::list_of("Assessment", "A list of `{name, result, on}`, or `unknown` or `not_reported`")
}

fn prior_schema() -> utoipa::openapi::Schema {
    answer::list_of("PriorTherapy", "A list of earlier treatments, or `unknown` or `not_reported`")
}

/// T, N and M status without the letter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tnm {
    /// T, such as `2` or `1c`.
    #[serde(default)]
    #[schema(schema_with = answer::word)]
    pub t: Answer<String>,
    /// N.
    #[serde(default)]
    #[schema(schema_with = answer::word)]
    pub n: Answer<String>,
    /// M: `0` or `1`, with a suffix where staged.
    #[serde(default)]
    #[schema(schema_with = answer::word)]
    pub m: Answer<String>,
}

/// Scale of a performance status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PerformanceScale {
    /// 0 to 5.
    Ecog,
    /// 0 to 100.
    Karnofsky,
}

/// A performance status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PerformanceStatus {
    /// Which scale.
    pub scale: PerformanceScale,
    /// The value on that scale.
    #[schema(minimum = 0, maximum = 100)]
    pub value: u8,
}

/// A word, number or yes/no as the practice reports it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reported {
    /// True or false.
    Flag(bool),
    /// A score.
    Number(f64),
    /// A word.
    Word(String),
}

/// One biomarker with its result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Biomarker {
    /// A name of `GET /v1/biomarkers`, or one of its synonyms.
    #[schema(min_length = 1, max_length = 60)]
    pub name: String,
    /// A word, or a number for scores.
    #[serde(default)]
    #[schema(schema_with = answer::result)]
    pub result: Answer<Reported>,
    /// When it was reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<NaiveDate>,
}

/// One assessment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// A name of `GET /v1/assessments` such as `lvef_percent`, or one of its synonyms.
    #[schema(min_length = 1, max_length = 60)]
    pub name: String,
    /// A word, number, date or yes/no.
    #[serde(default)]
    #[schema(schema_with = answer::result)]
    pub result: Answer<Reported>,
    /// When it was made.
    #[serde(default)]
    pub on: Option<NaiveDate>,
}

/// One earlier treatment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriorTherapy {
    /// Generic name. One of `generic` and `name` is required.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100)]
    pub generic: Option<String>,
    /// In place of `generic`: a brand, code, abbreviation, regimen or combination as written, such as `carbo/taxol`.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// Disease setting in which it was given, such as `metastatic`.
    #[serde(default)]
    #[schema(schema_with = answer::word)]
    pub setting: Answer<String>,
    /// Line in which it was given. In solid tumors `first_line` and later count as metastatic.
    #[serde(default)]
    #[schema(schema_with = line_schema)]
    pub line: Answer<LineOfTreatment>,
    /// First day.
    #[serde(default)]
    #[schema(schema_with = answer::date)]
    pub started_on: Answer<NaiveDate>,
    /// Last day.
    #[serde(default)]
    #[schema(schema_with = answer::date)]
    pub ended_on: Answer<NaiveDate>,
    /// `progression`, `completed`, `toxicity`, `recurrence` or another word.
    #[serde(default)]
    #[schema(schema_with = answer::word)]
    pub outcome: Answer<String>,
}

impl PriorTherapy {
    /// What was typed for it.
    pub fn typed(&self) -> &str {
        self.generic.as_deref().or(self.name.as_deref()).unwrap_or_default()
    }
}

/// An earlier order of this member that this one goes on with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Continues {
    /// Order ID of that order.
    #[schema(min_length = 1, max_length = 20)]
    pub order_id: String,
    /// Last response.
    #[serde(default)]
    pub response: Option<Response>,
    /// Whether the treatment is tolerated.
    #[serde(default)]
    pub toxicity: Option<Toxicity>,
}

/// The treatment plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Treatment {
    /// The regimen that the submitter chose, an id of `GET /v1/regimens`.
    #[serde(default)]
    #[schema(max_length = 60)]
    pub regimen_id: Option<String>,
    /// Phases, one after another.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub phases: Vec<Phase>,
    /// Set where treatment authorized before goes on.
    #[serde(default)]
    pub continues: Option<Continues>,
}

/// One phase: cycles of the same length with the same drugs. Phases follow one another, those that run beside aside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// Days from one cycle's start to the next.
    #[schema(minimum = 1, maximum = 366)]
    pub cycle_length_days: u32,
    /// Number of cycles; null means until progression, in the last phase that follows others, and as long as those in one that runs beside.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 400)]
    pub cycles: Option<u32>,
    /// True for cycles of another length over the same time, from the first day on, such as leuprolide every 84 days.
    #[serde(default, skip_serializing_if = "is_false")]
    pub beside: bool,
    /// Drugs given in each cycle.
    #[serde(default)]
    #[schema(max_items = 60)]
    pub drugs: Vec<OrderedDrug>,
}

/// A dose per administration.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Dose {
    /// Amount in the given unit.
    #[schema(exclusive_minimum = 0, maximum = 1_000_000)]
    pub amount: f64,
    /// Unit.
    pub unit: DoseUnit,
}

/// As people write it: `75 mg/m2`, `AUC 6`.
impl fmt::Display for Dose {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(16);
        self.push_to(&mut text);
        out.write_str(&text)
    }
}

impl Dose {
    /// Writes it: `75 mg/m2`, `AUC 5`.
    pub fn push_to(&self, text: &mut String) {
        if self.unit == DoseUnit::Auc {
            text.push_str("AUC ");
            push_amount(text, self.amount);
        } else {
            push_amount(text, self.amount);
            text.push(' ');
            text.push_str(self.unit.as_str());
        }
    }
}

const fn once() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
pub(super) const fn is_false(value: &bool) -> bool {
    !*value
}

/// One line of the order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderedDrug {
    /// Line number, unique in the order.
    #[schema(minimum = 1, maximum = 1000)]
    pub line: u32,
    /// HCPCS Level II code; null for a drug without one.
    #[serde(default)]
    #[schema(max_length = 10)]
    pub hcpcs: Option<String>,
    /// Generic name; required where there is no code.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100)]
    pub generic: Option<String>,
    /// The submitter's view of the role; content decides (REG-13). `treatment` when left out.
    #[serde(default)]
    pub role: Option<DrugRole>,
    /// Route such as `iv`, `sc`, `po`.
    #[serde(default)]
    #[schema(max_length = 20)]
    pub route: Option<String>,
    /// Dose per administration.
    #[serde(default)]
    pub dose: Option<Dose>,
    /// Days of the cycle on which it is given, counted from 1.
    #[serde(default)]
    #[schema(max_items = 366)]
    pub days: Vec<u32>,
    /// Administrations on each of those days.
    #[serde(default = "once")]
    #[schema(minimum = 1, maximum = 24)]
    pub frequency_per_day: u32,
    /// Dose of the first administration, where it differs.
    #[serde(default)]
    pub loading_dose: Option<Dose>,
}

/// Acknowledges that only supportive therapy is requested (SUB-04).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupportiveOnly {
    /// Must be true.
    #[serde(default)]
    pub acknowledged: Option<bool>,
    /// Order ID of the treatment that these drugs support.
    #[serde(default)]
    #[schema(max_length = 20)]
    pub reference_order_id: Option<String>,
    /// The treatment in words.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub reference_regimen: Option<String>,
}

/// Participation in a clinical trial (TRI-01).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClinicalTrial {
    /// True when the patient is enrolled.
    pub enrolled: bool,
    /// `NCT` and eight digits; required when enrolled.
    #[serde(default)]
    #[schema(max_length = 20)]
    pub trial_id: Option<String>,
}

/// Radiation treatment requested (INF-03, INF-04).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Radiation {
    /// Primary treatment.
    #[serde(default)]
    pub modality: Option<Modality>,
    /// Technique in words; those of `GET /v1/radiation/sites` count, others are told and change nothing.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub technique: Option<String>,
    /// Site treated, such as `breast`: a key of `GET /v1/radiation/sites`, or one of its words, with a side where there is one.
    #[serde(default)]
    #[schema(schema_with = answer::word)]
    pub site: Answer<String>,
    /// Target within the site, such as `whole_breast`.
    #[serde(default)]
    #[schema(schema_with = answer::word)]
    pub target: Answer<String>,
    /// Total dose of the main course in gray; a sequential boost comes on top, of a simultaneous one it is the highest level.
    #[serde(default)]
    #[schema(schema_with = answer::dose_gy)]
    pub total_dose_gy: Answer<f64>,
    /// Number of fractions of the main course.
    #[serde(default)]
    #[schema(schema_with = answer::fractions)]
    pub fractions: Answer<u32>,
    /// Dose of one fraction in gray; held against total and fractions.
    #[serde(default)]
    #[schema(schema_with = answer::dose_gy)]
    pub dose_per_fraction_gy: Answer<f64>,
    /// Plan comparison with 3D or IMRT.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub plan_comparison: Option<String>,
    /// Histology: a word of `GET /v1/pathologies`, or another.
    #[serde(default)]
    #[schema(schema_with = answer::word)]
    pub histology: Answer<String>,
    /// Boost, where planned.
    #[serde(default)]
    pub boost: Option<Boost>,
    /// Last day of a course that broke off or moved: extends the dates of an authorized order, without new units.
    #[serde(default)]
    pub extended_through: Option<NaiveDate>,
    /// Why it is extended: machine down, toxicity.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub extension_reason: Option<String>,
    /// Lines by code; derived where there are none.
    #[serde(default)]
    #[schema(max_items = 60)]
    pub procedures: Option<Vec<OrderedProcedure>>,
}

impl Radiation {
    /// Lines as listed.
    pub fn listed(&self) -> &[OrderedProcedure] {
        self.procedures.as_deref().unwrap_or_default()
    }
}

/// One line of a radiation order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderedProcedure {
    /// Line number, unique in the order.
    #[schema(minimum = 1, maximum = 1000)]
    pub line: u32,
    /// Code: five digits, a letter and four digits, or four digits and `T`.
    #[schema(max_length = 10)]
    pub code: String,
    /// Units asked for.
    #[schema(minimum = 1, maximum = 1000)]
    pub units: u32,
}

/// A radiation boost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Boost {
    /// Dose in gray; up to 200 for a permanent implant.
    #[schema(exclusive_minimum = 0, maximum = 200)]
    pub dose_gy: f64,
    /// Number of fractions.
    #[schema(minimum = 1, maximum = 50)]
    pub fractions: u32,
}

impl OrderRequest {
    /// All drugs with the index of their phase and their index in it, in the order entered.
    pub fn drugs(&self) -> impl Iterator<Item = (usize, usize, &Phase, &OrderedDrug)> {
        self.treatment.iter().flat_map(|treatment| {
            treatment.phases.iter().enumerate().flat_map(|(phase_index, phase)| {
                phase.drugs.iter().enumerate().map(move |(drug_index, drug)| (phase_index, drug_index, phase, drug))
            })
        })
    }

    /// Urgency with its default.
    pub fn urgency(&self) -> Urgency {
        self.urgency.unwrap_or(Urgency::Standard)
    }

    /// Setting with its default.
    pub fn setting(&self) -> Setting {
        self.setting.unwrap_or(Setting::Outpatient)
    }
}
