//! What to have ready before an order of a cancer is entered: everything that regimens and the policies of a program's drugs ask for.

use crate::domain::content::radiation::{Designation, FractionationSchedule, Site};
use crate::domain::content::{Cancer, Content, Drug, Indication, Policy, Program, Regimen, ResultDefinition, Statement};
use crate::domain::criteria::Criterion;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An answer that may be asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Needed<'c> {
    /// The marker or assessment.
    pub asked: &'c ResultDefinition,
    /// Drugs whose policies ask for it; empty where only regimens do.
    pub drugs: Vec<String>,
}

/// What to have ready.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Needs<'c> {
    /// Stage groups that regimens tell apart.
    pub stages: Vec<String>,
    /// Pathologies that regimens tell apart.
    pub pathologies: Vec<String>,
    /// Biomarkers, in the order of content.
    pub biomarkers: Vec<Needed<'c>>,
    /// Assessments, in the order of content.
    pub assessments: Vec<Needed<'c>>,
    /// Drugs of the cancer that the program manages.
    pub managed: Vec<String>,
}

/// Regimens of a cancer that are made of the same drugs, whatever their doses, days and settings.
#[derive(Debug, Clone)]
pub struct Family<'c> {
    /// The first of them, by which the family is called.
    pub lead: &'c Arc<Regimen>,
    /// All of them.
    pub regimens: Vec<Arc<Regimen>>,
}

/// The families of a cancer, in the order of content.
pub fn families<'c>(content: &'c Content, cancer: &str) -> Vec<Family<'c>> {
    let mut families: Vec<Family<'c>> = Vec::new();
    for regimen in content.regimens_of(cancer) {
        match families.iter_mut().find(|family| family.lead.required_ingredients == regimen.required_ingredients) {
            Some(family) => family.regimens.push(Arc::clone(regimen)),
            None => families.push(Family { lead: regimen, regimens: vec![Arc::clone(regimen)] }),
        }
    }
    families
}

/// The family that these drugs make, supportive ones aside.
pub fn family_of<'c>(content: &'c Content, cancer: &str, drugs: &[Arc<Drug>]) -> Option<Family<'c>> {
    let treating = drugs.iter().filter(|drug| !drug.supportive);
    let ingredients: BTreeSet<&String> = treating.flat_map(|drug| &drug.ingredients).collect();
    families(content, cancer).into_iter().find(|family| ingredients.iter().copied().eq(&family.lead.required_ingredients))
}

/// What regimens of the cancer and policies of its managed drugs ask for.
pub fn needs<'c>(content: &'c Content, program: &Program, cancer: &str) -> Needs<'c> {
    needs_of(content, program, cancer, content.regimens_of(cancer))
}

/// What these regimens of the cancer and policies of their managed drugs ask for.
pub fn needs_of<'c>(content: &'c Content, program: &Program, cancer: &str, regimens: &[Arc<Regimen>]) -> Needs<'c> {
    let mut asked = Asked::default();
    let mut needs = Needs::default();
    for regimen in regimens {
        for stage in regimen.stages.iter().filter(|stage| !needs.stages.contains(stage)).cloned().collect::<Vec<_>>() {
            needs.stages.push(stage);
        }
        if let Some(pathology) = regimen.pathology.as_ref().filter(|word| !needs.pathologies.contains(word)) {
            needs.pathologies.push(pathology.clone());
        }
        for marker in &regimen.biomarkers {
            asked.biomarkers.entry(marker.marker.clone()).or_default();
        }
        for statement in &regimen.came_before {
            asked.of(&statement.criterion, None);
        }
    }
    needs.stages.sort();
    needs.pathologies.sort();
    for drug in managed_drugs(regimens, program) {
        let policies = content.policies_for(&drug).filter(|policy| policy.scope.covers(program));
        for policy in policies {
            for statement in statements(policy, cancer, content) {
                asked.of(&statement.criterion, Some(&drug));
            }
        }
        needs.managed.push(drug);
    }
    needs.biomarkers = needed(&asked.biomarkers, &content.answers.biomarkers);
    needs.assessments = needed(&asked.assessments, &content.answers.assessments);
    needs
}

/// What an order of radiation has ready.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RadiationNeeds<'c> {
    /// Sites whose diagnoses are those of the cancer.
    pub sites: Vec<&'c str>,
    /// Assessments that schedules and modalities of these sites ask for, in the order of content.
    pub assessments: Vec<Needed<'c>>,
    /// Schedules that are preferred, of those that are ordered often.
    pub preferred: Vec<&'c FractionationSchedule>,
}

