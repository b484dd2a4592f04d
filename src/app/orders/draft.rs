//! From a decision to the case that is answered and the rows that are stored.

use super::patient_names;
use crate::app::{Caller, visibility};
use crate::domain::case::{Case, Computed, MemberOnFile, PeerToPeer, Review, ReviewQueue};
use crate::domain::content::Content;
use crate::domain::line::CaseLine;
use crate::domain::order::OrderRequest;
use crate::domain::order_id::Numbered;
use crate::domain::roster::MemberRow;
use crate::domain::vocabulary::{CallerRole, CaseStatus, Channel, DrugRole, DrugStatus, PathwayDetermination, Service};
use crate::ids::Ids;
use crate::rules::radiation::course_words;
use crate::rules::review::is_withdrawn;
use crate::rules::{Decision, Facts};
use crate::store::cases::{AwardColumns, LineColumns, NewCase};
use crate::store::letters::LetterColumns;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

/// A case before it is stored.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The answer.
    pub case: Case,
    /// What the engine computed and review keeps back.
    pub computed: Computed,
    member: MemberRow,
    person: String,
    channel: Channel,
    valid_from: NaiveDate,
    valid_through: NaiveDate,
    ordering_npi: String,
    servicing_npi: Option<String>,
    visible_to: Vec<String>,
    patient_names: Vec<String>,
    /// Ingredients of the treatment drugs that are still asked for (DUP-01).
    pub treatment_ingredients: Vec<String>,
    may_end: Vec<Uuid>,
}

impl Draft {
    /// A case without numbers.
    pub fn new(case_id: Uuid, decision: Decision, facts: &Facts<'_>, caller: &Caller, now: DateTime<Utc>) -> Self {
        let ordering = facts.ordering_provider.row();
        let servicing = facts.servicing_provider.row();
        let mut visible_to = ordering.map(|row| visibility::ordering_parties(&row.tax_ids)).unwrap_or_default();
        visible_to.extend(servicing.map(|row| visibility::servicing_parties(&row.tax_ids)).unwrap_or_default());
        if caller.role == CallerRole::ServicingProvider {
            visible_to.push(visibility::submitter_party(&caller.subject));
        }
        let entered_npi = facts.order.servicing_provider.as_ref().and_then(|provider| provider.npi.clone());
        Self {
            computed: decision.computed.clone(),
            channel: channel(facts.order, caller),
            valid_from: decision.valid_from,
            valid_through: decision.valid_through,
            ordering_npi: ordering.map(|row| row.npi.clone()).unwrap_or_default(),
            servicing_npi: servicing.map(|row| row.npi.clone()).or(entered_npi),
            visible_to,
            patient_names: patient_names::beginnings(&decision.member.first_name, &decision.member.last_name),
            treatment_ingredients: decision.treatment_ingredients.clone(),
            may_end: may_end(&decision, facts),
            person: decision.member.person().to_string(),
            member: decision.member.clone(),
            case: case(case_id, decision, facts, now),
        }
    }

    /// Cases whose Pathway this one may have ended.
    pub fn may_end(&self) -> &[Uuid] {
        &self.may_end
    }

    /// The member's id on the plan's file.
    pub fn member_id(&self) -> &str {
        &self.member.member_id
    }

    /// Health plan.
    pub fn health_plan(&self) -> &str {
        self.case.request.member.health_plan.as_deref().unwrap_or_default()
    }

