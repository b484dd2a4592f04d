//! Health plans to choose from.

use crate::app::{App, Caller, catalog};

/// A health plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub id: String,
    pub name: String,
    pub chosen: bool,
}

/// The plans that the caller may know of, with the one that was chosen.
pub(super) fn of(app: &App, caller: &Caller, chosen: Option<&str>) -> Vec<Plan> {
    let programs = &catalog::content(app, None).programs;
    let mut plans: Vec<Plan> = Vec::new();
    for program in programs.iter().filter(|program| caller.serves_plan(&program.health_plan)) {
        if !plans.iter().any(|plan| plan.id == program.health_plan) {
            let (id, name) = (program.health_plan.clone(), program.health_plan_name.clone());
            plans.push(Plan { chosen: chosen == Some(&id), id, name });
        }
    }
    plans
}
