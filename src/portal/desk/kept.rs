//! What a reviewer typed and has not sent: kept with the drafts, for the reviewer and the case alone, until the case is decided or it is
//! too old. Nothing of it stays in a browser.

use super::super::case::id;
use super::super::failure::Failure;
use super::super::fields::Fields;
use super::super::shell::page;
use super::super::visitor::Visitor;
use crate::app::{App, Caller, Error, drafts, reviews};
use crate::documents::words;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// The largest form that is kept, in bytes.
const LIMIT: usize = 256 * 1024;
/// What belongs to one sending of the form.
const OF_A_SENDING: [&str; 5] = ["version", "key", "do", "of", "sure"];

/// The version of the case that the reviewer saw while this was typed.
const SEEN: &str = "seen";

/// One draft of a reviewer for a case.
fn id_of(caller: &Caller, case_id: Uuid) -> Uuid {
    let digest = Sha256::digest(format!("review\u{1f}{}\u{1f}{case_id}", caller.key_owner()).as_bytes());
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(digest) {
        *to = from;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Keeps what stands in the form. Where it is empty there is nothing to keep.
pub(super) async fn keep(app: &App, caller: &Caller, case_id: Uuid, fields: &Fields) -> Result<(), Failure> {
    let mut kept = fields.clone();
    for name in OF_A_SENDING {
        kept.clear(name);
    }
    kept.clear(SEEN);
    // who is to be called stands there already
    let mut typed = kept.clone();
    typed.clear("contacted_");
    if typed.encoded().is_empty() {
        return forget(app, caller, case_id).await;
    }
    if let Some(seen) = fields.text("version") {
        kept.set(SEEN, seen);
    }
    let form = kept.encoded();
    if form.len() > LIMIT {
        return Err(Failure::too_large());
    }
    Ok(drafts::save_for_a_case(app, caller, id_of(caller, case_id), form).await?)
}

/// The version of the case that a form was drawn from, or that what was kept was typed about.
pub(super) fn seen(fields: &Fields) -> Option<i64> {
    fields.text("version").or_else(|| fields.text(SEEN))?.parse().ok()
}

/// Keeps what was typed about the case that the form says it is of, on the way to another page.
pub(super) async fn keep_sent(app: &App, caller: &Caller, fields: &Fields) -> Result<(), Failure> {
    match fields.text("of").and_then(|of| of.parse().ok()) {
        Some(case_id) => keep(app, caller, case_id, fields).await,
        None => Ok(()),
    }
}

/// What was kept, and since when.
pub(super) async fn kept(app: &App, caller: &Caller, case_id: Uuid) -> Result<Option<(Fields, DateTime<Utc>)>, Failure> {
    match drafts::get(app, caller, id_of(caller, case_id)).await {
        Ok(draft) => Ok(Some((Fields::decoded(&draft.form), draft.saved_at))),
        Err(Error::NotFound) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

/// Forgets it.
pub(super) async fn forget(app: &App, caller: &Caller, case_id: Uuid) -> Result<(), Failure> {
    Ok(drafts::discard(app, caller, id_of(caller, case_id)).await?)
}

#[derive(Template)]
#[template(source = "<p id=\"kept\">What you typed was kept {{ at }}.</p>", ext = "html")]
struct Kept {
    at: String,
}

/// Keeps the form while it is written.
pub(super) async fn save(
    State(app): State<App>,
    visitor: Visitor,
    Path(case_id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let case_id = id(&case_id)?;
    let standing = reviews::standing(&app, &visitor.caller, case_id).await?;
    keep(&app, &visitor.caller, case_id, &fields).await?;
    page(&Kept { at: words::instant(&app.clock.now(), &standing.program.time_zone) })
}
