//! Schedules, sites and procedure codes of radiation, as they are typed.

use super::index::{Fit, NameIndex};
use super::{Search, by_name};
use crate::app::App;
use crate::domain::content::Content;
use crate::domain::content::radiation::{Designation, FractionationSchedule, RadiationService, Site};
use crate::domain::vocabulary::Modality;
use crate::rules::plain;
use std::sync::{Arc, OnceLock};

/// Indexes of one release.
#[derive(Debug, Default)]
pub(super) struct Indexes {
    schedules: OnceLock<NameIndex>,
    sites: OnceLock<NameIndex>,
    procedures: OnceLock<NameIndex>,
}

/// Kinds of names: its own and its dose; where it is given, by what, and what for.
const OWN: u8 = 0;
const ABOUT: u8 = 1;

/// Schedules by id, name, dose, site, target, modality or goal, in the words of clinics, too: what is preferred and ordered often first. Of one site,
/// those for any included.
pub fn schedules<'a>(
    app: &App,
    content: &'a Content,
    typed: Option<&str>,
    site: Option<&str>,
) -> Search<&'a Arc<FractionationSchedule>> {
    let all = &content.radiation.schedules;
    let indexes = app.catalog.of(content);
    let index = indexes
        .radiation
        .schedules
        .get_or_init(|| NameIndex::new(all.iter().map(|schedule| names_of(schedule, content)), &content.searches.means));
    let mut found = match typed {
        None => Search::all(all.iter().collect()),
        Some(typed) => {
            let mut found = index.search(typed);
            found.hits.sort_by_cached_key(|hit| {
                let meant = hit.fit.max(Fit::SameWords);
                let is_whole = hit.fit <= Fit::SameWords;
                let usual = all.get(hit.item).map(|schedule| usual(schedule, content));
                (meant, hit.kind, usual, if is_whole { 0 } else { hit.length }, hit.item)
            });
            let items = found.hits.iter().filter_map(|hit| all.get(hit.item)).collect();
            Search { items, searched_for: found.searched_for }
        }
    };
    if let Some(site) = site {
        found.items.retain(|schedule| schedule.goes_with(site));
    }
    found
}

/// What is meant first of schedules that are called the same: what is not recommended last, those of a site before those of any, of a cancer of the site before
/// one that begins elsewhere, what is ordered often, metastases before what is rarer, then in the order of the sites.
fn usual(schedule: &FractionationSchedule, content: &Content) -> (bool, bool, bool, u8, bool, usize, Designation) {
    let sites = || content.radiation.sites.iter().enumerate().filter(|(_, site)| schedule.sites.contains(&site.key));
    let prefixes = || {
        let cancers = content.cancers.iter().filter(|cancer| schedule.cancers.contains(&cancer.key));
        cancers.flat_map(|cancer| &cancer.icd10_prefixes)
    };
    let is_own =
        |site: &Site| site.own().any(|own| prefixes().any(|prefix| prefix.starts_with(own) || own.starts_with(prefix.as_str())));
    let begins_there = schedule.cancers.is_empty() || sites().any(|(_, site)| site.own().next().is_none() || is_own(site));
    (
        schedule.designation == Designation::NotRecommended,
        schedule.sites.is_empty(),
        !begins_there,
        schedule.tier,
        !sites().any(|(_, site)| site.metastatic),
        sites().map(|(place, _)| place).min().unwrap_or_default(),
        schedule.designation,
    )
}

