//! What a document is made of. Text may hold line breaks; everything else about how it looks is the renderers'.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A document, from its letterhead to its last line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Document {
    /// What it is, in a few words.
    pub title: String,
    /// Who speaks.
    pub letterhead: Letterhead,
    /// The number under which people ask about it; on every page.
    pub reference: String,
    /// Who sends it and where it goes, as it shows through the window of an envelope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<Mail>,
    /// Its language, where it is not English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What stands at the foot of a sheet, where it is not `Page {page} of {pages}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_of: Option<String>,
    /// The instant as of which it speaks.
    pub dated: DateTime<Utc>,
    /// The content, in reading order.
    pub blocks: Vec<Block>,
    /// Across every page and sheet, where the document is not to be taken for a real one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
}

/// Who speaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Letterhead {
    /// The health plan.
    pub plan: String,
    /// The program.
    pub program: String,
    /// Who sends it on the plan's behalf.
    pub sender: String,
}

/// Addresses of a letter, line by line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Mail {
    /// The sender.
    pub from: Vec<String>,
    /// The reader, name first.
    pub to: Vec<String>,
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "block", rename_all = "snake_case")]
pub enum Block {
    /// A heading; the title is level 1.
    Heading {
        /// 2 or 3.
        level: u8,
        /// The heading.
        text: String,
    },
    /// A paragraph.
    Paragraph {
        /// The text.
        text: String,
        /// Language, where it is not English.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        language: Option<String>,
    },
    /// Words of somebody else, as they were written.
    Quote {
        /// The words.
        text: String,
    },
    /// Names and values.
    Facts {
        /// One a line.
        items: Vec<Fact>,
    },
    /// Items without order.
    List {
        /// The items.
        items: Vec<String>,
    },
    /// A table; its first column names the row.
    Table {
        /// What it shows.
        caption: String,
        /// Columns.
        columns: Vec<Column>,
        /// Rows, each with a cell for every column.
        rows: Vec<Vec<Cell>>,
    },
    /// Something that must not be overlooked.
    Note {
        /// How it is set off.
        tone: Tone,
        /// In a few words.
        title: String,
        /// Paragraphs.
        text: Vec<String>,
    },
}

/// A name and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fact {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Column {
    /// Heading.
    pub heading: String,
    /// Where its text stands.
    pub align: Align,
    /// Its share of the width, compared with the other columns'.
    pub share: u8,
}

/// Where text stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// At the side where reading starts.
    Start,
    /// At the other side: numbers.
    End,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Cell {
    /// Text.
    pub text: String,
    /// Smaller text below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// How a note is set off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// Good to know.
    Plain,
    /// Approved.
    Good,
    /// Waiting.
    Waiting,
    /// Denied, or about to go wrong.
    Bad,
}

impl Tone {
    /// The class that style sheets know it by.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Waiting => "waiting",
            Self::Bad => "bad",
        }
    }
}

impl Block {
    /// A heading below the title.
    pub fn heading(text: impl Into<String>) -> Self {
        Self::Heading { level: 2, text: text.into() }
    }

    /// A heading below that.
    pub fn subheading(text: impl Into<String>) -> Self {
        Self::Heading { level: 3, text: text.into() }
    }

    /// A paragraph in English.
    pub fn paragraph(text: impl Into<String>) -> Self {
        Self::Paragraph { text: text.into(), language: None }
    }

    /// Its sentences: what is read as text, names and tables left out.
    pub fn sentences(&self) -> Vec<String> {
        match self {
            Self::Paragraph { text, language: None } | Self::Quote { text } => vec![text.clone()],
            Self::List { items } => items.clone(),
            Self::Note { text, .. } => text.clone(),
            Self::Heading { .. } | Self::Paragraph { .. } | Self::Facts { .. } | Self::Table { .. } => Vec::new(),
        }
    }

    /// A note.
    pub fn note(tone: Tone, title: impl Into<String>, text: Vec<String>) -> Self {
        Self::Note { tone, title: title.into(), text }
    }
}

impl Fact {
    /// A name and its value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

impl Column {
    /// A column of text.
    pub fn text(heading: &str, share: u8) -> Self {
        Self { heading: heading.to_owned(), align: Align::Start, share }
    }

    /// A column of numbers.
    pub fn number(heading: &str, share: u8) -> Self {
        Self { heading: heading.to_owned(), align: Align::End, share }
    }
}

impl Cell {
    /// A cell with nothing below its text.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), detail: None }
    }

    /// A cell with a detail, where there is one.
    pub fn with(text: impl Into<String>, detail: Option<String>) -> Self {
        Self { text: text.into(), detail: detail.filter(|detail| !detail.is_empty()) }
    }
}
