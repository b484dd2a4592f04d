//! Words and signs of a sentence, with their columns.

use super::{CriterionError, Parsed};

/// A word or sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'t> {
    /// As written, quotes taken off.
    pub text: &'t str,
    /// Column, from 1.
    pub column: usize,
    /// True for text in quotes, which is never a keyword.
    pub quoted: bool,
}

impl Token<'_> {
    /// True for this keyword or sign.
    pub fn is(&self, word: &str) -> bool {
        !self.quoted && self.text == word
    }
}

const SIGNS: [&str; 9] = [">=", "<=", ">", "<", "=", "(", ")", "[", "]"];

/// Splits a sentence.
pub(super) fn tokens(text: &str) -> Parsed<Vec<Token<'_>>> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start();
        let Some(first) = trimmed.chars().next() else { return Ok(found) };
        let column = text.len() - trimmed.len() + 1;
        let (length, quoted) = if first == '"' {
            let end = trimmed.char_indices().skip(1).find(|(_, c)| *c == '"');
            let Some((end, _)) = end else {
                return Err(CriterionError::new(column, "the quotation mark is never closed"));
            };
            (end + 1, true)
        } else if first == ',' {
            (1, false)
        } else if let Some(sign) = SIGNS.iter().find(|sign| trimmed.starts_with(**sign)) {
            (sign.len(), false)
        } else {
            let end = trimmed.char_indices().find(|(_, c)| !is_word(*c)).map_or(trimmed.len(), |(at, _)| at);
            if end == 0 {
                return Err(CriterionError::new(column, format!("`{first}` means nothing here")));
            }
            (end, false)
        };
        let (token, after) = trimmed.split_at(length);
        found.push(Token { text: if quoted { token.trim_matches('"') } else { token }, column, quoted });
        rest = after;
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | '+' | '-')
}
