//! The single entry point of the engine: the same call serves submission, preview, update, reconsideration and replay.

use super::admission::{Admitted, admit};
use super::answers::Days;
use super::decision::{DecidedDrug, Decision, due_at};
use super::derive::case_status;
use super::dosing::Doses;
use super::drugs::{self, Judged, Shared};
use super::facts::{Facts, KnownProvider, RelatedCase};
use super::findings::{Findings, Said, facts as said_facts};
use super::history::{self, History};
use super::limits::calendar;
use super::matching::{self, Match};
use super::patient::Patient;
use super::plain;
use super::plan::{self, PlanLine, planned_days};
use super::{
    agreement, answers, concurrent, contraindications, deviations, dose, dosing, limits, pathways, radiation, review, s_codes,
    taken_back,
};
use crate::domain::case::{Awards, Computed, ComputedDrug, Deviation, Notice, Pathway};
use crate::domain::content::Content;
use crate::domain::order::Phase;
use crate::domain::refusal::{Fault, Refusal};
use crate::domain::vocabulary::{
    CaseStatus, DeviationCode, DeviationEffect, DrugRole, DrugStatus, Hold, NoticeCode, PathwayDetermination, Service, Truth,
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// Decides an order.
///
/// # Errors
/// A [`Refusal`] where the request cannot be taken as an order.
pub fn decide(facts: &Facts<'_>, content: &Content, now: DateTime<Utc>) -> Result<Decision, Refusal> {
    let admitted = admit(facts, content)?;
    decide_admitted(facts, admitted, content, now)
}

pub(super) fn decide_admitted(
    facts: &Facts<'_>,
    admitted: Admitted<'_>,
    content: &Content,
    now: DateTime<Utc>,
) -> Result<Decision, Refusal> {
    match plan::resolved(facts.order) {
        Some(order) => decide_resolved(&Facts { order: &order, ..facts.clone() }, admitted, content, now),
        None => decide_resolved(facts, admitted, content, now),
    }
}

fn decide_resolved(
    facts: &Facts<'_>,
    mut admitted: Admitted<'_>,
    content: &Content,
    now: DateTime<Utc>,
) -> Result<Decision, Refusal> {
    if admitted.service == Service::RadiationOncology {
        return Ok(radiation::decide(facts, &admitted, content, now));
    }
    let phases: &[Phase] = facts.order.treatment.as_ref().map_or(&[], |treatment| &treatment.phases);
    let (range, cut) = admitted.covered(dose::valid_range(admitted.date_of_service, phases, &admitted.program.range));
    admitted.notices.extend(cut);
    let received = facts.received_at.with_timezone(&admitted.program.time_zone).date_naive();
    let days = Days { received, service: admitted.date_of_service };
    let history = History::new(facts, days, content);
    let patient = Patient::new(facts.order, &admitted.coverage, days, admitted.program, content, history);
    let plan = plan::lines(facts.order, content);
    let matched = matching::best(facts.order, &plan, &patient, content);
    let laid = calendar::lay(&plan, content);
    let nearest = if matched.is_none() { matching::nearest(&plan, &patient, content) } else { None };
    let shared = Shared {
        admitted: &admitted,
        patient: &patient,
        plan: &plan,
        phases,
        matched: matched.as_ref(),
        nearest: nearest.as_ref(),
        content,
        range,
        laid: &laid,
    };
    let supportive_only = is_supportive_only(facts, &shared)?;
    Ok(Deciding::new(facts, &shared, supportive_only).decide(now))
}

/// Only supportive drugs, acknowledged as such (SUB-04).
fn is_supportive_only(facts: &Facts<'_>, shared: &Shared<'_>) -> Result<bool, Refusal> {
    let none_treats =
        shared.matched.is_none() && shared.plan.iter().all(|line| line.is_supportive_by_content() && !line.is_investigational());
    match (&facts.order.supportive_only, none_treats) {
        (Some(_), _) => Ok(true),
        (None, false) => Ok(false),
        (None, true) => Err(Refusal::Validation(vec![Fault::new(
            "/supportive_only/acknowledged",
            "missing",
            "the order holds supportive drugs only: acknowledge it with \"supportive_only\": {\"acknowledged\": true}, or add the treatment drugs \
             (SUB-04)",
        )])),
    }
}

struct Deciding<'a> {
    facts: &'a Facts<'a>,
    shared: &'a Shared<'a>,
    findings: Findings,
    deviations: Vec<Deviation>,
    notices: Vec<Notice>,
    holds: Vec<Hold>,
    supportive_only: bool,
    /// Of every drug that the matched regimen gives.
    doses: Vec<Doses<'a, 'a>>,
}

