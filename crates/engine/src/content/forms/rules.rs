//! What the rules make of a regimen: every form that they fit, one rule after another.

use super::shape::{self, Part};
use crate::content::document::Place;
use crate::content::releases::Lifetime;
use crate::content::report::{Report, did_you_mean};
use crate::domain::content::{Form, Regimen, RegimenDrug, RegimenDrugRole, RegimenPhase};
use std::collections::BTreeSet;

/// More forms of one regimen than this are no longer meant.
const MOST: usize = 400;

/// A drug at an interval, read.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    /// The drug on day 1.
    pub drug: RegimenDrug,
    /// Days to the next.
    pub every: u32,
}

impl Schedule {
    /// `pembrolizumab 400 mg every 6 weeks`.
    pub fn name(&self) -> String {
        let dose = crate::domain::order::Dose { amount: self.drug.dose.amount, unit: self.drug.dose.unit };
        let every = match self.every {
            7 => "every week".to_owned(),
            1 => "daily".to_owned(),
            days if days % 7 == 0 => format!("every {} weeks", days / 7),
            days => format!("every {days} days"),
        };
        format!("{} {dose} {every}", self.drug.generic)
    }
}

/// What a rule says.
pub(super) enum Kind {
    /// Each stands for the others.
    Interchangeable {
        schedules: Vec<Schedule>,
        /// True where only the others stand for the first.
        one_way: bool,
        /// True where no product of the ingredient may be left as it was.
        throughout: bool,
    },
    /// Drugs of a phase for others, within its cycle.
    Exchange {
        from: Vec<Part>,
        to: Vec<RegimenDrug>,
        days: Vec<bool>,
        cycle_days: Option<u32>,
        after_first: bool,
        /// True where it is from the first phase on, or not at all.
        throughout: bool,
    },
    /// Members that may be left out.
    Without(Vec<Part>),
    /// A drug that may run beside.
    Beside(Vec<Schedule>),
    /// So many phases alone, without those after them.
    Beginning(usize),
    /// Other phases.
    Phases(Vec<RegimenPhase>),
}

/// A rule.
pub(super) struct Rule {
    pub id: String,
    pub name: Option<String>,
    pub cancers: Vec<String>,
    pub settings: Vec<String>,
    pub regimens: Vec<String>,
    pub except: Vec<String>,
    pub kind: Kind,
    pub source: String,
    pub life: Lifetime,
    pub position: (String, usize),
}

/// Every rule, with those that fitted a regimen.
#[derive(Default)]
pub(in crate::content) struct Rules {
    /// In the order of files and entries.
    pub(super) rules: Vec<Rule>,
    /// Those that fitted.
    pub(super) used: BTreeSet<usize>,
}

/// A regimen on its way through the rules.
#[derive(Clone)]
struct Variant {
    names: Vec<String>,
    sources: Vec<String>,
    phases: Vec<RegimenPhase>,
    /// Drugs that a rule has put others in place of, and those.
    taken: BTreeSet<String>,
    life: Lifetime,
}

impl Rule {
    fn fits(&self, regimen: &Regimen) -> bool {
        let named = self.regimens.contains(&regimen.id);
        let of_cancer = self.cancers.is_empty() || self.cancers.contains(&regimen.cancer);
        let of_setting = self.settings.is_empty() || self.settings.iter().any(|word| regimen.settings.contains(word));
        (named || self.regimens.is_empty() && of_cancer && of_setting) && !self.except.contains(&regimen.id)
    }

