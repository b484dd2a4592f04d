//! The words of the review desk.

use super::case::PeerToPeer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What happened about the peer-to-peer discussion (DET-03, DET-08).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PeerToPeerEvent {
    /// Offered to the ordering provider.
    Offered,
    /// A time was agreed.
    Scheduled,
    /// It took place.
    Held,
    /// The practice declined.
    Declined,
    /// The practice could not be reached.
    Unreachable,
}

impl PeerToPeerEvent {
    /// The word used in JSON and SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Scheduled => "scheduled",
            Self::Held => "held",
            Self::Declined => "declined",
            Self::Unreachable => "unreachable",
        }
    }
}

impl PeerToPeer {
    /// The state in words.
    pub const fn as_words(self) -> &'static str {
        match self {
            Self::NotOffered => "not offered yet",
            Self::Offered => "offered",
            Self::Scheduled => "scheduled",
            Self::Held => "held already",
            Self::Declined => "declined",
            Self::Unreachable => "offered, and the practice could not be reached",
        }
    }
}

/// Who may hold the discussion for the practice (DET-13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallPartnerRole {
    /// The ordering physician.
    Physician,
    /// Their physician assistant.
    PhysicianAssistant,
    /// Their nurse practitioner.
    NursePractitioner,
}

impl CallPartnerRole {
    /// The role in words.
    pub const fn as_words(self) -> &'static str {
        match self {
            Self::Physician => "ordering physician",
            Self::PhysicianAssistant => "physician assistant",
            Self::NursePractitioner => "nurse practitioner",
        }
    }
}

/// What a reviewer decides about a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineOutcome {
    /// Authorized.
    Authorized,
    /// Not authorized; a physician's to say (DET-04).
    NonAuthorized,
}

impl LineOutcome {
    /// The word used in JSON and SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorized => "authorized",
            Self::NonAuthorized => "non_authorized",
        }
    }
}

/// What a reviewer finds of the Pathway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PathwayFinding {
    /// The order follows the matched regimen's Pathway.
    OnPathway,
    /// It does not.
    OffPathway,
}

/// How a reconsideration ends (APP-02, APP-04).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReconsiderationDecision {
    /// The denial stands.
    Upheld,
    /// Lines are authorized after all.
    Overturned,
}

impl ReconsiderationDecision {
    /// The word used in JSON and SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Upheld => "upheld",
            Self::Overturned => "overturned",
        }
    }

    /// The kind of the event that it makes.
    pub const fn event_kind(self) -> &'static str {
        match self {
            Self::Upheld => "reconsideration_upheld",
            Self::Overturned => "reconsideration_overturned",
        }
    }

    /// The decision behind an event of this kind.
    pub fn of_event(kind: &str) -> Option<Self> {
        [Self::Upheld, Self::Overturned].into_iter().find(|decision| decision.event_kind() == kind)
    }
}
