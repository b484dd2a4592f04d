//! Clinical documents that a clinician asked for (INF-07): taken from those who may change the order, checked, scanned, stored whole, and
//! shown to those who review it. An arrival is an event of the case, so that no clock denies over it (DET-05).
//!
//! While a document arrives it lies in a [`Spool`], and nothing is held in the database; it is written in one short transaction.

mod places;
mod read;
mod scan;
mod spool;

pub use super::places::Place;
pub use crate::rules::attachments::{NotAsked, file_name};
pub use places::Places;
pub use read::{Download, list, open};
pub use scan::{ScanCommand, Scanner};
pub use spool::{Spool, Spooled};

use crate::app::idempotency::{self, Answer};
use crate::app::orders::view;
use crate::app::reviews::change::program_of;
use crate::app::visibility::{sees, submitter_party};
use crate::app::{App, Caller, Error, Idempotent, Result};
pub use crate::domain::attachment::Attachment;
use crate::domain::attachment::{MediaType, Purpose, Scan};
use crate::domain::case::Case;
use crate::domain::content::AttachmentRules;
use crate::domain::vocabulary::CallerRole;
use crate::rules::attachments::{Reconsidered, Standing, purpose};
use crate::store;
use crate::store::attachments::{CHUNK, NewAttachment, hex};
use crate::store::case_events::{Actor, NewEvent};
use crate::store::cases::StoredCase;
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

/// A document that has arrived whole.
#[derive(Debug)]
pub struct Arrived {
    /// Its bytes.
    pub spooled: Spooled,
    /// Its name.
    pub file_name: String,
    /// What it is.
    pub media_type: MediaType,
    /// What the sender says it is.
    pub description: Option<String>,
}

/// Lets a sender in, before the document is read: they may send for this case, and it takes documents now. `again` says that the request
/// may have been answered before, which only its payload shows; then whether the case takes any is asked when it is stored.
pub async fn admit(app: &App, caller: &Caller, case_id: Uuid, again: bool) -> Result<AttachmentRules> {
    let now = app.clock.now();
    let mut conn = app.pool.acquire().await?;
    let stored = store::cases::current(&mut conn, case_id).await?.ok_or(Error::NotFound)?;
    may_send(&mut conn, caller, &stored).await?;
    let case: Case = view::read_back(&stored.document)?;
    if !again {
        asked_for(app, &mut conn, &case, now).await?;
    }
    Ok(program_of(app, &case, now)?.attachments.clone())
}

/// A place in which a document of this caller arrives; waits a while for one.
pub async fn place(app: &App, caller: &Caller) -> Result<Place> {
    app.uploads.to_receive(caller, app.settings.request_timeout).await
}

/// Has a document scanned and stores it, unless that was answered before; then no scanner is asked again.
pub async fn store(
    app: &App,
    caller: &Caller,
    case_id: Uuid,
    mut arrived: Arrived,
    idempotent: Option<&Idempotent>,
) -> Result<Answer> {
    if let Some(answer) = idempotency::answered(app, caller, idempotent).await? {
        return Ok(answer);
    }
    let _turn = app.uploads.to_store(app.settings.request_timeout).await?;
    let scan = app.settings.scanner.scan(&mut arrived.spooled).await?;
    let Some(scan) = scan else {
        tracing::warn!(%case_id, sha256 = hex(&arrived.spooled.sha256), "the virus scanner refused a document");
        return Err(Error::AttachmentRefused);
    };
    idempotency::once(app, caller, idempotent, async |conn: &mut PgConnection| {
        let one = write(app, conn, caller, case_id, &mut arrived, scan).await?;
        let location = format!("/v1/attachments/{}", one.attachment_id);
        let body =
            serde_json::to_value(&one).map_err(|error| Error::Internal(format!("an answer does not serialize: {error}")))?;
        Ok(Answer::created(body, Some(location)))
    })
    .await
}

