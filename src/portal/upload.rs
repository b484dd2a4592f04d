//! A document in a form of a page, read piece by piece: it never lies in memory as a whole.

use crate::app::Error;
use crate::app::attachments::{Arrived, Spool, Spooled, file_name};
use crate::domain::attachment::MediaType;
use crate::domain::content::AttachmentRules;
use axum::body::{BodyDataStream, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::{Stream, StreamExt as _, stream};
use multer::{Constraints, Field, Multipart, SizeLimit};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, ready};

/// What a form may have beside the document, in bytes.
const BESIDE: u64 = 32 * 1024;
/// The longest description, in characters, as the API takes it.
const DESCRIPTION: usize = 1_000;
/// What the parser gets at once, in bytes: whatever comes before a document is read before its size counts.
const PIECE: usize = 64 * 1024;
/// A character has four bytes at most.
const DESCRIPTION_BYTES: usize = 4 * DESCRIPTION;

/// Why there is no document.
#[derive(Debug)]
pub(super) enum Unread {
    /// What was sent is not taken, in words for its sender, and the field that it is about.
    Refused { status: StatusCode, text: String, field: &'static str },
    /// It cannot be had now.
    Failed(Error),
}

impl From<Error> for Unread {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// The document of a form, checked against what it is said to be; `said` becomes what it is called there, also where it is not taken. What
/// is left of a form that is not taken is read away: a browser listens for the answer only then.
pub(super) async fn receive(request: Request, rules: &AttachmentRules, said: &mut String) -> Result<Arrived, Unread> {
    let (parts, body) = request.into_parts();
    let body = Arc::new(Mutex::new(body.into_data_stream()));
    let arrived = read(&parts.headers, Arc::clone(&body), rules, said).await;
    if matches!(arrived, Err(Unread::Refused { .. })) {
        read_away(body, rules).await;
    }
    arrived
}

/// What a document is called that is not taken at all. The form is read away, and nothing of it is kept.
pub(super) async fn unwanted(request: Request) -> String {
    let (parts, body) = request.into_parts();
    let body = Arc::new(Mutex::new(body.into_data_stream()));
    let boundary = parts.headers.get(header::CONTENT_TYPE).and_then(|value| multer::parse_boundary(value.to_str().ok()?).ok());
    let mut said = String::new();
    if let Some(boundary) = boundary {
        // the page sends the description first: what comes without one soon is not looked at
        let limits = SizeLimit::new().whole_stream(BESIDE + 2 * PIECE as u64);
        let mut form = Multipart::with_constraints(in_turns(Arc::clone(&body)), boundary, Constraints::new().size_limit(limits));
        if let Ok(Some(field)) = form.next_field().await
            && field.name() == Some("description")
        {
            said = words(field, &AttachmentRules::default()).await.unwrap_or_default().trim().replace('\0', "\u{fffd}");
        }
    }
    read_away(body, &AttachmentRules::default()).await;
    said
}

/// Reads away what a browser still sends, as far as it is a form that might have been taken.
async fn read_away(body: Pieces, rules: &AttachmentRules) {
    let mut rest = in_turns(body);
    let mut left = rules.maximum_bytes() + BESIDE;
    while let Some(Ok(piece)) = rest.next().await
        && left > 0
    {
        left = left.saturating_sub(piece.len() as u64);
    }
}

type Pieces = Arc<Mutex<BodyDataStream>>;

async fn read(headers: &HeaderMap, body: Pieces, rules: &AttachmentRules, said: &mut String) -> Result<Arrived, Unread> {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let boundary = multer::parse_boundary(&sent).map_err(|_| broken())?;
    let limits = SizeLimit::new().whole_stream(rules.maximum_bytes() + BESIDE);
    let pieces = in_turns(body);
    let mut form = Multipart::with_constraints(pieces, boundary, Constraints::new().size_limit(limits));
    let (mut file, mut description) = (None, None);
    while let Some(field) = form.next_field().await.map_err(|error| unread(&error, rules))? {
        match field.name() {
            Some("file") if file.is_none() => file = Some(document(field, rules).await?),
            Some("description") if description.is_none() => {
                let text = words(field, rules).await?.trim().replace('\0', "\u{fffd}");
                said.clone_from(&text);
                description = Some(text);
            }
            _ => return Err(broken()),
        }
    }
    let (spooled, media_type, name) = file.ok_or_else(|| refused("Pick the document. Nothing was sent."))?;
    let description = description.filter(|text| !text.is_empty());
    if description.as_ref().is_some_and(|text| text.chars().count() > DESCRIPTION) {
        return Err(too_long());
    }
    Ok(Arrived { spooled, file_name: file_name(name.as_deref(), media_type), media_type, description })
}

/// The parser takes all that it can get at once: it gets one small piece at a time.
fn in_turns(pieces: Pieces) -> impl Stream<Item = Result<Bytes, axum::Error>> + Send {
    let (mut given, mut rest) = (false, Bytes::new());
    stream::poll_fn(move |context| {
        if std::mem::take(&mut given) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if rest.is_empty() {
            match ready!(pieces.lock().unwrap_or_else(PoisonError::into_inner).poll_next_unpin(context)) {
                Some(Ok(piece)) => rest = piece,
                ended => return Poll::Ready(ended),
            }
        }
        given = true;
        Poll::Ready(Some(Ok(rest.split_to(rest.len().min(PIECE)))))
    })
}

async fn document(mut field: Field<'_>, rules: &AttachmentRules) -> Result<(Spooled, MediaType, Option<String>), Unread> {
    let declared = field.content_type().map(|kind| kind.essence_str().to_owned()).unwrap_or_default();
    let name = field.file_name().map(str::to_owned);
    let mut spool = Spool::begin().await?;
    while let Some(piece) = field.chunk().await.map_err(|error| unread(&error, rules))? {
        if spool.size() + piece.len() as u64 > rules.maximum_bytes() {
            return Err(too_large(rules));
        }
        spool.write(&piece).await?;
    }
    let spooled = spool.finish().await?;
    if spooled.size == 0 {
        return Err(refused("The document is empty: pick the file with its content."));
    }
    let known = match declared.as_str() {
        // browsers say so of what they do not know
        "" | "application/octet-stream" => spooled.recognized(),
        "text/xml" => MediaType::parse("application/xml"),
        other => MediaType::parse(other),
    };
    let media_type = known.filter(|known| rules.media_types.contains(known)).ok_or_else(|| unsupported(rules))?;
    if let Some(message) = spooled.contradicts(media_type) {
        return Err(refused(&message));
    }
    Ok((spooled, media_type, name))
}

async fn words(mut field: Field<'_>, rules: &AttachmentRules) -> Result<String, Unread> {
    let mut bytes = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(|error| unread(&error, rules))? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > DESCRIPTION_BYTES {
            return Err(too_long());
        }
    }
    String::from_utf8(bytes).map_err(|_| broken())
}

fn refused(message: &str) -> Unread {
    Unread::Refused { status: StatusCode::UNPROCESSABLE_ENTITY, text: message.to_owned(), field: "file" }
}

fn too_long() -> Unread {
    let text = format!("What it is: at most {DESCRIPTION} characters fit. Nothing was stored.");
    Unread::Refused { status: StatusCode::UNPROCESSABLE_ENTITY, text, field: "description" }
}

fn broken() -> Unread {
    let text = "What came is no whole form, and nothing was stored. Send it again from the page.";
    Unread::Refused { status: StatusCode::BAD_REQUEST, text: text.to_owned(), field: "file" }
}

fn too_large(rules: &AttachmentRules) -> Unread {
    let text = format!("A document may have {} MiB: send it in several files. Nothing was stored.", rules.maximum_mib);
    Unread::Refused { status: StatusCode::PAYLOAD_TOO_LARGE, text, field: "file" }
}

fn unsupported(rules: &AttachmentRules) -> Unread {
    let types: Vec<&str> = rules.media_types.iter().map(|known| known.as_str()).collect();
    let text = format!("A document is one of {}. Nothing was stored.", types.join(", "));
    Unread::Refused { status: StatusCode::UNSUPPORTED_MEDIA_TYPE, text, field: "file" }
}

/// The parser's own words may quote what was sent.
fn unread(error: &multer::Error, rules: &AttachmentRules) -> Unread {
    match error {
        multer::Error::StreamSizeExceeded { .. } | multer::Error::FieldSizeExceeded { .. } => too_large(rules),
        _ => broken(),
    }
}
