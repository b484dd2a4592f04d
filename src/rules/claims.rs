//! Whether a claim line is what was authorized (VER-05): code, units, dates, provider. Prices are not its business.

use crate::domain::vocabulary::DrugStatus;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A line of a claim.
#[derive(Debug, Clone, Copy)]
pub struct ClaimLine<'a> {
    /// HCPCS code.
    pub hcpcs: &'a str,
    /// Billing units.
    pub units: u64,
    /// The day of the service.
    pub service_date: NaiveDate,
    /// Who bills.
    pub billing_npi: &'a str,
    /// True where the program covers the member that day (SAFE-14).
    pub covered: bool,
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
}

/// One drug of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderedCode {
    /// HCPCS code.
    pub hcpcs: Option<String>,
    /// Status.
    pub status: DrugStatus,
    /// Billing units approved; none where the code has no billing unit.
    pub units_approved: Option<u64>,
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
    /// More units than are left.
    UnitsExceeded,
}

/// What was found out about a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// Why it does not match; none where it does.
    pub mismatch: Option<Mismatch>,
    /// Units approved for the code in all; none where they are not counted.
    pub units_approved: Option<u64>,
    /// Units left, after this line where it matches.
    pub units_remaining: Option<u64>,
}

/// Checks a line against its order, of which `billed` units of this code were billed on other lines.
pub fn check(line: &ClaimLine<'_>, order: Option<&Authorization<'_>>, billed: u64) -> Checked {
    let no = |mismatch| Checked { mismatch: Some(mismatch), units_approved: None, units_remaining: None };
    let Some(order) = order else { return no(Mismatch::UnknownOrder) };
    let same_code = |drug: &&OrderedCode| drug.hcpcs.as_deref().is_some_and(|code| code.eq_ignore_ascii_case(line.hcpcs));
    if !order.drugs.iter().any(|drug| same_code(&drug)) {
        return no(Mismatch::CodeNotAuthorized);
    }
    let approved: Vec<&OrderedCode> = order.drugs.iter().filter(same_code).filter(|drug| may_be_given(drug.status)).collect();
    if approved.is_empty() {
        return no(Mismatch::NotAuthorized);
    }
    let units_approved = approved.iter().map(|drug| drug.units_approved).sum::<Option<u64>>();
    let left = units_approved.map(|units| units.saturating_sub(billed));
    let on_order = line.billing_npi == order.ordering_npi || Some(line.billing_npi) == order.servicing_npi;
    let in_range = |drug: &&OrderedCode| {
        drug.valid_from.is_none_or(|from| from <= line.service_date)
            && drug.valid_through.is_none_or(|through| line.service_date <= through)
    };
    let mismatch = if !on_order {
        Some(Mismatch::ProviderNotOnOrder)
    } else if !line.covered && approved.iter().any(|drug| drug.valid_from.is_none_or(|from| from <= line.service_date)) {
        Some(Mismatch::CoverageEnded)
    } else if !approved.iter().any(in_range) {
        Some(Mismatch::OutsideDates)
    } else if left.is_some_and(|left| left < line.units) {
        Some(Mismatch::UnitsExceeded)
    } else {
        None
    };
    let units_remaining = left.map(|left| if mismatch.is_none() { left - line.units } else { left });
    Checked { mismatch, units_approved, units_remaining }
}

/// Authorized, or given under the order without needing review (VER-02).
const fn may_be_given(status: DrugStatus) -> bool {
    matches!(status, DrugStatus::Authorized | DrugStatus::ClinicalReviewNotRequired)
}

#[cfg(test)]
mod tests {
    use super::{Authorization, ClaimLine, Mismatch, OrderedCode, check};
    use crate::domain::vocabulary::DrugStatus;

    fn drug(hcpcs: &str, status: DrugStatus, units: Option<u64>) -> OrderedCode {
        let day = |text: &str| Some(text.parse().unwrap());
        let (valid_from, valid_through) = (day("2026-12-01"), day("2027-04-27"));
        OrderedCode { hcpcs: Some(hcpcs.to_owned()), status, units_approved: units, valid_from, valid_through }
    }

    #[test]
    fn a_line_matches_or_is_told_why_not() {
        // proves VER-05, SAFE-14
        let drugs = [
            drug("J9355", DrugStatus::Authorized, Some(60)),
            drug("J9355", DrugStatus::Authorized, Some(440)),
            drug("J9171", DrugStatus::ClinicalReviewNotRequired, None),
            drug("J2506", DrugStatus::VoluntarilyCancelled, None),
        ];
        let order = Authorization { drugs: &drugs, ordering_npi: "1234567893", servicing_npi: Some("1245319599") };
        let table = [
            // code, units, billed before, day, biller, outcome, left
            ("J9355", 60, 0, "2026-12-01", "1245319599", None, Some(440)),
            ("j9355", 500, 0, "2027-04-27", "1234567893", None, Some(0)),
            ("J9355", 500, 1, "2027-04-27", "1234567893", Some(Mismatch::UnitsExceeded), Some(499)),
            ("J9355", 1, 500, "2027-01-01", "1234567893", Some(Mismatch::UnitsExceeded), Some(0)),
            ("J9171", 9999, 9999, "2027-01-01", "1234567893", None, None),
            ("J9355", 1, 0, "2026-11-30", "1234567893", Some(Mismatch::OutsideDates), Some(500)),
            ("J9355", 1, 0, "2027-04-28", "1234567893", Some(Mismatch::OutsideDates), Some(500)),
            ("J9355", 1, 0, "2027-01-01", "1999999034", Some(Mismatch::ProviderNotOnOrder), Some(500)),
            ("J2506", 1, 0, "2027-01-01", "1234567893", Some(Mismatch::NotAuthorized), None),
            ("J9999", 1, 0, "2027-01-01", "1234567893", Some(Mismatch::CodeNotAuthorized), None),
        ];
        for (hcpcs, units, billed, day, billing_npi, mismatch, left) in table {
            let line = ClaimLine { hcpcs, units, service_date: day.parse().unwrap(), billing_npi, covered: true };
            let checked = check(&line, Some(&order), billed);
            if matches!(mismatch, None | Some(Mismatch::UnitsExceeded)) {
                let ended = check(&ClaimLine { covered: false, ..line }, Some(&order), billed);
                assert_eq!(ended.mismatch, Some(Mismatch::CoverageEnded), "{line:?}");
            }
            assert_eq!((checked.mismatch, checked.units_remaining), (mismatch, left), "{line:?}");
            assert_eq!(check(&line, None, billed).mismatch, Some(Mismatch::UnknownOrder));
        }
    }
}
