//! The ordered drugs, looked up in the catalogue, with every phase laid on the calendar.

use crate::domain::content::{Benefit, Code, Content, Dosing, Drug, DrugCatalog, Product, RouteId, Routes, SaidRoute};
use crate::domain::order::{OrderRequest, OrderedDrug, Phase};
use crate::domain::text::{numbered, push_number};
use crate::domain::vocabulary::{DrugRole, LineOfBusiness};
use std::sync::Arc;

/// One line of the order.
#[derive(Debug)]
pub struct PlanLine<'a> {
    /// As ordered.
    pub ordered: &'a OrderedDrug,
    /// Its phase.
    pub phase: &'a Phase,
    /// Index of the phase.
    pub phase_index: usize,
    /// Index in the phase.
    pub drug_index: usize,
    /// The day on which its phase begins, counted from 0 on the date of service.
    pub start: u64,
    /// What the catalogue knows.
    pub drug: Option<&'a Arc<Drug>>,
    /// The code in the catalogue.
    pub code: Option<&'a Code>,
    /// True where the code stands for drugs without one, such as J9999.
    pub is_unclassified: bool,
    /// What content knows of giving it.
    pub dosing: Option<&'a Dosing>,
    /// The product that it is given as, by code and route.
    pub product: Option<&'a Product>,
    /// What its route says; none where none is entered.
    pub route: Option<SaidRoute>,
    /// Every route that content allows for its products.
    pub allowed_routes: Routes,
    /// What it is called and made of.
    pub identity: Identity<'a>,
}

/// What a line is called and made of: asked again and again, and told once.
#[derive(Debug, Clone, Copy)]
pub struct Identity<'a> {
    name: &'a str,
    /// Empty where the drug is not known.
    ingredients: &'a [String],
}

impl<'a> Identity<'a> {
    /// Of a line as ordered, with the drug that the catalogue knows it by.
    pub fn of(ordered: &'a OrderedDrug, drug: Option<&'a Arc<Drug>>) -> Self {
        let known = drug.filter(|drug| !drug.is_unclassified());
        let name = known
            .or(drug.filter(|_| ordered.generic.is_none()))
            .map(|drug| drug.generic.as_str())
            .or(ordered.generic.as_deref())
            .or(ordered.hcpcs.as_deref())
            .unwrap_or("unnamed drug");
        Self { name, ingredients: known.map_or(&[][..], |drug| &drug.ingredients) }
    }
}

impl<'a> PlanLine<'a> {
    /// Name for people.
    pub const fn name(&self) -> &'a str {
        self.identity.name
    }

    /// Ingredients it counts as; an unknown drug counts as itself.
    pub fn ingredients(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let Identity { name, ingredients } = self.identity;
        ingredients.iter().map(String::as_str).chain(ingredients.is_empty().then_some(name))
    }

    /// True where it counts as the ingredient.
    pub fn has_ingredient(&self, ingredient: &str) -> bool {
        self.ingredients().any(|known| known == ingredient)
    }

    /// True for a drug that is studied, on the submitter's word (REG-13).
    pub fn is_investigational(&self) -> bool {
        self.ordered.role == Some(DrugRole::Investigational)
    }

    /// True where content calls it supportive unless a regimen counts it in.
    pub fn is_supportive_by_content(&self) -> bool {
        self.drug.is_some_and(|drug| drug.supportive)
    }

    /// The route, where content understands it or allows just one.
    pub fn known_route(&self) -> Option<RouteId> {
        match self.route {
            Some(said) => said.route(),
            None => self.allowed_routes.only(),
        }
    }

    /// The products that it may be.
    pub fn products(&self) -> impl Iterator<Item = &'a Product> + use<'a> {
        let is_unclassified = self.is_unclassified;
        let code = self.code.filter(|_| !is_unclassified).map(|code| code.hcpcs.as_str());
        self.dosing.into_iter().flat_map(move |dosing| dosing.products_for(code))
    }

    /// JSON pointer of the line, with a field of it.
    pub fn pointer(&self, field: &str) -> String {
        let mut pointer = numbered(&["/treatment/phases/"], self.phase_index);
        pointer.push_str("/drugs/");
        push_number(&mut pointer, self.drug_index);
        pointer.push_str(field);
        pointer
    }

    /// Whose benefit pays, for a line of business (PRG-12).
    pub fn benefit(&self, line_of_business: LineOfBusiness) -> Benefit {
        benefit(self.code, self.drug.map(AsRef::as_ref), line_of_business)
    }
}

/// Whose benefit pays for a drug under a code.
pub fn benefit(code: Option<&Code>, drug: Option<&Drug>, line_of_business: LineOfBusiness) -> Benefit {
    match (code, drug) {
        (Some(code), _) if code.medicare_part_b_oral && line_of_business == LineOfBusiness::MedicareAdvantage => Benefit::Medical,
        (Some(code), _) => code.benefit,
        (None, Some(drug)) => drug.benefit,
        (None, None) => Benefit::Medical,
    }
}

