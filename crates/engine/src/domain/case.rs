//! The case: what callers get back, and what is stored. The status is always derived from the drugs (CAS-08).

use super::citation::told_apart;
use super::facts_used::{FactsUsed, Requirements};
use super::line::{CaseDrug, CaseLine, CaseProcedure, drugs, procedures};
use super::order::{OrderRequest, is_false};
use super::roster::{MemberRow, postal_lines};
use super::shared_text::Text;
use super::vocabulary::{
    Addressee, CaseStatus, DeviationCode, DeviationEffect, DrugStatus, Hold, LetterKind, LineOfBusiness, NoticeCode,
    PathwayDetermination, SCodesWithheld, Truth, Urgency,
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

/// A decided order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Case {
    /// Identifies the case; sorts by time of submission.
    pub case_id: Uuid,
    /// The same to read out: `C` and nine characters, of which the last checks the others. It authorizes nothing. Null in a preview.
    #[serde(default)]
    pub case_number: Option<String>,
    /// The number that authorizes; null unless `completed`, `authorized` or `multiple_decisions_rendered` (DET-09).
    pub order_id: Option<String>,
    /// Set when the regimen is on a Pathway (SCD-01).
    pub pathway_eligible_id: Option<String>,
    /// Derived from the drugs.
    pub status: CaseStatus,
    /// Why, where the status alone does not say.
    pub status_reason: Option<String>,
    /// Program that decided.
    pub program: String,
    /// Release of the content that decided (REG-08).
    pub content_release: String,
    /// When the order was received.
    pub submitted_at: DateTime<Utc>,
    /// When it was decided; null while in progress.
    pub decided_at: Option<DateTime<Utc>>,
    /// Clock in force.
    pub urgency: Urgency,
    /// One entry per line of a drug order; empty for radiation.
    #[serde(with = "drugs")]
    #[schema(value_type = Vec<CaseDrug>)]
    pub drugs: Vec<CaseLine>,
    /// One entry per line of a radiation order; empty for drugs.
    #[serde(default, with = "procedures")]
    #[schema(value_type = Vec<CaseProcedure>)]
    pub procedures: Vec<CaseLine>,
    /// Pathway match.
    pub pathway: Pathway,
    /// Where the entry differs from what was expected.
    pub deviations: Vec<Deviation>,
    /// Things the practice should know.
    pub notices: Vec<Notice>,
    /// Awards; absent for servicing providers (SCD-10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s_codes: Option<Vec<SCode>>,
    /// Why none, or not all, were awarded; absent for servicing providers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s_codes_withheld: Option<SCodesWithheld>,
    /// The state of review; null once decided.
    pub review: Option<Review>,
    /// Every rule that was asked, with the facts it used.
    pub findings: Vec<Finding>,
    /// What the plan's file says of the member that letters are written by; absent for servicing providers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_on_file: Option<MemberOnFile>,
    /// Letters issued.
    pub letters: Vec<LetterReference>,
    /// The order as it stands.
    pub request: OrderRequest,
}

impl Case {
    /// The lines of the order, whichever its service.
    pub fn lines(&self) -> &[CaseLine] {
        if self.procedures.is_empty() { &self.drugs } else { &self.procedures }
    }

    /// The same, to be changed.
    pub fn lines_mut(&mut self) -> &mut [CaseLine] {
        if self.procedures.is_empty() { &mut self.drugs } else { &mut self.procedures }
    }
}

/// What a plan's file says of a member on the day of receipt, as far as letters are written by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MemberOnFile {
    /// Line of business: whose notices a denial has to follow.
    pub line_of_business: LineOfBusiness,
    /// Lines of the postal address; null where the file has none.
    pub address: Option<Vec<String>>,
    /// Language of the letters; null where the file says nothing.
    pub language: Option<String>,
}

impl MemberOnFile {
    /// Of a row of the file.
    pub fn of(row: &MemberRow) -> Self {
        Self {
            line_of_business: row.line_of_business,
            address: row.address.as_ref().and_then(postal_lines),
            language: row.language.clone(),
        }
    }
}

