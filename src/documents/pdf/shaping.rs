//! From text to glyphs where letters join, stand above one another or run from right to left: the bidirectional algorithm orders the runs of
//! a line, and a shaper sets each in the font of its script.

use super::fonts::{Faces, Script, Weight};
use krilla::text::{GlyphId, KrillaGlyph};
use rustybuzz::{BufferClusterLevel, Direction, UnicodeBuffer};
use unicode_bidi::{BidiInfo, Level};

/// A part of a line in one font and one direction.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// Whose font it is set in.
    pub(super) script: Script,
    /// The text, in the order in which it is read.
    pub(super) text: String,
    /// Its glyphs, from left to right.
    pub(super) glyphs: Vec<KrillaGlyph>,
    /// Its width in parts of the size.
    pub(super) width: f32,
    /// True where the glyphs do not say the text by themselves: it is told beside them.
    pub(super) joined: bool,
}

/// True where a paragraph runs from right to left: its first letter with a direction does.
pub(super) fn runs_right_to_left(text: &str) -> bool {
    let info = BidiInfo::new(text, None);
    info.paragraphs.first().is_some_and(|paragraph| paragraph.level.is_rtl())
}

/// The pieces of a line, from left to right.
pub(super) fn set(faces: &Faces, line: &str, weight: Weight, right_to_left: Option<bool>) -> Vec<Piece> {
    let base = right_to_left.map(|is_so| if is_so { Level::rtl() } else { Level::ltr() });
    let info = BidiInfo::new(line, base);
    let Some(paragraph) = info.paragraphs.first() else { return Vec::new() };
    let (levels, runs) = info.visual_runs(paragraph, paragraph.range.clone());
    let mut pieces = Vec::new();
    for run in runs {
        let is_rtl = levels.get(run.start).is_some_and(Level::is_rtl);
        let Some(text) = line.get(run) else { continue };
        let mut of_run: Vec<Piece> =
            by_script(text).into_iter().map(|(script, text)| piece(faces, script, text, weight, is_rtl)).collect();
        if is_rtl {
            of_run.reverse();
        }
        pieces.extend(of_run);
    }
    pieces
}

/// The text in parts of one script. What all scripts share, such as spaces and digits, goes with what stands before it, where a font of that
/// script has it.
fn by_script(text: &str) -> Vec<(Script, &str)> {
    let mut parts = Vec::new();
    let (mut start, mut current) = (0, None);
    for (at, character) in text.char_indices() {
        let script = Script::of(character);
        let shared = script == Script::Western && !character.is_alphanumeric();
        match current {
            None => current = Some(script),
            Some(known) if known == script || (shared && known != Script::Western && character == ' ') => {}
            Some(known) => {
                parts.extend(text.get(start..at).map(|part| (known, part)));
                (start, current) = (at, Some(script));
            }
        }
    }
    if let (Some(script), Some(part)) = (current, text.get(start..).filter(|part| !part.is_empty())) {
        parts.push((script, part));
    }
    parts
}

fn piece(faces: &Faces, script: Script, text: &str, weight: Weight, is_rtl: bool) -> Piece {
    let face = faces.of_script(script, weight);
    let Some(shaper) = face.shaper() else {
        let text = if is_rtl { mirrored(text) } else { text.to_owned() };
        let glyphs = face.glyphs(&text);
        let width = glyphs.iter().map(|glyph| glyph.x_advance).sum();
        return Piece { script, text, glyphs, width, joined: false };
    };
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(text);
    // each mark says its own letter: a glyph that says its whole syllable would be read once for every glyph of it
    buffer.set_cluster_level(BufferClusterLevel::Characters);
    buffer.guess_segment_properties();
    buffer.set_direction(if is_rtl { Direction::RightToLeft } else { Direction::LeftToRight });
    let outcome = rustybuzz::shape(shaper, &[], buffer);
    let scale = 1.0 / face.units_per_em();
    #[expect(clippy::cast_precision_loss, reason = "parts of an em are far below 2^24")]
    let part = |units: i32| units as f32 * scale;
    let starts: Vec<usize> = outcome.glyph_infos().iter().map(|info| info.cluster as usize).collect();
    let mut bounds = starts.clone();
    bounds.sort_unstable();
    bounds.dedup();
    let end_of = |start: usize| bounds.iter().copied().find(|bound| *bound > start).unwrap_or(text.len());
    let glyphs = outcome.glyph_infos().iter().zip(outcome.glyph_positions()).map(|(info, position)| KrillaGlyph {
        glyph_id: GlyphId::new(info.glyph_id),
        text_range: info.cluster as usize..end_of(info.cluster as usize),
        x_advance: part(position.x_advance),
        x_offset: part(position.x_offset),
        y_offset: part(position.y_offset),
        y_advance: 0.0,
        location: None,
    });
    let glyphs: Vec<KrillaGlyph> = glyphs.collect();
    let width = glyphs.iter().map(|glyph| glyph.x_advance).sum();
    Piece { script, text: text.to_owned(), glyphs, width, joined: script != Script::Han }
}

