//! Disease settings as practices write them, and which of them come one after another.

use crate::domain::fold::fold;
use crate::domain::vocabulary::Truth;
use std::collections::HashMap;

/// Every disease setting.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    words: HashMap<String, Meaning>,
    after: HashMap<String, Vec<String>>,
}

/// What a written setting is.
#[derive(Debug, Clone)]
enum Meaning {
    Always(String),
    BySpread { metastatic: String, otherwise: Option<String> },
}

impl Settings {
    /// Adds a setting with other words for it, and those that it comes after.
    pub fn add(&mut self, word: &str, also: &[String], after: Vec<String>) {
        for written in std::iter::once(word).chain(also.iter().map(String::as_str)) {
            self.words.insert(fold(written).into_owned(), Meaning::Always(word.to_owned()));
        }
        self.after.insert(word.to_owned(), after);
    }

    /// Adds words for one setting where the disease has spread, and for another, or none, where it has not.
    pub fn add_by_spread(&mut self, words: &[String], metastatic: &str, otherwise: Option<&str>) {
        for written in words {
            let meaning = Meaning::BySpread { metastatic: metastatic.to_owned(), otherwise: otherwise.map(str::to_owned) };
            self.words.insert(fold(written).into_owned(), meaning);
        }
    }

    /// The setting that was typed; none where it is not understood, or where it would take more to know whether the disease has spread.
    pub fn read(&self, typed: &str, is_metastatic: Truth) -> Option<&str> {
        match (self.words.get(fold(typed).as_ref())?, is_metastatic) {
            (Meaning::Always(word), _) | (Meaning::BySpread { metastatic: word, .. }, Truth::Met) => Some(word),
            (Meaning::BySpread { otherwise, .. }, Truth::NotMet) => otherwise.as_deref(),
            (Meaning::BySpread { .. }, Truth::Unknown) => None,
        }
    }

    /// True for a setting in which lines of treatment count anew after this one, as it was typed.
    pub fn comes_after(&self, setting: &str, earlier: &str) -> bool {
        let Some(earlier) = self.read(earlier, Truth::Unknown) else { return false };
        self.after.get(setting).is_some_and(|before| before.iter().any(|known| known == earlier))
    }
}
