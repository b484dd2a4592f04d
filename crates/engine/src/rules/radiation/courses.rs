//! Courses of radiation that are told by their numbers alone: `50/25`, `50 x 25`, `25 x 2`, `60 Gy/30`, `30 in 10`.

use crate::domain::content::radiation::{CourseNumbers, Heard};
use crate::domain::fold::plain;

/// What stands between the two numbers of a course, beside the slash.
const JOINERS: [&str; 8] = ["x", "*", "@", "by", "times", "in", "over", "at"];
/// Of these, what multiplies: a dose per fraction may stand on either side.
const TIMES: [&str; 6] = ["x", "*", "@", "by", "times", "at"];
/// Units that may stand behind a number, and what else says nothing of its own there.
const UNITS: [&str; 11] = ["gy", "cgy", "gray", "grays", "rad", "rads", "fx", "fxs", "fraction", "fractions", "of"];

/// A part of what was written.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64),
    Word(String),
    /// Where another thing begins.
    Break,
}

/// True where dose and fractions of a course stand in a text. Counts stand beside their word, and a date has three parts or four digits behind
/// the slash.
pub(super) fn are_in(text: &str, heard: &Heard) -> bool {
    let tokens = tokens(text);
    (0..tokens.len()).any(|at| is_course_at(at, &tokens, heard))
}

fn is_course_at(at: usize, tokens: &[Token], heard: &Heard) -> bool {
    let number = |at: usize| match tokens.get(at) {
        Some(Token::Number(number)) => Some(*number),
        _ => None,
    };
    let word = |at: usize| match tokens.get(at) {
        Some(Token::Word(word)) => Some(word.as_str()),
        _ => None,
    };
    let past_units = |at: usize| at + usize::from(word(at).is_some_and(|word| UNITS.contains(&word)));
    let Some(first) = number(at) else { return false };
    let join = past_units(at + 1);
    let Some(joiner) = word(join).filter(|word| *word == "/" || JOINERS.contains(word)) else { return false };
    let Some(second) = number(join + 1) else { return false };
    let end = past_units(join + 2);
    let before = at.checked_sub(1);
    let is_slash = |at: Option<usize>| at.and_then(word) == Some("/");
    let is_date = joiner == "/" && (is_slash(before) || is_slash(Some(end)));
    let is_counted = || [before, Some(end)].into_iter().flatten().filter_map(word).any(|word| heard.counted.are_in(word));
    let numbers = heard.course;
    let is_course = numbers.is_dose_and_fractions(first, second, joiner == "/")
        || TIMES.contains(&joiner) && (numbers.is_fractions_of(first, second) || numbers.is_fractions_of(second, first));
    is_course && !is_date && !is_counted()
}

impl CourseNumbers {
    /// `50/25`, in gray or centigray. A month comes first in a date, so that less is no dose before a slash.
    fn is_dose_and_fractions(&self, dose: f64, fractions: f64, has_slash: bool) -> bool {
        let least = if has_slash { self.least_before_a_slash_gy } else { self.dose_gy.0 };
        [dose, dose / 100.0].into_iter().any(|dose| {
            let is_dose = dose >= least && dose <= self.dose_gy.1;
            is_dose && self.is_count(fractions) && self.is_per_fraction(dose / fractions)
        })
    }

    /// `25 x 2`: so many fractions of so much.
    fn is_fractions_of(&self, fractions: f64, dose: f64) -> bool {
        [dose, dose / 100.0].into_iter().any(|dose| {
            let all = fractions * dose;
            self.is_count(fractions) && self.is_per_fraction(dose) && all >= self.dose_gy.0 && all <= self.dose_gy.1
        })
    }

    fn is_count(&self, number: f64) -> bool {
        number.fract() == 0.0 && number >= self.fractions.0 && number <= self.fractions.1
    }

    fn is_per_fraction(&self, dose: f64) -> bool {
        dose >= self.per_fraction_gy.0 && dose <= self.per_fraction_gy.1
    }
}

/// Words, numbers and signs. A number that is written to the end of a name belongs to it: `FOLFOX6`, `R-CHOP-21`, `T8`.
fn tokens(text: &str) -> Vec<Token> {
    let text = plain(text).replace('×', "x");
    let mut tokens = Vec::new();
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let of_it = |belongs: fn(char) -> bool| rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        let length = match first {
            '0'..='9' => of_it(|c| c.is_ascii_digit() || c == '.'),
            // `50 x25`
            'x' if rest.chars().nth(1).is_some_and(|c| c.is_ascii_digit()) => 1,
            _ if first.is_alphabetic() => of_it(|c| c.is_alphanumeric() || c == '-'),
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        match first {
            '0'..='9' => tokens.push(token.trim_end_matches('.').parse().map_or(Token::Break, Token::Number)),
            ',' | ';' | '(' | ')' | '\n' | ':' => tokens.push(Token::Break),
            _ if first.is_whitespace() => {}
            _ => tokens.push(Token::Word(token.to_owned())),
        }
    }
    tokens
}
