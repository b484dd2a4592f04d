//! A pathology outside the vocabulary that denies the cancer, leaves it in doubt or names none: nobody is treated for it without a person. One that
//! names a cancer is told to count as unknown (SAFE-01).

use crate::domain::case::Deviation;
use crate::domain::vocabulary::{DeviationCode, DeviationEffect, Truth};
use crate::rules::concern::{Concern, Pends};
use crate::rules::drugs::Shared;
use crate::rules::findings::facts;
use serde_json::json;

const FIELD: &str = "/clinical/pathology";

pub(super) fn concerns(shared: &Shared<'_>, found: &mut Vec<Concern>) {
    let patient = shared.patient;
    let Some(written) = patient.clinical.pathology.known() else { return };
    let treats = || shared.plan.iter().any(|line| !line.is_supportive_by_content());
    if patient.pathology().is_some() || !treats() {
        return;
    }
    let names_a_cancer = shared.content.answers.histology.says_cancer(written) == Some(true);
    // what the regimen asks of it tells so by itself
    if names_a_cancer && shared.matched.is_some_and(|matched| matched.regimen.pathology.is_some()) {
        return;
    }
    let (message, effect, pends) = if names_a_cancer {
        (
            format!("pathology `{written}` is not in the vocabulary and counts as unknown: what asks for it stays open"),
            DeviationEffect::None,
            Pends::Nothing,
        )
    } else {
        (
            format!(
                "pathology `{written}` is not understood as a cancer, and may say that there is none: write the word for the cancer that is treated"
            ),
            DeviationEffect::Pends,
            Pends::Managed,
        )
    };
    found.push(Concern {
        rule: "agreement/pathology".to_owned(),
        outcome: Truth::Unknown,
        requirements: &["SAFE-01", "SAFE-12"],
        source: "content/pathologies.toml".to_owned(),
        facts: facts([("pathology", json!(written))]),
        deviation: Deviation {
            code: DeviationCode::UnknownAnswer,
            drug_line: None,
            line: None,
            options: Vec::new(),
            field: FIELD.to_owned(),
            expected: "the cancer that is treated".to_owned(),
            entered: written.clone(),
            effect,
            message,
        },
        pends,
        hold: None,
    });
}
