//! Text as search sees it, and how alike two words are. Providers' names are folded the same way by migration 0040.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Words shorter than this are taken as typed.
const SHORTEST_MISSPELT: usize = 4;

/// Lower case words of a-z and 0-9, without accents and apostrophes, with single spaces.
pub fn fold(text: &str) -> String {
    folded(text, |letter| letter.is_ascii_alphanumeric())
}

/// The same in every script.
pub fn fold_names(text: &str) -> String {
    folded(text, char::is_alphanumeric)
}

fn folded(text: &str, stays: impl Fn(char) -> bool) -> String {
    let mut folded = String::with_capacity(text.len());
    for character in text.nfkd() {
        match character {
            '\'' | '’' | '‘' | '`' | '´' => {}
            'ø' | 'Ø' => folded.push('o'),
            'ł' | 'Ł' => folded.push('l'),
            'đ' | 'Đ' => folded.push('d'),
            'ß' => folded.push_str("ss"),
            mark if is_combining_mark(mark) => {}
            // the small letter at the end of a word
            'ς' if stays('σ') => folded.push('σ'),
            letter if stays(letter) => folded.extend(letter.to_lowercase()),
            _ if folded.is_empty() || folded.ends_with(' ') => {}
            _ => folded.push(' '),
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// How many letters may be wrong in a word: none in a short one, two in a long one.
pub fn tolerance(typed: &str) -> usize {
    match typed.len() {
        ..SHORTEST_MISSPELT => 0,
        SHORTEST_MISSPELT..7 => 1,
        _ => 2,
    }
}

/// How many letters of `typed` are wrong, should `word` or its beginning be meant; none where it is more than the tolerance. Letters
/// left out, added, replaced, or swapped with their neighbour count one each.
pub fn wrong_letters(typed: &str, word: &str) -> Option<usize> {
    let tolerance = tolerance(typed);
    if word.len() + tolerance < typed.len() {
        return None;
    }
    // the beginnings that the typed letters may be meant for; folded text is ASCII, so every place is a boundary
    let shortest = typed.len().saturating_sub(tolerance);
    let longest = typed.len() + tolerance;
    let beginnings = (shortest..=longest).filter_map(|length| word.get(..length)).chain(std::iter::once(word));
    let fewest = beginnings.filter(|part| part.len() <= longest).map(|part| strsim::osa_distance(typed, part)).min()?;
    (fewest <= tolerance).then_some(fewest)
}

/// The beginning of a typed word by which misspellings are recognised, and the same with one letter left out.
pub fn variants(typed: &str) -> Vec<String> {
    let size = if typed.len() >= 6 { 6 } else { 4 };
    let Some(beginning) = typed.get(..size) else { return Vec::new() };
    let without = |place: usize| Some(format!("{}{}", beginning.get(..place)?, beginning.get(place + 1..)?));
    let mut variants: Vec<String> = (0..size).filter_map(without).collect();
    variants.push(beginning.to_owned());
    variants
}

#[cfg(test)]
mod tests {
    use super::{fold, variants, wrong_letters};

    #[test]
    fn case_accents_and_punctuation_do_not_matter() {
        assert_eq!(fold("  O’Brien-Núñez, Straße  Ø. "), "obrien nunez strasse o");
        assert_eq!(fold("C50.911"), "c50 911");
        assert_eq!(fold("--"), "");
    }

    #[test]
    fn one_wrong_letter_is_forgiven_in_a_word_and_two_in_a_long_one_also_while_it_is_typed() {
        for (typed, word, expected) in [
            ("smith", "smith", Some(0)),
            ("smtih", "smith", Some(1)),
            ("smit", "smithson", Some(0)),
            ("jonson", "johnson", Some(1)),
            ("clincia", "clinician", Some(1)),
            ("pembrolizumba", "pembrolizumab", Some(1)),
            ("pembrozilumab", "pembrolizumab", Some(2)),
            ("smi", "sam", None),
            ("smith", "south", None),
            ("smithson", "smith", None),
        ] {
            assert_eq!(wrong_letters(typed, word), expected, "{typed} for {word}");
        }
    }

    #[test]
    fn a_misspelt_word_shares_a_variant_with_the_word_meant() {
        for (typed, meant) in
            [("smtih", "smit"), ("sampel", "sample"), ("infsuion", "infusi"), ("clincian", "clinic"), ("jonson", "johnso")]
        {
            let meant: Vec<String> = variants(meant);
            assert!(variants(typed).iter().any(|variant| meant.contains(variant)), "{typed}");
        }
    }
}
