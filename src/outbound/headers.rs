//! Headers of calls. Those that somebody else names are often secrets, and some would make another call of it.

use super::address::Refused;
use hyper::header::{HeaderName, HeaderValue};
use std::fmt;

/// The longest header taken, in bytes.
const LONGEST: usize = 8_000;
/// What this service says itself, or what would take the message apart.
const OWN: [&str; 15] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
];

/// A header of a call.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    pub(super) name: HeaderName,
    pub(super) value: HeaderValue,
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Header({})", self.name)
    }
}

impl Header {
    /// One of the service's own; none where it is no header.
    pub(super) fn new(name: &'static str, value: &str) -> Option<Self> {
        Some(Self { name: HeaderName::from_static(name), value: HeaderValue::from_str(value).ok()? })
    }

    /// The media type of what is sent.
    pub fn content_type(media_type: &str) -> Option<Self> {
        Self::new("content-type", media_type)
    }

    /// Reads `Name: value`, or says why it is not taken.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        const FORM: Refused = ("malformed", "is no header of the form `Name: value`");
        if text.len() > LONGEST {
            return Err(("too-long", "may have 8000 characters"));
        }
        let (name, value) = text.split_once(':').ok_or(FORM)?;
        let name: HeaderName = name.parse().map_err(|_| FORM)?;
        if OWN.contains(&name.as_str()) {
            return Err(("not-allowed-value", "is a header that the service sets itself"));
        }
        let mut value = HeaderValue::from_str(value.trim()).map_err(|_| FORM)?;
        value.set_sensitive(true);
        Ok(Self { name, value })
    }
}

#[cfg(test)]
mod tests {
    use super::Header;

    #[test]
    fn a_header_is_taken_as_it_is_and_not_where_it_would_make_another_call() {
        let header = Header::parse("Authorization: Bearer a:b c").unwrap();
        assert_eq!((header.name.as_str(), header.value.to_str().unwrap()), ("authorization", "Bearer a:b c"));
        assert_eq!(format!("{header:?}"), "Header(authorization)");
        for bad in [
            "Authorization",
            "A b: c",
            ": x",
            "X: a\r\nHost: other",
            "X: a\nb",
            "host: other",
            "Content-Length: 0",
            "Transfer-Encoding: chunked",
            "CONTENT-TYPE: text/html",
        ] {
            assert!(Header::parse(bad).is_err(), "{bad:?}");
        }
        assert!(Header::parse(&format!("X: {}", "a".repeat(9_000))).is_err());
    }
}
