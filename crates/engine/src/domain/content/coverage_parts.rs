//! The words of a question about coverage, and runs of them that are known together.

use crate::domain::fold::fold;

/// What stands for a number in a phrase: "0 years old" is any age.
const NUMBER: &str = "0";

/// Neighbouring words with what is known of them.
pub(super) struct Run<T> {
    /// First word.
    pub from: usize,
    /// The word behind the last.
    pub to: usize,
    /// What is known of them.
    pub known: T,
}

impl<T> Run<T> {
    /// True where the word is one of them.
    pub fn has(&self, at: usize) -> bool {
        (self.from..self.to).contains(&at)
    }
}

/// The words of a folded text.
#[derive(Clone)]
pub(super) struct Parts<'k> {
    key: &'k str,
    /// Where each begins and ends, and how many words a name or phrase that begins with it can have.
    spans: Vec<(usize, usize, usize)>,
}

impl<'k> Parts<'k> {
    /// Takes a text apart; `longest` says how many words a name or phrase that begins with a word can have.
    pub fn of(key: &'k str, longest: impl Fn(&str) -> usize) -> Self {
        let mut spans = Vec::new();
        let mut from = 0;
        for part in key.split('_') {
            let to = from + part.len();
            if from < to {
                spans.push((from, to, longest(part)));
            }
            from = to + 1;
        }
        Self { key, spans }
    }

    /// The first words.
    pub fn first(&self, count: usize) -> Self {
        Self { key: self.key, spans: self.spans.iter().take(count).copied().collect() }
    }

    /// All but the first words.
    pub fn rest(&self, from: usize) -> Self {
        Self { key: self.key, spans: self.spans.iter().skip(from).copied().collect() }
    }

    /// How many words there can be from here on that are known together.
    fn longest(&self, from: usize) -> usize {
        self.spans.get(from).map_or(0, |(_, _, longest)| (*longest).min(self.len() - from))
    }

    /// How many words there are.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// The runs of words that are known, the longest first, none of them in another.
    pub fn runs<T>(&self, find: impl Fn(&str) -> Option<T>) -> Vec<Run<T>> {
        let mut found: Vec<Run<T>> = Vec::new();
        let longest = (0..self.len()).map(|from| self.longest(from)).max().unwrap_or_default();
        for length in (1..=longest).rev() {
            for from in (0..=(self.len() - length)).filter(|from| self.longest(*from) >= length) {
                let to = from + length;
                let free = found.iter().all(|run| to <= run.from || run.to <= from);
                if free && let Some(known) = find(self.run(from, to)) {
                    found.push(Run { from, to, known });
                }
            }
        }
        found
    }

    /// Neighbouring words as they stand in the text.
    pub fn run(&self, from: usize, to: usize) -> &'k str {
        let start = self.spans.get(from).map(|(start, ..)| *start);
        let end = to.checked_sub(1).and_then(|last| self.spans.get(last)).map(|(_, end, _)| *end);
        start.zip(end).and_then(|(start, end)| self.key.get(start..end)).unwrap_or_default()
    }
}

/// A run with its one number written as [`NUMBER`] ("13th" as "0th"), and the number.
pub(super) fn with_a_number(run: &str) -> Option<(String, String)> {
    if !run.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut number = None;
    let mut pattern = String::with_capacity(run.len());
    for part in run.split('_') {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = part.strip_suffix(rest).unwrap_or_default();
        let unit = match rest {
            "st" | "nd" | "rd" | "th" => Some("th"),
            "" | "x" => Some(rest),
            _ => None,
        };
        if !pattern.is_empty() {
            pattern.push('_');
        }
        match unit.filter(|_| !digits.is_empty()) {
            None => pattern.push_str(part),
            Some(_) if number.is_some() => return None,
            Some(unit) => {
                number = Some(digits.to_owned());
                pattern.push_str(NUMBER);
                pattern.push_str(unit);
            }
        }
    }
    Some((pattern, number?))
}

/// What is known of a word, or of what it is the plural of.
pub(super) fn known<T>(word: &str, find: impl Fn(&str) -> Option<T>) -> Option<T> {
    let singular = || word.strip_suffix('s').filter(|singular| singular.len() > 1).and_then(&find);
    find(word).or_else(singular)
}

/// The places of the words that stand behind a comma or a semicolon.
pub(super) fn commas(text: &str) -> Vec<usize> {
    let marks = text.bytes().filter(|byte| matches!(byte, b',' | b';')).count();
    let words = |part: &str| fold(part).split('_').filter(|word| !word.is_empty()).count();
    let so_far = |count: &mut usize, part: &str| {
        *count += words(part);
        Some(*count)
    };
    text.split([',', ';']).take(marks).scan(0, so_far).collect()
}

/// What all names can mean together: "substance use" and "residential" are one service. Where nothing is common to all, each may be meant.
pub(super) fn together<'n>(names: impl Iterator<Item = &'n [usize]>) -> Meant {
    let names: Vec<&[usize]> = names.collect();
    let every = |service: &&usize| names.iter().all(|services| services.contains(service));
    let common: Vec<usize> = names.first().into_iter().flat_map(|first| first.iter()).filter(every).copied().collect();
    if !common.is_empty() {
        return Meant::OneOf(common);
    }
    let mut any: Vec<usize> = names.iter().flat_map(|services| services.iter().copied()).collect();
    any.sort_unstable();
    any.dedup();
    Meant::Each(any)
}

/// What the names in a text can mean.
pub(super) enum Meant {
    /// One of these: every name can mean each.
    OneOf(Vec<usize>),
    /// Different services.
    Each(Vec<usize>),
}
