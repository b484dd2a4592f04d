//! What words beside the site and the target say of what is treated: operations that came before, and what a technique is aimed at. They have to go
//! with each other (SAFE-12).

use super::ground::Ground;
use super::place::any_side;
use super::said::deviation;
use super::schedule::Fit;
use crate::domain::case::Deviation;
use crate::domain::content::radiation::{Aim, Operation, Side};
use crate::domain::order::PriorTherapy;
use crate::domain::vocabulary::{DeviationCode, DeviationEffect};

/// Everything that contradicts the site, the target or the boost.
pub(super) fn contradictions(ground: &Ground<'_>, fit: Option<&Fit<'_>>) -> Vec<Deviation> {
    let mut found: Vec<Deviation> = operations(ground).into_iter().collect();
    found.extend(technique(ground, fit));
    found
}

/// An operation after which the site is not what is treated: the whole breast after a mastectomy.
fn operations(ground: &Ground<'_>) -> Option<Deviation> {
    let site = ground.treated.site_key()?;
    let told = ground.patient.clinical.prior_therapies.known()?;
    let line = ground.patient.line();
    let is_of_line = |of: &&Operation| of.lines.is_empty() || line.is_some_and(|line| of.lines.contains(&line));
    let of_site = ground.catalog().operations.iter().filter(|operation| operation.sites.iter().any(|of| of == site));
    let mut of_site = of_site.filter(is_of_line);
    let (index, written, operation) = of_site.find_map(|operation| {
        let all: String = told.iter().map(PriorTherapy::typed).collect::<Vec<_>>().join(" , ");
        if operation.unless.are_in(&all) {
            return None;
        }
        let (index, of) = told.iter().enumerate().find(|(_, of)| is_told(operation, of.typed(), ground))?;
        Some((index, of.typed(), operation))
    })?;
    Some(deviation(
        DeviationCode::Contradiction,
        &format!("/clinical/prior_therapies/{index}/name"),
        (&format!("the site {site}"), written),
        DeviationEffect::Pends,
        format!(
            "the earlier treatment `{written}` and the site {site} contradict each other: {}. Correct one of them",
            operation.because
        ),
    ))
}

fn is_told(operation: &Operation, text: &str, ground: &Ground<'_>) -> bool {
    let of_the_other = match (any_side(text, ground.catalog()), ground.treated.side) {
        (Some(Side::Both), _) | (_, Some(Side::Both)) => false,
        (Some(told), Some(side)) => told != side,
        _ => false,
    };
    operation.words.are_in(&operation.other.out_of(text)) && !of_the_other
}

/// Words of a technique that say another target than the order, or a boost that it has not.
fn technique(ground: &Ground<'_>, fit: Option<&Fit<'_>>) -> Option<Deviation> {
    let written = ground.treated.entered.technique.as_deref()?;
    let site = ground.treated.site_key()?;
    let is_of_site = |aim: &&Aim| aim.sites.is_empty() || aim.sites.iter().any(|of| of == site);
    let is_denied = |aim: &&Aim| aim.boost && ground.treated.entered.boost.is_some() && aim.denied.are_in(written);
    if let Some(aim) = ground.catalog().aims.iter().find(is_denied) {
        return Some(deviation(
            DeviationCode::Contradiction,
            "/radiation/technique",
            (&aim.name, written),
            DeviationEffect::Pends,
            format!("technique `{written}` says that there is no boost, and the order has one: correct one of them"),
        ));
    }
    let mut heard = ground.catalog().aims.iter().filter(is_of_site).filter(|aim| aim.words.are_in(&aim.other.out_of(written)));
    let aim = heard.find(|aim| !goes_with(aim, ground, fit))?;
    let expected = if aim.boost { "a boost".to_owned() } else { aim.targets.join(", ") };
    Some(deviation(
        DeviationCode::Contradiction,
        "/radiation/technique",
        (&expected, written),
        DeviationEffect::Pends,
        format!("technique `{written}` speaks of {}, and the order does not: correct the technique, or enter it", aim.name),
    ))
}

fn goes_with(aim: &Aim, ground: &Ground<'_>, fit: Option<&Fit<'_>>) -> bool {
    let treated = ground.treated;
    if aim.boost {
        let is_boost = fit.is_some_and(|fit| fit.schedule.boost_of.is_some());
        return treated.entered.boost.is_some() || is_boost || treated.technique.words.contains(&"simultaneous_integrated_boost");
    }
    treated.target.known().is_some_and(|target| aim.targets.contains(&target.term.key))
}
