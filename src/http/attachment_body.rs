//! A clinical document as it comes in: as a form (`multipart/form-data`) or as the body itself. Its bytes go by piece by piece, and never
//! lie in memory as a whole.

use super::content_disposition;
use super::faults::nearest;
use super::guard::given_up;
use super::problem::Problem;
use super::problem_kinds as kinds;
use crate::app::attachments::{Arrived, Spool, Spooled, file_name};
use crate::domain::attachment::MediaType;
use crate::domain::content::AttachmentRules;
use crate::domain::refusal::Fault;
use crate::domain::text::says_something;
use axum::body::{Bytes, HttpBody as _};
use axum::extract::Request;
use axum::http::header;
use futures_util::{Stream, StreamExt as _, stream};
use multer::{Constraints, Field, Multipart, SizeLimit};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Poll, ready};
use std::time::Duration;
use tokio::time::Instant;

/// The longest description, in characters.
pub const DESCRIPTION_LIMIT: usize = 1000;
/// What a form may have beside the document, in bytes. The parser keeps all of it, and looks through it again with every piece.
const FORM_OVERHEAD: u64 = 32 * 1024;
/// The most that the parser of forms gets at once, in bytes.
const STEP: usize = 8 * 1024;
/// The longest boundary between the parts of a form (RFC 2046, 5.1.1).
const BOUNDARY_LIMIT: usize = 70;

/// How long a document may take to arrive.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// In all.
    pub total: Duration,
    /// Without anything arriving.
    pub silence: Duration,
}

/// What the address says of the document.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// Its name.
    pub file_name: Option<String>,
    /// What it is.
    pub description: Option<String>,
}

/// A file that came, before it is known what it is.
struct Part {
    spooled: Spooled,
    declared: String,
    name: Option<String>,
}

/// Reads the document of a request.
pub async fn receive(request: Request, told: Told, rules: &AttachmentRules, patience: Patience) -> Result<Arrived, Problem> {
    let limit = rules.maximum_bytes();
    let sent = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let is_form = essence(&sent) == "multipart/form-data";
    let most = if is_form { limit + FORM_OVERHEAD } else { limit };
    if request.body().size_hint().lower() > most || announced(&request).is_some_and(|length| length > most) {
        return Err(too_large(rules));
    }
    if !is_form {
        accepted(rules, &essence(&sent))?;
    }
    let name = content_disposition::file_name(request.headers());
    let pieces = pieces(request, patience);
    if is_form {
        let form = read_form(pieces, &sent, rules).await?;
        let description = form.description.or(told.description);
        return arrived(form.part, told.file_name, description, rules);
    }
    let part = Part { spooled: spool(pieces, rules).await?, declared: essence(&sent), name };
    arrived(part, told.file_name, told.description, rules)
}

fn announced(request: &Request) -> Option<u64> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The media type without its parameters, in lower case.
fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn too_large(rules: &AttachmentRules) -> Problem {
    Problem::new(&kinds::PAYLOAD_TOO_LARGE, format!("a document may have {} MiB; send it in several files", rules.maximum_mib))
}

/// The type declared, where documents may be of it; none where the sender leaves it to the bytes.
fn accepted(rules: &AttachmentRules, declared: &str) -> Result<Option<MediaType>, Problem> {
    if matches!(declared, "" | "application/octet-stream") {
        return Ok(None);
    }
    let known = MediaType::parse(declared).filter(|known| rules.media_types.contains(known));
    known.map(Some).ok_or_else(|| unsupported(rules))
}

fn unsupported(rules: &AttachmentRules) -> Problem {
    let types: Vec<&str> = rules.media_types.iter().map(|known| known.as_str()).collect();
    let detail = format!(
        "a document is one of {}: send it with that `Content-Type`, or in the field `file` of a multipart/form-data body",
        types.join(", ")
    );
    Problem::new(&kinds::UNSUPPORTED_MEDIA_TYPE, detail)
}

