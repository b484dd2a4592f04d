//! Whether a request is taken as an order at all: complete, about a known member in the program, from somebody who may send it, in
//! time and by an open channel. Everything refused here stores nothing.

use super::calendar::{business_days_after, local_day};
use super::eligibility::{self, Eligibility, Question};
use super::facts::{Facts, KnownProvider, RelatedCase};
use super::history::case_of;
use super::{agreement, drafting, identity, intake, radiation};
use crate::domain::case::{Contact, Notice};
use crate::domain::content::{Content, HolidayCalendar, Program, RequiredItem};
use crate::domain::names::{same_given_name, same_surname};
use crate::domain::order::OrderRequest;
use crate::domain::refusal::{Fault, Refusal};
use crate::domain::roster::{MemberRow, ProviderKind, ProviderRow};
use crate::domain::vocabulary::{CallerRole, Channel, NoticeCode, Service, Urgency};
use chrono::NaiveDate;
use std::sync::Arc;

/// A request that was taken.
#[derive(Debug)]
pub struct Admitted<'a> {
    /// Program that decides.
    pub program: &'a Arc<Program>,
    /// Coverage on the date of service.
    pub coverage: MemberRow,
    /// Last day on which the program covers the member, renewals included; none while it runs on (SAFE-14).
    pub covered_through: Option<NaiveDate>,
    /// The ordering provider.
    pub ordering_provider: &'a ProviderRow,
    /// Date of service.
    pub date_of_service: NaiveDate,
    /// Service.
    pub service: Service,
    /// The order that a supportive-only order cites.
    pub referenced: Option<&'a RelatedCase>,
    /// Notices of intake.
    pub notices: Vec<Notice>,
}

/// Takes or refuses a request.
///
/// # Errors
/// The refusal to answer with.
pub fn admit<'a>(facts: &'a Facts<'_>, content: &'a Content) -> Result<Admitted<'a>, Refusal> {
    let program = program(facts.order, content)?;
    complete(facts.order, program, content, local_day(facts.received_at, program.time_zone))?;
    admit_to(program, facts, content)
}

/// The program of a draft, with the required items that it lacks; what is wrong with those that it has is a refusal.
pub(super) fn of_draft<'a>(facts: &Facts<'_>, content: &'a Content) -> Result<(&'a Arc<Program>, Vec<Fault>), Refusal> {
    let program = program(facts.order, content)?;
    let faults = intake::faults(facts.order, content, local_day(facts.received_at, program.time_zone));
    if !faults.is_empty() {
        return Err(Refusal::Validation(faults));
    }
    let of_another = of_another_service(facts.order, program);
    if of_another.is_empty() { Ok((program, missing(facts.order, program))) } else { Err(Refusal::NotOfThisService(of_another)) }
}

/// Takes or refuses a request that has all that this program requires, or is a draft of one.
pub(super) fn admit_to<'a>(
    program: &'a Arc<Program>,
    facts: &'a Facts<'_>,
    content: &'a Content,
) -> Result<Admitted<'a>, Refusal> {
    let order = facts.order;
    let (Some(service), Some(date_of_service)) = (order.service, order.date_of_service) else {
        return Err(Refusal::MissingRequired(Vec::new()));
    };
    if !program.submitters.contains(&facts.submitter.role) {
        let detail = format!("{} does not take requests from the role {} (SUB-08)", program.name, facts.submitter.role);
        return Err(Refusal::NotPermitted { detail });
    }
    let (coverage, covered_through) = taken(program, facts, content, (service, date_of_service))?;
    let ordering_provider = ordering_provider(facts, program)?;
    may_act_for(facts, ordering_provider)?;
    let channel = channel(facts, program)?;
    let mut notices = Vec::new();
    in_time(facts, date_of_service, program, content, &mut notices)?;
    let referenced = referenced(facts)?;
    continued(facts)?;
    intake_notices(facts, program, ordering_provider, channel, &mut notices);
    notices.extend(agreement::not_billable(order, content));
    Ok(Admitted { program, coverage, covered_through, ordering_provider, date_of_service, service, referenced, notices })
}

