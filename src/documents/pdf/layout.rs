//! Putting lines on sheets of US Letter. Everything is a row of one or more columns of lines; a row that does not fit goes to the next
//! sheet, and one that fits no sheet is divided.

use super::fonts::{Faces, Weight};
use super::shaping::{Piece, runs_right_to_left};
use super::structure::{Node, Structure};
use super::wrap::wrap;

/// US Letter, in points.
pub(super) const PAGE: (f32, f32) = (612.0, 792.0);
/// Left edge of the text.
pub(super) const LEFT: f32 = 54.0;
/// Width of the text.
pub(super) const WIDTH: f32 = PAGE.0 - 2.0 * LEFT;
/// Where text begins on every sheet but the first, below the running header.
pub(super) const TOP: f32 = 72.0;
/// Where text ends.
pub(super) const BOTTOM: f32 = PAGE.1 - 62.0;

/// A colour: red, green, blue.
pub(super) type Color = [u8; 3];
pub(super) const INK: Color = [27, 39, 51];
pub(super) const SOFT: Color = [74, 90, 105];
pub(super) const BRAND: Color = [19, 75, 112];
pub(super) const RULE: Color = [201, 211, 220];
pub(super) const TINT: Color = [242, 246, 249];
pub(super) const WHITE: Color = [255, 255, 255];

/// How text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Style {
    pub(super) weight: Weight,
    pub(super) size: f32,
    pub(super) color: Color,
}

impl Style {
    pub(super) const fn regular(size: f32, color: Color) -> Self {
        Self { weight: Weight::Regular, size, color }
    }

    pub(super) const fn bold(size: f32, color: Color) -> Self {
        Self { weight: Weight::Bold, size, color }
    }

    /// From one line to the next.
    fn leading(self) -> f32 {
        self.size * 1.36
    }
}

/// A line on its way to a sheet.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    text: String,
    /// True where its paragraph runs from right to left.
    right_to_left: bool,
    style: Style,
    node: Option<Node>,
}

/// A column of lines.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lines {
    x: f32,
    width: f32,
    to_the_right: bool,
    /// True where every line begins at the left, also one that runs from right to left.
    to_the_left: bool,
    all: Vec<Line>,
}

impl Lines {
    pub(super) const fn at(x: f32, width: f32) -> Self {
        Self { x, width, to_the_right: false, to_the_left: false, all: Vec::new() }
    }

    pub(super) const fn flush_right(mut self, it_is: bool) -> Self {
        self.to_the_right = it_is;
        self
    }

    /// For what stands in a form or a window: there the left edge is where readers look.
    pub(super) const fn flush_left(mut self) -> Self {
        self.to_the_left = true;
        self
    }

    /// Adds text, broken into lines.
    pub(super) fn text(mut self, faces: &Faces, text: &str, style: Style, node: Option<Node>) -> Self {
        let mut paragraphs = text.split('\n').peekable();
        while let Some(paragraph) = paragraphs.next() {
            let right_to_left = !paragraph.is_ascii() && runs_right_to_left(paragraph);
            let lines = wrap(faces, style.weight, paragraph, style.size, self.width);
            let last = lines.len().saturating_sub(1);
            let goes_on = paragraphs.peek().is_some();
            self.all.extend(lines.into_iter().enumerate().map(|(index, line)| {
                // words at the end of one line and the beginning of the next are two words for whoever reads the text
                let is_last = index == last && !goes_on;
                let text = if is_last || line.ends_with(['-', '/', ' ']) { line } else { line + " " };
                Line { text, right_to_left, style, node }
            }));
        }
        self
    }

    pub(super) fn height(&self) -> f32 {
        self.all.iter().map(|line| line.style.leading()).sum()
    }

    /// Takes the lines that fit.
    fn take(&mut self, room: f32) -> Vec<Line> {
        let mut used = 0.0;
        let fits = |line: &&Line| {
            used += line.style.leading();
            used <= room
        };
        let count = self.all.iter().take_while(fits).count();
        self.all.drain(..count).collect()
    }
}

/// What is around a row.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Frame {
    /// Above and below the text.
    pub(super) padding: f32,
    /// Behind it.
    pub(super) background: Option<Color>,
    /// At its left edge.
    pub(super) bar: Option<Color>,
    /// Below it.
    pub(super) rule: Option<Color>,
}

/// Text on a sheet; without a node it is decoration.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) x: f32,
    pub(super) y: f32,
    /// From left to right.
    pub(super) pieces: Vec<Piece>,
    pub(super) style: Style,
    pub(super) node: Option<Node>,
}

/// A filled rectangle: left, top, width, height.
pub(super) type Area = ([f32; 4], Color);

/// One sheet.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub(super) areas: Vec<Area>,
    pub(super) runs: Vec<Run>,
}

/// An entry of the outline: text, sheet, height.
pub(super) type Entry = (String, usize, f32);

