//! Words that are near to a word that nobody knows: a letter too many or too few, another letter, or two that changed places.

use std::collections::{HashMap, HashSet};

/// The words that are known, and what each is without one of its letters.
#[derive(Debug, Clone, Default)]
pub struct Spelling {
    known: HashSet<String>,
    shortened: HashMap<String, Vec<String>>,
}

/// Letters of the shortest word that is looked for.
const SHORTEST: usize = 4;
/// From so many letters on another letter in the place of one is a slip; below, it is mostly another word: `skin` and `spin`.
const LONG: usize = 5;
/// From so many letters on there may be two slips.
const LONGEST: usize = 8;
/// The most words that are offered for one.
const MOST: usize = 3;

impl Spelling {
    /// Knows the words of folded names and phrases.
    pub fn new<'w>(names: impl Iterator<Item = &'w String>) -> Self {
        let mut spelling = Self::default();
        for word in names.flat_map(|name| name.split('_')) {
            if word.is_empty() || !spelling.known.insert(word.to_owned()) {
                continue;
            }
            if word.len() >= SHORTEST && word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
                for shorter in shorter(word) {
                    spelling.shortened.entry(shorter).or_default().push(word.to_owned());
                }
            }
        }
        spelling
    }

    /// True for a word that is known, alone or in the plural.
    pub fn knows(&self, word: &str) -> bool {
        self.known.contains(word) || word.strip_suffix('s').is_some_and(|singular| self.known.contains(singular))
    }

    /// The words that are near to one that is not known, the nearest first.
    pub fn near(&self, word: &str) -> Vec<&str> {
        if word.len() < SHORTEST || !word.bytes().all(|byte| byte.is_ascii_alphabetic()) || self.knows(word) {
            return Vec::new();
        }
        let mut found: Vec<(usize, bool, &str)> = Vec::new();
        let mut consider = |candidate: &String| {
            let Some(candidate) = self.known.get(candidate) else { return };
            let away = strsim::osa_distance(word, candidate);
            let is_slip = away == 1 && (word.len() >= LONG || candidate.len() > word.len() || is_swapped(word, candidate));
            let is_two = away == 2 && word.len() >= LONGEST && word.bytes().next() == candidate.bytes().next();
            if (is_slip || is_two) && !found.iter().any(|(.., known)| *known == candidate) {
                found.push((away, !candidate.starts_with(word), candidate));
            }
        };
        self.shortened.get(word).into_iter().flatten().for_each(&mut consider);
        for shorter in shorter(word) {
            consider(&shorter);
            self.shortened.get(&shorter).into_iter().flatten().for_each(&mut consider);
        }
        found.sort_unstable();
        let least = found.first().map(|(away, ..)| *away);
        found.into_iter().filter(|(away, ..)| Some(*away) == least).map(|(.., word)| word).take(MOST).collect()
    }
}

/// The word without each of its letters.
fn shorter(word: &str) -> impl Iterator<Item = String> {
    (0..word.len()).filter_map(|at| Some([word.get(..at)?, word.get(at + 1..)?].concat()))
}

/// True where two neighbouring letters changed places.
fn is_swapped(one: &str, other: &str) -> bool {
    one.len() == other.len() && {
        let differ: Vec<(u8, u8)> = one.bytes().zip(other.bytes()).filter(|(left, right)| left != right).collect();
        matches!(differ.as_slice(), [(a, b), (c, d)] if a == d && b == c)
    }
}

#[cfg(test)]
mod tests {
    use super::Spelling;

    #[test]
    fn a_slip_of_the_pen_is_near_and_another_word_is_not() {
        // proves COV-01
        let names: Vec<String> = [
            "physical_therapy",
            "colonoscopy",
            "lumbar_spine",
            "skin",
            "dental",
            "mental",
            "chiropractic",
            "mri",
            "polysomnography",
        ]
        .map(str::to_owned)
        .to_vec();
        let spelling = Spelling::new(names.iter());
        for (word, near) in [
            ("physcial", vec!["physical"]),
            ("colonscopy", vec!["colonoscopy"]),
            ("spin", vec!["spine"]),
            ("sikn", vec!["skin"]),
            ("shin", vec![]),
            ("rental", vec!["dental", "mental"]),
            ("chiropractors", vec![]),
            ("poly", vec![]),
            ("mra", vec![]),
            ("skin", vec![]),
            ("polysomnografy", vec![]),
            ("pollysomnogrphy", vec!["polysomnography"]),
            ("0th", vec![]),
        ] {
            assert_eq!(spelling.near(word), near, "{word}");
        }
    }
}
