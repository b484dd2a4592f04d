//! Letters as they would be written, for whoever is about to decide. None is stored.

use super::compose::compose_of;
use crate::app::{App, Result};
use crate::documents::Letter;
use crate::domain::case::{Case, LetterReference};
use crate::domain::vocabulary::LetterKind;
use crate::store;
use crate::store::letters::StoredDenial;
use sqlx::PgConnection;

/// The letters of a case as it would stand. What is decided now counts for its lines, what was decided before for the others.
pub(in crate::app) async fn preview(
    app: &App,
    conn: &mut PgConnection,
    case: &Case,
    references: &[LetterReference],
    now: &[StoredDenial],
) -> Result<Vec<Letter>> {
    let mut letters = Vec::with_capacity(references.len());
    for reference in references {
        let mut denials = match reference.kind {
            LetterKind::Denial => store::letters::denials(conn, case.case_id).await?,
            LetterKind::Approval => Vec::new(),
        };
        denials.retain(|before| now.iter().all(|one| one.line != before.line));
        denials.extend(now.iter().cloned());
        letters.push(compose_of(app, conn, case, reference, (None, denials)).await?);
    }
    Ok(letters)
}
