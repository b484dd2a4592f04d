//! Says what was entered and does not count, where nothing that was decided says it: a misspelt marker is never silently left out.

use super::super::concern::{Concern, Pends};
use super::super::drugs::Shared;
use super::super::findings::facts;
use super::super::intake::nearest;
use super::{Standing, Stranger};
use crate::domain::answer::Answer;
use crate::domain::case::Deviation;
use crate::domain::content::{Content, ResultDefinition};
use crate::domain::vocabulary::{DeviationCode, DeviationEffect, Truth};
use serde_json::json;

/// Entries under a name that the other list knows: an answer that a person meant to give, and that nothing has heeded (SAFE-01).
pub fn concerns(shared: &Shared<'_>) -> Vec<Concern> {
    shared.patient.answered.strangers().iter().filter_map(|stranger| misplaced(stranger, shared.content)).collect()
}

/// Assessments of radiation that rules for drugs ask for as biomarkers: under assessments these heed nothing, either.
pub fn concerns_of_drugs(shared: &Shared<'_>) -> Vec<Concern> {
    let entries = shared.patient.answered.all().filter(|(list, _)| *list == "assessments");
    let strangers = entries.filter_map(|(list, standing)| {
        let is_marker = shared.content.biomarker(&standing.definition.name).is_some();
        standing.index.filter(|_| is_marker).map(|index| Stranger {
            list,
            index,
            name: &standing.definition.name,
            result: &Answer::Absent,
        })
    });
    strangers.filter_map(|stranger| misplaced(&stranger, shared.content)).collect()
}

fn misplaced(stranger: &Stranger<'_>, content: &Content) -> Option<Concern> {
    let Stranger { list, index, name, .. } = stranger;
    let (known, elsewhere) = known_elsewhere(stranger, content)?;
    let message = format!("`{name}` stands among {list}, where it says nothing: enter it as {} under {elsewhere}", known.name);
    let field = format!("/clinical/{list}/{index}/name");
    Some(Concern {
        rule: format!("answers/misplaced/{}", known.name),
        outcome: Truth::Unknown,
        requirements: &["SAFE-01"],
        source: format!("content/{elsewhere}.toml"),
        facts: facts([("entered", json!(name)), ("field", json!(field))]),
        deviation: Deviation {
            effect: DeviationEffect::of(true, false),
            ..deviation(field, format!("{} under {elsewhere}", known.name), (*name).to_owned(), message)
        },
        pends: Pends::Managed,
        hold: None,
    })
}

/// What the list that the entry does not stand in calls this name.
fn known_elsewhere<'c>(stranger: &Stranger<'_>, content: &'c Content) -> Option<(&'c ResultDefinition, &'static str)> {
    if stranger.list == "biomarkers" {
        content.assessment(stranger.name).map(|known| (known.as_ref(), "assessments"))
    } else {
        content.biomarker(stranger.name).map(|known| (known.as_ref(), "biomarkers"))
    }
}

/// What `known` deviations do not tell already. None of it changes a status: what asks for the answer has pended already.
pub fn untold(shared: &Shared<'_>, known: &[Deviation]) -> Vec<Deviation> {
    let answered = &shared.patient.answered;
    let strangers = answered.strangers().iter().filter(|stranger| known_elsewhere(stranger, shared.content).is_none());
    let mut found: Vec<Deviation> = strangers.map(|stranger| unknown_name(stranger, shared.content)).collect();
    let unusable = answered.all().filter(|(_, standing)| standing.is_worth_telling());
    found.extend(unusable.filter(|(list, standing)| !is_told(list, standing, known)).map(unusable_answer));
    found.extend(staging(shared).filter(|deviation| !known.iter().any(|known| known.field == deviation.field)));
    found
}

fn deviation(field: String, expected: String, entered: String, message: String) -> Deviation {
    let (code, effect) = (DeviationCode::UnknownAnswer, DeviationEffect::None);
    Deviation { code, drug_line: None, line: None, field, expected, entered, effect, options: Vec::new(), message }
}

fn is_told(list: &str, standing: &Standing<'_>, known: &[Deviation]) -> bool {
    let field = pointer(list, standing);
    let name = &standing.definition.display;
    known.iter().any(|told| told.field == field || (told.field == "/clinical/assessments" && told.message.starts_with(name)))
}

fn pointer(list: &str, standing: &Standing<'_>) -> String {
    match standing.index {
        Some(index) => format!("/clinical/{list}/{index}/result"),
        None => format!("/clinical/{list}"),
    }
}

fn unusable_answer((list, standing): (&str, &Standing<'_>)) -> Deviation {
    let (name, wanted, entered) = (&standing.definition.display, standing.definition.wanted(), standing.entered());
    let message = format!("{name} counts as unknown: {entered}. What counts: {wanted}");
    deviation(pointer(list, standing), wanted, entered, message)
}

fn unknown_name(stranger: &Stranger<'_>, content: &Content) -> Deviation {
    let Stranger { list, index, name, .. } = stranger;
    let own = if *list == "biomarkers" { &content.answers.biomarkers } else { &content.answers.assessments };
    let names = own.iter().flat_map(|it| std::iter::once(&it.name).chain(&it.synonyms)).map(String::as_str);
    let expected = nearest(name, names).map_or_else(|| format!("a name of GET /v1/{list}"), str::to_owned);
    let message = format!("`{name}` is no name that is known among {list} and says nothing; meant may be {expected}");
    deviation(format!("/clinical/{list}/{index}/name"), expected, (*name).to_owned(), message)
}

/// A stage that was entered and not understood.
fn staging(shared: &Shared<'_>) -> Option<Deviation> {
    let patient = shared.patient;
    let entered = patient.clinical.stage.known().filter(|_| patient.stage.is_none())?;
    let expected = "a stage such as IIA, IV, limited or extensive".to_owned();
    let message = format!("stage `{entered}` is not understood and counts as unknown: write {expected}");
    Some(deviation("/clinical/stage".to_owned(), expected, entered.clone(), message))
}
