//! Results in the words of laboratory reports: several tests of one marker in one answer (`IHC 2+, FISH not amplified`), and a result with
//! the words that stand beside it (`positive by IHC, 90 % of nuclei`). Every word has to be understood; what is left over makes it unknown.

use super::numbers;
use super::read::{counted, read, result};
use super::standing::{Value, agreed};
use crate::domain::content::{Content, ResultDefinition};
use crate::domain::fold::{fold, plain};
use crate::domain::order::Reported;
use chrono::NaiveDate;
use std::sync::Arc;

/// Between two statements of one answer; a slash stands between two numbers of one as well (`8/8`).
const BETWEEN: [char; 4] = [',', ';', '(', ')'];
/// In front of the test that a result was found by.
const BY: [&str; 3] = ["by", "on", "via"];
/// So many words may name a test, or be a result.
const LONGEST: usize = 7;

/// What the whole text says, where each of its words is a result, a number, or stands beside results without changing them.
pub fn covered(definition: &ResultDefinition, text: &str, content: &Content) -> Option<Value> {
    let text = plain(text);
    let mut values = Vec::new();
    for piece in text.split([',', ';', '(', ')']) {
        let mut words: Vec<&str> = piece.split_whitespace().collect();
        while !words.is_empty() {
            let longest = words.len().min(LONGEST);
            let (taken, value) = (1..=longest).rev().find_map(|count| window(definition, words.get(..count)?, content))?;
            values.extend(value);
            words.drain(..taken);
        }
    }
    agreed(definition, &values)
}

/// How many words are understood together, and the result that they are.
fn window(definition: &ResultDefinition, words: &[&str], content: &Content) -> Option<(usize, Option<Value>)> {
    let text = words.join(" ");
    let folded = fold(&text);
    if let Some(index) = definition.words.get(folded.as_ref()) {
        return Some((words.len(), Some(result(definition, *index))));
    }
    if text.contains(|c: char| c.is_ascii_digit())
        && let Some(typed) = numbers::read(&text, definition)
        && (typed.has_unit || definition.range.is_some())
        && let Ok(value) = counted(definition, typed.interval, typed.has_unit)
    {
        return Some((words.len(), Some(value)));
    }
    let beside = &content.answers.beside;
    let is_number = |word: &&str| word.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '/' | '%'));
    let is_measure = || match words.split_last() {
        Some((last, front)) => is_number(last) && beside.before_numbers.contains(fold(&front.join(" ")).as_ref()),
        None => false,
    };
    (beside.words.contains(folded.as_ref()) || is_measure()).then_some((words.len(), None))
}

/// What an answer says of the tests that it names, each by itself; none where a part of it is not understood, or no other test is named.
pub fn by_tests<'a>(
    own: &'a ResultDefinition,
    name: &str,
    written: &str,
    known: &dyn Fn(&str) -> Option<&'a Arc<ResultDefinition>>,
    (content, received): (&'a Content, NaiveDate),
) -> Option<Vec<(&'a ResultDefinition, Value)>> {
    let test = |words: &str| -> Option<&'a ResultDefinition> {
        known(&[name, " ", words].concat()).or_else(|| known(words)).map(AsRef::as_ref)
    };
    let statements = statements(written, &test);
    let value = |definition: &'a ResultDefinition, result: &str| {
        read(definition, &Reported::Word(result.to_owned()), content, received).ok().map(|value| (definition, value))
    };
    let named: Vec<&ResultDefinition> = statements.iter().filter_map(|statement| statement.test).collect();
    if !named.iter().any(|test| !std::ptr::eq(*test, own)) {
        return None;
    }
    // only tests of this marker: `HRD positive, GIS 30` says nothing of BRCA
    let is_own =
        |test: &&Arc<ResultDefinition>| test.name.strip_prefix(own.name.as_str()).is_some_and(|rest| rest.starts_with('_'));
    let untold = own.derived.iter().flat_map(|rule| &rule.parts).filter_map(|(name, _)| known(name)).filter(is_own);
    let untold: Vec<&'a ResultDefinition> = untold.fold(Vec::new(), |mut tests, test| {
        if !tests.iter().chain(&named).any(|told| std::ptr::eq(*told, test.as_ref())) {
            tests.push(test.as_ref());
        }
        tests
    });
    let is_beside = |statement: &&Statement<'a>| {
        statement.test.is_none() && content.answers.beside.words.contains(fold(&statement.result).as_ref())
    };
    statements
        .iter()
        .filter(|statement| !is_beside(statement))
        .map(|statement| match statement.test {
            Some(test) => value(test, &statement.result),
            // without its test it is that of the only one that is not told otherwise, or the whole
            None => match untold.as_slice() {
                [only] => value(only, &statement.result).or_else(|| value(own, &statement.result)),
                _ => value(own, &statement.result).or_else(|| value(named.first()?, &statement.result)),
            },
        })
        .collect()
}

