//! Programs as callers need to know them: who is in one, when and how to ask, whom to call (SUB-12, SUB-15).

use super::problem::Problem;
use super::state::HttpState;
use crate::app::App;
use crate::domain::case::Contact;
use crate::domain::content::{Clock, OuterClock, Program, RequiredItem, ServiceHours};
use crate::domain::vocabulary::{CallerRole, Channel, LineOfBusiness, Service};
use axum::Json;
use axum::extract::{Path, State};
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(list_programs)).routes(routes!(get_program))
}

/// A program.
#[derive(Debug, Serialize, ToSchema)]
struct ProgramBody {
    /// Id, such as `quality-care-cancer`.
    program: String,
    /// Name.
    name: String,
    /// Id of the health plan, as orders name it.
    health_plan: String,
    /// Its name.
    health_plan_name: String,
    /// By whose criteria it decides (REG-12).
    criteria_source: String,
    /// Release of the content shown here.
    content_release: String,
    /// First day of service.
    services_from: NaiveDate,
    /// Last day of service; null while it runs on.
    services_through: Option<NaiveDate>,
    /// First day on which requests are taken.
    requests_from: Option<NaiveDate>,
    /// IANA zone in which deadlines are counted (DET-07).
    time_zone: String,
    /// Services managed.
    services: Vec<Service>,
    /// Lines of business that may be in the program.
    lines_of_business: Vec<LineOfBusiness>,
    /// Roles that may submit (SUB-08).
    submitters: Vec<CallerRole>,
    /// How requests may come in (SUB-07).
    channels: ChannelsBody,
    /// When answers are due (DET-05, DET-06).
    clocks: ClocksBody,
    /// How long an authorization holds (VER-08).
    validity: ValidityBody,
    /// Requests after treatment began (SUB-05, SUB-06).
    retrospective: RetrospectiveBody,
    /// What keeps a request out, in the order in which it is asked.
    exclusions: Vec<ExclusionBody>,
    /// Items that a request must carry, by service.
    required: BTreeMap<String, Vec<ItemBody>>,
    /// Items that speed up review.
    recommended: Vec<ItemBody>,
    /// States whose in-network ordering providers take part in enhanced reimbursement (SCD-02).
    enhanced_reimbursement_states: Vec<String>,
    /// Generic names of the drugs managed (PRG-18).
    managed_drugs: Vec<String>,
    /// Phones and portals with their hours.
    contacts: ContactsBody,
    /// What going without authorization means (PRG-16).
    without_authorization: String,
    /// Whom members ask (PRG-17).
    member_questions: String,
    /// Where the program comes from.
    sources: Vec<String>,
    /// Assumptions made where the sources are silent, by requirement id.
    assumptions: BTreeMap<String, String>,
}

/// How requests may come in.
#[derive(Debug, Serialize, ToSchema)]
struct ChannelsBody {
    /// Open to practices.
    practices: Vec<Channel>,
    /// Open to the call center.
    intake: Vec<Channel>,
    /// Open where a temporary technical problem is attested.
    with_attested_technical_problem: Vec<Channel>,
}

/// When answers are due.
#[derive(Debug, Serialize, ToSchema)]
struct ClocksBody {
    /// Standard requests.
    standard: ClockBody,
    /// Urgent requests.
    urgent: ClockBody,
    /// Clocks of the law around these, where there are any: whichever ends first counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    outer: Vec<OuterClockBody>,
}

/// A clock of the law.
#[derive(Debug, Serialize, ToSchema)]
struct OuterClockBody {
    /// What it is called.
    name: String,
    /// Members whom it is about.
    lines_of_business: Vec<LineOfBusiness>,
    /// Services that it is about.
    services: Vec<Service>,
    /// Standard requests.
    standard: ClockBody,
    /// Urgent requests.
    urgent: ClockBody,
    /// First day of receipt that counts; null while it is not in force.
    received_from: Option<NaiveDate>,
    /// Where it is written.
    source: String,
}

/// A deadline: business days or hours by the clock.
#[derive(Debug, Serialize, ToSchema)]
struct ClockBody {
    /// So many business days.
    business_days: Option<u32>,
    /// So many hours.
    hours: Option<u32>,
}

fn outer_clock(outer: &OuterClock) -> OuterClockBody {
    OuterClockBody {
        name: outer.name.clone(),
        lines_of_business: outer.lines_of_business.clone(),
        services: outer.services.clone(),
        standard: outer.standard.into(),
        urgent: outer.urgent.into(),
        received_from: outer.received_from,
        source: outer.source.clone(),
    }
}

impl From<Clock> for ClockBody {
    fn from(clock: Clock) -> Self {
        match clock {
            Clock::BusinessDays(days) => Self { business_days: Some(days), hours: None },
            Clock::Hours(hours) => Self { business_days: None, hours: Some(hours) },
        }
    }
}

/// How long an authorization holds.
#[derive(Debug, Serialize, ToSchema)]
struct ValidityBody {
    /// Days after the last planned cycle.
    days_after_last_cycle: u32,
    /// Months at most.
    maximum_months: u32,
    /// Months for treatment until progression.
    until_progression_months: u32,
}

/// Requests after treatment began.
#[derive(Debug, Serialize, ToSchema)]
struct RetrospectiveBody {
    /// Business days of grace.
    business_days: u32,
    /// What holds for later ones.
    message: String,
    /// Who takes them.
    redirect: Contact,
}

/// What keeps a request out.
#[derive(Debug, Serialize, ToSchema)]
struct ExclusionBody {
    /// Code.
    exclusion: String,
    /// Requirement id.
    requirement: String,
    /// In words.
    message: String,
    /// Where to go instead.
    redirect: Contact,
}

