//! Orders: decided, stored, found again. A submission is two round trips to the database where nobody else orders for the member at
//! that moment.

mod concurrent;
mod differences;
mod draft;
mod drafting;
mod facts;
mod find;
mod patient_names;
mod rows;
mod submit;
mod update;
pub mod view;
mod withdraw;

pub(in crate::app) use draft::{award_columns, line_columns, number};
pub(in crate::app) use find::in_sight;
pub(in crate::app) use submit::is_number_in_use;

pub use crate::store::case_events::Event;
pub use differences::{Difference, differences};
pub use drafting::{Coded, Drafted, MemberFacts, Need, Outlook, preview_draft};
pub use facts::{Question, member_key, provider_key};
pub use find::{Counts, Filter, Seen, View, count, count_by_status, get, history, list, list_page};
pub use rows::{OrderRow, rows, rows_page};
pub use submit::{Decided, Placed, SentForm, preview, submit, submit_sent};
pub use update::{Editable, Foreseen, Updated, editable, foresee, preview_update, update};
pub use withdraw::{Reason, Withdrawal, withdraw};
