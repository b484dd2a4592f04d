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

    /// Where they stand in the text as it is compared: from the space before each to behind it.
    fn all_in(&self, spaced: &str) -> impl Iterator<Item = (usize, usize)> {
        let phrases = self.0.iter().filter(|phrase| phrase.is_in(spaced));
        phrases.flat_map(|phrase| spaced.match_indices(&phrase.key).map(|(at, key)| (at, at + key.len())))
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
    /// Words that deny what stands shortly before them in their clause: `ruled out`.
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

    /// True where one of the names stands somewhere without being denied there.
    pub fn may_be_in(&self, text: &str) -> bool {
        clauses(text).any(|clause| {
            let mut list_is_denied = false;
            self.statements(clause).into_iter().any(|statement| {
                // `no bleeding and fever`: what is only named goes on with what was denied
                let goes_on = list_is_denied && statement.split_whitespace().count() <= LISTED;
                list_is_denied = self.denied_by.are_in(&statement);
                !goes_on && self.names.all_in(&statement).any(|(at, end)| !self.is_denied(&statement, at, end))
            })
        })
    }

    /// What a clause says in several statements, each with a name of its own as far as there is one: `HIV negative and history of stroke`.
    fn statements(&self, clause: &str) -> Vec<String> {
        let clear = spaced(&self.says_nothing.out_of(clause)).replace(" with ", " and ");
        let mut statements: Vec<String> = Vec::new();
        for part in clear.split(" and ") {
            let part = spaced(part);
            match statements.last_mut() {
                Some(before) if !self.names.are_in(&part) => before.push_str(part.trim_start()),
                _ => statements.push(part),
            }
        }
        statements
    }

    fn is_denied(&self, clear: &str, at: usize, end: usize) -> bool {
        let before = clear.get(..=at).unwrap_or(clear);
        let behind: Vec<&str> = clear.get(end..).unwrap_or_default().split_whitespace().take(SHORTLY).collect();
        self.denied_by.are_in(before) || self.denied_after.are_in(&behind.join(" "))
    }

    /// What a clause says by the first of the names in it.
    fn said_in(&self, clause: &str) -> Option<Said> {
        let clear = spaced(&self.says_nothing.out_of(clause));
        let (at, end) = self.names.all_in(&clear).min()?;
        Some(if self.is_denied(&clear, at, end) {
            Said::Denied
        } else if self.doubt.are_in(&clear) || clause.contains('?') {
            Said::Doubted
        } else {
            Said::Told
        })
    }
}

/// So many words behind a name may deny it: `hepatitis B surface antigen not detected`.
const SHORTLY: usize = 5;
/// So many words are a name of a list and nothing else.
const LISTED: usize = 2;

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
    fn a_denial_of_one_thing_denies_no_other_that_stands_beside_it() {
        // proves SAFE-01
        let phrases = |written: &[&str]| Phrases::new(&written.iter().map(|&phrase| phrase.to_owned()).collect::<Vec<_>>());
        let grave = Named {
            names: phrases(&["hepatitis", "hbsag", "hiv", "anaphyla*", "heart failure", "sepsis", "renal function", "bleeding"]),
            denied_by: phrases(&["no", "negative for", "denies"]),
            denied_after: phrases(&["negative", "normal", "not detected"]),
            ..Named::default()
        };
        for (text, heard) in [
            ("negative for hepatitis with history of anaphylaxis to paclitaxel", true),
            ("HIV negative and history of heart failure", true),
            ("HIV negative and heart failure", true),
            ("anaphylaxis to paclitaxel resolved with epinephrine", true),
            ("sepsis and normal renal function", true),
            ("hepatitis, treated; HIV negative", true),
            ("no bleeding and sepsis", false),
            ("denies bleeding and history of sepsis", true),
            ("hepatitis B and C negative", false),
            ("hepatitis B surface antigen not detected", false),
            ("HIV negative and hepatitis negative", false),
            ("no hepatitis or HIV", false),
            ("renal function is normal", false),
            ("well", false),
        ] {
            assert_eq!(grave.may_be_in(text), heard, "{text}");
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
