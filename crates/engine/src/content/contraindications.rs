//! Contraindications: facts that send drugs to a person wherever they are told.

use super::codes::text_of;
use super::criteria;
use super::document::{Document, Place};
use super::policies::known_generic;
use super::releases::{Lifetime, Releases};
use super::report::{Report, did_you_mean};
use super::source::Source;
use super::vocabulary::Vocabulary;
use crate::domain::content::{Around, Contraindication, Contraindications, Interval, Named, Phrases, Statement};
use crate::domain::criteria::Partner;
use crate::domain::fold::fold;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;

const FOLDER: &str = "contraindications";

/// Requirements that an entry may serve.
const REQUIREMENTS: [&str; 6] = ["SAFE-01", "SAFE-04", "SAFE-06", "SAFE-09", "SAFE-12", "SAFE-15"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    provenance: String,
    #[serde(default)]
    verify: bool,
    #[serde(default)]
    harmless: Vec<String>,
    #[serde(default)]
    harmless_without_words: Vec<String>,
    #[serde(default)]
    harmless_when_clear: Vec<String>,
    #[serde(default)]
    clear_words: Vec<String>,
    #[serde(default)]
    usual: Vec<UsualEntry>,
    #[serde(default)]
    plain_words: Vec<String>,
    #[serde(default)]
    harmless_markers: Vec<String>,
    #[serde(default)]
    not_found: Vec<String>,
    speaks_against: Option<SpeaksAgainst>,
    #[serde(default)]
    goes_on_after_progression: Vec<String>,
    #[serde(default)]
    asked_when_ended: Vec<String>,
    #[serde(default)]
    counted_lines: Vec<String>,
    again_after_days: Option<u32>,
}

/// A measure, and what is usual of it, in each unit that it is told in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UsualEntry {
    names: Vec<String>,
    ranges: Vec<(f64, f64)>,
}

/// What speaks against treatment in words that nobody understands, and what denies it there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SpeaksAgainst {
    names: Vec<String>,
    says_nothing: Vec<String>,
    denied_by: Vec<String>,
    denied_after: Vec<String>,
}

