//! A TOML file with the line of everything in it. One mechanism serves all: values are read by serde entry by entry, and a
//! [`Place`] leads from any entry to the line of any value in it, so that a rule found broken later still names its line.

use super::report::{Report, did_you_mean};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A parsed file.
#[derive(Debug)]
pub(super) struct Document<'t> {
    file: &'t str,
    text: &'t str,
    root: Spanned<DeValue<'t>>,
}

impl<'t> Document<'t> {
    /// Parses; reports every syntax error.
    pub fn parse(file: &'t str, text: &'t str, report: &mut Report) -> Option<Self> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let sound = errors.is_empty();
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            report.error(file, line_of(text, at), one_line(error.message()), None);
        }
        let span = table.span();
        sound.then(|| Self { file, text, root: Spanned::new(span, DeValue::Table(table.into_inner())) })
    }

    /// The whole file.
    pub fn root(&self) -> Place<'_, 't> {
        Place { document: self, value: Some(&self.root), start: 0 }
    }

    /// Reads the top of the file without the arrays named.
    pub fn header<T: Deserialize<'t>>(&self, without: &[&str], report: &mut Report) -> Option<T> {
        let mut root = self.root.clone();
        if let DeValue::Table(table) = root.get_mut() {
            for name in without {
                table.remove(*name);
            }
        }
        self.typed(root, report)
    }

    /// Reads each `[[name]]` on its own, so that one bad entry does not hide the others.
    pub fn entries<T: Deserialize<'t>>(&self, name: &str, report: &mut Report) -> Vec<(T, Place<'_, 't>)> {
        let list = self.root().key(name);
        let length = list.value.and_then(|value| value.get_ref().as_array()).map_or(0, |array| array.len());
        (0..length)
            .filter_map(|index| {
                let place = list.at(index);
                let value = place.value?.clone();
                Some((self.typed(value, report)?, place))
            })
            .collect()
    }

    fn typed<T: Deserialize<'t>>(&self, mut value: Spanned<DeValue<'t>>, report: &mut Report) -> Option<T> {
        let mut sound = true;
        loop {
            let error = match T::deserialize(value.clone().into_deserializer()) {
                Ok(typed) => return sound.then_some(typed),
                Err(error) => error,
            };
            sound = false;
            let span = error.span();
            let at = span.as_ref().map_or(value.span().start, |span| span.start);
            let (message, suggestion) = explained(error.message());
            report.error(self.file, line_of(self.text, at), message, suggestion);
            // An unknown key hides what comes after it: take it out and look again.
            let unknown = error.message().contains("unknown field");
            if !(unknown && span.is_some_and(|span| remove_key(&mut value, &span))) {
                return None;
            }
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

    /// An element of an array.
    pub fn at(&self, index: usize) -> Self {
        let found = self.value.and_then(|value| value.get_ref().as_array()).and_then(|array| array.get(index));
        self.to(found.map(|value| (value.span().start, value)))
    }

    /// File and line, for reports made after the document is gone.
    pub fn position(&self) -> (String, usize) {
        (self.document.file.to_owned(), line_of(self.document.text, self.start))
    }

    /// Reports an error here.
    pub fn error(&self, report: &mut Report, message: impl Into<String>, suggestion: Option<String>) {
        report.error(self.document.file, line_of(self.document.text, self.start), message, suggestion);
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

/// The line, from 1, of a byte offset.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
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

fn remove_key(value: &mut Spanned<DeValue<'_>>, span: &Range<usize>) -> bool {
    match value.get_mut() {
        DeValue::Table(table) => {
            let found = table.keys().find(|key| key.span() == *span).cloned();
            found.is_some_and(|key| table.remove(&key).is_some()) || table.iter_mut().any(|(_, inner)| remove_key(inner, span))
        }
        DeValue::Array(array) => array.iter_mut().any(|inner| remove_key(inner, span)),
        _ => false,
    }
}
