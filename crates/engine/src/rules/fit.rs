//! How a patient fits a regimen: cancer, diagnosis, stage, pathology, line, disease setting, biomarkers (REG-01, DEV-04, DEV-05).

use super::biomarker;
use super::criteria::pathology;
use super::patient::Patient;
use super::plain;
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

/// What is compared with a regimen, beside its biomarkers.
struct Comparison {
    name: &'static str,
    field: &'static str,
    /// None where the regimen does not ask.
    truth: fn(&Regimen, &Patient<'_>) -> Option<Truth>,
    expected: fn(&Regimen) -> String,
    entered: fn(&Patient<'_>) -> String,
}

/// In the order in which they are told; the first ones rule most regimens out.
const COMPARISONS: [Comparison; 7] = [
    Comparison {
        name: "cancer_type",
        field: "/clinical/cancer_type",
        truth: |regimen, patient| Some(cancer(regimen, patient)),
        expected: |regimen| regimen.cancer.clone(),
        entered: |patient| word(&patient.clinical.cancer_type),
    },
    Comparison {
        name: "diagnosis",
        field: "/diagnosis/icd10",
        truth: |regimen, patient| Some(diagnosis(regimen, patient)),
        expected: |regimen| regimen.icd10_prefixes.join(", "),
        entered: |patient| patient.icd10.unwrap_or("not entered").to_owned(),
    },
    Comparison {
        name: "line_of_treatment",
        field: "/clinical/line_of_treatment",
        truth: |regimen, patient| Some(line(regimen, patient)),
        expected: |regimen| regimen.lines.iter().map(|line| line.as_str()).collect::<Vec<_>>().join(", "),
        entered: |patient| {
            patient.line().map_or_else(|| patient.clinical.line_of_treatment.word(), |line| line.as_str()).to_owned()
        },
    },
    Comparison {
        name: "lines_of_therapy_before",
        field: "/clinical/lines_of_therapy_before",
        truth: lines_before,
        expected: |regimen| format!("at least {}", regimen.fewest_lines_before.unwrap_or_default()),
        entered: |patient| match (patient.clinical.lines_of_therapy_before.known(), patient.history.lines_before(patient)) {
            (Some(number), _) => number.to_string(),
            (None, Ok(Some(listed))) => format!("{} listed", listed.shown().to_string().replace('"', "")),
            _ => patient.clinical.lines_of_therapy_before.word().to_owned(),
        },
    },
    Comparison {
        name: "stage",
        field: "/clinical/stage",
        truth: stage,
        expected: |regimen| regimen.stages.join(", "),
        entered: |patient| word(&patient.clinical.stage),
    },
    Comparison {
        name: "pathology",
        field: "/clinical/pathology",
        truth: |regimen, patient| Some(pathology(std::slice::from_ref(regimen.pathology.as_ref()?), patient)),
        expected: |regimen| regimen.pathology.clone().unwrap_or_default(),
        entered: |patient| word(&patient.clinical.pathology),
    },
    Comparison {
        name: "disease_setting",
        field: "/clinical/disease_setting",
        truth: disease_setting,
        expected: |regimen| regimen.settings.join(", "),
        entered: |patient| word(&patient.clinical.disease_setting),
    },
];

/// Only the truths, for choosing among regimens: worked out one by one, so that a caller may stop at the first that rules one out.
pub fn fit_truths<'a>(regimen: &'a Regimen, patient: &'a Patient<'_>) -> impl Iterator<Item = Truth> + 'a {
    let markers = regimen.biomarkers.iter().map(|asked| biomarker::required(&asked.marker, &asked.required, patient));
    COMPARISONS.iter().filter_map(|comparison| (comparison.truth)(regimen, patient)).chain(markers)
}

/// The fit in words. Has exactly the dimensions of [`fit_truths`].
pub fn fit(regimen: &Regimen, patient: &Patient<'_>) -> Vec<Dimension> {
    let compared = COMPARISONS.iter().filter_map(|comparison| {
        Some(Dimension {
            name: comparison.name.to_owned(),
            truth: (comparison.truth)(regimen, patient)?,
            expected: (comparison.expected)(regimen),
            entered: (comparison.entered)(patient),
            field: comparison.field.to_owned(),
        })
    });
    let markers = regimen.biomarkers.iter().map(|asked| Dimension {
        name: asked.marker.clone(),
        truth: biomarker::required(&asked.marker, &asked.required, patient),
        expected: asked.text.clone(),
        entered: biomarker::entered(&asked.marker, patient),
        field: patient.biomarker_pointer(&asked.marker),
    });
    compared.chain(markers).collect()
}

/// What cannot be told, each with what the regimen asks for: `stage (I, II)`.
pub fn open_dimensions(regimen: &Regimen, patient: &Patient<'_>) -> Vec<String> {
    let compared =
        COMPARISONS.iter().filter(|comparison| (comparison.truth)(regimen, patient) == Some(Truth::Unknown)).map(|comparison| {
            format!("{} ({})", plain::name(comparison.name, patient.content), (comparison.expected)(regimen).replace('_', " "))
        });
    let markers = regimen
        .biomarkers
        .iter()
        .filter(|asked| biomarker::required(&asked.marker, &asked.required, patient) == Truth::Unknown)
        .map(|asked| format!("{} ({})", plain::name(&asked.marker, patient.content), asked.text));
    compared.chain(markers).collect()
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

fn line(regimen: &Regimen, patient: &Patient<'_>) -> Truth {
    if regimen.lines.is_empty() { Truth::Met } else { is_line(&regimen.lines, patient) }
}

/// Whether the order stands in one of these lines. `third_line_plus` may be a third line.
pub fn is_line(lines: &[LineOfTreatment], patient: &Patient<'_>) -> Truth {
    match patient.line() {
        Some(LineOfTreatment::ThirdLinePlus) if !lines.contains(&LineOfTreatment::ThirdLinePlus) => {
            if lines.contains(&LineOfTreatment::ThirdLine) { Truth::Unknown } else { Truth::NotMet }
        }
        entered => entered.map(|line| lines.contains(&line)).into(),
    }
}

/// "Four or more" needs the number: no word for a line says it (SAFE-12). None where the line is enough.
fn lines_before(regimen: &Regimen, patient: &Patient<'_>) -> Option<Truth> {
    let fewest = f64::from(regimen.fewest_lines_before?);
    let before = patient.history.lines_before(patient).ok().flatten();
    Some(before.map_or(Truth::Unknown, |before| before.holds(crate::domain::criteria::Comparison::AtLeast, fewest)))
}

fn stage(regimen: &Regimen, patient: &Patient<'_>) -> Option<Truth> {
    if regimen.stages.is_empty() {
        return None;
    }
    let listed = |stage: &str| regimen.stages.iter().any(|known| known == stage);
    let told: Truth = patient.stage.map(listed).into();
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
    let by_stage = || patient.stage.is_some_and(|stage| regimen.stages.iter().any(|known| known == stage));
    let truth = regimen.settings.iter().fold(Truth::NotMet, |so_far, word| {
        let truth = setting::truth(word, patient);
        so_far.or(if word == "metastatic" && truth == Truth::NotMet && by_stage() { Truth::Met } else { truth })
    });
    Some(truth)
}
