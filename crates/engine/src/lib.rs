//! The engine of oncoauth: the field's words as types, the rules that decide an order, and the content they read.
//!
//! Pure: facts, content and a time go in, a decision comes out. No clock, no database, no web server and no runtime is among the
//! dependencies, so that the compiler holds it to that; files are read in one place, `content`, when content is loaded.
//!
//! [`content`] turns the files a clinician edits into the immutable [`domain::content::Content`] that the [`rules`] read; both are
//! written in the words of [`domain`], and neither knows the other.

pub mod content;
pub mod domain;
pub mod rules;