impl<'a> Deciding<'a> {
    fn new(facts: &'a Facts<'a>, shared: &'a Shared<'a>, supportive_only: bool) -> Self {
        Self {
            facts,
            shared,
            doses: shared.matched.map_or_else(Vec::new, |matched| dosing::doses(shared, matched)),
            findings: Findings::new(&shared.content.release.name),
            deviations: Vec::new(),
            notices: shared.admitted.notices.clone(),
            holds: Vec::new(),
            supportive_only,
        }
    }

    fn decide(mut self, now: DateTime<Utc>) -> Decision {
        let shared = self.shared;
        self.program_finding();
        self.regimen_findings();
        let mut judged: Vec<Judged> = shared.plan.iter().map(|line| drugs::judge(line, shared, &mut self.findings)).collect();
        self.deviate(&mut judged);
        self.hold();
        let alone: Vec<DrugStatus> = judged.iter().map(|judged| judged.status).collect();
        let statuses = with_holds(&alone, &self.holds);
        let status = case_status(judged.iter().zip(&statuses).map(|(judged, status)| (judged.role, *status)));
        let computed = self.computed(&judged);
        let (pathway, awards) = review::standing(status, &computed);
        let asked_for = self.asked_for();
        let mut decided: Vec<DecidedDrug> = shared
            .plan
            .iter()
            .zip(judged.into_iter().zip(statuses))
            .map(|(line, (judged, status))| DecidedDrug {
                computed: judged.status,
                drug: drugs::shown(line, judged, status, shared),
                ingredients: line.ingredients().map(str::to_owned).collect(),
            })
            .collect();
        decided.sort_by_key(|decided| decided.drug.line);
        let due_at = (status == CaseStatus::InProgress).then(|| due_at(self.facts, shared.admitted, shared.content));
        Decision {
            program: shared.admitted.program.id.clone(),
            content_release: shared.content.release.name.clone(),
            member: shared.admitted.coverage.clone(),
            status,
            decided_at: (status != CaseStatus::InProgress).then_some(now),
            status_reason: (status == CaseStatus::InProgress).then(|| self.reason(&decided)),
            treatment_ingredients: treatment_ingredients(&decided),
            drugs: decided,
            holds: self.holds,
            pathway,
            deviations: self.deviations,
            notices: self.notices,
            s_codes: awards.s_codes,
            s_codes_withheld: awards.withheld,
            computed,
            findings: self.findings.into_vec(),
            asked_for,
            valid_from: shared.range.0,
            valid_through: shared.range.1,
            due_at,
            time_zone: shared.admitted.program.time_zone,
        }
    }

    fn program_finding(&mut self) {
        let coverage = &self.shared.admitted.coverage;
        let program = self.shared.admitted.program;
        self.findings.put(Said {
            rule: format!("program/{}", program.id),
            outcome: Truth::Met,
            requirements: &["PRG-01", "PRG-13"],
            source: &program.criteria_source,
            facts: said_facts([
                ("line_of_business", json!(coverage.line_of_business)),
                ("product", json!(coverage.product)),
                ("date_of_service", json!(self.shared.admitted.date_of_service)),
            ]),
            message: format!("the member is in {} on the date of service", program.name),
        });
    }

