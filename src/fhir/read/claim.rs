//! The Claim of a request: what it has to have to be one, its items, and what it refers to.

use super::bundle::{Bundle, Entry, INFO_CANCELLED};
use crate::fhir::element::{codings, extension, has_code, is_system, list, text};
use crate::fhir::outcome::Issue;
use crate::fhir::urls;
use serde_json::Value;
use std::collections::BTreeSet;

/// Items of a Claim at most: an order has as many lines at most.
const ITEMS_AT_MOST: usize = 1000;
/// Bytes of a number of a request at most.
const NUMBER_AT_MOST: usize = 500;

/// What a Claim is sent for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// To ask for something.
    Request,
    /// To find what was asked for: it needs no items and no number.
    Inquiry,
}

/// A Claim that can be read.
#[derive(Debug, Clone)]
pub struct Claim<'v> {
    /// Where it is.
    pub entry: Entry<'v>,
    /// System of the identifier that names the request.
    pub system: &'v str,
    /// Its value.
    pub value: &'v str,
    /// The patient.
    pub patient: Entry<'v>,
    /// The payer; none where the Claim has its identifier only.
    pub insurer: Option<Entry<'v>>,
    /// Who asks.
    pub provider: Entry<'v>,
    /// The coverage.
    pub coverage: Entry<'v>,
    /// Its items.
    pub lines: Vec<Line<'v>>,
    /// The Claim that it changes.
    pub prior: Option<&'v Value>,
    /// True where all of it is taken back.
    pub is_cancelled: bool,
}

/// One item.
#[derive(Debug, Clone, Copy)]
pub struct Line<'v> {
    /// Its sequence, which is the order's line.
    pub sequence: u32,
    /// Its place among the items.
    pub index: usize,
    /// The item.
    pub item: &'v Value,
    /// True where it is taken back.
    pub is_cancelled: bool,
}

impl<'v> Claim<'v> {
    /// The Claim of a request: the one that changes another, else the first one. Everything that keeps it from being one is added to the
    /// issues.
    pub fn read(bundle: &Bundle<'v>, issues: &mut Vec<Issue>) -> Option<Self> {
        Self::sent(bundle, Purpose::Request, issues)
    }

    /// The Claim of an inquiry.
    pub fn read_inquiry(bundle: &Bundle<'v>, issues: &mut Vec<Issue>) -> Option<Self> {
        Self::sent(bundle, Purpose::Inquiry, issues)
    }

    fn sent(bundle: &Bundle<'v>, purpose: Purpose, issues: &mut Vec<Issue>) -> Option<Self> {
        let is_inquiry = purpose == Purpose::Inquiry;
        let entry = asked(bundle, issues)?;
        let claim = entry.resource;
        for (member, wanted) in [("use", "preauthorization"), ("status", "active")] {
            if text(claim, member) != Some(wanted) {
                issues.push(Issue::at("value", entry.path(member), format!("a request's Claim.{member} is `{wanted}`")));
            }
        }
        let named = list(claim, "identifier").iter().find_map(|it| Some((text(it, "system")?, text(it, "value")?)));
        if named.is_none() && !is_inquiry {
            let words = "the Claim has no identifier with system and value; a resend and later changes are told by it";
            issues.push(Issue::at("required", entry.path("identifier"), words));
        }
        let reference = |member: &str, issues: &mut Vec<Issue>| required(bundle, entry, claim, member, issues);
        let patient = reference("patient", issues);
        let provider = reference("provider", issues);
        let insurer = match claim.get("insurer") {
            Some(insurer) if text(insurer, "reference").is_none() && insurer.get("identifier").is_some() => None,
            _ => reference("insurer", issues),
        };
        let insurance = list(claim, "insurance");
        let focal = |it: &&Value| it.get("focal").and_then(Value::as_bool) == Some(true);
        let covered = insurance.iter().find(focal).or(insurance.first());
        if covered.is_none() && !is_inquiry {
            issues.push(Issue::at("required", entry.path("insurance"), "the Claim has no insurance"));
        }
        let coverage = covered.and_then(|insurance| required(bundle, entry, insurance, "coverage", issues));
        let is_cancelled = is_cancellation(claim);
        let lines = lines(entry, is_cancelled || is_inquiry, issues);
        let (system, value) = named.or(is_inquiry.then_some(("", "")))?;
        if system.len() > NUMBER_AT_MOST || value.len() > NUMBER_AT_MOST {
            let words = format!("system and value of an identifier have {NUMBER_AT_MOST} bytes at most");
            issues.push(Issue::at("too-long", entry.path("identifier"), words));
        }
        let prior = prior_of(claim);
        if !is_inquiry {
            issues.extend(faults_of_change(entry));
        }
        // who inquires without a coverage names the member by the patient
        let coverage = coverage.or(patient.filter(|_| is_inquiry));
        Some(Self {
            entry,
            system,
            value,
            patient: patient?,
            insurer,
            provider: provider?,
            coverage: coverage?,
            lines,
            prior,
            is_cancelled,
        })
    }

    /// The `FHIRPath` to something in an item.
    pub fn item_path(&self, line: &Line<'_>, within: &str) -> String {
        let dot = if within.is_empty() { "" } else { "." };
        self.entry.path(&format!("item[{}]{dot}{within}", line.index))
    }
}

