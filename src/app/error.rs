//! Why a use case did not do what it was asked.

use crate::domain::refusal::{Fault, Refusal};
use crate::rules::attachments::NotAsked;
use crate::rules::review::ReviewError;
use crate::store;

/// The failures of the use cases. `http` alone turns them into answers.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request is refused; nothing is stored as an order.
    #[error("the request was refused")]
    Refused(Box<Refusal>),
    /// Lines of a roster are bad; nothing was changed.
    #[error("lines of the roster are bad")]
    BadLines(Vec<Fault>),
    /// There is no such thing, or the caller may not know of it.
    #[error("not found")]
    NotFound,
    /// The caller's role or binding does not allow it.
    #[error("forbidden: {detail}")]
    Forbidden {
        /// In words, for the caller.
        detail: String,
    },
    /// The state of the resource does not allow it, or a race was lost.
    #[error("conflict: {detail}")]
    Conflict {
        /// In words, for the caller.
        detail: String,
    },
    /// The rules of review do not allow it.
    #[error(transparent)]
    Review(#[from] ReviewError),
    /// No clinical document is taken for the case now.
    #[error(transparent)]
    NotAsked(#[from] NotAsked),
    /// The virus scanner refuses a document.
    #[error("the virus scanner refused a document")]
    AttachmentRefused,
    /// `If-Match` names another version.
    #[error("the resource has another version")]
    PreconditionFailed,
    /// A roster would lose more rows than is likely to be meant.
    #[error("the roster would lose {removed} of {before} rows")]
    RosterDropGuard {
        /// Rows that would go.
        removed: i64,
        /// Rows on file.
        before: i64,
        /// The share that may go, in percent.
        percent: u8,
    },
    /// The key was used for another payload.
    #[error("the idempotency key was used for another payload")]
    IdempotencyKeyReused,
    /// Something that the service needs cannot be had at the moment.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Something that cannot happen did.
    #[error("internal: {0}")]
    Internal(String),
}

/// What a use case returns.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The body has these faults.
    pub fn invalid(faults: Vec<Fault>) -> Self {
        Refusal::Validation(faults).into()
    }

    /// The role or binding does not allow it.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::Forbidden { detail: detail.into() }
    }

    /// The state does not allow it.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::Conflict { detail: detail.into() }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<super::sealing::Unsealable> for Error {
    fn from(error: super::sealing::Unsealable) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
