//! One entered answer: the word, number or day that it is, or why it is none.

use super::numbers;
use super::standing::{Unusable, Value};
use crate::domain::content::{Content, Interval, ResultDefinition};
use crate::domain::fold::fold;
use crate::domain::order::Reported;
use chrono::NaiveDate;

/// Reads an answer.
pub fn read<'a>(
    definition: &'a ResultDefinition,
    reported: &Reported,
    content: &'a Content,
    received: NaiveDate,
) -> Result<Value, Unusable<'a>> {
    match reported {
        Reported::Flag(flag) => flagged(definition, *flag),
        Reported::Number(number) => {
            if definition.is_day {
                return Err(Unusable::Foreign);
            }
            counted(definition, Interval::exactly(*number), false)
        }
        Reported::Word(text) => word(definition, text, content, received),
    }
}

/// A plain number of a score; none for what is no score, or not plausible.
pub fn number(definition: &ResultDefinition, text: &str) -> Option<Value> {
    let typed = numbers::read(text, definition).filter(|_| definition.range.is_some())?;
    counted(definition, typed.interval, typed.has_unit).ok()
}

/// Yes and no are words of the vocabulary, or nothing.
fn flagged<'a>(definition: &ResultDefinition, flag: bool) -> Result<Value, Unusable<'a>> {
    let words = if flag { ["true", "yes"] } else { ["false", "no"] };
    match words.iter().find_map(|word| definition.words.get(*word)) {
        Some(index) => Ok(result(definition, *index)),
        None => Err(Unusable::Foreign),
    }
}

/// What a result is: for a score the numbers that its word stands for.
pub fn result(definition: &ResultDefinition, index: usize) -> Value {
    if definition.is_day {
        return Value::Never;
    }
    match definition.details.get(index).and_then(|detail| detail.span) {
        Some(span) if definition.range.is_some() => Value::Number(span),
        _ => Value::Words(vec![index]),
    }
}

fn word<'a>(
    definition: &'a ResultDefinition,
    text: &str,
    content: &'a Content,
    received: NaiveDate,
) -> Result<Value, Unusable<'a>> {
    // a word of the vocabulary, as most are
    if let Some(index) = definition.words.get(text) {
        return Ok(result(definition, *index));
    }
    if definition.is_day
        && let Ok(day) = text.trim().parse::<NaiveDate>()
    {
        return if day > received { Err(Unusable::AfterReceipt(day)) } else { Ok(Value::Day(day)) };
    }
    let folded = fold(text);
    if let Some(index) = definition.words.get(folded.as_ref()) {
        return Ok(result(definition, *index));
    }
    if let Some(reason) = content.answers.no_result.get(folded.as_ref()) {
        return Err(Unusable::NoResult(reason));
    }
    if folded.is_empty() {
        return Err(Unusable::NotAnswered("not entered"));
    }
    if let Some(typed) = (!definition.is_day).then(|| numbers::read(text, definition)).flatten() {
        return counted(definition, typed.interval, typed.has_unit);
    }
    if let Some(rest) = after_own_name(definition, text) {
        return word(definition, rest, content, received);
    }
    let in_parts = parts(definition, text, content, received);
    if let Some(Ok(_)) = &in_parts {
        return in_parts.unwrap_or(Err(Unusable::Foreign));
    }
    match super::cover::covered(definition, text, content) {
        Some(value) => Ok(value),
        None => in_parts.unwrap_or(Err(Unusable::Foreign)),
    }
}

/// What a number says: a score in its range, or the result that it is for a marker told in words (ER of 95 %).
pub fn counted<'a>(definition: &ResultDefinition, number: Interval, has_unit: bool) -> Result<Value, Unusable<'a>> {
    if let Some((low, high)) = definition.range {
        let is_bare = !has_unit && number.low > 0.0 && number.high < definition.bare_from;
        if !number.is_within(Interval::closed(low, high)) {
            return Err(Unusable::OutOfRange);
        }
        if is_bare {
            return Err(Unusable::NoUnit);
        }
        return Ok(Value::Number(number));
    }
    if let Some(index) = number.number().and_then(|number| definition.words.get(number.to_string().as_str())) {
        return Ok(result(definition, *index));
    }
    let spans = definition.details.iter().enumerate().filter_map(|(index, detail)| Some((index, detail.span?)));
    let scale = if definition.unit == "%" { Interval::closed(0.0, 100.0) } else { Interval::closed(0.0, f64::MAX) };
    let number = number.and(scale);
    match spans.clone().find(|(_, span)| number.is_some_and(|number| number.is_within(*span))) {
        Some((index, _)) => Ok(result(definition, index)),
        None if spans.count() > 0 => Err(Unusable::OutOfRange),
        None => Err(Unusable::Foreign),
    }
}

/// `LVEF: 60 %` without the name of what was asked.
fn after_own_name<'t>(definition: &ResultDefinition, text: &'t str) -> Option<&'t str> {
    let is_name = |front: &str| {
        let front = fold(front);
        front == definition.name || definition.synonyms.iter().any(|name| fold(name) == front)
    };
    let ends = text.char_indices().filter(|(_, c)| matches!(c, ' ' | ':' | '=')).map(|(at, _)| at);
    let rest = ends.take(6).filter(|at| text.get(..*at).is_some_and(is_name)).last().and_then(|at| text.get(at..))?;
    let rest = rest.trim_start_matches([' ', ':', '=']);
    (!rest.is_empty() && rest.len() < text.len()).then_some(rest)
}

/// `positive, 3+` and `95 % (positive)` say one thing in two ways: all parts have to be understood and agree.
fn parts<'a>(
    definition: &'a ResultDefinition,
    text: &str,
    content: &'a Content,
    received: NaiveDate,
) -> Option<Result<Value, Unusable<'a>>> {
    let text = text.replace(" and ", ",").replace(" with ", ",");
    let parts = text.split(['/', ',', '&', ';', '(', ')']).map(str::trim).filter(|part| !part.is_empty());
    let parts: Vec<&str> = parts.collect();
    if parts.len() < 2 || parts.len() > 6 {
        return None;
    }
    let mut values = Vec::new();
    for part in parts {
        // letters alone say nothing: `n/a`, `P/LP` stand in the lists or nowhere
        if part.chars().count() < 2 && !part.chars().all(|c| c.is_ascii_digit() || c == '+') {
            return None;
        }
        values.push(word(definition, part, content, received).ok()?);
    }
    Some(super::standing::agreed(definition, &values).ok_or(Unusable::Unclear("its parts do not agree")))
}
