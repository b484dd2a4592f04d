//! A practice takes drugs, or the whole order, back (DRG-05, DRG-06, CAS-06, SCD-13).

use super::draft::{award_columns, drug_columns, number};
use super::find::in_sight;
use super::submit::is_number_in_use;
use super::view;
use crate::app::idempotency::{self, Answer};
use crate::app::reviews::claims;
use crate::app::{App, Caller, Error, Idempotent, Result, letters};
use crate::domain::case::{Case, Computed};
use crate::domain::refusal::Fault;
use crate::domain::vocabulary::CaseStatus;
use crate::rules::review::{self, ReviewError};
use crate::store;
use crate::store::case_events::{Actor, NewEvent};
use crate::store::order_changes::Standing;
use crate::store::timers::PEND_DEADLINE;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

/// The kind of the event.
const WITHDRAWN: &str = "withdrawn";
/// Why S-codes are void.
const ENDED: &str = "a treatment drug was withdrawn, which ended the Pathway";

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The office does not want it any more (DRG-05).
    VoluntarilyCancelled,
    /// It was entered by mistake or twice; only before a reviewer acted (DRG-06).
    ErrorEntry,
}

/// What is withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// The lines; all of them where none.
    pub lines: Option<Vec<u32>>,
    /// Why.
    pub reason: Reason,
}

/// Withdraws drugs; answers with the case as it is then.
pub async fn withdraw(
    app: &App,
    caller: &Caller,
    case_id: Uuid,
    withdrawal: &Withdrawal,
    key: Option<&Idempotent>,
) -> Result<Answer> {
    idempotency::once(app, caller, key, async |conn| {
        let body = withdraw_on(conn, app, caller, case_id, withdrawal).await?;
        let body = serde_json::from_str(&body).map_err(|_| Error::Internal("a case does not read back".to_owned()))?;
        Ok(Answer::created(body, Some(format!("/v1/orders/{case_id}"))))
    })
    .await
}

async fn withdraw_on(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    case_id: Uuid,
    withdrawal: &Withdrawal,
) -> Result<String> {
    let now = app.clock.now();
    let held = store::cases::lock(conn, case_id).await?.ok_or(Error::NotFound)?;
    in_sight(Some(held.stored.clone()), caller)?;
    let before: Case = view::read_back(&held.stored.document)?;
    let computed: Computed = view::read_back(&held.computed)?;
    let acted = store::order_changes::reviewed(conn, case_id).await?.acted;
    let reason = match withdrawal.reason {
        Reason::VoluntarilyCancelled => review::Withdrawal::VoluntarilyCancelled,
        Reason::ErrorEntry => review::Withdrawal::ErrorEntry,
    };
    let mut withdrawn = review::withdraw(&before, &computed, withdrawal.lines.as_deref(), reason, acted, now).map_err(refused)?;
    number(&mut withdrawn.case, app.ids);
    let issued = letters::issue(app.ids, &before, &mut withdrawn.case, WITHDRAWN, now);
    let voided_on = withdrawn.ends_pathway.then(|| local_day(app, &before, now));
    Write { caller, withdrawal, before: &before, withdrawn: &withdrawn, voided_on, now }.write(conn).await?;
    letters::keep(app, conn, &withdrawn.case, &issued, now).await?;
    let stored = store::cases::current(conn, case_id).await?.ok_or(Error::NotFound)?;
    view::show(conn, stored, caller, now).await
}

fn refused(error: ReviewError) -> Error {
    match error {
        ReviewError::NoSuchLine(_) => Error::invalid(vec![Fault::new("/drugs", "unknown-line", error.to_string())]),
        error => Error::conflict(error.to_string()),
    }
}

/// The day in the program's zone.
fn local_day(app: &App, case: &Case, now: DateTime<Utc>) -> NaiveDate {
    let program = app.library.named(&case.content_release).and_then(|content| content.program(&case.program));
    program.map_or_else(|| now.date_naive(), |program| now.with_timezone(&program.time_zone).date_naive())
}

/// A withdrawal on its way into the database.
struct Write<'a> {
    caller: &'a Caller,
    withdrawal: &'a Withdrawal,
    before: &'a Case,
    withdrawn: &'a review::Withdrawn,
    /// The day from which S-codes are void, where the Pathway ends.
    voided_on: Option<NaiveDate>,
    now: DateTime<Utc>,
}

impl Write<'_> {
    async fn write(&self, conn: &mut PgConnection) -> Result<()> {
        let case = &self.withdrawn.case;
        let standing = Standing {
            case_id: case.case_id,
            status: case.status.as_str(),
            order_id: case.order_id.as_deref(),
            pathway_eligible_id: case.pathway_eligible_id.as_deref(),
            pathway_id: case.pathway.pathway_id.as_deref(),
            decided_at: case.decided_at,
            due_at: case.review.as_ref().map(|review| review.due_at.to_utc()),
        };
        store::order_changes::stand(conn, &standing, &drug_columns(case, &[])).await.map_err(|error| {
            if is_number_in_use(&error) { Error::conflict("send the same request again") } else { error.into() }
        })?;
        store::order_changes::award(conn, case.case_id, &award_columns(case)).await?;
        let voided = match self.voided_on {
            Some(on) => store::order_changes::void_unbilled(conn, case.case_id, on, ENDED).await?,
            None => Vec::new(),
        };
        if case.status != CaseStatus::InProgress {
            store::timers::cancel(conn, case.case_id, PEND_DEADLINE).await?;
            claims::release(conn, case.case_id).await?;
        }
        self.record(conn).await?;
        if !voided.is_empty() {
            self.record_voided(conn, &voided).await?;
        }
        Ok(())
    }

    /// An event of its own, because servicing providers do not see it (SCD-10).
    async fn record_voided(&self, conn: &mut PgConnection, codes: &[String]) -> Result<()> {
        let detail = view::write_out(&json!({ "codes": codes, "from": self.voided_on }))?;
        let event = NewEvent {
            case_id: self.before.case_id,
            at: self.now,
            kind: "s_codes_voided",
            actor: Actor { subject: &self.caller.subject, role: self.caller.role.as_str() },
            reason: Some(ENDED),
            detail: Some(&detail),
            change: None,
        };
        store::case_events::append(conn, &event).await?;
        Ok(())
    }

    async fn record(&self, conn: &mut PgConnection) -> Result<()> {
        let (before, case) = (self.before, &self.withdrawn.case);
        let status_of = |line: u32| before.drugs.iter().find(|drug| drug.line == line).map(|drug| drug.status);
        let moved: Vec<u32> =
            case.drugs.iter().filter(|drug| status_of(drug.line) != Some(drug.status)).map(|drug| drug.line).collect();
        let detail = view::write_out(&json!({
            "asked_for": self.withdrawal.lines,
            "lines_changed": moved,
            "reason": self.withdrawal.reason,
            "status": {"before": before.status, "after": case.status},
        }))?;
        let (document, computed) = (view::write_out(case)?, view::write_out(&self.withdrawn.computed)?);
        let event = NewEvent {
            case_id: case.case_id,
            at: self.now,
            kind: WITHDRAWN,
            actor: Actor { subject: &self.caller.subject, role: self.caller.role.as_str() },
            reason: Some(match self.withdrawal.reason {
                Reason::VoluntarilyCancelled => "The office withdrew it.",
                Reason::ErrorEntry => "It was entered by mistake.",
            }),
            detail: Some(&detail),
            change: Some((&document, &computed)),
        };
        store::case_events::append(conn, &event).await?;
        Ok(())
    }
}
