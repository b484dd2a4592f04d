//! Medical policies, one per file, their sentences read into criteria.

use super::codes::{is_hcpcs, is_icd10, text_of};
use super::criteria;
use super::document::{Document, Place};
use super::releases::{Lifetime, Releases};
use super::report::{Report, did_you_mean};
use super::source::Source;
use super::vocabulary::Vocabulary;
use crate::domain::content::{Indication, Policy, PolicyBasis, PolicyKind, PolicyScope, PreferredProducts, Program, Statement};
use crate::domain::criteria::{Criterion, WordFact};
use chrono::NaiveDate;
use serde::Deserialize;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// A sentence of the criteria language, alone or with its words for people.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Sentence {
    /// The sentence.
    Plain(String),
    /// The sentence, and what letters and messages say.
    Said(Said),
}

/// A sentence with its words for people.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    sentence: String,
    says: String,
}

impl Sentence {
    fn text(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Said(said) => &said.sentence,
        }
    }

    fn says(&self) -> Option<&String> {
        match self {
            Self::Plain(_) => None,
            Self::Said(said) => Some(&said.says),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    id: String,
    title: String,
    generics: Vec<String>,
    kind: Kind,
    basis: Option<Basis>,
    #[serde(default)]
    general: Vec<Sentence>,
    #[serde(default)]
    limits: Vec<String>,
    #[serde(default)]
    limit_sentences: Vec<Sentence>,
    note: Option<String>,
    #[serde(default)]
    health_plans: Vec<String>,
    #[serde(default)]
    programs: Vec<String>,
    preferred: Option<PreferredProducts>,
    effective_from: Option<NaiveDate>,
    effective_through: Option<NaiveDate>,
    introduced: Option<String>,
    retired: Option<String>,
    source: String,
    #[serde(default)]
    verify: bool,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Therapeutic,
    Supportive,
    GrowthFactor,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Basis {
    cms: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    title: String,
    criteria: Vec<Sentence>,
    diagnoses: Option<Vec<String>>,
    #[serde(default)]
    limit_sentences: Vec<Sentence>,
    introduced: Option<String>,
    retired: Option<String>,
}

/// A policy with the releases and lines of its parts.
#[derive(Debug)]
pub(super) struct Draft {
    /// The policy with every indication it ever has.
    pub policy: Policy,
    /// File.
    pub file: String,
    /// Lines of the criteria that every indication needs.
    pub general: Vec<usize>,
    /// Lines of the limits that every indication needs.
    pub general_limits: Vec<usize>,
    /// Lines of the health plans and programs that it is for.
    scope: Scope,
    /// Line and life of each indication.
    pub indications: Vec<Entered>,
    /// Line of the preferred products.
    pub preferred: usize,
    /// Releases.
    pub life: Lifetime,
}

/// Lines of the plans and programs that a policy names.
#[derive(Debug, Default)]
struct Scope {
    health_plans: Vec<usize>,
    programs: Vec<usize>,
}

/// Where an indication stands, and in which releases.
#[derive(Debug)]
pub(super) struct Entered {
    /// Line of the indication.
    pub line: usize,
    /// Lines of its criteria.
    pub criteria: Vec<usize>,
    /// Line of its diagnoses.
    pub diagnoses: usize,
    /// Lines of its limits.
    pub limits: Vec<usize>,
    /// Releases.
    pub life: Lifetime,
}

impl Entered {
    /// Everything that has to hold, with lines.
    pub fn statements<'i>(&self, indication: &'i Indication) -> impl Iterator<Item = (&'i Statement, usize)> {
        let criteria = indication.criteria.iter().zip(self.criteria.iter().copied());
        let diagnoses = indication.diagnoses.iter().zip(std::iter::once(self.diagnoses));
        criteria.chain(diagnoses).chain(indication.limits.iter().zip(self.limits.iter().copied()))
    }
}

impl Draft {
    /// Everything that every indication needs, with lines.
    pub fn general_statements(&self) -> impl Iterator<Item = (&Statement, usize)> {
        let general = self.policy.general.iter().zip(self.general.iter().copied());
        general.chain(self.policy.general_limits.iter().zip(self.general_limits.iter().copied()))
    }

    /// The policy as the release with this index has it.
    pub fn version(&self, release: usize) -> Option<Policy> {
        if !self.life.covers(release) {
            return None;
        }
        let kept = self.policy.indications.iter().zip(&self.indications).filter(|(_, entered)| entered.life.covers(release));
        Some(Policy { indications: kept.map(|(indication, _)| indication.clone()).collect(), ..self.policy.clone() })
    }
}

/// Reads every policy.
pub(super) fn read(source: &Source, words: &Vocabulary, releases: &Releases, report: &mut Report) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let mut ids: HashMap<String, String> = HashMap::new();
    for file in source.files("policies", "toml") {
        let Some(text) = text_of(source, &file, report) else { continue };
        let Some(document) = Document::parse(&file, &text, report) else { continue };
        let header = document.header::<Header>(&["indication"], report);
        let entries = document.entries::<Entry>("indication", report);
        let Some(header) = header else { continue };
        if let Some(other) = ids.insert(header.id.clone(), file.clone()) {
            document.root().key("id").error(report, format!("policy `{}` is also in {other}", header.id), None);
        }
        drafts.push(draft(header, entries, document.root(), words, releases, report));
    }
    drafts
}

