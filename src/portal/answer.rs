//! What a practice does about a case that waits or was denied: it sends what was asked for, takes the order back, and asks for a
//! reconsideration. Whether it may is the use cases' to say.

use super::case::{Told, drawn, id};
use super::failure::Failure;
use super::faults::of_error;
use super::fields::Fields;
use super::pages::{ORDERING, Pages, Who};
use super::shell::random_key;
use super::upload::{Unread, receive, unwanted};
use super::visitor::Visitor;
use crate::app::orders::{Reason, Withdrawal};
use crate::app::reviews::reconsiderations::{self, Reconsidering};
use crate::app::reviews::requests::ReconsiderationRequest;
use crate::app::summaries::Summary;
use crate::app::{App, Error, Expected, Idempotent, attachments, orders};
use crate::documents::words;
use crate::domain::case::PeerToPeer;
use crate::domain::vocabulary::CaseStatus;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use chrono_tz::Tz;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Where documents are sent to. They may take longer than other forms.
pub(super) const UPLOAD: &str = "/cases/{case_id}/documents";
/// The longest reason for a reconsideration, as the API takes it.
const REASON: usize = 8_000;

pub(super) fn pages(pages: Pages) -> Pages {
    let practice = Who::SignedIn(ORDERING);
    pages.post(UPLOAD, practice, upload).post("/cases/{case_id}/withdraw", practice, withdraw).post(
        "/cases/{case_id}/reconsideration",
        practice,
        reconsider,
    )
}

/// What may be done about a case, and what was.
#[derive(Debug, Clone, Default)]
pub(super) struct Answering {
    pub version: i64,
    pub key: String,
    /// The time of the discussion that is agreed.
    pub agreed: Option<String>,
    /// Documents that came, and when.
    pub documents: Vec<String>,
    pub takes_documents: bool,
    pub may_withdraw: bool,
    pub withdraw: String,
    /// What the document is that was not taken.
    pub description: String,
    /// The largest document.
    pub most_mib: u64,
    /// The reconsideration of a denial, in words.
    pub reconsideration: Vec<String>,
    pub may_ask_again: bool,
    pub why: String,
}

impl Answering {
    /// What was typed in a form that the case does not have any more.
    pub fn left_over(&self, fields: &Fields) -> Option<String> {
        let why = fields.text("why").filter(|_| !self.may_ask_again);
        let description = fields.text("description").filter(|_| !self.takes_documents);
        why.or(description).map(str::to_owned)
    }
}

/// What this visitor may do about the case.
pub(super) async fn answering(
    app: &App,
    visitor: &Visitor,
    summary: &Summary,
    events: &[orders::Event],
    fields: &Fields,
) -> Result<Answering, Failure> {
    let (caller, case_id, zone) = (&visitor.caller, summary.case_id, summary.time_zone());
    let is_practice = ORDERING.contains(&caller.role);
    let state = summary.review.as_ref().map(|one| one.review.peer_to_peer);
    let mut found = Answering {
        agreed: (state == Some(PeerToPeer::Scheduled)).then(|| agreed(events, zone)).flatten(),
        withdraw: fields.owned("withdraw").unwrap_or_default(),
        why: fields.owned("why").unwrap_or_default(),
        description: fields.owned("description").unwrap_or_default(),
        ..Answering::default()
    };
    let standing = reconsiderations::standing(app, caller, case_id).await?;
    if let Some(standing) = &standing {
        found.reconsideration = in_words(standing, zone);
    }
    let is_open = summary.status == CaseStatus::InProgress;
    if !is_practice || !(is_open || standing.is_some()) {
        return Ok(found);
    }
    found.version = orders::get(app, caller, case_id).await?.version;
    found.key = random_key(app);
    found.may_withdraw = is_open;
    found.may_ask_again = standing.is_some_and(|standing| standing.one.is_none() && standing.refused.is_none());
    found.takes_documents = match attachments::admit(app, caller, case_id, false).await {
        Ok(rules) => {
            found.most_mib = rules.maximum_mib.into();
            true
        }
        Err(Error::NotFound | Error::Forbidden { .. } | Error::NotAsked(_)) => false,
        Err(other) => return Err(other.into()),
    };
    let documents = match attachments::list(app, caller, case_id).await {
        Ok(documents) => documents,
        Err(Error::NotFound) => Vec::new(),
        Err(other) => return Err(other.into()),
    };
    let told = |one: attachments::Attachment| {
        format!("{}, {}", one.description.unwrap_or(one.file_name), words::instant(&one.received_at, &zone))
    };
    found.documents = documents.into_iter().map(told).collect();
    Ok(found)
}

