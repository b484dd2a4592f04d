//! Single facts: `ecog <= 2`, `biomarker her2 is positive`, `with class platinum`. Every word is checked against the vocabulary, so
//! that a misspelt criterion is an error of content and never a rule that silently cannot match.

use super::parser::Reader;
use super::results::{assessment, biomarker, days_since, months_since};
use super::{CriterionError, Parsed};
use crate::content::codes::is_icd10;
use crate::content::vocabulary::{N_STATUS, STAGES, T_FOUND, T_STATUS, Vocabulary};
use crate::domain::content::{EmeticRisk, FnRisk};
use crate::domain::criteria::{Comparison, Criterion, NumberFact, Partner, PriorEnd, SCHEDULE_FACTS, WordFact};
use crate::domain::vocabulary::{
    FnRiskFactor, LineOfBusiness, LineOfTreatment, Modality, Response, Sex, Toxicity, TreatmentGoal,
};

/// Words that a fact can begin with, for suggestions.
const BEGINNINGS: [&str; 51] = [
    "cancer",
    "pathology",
    "stage",
    "m_status",
    "t_status",
    "t_found",
    "n_status",
    "substage",
    "line",
    "setting",
    "goal",
    "ecog",
    "age",
    "biomarker",
    "assessment",
    "days",
    "with",
    "without",
    "after",
    "alone",
    "prior",
    "no",
    "fn_risk_factor",
    "regimen",
    "product",
    "diagnosis",
    "line_of_business",
    "sex",
    "cycle_length_days",
    "own_cycle_days",
    "carboplatin_auc",
    "planned_days",
    "creatinine_clearance",
    "route",
    "place_of_service",
    "weight_kg",
    "lines_before",
    "metastatic_lines_before",
    "lines_before_with",
    "courses",
    "continuation",
    "response",
    "toxicity",
    "months",
    "site",
    "target",
    "technique",
    "modality",
    "bmi",
    "fractions",
    "dose_per_fraction",
];

