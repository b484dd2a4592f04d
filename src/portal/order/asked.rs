//! Which clinical results are asked for: those that the regimen is for, those that a rule was asked about and could not tell, and those
//! that were entered. Everything else is behind "more".

use super::super::fields::Fields;
use super::form::definition;
use crate::app::orders::Outlook;
use crate::domain::content::Content;
use crate::domain::vocabulary::Truth;

/// The fields of the results, each once.
pub(super) fn asked(fields: &Fields, outlook: Option<&Outlook>, content: &Content) -> Vec<String> {
    let mut asked: Vec<String> = Vec::new();
    let mut ask = |field: String| {
        if !asked.contains(&field) {
            asked.push(field);
        }
    };
    let matched = outlook.and_then(|outlook| outlook.summary.pathway.pathway.regimen_id.as_deref());
    let regimen = matched.or_else(|| fields.text("/treatment/regimen_id")).and_then(|id| content.regimen(id));
    for required in regimen.into_iter().flat_map(|regimen| &regimen.biomarkers) {
        if definition(&required.marker, true, content).is_some() {
            ask(format!("/clinical/biomarkers/{}", required.marker));
        }
    }
    let unknown = outlook.into_iter().flat_map(|outlook| &outlook.findings).filter(|finding| finding.outcome == Truth::Unknown);
    for name in unknown.flat_map(|finding| finding.facts.keys()) {
        if definition(name, true, content).is_some() {
            ask(format!("/clinical/biomarkers/{name}"));
        } else if definition(name, false, content).is_some_and(|asked| asked.name != "ecog" && asked.name != "karnofsky") {
            ask(format!("/clinical/assessments/{name}"));
        }
    }
    for kind in ["biomarkers", "assessments"] {
        let prefix = format!("/clinical/{kind}/");
        for (name, value) in fields.under(&prefix) {
            if !value.is_empty() && !name.contains('/') && !name.starts_with("more-") {
                ask(format!("{prefix}{name}"));
            }
        }
    }
    asked
}