/// An item of a request.
#[derive(Debug, Serialize, ToSchema)]
struct ItemBody {
    /// JSON pointer into the order.
    pointer: String,
    /// Name for people.
    name: String,
    /// Requirement id.
    requirement: String,
}

impl From<&RequiredItem> for ItemBody {
    fn from(item: &RequiredItem) -> Self {
        Self { pointer: item.pointer.clone(), name: item.name.clone(), requirement: item.requirement.clone() }
    }
}

/// Phones and portals.
#[derive(Debug, Serialize, ToSchema)]
struct ContactsBody {
    /// The administrator's phone for this program.
    phone: HoursBody,
    /// Help with the portal.
    portal_support: HoursBody,
    /// The portal.
    portal: HoursBody,
    /// The pharmacy benefit manager (PRG-12).
    pharmacy_benefit: Contact,
    /// The plan.
    plan: Contact,
}

/// A phone or portal with its hours.
#[derive(Debug, Serialize, ToSchema)]
struct HoursBody {
    /// Name.
    name: String,
    /// Number, as the source writes it.
    phone: Option<String>,
    /// Web address.
    url: Option<String>,
    /// Hours in words.
    hours: String,
}

impl From<&ServiceHours> for HoursBody {
    fn from(service: &ServiceHours) -> Self {
        Self { name: service.name.clone(), phone: service.phone.clone(), url: service.url.clone(), hours: service.hours.clone() }
    }
}

fn body(program: &Program, content_release: &str) -> ProgramBody {
    let items = |items: &[RequiredItem]| items.iter().map(ItemBody::from).collect::<Vec<_>>();
    ProgramBody {
        program: program.id.clone(),
        name: program.name.clone(),
        health_plan: program.health_plan.clone(),
        health_plan_name: program.health_plan_name.clone(),
        criteria_source: program.criteria_source.clone(),
        content_release: content_release.to_owned(),
        services_from: program.services_from,
        services_through: program.services_through,
        requests_from: program.requests_from,
        time_zone: program.time_zone.name().to_owned(),
        services: program.services.clone(),
        lines_of_business: program.lines_of_business.clone(),
        submitters: program.submitters.clone(),
        channels: ChannelsBody {
            practices: program.channels.practices.clone(),
            intake: program.channels.intake.clone(),
            with_attested_technical_problem: program.channels.with_attested_technical_problem.clone(),
        },
        clocks: ClocksBody {
            standard: program.clocks.standard.into(),
            urgent: program.clocks.urgent.into(),
            outer: program.clocks.outer.iter().map(outer_clock).collect(),
        },
        validity: ValidityBody {
            days_after_last_cycle: program.range.days_after_last_cycle,
            maximum_months: program.range.maximum_months,
            until_progression_months: program.range.until_progression_months,
        },
        retrospective: RetrospectiveBody {
            business_days: program.retrospective.business_days,
            message: program.retrospective.message.clone(),
            redirect: program.retrospective.redirect.clone(),
        },
        exclusions: exclusions(program),
        required: program.required.iter().map(|(service, required)| (service.to_string(), items(required))).collect(),
        recommended: items(&program.recommended),
        enhanced_reimbursement_states: program.s_codes.states.clone(),
        managed_drugs: program.managed.iter().cloned().collect(),
        contacts: contacts(program),
        without_authorization: program.without_authorization.clone(),
        member_questions: program.member_questions.clone(),
        sources: program.sources.clone(),
        assumptions: program.assumptions.clone(),
    }
}

fn exclusions(program: &Program) -> Vec<ExclusionBody> {
    let all = program.exclusions.iter().chain(std::iter::once(&program.not_oncology));
    all.map(|exclusion| ExclusionBody {
        exclusion: exclusion.exclusion.clone(),
        requirement: exclusion.requirement.clone(),
        message: exclusion.message.clone(),
        redirect: exclusion.redirect.clone(),
    })
    .collect()
}

fn contacts(program: &Program) -> ContactsBody {
    ContactsBody {
        phone: (&program.phone).into(),
        portal_support: (&program.portal_support).into(),
        portal: (&program.portal).into(),
        pharmacy_benefit: program.pharmacy_benefit.clone(),
        plan: program.plan_contact.clone(),
    }
}

/// Every program. There are a few only, so they come on one page.
#[derive(Debug, Serialize, ToSchema)]
struct Programs {
    /// The programs.
    items: Vec<ProgramBody>,
    /// Always null.
    next_cursor: Option<String>,
}

/// Lists the programs: who is in them, when and how to ask, whom to call.
#[utoipa::path(get, path = "/v1/programs", operation_id = "list_programs", tag = "catalogue",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    responses((status = 200, description = "Every program", body = Programs)))]
async fn list_programs(State(app): State<App>) -> Json<Programs> {
    let content = app.library.in_force(app.clock.now().date_naive());
    let items = content.programs.iter().map(|program| body(program, &content.release.name)).collect();
    Json(Programs { items, next_cursor: None })
}

/// Reads one program.
#[utoipa::path(get, path = "/v1/programs/{program}", operation_id = "get_program", tag = "catalogue",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(("program" = String, Path, description = "Id of the program")),
    responses((status = 200, description = "The program", body = ProgramBody)))]
async fn get_program(State(app): State<App>, Path(program): Path<String>) -> Result<Json<ProgramBody>, Problem> {
    let content = app.library.in_force(app.clock.now().date_naive());
    let found = content.program(&program).ok_or_else(Problem::not_found)?;
    Ok(Json(body(found, &content.release.name)))
}
