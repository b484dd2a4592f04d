//! Names as different hands write them (INF-08): accents, letters of other alphabets' keyboards, hyphens, suffixes, middle initials.
//!
//! A name never identifies anybody alone. Whoever is compared by name is compared by date of birth, and by number, too; so a name may be
//! taken generously where two spellings are the same person's, and never where they contradict each other.

use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// A name reduced to what a typist can't get wrong: lower case, letters and digits only, accents dropped, and letters that no
/// decomposition takes apart written as typists write them. Equal keys mean the same name.
pub fn name_key(name: &str) -> String {
    if name.is_ascii() {
        return name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    }
    words(name, Spelling::Plain).concat()
}

/// True where both may be the given names of one person: `Mary A.`, `Mary` and `Mary Ann`, `Mary-Ann` and `Maryann`, `Jürgen` and
/// `Juergen`. Middle names that contradict each other are two persons'.
pub fn same_given_name(one: &str, other: &str) -> bool {
    if one.eq_ignore_ascii_case(other) && is_name(one) {
        return true;
    }
    both_spellings(one, other, |one, other| given_names_agree(&without_titles(one), &without_titles(other)))
}

/// True where both may be the surname of one person: `Smith Jr.` and `Smith`, `O'Brien` and `O Brien`, `de la Cruz` and `Cruz`. Two
/// different suffixes are a father's and his son's.
pub fn same_surname(one: &str, other: &str) -> bool {
    if one.eq_ignore_ascii_case(other) && is_name(one) {
        return true;
    }
    both_spellings(one, other, |one, other| {
        let (one, of_one) = without_suffix(one);
        let (other, of_other) = without_suffix(other);
        let suffixes_agree = of_one.is_none() || of_other.is_none() || of_one == of_other;
        suffixes_agree
            && !one.is_empty()
            && (one.concat() == other.concat() || without_particles(one).concat() == without_particles(other).concat())
    })
}

/// A coarse key under which somebody is looked up by name: the same for every spelling that [`same_given_name`] and [`same_surname`]
/// take for one. Who has the same key by chance is told apart by them. Empty where there is no name.
pub fn person_key(given: &str, surname: &str) -> String {
    let (given, surname) = (words(given, Spelling::Plain), words(surname, Spelling::Plain));
    let (surname, _) = without_suffix(&surname);
    let given = without_digraphs(&without_titles(&given).concat());
    let surname = without_digraphs(&surname.concat());
    let Some(initial) = given.chars().next().filter(|_| !surname.is_empty()) else { return String::new() };
    let letters = surname.chars().count();
    // the end of a surname stays, whatever particles come before it
    std::iter::once(initial).chain(surname.chars().skip(letters.saturating_sub(END))).collect()
}

/// True where there is a letter in a name.
pub fn is_name(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_alphabetic()) || name_key(text).chars().any(char::is_alphabetic)
}

/// So many letters of a surname's end count when somebody is looked up; the shortest that particles leave.
const END: usize = 2;

/// How a letter that English lacks is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// Without its mark: `ü` is `u`, `ø` is `o`.
    Plain,
    /// In two letters, as German and Scandinavian names are: `ü` is `ue`, `ø` is `oe`.
    InTwo,
}

/// Words of a name, lower case. Apostrophes join, everything else that is no letter separates.
fn words(name: &str, spelling: Spelling) -> Vec<String> {
    let composed: Cow<'_, str> = if name.is_ascii() { Cow::Borrowed(name) } else { Cow::Owned(name.nfc().collect()) };
    let mut found: Vec<String> = Vec::new();
    let mut inside = false;
    for written in composed.chars().filter(|c| !joins(*c)) {
        if let Some(text) = letters(written, spelling) {
            push(&mut found, &mut inside, text.chars());
            continue;
        }
        for c in std::iter::once(written).nfkd().filter(|c| !is_combining_mark(*c)) {
            match letters(c, spelling) {
                Some(text) => push(&mut found, &mut inside, text.chars()),
                None if c.is_alphanumeric() => push(&mut found, &mut inside, c.to_lowercase().filter(|c| !is_combining_mark(*c))),
                None => inside = false,
            }
        }
    }
    found
}

fn push(found: &mut Vec<String>, inside: &mut bool, letters: impl Iterator<Item = char>) {
    if !*inside {
        found.push(String::new());
    }
    *inside = true;
    if let Some(word) = found.last_mut() {
        word.extend(letters);
    }
}