/// Checks the document that came against what it is said to be.
fn arrived(part: Part, told: Option<String>, description: Option<String>, rules: &AttachmentRules) -> Result<Arrived, Problem> {
    let Part { spooled, declared, name } = part;
    let declared = accepted(rules, &declared)?;
    if spooled.size == 0 {
        return Err(Problem::validation(vec![Fault::new(
            "/file",
            "empty",
            "the document is empty; send the file with its content",
        )]));
    }
    let media_type = match declared {
        Some(declared) => declared,
        None => spooled.recognized().filter(|found| rules.media_types.contains(found)).ok_or_else(|| unsupported(rules))?,
    };
    if let Some(message) = spooled.contradicts(media_type) {
        return Err(Problem::validation(vec![Fault::new("/file", "media-type-mismatch", message)]));
    }
    let description = description.map(|text| text.trim().to_owned()).filter(|text| says_something(text));
    if description.as_ref().is_some_and(|text| text.chars().count() > DESCRIPTION_LIMIT || text.contains('\0')) {
        let message = format!("may have {DESCRIPTION_LIMIT} characters, and no NUL");
        return Err(Problem::validation(vec![Fault::new("/description", "too-long", message)]));
    }
    let file_name = file_name(told.or(name).as_deref(), media_type);
    Ok(Arrived { spooled, file_name, media_type, description })
}

/// The pieces of a body, as long as they keep coming.
fn pieces(request: Request, patience: Patience) -> impl Stream<Item = Result<Bytes, Problem>> + Send {
    let body = request.into_body().into_data_stream();
    let end = Instant::now() + patience.total;
    stream::try_unfold(body, move |mut body| async move {
        let now = Instant::now();
        if now >= end {
            // whoever is always ahead never lets the timer have its turn
            return Err(given_up(patience.total, "nothing was stored"));
        }
        let wait = (now + patience.silence).min(end);
        match tokio::time::timeout_at(wait, body.next()).await {
            Err(_) if wait == end => Err(given_up(patience.total, "nothing was stored")),
            Err(_) => Err(given_up(patience.silence, "nothing was stored")),
            Ok(None) => Ok(None),
            Ok(Some(Ok(piece))) => Ok(Some((piece, body))),
            Ok(Some(Err(_))) => Err(Problem::new(&kinds::BAD_REQUEST, "the body broke off; nothing was stored")),
        }
    })
}

async fn spool(pieces: impl Stream<Item = Result<Bytes, Problem>>, rules: &AttachmentRules) -> Result<Spooled, Problem> {
    let mut pieces = std::pin::pin!(pieces);
    let mut spool = Spool::begin().await?;
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        if spool.size() + piece.len() as u64 > rules.maximum_bytes() {
            return Err(too_large(rules));
        }
        spool.write(&piece).await?;
    }
    Ok(spool.finish().await?)
}

/// A form that was read.
struct Form {
    part: Part,
    description: Option<String>,
}

async fn read_form(
    pieces: impl Stream<Item = Result<Bytes, Problem>> + Send,
    content_type: &str,
    rules: &AttachmentRules,
) -> Result<Form, Problem> {
    let boundary = multer::parse_boundary(content_type).ok().filter(|boundary| boundary.len() <= BOUNDARY_LIMIT);
    let boundary = boundary.ok_or_else(|| {
        let detail =
            format!("the Content-Type of a form names the boundary between its parts, of {BOUNDARY_LIMIT} characters at most");
        Problem::new(&kinds::BAD_REQUEST, detail)
    })?;
    let limits = SizeLimit::new().whole_stream(rules.maximum_bytes() + FORM_OVERHEAD);
    let taken = Taken::default();
    let steps = in_steps(pieces, taken.clone());
    let mut form = Multipart::with_constraints(steps, boundary, Constraints::new().size_limit(limits));
    let (mut file, mut description) = (None, None);
    while let Some(field) = form.next_field().await.map_err(|error| broken(error, rules))? {
        match field.name().unwrap_or_default() {
            "file" if file.is_some() => {
                let message = "one document a call: send each further file in a call of its own, or put them into one PDF";
                return Err(Problem::validation(vec![Fault::new("/file", "too-many", message)]));
            }
            "file" => file = Some(part(field, rules, &taken).await?),
            "description" if description.is_some() => {
                return Err(Problem::validation(vec![Fault::new("/description", "duplicate", "occurs twice")]));
            }
            "description" => description = Some(text(field, rules).await?),
            other => {
                let hint = nearest(other, &["file", "description"]).map(|near| format!("; did you mean `{near}`?"));
                let message = format!("is no field of this form; it has `file` and `description`{}", hint.unwrap_or_default());
                return Err(Problem::validation(vec![Fault::new("", "unknown-field", message)]));
            }
        }
    }
    let missing =
        || Problem::validation(vec![Fault::new("/file", "missing", "the form has no document: send it in the field `file`")]);
    Ok(Form { part: file.ok_or_else(missing)?, description })
}

