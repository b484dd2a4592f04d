//! One form for words that people type, so that case, spaces, hyphens and look-alike signs do not matter (SAFE-01, SAFE-04).

use unicode_normalization::UnicodeNormalization as _;

/// The key of a typed word: `HER2 (-)` and `her2-neg` are `her2_neg`, `T-DM1` is `t_dm1`, `Ⅱ` is `ii`.
pub fn fold(typed: &str) -> String {
    let mut text = String::with_capacity(typed.len());
    for c in typed.trim().nfkc().flat_map(char::to_lowercase) {
        match c {
            '≥' => text.push_str(">="),
            '≤' => text.push_str("<="),
            '‐' | '‑' | '‒' | '–' | '—' | '−' => text.push('-'),
            '±' => text.push_str("+/-"),
            'α' => text.push_str("alpha"),
            'β' => text.push_str("beta"),
            '\'' | '’' | '‘' | '`' | '´' => {}
            other => text.push(other),
        }
    }
    match text.as_str() {
        "-" => return "dash".to_owned(),
        "." => return "dot".to_owned(),
        "?" => return "question_mark".to_owned(),
        "/" => return "slash".to_owned(),
        _ => {}
    }
    if text.contains(['-', '(', '[', '/']) {
        for (sign, word) in
            [("-ve", " neg "), ("+/-", " plus_minus "), ("(-)", " neg "), ("[-]", " neg "), ("(+)", "+"), ("[+]", "+")]
        {
            text = text.replace(sign, word);
        }
    }
    keyed(&text)
}

/// Letters, digits and signs that mean something stay; a minus at the end of a word is `_neg`; all else is one underscore.
fn keyed(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        let ends_word = chars.peek().is_none_or(|next| next.is_whitespace() || matches!(next, '/' | ',' | ';' | ')' | ']'));
        if c.is_alphanumeric() || matches!(c, '+' | '.' | '<' | '>' | '=' | '%') {
            key.push(c);
        } else if c == '-' && before.is_alphanumeric() && ends_word {
            key.push_str("_neg_");
        } else if !key.ends_with('_') {
            key.push('_');
        }
        before = c;
    }
    key.trim_matches(['_', '.']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn case_spaces_and_look_alikes_do_not_matter() {
        // proves SAFE-01, SAFE-04
        for (typed, key) in [
            ("FOLFOX 6", "folfox_6"),
            ("T-DM1", "t_dm1"),
            ("T\u{2010}DM1", "t_dm1"),
            ("  R - CHOP ", "r_chop"),
            ("HER2-", "her2_neg"),
            ("HER2 (-)", "her2_neg"),
            ("IHC 2+/ISH-", "ihc_2+_ish_neg"),
            ("ER -ve", "er_neg"),
            ("Stage Ⅱ", "stage_ii"),
            ("didn't respond", "didnt_respond"),
            ("n/a", "n_a"),
            ("?", "question_mark"),
            ("-", "dash"),
            ("IFN-α", "ifn_alpha"),
            ("7+3", "7+3"),
            ("AC->T", "ac_>t"),
            ("relapse >12 months", "relapse_>12_months"),
            ("", ""),
        ] {
            assert_eq!(fold(typed), key, "{typed}");
        }
    }
}
