//! What is wrong with content: every problem at once, each with its place and, where one is near, the word that was meant.

use std::fmt;

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// File, relative to the content directory.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What may have been meant.
    pub suggestion: Option<String>,
    /// A file, or a folder, that cannot be used as a whole: what is wrong elsewhere may follow from that.
    pub of_whole: bool,
}

impl Problem {
    fn write(&self, f: &mut fmt::Formatter<'_>, level: &str) -> fmt::Result {
        write!(f, "{}:{}: {level}{}", self.file, self.line, self.message)?;
        self.suggestion.as_ref().map_or(Ok(()), |suggestion| write!(f, "; {suggestion}"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, "")
    }
}

/// Everything found in a content directory. Shows as one line per problem, errors first, and a last line that counts them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Problems that keep the content from being used.
    pub errors: Vec<Problem>,
    /// Sound, but hardly meant: a clinician should look. Looked for only where there are no errors.
    pub warnings: Vec<Problem>,
    /// For information, such as managed drugs that a nurse always has to review.
    pub notes: Vec<Problem>,
}

impl Report {
    /// Exit code of a program that checks content: 1 where there are errors, else 0.
    pub fn exit_code(&self) -> u8 {
        u8::from(!self.errors.is_empty())
    }

    pub(super) fn error(&mut self, file: &str, line: usize, message: impl Into<String>, suggestion: Option<String>) {
        self.errors.push(Problem { file: file.to_owned(), line, message: message.into(), suggestion, of_whole: false });
    }

    /// A file or folder that cannot be used as a whole.
    pub(super) fn unusable(&mut self, file: &str, line: usize, message: impl Into<String>) {
        self.errors.push(Problem { file: file.to_owned(), line, message: message.into(), suggestion: None, of_whole: true });
    }

    pub(super) fn warning(&mut self, file: &str, line: usize, message: impl Into<String>, suggestion: Option<String>) {
        self.warnings.push(Problem { file: file.to_owned(), line, message: message.into(), suggestion, of_whole: false });
    }

    pub(super) fn note(&mut self, file: &str, line: usize, message: impl Into<String>, suggestion: Option<String>) {
        self.notes.push(Problem { file: file.to_owned(), line, message: message.into(), suggestion, of_whole: false });
    }

    pub(super) fn sort(&mut self) {
        for list in [&mut self.errors, &mut self.warnings, &mut self.notes] {
            list.sort_by(|a, b| (!a.of_whole, &a.file, a.line, &a.message).cmp(&(!b.of_whole, &b.file, b.line, &b.message)));
            list.dedup();
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (level, list) in [("error: ", &self.errors), ("warning: ", &self.warnings), ("note: ", &self.notes)] {
            for problem in list {
                problem.write(f, level)?;
                writeln!(f)?;
            }
        }
        let verdict = if self.errors.is_empty() { "The content can be used" } else { "The content cannot be used" };
        let counted = [(&self.errors, "error"), (&self.warnings, "warning"), (&self.notes, "note")]
            .map(|(list, what)| format!("{} {what}{}", list.len(), if list.len() == 1 { "" } else { "s" }));
        write!(f, "{verdict}: {}.", counted.join(", "))
    }
}

/// Where a file cannot be used as a whole, so many of the other errors are told beside that.
const OTHERS_TOLD: usize = 10;

/// Content that may not be used. Files that cannot be used as a whole come first: most of the rest may only follow from that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ContentErrors(pub Vec<Problem>);

impl fmt::Display for ContentErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the content has {} error(s)", self.0.len())?;
        let of_whole = self.0.iter().filter(|problem| problem.of_whole).count();
        let told = if of_whole == 0 { self.0.len() } else { of_whole + OTHERS_TOLD };
        self.0.iter().take(told).try_for_each(|problem| write!(f, "\n  {problem}"))?;
        match self.0.len().saturating_sub(told) {
            0 => Ok(()),
            more => write!(f, "\n  {more} more may follow from the first ones: `oncoauth check-content` lists them all"),
        }
    }
}

/// "did you mean …", where a known word is near enough.
pub(super) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(word, known).map(|near| format!("did you mean `{near}`?"))
}

fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
