//! Routes of administration as orders write them.

use std::collections::{BTreeSet, HashMap};

/// The words for routes, with what orders write for each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Routes {
    words: BTreeSet<String>,
    meant: HashMap<String, String>,
}

impl Routes {
    /// Adds a route; the first of the names that meant another route already, where one did.
    pub fn add<'n>(&mut self, word: &'n str, synonyms: impl IntoIterator<Item = &'n String>) -> Option<String> {
        self.words.insert(word.to_owned());
        let mut taken = None;
        for name in std::iter::once(word).chain(synonyms.into_iter().map(String::as_str)) {
            let other = self.meant.insert(plain(name), word.to_owned());
            taken = taken.or_else(|| other.map(|_| name.to_owned()));
        }
        taken
    }

    /// The route that an order means; none where content does not know the word.
    pub fn word(&self, entered: &str) -> Option<&str> {
        self.meant.get(entered).or_else(|| self.meant.get(&plain(entered))).map(String::as_str)
    }

    /// Every route.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }
}

/// Without regard to case, hyphens, underscores and spaces.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, ' ' | '-' | '_' | '.')).flat_map(char::to_lowercase).collect()
}
