//! One administration against the drug's bounds, before and after caps; a loading dose like any other (SAFE-06, DEV-03).

use super::super::concern::Concern;
use super::super::dose::{self, Given};
use super::super::drugs::{Shared, ceiling};
use super::super::matching::Match;
use super::super::plan::PlanLine;
use super::{About, regimen};
use crate::domain::content::{Basis, DoseRule, Per, RouteId, Routes};
use crate::domain::order::Dose;
use crate::domain::vocabulary::{DeviationCode, Hold, Truth};

/// Amounts are compared with room for the noise of floating point.
pub const NOISE: f64 = 1.0 + 1e-9;

/// What a dose is beyond.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Nothing.
    Within,
    /// A bound, in words.
    Beyond(String),
    /// Nobody knows: content has no bound of this kind of amount.
    Unknown,
}

/// The rules of a line that hold for a route; for every route where none is given.
pub fn rules<'a>(line: &PlanLine<'a>, routes: Option<Routes>) -> impl Iterator<Item = &'a DoseRule> {
    line.products()
        .flat_map(|product| &product.rules)
        .filter(move |rule| routes.is_none_or(|routes| rule.routes.0 & routes.0 != 0))
}

/// In words, such as `110 mg/m2`.
pub fn in_words(amount: f64, basis: Basis) -> String {
    match (basis.word(), basis.per) {
        ((unit, _), Per::Auc) => format!("{} {}", unit.to_uppercase(), rounded(amount)),
        ((unit, per), _) => format!("{} {unit}{per}", rounded(amount)),
    }
}

fn rounded(amount: f64) -> f64 {
    (amount * 10_000.0).round() / 10_000.0
}

/// The routes that a line without one may mean: those that content allows, whole-body ones before others.
fn possible(line: &PlanLine<'_>, shared: &Shared<'_>) -> Vec<RouteId> {
    let all: Vec<RouteId> = line.allowed_routes.iter().collect();
    let whole: Vec<RouteId> = all.iter().copied().filter(|route| !shared.content.dosing.is_local(*route)).collect();
    if whole.is_empty() { all } else { whole }
}

/// Both doses of a line.
pub fn judge(line: &PlanLine<'_>, shared: &Shared<'_>, found: &mut Vec<Concern>) {
    let doses = [("/dose", line.ordered.dose), ("/loading_dose", line.ordered.loading_dose)];
    for (field, dose) in doses.into_iter().filter_map(|(field, dose)| Some((field, dose?))) {
        if line.dosing.is_none() {
            without_bounds(line, field, dose, shared, found);
            continue;
        }
        if let Some(route) = line.known_route().filter(|route| line.allowed_routes.has(*route)) {
            match verdict(line, dose, route, shared) {
                Verdict::Within => usual(line, field, dose, shared, found),
                worst => found.push(beyond(line, field, dose, route, worst, shared)),
            }
            continue;
        }
        // a route that is not allowed or not understood is told by itself; the dose is then judged by every rule
        let routes = if line.route.is_none() { possible(line, shared) } else { line.allowed_routes.iter().collect() };
        let verdicts: Vec<(RouteId, Verdict)> =
            routes.iter().map(|route| (*route, verdict(line, dose, *route, shared))).collect();
        let within = verdicts.iter().filter(|(_, verdict)| *verdict == Verdict::Within).count();
        if within == verdicts.len() {
            usual(line, field, dose, shared, found);
        } else if within > 0 && line.route.is_none() {
            found.push(route_matters(line, field, dose, &verdicts, shared));
        } else if within == 0
            && let Some((route, worst)) = verdicts.into_iter().next()
        {
            found.push(beyond(line, field, dose, route, worst, shared));
        }
    }
}

fn verdict(line: &PlanLine<'_>, dose: Dose, route: RouteId, shared: &Shared<'_>) -> Verdict {
    let (basis, factor) = dose::measure(dose.unit);
    let amount = dose.amount * factor;
    let here = || rules(line, Some(Routes(1 << route.0)));
    let bound = here().filter(|rule| rule.basis == basis).map(|rule| outer(line, rule, shared)).reduce(f64::max);
    if let Some(bound) = bound.filter(|bound| amount > bound * NOISE) {
        return Verdict::Beyond(in_words(bound, basis));
    }
    let most =
        here().filter_map(|rule| rule.most).filter(|most| most.basis.kind == basis.kind).map(|most| most.amount).reduce(f64::max);
    if bound.is_none() && most.is_none() {
        return Verdict::Unknown;
    }
    let Ok(given) = dose::given(dose.amount, dose.unit, shared.patient, line.product) else { return Verdict::Within };
    // a cap holds only for a dose that is known to be sound before it
    let given = if bound.is_some() && dose.unit.is_relative() { given.at_most(ceiling(line, shared.matched)) } else { given };
    match most.filter(|most| given.amount() > most * NOISE) {
        Some(most) => Verdict::Beyond(in_words(most, Basis { kind: basis.kind, per: Per::Flat })),
        None => Verdict::Within,
    }
}

