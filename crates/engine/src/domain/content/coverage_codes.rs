//! Codes of procedures, equipment and drugs as the words of a question: ranges of codes with our own words for what they are.

use std::collections::{BTreeMap, HashMap};

/// Codes from one to another, both included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageCodeRange {
    /// First code, folded.
    pub from: String,
    /// Last code, folded.
    pub through: String,
    /// What they are, in words of this project.
    pub about: String,
    /// The services that they may be of.
    pub services: Vec<usize>,
}

impl CoverageCodeRange {
    /// True for one code.
    pub fn is_single(&self) -> bool {
        self.from == self.through
    }
}

/// Every code that questions may have.
#[derive(Debug, Clone, Default)]
pub struct CoverageCodes {
    /// Single codes, which may lie in ranges and go before them.
    singles: HashMap<String, CoverageCodeRange>,
    ranges: BTreeMap<String, CoverageCodeRange>,
    /// What may stand behind a code, each with the services that it tells; with none it changes nothing.
    modifiers: HashMap<String, Vec<usize>>,
}

/// Letters and digits of a code.
const LENGTH: usize = 5;

impl CoverageCodes {
    /// Puts ranges that do not overlap, and modifiers, together.
    pub fn new(ranges: Vec<CoverageCodeRange>, modifiers: HashMap<String, Vec<usize>>) -> Self {
        let (singles, ranges): (Vec<_>, Vec<_>) = ranges.into_iter().partition(CoverageCodeRange::is_single);
        let by_first = |range: CoverageCodeRange| (range.from.clone(), range);
        Self {
            singles: singles.into_iter().map(by_first).collect(),
            ranges: ranges.into_iter().map(by_first).collect(),
            modifiers,
        }
    }

    /// True for a folded word that has the form of a code: five digits, or four with a letter before or after them.
    pub fn is_code(word: &str) -> bool {
        let bytes = word.as_bytes();
        let middle = bytes.get(1..LENGTH - 1).is_some_and(|middle| middle.iter().all(u8::is_ascii_digit));
        let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
        let letters = usize::from(first.is_ascii_alphabetic()) + usize::from(last.is_ascii_alphabetic());
        bytes.len() == LENGTH && middle && letters <= 1 && first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric()
    }

    /// The range that a folded code lies in.
    pub fn range(&self, word: &str) -> Option<&CoverageCodeRange> {
        if !Self::is_code(word) {
            return None;
        }
        if let Some(single) = self.singles.get(word) {
            return Some(single);
        }
        let (_, range) = self.ranges.range(..=word.to_owned()).next_back()?;
        (word <= range.through.as_str() && are_alike(word, &range.from)).then_some(range)
    }

    /// A code and the modifier that is written onto it.
    pub fn with_modifier<'w>(&self, word: &'w str) -> Option<(&'w str, &'w str)> {
        let (code, modifier) = word.split_at_checked(LENGTH)?;
        (Self::is_code(code) && self.modifiers.contains_key(modifier)).then_some((code, modifier))
    }

    /// The services that a modifier behind a code tells; none where it is no modifier.
    pub fn modifier(&self, word: &str) -> Option<&Vec<usize>> {
        self.modifiers.get(word)
    }
}

/// True for codes of one kind: with the same letter before or after the digits, or without one.
pub fn are_alike(one: &str, other: &str) -> bool {
    let letters = |code: &str| {
        let letter = |byte: Option<u8>| byte.filter(u8::is_ascii_alphabetic);
        (letter(code.bytes().next()), letter(code.bytes().last()))
    };
    letters(one) == letters(other)
}

#[cfg(test)]
mod tests {
    use super::{CoverageCodeRange, CoverageCodes};
    use std::collections::HashMap;

    #[test]
    fn a_code_is_in_its_range_and_in_no_range_of_another_kind() {
        // proves COV-01
        let range = |from: &str, through: &str, service: usize| CoverageCodeRange {
            from: from.to_owned(),
            through: through.to_owned(),
            about: from.to_owned(),
            services: vec![service],
        };
        let ranges =
            vec![range("70551", "70553", 0), range("e0601", "e0601", 1), range("0037u", "0239u", 2), range("70552", "70552", 3)];
        let codes = CoverageCodes::new(ranges, HashMap::new());
        for (word, service) in [
            ("70551", Some(0)),
            ("70552", Some(3)),
            ("70553", Some(0)),
            ("70554", None),
            ("70550", None),
            ("e0601", Some(1)),
            ("e0602", None),
            ("a0601", None),
            ("0100u", Some(2)),
            ("0100t", None),
            ("00100", None),
            ("705", None),
            ("mri", None),
        ] {
            assert_eq!(codes.range(word).map(|range| range.services[0]), service, "{word}");
        }
    }
}
