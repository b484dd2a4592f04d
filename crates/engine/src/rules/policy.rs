//! Reviews one managed drug against medical policy (REG-10, REG-11, REG-12, DEV-05).
//!
//! For Medicare Advantage members a CMS determination comes first, then the plan's policy. A drug without either meets policy when the
//! order matches an evidence-based regimen that contains it and every criterion of that regimen is met. Nothing here denies: what is
//! not met, or not known, goes to a nurse.

use super::course::Course;
use super::criteria::{Asked, Bench, judge_statement, statement_evidence};
use super::findings::{Findings, JudgedSentence, Said, facts};
use super::history::partners_of;
use super::plain;
use crate::domain::content::{Content, Indication, Policy, PolicyBasis, PolicyKind, Program, Statement};
use crate::domain::criteria::PriorEnd;
use crate::domain::facts_used::FactsUsed;
use crate::domain::text::{capitalize, numbered};
use crate::domain::vocabulary::{LineOfBusiness, Response, Toxicity, Truth};
use serde_json::json;
use std::sync::Arc;

/// What a review found.
#[derive(Debug, Clone)]
pub struct Reviewed {
    /// Whether policy is met.
    pub truth: Truth,
    /// Numbers of its findings.
    pub findings: Vec<usize>,
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
    /// The statement in plain English.
    pub statement: String,
    /// True where the statement is a limit (SAFE-09, SAFE-15).
    pub is_limit: bool,
}

/// Reviews the drug of `bench.line`.
pub fn review(bench: &Bench<'_>, program: &Program, content: &Content, findings: &mut Findings) -> Reviewed {
    let generic = bench.line.name();
    match applicable(generic, bench, program, content) {
        Some(policy) => by_policy(policy, bench, program, findings),
        None => by_regimen(bench, program, findings),
    }
}

/// The policy that decides: the CMS determination for Medicare Advantage members, else the plan's; of either, one that names the plan or
/// program before the general one (REG-10).
fn applicable<'c>(generic: &str, bench: &Bench<'_>, program: &Program, content: &'c Content) -> Option<&'c Arc<Policy>> {
    let day = bench.patient.date_of_service;
    let first = |is_cms: bool| {
        let of_owner = || {
            content
                .policies_for(generic)
                .filter(move |policy| (policy.basis != PolicyBasis::Plan) == is_cms && policy.is_effective(day))
        };
        of_owner().find(|policy| policy.scope.names(program)).or_else(|| of_owner().find(|policy| policy.scope.is_general()))
    };
    if bench.patient.coverage.line_of_business == LineOfBusiness::MedicareAdvantage {
        first(true).or_else(|| first(false))
    } else {
        first(false)
    }
}

fn by_policy(policy: &Policy, bench: &Bench<'_>, program: &Program, findings: &mut Findings) -> Reviewed {
    if let Some(note) = policy.note.as_ref().filter(|_| policy.indications.is_empty()) {
        return by_note(policy, note, bench, program, findings);
    }
    let course = Course::of(bench, program.dose_warning_percent);
    let bench = &Bench { course: Some(&course), ..*bench };
    let (general, limits) = (judged(&policy.general, bench), judged(&policy.general_limits, bench));
    let best = nearest(policy, bench);
    let mut said = ReviewWriter {
        policy,
        bench,
        findings,
        source: source(policy, program, bench),
        ids: Vec::new(),
        open: Vec::new(),
        failing: Vec::new(),
    };
    said.statements(&["general"], &policy.general, &general, false);
    said.statements(&["limits"], &policy.general_limits, &limits, true);
    let truth = match &best {
        Some((standing, indication)) => {
            said.indication(indication, standing.told());
            general.iter().chain(&limits).fold(standing.rank.truth(), |so_far, truth| so_far.and(*truth))
        }
        None => Truth::NotMet,
    };
    let is_for_something_else = best.as_ref().is_some_and(|(standing, _)| standing.is_for_something_else());
    let title = best.map_or("no indication", |(_, indication)| title(indication));
    let summary = match truth {
        Truth::NotMet if is_for_something_else => {
            let titles: Vec<&str> = policy.indications.iter().map(self::title).collect();
            format!(
                "The policy “{}” has nothing that this order is for, since this does not hold: {}. It covers: {}",
                policy.title,
                said.failing.join("; "),
                titles.join("; ")
            )
        }
        Truth::Met => ["The policy “", &policy.title, "” is met: ", title].concat(),
        Truth::NotMet => {
            format!(
                "The policy “{}” is not met. Nearest is “{title}”, and this does not hold: {}",
                policy.title,
                said.failing.join("; ")
            )
        }
        Truth::Unknown => {
            format!("Whether the policy “{}” is met cannot be told from the answers. Nearest is “{title}”", policy.title)
        }
    };
    Reviewed { truth, findings: said.ids, open: said.open, growth_factor: policy.kind == PolicyKind::GrowthFactor, summary }
}

