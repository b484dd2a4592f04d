//! Finding entries of a catalogue by their names as they are typed. A few thousand names: small, and read through at every search.

use super::text::{fold, wrong_letters};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Words of so few letters are taken as typed: too many others are one letter away.
const SHORT: usize = 3;
/// Words that are tried piece by piece; those after them are left out.
const PIECED: usize = 6;
/// Words that say nothing by themselves.
const SMALL: [&str; 12] = ["a", "and", "at", "due", "for", "from", "in", "of", "on", "the", "to", "with"];

/// Names of items, and the words they are made of.
#[derive(Debug, Default)]
pub struct NameIndex {
    names: Vec<Name>,
    /// All words of an item, whichever of its names has them.
    bags: Vec<Box<str>>,
    /// Every word, for misspelt ones.
    words: Vec<Box<str>>,
    /// Words that are meant by others.
    means: BTreeMap<Box<str>, Vec<Box<str>>>,
}

#[derive(Debug)]
struct Name {
    folded: Box<str>,
    item: u32,
    kind: u8,
}

/// How well a name answers, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// It is what was typed.
    Whole,
    /// It has the words that were typed, in another order, joined, or by another word for the same.
    SameWords,
    /// All that was typed is among its words.
    WholeWords,
    /// It begins so.
    Beginning,
    /// Its words begin so.
    Words,
    /// The words are in several names of the item.
    Across,
    /// It contains what was typed.
    Part,
}

/// An item that a search found, by the name that answers best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// How well the name answers.
    pub fit: Fit,
    /// Which kind of name it is, as told to the index; the lowest counts most.
    pub kind: u8,
    /// Letters of the name.
    pub length: usize,
    /// Number of the item.
    pub item: usize,
}

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// One for each item, best first by fit, kind, and length of the name.
    pub hits: Vec<Hit>,
    /// What was searched for instead of what was typed, where nothing is called that.
    pub searched_for: Option<String>,
}

/// What was typed.
struct Typed<'t> {
    phrase: &'t str,
    joined: String,
    /// Each word with what else it may mean.
    words: Vec<(&'t str, &'t [Box<str>])>,
}

impl NameIndex {
    /// An index of items by number, each with its names and their kinds; `means` has words that are meant by others.
    pub fn new<N: AsRef<str>>(items: impl Iterator<Item = Vec<(N, u8)>>, means: &BTreeMap<String, Vec<String>>) -> Self {
        let (mut names, mut bags) = (Vec::new(), Vec::new());
        let mut words = BTreeSet::new();
        for (item, called) in items.enumerate() {
            let item = u32::try_from(item).unwrap_or(u32::MAX);
            let mut bag = BTreeSet::new();
            for (name, kind) in called {
                let folded = fold(&signs(name.as_ref())).into_boxed_str();
                words.extend(folded.split(' ').filter(|word| word.len() > SHORT).map(Box::<str>::from));
                bag.extend(folded.split(' ').map(str::to_owned));
                names.push(Name { folded, item, kind });
            }
            bags.push(bag.into_iter().collect::<Vec<_>>().join(" ").into_boxed_str());
        }
        names.shrink_to_fit();
        let means = means.iter().map(|(word, meant)| (word.as_str().into(), meant.iter().map(|it| it.as_str().into()).collect()));
        let means: BTreeMap<Box<str>, Vec<Box<str>>> = means.collect();
        words.extend(means.keys().filter(|word| word.len() > SHORT).cloned());
        Self { names, bags, words: words.into_iter().collect(), means }
    }

    /// The items that a search finds. A search that finds nothing is tried again with its misspelt words set right, and then with those
    /// of its words that name something together.
    pub fn search(&self, typed: &str) -> Found {
        let typed = fold(&signs(typed));
        if typed.is_empty() {
            return Found::default();
        }
        let hits = self.find(&typed);
        if !hits.is_empty() {
            return Found { hits, searched_for: None };
        }
        if let Some(meant) = self.set_right(&typed) {
            let hits = self.find(&meant);
            if !hits.is_empty() {
                return Found { hits, searched_for: Some(meant) };
            }
        }
        let words: Vec<&str> = typed.split(' ').take(PIECED).collect();
        let mut understood = Vec::new();
        let mut hits = Vec::new();
        self.piece_by_piece(&words, &mut understood, &mut hits);
        let mut seen = BTreeSet::new();
        hits.retain(|hit| seen.insert(hit.item));
        Found { hits, searched_for: (!understood.is_empty()).then(|| understood.join(" ")) }
    }

