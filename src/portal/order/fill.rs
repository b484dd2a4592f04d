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
