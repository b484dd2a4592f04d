//! The lines with their statuses, units and dates, and the decision as a whole.

use super::deciding::Deciding;
use super::duplicates;
use super::lines::{Course, Line};
use crate::domain::case::{Awards, Computed, ComputedDrug, Deviation, Pathway};
use crate::domain::citation;
use crate::domain::line::{CaseLine, Ordered, units_in_words};
use crate::domain::vocabulary::{CaseStatus, DeviationCode, DrugStatus, Modality, PathwayDetermination, SCodesWithheld};
use crate::rules::decide::with_holds;
use crate::rules::decision::{DecidedDrug, Decision, due_at};
use crate::rules::derive::case_status;
use crate::rules::drugs::HELD;
use crate::rules::plan;
use crate::rules::review;
use chrono::{DateTime, NaiveDate, Utc};

impl Deciding<'_> {
    /// The decision.
    pub fn conclude(self, lines: &[Line<'_>], course: &Course, range: (NaiveDate, NaiveDate), now: DateTime<Utc>) -> Decision {
        let (admitted, ground) = (self.shared.admitted, self.ground);
        let alone = self.alone(lines);
        let statuses = with_holds(&alone, &self.holds);
        let status = case_status(lines.iter().zip(&statuses).map(|(line, status)| (line.role(), *status)));
        let computed = computed(lines, &alone, (course, ground.treated.modality), range);
        let (pathway, awards) = review::standing(status, &computed);
        let decided: Vec<DecidedDrug> = lines
            .iter()
            .zip(alone.iter().zip(&statuses))
            .zip(&computed.drugs)
            .map(|((line, (alone, status)), of_engine)| DecidedDrug {
                drug: self.shown(line, *alone, *status, of_engine),
                computed: *alone,
                ingredients: Vec::new(),
            })
            .collect();
        let in_progress = status == CaseStatus::InProgress;
        let asked_for = self.asked_for();
        Decision {
            program: ground.program.id.clone(),
            content_release: ground.content.release.name.clone(),
            member: admitted.coverage.clone(),
            status,
            decided_at: (!in_progress).then_some(now),
            status_reason: in_progress.then(|| self.reason(&decided)),
            drugs: decided,
            holds: self.holds,
            pathway,
            asked_for,
            deviations: self.deviations,
            notices: self.notices,
            s_codes: awards.s_codes,
            s_codes_withheld: awards.withheld,
            findings: self.findings.into_vec(),
            valid_from: range.0,
            valid_through: range.1,
            due_at: in_progress.then(|| due_at(self.facts, admitted, ground.content)),
            time_zone: ground.program.time_zone,
            treatment_ingredients: duplicates::words(ground.treated),
            computed,
        }
    }

    /// a line by itself, and what pends the order.
    fn alone(&self, lines: &[Line<'_>]) -> Vec<DrugStatus> {
        let mut alone: Vec<DrugStatus> = lines.iter().map(Line::status).collect();
        if !self.pends {
            return alone;
        }
        for status in alone.iter_mut().filter(|status| **status == DrugStatus::Authorized) {
            *status = DrugStatus::InProgress;
        }
        // where nothing needs authorization, somebody still has to look
        if !alone.contains(&DrugStatus::InProgress) {
            alone.fill(DrugStatus::InProgress);
        }
        alone
    }

    fn shown(&self, line: &Line<'_>, alone: DrugStatus, status: DrugStatus, of_engine: &ComputedDrug) -> CaseLine {
        let program = self.ground.program;
        let may_be_given = status.may_be_given();
        let name = line.name();
        let message = self.message(line, alone);
        let message = match alone {
            DrugStatus::Authorized | DrugStatus::ClinicalReviewNotRequired if status == DrugStatus::InProgress => {
                [HELD, &message].concat()
            }
            _ => message,
        };
        CaseLine {
            line: line.number,
            hcpcs: line.code.map(str::to_owned),
            name,
            role: line.role(),
            status,
            order_id: None,
            visits_approved: of_engine.visits.filter(|_| may_be_given),
            units_per_visit: of_engine.units_per_visit.filter(|_| may_be_given),
            units_approved: of_engine.units.filter(|_| may_be_given),
            valid_from: may_be_given.then_some(of_engine.valid_from),
            valid_through: may_be_given.then_some(of_engine.valid_through),
            message: citation::sentence(message),
            denial: None,
            refused_part: None,
            contact: (alone == DrugStatus::ReferToHealthPlan).then(|| program.plan_contact.clone()),
            findings: self.behind.clone(),
            ordered: Ordered::Procedure { units: line.units },
        }
    }

    fn message(&self, line: &Line<'_>, alone: DrugStatus) -> String {
        let (program, name) = (self.ground.program, line.name());
        match alone {
            DrugStatus::ReferToHealthPlan
                if line.code.is_some_and(|code| plan::known(Some(code), None, &self.ground.content.drugs).0.is_some()) =>
            {
                format!("{name} is a drug and no radiation: order it under medical_oncology (DRG-04)")
            }
            DrugStatus::ReferToHealthPlan => format!(
                "{name} is not among the services of {}: {} may have to review it (DRG-04)",
                program.name, program.health_plan_name
            ),
            DrugStatus::ClinicalReviewNotRequired => {
                format!("{name} is not reviewed by {}: no clinical review is required here (DRG-01)", program.name)
            }
            DrugStatus::InProgress => {
                let first = || self.deviations.iter().find(|known| known.line.is_none() && known.effect.pends());
                let why = line.mismatch.as_deref().or_else(|| first().map(|known| known.message.as_str()));
                format!("goes to an oncology nurse: {}", why.unwrap_or("radiation that no rule of content decides"))
            }
            _ => format!("authorized: {name}, {}", units_in_words(line.units)),
        }
    }

    fn reason(&self, lines: &[DecidedDrug]) -> String {
        let holds = self.holds.iter().map(|hold| hold.as_str().replace('_', " "));
        let mut parts: Vec<String> = holds.collect();
        for line in lines.iter().filter(|line| line.computed == DrugStatus::InProgress) {
            let part = format!("{} needs clinical review", line.drug.name);
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        parts.join("; ")
    }

    /// What would move the case on.
    fn asked_for(&self) -> Vec<String> {
        let is_asked = |deviation: &&Deviation| {
            deviation.effect.pends()
                && matches!(
                    deviation.code,
                    DeviationCode::UnknownAnswer
                        | DeviationCode::Contradiction
                        | DeviationCode::MissingClinicalInformation
                        | DeviationCode::MissingPlanComparison
                )
        };
        let mut items: Vec<String> = self.deviations.iter().filter(is_asked).map(|deviation| deviation.message.clone()).collect();
        items.dedup();
        items
    }
}

fn computed(
    lines: &[Line<'_>],
    alone: &[DrugStatus],
    (course, of): (&Course, Modality),
    range: (NaiveDate, NaiveDate),
) -> Computed {
    let drugs = lines.iter().zip(alone).map(|(line, status)| {
        let fractions = line.service.filter(|service| service.is_by_fraction());
        let per_day = fractions.map(|service| course.per_day_of(service, of));
        let units = line.units;
        // VER-07: the treatment days of this line
        let visits = match (course.days, units, per_day) {
            (Some(days), Some(units), Some(per_day)) => Some(days.min(units.div_ceil(per_day))),
            (Some(days), Some(units), None) => Some(days.min(units)),
            (days, None, _) => days,
            (None, ..) => None,
        };
        let per_visit = match per_day {
            Some(per_day) => units.map(|units| units.min(per_day)),
            None => units,
        };
        ComputedDrug {
            line: line.number,
            status: *status,
            visits,
            units: units.map(u64::from).filter(|_| line.code.is_some()),
            units_per_visit: per_visit.map(u64::from),
            set_by_reviewer: false,
            counted: None,
            valid_from: range.0,
            valid_through: range.1,
        }
    });
    let none = Awards { s_codes: Vec::new(), withheld: Some(SCodesWithheld::NotApplicable) };
    Computed {
        drugs: drugs.collect(),
        pathway: Pathway {
            determination: PathwayDetermination::NoPathwayAvailable,
            pathway_id: None,
            regimen_id: None,
            regimen_name: None,
            options: Vec::new(),
        },
        awards: none.clone(),
        awards_on_pathway: none,
    }
}
