//! Which case an attachment is for: by the payer's number of it, or by the number under which something was asked for; always with its member.

use super::answer::{Known, read_case};
use super::element::{extension, text};
use super::outcome::{Failure, Issue};
use super::read::attachments::{Number, Sent};
use super::read::bundle::Bundle;
use super::read::claim::Claim;
use super::urls;
use super::write::{Context, bundle};
use crate::app::orders::{self, Filter};
use crate::app::sent_requests;
use crate::app::{App, Caller, Error};
use crate::domain::content::SystemCode;
use crate::domain::order::OrderRequest;
use crate::domain::vocabulary::CaseStatus;
use axum::http::StatusCode;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Cases of a member that are looked through, the newest first.
const LOOKED_AT: usize = 50;
/// Characters of a case's id.
const ID: usize = 36;

/// The case, and by which addresses its patient is named.
#[derive(Debug)]
pub struct Found {
    /// The case.
    pub case_id: Uuid,
    /// Addresses of the patient.
    pub patient: Vec<String>,
    /// The order as it is on file.
    pub request: OrderRequest,
}

/// Finds the case, where the caller may know of it and it is the member's.
pub async fn find(app: &App, caller: &Caller, sent: &Sent<'_>, context: Context<'_>) -> Result<Found, Failure> {
    let case_id = match &sent.reference {
        Some(reference) => by_reference(app, caller, sent, reference).await?,
        None => by_number(app, caller, &sent.member_id, &sent.tracking, context).await?,
    };
    let known = Known::load(app, caller, case_id.ok_or_else(unknown)?, context).await.map_err(hidden)?;
    let member = &known.case.request.member;
    let is_member = member.member_id.as_deref() == Some(sent.member_id.as_str());
    let plan = member.health_plan.as_deref();
    let payer = |Number { system, value }: &Number| {
        let code = SystemCode { system: system.clone(), code: value.clone() };
        context.content.code_tables.payers.get(&code).is_none_or(|named| Some(named.as_str()) == plan)
    };
    if !is_member || !sent.payer.as_ref().is_none_or(payer) {
        return Err(unknown());
    }
    Ok(Found { case_id: known.case.case_id, patient: patient_of(&known, context), request: known.case.request })
}

/// One text whatever does not agree: nobody learns what is on file.
fn unknown() -> Failure {
    let text = "there is no request of this member with this number: TrackingId is the identifier of the CommunicationRequest, AdminRefNumber \
                the administrative reference number of the answer";
    Failure::new(StatusCode::NOT_FOUND, vec![Issue::new("not-found", text)])
}

fn hidden(failure: Failure) -> Failure {
    if failure.is_not_found() { unknown() } else { failure }
}

async fn by_reference(app: &App, caller: &Caller, sent: &Sent<'_>, reference: &str) -> Result<Option<Uuid>, Failure> {
    if let Ok(case_id) = reference.parse() {
        return Ok(Some(case_id));
    }
    let filter =
        Filter { member_id: Some(sent.member_id.clone()), case_number: Some(reference.to_uppercase()), ..Filter::default() };
    let seen = orders::list(app, caller, &filter, None, 1).await?;
    Ok(seen.first().map(|seen| seen.case_id))
}

/// The one case of a member by which something was asked for under this number: its own id, with a line or without, the number of an item, or
/// that of its request. Whoever asks may not know of it.
pub async fn by_number(
    app: &App,
    caller: &Caller,
    member_id: &str,
    Number { system, value }: &Number,
    context: Context<'_>,
) -> Result<Option<Uuid>, Failure> {
    if let Some(case_id) = value.get(..ID).and_then(|id| id.parse().ok())
        && value.get(ID..).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    {
        return Ok(Some(case_id));
    }
    let filter = Filter { member_id: Some(member_id.to_owned()), ..Filter::default() };
    let (mut pended, mut decided) = (BTreeSet::new(), BTreeSet::new());
    for seen in orders::list(app, caller, &filter, None, LOOKED_AT).await? {
        let case = read_case(&seen.body)?;
        let known = Known::load(app, caller, case.case_id, context).await?;
        if traces(&known).contains(value) {
            let found = if case.status == CaseStatus::InProgress { &mut pended } else { &mut decided };
            found.insert(case.case_id);
        }
    }
    // what comes again may be for one that was decided by then
    let mut found = if pended.is_empty() { decided } else { pended };
    if found.len() > 1 {
        return Err(Error::conflict("several requests of the member have this number: send AdminRefNumber, too").into());
    }
    match found.pop_first() {
        Some(case_id) => Ok(Some(case_id)),
        None if system.is_empty() => Ok(None),
        None => Ok(sent_requests::case_of(app, caller, system, value).await?),
    }
}

/// The numbers of the items, by which they are asked about.
fn traces(known: &Known) -> BTreeSet<String> {
    let mut issues = Vec::new();
    let claim = Bundle::read(&known.request, &mut issues);
    let Some(claim) = claim.as_ref().and_then(|bundle| Claim::read(bundle, &mut issues)) else { return BTreeSet::new() };
    let trace = |item| text(extension(item, urls::TRACE_NUMBER)?.get("valueIdentifier")?, "value").map(str::to_owned);
    claim.lines.iter().filter_map(|line| trace(line.item)).collect()
}

/// The addresses of the patient: as the request has it, and without what stands before it.
fn patient_of(known: &Known, context: Context<'_>) -> Vec<String> {
    let mut issues = Vec::new();
    let sent = Bundle::read(&known.request, &mut issues);
    let Some(claim) = sent.as_ref().and_then(|bundle| Claim::read(bundle, &mut issues)) else { return Vec::new() };
    let url = bundle::full_url(claim.patient, context);
    let relative = text(claim.patient.resource, "id").map(|id| format!("Patient/{id}"));
    std::iter::once(url).chain(relative).collect()
}