async fn write(
    app: &App,
    conn: &mut PgConnection,
    caller: &Caller,
    case_id: Uuid,
    arrived: &mut Arrived,
    scan: Scan,
) -> Result<Attachment> {
    let held = store::cases::lock(conn, case_id).await?.ok_or(Error::NotFound)?;
    may_send(conn, caller, &held.stored).await?;
    let now = app.clock.now();
    let case: Case = view::read_back(&held.stored.document)?;
    let purpose = asked_for(app, conn, &case, now).await?;
    let attachment_id = app.ids.beside(case_id, now);
    let row = NewAttachment {
        attachment_id,
        case_id,
        file_name: &arrived.file_name,
        media_type: arrived.media_type,
        size_bytes: arrived.spooled.size,
        sha256: &arrived.spooled.sha256,
        description: arrived.description.as_deref(),
        purpose,
        received_at: now,
        received_from: &caller.subject,
        received_as: caller.role.as_str(),
        scan,
    };
    store::attachments::insert(conn, &row).await?;
    let mut bytes = arrived.spooled.read().await?;
    let mut n = 0;
    while let Some(piece) = bytes.next(CHUNK).await? {
        store::attachments::insert_chunk(conn, attachment_id, n, &piece).await?;
        n += 1;
    }
    bytes.require_whole()?;
    let one = store::attachments::find(conn, attachment_id).await?.ok_or_else(|| Error::Internal("not stored".to_owned()))?;
    record(conn, &one, case, &held.computed).await?;
    Ok(one)
}

/// Writes the event; a case in review shows from then on that something came. The name stays out of the history: servicing providers read
/// it, and names of files may tell what is in them.
async fn record(conn: &mut PgConnection, one: &Attachment, mut case: Case, computed: &str) -> Result<()> {
    let detail = json!({"attachment_id": one.attachment_id, "media_type": one.media_type, "size_bytes": one.size_bytes,
                        "purpose": one.purpose, "scan": one.scan})
    .to_string();
    let document = match &mut case.review {
        Some(review) => {
            review.attachments_received = review.attachments_received.saturating_add(1);
            review.attachments_received_at = Some(one.received_at);
            Some(view::write_out(&case)?)
        }
        None => None,
    };
    let event = NewEvent {
        case_id: one.case_id,
        at: one.received_at,
        kind: "attachment_received",
        actor: Actor { subject: &one.received_from, role: &one.received_as },
        reason: None,
        detail: Some(&detail),
        change: document.as_deref().map(|document| (document, computed)),
    };
    store::case_events::append(conn, &event).await?;
    Ok(())
}

/// What a document would be taken for now, or why it would not (INF-07).
async fn asked_for(app: &App, conn: &mut PgConnection, case: &Case, now: DateTime<Utc>) -> Result<Purpose> {
    let found = store::attachments::circumstances(conn, case.case_id).await?;
    let program = program_of(app, case, now)?;
    let reconsidered = match (found.reconsidered, found.reconsideration_decided) {
        (false, _) => Reconsidered::NotYet,
        (true, false) => Reconsidered::Open,
        (true, true) => Reconsidered::Decided,
    };
    let stored = u32::try_from(found.stored).unwrap_or(u32::MAX);
    Ok(purpose(&Standing { case, program: &program, asked: found.asked, reconsidered, stored }, now)?)
}

/// The ordering practice sends, intake does for anybody, and a servicing provider where the order came from one: as with changes of the
/// order. To others who see the case it is forbidden; to the rest it does not exist.
async fn may_send(conn: &mut PgConnection, caller: &Caller, stored: &StoredCase) -> Result<()> {
    if !sees(caller, stored) {
        return Err(Error::NotFound);
    }
    if caller.role == CallerRole::ServicingProvider && !submitted_by_its_practice(conn, caller, stored).await? {
        return Err(Error::forbidden("documents come from the practice that submitted the order (INF-07, PRV-02)"));
    }
    Ok(())
}

/// Documents are for those who review the case, and for those who may send some (PRV-02).
async fn may_read(conn: &mut PgConnection, caller: &Caller, stored: &StoredCase) -> Result<()> {
    let sees = sees(caller, stored)
        && (caller.role != CallerRole::ServicingProvider || submitted_by_its_practice(conn, caller, stored).await?);
    if sees { Ok(()) } else { Err(Error::NotFound) }
}

/// True where a servicing provider submitted the order: this one, or another person of the practice that the case names as servicing.
async fn submitted_by_its_practice(conn: &mut PgConnection, caller: &Caller, stored: &StoredCase) -> Result<bool> {
    if stored.visible_to.contains(&submitter_party(&caller.subject)) {
        return Ok(true);
    }
    let origin = store::order_changes::origin(conn, stored.case_id).await?;
    Ok(origin.is_some_and(|origin| origin.submitted_as == CallerRole::ServicingProvider.as_str()))
}
