//! Billing of S-codes: every claim is kept, accepted or refused, with the rule (SCD-04…09, SCD-13).

use super::idempotency::{self, Answer};
use super::orders::view;
use super::visibility::sees;
use super::{App, Caller, Error, Idempotent, Result, coverage};
use crate::domain::case::Case;
use crate::domain::content::SCodeRules;
use crate::domain::roster::Person;
use crate::rules::ledger::{self, Award, Basis, Billed, Claim, ClaimForm, LaterTreatment, Refused};
use crate::store;
use crate::store::case_events::{Actor, NewEvent};
use crate::store::s_codes::{AcceptedClaim, Ground, LaterOrder, NewClaim};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

/// On which form the claim is billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClaimType {
    /// A professional claim.
    Professional,
    /// A facility claim; S-codes are never paid on one (SCD-04).
    Facility,
}

/// A claim for an S-code.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SCodeClaim {
    /// The case that awarded the code.
    pub case_id: Uuid,
    /// `S0353` or `S0354`.
    #[schema(pattern = "^S[0-9]{4}$")]
    pub code: String,
    /// The day billed for; any day, future ones too.
    pub service_date: NaiveDate,
    /// NPI of who bills.
    #[schema(pattern = "^[0-9]{10}$")]
    pub billing_npi: String,
    /// On which form.
    pub claim_type: ClaimType,
}

/// What became of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SCodeClaimAnswer {
    /// Identifies the claim.
    pub s_code_claim_id: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// The code.
    pub code: String,
    /// The day billed for.
    pub service_date: NaiveDate,
    /// True where it may be paid.
    pub accepted: bool,
    /// The requirement that refuses it, such as `SCD-06`; null where it is accepted.
    pub rule: Option<String>,
    /// In words.
    pub message: String,
}

/// Accepts or refuses a claim, and keeps it either way.
pub async fn claim(app: &App, caller: &Caller, claim: &SCodeClaim, key: Option<&Idempotent>) -> Result<Answer> {
    let now = app.clock.now();
    idempotency::once(app, caller, key, async |conn| {
        let answer = Claiming { app, caller, claim, now }.run(conn).await?;
        let body =
            serde_json::to_value(&answer).map_err(|error| Error::Internal(format!("claim does not serialize: {error}")))?;
        Ok(Answer::created(body, None))
    })
    .await
}

struct Claiming<'a> {
    app: &'a App,
    caller: &'a Caller,
    claim: &'a SCodeClaim,
    now: DateTime<Utc>,
}

