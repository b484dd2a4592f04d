//! Judges criteria against a patient and a plan, in Kleene's three values: what no answer says is unknown, never false.

use super::answers::{Standing, Value, is_recent};
use super::biomarker;
use super::course::{self, Administration, Course};
use super::fit::is_line;
use super::history::Count;
use super::matching::Match;
use super::patient::Patient;
use super::plan::{PlanLine, planned_days};
use super::radiation::Treated;
use super::setting;
use super::stage::Status as Kind;
use super::tnm;
use crate::domain::content::{Drug, Regimen, ResultDefinition, Statement};
use crate::domain::criteria::{Comparison, Criterion, NumberFact, Partner, PriorEnd, ResultTest, WordFact};
use crate::domain::facts_used::FactsUsed;
use crate::domain::shared_text::Text;
use crate::domain::vocabulary::{DoseUnit, FnRiskFactor, Truth};
use chrono::{Datelike, NaiveDate};
use serde_json::{Value as Json, json};
use std::fmt::Write as _;
use std::sync::Arc;

use Pointer::{At, Of};

/// What a criterion is judged against.
#[derive(Debug, Clone, Copy)]
pub struct Bench<'a> {
    /// The patient.
    pub patient: &'a Patient<'a>,
    /// Every line of the plan.
    pub plan: &'a [PlanLine<'a>],
    /// The line reviewed.
    pub line: &'a PlanLine<'a>,
    /// The regimen matched, where one is.
    pub matched: Option<&'a Match<'a>>,
    /// Phases as ordered.
    pub phases: &'a [crate::domain::order::Phase],
    /// First and last day of the order's range.
    pub range: (NaiveDate, NaiveDate),
    /// The administrations of the drug, where a policy is judged.
    pub course: Option<&'a Course<'a>>,
    /// The administration at which a sentence is judged, where it speaks of one.
    pub at: Option<&'a Administration<'a>>,
    /// The radiation ordered, where it is.
    pub radiation: Option<&'a Treated<'a>>,
    /// True where the sentence speaks against a drug: answers are heeded whatever their date, and what nobody told says nothing.
    pub heeds: bool,
}

impl Bench<'_> {
    /// The line at hand: of the administration judged, else the one reviewed.
    fn line_at_hand(&self) -> &PlanLine<'_> {
        self.at.map_or(self.line, |at| at.line)
    }
}

/// The facts that a judgement used.
#[derive(Debug)]
pub struct Evidence {
    /// Facts by name.
    pub facts: FactsUsed,
    /// Where the whole does not hold, every answer that makes it so, once.
    pub open: Vec<Asked>,
    outcome: Truth,
}

/// One answer that a criterion asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// JSON pointer of the answer.
    pub pointer: String,
    /// Name such as `her2`.
    pub name: String,
    /// What was answered, in words.
    pub entered: String,
    /// What would count, where the answer is not usable; empty where the question says it.
    pub wanted: String,
    /// What the answer does for the whole: under a `not`, an answer that makes the part hold is what fails it.
    pub truth: Truth,
}

impl Evidence {
    fn add(&mut self, name: &'static str, pointer: Pointer<'_>, value: Json, truth: Truth) {
        self.add_answer(name.into(), || pointer.written(), value, truth, String::new);
    }

    /// Adds an answer of which content says what would count.
    fn add_answer(
        &mut self,
        name: Text,
        pointer: impl FnOnce() -> String,
        value: Json,
        truth: Truth,
        wanted: impl FnOnce() -> String,
    ) {
        let is_open = truth == self.outcome && truth != Truth::Met;
        if is_open && !self.open.iter().any(|asked| name == asked.name) {
            let (pointer, name) = (pointer(), name.to_string());
            self.open.push(Asked { pointer, name, entered: in_words(&value), wanted: wanted(), truth });
        }
        self.facts.insert(name, value);
    }
}

/// Where an answer stands: written out only where somebody is asked for it.
#[derive(Debug, Clone, Copy)]
enum Pointer<'p> {
    /// There.
    At(&'p str),
    /// A field of a line.
    Of(&'p PlanLine<'p>, &'static str),
}

impl Pointer<'_> {
    fn written(self) -> String {
        match self {
            Self::At(pointer) => pointer.to_owned(),
            Self::Of(line, field) => line.pointer(field),
        }
    }
}

