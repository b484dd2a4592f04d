//! The status of each drug, its units and dates (DRG-01…04, 07, 08, PRG-12, SUB-16, VER-01, 02, 07).

use super::admission::Admitted;
use super::criteria::Bench;
use super::dose::{self, Given};
use super::findings::{self, Findings, Said, facts};
use super::limits::calendar::Laid;
use super::matching::{Match, Nearest};
use super::patient::{Measure, Patient};
use super::plain;
use super::plan::PlanLine;
use super::policy::{self, Open, Reviewed};
use crate::domain::case::Contact;
use crate::domain::citation;
use crate::domain::content::{Benefit, BillingUnit, Content, Drug, Program, RegimenPhase};
use crate::domain::line::{CaseLine, DrugOrdered, Ordered};
use crate::domain::order::Phase;
use crate::domain::text::{push_days, push_number, route_in_words};
use crate::domain::vocabulary::{DrugRole, DrugStatus, Truth};
use chrono::NaiveDate;
use serde_json::json;

/// What all lines of one decision share.
#[derive(Debug, Clone, Copy)]
pub struct Shared<'a> {
    /// The request as taken.
    pub admitted: &'a Admitted<'a>,
    /// The patient.
    pub patient: &'a Patient<'a>,
    /// All lines.
    pub plan: &'a [PlanLine<'a>],
    /// Phases as ordered.
    pub phases: &'a [Phase],
    /// The match.
    pub matched: Option<&'a Match<'a>>,
    /// Where nothing matches, the regimen that comes nearest.
    pub nearest: Option<&'a Nearest<'a>>,
    /// Content.
    pub content: &'a Content,
    /// First and last day of the range.
    pub range: (NaiveDate, NaiveDate),
    /// All lines on one calendar.
    pub laid: &'a [Laid<'a>],
}

impl<'a> Shared<'a> {
    /// Where sentences are judged for a line.
    pub const fn bench<'b>(&self, line: &'b PlanLine<'b>) -> Bench<'b>
    where
        'a: 'b,
    {
        Bench {
            patient: self.patient,
            plan: self.plan,
            line,
            matched: self.matched,
            phases: self.phases,
            range: self.range,
            course: None,
            at: None,
            radiation: None,
            heeds: false,
        }
    }
}

/// One line, judged for itself.
#[derive(Debug)]
pub struct Judged {
    /// Role by content.
    pub role: DrugRole,
    /// Status by itself, before holds and the schedule.
    pub status: DrugStatus,
    /// True where the program manages it.
    pub managed: bool,
    /// Policy review, for managed drugs.
    pub review: Option<Reviewed>,
    /// Measures that the dose lacks.
    pub lacking: Vec<Measure>,
    /// Dose of an ordinary administration.
    pub given: Option<Given>,
    /// Dose of the first administration, where it differs.
    pub first: Option<Given>,
    /// Visits in the range.
    pub visits: Option<u32>,
    /// Billing units in the range.
    pub units: Option<u64>,
    /// Billing units of the largest visit.
    pub units_per_visit: Option<u64>,
    /// What the status means.
    pub message: String,
    /// Whom to ask.
    pub contact: Option<Contact>,
    /// Numbers of the findings behind it.
    pub findings: Vec<usize>,
}

/// Judges one line.
pub fn judge(line: &PlanLine<'_>, shared: &Shared<'_>, findings: &mut Findings) -> Judged {
    let role = role(line, shared.matched);
    let amounts = amounts(line, shared);
    let mut judged = Judged {
        role,
        status: DrugStatus::InProgress,
        managed: false,
        review: None,
        lacking: amounts.lacking,
        given: amounts.given,
        first: amounts.first,
        visits: amounts.visits,
        units: amounts.units.map(|units| units.in_all),
        units_per_visit: amounts.units.map(|units| units.per_visit),
        message: String::new(),
        contact: None,
        findings: Vec::new(),
    };
    route(line, shared, &mut judged, findings);
    let ours = judged.status.may_be_given() && role != DrugRole::Investigational;
    if ours && !judged.lacking.is_empty() {
        judged.status = DrugStatus::InProgress;
        let names: Vec<&str> = judged.lacking.iter().map(|measure| measure.name()).collect();
        judged.message = format!("the dose of {} cannot be worked out without {}", line.name(), names.join(" and "));
    } else if judged.status == DrugStatus::Authorized && judged.visits == Some(0) {
        judged.status = DrugStatus::InProgress;
        judged.message = format!(
            "{} would first be given after {}, the last day of this authorization; order it then, or ask a nurse",
            line.name(),
            shared.range.1
        );
    } else if judged.status == DrugStatus::Authorized && judged.units.is_none_or(|units| units == 0) && line.code.is_some() {
        judged.status = DrugStatus::InProgress;
        judged.message =
            format!("billing units of {} cannot be worked out from the dose as ordered; a nurse sets them", line.name());
    }
    judged
}

