//! Breaking text into lines.

use super::fonts::{Faces, Script, Weight};
use unicode_normalization::char::is_combining_mark;

/// The lines of a text that fit this width, in points, at this size. A word that is wider than a line is broken where it must be.
pub(super) fn wrap(faces: &Faces, weight: Weight, text: &str, size: f32, width: f32) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in faces.settable(text, weight).split('\n') {
        let mut line = String::new();
        let mut used = 0.0;
        for piece in pieces(paragraph) {
            let wide = faces.width(piece, weight, size);
            let visible = faces.width(piece.trim_end(), weight, size);
            if used + visible <= width {
                line.push_str(piece);
                used += wide;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                used = 0.0;
            }
            for character in piece.chars() {
                let next = faces.width(character.encode_utf8(&mut [0; 4]), weight, size);
                let may_break = character != ' ' && !is_combining_mark(character);
                if used + next > width && !line.is_empty() && may_break {
                    lines.push(std::mem::take(&mut line));
                    used = 0.0;
                }
                line.push(character);
                used += next;
            }
        }
        lines.push(line);
    }
    lines
}

/// Words with what follows them: a line may end after a space, a hyphen or a slash, and after any letter of Chinese or Japanese that
/// no punctuation follows.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut letters = text.char_indices().peekable();
    while let Some((at, character)) = letters.next() {
        let next = letters.peek().map(|(_, next)| *next);
        let end = at + character.len_utf8();
        let after_han = Script::of(character).breaks_anywhere() && next.is_some_and(char::is_alphanumeric);
        let before_han =
            character.is_alphanumeric() && next.is_some_and(|next| Script::of(next).breaks_anywhere() && next.is_alphanumeric());
        if matches!(character, ' ' | '-' | '/') || after_han || before_han {
            pieces.extend(text.get(start..end));
            start = end;
        }
    }
    pieces.extend(text.get(start..).filter(|rest| !rest.is_empty()));
    pieces
}

#[cfg(test)]
mod tests {
    use super::{pieces, wrap};
    use crate::documents::pdf::fonts::{Faces, Weight};

    #[test]
    fn lines_fit_and_nothing_is_lost() {
        let faces = Faces::read().unwrap();
        let text =
            "a treatment plan with anextraordinarilylongwordthatfitsnoline and\nÁgua, español; plan-comparison \u{4e2d}\u{1f600}";
        let lines = wrap(&faces, Weight::Regular, text, 10.0, 80.0);
        assert!(lines.iter().all(|line| faces.width(line.trim_end(), Weight::Regular, 10.0) <= 80.0), "{lines:?}");
        let whole = text.replace('\u{1f600}', "\u{25a1}").replace('\n', "");
        assert_eq!(lines.concat(), whole);
        assert_eq!(wrap(&faces, Weight::Regular, "", 10.0, 80.0), [""]);
    }

    #[test]
    fn chinese_breaks_between_its_letters_and_not_before_a_full_stop() {
        assert_eq!(pieces("王小明。a b"), ["王", "小", "明。", "a ", "b"]);
        let faces = Faces::read().unwrap();
        let lines = wrap(&faces, Weight::Regular, &"中".repeat(40), 10.0, 100.0);
        assert!(lines.len() > 3 && lines.iter().all(|line| faces.width(line, Weight::Regular, 10.0) <= 100.0), "{lines:?}");
    }
}
