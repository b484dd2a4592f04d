//! Codes for unclassified drugs, and codes that count several ingredients: which drug and which amount are meant (SAFE-13, SAFE-05).

use super::super::concern::Concern;
use super::super::dose;
use super::super::drugs::Shared;
use super::super::plan::PlanLine;
use super::About;
use crate::domain::content::{Counts, Per};
use crate::domain::order::Dose;
use crate::domain::vocabulary::{DeviationCode, Hold, Truth};

/// What one line's code and name leave open.
pub fn judge(line: &PlanLine<'_>, shared: &Shared<'_>, found: &mut Vec<Concern>) {
    if line.is_unclassified {
        found.push(unclassified(line, shared));
    }
    let Some((counts, parts)) = line.dosing.and_then(|dosing| dosing.parts.as_ref()) else { return };
    for (field, dose) in [("/dose", line.ordered.dose), ("/loading_dose", line.ordered.loading_dose)] {
        if let Some(concern) = dose.and_then(|dose| other_count(line, field, dose, *counts, parts, shared)) {
            found.push(concern);
        }
    }
}

/// A person looks at it, whatever its name; the name's own code is said where there is one.
fn unclassified(line: &PlanLine<'_>, shared: &Shared<'_>) -> Concern {
    let code = line.ordered.hcpcs.as_deref().unwrap_or_default();
    let own: Vec<&str> = match line.drug {
        Some(drug) if !drug.is_unclassified() => drug.codes.iter().map(|code| code.hcpcs.as_str()).collect(),
        _ => Vec::new(),
    };
    let named = line.ordered.generic.is_some();
    let (expected, message, deviation) = match (named, own.as_slice()) {
        (false, _) => {
            let message = format!("enter the name of the drug billed with {code}, a code for unclassified drugs");
            ("the drug's name".to_owned(), message, DeviationCode::MissingClinicalInformation)
        }
        (true, []) => {
            let message = format!(
                "{} is billed with {code}, a code for unclassified drugs: a person looks at the drug and its dose",
                line.name()
            );
            ("a code of its own, where it has one".to_owned(), message, DeviationCode::UnknownAnswer)
        }
        (true, codes) => {
            let codes = codes.join(" or ");
            let message =
                format!("{} has a code of its own: enter {codes} in place of {code}, a code for unclassified drugs", line.name());
            (codes, message, DeviationCode::UnknownAnswer)
        }
    };
    About {
        rule: "unclassified",
        code: deviation,
        field: if named { "/hcpcs" } else { "/generic" },
        expected,
        entered: code.to_owned(),
        message,
        pends: true,
        hold: None,
        outcome: Truth::Unknown,
        requirements: &["SAFE-13"],
    }
    .concern(line, shared)
}

/// The amount of one ingredient where the code counts their sum, or the sum where it counts the first.
fn other_count(
    line: &PlanLine<'_>,
    field: &str,
    dose: Dose,
    counts: Counts,
    parts: &[Vec<f64>],
    shared: &Shared<'_>,
) -> Option<Concern> {
    let (basis, factor) = dose::measure(dose.unit);
    if basis.per != Per::Flat {
        return None;
    }
    let amount = dose.amount * factor;
    let is = |other: f64| (amount - other).abs() < 1e-6;
    let sum = |part: &Vec<f64>| part.iter().sum::<f64>();
    let first = |part: &Vec<f64>| part.first().copied().unwrap_or_default();
    let right = |part: &Vec<f64>| if counts == Counts::Sum { sum(part) } else { first(part) };
    let wrong = |part: &Vec<f64>| if counts == Counts::Sum { part.iter().any(|one| is(*one)) } else { is(sum(part)) };
    // where two parts are equal, the maintenance dose is the one that is told
    let meant = parts.iter().rev().find(|part| wrong(part)).filter(|_| !parts.iter().any(|part| is(right(part))))?;
    let unit = basis.kind.base();
    let written = meant.iter().map(f64::to_string).collect::<Vec<_>>().join(" + ");
    let expected = format!("{} {unit}", right(meant));
    let how = if counts == Counts::Sum { "the sum of the ingredients" } else { "the first ingredient" };
    let code = line.ordered.hcpcs.as_deref().unwrap_or("its code");
    Some(
        About {
            rule: "combination",
            code: DeviationCode::DoseOutOfBounds,
            field,
            message: format!(
                "check the dose of {}: {code} counts {how}, so {written} {unit} is entered as {expected}; {dose} was entered",
                line.name()
            ),
            expected,
            entered: dose.to_string(),
            pends: true,
            hold: Some(Hold::DoseOutOfBounds),
            outcome: Truth::Unknown,
            requirements: &["SAFE-13", "SAFE-05"],
        }
        .concern(line, shared),
    )
}
