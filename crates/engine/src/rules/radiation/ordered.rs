//! What content says of the modality and the schedule ordered (R-10…14, R-21…27).

use super::comparison::Comparison;
use super::deciding::Deciding;
use super::modality;
use super::said::{deviation, in_words, options};
use super::schedule::{self, Dimension, Found};
use crate::domain::case::Deviation;
use crate::domain::content::radiation::{Designation, Support, equivalent_dose};
use crate::domain::facts_used::FactsUsed;
use crate::domain::vocabulary::{DeviationCode, DeviationEffect, Hold, Truth};
use crate::rules::findings::{Said, facts as said_facts};
use crate::rules::plain;
use serde_json::json;

const FRACTIONS: &str = "/radiation/fractions";

impl Deciding<'_> {
    /// R-10…14.
    pub fn modality(&mut self) {
        let ground = self.ground;
        let name = ground.treated.modality.as_str();
        let words = plain::modality_name(ground.treated.modality);
        let site = ground.treated.site_key().and_then(|key| ground.catalog().site(key));
        let site = site.map_or_else(|| "an unknown site".to_owned(), |site| site.name.to_lowercase());
        let answered = modality::of(Some(ground.treated.modality), ground);
        let support = answered.as_ref().map_or(Support::NotSupported, |answered| answered.row.support);
        let with = answered.as_ref().and_then(|answered| answered.row.compare_with);
        let with = with.map_or("another modality", plain::modality_name);
        let compared = ground.treated.comparison;
        let (outcome, message) = match (support, compared) {
            (Support::Supported, _) => (Truth::Met, format!("{words} is supported for {site}")),
            (Support::NotSupported, _) if answered.as_ref().is_some_and(|answered| !answered.open.is_empty()) => {
                (Truth::Unknown, format!("{words} is supported for {site} by answers that were not told, and that are asked for"))
            }
            (Support::NotSupported, _) => (Truth::NotMet, format!("{words} is not supported for {site}: a nurse looks")),
            (_, Comparison::For) => (Truth::Met, format!("{words} for {site} is compared with {with}, as attested")),
            (_, Comparison::Missing) => (Truth::Unknown, format!("{words} for {site} asks for a plan comparison with {with}")),
            (_, Comparison::Unclear) => {
                (Truth::Unknown, format!("the plan comparison does not tell what makes {words} for {site} the better plan"))
            }
            (_, Comparison::Against) => {
                (Truth::NotMet, format!("the plan comparison speaks, in part at least, against {words} for {site}"))
            }
        };
        let id = self.findings.add(Said {
            rule: ["radiation/modality/", answered.as_ref().map_or("none", |answered| &answered.row.id)].concat(),
            outcome,
            requirements: &["R-10", "R-11", "R-12", "R-13", "R-14", "INF-04"],
            source: answered.as_ref().map_or("", |answered| &answered.row.source),
            facts: said_facts([
                ("modality", json!(name)),
                ("site", json!(ground.treated.site_key())),
                ("support", json!(support.as_str())),
                ("plan_comparison", json!(ground.treated.entered.plan_comparison)),
            ]),
            message: message.clone(),
        });
        self.behind.push(id);
        match support {
            // a site that nobody knows is asked for, and says by itself what goes with it
            _ if ground.treated.site_key().is_none() && support != Support::PlanComparisonReviewed => {}
            Support::NotSupported => {
                let open = answered.map(|answered| answered.open).unwrap_or_default();
                self.deviate(deviation(
                    DeviationCode::ModalityNotSupported,
                    "/radiation/modality",
                    ("a modality that is supported for the site", name),
                    DeviationEffect::Pends,
                    message,
                ));
                self.ask(&open, &format!("{words} for {site}"));
            }
            Support::PlanComparison | Support::PlanComparisonReviewed if compared == Comparison::Missing => {
                self.compare(
                    DeviationCode::MissingPlanComparison,
                    &format!("{message}: enter it, with the doses that decide"),
                    with,
                );
            }
            Support::PlanComparison if compared == Comparison::Against => {
                self.compare(DeviationCode::Contradiction, &format!("{message}: a nurse reads it"), with);
            }
            Support::PlanComparison if compared == Comparison::Unclear => {
                let asked =
                    format!("{message}: say the dose to an organ by each of the two, each with its name; else a nurse reads it");
                self.compare(DeviationCode::UnknownAnswer, &asked, with);
            }
            Support::Supported | Support::PlanComparison => {}
            Support::PlanComparisonReviewed => self.holds.push(Hold::PlanComparisonReview),
        }
    }

    /// A comparison that is needed, and does not speak for the plan.
    fn compare(&mut self, code: DeviationCode, message: &str, with: &str) {
        let written = self.ground.treated.entered.plan_comparison.as_deref().unwrap_or("not entered");
        let expected = format!("a comparison with {with}");
        let found =
            deviation(code, "/radiation/plan_comparison", (&expected, written), DeviationEffect::Pends, message.to_owned());
        self.deviate(found);
    }

    /// R-21…27.
    pub fn schedule(&mut self, found: &Found<'_>) {
        let ground = self.ground;
        let fit = match found {
            Found::NotCompared => return,
            Found::None => return self.no_schedule(),
            Found::One(fit) => fit,
        };
        let schedule = fit.schedule;
        let is_accepted = schedule.designation != Designation::NotRecommended
            && !matches!(fit.agreement.needs, Some(Truth::NotMet | Truth::Unknown))
            && fit.agreement.unknown.iter().all(|dimension| *dimension == Dimension::Target);
        let ordered = in_words(fit.dose_gy, fit.fractions);
        let included = match fit.cone_down {
            Some(_) => "; main course and boost are the schedule together",
            None if fit.boost_in_total => "; the total was taken to include the boost",
            None => "",
        };
        let id = self.findings.add(Said {
            rule: ["radiation/schedule/", &schedule.id].concat(),
            outcome: is_accepted.into(),
            requirements: &["R-21", "R-23", "R-24", "R-25", "R-26", "R-27"],
            source: &schedule.citation,
            facts: self.doses(fit),
            message: format!("{ordered} is {}, {}{included}", schedule.name, schedule.designation.as_str().replace('_', " ")),
        });
        self.behind.push(id);
        let shorter = schedule::shorter(fit, ground);
        let needs = fit.agreement.needs;
        if !shorter.is_empty() {
            let effect = DeviationEffect::of(matches!(needs, Some(Truth::NotMet | Truth::Unknown)), false);
            let names: Vec<String> = shorter.iter().map(|other| in_words(other.typical.0, other.typical.1)).collect();
            let expected = names.join(" or ");
            self.deviate(Deviation {
                options: options(shorter.iter().copied()),
                ..deviation(
                    DeviationCode::OffPreferredSchedule,
                    FRACTIONS,
                    (&expected, &ordered),
                    effect,
                    format!("{ordered} ({}) takes more treatment days than what is preferred: {expected}", schedule.name),
                )
            });
        }
        match (needs, &schedule.needs) {
            (Some(Truth::NotMet), Some(needs)) if shorter.is_empty() => self.deviate(deviation(
                DeviationCode::ClinicalMismatch,
                FRACTIONS,
                (plain::clause_of(needs, ground.content), &ordered),
                DeviationEffect::Pends,
                format!(
                    "{} is for patients of whom this holds: {}; the order says otherwise",
                    schedule.name,
                    plain::clause_of(needs, ground.content)
                ),
            )),
            (Some(Truth::Unknown), Some(needs)) => {
                let open = ground.open(&needs.criterion, Truth::Unknown);
                self.ask(&open, &schedule.name);
            }
            _ => {}
        }
        self.boost_level(fit);
        if schedule.designation == Designation::NotRecommended {
            self.not_recommended(fit, &ordered);
        }
        if let Some(boost) = ground.treated.entered.boost
            && fit.cone_down.is_none()
            && let Some(fault) = schedule::boost_fault(boost, schedule.boost.as_ref(), ground)
        {
            let entered = in_words(boost.dose_gy, boost.fractions);
            self.deviate(deviation(
                DeviationCode::Fractionation,
                "/radiation/boost",
                ("the boost of the schedule", &entered),
                DeviationEffect::Pends,
                format!("{}: {fault}", schedule.name),
            ));
        }
    }

    /// The dose of an order with a simultaneous boost is its highest level: by a schedule that is boosted afterwards the dose of the rest is not told.
    fn boost_level(&mut self, fit: &schedule::Fit<'_>) {
        let is_after = fit.schedule.boost.as_ref().is_some_and(|boost| !boost.separate);
        if !is_after || self.ground.treated.technique.says("simultaneous_integrated_boost") != Truth::Met {
            return;
        }
        let written = self.ground.treated.entered.technique.clone().unwrap_or_default();
        self.deviate(deviation(
            DeviationCode::Contradiction,
            "/radiation/technique",
            ("the dose of each level", &written),
            DeviationEffect::Pends,
            format!(
                "{} is given without a simultaneous boost, and the dose of the highest level is that of the order (R-24): correct the dose or the technique",
                fit.schedule.name
            ),
        ));
    }

    fn not_recommended(&mut self, fit: &schedule::Fit<'_>, ordered: &str) {
        let instead: Vec<_> =
            schedule::offered(self.ground).into_iter().filter(|other| other.group == fit.schedule.group).collect();
        let instead = if instead.is_empty() { schedule::offered(self.ground) } else { instead };
        self.deviate(Deviation {
            options: options(instead),
            ..deviation(
                DeviationCode::NotRecommendedSchedule,
                FRACTIONS,
                ("a schedule that is recommended", ordered),
                DeviationEffect::Pends,
                format!("{ordered} ({}) is not recommended: {}", fit.schedule.name, fit.schedule.citation),
            )
        });
    }

    fn no_schedule(&mut self) {
        let treated = self.ground.treated;
        let offered = schedule::offered(self.ground);
        let ordered = in_words(treated.dose_gy.unwrap_or_default(), treated.fractions.unwrap_or_default());
        let boost = schedule::without_its_course(self.ground).map(|boost| {
            format!(
                ": as {} it is the boost of a course of external radiation, and none that it belongs to is on file",
                boost.name
            )
        });
        let message = format!(
            "{ordered} is none of the schedules that the criteria list for this site and kind of radiation{}",
            boost.unwrap_or_default()
        );
        let source = self.ground.program.criteria_source.clone();
        let id = self.findings.add(Said {
            rule: "radiation/schedule/none".to_owned(),
            outcome: Truth::NotMet,
            requirements: &["R-21", "R-22"],
            source: &source,
            facts: said_facts([("total_dose_gy", json!(treated.dose_gy)), ("fractions", json!(treated.fractions))]),
            message: message.clone(),
        });
        self.behind.push(id);
        let names: Vec<String> = offered.iter().map(|other| in_words(other.typical.0, other.typical.1)).collect();
        let expected = if names.is_empty() { "a schedule of the site".to_owned() } else { names.join(" or ") };
        self.deviate(Deviation {
            options: options(offered),
            ..deviation(DeviationCode::Fractionation, FRACTIONS, (&expected, &ordered), DeviationEffect::Pends, message)
        });
    }

    /// by the linear-quadratic model, for the tumor and for late effects; the main course and the boost add up.
    fn doses(&self, fit: &schedule::Fit<'_>) -> FactsUsed {
        let schedule = fit.schedule;
        let boost = self.ground.treated.entered.boost;
        let both = |alpha_beta: f64| {
            let (bed, eqd2) = equivalent_dose(fit.dose_gy, fit.fractions, alpha_beta);
            let (more, more2) = boost.map_or((0.0, 0.0), |boost| equivalent_dose(boost.dose_gy, boost.fractions, alpha_beta));
            (to_tenths(bed + more), to_tenths(eqd2 + more2))
        };
        let mut facts = said_facts([
            ("schedule", json!(schedule.id)),
            ("name", json!(schedule.name)),
            ("designation", json!(schedule.designation.as_str())),
            ("total_dose_gy", json!(fit.dose_gy)),
            ("fractions", json!(fit.fractions)),
            ("boost_in_total", json!(fit.boost_in_total)),
        ]);
        if schedule.fractionated {
            let late = self.ground.rules.late_effects_alpha_beta_gy;
            let ((bed, eqd2), (late_bed, late_eqd2)) = (both(schedule.alpha_beta_gy), both(late));
            facts.extend(said_facts([
                ("alpha_beta_gy", json!(schedule.alpha_beta_gy)),
                ("bed_gy", json!(bed)),
                ("eqd2_gy", json!(eqd2)),
                ("late_alpha_beta_gy", json!(late)),
                ("late_bed_gy", json!(late_bed)),
                ("late_eqd2_gy", json!(late_eqd2)),
            ]));
        }
        facts
    }
}

/// To one decimal.
fn to_tenths(value: f64) -> f64 {
    (value * 10.0).round_ties_even() / 10.0
}
