//! The ways in which regimens are given, ready to be compared with orders: every regimen as it is and every form of it, in canonical form
//! and with numbers in place of names. Put together once, when content is read, since orders ask for nothing more often.

use super::regimen::{Form, Regimen, RegimenDrugRole, RegimenPhase};
use crate::domain::canonical::{CanonicalPhase, IngredientId, canonical};
use crate::domain::quick::HashMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// One way of giving a regimen.
#[derive(Debug, Clone)]
pub struct Way {
    /// Ingredients that an order must contain, ascending.
    pub required: Vec<IngredientId>,
    /// Phases that run beside the others.
    pub beside: Vec<CanonicalPhase>,
    /// Phases that follow one another, as written.
    pub following: Vec<CanonicalPhase>,
    /// The same in canonical form.
    pub shortest: Vec<CanonicalPhase>,
}

/// A regimen with its ways.
#[derive(Debug, Clone)]
pub struct RegimenWays {
    /// The regimen.
    pub regimen: Arc<Regimen>,
    /// As it is.
    pub itself: Way,
    /// As each of its forms has it, in their order.
    pub forms: Vec<Way>,
    /// Drugs that any form changes, each once.
    pub changed: Vec<String>,
    /// What is left of it once it has begun: for orders that go on with it.
    pub endings: Vec<(Form, Way)>,
}

impl RegimenWays {
    /// Every form with its way.
    pub fn forms(&self) -> impl Iterator<Item = (&Form, &Way)> {
        self.regimen.forms.iter().zip(&self.forms)
    }
}

/// What is left of a regimen of several phases, and of each of its forms, from each phase on: of that phase any number of cycles, and no
/// loading dose, since the treatment has begun.
fn endings(regimen: &Regimen, changed: &[String]) -> Vec<Form> {
    let mut found: Vec<Form> = Vec::new();
    let forms = regimen.forms.iter().map(|form| (form.phases.as_slice(), Some(form)));
    for (phases, form) in std::iter::once((regimen.phases.as_slice(), None)).chain(forms) {
        let (beside, following): (Vec<&RegimenPhase>, Vec<&RegimenPhase>) = phases.iter().partition(|phase| phase.beside);
        if following.len() < 2 {
            continue;
        }
        for from in 0..following.len() {
            let left = following.iter().skip(from).chain(&beside);
            let left = left.enumerate().map(|(place, phase)| begun((*phase).clone(), place == 0)).collect();
            let ending = ending(left, regimen, form, changed);
            if !found.iter().any(|known| known.phases == ending.phases) {
                found.push(ending);
            }
        }
    }
    found
}

/// A phase of a treatment that has begun, perhaps some of its cycles ago.
fn begun(mut phase: RegimenPhase, is_first: bool) -> RegimenPhase {
    if is_first || phase.beside {
        phase.cycles_min = phase.cycles_min.min(1);
    }
    for drug in &mut phase.drugs {
        drug.loading_dose = None;
    }
    phase
}

fn ending(phases: Vec<RegimenPhase>, regimen: &Regimen, form: Option<&Form>, changed: &[String]) -> Form {
    let drugs = || phases.iter().flat_map(|phase| &phase.drugs).filter(|drug| drug.role != RegimenDrugRole::Supportive);
    let ingredients: BTreeSet<String> = drugs().flat_map(|drug| drug.ingredients.clone()).collect();
    let first = phases.first().map_or("", |phase| phase.name.as_str());
    let name = format!("what is left of it from {first} on");
    Form {
        parts: form.map_or(&[][..], |form| &form.parts).iter().cloned().chain(std::iter::once(name.clone())).collect(),
        name: form.map_or(name.clone(), |form| format!("{}, {name}", form.name)),
        required_ingredients: ingredients.into_iter().collect(),
        changed: changed.iter().filter(|generic| drugs().any(|drug| drug.generic == **generic)).cloned().collect(),
        source: form.map_or_else(|| regimen.name.clone(), |form| form.source.clone()),
        phases,
    }
}