    fn regimen_findings(&mut self) {
        let Some(matched) = self.shared.matched else {
            return self.no_match_finding();
        };
        for dimension in &matched.dimensions {
            let name = plain::called(dimension.name, self.shared.content);
            let mut message = String::with_capacity(name.len() + dimension.expected.len() + dimension.entered.len() + 24);
            message.push_str(&name);
            message.push_str(": expected ");
            message.extend(dimension.expected.chars().map(|c| if c == '_' { ' ' } else { c }));
            message.push_str(", entered ");
            message.push_str(&dimension.entered);
            self.findings.put(Said {
                rule: ["regimen/", &matched.regimen.id, "/", dimension.name].concat(),
                outcome: dimension.truth,
                requirements: &["REG-01"],
                source: &matched.regimen.citation,
                facts: [(dimension.name.to_owned(), Value::from(dimension.entered.as_ref()))].into(),
                message,
            });
        }
        self.findings.put(Said {
            rule: ["regimen/", &matched.regimen.id, "/schedule"].concat(),
            outcome: matched.differences.is_empty().into(),
            requirements: &["REG-01", "DEV-02"],
            source: &matched.regimen.citation,
            facts: said_facts([("differences", json!(matched.differences.len()))]),
            message: schedule_message(matched),
        });
    }

    fn no_match_finding(&mut self) {
        let names: Vec<&str> = self.shared.plan.iter().map(PlanLine::name).collect();
        let nearest = self.shared.nearest.map(|nearest| nearest.regimen.id.as_str());
        self.findings.put(Said {
            rule: "regimen/none".to_owned(),
            outcome: Truth::NotMet,
            requirements: &["REG-01", "DEV-01"],
            source: &self.shared.admitted.program.criteria_source,
            facts: said_facts([("drugs", json!(names)), ("nearest_regimen", json!(nearest))]),
            message: "no evidence-based regimen of this release holds exactly these treatment drugs".to_owned(),
        });
    }

    /// Finds the deviations and lets those that pend a drug pend it (DEV-07).
    fn deviate(&mut self, judged: &mut [Judged]) {
        let shared = self.shared;
        let program = shared.admitted.program;
        match shared.matched {
            Some(matched) => self.deviate_from(matched, judged),
            None if self.supportive_only => {}
            None => self.deviations.extend(deviations::custom_plan(shared)),
        }
        // by number: what two drugs' policies ask alike is told of the first, whichever was entered first
        let mut by_number: Vec<_> = shared.plan.iter().zip(judged.iter()).collect();
        by_number.sort_unstable_by_key(|(line, _)| line.ordered.line);
        for (line, judged) in by_number {
            let from_policy = if judged.review.as_ref().is_some_and(|review| review.growth_factor) {
                deviations::fn_risk(line, judged, shared).into_iter().collect()
            } else {
                deviations::policy(line, judged, &self.deviations, program, self.shared.content)
            };
            self.deviations.extend(from_policy);
            self.deviations.extend(deviations::missing_measures(line, judged, program));
        }
        let missing = deviations::missing_items(self.facts.order, &self.deviations, shared);
        self.deviations.extend(missing);
        self.concerns(judged);
        let untold = answers::untold(shared, &self.deviations);
        self.deviations.extend(untold);
        self.pend_as_content_says(judged);
    }