    /// Drugs that it puts others in place of, and these.
    fn takes(&self) -> Vec<String> {
        match &self.kind {
            Kind::Interchangeable { schedules, .. } => schedules.iter().map(|schedule| schedule.drug.generic.clone()).collect(),
            Kind::Exchange { from, to, .. } => {
                from.iter().map(|part| part.generic.clone()).chain(to.iter().map(|drug| drug.generic.clone())).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What the rule makes of a variant, each with what is other.
    fn apply(&self, phases: &[RegimenPhase]) -> Vec<(String, Vec<RegimenPhase>)> {
        let named = |made: Vec<(bool, Vec<RegimenPhase>)>| -> Vec<(String, Vec<RegimenPhase>)> {
            let name = self.name.clone().unwrap_or_default();
            made.into_iter().map(|(later, phases)| (if later { format!("later {name}") } else { name.clone() }, phases)).collect()
        };
        match &self.kind {
            Kind::Interchangeable { schedules, one_way, throughout } => {
                let first = if *one_way { 1 } else { schedules.len() };
                let pairs = schedules.iter().take(first).flat_map(|from| schedules.iter().map(move |to| (from, to)));
                pairs
                    .flat_map(|(from, to)| shape::reschedule(phases, from, to).into_iter().map(move |made| (to, made)))
                    .filter(|(to, (_, phases))| !throughout || shape::has_no_other(phases, to))
                    .map(|(to, (later, phases))| (if later { format!("later {}", to.name()) } else { to.name() }, phases))
                    .collect()
            }
            Kind::Exchange { from, to, days, cycle_days, after_first, throughout } => {
                let mut made = shape::exchange(phases, from, to, days, (*cycle_days, *after_first));
                made.retain(|(later, _)| !(*throughout && *later));
                named(made)
            }
            Kind::Without(parts) => named(shape::without(phases, parts).into_iter().map(|phases| (false, phases)).collect()),
            Kind::Beside(schedules) => schedules
                .iter()
                .filter_map(|schedule| Some((format!("{} beside", schedule.name()), shape::beside(phases, schedule)?)))
                .collect(),
            Kind::Beginning(first) => {
                // what runs beside has no place among what follows one another
                let is_part = phases.len() > *first && !phases.iter().any(|phase| phase.beside);
                named(is_part.then(|| (false, phases.iter().take(*first).cloned().collect())).into_iter().collect())
            }
            Kind::Phases(other) => named(vec![(false, other.clone())]),
        }
    }
}

impl Rules {
    /// Every form of a regimen, with the releases that it is in.
    pub fn of(
        &mut self,
        regimen: &Regimen,
        life: Lifetime,
        place: Place<'_, '_>,
        report: &mut Report,
    ) -> (Vec<Form>, Vec<Lifetime>) {
        let itself =
            Variant { names: Vec::new(), sources: Vec::new(), phases: regimen.phases.clone(), taken: BTreeSet::new(), life };
        let mut variants = vec![itself];
        for (index, rule) in self.rules.iter().enumerate().filter(|(_, rule)| rule.fits(regimen)) {
            let before: Vec<Variant> = match &rule.kind {
                // written out whole: it stands for the regimen as it is
                Kind::Phases(_) => variants.iter().take(1).cloned().collect(),
                // what one exchange has taken is not taken again
                Kind::Exchange { from, .. } => {
                    let is_taken = |variant: &Variant| from.iter().any(|part| variant.taken.contains(&part.generic));
                    variants.iter().filter(|variant| !is_taken(variant)).cloned().collect()
                }
                _ => variants.clone(),
            };
            for variant in before {
                for (name, phases) in rule.apply(&variant.phases) {
                    let known =
                        variants.iter().any(|other| other.phases == phases && other.life == variant.life.within(rule.life));
                    if known || !variant.life.meets(rule.life) {
                        continue;
                    }
                    self.used.insert(index);
                    let mut made = variant.clone();
                    made.phases = phases;
                    made.names.push(name);
                    made.sources.extend((!made.sources.contains(&rule.source)).then(|| rule.source.clone()));
                    made.life = variant.life.within(rule.life);
                    made.taken.extend(rule.takes());
                    variants.push(made);
                }
            }
        }
        if variants.len() > MOST {
            place.error(
                report,
                format!("`{}` has {} forms: the rules of forms/ make too much of it", regimen.id, variants.len() - 1),
                None,
            );
        }
        variants.into_iter().skip(1).map(|variant| (form(&variant, regimen), variant.life)).unzip()
    }

    /// Reports rules about regimens that do not exist, and those that fit none.
    pub fn check(&self, ids: &[&str], report: &mut Report) {
        for (index, rule) in self.rules.iter().enumerate() {
            let (file, line) = &rule.position;
            for id in rule.regimens.iter().chain(&rule.except).filter(|id| !ids.contains(&id.as_str())) {
                report.error(file, *line, format!("there is no regimen `{id}`"), did_you_mean(id, ids.iter().copied()));
            }
            if !self.used.contains(&index) {
                report.error(file, *line, format!("form `{}` fits no regimen", rule.id), None);
            }
        }
    }
}

fn form(variant: &Variant, regimen: &Regimen) -> Form {
    let drugs = || variant.phases.iter().flat_map(|phase| &phase.drugs).filter(|drug| drug.role != RegimenDrugRole::Supportive);
    let required: BTreeSet<String> = drugs().flat_map(|drug| drug.ingredients.clone()).collect();
    let generics: BTreeSet<&String> = drugs().map(|drug| &drug.generic).collect();
    let changed =
        generics.into_iter().filter(|generic| shape::given(&variant.phases, generic) != shape::given(&regimen.phases, generic));
    Form {
        name: variant.names.join(", "),
        parts: variant.names.clone(),
        required_ingredients: required.into_iter().collect(),
        changed: changed.cloned().collect(),
        phases: variant.phases.clone(),
        source: variant.sources.join("; "),
    }
}
