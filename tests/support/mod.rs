//! What the integration tests share. Each test crate uses a part of it.
#![allow(dead_code, reason = "every test crate compiles this module and uses a part of it")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a fixture that fails has to fail the test"
)]

pub mod conformance;
pub mod copy;
pub mod desk;
pub mod hook;
pub mod http;
pub mod jwt;
pub mod key_server;
pub mod openid;
pub mod orders;
pub mod postgres;
pub mod smtp;
pub mod submit;
