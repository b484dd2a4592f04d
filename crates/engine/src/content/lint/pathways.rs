//! Pathways that a policy would refuse: an order exactly like the regimen, for a patient who fits it, could not meet the policy of one of
//! its managed drugs, whatever else is answered. `tests/content.rs` asks the engine the same of every shipped Pathway.

use super::possible::{Wanted, World};
use super::scene;
use crate::content::Drafts;
use crate::content::policies;
use crate::content::regimens;
use crate::content::report::Report;
use crate::domain::content::{Indication, Policy, PolicyBasis, Program, Statement};
use crate::domain::criteria::{Criterion, WordFact};
use crate::domain::vocabulary::LineOfBusiness;
use std::collections::BTreeSet;

pub(super) fn lint(drafts: &Drafts, report: &mut Report) {
    for regimen in drafts.regimens.iter().filter(|draft| draft.regimen.pathway.is_some()) {
        let (patient, order) = (scene::patient(&regimen.regimen, &drafts.words), scene::order(&regimen.regimen, &drafts.words));
        let known: Vec<&Criterion> = patient.iter().chain(&order).collect();
        for generic in generics(regimen) {
            lint_drug(drafts, regimen, generic, &known, report);
        }
    }
}

fn generics(regimen: &regimens::Draft) -> BTreeSet<&str> {
    regimen.regimen.phases.iter().flat_map(|phase| &phase.drugs).map(|drug| drug.generic.as_str()).collect()
}

fn lint_drug(drafts: &Drafts, regimen: &regimens::Draft, generic: &str, known: &[&Criterion], report: &mut Report) {
    let company = scene::company(&regimen.regimen, generic, &drafts.words);
    let world = World { words: &drafts.words, reviewed: Some(generic) };
    let mut tried = BTreeSet::new();
    let mut told = BTreeSet::new();
    for draft in &drafts.programs {
        for (release, _) in drafts.releases.iter().filter(|(release, _)| regimen.pathway_life.covers(*release)) {
            let Some(program) = draft.version(release).filter(|program| program.managed.contains(generic)) else { continue };
            let business: Vec<String> = program.lines_of_business.iter().map(|line| line.as_str().to_owned()).collect();
            let criterion = Criterion::Word { fact: WordFact::LineOfBusiness, any_of: business.clone() };
            let scene: Vec<Wanted<'_>> = known.iter().copied().chain([&company, &criterion]).map(|known| (known, true)).collect();
            let Some(policy) = deciding(drafts, generic, &program, release) else { continue };
            let indications = indications(policy, release);
            let ids: Vec<&str> = indications.iter().map(|indication| indication.id.as_str()).collect();
            if !tried.insert((&policy.policy.id, ids, business.clone())) {
                continue;
            }
            if let Some(reason) = refusal(world, &scene, &policy.policy, &indications)
                && told.insert(&policy.policy.id)
            {
                let ((file, line), id) = (&regimen.position, &regimen.regimen.id);
                let message = format!("the policy `{}` would refuse {generic} in the Pathway `{id}`: {reason}", policy.policy.id);
                let suggestion = format!("add an indication to {}, or retire the Pathway", policy.file);
                report.warning(file, *line, message, Some(suggestion));
            }
        }
    }
}

/// The policy that decides about a drug in a release: CMS's where the program is for Medicare Advantage members only, else the plan's.
fn deciding<'d>(drafts: &'d Drafts, generic: &str, program: &Program, release: usize) -> Option<&'d policies::Draft> {
    let day = drafts.releases.iter().find(|(index, _)| *index == release).map(|(_, release)| release.in_force_from)?;
    let of_drug = || {
        drafts.policies.iter().filter(|draft| {
            let policy = &draft.policy;
            let over = policy.effective_through.is_some_and(|last| last < day);
            !over
                && draft.life.covers(release)
                && policy.scope.covers(program)
                && policy.generics.iter().any(|known| known == generic)
        })
    };
    // a plan's own policy comes before the general one
    let of_drug = || {
        let named = of_drug().filter(|draft| draft.policy.scope.names(program));
        named.chain(of_drug().filter(|draft| draft.policy.scope.is_general()))
    };
    let plan = || of_drug().find(|draft| draft.policy.basis == PolicyBasis::Plan);
    let only_medicare = program.lines_of_business.iter().all(|line| *line == LineOfBusiness::MedicareAdvantage);
    let cms = of_drug().find(|draft| draft.policy.basis != PolicyBasis::Plan && only_medicare);
    cms.or_else(plan)
}

/// The indications of a policy in a release.
fn indications(draft: &policies::Draft, release: usize) -> Vec<&Indication> {
    let all = draft.policy.indications.iter().zip(&draft.indications);
    all.filter(|(_, entered)| entered.life.covers(release)).map(|(indication, _)| indication).collect()
}

/// Why no indication can hold in the scene; none where one can.
fn refusal<'a>(world: World<'a>, scene: &[Wanted<'a>], policy: &'a Policy, indications: &[&'a Indication]) -> Option<String> {
    let general = || policy.general.iter().chain(&policy.general_limits);
    let hold = |statements: &mut dyn Iterator<Item = &'a Statement>| {
        let all: Vec<Wanted<'_>> =
            scene.iter().copied().chain(statements.map(|statement| (&statement.criterion, true))).collect();
        world.is_possible(&all)
    };
    if indications.iter().any(|indication| hold(&mut general().chain(indication.statements()))) {
        return None;
    }
    let failing = |statements: &mut dyn Iterator<Item = &'a Statement>| -> Vec<String> {
        let failing = statements.filter(|statement| !hold(&mut std::iter::once(*statement)));
        failing.map(|statement| format!("`{}`", statement.text)).collect()
    };
    let of_all = failing(&mut general());
    if !of_all.is_empty() {
        return Some(format!("it asks for {}", of_all.join(", ")));
    }
    let nearest = indications.iter().map(|indication| (failing(&mut indication.statements()), &indication.id));
    let (asked, id) = nearest.min_by_key(|(failing, _)| failing.len())?;
    let asked = if asked.is_empty() { "criteria that cannot all hold".to_owned() } else { asked.join(", ") };
    Some(format!("its nearest indication `{id}` asks for {asked}"))
}
