//! What these tests share with those of the service.
#![allow(dead_code, reason = "the tests of the service use the rest")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a fixture that fails has to fail the test"
)]

use oncoauth::domain::content::{Content, Library};
use std::sync::{Arc, LazyLock};

/// What is shipped, read once for all tests.
static SHIPPED: LazyLock<Library> =
    LazyLock::new(|| oncoauth::content::load_embedded().unwrap_or_else(|errors| panic!("{errors}")));

/// Every release that is shipped.
pub fn library() -> &'static Library {
    &SHIPPED
}

/// The newest release.
pub fn content() -> &'static Arc<Content> {
    SHIPPED.releases().last().expect("there is a release")
}

#[path = "../../../../tests/support/copy.rs"]
pub mod copy;
#[path = "../../../../tests/support/orders.rs"]
pub mod orders;
