//! What is wrong with a claim line, in words.

use super::{Before, ClaimLine, Mismatch, OrderedCode};
use crate::domain::vocabulary::DrugStatus;
use std::collections::BTreeSet;

/// True where no line of the code was reviewed: the program does not review it, and nobody approved a number of units.
fn is_unreviewed(approved: &[&OrderedCode]) -> bool {
    !approved.is_empty() && approved.iter().all(|line| line.status == DrugStatus::ClinicalReviewNotRequired)
}

/// Where nothing is wrong.
pub(super) fn matches(line: &ClaimLine<'_>, approved: &[&OrderedCode]) -> String {
    if is_unreviewed(approved) {
        return format!("code, units, date and provider are those on the order; {} needed no clinical review here", line.hcpcs);
    }
    "code, units, date and provider are those authorized".to_owned()
}

/// Where nothing can be compared with the units.
pub(super) fn not_counted(line: &ClaimLine<'_>, approved: &[&OrderedCode]) -> String {
    if is_unreviewed(approved) {
        return format!(
            "{} needed no clinical review here: nobody approved a number of its units, so that nothing can be compared with them",
            line.hcpcs
        );
    }
    format!("the units of {} were not counted on this order, so that nothing can be compared with them", line.hcpcs)
}

/// Where the code is on no order, because the program does not review it.
pub(super) fn not_reviewed(line: &ClaimLine<'_>) -> String {
    format!(
        "{} is not reviewed by this program, and goes with the treatment authorized without a line of its own: nobody approved a number of \
         its units, so that nothing can be compared with them",
        line.hcpcs
    )
}

/// Where the units do not come into it.
pub(super) fn plain(mismatch: Mismatch, line: &ClaimLine<'_>) -> String {
    match mismatch {
        Mismatch::UnknownOrder => "no approved order with this Order ID is known here".to_owned(),
        Mismatch::CodeNotAuthorized => format!("{} is not on this order", line.hcpcs),
        Mismatch::NotAuthorized => format!("{} is on this order, but not approved on it", line.hcpcs),
        Mismatch::ProviderNotOnOrder => {
            format!("{} is neither the ordering nor the servicing provider of this order", line.billing_npi)
        }
        Mismatch::OutsideDates => format!("{} is outside the valid range of this order", line.service_date),
        Mismatch::CoverageEnded => {
            format!("{} is after the end of the member's coverage, with which this authorization ended", line.service_date)
        }
        Mismatch::UnitsNotCounted => not_counted(line, &[]),
        Mismatch::UnitsExceeded | Mismatch::UnitsExceedVisit => "more units are billed than were approved".to_owned(),
    }
}

/// The same, where the units may come into it.
pub(super) fn with_limits(
    mismatch: Mismatch,
    line: &ClaimLine<'_>,
    per_visit: Option<u64>,
    left: Option<u64>,
    before: &Before,
) -> String {
    let (billed, that_day, day) = (line.billed, before.that_day, line.service_date);
    let (per_visit, left) = (per_visit.unwrap_or(0), left.unwrap_or(0));
    let too_much_given = that_day.given.saturating_add(billed.given) > per_visit;
    match mismatch {
        Mismatch::UnitsExceeded if billed.given > left => format!("{} units are billed and {left} are left", billed.given),
        Mismatch::UnitsExceeded => {
            format!("{} units discarded, with those before, are more than all visits of this order can discard", billed.discarded)
        }
        Mismatch::UnitsExceedVisit if too_much_given && billed.given > 0 => format!(
            "one visit takes {per_visit} units; {} are billed for {day}, and {} were before",
            billed.given, that_day.given
        ),
        Mismatch::UnitsExceedVisit if that_day.given == 0 && billed.given == 0 => format!(
            "{} units are billed as discarded on {day}, and no units given that day have matched; send those first",
            billed.discarded
        ),
        Mismatch::UnitsExceedVisit => format!(
            "one visit discards at most the {per_visit} units that it takes; {} are billed as discarded for {day}, and {} were before",
            billed.discarded, that_day.discarded
        ),
        other => plain(other, line),
    }
}

/// A claim line names a code, and a code may stand for several drugs: who compares it has to see which.
pub(super) fn several_drugs(hcpcs: &str, of_code: &[&OrderedCode]) -> String {
    let names: BTreeSet<&str> = of_code.iter().map(|drug| drug.name.as_str()).collect();
    if names.len() < 2 {
        return String::new();
    }
    let told = |name: &&str| {
        let is_approved = of_code.iter().any(|drug| drug.name == **name && drug.status.may_be_given());
        if is_approved { (*name).to_owned() } else { format!("{name} (not approved)") }
    };
    let names: Vec<String> = names.iter().map(told).collect();
    format!("; {hcpcs} stands for {} on this order: compare the name of the drug on the claim", names.join(" and "))
}
