//! Whether a patient is in a disease setting, told by line, stage or `disease_setting` (REG-01). What no answer says is unknown.

use super::patient::Patient;
use crate::domain::vocabulary::{LineOfTreatment, Truth};

/// The line that says a setting by itself, for settings that a line can say.
pub fn line_word(setting: &str) -> Option<LineOfTreatment> {
    let base = setting.strip_suffix("_chemoradiation").or_else(|| setting.strip_suffix("_radiation")).unwrap_or(setting);
    match LineOfTreatment::parse(base)? {
        line @ (LineOfTreatment::Neoadjuvant
        | LineOfTreatment::Adjuvant
        | LineOfTreatment::Perioperative
        | LineOfTreatment::Definitive
        | LineOfTreatment::Consolidation
        | LineOfTreatment::Maintenance) => Some(line),
        _ => None,
    }
}

/// True for lines after a first one.
const fn is_later_line(line: LineOfTreatment) -> bool {
    matches!(line, LineOfTreatment::SecondLine | LineOfTreatment::ThirdLine | LineOfTreatment::ThirdLinePlus)
}

/// Whether the patient is in a setting.
pub fn truth(setting: &str, patient: &Patient<'_>) -> Truth {
    let told = patient.setting;
    if told == Some(setting) {
        return Truth::Met;
    }
    if let Some(line) = line_word(setting) {
        return patient.line().map(|entered| entered == line).into();
    }
    match setting {
        "metastatic" | "recurrent_metastatic" => patient.metastatic,
        "metastatic_crpc" | "metastatic_cspc" if patient.metastatic == Truth::NotMet => Truth::NotMet,
        "extensive_stage" => stage_word(patient, "extensive", "limited"),
        "limited_stage" => stage_word(patient, "limited", "extensive"),
        "relapsed" | "recurrent" => relapsed(told, patient.line()),
        "induction" | "primary" => first_treatment(told, patient.line()),
        "unresectable" | "locally_advanced" => patient.metastatic.or(of_another(told)),
        _ => of_another(told),
    }
}

/// Another setting that was told is not this one; none told says nothing.
fn of_another(told: Option<&str>) -> Truth {
    told.map_or(Truth::Unknown, |_| Truth::NotMet)
}

fn stage_word(patient: &Patient<'_>, meant: &str, other: &str) -> Truth {
    match patient.stage {
        Some(stage) if stage == meant => Truth::Met,
        Some(stage) if stage == other => Truth::NotMet,
        _ => Truth::Unknown,
    }
}

fn relapsed(told: Option<&str>, line: Option<LineOfTreatment>) -> Truth {
    match (told, line) {
        (Some(told), _) if told.starts_with("relapsed") || told.starts_with("recurrent") => Truth::Met,
        (_, Some(line)) if is_later_line(line) => Truth::Met,
        // a first line may be the first one for disease that came back
        _ => of_another(told),
    }
}

fn first_treatment(told: Option<&str>, line: Option<LineOfTreatment>) -> Truth {
    match (told, line) {
        (Some(told), _) if told.starts_with("relapsed") || told.starts_with("recurrent") => Truth::NotMet,
        (_, Some(LineOfTreatment::FirstLine | LineOfTreatment::Definitive | LineOfTreatment::Neoadjuvant)) => Truth::Met,
        _ => of_another(told),
    }
}
