//! Whether the answers of an order agree with each other and with its diagnosis (SAFE-11, SAFE-12). What content calls a contradiction
//! goes to a person with both answers named; nothing here lets a line through.

mod dates;
mod diagnosis;
mod lines;
mod measures;
mod pathology;
mod performance;
mod roster;
mod stages;
mod words;

pub use diagnosis::not_billable;

use super::concern::{Concern, Pends};
use super::drugs::Shared;
use super::facts::Facts;
use super::radiation::Treated;
use crate::domain::case::Deviation;
use crate::domain::facts_used::FactsUsed;
use crate::domain::vocabulary::{DeviationCode, DeviationEffect, Truth};
use serde_json::Value;

/// Everything that a person has to look at.
pub fn concerns(facts: &Facts<'_>, shared: &Shared<'_>) -> Vec<Concern> {
    let mut found = Vec::new();
    diagnosis::concerns(shared, &mut found);
    pathology::concerns(shared, &mut found);
    words::concerns(facts, shared, None, &mut found);
    stages::concerns(shared, &mut found);
    lines::concerns(shared, &mut found);
    measures::concerns(shared, &mut found);
    performance::concerns(shared, &mut found);
    roster::concerns(facts, shared, &mut found);
    dates::concerns(facts, shared, &mut found);
    found
}

/// The same for radiation, which has its own rule for the diagnosis.
pub fn concerns_of_radiation(facts: &Facts<'_>, shared: &Shared<'_>, treated: &Treated<'_>) -> Vec<Concern> {
    let mut found = Vec::new();
    words::concerns(facts, shared, Some(treated), &mut found);
    stages::concerns(shared, &mut found);
    lines::concerns(shared, &mut found);
    measures::concerns(shared, &mut found);
    performance::concerns(shared, &mut found);
    roster::concerns(facts, shared, &mut found);
    dates::concerns(facts, shared, &mut found);
    found
}

/// One side of a disagreement.
#[derive(Debug, Clone)]
struct Side {
    /// Name for people, such as `HER2 IHC`.
    name: String,
    /// JSON pointer.
    pointer: String,
    /// What was entered, in words.
    entered: String,
}

impl Side {
    fn new(name: impl Into<String>, pointer: impl Into<String>, entered: impl Into<String>) -> Self {
        Self { name: name.into(), pointer: pointer.into(), entered: entered.into() }
    }

    fn in_words(&self) -> String {
        [&self.name, " ", &self.entered].concat().trim_end().to_owned()
    }
}

/// Two sides that cannot both be true.
fn contradiction(id: &str, because: &str, first: &Side, second: &Side, pends: Pends, shared: &Shared<'_>) -> Concern {
    let message = format!(
        "{} and {} contradict each other: {because}. Correct one of them, or say which is right",
        first.in_words(),
        second.in_words()
    );
    Concern {
        rule: ["agreement/", id].concat(),
        outcome: Truth::NotMet,
        requirements: &["SAFE-12"],
        source: shared.content.agreement.source.clone(),
        facts: both(first, second),
        deviation: Deviation {
            code: DeviationCode::Contradiction,
            drug_line: None,
            line: None,
            options: Vec::new(),
            field: second.pointer.clone(),
            expected: ["an answer that agrees with ", &first.in_words()].concat(),
            entered: second.entered.clone(),
            effect: DeviationEffect::Pends,
            message,
        },
        pends,
        hold: None,
    }
}

fn both(first: &Side, second: &Side) -> FactsUsed {
    [first, second].into_iter().map(|side| (side.pointer.clone(), Value::from(side.entered.clone()))).collect()
}
