//! Whether a claim line is what was authorized (VER-05, SAFE-13): code, units, dates, provider. Prices are not its business.
//!
//! Drug that was given uses up the units approved, no more than one visit's on a day. Drug that was left in a container and discarded
//! is counted beside it: it uses up nothing, goes with drug given that day, and is no more than one visit's units on a day and than all
//! visits' in all. Content does not know the sizes of containers, so that this is the bound, generous for large doses and strict for
//! doses smaller than what a container leaves over.

use crate::domain::vocabulary::DrugStatus;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

mod message;
#[cfg(test)]
mod tests;

/// Billing units of drug that was given, and of drug that was discarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Billed {
    /// Given to the patient.
    pub given: u64,
    /// Left in a container, and discarded.
    pub discarded: u64,
}

/// A line of a claim.
#[derive(Debug, Clone, Copy)]
pub struct ClaimLine<'a> {
    /// HCPCS code.
    pub hcpcs: &'a str,
    /// Billing units.
    pub billed: Billed,
    /// The day of the service.
    pub service_date: NaiveDate,
    /// Who bills.
    pub billing_npi: &'a str,
    /// True where the program covers the member that day (SAFE-14).
    pub covered: bool,
}

/// What other lines of the same code billed already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Before {
    /// On any day.
    pub in_all: Billed,
    /// On the day of this line.
    pub that_day: Billed,
}

/// An order with an Order ID.
#[derive(Debug, Clone, Copy)]
pub struct Authorization<'a> {
    /// Its drugs; one code may stand on several lines.
    pub drugs: &'a [OrderedCode],
    /// Its ordering provider.
    pub ordering_npi: &'a str,
    /// Its servicing provider, where the NPI is known.
    pub servicing_npi: Option<&'a str>,
    /// True where its range was cut to the member's coverage (SAFE-14).
    pub ends_with_coverage: bool,
}

/// One drug of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderedCode {
    /// HCPCS code.
    pub hcpcs: Option<String>,
    /// Generic name.
    pub name: String,
    /// Status.
    pub status: DrugStatus,
    /// Billing units approved; none where nobody counted them.
    pub units_approved: Option<u64>,
    /// Visits approved.
    pub visits_approved: Option<u32>,
    /// Billing units of its largest visit.
    pub units_per_visit: Option<u64>,
    /// Days on which it is given: the place of the phase, and the day of its cycle.
    pub days: Vec<(usize, u32)>,
    /// First day.
    pub valid_from: Option<NaiveDate>,
    /// Last day.
    pub valid_through: Option<NaiveDate>,
}

/// Why a line does not match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mismatch {
    /// No approved order that the caller may see has this Order ID.
    UnknownOrder,
    /// The order does not contain the code.
    CodeNotAuthorized,
    /// The order contains the code, but it was not approved or was withdrawn.
    NotAuthorized,
    /// The biller is neither the ordering nor the servicing provider of the order.
    ProviderNotOnOrder,
    /// The day lies outside the valid range.
    OutsideDates,
    /// The member is not covered that day, or not any more; an authorization ends with the coverage.
    CoverageEnded,
    /// The order contains the code, but nobody counted its units.
    UnitsNotCounted,
    /// More units than are left.
    UnitsExceeded,
    /// More units than one visit takes on that day, or units discarded without a visit.
    UnitsExceedVisit,
}

/// What was found out about a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Why it does not match; none where it does.
    pub mismatch: Option<Mismatch>,
    /// In words.
    pub message: String,
    /// Units approved for the code in all; none where they are not counted.
    pub units_approved: Option<u64>,
    /// Units left, after this line where it matches.
    pub units_remaining: Option<u64>,
}

/// What may be billed under a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Limits {
    in_all: u64,
    per_visit: u64,
    discarded_in_all: u64,
}