/// A fact as a person would write it.
fn in_words(value: &Json) -> String {
    match value {
        Json::Null => "not entered".to_owned(),
        Json::String(word) => word.clone(),
        Json::Array(list) if list.is_empty() => "none".to_owned(),
        Json::Array(list) => list.iter().map(in_words).collect::<Vec<_>>().join(", "),
        Json::Object(fields) => {
            let parts = fields.iter().filter(|(_, value)| !value.is_null());
            parts.map(|(name, value)| format!("{} {}", name.replace('_', " "), in_words(value))).collect::<Vec<_>>().join(", ")
        }
        // a whole number without a point
        Json::Number(number) => number.as_f64().map_or_else(|| number.to_string(), |value| value.to_string()),
        Json::Bool(said) => said.to_string(),
    }
}

/// Judges.
pub fn judge(criterion: &Criterion, bench: &Bench<'_>) -> Truth {
    part(criterion, bench, None, false)
}

/// Judges a line of a policy: one on dose or interval holds when it holds at every administration of the drug (SAFE-05).
pub fn judge_statement(statement: &Statement, bench: &Bench<'_>) -> Truth {
    if !statement.by_administration {
        return judge(&statement.criterion, bench);
    }
    let Some(course) = bench.course.filter(|course| !course.administrations.is_empty()) else { return Truth::Unknown };
    let at = |at| judge(&statement.criterion, &Bench { at: Some(at), ..*bench });
    let mut truth = Truth::Met;
    for administration in &course.administrations {
        truth = truth.and(at(administration));
        if truth == Truth::NotMet {
            break;
        }
    }
    truth
}

/// By which facts a line of a policy was judged: at the first administration that accounts for the outcome, where it speaks of one.
pub fn statement_evidence(statement: &Statement, bench: &Bench<'_>, outcome: Truth) -> Evidence {
    if !statement.by_administration {
        return evidence(&statement.criterion, &Bench { at: None, ..*bench }, outcome);
    }
    let all = bench.course.into_iter().flat_map(|course| &course.administrations);
    let accounts = |at: &&Administration<'_>| judge(&statement.criterion, &Bench { at: Some(at), ..*bench }) == outcome;
    let at = all.into_iter().find(accounts);
    evidence(&statement.criterion, &Bench { at, ..*bench }, outcome)
}

/// By which facts a criterion was judged, and which answers account for the outcome.
pub fn evidence(criterion: &Criterion, bench: &Bench<'_>, outcome: Truth) -> Evidence {
    let mut evidence = Evidence { facts: FactsUsed::new(), open: Vec::new(), outcome };
    if outcome == Truth::Met {
        used(criterion, bench, &mut evidence);
    } else {
        part(criterion, bench, Some(&mut evidence), false);
    }
    evidence
}

/// The facts that a criterion asks for. Of one that holds nothing is open, so that nothing need be judged again.
fn used(criterion: &Criterion, bench: &Bench<'_>, evidence: &mut Evidence) {
    match criterion {
        Criterion::All(parts) | Criterion::Any(parts) => parts.iter().for_each(|part| used(part, bench, evidence)),
        Criterion::Not(inner) => used(inner, bench, evidence),
        leaf => explain(leaf, Truth::Met, bench, evidence),
    }
}

fn part(criterion: &Criterion, bench: &Bench<'_>, mut evidence: Option<&mut Evidence>, negated: bool) -> Truth {
    // every part is asked only where the facts are wanted; else the first that decides is the last
    match criterion {
        Criterion::All(parts) => {
            let mut truth = Truth::Met;
            for each in parts {
                truth = truth.and(part(each, bench, evidence.as_deref_mut(), negated));
                if truth == Truth::NotMet && evidence.is_none() {
                    break;
                }
            }
            truth
        }
        Criterion::Any(parts) => {
            let mut truth = Truth::NotMet;
            for each in parts {
                truth = truth.or(part(each, bench, evidence.as_deref_mut(), negated));
                if truth == Truth::Met && evidence.is_none() {
                    break;
                }
            }
            truth
        }
        Criterion::Not(inner) => part(inner, bench, evidence, !negated).negate(),
        other => {
            let truth = leaf(other, bench);
            if let Some(evidence) = evidence {
                explain(other, if negated { truth.negate() } else { truth }, bench, evidence);
            }
            truth
        }
    }
}