struct Statement<'a> {
    test: Option<&'a ResultDefinition>,
    result: String,
}

fn statements<'a>(written: &str, test: &impl Fn(&str) -> Option<&'a ResultDefinition>) -> Vec<Statement<'a>> {
    let written = written.replace(" and ", ",").replace(" with ", ",").replace([':', '='], " ");
    let mut found: Vec<Statement<'a>> = Vec::new();
    for piece in written.split(BETWEEN).flat_map(around_slashes) {
        let mut words: Vec<&str> = Vec::new();
        for word in piece.split_whitespace() {
            let goes_on =
                words.last().is_none_or(|before| BY.contains(&before.to_lowercase().as_str()) || test(before).is_some());
            if !goes_on && word.len() > 1 && test(word).is_some() {
                found.extend(statement(&words, test));
                words.clear();
            }
            words.push(word);
        }
        if let Some(by) = only_test(&words, test) {
            // `equivocal (2+) by IHC`
            found.iter_mut().rev().take_while(|before| before.test.is_none()).for_each(|before| before.test = Some(by));
        } else {
            found.extend(statement(&words, test));
        }
    }
    found
}

/// The parts between slashes, where they stand between words: `IHC 2+ / FISH positive`.
fn around_slashes(piece: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut from = 0;
    for (at, _) in piece.match_indices('/') {
        let before = piece.get(..at).and_then(|text| text.chars().next_back());
        let behind = piece.get(at + 1..).and_then(|text| text.chars().next());
        if !(before.is_some_and(|c| c.is_ascii_digit()) && behind.is_some_and(|c| c.is_ascii_digit())) {
            parts.extend(piece.get(from..at));
            from = at + 1;
        }
    }
    parts.extend(piece.get(from..));
    parts
}

/// `by IHC` by itself.
fn only_test<'a>(words: &[&str], test: &impl Fn(&str) -> Option<&'a ResultDefinition>) -> Option<&'a ResultDefinition> {
    match words {
        [by, name] if BY.contains(&by.to_lowercase().as_str()) => test(name),
        _ => None,
    }
}

fn statement<'a>(words: &[&str], test: &impl Fn(&str) -> Option<&'a ResultDefinition>) -> Option<Statement<'a>> {
    if words.is_empty() {
        return None;
    }
    if let Some((last, front)) = words.split_last_chunk::<2>().map(|(front, last)| (last, front))
        && !front.is_empty()
        && let Some(by) = only_test(last, test)
    {
        return Some(Statement { test: Some(by), result: front.join(" ") });
    }
    let front = (1..words.len().min(LONGEST)).rev().find_map(|count| {
        let (front, rest) = words.split_at_checked(count)?;
        Some((test(&front.join(" "))?, rest.join(" ")))
    });
    Some(match front {
        Some((by, result)) => Statement { test: Some(by), result },
        None => Statement { test: None, result: words.join(" ") },
    })
}
