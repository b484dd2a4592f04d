//! Sentences and the requirements behind them, told apart. Whoever writes a sentence may end it with the ids it rests on, for operators:
//! `… (SUB-04).` Practices read the sentence; the ids stand beside it.

use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// The sentence without its requirement ids, and the ids, each once.
pub fn told_apart(text: &str) -> (String, Vec<String>) {
    let mut ids: Vec<String> = Vec::new();
    let mut rest = text;
    let mut clean = String::with_capacity(text.len());
    while let Some((before, after)) = rest.split_once('(') {
        match after.split_once(')') {
            Some((inside, behind)) if inside.split(", ").all(is_requirement_id) => {
                clean.push_str(before.trim_end());
                for id in inside.split(", ") {
                    if !ids.iter().any(|known| known == id) {
                        ids.push(id.to_owned());
                    }
                }
                rest = behind;
            }
            _ => {
                clean.push_str(before);
                clean.push('(');
                rest = after;
            }
        }
    }
    (clean + rest, ids)
}

/// The sentence alone.
pub fn sentence(text: impl Into<String> + AsRef<str>) -> String {
    if cites(text.as_ref()) { told_apart(text.as_ref()).0 } else { text.into() }
}

/// True where some parentheses hold requirement ids.
fn cites(text: &str) -> bool {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('(') {
        let may_be_one = after.bytes().next().is_some_and(|first| first.is_ascii_uppercase());
        if may_be_one && after.split_once(')').is_some_and(|(inside, _)| inside.split(", ").all(is_requirement_id)) {
            return true;
        }
        rest = after;
    }
    false
}

/// A sentence of content as callers read it: its requirement ids stay with those who edit it.
pub fn told<'de, D: Deserializer<'de>>(text: D) -> Result<String, D::Error> {
    String::deserialize(text).map(|text| sentence(&text))
}

/// Sentences by name.
pub fn told_of_each<'de, D: Deserializer<'de>>(texts: D) -> Result<BTreeMap<String, String>, D::Error> {
    let texts = BTreeMap::<String, String>::deserialize(texts)?;
    Ok(texts.into_iter().map(|(name, text)| (name, sentence(&text))).collect())
}

/// `PRG-16`, `SAFE-06`, `R-41`.
fn is_requirement_id(text: &str) -> bool {
    text.split_once('-').is_some_and(|(area, number)| {
        (1..=4).contains(&area.len())
            && area.bytes().all(|byte| byte.is_ascii_uppercase())
            && number.len() == 2
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::{sentence, told_apart};

    #[test]
    fn ids_are_taken_out_of_a_sentence_and_other_parentheses_stay() {
        let table: [(&str, &str, &[&str]); 6] = [
            ("Claims may be denied (PRG-16).", "Claims may be denied.", &["PRG-16"]),
            ("Bill it once. (SCD-04, SCD-05)", "Bill it once.", &["SCD-04", "SCD-05"]),
            ("it has none (APP-03): ask the plan (APP-03)", "it has none: ask the plan", &["APP-03"]),
            ("a dose (75 mg/m2) beyond its bound (SAFE-06)", "a dose (75 mg/m2) beyond its bound", &["SAFE-06"]),
            ("carboplatin (AUC 6) (J9045)", "carboplatin (AUC 6) (J9045)", &[]),
            ("(", "(", &[]),
        ];
        for (text, clean, ids) in table {
            let (found, cited) = told_apart(text);
            assert_eq!((found.as_str(), cited.iter().map(String::as_str).collect::<Vec<_>>().as_slice()), (clean, ids));
            assert_eq!(sentence(text), clean);
        }
    }
}
