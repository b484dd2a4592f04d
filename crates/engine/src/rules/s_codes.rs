//! S-codes awarded with a decision (SCD-01…03, 05…07). Billing them is another module's work.

use crate::domain::case::{Awards, SCode};
use crate::domain::content::SCodeRules;
use crate::domain::roster::ProviderRow;
use crate::domain::vocabulary::{PathwayDetermination, SCodesWithheld};
use chrono::{Days, NaiveDate};

/// What an award depends on.
#[derive(Debug, Clone, Copy)]
pub struct Basis<'a> {
    /// The program's rules.
    pub rules: &'a SCodeRules,
    /// Pathway match, should the case be approved.
    pub determination: PathwayDetermination,
    /// The ordering provider.
    pub provider: Option<&'a ProviderRow>,
    /// Days of all planned cycles; none for treatment until progression.
    pub planned_days: Option<u64>,
    /// First and last day of the authorization.
    pub range: (NaiveDate, NaiveDate),
    /// True where the onset of this Pathway was awarded to the patient before.
    pub onset_awarded: bool,
}

/// The awards of an approved case, and why there are none or not all.
pub fn award(basis: &Basis<'_>) -> Awards {
    if let Some(reason) = withheld(basis) {
        return Awards { s_codes: Vec::new(), withheld: Some(reason) };
    }
    let rules = basis.rules;
    let (from, through) = basis.range;
    let instructions = |code: &str| rules.instructions.get(code).cloned().unwrap_or_default();
    let onset = SCode {
        code: rules.onset_code.clone(),
        times: 1,
        billable_from: from,
        billable_through: through,
        minimum_days_apart: None,
        voided_from: None,
        void_reason: None,
        instructions: instructions(&rules.onset_code),
    };
    // none that could not be billed: the range may end early with the coverage (SAFE-14)
    let steps = u64::try_from((through - from).num_days()).unwrap_or(0) / u64::from(rules.step_days.max(1));
    let months = monthly_awards(rules, basis.planned_days).min(u32::try_from(steps).unwrap_or(u32::MAX));
    let monthly = (months > 0).then(|| SCode {
        code: rules.monthly_code.clone(),
        times: months,
        billable_from: from.checked_add_days(Days::new(u64::from(rules.step_days))).unwrap_or(through),
        billable_through: through,
        minimum_days_apart: Some(rules.step_days),
        voided_from: None,
        void_reason: None,
        instructions: instructions(&rules.monthly_code),
    });
    let first = (!basis.onset_awarded).then_some(onset);
    let reason = basis.onset_awarded.then_some(SCodesWithheld::AlreadyAwarded);
    Awards { s_codes: first.into_iter().chain(monthly).collect(), withheld: reason }
}

fn withheld(basis: &Basis<'_>) -> Option<SCodesWithheld> {
    if basis.determination != PathwayDetermination::OnPathway {
        return Some(SCodesWithheld::OffPathway);
    }
    match basis.provider {
        Some(provider) if provider.in_network => {
            let takes_part = provider.state.as_ref().is_some_and(|state| basis.rules.states.contains(state));
            (!takes_part).then_some(SCodesWithheld::StateNotParticipating)
        }
        _ => Some(SCodesWithheld::OutOfNetwork),
    }
}

/// One for every whole step after onset that begins before the last planned cycle ends, never more than the maximum; for indefinite
/// treatment the program's months less the onset's (SCD-07).
fn monthly_awards(rules: &SCodeRules, planned_days: Option<u64>) -> u32 {
    let most = rules.maximum_months;
    match planned_days {
        None => rules.indefinite_months.saturating_sub(1).min(most),
        Some(days) => {
            let steps = days.saturating_sub(1) / u64::from(rules.step_days.max(1));
            u32::try_from(steps).unwrap_or(most).min(most)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::monthly_awards;
    use crate::domain::content::SCodeRules;

    #[test]
    fn months_follow_the_planned_treatment_up_to_five() {
        // proves SCD-07
        let rules = SCodeRules {
            states: Vec::new(),
            onset_code: "S0353".to_owned(),
            monthly_code: "S0354".to_owned(),
            step_days: 30,
            maximum_months: 5,
            indefinite_months: 6,
            instructions: std::collections::BTreeMap::new(),
        };
        for (days, months) in [(126, 4), (84, 2), (21, 0), (30, 0), (31, 1), (60, 1), (61, 2), (378, 5)] {
            assert_eq!(monthly_awards(&rules, Some(days)), months, "{days} days");
        }
        assert_eq!(monthly_awards(&rules, None), 5);
    }
}
