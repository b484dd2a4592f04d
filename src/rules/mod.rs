//! The engine: pure functions from facts and content to a decision. No clock, no I/O, no async, no randomness in here.

pub mod calendar;
pub mod decide;
pub mod eligibility;
pub mod facts;

pub use decide::{Decision, decide};
pub use facts::{Facts, KnownMember, KnownProvider, RelatedCase, Submitter};
