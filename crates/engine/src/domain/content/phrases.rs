//! Phrases that are listened for in what people write freely: what is not understood may still say that something is there.

use crate::domain::fold::plain;

/// A list of phrases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Phrases(Vec<Phrase>);

/// One phrase. In content `*` before or after it stands for the rest of a word, and `$` at its end for the end of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Phrase {
    key: String,
    ends: bool,
}

impl Phrases {
    /// Reads phrases as content writes them.
    pub fn new(written: &[String]) -> Self {
        Self(written.iter().map(|phrase| Phrase::new(phrase)).collect())
    }

    /// The text without them.
    pub fn out_of(&self, text: &str) -> String {
        self.0.iter().fold(spaced(text), |left, phrase| left.replace(&phrase.key, " "))
    }

    /// How many of these words, from the first, are the longest of them; 0 where none begins there. The words are in the form in which they are compared.
    pub fn begins(&self, words: &[String]) -> usize {
        let is_first = |phrase: &&Phrase| {
            let mut key = phrase.key.split_whitespace().zip(words).peekable();
            let count = phrase.key.split_whitespace().count();
            let is_open = !phrase.key.ends_with(' ');
            let is_word = |(at, (key, word)): (usize, (&str, &String))| {
                if is_open && at + 1 == count { word.starts_with(key) } else { word == key }
            };
            count <= words.len() && key.peek().is_some() && key.enumerate().all(is_word)
        };
        self.0.iter().filter(is_first).map(|phrase| phrase.key.split_whitespace().count()).max().unwrap_or(0)
    }

    /// Where the first of them begins, in the text as it is compared.
    fn first_in(&self, spaced: &str) -> Option<usize> {
        self.0.iter().filter(|phrase| phrase.is_in(spaced)).filter_map(|phrase| spaced.find(&phrase.key)).min()
    }

    /// True where one of them is in the text.
    pub fn are_in(&self, text: &str) -> bool {
        let spaced = spaced(text);
        self.0.iter().any(|phrase| phrase.is_in(&spaced))
    }
}

/// What a thing is called, and the words beside it that deny it or leave it in doubt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// Its names.
    pub names: Phrases,
    /// Words that deny what stands behind them in their clause: `no evidence of`.
    pub denied_by: Phrases,
    /// Words that deny what stands before them in their clause: `ruled out`.
    pub denied_after: Phrases,
    /// Words beside which nothing in their clause is certain.
    pub doubt: Phrases,
    /// Words that are left out first: `not otherwise specified` denies nothing.
    pub says_nothing: Phrases,
}

impl Named {
    /// Whether the first clause that names it says for certain that it is there. None where no clause names it.
    pub fn is_said_in(&self, text: &str) -> Option<bool> {
        clauses(text).find_map(|clause| self.said_in(clause)).map(|said| said == Said::Told)
    }

    /// True where some clause says that it is there, or may be.
    pub fn may_be_in(&self, text: &str) -> bool {
        clauses(text).any(|clause| self.said_in(clause).is_some_and(|said| said != Said::Denied))
    }

    fn said_in(&self, clause: &str) -> Option<Said> {
        let clear = spaced(&self.says_nothing.out_of(clause));
        let at = self.names.first_in(&clear)?;
        let (before, behind) = clear.split_at_checked(at + 1)?;
        Some(if self.denied_by.are_in(before) || self.denied_after.are_in(behind) {
            Said::Denied
        } else if self.doubt.are_in(&clear) || clause.contains('?') {
            Said::Doubted
        } else {
            Said::Told
        })
    }
}

/// What a clause says of a thing that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Told,
    Doubted,
    Denied,
}

/// The parts of a text for which a denial holds each by itself.
fn clauses(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ';', '(', ')', '[', ']', '\n']).flat_map(|part| part.split(". ")).flat_map(|part| part.split(" but "))
}

impl Phrase {
    fn new(written: &str) -> Self {
        let (written, ends) = written.strip_suffix('$').map_or((written, false), |rest| (rest, true));
        let before = if written.starts_with('*') { "" } else { " " };
        let after = if written.ends_with('*') { "" } else { " " };
        let words = spaced(written);
        Self { key: [before, words.trim(), after].concat(), ends }
    }

    fn is_in(&self, spaced: &str) -> bool {
        if self.ends { spaced.ends_with(&self.key) } else { spaced.contains(&self.key) }
    }
}

/// ` re rt 50 gy `: words and numbers with a space around each.
fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(' ');
    let mut before = ' ';
    for c in plain(text).chars() {
        let breaks = c.is_ascii_digit() != before.is_ascii_digit();
        if breaks && !out.ends_with(' ') {
            out.push(' ');
        }
        if c.is_alphanumeric() {
            out.push(c);
        } else if !out.ends_with(' ') {
            out.push(' ');
        }
        before = c;
    }
    if !out.ends_with(' ') {
        out.push(' ');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Named, Phrases};

    #[test]
    fn a_denial_holds_within_its_clause_for_what_stands_on_its_side() {
        // proves SAFE-01
        let phrases = |written: &[&str]| Phrases::new(&written.iter().map(|&phrase| phrase.to_owned()).collect::<Vec<_>>());
        let cancer = Named {
            names: phrases(&["*carcinom*", "idc", "dcis"]),
            denied_by: phrases(&["no", "negative for"]),
            denied_after: phrases(&["ruled out", "not"]),
            doubt: phrases(&["possible"]),
            says_nothing: phrases(&["not otherwise specified", "no special type"]),
        };
        for (text, said) in [
            ("IDC, no DCIS", Some(true)),
            ("IDC without necrosis", Some(true)),
            ("no DCIS", Some(false)),
            ("benign tissue; no carcinoma", Some(false)),
            ("carcinoma ruled out", Some(false)),
            ("carcinoma, not otherwise specified", Some(true)),
            ("invasive carcinoma of no special type", Some(true)),
            ("negative for invasive or in situ carcinoma", Some(false)),
            ("ER negative IDC", Some(true)),
            ("possible carcinoma", Some(false)),
            ("IDC?", Some(false)),
            ("mastitis", None),
        ] {
            assert_eq!(cancer.is_said_in(text), said, "{text}");
        }
    }

    #[test]
    fn a_phrase_is_heard_as_whole_words_however_they_are_written() {
        // proves SAFE-01
        let phrases = |written: &[&str]| Phrases::new(&written.iter().map(|&phrase| phrase.to_owned()).collect::<Vec<_>>());
        for (phrase, text, heard) in [
            ("re rt", "re-RT", true),
            ("re rt", "core rt", false),
            ("gy", "50Gy to the breast", true),
            ("gy", "energy", false),
            ("*radiat*", "chemoradiation 2019", true),
            ("radiat*", "chemoradiation 2019", false),
            ("rt$", "adjuvant RT", true),
            ("rt$", "Rt lumpectomy", false),
            ("y 90", "Y90 lobectomy", true),
            ("prior", "a priori", false),
        ] {
            assert_eq!(phrases(&[phrase]).are_in(text), heard, "{phrase} in {text}");
        }
        assert!(!phrases(&["x"]).are_in(""));
        let biopsy = phrases(&["stereotactic biops*"]);
        assert!(!phrases(&["stereotactic"]).are_in(&biopsy.out_of("Stereotactic-biopsy 2026")));
        assert!(phrases(&["stereotactic"]).are_in(&biopsy.out_of("stereotactic biopsy, then stereotactic treatment")));
    }
}
