//! Which program a request belongs to, and why not (PRG-01…16). The rules themselves stand in the programs' content files.

use super::calendar::local_day;
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
    /// All coverage rows of the member.
    pub member: &'a [MemberRow],
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
        .find(|row| row.covers(question.date_of_service))
        .ok_or(Refusal::CoverageNotActive { date_of_service: question.date_of_service })?;
    if let Some(exclusion) = program.exclusions.iter().find(|exclusion| applies(&exclusion.when, question, coverage, program)) {
        return Ok(Eligibility::Ineligible(Box::new(ineligible(exclusion))));
    }
    if let Some(code) = question.icd10
        && !is_oncology(code, content)
    {
        return Ok(Eligibility::Ineligible(Box::new(ineligible(&program.not_oncology))));
    }
    Ok(Eligibility::Eligible { program: program.id.clone(), coverage: Box::new(coverage.clone()) })
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
    let stated_and_in = |list: &[String], value: Option<&String>| {
        list.is_empty() || value.is_some_and(|value| list.iter().any(|entry| entry.eq_ignore_ascii_case(value)))
    };
    let received = local_day(question.received_at, program.time_zone);
    (when.line_of_business.is_empty() || when.line_of_business.contains(&coverage.line_of_business))
        && stated_and_in(&when.product, coverage.product.as_ref())
        && stated_and_in(&when.group_number, coverage.group_number.as_ref())
        && (when.trust_not.is_empty()
            || !coverage.trust.as_ref().is_some_and(|trust| when.trust_not.iter().any(|entry| entry.eq_ignore_ascii_case(trust))))
        && (when.service.is_empty() || when.service.contains(&question.service))
        && (when.setting.is_empty() || when.setting.contains(&question.setting))
        && when.date_of_service_before.is_none_or(|first| question.date_of_service < first)
        && when.received_before.is_none_or(|first| received < first)
}
