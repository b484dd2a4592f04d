//! What words beside a phrase do to it: "non FEP", "FEP ended", "seen in the ER". Where a word that is not understood, or one that takes back,
//! stands directly beside what a question tells behind "for" or "after", it is told no more, and every answer is given. Without this a word that
//! nobody understands could decide.

use super::coverage_parts::{Parts, Run, known};
use crate::domain::quick::HashSet;

/// Words that come between a phrase and its neighbour and say nothing.
pub(super) struct Doubts<'w> {
    /// Words that are passed over.
    pub fillers: &'w HashSet<String>,
    /// Words that take back what stands beside them: "left", "without", "ended".
    pub undoing: &'w HashSet<String>,
    /// Places of the words that stand behind a comma: what it parts is not beside each other.
    pub commas: &'w [usize],
}

impl Doubts<'_> {
    /// True where the words beside the phrase take it back. `missed` are the places of the words that are not understood, `from` is where what
    /// the service is for begins.
    pub fn take_back<T>(&self, phrase: &Run<T>, parts: &Parts<'_>, from: usize, missed: &dyn Fn(usize) -> bool) -> bool {
        let doubtful = |at: usize| missed(at) || self.is_undoing(parts, at);
        self.before(phrase.from, parts, from, &doubtful) || self.behind(phrase.to, parts, &doubtful)
    }

    /// True where the phrase is only what a word before it is about: "leaving FEP", "loss of FEP", "discharge from a hospital".
    pub fn is_object<T>(&self, phrase: &Run<T>, parts: &Parts<'_>, from: usize) -> bool {
        let Some(before) = phrase.from.checked_sub(1).filter(|before| *before >= from && !self.commas.contains(&phrase.from))
        else {
            return self.behind(phrase.to, parts, &|at| self.is_undoing(parts, at));
        };
        let word = parts.run(before, before + 1);
        matches!(word, "of" | "from")
            || word.len() > "xing".len() && word.ends_with("ing")
            || self.take_back(phrase, parts, from, &|_| false)
    }

    fn is_undoing(&self, parts: &Parts<'_>, at: usize) -> bool {
        // alone, or the first or last word of a phrase: "no longer", "last week"
        let runs = [(at, at + 1), (at.saturating_sub(1), at + 1), (at, at + 2)];
        runs.into_iter().any(|(from, to)| known(parts.run(from, to), |run| self.undoing.contains(run).then_some(())).is_some())
    }

    fn before(&self, first: usize, parts: &Parts<'_>, from: usize, doubtful: &dyn Fn(usize) -> bool) -> bool {
        let mut at = first;
        while at > from && !self.commas.contains(&at) {
            at -= 1;
            if doubtful(at) {
                return true;
            }
            if !self.is_filler(parts, at) {
                return false;
            }
        }
        false
    }

    fn behind(&self, last: usize, parts: &Parts<'_>, doubtful: &dyn Fn(usize) -> bool) -> bool {
        let mut at = last;
        while at < parts.len() && !self.commas.contains(&at) {
            if doubtful(at) {
                return true;
            }
            if !self.is_filler(parts, at) {
                return false;
            }
            at += 1;
        }
        false
    }

    fn is_filler(&self, parts: &Parts<'_>, at: usize) -> bool {
        known(parts.run(at, at + 1), |word| self.fillers.contains(word).then_some(())).is_some()
    }
}
