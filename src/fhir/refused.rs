//! What a refused order is answered with: an answer that refuses, where the request is understood, and an outcome, where it is at fault.

use super::outcome::{Failure, Issue, issue_code};
use super::read::claim::Claim;
use super::read::order::{Reading, Rejected};
use crate::app;
use crate::domain::case::Contact;
use crate::domain::refusal::{Fault, Refusal};

/// One text for a member who is not found and for one who does not agree with the file, so that nothing of the file is told.
pub const MEMBER: &str = "the health plan's file has no such member: check the plan, the number, the names and the date of birth";
/// Code of a fault that says that something is missing.
const MISSING: &str = "missing";

/// The reasons to refuse, or a failure.
pub fn reasons(error: app::Error, reading: &Reading, claim: &Claim<'_>) -> Result<Vec<Rejected>, Failure> {
    let app::Error::Refused(refusal) = error else { return Err(error.into()) };
    let one = |refusal, expression: String, text: String| Ok(vec![Rejected { refusal, expression, text, item: None }]);
    let whole = claim.entry.path("");
    match *refusal {
        Refusal::Validation(faults) | Refusal::MissingRequired(faults) | Refusal::NotOfThisService(faults) => {
            of_faults(&faults, reading, claim)
        }
        Refusal::NotEligible(ineligible) => one("not-eligible", whole, with_contact(&ineligible.detail, &ineligible.redirect)),
        Refusal::MemberNotFound => one("member-not-found", reading.origin("/member/member_id", claim), MEMBER.to_owned()),
        Refusal::MemberMismatch => one("member-mismatch", reading.origin("/member/member_id", claim), MEMBER.to_owned()),
        Refusal::CoverageNotActive { date_of_service } => {
            let text = format!("the member has no coverage on {date_of_service}");
            one("coverage-not-active", claim.coverage.path(""), text)
        }
        Refusal::RetrospectiveWindowClosed { detail, redirect, .. } => {
            one("retrospective-window-closed", reading.origin("/date_of_service", claim), with_contact(&detail, &redirect))
        }
        Refusal::ChannelNotAccepted { detail } => one("channel-not-accepted", whole, detail),
        Refusal::OrderingProviderNotOnFile { detail, redirect } => {
            let at = reading.origin("/ordering_provider", claim);
            one("ordering-provider-not-on-file", at, with_contact(&detail, &redirect))
        }
        refusal @ Refusal::NotPermitted { .. } => Err(app::Error::from(refusal).into()),
    }
}

/// Faults of an order. Where things are missing and nothing else is wrong, they are asked for; else the request cannot be taken as it is.
pub fn of_faults(faults: &[Fault], reading: &Reading, claim: &Claim<'_>) -> Result<Vec<Rejected>, Failure> {
    if faults.iter().all(|fault| fault.code == MISSING) {
        let missing = |fault: &Fault| Rejected {
            refusal: "missing-required-information",
            expression: reading.origin(&fault.pointer, claim),
            text: format!("{}: {}", fault.pointer, fault.message),
            item: None,
        };
        return Ok(faults.iter().map(missing).collect());
    }
    let issue = |fault: &Fault| {
        Issue::at(issue_code(fault), reading.origin(&fault.pointer, claim), format!("{}: {}", fault.pointer, fault.message))
    };
    Err(Failure::bad(faults.iter().map(issue).collect()))
}

fn with_contact(detail: &str, contact: &Contact) -> String {
    let parts = [
        Some(contact.entity.as_str()),
        contact.phone.as_deref(),
        contact.fax.as_deref(),
        contact.url.as_deref(),
        contact.instructions.as_deref(),
    ];
    let words: Vec<&str> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    if words.is_empty() { detail.to_owned() } else { format!("{detail} Contact: {}", words.join(", ")) }
}
