//! T, N and M as practices write them: `2`, `T2`, `cT1c`, `pM1b`, `ypN0`.

use super::stage::{self, Status as Kind};
use crate::domain::answer::Answer;
use crate::domain::fold::fold;
use crate::domain::order::{Clinical, Tnm};
use crate::domain::vocabulary::Truth;

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

/// Takes a status apart; none where it is not understood.
pub fn status(entered: &str, kind: Kind) -> Option<Status> {
    let value = stage::status(kind, entered)?;
    // what is written to `Tis` says which it is
    let value = if value.starts_with("is") { "is".to_owned() } else { value };
    Some(Status { value, is_later: fold(entered).starts_with(['y', 'r']) })
}

/// The answer, where it is a status.
pub fn told(answer: &Answer<String>, kind: Kind) -> Option<Status> {
    answer.known().and_then(|entered| status(entered, kind))
}

/// Whether T or N is one of some words, such as `t2b` or `n0`. Less than what is asked leaves it open, as does a status after treatment.
pub fn is_among(any_of: &[String], clinical: &Clinical, kind: Kind) -> Truth {
    let answer = clinical.tnm.known().map(|Tnm { t, n, .. }| if kind == Kind::T { t } else { n });
    let Some(status) = answer.and_then(|answer| told(answer, kind)).filter(|status| !status.is_later && status.value != "x")
    else {
        return Truth::Unknown;
    };
    any_of.iter().filter_map(|word| word.get(1..)).fold(Truth::NotMet, |so_far, wanted| {
        so_far.or(if status.is(wanted) {
            Truth::Met
        } else if wanted.starts_with(&status.value) {
            Truth::Unknown
        } else {
            Truth::NotMet
        })
    })
}

/// How T was found: before treatment (`cT2`), or by the pathologist in what was removed (`pT2`). None where neither is written, or it was found
/// after treatment.
pub fn t_found(clinical: &Clinical) -> Option<&'static str> {
    let entered = clinical.tnm.known()?.t.known()?;
    status(entered, Kind::T).filter(|status| !status.is_later && status.value != "x")?;
    let folded = fold(entered);
    // what stands behind the `t` tells how it looks: `Tis (Paget)`
    let prefix = folded.split('t').next()?;
    match prefix.chars().find(|c| matches!(c, 'c' | 'p'))? {
        'p' => Some("pathological"),
        _ => Some("clinical"),
    }
}

/// Whether distant metastases are told by M: none where M is not told, or is MX.
pub fn is_m1(clinical: &Clinical) -> Option<bool> {
    let m = clinical.tnm.known().and_then(|Tnm { m, .. }| told(m, Kind::M))?;
    match m.value.chars().next() {
        Some('0') => Some(false),
        Some('1') => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, status};

    #[test]
    fn a_status_is_read_with_its_prefix_and_letter_or_without() {
        // proves SAFE-12
        for (entered, kind, value) in [
            ("2", Kind::T, Some("2")),
            ("T2", Kind::T, Some("2")),
            ("cT1c", Kind::T, Some("1c")),
            ("pT4b", Kind::T, Some("4b")),
            ("Tis", Kind::T, Some("is")),
            ("is", Kind::T, Some("is")),
            ("ypN0", Kind::N, Some("0")),
            ("pN1mi", Kind::N, Some("1mi")),
            ("M1b", Kind::M, Some("1b")),
            ("pM1", Kind::M, Some("1")),
            ("cM0(i+)", Kind::M, Some("0")),
            ("m0", Kind::M, Some("0")),
            ("MX", Kind::M, Some("x")),
            ("yes", Kind::M, None),
            ("", Kind::M, None),
            ("M0/M1", Kind::M, None),
            ("M10", Kind::M, None),
            ("0 or 1", Kind::M, None),
        ] {
            assert_eq!(status(entered, kind).map(|status| status.value).as_deref(), value, "{entered}");
        }
        assert!(status("ypT0", Kind::T).unwrap().is_later);
        assert!(!status("cT0", Kind::T).unwrap().is_later);
    }

    #[test]
    fn a_subdivision_belongs_to_its_number_and_to_no_other() {
        // proves SAFE-12
        let t = |entered| status(entered, Kind::T).unwrap();
        assert!(t("T4b").is("4") && t("T4b").is("4b") && t("T1mi").is("1"));
        assert!(!t("T4a").is("4b") && !t("T4").is("4b") && !t("T2").is("1"));
    }
}
