//! The review desk over HTTP, on a sandbox with its own database.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

mod claims;
mod clocks;
mod determinations;
mod duplicates_and_calls;
mod failing;
mod guards;
mod practice;
mod processes;
mod races;
mod readable;
mod reasons_and_numbers;
mod reconsiderations;
mod units;
mod worklist;
