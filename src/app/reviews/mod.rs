//! The review desk: the worklist, taking cases, and everything reviewers do to a case in progress; reconsiderations of denials.
//!
//! Every act goes the same way (`act`): the case is held, the caller's claim is looked at, `rules::review` says what becomes of the
//! case, and the rows, the document and the event are written in one transaction. A refused act leaves nothing behind.

mod act;
pub(super) mod change;
pub mod claims;
mod decide;
pub(super) mod ended_pathways;
mod expiry;
pub mod preview;
pub mod reconsiderations;
pub mod requests;
mod standing;
mod steps;
mod units;
pub mod worklist;

pub use act::{Act, Answered, perform};
pub(in crate::app) use act::{DRAWS, no_number_left};
pub(super) use expiry::end_of_clock;
pub use standing::{Line, Standing, standing};
