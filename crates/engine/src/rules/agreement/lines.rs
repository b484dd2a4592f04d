//! The line of treatment against the earlier treatments (SAFE-12).

use super::{Side, contradiction};
use crate::domain::vocabulary::LineOfTreatment;
use crate::rules::concern::{Concern, Pends};
use crate::rules::drugs::Shared;

/// A second or later line follows a first one. A list that is left out says nothing.
pub(super) fn concerns(shared: &Shared<'_>, found: &mut Vec<Concern>) {
    let Some(line) = shared.patient.line().filter(|line| is_later(*line)) else { return };
    if !shared.patient.history.says_none() {
        return;
    }
    let first = Side::new("line of treatment", "/clinical/line_of_treatment", line.as_str());
    let second = Side::new("prior therapies", "/clinical/prior_therapies", "none");
    let because = "a second or later line follows an earlier treatment";
    found.push(contradiction("line-without-prior-therapy", because, &first, &second, Pends::Managed, shared));
}

const fn is_later(line: LineOfTreatment) -> bool {
    matches!(line, LineOfTreatment::SecondLine | LineOfTreatment::ThirdLine | LineOfTreatment::ThirdLinePlus)
}