fn leaf(criterion: &Criterion, bench: &Bench<'_>) -> Truth {
    let patient = bench.patient;
    match criterion {
        Criterion::All(_) | Criterion::Any(_) | Criterion::Not(_) => Truth::Unknown,
        Criterion::Word { fact, any_of } => word(*fact, any_of, bench),
        Criterion::Line(lines) => is_line(lines, patient),
        Criterion::Number { fact, comparison, value } if fact.is_of_schedule() => {
            course::compare(*fact, *comparison, *value, bench)
        }
        Criterion::Number {
            fact: fact @ (NumberFact::LinesBefore | NumberFact::MetastaticLinesBefore | NumberFact::Courses),
            comparison,
            value,
        } => counted(*fact, bench).map_or(Truth::Unknown, |count| count.holds(*comparison, *value)),
        Criterion::Number { fact, comparison, value } => number(*fact, bench).map(|found| comparison.holds(found, *value)).into(),
        Criterion::Biomarker { marker, test, .. } if bench.heeds => heeded(patient.biomarker(marker), test),
        Criterion::Assessment { name, test, .. } if bench.heeds => heeded(patient.assessment(name), test),
        Criterion::Biomarker { marker, test, within } => biomarker::test(marker, test, *within, patient),
        Criterion::Assessment { name, test, within } => assessment(name, test, *within, patient),
        Criterion::DaysSince { name, comparison, days } => days_since(name, *comparison, *days, patient),
        Criterion::MonthsSince { name, comparison, months } => months_since(name, *comparison, *months, patient),
        Criterion::LinesBeforeWith { partners, comparison, value } => {
            patient.history.lines_before_with(partners, patient).map_or(Truth::Unknown, |count| count.holds(*comparison, *value))
        }
        Criterion::Continuation(wanted) => {
            let goes_on = patient.history.continuation(bench.line, patient);
            if *wanted { goes_on } else { goes_on.negate() }
        }
        Criterion::With(partners) => partners
            .iter()
            .any(|partner| contains(bench.line, partner) || others(bench).any(|other| is_partner(other, partner)))
            .into(),
        Criterion::After(partners) => is_after(partners, bench).into(),
        Criterion::Alone => (!others(bench).any(|other| !other.is_supportive_by_content() && !other.is_investigational())).into(),
        Criterion::Prior { partners, end } if bench.heeds => patient.history.heeded_prior(partners, *end, patient),
        Criterion::Prior { partners, end } => patient.history.prior(partners, *end, patient),
        Criterion::FnRiskFactor(named) => FnRiskFactor::ALL
            .iter()
            .filter(|factor| named.as_ref().is_none_or(|named| named == factor.as_str()))
            .fold(Truth::NotMet, |so_far, factor| so_far.or(patient.has_fn_risk_factor(*factor))),
        Criterion::RegimenMatched => bench.matched.map_or(Truth::NotMet, Match::clinical_fit),
    }
}

/// An answer that may speak against a drug.
fn heeded(standing: Option<&Standing<'_>>, test: &ResultTest) -> Truth {
    standing.map_or(Truth::NotMet, |standing| if *test == ResultTest::Told { Truth::Met } else { standing.heeded(test) })
}

/// True where an answer that a sentence asks was told, and what it says is not understood or too coarse to tell.
pub fn is_in_doubt(criterion: &Criterion, patient: &Patient<'_>) -> bool {
    match criterion {
        Criterion::All(parts) | Criterion::Any(parts) => parts.iter().any(|part| is_in_doubt(part, patient)),
        Criterion::Not(inner) => is_in_doubt(inner, patient),
        Criterion::Biomarker { marker, test, .. } => heeded(patient.biomarker(marker), test) == Truth::Unknown,
        Criterion::Assessment { name, test, .. } => heeded(patient.assessment(name), test) == Truth::Unknown,
        Criterion::DaysSince { name, .. } | Criterion::MonthsSince { name, .. } => {
            patient.assessment(name).is_some_and(Standing::is_worth_telling)
        }
        Criterion::Prior { partners, end } => patient.history.is_in_doubt(partners, *end, patient.content),
        _ => false,
    }
}

/// Lines other than the drug reviewed.
fn others<'a>(bench: &Bench<'a>) -> impl Iterator<Item = &'a PlanLine<'a>> {
    let reviewed = bench.line.name();
    bench.plan.iter().filter(move |line| line.name() != reviewed)
}

/// The shortest cycle in which the drug reviewed is given. What runs beside is given in every cycle of the others.
fn own_cycle_days(bench: &Bench<'_>) -> Option<u32> {
    let own = || bench.plan.iter().filter(|line| line.name() == bench.line.name()).map(|line| line.phase);
    let others = bench.phases.iter().filter(|phase| !phase.beside && own().any(|own| own.beside));
    own().chain(others).map(|phase| phase.cycle_length_days).min()
}

