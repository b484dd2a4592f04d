//! An item of a feed: what happened, and how the case stood afterwards, as far as a plan's claims system needs it.

use crate::app::Result;
use crate::app::audience::Audience;
use crate::app::orders::view;
use crate::domain::case::{Case, SCode};
use crate::domain::line::CaseLine;
use crate::domain::vocabulary::{CaseStatus, DrugRole, DrugStatus, PathwayDetermination, SCodesWithheld, Urgency};
use crate::store::feeds::FeedEvent;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The kind of an event that is the review desk's own.
const NOTED: &str = "noted";

/// Something that happened to a case of the plan, and how the case stood afterwards.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FeedItem {
    /// The event's id: the same however often and by whichever way it comes, and the cursor behind it.
    pub event_id: Uuid,
    /// Its place in the plan's feed: 1, 2, 3, … without gaps.
    pub position: i64,
    /// The case.
    pub case_id: Uuid,
    /// The same to read out.
    pub case_number: Option<String>,
    /// The event's place in the history of its case: 1, 2, 3, …
    pub seq: i32,
    /// What happened, such as `submitted`: the words of the case's history. `noted` is what the review desk does among itself.
    pub kind: String,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Why, where somebody said so.
    pub reason: Option<String>,
    /// Particulars of this kind of event, as in the case's history.
    #[schema(value_type = Option<Object>)]
    pub detail: Option<serde_json::Value>,
    /// Health plan.
    pub health_plan: String,
    /// Program that decided.
    pub program: String,
    /// The member's number on the plan's file.
    pub member_id: String,
    /// Status of the case after the event.
    pub status: CaseStatus,
    /// Why, where the status alone does not say.
    pub status_reason: Option<String>,
    /// The number that authorizes.
    pub order_id: Option<String>,
    /// Set when the regimen is on a Pathway.
    pub pathway_eligible_id: Option<String>,
    /// The Pathway match.
    pub pathway_determination: PathwayDetermination,
    /// The Pathway, when on one.
    pub pathway_id: Option<String>,
    /// Clock in force.
    pub urgency: Urgency,
    /// When the order was received.
    pub submitted_at: DateTime<Utc>,
    /// When it was decided; null while in progress.
    pub decided_at: Option<DateTime<Utc>>,
    /// NPI of the ordering provider.
    pub ordering_npi: Option<String>,
    /// NPI of the servicing provider.
    pub servicing_npi: Option<String>,
    /// One entry per line of a drug order; empty for radiation.
    pub drugs: Vec<FeedDrug>,
    /// One entry per line of a radiation order; empty for drugs.
    pub procedures: Vec<FeedProcedure>,
    /// S-codes awarded.
    pub s_codes: Vec<SCode>,
    /// Why none, or not all, were awarded.
    pub s_codes_withheld: Option<SCodesWithheld>,
}

/// One drug, as claims are matched with it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FeedDrug {
    /// Line of the order.
    pub line: u32,
    /// HCPCS code, where there is one.
    pub hcpcs: Option<String>,
    /// Generic name.
    pub name: String,
    /// Role according to content.
    pub role: DrugRole,
    /// Status.
    pub status: DrugStatus,
    /// The Order ID under which it may be given and billed.
    pub order_id: Option<String>,
    /// Distinct treatment days in the valid range.
    pub visits_approved: Option<u32>,
    /// Billing units of the largest of these days.
    pub units_per_visit: Option<u64>,
    /// Billing unit of the code, such as `10 mg`.
    pub billing_unit: Option<String>,
    /// Billing units in the valid range.
    pub units_approved: Option<u64>,
    /// First day.
    pub valid_from: Option<NaiveDate>,
    /// Last day.
    pub valid_through: Option<NaiveDate>,
}

/// One procedure, as claims are matched with it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FeedProcedure {
    /// Line of the order.
    pub line: u32,
    /// Code.
    pub code: Option<String>,
    /// Own words for it.
    pub name: String,
    /// Role according to content.
    pub role: DrugRole,
    /// Status.
    pub status: DrugStatus,
    /// The Order ID under which it may be given and billed.
    pub order_id: Option<String>,
    /// Units asked for, or counted.
    pub units: Option<u32>,
    /// Units authorized in the valid range.
    pub units_approved: Option<u64>,
    /// Units that one day may have.
    pub units_per_visit: Option<u64>,
    /// Treatment days in the valid range.
    pub visits_approved: Option<u32>,
    /// First day.
    pub valid_from: Option<NaiveDate>,
    /// Last day.
    pub valid_through: Option<NaiveDate>,
}

impl From<CaseLine> for FeedProcedure {
    fn from(line: CaseLine) -> Self {
        Self {
            units: line.units(),
            line: line.line,
            code: line.hcpcs,
            name: line.name,
            role: line.role,
            status: line.status,
            order_id: line.order_id,
            units_approved: line.units_approved,
            units_per_visit: line.units_per_visit,
            visits_approved: line.visits_approved,
            valid_from: line.valid_from,
            valid_through: line.valid_through,
        }
    }
}

impl FeedItem {
    /// The item of an event.
    pub(in crate::app) fn of(event: FeedEvent) -> Result<Self> {
        let case: Case = view::read_back(&event.document)?;
        // a position has its item: of what does not exist for the plan, it learns that something was noted
        let told = Audience::Plan.told(&event.kind, event.reason, event.detail);
        let kind = if told.is_some() { event.kind } else { NOTED.to_owned() };
        let (reason, detail) = told.unwrap_or_default();
        Ok(Self {
            event_id: event.event_id,
            position: event.position,
            case_id: case.case_id,
            case_number: case.case_number,
            seq: event.seq,
            kind,
            at: event.at,
            reason,
            detail,
            health_plan: event.health_plan,
            program: case.program,
            member_id: event.member_id,
            status: case.status,
            status_reason: case.status_reason,
            order_id: case.order_id,
            pathway_eligible_id: case.pathway_eligible_id,
            pathway_determination: case.pathway.determination,
            pathway_id: case.pathway.pathway_id,
            urgency: case.urgency,
            submitted_at: case.submitted_at,
            decided_at: case.decided_at,
            ordering_npi: case.request.ordering_provider.and_then(|provider| provider.npi),
            servicing_npi: case.request.servicing_provider.and_then(|provider| provider.npi),
            drugs: case.drugs.into_iter().map(FeedDrug::from).collect(),
            procedures: case.procedures.into_iter().map(FeedProcedure::from).collect(),
            s_codes: case.s_codes.unwrap_or_default(),
            s_codes_withheld: case.s_codes_withheld,
        })
    }
}

impl From<CaseLine> for FeedDrug {
    fn from(drug: CaseLine) -> Self {
        Self {
            billing_unit: drug.billing_unit().map(str::to_owned),
            line: drug.line,
            hcpcs: drug.hcpcs,
            name: drug.name,
            role: drug.role,
            status: drug.status,
            order_id: drug.order_id,
            visits_approved: drug.visits_approved,
            units_per_visit: drug.units_per_visit,
            units_approved: drug.units_approved,
            valid_from: drug.valid_from,
            valid_through: drug.valid_through,
        }
    }
}