    /// What a person has to look at whatever policies and regimens say (SAFE-05…12, SAFE-15).
    fn concerns(&mut self, judged: &mut [Judged]) {
        let (facts, shared) = (self.facts, self.shared);
        let found = agreement::concerns(facts, shared)
            .into_iter()
            .chain(contraindications::concerns(shared))
            .chain(history::concerns(shared))
            .chain(dosing::concerns(facts, shared, &self.doses))
            .chain(limits::concerns(facts, shared))
            .chain(taken_back::concerns(facts, shared));
        for concern in found {
            concern.apply(shared.plan, judged, &mut self.findings);
            if let Some(hold) = concern.hold.filter(|hold| !self.holds.contains(hold)) {
                self.holds.push(hold);
            }
            let mut deviation = concern.deviation;
            // where every line is another's to review nothing waits, and at least nothing is paid for following a Pathway
            if deviation.effect.pends()
                && concern.hold.is_none()
                && !judged.iter().any(|judged| judged.status == DrugStatus::InProgress)
            {
                deviation.effect = DeviationEffect::OffPathway;
            }
            self.deviations.push(deviation);
        }
    }

    /// DEV-07: a program's content may let a kind of deviation pend what would pass.
    fn pend_as_content_says(&self, judged: &mut [Judged]) {
        let shared = self.shared;
        let stricter = |deviation: &&Deviation| {
            deviation.effect.pends() && shared.admitted.program.deviation_effects.0.contains_key(&deviation.code)
        };
        for deviation in self.deviations.iter().filter(stricter) {
            for (line, judged) in shared.plan.iter().zip(judged.iter_mut()) {
                let concerned = match deviation.drug_line {
                    Some(number) => line.ordered.line == number,
                    None => judged.role == DrugRole::Treatment,
                };
                if concerned && judged.status.may_be_given() {
                    judged.status = DrugStatus::InProgress;
                    judged.message = format!("goes to an oncology nurse: {}", deviation.message);
                }
            }
        }
    }

    fn deviate_from(&mut self, matched: &Match<'_>, judged: &mut [Judged]) {
        let shared = self.shared;
        let program = shared.admitted.program;
        let in_regimen = |line: &PlanLine<'_>| matched.contains(line) && !line.is_investigational();
        let managed = || shared.plan.iter().zip(judged.iter()).filter(|(line, judged)| judged.managed && in_regimen(line));
        let policies_met = managed().all(|(_, judged)| judged.review.as_ref().is_none_or(|review| review.truth == Truth::Met));
        let has_managed = managed().next().is_some();
        self.deviations.extend(deviations::clinical(matched, policies_met, program, self.shared.content));
        self.deviations.extend(deviations::cycles_dosing(matched, has_managed, program));
        self.deviations.extend(dosing::against_regimen(self.facts, shared, matched, &self.doses, has_managed));
        let schedule_pends =
            self.deviations.iter().any(|found| found.code == DeviationCode::CyclesDosing && found.effect.pends());
        if schedule_pends {
            for (line, judged) in shared.plan.iter().zip(judged.iter_mut()) {
                if judged.managed && in_regimen(line) && judged.status == DrugStatus::Authorized {
                    judged.status = DrugStatus::InProgress;
                    let policy = judged.review.as_ref().map_or("", |review| review.summary.as_str());
                    judged.message =
                        format!("goes to an oncology nurse: the schedule departs from {}. {policy}", matched.regimen.name);
                }
            }
        }
    }

    fn hold(&mut self) {
        if self.supportive_only {
            self.holds.push(Hold::SupportiveOnly);
        } else if self.shared.matched.is_none_or(|matched| matched.cancer_is_unclear) {
            self.holds.push(Hold::CustomTreatmentPlan);
        }
        self.duplicates();
        if self.shared.matched.is_some_and(|matched| concurrent::is_chemoradiation(matched.regimen)) {
            self.notices.extend(concurrent::radiation(&self.facts.related_cases, self.shared.range));
        }
        if !matches!(self.facts.servicing_provider, KnownProvider::OnFile(_)) {
            self.holds.push(Hold::ServicingProviderNotOnFile);
        }
    }

