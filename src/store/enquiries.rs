//! Enquiries that led to no order, kept for audit (PRG-15).

use super::Result;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// An enquiry to keep.
#[derive(Debug, Clone, Copy)]
pub struct Enquiry<'a> {
    /// Id.
    pub enquiry_id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// Subject that asked.
    pub actor: &'a str,
    /// Health plan.
    pub health_plan: &'a str,
    /// Member, where one was found.
    pub member_id: Option<&'a str>,
    /// `eligibility_check` or `order`.
    pub kind: &'a str,
    /// `eligible`, `not_eligible` or `refused`.
    pub outcome: &'a str,
    /// Exclusion that applied.
    pub exclusion: Option<&'a str>,
    /// Its requirement id.
    pub requirement: Option<&'a str>,
    /// What was asked and answered, as JSON.
    pub detail: &'a str,
}

/// Keeps it.
pub async fn insert(conn: &mut PgConnection, enquiry: &Enquiry<'_>) -> Result<()> {
    sqlx::query!(
        "insert into enquiries (enquiry_id, at, actor, health_plan, member_id, kind, outcome, exclusion, requirement, detail)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::json)",
        enquiry.enquiry_id,
        enquiry.at,
        enquiry.actor,
        enquiry.health_plan,
        enquiry.member_id,
        enquiry.kind,
        enquiry.outcome,
        enquiry.exclusion,
        enquiry.requirement,
        enquiry.detail,
    )
    .execute(conn)
    .await?;
    Ok(())
}
