//! Regimens that nobody can fit, that stand under the wrong cancer, or that another one repeats.

use super::possible::{Wanted, World};
use super::scene;
use crate::content::Drafts;
use crate::content::report::Report;
use crate::content::vocabulary::Vocabulary;
use crate::domain::content::Regimen;

pub(super) fn lint(drafts: &Drafts, report: &mut Report) {
    for (index, draft) in drafts.regimens.iter().enumerate() {
        let (regimen, (file, line)) = (&draft.regimen, &draft.position);
        let world = World { words: &drafts.words, reviewed: None };
        let patient = scene::patient(regimen, &drafts.words);
        let wanted: Vec<Wanted<'_>> = patient.iter().map(|criterion| (criterion, true)).collect();
        if !world.is_possible(&wanted) {
            let message =
                format!("no patient can fit `{}`: its settings, lines, stages and biomarkers exclude each other", regimen.id);
            report.warning(file, *line, message, Some("compare `settings`, `line`, `stages` and `biomarkers`".to_owned()));
        }
        if let Some((code, cancer)) = foreign_code(regimen, &drafts.words) {
            let message = format!("`{code}` is not a diagnosis of {cancer}, which cancers.toml gives other codes");
            report.warning(file, *line, message, Some("correct `icd10`, or add the code in cancers.toml".to_owned()));
        }
        let same =
            drafts.regimens.iter().take(index).find(|other| draft.life.meets(other.life) && is_same(regimen, &other.regimen));
        if let Some(same) = same {
            let (id, other, (other_file, other_line)) = (&regimen.id, &same.regimen.id, &same.position);
            let message =
                format!("`{id}` is the same as `{other}` at {other_file}:{other_line}: no order can be told to be one of them");
            report.warning(file, *line, message, Some(format!("take `{id}` out, or say how it differs")));
        }
    }
}

fn foreign_code<'r>(regimen: &'r Regimen, words: &'r Vocabulary) -> Option<(&'r str, &'r str)> {
    let cancer = words.cancers.iter().find(|cancer| cancer.key == regimen.cancer)?;
    let prefixes = || cancer.icd10_prefixes.iter().chain(&cancer.also_prefixes);
    let is_known = |code: &str| prefixes().any(|known| code.starts_with(known.as_str()) || known.starts_with(code));
    let foreign = regimen.icd10_prefixes.iter().find(|code| !is_known(code))?;
    Some((foreign, &cancer.name))
}

/// True where neither the patient nor the plan can tell two regimens apart.
fn is_same(one: &Regimen, other: &Regimen) -> bool {
    one.cancer == other.cancer
        && one.required_ingredients == other.required_ingredients
        && one.phases == other.phases
        && one.icd10_prefixes == other.icd10_prefixes
        && one.pathology == other.pathology
        && one.settings == other.settings
        && one.lines == other.lines
        && one.stages == other.stages
        && one.biomarkers == other.biomarkers
}
