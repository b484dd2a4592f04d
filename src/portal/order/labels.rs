//! What the fields of the form are called.

use crate::domain::refusal::Fault;

/// The label of a field.
pub(super) fn label(field: &str) -> String {
    let parts: Vec<&str> = field.split('/').skip(1).collect();
    if let ["treatment", "phases", phase, "drugs", row, cell] = parts.as_slice() {
        let number = |text: &str| text.parse::<usize>().map_or(0, |number| number + 1);
        return format!("Phase {}, drug {}, {}", number(phase), number(row), cell_name(cell));
    }
    if let ["treatment", "phases", phase, cell] = parts.as_slice() {
        let number = phase.parse::<usize>().map_or(0, |number| number + 1);
        let name = if *cell == "cycles" { "cycles" } else { "days of a cycle" };
        return format!("Phase {number}, {name}");
    }
    if let ["clinical", "biomarkers" | "assessments", name, ..] = parts.as_slice() {
        return crate::documents::words::humanize(name);
    }
    known(field).map_or_else(|| crate::documents::words::humanize(parts.last().unwrap_or(&field)), str::to_owned)
}

/// How something that is missing is entered here: the engine's words for it are for programs.
pub(super) fn in_this_form(fault: &Fault) -> Option<&'static str> {
    let parts: Vec<&str> = fault.pointer.split('/').skip(1).collect();
    Some(match (fault.code.as_str(), parts.as_slice()) {
        ("missing", ["member", "health_plan"]) => "pick one: it says which program decides",
        ("missing", ["treatment", "phases", _, "drugs", _, "dose"]) => "enter the dose with its unit, such as 75 mg/m2",
        ("missing", ["treatment", "phases", _, "drugs", _, "days"]) => "enter the days of the cycle, such as 1, 8, 15",
        ("missing", ["supportive_only", "acknowledged"]) => {
            "only supportive drugs are entered: tick the box, or add the treatment"
        }
        _ => return None,
    })
}

fn cell_name(cell: &str) -> &str {
    match cell {
        "loading" => "first dose",
        "times" => "times a day",
        other => other,
    }
}

pub(super) fn known(field: &str) -> Option<&'static str> {
    Some(match field {
        "/member/health_plan" => "Health plan",
        "/member/member_id" => "Member ID",
        "/member/last_name" => "Last name",
        "/member/first_name" => "First name",
        "/member/birth_date" => "Date of birth",
        "/date_of_service" => "First treatment day",
        "/ordering_provider" => "Ordering clinician",
        "/servicing_provider" => "Treating site",
        "/place_of_service" => "Place of service",
        "/diagnosis/icd10" => "Diagnosis",
        "/clinical/performance_status" => "ECOG",
        "/clinical/height_cm" => "Height",
        "/clinical/weight_kg" => "Weight",
        "/clinical/serum_creatinine_mg_dl" => "Creatinine",
        "/clinical/line_of_treatment" => "Line of treatment",
        "/clinical/fn_risk_factors" => "Febrile neutropenia risk",
        "/clinical/prior_therapies" => "Earlier treatment",
        "/clinical/biomarkers" => "Biomarkers",
        "/clinical/assessments" => "Assessments",
        "/clinical_trial/enrolled" => "Clinical trial",
        "/clinical_trial/trial_id" => "Trial ID",
        "/supportive_only/acknowledged" => "Supportive drugs only",
        "/supportive_only/reference_order_id" => "Order ID of the treatment",
        "/continuation_of_treatment_started_on" => "Running since",
        "/contact/phone" => "Phone",
        "/treatment/regimen_id" => "Regimen",
        "/servicing_provider/address/line1" => "Street of the treating site",
        "/servicing_provider/address/city" => "City",
        "/servicing_provider/address/state" => "State",
        "/servicing_provider/address/postal_code" => "ZIP code",
        _ => return None,
    })
}
