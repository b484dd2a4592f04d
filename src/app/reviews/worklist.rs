//! The reviewers' worklist: cases in progress, most urgent first.

use super::change::queue_word;
use crate::app::orders::view;
use crate::app::{App, Caller, Result};
use crate::domain::case::{Case, Deviation, Notice, PeerToPeer, ReviewQueue};
use crate::domain::vocabulary::{DrugRole, DrugStatus, Hold, Urgency};
use crate::store;
pub use crate::store::worklist::Mark;
use crate::store::worklist::Waiting;
use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Which cases to list. What is not set does not matter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Whose work.
    pub queue: Option<ReviewQueue>,
    /// Past their deadline, or not.
    pub overdue: Option<bool>,
    /// Case number.
    pub case_number: Option<String>,
    /// Program.
    pub program: Option<String>,
    /// Urgency.
    pub urgency: Option<Urgency>,
    /// Taken by the caller, or not.
    pub mine: Option<bool>,
}

/// A case that waits for a reviewer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WorkItem {
    /// The case.
    pub case_id: Uuid,
    /// The same to read out.
    pub case_number: Option<String>,
    /// Its version, as in `ETag`.
    pub version: i32,
    /// Program.
    pub program: String,
    /// Clock in force.
    pub urgency: Urgency,
    /// Whose work it is.
    pub queue: ReviewQueue,
    /// When it was received.
    pub submitted_at: DateTime<Utc>,
    /// When the answer is due, with the program's offset (DET-07).
    pub due_at: DateTime<FixedOffset>,
    /// The program's time zone.
    pub time_zone: String,
    /// Seconds until then; negative once it has passed.
    pub time_left_seconds: i64,
    /// True once it has passed.
    pub overdue: bool,
    /// Who has taken it; null where nobody has.
    pub claimed_by: Option<ClaimedBy>,
    /// Why it is open.
    pub status_reason: Option<String>,
    /// What keeps the whole case (CAS-08).
    pub holds: Vec<Hold>,
    /// What the practice was asked for.
    pub asked_for: Vec<String>,
    /// State of the peer-to-peer discussion (DET-03).
    pub peer_to_peer: PeerToPeer,
    /// Clinical documents that arrived for this review (INF-07).
    pub attachments_received: u32,
    /// When the last of them did; null where none has.
    pub attachments_received_at: Option<DateTime<Utc>>,
    /// The patient.
    pub member: WorkMember,
    /// Diagnosis.
    pub icd10: Option<String>,
    /// Cancer type, as entered.
    pub cancer_type: Option<String>,
    /// The regimen that the order matches; null where it matches none.
    pub regimen_name: Option<String>,
    /// The drugs ordered; empty for radiation.
    pub drugs: Vec<WorkDrug>,
    /// The procedures of a radiation order; empty for drugs.
    pub procedures: Vec<WorkProcedure>,
    /// Where the entry differs from what was expected.
    pub deviations: Vec<Deviation>,
    /// Things to know, possible duplicates among them (DUP-01).
    pub notices: Vec<Notice>,
}

/// Who has taken a case.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ClaimedBy {
    /// The reviewer.
    pub subject: String,
    /// Since when.
    pub at: DateTime<Utc>,
    /// When it comes back unless they act again.
    pub expires_at: DateTime<Utc>,
}

/// The patient of a case.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WorkMember {
    /// Health plan.
    pub health_plan: Option<String>,
    /// Member ID.
    pub member_id: Option<String>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Date of birth.
    pub birth_date: Option<NaiveDate>,
}

/// A drug of a case.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WorkDrug {
    /// Line of the order.
    pub line: u32,
    /// HCPCS code.
    pub hcpcs: Option<String>,
    /// Generic name.
    pub name: String,
    /// Role.
    pub role: DrugRole,
    /// Status.
    pub status: DrugStatus,
    /// Dose, route and schedule in words.
    pub dosing: String,
}

/// A procedure of a case.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WorkProcedure {
    /// Line of the order.
    pub line: u32,
    /// Code.
    pub code: Option<String>,
    /// Own words for it.
    pub name: String,
    /// Role.
    pub role: DrugRole,
    /// Status.
    pub status: DrugStatus,
    /// Units asked for, or counted.
    pub units: Option<u32>,
}

