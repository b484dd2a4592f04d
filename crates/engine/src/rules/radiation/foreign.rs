//! What an order tells in words of no vocabulary: it is said, and a person reads it where it may be earlier radiation, spread, or another setting (SAFE-01).

use super::PRIOR_RADIATION;
use super::ground::Ground;
use super::heard::{is_told_of_radiation, unclear};
use super::said::deviation;
use crate::domain::case::Deviation;
use crate::domain::content::Content;
use crate::domain::fold::fold;
use crate::domain::vocabulary::{DeviationCode, DeviationEffect};

/// A histology that says more than the stage.
pub(super) fn deviations(ground: &Ground<'_>) -> Vec<Deviation> {
    spread(ground).into_iter().collect()
}

/// An earlier treatment that is neither a drug, nor a regimen, nor an operation: whether it was radiation is asked, as nobody can say.
pub(super) fn therapy(ground: &Ground<'_>) -> Option<Deviation> {
    if is_told_of_radiation(ground) {
        return None;
    }
    let told = ground.patient.clinical.prior_therapies.known()?;
    let mut foreign = told.iter().enumerate().filter(|(_, of)| of.generic.is_none());
    let (index, of) = foreign.find(|(_, of)| !is_understood(of.typed(), ground))?;
    Some(unclear(&format!("/clinical/prior_therapies/{index}/name"), "the earlier treatment", of.typed(), PRIOR_RADIATION))
}

/// True where the text, or a word of it, names drugs that content knows, or says another treatment or that there was none.
fn is_understood(text: &str, ground: &Ground<'_>) -> bool {
    let content = ground.content;
    let is_drug = |word: &str| {
        let given = content.therapies.resolve(word).unwrap_or_default();
        given.iter().any(|of| !of.drugs.is_empty() || !of.classes.is_empty() || of.outside.is_some())
            || content.drugs.named(word).is_some()
    };
    let parts = || text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '/' | '+' | '(' | ')' | ':'));
    let is_other = || ground.catalog().heard.other_treatments.are_in(text);
    content.therapies.resolve(text).is_some()
        || is_no_result(text, content)
        || is_other()
        || is_drug(text)
        || parts().any(is_drug)
}

/// A histology that says that the cancer has spread, of one whose stage says that it has not (SAFE-12).
fn spread(ground: &Ground<'_>) -> Option<Deviation> {
    let stage = ground.patient.stage?;
    if ground.treated.site.known().is_some_and(|site| site.metastatic) || !LOCAL.contains(&stage) {
        return None;
    }
    let heard = &ground.catalog().heard;
    let says = |text: &str| heard.spread.are_in(&heard.near_spread.out_of(text));
    let (field, name, written) =
        ground.histologies().find_map(|(field, name, text)| Some((field, name, text.filter(|text| says(text))?)))?;
    Some(deviation(
        DeviationCode::Contradiction,
        field,
        (&format!("stage {stage}"), written),
        DeviationEffect::Pends,
        format!("{name} `{written}` says that the cancer has spread, and stage {stage} that it has not: correct one of them"),
    ))
}

/// Stage groups of a cancer that has not spread.
const LOCAL: [&str; 5] = ["0", "I", "II", "III", "limited"];

fn is_no_result(text: &str, content: &Content) -> bool {
    content.answers.no_result.contains_key(fold(text).as_ref())
}
