//! The review desk: the worklist, a case on one screen, and everything that nurses and physicians do to it. What may be done is the rules'
//! to say: a page shows it, and what is sent by hand is refused like any other.

mod acts;
mod case;
mod compare;
mod confirm;
mod decide;
mod documents;
mod kept;
mod reading;
mod reconsider;
mod timeline;
mod worklist;

use super::failure::Failure;
use super::pages::{DESK, Pages, Who};
use crate::app::reviews::worklist::{Mark, marks as worklist_marks};
use crate::app::{App, Caller};
use crate::documents::words;
use crate::domain::vocabulary::CallerRole;
use uuid::Uuid;

pub(super) fn pages(pages: Pages) -> Pages {
    let desk = Who::SignedIn(DESK);
    pages
        .get("/reviews", desk, worklist::show)
        .ask("/reviews", desk, worklist::further)
        .get("/cases/{case_id}/review", desk, case::show)
        .post("/cases/{case_id}/review/claim", desk, acts::claim)
        .post("/cases/{case_id}/review/release", desk, acts::release)
        .post("/cases/{case_id}/review/ask", desk, acts::ask)
        .post("/cases/{case_id}/review/call", desk, acts::call)
        .post("/cases/{case_id}/review/duplicate", desk, acts::duplicate)
        .post("/cases/{case_id}/review/handover", desk, acts::hand_over)
        .post("/cases/{case_id}/review/decide", desk, confirm::send)
        .ask("/cases/{case_id}/review/letter", desk, decide::letter)
        .post("/cases/{case_id}/review/keep", desk, kept::save)
        .post("/cases/{case_id}/review/reconsider", desk, reconsider::decide)
        .get("/documents/{attachment_id}", desk, documents::show)
        .get("/documents/{attachment_id}/file", desk, documents::save)
}

/// The case to take next: the first in the caller's queue that nobody has, after this one and then from the front.
fn first_free(marks: &[Mark], caller: &Caller, after: Option<Uuid>) -> Option<Uuid> {
    let is_free =
        |mark: &&Mark| mark.claimed_by.is_none() && mark.review_queue == queue_of(caller.role) && Some(mark.case_id) != after;
    let place = marks.iter().position(|mark| Some(mark.case_id) == after).map_or(0, |place| place + 1);
    let later = marks.iter().skip(place).find(is_free);
    later.or_else(|| marks.iter().find(is_free)).map(|mark| mark.case_id)
}

/// How much waits for a reviewer, in words.
pub(super) async fn depth(app: &App, caller: &Caller) -> Result<String, Failure> {
    let (marks, now) = (worklist_marks(app).await?, app.clock.now());
    let own: Vec<&Mark> = marks.iter().filter(|mark| mark.review_queue == queue_of(caller.role)).collect();
    let overdue = own.iter().filter(|mark| mark.due_at < now).count();
    let taken = marks.iter().filter(|mark| mark.claimed_by.as_ref() == Some(&caller.subject)).count();
    Ok(format!("{} in your queue, {overdue} of them overdue; {taken} taken by you", own.len()))
}

/// `1 unit`, `1,200 units`.
fn many(count: u64, what: &str) -> String {
    format!("{} {what}{}", words::count(count), if count == 1 { "" } else { "s" })
}

/// Whose work a role does, as rows name it.
const fn queue_of(role: CallerRole) -> &'static str {
    if matches!(role, CallerRole::Physician) { "physician" } else { "nurse" }
}
