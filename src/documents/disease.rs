//! Disease information in words: what the practice reported, and "unknown" where it said so (VER-01).

use super::words::{capitalize, day, humanize, number};
use crate::domain::answer::Answer;
use crate::domain::content::Content;
use crate::domain::order::{
    Assessment, Biomarker, Clinical, Continues, OrderRequest, PerformanceScale, PerformanceStatus, PriorTherapy, Radiation,
    Reported, Tnm,
};
use crate::domain::vocabulary::Modality;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A diagnosis with its title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DiagnosisInWords {
    /// ICD-10-CM code.
    pub icd10: String,
    /// Its title; null where the code set has none.
    pub description: Option<String>,
}

/// One item of disease information.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DiseaseItem {
    /// The item as orders name it, such as `line_of_treatment`.
    pub item: String,
    /// Its name for people.
    pub name: String,
    /// What was reported, in words.
    pub value: String,
}

/// The diagnosis.
pub(super) fn diagnosis(request: &OrderRequest, content: &Content) -> Option<DiagnosisInWords> {
    let icd10 = request.diagnosis.as_ref()?.icd10.clone()?;
    let description = content.diagnoses.get(&icd10).map(|diagnosis| diagnosis.title.clone());
    Some(DiagnosisInWords { icd10, description })
}

/// Everything that was entered about the disease, in the order in which people ask for it.
pub(super) fn items(request: &OrderRequest, content: &Content) -> Vec<DiseaseItem> {
    let clinical = &request.clinical;
    let mut found = Items(Vec::new());
    found.answer("cancer_type", "Cancer type", &clinical.cancer_type, |key| {
        content.cancer(key).map_or_else(|| humanize(key), |cancer| cancer.name.clone())
    });
    found.answer("pathology", "Pathology", &clinical.pathology, |word| humanize(word));
    found.answer("stage", "Stage", &clinical.stage, Clone::clone);
    found.answer("tnm", "TNM status", &clinical.tnm, tnm);
    found.answer("line_of_treatment", "Line of treatment", &clinical.line_of_treatment, |line| humanize(line.as_str()));
    found.answer("disease_setting", "Disease setting", &clinical.disease_setting, |word| humanize(word));
    found.answer("treatment_goal", "Treatment goal", &clinical.treatment_goal, |goal| humanize(goal.as_str()));
    found.answer("performance_status", "Performance status", &clinical.performance_status, |status| performance(*status));
    found.list("biomarkers", "Biomarkers", &clinical.biomarkers, |marker| biomarker(marker, content));
    body(clinical, &mut found);
    found.list("fn_risk_factors", "Febrile neutropenia risk factors", &clinical.fn_risk_factors, |one| humanize(one.as_str()));
    found.list("assessments", "Assessments", &clinical.assessments, assessment);
    found.list("prior_therapies", "Prior therapies", &clinical.prior_therapies, prior);
    found.answer("lines_of_therapy_before", "Earlier lines of treatment", &clinical.lines_of_therapy_before, u32::to_string);
    if let Some(continues) = request.treatment.as_ref().and_then(|treatment| treatment.continues.as_ref()) {
        found.push("continues", "Continues", continued(continues));
    }
    if let Some(radiation) = &request.radiation {
        self::radiation(radiation, &mut found);
    }
    circumstances(request, &mut found);
    found.0
}

/// What was entered about radiation treatment.
pub(super) fn radiation_items(request: &OrderRequest) -> Vec<DiseaseItem> {
    let mut found = Items(Vec::new());
    if let Some(asked) = &request.radiation {
        radiation(asked, &mut found);
    }
    found.0
}

struct Items(Vec<DiseaseItem>);

impl Items {
    fn push(&mut self, item: &str, name: &str, value: impl Into<String>) {
        let value = value.into();
        if !value.trim().is_empty() {
            self.0.push(DiseaseItem { item: item.to_owned(), name: name.to_owned(), value });
        }
    }

    /// What was left out is left out here, too; "unknown" is an answer and stays.
    fn answer<T>(&mut self, item: &str, name: &str, answer: &Answer<T>, words: impl Fn(&T) -> String) {
        match answer {
            Answer::Absent => {}
            Answer::Known(value) => self.push(item, name, words(value)),
            missing @ (Answer::Unknown | Answer::NotReported) => self.push(item, name, humanize(missing.word())),
        }
    }

    fn list<T>(&mut self, item: &str, name: &str, answer: &Answer<Vec<T>>, words: impl Fn(&T) -> String) {
        self.answer(item, name, answer, |all| match all.as_slice() {
            [] => "None".to_owned(),
            all => all.iter().map(&words).collect::<Vec<_>>().join("; "),
        });
    }
}

fn body(clinical: &Clinical, found: &mut Items) {
    found.answer("height_cm", "Height", &clinical.height_cm, |value| format!("{} cm", number(*value)));
    found.answer("weight_kg", "Weight", &clinical.weight_kg, |value| format!("{} kg", number(*value)));
    found.answer("serum_creatinine_mg_dl", "Serum creatinine", &clinical.serum_creatinine_mg_dl, |value| {
        format!("{} mg/dL", number(*value))
    });
    found.answer("sex", "Sex", &clinical.sex, |sex| humanize(sex.as_str()));
}

