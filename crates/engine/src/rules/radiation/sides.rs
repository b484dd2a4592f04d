//! Sides and parts of the body that an order tells in several places: they have to be the same (SAFE-12).

use super::answers::titled;
use super::ground::Ground;
use super::place::{any_side, side_in_text};
use super::said::{deviation, entered};
use crate::domain::case::Deviation;
use crate::domain::content::radiation::{Side, begins_with};
use crate::domain::order::Reported;
use crate::domain::vocabulary::{DeviationCode, DeviationEffect};

/// Where a side is told, as written.
struct Told {
    field: &'static str,
    name: &'static str,
    written: String,
    side: Side,
}

/// Each side that is not that of the site's words, or of a diagnosis of the site.
pub(super) fn disagreeing(ground: &Ground<'_>) -> Vec<Deviation> {
    let told = told(ground);
    let coded = coded(ground);
    let mut found: Vec<Deviation> = told
        .iter()
        .filter_map(|told| {
            let (code, side) = coded.filter(|(_, side)| *side != told.side)?;
            let of_code = format!("diagnosis {}", titled(code, ground));
            Some(contradiction(told, &of_code, side))
        })
        .collect();
    if found.is_empty()
        && let Some((first, others)) = told.split_first()
    {
        let name = format!("{} `{}`", first.name, first.written);
        found.extend(others.iter().filter(|other| other.side != first.side).map(|other| contradiction(other, &name, first.side)));
    }
    found
}

fn contradiction(told: &Told, other: &str, side: Side) -> Deviation {
    let (name, written) = (told.name, &told.written);
    deviation(
        DeviationCode::Contradiction,
        told.field,
        (side.as_str(), written),
        DeviationEffect::Pends,
        format!(
            "{name} `{written}` ({}) and {other} ({}) contradict each other: correct one of them",
            told.side.as_str(),
            side.as_str()
        ),
    )
}

/// The sides that people wrote, that of the site first.
fn told(ground: &Ground<'_>) -> Vec<Told> {
    let radiation = ground.treated.entered;
    let of_site = ground.treated.told_side.map(|side| {
        let (field, name) = ("/radiation/site", "site");
        Told { field, name, written: entered(&radiation.site), side }
    });
    let target = radiation.target.known().map(String::as_str);
    let of_target = target.and_then(|target| {
        let side = any_side(target, ground.catalog())?;
        Some(Told { field: "/radiation/target", name: "target", written: target.to_owned(), side })
    });
    let texts = [("/radiation/technique", "technique", radiation.technique.as_deref())];
    let texts = texts.into_iter().chain(ground.foreign_histologies());
    let of_texts = texts.filter_map(|(field, name, text)| {
        let side = side_in_text(text?, ground.catalog())?;
        Some(Told { field, name, written: text?.to_owned(), side })
    });
    of_site.into_iter().chain(of_target).chain(of_texts).chain(of_assessments(ground)).collect()
}

/// Sides in assessments of names that content does not know: `laterality: left`.
fn of_assessments<'g>(ground: &'g Ground<'_>) -> impl Iterator<Item = Told> + 'g {
    let entries = ground.patient.clinical.assessments.known().into_iter().flatten();
    let foreign = entries.filter(|entry| ground.content.assessment(&entry.name).is_none());
    foreign.filter_map(|entry| {
        let Some(Reported::Word(word)) = entry.result.known() else { return None };
        let side = any_side(word, ground.catalog())?;
        Some(Told { field: "/clinical/assessments", name: "the assessment", written: format!("{} {word}", entry.name), side })
    })
}

/// The side of the code, with it.
fn coded<'g>(ground: &'g Ground<'_>) -> Option<(&'g str, Side)> {
    Some((ground.patient.icd10?, ground.treated.coded_side?))
}

/// A diagnosis of another part of the site than its words say: a lower lobe, and the code of an upper one.
pub(super) fn part(ground: &Ground<'_>) -> Option<Deviation> {
    let (code, part) = (ground.patient.icd10?, ground.treated.part?);
    if !part.other_diagnoses.iter().any(|prefix| begins_with(code, prefix)) {
        return None;
    }
    let written = entered(&ground.treated.entered.site);
    Some(deviation(
        DeviationCode::Contradiction,
        "/radiation/site",
        ("the place that the diagnosis names", &written),
        DeviationEffect::Pends,
        format!("site `{written}` and diagnosis {} contradict each other: correct one of them", titled(code, ground)),
    ))
}
