//! Issuing letters: first their references on the case, so that its answer lists them; then their rows.

use super::compose::{About, compose};
use crate::app::orders::view;
use crate::app::{App, Result};
use crate::domain::case::{Case, LetterReference};
use crate::domain::review::ReconsiderationDecision;
use crate::domain::vocabulary::{Addressee, CaseStatus, LetterKind};
use crate::ids::Ids;
use crate::rules::letters::due;
use crate::store;
use crate::store::letters::LetterColumns;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Puts the letters on the case that this change of it makes, and returns them.
pub(in crate::app) fn issue(ids: Ids, before: &Case, after: &mut Case, kind: &str, now: DateTime<Utc>) -> Vec<LetterReference> {
    let in_part = after.lines().iter().any(|line| line.refused_part.is_some());
    let due = due(before.status, after.status, ReconsiderationDecision::of_event(kind), in_part);
    add(ids, after, due, now)
}

/// Puts the letters on a new case that the engine decided.
pub(in crate::app) fn issue_at_once(ids: Ids, case: &mut Case, now: DateTime<Utc>) {
    let due = due(CaseStatus::InProgress, case.status, None, false);
    add(ids, case, due, now);
}

fn add(ids: Ids, case: &mut Case, due: &[LetterKind], now: DateTime<Utc>) -> Vec<LetterReference> {
    let to_both = due.iter().flat_map(|kind| Addressee::ALL.iter().map(move |to| (*kind, *to)));
    let no_address = case.member_on_file.as_ref().is_none_or(|member| member.address.is_none());
    let issued: Vec<LetterReference> = to_both
        .map(|(kind, to)| LetterReference {
            letter_id: ids.beside(case.case_id, now),
            kind,
            to,
            issued_at: now,
            needs_address: no_address && to == Addressee::Member,
        })
        .collect();
    case.letters.extend(issued.iter().cloned());
    issued
}

/// Writes the letters down as they go out. The event with the case's answer is appended already, and so is what it rests on.
pub(in crate::app) async fn keep(
    app: &App,
    conn: &mut PgConnection,
    case: &Case,
    issued: &[LetterReference],
    now: DateTime<Utc>,
) -> Result<()> {
    if issued.is_empty() {
        return Ok(());
    }
    // a case that had letters was decided before, and only a reconsideration writes again
    let about = if case.letters.len() > issued.len() { About::Reconsideration } else { About::Decision };
    let mut content = Vec::with_capacity(issued.len());
    for reference in issued {
        content.push(view::write_out(&compose(app, conn, case, reference, about).await?)?);
    }
    store::letters::insert(conn, case.case_id, now, &LetterColumns::of(issued), &content).await?;
    Ok(())
}