    /// The longest run of words that is a name of something, then what stands before and after it.
    fn piece_by_piece(&self, words: &[&str], understood: &mut Vec<String>, hits: &mut Vec<Hit>) {
        for length in (1..words.len()).rev() {
            for (start, piece) in words.windows(length).enumerate() {
                let piece = piece.join(" ");
                if piece.len() <= SHORT && !self.names.iter().any(|name| *name.folded == *piece) {
                    continue;
                }
                let mut found = self.find(&piece);
                found.retain(|hit| hit.fit <= Fit::Words);
                if found.is_empty() {
                    continue;
                }
                understood.push(piece);
                hits.extend(found);
                self.piece_by_piece(words.get(..start).unwrap_or_default(), understood, hits);
                self.piece_by_piece(words.get(start + length..).unwrap_or_default(), understood, hits);
                return;
            }
        }
        if let [word] = words
            && self.names.iter().any(|name| *name.folded == **word)
        {
            understood.push((*word).to_owned());
            hits.extend(self.find(word));
        }
    }

    fn find(&self, typed: &str) -> Vec<Hit> {
        let all: Vec<&str> = typed.split(' ').collect();
        let telling = all.iter().copied().filter(|word| !SMALL.contains(word));
        let mut words: Vec<(&str, &[Box<str>])> =
            telling.map(|word| (word, self.means.get(word).map(Vec::as_slice).unwrap_or_default())).collect();
        if words.is_empty() {
            words = all.iter().map(|word| (*word, Default::default())).collect();
        }
        let typed = Typed { phrase: typed, joined: all.concat(), words };
        let mut best: HashMap<u32, Hit> = HashMap::new();
        for name in &self.names {
            let Some(fit) = typed.fit(&name.folded) else { continue };
            let hit = Hit { fit, kind: name.kind, length: name.folded.len(), item: name.item as usize };
            best.entry(name.item).and_modify(|known| *known = (*known).min(hit)).or_insert(hit);
        }
        if typed.words.len() > 1 {
            for (item, bag) in self.bags.iter().enumerate() {
                let number = u32::try_from(item).unwrap_or(u32::MAX);
                if best.get(&number).is_none_or(|known| known.fit > Fit::Across) && typed.begins_words_of(bag) {
                    best.insert(number, Hit { fit: Fit::Across, kind: 0, length: 0, item });
                }
            }
        }
        let mut hits: Vec<Hit> = best.into_values().collect();
        // letters within a word mean nothing where something is called so
        if hits.iter().any(|hit| hit.fit <= Fit::SameWords) {
            hits.retain(|hit| hit.fit < Fit::Part);
        }
        hits.sort_unstable();
        hits
    }

