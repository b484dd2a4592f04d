//! Who may know of a case (PRV-02). What a caller may not see does not exist for them.

use super::{App, Caller, Result};
use crate::domain::vocabulary::CallerRole;
use crate::store::cases::StoredCase;
pub use crate::store::sight::Sight;
use sqlx::PgTransaction;
use uuid::Uuid;

impl Sight {
    /// How far this caller sees.
    pub fn of(caller: &Caller) -> Self {
        match caller.role {
            CallerRole::OrderingProvider => Self::Parties(ordering_parties(&caller.tax_ids)),
            CallerRole::ServicingProvider => {
                let mut parties = servicing_parties(&caller.tax_ids);
                parties.push(submitter_party(&caller.subject));
                Self::Parties(parties)
            }
            // a token of a plan is bound to one; without it, it sees no plan at all
            CallerRole::HealthPlan => Self::Plan(caller.health_plan.clone().unwrap_or_default()),
            CallerRole::Intake | CallerRole::Nurse | CallerRole::Physician | CallerRole::Administrator => Self::All,
        }
    }

    /// True where a case of this plan with these parties is within sight.
    pub fn reaches(&self, health_plan: &str, visible_to: &[String]) -> bool {
        match self {
            Self::All => true,
            Self::Plan(own) => own == health_plan,
            Self::Parties(parties) => parties.iter().any(|party| visible_to.contains(party)),
        }
    }
}

/// A transaction that reads with the caller's rights and no others: what is not within their sight is not there for the database either.
pub async fn seen_by(app: &App, caller: &Caller) -> Result<PgTransaction<'static>> {
    Ok(Sight::of(caller).begin_in(&app.pool).await?)
}

/// True where the caller may know of the case; that they do is noted for the record. Every answer about a case goes through here.
pub fn sees(caller: &Caller, case: &StoredCase) -> bool {
    sees_one(caller, case.case_id, &case.health_plan, &case.visible_to)
}

/// The same of a case of which only this was read.
pub fn sees_one(caller: &Caller, case_id: Uuid, health_plan: &str, visible_to: &[String]) -> bool {
    let sees = Sight::of(caller).reaches(health_plan, visible_to);
    if sees {
        caller.accessed.case(case_id);
    }
    sees
}

/// The ordering provider's practice, as cases name it.
pub fn ordering_parties(tax_ids: &[String]) -> Vec<String> {
    tax_ids.iter().map(|tax_id| format!("o{tax_id}")).collect()
}

/// The tax IDs among these parties that are the ordering provider's.
pub fn ordering_tax_ids(parties: &[String]) -> Vec<&str> {
    parties.iter().filter_map(|party| party.strip_prefix('o')).collect()
}

/// The servicing provider's practice, as cases name it.
pub fn servicing_parties(tax_ids: &[String]) -> Vec<String> {
    tax_ids.iter().map(|tax_id| format!("s{tax_id}")).collect()
}

/// A submitter, as cases name them.
pub fn submitter_party(subject: &str) -> String {
    format!("u{subject}")
}

#[cfg(test)]
mod tests {
    use super::{Sight, ordering_parties, servicing_parties};
    use crate::app::Caller;
    use crate::app::accesses::Accessed;
    use crate::domain::vocabulary::CallerRole;

    fn caller(role: CallerRole, tax_id: Option<&str>, plan: Option<&str>) -> Caller {
        let tax_ids = tax_id.map(str::to_owned).into_iter().collect();
        Caller {
            role,
            subject: "somebody".to_owned(),
            tax_ids,
            health_plan: plan.map(str::to_owned),
            token_id: None,
            scopes: None,
            accessed: Accessed::default(),
        }
    }

    #[test]
    fn a_practice_sees_its_own_side_of_a_case_only() {
        // proves PRV-02
        let ids = |id: &str| vec![id.to_owned()];
        let parties = [ordering_parties(&ids("900000001")), servicing_parties(&ids("900000002"))].concat();
        let sees = |role, tax_id| Sight::of(&caller(role, Some(tax_id), None)).reaches("plan", &parties);
        assert!(sees(CallerRole::OrderingProvider, "900000001"));
        assert!(!sees(CallerRole::OrderingProvider, "900000002"));
        assert!(sees(CallerRole::ServicingProvider, "900000002"));
        assert!(!sees(CallerRole::ServicingProvider, "900000001"));
    }

    #[test]
    fn a_plan_sees_its_own_cases_and_reviewers_see_all() {
        let sees = |role, plan| Sight::of(&caller(role, None, plan)).reaches("mine", &[]);
        assert!(sees(CallerRole::HealthPlan, Some("mine")));
        assert!(!sees(CallerRole::HealthPlan, Some("other")));
        assert!(!sees(CallerRole::HealthPlan, None));
        assert!(sees(CallerRole::Nurse, None));
    }
}
