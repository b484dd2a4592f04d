//! Writing down what became of a case: numbers, rows, document and event, in the caller's transaction.

use super::claims;
use crate::app::letters;
use crate::app::orders::{award_columns, line_columns, number, view};
use crate::app::{App, Error, Result};
use crate::documents::reason_in_words;
use crate::domain::case::{Case, Computed, Denial, ReviewQueue};
use crate::domain::content::{Content, Program};
use crate::domain::line::CaseLine;
use crate::domain::vocabulary::CaseStatus;
use crate::rules::review;
use crate::store;
use crate::store::case_events::{Actor, NewEvent};
use crate::store::order_changes::Standing;
use crate::telemetry;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;
use std::sync::Arc;

/// A change to write. The case is held, and determinations are written already.
#[derive(Debug)]
pub(in crate::app) struct Change<'a> {
    /// The case as it was.
    pub(in crate::app) before: &'a Case,
    /// The case as it is to be, still without new numbers.
    pub(in crate::app) after: Case,
    /// What the engine computed, from now on.
    pub(in crate::app) computed: &'a Computed,
    /// What happened.
    pub(in crate::app) kind: &'a str,
    /// Who did it.
    pub(in crate::app) actor: Actor<'a>,
    /// Why, in words.
    pub(in crate::app) reason: Option<&'a str>,
    /// Particulars.
    pub(in crate::app) detail: Value,
}

/// A change that is written.
#[derive(Debug)]
pub(in crate::app) struct Written {
    /// The case as it is now.
    pub(in crate::app) case: Case,
    /// Its version.
    pub(in crate::app) version: i64,
}

/// Draws numbers where the case is approved now, and writes rows, document and event. A decided case has no timers and nobody's claim.
pub(in crate::app) async fn write(app: &App, conn: &mut PgConnection, change: Change<'_>, now: DateTime<Utc>) -> Result<Written> {
    let Change { before, mut after, computed, .. } = change;
    if after.status != before.status {
        store::reviews::move_ledger(conn, after.case_id).await?;
    }
    approve(app, conn, before, &mut after, now).await?;
    say_why_denied(app, conn, &mut after, now).await?;
    let issued = letters::issue(app.ids, before, &mut after, change.kind, now);
    if after.status != CaseStatus::InProgress && before.status == CaseStatus::InProgress {
        store::timers::cancel(conn, after.case_id, store::timers::PEND_DEADLINE).await?;
        claims::release(conn, after.case_id).await?;
    }
    write_rows(conn, &after).await?;
    let document = view::write_out(&after)?;
    let computed = view::write_out(computed)?;
    let mut detail = change.detail;
    if let Some(members) = detail.as_object_mut() {
        members.insert("before".to_owned(), summary(before));
        members.insert("after".to_owned(), summary(&after));
    }
    let detail = detail.to_string();
    let event = NewEvent {
        case_id: after.case_id,
        at: now,
        kind: change.kind,
        actor: change.actor,
        reason: change.reason,
        detail: Some(&detail),
        change: Some((&document, &computed)),
    };
    let version = i64::from(store::case_events::append(conn, &event).await?);
    letters::keep(app, conn, &after, &issued, now).await?;
    if after.status.has_order_id() && !before.status.has_order_id() {
        store::timers::look_for_ended_pathways(conn, after.case_id, now).await?;
    }
    if after.status != before.status {
        telemetry::count_decision(&after.program, after.status);
    }
    Ok(Written { case: after, version })
}

