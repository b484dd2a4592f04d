//! Whether authorization is needed, told by what is ordered alone: what an EHR asks while a clinician orders, before doses and clinical
//! answers are known. The program, the benefit and the managed list decide as they decide orders; what they leave open stays open.

use super::admission;
use super::drugs::reviewer;
use super::facts::Facts;
use super::plan;
use super::radiation;
use crate::domain::case::Contact;
use crate::domain::content::{Content, Program};
use crate::domain::refusal::Refusal;
use crate::domain::roster::MemberRow;
use crate::domain::vocabulary::{DrugStatus, Service};

/// What a line is for.
#[derive(Debug, Clone, Copy)]
pub struct Coded<'a> {
    /// HCPCS or CPT code.
    pub code: Option<&'a str>,
    /// Generic name, where there is no code.
    pub generic: Option<&'a str>,
}

/// What is known of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// In progress where it is reviewed; none where that is not told by its code.
    pub status: Option<DrugStatus>,
    /// In words.
    pub message: String,
    /// Whom to ask.
    pub contact: Option<Contact>,
}

impl Need {
    fn open(message: String) -> Self {
        Self { status: None, message, contact: None }
    }
}

/// What each line needs, for the member, service, day and diagnosis of this order; its drugs do not matter, nor who orders.
///
/// # Errors
/// The refusal to answer with: something that decides is missing, the member is not found or not covered, or the program does not take it.
pub fn needs(facts: &Facts<'_>, lines: &[Coded<'_>], content: &Content) -> Result<Vec<Need>, Refusal> {
    let (program, coverage) = admission::eligible(facts, content)?;
    let need = |line: &Coded<'_>| match facts.order.service {
        Some(Service::RadiationOncology) => of_procedure(line, program, content),
        _ => of_drug(line, program, &coverage, content),
    };
    Ok(lines.iter().map(need).collect())
}

fn of_drug(line: &Coded<'_>, program: &Program, coverage: &MemberRow, content: &Content) -> Need {
    let (drug, code) = plan::known(line.code, line.generic, &content.drugs);
    if let Some(ended) = line.code.filter(|_| drug.is_none()).and_then(|code| content.drugs.terminated(code)) {
        return Need::open(format!("{} for {} is terminated: {}", line.code.unwrap_or_default(), ended.generic, ended.instead()));
    }
    if drug.is_some_and(|drug| drug.is_unclassified()) {
        let code = line.code.unwrap_or_default();
        return Need::open(format!("{code} is for drugs without a code of their own: name the drug"));
    }
    let name = drug.map(|drug| drug.generic.as_str()).or(line.generic).or(line.code).unwrap_or("unnamed drug");
    let benefit = plan::benefit(code, drug.map(AsRef::as_ref), coverage.line_of_business);
    match reviewer(name, drug.map(AsRef::as_ref), benefit, program) {
        Some((status, message, contact)) => Need { status: Some(status), message, contact },
        None => Need {
            status: Some(DrugStatus::InProgress),
            message: format!("{name} is managed by {}", program.name),
            contact: None,
        },
    }
}

fn of_procedure(line: &Coded<'_>, program: &Program, content: &Content) -> Need {
    let Some(code) = line.code else { return Need::open("a procedure is ordered by its code".to_owned()) };
    let service = content.radiation.service(code);
    let status = radiation::by_code(service.map(AsRef::as_ref));
    let name = service.map_or_else(String::new, |service| format!(" ({})", service.name));
    let message = match status {
        DrugStatus::ReferToHealthPlan => format!("{code} is not known here: {} may have to review it", program.health_plan_name),
        DrugStatus::ClinicalReviewNotRequired => format!("{code}{name} is not reviewed by {}", program.name),
        _ => format!("{code}{name} is reviewed by {}", program.name),
    };
    let contact = (status == DrugStatus::ReferToHealthPlan).then(|| program.plan_contact.clone());
    Need { status: Some(status), message, contact }
}
