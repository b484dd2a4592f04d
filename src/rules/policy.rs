//! Reviews one managed drug against medical policy (REG-10, REG-11, REG-12, DEV-05).
//!
//! For Medicare Advantage members a CMS determination comes first, then the plan's policy. A drug without either meets policy when the
//! order matches an evidence-based regimen that contains it and every criterion of that regimen is met. Nothing here denies: what is
//! not met, or not known, goes to a nurse.

use super::criteria::{Asked, Bench, evidence, judge};
use super::findings::{Findings, Said, facts};
use crate::domain::content::{Content, Indication, Policy, PolicyBasis, PolicyKind, Program, Statement};
use crate::domain::vocabulary::{LineOfBusiness, Truth};
use serde_json::json;
use std::sync::Arc;

/// What a review found.
#[derive(Debug, Clone)]
pub struct Reviewed {
    /// Whether policy is met.
    pub truth: Truth,
    /// Ids of its findings.
    pub findings: Vec<String>,
    /// Answers that make statements fail, or keep them from being told.
    pub open: Vec<Open>,
    /// True where the policy is a growth factor's (DEV-06).
    pub growth_factor: bool,
    /// In words, for the drug's message.
    pub summary: String,
}

/// An answer that a statement of policy waits for or fails by.
#[derive(Debug, Clone)]
pub struct Open {
    /// The answer.
    pub asked: Asked,
    /// The statement, as content writes it.
    pub statement: String,
}

/// Reviews the drug of `bench.line`.
pub fn review(bench: &Bench<'_>, program: &Program, content: &Content, findings: &mut Findings<'_>) -> Reviewed {
    let generic = bench.line.name();
    match applicable(generic, bench, content) {
        Some(policy) => by_policy(policy, bench, program, findings),
        None => by_regimen(bench, program, findings),
    }
}

/// The policy that decides: the CMS determination for Medicare Advantage members, else the plan's.
fn applicable<'c>(generic: &str, bench: &Bench<'_>, content: &'c Content) -> Option<&'c Arc<Policy>> {
    let day = bench.patient.date_of_service;
    let effective = || content.policies_for(generic).filter(|policy| policy.is_effective(day));
    let cms = effective().find(|policy| policy.basis != PolicyBasis::Plan);
    let plan = effective().find(|policy| policy.basis == PolicyBasis::Plan);
    if bench.patient.coverage.line_of_business == LineOfBusiness::MedicareAdvantage { cms.or(plan) } else { plan }
}

fn by_policy(policy: &Policy, bench: &Bench<'_>, program: &Program, findings: &mut Findings<'_>) -> Reviewed {
    let general = statements(&policy.general, bench);
    let best = policy
        .indications
        .iter()
        .rev() // of equals the first, as content orders them
        .map(|indication| (standing(&indication.criteria, bench), indication))
        .max_by_key(|(standing, _)| *standing);
    let mut said = ReviewWriter { policy, program, bench, findings, ids: Vec::new(), open: Vec::new(), failing: Vec::new() };
    said.statements("general", &policy.general);
    let truth = match best {
        Some((standing, indication)) => {
            said.statements(&indication.id, &indication.criteria);
            standing.truth().and(general)
        }
        None => Truth::NotMet,
    };
    let title = best.map_or_else(|| "no indication".to_owned(), |(_, indication)| title(indication));
    let summary = match truth {
        Truth::Met => format!("{}: meets {title}", policy.title),
        Truth::NotMet => format!("{}: {title} is closest and does not hold: {}", policy.title, said.failing.join("; ")),
        Truth::Unknown => format!("{}: {title} cannot be told from the answers", policy.title),
    };
    Reviewed { truth, findings: said.ids, open: said.open, growth_factor: policy.kind == PolicyKind::GrowthFactor, summary }
}

fn title(indication: &Indication) -> String {
    if indication.title.is_empty() { indication.id.clone() } else { indication.title.clone() }
}

fn statements(list: &[Statement], bench: &Bench<'_>) -> Truth {
    list.iter().fold(Truth::Met, |so_far, statement| so_far.and(judge(&statement.criterion, bench)))
}

/// How near an indication is: not failed before failed; then one whose first statement, which says what it is for, holds; then fewer
/// statements that fail, and fewer that cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Standing {
    not_failed: bool,
    is_for_this: bool,
    fewer_failed: i32,
    fewer_unknown: i32,
}

