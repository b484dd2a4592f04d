//! Reported results: biomarkers, assessments and days, and the biomarkers that a regimen asks for.

use super::facts::compare;
use super::parser::Reader;
use super::{CriterionError, Parsed};
use crate::content::vocabulary::Vocabulary;
use crate::domain::content::{BiomarkerRequirement, RequiredResult, ResultDefinition};
use crate::domain::criteria::{Comparison, Criterion, ResultTest};

fn marker<'v>(reader: &mut Reader<'v>) -> Parsed<&'v ResultDefinition> {
    let token = reader.word()?;
    reader.words.biomarker(token.text).map(AsRef::as_ref).ok_or_else(|| {
        CriterionError::unknown(
            token.column,
            "biomarker",
            token.text,
            reader.words.answers.biomarkers.iter().map(|marker| marker.name.as_str()),
        )
    })
}

pub(super) fn biomarker(reader: &mut Reader<'_>) -> Parsed<Criterion> {
    let marker = marker(reader)?;
    let test = match test(reader)? {
        Some(test) => test,
        None => ResultTest::In(results(reader, marker)?),
    };
    in_range(reader, marker, &test)?;
    let within = within(reader)?;
    Ok(Criterion::Biomarker { marker: marker.name.clone(), test, within })
}

fn in_range(reader: &Reader<'_>, marker: &ResultDefinition, test: &ResultTest) -> Parsed<()> {
    let ResultTest::Compare(_, value) = test else { return Ok(()) };
    match marker.range {
        Some((low, high)) if (low..=high).contains(value) => Ok(()),
        Some((low, high)) => Err(CriterionError::new(reader.column(), format!("`{}` goes from {low} to {high}", marker.name))),
        None => Err(CriterionError::new(reader.column(), format!("`{}` is reported in words, not as a number", marker.name))),
    }
}

/// Words of the definition, or words that some result counts as.
fn results(reader: &mut Reader<'_>, asked: &ResultDefinition) -> Parsed<Vec<String>> {
    let known = || asked.results.iter().map(|(word, _)| word.as_str()).filter(|_| asked.range.is_none());
    let mut found = Vec::new();
    for token in reader.is_or_in()? {
        let counts = || (0..asked.results.len()).any(|index| asked.is(index, token.text));
        if asked.range.is_none() && counts() {
            found.push(token.text.to_owned());
            continue;
        }
        // written in other words that content knows: the word is meant
        let meant = asked.result(token.text).filter(|_| asked.range.is_none()).map(|index| asked.word(index));
        let Some(meant) = meant else {
            let what = if asked.range.is_some() { "word for the score" } else { "result of" };
            return Err(CriterionError::unknown(token.column, &format!("{what} {}", asked.name), token.text, known()));
        };
        found.push(meant.to_owned());
    }
    Ok(found)
}

/// `within 90 days`, where it comes next.
pub(super) fn within(reader: &mut Reader<'_>) -> Parsed<Option<u32>> {
    if !reader.eat("within") {
        return Ok(None);
    }
    let days = reader.number()?;
    if days.fract() != 0.0 || !(1.0..=3660.0).contains(&days) {
        return Err(CriterionError::new(reader.column(), "`within` takes whole days, from 1 to 3660"));
    }
    reader.expect("days")?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from 1 to 3660")]
    Ok(Some(days as u32))
}

/// `is known` or a comparison; none where words follow.
fn test(reader: &mut Reader<'_>) -> Parsed<Option<ResultTest>> {
    if reader.is_known() {
        return Ok(Some(ResultTest::Known));
    }
    if reader.is_keyword("told") {
        return Ok(Some(ResultTest::Told));
    }
    let Some(comparison) = reader.comparison() else { return Ok(None) };
    Ok(Some(ResultTest::Compare(comparison, reader.number()?)))
}

fn assessment_asked<'v>(reader: &mut Reader<'v>) -> Parsed<&'v ResultDefinition> {
    let token = reader.word()?;
    let names = || reader.words.answers.assessments.iter().map(|known| known.name.as_str());
    match reader.words.assessment(token.text).filter(|known| known.name == token.text) {
        Some(known) => Ok(known),
        None => Err(CriterionError::unknown(token.column, "assessment", token.text, names())),
    }
}

pub(super) fn assessment(reader: &mut Reader<'_>) -> Parsed<Criterion> {
    let asked = assessment_asked(reader)?;
    let name = asked.name.clone();
    let column = reader.column();
    let test = match test(reader)? {
        Some(ResultTest::Compare(..)) if asked.range.is_none() => {
            return Err(CriterionError::new(column, format!("`{name}` is not reported as a number")));
        }
        Some(test) => test,
        None => ResultTest::In(results(reader, asked)?),
    };
    in_range(reader, asked, &test)?;
    let within = within(reader)?;
    Ok(Criterion::Assessment { name, test, within })
}

pub(super) fn days_since(reader: &mut Reader<'_>) -> Parsed<Criterion> {
    let (name, comparison, days) = since(reader)?;
    Ok(Criterion::DaysSince { name, comparison, days })
}

pub(super) fn months_since(reader: &mut Reader<'_>) -> Parsed<Criterion> {
    let (name, comparison, months) = since(reader)?;
    Ok(Criterion::MonthsSince { name, comparison, months })
}

fn since(reader: &mut Reader<'_>) -> Parsed<(String, Comparison, f64)> {
    reader.expect("since")?;
    let asked = assessment_asked(reader)?;
    if !asked.is_day {
        let message = format!("`{}` is not a day; names of days end in `_on`", asked.name);
        let mut error = CriterionError::new(reader.column(), message);
        let days = reader.words.answers.assessments.iter().filter(|known| known.is_day);
        error.suggestion = Some(format!("days are {}", days.map(|known| known.name.clone()).collect::<Vec<_>>().join(", ")));
        return Err(error);
    }
    let name = asked.name.clone();
    let (comparison, days) = compare(reader)?;
    Ok((name, comparison, days))
}

/// Reads a regimen's biomarker: `her2 is negative`, `egfr in [a, b]`, `kit_pdgfra is not x`, `pd_l1_tps >= 50`.
pub(in crate::content) fn biomarker_requirement(text: &str, words: &Vocabulary) -> Parsed<BiomarkerRequirement> {
    let mut reader = Reader::new(text, words)?;
    let marker = marker(&mut reader)?;
    let (required, result) = match reader.comparison() {
        Some(Comparison::AtLeast) => {
            let value = reader.number()?;
            in_range(&reader, marker, &ResultTest::Compare(Comparison::AtLeast, value))?;
            (RequiredResult::AtLeast(value), format!("≥ {value}"))
        }
        Some(_) => return Err(CriterionError::new(1, "a regimen's biomarker compares with `>=` only")),
        None if reader.eat_not() => {
            let word = results(&mut reader, marker)?;
            let shown = format!("not {}", shown(marker, &word));
            (RequiredResult::NoneOf(word), shown)
        }
        None => {
            let any_of = results(&mut reader, marker)?;
            let shown = shown(marker, &any_of);
            (RequiredResult::AnyOf(any_of), shown)
        }
    };
    reader.finish()?;
    Ok(BiomarkerRequirement { marker: marker.name.clone(), required, text: format!("{} {result}", marker.display) })
}

fn shown(marker: &ResultDefinition, words: &[String]) -> String {
    words.iter().map(|word| marker.said(word)).collect::<Vec<_>>().join(" or ")
}
