//! Schedules, sites and procedure codes of radiation, as they are typed.

use super::index::NameIndex;
use super::{Search, by_name};
use crate::app::App;
use crate::domain::content::Content;
use crate::domain::content::radiation::{FractionationSchedule, RadiationService, Site};
use std::sync::{Arc, OnceLock};

/// Indexes of one release.
#[derive(Debug, Default)]
pub(super) struct Indexes {
    schedules: OnceLock<NameIndex>,
    sites: OnceLock<NameIndex>,
    procedures: OnceLock<NameIndex>,
}

/// Schedules by id, name or site; of one site, those for any included.
pub fn schedules<'a>(
    app: &App,
    content: &'a Content,
    typed: Option<&str>,
    site: Option<&str>,
) -> Search<&'a Arc<FractionationSchedule>> {
    let all = &content.radiation.schedules;
    let indexes = app.catalog.of(content);
    let index = indexes.radiation.schedules.get_or_init(|| {
        let names = all.iter().map(|schedule| {
            let own = [(&schedule.id, 0), (&schedule.name, 0), (&schedule.group, 1)];
            own.into_iter().chain(schedule.sites.iter().map(|site| (site, 1))).collect()
        });
        NameIndex::new(names, &content.searches.means)
    });
    let mut found = by_name(index, all, typed);
    if let Some(site) = site {
        found.items.retain(|schedule| schedule.goes_with(site));
    }
    found
}

/// Sites by key, name, or what practices write for them.
pub fn sites<'a>(app: &App, content: &'a Content, typed: Option<&str>) -> Search<&'a Arc<Site>> {
    let all = &content.radiation.sites;
    let indexes = app.catalog.of(content);
    let index = indexes.radiation.sites.get_or_init(|| {
        let names = all.iter().map(|site| {
            let own = [(&site.name, 0), (&site.key, 0)];
            own.into_iter().chain(content.radiation.words_of(site).map(|word| (word, 1))).collect()
        });
        NameIndex::new(names, &content.searches.means)
    });
    by_name(index, all, typed)
}

/// Procedure codes by the beginning of the code, or by what they are for.
pub fn procedures<'a>(app: &App, content: &'a Content, typed: Option<&str>) -> Search<&'a Arc<RadiationService>> {
    let all: Vec<&'a Arc<RadiationService>> = content.radiation.services.values().collect();
    let Some(typed) = typed else { return Search::all(all) };
    let code: String = typed.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
    let by_code: Vec<_> = all.iter().copied().filter(|service| !code.is_empty() && service.code.starts_with(&code)).collect();
    if !by_code.is_empty() {
        return Search::all(by_code);
    }
    let indexes = app.catalog.of(content);
    let index = indexes
        .radiation
        .procedures
        .get_or_init(|| NameIndex::new(all.iter().map(|service| vec![(&service.name, 0)]), &content.searches.means));
    let found = index.search(typed);
    let items = found.hits.iter().filter_map(|hit| all.get(hit.item).copied()).collect();
    Search { items, searched_for: found.searched_for }
}
