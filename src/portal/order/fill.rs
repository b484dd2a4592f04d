//! A regimen into the grid: its phases, drugs, codes, doses, days and cycles, for the practice to look at and change. Whoever picks a
//! regimen has said so; nothing else is filled in. A number of cycles that the regimen leaves open is left to the practice.

use super::super::fields::Fields;
use super::cells;
use super::grid::days_in_words;
use crate::app::App;
use crate::app::catalog::{drugs, regimens};
use crate::domain::content::{Content, Regimen, RegimenDose, RegimenDrug, RegimenDrugRole, RegimenPhase};
use crate::domain::order::Dose;
use std::sync::Arc;

/// Regimens shown where a name fits several.
const SHOWN: usize = 12;

/// What a name leads to.
pub(super) enum Found<'a> {
    /// One regimen, by its whole name.
    One(&'a Arc<Regimen>),
    /// Several, best first; or none.
    Several(Vec<&'a Arc<Regimen>>),
}

/// Looks a regimen up by id, name or other name, for this cancer where it is known.
pub(super) fn find<'a>(app: &App, content: &'a Content, typed: &str, cancer: Option<&str>) -> Found<'a> {
    // `TC (docetaxel/cyclophosphamide)` is called TC
    let short = |name: &str| name.split(" (").next().unwrap_or(name).trim().eq_ignore_ascii_case(typed.trim());
    let called = |regimen: &&Arc<Regimen>| {
        let mut names = [&regimen.id, &regimen.name].into_iter().chain(&regimen.aliases);
        names.any(|name| name.trim().eq_ignore_ascii_case(typed.trim()) || short(name))
    };
    let of_cancer = |regimen: &&Arc<Regimen>| cancer.is_none_or(|cancer| regimen.cancer == cancer);
    let mut exact = content.regimens.iter().filter(of_cancer).filter(called);
    if let (Some(one), None) = (exact.next(), exact.next()) {
        return Found::One(one);
    }
    let filter = regimens::Filter { typed: Some(typed), cancer, diagnosis: None };
    let mut found = regimens::search(app, content, &filter).items;
    found.truncate(SHOWN);
    Found::Several(found)
}

/// Puts a regimen in the place of what the grid held.
pub(super) fn fill(fields: &mut Fields, regimen: &Regimen, content: &Content) {
    fields.clear("/treatment/phases/");
    fields.set("/treatment/regimen_id", regimen.id.clone());
    fields.set("regimen", regimen.name.clone());
    for (number, phase) in regimen.phases.iter().enumerate().take(cells::PHASES) {
        let at = format!("/treatment/phases/{number}");
        fields.set(&format!("{at}/cycle_length_days"), phase.cycle_length_days.to_string());
        if let Some(cycles) = cycles(phase) {
            fields.set(&format!("{at}/cycles"), cycles);
        }
        if phase.beside {
            fields.set(&format!("{at}/beside"), "yes");
        }
        let drugs = phase.drugs.iter().filter(|drug| drug.role != RegimenDrugRole::Supportive);
        for (row, drug) in drugs.enumerate().take(cells::ROWS) {
            fill_row(fields, &format!("{at}/drugs/{row}"), drug, content);
        }
    }
}

/// Where the rows of drugs are.
const GRID: &str = "/treatment/phases/";

/// True where the rows of drugs are others.
pub(super) fn differ(before: &Fields, after: &Fields) -> bool {
    let grid = |fields: &Fields| fields.under(GRID).map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>();
    grid(before) != grid(after)
}

/// Puts what was filled in beside what had been entered: a row that was entered stays where and as it is, and a drug that its phase does not
/// have yet comes into a row below. False where there are not rows enough.
pub(super) fn keep_entered(fields: &mut Fields, entered: &Fields, content: &Content) -> bool {
    let filled = fields.clone();
    fields.clear(GRID);
    for (name, value) in entered.under(GRID) {
        fields.add(&format!("{GRID}{name}"), value);
    }
    let mut all = true;
    for number in 0..cells::PHASES {
        let at = format!("{GRID}{number}");
        let is_new = !entered.under(&format!("{at}/")).any(|(_, value)| !value.is_empty());
        for cell in ["cycle_length_days", "cycles", "beside"] {
            let name = format!("{at}/{cell}");
            let may_fill = is_new || (cell != "beside" && entered.text(&name).is_none());
            if let Some(value) = filled.owned(&name).filter(|_| may_fill) {
                fields.set(&name, value);
            }
        }
        all &= add_rows(fields, &filled, &at, content);
    }
    all
}

/// Adds the drugs that a phase lacks below its rows.
fn add_rows(fields: &mut Fields, filled: &Fields, at: &str, content: &Content) -> bool {
    let row_at = |row: usize| format!("{at}/drugs/{row}/");
    let drug = |fields: &Fields, row: usize| fields.text(&format!("{}drug", row_at(row))).map(|typed| drug_of(typed, content));
    let known: Vec<String> = (0..cells::ROWS).filter_map(|row| drug(fields, row)).collect();
    let is_used = |fields: &Fields, row: usize| fields.under(&row_at(row)).any(|(_, value)| !value.is_empty());
    let mut next = (0..cells::ROWS).rev().find(|row| is_used(fields, *row)).map_or(0, |last| last + 1);
    let mut all = true;
    for row in 0..cells::ROWS {
        if drug(filled, row).is_none_or(|drug| known.contains(&drug)) {
            continue;
        }
        if next == cells::ROWS {
            all = false;
            break;
        }
        for (cell, value) in filled.under(&row_at(row)).filter(|(cell, _)| *cell != "line") {
            fields.set(&format!("{}{cell}", row_at(next)), value);
        }
        next += 1;
    }
    all
}

/// The drug that a cell means, whatever its product.
fn drug_of(typed: &str, content: &Content) -> String {
    let generic = match cells::drug(typed, content) {
        Ok((_, Some(generic))) => Some(generic),
        Ok((Some(code), None)) => content.drugs.by_code(&code).map(|(drug, _)| drug.generic.clone()),
        _ => None,
    };
    generic.unwrap_or_else(|| typed.to_lowercase())
}

/// The cycles, where the regimen has one number of them or goes on until progression.
fn cycles(phase: &RegimenPhase) -> Option<String> {
    match phase.cycles_max {
        Some(most) if most == phase.cycles_min => Some(most.to_string()),
        None if phase.until_progression => Some("until progression".to_owned()),
        _ => None,
    }
}

/// `4 to 6`, where the regimen leaves a choice.
pub(super) fn cycles_in_words(phase: &RegimenPhase) -> Option<String> {
    let most = phase.cycles_max?;
    (most != phase.cycles_min).then(|| format!("{} to {most}", phase.cycles_min))
}

fn fill_row(fields: &mut Fields, at: &str, drug: &RegimenDrug, content: &Content) {
    // the form shows the codes of other products below
    let code = drugs::code_by_route(content, &drug.generic, &drug.route);
    let name = code.map_or_else(|| drug.generic.clone(), |code| format!("{} {}", code.hcpcs, drug.generic));
    let mut set = |cell: &str, value: String| fields.set(&format!("{at}/{cell}"), value);
    set("drug", name);
    set("dose", dose(drug.dose));
    set("route", drug.route.clone());
    set("days", days_in_words(&drug.days));
    if drug.frequency_per_day > 1 {
        set("times", drug.frequency_per_day.to_string());
    }
    if let Some(loading) = drug.loading_dose {
        set("loading", dose(loading));
    }
}

fn dose(dose: RegimenDose) -> String {
    Dose { amount: dose.amount, unit: dose.unit }.to_string()
}
