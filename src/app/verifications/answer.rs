//! What is answered about the cases that were found. Pure: it sees cases, content and the clock's reading, nothing else.

use super::{Verification, VerificationReason as Reason, VerifiedDrug};
use crate::domain::content::Content;
use crate::domain::vocabulary::{CaseStatus, DrugStatus};
use crate::store::verifications::{VerifiableCase, VerifiableDrug};
use chrono::{DateTime, NaiveDate, Utc};

/// Yes, or no, each with its reason.
type Verdict = Result<Reason, Reason>;

/// What is asked of a case that was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    /// Code of the drug.
    pub hcpcs: Option<&'a str>,
    /// Day of treatment.
    pub date: Option<NaiveDate>,
}

impl Question<'_> {
    /// Which of several cases answers best, lowest first: what may be given that day, then what may be given some day, then what is
    /// still being reviewed; the nearest of these.
    pub fn preference(&self, case: &VerifiableCase, day: NaiveDate) -> (u8, u64) {
        let given = case.order_id.is_some() && self.lines(case).any(|drug| permission(drug.status).is_ok());
        let rank = match (given, covers(case, day)) {
            (true, true) => 0,
            (true, false) => 1,
            (false, _) if case.status == CaseStatus::InProgress => 2,
            (false, true) => 3,
            (false, false) => 4,
        };
        let nearest = day.clamp(case.valid_from, case.valid_through.max(case.valid_from));
        (rank, (day - nearest).num_days().unsigned_abs())
    }

    /// The answer about this case.
    pub fn answer(&self, case: &VerifiableCase, content: &Content, now: DateTime<Utc>) -> Verification {
        let verdict = self.verdict(case);
        let may_be_given = case.order_id.is_some() && self.date.is_none_or(|date| covers(case, date));
        let line = |drug: &VerifiableDrug| VerifiedDrug {
            line: drug.line,
            hcpcs: drug.hcpcs.clone(),
            name: drug.name.clone(),
            status: drug.status,
            authorized: may_be_given && permission(drug.status).is_ok(),
            billing_unit: billing_unit(content, drug),
            units_approved: drug.units_approved,
            visits_approved: drug.visits_approved,
            valid_from: drug.valid_from,
            valid_through: drug.valid_through,
        };
        let range = case.order_id.is_some().then_some((case.valid_from, case.valid_through)).unzip();
        Verification {
            authorized: verdict.is_ok(),
            reason: verdict.unwrap_or_else(|reason| reason),
            message: self.in_words(verdict, case),
            order_id: case.order_id.clone(),
            status: Some(case.status),
            drugs: self.lines(case).map(line).collect(),
            valid_from: range.0,
            valid_through: range.1,
            date: self.date,
            as_of: now,
        }
    }

    fn lines<'c>(&self, case: &'c VerifiableCase) -> impl Iterator<Item = &'c VerifiableDrug> {
        let hcpcs = self.hcpcs.map(str::to_owned);
        case.drugs.iter().filter(move |drug| hcpcs.is_none() || drug.hcpcs == hcpcs)
    }

    fn verdict(&self, case: &VerifiableCase) -> Verdict {
        if case.order_id.is_none() {
            return Err(without_order_id(case.status));
        }
        // a case without drug lines (radiation) is authorized as a whole
        let of_no_line = if self.hcpcs.is_some() { Err(Reason::DrugNotOnOrder) } else { Ok(Reason::Authorized) };
        let verdict = self.lines(case).map(|drug| permission(drug.status)).reduce(better).unwrap_or(of_no_line);
        match (verdict, self.date) {
            (Ok(_), Some(date)) if !covers(case, date) => Err(Reason::OutsideValidRange),
            (verdict, _) => verdict,
        }
    }

    fn in_words(&self, verdict: Verdict, case: &VerifiableCase) -> String {
        let range = format!("{} through {}", case.valid_from, case.valid_through);
        let denied_besides = verdict.is_ok() && self.lines(case).any(|drug| permission(drug.status).is_err());
        let besides = if denied_besides { " Not every line may be given: see each." } else { "" };
        match verdict.unwrap_or_else(|reason| reason) {
            Reason::Authorized => format!("Authorized: valid {range}.{besides}"),
            Reason::ClinicalReviewNotRequired => format!(
                "This program does not review what was asked about; it may be given under the Order ID, {range}. Another entity may have \
                 rules of its own.{besides}"
            ),
            Reason::OutsideValidRange => format!("Not authorized on that day: the authorization is valid {range}."),
            Reason::DrugNotOnOrder => "The order does not contain this drug: an addition to the treatment is a new order.".to_owned(),
            Reason::OtherEntityDecides => {
                "Not covered by this authorization: another entity decides about it. The summary of the order says whom to contact."
                    .to_owned()
            }
            Reason::InProgress => "Not authorized so far: the order is being reviewed and has no Order ID yet.".to_owned(),
            Reason::NonAuthorized => "Not authorized.".to_owned(),
            Reason::Cancelled => "Not authorized: it was cancelled or withdrawn.".to_owned(),
            Reason::NotFound => not_found_message(),
        }
    }
}