/// The time that was agreed on last.
fn agreed(events: &[orders::Event], zone: Tz) -> Option<String> {
    let last = events.iter().rfind(|event| event.kind == "peer_to_peer_scheduled")?;
    let at = last.detail.as_ref()?.get("at").and_then(Value::as_str)?.parse::<chrono::DateTime<chrono::Utc>>().ok()?;
    Some(words::instant(&at, &zone))
}

fn in_words(standing: &Reconsidering, zone: Tz) -> Vec<String> {
    let Some(one) = &standing.one else {
        return standing.refused.iter().map(|why| words::sentence(&words::without_ids(why))).collect();
    };
    let mut told = vec![format!("Asked for on {}.", words::instant(&one.requested_at, &zone))];
    match (one.decision.as_deref(), &one.decided_at) {
        (Some(decision), Some(at)) => {
            let became = if decision == "upheld" { "The denial stands" } else { "The denial was overturned" };
            told.push(format!("{became}: {}.", words::instant(at, &zone)));
            told.extend(one.rationale.clone());
        }
        _ => told.push("Another medical oncologist than the one who decided looks at it.".to_owned()),
    }
    told
}

/// A form is taken once, however often it is sent.
pub(super) fn idempotent(address: &str, fields: &Fields) -> Option<Idempotent> {
    let key = fields.text("key").filter(|key| key.len() <= 64 && key.bytes().all(|byte| byte.is_ascii_graphic()))?;
    let fingerprint = Sha256::digest(format!("POST {address} {}", fields.encoded()).as_bytes()).into();
    Some(Idempotent { key: key.to_owned(), fingerprint })
}

/// The version that the form was drawn from. A form without one is of no version, and is refused as stale.
pub(super) fn seen(fields: &Fields) -> Expected {
    Expected::Versions(fields.text("version").and_then(|text| text.parse().ok()).into_iter().collect())
}

async fn upload(
    State(app): State<App>,
    visitor: Visitor,
    Path(case_id): Path<String>,
    request: Request,
) -> Result<Response, Failure> {
    let case_id = id(&case_id)?;
    let (caller, mut fields) = (&visitor.caller, Fields::default());
    let rules = match attachments::admit(&app, caller, case_id, false).await {
        Ok(rules) => rules,
        Err(error) => {
            fields.set("description", unwanted(request).await);
            return refused(&app, &visitor, case_id, error, fields).await;
        }
    };
    let _place = attachments::place(&app, caller).await?;
    let mut description = String::new();
    let arrived = receive(request, &rules, &mut description).await;
    fields.set("description", description);
    let arrived = match arrived {
        Ok(arrived) => arrived,
        Err(Unread::Refused { status, text, field }) => {
            let told = Told::of_field(status, words::sentence(&words::without_ids(&text)), field);
            return drawn(&app, &visitor, case_id, Some(told), fields).await;
        }
        Err(Unread::Failed(error)) => return Err(error.into()),
    };
    match attachments::store(&app, caller, case_id, arrived, None).await {
        Ok(_) => Ok(to_case(case_id)),
        Err(error) => refused(&app, &visitor, case_id, error, fields).await,
    }
}

