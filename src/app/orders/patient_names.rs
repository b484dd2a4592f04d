//! Names of patients as practices search by them (VER-06), in whatever script. What a small letter is the service says and not the database, which
//! goes by its locale there.

use crate::app::catalog::text;

/// Of a longer name the words behind these begin no search.
const BEGINNINGS: usize = 6;

/// The words of a name: small letters and digits, without accents, apostrophes and other marks.
pub fn words(name: &str) -> Vec<String> {
    text::fold_names(name).split_whitespace().map(str::to_owned).collect()
}

/// The name beginning with each of its words in turn: what is typed is the beginning of one of them.
pub fn beginnings(first_name: &str, last_name: &str) -> Vec<String> {
    let words = words(&format!("{first_name} {last_name}"));
    let beginning = |place| {
        let mut turned = words.clone();
        turned.rotate_left(place);
        turned.join(" ")
    };
    (0..words.len().min(BEGINNINGS)).map(beginning).collect()
}

#[cfg(test)]
mod tests {
    use super::{beginnings, words};

    #[test]
    fn names_of_every_script_have_words() {
        // proves VER-06
        for (name, expected) in [
            ("Ana María Núñez-O’Brien", "ana maria nunez obrien"),
            ("ИВАНОВ Пётр", "иванов петр"),
            ("ΑΝΝΑ Παπαδόπουλος", "αννα παπαδοπουλοσ"),
            ("Łukasz Strauß", "lukasz strauss"),
            ("王 小明", "王 小明"),
            ("Ольга Smith", "ольга smith"),
        ] {
            assert_eq!(words(name).join(" "), expected);
        }
        assert_eq!(words("- ’ -"), Vec::<String>::new());
    }

    #[test]
    fn each_word_begins_once() {
        assert_eq!(beginnings("Ana María", "Núñez"), ["ana maria nunez", "maria nunez ana", "nunez ana maria"]);
        assert_eq!(beginnings("a b c d", "e f g h").len(), 6);
    }
}
