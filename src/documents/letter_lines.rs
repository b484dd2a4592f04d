//! Procedures in a letter: the wire has a list of its own for them, as the case has.

use super::letter::{Criterion, DrugInLetter};
use crate::domain::case::RefusedPart;
use crate::domain::vocabulary::DrugStatus;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A procedure in a letter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProcedureInLetter {
    /// Line of the order.
    pub line: u32,
    /// Code, where there is one.
    pub code: Option<String>,
    /// Own words for it.
    pub name: String,
    /// Status.
    pub status: DrugStatus,
    /// What was asked for, in words.
    pub asked: String,
    /// Treatment days approved.
    pub visits_approved: Option<u32>,
    /// Units approved.
    pub units_approved: Option<u64>,
    /// First day.
    pub valid_from: Option<NaiveDate>,
    /// Last day.
    pub valid_through: Option<NaiveDate>,
    /// What of it is not approved, where only a part is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_part: Option<RefusedPart>,
    /// Why it is denied, as the physician's code.
    pub reason_code: Option<String>,
    /// The same in words.
    pub reason: Option<String>,
    /// Why, in the physician's words.
    pub rationale: Option<String>,
    /// The reason in clinical words, where the physician wrote none for the member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clinical_reason: Option<String>,
    /// Criteria that are not met, or could not be told.
    pub criteria_not_met: Vec<Criterion>,
    /// The line whose denial took this one along (CAS-04).
    pub implied_by_line: Option<u32>,
}

impl From<DrugInLetter> for ProcedureInLetter {
    fn from(line: DrugInLetter) -> Self {
        Self {
            line: line.line,
            code: line.hcpcs,
            name: line.name,
            status: line.status,
            asked: line.dosing,
            visits_approved: line.visits_approved,
            units_approved: line.units_approved,
            valid_from: line.valid_from,
            valid_through: line.valid_through,
            refused_part: line.refused_part,
            reason_code: line.reason_code,
            reason: line.reason,
            rationale: line.rationale,
            clinical_reason: line.clinical_reason,
            criteria_not_met: line.criteria_not_met,
            implied_by_line: line.implied_by_line,
        }
    }
}

impl From<ProcedureInLetter> for DrugInLetter {
    fn from(procedure: ProcedureInLetter) -> Self {
        Self {
            line: procedure.line,
            hcpcs: procedure.code,
            name: procedure.name,
            status: procedure.status,
            dosing: procedure.asked,
            visits_approved: procedure.visits_approved,
            units_approved: procedure.units_approved,
            billing_unit: None,
            valid_from: procedure.valid_from,
            valid_through: procedure.valid_through,
            refused_part: procedure.refused_part,
            reason_code: procedure.reason_code,
            reason: procedure.reason,
            rationale: procedure.rationale,
            clinical_reason: procedure.clinical_reason,
            criteria_not_met: procedure.criteria_not_met,
            implied_by_line: procedure.implied_by_line,
        }
    }
}

/// Writes lines as procedures, and reads them back.
pub(super) mod list {
    use super::{DrugInLetter, ProcedureInLetter};
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(lines: &[DrugInLetter], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(lines.iter().map(|line| ProcedureInLetter::from(line.clone())))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<DrugInLetter>, D::Error> {
        let read = Vec::<ProcedureInLetter>::deserialize(deserializer)?;
        Ok(read.into_iter().map(DrugInLetter::from).collect())
    }
}
