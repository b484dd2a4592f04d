//! The grammar's frame: `or` binds weakest, then `and`, then `not`; facts are read in [`super::facts`].

use super::lexer::{Token, tokens};
use super::{CriterionError, Parsed, facts};
use crate::content::vocabulary::Vocabulary;
use crate::domain::criteria::{Comparison, Criterion};

/// Deepest nesting of parentheses and `not`.
const DEPTH: usize = 20;

/// Reads one sentence.
pub(in crate::content) fn parse(text: &str, words: &Vocabulary) -> Parsed<Criterion> {
    let mut reader = Reader::new(text, words)?;
    if reader.tokens.is_empty() {
        return Err(CriterionError::new(1, "the sentence is empty"));
    }
    let criterion = any(&mut reader, 0)?;
    reader.finish()?;
    Ok(criterion)
}

/// A position in a sentence.
pub(super) struct Reader<'t> {
    tokens: Vec<Token<'t>>,
    next: usize,
    end: usize,
    /// What may be named.
    pub words: &'t Vocabulary,
}

impl<'t> Reader<'t> {
    pub fn new(text: &'t str, words: &'t Vocabulary) -> Parsed<Self> {
        Ok(Self { tokens: tokens(text)?, next: 0, end: text.len() + 1, words })
    }

    pub fn peek(&self) -> Option<Token<'t>> {
        self.tokens.get(self.next).copied()
    }

    pub fn take(&mut self) -> Option<Token<'t>> {
        let token = self.peek();
        self.next += usize::from(token.is_some());
        token
    }

    /// Takes this keyword or sign if it comes next.
    pub fn eat(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.is(word));
        self.next += usize::from(found);
        found
    }

    pub fn expect(&mut self, word: &str) -> Parsed<()> {
        if self.eat(word) { Ok(()) } else { Err(self.wanted(&format!("`{word}`"))) }
    }

    /// An error at the next token: something else was wanted.
    pub fn wanted(&self, what: &str) -> CriterionError {
        match self.peek() {
            Some(token) => CriterionError::new(token.column, format!("expected {what}, found `{}`", token.text)),
            None => CriterionError::new(self.end, format!("expected {what}, found the end")),
        }
    }

    pub fn finish(&self) -> Parsed<()> {
        if self.peek().is_none() { Ok(()) } else { Err(self.wanted("`and`, `or` or the end")) }
    }

    /// `is a` or `in [a, b]`, with columns.
    pub fn is_or_in(&mut self) -> Parsed<Vec<Token<'t>>> {
        if self.eat("is") {
            return Ok(vec![self.word()?]);
        }
        if !self.eat("in") {
            return Err(self.wanted("`is` or `in`"));
        }
        self.expect("[")?;
        let mut found = vec![self.word()?];
        while self.eat(",") {
            found.push(self.word()?);
        }
        self.expect("]")?;
        Ok(found)
    }

    /// Takes `is known` if it comes next.
    pub fn is_known(&mut self) -> bool {
        self.is_keyword("known")
    }

    /// Takes `is` and this keyword if they come next.
    pub fn is_keyword(&mut self, word: &str) -> bool {
        let found =
            self.peek().is_some_and(|token| token.is("is")) && self.tokens.get(self.next + 1).is_some_and(|token| token.is(word));
        self.next += if found { 2 } else { 0 };
        found
    }

    /// Turns `is not x` into `is x` and `not in [x]` into `in [x]`, and says so.
    pub fn eat_not(&mut self) -> bool {
        if self.eat("not") {
            return true;
        }
        let found = self.peek().is_some_and(|token| token.is("is"))
            && self.tokens.get(self.next + 1).is_some_and(|token| token.is("not"));
        if found {
            self.tokens.remove(self.next + 1);
        }
        found
    }

    /// Column of the token read last.
    pub fn column(&self) -> usize {
        self.next.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(1, |token| token.column)
    }

    /// One word that is no sign.
    pub fn word(&mut self) -> Parsed<Token<'t>> {
        match self.peek() {
            Some(token) if token.quoted || token.text.starts_with(char::is_alphanumeric) => {
                self.next += 1;
                Ok(token)
            }
            _ => Err(self.wanted("a word")),
        }
    }

    /// A sign of comparison, if one comes next.
    pub fn comparison(&mut self) -> Option<Comparison> {
        let comparison = match self.peek()?.text {
            ">=" => Comparison::AtLeast,
            "<=" => Comparison::AtMost,
            ">" => Comparison::More,
            "<" => Comparison::Less,
            "=" => Comparison::Equal,
            _ => return None,
        };
        self.next += 1;
        Some(comparison)
    }

    pub fn number(&mut self) -> Parsed<f64> {
        let number = self.peek().and_then(|token| token.text.parse::<f64>().ok()).filter(|number| number.is_finite());
        let Some(number) = number else {
            let mut error = self.wanted("a number");
            if self.comparison().is_some() {
                error.suggestion = Some("the signs are `<`, `<=`, `=`, `>=` and `>`".to_owned());
            }
            return Err(error);
        };
        self.next += 1;
        Ok(number)
    }
}

fn any(reader: &mut Reader<'_>, depth: usize) -> Parsed<Criterion> {
    let mut parts = vec![all(reader, depth)?];
    while reader.eat("or") {
        parts.push(all(reader, depth)?);
    }
    Ok(joined(parts, Criterion::Any))
}

fn all(reader: &mut Reader<'_>, depth: usize) -> Parsed<Criterion> {
    let mut parts = vec![part(reader, depth)?];
    while reader.eat("and") {
        parts.push(part(reader, depth)?);
    }
    Ok(joined(parts, Criterion::All))
}

fn joined(mut parts: Vec<Criterion>, many: fn(Vec<Criterion>) -> Criterion) -> Criterion {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            many(parts)
        }
    }
}

fn part(reader: &mut Reader<'_>, depth: usize) -> Parsed<Criterion> {
    if depth >= DEPTH {
        return Err(reader.wanted("less nesting"));
    }
    if reader.eat("not") {
        return Ok(Criterion::Not(Box::new(part(reader, depth + 1)?)));
    }
    if reader.eat("(") {
        let inner = any(reader, depth + 1)?;
        reader.expect(")")?;
        return Ok(inner);
    }
    facts::fact(reader)
}
