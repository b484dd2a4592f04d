//! Radiation orders: taken, and pended to a nurse until their rules are built.

use super::admission::Admitted;
use super::decision::{DecidedDrug, Decision, due_at};
use super::facts::Facts;
use crate::domain::case::{Awards, CaseDrug, Computed, ComputedDrug, Pathway};
use crate::domain::content::Content;
use crate::domain::vocabulary::{CaseStatus, DrugRole, DrugStatus, Hold, PathwayDetermination, SCodesWithheld};

/// A case in progress with the treatment as its one line.
pub fn pend(facts: &Facts<'_>, admitted: &Admitted<'_>, content: &Content) -> Decision {
    let radiation = facts.order.radiation.as_ref();
    let modality = radiation.and_then(|radiation| radiation.modality);
    let name =
        modality.and_then(|modality| serde_json::to_value(modality).ok()).and_then(|word| word.as_str().map(str::to_owned));
    let dosing = match radiation.map(|radiation| (radiation.total_dose_gy, radiation.fractions)) {
        Some((Some(dose), Some(fractions))) => format!("{dose} Gy in {fractions} fractions"),
        _ => "dose or fractions not entered".to_owned(),
    };
    let drug = CaseDrug {
        line: 1,
        hcpcs: None,
        name: name.unwrap_or_else(|| "radiation".to_owned()),
        role: DrugRole::Treatment,
        status: DrugStatus::InProgress,
        order_id: None,
        dosing,
        administered_dose: None,
        first_administered_dose: None,
        visits_approved: None,
        units_per_visit: None,
        billing_unit: None,
        units_approved: None,
        valid_from: None,
        valid_through: None,
        message: "radiation oncology is reviewed by an oncology nurse".to_owned(),
        denial: None,
        contact: None,
        findings: Vec::new(),
    };
    let pathway = Pathway {
        determination: PathwayDetermination::NoPathwayAvailable,
        pathway_id: None,
        regimen_id: None,
        regimen_name: None,
        options: Vec::new(),
    };
    let months = chrono::Months::new(admitted.program.range.until_progression_months);
    let planned = admitted.date_of_service.checked_add_months(months).unwrap_or(admitted.date_of_service);
    let ((_, valid_through), cut) = admitted.covered((admitted.date_of_service, planned));
    let none = Awards { s_codes: Vec::new(), withheld: Some(SCodesWithheld::OffPathway) };
    let computed = Computed {
        drugs: vec![ComputedDrug {
            line: 1,
            status: DrugStatus::InProgress,
            visits: radiation.and_then(|radiation| radiation.fractions),
            units: None,
            units_per_visit: None,
            set_by_reviewer: false,
            valid_from: admitted.date_of_service,
            valid_through,
        }],
        pathway: pathway.clone(),
        awards: none.clone(),
        awards_on_pathway: none,
    };
    Decision {
        program: admitted.program.id.clone(),
        content_release: content.release.name.clone(),
        member: admitted.coverage.clone(),
        status: CaseStatus::InProgress,
        decided_at: None,
        status_reason: Some("radiation oncology is reviewed by an oncology nurse".to_owned()),
        drugs: vec![DecidedDrug { drug, computed: DrugStatus::InProgress, ingredients: Vec::new() }],
        holds: vec![Hold::RadiationReview],
        pathway: Pathway { determination: PathwayDetermination::NotDetermined, ..pathway.clone() },
        deviations: Vec::new(),
        notices: admitted.notices.iter().cloned().chain(cut).collect(),
        s_codes: Vec::new(),
        s_codes_withheld: Some(SCodesWithheld::NotDecided),
        findings: Vec::new(),
        asked_for: Vec::new(),
        valid_from: admitted.date_of_service,
        valid_through,
        due_at: Some(due_at(facts, admitted, content)),
        time_zone: admitted.program.time_zone,
        treatment_ingredients: Vec::new(),
        computed,
    }
}
