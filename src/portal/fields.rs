//! What a form sent: names and values in their order. Text is trimmed; an empty field is one that was left out. The character NUL, which
//! no database keeps, becomes the one for what cannot be read: left out, it would make other text of what was sent.

use super::failure::Failure;
use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};

/// The largest form, in bytes.
const LIMIT: usize = 512 * 1024;

/// The fields of a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// What was entered in a field; none where it was left empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).find(|value| !value.is_empty())
    }

    /// Everything that was entered under a name.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Everything whose name begins so, with the rest of the name.
    pub fn under(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_str())))
    }

    /// True where the form has such a field, entered or not.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Puts a value in the place of what was entered.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value.into()));
    }

    /// Adds a value beside those that are there.
    pub fn add(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_owned(), value.into()));
    }

    /// Takes out every field whose name begins so.
    pub fn clear(&mut self, prefix: &str) {
        self.0.retain(|(name, _)| !name.starts_with(prefix));
    }

    /// As a browser sends it, without what was left empty.
    pub fn encoded(&self) -> String {
        let entered = self.0.iter().filter(|(_, value)| !value.is_empty());
        form_urlencoded::Serializer::new(String::new()).extend_pairs(entered).finish()
    }

    /// From what a browser sends.
    pub fn decoded(sent: &str) -> Self {
        form_urlencoded::parse(sent.as_bytes()).collect()
    }

    /// As controls of one line send it back: without line breaks, and without what stands around.
    pub fn in_one_line(&self) -> Self {
        let one_line = |(name, value): &(String, String)| (name.clone(), value.replace(['\r', '\n'], ""));
        self.0.iter().map(one_line).collect()
    }

    /// The same as text of its own.
    pub fn owned(&self, name: &str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }
}

impl<N: Into<String>, V: AsRef<str>> FromIterator<(N, V)> for Fields {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.as_ref().trim().replace('\0', "\u{fffd}"))).collect())
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Failure;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Failure> {
        let body = to_bytes(request.into_body(), LIMIT).await.map_err(|_| Failure::too_large())?;
        Ok(form_urlencoded::parse(&body).collect())
    }
}