/// Punctuation of a run from right to left, set by a font that joins nothing: drawn in the order of its reader, with brackets turned.
fn mirrored(text: &str) -> String {
    let turned = |character: char| match character {
        '(' => ')',
        ')' => '(',
        '[' => ']',
        ']' => '[',
        '«' => '»',
        '»' => '«',
        other => other,
    };
    text.chars().rev().map(turned).collect()
}

#[cfg(test)]
mod tests {
    use super::{Piece, Script, by_script, runs_right_to_left, set};
    use crate::documents::pdf::fonts::{Faces, Weight};

    #[test]
    fn every_script_has_its_font_and_no_letter_is_missing() {
        let faces = Faces::read().unwrap();
        for (text, script) in [
            ("محمد عبد الله", Script::Arabic),
            ("שרה כהן", Script::Hebrew),
            ("王小明", Script::Han),
            ("สมชาย ใจดี", Script::Thai),
            ("김지훈", Script::Hangul),
            ("გიორგი ბერიძე", Script::Georgian),
            ("प्रिया शर्मा", Script::Devanagari),
            ("Nguyễn Thị Ánh", Script::Western),
            ("Łukasz Wiśniewski", Script::Western),
        ] {
            for weight in [Weight::Regular, Weight::Bold] {
                assert_eq!(faces.settable(text, weight), text);
                let pieces = faces.set(text, weight, None);
                assert!(pieces.iter().all(|piece| piece.script == script), "{text}: {pieces:?}");
                let missing = pieces.iter().flat_map(|piece| &piece.glyphs).filter(|glyph| glyph.glyph_id.to_u32() == 0);
                assert_eq!(missing.count(), 0, "{text}");
                assert!(faces.width(text, weight, 10.0) > 20.0, "{text}");
            }
        }
    }

    /// What a reader gets that takes the text from the glyphs, one after the other.
    fn read(text: &str) -> String {
        let faces = Faces::read().unwrap();
        let pieces = faces.set(text, Weight::Regular, None);
        let of_piece = |piece: &Piece| -> String {
            let ranges = piece.glyphs.iter().map(|glyph| glyph.text_range.clone());
            ranges.filter_map(|range| piece.text.get(range)).collect()
        };
        pieces.iter().map(of_piece).collect()
    }

    #[test]
    fn no_letter_is_read_twice() {
        assert_eq!(read("สมชาย ใจดี"), "สมชาย ใจดี");
        assert_eq!(read("ที่นี่"), "ที่นี่");
        // from right to left on the sheet; nothing is lost and nothing comes twice
        for text in ["דָּוִד כֹּהֵן", "प्रिया शर्मा", "मुझे यह दवा"] {
            let sorted = |text: &str| {
                let mut letters: Vec<char> = text.chars().collect();
                letters.sort_unstable();
                letters
            };
            assert_eq!(sorted(&read(text)), sorted(text), "{text}");
        }
    }

    #[test]
    fn runs_stand_as_their_readers_read_them() {
        let faces = Faces::read().unwrap();
        assert!(runs_right_to_left("محمد (Order 12)") && !runs_right_to_left("Dear محمد:"));
        // from left to right on the sheet: the name in the middle, its words from right to left
        let pieces = set(&faces, "Dear محمد عبد:", Weight::Regular, None);
        let texts: Vec<&str> = pieces.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(texts, ["Dear ", "محمد عبد", ":"]);
        // Arabic letters join: fewer forms stand alone than in a list of letters
        let joined = set(&faces, "محمد", Weight::Regular, None);
        let single: Vec<u32> = "محمد"
            .chars()
            .flat_map(|c| set(&faces, &c.to_string(), Weight::Regular, None))
            .flat_map(|piece| piece.glyphs)
            .map(|glyph| glyph.glyph_id.to_u32())
            .collect();
        let drawn: Vec<u32> = joined.iter().flat_map(|piece| &piece.glyphs).map(|glyph| glyph.glyph_id.to_u32()).collect();
        assert_ne!(drawn, single.iter().rev().copied().collect::<Vec<_>>());
        assert_eq!(by_script("王 12").len(), 2);
    }
}
