//! A TOML file with the line of everything in it. One mechanism serves all: values are read by serde entry by entry, and a
//! [`Place`] leads from any entry to the line of any value in it, so that a rule found broken later still names its line.

use super::report::{Report, did_you_mean};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use std::borrow::Cow;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// A parsed file.
#[derive(Debug)]
pub(super) struct Document<'t> {
    file: &'t str,
    /// Where each line but the first begins.
    lines: Vec<usize>,
    root: Spanned<DeValue<'t>>,
}

impl<'t> Document<'t> {
    /// Parses; reports every syntax error.
    pub fn parse(file: &'t str, text: &'t str, report: &mut Report) -> Option<Self> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let is_sound = errors.is_empty();
        let span = table.span();
        let lines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1).collect();
        let document = Self { file, lines, root: Spanned::new(span, DeValue::Table(table.into_inner())) };
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            report.unusable(file, document.line_of(at), one_line(error.message()));
        }
        is_sound.then_some(document)
    }

    /// The line, from 1, of a byte.
    fn line_of(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start <= at) + 1
    }

    /// The whole file.
    pub fn root(&self) -> Place<'_, 't> {
        Place { document: self, value: Some(&self.root), start: 0 }
    }

    /// Reads the top of the file without the arrays named.
    pub fn header<T: Deserialize<'t>>(&self, without: &[&str], report: &mut Report) -> Option<T> {
        let mut kept = DeTable::new();
        for (key, value) in self.root.get_ref().as_table()?.iter().filter(|(key, _)| !without.contains(&key.get_ref().as_ref())) {
            kept.insert(key.clone(), value.clone());
        }
        self.typed(&Spanned::new(self.root.span(), DeValue::Table(kept)), report)
    }

    /// Reads the top of the file without the keys named, the keys of these tables in the place of its own.
    pub fn header_changed<T: Deserialize<'t>>(
        &self,
        without: &[&str],
        changes: &[Place<'_, 't>],
        report: &mut Report,
    ) -> Option<T> {
        let mut kept = self.root.get_ref().as_table()?.clone();
        for change in changes.iter().filter_map(|change| change.value?.get_ref().as_table()) {
            for (key, value) in change {
                kept.remove(key.get_ref().as_ref());
                kept.insert(key.clone(), value.clone());
            }
        }
        for key in without {
            kept.remove(*key);
        }
        self.typed(&Spanned::new(self.root.span(), DeValue::Table(kept)), report)
    }

    /// Every element of an array, as it stands.
    pub fn places(&self, name: &str) -> Vec<Place<'_, 't>> {
        let list = self.root().key(name);
        let length = list.value.and_then(|value| value.get_ref().as_array()).map_or(0, |array| array.len());
        (0..length).map(|index| list.at(index)).collect()
    }

    /// Reads each `[[name]]` on its own, so that one bad entry does not hide the others.
    pub fn entries<T: Deserialize<'t>>(&self, name: &str, report: &mut Report) -> Vec<(T, Place<'_, 't>)> {
        let list = self.root().key(name);
        let length = list.value.and_then(|value| value.get_ref().as_array()).map_or(0, |array| array.len());
        (0..length)
            .filter_map(|index| {
                let place = list.at(index);
                Some((self.typed(place.value?, report)?, place))
            })
            .collect()
    }

    /// Puts text in the place of the value of a key at the top, after that value was found wrong and reported, so that it does not
    /// hide what else is wrong.
    pub fn replace(&mut self, key: &str, text: &'static str) {
        if let DeValue::Table(table) = self.root.get_mut()
            && let Some(value) = table.get_mut(key)
        {
            *value.get_mut() = DeValue::String(text.into());
        }
    }

    fn typed<T: Deserialize<'t>>(&self, value: &Spanned<DeValue<'t>>, report: &mut Report) -> Option<T> {
        let mut value = Cow::Borrowed(value);
        let mut removed: Vec<String> = Vec::new();
        loop {
            let error = match T::deserialize(value.as_ref().clone().into_deserializer()) {
                Ok(typed) => return removed.is_empty().then_some(typed),
                Err(error) => error,
            };
            // A value that was taken out is missing now; it has been reported already. The table around it cannot be read without it, but
            // what comes after that table can.
            let missing = |key: &String| error.message().contains(&format!("missing field `{key}`"));
            if removed.iter().any(missing) {
                let around = error.span()?;
                removed.push(remove(value.to_mut(), &around)?);
                continue;
            }
            let span = error.span().unwrap_or_else(|| value.span());
            let (message, suggestion) = explained(error.message());
            report.error(self.file, self.line_of(span.start), message, suggestion);
            // What is wrong hides what comes after it: take it out and look again.
            removed.push(remove(value.to_mut(), &span)?);
        }
    }
}

