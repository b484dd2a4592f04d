//! Documents for paper, as plain links: opened beside the page, printed or saved from there.

use super::failure::Failure;
use crate::app::rendering::Rendered;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

/// A PDF as an answer. The name of its file says nothing about anybody.
pub(super) fn pdf<T>(rendered: Rendered<T>) -> Result<Response, Failure> {
    let Rendered::Pdf { file, name } = rendered else { return Err(Failure::internal("a document came in another form")) };
    let disposition = HeaderValue::from_str(&format!("inline; filename=\"{name}.pdf\""));
    let disposition = disposition.map_err(|error| Failure::internal(&error.to_string()))?;
    let kind = HeaderValue::from_static("application/pdf");
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)], file).into_response())
}
