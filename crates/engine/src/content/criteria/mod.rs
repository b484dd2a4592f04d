//! The criteria language: one sentence of a policy in, one [`Criterion`] out, or the column at which it stops making sense.
//! `docs/criteria.md` is its reference. Nothing is judged here; `rules` does that.

mod facts;
mod lexer;
mod parser;
mod results;

pub(super) use parser::parse;
pub(super) use results::biomarker_requirement;

use super::report::did_you_mean;

/// A sentence that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CriterionError {
    /// Column, from 1, within the sentence.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What may have been meant.
    pub suggestion: Option<String>,
}

impl CriterionError {
    fn new(column: usize, message: impl Into<String>) -> Self {
        Self { column, message: message.into(), suggestion: None }
    }

    fn unknown<'a>(column: usize, what: &str, word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        Self { column, message: format!("unknown {what} `{word}`"), suggestion: did_you_mean(word, known) }
    }
}

type Parsed<T> = Result<T, CriterionError>;
