//! How a patient fits a regimen: cancer, diagnosis, stage, pathology, line, disease setting, biomarkers (REG-01, DEV-04, DEV-05).

use super::biomarker;
use super::criteria::pathology;
use super::patient::Patient;
use super::setting;
use crate::domain::answer::Answer;
use crate::domain::content::Regimen;
use crate::domain::vocabulary::{LineOfTreatment, Truth};

/// One dimension of the fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Dimension {
    /// Name such as `stage`.
    pub name: String,
    /// Whether it fits.
    pub truth: Truth,
    /// What the regimen asks for.
    pub expected: String,
    /// What was entered.
    pub entered: String,
    /// JSON pointer of the answer.
    pub field: String,
}

/// Only the truths, for choosing among regimens.
pub fn fit_truths(regimen: &Regimen, patient: &Patient<'_>) -> Vec<Truth> {
    let mut truths = vec![cancer(regimen, patient), diagnosis(regimen, patient), line(regimen, patient)];
    truths.extend(stage(regimen, patient));
    truths.extend(regimen.pathology.as_ref().map(|kind| pathology(std::slice::from_ref(kind), patient)));
    truths.extend(disease_setting(regimen, patient));
    truths.extend(regimen.biomarkers.iter().map(|required| biomarker::required(&required.marker, &required.required, patient)));
    truths
}

/// The fit in words. Has exactly the dimensions of [`fit_truths`].
pub fn fit(regimen: &Regimen, patient: &Patient<'_>) -> Vec<Dimension> {
    let clinical = patient.clinical;
    let dimension = |name: &str, truth, expected: String, entered: String, field: &str| Dimension {
        name: name.to_owned(),
        truth,
        expected,
        entered,
        field: field.to_owned(),
    };
    let icd10 = patient.icd10.unwrap_or("not entered").to_owned();
    let lines = regimen.lines.iter().map(|line| line.as_str()).collect::<Vec<_>>().join(", ");
    let mut found = vec![
        dimension(
            "cancer_type",
            cancer(regimen, patient),
            regimen.cancer.clone(),
            word(&clinical.cancer_type),
            "/clinical/cancer_type",
        ),
        dimension("diagnosis", diagnosis(regimen, patient), regimen.icd10_prefixes.join(", "), icd10, "/diagnosis/icd10"),
        dimension(
            "line_of_treatment",
            line(regimen, patient),
            lines,
            patient.line().map_or_else(|| clinical.line_of_treatment.word().to_owned(), |line| line.as_str().to_owned()),
            "/clinical/line_of_treatment",
        ),
    ];
    if let Some(truth) = stage(regimen, patient) {
        found.push(dimension("stage", truth, regimen.stages.join(", "), word(&clinical.stage), "/clinical/stage"));
    }
    if let Some(kind) = &regimen.pathology {
        let truth = pathology(std::slice::from_ref(kind), patient);
        found.push(dimension("pathology", truth, kind.clone(), word(&clinical.pathology), "/clinical/pathology"));
    }
    if let Some(truth) = disease_setting(regimen, patient) {
        let entered = word(&clinical.disease_setting);
        found.push(dimension("disease_setting", truth, regimen.settings.join(", "), entered, "/clinical/disease_setting"));
    }
    for required in &regimen.biomarkers {
        let truth = biomarker::required(&required.marker, &required.required, patient);
        let entered = biomarker::entered(&required.marker, patient, patient.content);
        let field = patient
            .content
            .biomarker(&required.marker)
            .map_or_else(|| "/clinical/biomarkers".to_owned(), |known| patient.biomarker_pointer(known));
        found.push(dimension(&required.marker, truth, required.text.clone(), entered, &field));
    }
    found
}

fn word(answer: &Answer<String>) -> String {
    answer.known().cloned().unwrap_or_else(|| answer.word().to_owned())
}

fn cancer(regimen: &Regimen, patient: &Patient<'_>) -> Truth {
    patient.cancer().map(|cancer| cancer == regimen.cancer).into()
}

fn diagnosis(regimen: &Regimen, patient: &Patient<'_>) -> Truth {
    patient.icd10.map(|code| regimen.icd10_prefixes.iter().any(|prefix| code.starts_with(prefix.as_str()))).into()
}

/// `third_line_plus` may be a third line, and a regimen for later lines takes both.
fn line(regimen: &Regimen, patient: &Patient<'_>) -> Truth {
    if regimen.lines.is_empty() {
        return Truth::Met;
    }
    match patient.line() {
        Some(LineOfTreatment::ThirdLinePlus) if !regimen.lines.contains(&LineOfTreatment::ThirdLinePlus) => {
            if regimen.lines.contains(&LineOfTreatment::ThirdLine) { Truth::Unknown } else { Truth::NotMet }
        }
        entered => entered.map(|line| regimen.lines.contains(&line)).into(),
    }
}

fn stage(regimen: &Regimen, patient: &Patient<'_>) -> Option<Truth> {
    if regimen.stages.is_empty() {
        return None;
    }
    let listed = |stage: &str| regimen.stages.iter().any(|known| known == stage);
    let told: Truth = patient.stage.as_deref().map(listed).into();
    // metastatic disease is stage IV, whether the stage is left out or is still the one at diagnosis
    let metastatic = Truth::from(patient.metastatic == Truth::Met && listed("IV"));
    Some(told.or(metastatic))
}

/// None where the line says the setting already.
fn disease_setting(regimen: &Regimen, patient: &Patient<'_>) -> Option<Truth> {
    if regimen.settings.iter().all(|word| setting::line_word(word).is_some()) {
        return None;
    }
    // a regimen for stage III and IV disease calls both metastatic
    let by_stage = || patient.stage.as_ref().is_some_and(|stage| regimen.stages.iter().any(|known| known == stage));
    let truth = regimen.settings.iter().fold(Truth::NotMet, |so_far, word| {
        let truth = setting::truth(word, patient);
        so_far.or(if word == "metastatic" && truth == Truth::NotMet && by_stage() { Truth::Met } else { truth })
    });
    Some(truth)
}
