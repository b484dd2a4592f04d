//! Pathways of a day: those in force, those the release in force introduced, and those retired by then (REG-08).

use super::super::App;
use super::{Search, regimens};
use crate::domain::content::{Regimen, RegimenPathway, Release};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// Where a Pathway stands on the day asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PathwayStatus {
    /// In force, and before the latest release, too.
    Current,
    /// In force since the latest release, or from a later day on.
    New,
    /// No longer a Pathway.
    Retired,
}

/// A Pathway of the day.
#[derive(Debug, Clone)]
pub struct ListedPathway {
    /// Where it stands.
    pub status: PathwayStatus,
    /// Designation and ranks.
    pub pathway: RegimenPathway,
    /// Its regimen, as of the last release that has the Pathway.
    pub regimen: Arc<Regimen>,
    /// The release that introduced it.
    pub introduced: Release,
    /// The release that retired it.
    pub retired: Option<Release>,
}

/// Which Pathways to list.
#[derive(Debug, Clone, Default)]
pub struct Filter<'a> {
    /// Words of regimen, trial, drug or cancer type.
    pub typed: Option<&'a str>,
    /// Cancer type.
    pub cancer: Option<&'a str>,
    /// ICD-10-CM code of the order's diagnosis: Pathways of its cancer type come first.
    pub diagnosis: Option<&'a str>,
    /// The day; today where there is none.
    pub as_of: Option<NaiveDate>,
    /// Only these.
    pub status: Option<PathwayStatus>,
}

/// Pathways, best answer first; without words by cancer type, what is in force before what is retired, then by REG-09.
pub fn list(app: &App, filter: &Filter<'_>) -> Search<ListedPathway> {
    let as_of = filter.as_of.unwrap_or_else(|| app.clock.now().date_naive());
    let content = app.library.in_force(as_of);
    let mut listed = of_day(app, as_of);
    listed.retain(|entry| filter.cancer.is_none_or(|cancer| entry.regimen.cancer == cancer));
    listed.retain(|entry| filter.status.is_none_or(|status| entry.status == status));
    let place = |entry: &ListedPathway| content.cancers.iter().position(|cancer| cancer.key == entry.regimen.cancer);
    let first = regimens::cancers_of(content, filter.diagnosis);
    let is_other = |entry: &ListedPathway| !first.contains(&entry.regimen.cancer.as_str());
    listed.sort_by(|left, right| {
        (is_other(left), place(left)).cmp(&(is_other(right), place(right))).then_with(|| order(left, right))
    });
    if filter.typed.is_none() {
        return Search::all(listed);
    }
    let wanted = regimens::Filter { typed: filter.typed, cancer: filter.cancer, diagnosis: filter.diagnosis };
    let mut items = Vec::new();
    let mut searched_for = None;
    // retired ones are found in the releases that had them
    for release in app.library.releases().rev().filter(|release| release.release.in_force_from <= content.release.in_force_from) {
        let found = regimens::search(app, release, &wanted);
        for regimen in &found.items {
            let is_it = |entry: &ListedPathway| entry.regimen.id == regimen.id;
            if let Some(place) = listed.iter().position(is_it) {
                items.push(listed.remove(place));
            }
        }
        if !found.items.is_empty() {
            searched_for = searched_for.or(found.searched_for);
        }
        let elsewhere = |entry: &ListedPathway| release.regimen(&entry.regimen.id).is_none();
        listed.retain(elsewhere);
    }
    Search { items, searched_for }
}

fn order(left: &ListedPathway, right: &ListedPathway) -> Ordering {
    let rank = |entry: &ListedPathway| {
        let pathway = &entry.pathway;
        (entry.status == PathwayStatus::Retired, pathway.efficacy, pathway.toxicity, pathway.consensus)
    };
    let cost = |entry: &ListedPathway| entry.regimen.relative_cost.unwrap_or(f64::INFINITY);
    rank(left).cmp(&rank(right)).then(cost(left).total_cmp(&cost(right))).then_with(|| left.pathway.id.cmp(&right.pathway.id))
}

/// Every Pathway that any release up to that day knows.
fn of_day(app: &App, as_of: NaiveDate) -> Vec<ListedPathway> {
    let first = app.library.releases().next();
    let in_force = app.library.releases().filter(|content| content.release.in_force_from <= as_of);
    let releases: Vec<_> = in_force.collect();
    let releases = if releases.is_empty() { first.into_iter().collect() } else { releases };
    let Some(latest) = releases.last().map(|content| &content.release) else { return Vec::new() };
    let mut known: BTreeMap<&str, ListedPathway> = BTreeMap::new();
    for (number, content) in releases.iter().enumerate() {
        let mut here = BTreeMap::new();
        for regimen in &content.regimens {
            if let Some(pathway) = &regimen.pathway {
                here.insert(pathway.id.as_str(), (pathway, regimen));
            }
        }
        for (id, entry) in &mut known {
            if !here.contains_key(id) && entry.retired.is_none() {
                (entry.status, entry.retired) = (PathwayStatus::Retired, Some(content.release.clone()));
            }
        }
        for (id, (pathway, regimen)) in here {
            let before = known.get(id).filter(|entry| entry.retired.is_none());
            let introduced = before.map_or(&content.release, |entry| &entry.introduced).clone();
            let is_new = number > 0 && introduced == *latest;
            let ended = pathway.effective_through.is_some_and(|through| through < as_of);
            let status = match (ended, is_new || pathway.effective_from.is_some_and(|from| from > as_of)) {
                (true, _) => PathwayStatus::Retired,
                (false, true) => PathwayStatus::New,
                (false, false) => PathwayStatus::Current,
            };
            known.insert(
                id,
                ListedPathway { status, pathway: pathway.clone(), regimen: Arc::clone(regimen), introduced, retired: None },
            );
        }
    }
    known.into_values().collect()
}
