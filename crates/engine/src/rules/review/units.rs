//! Units and visits of a line that a reviewer authorizes: those that the engine counted, or those that the reviewer sets. Nothing is
//! authorized with uncounted units, nothing with more than the order takes or with less than a visit needs (SAFE-13). Who authorizes less
//! than the order takes denies the rest, which is a physician's to do after the offer of a discussion (DET-02 to DET-04).

use super::{PhysicianReview, ReviewError, is_not_reviewed};
use crate::domain::case::{Computed, ComputedDrug, Counted, RefusedPart};
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

/// What the engine counted for a line, whatever a reviewer set since.
pub fn counted(computed: &Computed, line: u32) -> Option<Counted> {
    computed.drugs.iter().find(|one| one.line == line).map(of_engine)
}

fn of_engine(one: &ComputedDrug) -> Counted {
    one.counted.unwrap_or(Counted { visits: one.visits, units: one.units, units_per_visit: one.units_per_visit })
}

impl Counted {
    /// The billing units that so many visits of this order may have: at least what its ordinary visits take, or what those that are left out
    /// cannot take where that is less (the first visits of a dose that is stepped up); at most what its largest ones take. None where they are
    /// not counted, or where so many visits are not ordered.
    pub fn units_of(&self, visits: u32) -> Option<std::ops::RangeInclusive<u64>> {
        let (in_all, days, largest) = (self.units?, self.visits?, self.units_per_visit?);
        if in_all == 0 || visits == 0 || visits > days {
            return None;
        }
        let ordinary = if days > 1 { in_all.saturating_sub(largest) / u64::from(days - 1) } else { in_all };
        let of = |per_visit: u64, visits: u32| per_visit.saturating_mul(u64::from(visits));
        let least = of(ordinary.min(largest), visits).min(in_all.saturating_sub(of(largest, days - visits)));
        let least = least.max(u64::from(visits)).min(in_all);
        Some(least..=of(largest, visits).min(in_all).max(least))
    }
}

/// What an authorization with these visits and units does not authorize of what the engine counted; none where it takes all of it.
pub fn part_refused(computed: &Computed, line: u32, set: SetUnits) -> Option<RefusedPart> {
    let counted = counted(computed, line)?;
    let visits_asked = counted.visits.filter(|visits| *visits > 0)?;
    let visits = visits_asked.saturating_sub(set.visits);
    let units = counted.units.map(|units| units.saturating_sub(set.units));
    let is_less = visits > 0 || units.is_some_and(|units| units > 0);
    is_less.then_some(RefusedPart { visits, units, visits_asked, units_asked: counted.units, denial: None })
}

/// The part of a decision to authorize that is a denial, with the proof that it may be one.
fn refused(
    computed: &Computed,
    line: u32,
    set: SetUnits,
    review: Option<PhysicianReview>,
) -> Result<Option<RefusedPart>, ReviewError> {
    let refused = part_refused(computed, line, set);
    if refused.is_some() && review.is_none() {
        return Err(ReviewError::OnlyPhysiciansDeny);
    }
    let Some(counted) = counted(computed, line) else { return Ok(refused) };
    let too_often = counted.visits.is_some_and(|visits| visits > 0 && set.visits > visits);
    if too_often || counted.units_of(set.visits).is_some_and(|range| !range.contains(&set.units)) {
        return Err(ReviewError::UnitsOutOfRange(line));
    }
    Ok(refused)
}

/// Puts the units of an authorization in place.
pub(super) fn count(
    drug: &mut CaseLine,
    computed: &mut Computed,
    set: Option<SetUnits>,
    review: Option<PhysicianReview>,
) -> Result<(), ReviewError> {
    drug.refused_part = None;
    let Some(set) = set else {
        take_back(computed, drug.line);
        return if needs_units(drug, computed) { Err(ReviewError::UnitsNotCounted(drug.line)) } else { Ok(()) };
    };
    if drug.hcpcs.is_none() {
        return Err(ReviewError::NoCodeToCount(drug.line));
    }
    drug.refused_part = refused(computed, drug.line, set, review)?;
    for one in computed.drugs.iter_mut().filter(|one| one.line == drug.line) {
        one.counted = Some(of_engine(one));
        one.units_per_visit = Some(largest_visit(one, set));
        one.units = Some(set.units);
        one.visits = Some(set.visits);
        one.set_by_reviewer = true;
    }
    Ok(())
}

