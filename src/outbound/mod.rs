//! Calls of addresses that somebody else named: signed POSTs to plans and POSTs under headers that a subscriber gave, of whose answers only the
//! status is read, and single questions whose answers are. Knows nothing of cases or of the database.
//!
//! Whoever names an address makes this service call it, so every address is held to [`address`]'s rules: once when it is registered, as
//! far as its text says, and at every connection, when the name is resolved. Redirects are not followed.

pub mod address;
mod connection;
mod headers;
mod question;
pub mod signature;

pub use address::{Reach, Target};
pub use connection::{Line, Message, trusted_certificates};
pub use headers::Header;
pub use question::ask;

use std::fmt;

/// Why a call did not succeed. None of it holds anything of the address or the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The address is not one that this installation calls.
    AddressNotAllowed,
    /// The host's name could not be resolved.
    NameNotResolved,
    /// Nothing takes connections there.
    NotConnected,
    /// TLS failed; most often the certificate is not trusted or is for another name.
    TlsFailed,
    /// There was no answer in time.
    TimedOut,
    /// The connection broke off before an answer.
    BrokenOff,
    /// The answer was not 2xx.
    Status(u16),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AddressNotAllowed => "address_not_allowed",
            Self::NameNotResolved => "name_not_resolved",
            Self::NotConnected => "not_connected",
            Self::TlsFailed => "tls_failed",
            Self::TimedOut => "timed_out",
            Self::BrokenOff => "broken_off",
            Self::Status(status) => return write!(f, "status_{status}"),
        })
    }
}

impl std::error::Error for Failure {}
