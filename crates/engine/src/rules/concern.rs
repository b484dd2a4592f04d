//! What a rule beside policies and regimens finds that a person has to look at: a dose beyond its bound, a contradiction, two drugs that
//! are never given together. A concern is told as a finding and a deviation, and pends the lines it is about; it never helps a line through.

use super::drugs::Judged;
use super::findings::{Findings, Said};
use super::plan::PlanLine;
use crate::domain::case::Deviation;
use crate::domain::facts_used::FactsUsed;
use crate::domain::vocabulary::{DrugStatus, Hold, Truth};

/// Which lines wait for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pends {
    /// None: it is told only.
    Nothing,
    /// These lines, managed or not.
    Lines(Vec<u32>),
    /// Every line that the program manages; where it manages none, every line.
    Managed,
    /// Every line.
    Everything,
}

/// One thing to look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Concern {
    /// Path of the rule, such as `dose/vincristine/outer-bound`.
    pub rule: String,
    /// Not met, or unknown where an answer is missing.
    pub outcome: Truth,
    /// Requirement ids.
    pub requirements: &'static [&'static str],
    /// Where content has it from.
    pub source: String,
    /// Facts used.
    pub facts: FactsUsed,
    /// As told to the practice. Its effect says whether it pends and whether it leaves the Pathway.
    pub deviation: Deviation,
    /// Which lines wait.
    pub pends: Pends,
    /// The hold that it puts on the case.
    pub hold: Option<Hold>,
}

impl Concern {
    /// Pends what it is about, and is written down.
    pub fn apply(&self, plan: &[PlanLine<'_>], judged: &mut [Judged], findings: &mut Findings) {
        let number = findings.put(Said {
            rule: self.rule.clone(),
            outcome: self.outcome,
            requirements: self.requirements,
            source: &self.source,
            facts: self.facts.clone(),
            message: self.deviation.message.clone(),
        });
        let any_managed = judged.iter().any(|judged| judged.managed);
        for (line, judged) in plan.iter().zip(judged) {
            let concerned = match &self.pends {
                Pends::Nothing => false,
                Pends::Lines(lines) => lines.contains(&line.ordered.line),
                Pends::Managed => judged.managed || !any_managed,
                Pends::Everything => true,
            };
            if !concerned {
                continue;
            }
            judged.findings.push(number);
            if judged.status.may_be_given() {
                judged.status = DrugStatus::InProgress;
                judged.message = format!("goes to an oncology nurse: {}", self.deviation.message);
            }
        }
    }
}