/// True where a partner's last administration on this order comes before the first of the drug reviewed.
fn is_after(partners: &[Partner], bench: &Bench<'_>) -> bool {
    let day = |day: u32| u64::from(day.saturating_sub(1));
    let reviewed = bench.plan.iter().filter(|line| line.name() == bench.line.name());
    let begins = reviewed.filter_map(|line| Some(line.start + day(*line.ordered.days.iter().min()?))).min();
    let ends = |line: &PlanLine<'_>| {
        let cycles = u64::from(line.phase.cycles?.saturating_sub(1));
        Some(line.start + cycles * u64::from(line.phase.cycle_length_days) + day(*line.ordered.days.iter().max()?))
    };
    let partners = others(bench)
        .filter(|other| !other.is_investigational() && partners.iter().any(|partner| is_partner(other, partner)))
        .map(ends);
    // a partner of several lines has to have ended in all of them
    let ended = partners.reduce(|left, right| Some(left?.max(right?))).flatten();
    ended.zip(begins).is_some_and(|(ended, begins)| ended < begins)
}

/// Ingredients beside the first that the line reviewed has itself, as a fixed combination: they count as given with it.
fn contains(line: &PlanLine<'_>, partner: &Partner) -> bool {
    match partner {
        Partner::Generic(generic) => line.ingredients().skip(1).any(|ingredient| ingredient == generic),
        Partner::Class(_) => false,
    }
}

fn is_partner(line: &PlanLine<'_>, partner: &Partner) -> bool {
    match partner {
        Partner::Generic(generic) => line.name() == generic || line.has_ingredient(generic),
        Partner::Class(class) => line.drug.is_some_and(|drug| in_class(drug, class)),
    }
}

fn in_class(drug: &Drug, class: &str) -> bool {
    drug.class == class || drug.subclass == class
}

fn word(fact: WordFact, any_of: &[String], bench: &Bench<'_>) -> Truth {
    let patient = bench.patient;
    let among = |value: &str| any_of.iter().any(|word| word == value);
    match fact {
        WordFact::Cancer => patient.cancer().map(|cancer| is_cancer(cancer, any_of, patient)).into(),
        WordFact::Pathology => pathology(any_of, patient),
        WordFact::Stage => patient.stage.map(among).into(),
        WordFact::MStatus => patient.is_m1().map(|m1| among(if m1 { "m1" } else { "m0" })).into(),
        WordFact::TStatus => tnm::is_among(any_of, patient.clinical, Kind::T),
        WordFact::TFound => tnm::t_found(patient.clinical).map(among).into(),
        WordFact::NStatus => tnm::is_among(any_of, patient.clinical, Kind::N),
        WordFact::Substage => substage(any_of, patient),
        WordFact::Setting => any_of.iter().fold(Truth::NotMet, |so_far, word| so_far.or(setting::truth(word, patient))),
        WordFact::Goal => patient.clinical.treatment_goal.known().map(|goal| among(goal.as_str())).into(),
        WordFact::RegimenFnRisk => of_twins(bench, |regimen| among(regimen.fn_risk.as_str())),
        WordFact::RegimenEmetogenicity => of_twins(bench, |regimen| among(regimen.emetogenicity.as_str())),
        WordFact::LineOfBusiness => among(patient.coverage.line_of_business.as_str()).into(),
        WordFact::Sex => patient.clinical.sex.known().copied().or(patient.coverage.sex).map(|sex| among(sex.as_str())).into(),
        WordFact::Diagnosis => patient.icd10.map(|code| any_of.iter().any(|prefix| code.starts_with(prefix.as_str()))).into(),
        WordFact::Product => bench.line_at_hand().ordered.hcpcs.as_deref().map(among).into(),
        WordFact::Route => route(bench).map(among).into(),
        WordFact::PlaceOfService => patient.place_of_service.map(among).into(),
        WordFact::Response => patient.history.response(bench.line, patient).map(|word| among(word.as_str())).into(),
        WordFact::Toxicity => patient.history.toxicity(bench.line, patient).map(|word| among(word.as_str())).into(),
        WordFact::Site | WordFact::Target | WordFact::Technique | WordFact::Modality => {
            bench.radiation.map_or(Truth::Unknown, |treated| treated.is(fact, any_of))
        }
    }
}