/// The coverage by which the program takes the member on a day, and the last day of it.
fn taken(
    program: &Program,
    facts: &Facts<'_>,
    content: &Content,
    (service, date_of_service): (Service, NaiveDate),
) -> Result<(MemberRow, Option<NaiveDate>), Refusal> {
    let order = facts.order;
    let spans = identity::verify(&order.member, &facts.member, date_of_service)?;
    let question = Question {
        health_plan: &program.health_plan,
        member: &spans,
        service,
        setting: order.setting(),
        date_of_service,
        icd10: order.diagnosis.as_ref().and_then(|diagnosis| diagnosis.icd10.as_deref()),
        received_at: facts.received_at,
    };
    match eligibility::check(&question, content)? {
        Eligibility::Eligible { coverage, covered_through, .. } => Ok((*coverage, covered_through)),
        Eligibility::Ineligible(ineligible) => Err(Refusal::NotEligible(ineligible)),
    }
}

/// The program that takes the member of a request for its service, day and diagnosis, and the coverage, whoever orders and whatever else is
/// ordered.
pub(super) fn eligible<'a>(facts: &Facts<'_>, content: &'a Content) -> Result<(&'a Arc<Program>, MemberRow), Refusal> {
    let order = facts.order;
    let (program, missing) = of_draft(facts, content)?;
    let decides =
        |fault: &Fault| drafting::WHO_AND_WHEN.contains(&fault.pointer.as_str()) || fault.pointer == drafting::DIAGNOSIS;
    let missing: Vec<Fault> = missing.into_iter().filter(decides).collect();
    match (order.service, order.date_of_service) {
        (Some(service), Some(day)) if missing.is_empty() => {
            taken(program, facts, content, (service, day)).map(|(coverage, _)| (program, coverage))
        }
        _ => Err(Refusal::MissingRequired(missing)),
    }
}

impl Admitted<'_> {
    /// The range as far as the member is covered, and a notice where that cuts it (SAFE-14).
    pub fn covered(&self, range: (NaiveDate, NaiveDate)) -> ((NaiveDate, NaiveDate), Option<Notice>) {
        let Some(last) = self.covered_through.filter(|last| *last < range.1) else { return (range, None) };
        let why = if self.program.services_through == Some(last) {
            format!("{} covers services through {last}", self.program.name)
        } else {
            format!("the member's coverage on the plan's file ends on {last}")
        };
        let message = format!(
            "{why}: this authorization ends that day, and its units and visits are those up to it; without that it would run through {}. \
             Order what comes later once the coverage is renewed",
            range.1
        );
        ((range.0, last), Some(Notice::new(NoticeCode::CoverageEnds, &message, None)))
    }
}

fn program<'a>(order: &OrderRequest, content: &'a Content) -> Result<&'a Arc<Program>, Refusal> {
    let Some(plan) = order.member.health_plan.as_deref().filter(|plan| !plan.is_empty()) else {
        let message = "the health plan decides which program applies: enter its id, such as bcbs-michigan";
        return Err(Refusal::MissingRequired(vec![Fault::new("/member/health_plan", "missing", message)]));
    };
    eligibility::program_of(plan, content)?;
    content.program_of_plan(plan).ok_or(Refusal::MemberNotFound)
}

fn complete(order: &OrderRequest, program: &Program, content: &Content, received_on: NaiveDate) -> Result<(), Refusal> {
    let mut faults = intake::faults(order, content, received_on);
    let of_another = of_another_service(order, program);
    if !of_another.is_empty() {
        faults.extend(of_another);
        faults.sort();
        return Err(Refusal::NotOfThisService(faults));
    }
    let missing = missing(order, program);
    if faults.is_empty() {
        return if missing.is_empty() { Ok(()) } else { Err(Refusal::MissingRequired(missing)) };
    }
    faults.extend(missing);
    faults.sort();
    faults.dedup_by(|left, right| left.pointer == right.pointer && left.code == right.code);
    Err(Refusal::Validation(faults))
}

/// The parts of another service. A service that the program does not manage is another one's to take as a whole.
fn of_another_service(order: &OrderRequest, program: &Program) -> Vec<Fault> {
    let is_managed = order.service.is_some_and(|service| program.services.contains(&service));
    if is_managed { radiation::other_service(order) } else { Vec::new() }
}