/// What schedules and modalities for a cancer ask for; none where nothing of radiation is known for it.
pub fn radiation_needs<'c>(content: &'c Content, cancer: &Cancer) -> Option<RadiationNeeds<'c>> {
    let catalog = &content.radiation;
    let meet = |code: &str| cancer.icd10_prefixes.iter().any(|own| own.starts_with(code) || code.starts_with(own.as_str()));
    // metastases lie in bones and in the brain whatever the cancer; elsewhere the site is where it begins
    let spreads = |site: &Site| site.metastatic && cancer.solid && site.diagnoses.iter().any(|code| meet(code));
    let sites = catalog.sites.iter().filter(|site| spreads(site) || site.own().any(meet));
    let sites: Vec<_> = sites.collect();
    let is_of_site = |key: &String| sites.iter().any(|site| site.key == *key);
    let is_of = |schedule: &FractionationSchedule| {
        if schedule.cancers.is_empty() { schedule.sites.iter().any(is_of_site) } else { schedule.cancers.contains(&cancer.key) }
    };
    let schedules = catalog.schedules.iter().filter(|schedule| is_of(schedule));
    let mut asked = Asked::default();
    for statement in schedules.clone().filter_map(|schedule| schedule.needs.as_ref()) {
        asked.of(&statement.criterion, None);
    }
    let of_sites = catalog.indications.iter().filter(|one| one.site.as_ref().is_some_and(is_of_site));
    for statement in of_sites.filter_map(|one| one.when.as_ref()) {
        asked.of(&statement.criterion, None);
    }
    let preferred = schedules.filter(|schedule| schedule.tier == 1 && schedule.designation == Designation::Preferred);
    let needs = RadiationNeeds {
        sites: sites.iter().map(|site| site.name.as_str()).collect(),
        assessments: needed(&asked.assessments, &content.answers.assessments),
        preferred: preferred.map(AsRef::as_ref).collect(),
    };
    (!needs.sites.is_empty() || !needs.preferred.is_empty()).then_some(needs)
}

fn managed_drugs(regimens: &[Arc<Regimen>], program: &Program) -> BTreeSet<String> {
    let drugs = regimens.iter().flat_map(|regimen| &regimen.phases).flat_map(|phase| &phase.drugs);
    drugs.map(|drug| drug.generic.clone()).filter(|generic| program.managed.contains(generic)).collect()
}

/// What a policy asks for where the cancer is this one.
fn statements<'p>(policy: &'p Policy, cancer: &'p str, content: &'p Content) -> impl Iterator<Item = &'p Statement> {
    let is_solid = content.cancer(cancer).is_some_and(|known| known.solid);
    let of_cancer = move |indication: &&Indication| indication.is_for(cancer, is_solid);
    let general = policy.general.iter().chain(&policy.general_limits);
    general.chain(policy.indications.iter().filter(of_cancer).flat_map(Indication::statements))
}

/// Names of answers, each with the drugs that ask for it.
#[derive(Debug, Default)]
struct Asked {
    biomarkers: BTreeMap<String, BTreeSet<String>>,
    assessments: BTreeMap<String, BTreeSet<String>>,
}

impl Asked {
    fn of(&mut self, criterion: &Criterion, drug: Option<&str>) {
        let (list, name) = match criterion {
            Criterion::All(parts) | Criterion::Any(parts) => return parts.iter().for_each(|part| self.of(part, drug)),
            Criterion::Not(part) => return self.of(part, drug),
            Criterion::Biomarker { marker, .. } => (&mut self.biomarkers, marker),
            Criterion::Assessment { name, .. } | Criterion::DaysSince { name, .. } | Criterion::MonthsSince { name, .. } => {
                (&mut self.assessments, name)
            }
            _ => return,
        };
        list.entry(name.clone()).or_default().extend(drug.map(str::to_owned));
    }
}

fn needed<'c>(names: &BTreeMap<String, BTreeSet<String>>, known: &'c [Arc<ResultDefinition>]) -> Vec<Needed<'c>> {
    let of = |asked: &'c Arc<ResultDefinition>| {
        let drugs = names.get(&asked.name)?;
        Some(Needed { asked: asked.as_ref(), drugs: drugs.iter().cloned().collect() })
    };
    known.iter().filter_map(of).collect()
}
