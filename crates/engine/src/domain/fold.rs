//! One key for all ways to write the same words: `HER-2/neu`, `her2 NEU` and `Her2-Neu` are one, and so are `Ⅱ` and `II`.

use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The key of a typed answer or name. Case, spaces, accents and punctuation go; signs that carry meaning stay (`3+`, `<1%`). A minus at the
/// end of a word is `_neg` (`ER-` is not `ER`), one in front of everything is `minus_`, and a question mark is a word: doubt is never lost.
pub fn fold(text: &str) -> Cow<'_, str> {
    if is_folded(text) { Cow::Borrowed(text) } else { Cow::Owned(folded(text)) }
}

/// Most answers are words of the vocabulary, and are in this form already.
fn is_folded(text: &str) -> bool {
    let stays = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'+';
    !text.is_empty() && text.split('_').all(|part| !part.is_empty() && part.bytes().all(stays))
}

/// Lower case in the compatibility form, with every sign written one way.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    if text.is_ascii() {
        out.extend(text.trim().chars().filter(|c| !matches!(c, '\'' | '`')).map(|c| c.to_ascii_lowercase()));
        return out;
    }
    for c in text.trim().nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            '≥' => out.push_str(">="),
            '≤' => out.push_str("<="),
            '–' | '—' | '−' | '‐' | '‑' => out.push('-'),
            '±' => out.push_str("+/-"),
            'α' => out.push_str("alpha"),
            'β' => out.push_str("beta"),
            'μ' => out.push('u'),
            '\'' | '’' | '‘' | '`' => {}
            other => out.push(other),
        }
    }
    out
}

fn folded(text: &str) -> String {
    let text = plain(text);
    match text.as_str() {
        "-" => return "dash".to_owned(),
        "." => return "dot".to_owned(),
        "?" => return "question_mark".to_owned(),
        "/" => return "slash".to_owned(),
        "-ve" => return "neg".to_owned(),
        _ => {}
    }
    let text = if text.contains(['+', '-']) && text.contains(['/', '(', '[']) { signs_in_words(&text) } else { text };
    let mut out = String::with_capacity(text.len() + 4);
    let mut chars = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        let ends = next.is_none_or(|next| next.is_whitespace() || matches!(next, '/' | ',' | ';' | ')' | ']'));
        if c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '<' | '>' | '=' | '%') {
            out.push(c);
        } else if c == '?' {
            out.push_str(if out.ends_with('_') { "question_mark_" } else { "_question_mark_" });
        } else if c == '-' && out.is_empty() {
            out.push_str("minus_");
        } else if c == '-' && ends && (!before.is_whitespace() || next.is_none()) {
            out.push_str(if out.ends_with('_') { "neg_" } else { "_neg_" });
        } else if !out.ends_with('_') {
            out.push('_');
        }
        before = c;
    }
    out.trim_matches(['_', '.']).to_owned()
}

/// Signs that stand by themselves, as words or without their parentheses.
fn signs_in_words(text: &str) -> String {
    text.replace("+/-", "plus_minus")
        .replace("-/+", "plus_minus")
        .replace("(-)", "neg")
        .replace("[-]", "neg")
        .replace("(+)", "+")
        .replace("[+]", "+")
}

#[cfg(test)]
mod tests {
    use super::{fold, plain};

    #[test]
    fn plain_text_is_the_same_whether_or_not_it_is_ascii() {
        // proves SAFE-01
        for text in [" It's 5'2\" `OK` ", "HER-2/neu (+)", "\t A_B-c\n", "", "~!@#$%^&*()"] {
            let with_a_mark = plain(&[text.trim(), "é"].concat());
            assert_eq!(plain(text), with_a_mark.strip_suffix('e').unwrap());
        }
    }

    #[test]
    fn what_is_written_in_many_ways_has_one_key_and_a_minus_is_never_lost() {
        // proves SAFE-01
        for (typed, key) in [
            ("Not detected", "not_detected"),
            ("not_detected", "not_detected"),
            ("HER-2/neu", "her_2_neu"),
            ("HER2-", "her2_neg"),
            ("HER2 -", "her2_neg"),
            ("HER2+", "her2+"),
            ("IHC 2+/ISH-", "ihc_2+_ish_neg"),
            ("ER+/PR-/HER2-", "er+_pr_neg_her2_neg"),
            ("(-)", "neg"),
            ("-ve", "neg"),
            ("-", "dash"),
            ("+/-", "plus_minus"),
            ("-/+", "plus_minus"),
            ("-positive", "minus_positive"),
            ("positive?", "positive_question_mark"),
            ("? positive", "question_mark_positive"),
            ("III?", "iii_question_mark"),
            ("±", "plus_minus"),
            ("≥ 50 %", ">=_50_%"),
            ("1–49%", "1_49%"),
            ("Ⅱ", "ii"),
            ("Sézary syndrome", "sezary_syndrome"),
            ("non-squamous", "non_squamous"),
            ("  ", ""),
        ] {
            assert_eq!(fold(typed), key, "{typed}");
        }
    }
}