/// Reports programs that a preference names and nobody has.
pub(super) fn check_programs(drafts: &[Draft], programs: &[super::programs::Draft], report: &mut Report) {
    let programs: Vec<&Arc<Program>> = programs.iter().filter_map(super::programs::Draft::latest).collect();
    for draft in drafts {
        let named = draft.policy.preferred.iter().flat_map(|preferred| &preferred.programs);
        for id in named.filter(|id| !programs.iter().any(|program| program.id == **id)) {
            let suggestion = did_you_mean(id, programs.iter().map(|program| program.id.as_str()));
            report.error(&draft.file, draft.preferred, format!("there is no program `{id}`"), suggestion);
        }
    }
}

fn draft(
    header: Header,
    entries: Vec<(Entry, Place<'_, '_>)>,
    root: Place<'_, '_>,
    words: &Vocabulary,
    releases: &Releases,
    report: &mut Report,
) -> Draft {
    check(&header, root, words, report);
    let life = releases.lifetime(header.introduced.as_deref(), header.retired.as_deref(), root, report);
    let (general, general_lines) = statements(&header.general, root.key("general"), words, report);
    let (general_limits, limit_lines) = statements(&header.limit_sentences, root.key("limit_sentences"), words, report);
    let lines_of = |key: &str, count: usize| (0..count).map(|index| root.key(key).at(index).line()).collect();
    let scope = Scope {
        health_plans: lines_of("health_plans", header.health_plans.len()),
        programs: lines_of("programs", header.programs.len()),
    };
    let mut entered = Vec::new();
    let mut indications: Vec<Indication> = Vec::new();
    let mut ids = BTreeSet::new();
    for (entry, place) in entries {
        if !ids.insert(entry.id.clone()) {
            place.key("id").error(report, format!("indication `{}` is here twice", entry.id), None);
        }
        if entry.criteria.is_empty() {
            place.error(report, "an indication needs a criterion", None);
        }
        let life = releases.lifetime(entry.introduced.as_deref(), entry.retired.as_deref(), place, report);
        let (criteria, lines) = statements(&entry.criteria, place.key("criteria"), words, report);
        let (limits, limit_lines) = statements(&entry.limit_sentences, place.key("limit_sentences"), words, report);
        let diagnoses = entry.diagnoses.map(|codes| diagnoses(codes, place.key("diagnoses"), words, report));
        entered.push(Entered {
            line: place.key("id").line(),
            criteria: lines,
            diagnoses: place.key("diagnoses").line(),
            limits: limit_lines,
            life,
        });
        indications.push(Indication { id: entry.id, title: entry.title, criteria, diagnoses, limits });
    }
    if indications.is_empty() && header.note.is_none() {
        let suggestion = Some("or say in a `note` why it has none: the drug then goes to a person".to_owned());
        root.error(report, "a policy needs an indication", suggestion);
    }
    if header.note.as_ref().is_some_and(|note| note.trim().is_empty() || !indications.is_empty()) {
        root.key("note").error(report, "a note says why a policy has no indication", None);
    }
    let policy = Policy {
        id: header.id,
        title: header.title,
        generics: header.generics,
        kind: match header.kind {
            Kind::Therapeutic => PolicyKind::Therapeutic,
            Kind::Supportive => PolicyKind::Supportive,
            Kind::GrowthFactor => PolicyKind::GrowthFactor,
        },
        basis: header.basis.map_or(PolicyBasis::Plan, |basis| PolicyBasis::Cms { determination: basis.cms }),
        general,
        general_limits,
        indications,
        effective_from: header.effective_from,
        effective_through: header.effective_through,
        limits: header.limits,
        note: header.note,
        scope: PolicyScope { health_plans: header.health_plans, programs: header.programs },
        preferred: header.preferred,
        source: header.source,
        verify: header.verify,
    };
    Draft {
        policy,
        file: root.position().0,
        general: general_lines,
        general_limits: limit_lines,
        scope,
        indications: entered,
        preferred: root.key("preferred").line(),
        life,
    }
}

