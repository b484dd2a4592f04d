//! Requests as another standard wrote them: which case a sender's number means, what was sent about a case last, and what a change was
//! answered.

use super::orders::{self, SentForm};
use super::visibility::seen_by;
use super::{App, Caller, Error, Result};
use crate::store;
use crate::store::cases::SentColumns;
use crate::store::sent_requests::NewChange;
use uuid::Uuid;

/// The case that a request with this number made or changed; none that the caller may know of is none. Several are nobody's to choose from.
pub async fn case_of(app: &App, caller: &Caller, system: &str, value: &str) -> Result<Option<Uuid>> {
    let found = store::sent_requests::cases(&mut *seen_by(app, caller).await?, system, value).await?;
    let mut seen = Vec::new();
    for case_id in found {
        match orders::get(app, caller, case_id).await {
            Ok(case) => seen.push(case.case_id),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    match seen.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        _ => Err(Error::conflict("several requests with this number are on file: name the case by its own number")),
    }
}

/// What a number of a request is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Numbered {
    /// The caller sent nothing under it.
    New,
    /// A new request, which made a case.
    Request,
    /// A change with another content.
    Change,
    /// A change with this content; what it was answered.
    Answered(String),
}

/// What the caller sent under this number.
pub async fn numbered(app: &App, caller: &Caller, system: &str, value: &str, fingerprint: &[u8; 32]) -> Result<Numbered> {
    let mut conn = app.pool.acquire().await?;
    let subjects = [caller.key_owner(), caller.subject.clone()];
    let sent = store::sent_requests::numbered(&mut conn, &subjects, system, value, fingerprint).await?;
    let of_change = |row: &store::sent_requests::Numbered| row.answer.is_some();
    Ok(match sent.iter().find(|row| row.is_same).and_then(|row| row.answer.clone()) {
        Some(answer) => Numbered::Answered(answer),
        None if sent.is_empty() => Numbered::New,
        None if sent.iter().any(of_change) => Numbered::Change,
        None => Numbered::Request,
    })
}

/// Keeps a change with what it was answered.
pub async fn keep(
    app: &App,
    caller: &Caller,
    case_id: Uuid,
    sent: &SentForm,
    fingerprint: &[u8; 32],
    answer: &str,
) -> Result<()> {
    let change = NewChange {
        case_id,
        subject: &caller.key_owner(),
        sent: SentColumns { system: &sent.system, value: &sent.value, document: &sent.document },
        fingerprint,
        answer,
        at: app.clock.now(),
    };
    store::sent_requests::keep(&mut *app.pool.acquire().await?, &change).await?;
    Ok(())
}

/// A case with what is known of how it came.
#[derive(Debug, Clone)]
pub struct Told {
    /// Version of the case.
    pub version: i64,
    /// The case as the caller sees it, as JSON.
    pub body: String,
    /// The latest request about it, where it came in another standard's form.
    pub sent: Option<String>,
    /// True where a reviewer decided a line.
    pub was_reviewed: bool,
}

/// A case, where the caller may know of it.
pub async fn told(app: &App, caller: &Caller, case_id: Uuid) -> Result<Told> {
    let seen = orders::get(app, caller, case_id).await?;
    let mut conn = seen_by(app, caller).await?;
    let sent = store::sent_requests::latest(&mut conn, case_id).await?;
    let was_reviewed = !store::order_changes::reviewed(&mut conn, case_id).await?.lines.is_empty();
    Ok(Told { version: seen.version, body: seen.body, sent, was_reviewed })
}