/// Checks a line against its order, of which other lines of this code billed `before`.
pub fn check(line: &ClaimLine<'_>, order: Option<&Authorization<'_>>, before: &Before) -> Checked {
    let no = |mismatch| Checked {
        mismatch: Some(mismatch),
        message: message::plain(mismatch, line),
        units_approved: None,
        units_remaining: None,
    };
    let Some(order) = order else { return no(Mismatch::UnknownOrder) };
    let of_code: Vec<&OrderedCode> = order
        .drugs
        .iter()
        .filter(|drug| drug.hcpcs.as_deref().is_some_and(|code| code.eq_ignore_ascii_case(line.hcpcs)))
        .collect();
    if of_code.is_empty() {
        return no(Mismatch::CodeNotAuthorized);
    }
    let approved: Vec<&OrderedCode> = of_code.iter().copied().filter(|drug| drug.status.may_be_given()).collect();
    if approved.is_empty() {
        return no(Mismatch::NotAuthorized);
    }
    let limits = limits(&approved);
    let left = limits.map(|limits| limits.in_all.saturating_sub(before.in_all.given));
    let mismatch = mismatch(line, order, &approved, limits, before);
    let mut message = match mismatch {
        None => message::matches(line, &approved),
        Some(Mismatch::UnitsNotCounted) => message::not_counted(line, &approved),
        Some(mismatch) => message::with_limits(mismatch, line, limits.map(|limits| limits.per_visit), left, before),
    };
    message.push_str(&message::several_drugs(line.hcpcs, &of_code));
    Checked {
        units_remaining: left.map(|left| if mismatch.is_none() { left - line.billed.given } else { left }),
        units_approved: limits.map(|limits| limits.in_all),
        mismatch,
        message,
    }
}

/// A line of a service that the program does not review, and that goes with the treatment authorized: it is on no order by itself.
pub fn not_reviewed(line: &ClaimLine<'_>) -> Checked {
    let mismatch = Mismatch::UnitsNotCounted;
    Checked { mismatch: Some(mismatch), message: message::not_reviewed(line), units_approved: None, units_remaining: None }
}

fn mismatch(
    line: &ClaimLine<'_>,
    order: &Authorization<'_>,
    approved: &[&OrderedCode],
    limits: Option<Limits>,
    before: &Before,
) -> Option<Mismatch> {
    if line.billing_npi != order.ordering_npi && Some(line.billing_npi) != order.servicing_npi {
        return Some(Mismatch::ProviderNotOnOrder);
    }
    let in_range = |drug: &&OrderedCode| {
        drug.valid_from.is_none_or(|from| from <= line.service_date)
            && drug.valid_through.is_none_or(|through| line.service_date <= through)
    };
    if !line.covered && approved.iter().any(|drug| drug.valid_from.is_none_or(|from| from <= line.service_date)) {
        return Some(Mismatch::CoverageEnded);
    }
    if !approved.iter().any(in_range) {
        let after = approved.iter().all(|drug| drug.valid_through.is_some_and(|through| through < line.service_date));
        return Some(if after && order.ends_with_coverage { Mismatch::CoverageEnded } else { Mismatch::OutsideDates });
    }
    let Some(limits) = limits else { return Some(Mismatch::UnitsNotCounted) };
    let sum = |left: Billed| Billed {
        given: left.given.saturating_add(line.billed.given),
        discarded: left.discarded.saturating_add(line.billed.discarded),
    };
    let (in_all, that_day) = (sum(before.in_all), sum(before.that_day));
    let discards = line.billed.discarded > 0;
    if line.billed.given > 0 && in_all.given > limits.in_all || discards && in_all.discarded > limits.discarded_in_all {
        Some(Mismatch::UnitsExceeded)
    } else if line.billed.given > 0 && that_day.given > limits.per_visit
        || discards && (that_day.discarded > limits.per_visit || that_day.given == 0)
    {
        Some(Mismatch::UnitsExceedVisit)
    } else {
        None
    }
}

/// What may be billed of these lines together; none where the units of any of them are not counted: a claim line names the code alone.
fn limits(approved: &[&OrderedCode]) -> Option<Limits> {
    let mut limits = Limits { in_all: 0, per_visit: 0, discarded_in_all: 0 };
    let mut by_day: BTreeMap<(usize, u32), u64> = BTreeMap::new();
    let mut any_day: u64 = 0;
    for drug in approved {
        let units = drug.units_approved.filter(|units| *units > 0)?;
        let visits = u64::from(drug.visits_approved.filter(|visits| *visits > 0)?);
        let per_visit = drug.units_per_visit.unwrap_or_else(|| units.div_ceil(visits)).min(units);
        limits.in_all = limits.in_all.checked_add(units)?;
        limits.discarded_in_all = limits.discarded_in_all.saturating_add(visits.saturating_mul(per_visit));
        if drug.days.is_empty() {
            any_day = any_day.saturating_add(per_visit);
        }
        for day in &drug.days {
            let of_day = by_day.entry(*day).or_default();
            *of_day = of_day.saturating_add(per_visit);
        }
    }
    // phases follow one another, so that lines share a visit where they share a phase and a day of it
    limits.per_visit = by_day.into_values().max().unwrap_or(0).saturating_add(any_day);
    Some(limits)
}
