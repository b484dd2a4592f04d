//! Facts that speak against a drug, whatever its policy asks: `content/contraindications/`. Where one is told the lines of the drug go to a
//! person, managed or not; a fact that is told and not understood does the same, and nothing that nobody told (SAFE-01, SAFE-12).

use super::answers::{Place, Standing, Stranger, as_typed};
use super::concern::{Concern, Pends};
use super::course::Course;
use super::criteria::{self, Asked, Bench};
use super::drugs::Shared;
use super::plain;
use super::plan::PlanLine;
use crate::domain::answer::Answer;
use crate::domain::case::Deviation;
use crate::domain::content::{Content, Contraindication};
use crate::domain::criteria::Criterion;
use crate::domain::facts_used::FactsUsed;
use crate::domain::fold::fold;
use crate::domain::order::Reported;
use crate::domain::vocabulary::{DeviationCode, DeviationEffect, Truth};
use serde_json::{Value, json};

/// Everything that a person has to look at.
pub fn concerns(shared: &Shared<'_>) -> Vec<Concern> {
    let told = shared.patient.answered.all().map(|(_, standing)| standing.definition.name.as_str());
    let drugs = shared.plan.iter().filter_map(|line| line.drug).map(|drug| drug.generic.as_str());
    let known = &shared.content.contraindications;
    let mut found: Vec<Concern> = known.of(told, drugs).filter_map(|entry| concern(entry, shared)).collect();
    found.extend(not_understood(shared));
    found
}

fn concern(entry: &Contraindication, shared: &Shared<'_>) -> Option<Concern> {
    let partners: Vec<&PlanLine<'_>> = if entry.with.is_empty() { Vec::new() } else { partners(entry, shared) };
    if partners.is_empty() != entry.with.is_empty() {
        return None;
    }
    let lines: Vec<(&PlanLine<'_>, Truth)> = shared
        .plan
        .iter()
        .filter(|line| is_meant(entry, line, shared.content) && (!entry.needed || is_managed(line, shared)))
        .map(|line| (line, told(entry, line, shared)))
        .filter(|(_, truth)| *truth != Truth::NotMet)
        .collect();
    // what is sure is told; what is in doubt only where nothing is sure
    let outcome = lines.iter().fold(Truth::NotMet, |so_far, (_, truth)| so_far.or(*truth));
    let concerned: Vec<&PlanLine<'_>> = lines.iter().filter(|(_, truth)| *truth == outcome).map(|(line, _)| *line).collect();
    let first = concerned.first()?;
    let mut numbers: Vec<u32> = concerned.iter().chain(&partners).map(|line| line.ordered.line).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let (own, with) = (names(&concerned), names(&partners));
    if !with.is_empty() {
        return Some(together(entry, (&own, &with), numbers));
    }
    Some(said(entry, &answers(entry, outcome, first, shared), (&own, numbers), outcome))
}

/// In words, as the order of lines says nothing.
fn names(lines: &[&PlanLine<'_>]) -> String {
    let mut names: Vec<&str> = lines.iter().map(|line| line.name()).collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

/// Lines of the drugs that it must not be ordered with.
fn partners<'s>(entry: &Contraindication, shared: &'s Shared<'_>) -> Vec<&'s PlanLine<'s>> {
    let is_one = |line: &&PlanLine<'_>| {
        line.drug.is_some_and(|drug| !line.is_investigational() && entry.is_with(drug, &shared.content.drugs))
    };
    shared.plan.iter().filter(is_one).collect()
}

/// Drugs of one order that must not be given together.
fn together(entry: &Contraindication, (own, with): (&str, &str), lines: Vec<u32>) -> Concern {
    let entered = format!("{own} and {with}");
    let message = format!(
        "{entered} are in one order: {}. A person decides: leave one of them out, or say why both are given",
        entry.because
    );
    let facts: FactsUsed = [("drugs".to_owned(), json!(entered)), ("lines".to_owned(), json!(lines))].into_iter().collect();
    concern_of(entry, Truth::NotMet, facts, Words { field: "/treatment", expected: own, entered, message }, lines)
}

/// What is told of a concern.
struct Words<'w> {
    field: &'w str,
    expected: &'w str,
    entered: String,
    message: String,
}

/// True for a line of one of the drugs, or with one of them in a fixed combination.
fn is_meant(entry: &Contraindication, line: &PlanLine<'_>, content: &Content) -> bool {
    line.drug.is_some_and(|drug| !line.is_investigational() && entry.is_about(drug, &content.drugs))
}

