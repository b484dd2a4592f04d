//! The place of a member among 1,024: a number made of health plan and member ID, which every row of the member's cases carries and every
//! id and number of theirs tells, so that whoever has one of these finds the rows by it. On one PostgreSQL it is two bytes more; on a
//! cluster it says which machine keeps the member's cases (`docs/architecture.md`). `migrations/0003_cases.sql` does the same in SQL.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// The symbols of Crockford base32, in order.
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Bits of a number behind the two characters of its shard.
const BITS_BEHIND: u32 = 30;

/// A shard, from 0 to 1023.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard(u16);

impl Shard {
    /// Where the cases of a member number lie, for good: the ten highest bits of the SHA-256 of the plan, a unit separator and the member
    /// ID. No case ever moves to another member.
    pub fn of_member(health_plan: &str, member_id: &str) -> Self {
        let hash = Sha256::new().chain_update(health_plan).chain_update([0x1f]).chain_update(member_id).finalize();
        let [first, second, ..] = <[u8; 32]>::from(hash);
        Self((u16::from(first) << 2) | (u16::from(second) >> 6))
    }

    /// What an id tells that [`Self::mark`] has marked. Any other id names some shard too, where nothing is found under it.
    pub fn of_id(id: Uuid) -> Self {
        let [.., eighth, ninth, _, _, _, _, _, _] = id.into_bytes();
        Self((u16::from(eighth & 0x3f) << 4) | u16::from(ninth >> 4))
    }

    /// What the two characters behind the letter of a number tell; none where they are no such characters.
    pub fn of_number(number: &str) -> Option<Self> {
        let symbol = |place: usize| {
            let byte = number.as_bytes().get(place)?;
            u16::try_from(SYMBOLS.iter().position(|known| known == byte)?).ok()
        };
        Some(Self((symbol(1)? << 5) | symbol(2)?))
    }

    /// As the tables have it.
    pub fn get(self) -> i16 {
        i16::try_from(self.0).unwrap_or_default()
    }

    /// Random bytes of a version 7 UUID which then tells this shard: in the ten bits behind its variant.
    pub fn mark(self, mut random: [u8; 10]) -> [u8; 10] {
        let [_, _, eighth, ninth, ..] = &mut random; // the first two fill up the half with the time
        *eighth = u8::try_from(self.0 >> 4).unwrap_or_default();
        *ninth = (*ninth & 0x0f) | u8::try_from((self.0 & 0x0f) << 4).unwrap_or_default();
        random
    }

    /// The 40 bits of a number that people read out: this shard, and 30 random ones.
    pub fn number(self, random: u64) -> u64 {
        (u64::from(self.0) << BITS_BEHIND) | (random & ((1 << BITS_BEHIND) - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::Shard;
    use crate::domain::order_id::{Numbered, ReadableId};
    use proptest::prelude::*;
    use uuid::{Builder, Uuid};

    /// They are in the keys of every installation and must never change.
    #[test]
    fn the_shards_of_some_members() {
        let of = |plan, member| Shard::of_member(plan, member).get();
        assert_eq!(of("bcbs-alaska", "XK1"), 889);
        assert_ne!(of("bcbs-alaska", "XK1"), of("bcbs-alask", "aXK1"), "plan and number are kept apart");
        let id: Uuid = "01932f00-0000-7000-8abc-def012345678".parse().unwrap();
        assert_eq!(Shard::of_id(id).get(), 0xab);
        assert_eq!(Shard::of_number("AZZ123").map(Shard::get), Some(1023));
        assert_eq!(Shard::of_number("A01"), Some(Shard(1)));
        for nothing in ["", "A", "A0", "AU0", "Aé", "a0l"] {
            assert_eq!(Shard::of_number(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn members_spread_over_all_shards() {
        let mut members = vec![0_u32; 1024];
        for number in 0..102_400 {
            members[usize::try_from(Shard::of_member("bcbs-michigan", &format!("XKM{number:09}")).get()).unwrap()] += 1;
        }
        assert!(members.iter().all(|count| (50..200).contains(count)), "a hundred each, more or less");
    }

    proptest! {
        #[test]
        fn ids_and_numbers_tell_the_shard(shard in 0_u16..1024, random: [u8; 10], bits: u64, millis in 0_u64..(1 << 47)) {
            let shard = Shard(shard);
            let id = Builder::from_unix_timestamp_millis(millis, &shard.mark(random)).into_uuid();
            let unmarked = Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
            prop_assert_eq!(Shard::of_id(id), shard);
            prop_assert_eq!((id.get_version_num(), id.get_variant()), (7, uuid::Variant::RFC4122));
            prop_assert_eq!(id.as_u128() >> 62, unmarked.as_u128() >> 62, "its time and the twelve bits behind stay");
            prop_assert_eq!(id.as_u128() << 76, unmarked.as_u128() << 76, "and so do all others");
            let number = ReadableId::from_entropy(Numbered::Order, shard.number(bits));
            prop_assert_eq!(Shard::of_number(number.as_str()), Some(shard));
            prop_assert_eq!(ReadableId::parse(Numbered::Order, number.as_str()), Some(number));
        }
    }
}