fn tnm(tnm: &Tnm) -> String {
    let part = |letter: &str, answer: &Answer<String>| {
        answer.known().map(|value| {
            // written with its letter, as in `pM1`
            if value.to_uppercase().contains(letter) { value.clone() } else { format!("{letter}{value}") }
        })
    };
    [part("T", &tnm.t), part("N", &tnm.n), part("M", &tnm.m)].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn performance(status: PerformanceStatus) -> String {
    let scale = match status.scale {
        PerformanceScale::Ecog => "ECOG",
        PerformanceScale::Karnofsky => "Karnofsky",
    };
    format!("{scale} {}", status.value)
}

fn reported(answer: &Answer<Reported>) -> String {
    match answer.known() {
        None => answer.word().replace('_', " "),
        Some(Reported::Flag(true)) => "yes".to_owned(),
        Some(Reported::Flag(false)) => "no".to_owned(),
        Some(Reported::Number(value)) => number(*value),
        Some(Reported::Word(word)) => word.replace('_', " "),
    }
}

fn biomarker(marker: &Biomarker, content: &Content) -> String {
    let name =
        content.biomarker(&marker.name).map_or_else(|| marker.name.replace('_', " "), |definition| definition.display.clone());
    format!("{name} {}", reported(&marker.result))
}

fn assessment(one: &Assessment) -> String {
    let (name, unit) = one.name.strip_suffix("_percent").map_or((one.name.as_str(), ""), |name| (name, " %"));
    let name = name.replace("lvef", "LVEF").replace('_', " ");
    let unit = if one.result.known().is_some() { unit } else { "" };
    let on = one.on.map(|date| format!(" ({})", day(date))).unwrap_or_default();
    format!("{} {}{unit}{on}", capitalize(&name), reported(&one.result))
}

fn continued(continues: &Continues) -> String {
    let response = continues.response.map(|response| humanize(response.as_str()));
    let toxicity = continues.toxicity.map(|toxicity| format!("toxicity {}", toxicity.as_str()));
    [Some(format!("order {}", continues.order_id)), response, toxicity].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn prior(therapy: &PriorTherapy) -> String {
    let line = therapy.line.known().map(|line| line.as_str().replace('_', " "));
    let setting = therapy.setting.known().map(|setting| setting.replace('_', " "));
    let began = therapy.started_on.known().map(|date| format!("from {}", day(*date)));
    let ended = therapy.ended_on.known().map(|date| format!("until {}", day(*date)));
    let outcome = therapy.outcome.known().map(|outcome| outcome.replace('_', " "));
    let details: Vec<String> = [line, setting, began, ended, outcome].into_iter().flatten().collect();
    if details.is_empty() { therapy.typed().to_owned() } else { format!("{} ({})", therapy.typed(), details.join(", ")) }
}

fn radiation(radiation: &Radiation, found: &mut Items) {
    if let Some(modality) = radiation.modality {
        found.push("modality", "Radiation treatment", modality_words(modality));
    }
    found.push("technique", "Technique", radiation.technique.clone().unwrap_or_default());
    let word = |answer: &Answer<String>| match answer {
        Answer::Absent => String::new(),
        Answer::Known(word) => humanize(word),
        missing => humanize(missing.word()),
    };
    found.push("site", "Site treated", word(&radiation.site));
    found.push("target", "Target", word(&radiation.target));
    found.push("histology", "Histology", word(&radiation.histology));
    let count = radiation.fractions.known();
    let fractions = count.map(|count| format!(" in {count} fractions")).unwrap_or_default();
    match (&radiation.total_dose_gy, count) {
        (Answer::Known(dose), _) => found.push("total_dose_gy", "Total dose", format!("{} Gy{fractions}", number(*dose))),
        (_, Some(count)) => found.push("fractions", "Fractions", count.to_string()),
        (Answer::Absent, None) => {}
        (missing, None) => found.push("total_dose_gy", "Total dose", humanize(missing.word())),
    }
    if let Some(boost) = radiation.boost {
        found.push("boost", "Boost", format!("{} Gy in {} fractions", number(boost.dose_gy), boost.fractions));
    }
    found.push("plan_comparison", "Plan comparison", radiation.plan_comparison.clone().unwrap_or_default());
}

const fn modality_words(modality: Modality) -> &'static str {
    match modality {
        Modality::TwoD => "Opposed or single fields (2D)",
        Modality::Electron => "Electrons",
        Modality::Superficial => "Superficial or orthovoltage X-rays",
        Modality::ThreeDConformal => "3D conformal",
        Modality::Imrt => "Intensity-modulated (IMRT)",
        Modality::Sbrt => "Stereotactic body (SBRT)",
        Modality::Srs => "Stereotactic radiosurgery (SRS)",
        Modality::ProtonBeam => "Proton beam",
        Modality::Brachytherapy => "Brachytherapy",
        Modality::Igrt => "Image-guided (IGRT)",
        Modality::Iort => "Intraoperative (IORT)",
        Modality::Other => "Another one",
    }
}

fn circumstances(request: &OrderRequest, found: &mut Items) {
    if let Some(trial) = request.clinical_trial.as_ref().filter(|trial| trial.enrolled) {
        found.push("clinical_trial", "Clinical trial", trial.trial_id.clone().unwrap_or_else(|| "Enrolled".to_owned()));
    }
    if let Some(only) = &request.supportive_only {
        let reference = [&only.reference_order_id, &only.reference_regimen].into_iter().flatten().cloned().collect::<Vec<_>>();
        let words = if reference.is_empty() { String::new() } else { format!(" (with {})", reference.join(", ")) };
        found.push("supportive_only", "Request", format!("Supportive therapy only{words}"));
    }
}