/// Marks within a word: apostrophes of every kind, letters that modify others, and what nobody sees.
const fn joins(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | '`' | '´' | '′' | '＇' | '\u{2b0}'..='\u{2ff}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// Letters that no decomposition takes apart.
const fn letters(c: char, spelling: Spelling) -> Option<&'static str> {
    if matches!(spelling, Spelling::InTwo) {
        match c {
            'ä' | 'Ä' => return Some("ae"),
            'ö' | 'Ö' | 'ø' | 'Ø' => return Some("oe"),
            'ü' | 'Ü' => return Some("ue"),
            'å' | 'Å' => return Some("aa"),
            _ => {}
        }
    }
    Some(match c {
        'ß' | 'ẞ' => "ss",
        'æ' | 'Æ' | 'ǽ' | 'Ǽ' => "ae",
        'œ' | 'Œ' => "oe",
        'ø' | 'Ø' | 'ǿ' | 'Ǿ' => "o",
        'ł' | 'Ł' | 'ƚ' | 'Ƚ' => "l",
        'đ' | 'Đ' | 'ð' | 'Ð' | 'ɖ' | 'Ɖ' | 'ɗ' | 'Ɗ' => "d",
        'þ' | 'Þ' => "th",
        'ħ' | 'Ħ' => "h",
        'ı' | 'ɨ' | 'Ɨ' => "i",
        'ȷ' | 'ɉ' | 'Ɉ' => "j",
        'ĸ' | 'ƙ' | 'Ƙ' => "k",
        'ŋ' | 'Ŋ' | 'ɲ' | 'Ɲ' => "n",
        'ŧ' | 'Ŧ' | 'ƭ' | 'Ƭ' => "t",
        'ƀ' | 'Ƀ' | 'ɓ' | 'Ɓ' => "b",
        'ɠ' | 'Ɠ' | 'ǥ' | 'Ǥ' => "g",
        'ə' | 'Ə' => "a",
        'ʉ' | 'Ʉ' => "u",
        'ƶ' | 'Ƶ' => "z",
        'ȼ' | 'Ȼ' => "c",
        _ => return None,
    })
}

/// Compares two names in either spelling of each.
fn both_spellings(one: &str, other: &str, agree: impl Fn(&[String], &[String]) -> bool) -> bool {
    let (plain, other_plain) = (words(one, Spelling::Plain), words(other, Spelling::Plain));
    if agree(&plain, &other_plain) {
        return true;
    }
    (!one.is_ascii() && agree(&words(one, Spelling::InTwo), &other_plain))
        || (!other.is_ascii() && agree(&plain, &words(other, Spelling::InTwo)))
}

/// Given names as one list of words: without `Mrs` before and `Jr` behind.
fn without_titles(words: &[String]) -> Vec<String> {
    let (words, _) = without_suffix(words);
    let title = words.len() > 1 && words.first().is_some_and(|word| matches!(word.as_str(), "mr" | "mrs" | "ms" | "dr"));
    words.iter().skip(usize::from(title)).cloned().collect()
}

fn given_names_agree(one: &[String], other: &[String]) -> bool {
    let (Some((first, middle)), Some((other_first, other_middle))) = (one.split_first(), other.split_first()) else {
        return false;
    };
    if one.concat() == other.concat() {
        return true;
    }
    first == other_first
        && middle.iter().zip(other_middle).all(|(one, other)| one == other || is_initial(one, other) || is_initial(other, one))
}

fn is_initial(letter: &str, word: &str) -> bool {
    letter.chars().count() == 1 && word.starts_with(letter)
}

/// What stands behind a surname and is none: the generation, and degrees, which say nothing.
fn without_suffix(words: &[String]) -> (&[String], Option<&'static str>) {
    let mut words = words;
    let mut generation = None;
    while let Some((last, before)) = words.split_last().filter(|(_, before)| !before.is_empty()) {
        match last.as_str() {
            "jr" | "jnr" | "junior" => generation = Some("jr"),
            "sr" | "snr" | "senior" => generation = Some("sr"),
            "ii" | "2nd" => generation = Some("ii"),
            "iii" | "3rd" => generation = Some("iii"),
            "iv" | "4th" => generation = Some("iv"),
            "md" | "phd" | "esq" => {}
            _ => break,
        }
        words = before;
    }
    (words, generation)
}

/// Particles before a surname; never the whole of it: `Do`, `Le` and `Van` are surnames, too.
fn without_particles(words: &[String]) -> &[String] {
    let is_particle = |word: &str| {
        matches!(
            word,
            "de" | "del"
                | "della"
                | "di"
                | "da"
                | "do"
                | "dos"
                | "das"
                | "du"
                | "des"
                | "la"
                | "le"
                | "las"
                | "los"
                | "van"
                | "von"
                | "der"
                | "den"
                | "ten"
                | "ter"
                | "zu"
                | "zum"
                | "zur"
                | "el"
                | "al"
                | "af"
                | "av"
                | "y"
                | "e"
        )
    };
    let particles = words.iter().take_while(|word| is_particle(word)).count();
    words.get(particles.min(words.len().saturating_sub(1))..).unwrap_or_default()
}

