//! Stage and TNM of a radiation order: a TNM that was written where the group stands, and the groups that a TNM leaves.

use crate::domain::answer::Answer;
use crate::domain::content::Content;
use crate::domain::content::radiation::StageGroup;
use crate::domain::order::{Clinical, Tnm};
use crate::domain::vocabulary::{TreatmentGoal, Truth};
use crate::rules::patient::Patient;
use crate::rules::stage::{self, Status as Kind};
use crate::rules::tnm;

/// The clinical answers with what was written as the stage read as TNM: `pT1cN0M0`, `IIA (T2N0)`. None where that is not so, or where a TNM
/// stands in its own field.
pub(super) fn with_tnm(clinical: &Clinical, content: &Content) -> Option<Clinical> {
    let written = clinical.stage.known()?;
    if !matches!(clinical.tnm, Answer::Absent) || stage::read(written, content).is_some() {
        return None;
    }
    let (group, rest) = match written.split_once('(') {
        Some((group, rest)) if !group.trim().is_empty() => (Some(group.trim()), rest),
        _ => (None, written.as_str()),
    };
    if group.is_some_and(|group| stage::read(group, content).is_none()) {
        return None;
    }
    let tnm = read(rest)?;
    let stage = group.map_or(Answer::Absent, |group| Answer::Known(group.to_owned()));
    Some(Clinical { stage, tnm: Answer::Known(tnm), ..clinical.clone() })
}

/// `pT1c cN0 M0`, without anything else.
fn read(written: &str) -> Option<Tnm> {
    let text: String = written.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let (t, rest) = category(&text, 't')?;
    let (n, rest) = category(rest, 'n')?;
    let (m, rest) = match category(rest, 'm') {
        Some((m, rest)) => (Answer::Known(m), rest),
        None => (Answer::Absent, rest),
    };
    rest.is_empty().then_some(Tnm { t: Answer::Known(t), n: Answer::Known(n), m })
}

/// A letter with what follows it: `is`, or a digit with letters of its subgroup. What came back (`r`) or was treated before (`y`) has no group.
fn category(text: &str, letter: char) -> Option<(String, &str)> {
    let rest = text.trim_start_matches(['c', 'p']).strip_prefix(letter)?;
    // the letters in front say how it was found
    let front = text.strip_suffix(rest).unwrap_or_default();
    if let Some(rest) = rest.strip_prefix("is").filter(|_| letter == 't') {
        return Some(([front, "is"].concat(), rest));
    }
    let mut chars = rest.chars();
    let digit = chars.next().filter(|c| ('0'..='4').contains(c))?;
    let behind = chars.as_str();
    if let Some(after) = behind.strip_prefix("mi") {
        return Some((format!("{front}{digit}mi"), after));
    }
    let length = behind.chars().take_while(|c| ('a'..='d').contains(c)).count();
    // `cN0`: the letter says how the next category was found
    let length = if behind.get(..length).is_some_and(|of| of.ends_with('c'))
        && behind.get(length..).is_some_and(|of| of.starts_with(['n', 'm']))
    {
        length - 1
    } else {
        length
    };
    let (of_it, after) = behind.split_at(length);
    Some((format!("{front}{digit}{of_it}"), after))
}

/// The groups that T and N leave where no group is told; none where content does not say, or the cancer may have spread.
pub(super) fn groups<'a>(patient: &Patient<'a>, content: &'a Content) -> Option<&'a [String]> {
    let clinical = patient.clinical;
    if patient.stage.is_some() || clinical.stage.known().is_some() || patient.metastatic == Truth::Met {
        return None;
    }
    let tnm = clinical.tnm.known()?;
    let (t, n) = (plain(tnm.t.known()?, Kind::T)?, plain(tnm.n.known()?, Kind::N)?);
    let is_m0 = match &tnm.m {
        Answer::Known(m) => plain(m, Kind::M)? == "0",
        Answer::Absent => clinical.treatment_goal.known() == Some(&TreatmentGoal::Curative),
        _ => false,
    };
    let cancer = patient.cancer()?;
    let is_of = |list: &[String], word: &str| list.iter().any(|known| known == word);
    let is_group = |group: &&StageGroup| is_of(&group.cancers, cancer) && is_of(&group.t, &t) && is_of(&group.n, &n);
    content.radiation.stage_groups.iter().find(is_group).filter(|_| is_m0).map(|group| group.stages.as_slice())
}

/// `is` or the digit, with its letter left out; micrometastases of nodes, which are another category, with theirs. None for what was found after treatment,
/// of a recurrence, or by no more than an `x`.
fn plain(written: &str, kind: Kind) -> Option<String> {
    let status = tnm::status(written, kind).filter(|status| !status.is_later)?;
    let value = status.value.as_str();
    if value == "is" || kind == Kind::N && value == "1mi" {
        return Some(value.to_owned());
    }
    let (digit, rest) = value.split_at_checked(1)?;
    let is_digit = digit.bytes().all(|byte| byte.is_ascii_digit());
    let is_letter = rest.len() <= 1 && rest.chars().all(|c| ('a'..='d').contains(&c));
    (is_digit && (is_letter || rest == "mi")).then(|| digit.to_owned())
}
