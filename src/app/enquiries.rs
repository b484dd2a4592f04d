//! Keeping what was asked and led to no order (PRG-15). Names and birth dates are not repeated in it.

use super::{App, Caller, Error, Result};
use crate::domain::refusal::Ineligible;
use crate::domain::vocabulary::{Service, Setting};
use crate::store;
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use sqlx::PgConnection;

/// What was asked.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// `eligibility_check` or `order`.
    pub kind: &'a str,
    /// Health plan.
    pub health_plan: &'a str,
    /// Member, where one was found.
    pub member_id: Option<&'a str>,
    /// Service.
    pub service: Option<Service>,
    /// Setting.
    pub setting: Setting,
    /// Date of service.
    pub date_of_service: Option<NaiveDate>,
    /// Diagnosis.
    pub icd10: Option<&'a str>,
}

/// What was answered.
#[derive(Debug, Clone, Copy)]
pub enum Outcome<'a> {
    /// In this program.
    Eligible(&'a str),
    /// In none.
    NotEligible(&'a Ineligible),
    /// Refused for this reason, a slug of the contract.
    Refused(&'a str),
}

/// Keeps it.
pub async fn keep(
    app: &App,
    conn: &mut PgConnection,
    caller: &Caller,
    at: DateTime<Utc>,
    asked: &Asked<'_>,
    outcome: Outcome<'_>,
) -> Result<()> {
    let (word, ineligible) = match outcome {
        Outcome::Eligible(_) => ("eligible", None),
        Outcome::NotEligible(ineligible) => ("not_eligible", Some(ineligible)),
        Outcome::Refused(_) => ("refused", None),
    };
    let answer = match outcome {
        Outcome::Eligible(program) => json!({ "program": program }),
        Outcome::NotEligible(ineligible) => json!({ "detail": ineligible.detail, "redirect": ineligible.redirect }),
        Outcome::Refused(reason) => json!({ "reason": reason }),
    };
    let detail = json!({
        "service": asked.service, "setting": asked.setting, "date_of_service": asked.date_of_service, "icd10": asked.icd10,
        "role": caller.role, "answer": answer,
    });
    let detail =
        serde_json::to_string(&detail).map_err(|error| Error::Internal(format!("enquiry does not serialize: {error}")))?;
    let enquiry = store::enquiries::Enquiry {
        enquiry_id: app.ids.uuid(at),
        at,
        actor: &caller.subject,
        health_plan: asked.health_plan,
        member_id: asked.member_id,
        kind: asked.kind,
        outcome: word,
        exclusion: ineligible.map(|ineligible| ineligible.exclusion.as_str()),
        requirement: ineligible.map(|ineligible| ineligible.requirement.as_str()),
        detail: &detail,
    };
    Ok(store::enquiries::insert(conn, &enquiry).await?)
}
