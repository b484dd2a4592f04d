//! What is wrong with the units and visits that a reviewer sets, or leaves out (SAFE-13).

use super::requests::LineDetermination;
use crate::domain::case::{Case, Computed};
use crate::domain::refusal::Fault;
use crate::domain::review::LineOutcome;
use crate::rules::review::{counted, needs_units, part_refused};

/// True for an authorization of less than the order takes: it denies the rest (DET-02).
pub(super) fn refuses_part(computed: &Computed, line: &LineDetermination) -> bool {
    let set = line.set_units().filter(|_| line.decision == LineOutcome::Authorized);
    set.is_some_and(|set| part_refused(computed, line.line, set).is_some())
}

/// The faults of the line at this index of a determination; the schema bounds both numbers already.
pub(super) fn faults(case: &Case, computed: &Computed, (list, index): (&str, usize), line: &LineDetermination) -> Vec<Fault> {
    let fault = |field: &str, code: &str, message: String| Fault::new(format!("/{list}/{index}/{field}"), code, message);
    let given = [("units_approved", line.units_approved.is_some()), ("visits_approved", line.visits_approved.is_some())];
    let Some(drug) = case.lines().iter().find(|drug| drug.line == line.line) else { return Vec::new() };
    let name = drug.hcpcs.as_ref().map_or_else(|| drug.name.clone(), |hcpcs| format!("{} ({hcpcs})", drug.name));
    if line.decision == LineOutcome::NonAuthorized {
        let message = || format!("nothing of {name} is approved on line {} by a denial; leave this out", line.line);
        return given.iter().filter(|(_, is_given)| *is_given).map(|(field, _)| fault(field, "not-allowed", message())).collect();
    }
    let none_given = given.iter().all(|(_, is_given)| !is_given);
    if none_given && !needs_units(drug, computed) {
        return Vec::new();
    }
    if drug.hcpcs.is_none() {
        let message =
            format!("line {} ({name}) has no code, so that there are no billing units to approve; leave this out", line.line);
        return given
            .iter()
            .filter(|(_, is_given)| *is_given)
            .map(|(field, _)| fault(field, "not-allowed", message.clone()))
            .collect();
    }
    let why = if none_given {
        format!(
            "no billing units could be counted for line {}, {name}: an authorization says how many units, and on how many days",
            line.line
        )
    } else {
        format!("line {}, {name}: units and visits are set together", line.line)
    };
    let mut faults: Vec<Fault> =
        given.iter().filter(|(_, is_given)| !is_given).map(|(field, _)| fault(field, "missing", why.clone())).collect();
    if let (Some(units), Some(visits)) = (line.units_approved, line.visits_approved) {
        let days = computed.drugs.iter().find(|one| one.line == line.line);
        let days = days.map_or(i64::MAX, |one| (one.valid_through - one.valid_from).num_days() + 1);
        if i64::from(visits) > days {
            let message = format!("line {}: the range of the authorization has {days} days", line.line);
            faults.push(fault("visits_approved", "out-of-range", message));
        }
        let order = counted(computed, line.line);
        let ordered = order.and_then(|order| order.visits).filter(|visits| *visits > 0);
        let range = order.and_then(|order| order.units_of(visits));
        let range = range.unwrap_or_else(|| u64::from(visits)..=u64::MAX);
        if let Some(ordered) = ordered.filter(|ordered| visits > *ordered && i64::from(visits) <= days) {
            let message = format!("line {}, {name}: from 1 to {ordered} visits; so many are ordered", line.line);
            faults.push(fault("visits_approved", "out-of-range", message));
        } else if !range.contains(&units) {
            let visits_in_words = if visits == 1 { "1 visit takes".to_owned() } else { format!("{visits} visits take") };
            let bounds = match (range.start(), range.end()) {
                (least, most) if *most == u64::MAX => format!("at least {least}"),
                (least, most) if least == most => format!("{least}"),
                (least, most) => format!("from {least} to {most}"),
            };
            let message = format!("line {}, {name}: {visits_in_words} {bounds} billing units", line.line);
            faults.push(fault("units_approved", "out-of-range", message));
        }
    }
    faults
}
