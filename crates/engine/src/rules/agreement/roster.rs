//! The order against the plan's member file.

use super::{Side, contradiction};
use crate::rules::concern::{Concern, Pends};
use crate::rules::drugs::Shared;
use crate::rules::facts::Facts;

pub(super) fn concerns(facts: &Facts<'_>, shared: &Shared<'_>, found: &mut Vec<Concern>) {
    let told = facts.order.clinical.sex.known();
    if let (Some(told), Some(on_file)) = (told, shared.admitted.coverage.sex)
        && *told != on_file
    {
        // what the file holds is not told (INF-08)
        let first = Side::new("the plan's member file", "/member", "");
        let second = Side::new("sex", "/clinical/sex", told.as_str());
        let because = "doses by renal function depend on it, and it may be another member's order";
        found.push(contradiction("sex-roster", because, &first, &second, Pends::Managed, shared));
    }
}
