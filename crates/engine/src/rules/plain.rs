//! Criteria in plain English, for people who do not know the criteria language: letters, messages, summaries.
//!
//! A sentence says what the policy asks for. Content says it where it has good words (`says` beside a sentence, `words/plain.toml`); else
//! it is put together here, part by part, so that no sentence of any policy is ever shown as it is written for the machine.

mod drug;
mod facts;
mod lines;
mod names;

pub use names::{called, modality_name, name};

use crate::domain::content::{Content, PlainFact, Statement};
use crate::domain::criteria::{Criterion, WordFact};
use crate::domain::text::capitalize;
use std::sync::Arc;

/// What a line of a policy asks for, as a sentence with its full stop.
pub fn sentence(statement: &Statement, content: &Content) -> String {
    sentence_of(statement, content).as_ref().to_owned()
}

/// The same, as it is kept.
pub fn sentence_of<'s>(statement: &'s Statement, content: &Content) -> &'s Arc<str> {
    statement.sentence.get_or_init(|| (capitalize(clause_of(statement, content)) + ".").into())
}

/// The same as a clause within a sentence.
pub fn clause_of<'s>(statement: &'s Statement, content: &Content) -> &'s str {
    match &statement.says {
        Some(says) => says.trim().trim_end_matches('.'),
        None => statement.put_together.get_or_init(|| clause(&statement.criterion, content)),
    }
}

/// A criterion as a clause: `HER2 is positive`.
pub fn clause(criterion: &Criterion, content: &Content) -> String {
    Speaker { content }.say(criterion, false)
}

/// How what is given beside a drug is said.
const TOGETHER: &str = "the drug is given together with";

struct Speaker<'c> {
    content: &'c Content,
}