/// Reads one fact.
pub(super) fn fact(reader: &mut Reader<'_>) -> Parsed<Criterion> {
    let Ok(first) = reader.word() else { return Err(reader.wanted("a fact such as `cancer is breast`")) };
    match first.text {
        "cancer" => cancer(reader),
        "pathology" => pathology(reader),
        "stage" => stage(reader),
        "m_status" => words(reader, WordFact::MStatus, "M status", |_| vec!["m0", "m1"]),
        "t_status" => words(reader, WordFact::TStatus, "T status", |_| T_STATUS.to_vec()),
        "t_found" => words(reader, WordFact::TFound, "way to find T", |_| T_FOUND.to_vec()),
        "n_status" => words(reader, WordFact::NStatus, "N status", |_| N_STATUS.to_vec()),
        "substage" => substage(reader),
        "line" => line(reader),
        "setting" => words(reader, WordFact::Setting, "setting", |v| v.settings.iter().map(String::as_str).collect()),
        "goal" => words(reader, WordFact::Goal, "goal", |_| TreatmentGoal::ALL.iter().map(|goal| goal.as_str()).collect()),
        "sex" => words(reader, WordFact::Sex, "sex", |_| Sex::ALL.iter().map(|sex| sex.as_str()).collect()),
        "line_of_business" => words(reader, WordFact::LineOfBusiness, "line of business", |_| {
            LineOfBusiness::ALL.iter().map(|line| line.as_str()).collect()
        }),
        "diagnosis" => diagnosis(reader),
        "product" => product(reader),
        "route" => words(reader, WordFact::Route, "route", |v| v.routes.iter().map(String::as_str).collect()),
        "place_of_service" => words(reader, WordFact::PlaceOfService, "place of service", |v| {
            v.places_of_service.keys().map(String::as_str).collect()
        }),
        "weight_kg" => number(reader, NumberFact::WeightKg),
        "ecog" => number(reader, NumberFact::Ecog),
        "age" => number(reader, NumberFact::Age),
        "cycle_length_days" => number(reader, NumberFact::CycleLengthDays),
        "own_cycle_days" => number(reader, NumberFact::OwnCycleDays),
        "carboplatin_auc" => number(reader, NumberFact::CarboplatinAuc),
        "planned_days" => number(reader, NumberFact::PlannedDays),
        "creatinine_clearance" => number(reader, NumberFact::CreatinineClearance),
        "lines_before" => number(reader, NumberFact::LinesBefore),
        "metastatic_lines_before" => number(reader, NumberFact::MetastaticLinesBefore),
        "courses" => number(reader, NumberFact::Courses),
        "lines_before_with" => lines_before_with(reader),
        "continuation" => continuation(reader),
        "response" => words(reader, WordFact::Response, "response", |_| {
            Response::ALL.iter().filter(|word| **word != Response::NotEvaluated).map(|word| word.as_str()).collect()
        }),
        "toxicity" => words(reader, WordFact::Toxicity, "toxicity", |_| {
            [Toxicity::Acceptable, Toxicity::Unacceptable].map(Toxicity::as_str).to_vec()
        }),
        "site" => words(reader, WordFact::Site, "site", |v| v.radiation.sites.iter().map(String::as_str).collect()),
        "target" => words(reader, WordFact::Target, "target", |v| v.radiation.targets.iter().map(String::as_str).collect()),
        "technique" => {
            words(reader, WordFact::Technique, "technique", |v| v.radiation.techniques.iter().map(String::as_str).collect())
        }
        "modality" => words(reader, WordFact::Modality, "modality", |_| Modality::ALL.iter().map(|word| word.as_str()).collect()),
        "bmi" => number(reader, NumberFact::Bmi),
        "fractions" => number(reader, NumberFact::Fractions),
        "dose_per_fraction" => number(reader, NumberFact::DosePerFraction),
        "biomarker" => biomarker(reader),
        "assessment" => assessment(reader),
        "days" => days_since(reader),
        "months" => months_since(reader),
        "with" => with(reader),
        "without" => Ok(Criterion::Not(Box::new(Criterion::With(partners(reader)?)))),
        "after" => Ok(Criterion::After(partners(reader)?)),
        "alone" => Ok(Criterion::Alone),
        "prior" => prior(reader),
        "no" => {
            reader.expect("prior")?;
            Ok(Criterion::Not(Box::new(prior(reader)?)))
        }
        "fn_risk_factor" => fn_risk_factor(reader),
        "regimen" => regimen(reader),
        other => {
            if let Some((_, fact)) = SCHEDULE_FACTS.iter().find(|(word, _)| *word == other) {
                return number(reader, *fact);
            }
            let known = BEGINNINGS.into_iter().chain(SCHEDULE_FACTS.iter().map(|(word, _)| *word));
            Err(CriterionError::unknown(first.column, "fact", other, known))
        }
    }
}

fn words<'v>(
    reader: &mut Reader<'v>,
    fact: WordFact,
    what: &str,
    known: fn(&'v Vocabulary) -> Vec<&'v str>,
) -> Parsed<Criterion> {
    let known = known(reader.words);
    let mut any_of = Vec::new();
    for token in reader.is_or_in()? {
        if !known.contains(&token.text) {
            return Err(CriterionError::unknown(token.column, what, token.text, known));
        }
        any_of.push(token.text.to_owned());
    }
    Ok(Criterion::Word { fact, any_of })
}

fn cancer(reader: &mut Reader<'_>) -> Parsed<Criterion> {
    words(reader, WordFact::Cancer, "cancer type", |v| {
        v.cancers.iter().map(|cancer| cancer.key.as_str()).chain(std::iter::once("any_solid")).collect()
    })
}

/// Stage groups only: orders are compared by the group, so that a subgroup here could never hold.
fn stage(reader: &mut Reader<'_>) -> Parsed<Criterion> {
    let mut any_of = Vec::new();
    for token in reader.is_or_in()? {
        if !STAGES.contains(&token.text) {
            let group = token.text.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, 'A'..='C'));
            let mut error = CriterionError::unknown(token.column, "stage", token.text, STAGES);
            if STAGES.contains(&group) {
                error.suggestion = Some(format!("write the group `{group}`, which all its subgroups count as"));
            }
            return Err(error);
        }
        any_of.push(token.text.to_owned());
    }
    Ok(Criterion::Word { fact: WordFact::Stage, any_of })
}