/// The one answer to everything that is unknown, mistyped or not the caller's to know (INF-08).
pub(super) fn not_found(date: Option<NaiveDate>, now: DateTime<Utc>) -> Verification {
    Verification {
        authorized: false,
        reason: Reason::NotFound,
        message: not_found_message(),
        order_id: None,
        status: None,
        drugs: Vec::new(),
        valid_from: None,
        valid_through: None,
        date,
        as_of: now,
    }
}

fn not_found_message() -> String {
    "No authorization was found for what was entered. Check the Order ID, or the member's name, date of birth and member ID."
        .to_owned()
}

fn covers(case: &VerifiableCase, date: NaiveDate) -> bool {
    (case.valid_from..=case.valid_through).contains(&date)
}

/// Whether a drug with this status may be given under an Order ID.
const fn permission(status: DrugStatus) -> Verdict {
    match status {
        DrugStatus::Authorized => Ok(Reason::Authorized),
        DrugStatus::ClinicalReviewNotRequired => Ok(Reason::ClinicalReviewNotRequired),
        DrugStatus::NonAuthorized => Err(Reason::NonAuthorized),
        DrugStatus::OtherImpact | DrugStatus::ReferToHealthPlan => Err(Reason::OtherEntityDecides),
        DrugStatus::VoluntarilyCancelled | DrugStatus::NotReviewedErrorEntry => Err(Reason::Cancelled),
        DrugStatus::InProgress => Err(Reason::InProgress),
    }
}

/// Of two lines the one that says more about the whole: what is authorized, then what may be given, then the first reason why not.
fn better(one: Verdict, other: Verdict) -> Verdict {
    let says_more = match other {
        Ok(Reason::Authorized) => one != other,
        Ok(_) => one.is_err(),
        Err(_) => false,
    };
    if says_more { other } else { one }
}

const fn without_order_id(status: CaseStatus) -> Reason {
    match status {
        CaseStatus::InProgress => Reason::InProgress,
        CaseStatus::NonAuthorized => Reason::NonAuthorized,
        _ => Reason::Cancelled,
    }
}

fn billing_unit(content: &Content, drug: &VerifiableDrug) -> Option<String> {
    let (_, code) = content.drugs.by_code(drug.hcpcs.as_deref()?)?;
    Some(code.billing_unit.as_ref()?.words())
}

#[cfg(test)]
mod tests {
    use super::{Question, Reason};
    use crate::domain::vocabulary::{CaseStatus, DrugStatus};
    use crate::store::verifications::{VerifiableCase, VerifiableDrug};
    use chrono::NaiveDate;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn case(status: CaseStatus, drugs: &[(&str, DrugStatus)]) -> VerifiableCase {
        let (valid_from, valid_through) = (day("2026-12-01"), day("2027-04-27"));
        let drug = |(line, (hcpcs, status)): (u32, &(&str, DrugStatus))| VerifiableDrug {
            line,
            hcpcs: Some((*hcpcs).to_owned()),
            name: "a drug".to_owned(),
            status: *status,
            units_approved: Some(10),
            visits_approved: Some(1),
            valid_from: Some(valid_from),
            valid_through: Some(valid_through),
        };
        VerifiableCase {
            health_plan: "plan".to_owned(),
            status,
            order_id: status.has_order_id().then(|| "A000000000".to_owned()),
            valid_from,
            valid_through,
            visible_to: Vec::new(),
            drugs: (1..).zip(drugs).map(drug).collect(),
        }
    }

