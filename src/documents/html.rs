//! A document as one self-contained HTML page: no script, no request to anywhere, every text escaped. It fits a desk, a phone of 360 px
//! and paper. Tables keep their roles where a narrow screen shows their rows as cards.

use super::blocks::{Align, Block, Cell, Column, Document, Fact};
use std::fmt::Write as _;

const STYLE: &str = include_str!("style.css");

/// The page.
pub fn render(document: &Document) -> String {
    let mut page = Page(String::with_capacity(16 * 1024));
    let title = format!("{} · {}", document.title, document.reference);
    let language = document.language.as_deref().map_or_else(|| "en".to_owned(), tag);
    page.raw(&format!("<!DOCTYPE html>\n<html lang=\"{language}\">\n"));
    page.raw("<head>\n<meta charset=\"utf-8\">\n");
    page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n");
    page.element("title", "", &title);
    page.raw("\n<style>\n");
    page.raw(STYLE);
    page.raw("</style>\n</head>\n<body");
    if let Some(mark) = &document.mark {
        page.raw(" data-mark=\"");
        page.text(mark);
        page.raw("\"");
    }
    page.raw(">\n<header>\n");
    if let Some(mark) = &document.mark {
        page.element("p", "class=\"mark\"", mark);
    }
    let head = &document.letterhead;
    page.element("p", "class=\"plan\"", &head.plan);
    page.element("p", "class=\"program\"", &head.program);
    if !head.sender.is_empty() {
        page.element("p", "class=\"sender\"", &head.sender);
    }
    page.raw("</header>\n<main>\n");
    if let Some(mail) = &document.mail {
        page.element("address", "class=\"from\"", &mail.from.join("\n"));
        page.element("address", "class=\"to\"", &mail.to.join("\n"));
    }
    page.element("h1", "", &document.title);
    page.element("p", "class=\"reference\"", &document.reference);
    for block in &document.blocks {
        page.block(block);
    }
    page.raw("</main>\n<footer>\n");
    page.element("p", "", &format!("{} · {}", head.plan, document.reference));
    page.raw("</footer>\n</body>\n</html>\n");
    page.0
}

/// A language tag that is nothing else.
fn tag(language: &str) -> String {
    language.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect()
}

/// Letters of Hebrew and Arabic, which run from right to left.
const fn runs_right_to_left(letter: char) -> bool {
    matches!(letter, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}')
}

struct Page(String);

impl Page {
    fn raw(&mut self, text: &str) {
        self.0.push_str(text);
    }

    /// Text from anybody: escaped, and with its line breaks.
    fn text(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '&' => self.raw("&amp;"),
                '<' => self.raw("&lt;"),
                '>' => self.raw("&gt;"),
                '"' => self.raw("&quot;"),
                '\'' => self.raw("&#39;"),
                '\n' => self.raw("<br>"),
                other => self.0.push(other),
            }
        }
    }

    fn element(&mut self, name: &str, attributes: &str, text: &str) {
        let space = if attributes.is_empty() { "" } else { " " };
        // browsers then tell the direction of the text by its first letter
        let direction = if text.chars().any(runs_right_to_left) { " dir=\"auto\"" } else { "" };
        self.raw(&format!("<{name}{space}{attributes}{direction}>"));
        self.text(text);
        self.raw(&format!("</{name}>\n"));
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading { level, text } => self.element(if *level <= 2 { "h2" } else { "h3" }, "", text),
            Block::Paragraph { text, language: None } => self.element("p", "", text),
            Block::Paragraph { text, language: Some(language) } => {
                self.element("p", &format!("lang=\"{}\"", tag(language)), text);
            }
            Block::Quote { text } => self.element("blockquote", "", text),
            Block::Facts { items } => self.facts(items),
            Block::List { items } => {
                self.raw("<ul>\n");
                for item in items {
                    self.element("li", "", item);
                }
                self.raw("</ul>\n");
            }
            Block::Table { caption, columns, rows } => self.table(caption, columns, rows),
            Block::Note { tone, title, text } => {
                self.raw(&format!("<div class=\"note {}\" role=\"note\">\n", tone.class()));
                self.element("p", "class=\"verdict\"", title);
                for paragraph in text {
                    self.element("p", "", paragraph);
                }
                self.raw("</div>\n");
            }
        }
    }

    fn facts(&mut self, items: &[Fact]) {
        self.raw("<dl>\n");
        for fact in items {
            self.raw("<div>");
            self.element("dt", "", &fact.name);
            self.element("dd", "", &fact.value);
            self.raw("</div>\n");
        }
        self.raw("</dl>\n");
    }

    fn table(&mut self, caption: &str, columns: &[Column], rows: &[Vec<Cell>]) {
        self.raw("<table role=\"table\">\n");
        self.element("caption", "", caption);
        self.raw("<thead role=\"rowgroup\"><tr role=\"row\">");
        for column in columns {
            let attributes = format!("scope=\"col\" role=\"columnheader\"{}", align(column.align));
            self.element("th", &attributes, &column.heading);
        }
        self.raw("</tr></thead>\n<tbody role=\"rowgroup\">\n");
        for row in rows {
            self.raw("<tr role=\"row\">\n");
            for (index, (column, cell)) in columns.iter().zip(row).enumerate() {
                self.cell(index == 0, column, cell);
            }
            self.raw("</tr>\n");
        }
        self.raw("</tbody>\n</table>\n");
    }

    fn cell(&mut self, names_row: bool, column: &Column, cell: &Cell) {
        let tag = if names_row { "th" } else { "td" };
        let role = if names_row { "scope=\"row\" role=\"rowheader\"" } else { "role=\"cell\"" };
        let _ = write!(self.0, "<{tag} {role}{} data-label=\"", align(column.align));
        self.text(&column.heading);
        self.raw("\"><div>");
        self.text(&cell.text);
        if let Some(detail) = &cell.detail {
            self.element("small", "", detail);
        }
        self.raw(&format!("</div></{tag}>\n"));
    }
}

const fn align(align: Align) -> &'static str {
    match align {
        Align::Start => "",
        Align::End => " class=\"end\"",
    }
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::documents::{Block, Cell, Column, Document, Letterhead, Mail};

    #[test]
    fn whatever_callers_wrote_stays_text() {
        let hostile = "<script>alert('x')</script>\" onload=\"&amp;\n2";
        let document = Document {
            title: hostile.to_owned(),
            letterhead: Letterhead { plan: hostile.to_owned(), program: String::new(), sender: hostile.to_owned() },
            reference: hostile.to_owned(),
            language: Some(hostile.to_owned()),
            page_of: None,
            mail: Some(Mail { from: vec![hostile.to_owned()], to: vec![hostile.to_owned()] }),
            dated: chrono::DateTime::UNIX_EPOCH,
            mark: Some(hostile.to_owned()),
            blocks: vec![
                Block::Paragraph { text: hostile.to_owned(), language: Some("es\" onload=\"x".to_owned()) },
                Block::Quote { text: hostile.to_owned() },
                Block::Table {
                    caption: hostile.to_owned(),
                    columns: vec![Column::text(hostile, 1)],
                    rows: vec![vec![Cell::with(hostile, Some(hostile.to_owned()))]],
                },
            ],
        };
        let page = render(&document);
        assert!(!page.contains("<script") && !page.contains("\" onload"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot; onload=&quot;&amp;amp;<br>2"), "{page}");
    }
}