/// The Claim that is sent: the one that none of the others names as the Claim that it changes.
fn asked<'v>(bundle: &Bundle<'v>, issues: &mut Vec<Issue>) -> Option<Entry<'v>> {
    let claims: Vec<Entry<'v>> = bundle.of_type("Claim").collect();
    let is_prior = |entry: &Entry<'v>| {
        claims.iter().any(|other| prior_of(other.resource).and_then(|prior| bundle.resolve(*other, prior)) == Some(*entry))
    };
    let mut asked = claims.iter().filter(|entry| !is_prior(entry));
    match (asked.next(), asked.next()) {
        (Some(one), None) => return Some(*one),
        (None, _) if claims.is_empty() => {
            issues.push(Issue::at("required", "Bundle.entry", "no entry is a Claim; a request begins with one"));
        }
        (_, another) => {
            let at = another.or(claims.first()).map(|entry| entry.path("")).unwrap_or_default();
            let words = "a request is one Claim; another one in the Bundle is the one that it changes (Claim.related, `prior`)";
            issues.push(Issue::at("business-rule", at, words));
        }
    }
    None
}

/// The reference to the Claim that a Claim changes.
fn prior_of(claim: &Value) -> Option<&Value> {
    list(claim, "related").iter().find(|related| is_prior(related)).and_then(|related| related.get("claim"))
}

/// True where a Claim is related to the one that it changes; the relationship may be left out.
fn is_prior(related: &Value) -> bool {
    let is_named = |concept: &Value| {
        codings(concept).any(|coding| coding.code == "prior")
            || text(concept, "text").is_some_and(|text| text.eq_ignore_ascii_case("prior"))
    };
    related.get("relationship").is_none_or(is_named)
}

/// Relations and marks that are not understood: whoever writes them means more than a new request.
fn faults_of_change(entry: Entry<'_>) -> Vec<Issue> {
    let mut faults = Vec::new();
    let related = list(entry.resource, "related");
    if related.len() > 1 || related.iter().any(|related| !is_prior(related) || related.get("claim").is_none()) {
        let words =
            "what is understood of Claim.related is one Claim that this one changes: relationship `prior` and its reference";
        faults.push(Issue::at("business-rule", entry.path("related"), words));
    }
    let items = list(entry.resource, "item").iter().enumerate();
    let holders =
        std::iter::once((String::new(), entry.resource)).chain(items.map(|(index, item)| (format!("item[{index}]."), item)));
    let is_change = prior_of(entry.resource).is_some();
    for (at, holder) in holders {
        let marks = list(holder, "extension").iter().filter(|extension| text(extension, "url") == Some(urls::CERTIFICATION_TYPE));
        if marks.clone().count() > 1 || marks.clone().any(|mark| !is_known(mark, is_change)) {
            let words = "the certification types that are understood are I, R and 3, and S of a change (X12 code source 1322)";
            faults.push(Issue::at("code-invalid", entry.path(&format!("{at}extension")), words));
        }
    }
    faults
}

/// True where a mark says one kind of certification that is understood: initial, renewal, cancelled, or, of a change, revised.
fn is_known(mark: &Value, is_change: bool) -> bool {
    let codings: Vec<_> = mark.get("valueCodeableConcept").into_iter().flat_map(codings).collect();
    let [coding] = codings.as_slice() else { return false };
    is_system(coding.system, "/1322") && (matches!(coding.code, "I" | "R" | "3") || (is_change && coding.code == "S"))
}

/// What a reference leads to; an issue where it is missing or leads nowhere.
fn required<'v>(
    bundle: &Bundle<'v>,
    from: Entry<'v>,
    holder: &'v Value,
    member: &str,
    issues: &mut Vec<Issue>,
) -> Option<Entry<'v>> {
    let at = if std::ptr::eq(from.resource, holder) { from.path(member) } else { from.path(&format!("insurance.{member}")) };
    let Some(reference) = holder.get(member).filter(|reference| text(reference, "reference").is_some()) else {
        issues.push(Issue::at("required", at, format!("{member} is required, as a reference to an entry of the Bundle")));
        return None;
    };
    let found = bundle.resolve(from, reference);
    if found.is_none() {
        let target = text(reference, "reference").unwrap_or_default();
        issues.push(Issue::at("not-found", at, format!("{target} is not in the Bundle, or not once only")));
    }
    found
}

/// True where a certification type says that its holder is taken back.
fn is_cancellation(holder: &Value) -> bool {
    let certification = extension(holder, urls::CERTIFICATION_TYPE).and_then(|extension| extension.get("valueCodeableConcept"));
    certification.is_some_and(|concept| has_code(concept, "/1322", "3"))
}

fn lines<'v>(entry: Entry<'v>, may_be_empty: bool, issues: &mut Vec<Issue>) -> Vec<Line<'v>> {
    let items = list(entry.resource, "item");
    if items.is_empty() && !may_be_empty {
        issues.push(Issue::at("required", entry.path("item"), "the Claim has no item: nothing is asked for"));
    }
    if items.len() > ITEMS_AT_MOST {
        issues.push(Issue::at("too-long", entry.path("item"), format!("a Claim has {ITEMS_AT_MOST} items at most")));
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    let mut lines = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let at = || entry.path(&format!("item[{index}].sequence"));
        let sequence = item.get("sequence").and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok());
        let Some(sequence) = sequence.filter(|number| (1..=1000).contains(number)) else {
            issues.push(Issue::at("required", at(), "an item has a sequence from 1 to 1000, which stays the same for good"));
            continue;
        };
        if !seen.insert(sequence) {
            issues.push(Issue::at("duplicate", at(), format!("another item has the sequence {sequence}")));
        }
        let marked = list(item, "modifierExtension").iter().any(|extension| {
            text(extension, "url") == Some(INFO_CANCELLED) && extension.get("valueBoolean").and_then(Value::as_bool) == Some(true)
        });
        lines.push(Line { sequence, index, item, is_cancelled: marked || is_cancellation(item) });
    }
    lines
}
