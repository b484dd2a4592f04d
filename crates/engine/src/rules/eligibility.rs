//! Which program a request belongs to, and why not (PRG-01…16). The rules themselves stand in the programs' content files.

use super::calendar::local_day;
use super::coverage;
use crate::domain::content::{Content, Exclusion, Program, When};
use crate::domain::refusal::{Fault, Ineligible, Refusal};
use crate::domain::roster::MemberRow;
use crate::domain::vocabulary::{Service, Setting};
use chrono::{DateTime, NaiveDate, Utc};

/// What an eligibility check asks.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Health plan.
    pub health_plan: &'a str,
    /// All spans of the person (SAFE-14).
    pub member: &'a [&'a MemberRow],
    /// Service.
    pub service: Service,
    /// Setting.
    pub setting: Setting,
    /// Date of service.
    pub date_of_service: NaiveDate,
    /// Diagnosis, where it is known already.
    pub icd10: Option<&'a str>,
    /// When the request was received.
    pub received_at: DateTime<Utc>,
}

/// In a program, or why not.
#[derive(Debug, Clone, PartialEq)]
pub enum Eligibility {
    /// In this program, by this coverage.
    Eligible {
        /// Program id.
        program: String,
        /// Coverage on the date of service.
        coverage: Box<MemberRow>,
        /// Last day on which the program covers the person, renewals included; none while it runs on.
        covered_through: Option<NaiveDate>,
    },
    /// Not in it.
    Ineligible(Box<Ineligible>),
}

/// Answers an eligibility check.
///
/// # Errors
/// A [`Refusal`] where the member has no coverage that day or no program knows the plan.
pub fn check(question: &Question<'_>, content: &Content) -> Result<Eligibility, Refusal> {
    let program = program_of(question.health_plan, content)?;
    let coverage = question
        .member
        .iter()
        .copied()
        .find(|row| row.covers(question.date_of_service))
        .ok_or(Refusal::CoverageNotActive { date_of_service: question.date_of_service })?;
    if let Some(exclusion) = program.exclusions.iter().find(|exclusion| applies(&exclusion.when, question, coverage, program)) {
        return Ok(Eligibility::Ineligible(Box::new(ineligible(exclusion))));
    }
    if let Some(ineligible) = outside(program, question, coverage) {
        return Ok(Eligibility::Ineligible(Box::new(ineligible)));
    }
    if let Some(code) = question.icd10
        && !is_oncology(code, content)
    {
        return Ok(Eligibility::Ineligible(Box::new(ineligible(&program.not_oncology))));
    }
    let covered_through = [coverage::last_day(coverage, question.member, program), program.services_through];
    Ok(Eligibility::Eligible {
        program: program.id.clone(),
        coverage: Box::new(coverage.clone()),
        covered_through: covered_through.into_iter().flatten().min(),
    })
}

/// What the program's own lists and days leave out, where no exclusion has said so in words of its own (SAFE-15, PRG-13).
fn outside(program: &Program, question: &Question<'_>, coverage: &MemberRow) -> Option<Ineligible> {
    let say = |exclusion: &str, detail: String| {
        Some(Ineligible {
            exclusion: exclusion.to_owned(),
            requirement: "PRG-13".to_owned(),
            detail,
            redirect: program.plan_contact.clone(),
        })
    };
    let (name, day) = (&program.name, question.date_of_service);
    if !program.lines_of_business.contains(&coverage.line_of_business) {
        let taken: Vec<String> = program.lines_of_business.iter().map(|line| line.as_str().replace('_', " ")).collect();
        let line = coverage.line_of_business.as_str();
        return say(
            line,
            format!(
                "{name} takes {} members only; this member's line of business is {}.",
                taken.join(" and "),
                line.replace('_', " ")
            ),
        );
    }
    if !program.services.contains(&question.service) {
        let managed: Vec<String> = program.services.iter().map(|service| service.as_str().replace('_', " ")).collect();
        return say(
            "service_not_managed",
            format!(
                "{name} manages {}; {} is not part of it.",
                managed.join(" and "),
                question.service.as_str().replace('_', " ")
            ),
        );
    }
    if day < program.services_from {
        return say("before_program_start", format!("{name} covers services on or after {}.", program.services_from));
    }
    if let Some(last) = program.services_through.filter(|last| *last < day) {
        return say("after_program_end", format!("{name} covers services through {last}."));
    }
    let received = || local_day(question.received_at, program.time_zone);
    let first = program.requests_from.filter(|first| received() < *first)?;
    say("before_program_start", format!("{name} takes requests from {first} on."))
}

/// The program of a health plan.
///
/// # Errors
/// A validation refusal that names the plans there are.
pub fn program_of<'c>(health_plan: &str, content: &'c Content) -> Result<&'c Program, Refusal> {
    content.program_of_plan(health_plan).map(AsRef::as_ref).ok_or_else(|| {
        let known: Vec<&str> = content.programs.iter().map(|program| program.health_plan.as_str()).collect();
        Refusal::Validation(vec![Fault::new(
            "/member/health_plan",
            "not-allowed-value",
            format!("no program serves this health plan; use one of {}", known.join(", ")),
        )])
    })
}

/// True where content counts the diagnosis as oncology (PRG-11). A category such as `C50` counts by its codes.
pub fn is_oncology(code: &str, content: &Content) -> bool {
    content.diagnoses.get(code).is_some_and(|diagnosis| diagnosis.oncology)
}

fn ineligible(exclusion: &Exclusion) -> Ineligible {
    Ineligible {
        exclusion: exclusion.exclusion.clone(),
        requirement: exclusion.requirement.clone(),
        detail: exclusion.message.clone(),
        redirect: exclusion.redirect.clone(),
    }
}

/// True where every condition that is stated holds.
fn applies(when: &When, question: &Question<'_>, coverage: &MemberRow, program: &Program) -> bool {
    let received = || local_day(question.received_at, program.time_zone);
    coverage::is_such(when, coverage)
        && (when.service.is_empty() || when.service.contains(&question.service))
        && (when.setting.is_empty() || when.setting.contains(&question.setting))
        && when.date_of_service_before.is_none_or(|first| question.date_of_service < first)
        && when.received_before.is_none_or(|first| received() < first)
}