/// The required items that are not there (INF-01…06).
fn missing(order: &OrderRequest, program: &Program) -> Vec<Fault> {
    let required: &[RequiredItem] =
        program.required.get(&order.service.unwrap_or(Service::MedicalOncology)).map_or(&[], Vec::as_slice);
    intake::missing(order, required)
        .into_iter()
        .map(|item| Fault::new(item.pointer.clone(), "missing", format!("enter the {} ({})", item.name, item.requirement)))
        .collect()
}

fn ordering_provider<'a>(facts: &'a Facts<'_>, program: &Program) -> Result<&'a ProviderRow, Refusal> {
    match &facts.ordering_provider {
        KnownProvider::OnFile(row) if row.kind == ProviderKind::Facility => Err(Refusal::Validation(vec![Fault::new(
            "/ordering_provider/npi",
            "facility",
            "the ordering provider is an individual clinician, never a facility: enter the clinician's NPI (SUB-10)",
        )])),
        KnownProvider::OnFile(row) => Ok(row),
        KnownProvider::Ambiguous => Err(Refusal::MissingRequired(vec![Fault::new(
            "/ordering_provider/npi",
            "missing",
            "more than one clinician on file has this name: add the NPI",
        )])),
        KnownProvider::NotAsked | KnownProvider::NotOnFile => Err(Refusal::OrderingProviderNotOnFile {
            detail: format!(
                "the ordering provider is not on the provider file of {} and can't be entered by hand; call {} and intake adds the provider (PRV-06)",
                program.health_plan_name,
                program.phone.phone.as_deref().unwrap_or_default()
            ),
            redirect: Box::new(intake_contact(program)),
        }),
    }
}

fn intake_contact(program: &Program) -> Contact {
    Contact {
        entity: program.phone.name.clone(),
        phone: program.phone.phone.clone(),
        instructions: Some(program.phone.hours.clone()),
        ..Contact::default()
    }
}

/// A practice orders for the providers of its own tax IDs only (PRV-02).
fn may_act_for(facts: &Facts<'_>, ordering: &ProviderRow) -> Result<(), Refusal> {
    let own = |row: &ProviderRow| row.tax_ids.iter().any(|id| facts.submitter.tax_ids.contains(id));
    let (allowed, whom) = match facts.submitter.role {
        CallerRole::OrderingProvider => (own(ordering), "ordering"),
        CallerRole::ServicingProvider => (facts.servicing_provider.row().is_some_and(own), "servicing"),
        _ => (true, ""),
    };
    if allowed {
        return Ok(());
    }
    let detail = format!("the {whom} provider does not belong to a tax ID that this token acts for (PRV-02)");
    Err(Refusal::NotPermitted { detail })
}

fn channel(facts: &Facts<'_>, program: &Program) -> Result<Channel, Refusal> {
    let by_intake = facts.submitter.role == CallerRole::Intake;
    let channel = facts.order.channel.unwrap_or(if by_intake { Channel::Phone } else { Channel::Portal });
    let channels = &program.channels;
    let open = if by_intake { &channels.intake } else { &channels.practices };
    let attested =
        facts.order.technical_problem_attested == Some(true) && channels.with_attested_technical_problem.contains(&channel);
    // SUB-09: an urgent request is taken on any channel
    if open.contains(&channel) || attested || facts.order.urgency() == Urgency::Urgent {
        Ok(channel)
    } else {
        Err(Refusal::ChannelNotAccepted { detail: channels.message.clone() })
    }
}

fn calendar<'c>(program: &Program, content: &'c Content) -> Option<&'c HolidayCalendar> {
    content.calendars.get(&program.holiday_calendar)
}

/// SUB-05, SUB-06: up to so many business days after treatment began.
fn in_time(
    facts: &Facts<'_>,
    date_of_service: NaiveDate,
    program: &Program,
    content: &Content,
    notices: &mut Vec<Notice>,
) -> Result<(), Refusal> {
    let received_on = local_day(facts.received_at, program.time_zone);
    if date_of_service >= received_on {
        return Ok(());
    }
    let none = HolidayCalendar::default();
    let last =
        business_days_after(date_of_service, program.retrospective.business_days, calendar(program, content).unwrap_or(&none));
    let grace = program.retrospective.business_days;
    if received_on > last {
        return Err(Refusal::RetrospectiveWindowClosed {
            detail: format!(
                "treatment that began on {date_of_service} could be requested until {last}, {grace} business days after its start. {}",
                program.retrospective.message
            ),
            redirect: Box::new(program.retrospective.redirect.clone()),
            requirement: program.retrospective.requirement.clone(),
        });
    }
    notices.push(Notice::new(
        NoticeCode::Retrospective,
        &format!(
            "treatment began before this request; it is accepted until {last}, {grace} business days after its start (SUB-05)"
        ),
        None,
    ));
    Ok(())
}