/// Role by content: part of the matched regimen's treatment, or what the catalogue says (REG-13).
fn role(line: &PlanLine<'_>, matched: Option<&Match<'_>>) -> DrugRole {
    if line.is_investigational() {
        DrugRole::Investigational
    } else if matched.is_some_and(|matched| matched.contains(line)) || !line.is_supportive_by_content() {
        DrugRole::Treatment
    } else {
        DrugRole::Supportive
    }
}

/// Who has to review the drug, if anyone.
fn route(line: &PlanLine<'_>, shared: &Shared<'_>, judged: &mut Judged, findings: &mut Findings) {
    let program = shared.admitted.program;
    let name = line.name();
    if line.is_investigational() {
        judged.status = DrugStatus::ClinicalReviewNotRequired;
        judged.message =
            format!("{name} is investigational: it is not the plan's to pay and is not reviewed; it stays on the order");
    } else {
        let benefit = line.benefit(shared.patient.coverage.line_of_business);
        let Some((status, message, contact)) = reviewer(name, line.drug.map(AsRef::as_ref), benefit, program) else {
            managed(line, shared, judged, findings);
            return;
        };
        (judged.status, judged.message, judged.contact) = (status, message, contact);
    }
    let number = findings.put(Said {
        rule: ["drug/", name, "/route"].concat(),
        outcome: Truth::Met,
        requirements: &["DRG-01", "DRG-03", "DRG-04", "PRG-12", "PRG-18"],
        source: &program.criteria_source,
        facts: facts([("hcpcs", json!(line.ordered.hcpcs)), ("role", json!(judged.role)), ("status", json!(judged.status))]),
        message: judged.message.clone(),
    });
    judged.findings.push(number);
}

/// Who else reviews a drug, or nobody, with what that means and whom to ask; none where the program itself does.
pub(super) fn reviewer(
    name: &str,
    drug: Option<&Drug>,
    benefit: Benefit,
    program: &Program,
) -> Option<(DrugStatus, String, Option<Contact>)> {
    let Some(drug) = drug else {
        let message = format!(
            "{name} is not in the drug catalogue of {}: {} may have to review it",
            program.name, program.health_plan_name
        );
        return Some((DrugStatus::ReferToHealthPlan, message, Some(program.plan_contact.clone())));
    };
    if benefit == Benefit::Pharmacy {
        let message = format!("{name} is covered under the pharmacy benefit and needs review by the pharmacy benefit manager");
        return Some((DrugStatus::OtherImpact, message, Some(program.pharmacy_benefit.clone())));
    }
    if program.managed.contains(&drug.generic) {
        return None;
    }
    let message = format!("{name} is not managed by {}: no clinical review is required here", program.name);
    Some((DrugStatus::ClinicalReviewNotRequired, message, None))
}

fn managed(line: &PlanLine<'_>, shared: &Shared<'_>, judged: &mut Judged, findings: &mut Findings) {
    let bench = shared.bench(line);
    let reviewed = policy::review(&bench, shared.admitted.program, shared.content, findings);
    judged.managed = true;
    judged.status = if reviewed.truth == Truth::Met { DrugStatus::Authorized } else { DrugStatus::InProgress };
    judged.message = match reviewed.truth {
        Truth::Met => ["authorized. ", &reviewed.summary].concat(),
        Truth::NotMet => ["goes to an oncology nurse. ", &reviewed.summary].concat(),
        Truth::Unknown => ["goes to an oncology nurse", &asks(&reviewed.open, shared.content), ". ", &reviewed.summary].concat(),
    };
    judged.findings.clone_from(&reviewed.findings);
    judged.review = Some(reviewed);
}

