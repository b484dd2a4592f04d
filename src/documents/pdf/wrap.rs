//! Breaking text into lines.

use super::fonts::Face;

/// The lines of a text that fit this width, in points, at this size. A word that is wider than a line is broken where it must be.
pub(super) fn wrap(face: &Face, text: &str, size: f32, width: f32) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in face.settable(text).split('\n') {
        let mut line = String::new();
        let mut used = 0.0;
        for piece in pieces(paragraph) {
            let wide = face.width(piece, size);
            let visible = face.width(piece.trim_end(), size);
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
                let next = face.width(character.encode_utf8(&mut [0; 4]), size);
                if used + next > width && !line.is_empty() && character != ' ' {
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

/// Words with what follows them: a line may end after a space, a hyphen or a slash.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive([' ', '-', '/'])
}

#[cfg(test)]
mod tests {
    use super::wrap;
    use crate::documents::pdf::fonts::{Faces, Weight};

    #[test]
    fn lines_fit_and_nothing_is_lost() {
        let faces = Faces::read().unwrap();
        let face = faces.of(Weight::Regular);
        let text = "a treatment plan with anextraordinarilylongwordthatfitsnoline and\nÁgua, español; plan-comparison \u{4e2d}";
        let lines = wrap(face, text, 10.0, 80.0);
        assert!(lines.iter().all(|line| face.width(line.trim_end(), 10.0) <= 80.0), "{lines:?}");
        let whole = text.replace('\u{4e2d}', "\u{25a1}").replace('\n', "");
        assert_eq!(lines.concat(), whole);
        assert_eq!(wrap(face, "", 10.0, 80.0), [""]);
    }
}