/// True for a line that the program reviews.
fn is_managed(line: &PlanLine<'_>, shared: &Shared<'_>) -> bool {
    line.drug.is_some_and(|drug| shared.admitted.program.managed.contains(&drug.generic))
}

/// Whether what speaks against a line was told; not met where it is unknown only because nobody told.
fn told(entry: &Contraindication, line: &PlanLine<'_>, shared: &Shared<'_>) -> Truth {
    let bench = Bench { heeds: !entry.needed, ..shared.bench(line) };
    if entry.needed {
        return criteria::judge(&entry.told.criterion, &bench).negate();
    }
    let truth = if entry.told.by_administration {
        let course = Course::of(&bench, shared.admitted.program.dose_warning_percent);
        let at = |at| criteria::judge(&entry.told.criterion, &Bench { at: Some(at), course: Some(&course), ..bench });
        course.administrations.iter().fold(Truth::NotMet, |so_far, administration| so_far.or(at(administration)))
    } else {
        criteria::judge(&entry.told.criterion, &bench)
    };
    match truth {
        Truth::Unknown if !criteria::is_in_doubt(&entry.told.criterion, shared.patient) => Truth::NotMet,
        other => other,
    }
}

/// The answers that say so.
fn answers(entry: &Contraindication, outcome: Truth, line: &PlanLine<'_>, shared: &Shared<'_>) -> Vec<Asked> {
    let bench = Bench { heeds: !entry.needed, ..shared.bench(line) };
    let course = entry.told.by_administration.then(|| Course::of(&bench, shared.admitted.program.dose_warning_percent));
    let bench = Bench { course: course.as_ref(), ..bench };
    // what would have to change for the sentence to fail is what makes it hold
    let denied = Criterion::Not(Box::new(entry.told.criterion.clone()));
    let (criterion, wanted) = match (outcome, entry.needed) {
        (Truth::Met, false) => (&denied, Truth::NotMet),
        (Truth::Met, true) => (&entry.told.criterion, Truth::NotMet),
        _ => (&entry.told.criterion, Truth::Unknown),
    };
    let at = |at| Bench { at: Some(at), ..bench };
    let administrations = course.as_ref().map(|course| course.administrations.as_slice()).unwrap_or_default();
    let which = administrations.iter().find(|one| criteria::judge(criterion, &at(one)) == wanted);
    let bench = which.map_or(bench, at);
    let mut open = criteria::evidence(criterion, &bench, wanted).open;
    for asked in &mut open {
        asked.name = plain::name(&asked.name, shared.content);
    }
    open
}

fn said(entry: &Contraindication, answers: &[Asked], (names, lines): (&str, Vec<u32>), outcome: Truth) -> Concern {
    let told = answers.iter().map(|asked| format!("{} {}", asked.name, asked.entered)).collect::<Vec<_>>().join(" with ");
    let told = entry.says.clone().unwrap_or(told);
    let because = &entry.because;
    let message = if entry.needed {
        format!("{told}: it is needed for {names}, as {because}")
    } else if outcome == Truth::Met {
        format!(
            "{told} speaks against {names}: {because}. A person decides: correct the answer where it is wrong, or say why the drug is given all \
             the same"
        )
    } else {
        format!(
            "{told} may speak against {names}: {because}. Say what is so in words or a number that count, and a person decides"
        )
    };
    let mut facts: FactsUsed = answers.iter().map(|asked| (asked.name.clone(), Value::from(asked.entered.clone()))).collect();
    facts.insert("lines", json!(lines));
    let field = answers.first().map_or("/clinical/assessments", |asked| asked.pointer.as_str());
    let outcome = if outcome == Truth::Met { Truth::NotMet } else { Truth::Unknown };
    concern_of(entry, outcome, facts, Words { field, expected: names, entered: told, message }, lines)
}

fn concern_of(entry: &Contraindication, outcome: Truth, facts: FactsUsed, words: Words<'_>, lines: Vec<u32>) -> Concern {
    let first = lines.first().copied();
    Concern {
        rule: ["contraindications/", &entry.id].concat(),
        outcome,
        requirements: requirements(entry.requirement),
        source: entry.source.clone(),
        facts,
        deviation: Deviation {
            code: DeviationCode::Contradiction,
            drug_line: first,
            line: first,
            options: Vec::new(),
            field: words.field.to_owned(),
            expected: ["an answer that does not speak against ", words.expected].concat(),
            entered: words.entered,
            effect: DeviationEffect::Pends,
            message: words.message,
        },
        pends: Pends::Lines(lines),
        hold: None,
    }
}

