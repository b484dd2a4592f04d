//! What the engine is told about the world around an order. `app` loads it; the engine looks nowhere else.

use crate::domain::case::Case;
use crate::domain::content::Content;
use crate::domain::order::{Assessment, Biomarker, OrderRequest, Phase, PriorTherapy};
use crate::domain::roster::{MemberRow, ProviderRow};
use crate::domain::vocabulary::{CallerRole, CaseStatus, DrugRole, DrugStatus, LineOfTreatment, Service};
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

/// Everything a decision may depend on, beside content and time.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The order as received.
    pub order: &'a OrderRequest,
    /// Who submits.
    pub submitter: Submitter<'a>,
    /// When it was received; stays the same when an order is updated.
    pub received_at: DateTime<Utc>,
    /// What the plan's member file says.
    pub member: KnownMember,
    /// What the plan's provider file says of the ordering provider.
    pub ordering_provider: KnownProvider,
    /// What it says of the servicing provider.
    pub servicing_provider: KnownProvider,
    /// The person's other cases, this one excluded.
    pub related_cases: Vec<RelatedCase>,
    /// The case as it was before this change; none for a new order.
    pub before: Option<&'a Case>,
}

/// Who submits.
#[derive(Debug, Clone, Copy)]
pub struct Submitter<'a> {
    /// Role of the token.
    pub role: CallerRole,
    /// Tax IDs of the token; empty where the role is bound to none.
    pub tax_ids: &'a [String],
}

/// Result of looking the member up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownMember {
    /// The request does not carry enough to look anyone up.
    NotAsked,
    /// The plan's file has nobody like that.
    NotOnFile,
    /// Several members fit the name and date of birth; the member ID is needed.
    Ambiguous,
    /// All coverage rows of this member number; not all of them need be one person's (SAFE-14).
    OnFile(Vec<MemberRow>),
}

/// Result of looking a provider up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownProvider {
    /// The request does not name one.
    NotAsked,
    /// The plan's file has no such provider.
    NotOnFile,
    /// Several fit the name; the NPI is needed.
    Ambiguous,
    /// The provider.
    OnFile(Box<ProviderRow>),
}

impl KnownProvider {
    /// The provider, where it is on file.
    pub fn row(&self) -> Option<&ProviderRow> {
        match self {
            Self::OnFile(row) => Some(row),
            _ => None,
        }
    }
}

/// Answers of another case that may last: an allergy, hepatitis B, a reaction to an earlier treatment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ToldBefore {
    /// Assessments.
    pub assessments: Vec<Assessment>,
    /// Biomarkers.
    pub biomarkers: Vec<Biomarker>,
    /// Earlier treatments.
    pub prior_therapies: Vec<PriorTherapy>,
    /// Stage, as entered.
    pub stage: Option<String>,
}

/// Another case of the same member.
#[derive(Debug, Clone, PartialEq)]
pub struct RelatedCase {
    /// Its id.
    pub case_id: Uuid,
    /// What it orders.
    pub service: Service,
    /// Its status.
    pub status: CaseStatus,
    /// Its Order ID.
    pub order_id: Option<String>,
    /// First day of its range.
    pub valid_from: NaiveDate,
    /// Last day of its range.
    pub valid_through: NaiveDate,
    /// Ingredients of its treatment drugs; of radiation the site, and the side where it is known.
    pub treatment_ingredients: Vec<String>,
    /// The regimen that it matched.
    pub regimen_id: Option<String>,
    /// The Pathway for which it was awarded an onset S-code.
    pub awarded_pathway: Option<String>,
    /// Its lines.
    pub drugs: Vec<RelatedDrug>,
    /// Cancer type, where entered.
    pub cancer_type: Option<String>,
    /// Diagnosis.
    pub icd10: Option<String>,
    /// Line of treatment, where entered.
    pub line_of_treatment: Option<LineOfTreatment>,
    /// What it told.
    pub told: ToldBefore,
    /// The phases of its drugs, as entered: the days on which each line is given.
    pub phases: Vec<Phase>,
    /// True where those who send this order may see it. It counts all the same; but words name its drugs and days only then (PRV-02).
    pub is_theirs: bool,
}

/// One line of another case of the same member.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct RelatedDrug {
    /// Number of the line.
    pub line: u32,
    /// Generic name, as the catalogue of its time spelled it.
    pub generic: String,
    /// HCPCS code.
    pub hcpcs: Option<String>,
    /// Role.
    pub role: DrugRole,
    /// Status.
    pub status: DrugStatus,
    /// First day on which it may be given.
    pub valid_from: Option<NaiveDate>,
    /// Last day.
    pub valid_through: Option<NaiveDate>,
    /// Visits authorized.
    pub visits_approved: Option<u32>,
    /// Units authorized.
    pub units_approved: Option<u64>,
}

impl RelatedDrug {
    /// Ingredients it counts as; its name where the catalogue does not know it.
    pub fn ingredients<'a>(&'a self, content: &'a Content) -> &'a [String] {
        content.drugs.by_name(&self.generic).map_or(std::slice::from_ref(&self.generic), |drug| &drug.ingredients)
    }

    /// True where it may have been given: nobody denied it or took it back.
    pub const fn may_have_been_given(&self) -> bool {
        matches!(
            self.status,
            DrugStatus::Authorized
                | DrugStatus::ClinicalReviewNotRequired
                | DrugStatus::OtherImpact
                | DrugStatus::ReferToHealthPlan
        )
    }
}

impl RelatedCase {
    /// True where nothing of it may be given: it was denied or taken back. What it told of the member is heeded all the same.
    pub const fn is_void(&self) -> bool {
        matches!(self.status, CaseStatus::NonAuthorized | CaseStatus::ReviewCancelled)
    }

    /// True where all of it was taken back as entered in error: what the next order answers itself stands for it.
    pub fn is_entry_error(&self) -> bool {
        let is_error = |drug: &RelatedDrug| drug.status == DrugStatus::NotReviewedErrorEntry;
        self.is_void() && !self.drugs.is_empty() && self.drugs.iter().all(is_error)
    }

    /// True where its drugs were approved.
    pub const fn is_approved(&self) -> bool {
        matches!(self.status, CaseStatus::Authorized | CaseStatus::Completed | CaseStatus::MultipleDecisionsRendered)
    }
}
