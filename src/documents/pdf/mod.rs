//! A document as PDF/UA-1 on US Letter: tagged, with its language, title and outline, embedded subsets of the shipped fonts, text that
//! can be selected, and the same bytes for the same document. The layout is ours and small: rows of lines, see `layout`.

mod fonts;
mod layout;
mod setting;
mod shaping;
mod structure;
mod wrap;

use super::Document;
use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use fonts::{Faces, Weight};
use krilla::SerializeSettings;
use krilla::color::rgb;
use krilla::configure::{Accessibility, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Rect, Transform};
use krilla::metadata::{self, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, Identifier, SpanTag};
use layout::{Area, BOTTOM, Color, Entry, INK, LEFT, PAGE, RULE, SOFT, Sheet, Style, WIDTH};
use shaping::Piece;
use structure::Node;

/// Of the letters across a marked sheet: what is printed over them stays readable.
const MARK: Color = [243, 222, 220];

/// Why a document could not be set.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// A font that ships with the program does not read.
    #[error("a shipped font does not read")]
    Font,
    /// The library asked for something impossible.
    #[error("{0} is out of range")]
    Range(&'static str),
    /// The file is not what the standard asks for.
    #[error("the file does not serialize: {0}")]
    Serialize(String),
}

/// Sets a document.
///
/// # Errors
/// [`PdfError`]; none of them depends on what callers wrote.
pub fn render(document: &Document) -> Result<Vec<u8>, PdfError> {
    let faces = Faces::read().ok_or(PdfError::Font)?;
    let (sheets, structure, outline) = setting::set(document, &faces);
    let configuration = ConfigurationBuilder::new().with_accessibility_validator(Accessibility::UA1).finish();
    let configuration = configuration.map_err(|_| PdfError::Range("the standard"))?;
    let mut pdf = krilla::Document::new_with(SerializeSettings { configuration, ..SerializeSettings::default() });
    pdf.set_metadata(metadata_of(document));
    pdf.set_outline(outline_of(&outline));
    let mut drawn = Vec::new();
    let count = sheets.len();
    for (index, sheet) in sheets.iter().enumerate() {
        let size = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or(PdfError::Range("the page"))?;
        let mut page = pdf.start_page_with(size);
        let mut surface = page.surface();
        let mut painter = Painter { surface: &mut surface, faces: &faces };
        painter.mark(document, index);
        painter.sheet(sheet, &mut drawn);
        painter.running(document, index, count);
        surface.finish();
        page.finish();
    }
    pdf.set_tag_tree(structure.tree(&drawn, document.language.as_deref().unwrap_or("en")));
    pdf.finish().map_err(|error| PdfError::Serialize(format!("{error:?}")))
}

fn metadata_of(document: &Document) -> Metadata {
    Metadata::new()
        .title(format!("{} · {}", document.title, document.reference))
        .language(document.language.clone().unwrap_or_else(|| "en".to_owned()))
        .authors(vec![document.letterhead.plan.clone()])
        .creator("oncoauth".to_owned())
        .producer("oncoauth".to_owned())
        .creation_date(date_of(document.dated))
}

