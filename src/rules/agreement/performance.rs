//! A performance status that is told on both scales.

use super::{Side, contradiction};
use crate::domain::fold::fold;
use crate::domain::order::{Assessment, PerformanceScale, PerformanceStatus, Reported};
use crate::rules::concern::{Concern, Pends};
use crate::rules::drugs::Shared;

/// ECOG and Karnofsky beside each other, as answer and assessment or as two assessments.
pub(super) fn concerns(shared: &Shared<'_>, found: &mut Vec<Concern>) {
    let clinical = shared.patient.clinical;
    let told = clinical.performance_status.known().and_then(|status| {
        let side = Side::new(scale(status.scale), "/clinical/performance_status", status.value.to_string());
        Some((status.ecog()?, side))
    });
    let assessed = clinical.assessments.known().into_iter().flatten().enumerate().filter_map(assessed);
    let all: Vec<(u8, Side)> = told.into_iter().chain(assessed).collect();
    let best = all.iter().min_by_key(|(ecog, _)| *ecog);
    let worst = all.iter().max_by_key(|(ecog, _)| *ecog);
    let (Some((best, first)), Some((worst, second))) = (best, worst) else { return };
    if worst - best > shared.content.agreement.performance_grades_apart {
        let because = "converted to one scale, they are too far apart";
        found.push(contradiction("performance-scales", because, first, second, Pends::Managed, shared));
    }
}

const fn scale(scale: PerformanceScale) -> &'static str {
    match scale {
        PerformanceScale::Ecog => "ECOG",
        PerformanceScale::Karnofsky => "Karnofsky",
    }
}

fn assessed((index, entry): (usize, &Assessment)) -> Option<(u8, Side)> {
    let of = match fold(&entry.name).as_ref() {
        "ecog" => PerformanceScale::Ecog,
        "karnofsky" => PerformanceScale::Karnofsky,
        _ => return None,
    };
    let value: f64 = match entry.result.known()? {
        Reported::Number(number) => *number,
        Reported::Word(word) => word.trim().trim_end_matches('%').trim().parse().ok()?,
        Reported::Flag(_) => return None,
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float beyond a byte becomes the nearest byte")]
    let status = PerformanceStatus { scale: of, value: value as u8 };
    let side = Side::new(scale(of), format!("/clinical/assessments/{index}/result"), value.to_string());
    Some((status.ecog()?, side))
}
