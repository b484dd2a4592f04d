//! Where identifiers come from: version 7 UUIDs that sort by the service's clock, numbers that people read out, and secrets.
//!
//! An order draws half a dozen. They come from a generator that the operating system seeds; secrets come from the system itself.

use crate::domain::order_id::{Numbered, ReadableId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A source of identifiers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ids;

impl Ids {
    /// A version 7 UUID that sorts by `now`.
    pub fn uuid(self, now: DateTime<Utc>) -> Uuid {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &rand::random()).into_uuid()
    }

    /// A number that people read out; the caller retries where the database already holds it.
    pub fn readable(self, kind: Numbered) -> ReadableId {
        ReadableId::from_entropy(kind, rand::random())
    }

    /// 256 random bits, for a token.
    pub fn secret(self) -> [u8; 32] {
        of_the_system()
    }
}

#[expect(clippy::expect_used, reason = "without the system's randomness there is no safe way to go on")]
fn of_the_system() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

#[cfg(test)]
mod tests {
    use super::Ids;
    use chrono::{DateTime, Utc};

    #[test]
    fn case_ids_sort_by_the_services_clock() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let earlier = Ids.uuid(at("2026-01-01T00:00:00Z"));
        let later = Ids.uuid(at("2026-01-01T00:00:01Z"));
        assert!(earlier < later);
        assert_eq!(earlier.get_version_num(), 7);
        assert_ne!(Ids.secret(), Ids.secret());
    }
}
