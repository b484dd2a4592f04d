//! Where identifiers come from: version 7 UUIDs that sort by the service's clock, numbers that people read out, and secrets.
//!
//! An order draws half a dozen. They come from a generator that the operating system seeds; secrets come from the system itself.

use crate::domain::order_id::{Numbered, ReadableId};
use crate::shard::Shard;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A source of identifiers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ids;

impl Ids {
    /// A version 7 UUID that sorts by `now`.
    pub fn uuid(self, now: DateTime<Utc>) -> Uuid {
        of_random(now, rand::random())
    }

    /// The same for a case of a member whose shard this is.
    pub fn case(self, shard: Shard, now: DateTime<Utc>) -> Uuid {
        of_random(now, shard.mark(rand::random()))
    }

    /// The same for something that belongs to a case, and so to its shard.
    pub fn beside(self, case_id: Uuid, now: DateTime<Utc>) -> Uuid {
        self.case(Shard::of_id(case_id), now)
    }

    /// A number that people read out, of a case; the caller retries where the database already holds it.
    pub fn readable(self, kind: Numbered, case_id: Uuid) -> ReadableId {
        ReadableId::from_entropy(kind, Shard::of_id(case_id).number(rand::random()))
    }

    /// 256 random bits, for a token.
    pub fn secret(self) -> [u8; 32] {
        of_the_system()
    }
}

fn of_random(now: DateTime<Utc>, random: [u8; 10]) -> Uuid {
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
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
    use crate::domain::order_id::Numbered;
    use crate::shard::Shard;
    use chrono::{DateTime, Utc};

    #[test]
    fn case_ids_sort_by_the_services_clock() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let earlier = Ids.uuid(at("2026-01-01T00:00:00Z"));
        let later = Ids.uuid(at("2026-01-01T00:00:01Z"));
        assert!(earlier < later);
        assert_eq!(earlier.get_version_num(), 7);
        assert_ne!(Ids.secret(), Ids.secret());
        let shard = Shard::of_member("bcbs-michigan", "XKM100200300");
        let case_id = Ids.case(shard, at("2026-01-01T00:00:02Z"));
        assert!(later < case_id);
        let number = Ids.readable(Numbered::Case, case_id);
        let letter_id = Ids.beside(case_id, at("2026-01-01T00:00:03Z"));
        assert_eq!([Shard::of_id(case_id), Shard::of_id(letter_id), Shard::of_number(number.as_str()).unwrap()], [shard; 3]);
    }
}
