//! The route against those that content allows for the product and those of the regimen (SAFE-08). What is forbidden was refused before.

use super::super::concern::Concern;
use super::super::drugs::Shared;
use super::super::matching::Match;
use super::super::plan::PlanLine;
use super::About;
use crate::domain::vocabulary::{DeviationCode, Truth};

/// The route of one line.
pub fn judge(line: &PlanLine<'_>, shared: &Shared<'_>, found: &mut Vec<Concern>) {
    let (Some(said), Some(text)) = (line.route, line.ordered.route.as_deref()) else { return };
    let words = &shared.content.dosing;
    let allowed = line.allowed_routes;
    let expected = || if allowed.0 == 0 { "a route such as iv, sc, im or po".to_owned() } else { words.route_names(allowed) };
    let Some(route) = said.route() else {
        let expected = expected();
        let message = format!("enter the route of {} ({expected}): `{text}` is not understood", line.name());
        found.push(concern(line, DeviationCode::UnknownAnswer, expected, text, message, Truth::Unknown, shared));
        return;
    };
    if line.dosing.is_none() {
        return;
    }
    if !allowed.has(route) {
        let expected = expected();
        let message =
            format!("check the route of {}: `{text}` is {}, and it is given {expected}", line.name(), words.route_name(route));
        found.push(concern(line, DeviationCode::RouteNotAllowed, expected, text, message, Truth::NotMet, shared));
        return;
    }
    let drugs = shared.matched.into_iter().flat_map(Match::phases).flat_map(|phase| &phase.drugs);
    let mut of_regimen =
        drugs.filter(|drug| drug.generic == line.name()).filter_map(|drug| words.said(&drug.route).route()).peekable();
    if of_regimen.peek().is_some() && of_regimen.all(|other| other != route && words.is_local(other) != words.is_local(route)) {
        let name = shared.matched.map_or("", |matched| matched.regimen.name.as_str());
        let message = format!("check the route of {}: {} is not the route of {name}", line.name(), words.route_name(route));
        found.push(concern(
            line,
            DeviationCode::RouteNotAllowed,
            format!("the route of {name}"),
            text,
            message,
            Truth::NotMet,
            shared,
        ));
    }
}

fn concern(
    line: &PlanLine<'_>,
    code: DeviationCode,
    expected: String,
    text: &str,
    message: String,
    outcome: Truth,
    shared: &Shared<'_>,
) -> Concern {
    About {
        rule: "route",
        code,
        field: "/route",
        expected,
        entered: text.to_owned(),
        message,
        pends: true,
        hold: None,
        outcome,
        requirements: &["SAFE-08"],
    }
    .concern(line, shared)
}
