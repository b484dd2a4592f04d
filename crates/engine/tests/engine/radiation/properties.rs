//! What is true of any radiation order.

use super::exact::exact;
use super::{content, decide, lines, schedule};
use oncoauth::domain::content::radiation::Designation;
use oncoauth::domain::vocabulary::{CaseStatus, DeviationCode, DrugStatus};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Answers of which none may help by being unknown. A target is not among them: without one nothing is excluded.
const ANSWERS: [&str; 9] = [
    "/radiation/site",
    "/radiation/total_dose_gy",
    "/radiation/fractions",
    "/radiation/histology",
    "/clinical/treatment_goal",
    "/clinical/performance_status",
    "/clinical/stage",
    "/clinical/line_of_treatment",
    "/clinical/cancer_type",
];

fn an_order() -> impl Strategy<Value = Value> {
    let count = content().radiation.schedules.len();
    (0..count, 0..6_usize, prop::bool::ANY, 0..4_u32).prop_map(|(index, by, compared, fewer)| {
        let schedule = &content().radiation.schedules[index];
        let mut order = exact(schedule);
        super::exact::by(schedule, by % schedule.modalities.len(), &mut order);
        if compared {
            order["radiation"]["plan_comparison"] = json!("Mean heart dose 0.4 Gy by the plan ordered.");
        }
        let fractions = schedule.typical.1.saturating_sub(fewer).max(1);
        order["radiation"]["fractions"] = json!(fractions);
        order
    })
}

fn set(order: &Value, pointer: &str, value: Value) -> Value {
    let mut order = order.clone();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    order.pointer_mut(parent).expect("a parent")[key] = value;
    order
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    // proves R-05, DEV-05, SAFE-01
    #[test]
    fn an_unknown_answer_never_authorizes(order in an_order(), which in 0..ANSWERS.len(), word in prop::sample::select(vec!["unknown", "not_reported"])) {
        let pointer = ANSWERS[which];
        let decision = decide(&set(&order, pointer, json!(word)));
        // asked of every order; the others where the schedule names them
        let always = !matches!(pointer, "/clinical/stage" | "/clinical/line_of_treatment" | "/clinical/cancer_type");
        let site = content().radiation.site(order["radiation"]["site"].as_str().expect("a site")).expect("a known site");
        let follows = pointer == "/clinical/stage" && (site.metastatic || !site.staged);
        let before = decide(&order).status;
        if follows {
            // what the site is says the stage, or nobody asks for it
        } else if always {
            prop_assert_eq!(decision.status, CaseStatus::InProgress, "{}", pointer);
        } else if before == CaseStatus::InProgress {
            prop_assert_eq!(decision.status, CaseStatus::InProgress, "{} made it pass", pointer);
        }
    }

    // proves
    #[test]
    fn more_treatment_days_than_what_is_preferred_never_slip_through(order in an_order()) {
        let decision = decide(&order);
        let Some(id) = schedule(&decision) else {
            prop_assert_eq!(decision.status, CaseStatus::InProgress);
            return Ok(());
        };
        let of = content().radiation.schedule(&id).expect("a known schedule");
        let told = |code: DeviationCode| decision.deviations.iter().any(|deviation| deviation.code == code);
        let fractions = order["radiation"]["fractions"].as_u64().and_then(|count| u32::try_from(count).ok()).expect("a number");
        if of.designation == Designation::NotRecommended {
            prop_assert!(told(DeviationCode::NotRecommendedSchedule) && decision.status == CaseStatus::InProgress);
        }
        // preferred rows that nothing but the group ties to the patient: without conditions of their own
        let preferred: Vec<_> = content().radiation.schedules.iter()
            .filter(|other| other.group == of.group && other.designation == Designation::Preferred && other.sites == of.sites)
            .filter(|other| other.needs.is_none() && other.cancers == of.cancers && other.goal == of.goal)
            .filter(|other| other.stages == of.stages && other.lines == of.lines && other.target == of.target)
            .collect();
        let all_of_group = content().radiation.schedules.iter()
            .filter(|other| other.group == of.group && other.designation == Designation::Preferred).count();
        let longer = preferred.iter().all(|other| of.days(fractions) > other.days(other.fractions.1));
        if of.designation == Designation::Acceptable && !preferred.is_empty() && preferred.len() == all_of_group && longer {
            prop_assert!(told(DeviationCode::OffPreferredSchedule), "{}", id);
        }
    }

    // proves R-32
    #[test]
    fn the_order_in_which_procedures_are_listed_changes_nothing(
        order in an_order(),
        listed in prop::collection::vec((prop::sample::select(vec!["77295", "77301", "77407", "77412", "77387", "77336", "77427", "77373", "77399", "99999", "77402"]), 1..40_u32), 1..7),
        by in prop::collection::vec(0..100_u32, 7),
    ) {
        let lines_of: Vec<Value> = listed.iter().zip(1..).map(|((code, units), line)| json!({"line": line, "code": code, "units": units})).collect();
        let first = decide(&set(&order, "/radiation/procedures", json!(lines_of)));
        let mut permuted: Vec<(u32, Value)> = by.into_iter().zip(lines_of).collect();
        permuted.sort_by_key(|(key, _)| *key);
        let permuted: Vec<Value> = permuted.into_iter().map(|(_, line)| line).collect();
        let second = decide(&set(&order, "/radiation/procedures", json!(permuted)));
        prop_assert_eq!(first.status, second.status);
        prop_assert_eq!(lines(&first), lines(&second));
        prop_assert_eq!(first.deviations, second.deviations);
    }

    // proves R-51, CAS-08, DET-04
    #[test]
    fn the_engine_denies_nothing_and_a_case_that_pends_has_a_line_that_waits(order in an_order()) {
        let decision = decide(&order);
        let statuses: Vec<DrugStatus> = decision.drugs.iter().map(|line| line.drug.status).collect();
        prop_assert!(!statuses.contains(&DrugStatus::NonAuthorized));
        let pends = decision.deviations.iter().any(|deviation| deviation.effect.pends()) || !decision.holds.is_empty();
        prop_assert_eq!(pends, decision.status == CaseStatus::InProgress);
        for line in decision.drugs.iter().filter(|line| line.drug.status == DrugStatus::Authorized) {
            prop_assert!(line.drug.units_approved.is_some_and(|units| units > 0), "nothing is authorized with uncounted units");
        }
    }
}
