//! From blocks to rows.

use super::fonts::Faces;
use super::layout::{
    BOTTOM, BRAND, Color, Entry, Frame, INK, LEFT, Layout, Lines, RULE, SOFT, Sheet, Style, TINT, TOP, WHITE, WIDTH,
};
use super::structure::{Kind, Node, Structure};
use crate::documents::{Align, Block, Cell, Column, Document, Fact, Mail, Tone};

const TEXT: f32 = 10.0;
const SMALL: f32 = 8.2;
const IN_TABLE: f32 = 8.8;
/// Where a window shows the reader's address: top and bottom, left edge and width, in points from the corner of the sheet.
const WINDOW: (f32, f32) = (152.0, 226.0);
const WINDOW_LEFT: f32 = 66.0;
const WINDOW_WIDTH: f32 = 270.0;
/// Between two columns, and within a table's cell.
const GUTTER: f32 = 6.0;

/// Sets a document.
pub(super) fn set(document: &Document, faces: &Faces) -> (Vec<Sheet>, Structure, Vec<Entry>) {
    let mut setter = Setter { layout: Layout::new(faces, 48.0) };
    setter.letterhead(document);
    for (index, block) in document.blocks.iter().enumerate() {
        setter.keep_together(document.blocks.get(index..).unwrap_or_default());
        setter.block(block);
    }
    setter.layout.finish()
}

struct Setter<'f> {
    layout: Layout<'f>,
}

