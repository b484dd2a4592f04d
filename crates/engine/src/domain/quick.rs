//! Maps by the words of content: names of drugs, codes, answers. Their keys are chosen by whoever edits content, never by whoever asks, so
//! that they need no hash that withstands an attacker; and a decision looks up some hundred of them.

use std::hash::{BuildHasherDefault, Hasher};

/// A map whose keys come from content.
pub type HashMap<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<Quick>>;

/// A set of words of content.
pub type HashSet<K> = std::collections::HashSet<K, BuildHasherDefault<Quick>>;

/// A hash that takes eight bytes at a time: a multiplication for each, and another to spread the last ones over all bits.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quick(u64);

/// Odd, and without a pattern: the digits of pi.
const FACTOR: u64 = 0x243f_6a88_85a3_08d3;

impl Quick {
    const fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(FACTOR);
    }
}

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.add(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            self.add(u64::from_le_bytes(last));
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.add(u64::from(number));
    }

    fn write_u16(&mut self, number: u16) {
        self.add(u64::from(number));
    }

    fn write_u32(&mut self, number: u32) {
        self.add(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.add(number);
    }

    fn write_usize(&mut self, number: usize) {
        self.add(number as u64);
    }

    fn finish(&self) -> u64 {
        (self.0 ^ (self.0 >> 29)).wrapping_mul(FACTOR)
    }
}

#[cfg(test)]
mod tests {
    use super::{HashMap, Quick};
    use std::collections::BTreeSet;
    use std::hash::{Hash, Hasher};

    fn hash(word: &str) -> u64 {
        let mut quick = Quick::default();
        word.hash(&mut quick);
        quick.finish()
    }

    #[test]
    fn words_that_are_alike_have_hashes_that_are_not() {
        let words =
            (0..1000_u32).flat_map(|number| [format!("J{number:04}"), format!("cancer_{number}"), "a".repeat(number as usize)]);
        let words: BTreeSet<String> = words.collect();
        let low: BTreeSet<u64> = words.iter().map(|word| hash(word) & 0xffff).collect();
        let high: BTreeSet<u64> = words.iter().map(|word| hash(word) >> 48).collect();
        // of 3000 words in 65536 places some 70 meet another by chance
        assert!(low.len() > words.len() * 95 / 100 && high.len() > words.len() * 95 / 100, "{} {}", low.len(), high.len());
        let map: HashMap<&str, usize> = words.iter().enumerate().map(|(place, word)| (word.as_str(), place)).collect();
        assert!(words.iter().enumerate().all(|(place, word)| map.get(word.as_str()) == Some(&place)));
    }
}