/// As findings carry them.
fn requirements(one: &str) -> &'static [&'static str] {
    match one {
        "SAFE-01" => &["SAFE-01"],
        "SAFE-04" => &["SAFE-04"],
        "SAFE-06" => &["SAFE-06"],
        "SAFE-09" => &["SAFE-09"],
        "SAFE-15" => &["SAFE-15"],
        _ => &["SAFE-12"],
    }
}

/// An answer that nobody understands.
struct Doubtful {
    /// As entered.
    words: String,
    /// Its field.
    pointer: String,
    /// True where its words speak against treatment, whatever is reviewed.
    speaks_against: bool,
}

/// Answers under a name, or with a value, that nobody understands: they may say that a drug is dangerous, so that lines that are reviewed wait,
/// unless content says that the name says nothing about safety. Where words stand in them that speak against treatment, all of it waits.
fn not_understood(shared: &Shared<'_>) -> Option<Concern> {
    let mut told: Vec<Doubtful> = doubtful(shared);
    let speaks_against = told.iter().any(|one| one.speaks_against);
    let waits = |line: &&PlanLine<'_>| {
        is_managed(line, shared) || speaks_against && !line.is_investigational() && !line.is_supportive_by_content()
    };
    let lines: Vec<u32> = shared.plan.iter().filter(waits).map(|line| line.ordered.line).collect();
    if lines.is_empty() {
        return None;
    }
    // in words, as the order of a list says nothing
    told.sort_by(|one, other| (&one.words, &one.pointer).cmp(&(&other.words, &other.pointer)));
    let field = told.first()?.pointer.clone();
    let words = told.into_iter().map(|one| one.words).collect::<Vec<_>>().join("; ");
    let message = format!(
        "{words}: not understood, and it may speak against the treatment. Enter it under a name and in words of GET /v1/assessments, or let a \
         person read it"
    );
    Some(Concern {
        rule: "answers/not-understood".to_owned(),
        outcome: Truth::Unknown,
        requirements: &["SAFE-01"],
        source: "content/assessments.toml".to_owned(),
        facts: [("entered", Value::from(words.clone()))].into(),
        deviation: Deviation {
            code: DeviationCode::UnknownAnswer,
            drug_line: None,
            line: None,
            options: Vec::new(),
            field,
            expected: "a name and a word of GET /v1/assessments".to_owned(),
            entered: words,
            effect: DeviationEffect::Pends,
            message,
        },
        pends: Pends::Lines(lines),
        hold: None,
    })
}

/// Every answer that is not understood and may say something about safety.
fn doubtful(shared: &Shared<'_>) -> Vec<Doubtful> {
    let answered = &shared.patient.answered;
    let known = &shared.content.contraindications;
    let strangers = answered.strangers().iter().filter_map(|stranger| {
        let Stranger { place, name, result } = stranger;
        let speaks_against = known.speaks_against(&[name, " ", &as_typed(result)].concat());
        let is_harmless =
            known.is_harmless(&fold(name), result) || place.list == "biomarkers" && known.is_harmless_marker(&fold(name), result);
        (speaks_against || !is_harmless).then(|| Doubtful {
            words: format!("`{name}`"),
            pointer: format!("{}/name", place.pointer()),
            speaks_against,
        })
    });
    let standing = answered.all().filter(|(_, standing)| standing.is_not_understood()).filter_map(|(list, standing)| {
        let speaks_against = known.speaks_against(standing.as_entered());
        let result = result(standing, shared);
        let is_harmless = match list {
            "assessments" => known.is_harmless(&fold(&standing.definition.name), result),
            // what is known as a marker says nothing about safety in plain words
            _ => known.is_plain(result),
        };
        (speaks_against || !is_harmless).then(|| Doubtful {
            words: format!("{} {}", standing.definition.display, standing.entered()),
            pointer: standing.place.map_or_else(|| format!("/clinical/{list}"), Place::result_pointer),
            speaks_against,
        })
    });
    strangers.chain(standing).collect()
}

/// What was entered of it; nothing where it follows from others.
fn result<'s>(standing: &Standing<'_>, shared: &'s Shared<'_>) -> &'s Answer<Reported> {
    let clinical = shared.patient.clinical;
    let entered = standing.place.and_then(|Place { list, index }| {
        if list == "assessments" {
            Some(&clinical.assessments.known()?.get(index)?.result)
        } else {
            Some(&clinical.biomarkers.known()?.get(index)?.result)
        }
    });
    entered.unwrap_or(&Answer::Absent)
}
