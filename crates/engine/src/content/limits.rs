//! Limits: what is never given together, how often, how close together and how long.

use super::codes::text_of;
use super::criteria;
use super::document::{Document, Place};
use super::phases::dose;
use super::policies::known_generic;
use super::releases::{Lifetime, Releases};
use super::report::Report;
use super::source::Source;
use super::vocabulary::Vocabulary;
use crate::domain::content::{Limit, LimitRule, Limits, Reach, SpacingStep, Span, Statement, TotalDose};
use crate::domain::quick::{HashMap, HashSet};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// More days or administrations than any limit can mean.
const MOST: u32 = 10_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    provenance: String,
    #[serde(default)]
    verify: bool,
    course_ends_after_days: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    about: Option<String>,
    drugs: Vec<String>,
    #[serde(default)]
    together: bool,
    never: Option<Never>,
    #[serde(default)]
    with: Vec<String>,
    days_apart: Option<u32>,
    least_days: Option<Steps>,
    most: Option<u32>,
    per: Option<String>,
    longest_days: Option<u32>,
    least_days_before: Option<u32>,
    #[serde(default)]
    except_codes: Vec<String>,
    most_dose: Option<String>,
    #[serde(default)]
    counts_as: BTreeMap<String, f64>,
    #[serde(default)]
    told_as: Vec<String>,
    only_where: Option<String>,
    when: Option<String>,
    unless: Option<String>,
    #[serde(default)]
    except_routes: Vec<String>,
    note: Option<String>,
    source: String,
    provenance: Option<String>,
    verify: Option<bool>,
    introduced: Option<String>,
    retired: Option<String>,
}

