//! What these tests share with those of the service.
#![allow(dead_code, reason = "the tests of the service use the rest")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a fixture that fails has to fail the test"
)]

#[path = "../../../../tests/support/copy.rs"]
pub mod copy;
#[path = "../../../../tests/support/orders.rs"]
pub mod orders;
