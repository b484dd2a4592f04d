//! Why an order is not taken, in words for the practice, and where to go instead.

use crate::documents::words;
use crate::domain::case::Contact;
use crate::domain::refusal::Refusal;

/// A refusal in words.
#[derive(Debug, Clone, Default)]
pub(super) struct Refused {
    pub title: &'static str,
    pub text: String,
    /// Where to go.
    pub contact: Option<String>,
}

/// A refusal that is about more than fields.
pub(super) fn in_words(refusal: Refusal) -> Refused {
    let say =
        |title: &'static str, text: String| Refused { title, text: words::sentence(&words::without_ids(&text)), contact: None };
    let at = |refused: Refused, contact: &Contact| Refused {
        contact: Some(words::sentence(&words::contact(contact))).filter(|text| text.len() > 2),
        ..refused
    };
    match refusal {
        // the first fault, and the next one when that is mended
        Refusal::Validation(faults) | Refusal::MissingRequired(faults) | Refusal::NotOfThisService(faults) => {
            let first = faults.into_iter().next().map(|fault| fault.message);
            say("Please look at this first", first.unwrap_or_else(|| "nothing was done".to_owned()))
        }
        Refusal::NotEligible(ineligible) => at(say("Not this program", ineligible.detail), &ineligible.redirect),
        Refusal::MemberNotFound => {
            let text = "No member of this plan has what was entered. Check the plan, and the ID, the name and the date of birth on the card.";
            say("The plan's records know no such member", text.to_owned())
        }
        Refusal::MemberMismatch => {
            let text = "Name or date of birth do not agree with the plan's records for this ID. Check name, date of birth and ID on the card.";
            say("Does not agree with the plan's records", text.to_owned())
        }
        Refusal::CoverageNotActive { date_of_service } => {
            let text = format!("The member has no coverage on {}. Check the day and the card.", words::day(date_of_service));
            say("Not covered that day", text)
        }
        Refusal::RetrospectiveWindowClosed { detail, redirect, .. } => at(say("Too late to ask here", detail), &redirect),
        Refusal::ChannelNotAccepted { detail } => say("Not by this channel", detail),
        Refusal::OrderingProviderNotOnFile { detail, redirect } => {
            at(say("The ordering clinician is not on file", detail), &redirect)
        }
        Refusal::NotPermitted { detail } => say("Not yours to order", detail),
    }
}