/// The sentence that the diagnosis is among those that agree. Besides codes and categories a letter, or a letter and a digit, may stand
/// for all codes that begin with it.
fn diagnoses(codes: Vec<String>, place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) -> Statement {
    if codes.is_empty() {
        place.error(report, "name the diagnoses, or leave the key out", None);
    }
    for (index, code) in codes.iter().enumerate() {
        let is_beginning = code.len() < 3 && code.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        if !(is_beginning || is_icd10(code)) || !words.has_diagnosis(code) {
            let message = format!("no ICD-10-CM code on file begins with `{code}`");
            place.at(index).error(report, message, words.diagnosis_suggestion(code));
        }
    }
    let text = format!("diagnosis in [{}]", codes.join(", "));
    Statement::new(text, Criterion::Word { fact: WordFact::Diagnosis, any_of: codes })
}

/// Reports health plans and programs that there are not.
pub(super) fn check_scopes(drafts: &[Draft], programs: &[super::programs::Draft], report: &mut Report) {
    let programs: Vec<&Arc<Program>> = programs.iter().filter_map(super::programs::Draft::latest).collect();
    let check = |name: &str, line: usize, file: &str, what: &str, known: Vec<&str>, report: &mut Report| {
        if !known.contains(&name) {
            report.error(file, line, format!("there is no {what} `{name}`"), did_you_mean(name, known));
        }
    };
    for draft in drafts {
        let scope = &draft.policy.scope;
        for (plan, line) in scope.health_plans.iter().zip(&draft.scope.health_plans) {
            let known = programs.iter().map(|program| program.health_plan.as_str()).collect();
            check(plan, *line, &draft.file, "health plan", known, report);
        }
        for (id, line) in scope.programs.iter().zip(&draft.scope.programs) {
            let known = programs.iter().map(|program| program.id.as_str()).collect();
            check(id, *line, &draft.file, "program", known, report);
        }
    }
}

fn check(header: &Header, root: Place<'_, '_>, words: &Vocabulary, report: &mut Report) {
    if header.generics.is_empty() {
        root.key("generics").error(report, "a policy needs a drug", None);
    }
    for (index, generic) in header.generics.iter().enumerate() {
        known_generic(generic, root.key("generics").at(index), words, report);
    }
    if header.effective_from.zip(header.effective_through).is_some_and(|(from, through)| through < from) {
        root.key("effective_through").error(report, "ends before it begins", None);
    }
    if header.source.trim().is_empty() {
        root.key("source").error(report, "say what the policy rests on", None);
    }
    let products = header.preferred.iter().flat_map(|preferred| &preferred.products).enumerate();
    for (index, code) in products.filter(|(_, code)| !is_hcpcs(code) || words.drugs.by_code(code).is_none()) {
        root.key("preferred").key("products").at(index).error(
            report,
            format!("`{code}` is no active HCPCS code of a drug"),
            None,
        );
    }
}

/// Reports a name that is not the generic name of a drug.
pub(super) fn known_generic(generic: &str, place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) {
    match words.drugs.by_name(generic) {
        Some(drug) if drug.generic == generic => {}
        Some(drug) => place.error(report, format!("`{generic}` is a synonym"), Some(format!("write `{}`", drug.generic))),
        None => {
            let suggestion = did_you_mean(generic, words.drugs.all().iter().map(|drug| drug.generic.as_str()));
            place.error(report, format!("there is no drug `{generic}`"), suggestion);
        }
    }
}

/// The criteria that can be read, with their lines.
pub(super) fn statements(
    sentences: &[Sentence],
    place: Place<'_, '_>,
    words: &Vocabulary,
    report: &mut Report,
) -> (Vec<Statement>, Vec<usize>) {
    let (mut found, mut lines) = (Vec::new(), Vec::new());
    for (index, sentence) in sentences.iter().enumerate() {
        let text = sentence.text();
        if let Some(says) = sentence.says() {
            super::plain::says_something(says, place.at(index).key("says"), report);
        }
        match criteria::parse(text, words) {
            Ok(criterion) => {
                found.push(Statement::new(text.to_owned(), criterion).saying(sentence.says().cloned()));
                lines.push(place.at(index).line());
            }
            Err(error) => {
                let message = format!("column {} of \"{text}\": {}", error.column, error.message);
                place.at(index).error(report, message, error.suggestion);
            }
        }
    }
    (found, lines)
}