impl Claiming<'_> {
    async fn run(&self, conn: &mut PgConnection) -> Result<SCodeClaimAnswer> {
        let claim = self.claim;
        let held = store::cases::lock(conn, claim.case_id).await?.map(|held| held.stored);
        let stored = held.filter(|case| sees(self.caller, case)).ok_or(Error::NotFound)?;
        let case: Case = view::read_back(&stored.document)?;
        let ground = store::s_codes::ground(conn, claim.case_id, &claim.code).await?.ok_or(Error::NotFound)?;
        // claims on other cases of the patient wait here
        store::cases::lock_member(conn, &stored.health_plan, &ground.member_id).await?;
        let accepted = store::s_codes::accepted(conn, &stored.health_plan, &ground.member_id).await?;
        let person = Person::parse(&ground.person);
        let is_theirs = |claim: &AcceptedClaim| match (&person, Person::parse(&claim.person)) {
            (Some(person), Some(other)) => person.is(&other),
            _ => claim.person == ground.person,
        };
        let billed: Vec<Billed> = accepted.into_iter().filter(is_theirs).map(billed).collect();
        let changed = store::s_codes::changed_by(conn, claim.case_id).await?;
        let rules = self.rules(&case)?;
        let basis = basis(&case, &ground, rules, changed.as_ref());
        let form = match claim.claim_type {
            ClaimType::Professional => ClaimForm::Professional,
            ClaimType::Facility => ClaimForm::Facility,
        };
        let asked = Claim { code: &claim.code, service_date: claim.service_date, billing_npi: &claim.billing_npi, form };
        let refused = ledger::rule(&asked, &basis, &billed).err().or(self.uncovered(&case, &ground)?);
        let answer = SCodeClaimAnswer {
            s_code_claim_id: self.app.ids.beside(claim.case_id, self.now),
            case_id: claim.case_id,
            code: claim.code.clone(),
            service_date: claim.service_date,
            accepted: refused.is_none(),
            rule: refused.as_ref().map(|refused| refused.rule.to_owned()),
            message: refused
                .map_or_else(|| format!("{} may be billed for {}", claim.code, claim.service_date), |refused| refused.message),
        };
        let onset = claim.code == rules.onset_code;
        self.keep(conn, &stored.health_plan, &ground, onset, &answer).await?;
        Ok(answer)
    }

    /// An award ends with the coverage (SAFE-14).
    fn uncovered(&self, case: &Case, ground: &Ground) -> Result<Option<Refused>> {
        let day = self.claim.service_date;
        let by = (case.program.as_str(), case.content_release.as_str());
        let is_covered = coverage::covers(self.app, by, &ground.person, &ground.read_spans()?, day);
        let code = &self.claim.code;
        let refused = || Refused {
            rule: "SAFE-14",
            message: format!("{code} ends with the coverage, and the program does not cover the member on {day}"),
        };
        Ok((!is_covered).then(refused))
    }

    /// The program's rules as of the release that awarded.
    fn rules(&self, case: &Case) -> Result<&SCodeRules> {
        let content = self.app.library.named(&case.content_release);
        let program = content.and_then(|content| content.program(&case.program));
        program.map(|program| &program.s_codes).ok_or_else(|| Error::Internal("a case of no program".to_owned()))
    }

    async fn keep(
        &self,
        conn: &mut PgConnection,
        health_plan: &str,
        ground: &Ground,
        onset: bool,
        answer: &SCodeClaimAnswer,
    ) -> Result<()> {
        let claim = self.claim;
        let role = self.caller.role.as_str();
        let new = NewClaim {
            s_code_claim_id: answer.s_code_claim_id,
            case_id: claim.case_id,
            health_plan,
            member_id: &ground.member_id,
            person: &ground.person,
            code: &claim.code,
            onset,
            service_date: claim.service_date,
            billing_npi: &claim.billing_npi,
            claim_type: match claim.claim_type {
                ClaimType::Professional => "professional",
                ClaimType::Facility => "facility",
            },
            pathway_id: ground.pathway_id.as_deref(),
            rule: answer.rule.as_deref(),
            message: &answer.message,
            at: self.now,
            by_subject: &self.caller.subject,
            by_role: role,
        };
        store::s_codes::insert(conn, &new).await?;
        let detail = view::write_out(&json!({
            "s_code_claim_id": answer.s_code_claim_id, "code": answer.code, "service_date": answer.service_date,
            "accepted": answer.accepted, "rule": answer.rule,
        }))?;
        let event = NewEvent {
            case_id: claim.case_id,
            at: self.now,
            kind: "s_code_claimed",
            actor: Actor { subject: &self.caller.subject, role },
            reason: Some(&answer.message),
            detail: Some(&detail),
            change: None,
        };
        store::case_events::append(conn, &event).await?;
        Ok(())
    }
}

fn billed(claim: AcceptedClaim) -> Billed {
    let AcceptedClaim { case_id, onset, service_date, pathway_id, .. } = claim;
    Billed { case_id, onset, service_date, pathway_id }
}

fn basis<'a>(case: &'a Case, ground: &'a Ground, rules: &'a SCodeRules, changed: Option<&LaterOrder>) -> Basis<'a> {
    let award = match (ground.times, ground.billable_from, ground.billable_through) {
        (Some(times), Some(billable_from), Some(billable_through)) => Some(Award {
            times: u32::try_from(times).unwrap_or(0),
            billable_from,
            billable_through,
            voided: ground.voided_on.map(|on| (on, ground.void_reason.as_deref().unwrap_or_default())),
        }),
        _ => None,
    };
    Basis {
        case_id: case.case_id,
        status: case.status,
        ordering_npi: &ground.ordering_npi,
        pathway_id: ground.pathway_id.as_deref(),
        award,
        withheld: case.s_codes_withheld,
        onset_code: &rules.onset_code,
        step_days: rules.step_days,
        changed_by: changed.map(|later| LaterTreatment { starts_on: later.valid_from }),
    }
}
