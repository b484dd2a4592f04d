//! Numbers as people write them: `60 %`, `>=50`, `1-49%`, `50 or more`, `9.1 g/dL`, `1.5 K/uL`. What is not wholly understood is no number.

use crate::domain::content::{Interval, ResultDefinition};
use crate::domain::fold::{fold, plain};

/// Reads a number; none where some of the text is not understood.
pub fn read(text: &str, definition: &ResultDefinition) -> Option<Typed> {
    let text = plain(text);
    let text = without_note(text.trim(), definition)?;
    let (low, high) = definition.range.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
    if let Some((from, to)) = between(&text) {
        let (from, unit) = one(&from, definition)?;
        let (to, to_unit) = one(&to, definition)?;
        let unit = to_unit.or(unit);
        let times = unit.unwrap_or(1.0);
        return (from < to).then(|| Typed { interval: Interval::closed(from * times, to * times), has_unit: unit.is_some() });
    }
    let (sign, rest) = sign(&text);
    let (number, unit) = one(&rest, definition)?;
    let number = number * unit.unwrap_or(1.0);
    let interval = match sign {
        Sign::Exactly => Interval::exactly(number),
        // an end that is outside of the range is no number that could have been meant
        _ if !(low..=high).contains(&number) => return Some(Typed { interval: Interval::exactly(number), has_unit: true }),
        Sign::AtLeast => Interval { low: number, high, open_low: false, open_high: false },
        Sign::More => Interval { low: number, high, open_low: true, open_high: false },
        Sign::AtMost => Interval { low, high: number, open_low: false, open_high: false },
        Sign::Less => Interval { low, high: number, open_low: false, open_high: true },
    };
    Some(Typed { interval, has_unit: unit.is_some() })
}

/// A number as typed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Typed {
    /// In the definition's unit.
    pub interval: Interval,
    /// True where a unit was written.
    pub has_unit: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Exactly,
    AtLeast,
    More,
    AtMost,
    Less,
}

const BEFORE: [(&str, Sign); 18] = [
    (">=", Sign::AtLeast),
    ("=>", Sign::AtLeast),
    ("<=", Sign::AtMost),
    ("=<", Sign::AtMost),
    (">", Sign::More),
    ("<", Sign::Less),
    ("=", Sign::Exactly),
    ("at least ", Sign::AtLeast),
    ("greater than or equal to ", Sign::AtLeast),
    ("less than or equal to ", Sign::AtMost),
    ("greater than ", Sign::More),
    ("more than ", Sign::More),
    ("over ", Sign::More),
    ("above ", Sign::More),
    ("less than ", Sign::Less),
    ("below ", Sign::Less),
    ("under ", Sign::Less),
    ("at most ", Sign::AtMost),
];

const AFTER: [(&str, Sign); 8] = [
    (" or more", Sign::AtLeast),
    (" or greater", Sign::AtLeast),
    (" or higher", Sign::AtLeast),
    (" and above", Sign::AtLeast),
    (" or above", Sign::AtLeast),
    (" or less", Sign::AtMost),
    (" or lower", Sign::AtMost),
    ("+", Sign::AtLeast),
];

fn sign(text: &str) -> (Sign, String) {
    if let Some((sign, rest)) = BEFORE.iter().find_map(|(word, sign)| Some((*sign, text.strip_prefix(word)?))) {
        return (sign, rest.trim().to_owned());
    }
    if let Some(rest) = text.strip_prefix("up to ") {
        return (Sign::AtMost, rest.trim().to_owned());
    }
    match AFTER.iter().find_map(|(word, sign)| Some((*sign, text.strip_suffix(word)?))) {
        Some((sign, rest)) => (sign, rest.trim().to_owned()),
        None => (Sign::Exactly, text.to_owned()),
    }
}

/// The two ends of `1-49`, `1% to 49%`, `between 1 and 49`.
fn between(text: &str) -> Option<(String, String)> {
    let ends = match text.strip_prefix("between ") {
        Some(rest) => rest.split_once(" and "),
        None => text.split_once(" to ").or_else(|| dash(text)),
    };
    let (from, to) = ends?;
    let starts = |end: &str| end.trim().starts_with(|c: char| c.is_ascii_digit() || c == '.');
    (starts(from) && starts(to)).then(|| (from.trim().to_owned(), to.trim().to_owned()))
}

/// A dash between two numbers, not the sign of one.
fn dash(text: &str) -> Option<(&str, &str)> {
    let (from, to) = text.split_once('-')?;
    (!from.trim().is_empty() && !to.contains('-')).then_some((from, to))
}

/// A number with the factor of its unit, where one is written.
fn one(text: &str, definition: &ResultDefinition) -> Option<(f64, Option<f64>)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ',')).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let number = number(digits)?;
    let unit: String = rest.chars().filter(|c| !c.is_whitespace()).collect();
    if unit.is_empty() {
        return Some((number, None));
    }
    // a percent sign is no other unit for what is counted in percent or points
    if unit == "%" && matches!(definition.unit.as_str(), "%" | "points") {
        return Some((number, Some(1.0)));
    }
    definition.units.get(&unit).map(|times| (number, Some(*times)))
}

/// Digits with a decimal point; a comma stands before three digits only.
fn number(digits: &str) -> Option<f64> {
    let mut groups = digits.split(',');
    let first = groups.next()?;
    let mut joined = first.to_owned();
    let mut grouped = false;
    for group in groups {
        let whole = group.split('.').next().unwrap_or_default();
        if whole.len() != 3 || first.len() > 3 || first.is_empty() {
            return None;
        }
        grouped = true;
        joined.push_str(group);
    }
    let is_plain = joined.bytes().filter(|byte| *byte == b'.').count() <= 1 && joined.bytes().any(|byte| byte.is_ascii_digit());
    let value = joined.parse::<f64>().ok().filter(|value| value.is_finite() && is_plain)?;
    (!grouped || value >= 1000.0).then_some(value)
}

/// Without what stands beside the number: its own name in front, and how it was measured. What stands in parentheses has to be known.
fn without_note(text: &str, definition: &ResultDefinition) -> Option<String> {
    let mut text = text.to_owned();
    if let Some(open) = text.find('(') {
        let inside = text.get(open + 1..)?.strip_suffix(')')?;
        if !definition.beside.iter().any(|word| *word == fold(inside)) {
            return None;
        }
        text.truncate(open);
        text.truncate(text.trim_end().len());
    }
    for word in &definition.beside {
        let words = word.replace('_', " ");
        if let Some(rest) = text.strip_suffix(words.as_str()).filter(|rest| rest.ends_with([' ', '%'])) {
            text = rest.trim_end().to_owned();
        }
    }
    Some(text)
}