/// The order cited by a supportive-only order; it must be this member's.
fn referenced<'a>(facts: &'a Facts<'_>) -> Result<Option<&'a RelatedCase>, Refusal> {
    let Some(typed) = facts.order.supportive_only.as_ref().and_then(|declared| declared.reference_order_id.as_deref()) else {
        return Ok(None);
    };
    case_of(typed, &facts.related_cases).map(Some).ok_or_else(|| {
        let message = "no order of this member has this Order ID: check it on the summary, or leave it out (SUB-04)";
        Refusal::Validation(vec![Fault::new("/supportive_only/reference_order_id", "unknown-order", message)])
    })
}

/// The order that this one goes on with must be this member's.
fn continued(facts: &Facts<'_>) -> Result<(), Refusal> {
    let continues = facts.order.treatment.as_ref().and_then(|treatment| treatment.continues.as_ref());
    let Some(continues) = continues.filter(|continues| case_of(&continues.order_id, &facts.related_cases).is_none()) else {
        return Ok(());
    };
    let message =
        format!("`{}` is no order of this member: check it on the summary, or leave `continues` out", continues.order_id);
    Err(Refusal::Validation(vec![Fault::new("/treatment/continues/order_id", "unknown-order", message)]))
}

fn intake_notices(facts: &Facts<'_>, program: &Program, ordering: &ProviderRow, channel: Channel, notices: &mut Vec<Notice>) {
    let order = facts.order;
    let mut notice = |code, message: String| notices.push(Notice::new(code, &message, None));
    if order.urgency() == Urgency::Urgent {
        let phone = program.phone.phone.as_deref().unwrap_or_default();
        notice(NoticeCode::UrgentCall, format!("for an urgent request also call {phone} ({}) (SUB-09)", program.phone.hours));
    }
    if !ordering.in_network {
        let message = "the ordering provider is out of network: benefits may not apply or may pay less, and no S-codes are awarded (SCD-03); \
                       ask the plan's network representative if the file is wrong";
        notice(NoticeCode::OutOfNetwork, message.to_owned());
    }
    if !matches!(facts.servicing_provider, KnownProvider::OnFile(_)) {
        let message = "the servicing provider is not on file and was taken as entered; the case goes to review (SUB-11)";
        notice(NoticeCode::ServicingProviderNotOnFile, message.to_owned());
    }
    if !channel.is_electronic()
        && let Some(message) = &program.channels.attested_notice
    {
        notice(NoticeCode::ElectronicSubmissionLaw, message.clone());
    }
    if names_differ(order, ordering) {
        let message =
            "the name entered for the ordering provider differs from the plan's file for this NPI; the order counts for the NPI";
        notice(NoticeCode::OrderingProviderNameDiffers, message.to_owned());
    }
    if let Some(started) = order.continuation_of_treatment_started_on {
        let message = format!(
            "the order says that its treatment began on {started}: what is authorized is its continuation, and a changed treatment needs a new order (PRG-05)"
        );
        notice(NoticeCode::Continuation, message);
    }
    let recommended = intake::missing(order, &program.recommended);
    if !recommended.is_empty() {
        let names: Vec<&str> = recommended.iter().map(|item| item.name.as_str()).collect();
        notice(
            NoticeCode::RecommendedInformation,
            format!("these items speed up a review and can still be added: {} (INF-06)", names.join(", ")),
        );
    }
}

fn names_differ(order: &OrderRequest, on_file: &ProviderRow) -> bool {
    let differs = |entered: Option<&String>, known: Option<&String>, same: fn(&str, &str) -> bool| match (entered, known) {
        (Some(entered), Some(known)) => !same(entered, known),
        _ => false,
    };
    order.ordering_provider.as_ref().is_some_and(|provider| {
        differs(provider.first_name.as_ref(), on_file.first_name.as_ref(), same_given_name)
            || differs(provider.last_name.as_ref(), on_file.last_name.as_ref(), same_surname)
    })
}