/// A group or a subgroup as it is told: `IIIA`, `IB2`.
fn substage(reader: &mut Reader<'_>) -> Parsed<Criterion> {
    let mut any_of = Vec::new();
    for token in reader.is_or_in()? {
        let group = token.text.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches(|c| matches!(c, 'A'..='E'));
        if !STAGES.contains(&token.text) && !STAGES.contains(&group) {
            return Err(CriterionError::unknown(token.column, "substage", token.text, STAGES));
        }
        any_of.push(token.text.to_owned());
    }
    Ok(Criterion::Word { fact: WordFact::Substage, any_of })
}

fn pathology(reader: &mut Reader<'_>) -> Parsed<Criterion> {
    let mut any_of = Vec::new();
    for token in reader.is_or_in()? {
        if !reader.words.pathology_words().any(|known| known == token.text) {
            let suggestion = reader.words.pathology_suggestion(token.text);
            return Err(CriterionError {
                column: token.column,
                message: format!("unknown pathology `{}`", token.text),
                suggestion,
            });
        }
        any_of.push(token.text.to_owned());
    }
    Ok(Criterion::Word { fact: WordFact::Pathology, any_of })
}

fn line(reader: &mut Reader<'_>) -> Parsed<Criterion> {
    let mut lines = Vec::new();
    for token in reader.is_or_in()? {
        lines.push(LineOfTreatment::parse(token.text).ok_or_else(|| {
            CriterionError::unknown(
                token.column,
                "line of treatment",
                token.text,
                LineOfTreatment::ALL.iter().map(|line| line.as_str()),
            )
        })?);
    }
    Ok(Criterion::Line(lines))
}

fn diagnosis(reader: &mut Reader<'_>) -> Parsed<Criterion> {
    let mut any_of = Vec::new();
    for token in reader.is_or_in()? {
        if !is_icd10(token.text) || !reader.words.has_diagnosis(token.text) {
            return Err(CriterionError {
                column: token.column,
                message: format!("no ICD-10-CM code on file begins with `{}`", token.text),
                suggestion: reader.words.diagnosis_suggestion(token.text),
            });
        }
        any_of.push(token.text.to_owned());
    }
    Ok(Criterion::Word { fact: WordFact::Diagnosis, any_of })
}

fn product(reader: &mut Reader<'_>) -> Parsed<Criterion> {
    let mut any_of = Vec::new();
    for token in reader.is_or_in()? {
        if reader.words.drugs.by_code(token.text).is_none() {
            let ended = reader.words.drugs.terminated(token.text);
            let suggestion = ended.map(|code| match code.replaced_by.as_slice() {
                [] => "it has ended".to_owned(),
                codes => format!("it has ended: use {}", codes.join(" or ")),
            });
            let message = format!("`{}` is no active HCPCS code of a drug", token.text);
            return Err(CriterionError { column: token.column, message, suggestion });
        }
        any_of.push(token.text.to_owned());
    }
    Ok(Criterion::Word { fact: WordFact::Product, any_of })
}

fn number(reader: &mut Reader<'_>, fact: NumberFact) -> Parsed<Criterion> {
    let (comparison, value) = compare(reader)?;
    Ok(Criterion::Number { fact, comparison, value })
}

/// `>= 5`.
pub(super) fn compare(reader: &mut Reader<'_>) -> Parsed<(Comparison, f64)> {
    let Some(comparison) = reader.comparison() else { return Err(reader.wanted("a comparison such as `>=`")) };
    Ok((comparison, reader.number()?))
}

fn with(reader: &mut Reader<'_>) -> Parsed<Criterion> {
    if !reader.eat("all") {
        return Ok(Criterion::With(partners(reader)?));
    }
    let partners = list(reader)?;
    Ok(Criterion::All(partners.into_iter().map(|partner| Criterion::With(vec![partner])).collect()))
}

/// `x` or `any [x, y]`.
fn partners(reader: &mut Reader<'_>) -> Parsed<Vec<Partner>> {
    if reader.eat("any") { list(reader) } else { Ok(vec![partner(reader)?]) }
}

fn list(reader: &mut Reader<'_>) -> Parsed<Vec<Partner>> {
    reader.expect("[")?;
    let mut found = vec![partner(reader)?];
    while reader.eat(",") {
        found.push(partner(reader)?);
    }
    reader.expect("]")?;
    Ok(found)
}

