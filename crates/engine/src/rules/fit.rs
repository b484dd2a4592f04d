//! How a patient fits a regimen: cancer, diagnosis, stage, pathology, line, disease setting, biomarkers (REG-01, DEV-04, DEV-05).

use super::biomarker;
use super::criteria::pathology;
use super::patient::Patient;
use super::plain;
use super::setting;
use crate::domain::answer::Answer;
use crate::domain::content::Regimen;
use crate::domain::vocabulary::{LineOfTreatment, Truth};
use std::borrow::Cow;

/// One dimension of the fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Dimension<'a> {
    /// Name such as `stage`.
    pub name: &'a str,
    /// Whether it fits.
    pub truth: Truth,
    /// What the regimen asks for.
    pub expected: Cow<'a, str>,
    /// What was entered.
    pub entered: Cow<'a, str>,
    /// JSON pointer of the answer.
    pub field: Cow<'a, str>,
}

/// What is compared with a regimen, beside its biomarkers.
struct Comparison {
    name: &'static str,
    field: &'static str,
    /// None where the regimen does not ask.
    truth: fn(&Regimen, &Patient<'_>) -> Option<Truth>,
    expected: fn(&Regimen) -> Cow<'_, str>,
    entered: for<'p> fn(&Patient<'p>) -> Cow<'p, str>,
}

/// In the order in which they are told; the first ones rule most regimens out.
const COMPARISONS: [Comparison; 7] = [
    Comparison {
        name: "cancer_type",
        field: "/clinical/cancer_type",
        truth: |regimen, patient| Some(cancer(regimen, patient)),
        expected: |regimen| regimen.cancer.as_str().into(),
        entered: |patient| word(&patient.clinical.cancer_type),
    },
    Comparison {
        name: "diagnosis",
        field: "/diagnosis/icd10",
        truth: |regimen, patient| Some(diagnosis(regimen, patient)),
        expected: |regimen| regimen.icd10_prefixes.join(", ").into(),
        entered: |patient| patient.icd10.unwrap_or("not entered").into(),
    },
    Comparison {
        name: "line_of_treatment",
        field: "/clinical/line_of_treatment",
        truth: |regimen, patient| Some(line(regimen, patient)),
        expected: |regimen| regimen.lines.iter().map(|line| line.as_str()).collect::<Vec<_>>().join(", ").into(),
        entered: |patient| patient.line().map_or_else(|| patient.clinical.line_of_treatment.word(), |line| line.as_str()).into(),
    },
    Comparison {
        name: "lines_of_therapy_before",
        field: "/clinical/lines_of_therapy_before",
        truth: lines_before,
        expected: |regimen| format!("at least {}", regimen.fewest_lines_before.unwrap_or_default()).into(),
        entered: |patient| match (patient.clinical.lines_of_therapy_before.known(), patient.history.lines_before(patient)) {
            (Some(number), _) => number.to_string().into(),
            (None, Ok(Some(listed))) => format!("{} listed", listed.shown().to_string().replace('"', "")).into(),
            _ => patient.clinical.lines_of_therapy_before.word().into(),
        },
    },
    Comparison {
        name: "stage",
        field: "/clinical/stage",
        truth: stage,
        expected: |regimen| regimen.stages.join(", ").into(),
        entered: |patient| word(&patient.clinical.stage),
    },
    Comparison {
        name: "pathology",
        field: "/clinical/pathology",
        truth: |regimen, patient| Some(pathology(std::slice::from_ref(regimen.pathology.as_ref()?), patient)),
        expected: |regimen| regimen.pathology.as_deref().unwrap_or_default().into(),
        entered: |patient| word(&patient.clinical.pathology),
    },
    Comparison {
        name: "disease_setting",
        field: "/clinical/disease_setting",
        truth: disease_setting,
        expected: |regimen| regimen.settings.join(", ").into(),
        entered: |patient| word(&patient.clinical.disease_setting),
    },
];

/// Only the truths, for choosing among regimens: worked out one by one, so that a caller may stop at the first that rules one out.
pub fn fit_truths<'a>(regimen: &'a Regimen, patient: &'a Patient<'_>) -> impl Iterator<Item = Truth> + 'a {
    let markers = regimen.biomarkers.iter().map(|asked| biomarker::required(&asked.marker, &asked.required, patient));
    COMPARISONS.iter().filter_map(|comparison| (comparison.truth)(regimen, patient)).chain(markers)
}

/// The fit in words. Has exactly the dimensions of [`fit_truths`].
pub fn fit<'a>(regimen: &'a Regimen, patient: &Patient<'a>) -> Vec<Dimension<'a>> {
    let compared = COMPARISONS.iter().filter_map(|comparison| {
        Some(Dimension {
            name: comparison.name,
            truth: (comparison.truth)(regimen, patient)?,
            expected: (comparison.expected)(regimen),
            entered: (comparison.entered)(patient),
            field: comparison.field.into(),
        })
    });
    let markers = regimen.biomarkers.iter().map(|asked| Dimension {
        name: asked.marker.as_str(),
        truth: biomarker::required(&asked.marker, &asked.required, patient),
        expected: asked.text.as_str().into(),
        entered: biomarker::entered(&asked.marker, patient).into(),
        field: patient.biomarker_pointer(&asked.marker).into(),
    });
    compared.chain(markers).collect()
}

/// Writes what cannot be told, each with what the regimen asks for: `stage (I, II), HER2 (HER2 positive)`.
pub fn push_open_dimensions(text: &mut String, regimen: &Regimen, patient: &Patient<'_>) {
    let begin = text.len();
    let mut push = |name: &str, expected: &str, is_spoken: bool| {
        if text.len() > begin {
            text.push_str(", ");
        }
        text.push_str(&plain::called(name, patient.content));
        text.push_str(" (");
        text.extend(expected.chars().map(|c| if c == '_' && is_spoken { ' ' } else { c }));
        text.push(')');
    };
    for comparison in &COMPARISONS {
        if (comparison.truth)(regimen, patient) == Some(Truth::Unknown) {
            push(comparison.name, &(comparison.expected)(regimen), true);
        }
    }
    for asked in &regimen.biomarkers {
        if biomarker::required(&asked.marker, &asked.required, patient) == Truth::Unknown {
            push(&asked.marker, &asked.text, false);
        }
    }
}

fn word(answer: &Answer<String>) -> Cow<'_, str> {
    answer.known().map_or_else(|| answer.word(), String::as_str).into()
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
