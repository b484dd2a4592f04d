//! A performance status that is told on both scales.

use super::{Side, contradiction};
use crate::domain::order::{PerformanceScale, PerformanceStatus};
use crate::rules::concern::{Concern, Pends};
use crate::rules::drugs::Shared;

/// ECOG and Karnofsky beside each other, as answer and assessment or as two assessments.
pub(super) fn concerns(shared: &Shared<'_>, found: &mut Vec<Concern>) {
    let assessed = [PerformanceScale::Ecog, PerformanceScale::Karnofsky].map(|scale| assessed(scale, shared));
    // one scale contradicts nothing
    if assessed.iter().all(Option::is_none) {
        return;
    }
    let told = shared.patient.clinical.performance_status.known().and_then(|status| {
        let side = Side::new(scale(status.scale), "/clinical/performance_status", status.value.to_string());
        Some((shared.content.agreement.ecog(*status)?, side))
    });
    let all: Vec<(u8, Side)> = told.into_iter().chain(assessed.into_iter().flatten()).collect();
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

/// A scale among the assessments.
fn assessed(of: PerformanceScale, shared: &Shared<'_>) -> Option<(u8, Side)> {
    let name = match of {
        PerformanceScale::Ecog => "ecog",
        PerformanceScale::Karnofsky => "karnofsky",
    };
    let standing = shared.patient.answered.assessment(name)?;
    let value = standing.number()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float beyond a byte becomes the nearest byte")]
    let status = PerformanceStatus { scale: of, value: value as u8 };
    let side = Side::new(scale(of), standing.place?.result_pointer(), value.to_string());
    Some((shared.content.agreement.ecog(status)?, side))
}
