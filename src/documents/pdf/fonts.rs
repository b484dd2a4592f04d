//! The fonts that ship with the program. They are read when a PDF is set and let go afterwards; an idle service holds none.

use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider as _};
use unicode_normalization::UnicodeNormalization as _;

static REGULAR: &[u8] = include_bytes!("../../../assets/fonts/LiberationSans-Regular.ttf");
static BOLD: &[u8] = include_bytes!("../../../assets/fonts/LiberationSans-Bold.ttf");

/// Stands for a character that the font does not have.
const MISSING: [char; 2] = ['\u{25a1}', '?'];

/// How heavy text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// Both fonts.
pub(super) struct Faces {
    regular: Face,
    bold: Face,
}

/// One font with what is looked up in it.
pub(super) struct Face {
    pub(super) font: Font,
    charmap: Charmap<'static>,
    metrics: GlyphMetrics<'static>,
    units_per_em: f32,
}

impl Faces {
    /// Reads both; none where a shipped file is broken.
    pub(super) fn read() -> Option<Self> {
        Some(Self { regular: Face::read(REGULAR)?, bold: Face::read(BOLD)? })
    }

    /// The font of this weight.
    pub(super) const fn of(&self, weight: Weight) -> &Face {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }
}

impl Face {
    fn read(data: &'static [u8]) -> Option<Self> {
        let font = Font::new(data.into(), 0)?;
        let tables = FontRef::from_index(data, 0).ok()?;
        let metrics = tables.glyph_metrics(Size::unscaled(), LocationRef::default());
        Some(Self { units_per_em: font.units_per_em(), font, charmap: tables.charmap(), metrics })
    }

    /// The glyph of a character and its width in parts of the size.
    fn glyph(&self, character: char) -> (u32, f32) {
        let glyph = self.charmap.map(character).unwrap_or_default();
        let width = self.metrics.advance_width(glyph).unwrap_or_default() / self.units_per_em;
        (glyph.to_u32(), width)
    }

    /// How wide a line is at this size.
    pub(super) fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|character| self.glyph(character).1).sum::<f32>() * size
    }

    /// The glyphs of a line.
    pub(super) fn glyphs(&self, text: &str) -> Vec<KrillaGlyph> {
        let glyph = |(start, character): (usize, char)| {
            let (id, width) = self.glyph(character);
            KrillaGlyph {
                glyph_id: GlyphId::new(id),
                text_range: start..start + character.len_utf8(),
                x_advance: width,
                x_offset: 0.0,
                y_offset: 0.0,
                y_advance: 0.0,
                location: None,
            }
        };
        text.char_indices().map(glyph).collect()
    }

    /// Text that this font can set: composed, without control characters but line breaks, and with a mark for what is missing.
    pub(super) fn settable(&self, text: &str) -> String {
        let mark = MISSING.into_iter().find(|mark| self.charmap.map(*mark).is_some()).unwrap_or(' ');
        let known = |character: char| match character {
            '\n' => '\n',
            control if control.is_control() || control.is_whitespace() => ' ',
            other if self.charmap.map(other).is_some() => other,
            _ => mark,
        };
        text.nfc().map(known).collect()
    }
}
