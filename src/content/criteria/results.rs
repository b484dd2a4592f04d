//! Reported results: biomarkers, assessments and days, and the biomarkers that a regimen asks for.

use super::facts::compare;
use super::parser::Reader;
use super::{CriterionError, Parsed};
use crate::content::vocabulary::Vocabulary;
use crate::domain::content::{BiomarkerDefinition, BiomarkerRequirement, RequiredResult};
use crate::domain::criteria::{Comparison, Criterion, ResultTest};

fn marker<'v>(reader: &mut Reader<'v>) -> Parsed<&'v BiomarkerDefinition> {
    let token = reader.word()?;
    reader.words.biomarker(token.text).map(AsRef::as_ref).ok_or_else(|| {
        CriterionError::unknown(
            token.column,
            "biomarker",
            token.text,
            reader.words.biomarkers.iter().map(|marker| marker.name.as_str()),
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
    Ok(Criterion::Biomarker { marker: marker.name.clone(), test })
}

fn in_range(reader: &Reader<'_>, marker: &BiomarkerDefinition, test: &ResultTest) -> Parsed<()> {
    let ResultTest::Compare(_, value) = test else { return Ok(()) };
    match marker.range {
        Some((low, high)) if (low..=high).contains(value) => Ok(()),
        Some((low, high)) => Err(CriterionError::new(reader.column(), format!("`{}` goes from {low} to {high}", marker.name))),
        None => Err(CriterionError::new(reader.column(), format!("`{}` is reported in words, not as a number", marker.name))),
    }
}

fn results(reader: &mut Reader<'_>, marker: &BiomarkerDefinition) -> Parsed<Vec<String>> {
    let known = || marker.results.iter().map(|(word, _)| word.as_str());
    let mut found = Vec::new();
    for token in reader.is_or_in()? {
        if !known().any(|word| word == token.text) {
            let what = if marker.results.is_empty() { "word for the score" } else { "result of" };
            return Err(CriterionError::unknown(token.column, &format!("{what} {}", marker.name), token.text, known()));
        }
        found.push(token.text.to_owned());
    }
    Ok(found)
}

/// `is known` or a comparison; none where words follow.
fn test(reader: &mut Reader<'_>) -> Parsed<Option<ResultTest>> {
    if reader.is_known() {
        return Ok(Some(ResultTest::Known));
    }
    let Some(comparison) = reader.comparison() else { return Ok(None) };
    Ok(Some(ResultTest::Compare(comparison, reader.number()?)))
}

fn assessment_name(reader: &mut Reader<'_>) -> Parsed<String> {
    let token = reader.word()?;
    if reader.words.assessments.contains_key(token.text) {
        return Ok(token.text.to_owned());
    }
    Err(CriterionError::unknown(token.column, "assessment", token.text, reader.words.assessments.keys().map(String::as_str)))
}

pub(super) fn assessment(reader: &mut Reader<'_>) -> Parsed<Criterion> {
    let name = assessment_name(reader)?;
    let known = reader.words.assessments.get(&name).map(Vec::as_slice).unwrap_or_default();
    let column = reader.column();
    if let Some(test) = test(reader)? {
        let in_words = matches!(test, ResultTest::Compare(..)) && (!known.is_empty() || is_day(&name));
        let message = format!("`{name}` is not reported as a number");
        return if in_words { Err(CriterionError::new(column, message)) } else { Ok(Criterion::Assessment { name, test }) };
    }
    let mut any_of = Vec::new();
    for token in reader.is_or_in()? {
        if !known.iter().any(|word| word == token.text) {
            return Err(CriterionError::unknown(
                token.column,
                &format!("result of {name}"),
                token.text,
                known.iter().map(String::as_str),
            ));
        }
        any_of.push(token.text.to_owned());
    }
    Ok(Criterion::Assessment { name, test: ResultTest::In(any_of) })
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
    let name = assessment_name(reader)?;
    if !is_day(&name) {
        let mut error = CriterionError::new(reader.column(), format!("`{name}` is not a day; names of days end in `_on`"));
        let days = reader.words.assessments.keys().filter(|name| is_day(name)).cloned().collect::<Vec<_>>();
        error.suggestion = Some(format!("days are {}", days.join(", ")));
        return Err(error);
    }
    let (comparison, days) = compare(reader)?;
    Ok((name, comparison, days))
}

/// True for the name of an assessment whose result is a date.
fn is_day(name: &str) -> bool {
    name.ends_with("_on")
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
            let shown = format!("not {}", shown(&word));
            (RequiredResult::NoneOf(word), shown)
        }
        None => {
            let any_of = results(&mut reader, marker)?;
            let shown = shown(&any_of);
            (RequiredResult::AnyOf(any_of), shown)
        }
    };
    reader.finish()?;
    Ok(BiomarkerRequirement { marker: marker.name.clone(), required, text: format!("{} {result}", marker.display) })
}

fn shown(words: &[String]) -> String {
    words.iter().map(|word| word.replace('_', " ")).collect::<Vec<_>>().join(" or ")
}
