//! Numbers, results and earlier treatment in plain English.

use super::{listed, spaced};
use crate::domain::content::ResultDefinition;
use crate::domain::criteria::{Amount, Comparison, NumberFact, Per, PriorEnd, ResultTest};

/// The comparison that says the opposite.
const fn opposite(comparison: Comparison) -> Option<Comparison> {
    match comparison {
        Comparison::Less => Some(Comparison::AtLeast),
        Comparison::AtMost => Some(Comparison::More),
        Comparison::AtLeast => Some(Comparison::Less),
        Comparison::More => Some(Comparison::AtMost),
        Comparison::Equal => None,
    }
}

/// `at least 50`; of a denied comparison the opposite.
fn compared(comparison: Comparison, value: f64, unit: &str, denied: bool) -> String {
    let unit = if is_one(value) { unit.strip_suffix('s').unwrap_or(unit) } else { unit };
    let unit = if unit.is_empty() || unit == "%" { unit.to_owned() } else { format!(" {unit}") };
    let (comparison, not) =
        if denied { opposite(comparison).map_or((comparison, "not "), |other| (other, "")) } else { (comparison, "") };
    let words = match comparison {
        Comparison::Less => "less than",
        Comparison::AtMost => "at most",
        Comparison::Equal => "exactly",
        Comparison::AtLeast => "at least",
        Comparison::More => "more than",
    };
    format!("{not}{words} {value}{unit}")
}

/// `at least 2 earlier lines of treatment`, `at least one dose`.
pub(super) fn count(comparison: Comparison, value: f64, denied: bool, what: &str) -> String {
    let what = if is_one(value) { what.to_owned() } else { plural(what) };
    let number = compared(comparison, value, "", denied);
    let number = number.strip_suffix(" 1").map_or_else(|| number.clone(), |compared| format!("{compared} one"));
    format!("{number} {what}")
}

fn is_one(value: f64) -> bool {
    value.to_bits() == 1f64.to_bits()
}

/// What a count does: `is` of one, `are` of several.
fn are(value: f64) -> &'static str {
    if is_one(value) { "is" } else { "are" }
}

/// `there was at least one line`, `there were at least 2 lines`.
fn there(comparison: Comparison, value: f64, denied: bool, what: &str) -> String {
    format!("there {} {}", if is_one(value) { "was" } else { "were" }, count(comparison, value, denied, what))
}

fn plural(what: &str) -> String {
    match what.split_once(' ') {
        Some(("earlier", rest)) => format!("earlier {}", plural(rest)),
        Some((word, rest)) => format!("{word}s {rest}"),
        None => format!("{what}s"),
    }
}

/// A number compared.
pub(super) fn number(fact: NumberFact, comparison: Comparison, value: f64, denied: bool) -> String {
    let is = |unit: &str| compared(comparison, value, unit, denied);
    let days = |name: &str| format!("{name} {}", count(comparison, value, denied, "day"));
    match fact {
        NumberFact::Ecog => format!("the ECOG performance status (0 is fully active, 4 is bedridden) is {}", is("")),
        NumberFact::Age => format!("the patient is {} old", count(comparison, value, denied, "year")),
        NumberFact::CycleLengthDays => days("a treatment cycle takes"),
        NumberFact::OwnCycleDays => days("a treatment cycle with the drug takes"),
        NumberFact::CarboplatinAuc => format!("the carboplatin dose is {} (AUC)", is("")),
        NumberFact::PlannedDays => days("the planned treatment takes"),
        NumberFact::CreatinineClearance => format!("kidney function (creatinine clearance) is {}", is("mL/min")),
        NumberFact::Bmi => format!("the body mass index is {}", is("")),
        NumberFact::Fractions => format!("the radiation is given in {}", count(comparison, value, denied, "fraction")),
        NumberFact::DosePerFraction => format!("each fraction of the radiation has {}", is("Gy")),
        NumberFact::WeightKg => format!("the patient weighs {}", is("kg")),
        NumberFact::LinesBefore => {
            format!("{} before", there(comparison, value, denied, "line of treatment"))
        }
        NumberFact::MetastaticLinesBefore => {
            format!("{} of advanced disease before", there(comparison, value, denied, "line of treatment"))
        }
        NumberFact::Courses => format!("this drug is given in {}", count(comparison, value, denied, "course")),
        NumberFact::Dose(amount, per) => format!("each dose is {}", is(&dose_unit(amount, per))),
        NumberFact::IntervalDays => format!("doses are {} apart", count(comparison, value, denied, "day")),
        NumberFact::IntervalHours => format!("doses are {} apart", count(comparison, value, denied, "hour")),
        NumberFact::Administrations => format!("{} {} given in all", count(comparison, value, denied, "dose"), are(value)),
        NumberFact::TotalCycles => format!("{} {} given in all", count(comparison, value, denied, "cycle"), are(value)),
        NumberFact::TotalMonths => format!("treatment with the drug lasts {}", count(comparison, value, denied, "month")),
        NumberFact::TreatmentDays => format!("the drug is given on {} of this request", count(comparison, value, denied, "day")),
        NumberFact::TreatmentDaysInCycle => {
            format!("the drug is given on {} of a cycle", count(comparison, value, denied, "day"))
        }
        NumberFact::DrugDays => days("from its first to its last dose on this request it is"),
    }
}

