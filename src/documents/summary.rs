//! The order summary (VER-01): the case as its practice needs it, with every code also in words. JSON shows it as it is; HTML and PDF
//! set [`Summary::document`].

use super::blocks::Document;
use super::disease::{self, DiagnosisInWords, DiseaseItem};
use super::words;
use super::{letter_denial, summary_blocks, summary_text};
use crate::domain::case::{Case, Contact, Deviation, LetterReference, Notice, Pathway, Review, SCode};
use crate::domain::content::{Content, Program};
use crate::domain::line::{CaseDrug, CaseLine, CaseProcedure};
use crate::domain::order::{self, Clinical, MemberIdentity, OrderRequest, OrderingProvider, ServicingProvider};
use crate::domain::vocabulary::{CaseStatus, SCodesWithheld, Service, Urgency};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// An order summary.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Summary {
    /// The case.
    pub case_id: Uuid,
    /// The same to read out.
    pub case_number: Option<String>,
    /// The number that authorizes; null unless `completed`, `authorized` or `multiple_decisions_rendered` (DET-09).
    pub order_id: Option<String>,
    /// Set when the regimen is on a Pathway.
    pub pathway_eligible_id: Option<String>,
    /// What can be done about a denial; empty where nothing is denied.
    pub next_steps: Vec<String>,
    /// Status of the case.
    pub status: CaseStatus,
    /// Its name for people.
    pub status_text: String,
    /// What it means.
    pub status_meaning: String,
    /// Why, where the status alone does not say.
    pub status_reason: Option<String>,
    /// Program that decided.
    pub program: String,
    /// Its name.
    pub program_name: String,
    /// Id of the health plan.
    pub health_plan: String,
    /// Its name.
    pub health_plan_name: String,
    /// Release of the content that decided (REG-08).
    pub content_release: String,
    /// What is ordered.
    pub service: Service,
    /// Clock in force.
    pub urgency: Urgency,
    /// When the order was received.
    pub submitted_at: DateTime<Utc>,
    /// When it was decided; null while in progress.
    pub decided_at: Option<DateTime<Utc>>,
    /// First day of treatment.
    pub date_of_service: Option<NaiveDate>,
    /// Who is treated.
    pub member: MemberIdentity,
    /// Who orders.
    pub ordering_provider: Option<OrderingProvider>,
    /// Who treats or dispenses.
    pub servicing_provider: Option<ServicingProvider>,
    /// CMS place of service, in words.
    pub place_of_service: Option<String>,
    /// Whom reviewers call at the practice.
    pub contact: Option<order::PracticeContact>,
    /// What is treated.
    pub diagnosis: Option<DiagnosisInWords>,
    /// Disease information in words, one entry for each answer that was entered.
    pub disease: Vec<DiseaseItem>,
    /// The same as entered.
    pub clinical: Clinical,
    /// One entry per line of a drug order; empty for radiation.
    pub drugs: Vec<DrugInSummary>,
    /// One entry per line of a radiation order; empty for drugs.
    pub procedures: Vec<ProcedureInSummary>,
    /// Billing units of all lines of a code together, as claims are held against them.
    pub units_by_code: Vec<UnitsOfCode>,
    /// Pathway match.
    pub pathway: PathwayInSummary,
    /// Where the entry differs from what was expected.
    pub deviations: Vec<Deviation>,
    /// Things the practice should know.
    pub notices: Vec<Notice>,
    /// Awards with their billing instructions; absent for servicing providers (SCD-10).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s_codes: Option<Vec<SCode>>,
    /// Why none, or not all, were awarded; absent for servicing providers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s_codes_withheld: Option<SCodesWithheld>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s_codes_withheld_text: Option<String>,
    /// What holds for every S-code (SCD-04, SCD-12).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s_codes_text: Option<String>,
    /// The state of review; null once decided.
    pub review: Option<ReviewInSummary>,
    /// What going without authorization means, where something is not authorized (PRG-16).
    pub without_authorization: Option<String>,
    /// Whom the practice asks.
    pub questions: Contact,
    /// Letters issued.
    pub letters: Vec<LetterReference>,
    #[serde(skip)]
    pub(super) time_zone: Tz,
}

/// A drug with its status in words.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DrugInSummary {
    /// The drug.
    #[serde(flatten)]
    pub drug: CaseDrug,
    /// Its status for people.
    pub status_text: String,
    /// Whom else to ask, in one line (DRG-03, DRG-04).
    pub contact_text: Option<String>,
}

/// A procedure with its status in words.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ProcedureInSummary {
    /// The procedure.
    #[serde(flatten)]
    pub procedure: CaseProcedure,
    /// Its status for people.
    pub status_text: String,
    /// Whom else to ask, in one line (DRG-03, DRG-04).
    pub contact_text: Option<String>,
}

/// Billing units approved of one HCPCS code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnitsOfCode {
    /// The code.
    pub hcpcs: String,
    /// Generic name.
    pub name: String,
    /// Its lines.
    pub lines: Vec<u32>,
    /// Billing unit, such as `10 mg`.
    pub billing_unit: Option<String>,
    /// Units of all its lines; null where those of a line are not counted.
    pub units_approved: Option<u64>,
}