/// The ingredients of a release's regimens and forms.
#[derive(Debug, Clone, Default)]
pub(super) struct Ingredients {
    names: Vec<String>,
    by_name: HashMap<String, IngredientId>,
}

impl Ingredients {
    pub(super) fn of(regimens: &[Arc<Regimen>]) -> Self {
        let phases = |regimen: &'_ Arc<Regimen>| -> Vec<String> {
            let forms = regimen.forms.iter();
            let required = forms.clone().flat_map(|form| &form.required_ingredients).chain(&regimen.required_ingredients);
            let drugs = forms.flat_map(|form| &form.phases).chain(&regimen.phases).flat_map(|phase| &phase.drugs);
            required.chain(drugs.flat_map(|drug| &drug.ingredients)).cloned().collect()
        };
        let names: BTreeSet<String> = regimens.iter().flat_map(phases).collect();
        let names: Vec<String> = names.into_iter().collect();
        let by_name = names.iter().cloned().zip((0..=u16::MAX).map(IngredientId)).collect();
        Self { names, by_name }
    }

    pub(super) fn id(&self, name: &str) -> Option<IngredientId> {
        self.by_name.get(name).copied()
    }

    pub(super) fn name(&self, ingredient: IngredientId) -> &str {
        self.names.get(usize::from(ingredient.0)).map_or("", String::as_str)
    }

    fn ids(&self, names: &[String]) -> Vec<IngredientId> {
        let mut ids: Vec<IngredientId> = names.iter().filter_map(|name| self.id(name)).collect();
        ids.sort_unstable();
        ids
    }

    /// Brings a regimen and its forms to the form in which orders are compared with them.
    pub(super) fn ways(&self, regimen: &Arc<Regimen>) -> RegimenWays {
        let mut changed: Vec<String> = regimen.forms.iter().flat_map(|form| &form.changed).cloned().collect();
        changed.sort_unstable();
        changed.dedup();
        RegimenWays {
            regimen: Arc::clone(regimen),
            itself: self.way(&regimen.required_ingredients, &regimen.phases),
            forms: regimen.forms.iter().map(|form| self.way(&form.required_ingredients, &form.phases)).collect(),
            endings: endings(regimen, &changed)
                .into_iter()
                .map(|ending| {
                    let way = self.way(&ending.required_ingredients, &ending.phases);
                    (ending, way)
                })
                .collect(),
            changed,
        }
    }

    fn way(&self, required: &[String], phases: &[RegimenPhase]) -> Way {
        let each = phases.iter().enumerate().map(|(source, phase)| (phase.beside, self.phase(source, phase)));
        let (beside, following): (Vec<_>, Vec<_>) = each.partition(|(beside, _)| *beside);
        let phases =
            |phases: Vec<(bool, CanonicalPhase)>| -> Vec<CanonicalPhase> { phases.into_iter().map(|(_, phase)| phase).collect() };
        let following = phases(following);
        let shortest = canonical(following.iter().cloned());
        Way { required: self.ids(required), beside: phases(beside), following, shortest }
    }

    /// What only supports is never part of the match (REG-06).
    fn phase(&self, source: usize, phase: &RegimenPhase) -> CanonicalPhase {
        let mut canonical = CanonicalPhase {
            length: phase.cycle_length_days,
            cycles_min: phase.cycles_min,
            cycles_max: phase.cycles_max,
            until_progression: phase.until_progression,
            given: Vec::new(),
            source,
        };
        for drug in phase.drugs.iter().filter(|drug| drug.role != RegimenDrugRole::Supportive) {
            for ingredient in drug.ingredients.iter().filter_map(|name| self.id(name)) {
                canonical.give(ingredient, &drug.days, drug.frequency_per_day);
            }
        }
        canonical.given.shrink_to_fit();
        canonical
    }
}
