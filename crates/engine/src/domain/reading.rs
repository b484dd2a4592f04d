//! How easy English text is to read, as a school grade by the formula of Flesch and Kincaid. A figure for whoever writes to members, not a
//! judgement: short sentences of short words read easily, and that is all it knows.

/// The grade that words for members aim at.
pub const AIM: f64 = 8.0;

/// The grade, to a tenth and never below 0; none where there is no word.
pub fn grade(text: &str) -> Option<f64> {
    let words: Vec<&str> = text.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).collect();
    if words.is_empty() {
        return None;
    }
    let sentences = text.lines().map(sentences).sum::<u32>().max(1);
    let count = f64::from(u32::try_from(words.len()).unwrap_or(u32::MAX));
    let syllables = f64::from(words.iter().map(|word| syllables(word)).fold(0, u32::saturating_add));
    let grade = 0.39 * count / f64::from(sentences) + 11.8 * syllables / count - 15.59;
    Some((grade.max(0.0) * 10.0).round() / 10.0)
}

/// Sentences of a line: what ends with a full stop, a question mark, an exclamation mark or a colon before a space; a line ends one, too.
fn sentences(line: &str) -> u32 {
    let mut count = 0;
    let mut open = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        let ends = matches!(letter, '.' | '!' | '?' | ':' | ';') && letters.peek().is_none_or(|next| next.is_whitespace());
        if ends && open {
            count += 1;
            open = false;
        } else if letter.is_alphabetic() {
            open = true;
        }
    }
    count + u32::from(open)
}

/// Syllables of a word: its groups of vowels, without a silent `e` at the end; one at least.
fn syllables(word: &str) -> u32 {
    let word: String = word.chars().filter(|letter| letter.is_alphabetic()).flat_map(char::to_lowercase).collect();
    let is_vowel = |letter: char| matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'á' | 'é' | 'í' | 'ó' | 'ú');
    let mut count: u32 = 0;
    let mut before = false;
    for letter in word.chars() {
        let vowel = is_vowel(letter);
        count += u32::from(vowel && !before);
        before = vowel;
    }
    let silent = word.ends_with('e') && !word.ends_with("le")
        || word.ends_with("es") && !word.ends_with("ses")
        || word.ends_with("ed") && !word.ends_with("ted") && !word.ends_with("ded");
    if silent && count > 1 { count - 1 } else { count.max(1) }
}

#[cfg(test)]
mod tests {
    use super::grade;

    #[test]
    fn short_words_in_short_sentences_read_easily_and_long_ones_do_not() {
        let easy = grade("Your plan does not pay for this drug. You can ask us to look at it again. Call us.").unwrap();
        let hard = grade(
            "The requested pharmaceutical intervention demonstrates insufficient concordance with institutional medical necessity \
             determination methodologies applicable to immunotherapeutic administration.",
        )
        .unwrap();
        assert!(easy < 4.0 && hard > 18.0, "{easy} {hard}");
        assert_eq!(grade("1, 2 – 3"), None);
    }
}
