//! Text that people have to write, such as a rationale. What nobody can see or read says nothing, however many characters it has.

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
    let mut parts: Vec<(u32, u32)> = Vec::new();
    for day in days {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == *day => *last = *day,
            _ => parts.push((*day, *day)),
        }
    }
    let word = |(first, last): &(u32, u32)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first}-{last}"),
    };
    parts.iter().map(word).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{day_list, said, says_something};

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
