//! A document in a form of a page, read piece by piece: it never lies in memory as a whole.

use crate::app::Error;
use crate::app::attachments::{Arrived, Spool, Spooled, file_name};
use crate::domain::attachment::MediaType;
use crate::domain::content::AttachmentRules;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use futures_util::{Stream, StreamExt as _, stream};
use multer::{Constraints, Field, Multipart, SizeLimit};
use std::task::{Poll, ready};

/// What a form may have beside the document, in bytes.
const BESIDE: u64 = 32 * 1024;
/// The longest description, in characters, as the API takes it.
const DESCRIPTION: usize = 1_000;
/// A character has four bytes at most.
const DESCRIPTION_BYTES: usize = 4 * DESCRIPTION;

/// Why there is no document.
#[derive(Debug)]
pub(super) enum Unread {
    /// What was sent is not taken, in words for its sender.
    Refused(StatusCode, String),
    /// It cannot be had now.
    Failed(Error),
}

impl From<Error> for Unread {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// The document of a form, checked against what it is said to be.
pub(super) async fn receive(request: Request, rules: &AttachmentRules) -> Result<Arrived, Unread> {
    let sent = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let boundary = multer::parse_boundary(&sent).map_err(|_| broken())?;
    let limits = SizeLimit::new().whole_stream(rules.maximum_bytes() + BESIDE);
    let pieces = in_turns(request.into_body());
    let mut form = Multipart::with_constraints(pieces, boundary, Constraints::new().size_limit(limits));
    let (mut file, mut description) = (None, None);
    while let Some(field) = form.next_field().await.map_err(|error| unread(&error, rules))? {
        match field.name() {
            Some("file") if file.is_none() => file = Some(document(field, rules).await?),
            Some("description") if description.is_none() => description = Some(words(field, rules).await?),
            _ => return Err(broken()),
        }
    }
    let (spooled, media_type, name) = file.ok_or_else(|| refused("Pick the document. Nothing was sent."))?;
    let description = description.map(|text: String| text.trim().replace('\0', "\u{fffd}")).filter(|text| !text.is_empty());
    if description.as_ref().is_some_and(|text| text.chars().count() > DESCRIPTION) {
        return Err(refused(&format!("What it is: at most {DESCRIPTION} characters fit.")));
    }
    Ok(Arrived { spooled, file_name: file_name(name.as_deref(), media_type), media_type, description })
}

/// The parser takes all that it can get at once: it gets one piece at a time.
fn in_turns(body: Body) -> impl Stream<Item = Result<Bytes, axum::Error>> + Send {
    let mut pieces = body.into_data_stream();
    let mut given = false;
    stream::poll_fn(move |context| {
        if std::mem::take(&mut given) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let piece = ready!(pieces.poll_next_unpin(context));
        given = true;
        Poll::Ready(piece)
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
            return Err(refused(&format!("What it is: at most {DESCRIPTION} characters fit.")));
        }
    }
    String::from_utf8(bytes).map_err(|_| broken())
}

fn refused(message: &str) -> Unread {
    Unread::Refused(StatusCode::UNPROCESSABLE_ENTITY, message.to_owned())
}

fn broken() -> Unread {
    let text = "What came is no whole form, and nothing was stored. Send it again from the page.";
    Unread::Refused(StatusCode::BAD_REQUEST, text.to_owned())
}

fn too_large(rules: &AttachmentRules) -> Unread {
    let text = format!("A document may have {} MiB: send it in several files. Nothing was stored.", rules.maximum_mib);
    Unread::Refused(StatusCode::PAYLOAD_TOO_LARGE, text)
}

fn unsupported(rules: &AttachmentRules) -> Unread {
    let types: Vec<&str> = rules.media_types.iter().map(|known| known.as_str()).collect();
    let text = format!("A document is one of {}. Nothing was stored.", types.join(", "));
    Unread::Refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, text)
}

/// The parser's own words may quote what was sent.
fn unread(error: &multer::Error, rules: &AttachmentRules) -> Unread {
    match error {
        multer::Error::StreamSizeExceeded { .. } | multer::Error::FieldSizeExceeded { .. } => too_large(rules),
        _ => broken(),
    }
}