    /// DUP-01: shares a treatment ingredient with a live case, and the ranges overlap.
    fn duplicates(&mut self) {
        let shared = self.shared;
        let ours = matching::ingredients(shared.plan);
        let is_treatment = |ingredient: &str| {
            ours.treatment.contains(&ingredient)
                || shared.matched.is_some_and(|matched| matched.required().iter().any(|required| required == ingredient))
                    && ours.flexible.contains(&ingredient)
        };
        let cited = shared.admitted.referenced.map(|case| case.case_id);
        let similar = |case: &&RelatedCase| {
            case.service == Service::MedicalOncology
                && !case.is_void()
                && Some(case.case_id) != cited
                && case.valid_from <= shared.range.1
                && shared.range.0 <= case.valid_through
        };
        for case in self.facts.related_cases.iter().filter(similar) {
            let both: Vec<&str> =
                case.treatment_ingredients.iter().map(String::as_str).filter(|ingredient| is_treatment(ingredient)).collect();
            if both.is_empty() {
                self.overlap(case, !ours.treatment.is_empty());
                continue;
            }
            if !self.holds.contains(&Hold::PossibleDuplicate) {
                self.holds.push(Hold::PossibleDuplicate);
            }
            let what = if case.is_theirs {
                format!(": it shares {} and runs from {} to {}", both.join(", "), case.valid_from, case.valid_through)
            } else {
                String::new()
            };
            let words = format!(
                "a similar request for this member is on file{what}; a nurse checks whether this is a duplicate (DUP-01)"
            );
            self.notices.push(Notice::new(NoticeCode::DuplicateOrder, &words, Some(case.case_id)));
        }
    }

    /// SUB-03, CAS-08: other treatment on the same days is no duplicate, but a drug that is added to it belongs into one order with it, and
    /// one that takes its place ends it: a nurse finds out which.
    fn overlap(&mut self, case: &RelatedCase, treats: bool) {
        if case.treatment_ingredients.is_empty() || !treats || self.supportive_only {
            return;
        }
        if !self.holds.contains(&Hold::OverlappingTreatment) {
            self.holds.push(Hold::OverlappingTreatment);
        }
        let what = if case.is_theirs {
            let drugs = case.treatment_ingredients.join(", ");
            format!("other treatment of this member ({drugs}) is on file from {} to {}", case.valid_from, case.valid_through)
        } else {
            "other treatment of this member is on file for some of these days".to_owned()
        };
        let words = format!(
            "{what}: where this order adds to it, send one new order with all drugs of the new plan; where it takes its place, say so to the \
             nurse who reviews it (CAS-08, SUB-03)"
        );
        self.notices.push(Notice::new(NoticeCode::OverlappingTreatment, &words, Some(case.case_id)));
    }

    /// The Pathway match without regard to review.
    fn pathway(&self) -> Pathway {
        let shared = self.shared;
        let off_pathway = self.deviations.iter().any(|deviation| deviation.effect.is_off_pathway());
        // who follows a Pathway needs no other
        let on_pathway = pathways::is_on_pathway(shared.matched, off_pathway, shared.patient);
        let options =
            if on_pathway || self.supportive_only { Vec::new() } else { pathways::options(shared.patient, shared.content) };
        Pathway {
            determination: if on_pathway {
                PathwayDetermination::OnPathway
            } else {
                pathways::determination_off(shared.matched, shared.patient, &options)
            },
            pathway_id: self.pathway_of_match().filter(|_| on_pathway),
            regimen_id: shared.matched.map(|matched| matched.regimen.id.clone()),
            regimen_name: shared.matched.map(|matched| matched.regimen.name.clone()),
            options,
        }
    }

    /// The Pathway of the matched regimen, whether or not the order follows it.
    fn pathway_of_match(&self) -> Option<String> {
        let matched = self.shared.matched?;
        pathways::pathway(matched.regimen, self.shared.patient).map(|pathway| pathway.id.clone())
    }