/// The outer bound; the narrower one where the matched regimen stays below it itself.
fn outer(line: &PlanLine<'_>, rule: &DoseRule, shared: &Shared<'_>) -> f64 {
    let Some(narrow) = rule.narrow else { return rule.outer };
    let drugs = shared.matched.into_iter().flat_map(Match::phases).flat_map(|phase| &phase.drugs);
    let of_regimen =
        drugs.filter(|drug| drug.generic == line.name()).flat_map(|drug| std::iter::once(drug.dose).chain(drug.loading_dose));
    let highest = of_regimen
        .map(|dose| (dose::measure(dose.unit), dose.amount))
        .filter(|((basis, _), _)| *basis == rule.basis)
        .map(|((_, factor), amount)| amount * factor)
        .reduce(f64::max);
    if highest.is_some_and(|highest| highest <= narrow * NOISE) { narrow } else { rule.outer }
}

fn for_patient(dose: Dose, line: &PlanLine<'_>, shared: &Shared<'_>) -> Option<Given> {
    dose::given(dose.amount, dose.unit, shared.patient, line.product).ok().filter(|_| dose.unit.is_relative())
}

/// `750 mg/m2 (1357.75 mg for this patient)`.
pub fn entered(dose: Dose, line: &PlanLine<'_>, shared: &Shared<'_>) -> String {
    for_patient(dose, line, shared)
        .map_or_else(|| dose.to_string(), |given| format!("{dose} ({} for this patient)", given.shown()))
}

fn what(field: &str) -> &'static str {
    if field == "/loading_dose" { "loading dose" } else { "dose" }
}

fn beyond(line: &PlanLine<'_>, field: &str, dose: Dose, route: RouteId, verdict: Verdict, shared: &Shared<'_>) -> Concern {
    let entered = entered(dose, line, shared);
    let (name, what, by) = (line.name(), what(field), shared.content.dosing.route_name(route));
    let source = line.product.map_or("", |product| product.source.as_str());
    let (expected, message, outcome) = if let Verdict::Beyond(bound) = verdict {
        let message =
            format!("check the {what} of {name}: {entered} is more than {bound}, the most that is given ({by}; {source})");
        (format!("at most {bound}"), message, Truth::NotMet)
    } else {
        let units = possible_units(line);
        let message =
            format!("enter the {what} of {name} in {units}: {entered} cannot be compared with what is given ({by}; {source})");
        (units, message, Truth::Unknown)
    };
    About {
        rule: "outer-bound",
        code: DeviationCode::DoseOutOfBounds,
        field,
        expected,
        entered,
        message,
        pends: true,
        hold: Some(Hold::DoseOutOfBounds),
        outcome,
        requirements: &["SAFE-06"],
    }
    .concern(line, shared)
}

/// The units that content's bounds are in.
fn possible_units(line: &PlanLine<'_>) -> String {
    let mut units: Vec<String> =
        rules(line, None).map(|rule| rule.basis.word()).map(|(unit, per)| format!("{unit}{per}")).collect();
    units.dedup();
    units.join(" or ")
}

/// The route is left out, and the dose is sound by one and not by another.
fn route_matters(line: &PlanLine<'_>, field: &str, dose: Dose, verdicts: &[(RouteId, Verdict)], shared: &Shared<'_>) -> Concern {
    let sound =
        Routes(verdicts.iter().filter(|(_, verdict)| *verdict == Verdict::Within).fold(0, |all, (route, _)| all | 1 << route.0));
    let expected = shared.content.dosing.route_names(line.allowed_routes);
    let entered = entered(dose, line, shared);
    let message = format!(
        "enter the route of {} ({expected}): a {} of {entered} is given {} only",
        line.name(),
        what(field),
        shared.content.dosing.route_names(sound)
    );
    About {
        rule: "route",
        code: DeviationCode::MissingClinicalInformation,
        field: "/route",
        expected,
        entered: "absent".to_owned(),
        message,
        pends: true,
        hold: None,
        outcome: Truth::Unknown,
        requirements: &["SAFE-08", "SAFE-06"],
    }
    .concern(line, shared)
}

