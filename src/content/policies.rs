//! Medical policies, one per file, their sentences read into criteria.

use super::codes::{is_hcpcs, text_of};
use super::criteria;
use super::document::{Document, Place};
use super::releases::{Lifetime, Releases};
use super::report::{Report, did_you_mean};
use super::source::Source;
use super::vocabulary::Vocabulary;
use crate::domain::content::{Indication, Policy, PolicyBasis, PolicyKind, PreferredProducts, Program, Statement};
use chrono::NaiveDate;
use serde::Deserialize;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    id: String,
    title: String,
    generics: Vec<String>,
    kind: Kind,
    basis: Option<Basis>,
    #[serde(default)]
    general: Vec<String>,
    #[serde(default)]
    limits: Vec<String>,
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
    criteria: Vec<String>,
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
    /// Line and life of each indication.
    pub indications: Vec<Entered>,
    /// Line of the preferred products.
    pub preferred: usize,
    /// Releases.
    pub life: Lifetime,
}

/// Where an indication stands, and in which releases.
#[derive(Debug)]
pub(super) struct Entered {
    /// Line of the indication.
    pub line: usize,
    /// Lines of its criteria.
    pub criteria: Vec<usize>,
    /// Releases.
    pub life: Lifetime,
}

impl Draft {
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
pub(super) fn check_programs(drafts: &[Draft], programs: &[Arc<Program>], report: &mut Report) {
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
        entered.push(Entered { line: place.key("id").line(), criteria: lines, life });
        indications.push(Indication { id: entry.id, title: entry.title, criteria });
    }
    if indications.is_empty() {
        root.error(report, "a policy needs an indication", None);
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
        indications,
        effective_from: header.effective_from,
        effective_through: header.effective_through,
        limits: header.limits,
        preferred: header.preferred,
        source: header.source,
        verify: header.verify,
    };
    Draft {
        policy,
        file: root.position().0,
        general: general_lines,
        indications: entered,
        preferred: root.key("preferred").line(),
        life,
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
fn statements(texts: &[String], place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) -> (Vec<Statement>, Vec<usize>) {
    let (mut found, mut lines) = (Vec::new(), Vec::new());
    for (index, text) in texts.iter().enumerate() {
        match criteria::parse(text, words) {
            Ok(criterion) => {
                found.push(Statement { text: text.clone(), criterion });
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
