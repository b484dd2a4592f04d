//! A histology that names the organ of another cancer than the one told (SAFE-12): `lung adenocarcinoma` of a cancer of the breast.

use super::ground::Ground;
use super::said::deviation;
use crate::domain::case::Deviation;
use crate::domain::content::radiation::Organ;
use crate::domain::vocabulary::{DeviationCode, DeviationEffect};

/// The contradiction, where there is one.
pub(super) fn disagreeing(ground: &Ground<'_>) -> Option<Deviation> {
    let cancer = ground.patient.cancer()?;
    let organs = &ground.catalog().organs;
    let begins_there = |organ: &&Organ| organ.cancers.iter().any(|of| of == cancer);
    // what begins anywhere contradicts no organ
    organs.iter().find(begins_there)?;
    let (field, name, written) = ground.histologies().find_map(|(field, name, text)| {
        let text = text?;
        let mut named = organs.iter().filter(|organ| organ.words.are_in(&organ.elsewhere.out_of(text))).peekable();
        named.peek()?;
        (!named.any(|organ| begins_there(&organ))).then_some((field, name, text))
    })?;
    let told = ground.content.cancer(cancer).map_or(cancer, |known| known.name.as_str());
    Some(deviation(
        DeviationCode::Contradiction,
        field,
        (told, written),
        DeviationEffect::Pends,
        format!("{name} `{written}` names another organ than the cancer, {told}: correct one of them"),
    ))
}
