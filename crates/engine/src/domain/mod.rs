//! The words of the field as types: orders, members, providers, cases, and the content that rules are evaluated against.
//! Nothing here does I/O, reads a clock or decides anything.

pub mod answer;
pub mod attachment;
pub mod canonical;
pub mod case;
pub mod citation;
pub mod content;
pub mod criteria;
pub mod facts_used;
pub mod fold;
pub mod items;
pub mod line;
pub mod names;
pub mod order;
pub mod order_id;
pub mod quick;
pub mod reading;
pub mod refusal;
pub mod review;
pub mod roster;
pub mod shared_text;
pub mod text;
pub mod vocabulary;
pub mod written;
