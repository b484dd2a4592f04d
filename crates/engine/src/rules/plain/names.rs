//! What answers are called in messages: never by the key that JSON has for them.

use super::spaced;
use crate::domain::content::Content;
use crate::domain::vocabulary::Modality;
use std::borrow::Cow;

/// The name of an answer for people: `HER2` of `her2`, `febrile neutropenia risk of the regimen` of `regimen_fn_risk`.
pub fn name(key: &str, content: &Content) -> String {
    called(key, content).into_owned()
}

/// The same, which content mostly has.
pub fn called<'c>(key: &str, content: &'c Content) -> Cow<'c, str> {
    let answers = &content.answers;
    let biomarker = || answers.biomarkers.get(*answers.biomarker_names.get(key)?).filter(|known| known.name == key);
    let assessment = || answers.assessments.get(*answers.assessment_names.get(key)?).filter(|known| known.name == key);
    if let Some(known) = biomarker().or_else(assessment) {
        return Cow::Borrowed(&known.display);
    }
    let told = match key {
        "icd10" => "diagnosis code",
        "hcpcs" => "HCPCS code",
        "m_status" => "distant spread (M of TNM)",
        "fn_risk_factors" => "risk factors for febrile neutropenia",
        "regimen_fn_risk" => "febrile neutropenia risk of the regimen",
        "regimen_emetogenicity" => "nausea and vomiting risk of the regimen",
        "regimen_id" => "an evidence-based regimen that fits",
        "courses" => "number of courses",
        "continues" => "whether treatment already begun goes on",
        "response" => "response to the treatment that goes on",
        "toxicity" => "side effects of the treatment that goes on",
        "given_with" => "the drugs given beside it",
        "ecog" => "ECOG performance status",
        "cycle_length_days" | "own_cycle_days" => "length of a cycle",
        "carboplatin_auc" => "carboplatin dose (AUC)",
        "planned_days" => "planned length of treatment",
        "creatinine_clearance_ml_min" => "creatinine clearance",
        "weight_kg" => "weight",
        "height_cm" => "height",
        "interval_days" | "interval_hours" => "time from one dose to the next",
        "administrations" => "number of doses",
        "total_cycles" => "number of cycles",
        "total_months" => "months of treatment",
        "treatment_days" | "treatment_days_in_cycle" | "drug_days" => "days of treatment",
        dose if dose.starts_with("dose_") => "dose",
        other => return Cow::Owned(spaced(other)),
    };
    Cow::Borrowed(told)
}

/// A modality of radiation within a sentence.
pub const fn modality_name(modality: Modality) -> &'static str {
    match modality {
        Modality::TwoD => "radiation by opposed or single fields (2D)",
        Modality::ThreeDConformal => "3D conformal radiation",
        Modality::Imrt => "intensity-modulated radiation (IMRT)",
        Modality::Sbrt => "stereotactic body radiation (SBRT)",
        Modality::Srs => "stereotactic radiosurgery (SRS)",
        Modality::ProtonBeam => "proton beam radiation",
        Modality::Brachytherapy => "brachytherapy",
        Modality::Electron => "radiation with electrons",
        Modality::Superficial => "superficial or orthovoltage X-rays",
        Modality::Igrt => "image-guided radiation (IGRT)",
        Modality::Iort => "intraoperative radiation (IORT)",
        Modality::Other => "another kind of radiation",
    }
}