/// A policy without indications is never met: a person reads the note.
fn by_note(policy: &Policy, note: &str, bench: &Bench<'_>, program: &Program, findings: &mut Findings) -> Reviewed {
    let summary = format!("The policy “{}” leaves this to a person: {note}", policy.title);
    let number = findings.put(Said {
        rule: format!("policy/{}/note", policy.id),
        outcome: Truth::NotMet,
        requirements: &["REG-10", "REG-11", "REG-12"],
        source: &source(policy, program, bench),
        facts: facts([("hcpcs", json!(bench.line.ordered.hcpcs))]),
        message: summary.clone(),
    });
    Reviewed { truth: Truth::NotMet, findings: vec![number], open: Vec::new(), growth_factor: false, summary }
}

/// The indication that comes nearest; of equals the first, as content orders them. One that is for something else, as its first
/// statement says, comes after every one that is for this, so that the rest of it need not be asked.
fn nearest<'p>(policy: &'p Policy, bench: &Bench<'_>) -> Option<(Standing, &'p Indication)> {
    let is_for_this =
        |indication: &Indication| indication.criteria.first().map_or(Truth::Met, |first| judge_statement(first, bench));
    let purposes: Vec<Truth> = policy.indications.iter().map(is_for_this).collect();
    let some_is = purposes.contains(&Truth::Met);
    policy
        .indications
        .iter()
        .zip(purposes)
        .rev()
        .filter(|(_, purpose)| !some_is || *purpose != Truth::NotMet)
        .map(|(indication, purpose)| (Standing::of(indication, purpose, bench), indication))
        .max_by_key(|(standing, _)| standing.rank)
}

fn title(indication: &Indication) -> &str {
    if indication.title.is_empty() { &indication.id } else { &indication.title }
}

fn judged(list: &[Statement], bench: &Bench<'_>) -> Vec<Truth> {
    list.iter().map(|statement| judge_statement(statement, bench)).collect()
}

/// How an indication stands.
#[derive(Debug)]
struct Standing {
    rank: Rank,
    /// Of each of its statements.
    truths: Vec<Truth>,
}

/// How near an indication is: not failed before failed; then one whose first statement, which says what it is for, holds; then fewer
/// statements that fail, and fewer that cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    not_failed: bool,
    is_for_this: bool,
    fewer_failed: i32,
    fewer_unknown: i32,
}

impl Rank {
    const fn truth(self) -> Truth {
        match (self.not_failed, self.fewer_unknown) {
            (false, _) => Truth::NotMet,
            (true, 0) => Truth::Met,
            (true, _) => Truth::Unknown,
        }
    }
}

impl Standing {
    /// With what its first criterion says, where it has one.
    fn of(indication: &Indication, purpose: Truth, bench: &Bench<'_>) -> Self {
        let known = usize::from(!indication.criteria.is_empty());
        let rest = indication.statements().skip(known).map(|statement| judge_statement(statement, bench));
        let truths: Vec<Truth> = std::iter::once(purpose).take(known).chain(rest).collect();
        let is_for_this = truths.first().is_none_or(|first| *first == Truth::Met);
        let mut rank = Rank { not_failed: true, is_for_this, fewer_failed: 0, fewer_unknown: 0 };
        for truth in &truths {
            match truth {
                Truth::Met => {}
                Truth::NotMet => {
                    rank.not_failed = false;
                    rank.fewer_failed -= 1;
                }
                Truth::Unknown => rank.fewer_unknown -= 1,
            }
        }
        Self { rank, truths }
    }

    /// True where its first statement, which says what it is for, does not hold.
    fn is_for_something_else(&self) -> bool {
        self.truths.first() == Some(&Truth::NotMet)
    }

