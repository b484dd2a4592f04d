//! The fonts that ship with the program. They are read when a PDF is set and let go afterwards; an idle service holds none.
//!
//! Letters of Europe and Vietnam are set one by one. Every other script has a font of its own, whose letters a shaper joins and places.

use super::shaping::{self, Piece};
use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider as _};
use std::cell::OnceCell;
use unicode_normalization::UnicodeNormalization as _;

static REGULAR: &[u8] = include_bytes!("../../../assets/fonts/LiberationSans-Regular.ttf");
static BOLD: &[u8] = include_bytes!("../../../assets/fonts/LiberationSans-Bold.ttf");
static ARABIC: [&[u8]; 2] = [
    include_bytes!("../../../assets/fonts/NotoSansArabic-Regular.ttf"),
    include_bytes!("../../../assets/fonts/NotoSansArabic-Bold.ttf"),
];
static HEBREW: [&[u8]; 2] = [
    include_bytes!("../../../assets/fonts/NotoSansHebrew-Regular.ttf"),
    include_bytes!("../../../assets/fonts/NotoSansHebrew-Bold.ttf"),
];
static DEVANAGARI: [&[u8]; 2] = [
    include_bytes!("../../../assets/fonts/NotoSansDevanagari-Regular.ttf"),
    include_bytes!("../../../assets/fonts/NotoSansDevanagari-Bold.ttf"),
];
static THAI: [&[u8]; 2] = [
    include_bytes!("../../../assets/fonts/NotoSansThai-Regular.ttf"),
    include_bytes!("../../../assets/fonts/NotoSansThai-Bold.ttf"),
];
static GEORGIAN: [&[u8]; 2] = [
    include_bytes!("../../../assets/fonts/NotoSansGeorgian-Regular.ttf"),
    include_bytes!("../../../assets/fonts/NotoSansGeorgian-Bold.ttf"),
];
/// Korean. One weight is enough for names and addresses.
static HANGUL: &[u8] = include_bytes!("../../../assets/fonts/NotoSansKR-Regular.otf");
/// Chinese and Japanese. It has one weight.
static HAN: &[u8] = include_bytes!("../../../assets/fonts/DroidSansFallbackFull.ttf");

/// Stands for a character that no font has.
const MISSING: [char; 2] = ['\u{25a1}', '?'];

/// How heavy text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// A family of letters that one font has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    /// Latin, Greek and Cyrillic, and what all scripts share.
    Western,
    Arabic,
    Hebrew,
    Devanagari,
    Thai,
    Han,
    Hangul,
    Georgian,
}

impl Script {
    /// The script of a character; Western where no other font has it.
    pub(super) const fn of(character: char) -> Self {
        match character {
            '\u{590}'..='\u{5ff}' | '\u{fb1d}'..='\u{fb4f}' => Self::Hebrew,
            '\u{600}'..='\u{6ff}'
            | '\u{750}'..='\u{77f}'
            | '\u{8a0}'..='\u{8ff}'
            | '\u{fb50}'..='\u{fdff}'
            | '\u{fe70}'..='\u{feff}' => Self::Arabic,
            '\u{900}'..='\u{97f}' | '\u{a8e0}'..='\u{a8ff}' => Self::Devanagari,
            '\u{e00}'..='\u{e7f}' => Self::Thai,
            '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' | '\u{a960}'..='\u{a97f}' | '\u{ac00}'..='\u{d7ff}' => Self::Hangul,
            '\u{10a0}'..='\u{10ff}' | '\u{1c90}'..='\u{1cbf}' | '\u{2d00}'..='\u{2d2f}' => Self::Georgian,
            '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}' => Self::Han,
            _ => Self::Western,
        }
    }

    /// True where a line may end after any of its letters.
    pub(super) const fn breaks_anywhere(self) -> bool {
        matches!(self, Self::Han)
    }
}

/// Every font; those of other scripts are read where a text needs them.
pub(super) struct Faces {
    regular: Face,
    bold: Face,
    others: [[OnceCell<Option<Face>>; 2]; 7],
}

/// One font with what is looked up in it.
pub(super) struct Face {
    pub(super) font: Font,
    charmap: Charmap<'static>,
    metrics: GlyphMetrics<'static>,
    units_per_em: f32,
    shaper: Option<rustybuzz::Face<'static>>,
}

impl Faces {
    /// Reads the Western fonts; none where a shipped file is broken.
    pub(super) fn read() -> Option<Self> {
        Some(Self { regular: Face::read(REGULAR, false)?, bold: Face::read(BOLD, false)?, others: Default::default() })
    }