impl From<&SpeaksAgainst> for Named {
    fn from(words: &SpeaksAgainst) -> Self {
        Self {
            names: Phrases::new(&words.names),
            says_nothing: Phrases::new(&words.says_nothing),
            denied_by: Phrases::new(&words.denied_by),
            denied_after: Phrases::new(&words.denied_after),
            doubt: Phrases::default(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    drugs: Vec<String>,
    #[serde(default)]
    except: Vec<String>,
    #[serde(default)]
    with: Vec<String>,
    told: Option<String>,
    needs: Option<String>,
    says: Option<String>,
    because: String,
    requirement: String,
    source: String,
    verify: Option<bool>,
    introduced: Option<String>,
    retired: Option<String>,
}

/// Every contraindication there ever is, with the releases it belongs to.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    entries: Vec<(Arc<Contraindication>, Lifetime)>,
    around: Around,
}

impl Drafts {
    /// Those of the release with this index.
    pub fn version(&self, release: usize) -> Contraindications {
        let list = self.entries.iter().filter(|(_, life)| life.covers(release)).map(|(entry, _)| Arc::clone(entry)).collect();
        Contraindications::new(list, self.around.clone())
    }
}

/// Reads every file of the folder.
pub(super) fn read(source: &Source, words: &Vocabulary, releases: &Releases, report: &mut Report) -> Drafts {
    let mut drafts = Drafts::default();
    let mut ids: HashMap<String, String> = HashMap::new();
    for file in source.files(FOLDER, "toml") {
        let Some(text) = text_of(source, &file, report) else { continue };
        let Some(document) = Document::parse(&file, &text, report) else { continue };
        let header = document.header::<Header>(&["contraindication"], report);
        let verify = header.as_ref().is_some_and(|header| header.verify);
        if let Some(header) = header {
            if header.provenance.trim().is_empty() {
                document.root().key("provenance").error(report, "say where these contraindications come from", None);
            }
            head(&header, document.root(), &mut drafts.around, words, report);
        }
        for (entry, place) in document.entries::<Entry>("contraindication", report) {
            if let Some(other) = ids.insert(entry.id.clone(), file.clone()) {
                place.key("id").error(report, format!("contraindication `{}` is also in {other}", entry.id), None);
            }
            let life = releases.lifetime(entry.introduced.as_deref(), entry.retired.as_deref(), place, report);
            if let Some(known) = contraindication(entry, verify, place, words, report) {
                drafts.entries.push((Arc::new(known), life));
            }
        }
    }
    drafts
}

fn head(header: &Header, root: Place<'_, '_>, around: &mut Around, words: &Vocabulary, report: &mut Report) {
    let folded = |names: &[String]| names.iter().map(|name| fold(name).into_owned()).collect::<Vec<_>>();
    around.harmless.extend(folded(&header.harmless));
    around.harmless_without_words.extend(folded(&header.harmless_without_words));
    around.harmless_when_clear.extend(folded(&header.harmless_when_clear));
    around.clear_words.extend(folded(&header.clear_words));
    around.plain_words.extend(folded(&header.plain_words));
    for (index, entry) in header.usual.iter().enumerate() {
        if entry.ranges.iter().any(|(low, high)| low >= high) {
            root.key("usual").at(index).error(report, "a range must go from the lowest to the highest number", None);
        }
        let ranges: Vec<Interval> = entry.ranges.iter().map(|(low, high)| Interval::closed(*low, *high)).collect();
        around.usual.extend(folded(&entry.names).into_iter().map(|name| (name, ranges.clone())));
    }
    around.harmless_markers.extend(folded(&header.harmless_markers));
    around.not_found.extend(folded(&header.not_found));
    if let Some(words) = &header.speaks_against {
        around.speaks_against = words.into();
    }
    around.goes_on.extend(partners(&header.goes_on_after_progression, root.key("goes_on_after_progression"), words, report));
    around.asked_when_ended.extend(partners(&header.asked_when_ended, root.key("asked_when_ended"), words, report));
    around.counted_lines.extend(partners(&header.counted_lines, root.key("counted_lines"), words, report));
    let Some(days) = header.again_after_days else { return };
    if around.again_after_days != 0 {
        root.key("again_after_days").error(report, "another file says this already", None);
    }
    around.again_after_days = days;
}

fn contraindication(
    entry: Entry,
    verify: bool,
    place: Place<'_, '_>,
    words: &Vocabulary,
    report: &mut Report,
) -> Option<Contraindication> {
    for (key, text) in [("because", &entry.because), ("source", &entry.source)] {
        if text.trim().is_empty() {
            place.key(key).error(report, "is empty: write it", None);
        }
    }
    if entry.drugs.is_empty() {
        place.key("drugs").error(report, "name a drug, or a class as `class taxane`", None);
    }
    for (index, generic) in entry.except.iter().enumerate() {
        known_generic(generic, place.key("except").at(index), words, report);
    }
    let requirement = REQUIREMENTS.into_iter().find(|known| *known == entry.requirement);
    if requirement.is_none() {
        let suggestion = Some(format!("one of {}", REQUIREMENTS.join(", ")));
        place.key("requirement").error(report, format!("`{}` is no requirement that this serves", entry.requirement), suggestion);
    }
    let drugs = partners(&entry.drugs, place.key("drugs"), words, report);
    let with = partners(&entry.with, place.key("with"), words, report);
    if !with.is_empty() && (entry.needs.is_some() || entry.says.is_some()) {
        place.key("with").error(report, "drugs of one order stand with `told`, and say themselves what is told", None);
    }
    let (key, text) = match (entry.told, entry.needs) {
        (Some(told), None) => ("told", told),
        (None, Some(needs)) => ("needs", needs),
        _ => {
            place.error(report, "an entry says one of `told` and `needs`", None);
            return None;
        }
    };
    let told = match criteria::parse(&text, words) {
        Ok(criterion) => Statement::new(text, criterion),
        Err(error) => {
            let message = format!("column {} of \"{text}\": {}", error.column, error.message);
            place.key(key).error(report, message, error.suggestion);
            return None;
        }
    };
    Some(Contraindication {
        id: entry.id,
        drugs,
        except: entry.except,
        with,
        told,
        needed: key == "needs",
        says: entry.says,
        because: entry.because,
        requirement: requirement?,
        source: entry.source,
        verify: entry.verify.unwrap_or(verify),
    })
}

fn partners(names: &[String], place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) -> Vec<Partner> {
    names.iter().enumerate().filter_map(|(index, name)| partner(name, place.at(index), words, report)).collect()
}

/// A generic name, or `class platinum`.
fn partner(name: &str, place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) -> Option<Partner> {
    let Some(class) = name.strip_prefix("class ") else {
        known_generic(name, place, words, report);
        return Some(Partner::Generic(name.to_owned()));
    };
    if words.classes.contains(class) {
        return Some(Partner::Class(class.to_owned()));
    }
    let suggestion = did_you_mean(class, words.classes.iter().map(String::as_str));
    place.error(report, format!("there is no class `{class}`"), suggestion);
    None
}
