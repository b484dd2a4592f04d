//! The review desk over HTTP and against PostgreSQL, with its documents, and the feed that tells of it.

#[path = "../support/mod.rs"]
mod support;

mod attachments;
mod desk_model;
mod documents;
mod feed;
mod review_desk;