fn asks(open: &[Open], content: &Content) -> String {
    let mut names: Vec<String> = Vec::new();
    for asked in open.iter().map(|open| &open.asked).filter(|asked| asked.truth == Truth::Unknown) {
        let name = plain::name(&asked.name, content);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() { String::new() } else { format!("; still needed: {}", names.join("; ")) }
}

struct Amounts {
    given: Option<Given>,
    first: Option<Given>,
    lacking: Vec<Measure>,
    visits: Option<u32>,
    units: Option<Units>,
}

/// Billing units of a line.
#[derive(Debug, Clone, Copy)]
struct Units {
    in_all: u64,
    per_visit: u64,
}

fn amounts(line: &PlanLine<'_>, shared: &Shared<'_>) -> Amounts {
    let ceiling = ceiling(line, shared.matched);
    let last = u64::try_from((shared.range.1 - shared.range.0).num_days()).unwrap_or(0);
    let cap = shared.matched.and_then(|matched| cycle_cap(line, matched, shared.plan));
    let days = dose::administrations(line, cap, last);
    let visits = (!line.ordered.days.is_empty()).then(|| u32::try_from(days).unwrap_or(u32::MAX));
    let in_mg = |entered: &crate::domain::order::Dose| dose::given(entered.amount, entered.unit, shared.patient, line.product);
    let ordinary = line.ordered.dose.as_ref().map(in_mg).transpose();
    let loading = line.ordered.loading_dose.as_ref().map(in_mg).transpose();
    match (ordinary, loading) {
        (Ok(ordinary), Ok(loading)) => {
            let ordinary = ordinary.map(|dose| dose.at_most(ceiling.map(|ceiling| left_of(ceiling, line, shared))));
            let relative = line.ordered.loading_dose.is_some_and(|dose| dose.unit.is_relative());
            let loading = loading.map(|dose| dose.at_most(ceiling.filter(|_| relative)));
            let units =
                line.code.and_then(|code| code.billing_unit.as_ref()).and_then(|unit| units(unit, ordinary, loading, days, line));
            Amounts { given: ordinary, first: loading, lacking: Vec::new(), visits, units }
        }
        (left, right) => {
            let mut lacking: Vec<Measure> = left.err().into_iter().chain(right.err()).flatten().collect();
            lacking.sort_unstable();
            lacking.dedup();
            Amounts { given: None, first: None, lacking, visits, units: None }
        }
    }
}

fn units(unit: &BillingUnit, ordinary: Option<Given>, loading: Option<Given>, days: u64, line: &PlanLine<'_>) -> Option<Units> {
    let container = line.product.and_then(|product| product.container);
    let of = |dose: Given| if dose.amount() > 0.0 { dose::units_per_administration(dose, unit, container) } else { Some(0) };
    let each = of(ordinary?)?;
    let first = match loading {
        Some(dose) => Some(of(dose)?),
        None => None,
    };
    let a_day = line.ordered.frequency_per_day;
    let per_visit = dose::units_in_all(1, a_day, each, None).max(dose::units_in_all(1, a_day, each, first));
    Some(Units { in_all: dose::units_in_all(days, a_day, each, first), per_visit })
}

/// The ceiling of a dose that is worked out from body measures, the regimen's and the product's own; a flat dose is what the practice wants.
pub fn ceiling(line: &PlanLine<'_>, matched: Option<&Match<'_>>) -> Option<f64> {
    let (basis, _) = dose::measure(line.ordered.dose.filter(|dose| dose.unit.is_relative())?.unit);
    let of_regimen = matched.and_then(|matched| matched.maximum(line.name()));
    let own = line.product.and_then(|product| product.cap).filter(|cap| cap.basis.kind == basis.kind).map(|cap| cap.amount);
    match (of_regimen, own) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (left, right) => left.or(right),
    }
}

/// What earlier lines of the same drug leave of a day's ceiling (SAFE-06).
fn left_of(ceiling: f64, line: &PlanLine<'_>, shared: &Shared<'_>) -> f64 {
    let before = |other: &&PlanLine<'_>| {
        other.ordered.line < line.ordered.line
            && other.phase_index == line.phase_index
            && other.name() == line.name()
            && other.ordered.days.iter().any(|day| line.ordered.days.contains(day))
    };
    let used: f64 = shared
        .plan
        .iter()
        .filter(before)
        .filter_map(|other| other.ordered.dose.filter(|dose| dose.unit.is_relative()))
        .filter_map(|dose| dose::given(dose.amount, dose.unit, shared.patient, line.product).ok())
        .map(Given::amount)
        .sum();
    (ceiling - used).max(0.0)
}