/// Two letters that may stand for one with a mark become that one's letter.
fn without_digraphs(word: &str) -> String {
    let mut short = String::with_capacity(word.len());
    for c in word.chars() {
        let second = matches!((short.chars().next_back(), c), (Some('a' | 'o' | 'u'), 'e') | (Some('a'), 'a'));
        if !second {
            short.push(c);
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::{is_name, name_key, person_key, same_given_name, same_surname};

    #[test]
    fn names_agree_whatever_their_case_accents_and_punctuation() {
        // proves INF-08
        assert_eq!(name_key("  O’Brien-Núñez "), name_key("OBRIEN NUNEZ"));
        assert_ne!(name_key("Test"), name_key("Tess"));
        for (written, typed) in [
            ("Łukasz", "Lukasz"),
            ("Søren", "soren"),
            ("Østerby", "Osterby"),
            ("Strauß", "STRAUSS"),
            ("Işık", "Isik"),
            ("İbrahim", "ibrahim"),
            ("Đorđević", "Dordevic"),
            ("Guðrún", "Gudrun"),
            ("Þórsson", "Thorsson"),
            ("Æbelø", "aebelo"),
            ("Cœur", "coeur"),
            ("Kaʻahumanu", "Ka'ahumanu"),
            ("Nguyễn", "Nguyen"),
            ("Ħamrun", "Hamrun"),
        ] {
            assert_eq!(name_key(written), name_key(typed), "{written}");
        }
    }

    #[test]
    fn given_names_agree_unless_they_contradict_each_other() {
        // proves INF-08
        for (one, other) in [
            ("Mary A", "Mary"),
            ("Mary A.", "Mary Ann"),
            ("Mary Ann", "Mary"),
            ("Mary-Ann", "Maryann"),
            ("MARY", "mary"),
            ("Jürgen", "Juergen"),
            ("Jürgen", "Jurgen"),
            ("Soeren", "Søren"),
            ("José Luis", "Jose L."),
            ("John Jr.", "John"),
            ("Mrs. Mary", "Mary"),
            ("D'Andre", "Dandre"),
        ] {
            assert!(same_given_name(one, other) && same_given_name(other, one), "{one} / {other}");
        }
        for (one, other) in [
            ("Mary", "Marie"),
            ("Mary Ann", "Mary Beth"),
            ("Mary A", "Mary B"),
            ("M", "Mary"),
            ("Alice", "Bernard"),
            (".", "."),
            ("", "Mary"),
            ("Ann", "Mary Ann"),
        ] {
            assert!(!same_given_name(one, other) && !same_given_name(other, one), "{one} / {other}");
        }
    }

    #[test]
    fn surnames_agree_without_suffixes_and_particles_and_never_become_empty() {
        // proves INF-08
        for (one, other) in [
            ("Smith Jr.", "Smith"),
            ("Smith, Jr", "SMITH"),
            ("Smith II", "Smith"),
            ("Smith 3rd", "Smith III"),
            ("Smith-Jones", "Smith Jones"),
            ("O'Brien", "O Brien"),
            ("de la Cruz", "Delacruz"),
            ("de la Cruz", "Cruz"),
            ("van der Berg", "VanderBerg"),
            ("Müller", "Mueller"),
            ("Müller", "Muller"),
            ("Wiśniewski", "Wisniewski"),
            ("Do", "DO"),
            ("Le", "le"),
            ("Van", "van"),
        ] {
            assert!(same_surname(one, other) && same_surname(other, one), "{one} / {other}");
            assert_eq!(person_key("Mary", one), person_key("Mary", other), "{one} / {other}");
            assert!(!person_key("Mary", one).is_empty(), "{one}");
        }
        for (one, other) in [
            ("Smith Jr.", "Smith Sr."),
            ("Smith", "Smyth"),
            ("Smith Jones", "Smith"),
            ("Do", "Le"),
            ("Do", "De"),
            ("Jr.", "Sr."),
            ("", ""),
            ("-", "-"),
        ] {
            assert!(!same_surname(one, other) && !same_surname(other, one), "{one} / {other}");
        }
    }

    #[test]
    fn a_name_has_a_letter() {
        // proves INF-08, PRV-05
        for name in ["Do", "Le", "Ø", "李", "X Æ", "N'"] {
            assert!(is_name(name), "{name}");
        }
        for none in [".", "", " - ", "'", "\u{200b}", "12", "ʻ"] {
            assert!(!is_name(none), "{none}");
        }
    }
}