    /// The rows to store, with the answer as it was written out.
    pub fn rows<'a>(&'a self, caller: &'a Caller, document: &'a str, computed: &'a str) -> NewCase<'a> {
        let case = &self.case;
        let computed_of = |line: u32| self.computed.drugs.iter().find(|of_engine| of_engine.line == line);
        let computed_statuses: Vec<DrugStatus> =
            case.lines().iter().map(|drug| computed_of(drug.line).map_or(drug.status, |of_engine| of_engine.status)).collect();
        NewCase {
            case_id: case.case_id,
            case_number: case.case_number.as_deref().unwrap_or_default(),
            health_plan: self.health_plan(),
            program: &case.program,
            member_id: &self.member.member_id,
            person: &self.person,
            service: case.request.service.unwrap_or(Service::MedicalOncology).as_str(),
            status: case.status.as_str(),
            order_id: case.order_id.as_deref(),
            pathway_eligible_id: case.pathway_eligible_id.as_deref(),
            pathway_id: case.pathway.pathway_id.as_deref(),
            content_release: &case.content_release,
            urgency: case.urgency.as_str(),
            channel: self.channel.as_str(),
            submitted_at: case.submitted_at,
            decided_at: case.decided_at,
            due_at: case.review.as_ref().map(|review| review.due_at.to_utc()),
            valid_from: self.valid_from,
            valid_through: self.valid_through,
            ordering_npi: &self.ordering_npi,
            servicing_npi: self.servicing_npi.as_deref(),
            submitted_by: &caller.subject,
            submitted_as: caller.role.as_str(),
            visible_to: &self.visible_to,
            patient_names: &self.patient_names,
            treatment_ingredients: &self.treatment_ingredients,
            lines: line_columns(case, &computed_statuses),
            awards: award_columns(case),
            may_end: &self.may_end,
            letters: LetterColumns::of(&case.letters),
            document,
            computed,
            sent: None,
        }
    }
}

/// Cases that hold an award for another Pathway: an approved treatment may be the change that ends it (SCD-13).
fn may_end(decision: &Decision, facts: &Facts<'_>) -> Vec<Uuid> {
    if !decision.status.has_order_id() || decision.treatment_ingredients.is_empty() {
        return Vec::new();
    }
    let of_another = |awarded: &Option<String>| awarded.is_some() && *awarded != decision.pathway.pathway_id;
    facts.related_cases.iter().filter(|case| of_another(&case.awarded_pathway)).map(|case| case.case_id).collect()
}

/// The treatment ingredients of the lines that are still asked for: what was withdrawn is no treatment of the case any more (DUP-01).
pub fn remaining_ingredients(case: &Case, content: &Content) -> Vec<String> {
    let treats = |drug: &&CaseLine| drug.role == DrugRole::Treatment && !is_withdrawn(drug.status);
    if case.request.service == Some(Service::RadiationOncology) {
        // a course is filed under its site while some of it is asked for
        return if case.lines().iter().any(|line| treats(&line)) { course_words(&case.request, content) } else { Vec::new() };
    }
    let ingredients = |drug: &CaseLine| {
        let by_code = drug.hcpcs.as_ref().and_then(|code| content.drugs.by_code(code)).map(|(known, _)| known);
        let known = by_code.filter(|known| known.generic == drug.name).or_else(|| content.drugs.by_name(&drug.name));
        known.map_or_else(|| vec![drug.name.clone()], |known| known.ingredients.clone())
    };
    let mut found: Vec<String> = case.lines().iter().filter(treats).flat_map(ingredients).collect();
    found.sort();
    found.dedup();
    found
}

/// Draws the numbers that an approved case lacks: the Order ID, also on every drug that may be given under it (VER-01, VER-02), and
/// the Pathway Eligible ID where the order follows a Pathway (SCD-01).
pub fn number(case: &mut Case, ids: Ids) {
    if !case.status.has_order_id() {
        return;
    }
    let order_id = case.order_id.get_or_insert_with(|| ids.readable(Numbered::Order, case.case_id).to_string()).clone();
    for drug in case.lines_mut() {
        drug.order_id = drug.may_be_given().then(|| order_id.clone());
    }
    let follows = case.pathway.determination == PathwayDetermination::OnPathway && case.pathway.pathway_id.is_some();
    if follows && case.pathway_eligible_id.is_none() {
        case.pathway_eligible_id = Some(ids.readable(Numbered::PathwayEligible, case.case_id).to_string());
    }
}