/// Puts the reasons of the latest determination on every line that is denied, and takes them off every other.
async fn say_why_denied(app: &App, conn: &mut PgConnection, case: &mut Case, now: DateTime<Utc>) -> Result<()> {
    for drug in case.lines_mut().iter_mut().filter(|drug| !drug.is_denied()) {
        drug.denial = None;
    }
    if !case.lines().iter().any(CaseLine::is_denied) {
        return Ok(());
    }
    let program = program_of(app, case, now)?;
    for denial in store::letters::denials(conn, case.case_id).await? {
        let denied = case.lines_mut().iter_mut().find(|drug| drug.is_denied() && i32::try_from(drug.line) == Ok(denial.line));
        if let (Some(drug), Some(reason_code), Some(rationale)) = (denied, denial.reason_code, denial.rationale) {
            let reason = reason_in_words(&reason_code, &program);
            let denial = Some(Denial { reason_code, reason, rationale });
            match &mut drug.refused_part {
                Some(part) => part.denial = denial,
                None => drug.denial = denial,
            }
        }
    }
    Ok(())
}

/// Numbers and awards of a case that was not approved before.
async fn approve(app: &App, conn: &mut PgConnection, before: &Case, after: &mut Case, now: DateTime<Utc>) -> Result<()> {
    if !after.status.has_order_id() || before.status.has_order_id() {
        return Ok(());
    }
    if let Some(pathway_id) = after.pathway.pathway_id.clone()
        && store::reviews::awarded_elsewhere(conn, after.case_id, &pathway_id).await?
    {
        let program = program_of(app, before, now)?;
        review::without_onset(after, &program.s_codes.onset_code);
    }
    // a case that was withdrawn down to what was denied, and is approved now, gets the number that it had
    after.order_id = store::reviews::retired_order_id(conn, after.case_id).await?;
    number(after, app.ids);
    Ok(())
}

/// The content that decided a case, or what is in force now where that release is no longer shipped.
pub(in crate::app) fn content_of(app: &App, case: &Case, now: DateTime<Utc>) -> Arc<Content> {
    let named = app.library.named(&case.content_release);
    Arc::clone(named.unwrap_or_else(|| app.library.in_force(now.date_naive())))
}

/// The program of a case.
pub(in crate::app) fn program_of(app: &App, case: &Case, now: DateTime<Utc>) -> Result<Arc<Program>> {
    let content = content_of(app, case, now);
    content.program(&case.program).cloned().ok_or_else(|| Error::Internal(format!("no program {}", case.program)))
}

async fn write_rows(conn: &mut PgConnection, case: &Case) -> Result<()> {
    let standing = Standing {
        case_id: case.case_id,
        status: case.status.as_str(),
        order_id: case.order_id.as_deref(),
        pathway_eligible_id: case.pathway_eligible_id.as_deref(),
        pathway_id: case.pathway.pathway_id.as_deref(),
        decided_at: case.decided_at,
        due_at: case.review.as_ref().map(|review| review.due_at.to_utc()),
    };
    store::order_changes::stand(conn, &standing, &line_columns(case, &[])).await?;
    store::order_changes::award(conn, case.case_id, &award_columns(case)).await?;
    if let Some(review) = &case.review {
        store::reviews::set_queue(conn, case.case_id, queue_word(review.queue)).await?;
    }
    Ok(())
}

/// The word used in JSON and SQL.
pub(in crate::app) const fn queue_word(queue: ReviewQueue) -> &'static str {
    match queue {
        ReviewQueue::Nurse => "nurse",
        ReviewQueue::Physician => "physician",
    }
}

/// What a history shows of a case before and after. Nothing of enhanced reimbursement: servicing providers read histories (SCD-10).
pub(in crate::app) fn summary(case: &Case) -> Value {
    let drugs: Vec<Value> = case.lines().iter().map(|drug| json!({"line": drug.line, "status": drug.status})).collect();
    let mut summary =
        json!({"status": case.status, "status_reason": case.status_reason, "order_id": case.order_id, "drugs": drugs});
    if let (Some(review), Some(members)) = (&case.review, summary.as_object_mut()) {
        members.insert(
            "review".to_owned(),
            json!({"queue": review.queue, "overdue": review.overdue, "holds": review.holds, "peer_to_peer": review.peer_to_peer}),
        );
    }
    summary
}
