//! A practice takes drugs, or the whole order, back (DRG-05, DRG-06, CAS-06, SCD-13).

use super::draft::remaining_ingredients;
use super::find::in_sight;
use super::submit::is_number_in_use;
use super::view;
use crate::app::idempotency::{self, Answer};
use crate::app::reviews::change::{self, Change, program_of};
use crate::app::reviews::{Answered, DRAWS, no_number_left};
use crate::app::{App, Caller, Error, Expected, Idempotent, Result};
use crate::domain::case::{Case, Computed};
use crate::domain::content::{Content, Program};
use crate::domain::vocabulary::{CaseStatus, Service};
use crate::rules::calendar::local_day;
use crate::rules::radiation;
use crate::rules::review;
use crate::store;
use crate::store::case_events::{Actor, NewEvent};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
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
    expected: &Expected,
    key: Option<&Idempotent>,
) -> Result<Answered> {
    for _ in 0..DRAWS {
        let mut version = None;
        let answer = idempotency::once(app, caller, key, async |conn: &mut PgConnection| {
            let (of_case, body) = withdraw_on(conn, app, caller, case_id, withdrawal, expected).await?;
            version = Some(of_case);
            let body = serde_json::from_str(&body).map_err(|_| Error::Internal("a case does not read back".to_owned()))?;
            Ok(Answer::created(body, Some(format!("/v1/orders/{case_id}"))))
        });
        match answer.await {
            Err(Error::Store(error)) if is_number_in_use(&error) => {}
            answer => return Ok(Answered { answer: answer?, version }),
        }
    }
    Err(no_number_left())
}

/// The version of the case, and the case as the caller sees it.
async fn withdraw_on(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    case_id: Uuid,
    withdrawal: &Withdrawal,
    expected: &Expected,
) -> Result<(i64, String)> {
    let now = app.clock.now();
    let held = store::cases::lock(conn, case_id).await?.ok_or(Error::NotFound)?;
    let stored = in_sight(Some(held.stored), caller)?;
    if !expected.admits(i64::from(stored.version)) {
        return Err(Error::PreconditionFailed);
    }
    let before: Case = view::read_back(&stored.document)?;
    let computed: Computed = view::read_back(&held.computed)?;
    let program = program_of(app, &before, now)?;
    may_withdraw(caller, &program)?;
    let acted = store::order_changes::reviewed(conn, case_id).await?.acted;
    let reason = match withdrawal.reason {
        Reason::VoluntarilyCancelled => review::Withdrawal::VoluntarilyCancelled,
        Reason::ErrorEntry => review::Withdrawal::ErrorEntry,
    };
    let content = change::content_of(app, &before, now);
    if before.request.service == Some(Service::RadiationOncology) {
        let matched = store::claims::matched(conn, &[case_id]).await?;
        let billed: Vec<&str> = matched.iter().filter(|line| line.units > 0).map(|line| line.hcpcs.as_str()).collect();
        radiation::may_withdraw(&before, withdrawal.lines.as_deref(), &billed, &content)?;
    }
    let withdrawn = review::withdraw(&before, &computed, withdrawal.lines.as_deref(), reason, acted, now)?;
    let change = Change {
        before: &before,
        detail: detail(withdrawal, &before, &withdrawn.case),
        after: withdrawn.case,
        computed: &withdrawn.computed,
        kind: WITHDRAWN,
        actor: Actor { subject: &caller.subject, role: caller.role.as_str() },
        reason: Some(match withdrawal.reason {
            Reason::VoluntarilyCancelled => "The office withdrew it.",
            Reason::ErrorEntry => "It was entered by mistake.",
        }),
    };
    let written = change::write(app, conn, change, now).await?;
    let remaining = remaining_ingredients(&written.case, &content);
    let filed = filed_under(&remaining, (&before, &written.case), local_day(now, program.time_zone), &content);
    store::order_changes::set_treatment(conn, case_id, &filed).await?;
    if before.status.has_order_id() && (!written.case.status.has_order_id() || remaining.is_empty()) {
        store::timers::look_at_voided_by(conn, case_id, now).await?;
    }
    if withdrawn.ends_pathway {
        void(conn, caller, case_id, local_day(now, program.time_zone), now).await?;
    }
    let stored = store::cases::current(conn, case_id).await?.ok_or(Error::NotFound)?;
    Ok((written.version, view::show(conn, stored, caller, now).await?))
}

/// What the case is filed under from now on. A course of radiation that was taken back keeps its place, and some of it may have been given where
/// its first day had come.
fn filed_under(remaining: &[String], (before, after): (&Case, &Case), today: NaiveDate, content: &Content) -> Vec<String> {
    let is_radiation = after.request.service == Some(Service::RadiationOncology);
    if !is_radiation || after.status != CaseStatus::ReviewCancelled {
        return remaining.to_vec();
    }
    let words = radiation::course_words(&after.request, content);
    let first = before.lines().iter().filter_map(|line| line.valid_from).min();
    if before.status.has_order_id() && first.is_some_and(|first| first <= today) { radiation::begun(words) } else { words }
}

/// Who may not order in a program does not take its orders back either (SUB-08).
fn may_withdraw(caller: &Caller, program: &Program) -> Result<()> {
    if program.submitters.contains(&caller.role) {
        return Ok(());
    }
    Err(Error::forbidden(format!("{} takes no requests from this role (SUB-08)", program.name)))
}

fn detail(withdrawal: &Withdrawal, before: &Case, case: &Case) -> Value {
    let status_of = |line: u32| before.lines().iter().find(|drug| drug.line == line).map(|drug| drug.status);
    let moved: Vec<u32> =
        case.lines().iter().filter(|drug| status_of(drug.line) != Some(drug.status)).map(|drug| drug.line).collect();
    json!({
        "asked_for": withdrawal.lines,
        "lines_changed": moved,
        "reason": withdrawal.reason,
        "status": {"before": before.status, "after": case.status},
    })
}

/// S-codes that are not billed yet are void from this day on. An event of its own, because servicing providers do not see it (SCD-10).
async fn void(conn: &mut PgConnection, caller: &Caller, case_id: Uuid, from: NaiveDate, now: DateTime<Utc>) -> Result<()> {
    let codes = store::order_changes::void_unbilled(conn, case_id, from, ENDED, None).await?;
    if codes.is_empty() {
        return Ok(());
    }
    let detail = view::write_out(&json!({ "codes": codes, "from": from }))?;
    let event = NewEvent {
        case_id,
        at: now,
        kind: "s_codes_voided",
        actor: Actor { subject: &caller.subject, role: caller.role.as_str() },
        reason: Some(ENDED),
        detail: Some(&detail),
        change: None,
    };
    store::case_events::append(conn, &event).await?;
    Ok(())
}