/// The route of the line at hand, as content calls it; none where it was not told or content does not know the word.
fn route<'a>(bench: &Bench<'a>) -> Option<&'a str> {
    let line = bench.at.map_or(bench.line, |at| at.line);
    line.known_route().map(|route| bench.patient.content.dosing.route_key(route))
}

/// What drugs and schedule do to any patient is the same whoever the patient is, so every regimen of these drugs on this schedule has a
/// say: an answer that is left out must not choose the one that suits (DEV-05).
fn of_twins(bench: &Bench<'_>, holds: impl Fn(&Regimen) -> bool) -> Truth {
    let Some(matched) = bench.matched else { return Truth::Unknown };
    let mut twins = matched.twins.iter().map(|regimen| holds(regimen));
    let first = match twins.next() {
        Some(first) => first,
        // what is left of a regimen without the drugs that went before does less than the whole
        None if matched.is_remainder => return Truth::Unknown,
        None => holds(matched.regimen),
    };
    if twins.all(|other| other == first) { first.into() } else { Truth::Unknown }
}

fn is_cancer(cancer: &str, any_of: &[String], patient: &Patient<'_>) -> bool {
    any_of
        .iter()
        .any(|word| word == cancer || (word == "any_solid" && patient.content.cancer(cancer).is_some_and(|known| known.solid)))
}

/// A known word of no kind at all says nothing about kinds; a word outside the vocabulary says nothing (REG-13).
pub fn pathology(any_of: &[String], patient: &Patient<'_>) -> Truth {
    let Some(term) = patient.pathology() else { return Truth::Unknown };
    let of_cancer = |cancer: &str| cancer.is_empty() || patient.cancer() == Some(cancer);
    let is_kind =
        |wanted: &String| *wanted == term.word || term.kinds.iter().any(|(cancer, kind)| kind == wanted && of_cancer(cancer));
    if any_of.iter().any(is_kind) {
        return Truth::Met;
    }
    if term.kinds.iter().any(|(cancer, _)| of_cancer(cancer)) { Truth::NotMet } else { Truth::Unknown }
}

fn number(fact: NumberFact, bench: &Bench<'_>) -> Option<f64> {
    let patient = bench.patient;
    match fact {
        NumberFact::Ecog => patient.ecog.map(f64::from),
        NumberFact::Age => Some(f64::from(patient.age)),
        NumberFact::CycleLengthDays => treatment(bench.plan).map(|line| f64::from(line.phase.cycle_length_days)).reduce(f64::min),
        NumberFact::CarboplatinAuc => Some(
            treatment(bench.plan)
                .filter(|line| line.has_ingredient("carboplatin"))
                .filter_map(|line| line.ordered.dose.filter(|dose| dose.unit == DoseUnit::Auc))
                .map(|dose| dose.amount)
                .fold(0.0, f64::max),
        ),
        NumberFact::OwnCycleDays => own_cycle_days(bench).map(f64::from),
        #[expect(clippy::cast_precision_loss, reason = "days of a plan fit a float exactly")]
        NumberFact::PlannedDays => planned_days(bench.phases).map(|days| days as f64),
        NumberFact::CreatinineClearance => patient.creatinine_clearance().ok(),
        NumberFact::WeightKg => patient.weight().ok(),
        NumberFact::Bmi => patient.body_mass_index(),
        NumberFact::Fractions => bench.radiation?.fractions.map(f64::from),
        NumberFact::DosePerFraction => bench.radiation?.dose_per_fraction(),
        // an interval, not a number: `counted`
        NumberFact::LinesBefore | NumberFact::MetastaticLinesBefore | NumberFact::Courses => None,
        // a number of its own only where it is exact
        schedule => course::span(schedule, bench).filter(|(least, most)| (most - least).abs() < 1e-9).map(|(least, _)| least),
    }
}

/// Lines and courses, which may be known only to lie between two numbers.
fn counted(fact: NumberFact, bench: &Bench<'_>) -> Option<Count> {
    let patient = bench.patient;
    match fact {
        NumberFact::LinesBefore => patient.history.lines_before(patient).ok().flatten(),
        NumberFact::MetastaticLinesBefore => patient.history.metastatic_lines_before(patient),
        NumberFact::Courses => patient.history.courses(bench.line, patient),
        _ => None,
    }
}