impl Setter<'_> {
    fn node(&mut self, kind: Kind, parent: Option<Node>) -> Node {
        self.layout.structure.add(kind, parent)
    }

    /// Text over the whole width.
    fn text(&mut self, text: &str, style: Style, node: Node, frame: Frame) {
        let lines = Lines::at(LEFT, WIDTH).text(self.layout.faces, text, style, Some(node));
        self.layout.row(vec![lines], frame);
    }

    fn letterhead(&mut self, document: &Document) {
        let head = &document.letterhead;
        if let Some(mark) = &document.mark {
            let node = self.node(Kind::Paragraph, None);
            self.text(mark, Style::bold(TEXT, INK), node, Frame { padding: 4.0, background: Some(TINT), ..Frame::default() });
            self.layout.space(6.0);
        }
        let lines = [
            (&head.plan, Style::bold(15.0, BRAND)),
            (&head.program, Style::bold(TEXT, INK)),
            (&head.sender, Style::regular(SMALL, SOFT)),
        ];
        for (text, style) in lines.into_iter().filter(|(text, _)| !text.is_empty()) {
            let node = self.node(Kind::Paragraph, None);
            self.text(text, style, node, Frame::default());
        }
        self.layout.space(4.0);
        self.layout.row(Vec::new(), Frame { rule: Some(BRAND), ..Frame::default() });
        if let Some(mail) = &document.mail {
            self.mail(mail);
        }
        self.layout.space(14.0);
        self.layout.bookmark(&document.title);
        let title = self.node(Kind::Heading(1, document.title.clone()), None);
        self.text(&document.title, Style::bold(18.0, INK), title, Frame::default());
        let reference = self.node(Kind::Paragraph, None);
        self.text(&document.reference, Style::regular(TEXT, SOFT), reference, Frame::default());
        self.layout.space(8.0);
    }

    /// Sender and reader. Folded in three, the reader's address shows through the window of a No. 10 envelope.
    fn mail(&mut self, mail: &Mail) {
        self.layout.space(5.0);
        let from = self.node(Kind::Paragraph, None);
        self.text(&mail.from.join(" · "), Style::regular(SMALL, SOFT), from, Frame::default());
        self.layout.down_to(WINDOW.0);
        let to = self.node(Kind::Paragraph, None);
        let lines = Lines::at(WINDOW_LEFT, WINDOW_WIDTH).flush_left().text(
            self.layout.faces,
            &mail.to.join("\n"),
            Style::regular(TEXT, INK),
            Some(to),
        );
        self.layout.row(vec![lines], Frame::default());
        self.layout.down_to(WINDOW.1);
    }

    /// Nothing is parted from its heading, nor from the words that announce it: what stands at the front goes to the next sheet together.
    fn keep_together(&mut self, blocks: &[Block]) {
        let mut height = 0.0;
        for block in blocks {
            height += self.first_height(block);
            if !announces(block) {
                break;
            }
        }
        self.layout.keep(height.min(BOTTOM - TOP));
    }

    /// How much of a sheet the block needs at least: all of it where it is never divided, else its first row.
    fn first_height(&self, block: &Block) -> f32 {
        let faces = self.layout.faces;
        let tall = |text: &str, style: Style, width: f32| Lines::at(LEFT, width).text(faces, text, style, None).height();
        match block {
            Block::Heading { level, text } if *level <= 2 => 18.0 + tall(text, Style::bold(12.0, BRAND), WIDTH),
            Block::Heading { text, .. } => 11.0 + tall(text, Style::bold(TEXT, INK), WIDTH),
            Block::Paragraph { text, .. } => 6.0 + tall(text, Style::regular(TEXT, INK), WIDTH),
            Block::Quote { text } => 16.0 + tall(text, Style::regular(TEXT, INK), WIDTH - 24.0),
            Block::Facts { items } => {
                let value =
                    items.first().map_or(0.0, |fact| tall(&fact.value, Style::regular(TEXT, INK), (WIDTH - 3.0 * GUTTER) / 2.0));
                value + 18.0
            }
            Block::List { items } => items.first().map_or(0.0, |text| 6.0 + tall(text, Style::regular(TEXT, INK), WIDTH - 16.0)),
            Block::Table { .. } => 110.0,
            Block::Note { title, text, .. } => {
                let text: f32 = text.iter().map(|text| tall(text, Style::regular(TEXT, INK), WIDTH - 24.0)).sum();
                22.0 + tall(title, Style::bold(12.0, INK), WIDTH - 24.0) + text
            }
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading { level, text } => self.heading(*level, text),
            Block::Paragraph { text, language } => {
                let node = self.layout.structure.add_in(Kind::Paragraph, language.as_deref());
                self.text(text, Style::regular(TEXT, INK), node, Frame::default());
                self.layout.space(6.0);
            }
            Block::Quote { text } => self.quote(text),
            Block::Facts { items } => self.facts(items),
            Block::List { items } => self.list(items),
            Block::Table { caption, columns, rows } => self.table(caption, columns, rows),
            Block::Note { tone, title, text } => self.note(*tone, title, text),
        }
    }

    fn heading(&mut self, level: u8, text: &str) {
        let node_kind = Kind::Heading(level.clamp(2, 6), text.to_owned());
        if level <= 2 {
            self.layout.space(12.0);
            self.layout.bookmark(text);
            let node = self.node(node_kind, None);
            let frame = Frame { rule: Some(RULE), ..Frame::default() };
            self.text(text, Style::bold(12.0, BRAND), node, frame);
        } else {
            self.layout.space(6.0);
            let node = self.node(node_kind, None);
            self.text(text, Style::bold(TEXT, INK), node, Frame::default());
        }
        self.layout.space(4.0);
    }

    fn quote(&mut self, text: &str) {
        let quote = self.node(Kind::Quote, None);
        let node = self.node(Kind::Paragraph, Some(quote));
        let lines = Lines::at(LEFT + 14.0, WIDTH - 24.0).text(self.layout.faces, text, Style::regular(TEXT, INK), Some(node));
        self.layout.row(vec![lines], Frame { padding: 5.0, background: Some(TINT), bar: Some(BRAND), rule: None });
        self.layout.space(6.0);
    }

    fn note(&mut self, tone: Tone, title: &str, text: &[String]) {
        let (bar, background, ink) = colors(tone);
        let section = self.node(Kind::Section, None);
        let mut lines = Lines::at(LEFT + 14.0, WIDTH - 24.0);
        let node = self.node(Kind::Paragraph, Some(section));
        lines = lines.text(self.layout.faces, title, Style::bold(12.0, ink), Some(node));
        for paragraph in text {
            let node = self.node(Kind::Paragraph, Some(section));
            lines = lines.text(self.layout.faces, paragraph, Style::regular(TEXT, INK), Some(node));
        }
        self.layout.row(vec![lines], Frame { padding: 7.0, background: Some(background), bar: Some(bar), rule: None });
        self.layout.space(8.0);
    }

    fn facts(&mut self, items: &[Fact]) {
        let list = self.node(Kind::List, None);
        let width = (WIDTH - 3.0 * GUTTER) / 2.0;
        for pair in items.chunks(2) {
            let mut columns = Vec::with_capacity(2);
            let mut x = LEFT;
            for fact in pair {
                let item = self.node(Kind::Item, Some(list));
                let (name, value) = (self.node(Kind::Label, Some(item)), self.node(Kind::Body, Some(item)));
                let lines = Lines::at(x, width)
                    .flush_left()
                    .text(self.layout.faces, &fact.name, Style::regular(SMALL, SOFT), Some(name))
                    .text(self.layout.faces, &fact.value, Style::regular(TEXT, INK), Some(value));
                columns.push(lines);
                x += width + 3.0 * GUTTER;
            }
            self.layout.row(columns, Frame { padding: 2.5, rule: Some([230, 235, 239]), ..Frame::default() });
        }
        self.layout.space(8.0);
    }

    fn list(&mut self, items: &[String]) {
        let list = self.node(Kind::List, None);
        let style = Style::regular(TEXT, INK);
        for text in items {
            let item = self.node(Kind::Item, Some(list));
            let (label, body) = (self.node(Kind::Label, Some(item)), self.node(Kind::Body, Some(item)));
            let bullet = Lines::at(LEFT + 4.0, 10.0).text(self.layout.faces, "\u{2022}", style, Some(label));
            let lines = Lines::at(LEFT + 16.0, WIDTH - 16.0).text(self.layout.faces, text, style, Some(body));
            self.layout.row(vec![bullet, lines], Frame { padding: 1.5, ..Frame::default() });
        }
        self.layout.space(6.0);
    }

    fn table(&mut self, caption: &str, columns: &[Column], rows: &[Vec<Cell>]) {
        let table = self.node(Kind::Table, None);
        let node = self.node(Kind::Caption, Some(table));
        self.layout.keep(100.0);
        self.text(caption, Style::regular(SMALL, SOFT), node, Frame::default());
        self.layout.space(3.0);
        let places = places(columns);
        let row = self.node(Kind::Row, Some(table));
        let mut header = Vec::with_capacity(columns.len());
        for (column, (x, width)) in columns.iter().zip(&places) {
            let node = self.node(Kind::ColumnHeader, Some(row));
            let lines = Lines::at(*x, *width).flush_right(column.align == Align::End);
            header.push(lines.text(self.layout.faces, &column.heading, Style::bold(IN_TABLE, WHITE), Some(node)));
        }
        self.layout.begin_table(header, Frame { padding: 3.5, background: Some(BRAND), ..Frame::default() });
        for cells in rows {
            let row = self.node(Kind::Row, Some(table));
            let mut lines = Vec::with_capacity(cells.len());
            for (index, (cell, (column, (x, width)))) in cells.iter().zip(columns.iter().zip(&places)).enumerate() {
                let node = self.node(if index == 0 { Kind::RowHeader } else { Kind::Cell }, Some(row));
                let style = if index == 0 { Style::bold(IN_TABLE, INK) } else { Style::regular(IN_TABLE, INK) };
                let mut column = Lines::at(*x, *width).flush_right(column.align == Align::End);
                column = column.text(self.layout.faces, &cell.text, style, Some(node));
                if let Some(detail) = &cell.detail {
                    column = column.text(self.layout.faces, detail, Style::regular(SMALL, SOFT), Some(node));
                }
                lines.push(column);
            }
            self.layout.row(lines, Frame { padding: 4.0, rule: Some(RULE), ..Frame::default() });
        }
        self.layout.end_table();
        self.layout.space(8.0);
    }
}

/// True for what says something about the block after it.
fn announces(block: &Block) -> bool {
    match block {
        Block::Heading { .. } => true,
        Block::Paragraph { text, .. } => text.trim_end().ends_with(':'),
        _ => false,
    }
}

/// Left edge and width of each column's text.
fn places(columns: &[Column]) -> Vec<(f32, f32)> {
    let all: f32 = columns.iter().map(|column| f32::from(column.share)).sum::<f32>().max(1.0);
    let mut x = LEFT;
    let mut places = Vec::with_capacity(columns.len());
    for column in columns {
        let width = WIDTH * f32::from(column.share) / all;
        places.push((x + GUTTER, (width - 2.0 * GUTTER).max(12.0)));
        x += width;
    }
    places
}

/// Bar, background and title.
const fn colors(tone: Tone) -> (Color, Color, Color) {
    match tone {
        Tone::Plain => (SOFT, TINT, INK),
        Tone::Good => ([29, 122, 70], [239, 248, 242], [20, 97, 58]),
        Tone::Waiting => ([168, 100, 0], [255, 247, 234], [122, 73, 0]),
        Tone::Bad => ([179, 38, 30], [253, 241, 240], [143, 29, 23]),
    }
}