#[derive(Deserialize, Clone, Copy)]
enum Never {
    #[serde(rename = "same day")]
    SameDay,
    #[serde(rename = "same cycle")]
    SameCycle,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Steps {
    Days(u32),
    ByDose(Vec<Step>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    up_to: Option<String>,
    days: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnMaintenance {
    drugs: Vec<String>,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeveralLines {
    drugs: Vec<String>,
    why: String,
}

/// Every limit there ever is, with the releases it belongs to.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    limits: Vec<(Arc<Limit>, Lifetime)>,
    several_lines: HashSet<String>,
    own_maintenance: HashSet<String>,
    course_ends_after_days: Option<u32>,
}

impl Drafts {
    /// The limits of the release with this index.
    pub fn version(&self, release: usize) -> Limits {
        let list = self.limits.iter().filter(|(_, life)| life.covers(release)).map(|(limit, _)| Arc::clone(limit)).collect();
        Limits::new(list, self.several_lines.clone(), self.own_maintenance.clone(), self.course_ends_after_days.unwrap_or(0))
    }
}

/// Reads every limit.
pub(super) fn read(source: &Source, words: &Vocabulary, releases: &Releases, report: &mut Report) -> Drafts {
    let mut drafts = Drafts::default();
    let mut ids: HashMap<String, String> = HashMap::default();
    let mut first_counted = None;
    for file in source.files("limits", "toml") {
        let Some(text) = text_of(source, &file, report) else { continue };
        let Some(document) = Document::parse(&file, &text, report) else { continue };
        let header = document.header::<Header>(&["limit", "several_lines", "own_maintenance"], report);
        if let Some(header) = &header {
            head(header, document.root(), &mut drafts, report);
        }
        for (entry, place) in document.entries::<SeveralLines>("several_lines", report) {
            names(&entry.drugs, place.key("drugs"), words, report);
            if entry.why.trim().is_empty() {
                place.key("why").error(report, "say why the drug may stand on several lines of one day", None);
            }
            drafts.several_lines.extend(entry.drugs);
        }
        for (entry, place) in document.entries::<OwnMaintenance>("own_maintenance", report) {
            names(&entry.drugs, place.key("drugs"), words, report);
            if entry.why.trim().is_empty() {
                place.key("why").error(report, "say why what came before does not count", None);
            }
            drafts.own_maintenance.extend(entry.drugs);
        }
        for (entry, place) in document.entries::<Entry>("limit", report) {
            if let Some(other) = ids.insert(entry.id.clone(), file.clone()) {
                place.key("id").error(report, format!("limit `{}` is also in {other}", entry.id), None);
            }
            let life = releases.lifetime(entry.introduced.as_deref(), entry.retired.as_deref(), place, report);
            let verify = header.as_ref().is_some_and(|header| header.verify);
            if let Some(limit) = limit(entry, verify, place, words, report) {
                let counts = matches!(limit.rule, LimitRule::Duration { .. } | LimitRule::Number { per: Span::Course, .. });
                first_counted = first_counted.or_else(|| counts.then(|| place.position()));
                drafts.limits.push((Arc::new(limit), life));
            }
        }
    }
    if let Some((file, line)) = first_counted.filter(|_| drafts.course_ends_after_days.is_none()) {
        let suggestion = Some("write `course_ends_after_days = 180` at the top of one file".to_owned());
        report.error(&file, line, "no file says after how many days without a drug its course has ended", suggestion);
    }
    drafts
}

fn head(header: &Header, root: Place<'_, '_>, drafts: &mut Drafts, report: &mut Report) {
    if header.provenance.trim().is_empty() {
        root.key("provenance").error(report, "say where these limits come from", None);
    }
    let Some(days) = header.course_ends_after_days else { return };
    if days == 0 || days > MOST {
        root.key("course_ends_after_days").error(report, format!("between 1 and {MOST} days"), None);
    }
    if drafts.course_ends_after_days.replace(days).is_some() {
        root.key("course_ends_after_days").error(report, "another file says this already", None);
    }
}

fn names(drugs: &[String], place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) {
    if drugs.is_empty() {
        place.error(report, "name a drug", None);
    }
    for (index, generic) in drugs.iter().enumerate() {
        known_generic(generic, place.at(index), words, report);
        if drugs.iter().take(index).any(|other| other == generic) {
            place.at(index).error(report, format!("`{generic}` is here twice"), None);
        }
    }
}

fn limit(entry: Entry, verify: bool, place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) -> Option<Limit> {
    names(&entry.drugs, place.key("drugs"), words, report);
    if !entry.with.is_empty() {
        names(&entry.with, place.key("with"), words, report);
    }
    if entry.source.trim().is_empty() {
        place.key("source").error(report, "say what the limit rests on", None);
    }
    for (key, words) in [("note", &entry.note), ("provenance", &entry.provenance), ("about", &entry.about)] {
        if words.as_ref().is_some_and(|words| words.trim().is_empty()) {
            place.key(key).error(report, "is empty: write it, or leave it out", None);
        }
    }
    for (index, route) in entry.except_routes.iter().enumerate().filter(|(_, route)| route.trim().to_lowercase() != **route) {
        place.key("except_routes").at(index).error(report, format!("write `{}`", route.trim().to_lowercase()), None);
    }
    let when = statement(entry.when.as_deref(), place.key("when"), words, report);
    if entry.unless.is_some() && entry.only_where.is_some() {
        place.key("unless").error(report, "`only_where` says already where it does not hold", None);
    }
    let (key, text) =
        entry.only_where.as_ref().map_or(("unless", entry.unless.as_deref()), |only| ("only_where", Some(only.as_str())));
    let unless = statement(text, place.key(key), words, report);
    let rule = rule(&entry, place, words, report)?;
    Some(Limit {
        about: entry.about.unwrap_or_else(|| entry.drugs.join(", ")),
        id: entry.id,
        drugs: entry.drugs,
        together: entry.together,
        when,
        unless,
        except_routes: entry.except_routes,
        rule,
        source: entry.source,
        verify: entry.verify.unwrap_or(verify),
    })
}

fn statement(text: Option<&str>, place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) -> Option<Statement> {
    let text = text?;
    match criteria::parse(text, words) {
        Ok(criterion) => Some(Statement::new(text.to_owned(), criterion)),
        Err(error) => {
            place.error(report, format!("column {} of \"{text}\": {}", error.column, error.message), error.suggestion);
            None
        }
    }
}

/// The one rule that an entry states.
fn rule(entry: &Entry, place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) -> Option<LimitRule> {
    let stated = [
        entry.never.is_some(),
        entry.least_days.is_some(),
        entry.most.is_some(),
        entry.longest_days.is_some(),
        entry.least_days_before.is_some(),
        entry.most_dose.is_some(),
        entry.only_where.is_some(),
    ];
    if stated.iter().filter(|stated| **stated).count() != 1 {
        let suggestion = Some("write an entry for each".to_owned());
        place.error(report, "a limit says one of `never`, `least_days`, `least_days_before`, `most`, `most_dose`, `longest_days` and `only_where`", suggestion);
        return None;
    }
    for (key, is_there, belongs) in [
        ("with", !entry.with.is_empty(), entry.never.is_some() || entry.least_days_before.is_some()),
        ("except_codes", !entry.except_codes.is_empty(), entry.least_days_before.is_some()),
        ("counts_as", !entry.counts_as.is_empty(), entry.most_dose.is_some()),
        ("told_as", !entry.told_as.is_empty(), entry.most_dose.is_some()),
        ("days_apart", entry.days_apart.is_some(), entry.never.is_some()),
        ("per", entry.per.is_some(), entry.most.is_some()),
        ("together", entry.together, entry.never.is_none()),
    ] {
        if is_there && !belongs {
            place.key(key).error(report, format!("`{key}` means nothing here"), Some("take it out".to_owned()));
        }
    }
    if let Some(never) = entry.never {
        return Some(never_together(entry, never, place, report));
    }
    if let Some(steps) = &entry.least_days {
        return Some(LimitRule::Spacing(spacing(steps, place.key("least_days"), report)));
    }
    if let Some(least_days) = entry.least_days_before {
        number(least_days, place.key("least_days_before"), report);
        if entry.with.is_empty() {
            place.key("with").error(report, "say which drugs come next", None);
        }
        return Some(LimitRule::Clear { with: entry.with.clone(), least_days, except_codes: entry.except_codes.clone() });
    }
    if let Some(most) = &entry.most_dose {
        return Some(LimitRule::Total(total(entry, most, place, words, report)));
    }
    if entry.only_where.is_some() {
        return Some(LimitRule::Only);
    }
    if let Some(most_days) = entry.longest_days {
        number(most_days, place.key("longest_days"), report);
        return Some(LimitRule::Duration { most_days });
    }
    let most = entry.most?;
    number(most, place.key("most"), report);
    let per = entry.per.as_deref().and_then(per);
    if per.is_none() {
        let suggestion = "`cycle`, `21 days`, `row` (days in a row), `order`, `course` or `lifetime`".to_owned();
        place.key("per").error(report, "`most` needs a `per`", Some(suggestion));
    }
    Some(LimitRule::Number { most, per: per? })
}

fn total(entry: &Entry, most: &str, place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) -> TotalDose {
    for (generic, factor) in &entry.counts_as {
        known_generic(generic, place.key("counts_as"), words, report);
        if !(*factor > 0.0 && *factor <= 100.0) {
            place.key("counts_as").error(report, format!("{generic}: more than 0 and at most 100"), None);
        }
    }
    for (index, name) in entry.told_as.iter().enumerate().filter(|(_, name)| words.assessment(name).is_none()) {
        place.key("told_as").at(index).error(report, format!("there is no assessment `{name}`"), None);
    }
    if !entry.together {
        place.error(report, "drugs count together towards a total", Some("write `together = true`".to_owned()));
    }
    let own = entry.drugs.iter().filter(|drug| !entry.counts_as.contains_key(*drug)).map(|drug| (drug.clone(), 1.0));
    TotalDose {
        most: dose(most, place.key("most_dose"), report),
        equivalents: own.chain(entry.counts_as.iter().map(|(drug, factor)| (drug.clone(), *factor))).collect(),
        told_as: entry.told_as.clone(),
    }
}

fn never_together(entry: &Entry, never: Never, place: Place<'_, '_>, report: &mut Report) -> LimitRule {
    if entry.with.is_empty() && entry.drugs.len() < 2 {
        let suggestion = Some("name another drug, or `with`".to_owned());
        place.key("drugs").error(report, "this can never apply: one drug has no other to be given with", suggestion);
    }
    if let Some(both) = entry.with.iter().find(|drug| entry.drugs.contains(drug)) {
        place.key("with").error(report, format!("`{both}` is on both sides"), None);
    }
    if let Some(days) = entry.days_apart {
        number(days, place.key("days_apart"), report);
    }
    let reach = match never {
        Never::SameDay => Reach::Day,
        Never::SameCycle => Reach::Cycle,
    };
    LimitRule::NeverTogether { with: entry.with.clone(), reach, days_apart: entry.days_apart.unwrap_or(0) }
}

fn number(found: u32, place: Place<'_, '_>, report: &mut Report) {
    if !(1..=MOST).contains(&found) {
        place.error(report, format!("between 1 and {MOST}"), None);
    }
}

fn per(text: &str) -> Option<Span> {
    Some(match text {
        "cycle" => Span::Cycle,
        "row" => Span::Row,
        "order" => Span::Order,
        "course" => Span::Course,
        "lifetime" => Span::Lifetime,
        other => Span::Days(other.strip_suffix(" days")?.parse().ok().filter(|days| (1..=366).contains(days))?),
    })
}

fn spacing(steps: &Steps, place: Place<'_, '_>, report: &mut Report) -> Vec<SpacingStep> {
    let steps = match steps {
        Steps::Days(days) => {
            number(*days, place, report);
            return vec![SpacingStep { up_to: None, least_days: *days }];
        }
        Steps::ByDose(steps) => steps,
    };
    let found: Vec<SpacingStep> = steps
        .iter()
        .enumerate()
        .map(|(index, step)| {
            number(step.days, place.at(index).key("days"), report);
            let up_to = step.up_to.as_deref().map(|text| dose(text, place.at(index).key("up_to"), report));
            SpacingStep { up_to, least_days: step.days }
        })
        .collect();
    for (index, pair) in found.windows(2).enumerate() {
        let [one, next] = pair else { continue };
        match (&one.up_to, &next.up_to) {
            (None, _) => place.at(index).error(report, "steps after one without `up_to` can never apply", None),
            (Some(low), Some(high)) if low.unit == high.unit && low.amount >= high.amount => {
                place.at(index + 1).error(report, "this step can never apply: the one before takes larger doses", None);
            }
            (Some(low), Some(high)) if low.unit != high.unit => {
                place.at(index + 1).key("up_to").error(report, "write all steps in one unit", None);
            }
            _ => {}
        }
    }
    if found.last().is_none_or(|last| last.up_to.is_some()) {
        place.error(report, "the last step has no `up_to`: it is for every larger dose", None);
    }
    found
}