/// The instant as PDF writes it; what is out of its range is left out.
fn date_of(at: DateTime<Utc>) -> metadata::DateTime {
    let part = |value: u32| u8::try_from(value).unwrap_or_default();
    metadata::DateTime::new(u16::try_from(at.year()).unwrap_or_default())
        .month(part(at.month()))
        .day(part(at.day()))
        .hour(part(at.hour()))
        .minute(part(at.minute()))
        .second(part(at.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

fn outline_of(entries: &[Entry]) -> Outline {
    let mut outline = Outline::new();
    for (text, sheet, y) in entries {
        outline.push_child(OutlineNode::new(text.clone(), XyzDestination::new(*sheet, Point::from_xy(LEFT, *y))));
    }
    outline
}

struct Painter<'p, 's> {
    surface: &'p mut Surface<'s>,
    faces: &'p Faces,
}

impl Painter<'_, '_> {
    fn sheet(&mut self, sheet: &Sheet, drawn: &mut Vec<(Node, Identifier)>) {
        for area in &sheet.areas {
            self.area(area);
        }
        for run in &sheet.runs {
            let mut x = run.x;
            for piece in &run.pieces {
                // letters that join do not say their text one by one
                let told = Some(piece.text.as_str()).filter(|_| piece.joined);
                let tag = match run.node {
                    Some(_) => ContentTag::Span(SpanTag::empty().with_actual_text(told)),
                    None => ContentTag::Artifact(Artifact::with_kind(ArtifactType::PaginationOther)),
                };
                let identifier = self.surface.start_tagged(tag);
                self.piece(piece, x, run.y, run.style);
                self.surface.end_tagged();
                drawn.extend(run.node.map(|node| (node, identifier)));
                x += piece.width * run.style.size;
            }
        }
    }

    /// What the document is not to be taken for: in large letters across the sheet, and in a line at the top of every sheet but the first.
    fn mark(&mut self, document: &Document, index: usize) {
        let Some(mark) = &document.mark else { return };
        let across = Style { weight: Weight::Bold, size: 34.0, color: MARK };
        let text = self.faces.settable(mark, across.weight);
        let (width, middle) = (self.faces.width(&text, across.weight, across.size), (PAGE.0 / 2.0, PAGE.1 / 2.0));
        self.surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Watermark)));
        self.surface.push_transform(&Transform::from_rotate_at(-38.0, middle.0, middle.1));
        self.text(&text, middle.0 - width / 2.0, middle.1, across);
        self.surface.pop();
        self.surface.end_tagged();
        // the first sheet says it in its text
        if index > 0 {
            self.line(ArtifactType::Header, &[mark], "", 26.0, Style { weight: Weight::Bold, size: 10.0, color: INK });
        }
    }

    /// Header, on every sheet but the first, and footer.
    fn running(&mut self, document: &Document, index: usize, count: usize) {
        let style = Style { weight: Weight::Regular, size: 8.2, color: SOFT };
        if index > 0 {
            self.area(&([LEFT, 52.0, WIDTH, 0.6], RULE));
            self.line(ArtifactType::Header, &[&document.letterhead.plan, &document.title], &document.reference, 46.0, style);
        }
        self.area(&([LEFT, BOTTOM + 14.0, WIDTH, 0.6], RULE));
        let page = document.page_of.as_deref().unwrap_or("Page {page} of {pages}");
        let page = page.replace("{pages}", &count.to_string()).replace("{page}", &(index + 1).to_string());
        self.line(ArtifactType::Footer, &[&document.letterhead.program, &document.reference], &page, BOTTOM + 27.0, style);
    }

    /// One line with text at both ends.
    fn line(&mut self, kind: ArtifactType, left: &[&str], right: &str, y: f32, style: Style) {
        let settable = |text: &str| self.faces.settable(text, style.weight);
        let (left, right) = (settable(&left.join(" · ")), settable(right));
        let x = LEFT + WIDTH - self.faces.width(&right, style.weight, style.size);
        self.surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(kind)));
        self.text(&left, LEFT, y, style);
        self.text(&right, x, y, style);
        self.surface.end_tagged();
    }

    fn area(&mut self, ([x, y, width, height], color): &Area) {
        let Some(rect) = Rect::from_xywh(*x, *y, *width, *height) else { return };
        let mut path = PathBuilder::new();
        path.push_rect(rect);
        let Some(path) = path.finish() else { return };
        self.surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
        self.fill(*color);
        self.surface.draw_path(&path);
        self.surface.end_tagged();
    }

    /// A line of its own, from this place on.
    fn text(&mut self, text: &str, x: f32, y: f32, style: Style) {
        let mut x = x;
        for piece in self.faces.set(text, style.weight, None) {
            self.piece(&piece, x, y, style);
            x += piece.width * style.size;
        }
    }

    fn piece(&mut self, piece: &Piece, x: f32, y: f32, style: Style) {
        let face = self.faces.of_script(piece.script, style.weight);
        self.fill(style.color);
        self.surface.draw_glyphs(Point::from_xy(x, y), &piece.glyphs, face.font.clone(), &piece.text, style.size, false);
    }

    fn fill(&mut self, [red, green, blue]: Color) {
        let paint = rgb::Color::new(red, green, blue).into();
        self.surface.set_fill(Some(Fill { paint, ..Fill::default() }));
    }
}