    /// Of the statements that are worth telling. What else would be asked for a disease that the patient does not have, nobody needs to answer.
    fn told(&self) -> &[Truth] {
        let told = if self.is_for_something_else() { 1 } else { self.truths.len() };
        self.truths.get(..told).unwrap_or_default()
    }
}

struct ReviewWriter<'w, 'b> {
    policy: &'w Policy,
    bench: &'w Bench<'b>,
    findings: &'w mut Findings,
    source: String,
    ids: Vec<usize>,
    open: Vec<Open>,
    failing: Vec<String>,
}

impl ReviewWriter<'_, '_> {
    /// With the truths of its statements, one after another.
    fn indication(&mut self, indication: &Indication, truths: &[Truth]) {
        let (of_criteria, rest) = truths.split_at(indication.criteria.len().min(truths.len()));
        self.statements(&[&indication.id], &indication.criteria, of_criteria, false);
        let mut rest = rest.iter();
        if let Some((diagnoses, truth)) = indication.diagnoses.as_ref().and_then(|diagnoses| Some((diagnoses, rest.next()?))) {
            let policy = self.policy;
            let path = || ["policy/", &policy.id, "/", &indication.id, "/diagnoses"].concat();
            self.statement(path, diagnoses, *truth, false);
        }
        self.statements(&[&indication.id, "/limits"], &indication.limits, rest.as_slice(), true);
    }

    fn statements(&mut self, part: &[&str], list: &[Statement], truths: &[Truth], is_limit: bool) {
        let [first, second] = [part.first(), part.get(1)].map(|part| part.copied().unwrap_or_default());
        for (index, (statement, truth)) in list.iter().zip(truths).enumerate() {
            let policy = self.policy;
            let path = || numbered(&["policy/", &policy.id, "/", first, second, "/"], index + 1);
            self.statement(path, statement, *truth, is_limit);
        }
    }