fn treatment<'a>(plan: &'a [PlanLine<'a>]) -> impl Iterator<Item = &'a PlanLine<'a>> {
    plan.iter().filter(|line| !line.is_supportive_by_content())
}

/// What is told of the subgroup may be less than what is asked, which leaves it open; `IIIA1` is `IIIA`, too.
fn substage(any_of: &[String], patient: &Patient<'_>) -> Truth {
    let Some(told) = patient.substage.as_deref() else { return Truth::Unknown };
    let group = |stage: &str| stage.bytes().take_while(|byte| matches!(byte, b'I' | b'V' | b'0')).count();
    let begins = |whole: &str, start: &str| whole.starts_with(start) && group(whole) == group(start);
    any_of.iter().fold(Truth::NotMet, |so_far, wanted| {
        so_far.or(if begins(told, wanted) {
            Truth::Met
        } else if begins(wanted, told) {
            Truth::Unknown
        } else {
            Truth::NotMet
        })
    })
}

fn assessment(name: &str, test: &ResultTest, within: Option<u32>, patient: &Patient<'_>) -> Truth {
    let standing = patient.assessment(name);
    if *test == ResultTest::Told {
        return standing.is_some().into();
    }
    if standing.is_none() && name == RESPONSE_TO_LAST_LINE {
        return response_before(test, patient);
    }
    match is_recent(standing, within, patient.date_of_service) {
        Truth::Met => standing.map_or(Truth::Unknown, |standing| standing.test(test)),
        _ => Truth::Unknown,
    }
}

/// The assessment that the outcome of the last earlier treatment tells, too.
const RESPONSE_TO_LAST_LINE: &str = "response_to_last_line";

/// Where the response is not entered by itself, the last earlier treatment may tell it by how it ended.
fn response_before(test: &ResultTest, patient: &Patient<'_>) -> Truth {
    let window = patient.content.assessment(RESPONSE_TO_LAST_LINE).and_then(|known| known.window_days);
    let told = window.and_then(|days| patient.history.response_before(i64::from(days), patient));
    match (told, test) {
        (Some(told), ResultTest::In(words)) if words.iter().any(|word| word == told) => Truth::Met,
        (Some(_), ResultTest::Known) => Truth::Met,
        _ => Truth::Unknown,
    }
}

fn days_since(name: &str, comparison: Comparison, days: f64, patient: &Patient<'_>) -> Truth {
    match patient.assessment(name).map(|standing| &standing.value) {
        // what never happened is longer ago than any number of days
        Some(Ok(Value::Never)) => comparison.holds(f64::INFINITY, days).into(),
        Some(Ok(Value::Day(day))) => {
            #[expect(clippy::cast_precision_loss, reason = "days between two dates fit a float exactly")]
            let since = (patient.date_of_service - *day).num_days() as f64;
            comparison.holds(since, days).into()
        }
        _ => Truth::Unknown,
    }
}

/// Whole calendar months from a day to the date of service.
fn months_since(name: &str, comparison: Comparison, months: f64, patient: &Patient<'_>) -> Truth {
    let since = match patient.assessment(name).map(|standing| &standing.value) {
        Some(Ok(Value::Never)) => Some(f64::INFINITY),
        Some(Ok(Value::Day(day))) => Some(f64::from(whole_months(*day, patient.date_of_service))),
        _ => None,
    };
    since.map(|since| comparison.holds(since, months)).into()
}

fn whole_months(from: NaiveDate, to: NaiveDate) -> i32 {
    let number = |day: NaiveDate| day.year() * 12 + i32::try_from(day.month()).unwrap_or(0);
    number(to) - number(from) - i32::from(to.day() < from.day())
}

