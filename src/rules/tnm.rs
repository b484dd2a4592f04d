//! T, N and M as practices write them: `2`, `T2`, `cT1c`, `pM1b`, `ypN0`.

use crate::domain::answer::Answer;
use crate::domain::order::{Clinical, Tnm};

/// One status, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Without prefix and letter, lower case: `1c`, `is`, `x`.
    pub value: String,
    /// True after treatment (`y`) or for a recurrence (`r`): no longer the status that the stage was made from.
    pub is_later: bool,
}

impl Status {
    /// True where this is, or belongs to, the value named: `1c` is `1`, and `4b` only itself.
    pub fn is(&self, named: &str) -> bool {
        self.value.strip_prefix(named).is_some_and(|rest| {
            rest.is_empty() || (named.ends_with(|c: char| c.is_ascii_digit()) && !rest.starts_with(|c: char| c.is_ascii_digit()))
        })
    }
}

/// Takes a status apart; none where it is no status of this letter.
pub fn status(entered: &str, letter: char) -> Option<Status> {
    let text: String = entered.trim().chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let (prefix, value) = match text.split_once(letter.to_ascii_lowercase()) {
        Some((prefix, value)) if prefix.chars().all(|c| "cpyra".contains(c)) => (prefix, value),
        _ => {
            let value = text.trim_start_matches(|c| "cpyr".contains(c));
            (text.get(..text.len() - value.len()).unwrap_or_default(), value)
        }
    };
    let is_value = value.starts_with(|c: char| c.is_ascii_digit()) || matches!(value, "is" | "a" | "x" | "mi");
    is_value.then(|| Status { value: value.to_owned(), is_later: prefix.contains(['y', 'r']) })
}

/// The answer, where it is a status.
pub fn told(answer: &Answer<String>, letter: char) -> Option<Status> {
    answer.known().and_then(|entered| status(entered, letter))
}

/// Whether distant metastases are told by M: none where M is not told, or is MX.
pub fn is_m1(clinical: &Clinical) -> Option<bool> {
    let m = clinical.tnm.known().and_then(|Tnm { m, .. }| told(m, 'm'))?;
    match m.value.chars().next() {
        Some('0') => Some(false),
        Some('1') => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::status;

    #[test]
    fn a_status_is_read_with_its_prefix_and_letter_or_without() {
        // proves SAFE-12
        for (entered, letter, value) in [
            ("2", 'T', Some("2")),
            ("T2", 'T', Some("2")),
            ("cT1c", 'T', Some("1c")),
            ("pT4b", 'T', Some("4b")),
            ("Tis", 'T', Some("is")),
            ("is", 'T', Some("is")),
            ("ypN0", 'N', Some("0")),
            ("pN1mi", 'N', Some("1mi")),
            ("M1b", 'M', Some("1b")),
            ("pM1", 'M', Some("1")),
            ("cM0(i+)", 'M', Some("0")),
            ("m0", 'M', Some("0")),
            ("MX", 'M', Some("x")),
            ("yes", 'M', None),
            ("", 'M', None),
        ] {
            assert_eq!(status(entered, letter).map(|status| status.value).as_deref(), value, "{entered}");
        }
        assert!(status("ypT0", 'T').unwrap().is_later);
        assert!(!status("cT0", 'T').unwrap().is_later);
    }

    #[test]
    fn a_subdivision_belongs_to_its_number_and_to_no_other() {
        // proves SAFE-12
        let t = |entered| status(entered, 'T').unwrap();
        assert!(t("T4b").is("4") && t("T4b").is("4b") && t("T1mi").is("1"));
        assert!(!t("T4a").is("4b") && !t("T4").is("4b") && !t("T2").is("1"));
    }
}
