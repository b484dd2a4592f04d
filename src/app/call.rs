//! What every use case is told about the call it serves: who calls, what they believe the version is, and their idempotency key.

use super::accesses::Accessed;
use super::smart::scopes::Scopes;
use crate::domain::vocabulary::CallerRole;
use std::net::IpAddr;
use uuid::Uuid;

/// Who calls, and what they are bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// What they act as.
    pub role: CallerRole,
    /// The person or system: stable across renewed tokens; written to histories and owning idempotency keys.
    pub subject: String,
    /// Tax IDs of the practice, for ordering and servicing providers.
    pub tax_ids: Vec<String>,
    /// The plan, for health plans.
    pub health_plan: Option<String>,
    /// The token used; none for the sandbox's fixed ones.
    pub token_id: Option<Uuid>,
    /// What the token is good for, where it was given to a system for minutes; everything that the role may, where there are none.
    pub scopes: Option<Scopes>,
    /// What this request is about, for the record.
    pub accessed: Accessed,
}

impl Caller {
    /// Whose idempotency keys these are. The same subject in another role, or bound to another practice or plan, is another caller: what was
    /// answered to the one may not be for the other.
    pub fn key_owner(&self) -> String {
        let mut tax_ids = self.tax_ids.clone();
        tax_ids.sort_unstable();
        tax_ids.dedup();
        let plan = self.health_plan.as_deref().unwrap_or_default();
        format!("{}\u{1f}{}\u{1f}{}\u{1f}{plan}", self.subject, self.role, tax_ids.join(" "))
    }

    /// True for staff of a practice, who see only what their tax IDs let them.
    pub const fn is_practice(&self) -> bool {
        matches!(self.role, CallerRole::OrderingProvider | CallerRole::ServicingProvider)
    }

    /// True where the caller may know of this plan's members and cases. A health plan sees its own only; to it the others do not exist.
    pub fn serves_plan(&self, health_plan: &str) -> bool {
        self.role != CallerRole::HealthPlan || self.health_plan.as_deref() == Some(health_plan)
    }

    /// True where the caller's practice has one of these tax IDs.
    pub fn shares_tax_id<S: AsRef<str>>(&self, tax_ids: &[S]) -> bool {
        self.tax_ids.iter().any(|own| tax_ids.iter().any(|other| other.as_ref() == own))
    }
}

/// Which version of a resource the caller believes it changes (`If-Match`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// The caller did not say; a lost race is a conflict.
    Unstated,
    /// Any existing version.
    Any,
    /// One of these; an empty list matches none.
    Versions(Vec<i64>),
}

impl Expected {
    /// True where this version may be changed.
    pub fn admits(&self, version: i64) -> bool {
        match self {
            Self::Unstated | Self::Any => true,
            Self::Versions(versions) => versions.contains(&version),
        }
    }
}

/// An idempotency key with what it was sent for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotent {
    /// The caller's key: 1 to 255 visible ASCII characters.
    pub key: String,
    /// SHA-256 over method, path and canonical JSON of the payload.
    pub fingerprint: [u8; 32],
}

/// Where a request that nobody signs comes from, for what counts by that; none where it is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CameFrom(pub Option<IpAddr>);

/// The id of a request, as its answer's `X-Request-Id` says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);
