//! Order summaries and letters over HTTP: as data, page and PDF.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

mod every_sentence;
mod forms;
mod languages;
mod letters;
mod negotiation;
mod notices;
mod paper;
mod plain_words;
mod second_look;
mod summaries;
mod worksheets;
