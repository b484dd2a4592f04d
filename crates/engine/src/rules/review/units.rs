//! Units and visits of a line that a reviewer authorizes: those that the engine counted, or those that the reviewer sets. Nothing is
//! authorized with uncounted units (SAFE-13).

use super::{ReviewError, is_not_reviewed};
use crate::domain::case::{Computed, ComputedDrug};
use crate::domain::line::CaseLine;
use crate::domain::vocabulary::DrugStatus;

/// Visits and billing units over the whole range, as a reviewer sets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetUnits {
    /// Treatment days.
    pub visits: u32,
    /// Billing units.
    pub units: u64,
}

/// True for a line with a code whose units the engine did not count; who authorizes it says how many. Lines that nobody reviews here
/// are not authorized here either.
pub fn needs_units(drug: &CaseLine, computed: &Computed) -> bool {
    let of_engine = computed.drugs.iter().find(|of_engine| of_engine.line == drug.line);
    let counted =
        of_engine.is_some_and(|one| one.units.is_some_and(|units| units > 0) && one.visits.is_some_and(|visits| visits > 0));
    drug.hcpcs.is_some() && !counted && !is_not_reviewed(drug, computed)
}

/// Puts the units of an authorization in place.
pub(super) fn count(drug: &CaseLine, computed: &mut Computed, set: Option<SetUnits>) -> Result<(), ReviewError> {
    let Some(set) = set else {
        return if needs_units(drug, computed) { Err(ReviewError::UnitsNotCounted(drug.line)) } else { Ok(()) };
    };
    if drug.hcpcs.is_none() {
        return Err(ReviewError::NoCodeToCount(drug.line));
    }
    for of_engine in computed.drugs.iter_mut().filter(|of_engine| of_engine.line == drug.line) {
        of_engine.units_per_visit = Some(largest_visit(of_engine, set));
        of_engine.units = Some(set.units);
        of_engine.visits = Some(set.visits);
        of_engine.set_by_reviewer = true;
    }
    Ok(())
}

/// What a reviewer set stays while the authorization does, whatever the engine counts when the order is changed (SUB-08).
pub(in crate::rules) fn keep(before: &Computed, after: &mut Computed, authorized: &[CaseLine]) {
    for drug in authorized.iter().filter(|drug| drug.status == DrugStatus::Authorized) {
        let set = before.drugs.iter().find(|one| one.line == drug.line && one.set_by_reviewer);
        let now = after.drugs.iter_mut().find(|one| one.line == drug.line);
        if let (Some(set), Some(now)) = (set, now) {
            now.units_per_visit = set.units_per_visit;
            now.units = set.units;
            now.visits = set.visits;
            now.set_by_reviewer = true;
        }
    }
}

/// Billing units of the largest visit: visits are as large as units and visits make them, and the first of them larger as far as the
/// engine counted it so, for a loading dose.
fn largest_visit(of_engine: &ComputedDrug, set: SetUnits) -> u64 {
    let (units, visits) = (u128::from(set.units), u128::from(set.visits.max(1)));
    let counted = of_engine.units_per_visit.zip(of_engine.units).zip(of_engine.visits);
    let largest = match counted {
        Some(((per_visit, in_all), days)) if in_all > 0 && days > 0 => {
            (u128::from(per_visit) * units * u128::from(days)).div_ceil(visits * u128::from(in_all))
        }
        _ => units.div_ceil(visits),
    };
    u64::try_from(largest).unwrap_or(u64::MAX).min(set.units)
}

#[cfg(test)]
mod tests {
    use super::{SetUnits, largest_visit};
    use crate::domain::case::ComputedDrug;
    use crate::domain::vocabulary::DrugStatus;

    #[test]
    fn the_largest_visit_follows_from_what_the_reviewer_sets() {
        // proves SAFE-13
        let day = |text: &str| text.parse().unwrap();
        let of_engine = |units, visits, units_per_visit| ComputedDrug {
            line: 1,
            status: DrugStatus::InProgress,
            visits,
            units,
            units_per_visit,
            set_by_reviewer: false,
            valid_from: day("2026-12-01"),
            valid_through: day("2027-04-27"),
        };
        let uncounted = of_engine(None, Some(6), None);
        let even = of_engine(Some(816), Some(6), Some(136));
        let loading = of_engine(Some(273), Some(6), Some(58));
        for (engine, units, visits, largest) in [
            (&uncounted, 10, 2, 5),
            (&uncounted, 7, 2, 4),
            (&uncounted, 1, 1, 1),
            (&even, 816, 6, 136),
            (&even, 600, 6, 100),
            (&even, 136, 1, 136),
            (&even, 1_632, 12, 136),
            (&loading, 273, 6, 58),
            (&loading, 546, 6, 116),
            (&loading, 43, 1, 43),
        ] {
            assert_eq!(largest_visit(engine, SetUnits { visits, units }), largest, "{units} in {visits}");
        }
    }
}
