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

    /// True where one of them is in the text.
    pub fn are_in(&self, text: &str) -> bool {
        let spaced = spaced(text);
        self.0.iter().any(|phrase| phrase.is_in(&spaced))
    }
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
    use super::Phrases;

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
