//! Clinical documents of a case, shown beside it: nothing in them runs, loads or leads anywhere.

use super::super::case::id;
use super::super::failure::Failure;
use super::super::visitor::Visitor;
use crate::app::{App, attachments};
use crate::domain::attachment::MediaType;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::TryStreamExt as _;

/// Set by the browser itself, in a frame of ours and in no other.
const SHOWN: &str =
    "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'";
/// A browser's reader of PDFs does not start within a sandbox; it runs none of our pages' rights anyway.
const PDF: &str = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'";

/// What a browser shows by itself; what it does not is saved.
pub(super) const fn is_shown(kind: MediaType) -> bool {
    !matches!(kind, MediaType::Tiff)
}

pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(attachment_id): Path<String>,
) -> Result<Response, Failure> {
    sent(&app, &visitor, &attachment_id, false).await
}

pub(super) async fn save(
    State(app): State<App>,
    visitor: Visitor,
    Path(attachment_id): Path<String>,
) -> Result<Response, Failure> {
    sent(&app, &visitor, &attachment_id, true).await
}

/// Names of files may tell what is in them: a file is saved under its number.
async fn sent(app: &App, visitor: &Visitor, attachment_id: &str, save: bool) -> Result<Response, Failure> {
    let download = attachments::open(app, &visitor.caller, id(attachment_id)?).await?;
    let (kind, size) = (download.attachment.media_type, download.attachment.size_bytes);
    let name = format!("{}.{}", download.attachment.attachment_id, kind.extension());
    let save = save || !is_shown(kind);
    let disposition = if save { "attachment" } else { "inline" };
    let disposition = HeaderValue::from_str(&format!("{disposition}; filename=\"{name}\""));
    let shown_as = match kind {
        // as it is written: a page made of somebody's XML is somebody's page
        MediaType::Cda if !save => MediaType::PlainText,
        kind => kind,
    };
    let content_type = if shown_as == MediaType::PlainText { "text/plain; charset=utf-8" } else { shown_as.as_str() };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    headers.insert(header::CONTENT_DISPOSITION, disposition.map_err(|error| Failure::internal(&error.to_string()))?);
    let policy = if kind == MediaType::Pdf { PDF } else { SHOWN };
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    let pieces = download.pieces().inspect_err(|error| tracing::error!(%error, "a document broke off"));
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// Lets a page of ours show documents beside itself.
pub(super) fn allow_frame(response: &mut Response) {
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; \
                  base-uri 'none'; frame-ancestors 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
}
