//! Setting documents: for the screen at once, for paper on a thread of its own, because setting a PDF is work for the processor.

use super::{App, Result};
use crate::documents::html;
pub use crate::documents::{Align, Block, Document};

/// How a document is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// As data.
    Json,
    /// For the screen.
    Html,
    /// For paper.
    Pdf,
}

/// A document in the form asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Rendered<T> {
    /// As data.
    Json(Box<T>),
    /// A page.
    Html(String),
    /// A PDF, with a name for its file that says nothing about anybody.
    Pdf {
        /// The file.
        file: Vec<u8>,
        /// Its name.
        name: String,
    },
}

/// Across every page of a sandbox: whoever finds it on a printer must not take it for a real one.
const SANDBOX: &str = "SANDBOX: not an authorization";

/// Sets what `document` makes of the data, where data is not what is asked for.
pub(super) async fn render<T>(
    app: &App,
    data: T,
    format: Format,
    name: String,
    document: impl FnOnce(&T) -> Document,
) -> Result<Rendered<T>> {
    let marked = |document: Document| Document { mark: app.settings.sandbox.then(|| SANDBOX.to_owned()), ..document };
    match format {
        Format::Json => Ok(Rendered::Json(Box::new(data))),
        Format::Html => Ok(Rendered::Html(html::render(&marked(document(&data))))),
        Format::Pdf => {
            let document = marked(document(&data));
            let set = tokio::task::spawn_blocking(move || crate::documents::pdf::render(&document)).await;
            let set = set.map_err(|error| super::Error::Internal(format!("setting a PDF: {error}")))?;
            let file = set.map_err(|error| super::Error::Internal(format!("setting a PDF: {error}")))?;
            Ok(Rendered::Pdf { file, name })
        }
    }
}