fn case(case_id: Uuid, decision: Decision, facts: &Facts<'_>, now: DateTime<Utc>) -> Case {
    let review = review(&decision, now);
    let lines: Vec<CaseLine> = decision.drugs.into_iter().map(|decided| decided.drug).collect();
    let (drugs, procedures) = match facts.order.service {
        Some(Service::RadiationOncology) => (Vec::new(), lines),
        _ => (lines, Vec::new()),
    };
    Case {
        case_id,
        case_number: None,
        order_id: None,
        pathway_eligible_id: None,
        status: decision.status,
        status_reason: decision.status_reason,
        program: decision.program,
        content_release: decision.content_release,
        submitted_at: facts.received_at,
        decided_at: decision.decided_at,
        urgency: facts.order.urgency(),
        drugs,
        procedures,
        pathway: decision.pathway,
        deviations: decision.deviations,
        notices: decision.notices,
        s_codes: Some(decision.s_codes),
        s_codes_withheld: decision.s_codes_withheld,
        review,
        findings: decision.findings,
        member_on_file: Some(MemberOnFile::of(&decision.member)),
        letters: Vec::new(),
        request: facts.order.clone(),
    }
}

fn review(decision: &Decision, now: DateTime<Utc>) -> Option<Review> {
    let due_at = decision.due_at.filter(|_| decision.status == CaseStatus::InProgress)?;
    Some(Review {
        queue: ReviewQueue::Nurse,
        due_at,
        time_zone: decision.time_zone.name().to_owned(),
        overdue: due_at < now,
        holds: decision.holds.clone(),
        asked_for: decision.asked_for.clone(),
        peer_to_peer: PeerToPeer::NotOffered,
        attachments_received: 0,
        attachments_received_at: None,
    })
}

/// The channel where the order leaves it out: a practice uses the portal, intake the phone (SUB-07).
fn channel(order: &OrderRequest, caller: &Caller) -> Channel {
    order.channel.unwrap_or(if caller.role == CallerRole::Intake { Channel::Phone } else { Channel::Portal })
}

/// The lines of a case as rows.
pub fn line_columns<'a>(case: &'a Case, computed: &[DrugStatus]) -> LineColumns<'a> {
    let lines = case.lines();
    LineColumns {
        // the schema bounds all of these far below the largest value
        line: lines.iter().map(|line| i32::try_from(line.line).unwrap_or(i32::MAX)).collect(),
        code: lines.iter().map(|line| line.hcpcs.as_deref()).collect(),
        name: lines.iter().map(|line| line.name.as_str()).collect(),
        role: lines.iter().map(|line| line.role.as_str()).collect(),
        status: lines.iter().map(|line| line.status.as_str()).collect(),
        computed_status: computed.iter().map(|status| status.as_str()).collect(),
        units_approved: lines
            .iter()
            .map(|line| line.units_approved.map(|units| i64::try_from(units).unwrap_or(i64::MAX)))
            .collect(),
        visits_approved: lines
            .iter()
            .map(|line| line.visits_approved.map(|visits| i32::try_from(visits).unwrap_or(i32::MAX)))
            .collect(),
        valid_from: lines.iter().map(|line| line.valid_from).collect(),
        valid_through: lines.iter().map(|line| line.valid_through).collect(),
    }
}

/// The awards of a case as rows.
pub fn award_columns(case: &Case) -> AwardColumns<'_> {
    let awards = case.s_codes.as_deref().unwrap_or_default();
    AwardColumns {
        code: awards.iter().map(|award| award.code.as_str()).collect(),
        times: awards.iter().map(|award| i32::try_from(award.times).unwrap_or(i32::MAX)).collect(),
        billable_from: awards.iter().map(|award| award.billable_from).collect(),
        billable_through: awards.iter().map(|award| award.billable_through).collect(),
    }
}
