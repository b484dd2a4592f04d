//! Says what was entered and does not count, where nothing that was decided says it: a misspelt marker is never silently left out.

use super::super::drugs::Shared;
use super::super::intake::nearest;
use super::{Place, Standing, Stranger};
use crate::domain::case::Deviation;
use crate::domain::content::Content;
use crate::domain::vocabulary::{DeviationCode, DeviationEffect};

/// What `known` deviations do not tell already. None of it changes a status: what asks for the answer has pended already.
pub fn untold(shared: &Shared<'_>, known: &[Deviation]) -> Vec<Deviation> {
    let answered = &shared.patient.answered;
    let mut found: Vec<Deviation> = answered.strangers().iter().map(|stranger| unknown_name(stranger, shared.content)).collect();
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
    standing.place.map_or_else(|| format!("/clinical/{list}"), Place::result_pointer)
}

fn unusable_answer((list, standing): (&str, &Standing<'_>)) -> Deviation {
    let (name, wanted, entered) = (&standing.definition.display, standing.definition.wanted(), standing.entered());
    let message = format!("{name} counts as unknown: {entered}. What counts: {wanted}");
    deviation(pointer(list, standing), wanted, entered, message)
}

fn unknown_name(stranger: &Stranger<'_>, content: &Content) -> Deviation {
    let Stranger { place, name, .. } = stranger;
    let list = place.list;
    let own = if list == "biomarkers" { &content.answers.biomarkers } else { &content.answers.assessments };
    let names = own.iter().flat_map(|it| std::iter::once(&it.name).chain(&it.synonyms)).map(String::as_str);
    let expected = nearest(name, names).map_or_else(|| format!("a name of GET /v1/{list}"), str::to_owned);
    let message = format!("`{name}` is no name that is known among {list} and says nothing; meant may be {expected}");
    deviation(format!("{}/name", place.pointer()), expected, (*name).to_owned(), message)
}

/// A stage that was entered and not understood.
fn staging(shared: &Shared<'_>) -> Option<Deviation> {
    let patient = shared.patient;
    let entered = patient.clinical.stage.known().filter(|_| patient.stage.is_none())?;
    let expected = "a stage such as IIA, IV, limited or extensive".to_owned();
    let message = format!("stage `{entered}` is not understood and counts as unknown: write {expected}");
    Some(deviation("/clinical/stage".to_owned(), expected, entered.clone(), message))
}