/// Puts the facts behind one leaf into the evidence.
fn explain(criterion: &Criterion, truth: Truth, bench: &Bench<'_>, evidence: &mut Evidence) {
    let patient = bench.patient;
    let assessments = || "/clinical/assessments".to_owned();
    match criterion {
        Criterion::Biomarker { marker, within, .. } => {
            let pointer = || patient.biomarker_pointer(marker);
            let definition = || patient.content.biomarker(marker);
            return explain_answer(marker, pointer, (definition, patient.biomarker(marker), *within), truth, evidence);
        }
        Criterion::Assessment { name, within, .. } => {
            let asked = (|| patient.content.assessment(name), patient.assessment(name), *within);
            return explain_answer(name, assessments, asked, truth, evidence);
        }
        Criterion::DaysSince { name, .. } | Criterion::MonthsSince { name, .. } => {
            let asked = (|| patient.content.assessment(name), patient.assessment(name), None);
            return explain_answer(name, assessments, asked, truth, evidence);
        }
        _ => {}
    }
    let mut say = |name: &'static str, pointer: Pointer<'_>, value: Json| evidence.add(name, pointer, value, truth);
    let clinical = patient.clinical;
    match criterion {
        Criterion::All(_)
        | Criterion::Any(_)
        | Criterion::Not(_)
        | Criterion::Biomarker { .. }
        | Criterion::Assessment { .. }
        | Criterion::DaysSince { .. }
        | Criterion::MonthsSince { .. } => {}
        Criterion::Word { fact, .. } => explain_word(*fact, bench, &mut say),
        Criterion::Line(_) => say("line_of_treatment", At("/clinical/line_of_treatment"), json!(clinical.line_of_treatment)),
        Criterion::Number { fact, .. } => {
            if let Some(word) = fact.schedule_word() {
                return explain_schedule(word, *fact, bench, &mut say);
            }
            let (name, pointer) = number_name(*fact);
            say(name, At(pointer), counted(*fact, bench).map_or_else(|| json!(number(*fact, bench)), Count::shown));
        }
        Criterion::With(_) | Criterion::After(_) | Criterion::Alone => {
            let names: Vec<&str> = others(bench).map(PlanLine::name).collect();
            say("given_with", At("/treatment/phases"), json!(names));
        }
        Criterion::Prior { partners, end } => {
            let words = patient.history.in_words(partners, *end, patient);
            say("prior_therapies", At("/clinical/prior_therapies"), json!(words));
        }
        Criterion::LinesBeforeWith { partners, .. } => {
            let words = patient.history.in_words(partners, PriorEnd::Any, patient);
            say("prior_therapies", At("/clinical/prior_therapies"), json!(words));
        }
        Criterion::Continuation(_) => say("continues", At("/treatment/continues"), json!(patient.history.continues_in_words())),
        Criterion::FnRiskFactor(_) => say("fn_risk_factors", At("/clinical/fn_risk_factors"), json!(patient.fn_risk_factors())),
        Criterion::RegimenMatched => {
            say("regimen_id", At("/treatment"), json!(bench.matched.map(|matched| matched.regimen.id.as_str())));
        }
    }
}

/// What was entered, why it does not count where it does not, and what would.
fn explain_answer<'c>(
    name: &str,
    pointer: impl FnOnce() -> String,
    (definition, standing, within): (impl FnOnce() -> Option<&'c Arc<ResultDefinition>>, Option<&Standing<'_>>, Option<u32>),
    truth: Truth,
    evidence: &mut Evidence,
) {
    let entered = standing.map_or_else(|| "not entered".to_owned(), Standing::entered);
    let wanted = || {
        let mut wanted =
            definition().map_or_else(String::new, |definition| format!("{}: {}", definition.display, definition.wanted()));
        if let Some(days) = within {
            let _ = write!(wanted, "; here within {days} days");
        }
        wanted
    };
    evidence.add_answer(name.to_owned().into(), pointer, Json::String(entered), truth, wanted);
}

