//! Products that a plan prefers, where its policy switches the preference on. Who is on another product stays on it.

use super::Judging;
use super::calendar::Laid;
use super::course::continued;
use super::said::joined;
use crate::domain::case::Deviation;
use crate::domain::content::{Policy, PreferredEffect, PreferredProducts};
use crate::domain::vocabulary::{DeviationCode, DeviationEffect, Truth};
use crate::rules::concern::{Concern, Pends};
use serde_json::json;

/// Every line that orders another product than those preferred.
pub fn concerns(laid: &[Laid<'_>], judging: &Judging<'_>) -> Vec<Concern> {
    let shared = judging.shared;
    let service = shared.admitted.date_of_service;
    let program = &shared.admitted.program.id;
    let mut found = Vec::new();
    for line in laid.iter().filter(|line| continued(&[line], judging).is_none()) {
        let Some(drug) = line.drug else { continue };
        let policies = shared.content.policies_for(&drug.generic).filter(|policy| policy.is_effective(service));
        for policy in policies {
            let Some(preferred) = policy.preferred.as_ref().filter(|preferred| preferred.holds_in(program)) else { continue };
            let code = line.line.ordered.hcpcs.as_deref();
            let is_on_it = code.is_some() && judging.earlier.iter().any(|earlier| earlier.code == code && earlier.first < 0);
            if !is_on_it && !code.is_some_and(|code| preferred.products.iter().any(|product| product == code)) {
                found.push(concern(line, policy, preferred));
            }
        }
    }
    found
}

fn concern(line: &Laid<'_>, policy: &Policy, preferred: &PreferredProducts) -> Concern {
    let code = line.line.ordered.hcpcs.as_deref();
    let pends = preferred.effect == PreferredEffect::Pends;
    let products = joined(&preferred.products);
    let entered = code.unwrap_or("no code");
    let (known, told) = match code {
        Some(_) => (DeviationCode::ClinicalMismatch, "is not among the products that the plan prefers"),
        None => (DeviationCode::UnknownAnswer, "has no code that would tell its product; the plan prefers"),
    };
    let message = match code {
        Some(code) => format!("{} {told}: {code} is ordered, {products} are preferred ({})", line.words(), preferred.note),
        None => format!("{} {told} {products} ({})", line.words(), preferred.note),
    };
    Concern {
        rule: format!("limits/preferred/{}", policy.id),
        outcome: if code.is_some() { Truth::NotMet } else { Truth::Unknown },
        requirements: &["SAFE-15"],
        source: policy.source.clone(),
        facts: [("hcpcs", json!(code)), ("preferred", json!(preferred.products))].into(),
        deviation: Deviation {
            code: known,
            drug_line: Some(line.number()),
            line: Some(line.number()),
            options: Vec::new(),
            field: line.line.pointer("/hcpcs"),
            expected: products,
            entered: entered.to_owned(),
            effect: if pends { DeviationEffect::Pends } else { DeviationEffect::None },
            message,
        },
        pends: if pends { Pends::Lines(vec![line.number()]) } else { Pends::Nothing },
        hold: None,
    }
}
