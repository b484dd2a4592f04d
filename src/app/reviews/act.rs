//! The frame around every act of a reviewer on a case in progress.

use super::change::{self, Change};
use super::requests::{Determination, DuplicateDecision, Escalation, InformationRequest, PeerToPeerRecord};
use super::{claims, decide, steps};
use crate::app::idempotency::{self, Answer};
use crate::app::orders::{is_number_in_use, view};
use crate::app::visibility::sees;
use crate::app::{App, Caller, Error, Expected, Idempotent, Result};
use crate::domain::case::{Case, Computed};
use crate::store;
use crate::store::case_events::Actor;
use crate::store::reviews::NewDetermination;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// Numbers are random; where one is in use already, others are drawn so many times.
pub(in crate::app) const DRAWS: usize = 5;

/// What a reviewer does.
#[derive(Debug, Clone, Copy)]
pub enum Act<'a> {
    /// Decides whether the order is a duplicate.
    DecideDuplicate(&'a DuplicateDecision),
    /// Asks the practice for something.
    AskForInformation(&'a InformationRequest),
    /// Records the peer-to-peer discussion.
    RecordCall(&'a PeerToPeerRecord),
    /// Decides lines.
    Determine(&'a Determination),
    /// Hands the case to the physicians.
    Escalate(&'a Escalation),
}

/// The answer to an act: the case after it.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The case's version; none in an answer given again.
    pub version: Option<i64>,
    /// The answer.
    pub answer: Answer,
}

/// A case that a reviewer acts on, held until the transaction ends.
pub(super) struct Held<'a> {
    pub(super) app: &'a App,
    pub(super) caller: &'a Caller,
    pub(super) now: DateTime<Utc>,
    pub(super) case: Case,
    pub(super) computed: Computed,
}

/// What an act makes of a case.
pub(super) struct Outcome {
    pub(super) after: Case,
    pub(super) computed: Computed,
    pub(super) kind: &'static str,
    pub(super) reason: Option<String>,
    pub(super) detail: Value,
    pub(super) determinations: Vec<NewDetermination>,
    pub(super) also: Also,
}

/// What else is written.
pub(super) enum Also {
    /// Nothing.
    Nothing,
    /// The claim goes.
    Release,
    /// An event of the peer-to-peer discussion.
    Call { event: &'static str, at: DateTime<Utc>, with_whom: Option<String>, notes: Option<String> },
    /// A review for the end of the clock.
    ExpiryReview { lines: String },
}

/// Does it, or leaves everything as it was.
pub async fn perform(
    app: &App,
    caller: &Caller,
    case_id: Uuid,
    act: Act<'_>,
    expected: &Expected,
    idempotent: Option<&Idempotent>,
) -> Result<Answered> {
    for _ in 0..DRAWS {
        let mut version = None;
        let answer = idempotency::once(app, caller, idempotent, async |conn: &mut PgConnection| {
            let written = attempt(app, conn, caller, case_id, act, expected).await?;
            version = Some(written.version);
            Ok(Answer::created(value_of(&written.case)?, None))
        });
        match answer.await {
            Err(Error::Store(error)) if is_number_in_use(&error) => {}
            answer => return Ok(Answered { answer: answer?, version }),
        }
    }
    Err(no_number_left())
}

/// Every number drawn was another case's.
pub(in crate::app) fn no_number_left() -> Error {
    Error::Internal("every number drawn was in use".to_owned())
}

/// An answer as JSON.
pub(super) fn value_of<T: Serialize>(answer: &T) -> Result<Value> {
    serde_json::to_value(answer).map_err(|error| Error::Internal(format!("an answer does not serialize: {error}")))
}

async fn attempt(
    app: &App,
    conn: &mut PgConnection,
    caller: &Caller,
    case_id: Uuid,
    act: Act<'_>,
    expected: &Expected,
) -> Result<change::Written> {
    let now = app.clock.now();
    let stored = store::cases::lock(conn, case_id).await?.filter(|held| sees(caller, &held.stored)).ok_or(Error::NotFound)?;
    if !expected.admits(i64::from(stored.stored.version)) {
        return Err(Error::PreconditionFailed);
    }
    let claim = claims::require_free(conn, case_id, caller, now).await?;
    let case: Case = view::read_back(&stored.stored.document)?;
    let computed: Computed = view::read_back(&stored.computed)?;
    let held = Held { app, caller, now, case, computed };
    let outcome = match act {
        Act::DecideDuplicate(request) => steps::decide_duplicate(&held, request)?,
        Act::AskForInformation(request) => steps::ask(&held, request)?,
        Act::RecordCall(request) => steps::record_call(&held, request)?,
        Act::Escalate(request) => steps::escalate(&held, request)?,
        Act::Determine(request) if request.on_expiry => decide::review_for_expiry(&held, request)?,
        Act::Determine(request) => decide::determine(&held, request)?,
    };
    write(conn, &held, outcome, claim).await
}

async fn write(
    conn: &mut PgConnection,
    held: &Held<'_>,
    outcome: Outcome,
    claim: Option<store::reviews::Claim>,
) -> Result<change::Written> {
    let Held { app, caller, now, case, .. } = held;
    for determination in &outcome.determinations {
        store::reviews::insert_determination(conn, determination).await?;
    }
    if let Also::Call { event, at, with_whom, notes } = &outcome.also {
        let call = store::reviews::NewCall {
            peer_to_peer_event_id: app.ids.beside(case.case_id, *now),
            case_id: case.case_id,
            event,
            at: *at,
            with_whom: with_whom.as_deref(),
            notes: notes.as_deref(),
            recorded_by: &caller.subject,
            recorded_at: *now,
        };
        store::reviews::insert_call(conn, &call).await?;
    }
    let releases = matches!(outcome.also, Also::Release);
    if releases {
        claims::release(conn, case.case_id).await?;
    } else if outcome.after.review.is_some() {
        claims::keep(app, conn, case.case_id, caller, claim, *now).await?;
    }
    let change = Change {
        before: case,
        after: outcome.after,
        computed: &outcome.computed,
        kind: outcome.kind,
        actor: actor(caller),
        reason: outcome.reason.as_deref(),
        detail: outcome.detail,
    };
    let written = change::write(app, conn, change, *now).await?;
    if let Also::ExpiryReview { lines } = &outcome.also {
        let id = app.ids.beside(case.case_id, *now);
        store::reviews::insert_expiry_review(conn, id, case.case_id, &caller.subject, caller.role.as_str(), *now, lines).await?;
    }
    Ok(written)
}

/// The caller as an actor.
pub(super) fn actor(caller: &Caller) -> Actor<'_> {
    Actor { subject: &caller.subject, role: caller.role.as_str() }
}
