//! The decision about one radiation order, step by step.

use super::ground::Ground;
use super::lines::{self, Course, Line};
use super::said::{deviation, entered};
use super::schedule::{self, Dimension, Fit, Found};
use super::{
    EXTENDED_THROUGH, PRIOR_RADIATION, again, aims, answers, beside, duplicates, earlier_lines, heard, rhythm, taken_back,
    told_before, under_way,
};
use crate::domain::case::{Deviation, Notice};
use crate::domain::content::Statement;
use crate::domain::criteria::ResultTest;
use crate::domain::facts_used::FactsUsed;
use crate::domain::shared_text::Text;
use crate::domain::vocabulary::{DeviationCode, DeviationEffect, Hold, LineOfBusiness, NoticeCode, Truth};
use crate::rules::concern::{Concern, Pends};
use crate::rules::criteria::Asked;
use crate::rules::decision::Decision;
use crate::rules::deviations::entered_in_words;
use crate::rules::drugs::Shared;
use crate::rules::facts::{Facts, KnownProvider, RelatedCase};
use crate::rules::findings::{Findings, Said, facts as said_facts};
use crate::rules::{agreement, answers as told, concurrent, plain};
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde_json::json;

/// Decides.
pub(super) fn decide(facts: &Facts<'_>, ground: &Ground<'_>, shared: &Shared<'_>, now: DateTime<Utc>) -> Decision {
    let deciding = Deciding {
        facts,
        ground,
        shared,
        findings: Findings::new(&ground.content.release.name),
        deviations: Vec::new(),
        notices: shared.admitted.notices.clone(),
        holds: Vec::new(),
        behind: Vec::new(),
        pends: false,
    };
    deciding.decide(now)
}

/// A decision under way.
pub(super) struct Deciding<'a> {
    pub facts: &'a Facts<'a>,
    pub ground: &'a Ground<'a>,
    pub shared: &'a Shared<'a>,
    pub findings: Findings,
    pub deviations: Vec<Deviation>,
    pub notices: Vec<Notice>,
    pub holds: Vec<Hold>,
    /// Findings behind every line.
    pub behind: Vec<Text>,
    /// True where the order as a whole goes to a nurse.
    pub pends: bool,
}