/// A drug for which content has no bound: the program's generic one, a share of the regimen's dose.
fn without_bounds(line: &PlanLine<'_>, field: &str, dose: Dose, shared: &Shared<'_>, found: &mut Vec<Concern>) {
    // who is unknown, or named only beside a code for unclassified drugs, goes to a person anyway
    if line.drug.is_none() || line.is_unclassified || line.drug.is_some_and(|drug| drug.is_unclassified()) {
        return;
    }
    let share = shared.content.dosing.shares.without_bound_percent;
    let drugs = shared.matched.into_iter().flat_map(Match::phases).flat_map(|phase| &phase.drugs);
    let given = |dose: Dose| dose::given(dose.amount, dose.unit, shared.patient, None).ok();
    let most = drugs
        .filter(|drug| drug.generic == line.name())
        .filter_map(|drug| given(Dose { amount: drug.dose.amount, unit: drug.dose.unit }))
        .reduce(|left, right| if left.amount() < right.amount() { right } else { left });
    let percent = most.zip(given(dose)).and_then(|(most, given)| given.percent_of(most));
    if percent.is_some_and(|percent| percent <= share * NOISE) {
        return;
    }
    let entered = entered(dose, line, shared);
    let (expected, message, outcome) = match (most, percent) {
        (Some(most), Some(_)) => {
            let message = format!(
                "check the {} of {}: {entered} is more than {share} % of the regimen's {}",
                what(field),
                line.name(),
                most.shown()
            );
            (format!("at most {share} % of {}", most.shown()), message, Truth::NotMet)
        }
        _ => (
            "a dose that content knows".to_owned(),
            format!("no bound is known for {}: a person looks at {entered}", line.name()),
            Truth::Unknown,
        ),
    };
    let hold = Some(Hold::DoseOutOfBounds);
    let about = About {
        rule: "outer-bound",
        code: DeviationCode::DoseOutOfBounds,
        field,
        expected,
        entered,
        message,
        pends: true,
        hold,
        outcome,
        requirements: &["SAFE-06"],
    };
    found.push(about.concern(line, shared));
}

/// Inside the bounds, but not usual: a warning, where the regimen's own dose does not say more; far below it, a person looks.
fn usual(line: &PlanLine<'_>, field: &str, dose: Dose, shared: &Shared<'_>, found: &mut Vec<Concern>) {
    if regimen::gives(shared.matched, line.name()) {
        return;
    }
    let (basis, factor) = dose::measure(dose.unit);
    let amount = dose.amount * factor;
    let routes = line.known_route().map(|route| Routes(1 << route.0));
    let range = rules(line, routes)
        .filter(|rule| rule.basis == basis)
        .map(|rule| rule.usual)
        .reduce(|left, right| (left.0.min(right.0), left.1.max(right.1)));
    let Some((least, most)) = range else { return };
    let limits = &shared.content.dosing.shares;
    let rounding = limits.rounding_percent / 100.0;
    if amount >= least * (1.0 - rounding) / NOISE && amount <= most * (1.0 + rounding) * NOISE {
        return;
    }
    // a tenth of a dose is none, supportive or not (SAFE-09); a small reduction is told only
    let is_far = amount * NOISE < least * limits.far_below_percent / 100.0;
    let how = if is_far {
        "far below"
    } else if amount < least {
        "below"
    } else {
        "above"
    };
    let entered = entered(dose, line, shared);
    let expected = if (least - most).abs() < f64::EPSILON {
        in_words(most, basis)
    } else {
        format!("{} to {}", rounded(least), in_words(most, basis))
    };
    let to_do = if is_far { "" } else { regimen::TO_DO };
    let message = format!("check the {} of {}: {entered} is {how} what is usual, {expected}{to_do}", what(field), line.name());
    let about = About {
        rule: "usual",
        code: if is_far { DeviationCode::DoseOutOfBounds } else { DeviationCode::DoseWarning },
        field,
        expected,
        entered,
        message,
        pends: is_far,
        hold: is_far.then_some(Hold::DoseOutOfBounds),
        outcome: Truth::NotMet,
        requirements: &["DEV-03", "SAFE-06", "SAFE-09"],
    };
    found.push(about.concern(line, shared));
}
