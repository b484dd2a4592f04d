//! Finding entries of a catalogue by their names as they are typed. A few thousand names: small, and read through at every search.

use super::text::{fold, wrong_letters};
use std::collections::BTreeSet;

/// Words of so few letters are taken as typed: too many others are one letter away.
const SHORT: usize = 3;

/// Names of items, and the words they are made of.
#[derive(Debug, Default)]
pub struct NameIndex {
    /// Folded name, and the item that it names.
    names: Vec<(Box<str>, u32)>,
    /// Every word, for misspelt ones.
    words: Vec<Box<str>>,
}

/// How well a name answers, lowest first: what matched, then the length of the name.
type Rank = (Fit, usize);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Whole,
    Beginning,
    Words,
    Part,
}

impl NameIndex {
    /// An index of items by number, each with its names.
    pub fn new<N: AsRef<str>>(items: impl Iterator<Item = (usize, Vec<N>)>) -> Self {
        let mut names = Vec::new();
        let mut words = BTreeSet::new();
        for (item, called) in items {
            let item = u32::try_from(item).unwrap_or(u32::MAX);
            for name in called {
                let folded = fold(name.as_ref());
                words.extend(folded.split(' ').filter(|word| word.len() > SHORT).map(Box::<str>::from));
                names.push((folded.into_boxed_str(), item));
            }
        }
        names.shrink_to_fit();
        Self { names, words: words.into_iter().collect() }
    }

    /// The items that a search finds, best first. A search that finds nothing is tried again with its misspelt words set right.
    pub fn search(&self, typed: &str) -> Vec<usize> {
        let typed = fold(typed);
        if typed.is_empty() {
            return Vec::new();
        }
        let found = self.find(&typed);
        if !found.is_empty() {
            return found;
        }
        match self.set_right(&typed) {
            Some(meant) => self.find(&meant),
            None => Vec::new(),
        }
    }

    fn find(&self, typed: &str) -> Vec<usize> {
        let words: Vec<&str> = typed.split(' ').collect();
        let joined = words.concat();
        let mut hits: Vec<(Rank, u32)> = self
            .names
            .iter()
            .filter_map(|(name, item)| Some(((fit(name, typed, &words, &joined)?, name.len()), *item)))
            .collect();
        hits.sort_unstable();
        let mut seen = std::collections::HashSet::new();
        hits.into_iter().filter(|(_, item)| seen.insert(*item)).map(|(_, item)| item as usize).collect()
    }

    /// The words as they may be meant; none where a word is like no other.
    fn set_right(&self, typed: &str) -> Option<String> {
        let meant = |word: &str| {
            if word.len() <= SHORT {
                return Some(word.to_owned());
            }
            let known = self.words.partition_point(|known| **known < *word);
            if self.words.get(known).is_some_and(|known| known.starts_with(word)) {
                return Some(word.to_owned());
            }
            let near = self
                .words
                .iter()
                .filter_map(|known| Some((wrong_letters(word, known)?, known.len().abs_diff(word.len()), known)));
            near.min().map(|(_, _, known)| known.to_string())
        };
        let words: Option<Vec<String>> = typed.split(' ').map(meant).collect();
        words.map(|words| words.join(" ")).filter(|meant| meant != typed)
    }
}

fn fit(name: &str, typed: &str, words: &[&str], joined: &str) -> Option<Fit> {
    if name == typed {
        Some(Fit::Whole)
    } else if name.starts_with(typed) {
        Some(Fit::Beginning)
    } else if words.iter().all(|word| name.split(' ').any(|known| known.starts_with(word))) {
        Some(Fit::Words)
    } else if (typed.len() > 2 && name.contains(typed)) || (joined.len() > 2 && begins_joined(name, joined)) {
        Some(Fit::Part)
    } else {
        None
    }
}

/// True where the name, written in one word, begins so: `nabpaclitaxel`, `5ht3`.
fn begins_joined(name: &str, joined: &str) -> bool {
    let mut letters = name.bytes().filter(|byte| *byte != b' ');
    joined.bytes().all(|byte| letters.next() == Some(byte))
}

#[cfg(test)]
mod tests {
    use super::NameIndex;

    fn index() -> NameIndex {
        let items =
            [vec!["trastuzumab", "Herceptin"], vec!["ado-trastuzumab emtansine", "Kadcyla"], vec!["paclitaxel protein-bound"]];
        NameIndex::new(items.into_iter().enumerate())
    }

    #[test]
    fn the_nearest_name_comes_first_and_an_item_once() {
        assert_eq!(index().search("trastuzumab"), [0, 1]);
        assert_eq!(index().search("TRAST"), [0, 1]);
        assert_eq!(index().search("emtansine ado"), [1]);
        assert_eq!(index().search("hercep"), [0]);
        assert_eq!(index().search("xel"), [2]);
        assert_eq!(index().search("proteinbound"), Vec::<usize>::new());
        assert_eq!(index().search("adotrastuz"), [1]);
    }

    #[test]
    fn a_misspelt_name_is_found_and_nonsense_is_not() {
        assert_eq!(index().search("trastuzumba"), [0, 1]);
        assert_eq!(index().search("herseptin"), [0]);
        assert_eq!(index().search("ado trastuzumap"), [1]);
        assert_eq!(index().search("qqqqqq"), Vec::<usize>::new());
        assert_eq!(index().search("-"), Vec::<usize>::new());
    }
}