/// Up to `limit` cases after this due time and id.
pub async fn list(
    app: &App,
    caller: &Caller,
    filter: &Filter,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: u32,
) -> Result<Vec<WorkItem>> {
    let now = app.clock.now();
    let filter = store::worklist::Filter {
        queue: filter.queue.map(queue_word),
        due_before: filter.overdue.map(|overdue| (now, overdue)),
        case_number: filter.case_number.clone(),
        program: filter.program.clone(),
        urgency: filter.urgency.map(Urgency::as_str),
        claimed_by: filter.mine.map(|mine| (caller.subject.clone(), mine)),
    };
    let mut conn = app.pool.acquire().await?;
    let waiting = store::worklist::list(&mut conn, &filter, now, after, i64::from(limit) + 1).await?;
    for (_, shown) in (0..limit).zip(&waiting) {
        caller.accessed.case(shown.case_id);
    }
    waiting.into_iter().map(|one| item(one, now)).collect()
}

/// Every case that waits, most urgent first, without anything about its member: to count, and to see whether anything changed.
pub async fn marks(app: &App) -> Result<Vec<Mark>> {
    let mut conn = app.pool.acquire().await?;
    Ok(store::worklist::marks(&mut conn, app.clock.now()).await?)
}

fn item(waiting: Waiting, now: DateTime<Utc>) -> Result<WorkItem> {
    let case: Case = view::read_back(&waiting.document)?;
    let review = case.review;
    let queue = if waiting.review_queue == "physician" { ReviewQueue::Physician } else { ReviewQueue::Nurse };
    let claimed = waiting.claimed_by.zip(waiting.claimed_at).zip(waiting.expires_at);
    let member = case.request.member;
    Ok(WorkItem {
        case_id: waiting.case_id,
        case_number: case.case_number,
        version: waiting.version,
        program: case.program,
        urgency: case.urgency,
        queue,
        submitted_at: case.submitted_at,
        due_at: review.as_ref().map_or_else(|| waiting.due_at.fixed_offset(), |review| review.due_at),
        time_zone: review.as_ref().map(|review| review.time_zone.clone()).unwrap_or_default(),
        time_left_seconds: (waiting.due_at - now).num_seconds(),
        overdue: waiting.due_at < now || review.as_ref().is_some_and(|review| review.overdue),
        claimed_by: claimed.map(|((subject, at), expires_at)| ClaimedBy { subject, at, expires_at }),
        status_reason: case.status_reason,
        holds: review.as_ref().map(|review| review.holds.clone()).unwrap_or_default(),
        asked_for: review.as_ref().map(|review| review.asked_for.clone()).unwrap_or_default(),
        peer_to_peer: review.as_ref().map_or(PeerToPeer::NotOffered, |review| review.peer_to_peer),
        attachments_received: review.as_ref().map_or(0, |review| review.attachments_received),
        attachments_received_at: review.as_ref().and_then(|review| review.attachments_received_at),
        member: WorkMember {
            health_plan: member.health_plan,
            member_id: member.member_id,
            first_name: member.first_name,
            last_name: member.last_name,
            birth_date: member.birth_date,
        },
        icd10: case.request.diagnosis.and_then(|diagnosis| diagnosis.icd10),
        cancer_type: case.request.clinical.cancer_type.known().cloned(),
        regimen_name: case.pathway.regimen_name,
        drugs: case
            .drugs
            .into_iter()
            .map(|drug| WorkDrug {
                dosing: drug.asked_in_words().into_owned(),
                line: drug.line,
                hcpcs: drug.hcpcs,
                name: drug.name,
                role: drug.role,
                status: drug.status,
            })
            .collect(),
        procedures: case
            .procedures
            .into_iter()
            .map(|line| WorkProcedure {
                units: line.units(),
                line: line.line,
                code: line.hcpcs,
                name: line.name,
                role: line.role,
                status: line.status,
            })
            .collect(),
        deviations: case.deviations,
        notices: case.notices,
    })
}
