//! A line of a radiation order as callers see it. Inside, lines of every service are one type, so that review, withdrawal and claims treat
//! them alike; the wire has a list of its own for procedures.

use super::case::{CaseDrug, Contact, Denial};
use super::vocabulary::{DrugRole, DrugStatus};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One procedure of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CaseProcedure {
    /// Line of the order.
    pub line: u32,
    /// Code; null where no line could be derived.
    pub code: Option<String>,
    /// Own words for it.
    pub name: String,
    /// Planning and delivery are treatment, all others supportive.
    pub role: DrugRole,
    /// Status.
    pub status: DrugStatus,
    /// The case's Order ID, for lines that may be given under it.
    pub order_id: Option<String>,
    /// Units asked for, or counted from the treatment.
    pub units: Option<u32>,
    /// Units authorized; null until they are.
    pub units_approved: Option<u64>,
    /// Units that one day may have.
    #[serde(default)]
    pub units_per_visit: Option<u64>,
    /// Treatment days authorized.
    pub visits_approved: Option<u32>,
    /// First day.
    pub valid_from: Option<NaiveDate>,
    /// Last day.
    pub valid_through: Option<NaiveDate>,
    /// What the status means for this line.
    pub message: String,
    /// Why it is denied, for those who may read the letter; absent where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denial: Option<Denial>,
    /// Whom to ask, where another entity is named.
    pub contact: Option<Contact>,
    /// Ids of the findings behind it.
    pub findings: Vec<String>,
}

impl From<CaseDrug> for CaseProcedure {
    fn from(line: CaseDrug) -> Self {
        Self {
            line: line.line,
            code: line.hcpcs,
            name: line.name,
            role: line.role,
            status: line.status,
            order_id: line.order_id,
            units: line.units,
            units_approved: line.units_approved,
            units_per_visit: line.units_per_visit,
            visits_approved: line.visits_approved,
            valid_from: line.valid_from,
            valid_through: line.valid_through,
            message: line.message,
            denial: line.denial,
            contact: line.contact,
            findings: line.findings,
        }
    }
}

impl From<CaseProcedure> for CaseDrug {
    fn from(procedure: CaseProcedure) -> Self {
        Self {
            line: procedure.line,
            hcpcs: procedure.code,
            name: procedure.name,
            role: procedure.role,
            status: procedure.status,
            order_id: procedure.order_id,
            dosing: units_in_words(procedure.units),
            administered_dose: None,
            first_administered_dose: None,
            visits_approved: procedure.visits_approved,
            units_per_visit: procedure.units_per_visit,
            billing_unit: None,
            units_approved: procedure.units_approved,
            valid_from: procedure.valid_from,
            valid_through: procedure.valid_through,
            message: procedure.message,
            denial: procedure.denial,
            contact: procedure.contact,
            findings: procedure.findings,
            units: procedure.units,
        }
    }
}

/// `16 units`.
pub fn units_in_words(units: Option<u32>) -> String {
    match units {
        None => "units not known".to_owned(),
        Some(1) => "1 unit".to_owned(),
        Some(units) => format!("{units} units"),
    }
}

/// Writes lines as procedures, and reads them back.
pub(super) mod list {
    use super::{CaseDrug, CaseProcedure};
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(lines: &[CaseDrug], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(lines.iter().map(|line| CaseProcedure::from(line.clone())))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<CaseDrug>, D::Error> {
        let read = Vec::<CaseProcedure>::deserialize(deserializer)?;
        Ok(read.into_iter().map(CaseDrug::from).collect())
    }
}