impl Speaker<'_> {
    /// The clause, or its opposite.
    fn say(&self, criterion: &Criterion, denied: bool) -> String {
        if let Some(PlainFact { says, denies, .. }) = self.content.plain.facts.iter().find(|fact| fact.criterion == *criterion) {
            return if denied { denies.clone() } else { says.clone() };
        }
        match criterion {
            Criterion::Not(inner) => self.say(inner, !denied),
            Criterion::All(parts) if denied => self.any(parts, true),
            Criterion::All(parts) => self.all(parts, false),
            Criterion::Any(parts) if denied => self.all(parts, true),
            Criterion::Any(parts) => self.any(parts, false),
            leaf => self.leaf(leaf, denied),
        }
    }

    /// Everything that has to hold. Alternatives among it come last and are set off, so that nobody reads "A or B and C" in two ways.
    fn all(&self, parts: &[Criterion], denied: bool) -> String {
        let said = |wanted: bool| parts.iter().filter(move |part| is_alternative(part, denied) == wanted);
        let mut plain: Vec<String> = Vec::new();
        for part in said(false) {
            let clause = self.say(part, denied);
            // "given together with A and given together with B" has one verb
            let same =
                |before: &&mut String| !clause.contains(" and ") && before.starts_with(TOGETHER) && clause.starts_with(TOGETHER);
            match plain.last_mut().filter(same) {
                Some(before) => *before = format!("{before} and with{}", clause.get(TOGETHER.len()..).unwrap_or_default()),
                None => plain.push(clause),
            }
        }
        let alternatives = said(true).map(|part| {
            let clause = self.say(part, denied);
            if clause.starts_with("either ") || !clause.contains(" or ") { clause } else { format!("either {clause}") }
        });
        let alternatives: Vec<String> = alternatives.collect();
        if alternatives.is_empty() {
            return plain.join(" and ");
        }
        let first = if plain.is_empty() { Vec::new() } else { vec![plain.join(" and ")] };
        first.into_iter().chain(alternatives).collect::<Vec<_>>().join("; and ")
    }

    /// Alternatives. What holds for some only is a condition: `if the drug is iron dextran, …`.
    fn any(&self, parts: &[Criterion], denied: bool) -> String {
        let is_condition = |part: &&Criterion| match part {
            Criterion::Not(_) => !denied && is_of_order(part),
            other => denied && is_of_order(other),
        };
        if parts.len() > 1
            && let Some(condition) = parts.iter().find(is_condition)
        {
            let rest: Vec<Criterion> = parts.iter().filter(|part| *part != condition).cloned().collect();
            let rest = if let [only] = rest.as_slice() { self.say(only, denied) } else { self.any(&rest, denied) };
            return format!("if {}, then {rest}", self.say(condition, !denied));
        }
        let mut said: Vec<String> = Vec::new();
        for part in parts {
            let clause = self.say(part, denied);
            if !said.contains(&clause) {
                said.push(clause);
            }
        }
        let is_long = said.iter().any(|clause| clause.contains(" and ") || clause.contains(" or ") || clause.contains(','));
        match (said.as_slice(), is_long) {
            ([only], _) => only.clone(),
            (_, true) => format!("either {}", said.join("; or ").replace("; and ", ", and ")),
            (_, false) => said.join(" or "),
        }
    }

    fn leaf(&self, criterion: &Criterion, denied: bool) -> String {
        match criterion {
            Criterion::All(_) | Criterion::Any(_) | Criterion::Not(_) => String::new(),
            Criterion::Word { fact: fact @ (WordFact::Product | WordFact::Route | WordFact::PlaceOfService), any_of } => {
                self.way(*fact, any_of, denied)
            }
            Criterion::Word { fact, any_of } => self.word(*fact, any_of, denied),
            Criterion::Line(lines) => lines::said(lines, denied),
            Criterion::Number { fact, comparison, value } => facts::number(*fact, *comparison, *value, denied),
            Criterion::Biomarker { marker, test, within } => {
                let known = self.content.biomarker(marker);
                let name = known.map_or_else(|| spaced(marker), |known| known.display.clone());
                facts::result(&name, known.map(AsRef::as_ref), test, *within, "", denied)
            }
            Criterion::Assessment { name, test, within } => {
                let known = self.content.assessment(name);
                let unit = known.map(|known| known.unit.as_str()).unwrap_or_default();
                facts::result(&self.assessment(name), known.map(AsRef::as_ref), test, *within, unit, denied)
            }
            Criterion::DaysSince { name, comparison, days } => {
                facts::since(&self.assessment(name), *comparison, *days, "day", denied)
            }
            Criterion::MonthsSince { name, comparison, months } => {
                facts::since(&self.assessment(name), *comparison, *months, "month", denied)
            }
            Criterion::LinesBeforeWith { partners, comparison, value } => {
                let count = facts::count(*comparison, *value, denied, "earlier line of treatment");
                format!("{count} had {}", self.partners(partners, "or"))
            }
            Criterion::Continuation(goes_on) if *goes_on != denied => "this goes on with treatment already under way".to_owned(),
            Criterion::Continuation(_) => "this is a new course of treatment".to_owned(),
            Criterion::With(partners) => {
                let not = if denied { "not given" } else { "given" };
                format!("the drug is {not} together with {}", self.partners(partners, "or"))
            }
            Criterion::After(partners) => {
                let not = if denied { "does not begin" } else { "begins" };
                format!("the drug {not} after {} on this request has ended", self.partners(partners, "or"))
            }
            Criterion::Alone if denied => "the drug is given together with another drug against the cancer".to_owned(),
            Criterion::Alone => "the drug is given without other drugs against the cancer".to_owned(),
            Criterion::Prior { partners, end } => facts::prior(&self.partners(partners, "or"), *end, denied),
            Criterion::FnRiskFactor(None) if denied => {
                "nothing about the patient raises the risk of fever with low white blood cells".to_owned()
            }
            Criterion::FnRiskFactor(None) => {
                "something about the patient raises the risk of fever with low white blood cells".to_owned()
            }
            Criterion::FnRiskFactor(Some(factor)) => {
                let factor = spaced(factor);
                if denied { format!("the patient does not have {factor}") } else { format!("the patient has {factor}") }
            }
            Criterion::RegimenMatched if denied => {
                "the drugs are not those of a standard treatment plan for this cancer".to_owned()
            }
            Criterion::RegimenMatched => {
                "the drugs are those of a standard treatment plan for this cancer, and the patient's answers fit it".to_owned()
            }
        }
    }

    fn assessment(&self, name: &str) -> String {
        self.content.assessment(name).map_or_else(|| spaced(name), |known| known.display.clone())
    }
}

/// True for what is said as alternatives.
fn is_alternative(criterion: &Criterion, denied: bool) -> bool {
    match criterion {
        Criterion::Not(inner) => is_alternative(inner, !denied),
        Criterion::Any(_) => !denied,
        Criterion::All(_) => denied,
        _ => false,
    }
}

/// True for what the order itself says, rather than the patient's illness.
fn is_of_order(criterion: &Criterion) -> bool {
    match criterion {
        Criterion::Not(inner) => is_of_order(inner),
        Criterion::All(parts) => parts.iter().all(is_of_order),
        Criterion::Word { fact, .. } => matches!(fact, WordFact::Product | WordFact::Cancer | WordFact::Route),
        Criterion::Biomarker { test, .. } | Criterion::Assessment { test, .. } => {
            *test == crate::domain::criteria::ResultTest::Told
        }
        _ => false,
    }
}

/// A word of content with spaces.
fn spaced(word: &str) -> String {
    word.replace('_', " ")
}

/// `a`, `a or b`, `a, b or c`.
fn listed(words: &[String], joint: &str) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} {joint} {last}", first.join(", ")),
    }
}
