//! Text that people have to write, such as a rationale. What nobody can see or read says nothing, however many characters it has.

use std::fmt::Write as _;
use unicode_normalization::char::is_combining_mark;

/// Letters by Unicode's tables that are drawn as nothing: the fillers of Hangul.
const FILLERS: [char; 4] = ['\u{115F}', '\u{1160}', '\u{3164}', '\u{FFA0}'];

/// True for text that says something: a letter or a digit of any script. White space, control and format characters, marks without a
/// letter under them, and punctuation alone do not.
pub fn says_something(text: &str) -> bool {
    text.chars().any(|c| c.is_alphanumeric() && !is_combining_mark(c) && !FILLERS.contains(&c))
}

/// With a capital at the beginning.
pub fn capitalize(text: &str) -> String {
    let mut characters = text.chars();
    let mut capitalized = String::with_capacity(text.len() + 1);
    capitalized.extend(characters.next().into_iter().flat_map(char::to_uppercase));
    capitalized.push_str(characters.as_str());
    capitalized
}

/// The text without white space around it; none where it says nothing.
pub fn said(text: &str) -> Option<&str> {
    says_something(text).then(|| text.trim())
}

/// Days as people write them: `1, 8, 15` or `1-14`.
pub fn day_list(days: &[u32]) -> String {
    let mut text = String::new();
    push_days(&mut text, days);
    text
}

/// Writes a list of days.
pub fn push_days(text: &mut String, days: &[u32]) {
    for (index, run) in days.chunk_by(|day, next| day + 1 == *next).enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        match run {
            [] => {}
            [only] => push_day(text, *only),
            [first, last] => {
                push_day(text, *first);
                text.push_str(", ");
                push_day(text, *last);
            }
            [first, .., last] => {
                push_day(text, *first);
                text.push('-');
                push_day(text, *last);
            }
        }
    }
}

fn push_day(text: &mut String, day: u32) {
    push_number(text, usize::try_from(day).unwrap_or(usize::MAX));
}

/// Parts of a path one after another, and a number at its end: `general/2`. Findings have some, and formatting takes ten times as long.
pub fn numbered(parts: &[&str], number: usize) -> String {
    let mut path = String::with_capacity(parts.iter().map(|part| part.len()).sum::<usize>() + 4);
    for part in parts {
        path.push_str(part);
    }
    push_number(&mut path, number);
    path
}

/// The digits of a number.
pub fn push_number(text: &mut String, number: usize) {
    if number >= 10 {
        push_number(text, number / 10);
    }
    text.push(char::from(b'0' + u8::try_from(number % 10).unwrap_or(0)));
}

/// Writes a number as people read it, and as Rust writes it: `75`, `1.4`. Most are whole, which takes a tenth of the time.
pub fn push_amount(text: &mut String, amount: f64) {
    if amount.is_sign_positive() && amount < 1e15 && amount.fract() == 0.0 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, positive and below 1e15")]
        let whole = amount as usize;
        return push_number(text, whole);
    }
    // writing to a string does not fail
    let _ = write!(text, "{amount}");
}

/// A route as people write it: `IV`, `IV push`, `oral`, `intravesical`. Only short names are abbreviations.
pub fn route_in_words(route: &str) -> String {
    let word = |part: &str| if part.len() <= "iv".len() { part.to_ascii_uppercase() } else { part.to_ascii_lowercase() };
    route.split('_').filter(|part| !part.is_empty()).map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{day_list, numbered, push_amount, said, says_something};

    #[test]
    fn a_number_is_written_as_ever() {
        for amount in [0.0, -0.0, 1.0, 75.0, 1.4, 0.1, -3.0, 1e14, 1e15, 1e16, 1e-7, f64::MAX, f64::INFINITY, f64::NAN] {
            let mut text = String::new();
            push_amount(&mut text, amount);
            assert_eq!(text, amount.to_string());
        }
    }

    #[test]
    fn a_number_at_the_end_of_a_path_has_its_digits() {
        for number in [0, 7, 10, 42, 1900, usize::MAX] {
            assert_eq!(numbered(&["f", "/"], number), format!("f/{number}"));
        }
    }

    #[test]
    fn only_what_can_be_read_says_something() {
        // proves DET-10
        for text in ["no", "7", " x ", "ß", "не", "不符合", "não", "\u{200B}why\u{200B}", "A\u{301}", "½"] {
            assert!(says_something(text), "{text:?}");
        }
        let nothing = [
            "",
            " \t\r\n",
            "\u{A0}\u{2003}\u{3000}",                   // spaces of other widths
            "\u{200B}\u{200C}\u{200D}\u{2060}\u{FEFF}", // zero width
            "\u{AD}\u{202E}\u{2066}\u{E0041}",          // format characters and tags
            "\u{0}\u{7}\u{1B}\u{85}",                   // control characters
            "\u{301}\u{345}\u{903}\u{20DD}\u{FE0F}",    // marks without a letter, of every kind
            "\u{115F}\u{1160}\u{3164}\u{FFA0}\u{17B4}", // fillers
            "\u{2800}\u{FFFC}\u{FFFD}\u{E000}",
            "...",
            "-",
            "?!",
            "\u{2014}",
        ];
        for text in nothing {
            assert!(!says_something(text), "{text:?}");
            assert_eq!(said(text), None);
        }
        assert_eq!(said("  because \n"), Some("because"));
    }

    #[test]
    fn days_are_written_as_people_write_them() {
        assert_eq!(day_list(&[1]), "1");
        assert_eq!(day_list(&[1, 8, 15]), "1, 8, 15");
        assert_eq!(day_list(&[1, 2]), "1, 2");
        assert_eq!(day_list(&(1..=14).collect::<Vec<_>>()), "1-14");
        assert_eq!(day_list(&[1, 2, 3, 4, 8, 9, 10, 11]), "1-4, 8-11");
    }
}