    /// The words as they may be meant; none where a word is like no other.
    fn set_right(&self, typed: &str) -> Option<String> {
        let meant = |word: &str| {
            // a code that is not found is another code at each digit that is changed
            if word.len() <= SHORT || word.contains(|letter: char| letter.is_ascii_digit()) {
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

impl Typed<'_> {
    fn fit(&self, name: &str) -> Option<Fit> {
        let typed = self.phrase;
        if name == typed {
            Some(Fit::Whole)
        } else if self.is_same(name) {
            Some(Fit::SameWords)
        } else if self.is_among(name) {
            Some(Fit::WholeWords)
        } else if name.starts_with(typed) || (self.joined.len() > 2 && begins_joined(name, &self.joined)) {
            Some(Fit::Beginning)
        } else if self.begins_words_of(name) {
            Some(Fit::Words)
        } else if typed.len() > 2 && name.contains(typed) {
            Some(Fit::Part)
        } else {
            None
        }
    }

    /// The same letters without spaces, or the same words in any order.
    fn is_same(&self, name: &str) -> bool {
        let letters = name.bytes().filter(|byte| *byte != b' ').count();
        if letters == self.joined.len() && begins_joined(name, &self.joined) {
            return true;
        }
        let mut known = name.split(' ').filter(|word| !SMALL.contains(word));
        let count = known.clone().count();
        let is = |word: &str| self.words.iter().any(|(typed, meant)| *typed == word || meant.iter().any(|it| **it == *word));
        count == self.words.len()
            && known.all(is)
            && self
                .words
                .iter()
                .all(|(typed, meant)| name.split(' ').any(|word| word == *typed || meant.iter().any(|it| **it == *word)))
    }

    /// True where each word that was typed, or what it means, is a word of the name.
    fn is_among(&self, name: &str) -> bool {
        self.words
            .iter()
            .all(|(typed, meant)| name.split(' ').any(|word| word == *typed || meant.iter().any(|meant| **meant == *word)))
    }

    /// True where each word that was typed begins a word of the name, or means one.
    fn begins_words_of(&self, name: &str) -> bool {
        self.words.iter().all(|(typed, meant)| {
            name.split(' ').any(|word| word.starts_with(typed) || meant.iter().any(|meant| **meant == *word))
        })
    }
}

/// Signs that carry meaning as words: `ER+` and `ALK- lymphoma` are not ER and ALK. A hyphen at the end may go on.
fn signs(text: &str) -> Cow<'_, str> {
    if !text.contains(['+', '-']) {
        return Cow::Borrowed(text);
    }
    let mut said = String::with_capacity(text.len() + 4);
    let mut before = ' ';
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied();
        match (letter, before.is_alphanumeric(), next) {
            ('+', true, next) if next.is_none_or(|next| !next.is_alphanumeric()) => said.push_str(" pos"),
            ('-', true, Some(' ' | '/')) => said.push_str(" neg"),
            _ => said.push(letter),
        }
        before = letter;
    }
    Cow::Owned(said)
}

/// True where the name, written in one word, begins so: `nabpaclitaxel`, `5ht3`.
fn begins_joined(name: &str, joined: &str) -> bool {
    let mut letters = name.bytes().filter(|byte| *byte != b' ');
    joined.bytes().all(|byte| letters.next() == Some(byte))
}

#[cfg(test)]
mod tests {
    use super::{Fit, NameIndex, signs};
    use std::collections::BTreeMap;

    fn index() -> NameIndex {
        let items: [&[&str]; 4] = [
            &["trastuzumab", "Herceptin"],
            &["ado-trastuzumab emtansine", "Kadcyla", "T-DM1"],
            &["paclitaxel protein-bound"],
            &["Malignant neoplasm of right kidney"],
        ];
        let means = BTreeMap::from([("ca".to_owned(), vec!["malignant".to_owned()])]);
        NameIndex::new(items.iter().map(|names| names.iter().map(|name| (*name, 0)).collect()), &means)
    }

    fn found(typed: &str) -> Vec<usize> {
        index().search(typed).hits.iter().map(|hit| hit.item).collect()
    }

    #[test]
    fn the_nearest_name_comes_first_and_an_item_once() {
        assert_eq!(found("trastuzumab"), [0, 1]);
        assert_eq!(found("TRAST"), [0, 1]);
        assert_eq!(found("emtansine ado"), [1]);
        assert_eq!(found("hercep"), [0]);
        assert_eq!(found("xel"), [2]);
        assert_eq!(found("adotrastuz"), [1]);
        assert_eq!(found("tdm1"), [1]);
        assert_eq!(found("kidney ca"), [3]);
        assert_eq!(index().search("kadcyla emtansine").hits[0].fit, Fit::Across);
        assert_eq!((signs("ER+").as_ref(), signs("ALK- lymphoma").as_ref()), ("ER pos", "ALK neg lymphoma"));
        assert_eq!((signs("nab-").as_ref(), signs("7+3 + x").as_ref()), ("nab-", "7+3 + x"));
    }

    #[test]
    fn a_misspelt_name_is_found_and_nonsense_is_not() {
        assert_eq!(found("trastuzumba"), [0, 1]);
        assert_eq!(found("herseptin"), [0]);
        assert_eq!(found("ado trastuzumap"), [1]);
        assert_eq!(found("qqqqqq"), Vec::<usize>::new());
        assert_eq!(found("-"), Vec::<usize>::new());
    }

    #[test]
    fn what_is_not_understood_is_left_out_and_the_rest_is_told() {
        let of_brand = index().search("herceptin gizmo");
        assert_eq!((of_brand.hits[0].item, of_brand.searched_for.as_deref()), (0, Some("herceptin")));
        assert_eq!(index().search("herceptin").searched_for, None);
        assert_eq!(index().search("herseptin").searched_for.as_deref(), Some("herceptin"));
    }
}