/// `class platinum`, or a generic name of one or more words; names with a comma or `and` in them stand in quotes.
fn partner(reader: &mut Reader<'_>) -> Parsed<Partner> {
    if reader.eat("class") {
        let token = reader.word()?;
        if reader.words.classes.contains(token.text) {
            return Ok(Partner::Class(token.text.to_owned()));
        }
        return Err(CriterionError::unknown(token.column, "class", token.text, reader.words.classes.iter().map(String::as_str)));
    }
    let first = reader.word()?;
    let mut name = first.text.to_owned();
    while !first.quoted && reader.peek().is_some_and(|next| !next.quoted && continues_name(next.text)) {
        if let Some(next) = reader.take() {
            name.push(' ');
            name.push_str(next.text);
        }
    }
    match reader.words.drugs.by_name(&name) {
        Some(drug) => match drug.ingredients.as_slice() {
            [only] => Ok(Partner::Generic(only.clone())),
            _ => Err(CriterionError::new(first.column, format!("`{name}` has several ingredients: name one of them"))),
        },
        None => Err(CriterionError::unknown(
            first.column,
            "drug",
            &name,
            reader.words.drugs.all().iter().map(|drug| drug.generic.as_str()),
        )),
    }
}

fn continues_name(word: &str) -> bool {
    word.starts_with(char::is_alphanumeric)
        && !matches!(word, "and" | "or" | "progressed" | "stopped_for_toxicity" | "reacted_severely" | "within")
}

fn prior(reader: &mut Reader<'_>) -> Parsed<Criterion> {
    let partners = partners(reader)?;
    let end = if reader.eat("progressed") {
        PriorEnd::Progression
    } else if reader.eat("stopped_for_toxicity") {
        PriorEnd::Toxicity
    } else if reader.eat("reacted_severely") {
        PriorEnd::Reaction
    } else if let Some(days) = super::results::within(reader)? {
        PriorEnd::Within(days)
    } else {
        PriorEnd::Any
    };
    Ok(Criterion::Prior { partners, end })
}

fn lines_before_with(reader: &mut Reader<'_>) -> Parsed<Criterion> {
    let partners = partners(reader)?;
    let (comparison, value) = compare(reader)?;
    Ok(Criterion::LinesBeforeWith { partners, comparison, value })
}

/// `is yes` or `is no`.
fn continuation(reader: &mut Reader<'_>) -> Parsed<Criterion> {
    reader.expect("is")?;
    let token = reader.word()?;
    match token.text {
        "yes" => Ok(Criterion::Continuation(true)),
        "no" => Ok(Criterion::Continuation(false)),
        other => Err(CriterionError::unknown(token.column, "answer", other, ["yes", "no"])),
    }
}

fn fn_risk_factor(reader: &mut Reader<'_>) -> Parsed<Criterion> {
    if reader.eat("present") {
        return Ok(Criterion::FnRiskFactor(None));
    }
    let token = reader.word()?;
    if let Some(factor) = FnRiskFactor::parse(token.text) {
        return Ok(Criterion::FnRiskFactor(Some(factor.as_str().to_owned())));
    }
    let known = FnRiskFactor::ALL.iter().map(|factor| factor.as_str()).chain(std::iter::once("present"));
    Err(CriterionError::unknown(token.column, "risk factor", token.text, known))
}

fn regimen(reader: &mut Reader<'_>) -> Parsed<Criterion> {
    let what = reader.word()?;
    match what.text {
        "matched" => Ok(Criterion::RegimenMatched),
        "fn_risk" => words(reader, WordFact::RegimenFnRisk, "risk", |_| {
            [FnRisk::Unknown, FnRisk::Low, FnRisk::Intermediate, FnRisk::High].map(FnRisk::as_str).to_vec()
        }),
        "emetogenicity" => words(reader, WordFact::RegimenEmetogenicity, "emetogenicity", |_| {
            [EmeticRisk::Minimal, EmeticRisk::Low, EmeticRisk::Moderate, EmeticRisk::High].map(EmeticRisk::as_str).to_vec()
        }),
        other => Err(CriterionError::unknown(what.column, "fact of a regimen", other, ["matched", "fn_risk", "emetogenicity"])),
    }
}
