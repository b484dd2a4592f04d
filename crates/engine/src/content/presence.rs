//! Whether what a release has names only what the same release has: a drug that was retired may not stay in a regimen, a policy or a
//! managed list (REG-08).

use super::Drafts;
use super::report::Report;
use crate::domain::content::DrugCatalog;
use std::sync::Arc;

/// Reports every regimen, policy and managed list that outlives a drug of its own, or comes before it; in the first such release.
pub(super) fn check(drafts: &Drafts, report: &mut Report) {
    let all_the_same = drafts.catalogs.iter().all(|catalog| catalog.all().len() == drafts.words.drugs.all().len());
    if all_the_same {
        return; // what is named nowhere has been reported already
    }
    let absent = |catalog: &Arc<DrugCatalog>, generic: &str| {
        drafts.words.drugs.by_name(generic).is_some() && catalog.by_name(generic).is_none()
    };
    let releases = || drafts.releases.iter().zip(&drafts.catalogs);
    let message = |what: &str, generic: &str, release: &str| format!("{what} is in release `{release}`, and `{generic}` is not");
    let suggestion = || Some("let both be introduced and retired with the same release".to_owned());
    for draft in &drafts.regimens {
        let (file, line) = &draft.position;
        let drugs = || draft.regimen.phases.iter().flat_map(|phase| &phase.drugs);
        for ((_, release), catalog) in releases().filter(|((index, _), _)| draft.life.covers(*index)) {
            if let Some(drug) = drugs().find(|drug| absent(catalog, &drug.generic)) {
                report.error(file, *line, message("the regimen", &drug.generic, &release.name), suggestion());
                break;
            }
        }
    }
    for draft in &drafts.policies {
        for ((_, release), catalog) in releases().filter(|((index, _), _)| draft.life.covers(*index)) {
            if let Some(generic) = draft.policy.generics.iter().find(|generic| absent(catalog, generic)) {
                report.error(&draft.file, 1, message("the policy", generic, &release.name), suggestion());
                break;
            }
        }
    }
    for draft in &drafts.programs {
        for ((index, release), catalog) in releases() {
            let Some(program) = draft.version(index) else { continue };
            if let Some(generic) = program.managed.iter().find(|generic| absent(catalog, generic)) {
                let file = format!("programs/{}.managed.toml", program.id);
                report.error(&file, 1, message("the managed list", generic, &release.name), suggestion());
                break;
            }
        }
    }
}
