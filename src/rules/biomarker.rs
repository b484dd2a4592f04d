//! What a biomarker's answer says about a required result. A word outside the vocabulary says nothing.

use super::patient::Patient;
use crate::domain::answer::Answer;
use crate::domain::content::{BiomarkerDefinition, Content, RequiredResult};
use crate::domain::criteria::{Comparison, ResultTest};
use crate::domain::order::Reported;
use crate::domain::vocabulary::Truth;
use std::borrow::Cow;

/// Whether the patient's marker shows the required result.
pub fn required(marker: &str, required: &RequiredResult, patient: &Patient<'_>) -> Truth {
    match required {
        RequiredResult::AnyOf(words) => ask(marker, Asked::In(words), patient),
        RequiredResult::NoneOf(words) => ask(marker, Asked::In(words), patient).negate(),
        RequiredResult::AtLeast(score) => ask(marker, Asked::Compare(Comparison::AtLeast, *score), patient),
    }
}

/// Whether the patient's marker passes a test.
pub fn test(marker: &str, test: &ResultTest, patient: &Patient<'_>) -> Truth {
    if *test == ResultTest::Told {
        let told = |definition: &std::sync::Arc<BiomarkerDefinition>| !matches!(patient.biomarker(definition), Answer::Absent);
        return patient.content.biomarker(marker).is_some_and(told).into();
    }
    let asked = match test {
        ResultTest::In(words) => Asked::In(words),
        ResultTest::Compare(comparison, value) => Asked::Compare(*comparison, *value),
        ResultTest::Known | ResultTest::Told => Asked::Known,
    };
    ask(marker, asked, patient)
}

/// A test of a regimen's or of a policy's.
#[derive(Debug, Clone, Copy)]
enum Asked<'w> {
    In(&'w [String]),
    Is(&'w str),
    Compare(Comparison, f64),
    Known,
}

fn ask(marker: &str, asked: Asked<'_>, patient: &Patient<'_>) -> Truth {
    let Some(definition) = patient.content.biomarker(marker) else { return Truth::Unknown };
    match patient.biomarker(definition) {
        Answer::Known(result) => judge(definition, result, asked),
        _ if definition.derived_from.is_empty() => Truth::Unknown,
        _ => derived(definition, asked, patient),
    }
}

/// A marker that others say: any positive makes it positive, all negative make it negative (HR: ER, PR).
fn derived(definition: &BiomarkerDefinition, asked: Asked<'_>, patient: &Patient<'_>) -> Truth {
    let parts = || definition.derived_from.iter();
    let shows = |part: &String, word: &str| ask(part, Asked::Is(word), patient);
    let positive = parts().fold(Truth::NotMet, |so_far, part| so_far.or(shows(part, "positive")));
    let negative = parts().fold(Truth::Met, |so_far, part| so_far.and(shows(part, "negative")));
    let word = match (positive, negative) {
        (Truth::Met, _) => "positive",
        (_, Truth::Met) => "negative",
        _ => return Truth::Unknown,
    };
    judge(definition, &Reported::Word(word.to_owned()), asked)
}

fn judge(definition: &BiomarkerDefinition, result: &Reported, asked: Asked<'_>) -> Truth {
    match asked {
        Asked::Known => Truth::Met,
        Asked::Compare(comparison, value) => score(result).map(|score| comparison.holds(score, value)).into(),
        Asked::In(words) => says(definition, result, |word| words.contains(word)),
        Asked::Is(wanted) => says(definition, result, |word| word == wanted),
    }
}

/// Whether the result, or a word that it also counts as, is wanted; a word that the definition does not know says nothing.
fn says(definition: &BiomarkerDefinition, result: &Reported, is_wanted: impl Fn(&String) -> bool) -> Truth {
    let Some(said) = word(result) else { return Truth::Unknown };
    let Some((known, also)) = definition.results.iter().find(|(known, _)| *known == said) else { return Truth::Unknown };
    (is_wanted(known) || also.iter().any(is_wanted)).into()
}

/// A number, or a word that is one.
fn score(result: &Reported) -> Option<f64> {
    match result {
        Reported::Number(score) => Some(*score),
        Reported::Word(word) => word.trim_end_matches('%').trim().parse().ok(),
        Reported::Flag(_) => None,
    }
}

/// The word in the form content uses: lower case, everything else an underscore; yes and no are positive and negative.
fn word(result: &Reported) -> Option<Cow<'_, str>> {
    match result {
        Reported::Flag(flag) => Some(if *flag { "positive" } else { "negative" }.into()),
        Reported::Number(_) => None,
        Reported::Word(word) => Some(snake(word)),
    }
}

/// `Exon 19 deletion` as `exon_19_deletion`; signs that carry meaning stay (`3+`).
pub fn snake(text: &str) -> Cow<'_, str> {
    let stays = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'+' || byte == b'.';
    // words of the vocabulary, as most answers are, are in this form already
    let parts = || text.split('_');
    if parts().all(|part| !part.is_empty() && part.bytes().all(stays)) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.trim().chars() {
        if c.is_alphanumeric() || c == '+' || c == '.' {
            out.extend(c.to_lowercase());
        } else if !out.ends_with('_') {
            out.push('_');
        }
    }
    out.trim_matches('_').to_owned().into()
}

/// The answer in words, for messages.
pub fn entered(marker: &str, patient: &Patient<'_>, content: &Content) -> String {
    let Some(definition) = content.biomarker(marker) else { return "not entered".to_owned() };
    match patient.biomarker(definition) {
        Answer::Known(Reported::Word(word)) => word.clone(),
        Answer::Known(Reported::Number(score)) => score.to_string(),
        Answer::Known(Reported::Flag(flag)) => flag.to_string(),
        other => other.word().to_owned(),
    }
}