    fn computed(&self, judged: &[Judged]) -> Computed {
        let shared = self.shared;
        let pathway = self.pathway();
        let drugs = shared.plan.iter().zip(judged).map(|(line, judged)| ComputedDrug {
            line: line.ordered.line,
            status: judged.status,
            visits: judged.visits,
            units: judged.units,
            units_per_visit: judged.units_per_visit,
            set_by_reviewer: false,
            counted: None,
            valid_from: shared.range.0,
            valid_through: shared.range.1,
        });
        let mut drugs: Vec<ComputedDrug> = drugs.collect();
        drugs.sort_by_key(|drug| drug.line);
        Computed {
            drugs,
            awards: self.award(pathway.determination, pathway.pathway_id.as_ref()),
            awards_on_pathway: self.award(PathwayDetermination::OnPathway, self.pathway_of_match().as_ref()),
            pathway,
        }
    }

    /// The S-codes of an approval with that determination.
    fn award(&self, determination: PathwayDetermination, pathway_id: Option<&String>) -> Awards {
        let shared = self.shared;
        let onset_awarded =
            pathway_id.is_some() && self.facts.related_cases.iter().any(|case| case.awarded_pathway.as_ref() == pathway_id);
        s_codes::award(&s_codes::Basis {
            rules: &shared.admitted.program.s_codes,
            determination,
            provider: Some(shared.admitted.ordering_provider),
            planned_days: planned_days(shared.phases),
            range: shared.range,
            onset_awarded,
        })
    }

    /// What would move the case on: every answer that pends something and is missing.
    fn asked_for(&self) -> Vec<String> {
        // an additional risk factor would help, and nobody said whether there is one
        let asks_for_risk_factors = self.shared.patient.clinical.fn_risk_factors.known().is_none();
        let mut items: Vec<String> = self
            .deviations
            .iter()
            .filter(|deviation| {
                deviation.effect.pends()
                    && matches!(
                        deviation.code,
                        DeviationCode::UnknownAnswer
                            | DeviationCode::DoseOutOfBounds
                            | DeviationCode::RouteNotAllowed
                            | DeviationCode::Contradiction
                            | DeviationCode::MissingClinicalInformation
                            | DeviationCode::MissingPlanComparison
                    )
                    || deviation.effect.pends() && deviation.code == DeviationCode::FnRisk && asks_for_risk_factors
            })
            .map(|deviation| deviation.message.clone())
            .collect();
        items.dedup();
        items
    }

    fn reason(&self, drugs: &[DecidedDrug]) -> String {
        let mut parts: Vec<String> = self.holds.iter().map(|hold| hold.as_str().replace('_', " ")).collect();
        for drug in drugs.iter().filter(|drug| drug.computed == DrugStatus::InProgress) {
            let part = format!("{} needs clinical review", drug.drug.name);
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        parts.join("; ")
    }
}

/// CAS-08: a hold pends every line that would be authorized or needs no review; where there is none, every line, so that a case on hold
/// is always in progress.
pub(super) fn with_holds(alone: &[DrugStatus], holds: &[Hold]) -> Vec<DrugStatus> {
    if holds.is_empty() {
        return alone.to_vec();
    }
    let held = |status| matches!(status, DrugStatus::Authorized | DrugStatus::ClinicalReviewNotRequired | DrugStatus::InProgress);
    let all = !alone.iter().copied().any(held);
    alone.iter().map(|status| if all || held(*status) { DrugStatus::InProgress } else { *status }).collect()
}

fn schedule_message(matched: &Match<'_>) -> String {
    let name = &matched.regimen.name;
    match matched.form {
        _ if !matched.differences.is_empty() => format!("interval, cycles or days differ from {name}"),
        Some(form) => format!("interval, cycles and days are those of {name}, given as {} ({})", form.name, form.source),
        None => format!("interval, cycles and days are those of {name}"),
    }
}

fn treatment_ingredients(drugs: &[DecidedDrug]) -> Vec<String> {
    let mut found: Vec<String> =
        drugs.iter().filter(|drug| drug.drug.role == DrugRole::Treatment).flat_map(|drug| drug.ingredients.clone()).collect();
    found.sort();
    found.dedup();
    found
}
