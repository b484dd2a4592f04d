//! Why there is no page, in words for the person who asked for it.

use super::refusal;
use crate::app;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// What became of the request instead. [`super::enter`] sets it as a page.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    /// HTTP status.
    pub status: StatusCode,
    /// In a few words.
    pub title: &'static str,
    /// What to do.
    pub text: String,
}

impl Failure {
    /// No such page, or none that the visitor may know of: the two read alike.
    pub fn not_found() -> Self {
        let text = "There is nothing at this address that you may see. Check the address, or start from the first page.";
        Self { status: StatusCode::NOT_FOUND, title: "Nothing here", text: text.to_owned() }
    }

    /// A form that another site sent.
    pub fn foreign() -> Self {
        let text = "This was not sent from a page of this site, and nothing was done. Go to the page and send it from there.";
        Self { status: StatusCode::FORBIDDEN, title: "Not from here", text: text.to_owned() }
    }

    /// A form that is larger than any of ours.
    pub fn too_large() -> Self {
        let text = "What was sent is larger than this form takes. Nothing was done.";
        Self { status: StatusCode::PAYLOAD_TOO_LARGE, title: "Too large", text: text.to_owned() }
    }

    /// Took too long, or cannot be had now.
    pub fn unavailable() -> Self {
        let text = "The service cannot answer now. Whether something that you sent was stored is not known: look before you send it again.";
        Self { status: StatusCode::SERVICE_UNAVAILABLE, title: "Not available now", text: text.to_owned() }
    }

    /// More requests than one person makes.
    pub fn too_many() -> Self {
        let text = "Too many requests came from you at once, and nothing was done. Wait a moment and try again.";
        Self { status: StatusCode::TOO_MANY_REQUESTS, title: "Too many requests", text: text.to_owned() }
    }

    /// Something that is ours to mend. The cause is logged here and not shown.
    pub fn internal(cause: &str) -> Self {
        tracing::error!(cause, "a page failed");
        let text = "The service failed, and nothing was shown that may be wrong. Try again; if it fails again, tell the administrator when.";
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, title: "The service failed", text: text.to_owned() }
    }

    fn refused(status: StatusCode, title: &'static str, text: impl Into<String>) -> Self {
        Self { status, title, text: text.into() }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// What pages do not expect. What they do expect, such as a refused order, they say themselves.
impl From<app::Error> for Failure {
    fn from(error: app::Error) -> Self {
        match error {
            app::Error::NotFound | app::Error::Forbidden { .. } => Self::not_found(),
            app::Error::Refused(why) => {
                let words = refusal::in_words(*why);
                let text = [Some(words.text), words.contact].into_iter().flatten().collect::<Vec<_>>().join(" ");
                Self::refused(StatusCode::CONFLICT, words.title, text)
            }
            app::Error::Conflict { detail } => Self::refused(StatusCode::CONFLICT, "Not possible now", detail),
            app::Error::Review(why) => Self::refused(StatusCode::CONFLICT, "Not possible now", why.to_string()),
            app::Error::NotAsked(why) => Self::refused(StatusCode::CONFLICT, "Not possible now", why.to_string()),
            app::Error::PreconditionFailed => {
                let text = "Somebody changed this since you opened it. Open it again, and look at what changed.";
                Self::refused(StatusCode::PRECONDITION_FAILED, "Changed meanwhile", text)
            }
            app::Error::Unavailable(_) => Self::unavailable(),
            app::Error::Store(error) if error.is_transient() => {
                tracing::warn!(%error, "a page has to wait for the database");
                Self::unavailable()
            }
            other => Self::internal(&other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Failure;
    use crate::app;
    use crate::domain::refusal::{Fault, Refusal};
    use axum::http::StatusCode;

    #[test]
    fn what_is_refused_is_no_failure_of_the_service_and_says_why() {
        let fault = |message: &str| Fault::new("/a", "malformed", message);
        let refused = |refusal: Refusal| Failure::from(app::Error::from(refusal));
        let failure = refused(Refusal::Validation(vec![fault("the first"), fault("the second")]));
        assert_eq!((failure.status, failure.text.as_str()), (StatusCode::CONFLICT, "The first."));
        let failure = refused(Refusal::NotPermitted { detail: "somebody else's case".to_owned() });
        assert_eq!((failure.status, failure.text.as_str()), (StatusCode::CONFLICT, "Somebody else's case."));
        assert!(!refused(Refusal::Validation(Vec::new())).text.is_empty());
    }
}
