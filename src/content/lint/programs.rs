//! Policies about drugs that no program manages, and managed drugs that nothing covers.

use crate::content::Drafts;
use crate::content::report::Report;

pub(super) fn lint(drafts: &Drafts, report: &mut Report) {
    let is_managed = |generic: &String| drafts.programs.iter().any(|program| program.managed.contains(generic));
    for draft in &drafts.policies {
        let unmanaged: Vec<&str> =
            draft.policy.generics.iter().filter(|generic| !is_managed(generic)).map(String::as_str).collect();
        if unmanaged.len() == draft.policy.generics.len() {
            let message = format!("the policy `{}` is never used: no program manages {}", draft.policy.id, unmanaged.join(", "));
            report.warning(&draft.file, 1, message, Some("add the drug to a program's managed list".to_owned()));
        } else if !unmanaged.is_empty() {
            let message = format!("no program manages {}: the policy is not asked about it", unmanaged.join(", "));
            report.note(&draft.file, 1, message, None);
        }
    }
    for program in &drafts.programs {
        let bare: Vec<&str> = program.managed.iter().filter(|generic| !is_covered(drafts, generic)).map(String::as_str).collect();
        if !bare.is_empty() {
            let file = format!("programs/{}.managed.toml", program.id);
            let message = format!(
                "{} managed drugs have neither a policy nor a regimen, so that a nurse reviews each: {}",
                bare.len(),
                bare.join(", ")
            );
            report.note(&file, 1, message, None);
        }
    }
}

fn is_covered(drafts: &Drafts, generic: &String) -> bool {
    let ingredients = drafts.words.drugs.by_name(generic).map(|drug| drug.ingredients.as_slice()).unwrap_or_default();
    drafts.policies.iter().any(|draft| draft.policy.generics.contains(generic))
        || drafts.regimens.iter().any(|draft| {
            let of_regimen = |ingredient: &String| draft.regimen.required_ingredients.contains(ingredient);
            !ingredients.is_empty() && ingredients.iter().all(of_regimen)
        })
}
