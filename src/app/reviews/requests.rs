//! What reviewers send.

use crate::app::{Error, Result};
use crate::domain::refusal::Fault;
use crate::domain::review::{CallPartnerRole, LineOutcome, PathwayFinding, PeerToPeerEvent, ReconsiderationDecision};
use crate::domain::text::said;
use crate::rules::review::SetUnits;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Whether the order duplicates an earlier one (DUP-02).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DuplicateDecision {
    /// True: the case ends as `review_cancelled`. False: its review goes on as if the notice had not been raised.
    pub duplicate: bool,
    /// Why.
    #[schema(min_length = 1, max_length = 4000)]
    pub rationale: String,
}

/// What the practice is asked for, and the call in which it was (DET-08).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InformationRequest {
    /// What is asked for; the case shows it with its deadline.
    #[schema(min_items = 1, max_items = 50)]
    pub items: Vec<String>,
    /// Who was called.
    #[serde(default)]
    pub contacted: Option<Contacted>,
    /// Notes on the call.
    #[serde(default)]
    #[schema(max_length = 4000)]
    pub notes: Option<String>,
}

/// Who was called.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Contacted {
    /// Name.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub name: Option<String>,
    /// Number called.
    #[serde(default)]
    #[schema(max_length = 50)]
    pub phone: Option<String>,
}

/// An event of the peer-to-peer discussion (DET-03, DET-08, DET-13).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PeerToPeerRecord {
    /// What happened. Everything but `offered` comes after the offer.
    pub event: PeerToPeerEvent,
    /// When it happened: from the receipt of the case until now, to the minute; now when left out. Only what is `scheduled` may lie ahead.
    /// That it was recorded is kept with the service's own time.
    #[serde(default)]
    pub at: Option<DateTime<Utc>>,
    /// With whom; required for `held`: the ordering physician, their physician assistant or their nurse practitioner.
    #[serde(default)]
    pub with: Option<CallPartner>,
    /// Notes.
    #[serde(default)]
    #[schema(max_length = 4000)]
    pub notes: Option<String>,
}

/// Who spoke for the practice: a name, or a name with the role.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum CallPartner {
    /// A name.
    Name(String),
    /// A name with the role.
    Person(CallPerson),
}

/// Who spoke for the practice.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallPerson {
    /// Name.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// As what.
    #[serde(default)]
    pub role: Option<CallPartnerRole>,
}

impl CallPartner {
    /// Who, in words; none where nobody is named.
    pub fn words(&self) -> Option<String> {
        let (name, role) = match self {
            Self::Name(name) => (name, None),
            Self::Person(person) => (&person.name, person.role),
        };
        let name = said(name)?;
        Some(role.map_or_else(|| name.to_owned(), |role| format!("{name}, {}", role.as_words())))
    }
}

/// Decisions about lines of a case (DET-02, DET-04).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Determination {
    /// One for each line decided; required, here or as `lines`. Lines that were only held return to what was computed for them.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub drugs: Vec<LineDetermination>,
    /// The same, by the name that fits orders of every service; never beside `drugs`.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub lines: Vec<LineDetermination>,
    /// Whether the order follows the Pathway of the regimen it matches; what the engine found when left out.
    #[serde(default)]
    pub pathway: Option<PathwayDecision>,
    /// True: a physician has reviewed the case and these denials come into force when its clock ends, unless the information or the
    /// discussion comes before. Only in programs that deny at the end of the clock (DET-05).
    #[serde(default)]
    pub on_expiry: bool,
}

impl Determination {
    /// The decisions, with the name of their list.
    ///
    /// # Errors
    /// Where both lists are used, or neither.
    pub fn decisions(&self) -> Result<(&'static str, &[LineDetermination])> {
        let (list, decisions) = one_list(&self.drugs, &self.lines)?;
        if decisions.is_empty() {
            return Err(Error::invalid(vec![Fault::new("/drugs", "too-short", "decide at least one line")]));
        }
        Ok((list, decisions))
    }
}

impl ReconsiderationDetermination {
    /// The decisions, with the name of their list.
    ///
    /// # Errors
    /// Where both lists are used.
    pub fn decisions(&self) -> Result<(&'static str, &[LineDetermination])> {
        one_list(&self.drugs, &self.lines)
    }
}

fn one_list<'a>(
    drugs: &'a [LineDetermination],
    lines: &'a [LineDetermination],
) -> Result<(&'static str, &'a [LineDetermination])> {
    match (drugs.is_empty(), lines.is_empty()) {
        (false, false) => {
            let message = "`drugs` and `lines` are two names for one list: use one of them";
            Err(Error::invalid(vec![Fault::new("/lines", "not-allowed", message)]))
        }
        (true, false) => Ok(("lines", lines)),
        _ => Ok(("drugs", drugs)),
    }
}

/// The decision about one line.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineDetermination {
    /// Line of the order.
    #[schema(minimum = 1, maximum = 10000)]
    pub line: u32,
    /// The decision.
    pub decision: LineOutcome,
    /// Why, as one of the program's codes for this decision (`GET /v1/reason-codes?program=`); required for `non_authorized`.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub reason_code: Option<String>,
    /// Why, in words that letters repeat; required for `non_authorized`.
    #[serde(default)]
    #[schema(max_length = 4000)]
    pub rationale: Option<String>,
    /// The same in the member's language, for the letter to the member; `rationale` stands there when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4000)]
    pub rationale_for_member: Option<String>,
    /// Billing units authorized over the whole range, with `visits_approved`. Required where the service counted none for a line with a
    /// code; what was counted when left out (SAFE-13).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 10_000_000)]
    pub units_approved: Option<u64>,
    /// Treatment days authorized over the whole range, with `units_approved`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 366)]
    pub visits_approved: Option<u32>,
    /// Criteria that a denial rests on; the drug's findings that are not met when left out.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub criteria_not_met: Option<Vec<String>>,
}

impl LineDetermination {
    /// The lines as a history shows them: what is written to the member is between the member and those who may read that letter.
    pub(super) fn in_history(lines: &[Self]) -> Vec<Self> {
        lines.iter().map(|line| Self { rationale_for_member: None, ..line.clone() }).collect()
    }

    /// Visits and units as set; none where they are left to the engine's count.
    pub(super) fn set_units(&self) -> Option<SetUnits> {
        self.units_approved.zip(self.visits_approved).map(|(units, visits)| SetUnits { visits, units })
    }
}

/// The decision about the Pathway.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PathwayDecision {
    /// On it or off it.
    pub determination: PathwayFinding,
}

/// Handing a case to the physicians.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    /// Why.
    #[schema(min_length = 1, max_length = 4000)]
    pub rationale: String,
}

/// Asking for reconsideration of a denial (APP-01).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReconsiderationRequest {
    /// Why the denial should not stand.
    #[schema(min_length = 1, max_length = 8000)]
    pub reason: String,
    /// The documents that go with it: ids of attachments of this case (`POST /v1/orders/{case_id}/attachments`).
    #[serde(default)]
    #[schema(max_items = 50)]
    pub attachments: Vec<Uuid>,
}

/// Deciding a reconsideration.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReconsiderationDetermination {
    /// Whether the denial stands.
    pub decision: ReconsiderationDecision,
    /// What becomes of each denied line where the denial is overturned; every one is authorized when left out.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub drugs: Vec<LineDetermination>,
    /// The same, by the name that fits orders of every service; never beside `drugs`.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub lines: Vec<LineDetermination>,
    /// Why.
    #[schema(min_length = 1, max_length = 8000)]
    pub rationale: String,
}