    fn statement(&mut self, path: impl FnOnce() -> String, statement: &Statement, truth: Truth, is_limit: bool) {
        let evidence = statement_evidence(statement, self.bench, truth);
        let content = self.bench.patient.content;
        if truth != Truth::Met {
            let says = plain::clause_of(statement, content);
            self.open.extend(evidence.open.into_iter().map(|asked| Open { asked, statement: says.to_owned(), is_limit }));
            if truth == Truth::NotMet {
                self.failing.push(says.to_owned());
            }
        }
        let words = if is_limit && truth == Truth::NotMet { "limit exceeded" } else { outcome_words(truth) };
        let judged = JudgedSentence {
            statement,
            rule: statement.path.get_or_init(|| path().into()).into(),
            outcome: truth,
            words,
            requirements: if is_limit { &["SAFE-05", "SAFE-09", "SAFE-15"] } else { &["REG-10", "REG-11", "REG-12"] },
            source: &self.source,
            facts: evidence.facts,
        };
        let number = self.findings.put_judged(judged, content);
        self.ids.push(number);
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

/// What is asked of a drug without a policy beside the fit of its regimen.
struct Before {
    part: String,
    truth: Truth,
    message: String,
    facts: FactsUsed,
    open: Vec<Open>,
}

fn by_regimen(bench: &Bench<'_>, program: &Program, findings: &mut Findings) -> Reviewed {
    let name = bench.line.name();
    let Some(matched) = bench.matched.filter(|matched| matched.contains(bench.line)) else {
        return by_no_regimen(bench, program, findings);
    };
    let fit = matched.clinical_fit();
    let came_before = matched.regimen.came_before.iter().enumerate().map(|(index, sentence)| came_before(index, sentence, bench));
    let before: Vec<Before> = came_before.chain([given_again(bench)]).collect();
    let truth = before.iter().fold(fit, |so_far, before| so_far.and(before.truth));
    let mut summary = format!(
        "{name} has no policy of its own and is part of {}; whom that is for is {}, which says nothing of what makes the drug unsafe for this \
         patient",
        matched.regimen.name,
        if fit == Truth::Unknown { "not all known" } else { outcome_words(fit) }
    );
    for failing in before.iter().filter(|before| before.truth != Truth::Met) {
        summary.push_str("; ");
        summary.push_str(&failing.message);
    }
    let source = format!("{}{}; {}", program.criteria_source, for_want_of_cms(bench), matched.regimen.citation);
    let mut ids = vec![regimen_finding(truth, &source, summary.clone(), bench, findings)];
    let mut open = Vec::new();
    for before in before {
        ids.push(findings.put(Said {
            rule: format!("policy/by-regimen/{name}/{}", before.part),
            outcome: before.truth,
            requirements: &["REG-11", "SAFE-04", "SAFE-15"],
            source: &source,
            facts: before.facts,
            message: before.message,
        }));
        open.extend(before.open);
    }
    Reviewed { truth, findings: ids, open, growth_factor: false, summary }
}

fn by_no_regimen(bench: &Bench<'_>, program: &Program, findings: &mut Findings) -> Reviewed {
    let summary = format!("{} has no policy of its own and is in no regimen that the order matches", bench.line.name());
    let source = format!("{}{}", program.criteria_source, for_want_of_cms(bench));
    let number = regimen_finding(Truth::Unknown, &source, summary.clone(), bench, findings);
    Reviewed { truth: Truth::Unknown, findings: vec![number], open: Vec::new(), growth_factor: false, summary }
}

fn regimen_finding(outcome: Truth, source: &str, message: String, bench: &Bench<'_>, findings: &mut Findings) -> usize {
    findings.put(Said {
        rule: format!("policy/by-regimen/{}", bench.line.name()),
        outcome,
        requirements: &["REG-10", "REG-11"],
        source,
        facts: facts([("regimen_id", json!(bench.matched.map(|matched| matched.regimen.id.as_str())))]),
        message,
    })
}

/// A sentence of the regimen on what must have come before.
fn came_before(index: usize, statement: &Statement, bench: &Bench<'_>) -> Before {
    let truth = judge_statement(statement, bench);
    let evidence = statement_evidence(statement, bench, truth);
    let says = plain::clause_of(statement, bench.patient.content);
    Before {
        part: format!("came-before/{}", index + 1),
        truth,
        message: [&capitalize(says), ": ", outcome_words(truth)].concat(),
        facts: evidence.facts,
        open: evidence.open.into_iter().map(|asked| Open { asked, statement: says.to_owned(), is_limit: false }).collect(),
    }
}

/// A drug that the disease progressed on, or that was stopped for toxicity, is not given again without a person (SAFE-04, SAFE-15).
fn given_again(bench: &Bench<'_>) -> Before {
    let (patient, name) = (bench.patient, bench.line.name());
    let truth = may_be_given_again(bench);
    let given = patient.history.given_in_words(&partners_of(bench.line), patient.content);
    let entered = if given.is_empty() { "no earlier treatment is told".to_owned() } else { given.join("; ") };
    let asked = || Asked {
        pointer: "/clinical/prior_therapies".to_owned(),
        name: "prior_therapies".to_owned(),
        entered: entered.clone(),
        wanted: String::new(),
        truth,
    };
    let statement = format!("no {name} before that ended in progression or toxicity");
    Before {
        part: "given-again".to_owned(),
        truth,
        message: format!("{statement}: {} ({entered})", outcome_words(truth)),
        facts: facts([("prior_therapies", json!(given))]),
        open: if truth == Truth::Met { Vec::new() } else { vec![Open { asked: asked(), statement, is_limit: false }] },
    }
}

/// Hormonal and supportive drugs go on beyond progression, and the treatment that the order continues is not given again but goes on. The
/// line of treatment does not answer for earlier treatments that nobody tells: a first line may follow an adjuvant one.
fn may_be_given_again(bench: &Bench<'_>) -> Truth {
    let (patient, history) = (bench.patient, &bench.patient.history);
    let goes_on_anyway = bench.line.is_supportive_by_content() || bench.line.drug.is_some_and(|drug| drug.class == "hormonal");
    let partners = partners_of(bench.line);
    let failed = history.response(bench.line, patient) == Some(Response::Progressive)
        || history.toxicity(bench.line, patient) == Some(Toxicity::Unacceptable);
    let goes_on = history.continuation(bench.line, patient) == Truth::Met && !failed;
    if goes_on_anyway || goes_on {
        return Truth::Met;
    }
    let ended = |end| history.prior(&partners, end, patient);
    ended(PriorEnd::Progression).or(ended(PriorEnd::Toxicity)).negate()
}
