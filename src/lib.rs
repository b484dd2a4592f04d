//! Decides oncology prior authorizations.
//!
//! Data flows one way: `http`, `portal` and `jobs` call `app`, `app` loads facts from `store`, asks the pure `rules` and writes what they
//! decided; `content` turns the files a clinician edits into the immutable [`domain::content::Content`] that the rules read. `domain`,
//! `rules` and `content` are the engine, a crate of its own.

pub use oncoauth_engine::{content, domain, rules};

pub mod app;
pub mod clock;
pub mod documents;
pub mod doors;
pub mod fhir;
pub mod http;
pub mod ids;
pub mod jobs;
pub mod outbound;
pub mod portal;
pub mod postgres;
pub mod shard;
pub mod store;
pub mod telemetry;

/// What unit tests of any part may use.
#[cfg(test)]
mod fixtures {
    /// The content that is shipped.
    pub fn library() -> crate::domain::content::Library {
        crate::content::load_embedded().unwrap()
    }
}