fn dose_unit(amount: Amount, per: Per) -> String {
    let amount = match amount {
        Amount::Mg => "mg",
        Amount::Mcg => "mcg",
        Amount::G => "g",
        Amount::Units => "units",
        Amount::Ml => "mL",
        Amount::Mci => "mCi",
    };
    match per {
        Per::Administration => amount.to_owned(),
        Per::Kg => format!("{amount} per kg of body weight"),
        Per::M2 => format!("{amount} per square meter of body surface"),
    }
}

/// A result of a test or an assessment, by what content calls it.
pub(super) fn result(
    name: &str,
    known: Option<&ResultDefinition>,
    test: &ResultTest,
    within: Option<u32>,
    unit: &str,
    denied: bool,
) -> String {
    let said = match test {
        ResultTest::In(words) => answer(name, known, words, denied),
        ResultTest::Compare(comparison, value) => format!("{name} is {}", compared(*comparison, *value, unit, denied)),
        ResultTest::Known if denied => format!("no usable result is on file for {name}"),
        ResultTest::Known => format!("a result is on file for {name}"),
        ResultTest::Told if denied => format!("nothing is told about {name}"),
        ResultTest::Told => format!("something is told about {name}"),
    };
    match within {
        Some(days) => format!("{said} (by a result of the last {days} days)"),
        None => said,
    }
}

fn answer(name: &str, known: Option<&ResultDefinition>, words: &[String], denied: bool) -> String {
    let is = if denied { "is not" } else { "is" };
    match words {
        [word] if word == "yes" || word == "no" => {
            let applies = if (word == "yes") == denied { "does not apply" } else { "applies" };
            format!("this {applies} to the patient: {name}")
        }
        words => {
            let said = |word: &String| known.map_or_else(|| spaced(word), |known| known.said(word));
            let words: Vec<String> = words.iter().map(said).collect();
            format!("{name} {is} {}", listed(&words, "or"))
        }
    }
}

/// Time since something: `at least 28 days have passed since the last major surgery`.
pub(super) fn since(name: &str, comparison: Comparison, value: f64, unit: &str, denied: bool) -> String {
    let have = if is_one(value) { "has" } else { "have" };
    format!("{} {have} passed since the {}", count(comparison, value, denied, unit), super::drug::lower(name))
}

/// Earlier treatment.
pub(super) fn prior(drugs: &str, end: PriorEnd, denied: bool) -> String {
    match (end, denied) {
        (PriorEnd::Any, false) => format!("the patient was treated with {drugs} before"),
        (PriorEnd::Any, true) => format!("the patient was not treated with {drugs} before"),
        (PriorEnd::Progression, false) => format!("the cancer grew during or after earlier treatment with {drugs}"),
        (PriorEnd::Progression, true) => format!("the cancer did not grow during or after earlier treatment with {drugs}"),
        (PriorEnd::Toxicity, false) => format!("earlier treatment with {drugs} was stopped for its side effects"),
        (PriorEnd::Toxicity, true) => format!("earlier treatment with {drugs} was not stopped for its side effects"),
        (PriorEnd::Reaction, false) => format!("the patient reacted severely to earlier treatment with {drugs}"),
        (PriorEnd::Within(days), false) => format!("the patient was treated with {drugs} within the last {days} days"),
        (PriorEnd::Within(days), true) => format!("the patient was not treated with {drugs} within the last {days} days"),
        (PriorEnd::Reaction, true) => format!("the patient did not react severely to earlier treatment with {drugs}"),
    }
}
