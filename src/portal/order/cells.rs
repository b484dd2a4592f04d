//! Cells in which a code and a name stand together, as suggestions write them: `J9171 docetaxel`, `1234567893 Ordering Clinician`,
//! `C50.911 Malignant neoplasm …`. Either alone will do.

use crate::domain::content::Content;

/// Phases that the form takes.
pub(super) const PHASES: usize = 8;
/// Rows of a phase.
pub(super) const ROWS: usize = 30;
/// Rows for earlier treatment.
pub(super) const PRIOR_ROWS: usize = 12;

/// NPI and name.
pub(super) fn provider(typed: &str) -> (Option<String>, Option<String>) {
    let is_npi = |word: &&str| word.len() == 10 && word.bytes().all(|byte| byte.is_ascii_digit());
    let words: Vec<&str> = typed.split([' ', '·', '(', ')']).filter(|word| !word.is_empty()).collect();
    let npi = words.iter().copied().find(|word| is_npi(word)).map(str::to_owned);
    let name =
        words.iter().filter(|word| !is_npi(word) && !word.eq_ignore_ascii_case("npi")).copied().collect::<Vec<_>>().join(" ");
    (npi, Some(name.trim_matches([',', ' ']).to_owned()).filter(|name| !name.is_empty()))
}

/// First and last name: `Ordering Clinician`, `Clinician, Ordering`.
pub(super) fn person(name: &str) -> Option<(String, String)> {
    let (first, last) = match name.split_once(',') {
        Some((last, first)) => (first, last),
        None => name.rsplit_once(' ')?,
    };
    let (first, last) = (first.trim(), last.trim());
    (!first.is_empty() && !last.is_empty()).then(|| (first.to_owned(), last.to_owned()))
}

/// The code of a diagnosis, with its dot: `C50.911 …`, `c50911`.
pub(super) fn diagnosis(typed: &str, content: &Content) -> Option<String> {
    let word = typed.split_whitespace().next()?.trim_end_matches([',', ':']).to_uppercase();
    let plain: String = word.chars().filter(|c| *c != '.').collect();
    let mut characters = plain.chars();
    let looks_so = characters.next()?.is_ascii_uppercase() && characters.next()?.is_ascii_digit() && plain.is_ascii();
    if !looks_so || !(3..=7).contains(&plain.len()) {
        return None;
    }
    let dotted = match plain.split_at_checked(3) {
        Some((head, tail)) if !tail.is_empty() => format!("{head}.{tail}"),
        _ => plain,
    };
    // a code that is not in the set is sent as it was typed, and the answer says what is wrong with it
    if content.diagnoses.contains_key(&dotted) || word == dotted { Some(dotted) } else { Some(word) }
}

/// The cancer that a code says by itself, where it is one only.
pub(super) fn only_cancer(icd10: &str, content: &Content) -> Option<String> {
    let mut meant = content.cancers.iter().filter(|cancer| cancer.is_meant_by(icd10));
    let first = meant.next()?;
    meant.next().is_none().then(|| first.key.clone())
}

/// `T2` as 2: the letter is said by the field.
pub(super) fn tnm_part(typed: &str) -> String {
    let rest = typed.trim().trim_start_matches(['t', 'n', 'm', 'T', 'N', 'M']);
    if rest.is_empty() { typed.to_owned() } else { rest.to_owned() }
}

/// Code and generic name of a drug.
pub(super) fn drug(typed: &str, content: &Content) -> Result<(Option<String>, Option<String>), String> {
    let is_code = |word: &&str| {
        let mut characters = word.chars();
        word.len() == 5 && characters.next().is_some_and(|c| c.is_ascii_alphabetic()) && characters.all(|c| c.is_ascii_digit())
    };
    let words: Vec<&str> = typed.split([' ', '·']).filter(|word| !word.is_empty()).collect();
    let code = words.iter().copied().find(|word| is_code(word)).map(str::to_uppercase);
    let name = words.iter().filter(|word| !is_code(word)).copied().collect::<Vec<_>>().join(" ");
    match (code, name.is_empty()) {
        (Some(code), true) => Ok((Some(code), None)),
        (Some(code), false) => match content.drugs.named(&name) {
            Some(drug) => Ok((Some(code), Some(drug.generic.clone()))),
            // a code for drugs without one of their own goes with whatever name
            None if content.drugs.by_code(&code).is_some_and(|(known, _)| known.is_unclassified()) => {
                Ok((Some(code), Some(name)))
            }
            None => Err(format!("“{name}” is no drug that is known here: leave {code} alone, or correct the name")),
        },
        (None, true) => Err("enter the drug: its HCPCS code or its name".to_owned()),
        (None, false) => by_name(&name, content),
    }
}

fn by_name(name: &str, content: &Content) -> Result<(Option<String>, Option<String>), String> {
    let Some(drug) = content.drugs.named(name) else { return Ok((None, Some(name.to_owned()))) };
    match drug.codes.as_slice() {
        [] => Ok((None, Some(drug.generic.clone()))),
        [one] => Ok((Some(one.hcpcs.clone()), Some(drug.generic.clone()))),
        several => {
            let codes: Vec<&str> = several.iter().map(|code| code.hcpcs.as_str()).collect();
            Err(format!("{} has several codes: enter the one of the product, {}", drug.generic, codes.join(" or ")))
        }
    }
}
