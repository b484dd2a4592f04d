//! The numbers that people read out: Order IDs, Pathway Eligible IDs and case numbers. Never sequential; the last character checks the others.

use std::fmt;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// What a number names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbered {
    /// `A…`: an authorization.
    Order,
    /// `P…`: a Pathway award.
    PathwayEligible,
    /// `C…`: a case, whatever becomes of it. It authorizes nothing.
    Case,
}

impl Numbered {
    const fn letter(self) -> char {
        match self {
            Self::Order => 'A',
            Self::PathwayEligible => 'P',
            Self::Case => 'C',
        }
    }
}

/// A letter, eight characters of Crockford base32 (of a case the first two tell its shard, and six are random) and a check character.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReadableId(String);

impl ReadableId {
    /// Builds the number from 40 bits (the lowest five bytes' worth of `entropy`).
    pub fn from_entropy(kind: Numbered, entropy: u64) -> Self {
        let mut text = String::with_capacity(10);
        text.push(kind.letter());
        for place in (0..8).rev() {
            text.push(symbol((entropy >> (place * 5)) & 31));
        }
        text.push(check(&text));
        Self(text)
    }

    /// Reads a number as a person typed it: case, spaces and dashes do not matter, O is 0, I and L are 1.
    pub fn parse(kind: Numbered, typed: &str) -> Option<Self> {
        let text: String = typed
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| c.to_ascii_uppercase())
            .enumerate()
            .map(|(place, c)| match c {
                'O' if place > 0 => '0',
                'I' | 'L' if place > 0 => '1',
                other => other,
            })
            .collect();
        let body = text.get(..9)?;
        let well_formed = text.len() == 10
            && text.starts_with(kind.letter())
            && body.bytes().skip(1).all(|byte| ALPHABET.contains(&byte))
            && text.ends_with(check(body));
        well_formed.then_some(Self(text))
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReadableId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn symbol(value: u64) -> char {
    usize::try_from(value).ok().and_then(|index| ALPHABET.get(index)).map_or('0', |byte| char::from(*byte))
}

/// Weighted sum modulo 31: notices every single wrong character and every swap of neighbours, but for a 0 in place of a Z.
fn check(body: &str) -> char {
    let sum: u64 = body
        .bytes()
        .skip(1)
        .zip(1_u64..)
        .map(|(byte, weight)| ALPHABET.iter().position(|known| *known == byte).map_or(0, |index| index as u64) * weight)
        .sum();
    symbol(sum % 31)
}

#[cfg(test)]
mod tests {
    use super::{Numbered, ReadableId};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_is_read_back_and_a_swap_of_different_neighbours_is_noticed(entropy in 0_u64..(1 << 40), place in 1_usize..8) {
            let id = ReadableId::from_entropy(Numbered::Order, entropy);
            prop_assert_eq!(id.as_str().len(), 10);
            prop_assert_eq!(ReadableId::parse(Numbered::Order, &id.as_str().to_lowercase()), Some(id.clone()));
            let mut swapped: Vec<char> = id.as_str().chars().collect();
            swapped.swap(place, place + 1);
            let swapped: String = swapped.into_iter().collect();
            let differ = id.as_str().as_bytes()[place].abs_diff(id.as_str().as_bytes()[place + 1]) != 0;
            let zero_and_z = |c: u8| c == b'0' || c == b'Z';
            let blind = zero_and_z(id.as_str().as_bytes()[place]) && zero_and_z(id.as_str().as_bytes()[place + 1]);
            if differ && !blind {
                prop_assert_eq!(ReadableId::parse(Numbered::Order, &swapped), None);
            }
        }
    }

    #[test]
    fn the_kinds_are_not_mixed_up() {
        let id = ReadableId::from_entropy(Numbered::PathwayEligible, 12345);
        assert!(id.as_str().starts_with('P'));
        assert_eq!(ReadableId::parse(Numbered::Order, id.as_str()), None);
        let case = ReadableId::from_entropy(Numbered::Case, 12345);
        assert!(case.as_str().starts_with('C'));
        assert_eq!(ReadableId::parse(Numbered::Case, &case.as_str().to_lowercase()), Some(case.clone()));
        assert_eq!(ReadableId::parse(Numbered::Order, case.as_str()), None, "a case number authorizes nothing");
    }
}
