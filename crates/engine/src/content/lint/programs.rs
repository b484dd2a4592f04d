//! Policies about drugs that no program manages, and managed drugs that nothing covers.

use crate::content::Drafts;
use crate::content::programs::Draft;
use crate::content::report::Report;
use crate::domain::content::{Program, When};

pub(super) fn lint(drafts: &Drafts, report: &mut Report) {
    let is_managed =
        |generic: &String| drafts.programs.iter().flat_map(Draft::versions).any(|program| program.managed.contains(generic));
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
    for program in drafts.programs.iter().filter_map(Draft::latest) {
        contradictions(program, report);
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

/// Exclusions that say something else than the program's own lists and days (SAFE-15): whichever is asked first would win unnoticed.
fn contradictions(program: &Program, report: &mut Report) {
    let file = format!("programs/{}.toml", program.id);
    let mut warn = |message: String, suggestion: &str| report.warning(&file, 1, message, Some(suggestion.to_owned()));
    for exclusion in &program.exclusions {
        let (id, when) = (&exclusion.exclusion, &exclusion.when);
        let only = |kept: When| *when == kept;
        let lines = when.line_of_business.iter().filter(|line| program.lines_of_business.contains(line));
        if only(When { line_of_business: when.line_of_business.clone(), ..When::default() }) {
            for line in lines {
                let message = format!("the exclusion `{id}` keeps out {line} members, and `lines_of_business` takes them");
                warn(message, "take the line of business off one of the two");
            }
        }
        let services = when.service.iter().filter(|service| program.services.contains(service));
        if only(When { service: when.service.clone(), ..When::default() }) {
            for service in services {
                let message = format!("the exclusion `{id}` keeps out {service}, and `services` has it");
                warn(message, "take the service off one of the two");
            }
        }
        let first = when.date_of_service_before.filter(|first| *first != program.services_from);
        if let Some(first) =
            first.filter(|_| only(When { date_of_service_before: when.date_of_service_before, ..When::default() }))
        {
            let message = format!("the exclusion `{id}` ends on {first}, and `services_from` is {}", program.services_from);
            warn(message, "state the same day in both");
        }
        let first = when.received_before.filter(|first| Some(*first) != program.requests_from);
        if let Some(first) = first.filter(|_| only(When { received_before: when.received_before, ..When::default() })) {
            let stated = program.requests_from.map_or_else(|| "not stated".to_owned(), |day| day.to_string());
            let message = format!("the exclusion `{id}` ends on {first}, and `requests_from` is {stated}");
            warn(message, "state the same day in both");
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
