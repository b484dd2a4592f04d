//! Letters (DET-10): issued in the transaction of the decision that they tell, read by whom they concern.
//!
//! What the desk decides is kept as it went out, because a notice that somebody may appeal must not change with a later release. An
//! approval that the engine gives at once is set from the stored answer when it is read: that answer never changes either, and taking
//! an order costs no second copy of it.

mod compose;
mod issue;
mod preview;

pub(in crate::app) use issue::{issue, issue_at_once, keep};
pub(in crate::app) use preview::preview;

use super::orders::{in_sight, view};
use super::rendering::{Format, Rendered, render};
use super::visibility::{seen_by, sees_one};
use super::{App, Caller, Error, Result};
pub use crate::documents::Letter;
use crate::domain::case::{Case, LetterReference};
use crate::domain::vocabulary::{Addressee, CallerRole, LetterKind};
use crate::store;
use crate::store::letters::StoredLetter;
use uuid::Uuid;

/// The letters of a case that the caller may read, in the order in which they were issued.
pub async fn list(app: &App, caller: &Caller, case_id: Uuid) -> Result<Vec<LetterReference>> {
    let mut conn = seen_by(app, caller).await?;
    let stored = in_sight(store::cases::current(&mut conn, case_id).await?, caller)?;
    let case: Case = view::read_back(&stored.document)?;
    Ok(case.letters.into_iter().filter(|letter| may_read(caller, letter.to)).collect())
}

/// One letter.
pub async fn get(app: &App, caller: &Caller, letter_id: Uuid, format: Format) -> Result<Rendered<Letter>> {
    let mut conn = seen_by(app, caller).await?;
    let stored = store::letters::find(&mut conn, letter_id).await?.ok_or(Error::NotFound)?;
    if !sees_one(caller, stored.case_id, &stored.health_plan, &stored.visible_to) {
        return Err(Error::NotFound);
    }
    let reference = reference(&stored)?;
    if !may_read(caller, reference.to) {
        return Err(Error::NotFound);
    }
    let letter: Letter = match (&stored.content, &stored.document) {
        (Some(content), _) => view::read_back(content)?,
        (None, Some(document)) => {
            let case: Case = view::read_back(document)?;
            // whether it has to be addressed by hand stands in the answer
            let reference = case.letters.iter().find(|one| one.letter_id == letter_id).unwrap_or(&reference);
            compose::compose(app, &mut conn, &case, reference, compose::About::Decision).await?
        }
        (None, None) => return Err(Error::Internal("a letter tells an event without an answer".to_owned())),
    };
    drop(conn);
    render(app, letter, format, format!("letter-{letter_id}"), |letter| letter.document.clone()).await
}

/// A member's letter is between the member, the ordering practice, the plan and its administrator; who treats reads the provider's.
pub(in crate::app) fn may_read(caller: &Caller, to: Addressee) -> bool {
    to == Addressee::Provider || caller.role != CallerRole::ServicingProvider
}

fn reference(stored: &StoredLetter) -> Result<LetterReference> {
    let (kind, to) = (LetterKind::parse(&stored.kind), Addressee::parse(&stored.addressee));
    let (Some(kind), Some(to)) = (kind, to) else { return Err(Error::Internal("no such letter".to_owned())) };
    Ok(LetterReference { letter_id: stored.letter_id, kind, to, issued_at: stored.issued_at, needs_address: false })
}
