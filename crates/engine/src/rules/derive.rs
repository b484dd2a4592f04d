//! The case status follows from the drugs, and from nothing else (CAS-01…09).

use crate::domain::vocabulary::{CaseStatus, DrugRole, DrugStatus};

/// Derives the case status from role and status of every drug.
pub fn case_status(drugs: impl IntoIterator<Item = (DrugRole, DrugStatus)>) -> CaseStatus {
    let mut tally = Tally::default();
    for (role, status) in drugs {
        tally.add(role == DrugRole::Supportive, status);
    }
    tally.status()
}

#[derive(Default)]
struct Tally {
    live: u32,
    pending: bool,
    authorized: u32,
    denied_treatment: bool,
    denied_supportive: u32,
}

impl Tally {
    fn add(&mut self, supportive: bool, status: DrugStatus) {
        match status {
            DrugStatus::VoluntarilyCancelled | DrugStatus::NotReviewedErrorEntry => return,
            DrugStatus::InProgress => self.pending = true,
            DrugStatus::Authorized => self.authorized += 1,
            DrugStatus::NonAuthorized if supportive => self.denied_supportive += 1,
            DrugStatus::NonAuthorized => self.denied_treatment = true,
            DrugStatus::ClinicalReviewNotRequired | DrugStatus::OtherImpact | DrugStatus::ReferToHealthPlan => {}
        }
        self.live += 1;
    }

    const fn status(&self) -> CaseStatus {
        if self.live == 0 {
            return CaseStatus::ReviewCancelled;
        }
        if self.pending {
            return CaseStatus::InProgress;
        }
        if self.denied_treatment {
            return CaseStatus::NonAuthorized;
        }
        if self.denied_supportive > 0 {
            // CAS-07, CAS-09: where every drug that was reviewed is denied, so is the case
            return if self.authorized == 0 { CaseStatus::NonAuthorized } else { CaseStatus::MultipleDecisionsRendered };
        }
        if self.authorized > 0 { CaseStatus::Authorized } else { CaseStatus::Completed }
    }
}

#[cfg(test)]
mod tests {
    use super::case_status;
    use crate::domain::vocabulary::DrugRole::{Supportive as S, Treatment as T};
    use crate::domain::vocabulary::DrugStatus::{
        Authorized as Yes, ClinicalReviewNotRequired as NotRequired, InProgress as Pending, NonAuthorized as No,
        NotReviewedErrorEntry, OtherImpact, ReferToHealthPlan, VoluntarilyCancelled,
    };
    use crate::domain::vocabulary::{CaseStatus, DrugRole, DrugStatus};

    #[test]
    fn every_status_is_derived_from_the_drugs() {
        // proves CAS-01, CAS-02, CAS-03, CAS-04, CAS-05, CAS-06, CAS-07, CAS-08, CAS-09
        let table: &[(&[(DrugRole, DrugStatus)], CaseStatus)] = &[
            (&[(T, Pending), (S, Yes)], CaseStatus::InProgress),
            (&[(T, No), (S, Pending)], CaseStatus::InProgress),
            (&[(T, NotRequired), (T, OtherImpact), (S, ReferToHealthPlan)], CaseStatus::Completed),
            (&[(T, Yes), (T, NotRequired), (S, OtherImpact)], CaseStatus::Authorized),
            (&[(T, NotRequired), (S, Yes)], CaseStatus::Authorized),
            (&[(T, No), (T, NotRequired), (S, Yes)], CaseStatus::NonAuthorized),
            (&[(T, Yes), (S, No)], CaseStatus::MultipleDecisionsRendered),
            (&[(T, NotRequired), (S, No)], CaseStatus::NonAuthorized),
            (&[(T, NotRequired), (S, No), (S, Yes)], CaseStatus::MultipleDecisionsRendered),
            (&[(S, No), (S, No)], CaseStatus::NonAuthorized),
            (&[(S, No), (S, Yes)], CaseStatus::MultipleDecisionsRendered),
            (&[(T, VoluntarilyCancelled), (S, NotReviewedErrorEntry)], CaseStatus::ReviewCancelled),
            (&[(T, VoluntarilyCancelled), (S, Yes)], CaseStatus::Authorized),
        ];
        for (drugs, expected) in table {
            assert_eq!(case_status(drugs.iter().copied()), *expected, "{drugs:?}");
        }
    }
}