/// A value in a document, or the nearest one around where it should be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'d, 't> {
    document: &'d Document<'t>,
    value: Option<&'d Spanned<DeValue<'t>>>,
    start: usize,
}

impl Place<'_, '_> {
    /// The value under a key.
    pub fn key(&self, name: &str) -> Self {
        let found = self.value.and_then(|value| value.get_ref().as_table()).and_then(|table| table.get_key_value(name));
        self.to(found.map(|(key, value)| (key.span().start, value)))
    }

    /// True where there is a value under a key.
    pub fn has(&self, name: &str) -> bool {
        self.key(name).value.is_some()
    }

    /// An element of an array.
    pub fn at(&self, index: usize) -> Self {
        let found = self.value.and_then(|value| value.get_ref().as_array()).and_then(|array| array.get(index));
        self.to(found.map(|value| (value.span().start, value)))
    }

    /// File and line, for reports made after the document is gone.
    pub fn position(&self) -> (String, usize) {
        (self.document.file.to_owned(), self.line())
    }

    /// Line, from 1.
    pub fn line(&self) -> usize {
        self.document.line_of(self.start)
    }

    /// The text here, where it is text.
    pub fn text(&self) -> Option<&str> {
        self.value.and_then(|value| value.get_ref().as_str())
    }

    /// Reports an error here.
    pub fn error(&self, report: &mut Report, message: impl Into<String>, suggestion: Option<String>) {
        report.error(self.document.file, self.line(), message, suggestion);
    }
}

impl<'d, 't> Place<'d, 't> {
    fn to(self, found: Option<(usize, &'d Spanned<DeValue<'t>>)>) -> Self {
        match found {
            Some((start, value)) => Self { value: Some(value), start, ..self },
            None => Self { value: None, ..self },
        }
    }
}

fn one_line(message: &str) -> String {
    message.lines().map(str::trim).collect::<Vec<_>>().join(", ")
}

/// Adds a suggestion to serde's "unknown field `x`, expected one of `a`, `b`".
fn explained(message: &str) -> (String, Option<String>) {
    let message = one_line(message);
    let words: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let suggestion = match words.split_first() {
        Some((word, known)) if message.starts_with("unknown ") => did_you_mean(word, known.iter().copied()),
        _ => None,
    };
    (message, suggestion)
}

/// Takes out the key or value at a span, or the innermost table entry around it; says which key, an empty one for an element of an
/// array.
fn remove(value: &mut Spanned<DeValue<'_>>, span: &Range<usize>) -> Option<String> {
    match value.get_mut() {
        DeValue::Table(table) => {
            if let Some(inner) = table.iter_mut().find_map(|(_, inner)| remove(inner, span)) {
                return Some(inner);
            }
            let holds = |outer: Range<usize>| outer.start <= span.start && span.end <= outer.end;
            let found =
                table.iter().find(|(key, inner)| key.span() == *span || holds(inner.span())).map(|(key, _)| key.clone())?;
            table.remove(&found).map(|_| found.get_ref().to_string())
        }
        DeValue::Array(array) => {
            if let Some(inner) = array.iter_mut().find_map(|inner| remove(inner, span)) {
                return Some(inner);
            }
            let index = array.iter().position(|inner| inner.span() == *span)?;
            let all = std::mem::replace(array, DeArray::new()).into_iter().enumerate();
            all.filter(|(other, _)| *other != index).for_each(|(_, inner)| array.push(inner));
            Some(String::new())
        }
        _ => None,
    }
}