/// Why a line is denied (DET-10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Denial {
    /// The physician's code.
    pub reason_code: String,
    /// The same in words.
    pub reason: String,
    /// The physician's words.
    pub rationale: String,
}

/// The part of a line that is not authorized where the rest is: a physician's decision, told in a letter of its own (DET-02 to DET-04, DET-10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefusedPart {
    /// Visits that are not authorized.
    pub visits: u32,
    /// Billing units that are not authorized; null where those of the order could not be counted.
    pub units: Option<u64>,
    /// Visits of the order.
    pub visits_asked: u32,
    /// Billing units of the order.
    pub units_asked: Option<u64>,
    /// Why, for those who may read the letter.
    pub denial: Option<Denial>,
}

/// Whom to contact.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Who.
    pub entity: String,
    /// Phone, as the source writes it.
    #[serde(default)]
    pub phone: Option<String>,
    /// Fax, as the source writes it.
    #[serde(default)]
    pub fax: Option<String>,
    /// Web address.
    #[serde(default)]
    pub url: Option<String>,
    /// What to do.
    #[serde(default)]
    pub instructions: Option<String>,
}

/// The Pathway match.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Pathway {
    /// Outcome.
    pub determination: PathwayDetermination,
    /// The Pathway, when on one.
    pub pathway_id: Option<String>,
    /// The evidence-based regimen matched.
    pub regimen_id: Option<String>,
    /// Its name.
    pub regimen_name: Option<String>,
    /// Pathways that fit this patient, best first (REG-02, REG-09).
    pub options: Vec<PathwayOption>,
}

/// A Pathway that fits the patient.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PathwayOption {
    /// The Pathway.
    pub pathway_id: String,
    /// Its regimen.
    pub regimen_id: String,
    /// Its name.
    pub regimen_name: String,
    /// Why it is offered, and what it still depends on.
    pub reason: String,
}

/// Where the entry does not align with the expected entry (DEV-01…07).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Deviation {
    /// Kind.
    pub code: DeviationCode,
    /// Line concerned, where it is about one drug.
    pub drug_line: Option<u32>,
    /// Line concerned, where it is about one line of any kind.
    #[serde(default)]
    pub line: Option<u32>,
    /// JSON pointer into the request.
    pub field: String,
    /// What was expected.
    pub expected: String,
    /// What was entered.
    pub entered: String,
    /// What the deviation did.
    pub effect: DeviationEffect,
    /// Schedules that would align it, where schedules are offered.
    #[serde(default)]
    pub options: Vec<ScheduleOption>,
    /// In words, with what would align it.
    pub message: String,
}

/// A fractionation schedule that is offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScheduleOption {
    /// Its id in `GET /v1/radiation/schedules`.
    pub schedule: String,
    /// Its name, with dose and fractions.
    pub name: String,
}

/// Something the practice should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Notice {
    /// Kind.
    pub code: NoticeCode,
    /// In words.
    pub message: String,
    /// The other case, where one is meant and the caller may know of it.
    #[serde(default)]
    pub case_id: Option<Uuid>,
    /// Requirements behind it.
    #[serde(default)]
    pub requirements: Vec<String>,
}

impl Notice {
    /// A notice. The ids at the end of the message stand beside it.
    pub fn new(code: NoticeCode, message: &str, case_id: Option<Uuid>) -> Self {
        let (message, requirements) = told_apart(message);
        Self { code, message, case_id, requirements }
    }
}

/// An award of enhanced reimbursement (SCD-05…07).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SCode {
    /// `S0353` or `S0354`.
    pub code: String,
    /// How often it may be billed.
    pub times: u32,
    /// First day on which it may be billed.
    pub billable_from: NaiveDate,
    /// Last day.
    pub billable_through: NaiveDate,
    /// Days between two of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_days_apart: Option<u32>,
    /// How to bill it.
    pub instructions: String,
    /// From which day on what was not billed of it is void (SCD-13).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voided_from: Option<NaiveDate>,
    /// Why it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub void_reason: Option<String>,
}

