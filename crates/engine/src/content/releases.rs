//! Named releases, and which of them an entry belongs to.

use super::codes::text_of;
use super::document::{Document, Place};
use super::report::{Report, did_you_mean};
use super::source::Source;
use super::table::Row;
use crate::domain::content::Release;
use crate::domain::quick::HashMap;
use chrono::NaiveDate;
use serde::Deserialize;
use std::sync::Arc;

const FILE: &str = "releases.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    in_force_from: NaiveDate,
    notes: String,
}

/// Releases, oldest first.
#[derive(Debug, Default)]
pub(super) struct Releases(Vec<Release>);

/// The releases in which something is present: from one index until before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lifetime {
    from: usize,
    until: usize,
}

impl Lifetime {
    /// True for the release with this index.
    pub fn covers(self, index: usize) -> bool {
        (self.from..self.until).contains(&index)
    }

    /// The releases that both are in.
    pub fn within(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), until: self.until.min(other.until) }
    }

    /// True where some release has both.
    pub fn meets(self, other: Self) -> bool {
        self.from.max(other.from) < self.until.min(other.until)
    }
}

impl Releases {
    /// Reads `releases.toml`.
    pub fn read(source: &Source, report: &mut Report) -> Self {
        let mut found: Vec<Release> = Vec::new();
        let Some(text) = text_of(source, FILE, report) else { return Self(found) };
        let Some(document) = Document::parse(FILE, &text, report) else { return Self(found) };
        for (entry, place) in document.entries::<Entry>("release", report) {
            if found.iter().any(|release| release.name == entry.name) {
                place.key("name").error(report, format!("release `{}` is here twice", entry.name), None);
            }
            if found.last().is_some_and(|last| last.in_force_from >= entry.in_force_from) {
                let suggestion = Some("put the oldest first, each on a day of its own".to_owned());
                place.key("in_force_from").error(report, "releases must follow one another in time", suggestion);
            }
            found.push(Release { name: entry.name, in_force_from: entry.in_force_from, notes: entry.notes });
        }
        if found.is_empty() {
            report.unusable(FILE, 1, "there is no release");
        }
        Self(found)
    }

    /// Every release with its index.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &Release)> {
        self.0.iter().enumerate()
    }

    /// Reads `introduced` and `retired` of an entry.
    pub fn lifetime(
        &self,
        introduced: Option<&str>,
        retired: Option<&str>,
        place: Place<'_, '_>,
        report: &mut Report,
    ) -> Lifetime {
        let from = introduced.map_or(0, |name| self.index(name, place.key("introduced"), report));
        let until = retired.map_or(self.0.len(), |name| self.index(name, place.key("retired"), report));
        if from >= until && introduced.is_some() && retired.is_some() {
            place.key("retired").error(report, "retired before it was introduced", None);
        }
        Lifetime { from, until }
    }

    /// Reads `introduced` and `retired` of a row of a table.
    pub fn lifetime_of_row(&self, file: &str, row: &Row<'_>, report: &mut Report) -> Lifetime {
        let mut index = |name: Option<&str>, otherwise: usize| {
            let Some(name) = name else { return otherwise };
            self.0.iter().position(|release| release.name == name).unwrap_or_else(|| {
                let suggestion = did_you_mean(name, self.0.iter().map(|release| release.name.as_str()));
                report.error(file, row.line, format!("there is no release `{name}`"), suggestion);
                otherwise
            })
        };
        let [introduced, retired] = row.releases();
        let life = Lifetime { from: index(introduced, 0), until: index(retired, self.0.len()) };
        if introduced.is_some() && retired.is_some() && life.from >= life.until {
            report.error(file, row.line, "retired before it was introduced", None);
        }
        life
    }

    /// The index of the release that an entry names.
    pub fn named(&self, place: Place<'_, '_>, report: &mut Report) -> usize {
        self.index(place.text().unwrap_or_default(), place, report)
    }

    fn index(&self, name: &str, place: Place<'_, '_>, report: &mut Report) -> usize {
        self.0.iter().position(|release| release.name == name).unwrap_or_else(|| {
            let suggestion = did_you_mean(name, self.0.iter().map(|release| release.name.as_str()));
            place.error(report, format!("there is no release `{name}`"), suggestion);
            0
        })
    }
}

/// A set of codes, each in the releases that it belongs to (REG-08).
#[derive(Debug)]
pub(super) struct CodeSet<T>(HashMap<String, Vec<(T, Lifetime)>>);

impl<T: Clone> CodeSet<T> {
    /// Without codes.
    pub fn new() -> Self {
        Self(HashMap::default())
    }

    /// Adds a code; false where some release has it already.
    pub fn add(&mut self, code: &str, entry: T, life: Lifetime) -> bool {
        let entries = self.0.entry(code.to_owned()).or_default();
        let is_new = !entries.iter().any(|(_, other)| other.meets(life));
        entries.push((entry, life));
        is_new
    }

    /// Every code that any release has, in order.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        let mut codes: Vec<&str> = self.0.keys().map(String::as_str).collect();
        codes.sort_unstable();
        codes.into_iter()
    }

    /// True where some of these releases has the code.
    pub fn has(&self, code: &str, life: Lifetime) -> bool {
        self.0.get(code).is_some_and(|entries| entries.iter().any(|(_, other)| other.meets(life)))
    }

    /// Every code that any release has, as the last one has it.
    pub fn all<M: FromIterator<(String, T)>>(&self) -> M {
        self.0.iter().filter_map(|(code, entries)| Some((code.clone(), entries.last()?.0.clone()))).collect()
    }

    /// The codes of the release with this index.
    pub fn of<M: FromIterator<(String, T)>>(&self, release: usize) -> M {
        let entry =
            |entries: &[(T, Lifetime)]| entries.iter().find(|(_, life)| life.covers(release)).map(|(entry, _)| entry.clone());
        self.0.iter().filter_map(|(code, entries)| Some((code.clone(), entry(entries)?))).collect()
    }
}

impl CodeSet<String> {
    /// Adds a code; says whose it is already where some release has it.
    pub fn add_or_clash(&mut self, code: &str, whose: &str, life: Lifetime) -> Option<String> {
        let other = self.0.get(code).and_then(|entries| entries.iter().find(|(_, other)| other.meets(life)));
        let other = other.map(|(whose, _)| whose.clone());
        self.add(code, whose.to_owned(), life);
        other
    }
}

/// What one release after another has, shared while it stays the same.
#[derive(Debug)]
pub(super) struct Shared<T>(Option<Arc<T>>);

impl<T: PartialEq> Shared<T> {
    /// Before the first release.
    pub const fn new() -> Self {
        Self(None)
    }

    /// What the next release has.
    pub fn next(&mut self, next: T) -> Arc<T> {
        let known = self.0.take().filter(|known| **known == next).unwrap_or_else(|| Arc::new(next));
        Arc::clone(self.0.insert(known))
    }
}
