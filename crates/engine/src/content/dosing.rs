//! Doses and routes of drugs, one file per class of `drugs/`, and the words of routes.

use super::codes::text_of;
use super::document::{Document, Place};
use super::report::{Report, did_you_mean};
use super::source::Source;
use crate::domain::content::{
    Amount, Basis, Counts, DoseRule, DoseShares, DosingCatalog, DrugCatalog, IdealWeight, Per, Product, Route, RouteId, Routes,
    Step, WeightBasis,
};
use serde::Deserialize;

const ADMINISTRATION: &str = "administration.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Administration {
    provenance: String,
    #[serde(default)]
    #[expect(dead_code, reason = "for people")]
    verify: bool,
    filler: Vec<String>,
    shares: SharesEntry,
    ideal_weight: IdealEntry,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SharesEntry {
    without_bound_percent: f64,
    regimen_above_percent: f64,
    regimen_window_percent: f64,
    regimen_window_days: u64,
    regimen_below_percent: f64,
    unreduced_below_percent: f64,
    regimen_number_percent: f64,
    regimen_density_percent: f64,
    rounding_percent: f64,
    usual_reduction_percent: f64,
    far_below_percent: f64,
    loading_again_after_days: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdealEntry {
    per_cm: f64,
    women: f64,
    men: f64,
    adjusted: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RouteEntry {
    key: String,
    name: String,
    #[serde(default)]
    local: bool,
    #[serde(default)]
    words: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    provenance: String,
    #[serde(default)]
    #[expect(dead_code, reason = "for people")]
    verify: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    generic: String,
    #[serde(default)]
    codes: Vec<String>,
    #[serde(default)]
    vials: Vec<String>,
    single_dose: Option<bool>,
    container: Option<String>,
    #[serde(default)]
    weight: WeightBasis,
    weight_cap_kg: Option<f64>,
    bsa_cap_m2: Option<f64>,
    cap: Option<String>,
    #[serde(default)]
    unreduced: bool,
    counts: Option<Counts>,
    #[serde(default)]
    parts: Vec<String>,
    #[serde(default)]
    loading: Vec<String>,
    #[serde(default)]
    steps: Vec<StepEntry>,
    rules: Vec<RuleEntry>,
    #[expect(dead_code, reason = "for people")]
    note: Option<String>,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepEntry {
    day: u32,
    dose: String,
    #[expect(dead_code, reason = "for people")]
    note: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleEntry {
    routes: Vec<String>,
    #[serde(default)]
    never: Vec<String>,
    usual: String,
    outer: f64,
    narrow: Option<f64>,
    most: Option<String>,
    per_day: Option<String>,
    per_interval: Option<String>,
}

/// Reads routes, shares and every drug's doses.
pub(super) fn read(source: &Source, drugs: &DrugCatalog, report: &mut Report) -> DosingCatalog {
    let mut catalog = DosingCatalog::default();
    administration(source, &mut catalog, report);
    for file in source.files("dosing", "toml") {
        let Some(text) = text_of(source, &file, report) else { continue };
        let Some(document) = Document::parse(&file, &text, report) else { continue };
        if document.header::<Header>(&["dosing"], report).is_some_and(|header| header.provenance.trim().is_empty()) {
            document.root().key("provenance").error(report, "say where these doses come from", None);
        }
        for (entry, place) in document.entries::<Entry>("dosing", report) {
            known(&entry, drugs, place, report);
            add(entry, &mut catalog, place, report);
        }
    }
    catalog
}

fn administration(source: &Source, catalog: &mut DosingCatalog, report: &mut Report) {
    let Some(text) = text_of(source, ADMINISTRATION, report) else { return };
    let Some(document) = Document::parse(ADMINISTRATION, &text, report) else { return };
    if let Some(header) = document.header::<Administration>(&["route"], report) {
        if header.provenance.trim().is_empty() {
            document.root().key("provenance").error(report, "say where these words come from", None);
        }
        shares(&header, document.root(), report);
        catalog.filler = header.filler.iter().map(|word| plain(word)).collect();
        let shares = header.shares;
        catalog.shares = DoseShares {
            without_bound_percent: shares.without_bound_percent,
            regimen_above_percent: shares.regimen_above_percent,
            regimen_window_percent: shares.regimen_window_percent,
            regimen_window_days: shares.regimen_window_days.max(1),
            regimen_below_percent: shares.regimen_below_percent,
            unreduced_below_percent: shares.unreduced_below_percent,
            regimen_number_percent: shares.regimen_number_percent,
            regimen_density_percent: shares.regimen_density_percent,
            rounding_percent: shares.rounding_percent,
            usual_reduction_percent: shares.usual_reduction_percent,
            far_below_percent: shares.far_below_percent,
            loading_again_after_days: shares.loading_again_after_days,
        };
        let ideal = header.ideal_weight;
        catalog.ideal_weight = IdealWeight { per_cm: ideal.per_cm, women: ideal.women, men: ideal.men, adjusted: ideal.adjusted };
    }
    for (entry, place) in document.entries::<RouteEntry>("route", report) {
        let Ok(id) = u8::try_from(catalog.routes.len()) else { continue };
        if id >= 32 {
            place.error(report, "there are more than 32 routes", None);
            continue;
        }
        for word in std::iter::once(&entry.key).chain(&entry.words) {
            if let Some(other) = catalog.route_words.insert(plain(word), RouteId(id)).filter(|other| other.0 != id) {
                place.error(report, format!("`{word}` is also a word of `{}`", catalog.route_name(other)), None);
            }
        }
        catalog.routes.push(Route { key: entry.key, name: entry.name, local: entry.local });
    }
}

fn shares(header: &Administration, root: Place<'_, '_>, report: &mut Report) {
    let percents = [
        ("without_bound_percent", header.shares.without_bound_percent, 100.0..=1000.0),
        ("regimen_above_percent", header.shares.regimen_above_percent, 100.0..=1000.0),
        ("regimen_window_percent", header.shares.regimen_window_percent, 100.0..=1000.0),
        ("regimen_below_percent", header.shares.regimen_below_percent, 0.0..=100.0),
        ("unreduced_below_percent", header.shares.unreduced_below_percent, 0.0..=100.0),
        ("regimen_number_percent", header.shares.regimen_number_percent, 100.0..=1000.0),
        ("regimen_density_percent", header.shares.regimen_density_percent, 100.0..=1000.0),
        ("rounding_percent", header.shares.rounding_percent, 0.0..=50.0),
        ("usual_reduction_percent", header.shares.usual_reduction_percent, 0.0..=90.0),
        ("far_below_percent", header.shares.far_below_percent, 0.0..=100.0),
    ];
    for (key, percent, range) in percents.into_iter().filter(|(_, percent, range)| !range.contains(percent)) {
        let message = format!("{percent} is not between {} and {} percent", range.start(), range.end());
        root.key("shares").key(key).error(report, message, None);
    }
}

/// Small letters and digits only.
fn plain(word: &str) -> String {
    word.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
}

fn known(entry: &Entry, drugs: &DrugCatalog, place: Place<'_, '_>, report: &mut Report) {
    let Some(drug) = drugs.by_name(&entry.generic).filter(|drug| drug.generic == entry.generic) else {
        let suggestion = did_you_mean(&entry.generic, drugs.all().iter().map(|drug| drug.generic.as_str()));
        return place.key("generic").error(report, format!("there is no drug `{}`", entry.generic), suggestion);
    };
    for (index, code) in entry.codes.iter().enumerate() {
        if !drug.codes.iter().any(|known| known.hcpcs == *code) {
            let suggestion = did_you_mean(code, drug.codes.iter().map(|known| known.hcpcs.as_str()));
            place.key("codes").at(index).error(report, format!("`{code}` is not a code of {}", drug.generic), suggestion);
        }
    }
}

fn add(entry: Entry, catalog: &mut DosingCatalog, place: Place<'_, '_>, report: &mut Report) {
    if entry.rules.is_empty() {
        place.key("rules").error(report, "say at least one dose with its routes", None);
    }
    let rules: Vec<DoseRule> = entry
        .rules
        .iter()
        .enumerate()
        .map(|(index, written)| rule(written, catalog, place.key("rules").at(index), report))
        .collect();
    let mut flat = |text: &Option<String>, key: &str| {
        let text = text.as_deref()?;
        amount(text, place.key(key), report).filter(|found| is_flat(found, text, place.key(key), report))
    };
    let (container, cap) = (flat(&entry.container, "container"), flat(&entry.cap, "cap"));
    let product = Product {
        vials: entry.vials.iter().enumerate().filter_map(|(at, text)| amount(text, place.key("vials").at(at), report)).collect(),
        single_dose: entry.single_dose,
        container,
        weight: entry.weight,
        weight_cap_kg: entry.weight_cap_kg,
        bsa_cap_m2: entry.bsa_cap_m2,
        unreduced: entry.unreduced,
        cap,
        rules,
        source: entry.source,
        codes: entry.codes,
    };
    let parts: Vec<Vec<f64>> = entry
        .parts
        .iter()
        .enumerate()
        .filter_map(|(at, text)| {
            let found: Option<Vec<f64>> = text.split('+').map(|part| part.trim().parse().ok()).collect();
            if found.is_none() {
                place.key("parts").at(at).error(report, format!("`{text}` is not a list of amounts like `600 + 600`"), None);
            }
            found
        })
        .collect();
    if entry.counts.is_some() == parts.is_empty() {
        place.error(report, "`counts` and `parts` go together", None);
    }
    let loading: Vec<Amount> =
        entry.loading.iter().enumerate().filter_map(|(at, text)| amount(text, place.key("loading").at(at), report)).collect();
    let steps: Vec<Step> = entry
        .steps
        .iter()
        .enumerate()
        .filter_map(|(at, step)| {
            let (_, dose) = range(&step.dose, place.key("steps").at(at).key("dose"), report)?;
            Some(Step { day: step.day, dose })
        })
        .collect();
    if !entry.steps.is_sorted_by_key(|step| step.day) {
        place.key("steps").error(report, "the days of a step-up schedule ascend", None);
    }
    let dosing = catalog.by_generic.entry(entry.generic).or_default();
    if dosing.products.iter().any(|other| other.codes == product.codes) {
        place.error(report, "these products are here twice; put their rules into one entry", None);
    }
    dosing.products.push(product);
    dosing.loading.extend(loading);
    dosing.steps.extend(steps);
    dosing.parts = dosing.parts.take().or_else(|| entry.counts.map(|counts| (counts, parts)));
}

fn rule(entry: &RuleEntry, catalog: &DosingCatalog, place: Place<'_, '_>, report: &mut Report) -> DoseRule {
    let mut set = |words: &[String], key: &str| {
        let mut found = Routes::default();
        for (index, word) in words.iter().enumerate() {
            if let Some(id) = (0..).zip(&catalog.routes).find_map(|(id, route)| (route.key == *word).then_some(id)) {
                found.0 |= 1 << id;
            } else {
                let suggestion = did_you_mean(word, catalog.routes.iter().map(|route| route.key.as_str()));
                place.key(key).at(index).error(report, format!("there is no route `{word}`"), suggestion);
            }
        }
        found
    };
    let (routes, never) = (set(&entry.routes, "routes"), set(&entry.never, "never"));
    if entry.routes.is_empty() {
        place.key("routes").error(report, "say by which routes it is given", None);
    }
    if routes.0 & never.0 != 0 {
        place.key("never").error(report, "a route is both given and never given", None);
    }
    let nothing = Amount { basis: Basis { kind: crate::domain::content::Kind::Mass, per: Per::Flat }, amount: 0.0 };
    let (least, most_usual) = range(&entry.usual, place.key("usual"), report).unwrap_or((nothing, nothing));
    let factor = entry.usual.rsplit_once(' ').and_then(|(_, unit)| Basis::parse(unit)).map_or(1.0, |(_, factor)| factor);
    let outer = entry.outer * factor;
    let narrow = entry.narrow.map(|narrow| narrow * factor);
    if outer < most_usual.amount {
        place.key("outer").error(report, format!("{} is below the most that is usual, `{}`", entry.outer, entry.usual), None);
    }
    if narrow.is_some_and(|narrow| narrow > outer) {
        place.key("narrow").error(report, "is above `outer`", None);
    }
    let mut flat = |text: &Option<String>, key: &str| {
        let text = text.as_deref()?;
        amount(text, place.key(key), report).filter(|found| is_flat(found, text, place.key(key), report))
    };
    let (most, per_day) = (flat(&entry.most, "most"), flat(&entry.per_day, "per_day"));
    if let (Some(most), Some(day)) = (most, per_day)
        && most.basis == day.basis
        && day.amount < most.amount
    {
        place.key("per_day").error(report, "less a day than in one administration", None);
    }
    let per_interval = entry.per_interval.as_deref().and_then(|text| interval(text, place.key("per_interval"), report));
    DoseRule {
        routes,
        never,
        basis: least.basis,
        usual: (least.amount, most_usual.amount),
        outer,
        narrow,
        most,
        per_day,
        per_interval,
    }
}

/// `75 mg/m2`.
fn amount(text: &str, place: Place<'_, '_>, report: &mut Report) -> Option<Amount> {
    let found = parsed(text);
    if found.is_none() {
        let unit = text.rsplit(' ').next().unwrap_or_default();
        let suggestion = if Basis::parse(unit).is_none() { did_you_mean(unit, Basis::words()) } else { None };
        let suggestion = suggestion.or_else(|| Some("write it like `75 mg/m2`".to_owned()));
        place.error(report, format!("`{text}` is not an amount"), suggestion);
    }
    found
}

fn parsed(text: &str) -> Option<Amount> {
    let (amount, unit) = text.split_once(' ')?;
    let (basis, factor) = Basis::parse(unit)?;
    let amount = amount.parse::<f64>().ok().filter(|amount| *amount > 0.0 && amount.is_finite())?;
    Some(Amount { basis, amount: amount * factor })
}

/// `60-100 mg/m2`, or one amount.
fn range(text: &str, place: Place<'_, '_>, report: &mut Report) -> Option<(Amount, Amount)> {
    let (amounts, unit) = text.rsplit_once(' ').unwrap_or((text, ""));
    let Some((least, most)) = amounts.split_once('-') else {
        return amount(text, place, report).map(|only| (only, only));
    };
    let least = amount(&format!("{least} {unit}"), place, report)?;
    let most = amount(&format!("{most} {unit}"), place, report)?;
    if least.amount > most.amount {
        place.error(report, format!("`{text}` goes from more to less"), None);
    }
    Some((least, most))
}

/// `150 mg/m2 in 21 days`.
fn interval(text: &str, place: Place<'_, '_>, report: &mut Report) -> Option<(Amount, u32)> {
    let days = text.split_once(" in ").and_then(|(dose, days)| Some((dose, days.strip_suffix(" days")?.parse::<u32>().ok()?)));
    if let Some((dose, days)) = days.filter(|(_, days)| (1..=366).contains(days)) {
        return amount(dose, place, report).map(|dose| (dose, days));
    }
    let suggestion = Some("write it like `150 mg/m2 in 21 days`".to_owned());
    place.error(report, format!("`{text}` is not an amount in days"), suggestion);
    None
}

fn is_flat(found: &Amount, text: &str, place: Place<'_, '_>, report: &mut Report) -> bool {
    let flat = found.basis.per == Per::Flat;
    if !flat {
        place.error(report, format!("`{text}` has to be an amount for one patient, such as `150 mg`"), None);
    }
    flat
}