/// The sheets as they fill.
pub(super) struct Layout<'f> {
    pub(super) faces: &'f Faces,
    pub(super) structure: Structure,
    pub(super) outline: Vec<Entry>,
    /// Every sheet but the last.
    done: Vec<Sheet>,
    sheet: Sheet,
    y: f32,
    /// Repeated where a table goes on.
    table_header: Option<(Vec<Lines>, Frame)>,
}

impl<'f> Layout<'f> {
    pub(super) fn new(faces: &'f Faces, top: f32) -> Self {
        Self {
            faces,
            structure: Structure::default(),
            outline: Vec::new(),
            done: Vec::new(),
            sheet: Sheet::default(),
            y: top,
            table_header: None,
        }
    }

    /// Every sheet.
    pub(super) fn finish(mut self) -> (Vec<Sheet>, Structure, Vec<Entry>) {
        self.done.push(self.sheet);
        (self.done, self.structure, self.outline)
    }

    /// Leaves space, unless at the top of a sheet.
    pub(super) fn space(&mut self, points: f32) {
        if !self.sheet.runs.is_empty() {
            self.y += points;
        }
    }

    /// Goes down to this height, where the sheet is not filled that far.
    pub(super) fn down_to(&mut self, y: f32) {
        self.y = self.y.max(y);
    }

    /// Goes to the next sheet unless so much fits on this one.
    pub(super) fn keep(&mut self, points: f32) {
        if self.y + points > BOTTOM && !self.sheet.runs.is_empty() {
            self.next_sheet();
        }
    }

    /// Notes where a heading stands.
    pub(super) fn bookmark(&mut self, text: &str) {
        self.outline.push((text.to_owned(), self.done.len(), self.y));
    }

    fn next_sheet(&mut self) {
        self.done.push(std::mem::take(&mut self.sheet));
        self.y = TOP;
        if let Some((header, frame)) = self.table_header.clone() {
            self.draw(&header, frame);
        }
    }

    /// Begins a table with its header, which is drawn again on every sheet that the table reaches.
    pub(super) fn begin_table(&mut self, header: Vec<Lines>, frame: Frame) {
        self.draw(&header, frame);
        let undisclosed = |mut lines: Lines| {
            for line in &mut lines.all {
                line.node = None;
            }
            lines
        };
        self.table_header = Some((header.into_iter().map(undisclosed).collect(), frame));
    }

    /// Ends it.
    pub(super) fn end_table(&mut self) {
        self.table_header = None;
    }

    /// Draws a row that is known to fit.
    fn draw(&mut self, columns: &[Lines], frame: Frame) {
        let height = columns.iter().map(Lines::height).fold(0.0, f32::max) + 2.0 * frame.padding;
        self.frame(height, frame);
        for column in columns {
            self.column(column, &column.all, frame.padding);
        }
        self.y += height;
    }

    /// Puts a row on the sheet, or on the next, or on as many as it takes.
    pub(super) fn row(&mut self, mut columns: Vec<Lines>, frame: Frame) {
        let whole = columns.iter().map(Lines::height).fold(0.0, f32::max) + 2.0 * frame.padding;
        if whole <= BOTTOM - TOP - 60.0 {
            self.keep(whole);
        }
        loop {
            let room = BOTTOM - self.y - 2.0 * frame.padding;
            let parts: Vec<Lines> = columns.iter_mut().map(|column| Lines { all: column.take(room), ..column.clone() }).collect();
            if parts.iter().any(|part| !part.all.is_empty()) {
                self.draw(&parts, frame);
            }
            if columns.iter().all(|column| column.all.is_empty()) {
                break;
            }
            self.next_sheet();
        }
        if let Some(color) = frame.rule {
            self.sheet.areas.push(([LEFT, self.y, WIDTH, 0.6], color));
        }
    }

    fn frame(&mut self, height: f32, frame: Frame) {
        if let Some(color) = frame.background {
            self.sheet.areas.push(([LEFT, self.y, WIDTH, height], color));
        }
        if let Some(color) = frame.bar {
            self.sheet.areas.push(([LEFT, self.y, 4.0, height], color));
        }
    }

    fn column(&mut self, column: &Lines, lines: &[Line], padding: f32) {
        let mut y = self.y + padding;
        for line in lines {
            // what runs from right to left begins at the right
            let flush_right = column.to_the_right || (line.right_to_left && !column.to_the_left);
            let set = if flush_right || line.right_to_left { line.text.trim_end() } else { &line.text };
            let pieces = self.faces.set(set, line.style.weight, Some(line.right_to_left));
            let width = pieces.iter().map(|piece| piece.width).sum::<f32>() * line.style.size;
            let shift = if flush_right { column.width - width } else { 0.0 };
            // the baseline: the text's own height, and half of what the leading adds
            let baseline = y + line.style.size * 0.9 + (line.style.leading() - line.style.size) / 2.0 - line.style.size * 0.02;
            if !line.text.is_empty() {
                self.sheet.runs.push(Run { x: column.x + shift, y: baseline, pieces, style: line.style, node: line.node });
            }
            y += line.style.leading();
        }
    }
}