async fn withdraw(
    State(app): State<App>,
    visitor: Visitor,
    Path(case_id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let case_id = id(&case_id)?;
    let reason = match fields.text("withdraw") {
        Some("voluntarily_cancelled") => Some(Reason::VoluntarilyCancelled),
        Some("error_entry") => Some(Reason::ErrorEntry),
        _ => None,
    };
    let (field, text) = match (reason, fields.text("sure")) {
        (None, _) => ("withdraw", "Say why the order is withdrawn: pick one. Nothing was withdrawn."),
        (_, None) => ("withdraw-sure", "Tick that all of it is withdrawn: there is no undo. Nothing was withdrawn."),
        _ => ("", ""),
    };
    let Some(reason) = reason.filter(|_| field.is_empty()) else {
        let told = Told::of_field(StatusCode::UNPROCESSABLE_ENTITY, text.to_owned(), field);
        return drawn(&app, &visitor, case_id, Some(told), fields).await;
    };
    let withdrawal = Withdrawal { lines: None, reason };
    let key = idempotent(&format!("/cases/{case_id}/withdraw"), &fields);
    match orders::withdraw(&app, &visitor.caller, case_id, &withdrawal, &seen(&fields), key.as_ref()).await {
        Ok(_) => Ok(to_case(case_id)),
        Err(error) => refused(&app, &visitor, case_id, error, fields).await,
    }
}

async fn reconsider(
    State(app): State<App>,
    visitor: Visitor,
    Path(case_id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let case_id = id(&case_id)?;
    let reason = fields.owned("why").unwrap_or_default();
    let long = reason.chars().count();
    if reason.is_empty() || long > REASON {
        let text = format!("Say why the denial should not stand, in at most {REASON} characters; {long} were entered.");
        let told = Told::of_field(StatusCode::UNPROCESSABLE_ENTITY, text, "why");
        return drawn(&app, &visitor, case_id, Some(told), fields).await;
    }
    let asked = ReconsiderationRequest { reason, attachments: Vec::new() };
    let key = idempotent(&format!("/cases/{case_id}/reconsideration"), &fields);
    match reconsiderations::request(&app, &visitor.caller, case_id, &asked, &seen(&fields), key.as_ref()).await {
        Ok(_) => Ok(to_case(case_id)),
        Err(error) => refused(&app, &visitor, case_id, error, fields).await,
    }
}

fn to_case(case_id: Uuid) -> Response {
    Redirect::to(&format!("/cases/{case_id}")).into_response()
}

/// The case again, with why nothing was done.
async fn refused(app: &App, visitor: &Visitor, case_id: Uuid, error: Error, fields: Fields) -> Result<Response, Failure> {
    let say = |why: &str| words::sentence(&words::without_ids(why));
    let told = match error {
        Error::NotFound => return Err(Failure::not_found()),
        Error::Forbidden { detail } | Error::Conflict { detail } => (StatusCode::CONFLICT, say(&detail)),
        Error::Review(why) => (StatusCode::CONFLICT, say(&why.to_string())),
        Error::NotAsked(why) => (StatusCode::CONFLICT, say(&why.to_string())),
        Error::AttachmentRefused => {
            (StatusCode::UNPROCESSABLE_ENTITY, "The virus scanner refused the document, and nothing was stored.".to_owned())
        }
        Error::PreconditionFailed => {
            let text =
                "The case changed since you opened it, and nothing was done. Look at it, and send it again if it still holds.";
            (StatusCode::PRECONDITION_FAILED, text.to_owned())
        }
        Error::IdempotencyKeyReused => {
            (StatusCode::CONFLICT, "This form was sent before with other entries. Look at what happened below.".to_owned())
        }
        other => {
            let first =
                of_error(other)?.into_iter().next().map_or_else(|| "Not complete yet.".to_owned(), |fault| say(&fault.message));
            (StatusCode::UNPROCESSABLE_ENTITY, first)
        }
    };
    drawn(app, visitor, case_id, Some(Told::of_case(told.0, told.1)), fields).await
}
