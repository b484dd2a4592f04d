//! Disease settings as practices write them, and which of them come one after another.

use crate::domain::fold::fold;
use std::collections::HashMap;

/// Every disease setting.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    words: HashMap<String, String>,
    after: HashMap<String, Vec<String>>,
}

impl Settings {
    /// Adds a setting with other words for it, and those that it comes after.
    pub fn add(&mut self, word: &str, also: &[String], after: Vec<String>) {
        for written in also {
            self.words.insert(fold(written).into_owned(), word.to_owned());
        }
        self.after.insert(word.to_owned(), after);
    }

    /// The word for what was typed; as typed where it is none of the others.
    pub fn word<'s>(&'s self, typed: &'s str) -> &'s str {
        self.words.get(fold(typed).as_ref()).map_or(typed, String::as_str)
    }

    /// True for a setting, or another word for one.
    pub fn is_known(&self, typed: &str) -> bool {
        let folded = fold(typed);
        self.words.contains_key(folded.as_ref()) || self.after.contains_key(folded.as_ref())
    }

    /// True for a setting in which lines of treatment count anew after this one.
    pub fn comes_after(&self, setting: &str, earlier: &str) -> bool {
        self.after.get(setting).is_some_and(|before| before.iter().any(|known| known == self.word(earlier)))
    }
}