/// The state of review of a case in progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Review {
    /// Whose work it is.
    pub queue: ReviewQueue,
    /// When the answer is due, with the program's offset (DET-05…07).
    pub due_at: DateTime<chrono::FixedOffset>,
    /// The program's time zone.
    pub time_zone: String,
    /// True once the deadline has passed.
    pub overdue: bool,
    /// What keeps the whole case (CAS-08).
    pub holds: Vec<Hold>,
    /// What the practice is asked for.
    pub asked_for: Vec<String>,
    /// State of the peer-to-peer discussion (DET-03).
    pub peer_to_peer: PeerToPeer,
    /// Clinical documents that arrived for this review (INF-07).
    #[serde(default)]
    pub attachments_received: u32,
    /// When the last of them did; null where none has.
    #[serde(default)]
    pub attachments_received_at: Option<DateTime<Utc>>,
}

/// Who works a pended case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewQueue {
    /// Oncology nurse.
    Nurse,
    /// Medical oncologist.
    Physician,
}

/// State of the peer-to-peer discussion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PeerToPeer {
    /// Nobody has offered it yet.
    NotOffered,
    /// Offered.
    Offered,
    /// A time is agreed.
    Scheduled,
    /// It took place.
    Held,
    /// The practice declined.
    Declined,
    /// The practice could not be reached.
    Unreachable,
}

/// A rule that was asked, and what it said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// Unique in the case.
    #[schema(value_type = String)]
    pub id: Text,
    /// The rule, a path such as `policy/trastuzumab/her2`.
    #[schema(value_type = String)]
    pub rule: Text,
    /// What it said.
    pub outcome: Truth,
    /// Requirement ids.
    #[schema(value_type = Vec<String>)]
    pub requirements: Requirements,
    /// Release of the content that holds the rule.
    #[schema(value_type = String)]
    pub content_release: Arc<str>,
    /// Where the rule comes from, and whose criteria it is (REG-12).
    #[schema(value_type = String)]
    pub source: Arc<str>,
    /// The facts it used.
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    pub facts: FactsUsed,
    /// In words.
    #[schema(value_type = String)]
    pub message: Text,
    /// The sentence of the criteria language that was judged, as content has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub criterion: Option<Arc<str>>,
    /// What that sentence asks for, in plain English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub says: Option<Arc<str>>,
}

/// What the engine computed and a hold or review keeps back: stored beside the case, never shown, and used when review ends (CAS-08).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Computed {
    /// By line.
    pub drugs: Vec<ComputedDrug>,
    /// The Pathway match as it is without the state of review.
    pub pathway: Pathway,
    /// Awards should the case be approved as the engine computed.
    pub awards: Awards,
    /// Awards should a physician find the order on its Pathway.
    pub awards_on_pathway: Awards,
}

/// One drug as the engine computed it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComputedDrug {
    /// Line.
    pub line: u32,
    /// Status for the drug alone; never a denial.
    pub status: DrugStatus,
    /// Visits in the range.
    pub visits: Option<u32>,
    /// Billing units in the range.
    pub units: Option<u64>,
    /// Billing units of the largest visit.
    #[serde(default)]
    pub units_per_visit: Option<u64>,
    /// True where a reviewer set visits and units.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub set_by_reviewer: bool,
    /// What the engine counted, where a reviewer set visits and units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<Counted>,
    /// First day of the range.
    pub valid_from: NaiveDate,
    /// Last day of the range.
    pub valid_through: NaiveDate,
}

/// Visits and billing units that an order takes, as far as the engine could count them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Treatment days.
    pub visits: Option<u32>,
    /// Billing units.
    pub units: Option<u64>,
    /// Billing units of the largest day.
    pub units_per_visit: Option<u64>,
}

/// S-codes, or why there are none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awards {
    /// Awards.
    pub s_codes: Vec<SCode>,
    /// Why none, or not all.
    pub withheld: Option<SCodesWithheld>,
}

/// A letter of this case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LetterReference {
    /// Identifies the letter.
    pub letter_id: Uuid,
    /// What it says.
    pub kind: LetterKind,
    /// Whom it is written to.
    pub to: Addressee,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// True where the plan's file has no postal address for the member: somebody has to address it before it is sent.
    #[serde(default, skip_serializing_if = "is_false")]
    pub needs_address: bool,
}
