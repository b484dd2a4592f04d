//! Why a request was not taken. Nothing is stored as an order then.

use super::case::Contact;
use super::citation::told_apart;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One fault of a request body.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Fault {
    /// JSON pointer into the body.
    pub pointer: String,
    /// Stable code, such as `missing`, `unknown-field`, `malformed-code`.
    pub code: String,
    /// What is wrong and how to mend it.
    pub message: String,
    /// Requirements behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<String>,
}

impl Fault {
    /// A fault. The ids at the end of the message stand beside it.
    pub fn new(pointer: impl Into<String>, code: &str, message: impl AsRef<str>) -> Self {
        let (message, requirements) = told_apart(message.as_ref());
        Self { pointer: pointer.into(), code: code.to_owned(), message, requirements }
    }
}

/// Why a request was refused. The names are those of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Malformed or contradictory.
    Validation(Vec<Fault>),
    /// The order carries a part of another service, which would neither be decided nor may be dropped; with every other fault.
    NotOfThisService(Vec<Fault>),
    /// Required items are missing (INF-01…06); all of them.
    MissingRequired(Vec<Fault>),
    /// The member or request is not in a program (PRG-01…11, 15).
    NotEligible(Box<Ineligible>),
    /// The roster knows no such member (PRG-14).
    MemberNotFound,
    /// The identity does not agree with the roster (INF-08).
    MemberMismatch,
    /// No coverage on the date of service (PRG-14).
    CoverageNotActive {
        /// The date of service asked about.
        date_of_service: chrono::NaiveDate,
    },
    /// Too late to ask here (SUB-06).
    RetrospectiveWindowClosed {
        /// In words.
        detail: String,
        /// Who takes it, where anyone does.
        redirect: Box<Contact>,
        /// Requirement id.
        requirement: String,
    },
    /// The channel is not open for this request (SUB-07).
    ChannelNotAccepted {
        /// In words, with the remedy.
        detail: String,
    },
    /// The ordering provider is not on the plan's file (PRV-06).
    OrderingProviderNotOnFile {
        /// In words, with the number to call.
        detail: String,
        /// Whom to call.
        redirect: Box<Contact>,
    },
    /// The caller may not order for this provider, or not in this program (SUB-08, PRV-02).
    NotPermitted {
        /// In words.
        detail: String,
    },
}

/// Why a request is outside every program, and where to go instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ineligible {
    /// Stable code of the contract, such as `fep`.
    pub exclusion: String,
    /// Requirement id.
    pub requirement: String,
    /// In words.
    pub detail: String,
    /// Where to go.
    pub redirect: Contact,
}