    /// The Western font of this weight.
    pub(super) const fn of(&self, weight: Weight) -> &Face {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    /// The font of a script in this weight; the Western one where a shipped file is broken.
    pub(super) fn of_script(&self, script: Script, weight: Weight) -> &Face {
        let (place, data) = match script {
            Script::Western => return self.of(weight),
            Script::Arabic => (0, ARABIC),
            Script::Hebrew => (1, HEBREW),
            Script::Devanagari => (2, DEVANAGARI),
            Script::Thai => (3, THAI),
            Script::Han => (4, [HAN, HAN]),
            Script::Hangul => (5, [HANGUL, HANGUL]),
            Script::Georgian => (6, GEORGIAN),
        };
        let variant = usize::from(weight == Weight::Bold);
        let (cells, data) = (self.others.get(place), data.get(variant).copied());
        let face = cells.and_then(|cells| cells.get(variant)).zip(data);
        face.and_then(|(cell, data)| cell.get_or_init(|| Face::read(data, true)).as_ref()).unwrap_or_else(|| self.of(weight))
    }

    /// True where some font has the character.
    fn has(&self, character: char, weight: Weight) -> bool {
        self.of(weight).has(character) || self.of_script(Script::of(character), weight).has(character)
    }

    /// How wide a line is at this size.
    pub(super) fn width(&self, text: &str, weight: Weight, size: f32) -> f32 {
        if self.is_plain(text, weight) {
            return self.of(weight).width(text, size);
        }
        shaping::set(self, text, weight, None).iter().map(|piece| piece.width).sum::<f32>() * size
    }

    /// The line as it is drawn, from left to right. `right_to_left` is the direction of the paragraph that it belongs to, where that is told.
    pub(super) fn set(&self, text: &str, weight: Weight, right_to_left: Option<bool>) -> Vec<Piece> {
        if self.is_plain(text, weight) {
            let face = self.of(weight);
            let glyphs = face.glyphs(text);
            let width = glyphs.iter().map(|glyph| glyph.x_advance).sum();
            return vec![Piece { script: Script::Western, text: text.to_owned(), glyphs, width, joined: false }];
        }
        shaping::set(self, text, weight, right_to_left)
    }

    /// True for text that is set letter by letter, from left to right.
    fn is_plain(&self, text: &str, weight: Weight) -> bool {
        text.is_ascii()
            || text.chars().all(|character| Script::of(character) == Script::Western && self.of(weight).has(character))
    }

    /// Text that the fonts can set: composed, without control characters but line breaks, and with a mark for what is missing.
    pub(super) fn settable(&self, text: &str, weight: Weight) -> String {
        let mark = MISSING.into_iter().find(|mark| self.of(weight).has(*mark)).unwrap_or(' ');
        let known = |character: char| match character {
            '\n' => Some('\n'),
            // direction is worked out from the letters; joiners matter to the shaper only
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => None,
            '\u{200c}' | '\u{200d}' => Some(character),
            control if control.is_control() || control.is_whitespace() => Some(' '),
            other if self.has(other, weight) => Some(other),
            _ => Some(mark),
        };
        let composed: String = text.nfc().collect();
        let joins = composed.chars().any(|character| Script::of(character) != Script::Western);
        composed.chars().filter_map(known).filter(|character| joins || !matches!(character, '\u{200c}' | '\u{200d}')).collect()
    }
}

impl Face {
    fn read(data: &'static [u8], joins: bool) -> Option<Self> {
        let font = Font::new(data.into(), 0)?;
        let tables = FontRef::from_index(data, 0).ok()?;
        let metrics = tables.glyph_metrics(Size::unscaled(), LocationRef::default());
        let shaper = if joins { Some(rustybuzz::Face::from_slice(data, 0)?) } else { None };
        Some(Self { units_per_em: font.units_per_em(), font, charmap: tables.charmap(), metrics, shaper })
    }

    /// True where it has the character.
    pub(super) fn has(&self, character: char) -> bool {
        self.charmap.map(character).is_some()
    }

    /// What joins and places its letters.
    pub(super) const fn shaper(&self) -> Option<&rustybuzz::Face<'static>> {
        self.shaper.as_ref()
    }

    /// Parts of a size in one em.
    pub(super) const fn units_per_em(&self) -> f32 {
        self.units_per_em
    }

    /// The glyph of a character and its width in parts of the size.
    fn glyph(&self, character: char) -> (u32, f32) {
        let glyph = self.charmap.map(character).unwrap_or_default();
        let width = self.metrics.advance_width(glyph).unwrap_or_default() / self.units_per_em;
        (glyph.to_u32(), width)
    }

    fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|character| self.glyph(character).1).sum::<f32>() * size
    }

    /// The glyphs of a line, one for each character.
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
}
