//! A broken limit in words.

use super::Judging;
use super::calendar::Laid;
use crate::domain::case::Deviation;
use crate::domain::content::{Content, Limit, LimitRule, Statement};
use crate::domain::facts_used::FactsUsed;
use crate::domain::vocabulary::{DeviationCode, DeviationEffect, Truth};
use crate::rules::concern::{Concern, Pends};
use crate::rules::criteria::{Asked, evidence, judge};
use crate::rules::plain;
use serde_json::{Value, json};

/// What breaks a limit.
#[derive(Debug)]
pub struct Broken {
    /// What was entered.
    pub entered: String,
    /// What the limit asks for.
    pub expected: String,
    /// The rest of a sentence that begins with the drug.
    pub words: String,
    /// Facts used.
    pub facts: Vec<(&'static str, Value)>,
    /// Lines concerned.
    pub lines: Vec<u32>,
    /// Field of the line.
    pub field: &'static str,
}

/// Whether a limit holds for this patient and plan.
pub fn truth(limit: &Limit, line: &Laid<'_>, judging: &Judging<'_>) -> Truth {
    let bench = judging.shared.bench(line.line);
    let judged = |statement: &Option<Statement>| statement.as_ref().map(|statement| judge(&statement.criterion, &bench));
    judged(&limit.when).unwrap_or(Truth::Met).and(judged(&limit.unless).map_or(Truth::Met, Truth::negate))
}

/// Whether a limit holds for this patient and plan, and which answers would tell.
pub fn holds(limit: &Limit, line: &Laid<'_>, judging: &Judging<'_>) -> (Truth, Vec<Asked>) {
    let shared = judging.shared;
    let bench = shared.bench(line.line);
    let asked = |statement: &Statement, truth: Truth| {
        if truth == Truth::Unknown { evidence(&statement.criterion, &bench, truth).open } else { Vec::new() }
    };
    let when = limit.when.as_ref().map(|statement| (statement, judge(&statement.criterion, &bench)));
    let unless = limit.unless.as_ref().map(|statement| (statement, judge(&statement.criterion, &bench)));
    let truth = when.map_or(Truth::Met, |(_, truth)| truth).and(unless.map_or(Truth::Met, |(_, truth)| truth.negate()));
    if truth != Truth::Unknown {
        return (truth, Vec::new());
    }
    let mut open: Vec<Asked> = Vec::new();
    for (statement, truth) in when.into_iter().chain(unless) {
        open.extend(asked(statement, truth));
    }
    (truth, open)
}

/// The concerns of a broken limit; none where it does not hold for this patient. Where that cannot be told, what would tell is asked.
pub fn say(limit: &Limit, mut broken: Broken, lines: &[&Laid<'_>], judging: &Judging<'_>) -> Vec<Concern> {
    broken.lines.sort_unstable();
    broken.lines.dedup();
    let concerned: Vec<&Laid<'_>> = lines.iter().filter(|line| broken.lines.contains(&line.number())).copied().collect();
    let Some(first) = concerned.first().or_else(|| lines.first()).copied() else { return Vec::new() };
    let (truth, asked) = holds(limit, first, judging);
    if truth == Truth::NotMet {
        return Vec::new();
    }
    let names: Vec<String> = concerned.iter().map(|line| line.words()).collect();
    let held =
        limit.when.as_ref().map_or_else(String::new, |when| format!(" where {}", plain::clause_of(when, judging.shared.content)));
    let message = format!("{} {}{held} ({})", joined(&names), broken.words, limit.source);
    let concern = Told {
        limit,
        outcome: if truth == Truth::Met { Truth::NotMet } else { Truth::Unknown },
        facts: broken.facts.into_iter().collect(),
        lines: broken.lines,
        first,
    };
    if asked.is_empty() {
        let code = DeviationCode::LimitExceeded;
        return vec![concern.told(code, first.line.pointer(broken.field), broken.expected, broken.entered, message)];
    }
    asked.into_iter().map(|asked| concern.asks(asked, &message, judging.shared.content)).collect()
}

/// A limit that cannot be told until somebody says more of earlier treatment. Managed lines wait for it.
pub fn ask(limit: &Limit, asked: &str, lines: &[&Laid<'_>], judging: &Judging<'_>) -> Vec<Concern> {
    let managed: Vec<&Laid<'_>> = lines.iter().filter(|line| judging.is_managed(line)).copied().collect();
    let Some(first) = managed.first().copied() else { return Vec::new() };
    let (truth, _) = holds(limit, first, judging);
    if truth == Truth::NotMet {
        return Vec::new();
    }
    let names: Vec<String> = managed.iter().map(|line| line.words()).collect();
    let message = format!("{}: {asked} is needed to tell whether a limit holds ({})", joined(&names), limit.source);
    let concern = Told {
        limit,
        outcome: Truth::Unknown,
        facts: FactsUsed::new(),
        lines: managed.iter().map(|line| line.number()).collect(),
        first,
    };
    let field = "/clinical/prior_therapies".to_owned();
    vec![concern.told(DeviationCode::UnknownAnswer, field, asked.to_owned(), "not told".to_owned(), message)]
}

/// What all concerns about one broken limit share.
pub struct Told<'t> {
    /// The limit.
    pub limit: &'t Limit,
    /// Not met, or unknown.
    pub outcome: Truth,
    /// Facts used.
    pub facts: FactsUsed,
    /// Lines concerned.
    pub lines: Vec<u32>,
    /// The line that is named.
    pub first: &'t Laid<'t>,
}

impl Told<'_> {
    /// The limit is broken.
    pub fn told(&self, code: DeviationCode, field: String, expected: String, entered: String, message: String) -> Concern {
        let mut facts = self.facts.clone();
        facts.insert("lines", json!(self.lines));
        Concern {
            rule: format!("limits/{}", self.limit.id),
            outcome: self.outcome,
            requirements: requirements(self.limit),
            source: self.limit.source.clone(),
            facts,
            deviation: Deviation {
                code,
                drug_line: Some(self.first.number()),
                line: Some(self.first.number()),
                options: Vec::new(),
                field,
                expected,
                entered,
                effect: DeviationEffect::Pends,
                message,
            },
            pends: Pends::Lines(self.lines.clone()),
            hold: None,
        }
    }

    /// The limit is broken if it holds, and this answer would tell.
    pub fn asks(&self, asked: Asked, message: &str, content: &Content) -> Concern {
        let name = plain::name(&asked.name, content);
        let message = format!("{name} is needed to tell whether a limit holds: {message}");
        self.told(DeviationCode::UnknownAnswer, asked.pointer, name, asked.entered, message)
    }
}

/// Requirement ids of a kind of limit.
pub const fn requirements(limit: &Limit) -> &'static [&'static str] {
    match limit.rule {
        LimitRule::NeverTogether { .. } => &["SAFE-09", "SAFE-10"],
        _ => &["SAFE-09", "SAFE-15"],
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn joined(names: &[String]) -> String {
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}