/// Bytes of the document that the parser has given back.
type Taken = Arc<AtomicU64>;

/// The parser takes as much as it can get at once, and keeps what it does not understand yet. This gives it one step at a time, so that a
/// fast sender does not fill the memory, and no more than a form may have beside its document.
fn in_steps(
    pieces: impl Stream<Item = Result<Bytes, Problem>> + Send,
    taken: Taken,
) -> impl Stream<Item = Result<Bytes, Stopped>> + Send {
    let mut pieces = Box::pin(pieces);
    let mut rest = Bytes::new();
    let (mut handed, mut given) = (0_u64, false);
    stream::poll_fn(move |context| {
        if std::mem::take(&mut given) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if handed.saturating_sub(taken.load(Ordering::Relaxed)) > FORM_OVERHEAD {
            return Poll::Ready(Some(Err(Stopped(overloaded()))));
        }
        while rest.is_empty() {
            match ready!(pieces.as_mut().poll_next(context)) {
                Some(Ok(piece)) => rest = piece,
                Some(Err(problem)) => return Poll::Ready(Some(Err(Stopped(problem)))),
                None => return Poll::Ready(None),
            }
        }
        let step = rest.split_to(rest.len().min(STEP));
        handed += step.len() as u64;
        given = true;
        Poll::Ready(Some(Ok(step)))
    })
}

fn overloaded() -> Problem {
    let detail = format!(
        "a form may have {} KiB beside its document; it begins with the boundary that its Content-Type names",
        FORM_OVERHEAD / 1024
    );
    Problem::new(&kinds::PAYLOAD_TOO_LARGE, detail)
}

/// Why the body ended, on its way through the parser.
#[derive(Debug, thiserror::Error)]
#[error("the body ended")]
struct Stopped(Problem);

fn broken(error: multer::Error, rules: &AttachmentRules) -> Problem {
    match error {
        multer::Error::StreamReadFailed(cause) => match cause.downcast::<Stopped>() {
            Ok(stopped) => stopped.0,
            Err(_) => Problem::new(&kinds::BAD_REQUEST, "the body broke off; nothing was stored"),
        },
        multer::Error::StreamSizeExceeded { .. } | multer::Error::FieldSizeExceeded { .. } => too_large(rules),
        // the parser's own words may quote what was sent
        _ => Problem::new(&kinds::BAD_REQUEST, "the body is no whole multipart/form-data; nothing was stored"),
    }
}

async fn part(field: Field<'_>, rules: &AttachmentRules, taken: &Taken) -> Result<Part, Problem> {
    let sent = field.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let declared = essence(sent);
    accepted(rules, &declared)?;
    let name = content_disposition::file_name(field.headers());
    let pieces = field.map(|piece| {
        let piece = piece.map_err(|error| broken(error, rules))?;
        taken.fetch_add(piece.len() as u64, Ordering::Relaxed);
        Ok(piece)
    });
    Ok(Part { spooled: spool(pieces, rules).await?, declared, name })
}

/// A short text of a form. A character may have four bytes.
async fn text(mut field: Field<'_>, rules: &AttachmentRules) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(|error| broken(error, rules))? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > DESCRIPTION_LIMIT * 4 {
            let message = format!("may have {DESCRIPTION_LIMIT} characters");
            return Err(Problem::validation(vec![Fault::new("/description", "too-long", message)]));
        }
    }
    String::from_utf8(bytes).map_err(|_| Problem::validation(vec![Fault::new("/description", "malformed", "is not UTF-8")]))
}