    fn verdict(case: &VerifiableCase, hcpcs: Option<&str>, date: Option<&str>) -> Result<Reason, Reason> {
        Question { hcpcs, date: date.map(day) }.verdict(case)
    }

    #[test]
    fn yes_takes_an_order_id_a_line_that_may_be_given_and_a_day_within_the_range() {
        // proves VER-03
        let given = case(
            CaseStatus::MultipleDecisionsRendered,
            &[("J0001", DrugStatus::Authorized), ("J0002", DrugStatus::NonAuthorized), ("J0003", DrugStatus::OtherImpact)],
        );
        assert_eq!(verdict(&given, None, None), Ok(Reason::Authorized));
        assert_eq!(verdict(&given, Some("J0001"), Some("2026-12-01")), Ok(Reason::Authorized));
        assert_eq!(verdict(&given, Some("J0001"), Some("2027-04-27")), Ok(Reason::Authorized));
        assert_eq!(verdict(&given, Some("J0001"), Some("2026-11-30")), Err(Reason::OutsideValidRange));
        assert_eq!(verdict(&given, None, Some("2027-04-28")), Err(Reason::OutsideValidRange));
        assert_eq!(verdict(&given, Some("J0002"), None), Err(Reason::NonAuthorized));
        assert_eq!(verdict(&given, Some("J0003"), None), Err(Reason::OtherEntityDecides));
        assert_eq!(verdict(&given, Some("J9999"), None), Err(Reason::DrugNotOnOrder));
        for (status, reason) in [
            (CaseStatus::InProgress, Reason::InProgress),
            (CaseStatus::NonAuthorized, Reason::NonAuthorized),
            (CaseStatus::ReviewCancelled, Reason::Cancelled),
        ] {
            let without = case(status, &[("J0001", DrugStatus::ClinicalReviewNotRequired)]);
            assert_eq!(verdict(&without, None, None), Err(reason));
            assert_eq!(verdict(&without, Some("J0001"), None), Err(reason));
        }
    }

    #[test]
    fn a_drug_that_needs_no_review_may_be_given_under_the_order_id_and_one_that_others_decide_may_not() {
        // proves VER-02, VER-03, DRG-01, DRG-03
        let mixed = case(
            CaseStatus::Completed,
            &[("J0001", DrugStatus::ReferToHealthPlan), ("J0002", DrugStatus::ClinicalReviewNotRequired)],
        );
        assert_eq!(verdict(&mixed, Some("J0002"), None), Ok(Reason::ClinicalReviewNotRequired));
        assert_eq!(verdict(&mixed, None, None), Ok(Reason::ClinicalReviewNotRequired));
        assert_eq!(verdict(&mixed, Some("J0001"), None), Err(Reason::OtherEntityDecides));
        let elsewhere = case(CaseStatus::Completed, &[("J0001", DrugStatus::OtherImpact)]);
        assert_eq!(verdict(&elsewhere, None, None), Err(Reason::OtherEntityDecides));
        let radiation = case(CaseStatus::Authorized, &[]);
        assert_eq!(verdict(&radiation, None, Some("2026-12-24")), Ok(Reason::Authorized));
        assert_eq!(verdict(&radiation, Some("J0001"), None), Err(Reason::DrugNotOnOrder));
    }

    #[test]
    fn of_several_orders_the_one_that_covers_the_day_answers() {
        // proves VER-03
        let question = Question { hcpcs: Some("J0001"), date: None };
        let now = case(CaseStatus::Authorized, &[("J0001", DrugStatus::Authorized)]);
        let mut next = now.clone();
        (next.valid_from, next.valid_through) = (day("2027-05-01"), day("2027-09-01"));
        let pending = case(CaseStatus::InProgress, &[("J0001", DrugStatus::InProgress)]);
        let best = |on: &str| {
            let cases = [&pending, &next, &now];
            *cases.iter().min_by_key(|case| question.preference(case, day(on))).unwrap()
        };
        assert_eq!(best("2027-01-01"), &now);
        assert_eq!(best("2027-06-01"), &next);
        assert_eq!(best("2027-04-28"), &now, "the nearest, though it is over");
        assert_eq!(best("2030-01-01"), &next);
        assert!(
            question.preference(&pending, day("2027-01-01"))
                < question.preference(&case(CaseStatus::NonAuthorized, &[]), day("2027-01-01"))
        );
    }
}
