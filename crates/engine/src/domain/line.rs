//! A line of a case: a drug, or a procedure of radiation. What every line has is one type, so that review, withdrawal, letters and claims treat
//! all lines alike; what only drugs or only procedures have is the variant's. Callers get a list of each, `drugs` and `procedures`.

use super::case::{Contact, Denial, RefusedPart};
use super::order::Dose;
use super::shared_text::Text;
use super::vocabulary::{DrugRole, DrugStatus};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use utoipa::ToSchema;

/// A line of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseLine {
    /// Number of the line in the order.
    pub line: u32,
    /// HCPCS or CPT code, where there is one.
    pub hcpcs: Option<String>,
    /// Generic name of a drug, own words for a procedure.
    pub name: String,
    /// Role according to content (REG-13). Planning and delivery of radiation are treatment, all other procedures supportive.
    pub role: DrugRole,
    /// Status.
    pub status: DrugStatus,
    /// The case's Order ID, for lines that may be given under it (VER-01, VER-02).
    pub order_id: Option<String>,
    /// Distinct treatment days in the valid range (VER-07).
    pub visits_approved: Option<u32>,
    /// Billing units of the largest of these days: what a claim for one day may bill of this line (SAFE-13).
    pub units_per_visit: Option<u64>,
    /// Billing units in the valid range (VER-07).
    pub units_approved: Option<u64>,
    /// First day (SUB-01).
    pub valid_from: Option<NaiveDate>,
    /// Last day (VER-08).
    pub valid_through: Option<NaiveDate>,
    /// What the status means for this line.
    pub message: String,
    /// Why it is denied, for those who may read the letter.
    pub denial: Option<Denial>,
    /// What of it is not authorized, where only a part is.
    pub refused_part: Option<RefusedPart>,
    /// Whom to ask, where another entity is named.
    pub contact: Option<Contact>,
    /// Ids of the findings behind it.
    pub findings: Vec<Text>,
    /// What is ordered.
    pub ordered: Ordered,
}

/// What a line orders.
#[derive(Debug, Clone, PartialEq)]
pub enum Ordered {
    /// A drug.
    Drug(DrugOrdered),
    /// A procedure of radiation.
    Procedure {
        /// Units asked for, or counted from the treatment.
        units: Option<u32>,
    },
}

/// What only drugs have.
#[derive(Debug, Clone, PartialEq)]
pub struct DrugOrdered {
    /// Dose, route and schedule in words.
    pub dosing: String,
    /// Dose of one ordinary administration after body measures and maximum doses.
    pub administered_dose: Option<Dose>,
    /// Dose of the first administration after body measures and maximum doses, where it differs.
    pub first_administered_dose: Option<Dose>,
    /// Billing unit of the code, such as `10 mg`.
    pub billing_unit: Option<String>,
}

impl DrugStatus {
    /// True for what may be given under the Order ID of its case: authorized, or not reviewed by the program (VER-02).
    pub const fn may_be_given(self) -> bool {
        matches!(self, Self::Authorized | Self::ClinicalReviewNotRequired)
    }
}

impl CaseLine {
    /// True where the line may be given under the Order ID of its case; what is studied in a trial is not (DRG-03).
    pub fn may_be_given(&self) -> bool {
        self.status.may_be_given() && self.role != DrugRole::Investigational
    }

    /// True where the line or a part of it is denied.
    pub fn is_denied(&self) -> bool {
        self.status == DrugStatus::NonAuthorized || self.refused_part.is_some()
    }

    /// Dose, route and schedule of a drug, units of a procedure, in words.
    pub fn asked_in_words(&self) -> Cow<'_, str> {
        match &self.ordered {
            Ordered::Drug(drug) => Cow::Borrowed(&drug.dosing),
            Ordered::Procedure { units } => Cow::Owned(units_in_words(*units)),
        }
    }

    /// What only drugs have; none for a procedure.
    pub const fn drug(&self) -> Option<&DrugOrdered> {
        match &self.ordered {
            Ordered::Drug(drug) => Some(drug),
            Ordered::Procedure { .. } => None,
        }
    }

    /// Billing unit of a drug's code.
    pub fn billing_unit(&self) -> Option<&str> {
        self.drug().and_then(|drug| drug.billing_unit.as_deref())
    }

    /// Units asked for, or counted, of a procedure.
    pub const fn units(&self) -> Option<u32> {
        match self.ordered {
            Ordered::Drug(_) => None,
            Ordered::Procedure { units } => units,
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

/// One drug of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CaseDrug {
    /// Line of the order.
    pub line: u32,
    /// HCPCS code, where there is one.
    pub hcpcs: Option<String>,
    /// Generic name.
    pub name: String,
    /// Role according to content (REG-13).
    pub role: DrugRole,
    /// Status.
    pub status: DrugStatus,
    /// The case's Order ID, for drugs that may be given under it (VER-01, VER-02).
    pub order_id: Option<String>,
    /// Dose, route and schedule in words.
    pub dosing: String,
    /// Dose of one ordinary administration after body measures and maximum doses.
    pub administered_dose: Option<Dose>,
    /// Dose of the first administration after body measures and maximum doses, where it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_administered_dose: Option<Dose>,
    /// Distinct treatment days in the valid range (VER-07).
    pub visits_approved: Option<u32>,
    /// Billing units of the largest of these days: what a claim for one day may bill of this line (SAFE-13).
    #[serde(default)]
    pub units_per_visit: Option<u64>,
    /// Billing unit of the code, such as `10 mg`.
    pub billing_unit: Option<String>,
    /// Billing units in the valid range (VER-07).
    pub units_approved: Option<u64>,
    /// First day (SUB-01).
    pub valid_from: Option<NaiveDate>,
    /// Last day (VER-08).
    pub valid_through: Option<NaiveDate>,
    /// What the status means for this drug.
    pub message: String,
    /// Why it is denied, for those who may read the letter; absent where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denial: Option<Denial>,
    /// What of it is not authorized, where only a part is; absent where all is, or nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_part: Option<RefusedPart>,
    /// Whom to ask, where another entity is named.
    pub contact: Option<Contact>,
    /// Ids of the findings behind it.
    #[schema(value_type = Vec<String>)]
    pub findings: Vec<Text>,
}

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
    /// What of it is not authorized, where only a part is; absent where all is, or nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_part: Option<RefusedPart>,
    /// Whom to ask, where another entity is named.
    pub contact: Option<Contact>,
    /// Ids of the findings behind it.
    #[schema(value_type = Vec<String>)]
    pub findings: Vec<Text>,
}