/// Puts back what the engine counted of a line of which a reviewer authorized less.
fn take_back(computed: &mut Computed, line: u32) {
    for one in computed.drugs.iter_mut().filter(|one| one.line == line) {
        let counted = one.counted.filter(|counted| counted.visits > Some(0) && counted.units > Some(0));
        if let Some(counted) = counted {
            (one.visits, one.units, one.units_per_visit) = (counted.visits, counted.units, counted.units_per_visit);
            (one.counted, one.set_by_reviewer) = (None, false);
        }
    }
}

/// What became of a line that is authorized after `what`: all of it, or how much.
pub(super) fn in_words(drug: &CaseLine, set: Option<SetUnits>, what: &str) -> String {
    let when = if what == "reconsideration" { "on" } else { "after" };
    let (Some(part), Some(set)) = (&drug.refused_part, set) else {
        return format!("{} is authorized {when} {what}", drug.name);
    };
    let units = part.units_asked.map(|asked| format!(", {} of {asked} billing units", set.units)).unwrap_or_default();
    format!("{} is authorized in part {when} {what}: {} of {} visits{units}", drug.name, set.visits, part.visits_asked)
}

/// What a reviewer set stays while the authorization does, whatever the engine counts when the order is changed (SUB-08).
pub(in crate::rules) fn keep(before: &Computed, after: &mut Computed, authorized: &[CaseLine]) {
    for drug in authorized.iter().filter(|drug| drug.status == DrugStatus::Authorized) {
        let set = before.drugs.iter().find(|one| one.line == drug.line && one.set_by_reviewer);
        let now = after.drugs.iter_mut().find(|one| one.line == drug.line);
        if let (Some(set), Some(now)) = (set, now) {
            now.counted = Some(of_engine(now));
            now.units_per_visit = set.units_per_visit;
            now.units = set.units;
            now.visits = set.visits;
            now.set_by_reviewer = true;
        }
    }
}

/// Billing units of the largest visit: visits are as large as units and visits make them, and the first of them larger as far as the
/// engine counted it so, for a loading dose.
fn largest_visit(one: &ComputedDrug, set: SetUnits) -> u64 {
    let (units, visits) = (u128::from(set.units), u128::from(set.visits.max(1)));
    let of_order = of_engine(one);
    let largest = match of_order.units_per_visit.zip(of_order.units).zip(of_order.visits) {
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
    use crate::domain::case::{ComputedDrug, Counted};
    use crate::domain::vocabulary::DrugStatus;

    #[test]
    fn the_largest_visit_follows_from_what_the_reviewer_sets() {
        // proves SAFE-13
        let day = |text: &str| text.parse().unwrap();
        let line = |units, visits, units_per_visit| ComputedDrug {
            line: 1,
            status: DrugStatus::InProgress,
            visits,
            units,
            units_per_visit,
            set_by_reviewer: false,
            counted: None,
            valid_from: day("2026-12-01"),
            valid_through: day("2027-04-27"),
        };
        let uncounted = line(None, Some(6), None);
        let even = line(Some(816), Some(6), Some(136));
        let loading = line(Some(273), Some(6), Some(58));
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

    #[test]
    fn units_lie_between_what_the_visits_need_and_what_is_ordered() {
        // proves SAFE-13
        let order = |units, visits, units_per_visit| Counted {
            visits: Some(visits),
            units: Some(units),
            units_per_visit: Some(units_per_visit),
        };
        let (even, loading, stepped_up) = (order(288, 8, 36), order(273, 6, 58), order(93, 5, 30));
        for (order, visits, range) in [
            (even, 8, Some(288..=288)),
            (even, 2, Some(72..=72)),
            (even, 9, None),
            (even, 0, None),
            (loading, 6, Some(258..=273)),
            (loading, 2, Some(41..=116)),
            (loading, 1, Some(1..=58)),
            (stepped_up, 2, Some(3..=60)),
            (stepped_up, 5, Some(75..=93)),
            (order(5, 1, 5), 1, Some(5..=5)),
        ] {
            assert_eq!(order.units_of(visits), range, "{visits} of {order:?}");
        }
        assert_eq!(Counted { visits: Some(6), units: None, units_per_visit: None }.units_of(2), None);
    }
}