impl Standing {
    const fn truth(self) -> Truth {
        match (self.not_failed, self.fewer_unknown) {
            (false, _) => Truth::NotMet,
            (true, 0) => Truth::Met,
            (true, _) => Truth::Unknown,
        }
    }
}

fn standing(list: &[Statement], bench: &Bench<'_>) -> Standing {
    let mut found = Standing { not_failed: true, is_for_this: true, fewer_failed: 0, fewer_unknown: 0 };
    for (index, statement) in list.iter().enumerate() {
        let truth = judge(&statement.criterion, bench);
        found.is_for_this &= index > 0 || truth == Truth::Met;
        match truth {
            Truth::Met => {}
            Truth::NotMet => {
                found.not_failed = false;
                found.fewer_failed -= 1;
            }
            Truth::Unknown => found.fewer_unknown -= 1,
        }
    }
    found
}

struct ReviewWriter<'w, 'b, 'f> {
    policy: &'w Policy,
    program: &'w Program,
    bench: &'w Bench<'b>,
    findings: &'w mut Findings<'f>,
    ids: Vec<String>,
    open: Vec<Open>,
    failing: Vec<String>,
}

impl ReviewWriter<'_, '_, '_> {
    fn statements(&mut self, part: &str, list: &[Statement]) {
        let source = source(self.policy, self.program, self.bench);
        for (index, statement) in list.iter().enumerate() {
            let truth = judge(&statement.criterion, self.bench);
            let evidence = evidence(&statement.criterion, self.bench, truth);
            self.open.extend(evidence.open.into_iter().map(|asked| Open { asked, statement: statement.text.clone() }));
            if truth == Truth::NotMet {
                self.failing.push(statement.text.clone());
            }
            let id = self.findings.add(Said {
                rule: ["policy/", &self.policy.id, "/", part, "/", &(index + 1).to_string()].concat(),
                outcome: truth,
                requirements: &["REG-10", "REG-11", "REG-12"],
                source: &source,
                facts: evidence.facts,
                message: [&statement.text, ": ", outcome_words(truth)].concat(),
            });
            self.ids.push(id);
        }
    }
}

/// Whose criteria they are, and where they come from.
fn source(policy: &Policy, program: &Program, bench: &Bench<'_>) -> String {
    match &policy.basis {
        PolicyBasis::Cms { determination } => format!("CMS {determination}; {}", policy.source),
        PolicyBasis::Plan => format!("{}{}; {}", program.criteria_source, for_want_of_cms(bench), policy.source),
    }
}

/// REG-10: for a Medicare Advantage member a CMS determination would come first.
fn for_want_of_cms(bench: &Bench<'_>) -> &'static str {
    if bench.patient.coverage.line_of_business == LineOfBusiness::MedicareAdvantage {
        ", for want of a CMS coverage determination on file"
    } else {
        ""
    }
}

/// An outcome in words.
pub const fn outcome_words(truth: Truth) -> &'static str {
    match truth {
        Truth::Met => "met",
        Truth::NotMet => "not met",
        Truth::Unknown => "cannot be told from the answers",
    }
}

fn by_regimen(bench: &Bench<'_>, program: &Program, findings: &mut Findings<'_>) -> Reviewed {
    let name = bench.line.name();
    let (truth, message, source) = if let Some(matched) = bench.matched.filter(|matched| matched.contains(bench.line)) {
        let truth = matched.clinical_fit();
        let words = format!(
            "{name} has no policy of its own and is part of {} ({}), whose criteria are {}",
            matched.regimen.name,
            matched.regimen.id,
            if truth == Truth::Unknown { "not all known" } else { outcome_words(truth) }
        );
        (truth, words, format!("{}{}; {}", program.criteria_source, for_want_of_cms(bench), matched.regimen.citation))
    } else {
        let words = format!("{name} has no policy of its own and is in no regimen that the order matches");
        (Truth::Unknown, words, format!("{}{}", program.criteria_source, for_want_of_cms(bench)))
    };
    let id = findings.add(Said {
        rule: format!("policy/by-regimen/{name}"),
        outcome: truth,
        requirements: &["REG-10", "REG-11"],
        source: &source,
        facts: facts([("regimen_id", json!(bench.matched.map(|matched| matched.regimen.id.as_str())))]),
        message: message.clone(),
    });
    Reviewed { truth, findings: vec![id], open: Vec::new(), growth_factor: false, summary: message }
}
