//! Named releases, and which of them an entry belongs to.

use super::codes::text_of;
use super::document::{Document, Place};
use super::report::{Report, did_you_mean};
use super::source::Source;
use crate::domain::content::Release;
use chrono::NaiveDate;
use serde::Deserialize;

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
            report.error(FILE, 1, "there is no release", None);
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

    fn index(&self, name: &str, place: Place<'_, '_>, report: &mut Report) -> usize {
        self.0.iter().position(|release| release.name == name).unwrap_or_else(|| {
            let suggestion = did_you_mean(name, self.0.iter().map(|release| release.name.as_str()));
            place.error(report, format!("there is no release `{name}`"), suggestion);
            0
        })
    }
}