/// What a schedule may be called.
fn names_of(schedule: &FractionationSchedule, content: &Content) -> Vec<(String, u8)> {
    let known = &content.radiation;
    let mut names = vec![(schedule.id.clone(), OWN), (schedule.name.clone(), OWN), (schedule.group.clone(), ABOUT)];
    names.extend(doses(schedule).map(|dose| (dose, OWN)));
    let sites = known.sites.iter().filter(|site| schedule.sites.contains(&site.key));
    let mut about: Vec<String> = Vec::new();
    for site in sites {
        about.extend([site.key.clone(), site.name.clone()]);
        about.extend(site.words.iter().cloned());
    }
    let target = known.targets.iter().filter(|target| schedule.target.as_ref() == Some(&target.term.key));
    about.extend(target.flat_map(|target| [&target.term.key, &target.term.name].into_iter().chain(&target.term.words)).cloned());
    for given in &schedule.modalities {
        about.extend(words_of_modality(given.modality, content));
    }
    about.extend(schedule.goal.map(|goal| goal.as_str().to_owned()));
    about.extend(pace(schedule).map(str::to_owned));
    names.extend(about.into_iter().map(|word| (word, ABOUT)));
    names
}

/// `40 Gy in 15`, as it is written on paper: `8 Gy x 1` says the dose of one fraction.
fn doses(schedule: &FractionationSchedule) -> impl Iterator<Item = String> {
    let (dose, fractions) = schedule.typical;
    let each = (dose / f64::from(fractions.max(1)) * 100.0).round() / 100.0;
    [
        format!("{dose} Gy in {fractions} fractions"),
        format!("{dose} Gy in {fractions}"),
        format!("{dose} Gy {fractions} fx"),
        format!("{dose} Gy {fractions}"),
        format!("{dose} {fractions}"),
        format!("{each} Gy x {fractions}"),
        format!("{each} Gy x{fractions}"),
    ]
    .into_iter()
}

/// Gray in one fraction above which a course is hypofractionated.
const CONVENTIONAL: f64 = 2.2;

fn pace(schedule: &FractionationSchedule) -> Option<&'static str> {
    let (dose, fractions) = schedule.typical;
    let each = dose / f64::from(fractions.max(1));
    (schedule.fractionated && fractions > 1).then_some(if each > CONVENTIONAL { "hypofractionated" } else { "conventional" })
}

/// What practices write for a modality: `VMAT` for intensity-modulated radiation.
fn words_of_modality(modality: Modality, content: &Content) -> Vec<String> {
    // a word that goes with several says the first
    let means = content.radiation.means.iter().filter(|means| means.modalities.first() == Some(&modality));
    let written = means.flat_map(|means| &means.words).cloned();
    std::iter::once(plain::modality_name(modality).to_owned()).chain(written).collect()
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

/// Procedure codes by the beginning of the code, or by what they are for, in the words of clinics, too. What may be billed today comes before codes that
/// ended.
pub fn procedures<'a>(app: &App, content: &'a Content, typed: Option<&str>) -> Search<&'a Arc<RadiationService>> {
    let all: Vec<&'a Arc<RadiationService>> = content.radiation.services.values().collect();
    let Some(typed) = typed else { return Search::all(all) };
    let code: String = typed.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
    let by_code: Vec<_> = all.iter().copied().filter(|service| !code.is_empty() && service.code.starts_with(&code)).collect();
    if !by_code.is_empty() {
        return Search::all(by_code);
    }
    let indexes = app.catalog.of(content);
    let index = indexes.radiation.procedures.get_or_init(|| {
        let names = all.iter().map(|service| {
            let mut names = vec![(service.name.clone(), OWN)];
            names.extend(service.words.iter().map(|word| (word.clone(), OWN)));
            let modalities = service.modalities.iter().flat_map(|modality| words_of_modality(*modality, content));
            names.extend(modalities.map(|word| (word, ABOUT)));
            names
        });
        NameIndex::new(names, &content.searches.means)
    });
    let mut found = index.search(typed);
    let today = app.clock.now().date_naive();
    let is_out_of_use = |service: &Arc<RadiationService>| !service.is_valid_on(today);
    found.hits.sort_by_cached_key(|hit| {
        let service = all.get(hit.item);
        let is_delivery = service.is_some_and(|service| service.is_delivery());
        (service.is_some_and(|service| is_out_of_use(service)), hit.fit.max(Fit::SameWords), hit.kind, !is_delivery, hit.item)
    });
    let items = found.hits.iter().filter_map(|hit| all.get(hit.item).copied()).collect();
    Search { items, searched_for: found.searched_for }
}