fn explain_word(fact: WordFact, bench: &Bench<'_>, say: &mut impl FnMut(&'static str, Pointer<'_>, Json)) {
    let patient = bench.patient;
    let clinical = patient.clinical;
    match fact {
        WordFact::Cancer => say("cancer_type", At("/clinical/cancer_type"), json!(clinical.cancer_type)),
        WordFact::Pathology => say("pathology", At("/clinical/pathology"), json!(clinical.pathology)),
        WordFact::MStatus => {
            say("m_status", At("/clinical/tnm/m"), json!(clinical.tnm.known().and_then(|tnm| tnm.m.known())));
        }
        WordFact::TStatus | WordFact::TFound => {
            say("t_status", At("/clinical/tnm/t"), json!(clinical.tnm.known().and_then(|tnm| tnm.t.known())));
        }
        WordFact::NStatus => say("n_status", At("/clinical/tnm/n"), json!(clinical.tnm.known().and_then(|tnm| tnm.n.known()))),
        WordFact::Stage | WordFact::Substage => say("stage", At("/clinical/stage"), json!(clinical.stage)),
        WordFact::Setting => {
            let told = (&clinical.disease_setting, &clinical.stage, &clinical.line_of_treatment);
            say(
                "disease_setting",
                At("/clinical/disease_setting"),
                json!({"disease_setting": told.0, "stage": told.1, "line_of_treatment": told.2}),
            );
        }
        WordFact::Goal => say("treatment_goal", At("/clinical/treatment_goal"), json!(clinical.treatment_goal)),
        WordFact::RegimenFnRisk => {
            say("regimen_fn_risk", At("/treatment"), json!(bench.matched.map(|matched| matched.regimen.fn_risk.as_str())));
        }
        WordFact::RegimenEmetogenicity => {
            say(
                "regimen_emetogenicity",
                At("/treatment"),
                json!(bench.matched.map(|matched| matched.regimen.emetogenicity.as_str())),
            );
        }
        WordFact::LineOfBusiness => say("line_of_business", At("/member"), json!(patient.coverage.line_of_business)),
        WordFact::Sex => say("sex", At("/clinical/sex"), json!(clinical.sex)),
        WordFact::Diagnosis => say("icd10", At("/diagnosis/icd10"), json!(patient.icd10)),
        WordFact::Product => {
            say("hcpcs", Of(bench.line_at_hand(), "/hcpcs"), json!(bench.line_at_hand().ordered.hcpcs));
        }
        WordFact::Route => say("route", Of(bench.line_at_hand(), "/route"), json!(bench.line_at_hand().ordered.route)),
        WordFact::PlaceOfService => say("place_of_service", At("/place_of_service"), json!(patient.place_of_service)),
        WordFact::Response => say("response", At("/treatment/continues"), json!(patient.history.response(bench.line, patient))),
        WordFact::Site | WordFact::Target | WordFact::Technique | WordFact::Modality => {
            if let Some(treated) = bench.radiation {
                let (name, pointer, value) = treated.said(fact);
                say(name, At(pointer), value);
            }
        }
        WordFact::Toxicity => say("toxicity", At("/treatment/continues"), json!(patient.history.toxicity(bench.line, patient))),
    }
}

/// A fact of the schedule, or the measure that it waits for.
fn explain_schedule(
    word: &'static str,
    fact: NumberFact,
    bench: &Bench<'_>,
    say: &mut impl FnMut(&'static str, Pointer<'_>, Json),
) {
    let line = bench.line_at_hand();
    let value = number(fact, bench);
    match fact {
        NumberFact::Dose(_, per) => {
            let lacking = bench.at.filter(|at| value.is_none() && !at.lacks_dose()).map(|at| at.lacking(per, bench));
            for measure in lacking.unwrap_or_default() {
                say(measure.name(), At(measure.pointer()), Json::Null);
            }
            say(word, Of(line, "/dose"), json!(value.map(rounded)));
        }
        NumberFact::Administrations | NumberFact::TotalCycles | NumberFact::TotalMonths => {
            say(word, At("/clinical/prior_therapies"), json!(value.map(rounded)));
        }
        _ => say(word, Of(line, "/days"), json!(value.map(rounded))),
    }
}

/// To a thousandth, as shown.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

const fn number_name(fact: NumberFact) -> (&'static str, &'static str) {
    match fact {
        NumberFact::Ecog => ("ecog", "/clinical/performance_status"),
        NumberFact::Age => ("age", "/member/birth_date"),
        NumberFact::CycleLengthDays => ("cycle_length_days", "/treatment/phases"),
        NumberFact::OwnCycleDays => ("own_cycle_days", "/treatment/phases"),
        NumberFact::CarboplatinAuc => ("carboplatin_auc", "/treatment/phases"),
        NumberFact::PlannedDays => ("planned_days", "/treatment/phases"),
        NumberFact::CreatinineClearance => ("creatinine_clearance_ml_min", "/clinical/serum_creatinine_mg_dl"),
        NumberFact::WeightKg => ("weight_kg", "/clinical/weight_kg"),
        NumberFact::Bmi => ("body_mass_index", "/clinical/weight_kg"),
        NumberFact::Fractions => ("fractions", "/radiation/fractions"),
        NumberFact::DosePerFraction => ("dose_per_fraction_gy", "/radiation/total_dose_gy"),
        NumberFact::LinesBefore => ("lines_of_therapy_before", "/clinical/lines_of_therapy_before"),
        NumberFact::MetastaticLinesBefore => ("metastatic_lines_before", "/clinical/prior_therapies"),
        NumberFact::Courses => ("courses", "/clinical/prior_therapies"),
        // told by the word of the sentence
        _ => ("schedule", "/treatment/phases"),
    }
}