/// A regimen among the options.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OptionInSummary {
    /// True for what was entered.
    pub entered: bool,
    /// The regimen; null where what was entered is none.
    pub regimen_id: Option<String>,
    /// Its name.
    pub regimen_name: String,
    /// Its Pathway, where it is one.
    pub pathway_id: Option<String>,
    /// What keeps what was entered off a Pathway.
    pub lacks: Vec<String>,
    /// Why it is offered, or what it lacks.
    pub reason: String,
}

/// The Pathway match in words.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PathwayInSummary {
    /// The match.
    #[serde(flatten)]
    pub pathway: Pathway,
    /// The determination for people.
    pub determination_text: String,
    /// What was entered with what it lacks, then the best three others; empty on a Pathway.
    pub options_shown: Vec<OptionInSummary>,
}

/// The state of review in words (DET-07, DET-08).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ReviewInSummary {
    /// The state.
    #[serde(flatten)]
    pub review: Review,
    /// The deadline with its zone.
    pub due_text: String,
    /// Where the peer-to-peer discussion stands.
    pub peer_to_peer_text: String,
}

impl Summary {
    /// The summary of a case, as far as its caller may see the case; a denial may be reconsidered until the day given.
    pub fn of(case: Case, content: &Content, program: &Program, reconsider_until: Option<NaiveDate>) -> Self {
        let is_denied_in_part = case.status == CaseStatus::NonAuthorized && !letter_denial::is_denied_as_a_whole(&case);
        let next_steps = summary_text::next_steps(&case, program, reconsider_until);
        let request: OrderRequest = case.request;
        let place = request.place_of_service.as_deref();
        Self {
            next_steps,
            status_text: words::case_status(case.status).to_owned(),
            status_meaning: match request.service {
                _ if is_denied_in_part => words::DENIED_IN_PART,
                Some(Service::RadiationOncology) => words::radiation_status_meaning(case.status),
                _ => words::case_status_meaning(case.status),
            }
            .to_owned(),
            s_codes_withheld_text: case.s_codes_withheld.map(|reason| words::withheld(reason, case.status).to_owned()),
            s_codes_text: summary_text::s_codes(case.s_codes.as_deref(), case.status, program),
            without_authorization: summary_text::without_authorization(case.status, program),
            review: case.review.map(|review| review_in_words(review, program.time_zone)),
            units_by_code: summary_text::units_by_code(&case.drugs),
            drugs: case.drugs.into_iter().map(drug_in_words).collect(),
            procedures: case.procedures.into_iter().map(procedure_in_words).collect(),
            pathway: PathwayInSummary {
                options_shown: summary_text::options(&case.pathway, &case.deviations, content),
                determination_text: words::pathway(case.pathway.determination).to_owned(),
                pathway: case.pathway,
            },
            place_of_service: place.map(|code| place_in_words(code, content)),
            diagnosis: disease::diagnosis(&request, content),
            disease: disease::items(&request, content),
            questions: summary_text::questions(program),
            program_name: program.name.clone(),
            health_plan: program.health_plan.clone(),
            health_plan_name: program.health_plan_name.clone(),
            service: request.service.unwrap_or(Service::MedicalOncology),
            date_of_service: request.date_of_service,
            member: request.member,
            ordering_provider: request.ordering_provider,
            servicing_provider: request.servicing_provider,
            contact: request.contact,
            clinical: request.clinical,
            case_id: case.case_id,
            case_number: case.case_number,
            order_id: case.order_id,
            pathway_eligible_id: case.pathway_eligible_id,
            status: case.status,
            status_reason: case.status_reason,
            program: case.program,
            content_release: case.content_release,
            urgency: case.urgency,
            submitted_at: case.submitted_at,
            decided_at: case.decided_at,
            deviations: case.deviations,
            notices: case.notices,
            s_codes: case.s_codes,
            s_codes_withheld: case.s_codes_withheld,
            letters: case.letters,
            time_zone: program.time_zone,
        }
    }

    /// The program's zone, in which its days and deadlines are told.
    pub const fn time_zone(&self) -> Tz {
        self.time_zone
    }

    /// The same for the eye.
    pub fn document(&self) -> Document {
        summary_blocks::document(self)
    }
}

fn drug_in_words(drug: CaseLine) -> DrugInSummary {
    let contact_text = drug.contact.as_ref().map(words::contact);
    DrugInSummary { status_text: words::drug_status(drug.status).to_owned(), contact_text, drug: drug.into() }
}

fn procedure_in_words(line: CaseLine) -> ProcedureInSummary {
    let contact_text = line.contact.as_ref().map(words::contact);
    let status_text = words::drug_status(line.status).to_owned();
    ProcedureInSummary { procedure: line.into(), status_text, contact_text }
}

fn review_in_words(review: Review, zone: Tz) -> ReviewInSummary {
    // the zone that the deadline was counted in, which is the program's
    let zone = review.time_zone.parse().unwrap_or(zone);
    ReviewInSummary {
        due_text: format!("{} ({zone})", words::instant(&review.due_at, &zone)),
        peer_to_peer_text: review.peer_to_peer.as_words().to_owned(),
        review,
    }
}

fn place_in_words(code: &str, content: &Content) -> String {
    content.places_of_service.get(code).map_or_else(|| code.to_owned(), |place| format!("{code} {}", place.name))
}