impl From<CaseLine> for CaseDrug {
    fn from(line: CaseLine) -> Self {
        let dosing = line.asked_in_words().into_owned();
        let (administered_dose, first_administered_dose, billing_unit) = match line.ordered {
            Ordered::Drug(drug) => (drug.administered_dose, drug.first_administered_dose, drug.billing_unit),
            Ordered::Procedure { .. } => (None, None, None),
        };
        Self {
            line: line.line,
            hcpcs: line.hcpcs,
            name: line.name,
            role: line.role,
            status: line.status,
            order_id: line.order_id,
            dosing,
            administered_dose,
            first_administered_dose,
            visits_approved: line.visits_approved,
            units_per_visit: line.units_per_visit,
            billing_unit,
            units_approved: line.units_approved,
            valid_from: line.valid_from,
            valid_through: line.valid_through,
            message: line.message,
            denial: line.denial,
            refused_part: line.refused_part,
            contact: line.contact,
            findings: line.findings,
        }
    }
}

impl From<CaseDrug> for CaseLine {
    fn from(drug: CaseDrug) -> Self {
        Self {
            line: drug.line,
            hcpcs: drug.hcpcs,
            name: drug.name,
            role: drug.role,
            status: drug.status,
            order_id: drug.order_id,
            visits_approved: drug.visits_approved,
            units_per_visit: drug.units_per_visit,
            units_approved: drug.units_approved,
            valid_from: drug.valid_from,
            valid_through: drug.valid_through,
            message: drug.message,
            denial: drug.denial,
            refused_part: drug.refused_part,
            contact: drug.contact,
            findings: drug.findings,
            ordered: Ordered::Drug(DrugOrdered {
                dosing: drug.dosing,
                administered_dose: drug.administered_dose,
                first_administered_dose: drug.first_administered_dose,
                billing_unit: drug.billing_unit,
            }),
        }
    }
}

impl From<CaseLine> for CaseProcedure {
    fn from(line: CaseLine) -> Self {
        Self {
            units: line.units(),
            line: line.line,
            code: line.hcpcs,
            name: line.name,
            role: line.role,
            status: line.status,
            order_id: line.order_id,
            units_approved: line.units_approved,
            units_per_visit: line.units_per_visit,
            visits_approved: line.visits_approved,
            valid_from: line.valid_from,
            valid_through: line.valid_through,
            message: line.message,
            denial: line.denial,
            refused_part: line.refused_part,
            contact: line.contact,
            findings: line.findings,
        }
    }
}

impl From<CaseProcedure> for CaseLine {
    fn from(procedure: CaseProcedure) -> Self {
        Self {
            line: procedure.line,
            hcpcs: procedure.code,
            name: procedure.name,
            role: procedure.role,
            status: procedure.status,
            order_id: procedure.order_id,
            visits_approved: procedure.visits_approved,
            units_per_visit: procedure.units_per_visit,
            units_approved: procedure.units_approved,
            valid_from: procedure.valid_from,
            valid_through: procedure.valid_through,
            message: procedure.message,
            denial: procedure.denial,
            refused_part: procedure.refused_part,
            contact: procedure.contact,
            findings: procedure.findings,
            ordered: Ordered::Procedure { units: procedure.units },
        }
    }
}

/// How a list of lines is written and read.
macro_rules! list {
    ($(#[doc = $doc:literal])* $name:ident as $wire:ident) => {
        $(#[doc = $doc])*
        pub(super) mod $name {
            use super::{CaseLine, $wire};
            use serde::{Deserialize, Deserializer, Serializer};

            pub fn serialize<S: Serializer>(lines: &[CaseLine], serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(lines.iter().map(|line| $wire::from(line.clone())))
            }

            pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<CaseLine>, D::Error> {
                Ok(Vec::<$wire>::deserialize(deserializer)?.into_iter().map(CaseLine::from).collect())
            }
        }
    };
}

list! {
    /// Lines of drugs.
    drugs as CaseDrug
}
list! {
    /// Lines of procedures.
    procedures as CaseProcedure
}