/// Cycles after which an open-ended line ends, where the regimen caps it (VER-08): those of all the regimen's phases with this drug,
/// less those ordered in earlier phases.
pub fn cycle_cap(line: &PlanLine<'_>, matched: &Match<'_>, plan: &[PlanLine<'_>]) -> Option<u32> {
    if line.phase.cycles.is_some() {
        return None;
    }
    let length = line.phase.cycle_length_days;
    let phases = matched.phases();
    let beside = phases.iter().find(|phase| phase.beside && gives(phase, line));
    let last = beside.or_else(|| phases.iter().rfind(|phase| !phase.beside))?;
    if !last.until_progression || last.cycle_length_days != length || !gives(last, line) {
        return None;
    }
    let of_drug = phases.iter().filter(|phase| phase.cycle_length_days == length && gives(phase, line));
    let most: u32 = of_drug.map(|phase| phase.cycles_max).sum::<Option<u32>>()?;
    let mut earlier: Vec<(usize, u32)> = plan
        .iter()
        .filter(|other| {
            other.name() == line.name() && other.phase_index < line.phase_index && other.phase.cycle_length_days == length
        })
        .map(|other| (other.phase_index, other.phase.cycles.unwrap_or(0)))
        .collect();
    earlier.dedup();
    Some(most.saturating_sub(earlier.iter().map(|(_, cycles)| cycles).sum()))
}

fn gives(phase: &RegimenPhase, line: &PlanLine<'_>) -> bool {
    phase.drugs.iter().any(|drug| drug.generic == line.name())
}

/// The line as it goes into the case. Units and dates are shown for drugs that may be given under the order.
pub fn shown(line: &PlanLine<'_>, judged: Judged, status: DrugStatus, shared: &Shared<'_>) -> CaseLine {
    let may_be_given = status.may_be_given() && judged.role != DrugRole::Investigational;
    CaseLine {
        line: line.ordered.line,
        hcpcs: line.ordered.hcpcs.clone(),
        name: line.name().to_owned(),
        role: judged.role,
        status,
        order_id: None,
        visits_approved: judged.visits.filter(|_| may_be_given),
        units_per_visit: judged.units_per_visit.filter(|_| may_be_given),
        units_approved: judged.units.filter(|_| may_be_given),
        valid_from: may_be_given.then_some(shared.range.0),
        valid_through: may_be_given.then_some(shared.range.1),
        message: citation::sentence(message(judged.status, judged.message, status)),
        denial: None,
        refused_part: None,
        contact: judged.contact,
        findings: judged.findings.into_iter().map(findings::id).collect(),
        ordered: Ordered::Drug(DrugOrdered {
            dosing: dosing(line),
            administered_dose: judged.given.map(Given::shown),
            first_administered_dose: judged.first.map(Given::shown),
            billing_unit: line.code.and_then(|code| code.billing_unit.as_ref()).map(BillingUnit::words),
        }),
    }
}

/// Before the message of a drug that only waits for its case.
pub const HELD: &str = "waits for the review of the whole case; for itself: ";

/// A held drug must not read as if it were decided (CAS-08).
fn message(alone: DrugStatus, message: String, status: DrugStatus) -> String {
    match alone {
        DrugStatus::Authorized | DrugStatus::ClinicalReviewNotRequired if status == DrugStatus::InProgress => {
            [HELD, &message].concat()
        }
        _ => message,
    }
}

/// `75 mg/m2 IV, day 1 of 21, 6 cycles`.
fn dosing(line: &PlanLine<'_>) -> String {
    let drug = line.ordered;
    let mut words = String::with_capacity(64);
    let push = |words: &mut String, number: u32| push_number(words, usize::try_from(number).unwrap_or(usize::MAX));
    if let Some(loading) = drug.loading_dose {
        loading.push_to(&mut words);
        words.push_str(" first, then ");
    }
    match drug.dose {
        Some(dose) => dose.push_to(&mut words),
        None => words.push_str("dose not entered"),
    }
    if let Some(route) = &drug.route {
        words.push(' ');
        words.push_str(&route_in_words(route));
    }
    if drug.frequency_per_day > 1 {
        words.push_str(", ");
        push(&mut words, drug.frequency_per_day);
        words.push_str(" times a day");
    }
    if !drug.days.is_empty() {
        words.push_str(if drug.days.len() == 1 { ", day " } else { ", days " });
        if drug.days.is_sorted() {
            push_days(&mut words, &drug.days);
        } else {
            let mut days = drug.days.clone();
            days.sort_unstable();
            push_days(&mut words, &days);
        }
        words.push_str(" of ");
        push(&mut words, line.phase.cycle_length_days);
    }
    match line.phase.cycles {
        Some(1) => words.push_str(", 1 cycle"),
        Some(cycles) => {
            words.push_str(", ");
            push(&mut words, cycles);
            words.push_str(" cycles");
        }
        None => words.push_str(", until progression"),
    }
    words
}