impl Deciding<'_> {
    fn decide(mut self, now: DateTime<Utc>) -> Decision {
        let ground = self.ground;
        self.program();
        self.modality();
        let found = schedule::find(ground);
        self.schedule(&found);
        self.answers(&found);
        let course = Course::new(found.fit(), ground.treated);
        let range = self.range(&course);
        let mut lines = lines::of(ground, &course, self.shared.admitted.date_of_service);
        self.lines(&mut lines);
        if let Some(deviation) = under_way::deviation_of(ground, &lines, &course) {
            self.deviate(deviation);
        }
        self.hold(&found, range);
        self.conclude(&lines, &course, range, now)
    }

    fn program(&mut self) {
        let (coverage, program) = (&self.shared.admitted.coverage, self.ground.program);
        self.findings.add(Said {
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
        if coverage.line_of_business == LineOfBusiness::MedicareAdvantage {
            self.findings.add(Said {
                rule: "radiation/cms-determinations".to_owned(),
                outcome: Truth::Met,
                requirements: &["REG-10", "R-53"],
                source: &program.criteria_source,
                facts: FactsUsed::new(),
                message: self.ground.rules.cms_determinations.clone(),
            });
        }
    }
    /// What is missing, unknown, not understood, or in disagreement.
    fn answers(&mut self, found: &Found<'_>) {
        let (ground, shared) = (self.ground, self.shared);
        let told = [answers::lacking(ground), answers::disagreeing(ground), heard::deviations(ground)];
        for deviation in told
            .into_iter()
            .flatten()
            .chain(rhythm::contradiction(ground, found.fit()))
            .chain(aims::contradictions(ground, found.fit()))
            .chain(taken_back::deviations(self.facts, ground, ground.received))
            .chain(told_before::deviation_of(ground))
            .chain(beside::stage(ground))
            .chain(earlier_lines::contradiction(ground))
        {
            self.deviate(deviation);
        }
        if let Some(fit) = found.fit() {
            let name = &fit.schedule.name;
            for dimension in &fit.agreement.unknown {
                self.unknown(*dimension, name);
            }
        }
        for concern in agreement::concerns_of_radiation(self.facts, shared, self.ground.treated) {
            self.concern(concern);
        }
        let untold = told::untold(shared, &self.deviations);
        for deviation in untold {
            self.deviate(deviation);
        }
    }

    /// An answer that the schedule is told apart by, and that nobody gave.
    fn unknown(&mut self, dimension: Dimension, name: &str) {
        let ground = self.ground;
        let clinical = ground.patient.clinical;
        let staged = ground.treated.site.known().is_none_or(|site| site.staged);
        let (field, what, entered) = match dimension {
            Dimension::Cancer => ("/clinical/cancer_type", "cancer type", clinical.cancer_type.word().to_owned()),
            Dimension::Stage if staged => {
                let open = ground.groups.map(|groups| format!("T and N, which leave group {}", groups.join(" or ")));
                ("/clinical/stage", "stage", open.unwrap_or_else(|| entered(&clinical.stage)))
            }
            Dimension::Histology => (self.histology(), "histology", entered(&clinical.pathology)),
            Dimension::Line => ("/clinical/line_of_treatment", "line of treatment", clinical.line_of_treatment.word().to_owned()),
            // asked for by itself, or excluding nothing
            Dimension::Goal | Dimension::Stage | Dimension::Target => return,
        };
        if self.deviations.iter().any(|known| known.field == field) {
            return;
        }
        self.deviate(deviation(
            DeviationCode::UnknownAnswer,
            field,
            (what, &entered),
            DeviationEffect::Pends,
            format!("{what}: needed and not known for {name}{}", entered_in_words(&entered)),
        ));
    }

    /// Where the histology stands.
    pub fn histology(&self) -> &'static str {
        if self.ground.treated.entered.histology.known().is_some() { "/radiation/histology" } else { "/clinical/pathology" }
    }

    /// each fact that a sentence asks for and nobody told.
    pub fn ask(&mut self, open: &[Asked], name: &str) {
        for asked in open {
            let field = if asked.pointer == "/clinical/pathology" { self.histology() } else { asked.pointer.as_str() };
            let what = plain::name(&asked.name, self.ground.content);
            if self.deviations.iter().any(|known| known.field == field && known.message.starts_with(&what)) {
                continue;
            }
            let counts = if asked.wanted.is_empty() { String::new() } else { format!(". What counts: {}", asked.wanted) };
            self.deviate(deviation(
                DeviationCode::UnknownAnswer,
                field,
                (&what, &asked.entered),
                DeviationEffect::Pends,
                format!("{what}: needed and not known for {name}{}{counts}", entered_in_words(&asked.entered)),
            ));
        }
    }

    fn concern(&mut self, concern: Concern) {
        let id = self.findings.add(Said {
            rule: concern.rule,
            outcome: concern.outcome,
            requirements: concern.requirements,
            source: &concern.source,
            facts: concern.facts,
            message: concern.deviation.message.clone(),
        });
        self.behind.push(id);
        let mut deviation = concern.deviation;
        if deviation.field == "/clinical/pathology" {
            self.histology().clone_into(&mut deviation.field);
        }
        deviation.effect = DeviationEffect::of(concern.pends != Pends::Nothing && deviation.effect.pends(), false);
        self.push(deviation);
    }

    /// Writes a deviation down, and what pends also as a finding.
    pub fn deviate(&mut self, deviation: Deviation) {
        if deviation.effect.pends() && !is_told_by_finding(deviation.code) {
            let is_unknown = matches!(
                deviation.code,
                DeviationCode::UnknownAnswer | DeviationCode::MissingClinicalInformation | DeviationCode::MissingPlanComparison
            );
            let id = self.findings.add(Said {
                rule: ["radiation/", deviation.code.as_str(), &deviation.field.replace("/radiation", "")].concat(),
                outcome: if is_unknown { Truth::Unknown } else { Truth::NotMet },
                requirements: requirements(deviation.code),
                source: &self.ground.program.criteria_source,
                facts: said_facts([("entered", json!(deviation.entered)), ("expected", json!(deviation.expected))]),
                message: deviation.message.clone(),
            });
            self.behind.push(id);
        }
        self.push(deviation);
    }

    pub fn push(&mut self, mut deviation: Deviation) {
        // DEV-07: a program's content may let a kind of deviation pend what would pass
        let stricter = self.ground.program.deviation_effects.0.get(&deviation.code).is_some_and(|effect| effect.pends());
        if stricter {
            deviation.effect = DeviationEffect::Pends;
        }
        self.pends |= deviation.line.is_none() && deviation.effect.pends();
        self.deviations.push(deviation);
    }

    /// R-34, SAFE-14.
    fn range(&mut self, course: &Course) -> (NaiveDate, NaiveDate) {
        let admitted = self.shared.admitted;
        let (rules, first) = (self.ground.rules, admitted.date_of_service);
        let by_months = || {
            let months = chrono::Months::new(admitted.program.range.until_progression_months);
            first.checked_add_months(months).unwrap_or(first)
        };
        let planned = course.days.map_or_else(by_months, |days| {
            let weeks = u64::from(days.div_ceil(course.per_week));
            let all = u64::from(rules.planning_days) + 7 * weeks + u64::from(rules.days_after_last_fraction);
            first.checked_add_days(Days::new(all)).unwrap_or(first)
        });
        let planned = self.extended(planned);
        let (range, cut) = admitted.covered((first, planned));
        self.notices.extend(cut);
        range
    }

    /// A course that broke off or moved ends later, within the days that the program allows.
    fn extended(&mut self, planned: NaiveDate) -> NaiveDate {
        let Some(wanted) = self.ground.treated.entered.extended_through.filter(|wanted| *wanted > planned) else {
            return planned;
        };
        let days = self.ground.rules.extension_days;
        let last = planned.checked_add_days(Days::new(u64::from(days))).unwrap_or(planned);
        if wanted <= last {
            return wanted;
        }
        self.deviate(deviation(
            DeviationCode::LimitExceeded,
            EXTENDED_THROUGH,
            (&last.to_string(), &wanted.to_string()),
            DeviationEffect::Pends,
            format!("a course is extended by {days} days at most, here through {last}: later treatment is a new order"),
        ));
        planned
    }

    /// each line against the treatment, and all of them together.
    fn lines(&mut self, lines: &mut [Line<'_>]) {
        for line in lines.iter().filter(|line| line.mismatch.is_some()) {
            let message = line.mismatch.clone().unwrap_or_default();
            let entered = format!("{} units of {}", line.units.unwrap_or_default(), line.code.unwrap_or_default());
            let field = format!("/radiation/procedures/{}", line.number);
            let mismatch = DeviationCode::ProcedureMismatch;
            self.push(Deviation {
                line: Some(line.number),
                ..deviation(
                    mismatch,
                    &field,
                    ("a code of the treatment, with its units", &entered),
                    DeviationEffect::Pends,
                    message,
                )
            });
        }
        if lines.iter().any(|line| line.code.is_none()) {
            self.no_delivery("no lines can be derived for this treatment: list its codes and units".to_owned());
        } else if lines::lacks_delivery(lines) {
            self.no_delivery("none of the lines delivers the treatment: list the code that does".to_owned());
        }
    }

    fn no_delivery(&mut self, message: String) {
        self.deviate(deviation(
            DeviationCode::ProcedureMismatch,
            "/radiation/procedures",
            ("a line that delivers the treatment", "none"),
            DeviationEffect::Pends,
            message,
        ));
    }

    /// The boost as an order of its own and the course that it belongs to are one plan of treatment.
    fn boost(&mut self, fit: &Fit<'_>, case: &RelatedCase) {
        // what another practice treats, and when, is not told (PRV-02)
        let (which, facts) = if case.is_theirs {
            let number = case.order_id.as_ref().map(|id| format!(", Order ID {id}")).unwrap_or_default();
            let which = format!(" (case {}{number}, from {} to {})", case.case_id, case.valid_from, case.valid_through);
            (which, said_facts([("case_id", json!(case.case_id)), ("order_id", json!(case.order_id))]))
        } else {
            (String::new(), FactsUsed::new())
        };
        let id = self.findings.add(Said {
            rule: ["radiation/boost/", &fit.schedule.id].concat(),
            outcome: Truth::Met,
            requirements: &["R-24", "R-42"],
            source: &fit.schedule.citation,
            facts,
            message: format!(
                "{} is the boost of a course of external radiation on file{which}: the two are one plan of treatment, and no duplicates",
                fit.schedule.name
            ),
        });
        self.behind.push(id);
    }

    /// SUB-11.
    fn hold(&mut self, found: &Found<'_>, range: (NaiveDate, NaiveDate)) {
        let ground = self.ground;
        let of_no_rule = ground.treated.site.known().is_some_and(|site| site.reviewed) || ground.program.radiation.is_none();
        if of_no_rule {
            self.holds.push(Hold::RadiationReview);
        }
        let yes = ResultTest::In(vec!["yes".to_owned()]);
        let again = ground.patient.assessment(PRIOR_RADIATION).is_some_and(|standing| standing.test(&yes) == Truth::Met);
        let boosted = found.fit().and_then(|fit| Some((fit, duplicates::boosted(fit.schedule, ground)?)));
        if let Some((fit, case)) = boosted {
            self.boost(fit, case);
        }
        let on_file = duplicates::find(ground, boosted.map(|(_, case)| case), range);
        // content names the schedules for an area treated before that need no nurse, where nothing is on file
        let by_content = |when: &Statement| ground.judge(&when.criterion) == Truth::NotMet;
        let is_expected = found.fit().and_then(|fit| fit.schedule.reviewed_when.as_ref()).is_some_and(by_content)
            && !again::is_for_a_nurse(ground);
        if !on_file.earlier.is_empty() || (again && !is_expected) {
            self.holds.push(Hold::ReIrradiation);
        }
        if !on_file.similar.is_empty() {
            self.holds.push(Hold::PossibleDuplicate);
        }
        if again && !is_expected {
            let text = "this area was irradiated before, as the order says: a nurse looks at when and where, at its dose and fractions, and at \
                        the plans together. Enter what is known of it with the earlier treatments (R-42)";
            self.notices.push(Notice::new(NoticeCode::EarlierRadiation, text, None));
        }
        self.notices.extend(on_file.earlier);
        self.notices.extend(on_file.similar);
        let beside = beside::drugs(ground, range);
        if !beside.is_empty() {
            self.holds.push(Hold::OverlappingTreatment);
        }
        self.notices.extend(beside);
        self.notices.extend(concurrent::medical_oncology(&self.facts.related_cases, range, ground.content));
        if !matches!(self.facts.servicing_provider, KnownProvider::OnFile(_)) {
            self.holds.push(Hold::ServicingProviderNotOnFile);
        }
    }
}

/// Deviations that the findings on schedule and modality tell already.
const fn is_told_by_finding(code: DeviationCode) -> bool {
    matches!(
        code,
        DeviationCode::ModalityNotSupported
            | DeviationCode::MissingPlanComparison
            | DeviationCode::OffPreferredSchedule
            | DeviationCode::NotRecommendedSchedule
    )
}

const fn requirements(code: DeviationCode) -> &'static [&'static str] {
    match code {
        DeviationCode::Fractionation => &["R-22", "R-24"],
        DeviationCode::ProcedureMismatch => &["R-32"],
        DeviationCode::ClinicalMismatch => &["R-07", "R-25", "SAFE-11"],
        DeviationCode::Contradiction => &["SAFE-12"],
        _ => &["R-05", "R-25", "INF-04", "DEV-05", "SAFE-01"],
    }
}