/// The drug that a code or name means, and the code: beside one for unclassified drugs, the drug that is named.
pub fn known<'a>(
    hcpcs: Option<&str>,
    generic: Option<&str>,
    drugs: &'a DrugCatalog,
) -> (Option<&'a Arc<Drug>>, Option<&'a Code>) {
    let Some(hcpcs) = hcpcs else { return (generic.and_then(|name| drugs.named(name)), None) };
    match drugs.by_code(hcpcs) {
        Some((drug, code)) if drug.is_unclassified() => (Some(classified(generic, drugs).unwrap_or(drug)), Some(code)),
        Some((drug, code)) => (Some(drug), Some(code)),
        None => (None, None),
    }
}

/// Looks every line up.
pub fn lines<'a>(order: &'a OrderRequest, content: &'a Content) -> Vec<PlanLine<'a>> {
    let starts = order.treatment.as_ref().map_or_else(Vec::new, |treatment| phase_starts(&treatment.phases));
    order
        .drugs()
        .map(|(phase_index, drug_index, phase, ordered)| {
            let by_code = ordered.hcpcs.as_ref().and_then(|code| content.drugs.by_code(code));
            let (drug, code) = known(ordered.hcpcs.as_deref(), ordered.generic.as_deref(), &content.drugs);
            let mut line = PlanLine {
                ordered,
                phase,
                phase_index,
                drug_index,
                start: starts.get(phase_index).copied().unwrap_or(0),
                drug,
                code,
                is_unclassified: by_code.is_some_and(|(drug, _)| drug.is_unclassified()),
                dosing: drug.and_then(|drug| content.dosing.of(&drug.generic)),
                product: None,
                route: ordered.route.as_deref().map(|text| content.dosing.said(text)),
                allowed_routes: Routes::default(),
                identity: Identity::of(ordered, drug),
            };
            line.allowed_routes = Routes(line.products().fold(0, |all, product| all | product.routes().0));
            let route = line.known_route();
            let by_route = |product: &&Product| route.is_none_or(|route| product.routes().has(route));
            line.product = line.products().find(by_route).or_else(|| line.products().next());
            line
        })
        .collect()
}

/// The drug that the line names beside a code for unclassified drugs.
pub fn named<'a>(ordered: &OrderedDrug, drugs: &'a DrugCatalog) -> Option<&'a Arc<Drug>> {
    classified(ordered.generic.as_deref(), drugs)
}

fn classified<'a>(generic: Option<&str>, drugs: &'a DrugCatalog) -> Option<&'a Arc<Drug>> {
    drugs.named(generic?).filter(|drug| !drug.is_unclassified())
}

/// Phases with the day on which each begins, counted from 0 on the date of service. What runs beside begins at once.
fn phase_starts(phases: &[Phase]) -> Vec<u64> {
    let mut start = 0;
    phases
        .iter()
        .map(|phase| {
            if phase.beside {
                return 0;
            }
            let this = start;
            start += days_of(phase).unwrap_or(0);
            this
        })
        .collect()
}

/// Days of a phase; none where it is open-ended.
fn days_of(phase: &Phase) -> Option<u64> {
    phase.cycles.map(|cycles| u64::from(cycles) * u64::from(phase.cycle_length_days))
}

/// Days of all planned cycles; none for treatment until progression.
pub fn planned_days(phases: &[Phase]) -> Option<u64> {
    let following: u64 = phases.iter().filter(|phase| !phase.beside).map(days_of).sum::<Option<u64>>()?;
    let beside = phases.iter().filter(|phase| phase.beside).filter_map(days_of).max();
    Some(following.max(beside.unwrap_or(0)))
}

/// The first day of a line and the last of its cycles, counted from 0 on the date of service. The last is none where its phase has no end, and both are
/// where the line is not found.
pub fn days_of_line(phases: &[Phase], line: u32) -> (Option<u64>, Option<u64>) {
    let is_in = |phase: &Phase| phase.drugs.iter().any(|drug| drug.line == line);
    let Some((phase, start)) = phases.iter().zip(phase_starts(phases)).find(|(phase, _)| is_in(phase)) else {
        return (None, None);
    };
    let days = phase.drugs.iter().filter(|drug| drug.line == line).flat_map(|drug| &drug.days);
    let first = days.min().map_or(0, |day| u64::from(day.saturating_sub(1)));
    (Some(start + first), days_of(phase).map(|days| start + days.saturating_sub(1)))
}

/// The order with a number of cycles in every phase beside that lasts as long as the others, where these end; none where nothing changes.
pub fn resolved(order: &OrderRequest) -> Option<OrderRequest> {
    let phases = &order.treatment.as_ref()?.phases;
    let is_open = |phase: &Phase| phase.beside && phase.cycles.is_none() && phase.cycle_length_days > 0;
    if !phases.iter().any(is_open) {
        return None;
    }
    let following = phases.iter().filter(|phase| !phase.beside);
    let whole: u64 = following.map(days_of).sum::<Option<u64>>().filter(|days| *days > 0)?;
    let mut order = order.clone();
    for phase in order.treatment.iter_mut().flat_map(|treatment| &mut treatment.phases).filter(|phase| is_open(phase)) {
        phase.cycles = u32::try_from(whole.div_ceil(u64::from(phase.cycle_length_days))).ok();
    }
    Some(order)
}
