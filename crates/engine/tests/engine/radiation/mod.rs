//! Radiation orders with the content that is shipped.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a fixture that fails has to fail the test")]

mod cases;
mod exact;
mod examples;
mod modalities;
mod properties;
mod schedules;

use crate::support::orders::Situation;
use oncoauth::domain::content::Content;
use oncoauth::domain::content::radiation::FractionationSchedule;
use oncoauth::rules::Decision;
use serde_json::{Value, json};

/// The content that is shipped.
pub fn content() -> &'static Content {
    crate::support::content()
}

/// A situation around a radiation order, of a member who is in the program.
pub fn situation(order: Value) -> Situation {
    let birth = order["member"]["birth_date"].as_str().unwrap_or("1954-03-09").to_owned();
    let mut order = order;
    order["member"]["member_id"] = json!("XKM100200300");
    order["ordering_provider"]["npi"] = json!("1234567893");
    order["servicing_provider"]["npi"] = json!("1245319599");
    let mut situation = Situation::new(order, "qccp");
    if let Some(member) = &mut situation.member {
        member.birth_date = birth.parse().expect("a date");
    }
    situation
}

/// Decides an order that is taken.
pub fn decide(order: &Value) -> Decision {
    situation(order.clone()).decide(content()).unwrap_or_else(|refusal| panic!("refused: {refusal:?}"))
}

/// Decides an order by a schedule that boosts a course, with that course on file.
pub fn beside_its_course(order: Value, of: &FractionationSchedule) -> Decision {
    let mut situation = situation(order);
    let main = of.boost_of.iter().flat_map(|of| &of.schedules).next();
    situation.related = main.map(|id| cases::course_by(id, of)).into_iter().collect();
    situation.decide(content()).unwrap_or_else(|refusal| panic!("refused: {refusal:?}"))
}

/// The schedule of a decision, as its finding says; none where none fits.
pub fn schedule(decision: &Decision) -> Option<String> {
    let rules = decision.findings.iter().map(|finding| finding.rule.as_str());
    rules.filter_map(|rule| rule.strip_prefix("radiation/schedule/")).find(|id| *id != "none").map(str::to_owned)
}

/// A fact of the findings.
pub fn fact(decision: &Decision, name: &str) -> Value {
    decision.findings.iter().find_map(|finding| finding.facts.get(name)).cloned().unwrap_or(Value::Null)
}

/// `code effect field` of every deviation, in order.
pub fn deviations(decision: &Decision) -> Vec<String> {
    let one =
        |deviation: &oncoauth::domain::case::Deviation| format!("{} {} {}", deviation.code, deviation.effect, deviation.field);
    let mut all: Vec<String> = decision.deviations.iter().map(one).collect();
    all.sort();
    all
}

/// `code x units status` of every line, in order.
pub fn lines(decision: &Decision) -> Vec<String> {
    let one = |line: &oncoauth::domain::line::CaseLine| {
        let units = line.units().map_or_else(|| "?".to_owned(), |units| units.to_string());
        format!("{} x {units} {}", line.hcpcs.as_deref().unwrap_or("-"), line.status)
    };
    decision.drugs.iter().map(|decided| one(&decided.drug)).collect()
}

/// The faults of a refusal.
pub fn faults(refusal: &oncoauth::domain::refusal::Refusal) -> &[oncoauth::domain::refusal::Fault] {
    use oncoauth::domain::refusal::Refusal;
    match refusal {
        Refusal::Validation(faults) | Refusal::MissingRequired(faults) | Refusal::NotOfThisService(faults) => faults,
        other => panic!("{other:?}"),
    }
}
